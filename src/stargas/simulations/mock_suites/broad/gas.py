"""Gas of a galaxy of ``broad``: HI disks that are as thick, warm, small and disturbed as those of live galaxies.

The surface density of the HI is Σ(R) = e^{k (1 - (R/R_HI)^n)} Msun/pc², 1 Msun/pc² at R_HI, with a hole in the center:
exponential at n = 1, saturated with a sharp edge at n = 4. Helium, molecules and warm gas weigh without shining.
The layer and its disturbances are made by the functions of `stargas.simulations.mock_suites.gas`; inflow, gas off the
plane that lags behind, and gas that goes around the wrong way are added.
"""

from dataclasses import dataclass, replace

import numpy as np

from stargas.constants import HELIUM_FACTOR
from stargas.galaxy import FloatArray, Gas
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.broad.population import Population
from stargas.simulations.mock_suites.disturbances import Frequencies, RotationField
from stargas.simulations.mock_suites.gas import (
    add_turbulence,
    cartesian,
    kernel_fwhm,
    layer,
    line_widths,
    misplace,
    open_holes,
    stir_orbits,
    thermal_temperature_K,
)
from stargas.simulations.mock_suites.physics import BroadPhysics
from stargas.simulations.mock_suites.relations import hi_mass_scatter, median_hi_mass

GAS_FREE_SHARE = 0.35
"""Fraction of the galaxies without gas."""

HI_MASS_OFFSET_DEX = BroadPhysics.hi_offset_dex
"""Median HI mass over the relation of galaxies that were selected by their HI."""

HI_MASS_SCATTER, SIZE_CORRELATION = BroadPhysics.hi_scatter, 0.6
"""Scatter of the HI masses over the published one, and its correlation with the sizes of the stars."""

PEAK_LOG_DENSITY = (1.3, 3.2)
"""k: logarithm of the central surface density [Msun/pc²]."""

EDGE_POWER = (0.8, 4.0)
"""n: steepness of the edge, drawn evenly in the logarithm."""

HOLE_DEPTH = (0.0, 0.9)
"""Depth of the hole in the center, in the half of the galaxies that have one."""

DISPERSION_KMS, DISPERSION_SCATTER_DEX = 8.5, 0.13
"""Median velocity dispersion of quiet HI at half of R_HI [km/s] and its scatter."""

DISPERSION_DECLINE = (0.0, 2.4)
"""-d ln σ/d(R/R_HI)."""

MAX_DISPERSION = 0.5
"""Cap on the dispersion over the circular velocity at R_HI."""

NONCIRCULAR = (0.02, 0.35)
"""Amplitude of non-circular motions over the circular velocity, drawn evenly in the logarithm."""

INFLOW = (-0.12, 0.2)
"""Mean inward velocity over the circular velocity, in a third of the galaxies."""

THICK_SHARE, THICK_LAG = (0.05, 0.35), (0.05, 0.3)
"""Share of the gas off the plane and its lag over the circular velocity, in a third of the galaxies."""

COUNTER_ROTATING_SHARE = 0.04
"""Fraction of the galaxies in which the gas goes around against the stars, by a tilt beyond 90°."""

ODD_SHARE = 0.06
"""Fraction of the galaxies with strongly tilted gas, and of those with gas far off center."""

MOLECULAR = (0.0, 1.5)
"""Mass of molecules over that of HI in the center; it falls outward as exp(-3 R/R_HI)."""

WARM = (0.0, 0.4)
"""Mass of ionized gas over that of HI, with the same distribution."""

_X = np.linspace(0, 3.0, 301)


