"""The population: what a mock galaxy is, before any particle is drawn.

The scatter of sizes, HI masses and HI sizes follows the spin and the concentration of the halo in part, so that the
stars of a galaxy with an extended HI disk are extended too.
"""

from dataclasses import dataclass

import numpy as np

from stargas.constants import HELIUM_FACTOR
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.physics import SuitePhysics
from stargas.simulations.mock_suites.relations import (
    CONCENTRATION_SCATTER,
    HI_RADIUS_SCATTER,
    HI_RADIUS_SLOPE,
    SPIN_MEDIAN,
    SPIN_SCATTER,
    TOLLET_SCATTER,
    halo_offset,
    hi_mass_scatter,
    median_concentration,
    median_hi_mass,
    median_hi_radius,
    median_size,
    moster_halo_mass,
    moster_scatter,
    size_scatter,
    tollet_slope,
    virial_radius,
)

LOG10_STELLAR_MASS_RANGE = (5.5, 11.0)
"""Stellar masses of the suites [log10 Msun]."""

STAR_PARTICLE_MASSES_MSUN = (1.5e3, 1.2e4, 9.6e4, 7.7e5)
"""Resolution levels, a factor of two in length apart."""

MAX_STARS, MAX_GAS = 400_000, 20_000
"""Most star and gas particles."""

GALAXIES_PER_HOST = 6
"""Indices that share a host halo, where they are satellites."""


@dataclass(frozen=True)
class GalaxyProperties:
    """One drawn galaxy.

    Parameters
    ----------
    id, host_id, suite
        Names; satellites of one halo share ``host_id``.
    is_satellite
        Whether it orbits in the halo of another.
    log10_stellar_mass, log10_halo_mass
        M* and M200 (before tides) [log10 Msun].
    concentration
        c200 of the halo without baryons.
    spin
        Spin parameter λ of the halo.
    virial_radius_kpc
        R200 before tides [kpc].
    tidal_radius_kpc
        Scale of the tidal cut of a satellite's dark halo [kpc]; infinite for a central.
    inner_slope
        Slope d ln ρ/d ln r of the dark matter to reach at 1-2 % of R200; NaN where the profile is not set by it.
    R_e_kpc
        Projected half-mass radius of the stars seen at 60°, the median inclination [kpc]: the relations are those of
        galaxies that are turned at random.
    sersic_index
        Of the spheroid.
    disk_fraction, thin_share
        Share of M* in disks and share of those in the thin one.
    disk_thickness
        Height z0 of the thick disk's sech²(z/z0) over its scale length, about twice the axis ratio of its isophotes.
    disk_heat
        Radial velocity dispersion over circular velocity in the thick disk; half of it in the thin one.
    anisotropy_center, anisotropy_radius
        β of the spheroid in its center and radius, in R_e, beyond which it rises toward 1 (infinite: constant).
    axis_ratio
        Of the spheroid, short over long axis (above 1: prolate).
    rotation
        Net share of the spheroid's stars that rotate with the disk, 0-1.
    second_share, second_size
        Share of the spheroid in a second population (0: none) and its size over that of the first.
    star_particle_mass_msun, n_stars
        Resolution level and star count.
    hi_mass_msun, hi_radius_kpc
        HI mass [Msun], 0 for a galaxy without; R_HI where the surface density is 1 Msun/pc² [kpc].
    hi_edge_scale
        Exponential scale of the HI disk's edge, in R_HI.
    gas_dispersion_kms
        One-dimensional velocity dispersion of quiet HI, thermal part included [km/s].
    gas_noncircular
        Amplitude of non-circular motions of the gas over the circular velocity, before the stirring dial.
    gas_tilt_deg
        Angle between the disks of gas and stars, before the dial.
    gas_offset
        Distance of the HI's center from the stars' [R_HI], before the dial.
    n_gas
        Gas particles.
    is_merger
        Whether a companion is inside it.
    without
        Ingredients of the suite that are switched off.
    """

    id: str
    host_id: str
    suite: str
    is_satellite: bool
    log10_stellar_mass: float
    log10_halo_mass: float
    concentration: float
    spin: float
    virial_radius_kpc: float
    tidal_radius_kpc: float
    inner_slope: float
    R_e_kpc: float
    sersic_index: float
    disk_fraction: float
    thin_share: float
    disk_thickness: float
    disk_heat: float
    anisotropy_center: float
    anisotropy_radius: float
    axis_ratio: float
    rotation: float
    second_share: float
    second_size: float
    star_particle_mass_msun: float
    n_stars: int
    hi_mass_msun: float
    hi_radius_kpc: float
    hi_edge_scale: float
    gas_dispersion_kms: float
    gas_noncircular: float
    gas_tilt_deg: float
    gas_offset: float
    n_gas: int
    is_merger: bool = False
    without: frozenset[str] = frozenset()

    @property
    def stellar_mass_msun(self) -> float:
        """Stellar mass [Msun]."""
        return 10**self.log10_stellar_mass

    @property
    def halo_mass_msun(self) -> float:
        """M200 before tides [Msun], baryons included."""
        return 10**self.log10_halo_mass

    @property
    def gas_mass_msun(self) -> float:
        """Mass of the atomic gas with helium [Msun]."""
        return HELIUM_FACTOR * self.hi_mass_msun


