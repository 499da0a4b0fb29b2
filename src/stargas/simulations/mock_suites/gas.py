"""The HI disk of a mock galaxy: a rotating layer on the size-mass relation, then stirred.

Calm, the gas has a saturated center and an exponential edge, rotates with asymmetric drift, and is as thick as its
dispersion allows in the potential. Then turbulence, density waves, bubbles, a warp, a tilt and an offset move gas and
velocity together (`stargas.simulations.mock_suites.disturbances`, `stargas.simulations.mock_suites.turbulence`).
The steps are functions, which the disks of ``broad`` (`stargas.simulations.mock_suites.broad.gas`) take as well.

All of it hangs on one dial, ``stirring``: 0 is the calm disk (thermal and turbulent support stay), 1 the suite as it
is meant, 2 twice the amplitude of every disturbance. Between them amplitudes grow in proportion; which galaxy is
disturbed in which way does not change, so that a sweep of the dial compares the same galaxies.
"""

from typing import Protocol

import numpy as np
from scipy.spatial import cKDTree

from stargas.constants import BOLTZMANN, HELIUM_FACTOR, PROTON_MASS
from stargas.galaxy import FloatArray, Gas
from stargas.simulations.mock_suites.disturbances import (
    Bubble,
    DensityWave,
    Frequencies,
    blow_bubbles,
    density_waves,
    tilt_matrix,
    warp,
)
from stargas.simulations.mock_suites.hi_profile import X_MAX, HIProfile
from stargas.simulations.mock_suites.population import GalaxyProperties
from stargas.simulations.mock_suites.potential import Potential
from stargas.simulations.mock_suites.turbulence import turbulent_flow

WARM_TEMPERATURE_K = 8000.0
"""Temperature of the warm neutral medium; gas with a smaller dispersion counts as a mixture with colder clouds."""

THERMAL_SHARE = 0.8
"""Thermal part of the dispersion of quiet gas; the rest is turbulence."""

DISPERSION_DECLINE = 0.25
"""The dispersion falls outward as exp(-this R/R_HI); its drawn value holds at half of R_HI (Tamburro et al. 2009)."""

MAX_DISPERSION = 0.38
"""Cap on dispersion over circular velocity at R_HI: warmer gas would not stay inside that radius."""

LONGEST_EDDY_KPC = 3.0
"""Longest wavelength of the turbulence, where the disk is large enough; the shortest is a twentieth of it."""

CLUMPING = 0.35
"""Share of the displacement of sonic turbulence that the gas is given: the whole of it would cross itself."""

MAX_HEIGHT = 0.4
"""Cap on the scale height over the radius."""

KERNEL_NEIGHBORS = 50
"""Particles inside the support of a smoothing kernel."""

FWHM_OVER_SUPPORT = 0.722
"""FWHM over support radius of the cubic spline kernel (Oman 2019, MARTINI)."""


class GasDisturbances(Protocol):
    """What the disturbances need to know of a galaxy; see `GalaxyProperties` for the meaning."""

    @property
    def hi_radius_kpc(self) -> float:
        """Radius where the HI falls below 1 Msun/pc² [kpc]."""

    @property
    def gas_noncircular(self) -> float:
        """Amplitude of non-circular motions over the rotation velocity."""

    @property
    def gas_tilt_deg(self) -> float:
        """Angle between the axes of gas and stars [deg]."""

    @property
    def gas_offset(self) -> float:
        """Distance of the center of the HI from that of the stars [R_HI]."""

    @property
    def without(self) -> frozenset[str]:
        """Ingredients that are switched off."""