@dataclass(frozen=True)
class GasDrawn:
    """Gas of one galaxy as drawn.

    Parameters
    ----------
    hi_mass_msun, hi_radius_kpc
        HI mass [Msun] and R_HI [kpc].
    peak, edge, hole, hole_size
        k, n, depth of the hole and its radius [R_HI].
    dispersion_kms, decline
        Dispersion at half of R_HI and -d ln σ/d(R/R_HI).
    gas_noncircular, gas_tilt_deg, gas_offset
        As in `stargas.simulations.mock_suites.population.GalaxyProperties`.
    inflow
        Mean inward velocity over the circular velocity.
    thick_share, thick_lag
        Share of the gas off the plane, and its lag over the circular velocity.
    molecular, warm
        Masses of dark gas over that of HI: of molecules in the center, and of ionized gas everywhere.
    n_particles
        Number of particles.
    without
        Ingredients switched off.
    """

    hi_mass_msun: float
    hi_radius_kpc: float
    peak: float
    edge: float
    hole: float
    hole_size: float
    dispersion_kms: float
    decline: float
    gas_noncircular: float
    gas_tilt_deg: float
    gas_offset: float
    inflow: float
    thick_share: float
    thick_lag: float
    molecular: float
    warm: float
    n_particles: int
    without: frozenset[str]

    def surface_density(self, x: FloatArray) -> FloatArray:
        """Σ [Msun/pc²] of the HI at x = R/R_HI."""
        hole = 1 - self.hole * np.exp(-((x / self.hole_size) ** 2))
        return hole * np.exp(self.peak * (1 - np.minimum(x, 12.0) ** self.edge))

    def all_over_hi(self, x: FloatArray) -> FloatArray:
        """Mass of all gas over that of the HI at x = R/R_HI."""
        return HELIUM_FACTOR * (1 + self.warm + self.molecular * np.exp(-3 * x))

    def density(self, R_kpc: FloatArray, z_kpc: FloatArray) -> FloatArray:
        """Density [Msun/kpc³] of all gas at cylindrical radius and height, in a layer of a tenth of R_HI."""
        height = 0.1 * self.hi_radius_kpc
        edge = np.exp(-2 * np.abs(z_kpc) / height)
        x = R_kpc / self.hi_radius_kpc
        unit = self.hi_mass_msun / (np.pi * self.hi_radius_kpc**2 * self.mean_density())
        result: FloatArray = unit * self.surface_density(x) * self.all_over_hi(x) * 2 * edge / (1 + edge) ** 2 / height
        return result

    def enclosed_mass(self, r_kpc: FloatArray) -> FloatArray:
        """Mass [Msun] of all gas inside r, of a thin disk."""
        weight = _X * self.surface_density(_X)
        mass = _cumulative(weight * self.all_over_hi(_X)) * self.hi_mass_msun / _cumulative(weight)[-1]
        result: FloatArray = np.interp(r_kpc / self.hi_radius_kpc, _X, mass)
        return result

    def mean_density(self) -> float:
        """HI mass over π R_HI² [Msun/pc²]."""
        return float(np.trapezoid(2 * _X * self.surface_density(_X), _X))


def _cumulative(weight: FloatArray) -> FloatArray:
    """Integral of a weight on the grid ``_X``, in units of its step."""
    return np.concatenate([[0.0], np.cumsum(0.5 * (weight[1:] + weight[:-1]))])


def draw_gas(
    population: Population, tidal_radius_kpc: float, without: frozenset[str], seed: int, index: int
) -> GasDrawn | None:
    """Draw the gas of a galaxy; None where it has none.

    A halo that tides have cut loses the gas beyond 0.8 of the radius of the cut with it.
    """
    rng = rng_for(seed, "broad gas properties", index)
    log_m = population.log10_stellar_mass
    missing = rng.random() < GAS_FREE_SHARE and "gas_free" not in without
    own = np.sqrt(1 - SIZE_CORRELATION**2) * rng.standard_normal()
    residual = SIZE_CORRELATION * population.size_residual + own
    scatter = HI_MASS_SCATTER * float(hi_mass_scatter(log_m)) * residual
    hi_mass = 10 ** float(median_hi_mass(log_m) + HI_MASS_OFFSET_DEX + scatter)
    peak, decline = rng.uniform(*PEAK_LOG_DENSITY), rng.uniform(*DISPERSION_DECLINE)
    edge, unrest = (10 ** rng.uniform(*np.log10(bounds)) for bounds in (EDGE_POWER, NONCIRCULAR))
    pierced, hole, hole_size = rng.random() < 0.5, rng.uniform(*HOLE_DEPTH), rng.uniform(0.1, 0.4)
    dispersion = DISPERSION_KMS * 10 ** (DISPERSION_SCATTER_DEX * rng.standard_normal())
    flows, inflow = rng.random() < 1 / 3, rng.uniform(*INFLOW)
    thick, share, lag = rng.random() < 1 / 3, rng.uniform(*THICK_SHARE), rng.uniform(*THICK_LAG)
    odd_tilt, odd_offset = rng.random(2) < ODD_SHARE
    against = rng.random() < COUNTER_ROTATING_SHARE and "counter_rotation" not in without
    tilt = rng.uniform(30, 90) if odd_tilt else 15 * unrest * rng.rayleigh() + 3 * rng.rayleigh()
    tilt = 180 - tilt if against else tilt
    offset = rng.uniform(0.15, 0.4) if odd_offset else 0.2 * unrest * rng.rayleigh()
    molecular, warm = rng.uniform(*MOLECULAR), rng.uniform(*WARM)
    if missing:
        return None
    dark, still = "dark_gas" in without, "gas_disturbances" in without
    drawn = GasDrawn(
        hi_mass_msun=hi_mass,
        hi_radius_kpc=1.0,
        peak=float(peak),
        edge=float(edge),
        hole=float(hole) if pierced else 0.0,
        hole_size=float(hole_size),
        dispersion_kms=float(dispersion),
        decline=0.25 if "pressure_support" in without else float(decline),
        gas_noncircular=0.0 if still else float(unrest),
        gas_tilt_deg=0.0 if still else float(tilt),
        gas_offset=0.0 if still else float(offset),
        inflow=float(inflow) if flows and not still and "inflow" not in without else 0.0,
        thick_share=float(share) if thick and "thick_gas" not in without else 0.0,
        thick_lag=float(lag),
        molecular=0.0 if dark else float(molecular),
        warm=0.0 if dark else float(warm),
        n_particles=population.n_gas,
        without=without,
    )
    radius = np.sqrt(hi_mass / (np.pi * drawn.mean_density())) / 1e3
    return _cut(drawn, float(radius), 0.8 * tidal_radius_kpc)