EARLY_STEEPENING = 3.0
"""How much steeper that slope is in massive halos that formed early, per dex of their excess concentration: stars
contract them, as in Milky Ways of NIHAO (Dutton et al. 2016) and more so in IllustrisTNG. The number is our choice: it
puts the share of the stars in IllustrisTNG's galaxies inside the range of the suite."""


def name_galaxy(suite: str, seed: int, index: int, is_satellite: bool) -> tuple[str, str]:
    """Return the name of a galaxy of a suite and that of its host, which is itself unless it is a satellite."""
    name = f"{suite}-{seed}-{index:06d}"
    return name, f"{suite}-{seed}-host-{index // GALAXIES_PER_HOST:05d}" if is_satellite else name


def _correlated(z1: float, share1: float, z2: float, share2: float, own: float) -> float:
    """Return a standard normal number that correlates with two others."""
    return share1 * z1 + share2 * z2 + float(np.sqrt(1 - share1**2 - share2**2)) * own


def _ramp(log_m: float, low: float, high: float, start: float, end: float) -> float:
    return float(np.interp(log_m, [start, end], [low, high]))


def _inner_slope(physics: SuitePhysics, log10_ratio: float, early: float, rng: np.random.Generator) -> float:
    normal, core, uniform = rng.standard_normal(), rng.random() < 0.5, rng.random()
    if physics.halo == "bursty":
        scatter = TOLLET_SCATTER if physics.has("halo_scatter") else 0.0
        median = tollet_slope(log10_ratio) - EARLY_STEEPENING * early
        return float(np.clip(median + scatter * normal, -1.8, -0.02))
    if physics.halo == "mixed":
        return -0.5 * uniform - 0.02 if core else float(np.clip(-1.25 + 0.15 * normal, -1.7, -0.8))
    return float("nan")


def _early_formation(physics: SuitePhysics, seed: int, index: int) -> float:
    """Excess of log10 c200 of a massive halo that formed early, up to its sign."""
    return physics.early_massive_dex * rng_for(seed, "mock formation", physics.name, index).standard_normal()