def make_gas(
    properties: GalaxyProperties, potential: Potential, n_particles: int, stirring: float, rng: np.random.Generator
) -> Gas | None:
    """Gas particles of one galaxy.

    Parameters
    ----------
    properties
        Its HI mass and radius, dispersion and the amplitudes of its disturbances.
    potential
        Total gravitational potential.
    n_particles
        Particles to make, of equal mass.
    stirring
        Dial of all disturbances: 0 calm, 1 as the suite, 2 violent.
    rng
        Random generator.

    Returns
    -------
    Gas or None
        In the galaxy's frame; its HI adds up to ``properties.hi_mass_msun`` and helium to a third of that more. None
        where the galaxy has no HI.
    """
    if properties.hi_mass_msun <= 0 or n_particles < 1:
        return None
    R_HI = properties.hi_radius_kpc
    frequencies = Frequencies.of(potential, 2 * X_MAX * R_HI)
    disk_rng, waves_rng, flow_rng, bubbles_rng, place_rng = rng.spawn(5)
    off = properties.without
    if "gas_disturbances" in off:
        stirring = 0.0

    profile = HIProfile.fitting(properties.hi_mass_msun, R_HI, properties.hi_edge_scale)
    R = R_HI * profile.draw(n_particles, disk_rng)
    phi = disk_rng.uniform(0, 2 * np.pi, n_particles)

    v_edge = float(frequencies.at(np.array([R_HI]), frequencies.v_c_kms)[0])
    quiet = min(properties.gas_dispersion_kms, MAX_DISPERSION * v_edge)
    thermal, turbulent = line_widths(quiet, v_edge, properties, stirring)
    decline = np.exp(-DISPERSION_DECLINE * (np.minimum(R / R_HI, X_MAX) - 0.5))
    dispersion = float(np.hypot(thermal, turbulent)) * decline

    slope = profile.log_slope(R / R_HI) - 2 * DISPERSION_DECLINE * (R / R_HI)
    z, v_phi = layer(R, dispersion, slope, frequencies, disk_rng)
    R, phi, v_R, v_phi = stir_orbits(R, phi, v_phi, properties, stirring, frequencies, waves_rng)
    position, velocity = cartesian(R, phi, z, v_R, v_phi)
    widths = (thermal, turbulent)
    position, velocity = add_turbulence(position, velocity, widths, decline, properties, stirring, flow_rng)
    position, velocity = open_holes(position, velocity, properties, stirring, v_edge, bubbles_rng)
    position, velocity = misplace(position, velocity, properties, stirring, frequencies, place_rng)

    hi = np.full(n_particles, properties.hi_mass_msun / n_particles)
    temperature = thermal_temperature_K(thermal * decline)
    return Gas(HELIUM_FACTOR * hi, position, velocity, hi, temperature, kernel_fwhm(position))


def line_widths(
    quiet_kms: float, v_edge_kms: float, properties: GasDisturbances, stirring: float
) -> tuple[float, float]:
    """Thermal and turbulent dispersions [km/s] at half of R_HI, from that of quiet gas and the non-circular motions."""
    thermal = min(THERMAL_SHARE * quiet_kms, thermal_width_kms(WARM_TEMPERATURE_K))
    still = "gas_turbulence" in properties.without
    stirred = 0.0 if still else 0.5 * stirring * properties.gas_noncircular * v_edge_kms
    # a scalar of numpy: with it, the displacement of `add_turbulence` is in double precision
    turbulent: float = np.sqrt(quiet_kms**2 - thermal**2 + stirred**2)
    return thermal, turbulent


def thermal_temperature_K(width_kms: FloatArray) -> FloatArray:  # noqa: N802 (the unit is K)
    """Temperature [K] of gas whose 21-cm line has a dispersion [km/s], same shape; see `thermal_width_kms`."""
    result: FloatArray = WARM_TEMPERATURE_K * (width_kms / thermal_width_kms(WARM_TEMPERATURE_K)) ** 2
    return result


def thermal_width_kms(temperature_K: float) -> float:
    """Velocity dispersion [km/s] of the 21-cm line of gas at a temperature, √(kT/m_p)."""
    return float(np.sqrt(BOLTZMANN * temperature_K / PROTON_MASS)) / 1e3


def kernel_fwhm(position_kpc: FloatArray) -> FloatArray:
    """FWHM of smoothing kernels [kpc] that hold `KERNEL_NEIGHBORS` particles each, shape (n,).

    The distance to the neighbor is taken in a tree of every eighth particle, at an eighth of the count: 10 % noisier
    than the full search and six times cheaper.
    """
    n = len(position_kpc)
    thinning = 8 if n >= 8 * KERNEL_NEIGHBORS else 1
    thinned = position_kpc[::thinning]
    neighbor = min(max(round(KERNEL_NEIGHBORS / thinning) + 1, 2), len(thinned))
    if len(thinned) < 2:
        return np.ones(n)
    tree = cKDTree(thinned, leafsize=24)
    distance = np.asarray(tree.query(position_kpc, k=[neighbor])[0])
    return FWHM_OVER_SUPPORT * distance[:, 0]


