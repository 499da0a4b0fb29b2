"""Shape, motions and masses of a galaxy, measured on its particles: of a mock suite or of others.

Rotation and acceleration are taken where observers take them, at R_HI, and lie on two published relations in real
galaxies: the baryonic Tully-Fisher relation and the radial acceleration relation.
"""

import numpy as np
from numpy.typing import ArrayLike

from stargas.constants import G
from stargas.errors import InputError
from stargas.experiments.mock_suites.measure import measure_gas
from stargas.galaxy import FloatArray, Galaxy, MassProfile
from stargas.simulations.mock_suites.population import GalaxyProperties
from stargas.simulations.mock_suites.stars import GasDisk, stellar_model
from stargas.simulations.mock_suites.suites import MockSuite, galaxy_potential
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.hi_particles import SkyGas
from stargas.sky.projection import project
from stargas.sky.view import View

QUANTITIES = {
    "slope": "d ln M/d ln r at R_hl",
    "slope_inside": "the same at 0.6 R_hl",
    "slope_outside": "the same at 2.4 R_hl",
    "stellar_share": "M*/M inside R_hl",
    "log10_R_hl": "log10 R_hl [kpc]",
    "beta_inside": "anisotropy inside R_hl",
    "beta_outside": "anisotropy from 1 to 3 R_hl",
    "b_over_a": "b/a of the stars inside 2.5 R_hl",
    "c_over_a": "c/a of the stars inside 2.5 R_hl",
    "v_phi": "mean rotation over v_c at 1.3-2.2 R_hl",
    "sigma_R": "radial dispersion over v_c there",
    "A1": "amplitude m = 1 of the stars",
    "A2": "amplitude m = 2 of the stars",
    "R_HI": "R_HI/R_hl at 60°",
    "hi_mass": "log10 M_HI/M*",
    "v_cold": "HI rotation at 60° over v_c sin i",
    "sigma_cold": "HI dispersion over v_c",
    "hi_A1": "amplitude m = 1 of the HI",
    "hi_A2": "amplitude m = 2 of the HI",
}
"""What is measured, in words."""

AT_THE_EDGE = {
    "log10_v": "log10 v_c [km/s] at R_HI",
    "log10_baryons": "log10 mass of stars and gas [Msun]",
    "log10_g": "log10 acceleration at R_HI [m/s²]",
    "log10_g_baryons": "log10 acceleration by stars and gas alone [m/s²]",
}
"""What the two relations are between."""

ACCELERATION_SCALE = 1.2e-10
"""Of the radial acceleration relation [m/s²]."""

_KMS2_PER_KPC = 1e6 / 3.0857e19  # in m/s²


def baryonic_tully_fisher(log10_v_kms: ArrayLike) -> FloatArray:
    """Mass of stars and gas [log10 Msun] at a flat rotation velocity: Lelli et al. (2016), Table 1 and Eq. 2."""
    return 3.95 * np.asarray(log10_v_kms, dtype=np.float64) + 1.86


def radial_acceleration(log10_g_baryons: ArrayLike) -> FloatArray:
    """Acceleration [log10 m/s²] at that of stars and gas alone: McGaugh, Lelli & Schombert (2016), Eq. 4."""
    g = 10 ** np.asarray(log10_g_baryons, dtype=np.float64)
    result: FloatArray = np.log10(g / (1 - np.exp(-np.sqrt(g / ACCELERATION_SCALE))))
    return result


