"""Bars, spiral arms, lopsided and warped disks of stars: displacements of density and velocity together.

A pattern is a set of epicycles in step (`stargas.simulations.mock_suites.disturbances.density_waves`), laid over the
random motions of the stars. To first order the displacement a R cos χ changes the surface density Σ ∝ exp(-R/R_d) by a
fraction a √((2 - R/R_d)² + w²) with the winding w; the amplitudes below are those of the density.
"""

from dataclasses import dataclass

import numpy as np

from stargas.galaxy import FloatArray
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.disturbances import DensityWave, Frequencies, RotationField, density_waves, warp

BAR_SHARE, ARMS_SHARE, LOPSIDED_SHARE, WARP_SHARE = 0.35, 0.5, 0.5, 0.25
"""Fractions of the disks with a bar, with arms, off balance, and warped."""

BAR_AMPLITUDE, ARMS_AMPLITUDE, LOPSIDED_AMPLITUDE = (0.05, 0.4), (0.03, 0.3), (0.02, 0.35)
"""Amplitudes m = 2, 2 and 1 of the surface density."""

ROUND_SHARE = 0.3
"""Fraction of the galaxies without a disk that are off balance."""

WARP_RAD = 0.25
"""Largest tilt of the stars at 4 scale lengths [rad]."""


@dataclass(frozen=True)
class Patterns:
    """Patterns in the stars of one galaxy.

    Parameters
    ----------
    waves
        Bars, arms and lopsidedness; radii in R_e.
    warp_rad, twist_rad
        Tilt at 3 R_e and turn of the line of nodes on the way.
    """

    waves: tuple[DensityWave, ...]
    warp_rad: float
    twist_rad: float

    def impress(self, stars: FloatArray, potential: RotationField, R_e_kpc: float) -> FloatArray:
        """Return stars of shape (n, 6) with the patterns."""
        out = stars
        if self.waves:
            R = np.maximum(np.hypot(stars[:, 0], stars[:, 1]), 1e-3 * R_e_kpc)
            phi = np.arctan2(stars[:, 1], stars[:, 0])
            v_R = (stars[:, 0] * stars[:, 3] + stars[:, 1] * stars[:, 4]) / R
            v_phi = (stars[:, 0] * stars[:, 4] - stars[:, 1] * stars[:, 3]) / R
            frequencies = Frequencies.of(potential, 12 * R_e_kpc)
            R, phi, wave_R, v_phi = density_waves(R, phi, v_phi, list(self.waves), frequencies, R_e_kpc)
            cos, sin = np.cos(phi), np.sin(phi)
            v_R = v_R + wave_R
            out = np.stack(
                [R * cos, R * sin, stars[:, 2], v_R * cos - v_phi * sin, v_R * sin + v_phi * cos, stars[:, 5]], axis=1
            )
        if self.warp_rad:
            position, velocity = warp(
                out[:, :3], out[:, 3:], self.warp_rad, self.twist_rad, 0.0, 1.5 * R_e_kpc, 3 * R_e_kpc
            )
            out = np.concatenate([position, velocity], axis=1)
        return out


def draw_patterns(disk_fraction: float, without: frozenset[str], seed: int, index: int) -> Patterns:
    """Draw the patterns of a galaxy."""
    rng = rng_for(seed, "broad patterns", index)
    uniform = rng.random(5)
    amplitude = [10 ** rng.uniform(*np.log10(a)) for a in (BAR_AMPLITUDE, ARMS_AMPLITUDE, LOPSIDED_AMPLITUDE)]
    phase = rng.uniform(0, 2 * np.pi, 3)
    pitch, wind, reach = rng.uniform(12, 40), rng.normal(0, 0.8), rng.uniform(0.5, 1.5)
    tilt, twist = WARP_RAD * rng.random(), rng.normal(0, 0.5)
    arms = 2 / np.tan(np.radians(pitch))
    waves = []
    disk = disk_fraction > 0
    if disk and uniform[0] < BAR_SHARE and "bars" not in without:
        waves.append(DensityWave(2, amplitude[0] / 2, phase[0], 0.0, reach))
    if disk and uniform[1] < ARMS_SHARE and "arms" not in without:
        waves.append(DensityWave(2, amplitude[1] / (1 + arms), phase[1], arms))
    if uniform[2] < (LOPSIDED_SHARE if disk else ROUND_SHARE) and "lopsidedness" not in without:
        waves.append(DensityWave(1, amplitude[2] / (1 + abs(wind)), phase[2], wind))
    warped = disk and uniform[3] < WARP_SHARE and "warps" not in without
    return Patterns(tuple(waves), float(tilt) if warped else 0.0, float(twist))