def draw_properties(physics: SuitePhysics, seed: int, index: int) -> GalaxyProperties:
    """Draw one galaxy of a suite.

    Parameters
    ----------
    physics
        Of the suite. A switched-off ingredient changes no other draw.
    seed
        Root seed.
    index
        Number of the galaxy in the suite.

    Returns
    -------
    GalaxyProperties
        Depends on the arguments alone.
    """
    rng = rng_for(seed, "mock population", physics.name, index)
    low, high = LOG10_STELLAR_MASS_RANGE

    log_m = np.inf
    while not low <= log_m <= high:
        massive = rng.random() < physics.massive_share
        log_m = rng.normal(10.0, 0.5) if massive else rng.normal(physics.dwarf_mean, physics.dwarf_sigma)

    satellite = bool(rng.random() < physics.satellite_share) and log_m < 9.5
    # the residual in M* at halo mass is what has the published scatter
    halo_residual = rng.standard_normal() * moster_scatter(log_m)
    log_halo = float(moster_halo_mass(log_m - halo_residual) + halo_offset(physics.halo_offset_dex, log_m))
    z_c, z_spin, z_size, z_hi, z_hi_size = rng.standard_normal(5)
    star_z = float(halo_residual / moster_scatter(log_m))
    z_c = _correlated(star_z, physics.stars_concentration, 0.0, 0.0, z_c)
    scatter = physics.concentration_scatter * CONCENTRATION_SCATTER if physics.has("halo_scatter") else 0.0
    early = _ramp(log_m, 0.0, 1.0, 9.7, 10.3) * abs(_early_formation(physics, seed, index))
    concentration = float(10 ** (median_concentration(log_halo) + scatter * z_c + early))
    spin = SPIN_MEDIAN * 10 ** (SPIN_SCATTER * z_spin)
    r_vir = float(virial_radius(10**log_halo))

    size_z = _correlated(z_spin, 0.7, z_c, -0.35, z_size)
    hi_z = _correlated(z_spin, 0.5, z_c, physics.hi_concentration, z_hi)
    hi_z -= physics.hi_halo * star_z
    hi_size_z = _correlated(z_spin, 0.7, z_c, -0.3, z_hi_size)
    log_size = median_size(log_m) + physics.size_offset_dex + physics.size_scatter * size_scatter(log_m) * size_z
    R_e = float(10**log_size)

    tidal = r_vir * 10 ** rng.uniform(*physics.tidal_radius_dex)
    tidal = max(tidal, 8 * R_e) if satellite and physics.has("tides") else np.inf
    slope = _inner_slope(physics, log_m - log_halo, early, rng)

    log_hi = median_hi_mass(log_m) + physics.hi_offset_dex + physics.hi_scatter * hi_mass_scatter(log_m) * hi_z
    stripped, loss = rng.random() < physics.stripped_share, rng.uniform(0.6, 3.0)
    if satellite and stripped:
        log_hi -= loss
    hi_mass = float(10**log_hi) if not (satellite and stripped and loss > 2.0) else 0.0
    hi_radius = float(
        10
        ** (
            median_hi_radius(log_hi)
            + physics.hi_radius_offset_dex
            + physics.hi_radius_scatter * HI_RADIUS_SCATTER * hi_size_z
        )
    )
    gas_radius = np.inf if physics.gas_tidal_radius is None else physics.gas_tidal_radius * tidal
    shrink = min(1.0, gas_radius / hi_radius)
    hi_mass, hi_radius = float(hi_mass * shrink ** (1 / HI_RADIUS_SLOPE)), float(hi_radius * shrink)
    hi_edge = float(np.clip(rng.normal(0.18, 0.025), 0.12, 0.26))

    counts = 10**log_m / np.array(STAR_PARTICLE_MASSES_MSUN)
    levels = np.flatnonzero((counts >= physics.min_stars) & (counts <= MAX_STARS))
    level = int(rng.choice(levels))
    n_stars = int(np.clip(counts[level], physics.min_stars, MAX_STARS))
    n_gas = int(np.clip(hi_mass / (4 * STAR_PARTICLE_MASSES_MSUN[level]), physics.min_gas, MAX_GAS))

    middle = physics.disk_share_low + (physics.disk_share_high - physics.disk_share_low) / (
        1 + np.exp(-(log_m - physics.disk_mass) / 0.35)
    )
    disky, more = rng.random() < physics.disky_share, rng.uniform(0.3, 0.7)
    disk = float(np.clip(middle + 0.12 * rng.standard_normal() + 0.05 * z_spin + disky * more, 0.0, 0.95))
    thin = float(np.clip(_ramp(log_m, 0.2, 0.75, 8.0, 10.3) + 0.12 * rng.standard_normal(), 0.0, 1.0))
    thickness = float(np.clip(_ramp(log_m, 0.8, 0.45, 8.0, 10.0) + 0.1 * rng.standard_normal(), 0.3, 1.0))
    heat = float(np.clip(_ramp(log_m, 0.45, 0.3, 8.0, 10.0) * 10 ** (0.1 * rng.standard_normal()), 0.15, 0.7))
    sersic = float(np.clip(_ramp(log_m, 0.8, 2.0, 9.0, 10.5) * 10 ** (0.12 * rng.standard_normal()), 0.5, 4.0))
    beta = float(np.clip(rng.normal(0.0, 0.3), -1.0, 0.45))
    rising, radius = rng.random() < 0.5, 10 ** rng.uniform(0.0, 0.7)
    axis_ratio = float(np.clip(rng.normal(0.88, 0.09), 0.5, 1.15))
    rotation = float(np.clip(abs(rng.normal(0.0, 0.3)) + 0.05, 0.0, 0.9))
    two = rng.random() < 0.35 and log_m < 9.0
    second_share, second_size = rng.uniform(0.3, 0.7), 10 ** rng.uniform(0.15, 0.4)
    dispersion = physics.gas_dispersion_kms * 10 ** (0.07 * rng.standard_normal())
    noncircular = _ramp(log_m, physics.noncircular_dwarf, physics.noncircular_massive, 7.5, 10.5)
    noncircular *= 10 ** (0.2 * rng.standard_normal())
    odd_tilt, odd_offset = rng.random(2) < physics.odd_gas_share
    tilt = rng.uniform(30, 180) if odd_tilt else 20 * noncircular * rng.rayleigh()
    offset = rng.uniform(0.15, 0.4) if odd_offset else 0.2 * noncircular * rng.rayleigh()

    name, host = name_galaxy(physics.name, seed, index, satellite)
    isotropic = not physics.has("anisotropy")
    unrest = float(physics.has("gas_disturbances"))
    return GalaxyProperties(
        id=name,
        host_id=host,
        suite=physics.name,
        is_satellite=satellite,
        log10_stellar_mass=float(log_m),
        log10_halo_mass=log_halo,
        concentration=concentration,
        spin=float(spin),
        virial_radius_kpc=r_vir,
        tidal_radius_kpc=float(tidal),
        inner_slope=slope,
        R_e_kpc=R_e,
        sersic_index=sersic,
        disk_fraction=disk if physics.has("discs") else 0.0,
        thin_share=thin,
        disk_thickness=thickness,
        disk_heat=heat,
        anisotropy_center=0.0 if isotropic else beta,
        anisotropy_radius=float(radius) if rising and not isotropic else float("inf"),
        axis_ratio=axis_ratio if physics.has("flattening") else 1.0,
        rotation=rotation if physics.has("rotation") else 0.0,
        second_share=float(second_share) if two and physics.has("two_populations") else 0.0,
        second_size=float(second_size),
        star_particle_mass_msun=10**log_m / n_stars,
        n_stars=n_stars,
        hi_mass_msun=hi_mass,
        hi_radius_kpc=hi_radius,
        hi_edge_scale=hi_edge,
        gas_dispersion_kms=float(dispersion),
        gas_noncircular=float(noncircular) * unrest,
        gas_tilt_deg=float(tilt) * unrest,
        gas_offset=float(offset) * unrest,
        n_gas=n_gas,
        is_merger=bool(rng_for(seed, "mock mergers", physics.name, index).random() < physics.merger_share),
        without=physics.without,
    )