def drawn_masses(suite: MockSuite, index: int) -> dict[str, float]:
    """Return masses of a galaxy with HI as they follow from its drawn properties, without particles; not of ``broad``.

    Returns
    -------
    dict
        log10 M* [Msun], `AT_THE_EDGE` at the drawn R_HI, and M*/M inside R_e.
    """
    properties = suite.properties(index)
    if not isinstance(properties, GalaxyProperties):
        raise InputError(f"the masses of {suite.name} depend on the orbits of its stars; measure its galaxies instead.")
    model, gas = stellar_model(properties), GasDisk.of(properties)
    dark = galaxy_potential(properties, model)[1]
    radii = np.array([properties.hi_radius_kpc, properties.R_e_kpc])
    stars, baryons = model.enclosed_mass(radii), model.enclosed_mass(radii) + gas.enclosed_mass(radii)
    total = baryons + dark.enclosed_mass(radii)
    R_HI = properties.hi_radius_kpc
    return {
        "log10_stellar_mass": properties.log10_stellar_mass,
        "log10_v": float(0.5 * np.log10(G * total[0] / R_HI)),
        "log10_baryons": float(np.log10(properties.stellar_mass_msun + properties.gas_mass_msun)),
        "log10_g": float(np.log10(G * total[0] / R_HI**2 * _KMS2_PER_KPC)),
        "log10_g_baryons": float(np.log10(G * baryons[0] / R_HI**2 * _KMS2_PER_KPC)),
        "stellar_share": float(stars[1] / total[1]),
    }


def measure_structure(suite: MockSuite, index: int) -> dict[str, float]:
    """Make one galaxy of a suite and `measure` it."""
    return measure(suite[index])


def measure(galaxy: Galaxy, total: MassProfile | None = None) -> dict[str, float]:
    """Measure `QUANTITIES` and `AT_THE_EDGE` of a galaxy in its own frame; NaN where it has no gas.

    Parameters
    ----------
    galaxy
        The galaxy.
    total
        Its whole mass, where that is known better than by its components.
    """
    stars = galaxy.stars
    position, velocity, r = stars.position_kpc, stars.velocity_kms, stars.radius_kpc
    R_hl = float(np.median([half_count_radius(position[:, a], position[:, b]) for a, b in ((0, 1), (1, 2), (0, 2))]))
    mass = total or galaxy

    def slope(at: float) -> float:
        inner, outer = mass.enclosed_mass(R_hl * at * np.array([0.8, 1.25]))
        return float(np.log(outer / inner) / np.log(1.25 / 0.8))

    v_c = np.sqrt(G * float(mass.enclosed_mass(1.7 * R_hl)) / (1.7 * R_hl))
    R = np.maximum(np.hypot(position[:, 0], position[:, 1]), 1e-9)
    ring = (1.3 * R_hl < R) & (2.2 * R_hl > R) & (np.abs(position[:, 2]) < R_hl)
    v_phi = (position[:, 0] * velocity[:, 1] - position[:, 1] * velocity[:, 0]) / R
    v_R = (position[:, 0] * velocity[:, 0] + position[:, 1] * velocity[:, 1]) / R
    b_over_a, c_over_a = _axis_ratios(position, 2.5 * R_hl)
    found = {
        "slope": slope(1.0),
        "slope_inside": slope(0.6),
        "slope_outside": slope(2.4),
        "stellar_share": float(galaxy.enclosed_mass(R_hl, "stars") / mass.enclosed_mass(R_hl)),
        "log10_R_hl": float(np.log10(R_hl)),
        "beta_inside": _anisotropy(position, velocity, r < R_hl),
        "beta_outside": _anisotropy(position, velocity, (r > R_hl) & (r < 3 * R_hl)),
        "b_over_a": b_over_a,
        "c_over_a": c_over_a,
        "v_phi": float(v_phi[ring].mean() / v_c),
        "sigma_R": float(v_R[ring].std() / v_c),
        "A1": fourier_amplitude(position, 1, 0.5 * R_hl, 3 * R_hl),
        "A2": fourier_amplitude(position, 2, 0.5 * R_hl, 3 * R_hl),
    }
    return dict.fromkeys((*QUANTITIES, *AT_THE_EDGE), float("nan")) | found | _measure_gas(galaxy, mass, R_hl)