def layer(
    R_kpc: FloatArray,
    dispersion_kms: FloatArray,
    log_slope: FloatArray,
    frequencies: Frequencies,
    rng: np.random.Generator,
    *,
    thickness: FloatArray | float = 1.0,
    lag: FloatArray | float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Heights [kpc] and rotation velocities [km/s] of gas in equilibrium.

    The layer is isothermal in the restoring force of the disk: scale height σ/ν, at most `MAX_HEIGHT` of R. The
    rotation is v_φ² = v_c² R²/r² + σ² dln(Σσ²)/dlnR: the pull at height z, less the support by pressure.

    Parameters
    ----------
    R_kpc, dispersion_kms
        Cylindrical radii [kpc] and dispersions [km/s] of the particles, shape (n,).
    log_slope
        dln(Σσ²)/dlnR at the particles, shape (n,).
    frequencies
        Of circular orbits in the potential of the galaxy.
    rng
        Random generator of the heights.
    thickness
        Factor on the heights.
    lag
        By how much the rotation lags behind, over the circular velocity.
    """
    height = np.minimum(dispersion_kms / frequencies.at(R_kpc, frequencies.vertical), MAX_HEIGHT * R_kpc)
    z = thickness * height * rng.normal(size=len(R_kpc))
    r = np.hypot(R_kpc, z)
    v_c = frequencies.at(r, frequencies.v_c_kms) * R_kpc / r
    drift = dispersion_kms**2 * log_slope
    return z, np.sqrt(np.maximum(v_c**2 + drift, 0.04 * v_c**2)) - lag * v_c


def stir_orbits(
    R_kpc: FloatArray,
    phi: FloatArray,
    v_phi_kms: FloatArray,
    properties: GasDisturbances,
    stirring: float,
    frequencies: Frequencies,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Let density waves move gas that rotates: R [kpc], φ, v_R and v_φ [km/s] after them."""
    unrest = 0.0 if "gas_waves" in properties.without else stirring * properties.gas_noncircular
    return density_waves(R_kpc, phi, v_phi_kms, draw_waves(unrest, rng), frequencies, properties.hi_radius_kpc)


def cartesian(
    R_kpc: FloatArray, phi: FloatArray, z_kpc: FloatArray, v_R_kms: FloatArray, v_phi_kms: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Positions [kpc] and velocities [km/s] of shape (n, 3), without vertical motion, from cylindrical coordinates."""
    cos, sin = np.cos(phi), np.sin(phi)
    velocity = [v_R_kms * cos - v_phi_kms * sin, v_R_kms * sin + v_phi_kms * cos, np.zeros(len(R_kpc))]
    return np.column_stack([R_kpc * cos, R_kpc * sin, z_kpc]), np.column_stack(velocity)


def add_turbulence(
    position_kpc: FloatArray,
    velocity_kms: FloatArray,
    widths_kms: tuple[float, float],
    decline: FloatArray,
    properties: GasDisturbances,
    stirring: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Add turbulence to the velocities of a disk, and to its positions the displacement that goes with it.

    Parameters
    ----------
    position_kpc, velocity_kms
        Of the particles, shape (n, 3).
    widths_kms
        Thermal and turbulent dispersion at half of R_HI, of `line_widths`.
    decline
        Dispersion of each particle over that at half of R_HI, shape (n,).
    properties
        Of the galaxy.
    stirring
        Dial of all disturbances.
    rng
        Random generator.
    """
    thermal, turbulent = widths_kms
    longest = min(0.5 * properties.hi_radius_kpc, LONGEST_EDDY_KPC)
    flow, shift = turbulent_flow(wound(position_kpc, properties.hi_radius_kpc), (0.05 * longest, longest), rng)
    position, velocity = position_kpc.copy(), velocity_kms.copy()
    velocity += (turbulent * decline)[:, None] * flow
    if "gas_turbulence" not in properties.without:
        position += CLUMPING * min(turbulent / thermal, 1.0) * min(stirring, 1.5) * shift
    return position, velocity


def open_holes(
    position_kpc: FloatArray,
    velocity_kms: FloatArray,
    properties: GasDisturbances,
    stirring: float,
    v_edge_kms: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Let expanding bubbles push gas aside; ``v_edge_kms`` is the circular velocity at R_HI."""
    unrest = 0.0 if "gas_bubbles" in properties.without else stirring * properties.gas_noncircular
    holes = draw_bubbles(unrest, properties.hi_radius_kpc, v_edge_kms, rng)
    return blow_bubbles(position_kpc, velocity_kms, holes)


def wound(position_kpc: FloatArray, R_HI_kpc: float) -> FloatArray:
    """Turn positions back by an angle that grows with ln R, as rotation winds up eddies while they last."""
    x, y, z = position_kpc.T
    angle = 0.5 * np.log((x**2 + y**2) / R_HI_kpc**2 + 0.01)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.column_stack([cos * x - sin * y, sin * x + cos * y, z])


def draw_waves(unrest: float, rng: np.random.Generator) -> list[DensityWave]:
    """Draw a radial flow, a lopsided mode, an oval and arms; their sum stays short of crossing orbits."""
    breathing = DensityWave(
        0, 0.45 * unrest * rng.normal(), float(rng.choice([-1, 1]) * np.pi / 2 + rng.normal(0, 0.4)), rng.normal(0, 0.5)
    )
    waves = [breathing]
    for m, size, winding in (
        (1, 0.5, rng.normal(0, 0.7)),
        (2, 0.5, rng.normal(0, 0.7)),
        (2, 0.5, 2 / np.tan(np.radians(rng.uniform(12, 35)))),
    ):
        amplitude = size * unrest * rng.rayleigh()
        waves.append(DensityWave(m, min(amplitude, 0.5 / (1 + abs(winding))), rng.uniform(0, 2 * np.pi), winding))
    return waves


def draw_bubbles(unrest: float, R_HI_kpc: float, v_edge_kms: float, rng: np.random.Generator) -> list[Bubble]:
    """Draw holes with a steep distribution of radii (Bagetakos et al. 2011) that follow the gas outward."""
    n = 8 + rng.poisson(16)
    center = R_HI_kpc * np.sqrt(rng.uniform(0, 0.8, n))
    azimuth = rng.uniform(0, 2 * np.pi, n)
    typical = unrest**0.5 * R_HI_kpc
    radius = np.minimum(0.15 * typical * (1 + rng.pareto(2.0, n)), np.minimum(0.6 * typical, 0.4 * R_HI_kpc))
    speed = np.minimum(rng.uniform(8, 25, n) * (0.5 + 2 * unrest), 0.8 * v_edge_kms)
    shell = rng.uniform(0.2, 0.45, n)
    return [
        Bubble(c * np.array([np.cos(a), np.sin(a)]), float(r), float(v), float(s))
        for c, a, r, v, s in zip(center, azimuth, radius, speed, shell, strict=True)
        if r > 0.03 * R_HI_kpc
    ]


def misplace(
    position_kpc: FloatArray,
    velocity_kms: FloatArray,
    properties: GasDisturbances,
    stirring: float,
    frequencies: Frequencies,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Warp the disk, tilt it against the stars, and let it slosh about their center.

    A disk that is off-center by d moves at right angles to d on the orbit of that radius, half-way between a free orbit
    and a disk held by its own halo.
    """
    R_HI = properties.hi_radius_kpc
    off = properties.without
    unrest = stirring * properties.gas_noncircular
    onset = rng.uniform(0.5, 0.8) * R_HI
    bend = (0.06 * stirring + 0.5 * unrest) * rng.rayleigh()
    twist, node = rng.normal(0, 0.8), rng.uniform(0, 2 * np.pi)
    bend = 0.0 if "gas_warps" in off else min(bend, 0.6)
    position, velocity = warp(position_kpc, velocity_kms, bend, twist, node, onset, R_HI)

    astray = 0.0 if "gas_misalignment" in off else stirring
    tilt = np.radians(min(astray * properties.gas_tilt_deg, max(properties.gas_tilt_deg, 90.0)))
    turn = tilt_matrix(tilt, rng.uniform(0, 2 * np.pi))
    position, velocity = position @ turn.T, velocity @ turn.T

    distance = astray * properties.gas_offset * R_HI
    azimuth, height = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.3)
    direction = np.array([np.cos(azimuth), np.sin(azimuth), height])
    across = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0]) * rng.choice([-1, 1])
    rate = float(frequencies.at(np.array([R_HI]), frequencies.v_c_kms)[0]) / R_HI
    return position + distance * direction, velocity + 0.5 * rate * distance * across
