"""Exponential disks: orbits about guiding radii with exponentially distributed radial and vertical energies.

This is the distribution function of Shu (1969), f ∝ exp(-(E - E_c(L))/σ²): asymmetric drift follows from it.
"""

from dataclasses import dataclass

import numpy as np

from stargas.galaxy import FloatArray
from stargas.simulations.mock_suites.disturbances import RotationField

MAX_SCALES = 7.0
"""Guiding radii end here [scale lengths]."""


@dataclass(frozen=True)
class Disk:
    """One exponential disk.

    Parameters
    ----------
    mass_msun
        Its mass [Msun].
    scale_kpc
        Scale length [kpc].
    height_kpc
        Height z0 of the sech²(z/z0) layer [kpc].
    heat
        Radial velocity dispersion over circular velocity at two scale lengths.
    """

    mass_msun: float
    scale_kpc: float
    height_kpc: float
    heat: float

    def density(self, R_kpc: FloatArray, z_kpc: FloatArray) -> FloatArray:
        """Density [Msun/kpc³] at cylindrical radius and height."""
        surface = self.mass_msun / (2 * np.pi * self.scale_kpc**2) * np.exp(-R_kpc / self.scale_kpc)
        edge = np.exp(-2 * np.abs(z_kpc) / self.height_kpc)
        result: FloatArray = surface * 2 * edge / (1 + edge) ** 2 / self.height_kpc
        return result

    def enclosed_mass(self, r_kpc: FloatArray) -> FloatArray:
        """Mass [Msun] inside r of a thin disk."""
        x = np.asarray(r_kpc) / self.scale_kpc
        return self.mass_msun * (1 - (1 + x) * np.exp(-x))

    def draw_orbits(self, n: int, potential: RotationField, rng: np.random.Generator) -> FloatArray:
        """Positions [kpc] and velocities [km/s] on the plane, shape (n, 6)."""
        x = np.linspace(0, MAX_SCALES, 400)
        mass = 1 - (1 + x) * np.exp(-x)
        R = self.scale_kpc * np.interp((np.arange(n) + rng.uniform(size=n)) / n * mass[-1], mass, x)
        R = np.maximum(R, 1e-3 * self.scale_kpc)
        v_c = potential.v_c_kms(R)
        hotter_inside = np.clip(np.exp((2 - R / self.scale_kpc) / 4), 0.5, 1.5)
        radial = np.minimum(self.heat * hotter_inside, 0.7) * v_c
        vertical = np.minimum(0.8 * self.height_kpc * potential.vertical_frequency(R), 0.6 * v_c)
        v_R = radial * np.sqrt(2 * np.minimum(rng.exponential(size=n), 3.0)) * rng.choice([-1.0, 1.0], n)
        v_z = vertical * np.sqrt(2 * np.minimum(rng.exponential(size=n), 4.0)) * rng.choice([-1.0, 1.0], n)
        phi = rng.uniform(0, 2 * np.pi, n)
        cos, sin = np.cos(phi), np.sin(phi)
        return np.stack([R * cos, R * sin, np.zeros(n), v_R * cos - v_c * sin, v_R * sin + v_c * cos, v_z], axis=1)