def _measure_gas(galaxy: Galaxy, mass: Galaxy | MassProfile, R_hl_kpc: float) -> dict[str, float]:
    gas = project(galaxy, View(60.0, 0.0)).gas
    if galaxy.gas is None or not isinstance(gas, SkyGas):
        return {}
    measured = measure_gas(gas)
    if measured is None:
        return {}
    R_HI, v_cold, sigma_cold = measured
    v_c = np.sqrt(G * float(mass.enclosed_mass(R_HI)) / R_HI)
    baryons = [float(galaxy.enclosed_mass(R_HI, kind)) for kind in ("stars", "gas")]
    return {
        "R_HI": R_HI / R_hl_kpc,
        "hi_mass": float(np.log10(galaxy.hi_mass_msun / galaxy.stellar_mass_msun)),
        "v_cold": float(v_cold / np.sin(np.radians(60)) / v_c),
        "sigma_cold": float(sigma_cold / v_c),
        "log10_v": float(np.log10(v_c)),
        "log10_baryons": float(np.log10(galaxy.stellar_mass_msun + galaxy.gas.mass_msun.sum())),
        "log10_g": float(np.log10(v_c**2 / R_HI * _KMS2_PER_KPC)),
        "log10_g_baryons": float(np.log10(G * sum(baryons) / R_HI**2 * _KMS2_PER_KPC)),
        "hi_A1": fourier_amplitude(galaxy.gas.position_kpc, 1, 0.3 * R_HI, R_HI, galaxy.gas.hi_mass_msun),
        "hi_A2": fourier_amplitude(galaxy.gas.position_kpc, 2, 0.3 * R_HI, R_HI, galaxy.gas.hi_mass_msun),
    }


def _anisotropy(position: FloatArray, velocity: FloatArray, chosen: np.ndarray) -> float:
    """Anisotropy β of the random motions, without the mean rotation of the chosen stars about the z axis."""
    x, v = position[chosen], velocity[chosen]
    R = np.maximum(np.hypot(x[:, 0], x[:, 1]), 1e-9)
    v_phi = (x[:, 0] * v[:, 1] - x[:, 1] * v[:, 0]) / R
    radial = np.einsum("ij,ij->i", x, v) / np.maximum(np.linalg.norm(x, axis=1), 1e-9)
    polar = np.einsum("ij,ij->i", v, v) - radial**2 - v_phi**2
    return float(1 - (polar.mean() + v_phi.var()) / 2 / np.mean(radial**2))


def _axis_ratios(position: FloatArray, reach_kpc: float) -> tuple[float, float]:
    """Axis ratios b/a and c/a from the reduced inertia tensor in an ellipsoid of that shape (Allgood et al. 2006)."""
    axes, ratios = np.eye(3), np.ones(3)
    for _ in range(8):
        along = position @ axes / ratios
        m = np.sqrt(np.einsum("ij,ij->i", along, along))
        inside = position[m < reach_kpc] / np.maximum(m[m < reach_kpc], 1e-3 * reach_kpc)[:, None]
        values, vectors = np.linalg.eigh(inside.T @ inside)
        axes, widths = vectors[:, ::-1], np.sqrt(values[::-1])
        ratios = widths / np.cbrt(widths.prod())
    return float(widths[1] / widths[0]), float(widths[2] / widths[0])


def fourier_amplitude(
    position: FloatArray, m: int, inner_kpc: float, outer_kpc: float, weight: FloatArray | None = None
) -> float:
    """Mean of e^(imφ) in a ring with the shot noise taken out."""
    R = np.hypot(position[:, 0], position[:, 1])
    ring = (inner_kpc < R) & (outer_kpc > R)
    weights = np.ones(len(R)) if weight is None else weight
    if not ring.any():
        return float("nan")
    wave = np.exp(1j * m * np.arctan2(position[ring, 1], position[ring, 0]))
    power = abs(np.average(wave, weights=weights[ring])) ** 2 - 1 / np.count_nonzero(ring)
    return float(np.sqrt(max(power, 0.0)))