def _cut(drawn: GasDrawn, radius_kpc: float, largest_kpc: float) -> GasDrawn:
    """Give gas its radius; what tides have cut keeps its surface density."""
    shrink = min(1.0, largest_kpc / radius_kpc)
    return replace(drawn, hi_radius_kpc=radius_kpc * shrink, hi_mass_msun=drawn.hi_mass_msun * shrink**2)


def make_broad_gas(drawn: GasDrawn, potential: RotationField, stirring: float, rng: np.random.Generator) -> Gas:
    """Gas particles of one galaxy, in the frame of its potential.

    Parameters
    ----------
    drawn
        What was drawn.
    potential
        Of the galaxy as it is today.
    stirring
        Dial of all disturbances: 0 calm, 1 as the suite.
    rng
        Random generator.
    """
    n, R_HI, off = drawn.n_particles, drawn.hi_radius_kpc, drawn.without
    frequencies = Frequencies.of(potential, 6 * R_HI)
    disk_rng, waves_rng, flow_rng, bubbles_rng, place_rng = rng.spawn(5)
    weight = _X * drawn.surface_density(_X)
    cumulative = _cumulative(weight)
    R = R_HI * np.interp(disk_rng.uniform(0, cumulative[-1], n), cumulative, _X)
    phi = disk_rng.uniform(0, 2 * np.pi, n)

    v_edge = float(frequencies.at(np.array([R_HI]), frequencies.v_c_kms)[0])
    cap = 0.3 if "pressure_support" in off else MAX_DISPERSION
    thermal, turbulent = line_widths(min(drawn.dispersion_kms, cap * v_edge), v_edge, drawn, stirring)
    turbulent = min(float(turbulent), cap * v_edge)
    decline = np.exp(-drawn.decline * (np.minimum(R / R_HI, 2.0) - 0.5))
    dispersion = np.minimum(float(np.hypot(thermal, turbulent)) * decline, 0.7 * v_edge)

    thick = disk_rng.random(n) < drawn.thick_share
    thickness, lag = np.where(thick, 3.0, 1.0), np.where(thick, drawn.thick_lag, 0.0)
    z, v_phi = layer(R, dispersion, _log_slope(drawn, R / R_HI), frequencies, disk_rng, thickness=thickness, lag=lag)
    R, phi, v_R, v_phi = stir_orbits(R, phi, v_phi, drawn, stirring, frequencies, waves_rng)
    v_R = v_R - min(stirring, 1.5) * drawn.inflow * frequencies.at(R, frequencies.v_c_kms)
    position, velocity = cartesian(R, phi, z, v_R, v_phi)
    widths = (thermal, turbulent)
    position, velocity = add_turbulence(position, velocity, widths, decline, drawn, stirring, flow_rng)
    position, velocity = open_holes(position, velocity, drawn, stirring, v_edge, bubbles_rng)
    # dark gas belongs to the disk, not to the place where disturbances have moved a particle
    hi = np.full(n, drawn.hi_mass_msun / n)
    mass = hi * drawn.all_over_hi(np.hypot(position[:, 0], position[:, 1]) / R_HI)
    position, velocity = misplace(position, velocity, drawn, stirring, frequencies, place_rng)
    temperature = np.clip(thermal_temperature_K(thermal * decline), 100.0, 3e4)
    return Gas(mass, position, velocity, hi, temperature, kernel_fwhm(position))


def _log_slope(drawn: GasDrawn, x: FloatArray) -> FloatArray:
    """dln(Σσ²)/dlnR of the gas at x = R/R_HI, at most 0.5."""
    nodes = np.linspace(0.01, 3.0, 200)
    log_density = np.log(np.maximum(drawn.surface_density(nodes), 1e-30))
    slope = np.gradient(log_density, np.log(nodes)) - 2 * drawn.decline * nodes
    return np.interp(x, nodes, np.minimum(slope, 0.5))
