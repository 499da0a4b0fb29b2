"""Dark matter of a mock galaxy as a tabulated spherical profile.

``bursty``: the double power law of Di Cintio et al. (2014) whose central exponent is chosen so that the slope at
1-2 % of R200 is the one drawn from Tollet et al. (2016). ``smooth``: NFW, contracted by the baryons of massive
galaxies (Cautun et al. 2020). Satellites are cut as in Errani & Navarro (2021).
"""

from collections.abc import Callable

import numpy as np

from stargas.constants import BARYON_FRACTION
from stargas.galaxy import FloatArray, MassProfile
from stargas.simulations.mock_suites.population import GalaxyProperties

SLOPE_RANGE = (0.01, 0.02)
"""Radii [R200] between which the inner slope is measured (Tollet et al. 2016)."""

CONTRACTION_RANGE = (9.3, 9.7)
"""Contraction by baryons sets in between these log10 M* [Msun]."""

CONCENTRATION_BOOST = 3e-5
"""Factor of Eq. 6 of Di Cintio et al. (2014); codes in use have 1e-5 or 3e-5."""

DC14_RANGE = (-4.1, -1.3)
"""log10(M*/Mh) over which the profile's exponents were fitted."""

_N_RADII = 320


def dc14_exponents(log10_stellar_to_halo: float) -> tuple[float, float, float]:
    """Exponents (α, β, γ) of the profile of Di Cintio et al. (2014), Eq. 3, at log10(M*/Mh)."""
    x = float(np.clip(log10_stellar_to_halo, *DC14_RANGE))
    alpha = 2.94 - np.log10(10 ** (-1.08 * (x + 2.33)) + 10 ** (2.29 * (x + 2.33)))
    beta = 4.23 + 1.34 * x + 0.26 * x**2
    gamma = -0.06 + np.log10(10 ** (-0.68 * (x + 2.56)) + 10 ** (x + 2.56))
    return float(alpha), float(beta), float(gamma)


def dark_halo(
    properties: GalaxyProperties, baryon_mass: Callable[[FloatArray], FloatArray] | None = None
) -> MassProfile:
    """Mass profile of a galaxy's dark matter.

    Parameters
    ----------
    properties
        Of the galaxy.
    baryon_mass
        Mass of stars and gas [Msun] inside radii [kpc], for the contraction; none contracts nothing.

    Returns
    -------
    MassProfile
        From 10^-5 to 2.5 R200.
    """
    r = properties.virial_radius_kpc * np.geomspace(1e-5, 2.5, _N_RADII)
    if np.isnan(properties.inner_slope):
        mass = nfw_mass(r, properties.halo_mass_msun, properties.virial_radius_kpc, properties.concentration)
        if baryon_mass is not None:
            mass = _contracted(mass, baryon_mass(r), properties.log10_stellar_mass)
    else:
        mass = _with_slope(r, properties)
    return MassProfile(r, _cut(r, mass, properties))


def inner_slope(profile: MassProfile, virial_radius_kpc: float) -> float:
    """Slope d ln ρ/d ln r of a profile between 1 and 2 % of R200, from the mass in shells; NaN where one is empty."""
    edges = virial_radius_kpc * np.geomspace(*SLOPE_RANGE, 9)
    density = np.diff(profile.enclosed_mass(edges)) / np.diff(edges**3)
    if not np.all(density > 0):
        return float("nan")
    return float(np.polyfit(np.log(edges[:-1] * edges[1:]) / 2, np.log(density), 1)[0])


def nfw_mass(r_kpc: FloatArray, halo_mass_msun: float, virial_radius_kpc: float, concentration: float) -> FloatArray:
    """Dark mass [Msun] of a halo of Navarro, Frenk & White (1997) inside radii, baryons taken out evenly."""
    c = concentration
    x = c * r_kpc / virial_radius_kpc

    def shape(y: FloatArray | float) -> FloatArray:
        return np.log1p(y) - y / (1 + y)

    return (1 - BARYON_FRACTION) * halo_mass_msun * shape(x) / shape(c)


def contracted_mass(mass_msun: FloatArray, excess: FloatArray) -> FloatArray:
    """Dark mass that baryons have contracted, Eq. 11 of Cautun et al. (2020).

    ``excess`` is the mass of the baryons over that which the cosmic fraction gives the uncontracted dark mass.
    """
    return np.maximum.accumulate(_contraction(mass_msun, excess))


def _contraction(mass_msun: FloatArray, excess: FloatArray) -> FloatArray:
    return mass_msun * (0.45 + 0.38 * (excess + 1.16) ** 0.53)


def _contracted(mass_msun: FloatArray, baryon_msun: FloatArray, log10_stellar_mass: float) -> FloatArray:
    """Contract a halo; the change sets in over `CONTRACTION_RANGE`."""
    excess = baryon_msun * (1 - BARYON_FRACTION) / (BARYON_FRACTION * mass_msun)
    low, high = CONTRACTION_RANGE
    weight = np.clip((log10_stellar_mass - low) / (high - low), 0, 1)
    return np.maximum.accumulate((1 - weight) * mass_msun + weight * _contraction(mass_msun, excess))


def _with_slope(r_kpc: FloatArray, properties: GalaxyProperties) -> FloatArray:
    """Double power law with the exponents of DC14 but for γ, which gives the wanted slope at 1-2 % of R200."""
    ratio = properties.log10_stellar_mass - properties.log10_halo_mass
    alpha, beta, gamma = dc14_exponents(ratio)
    boost = 1 + CONCENTRATION_BOOST * np.exp(3.4 * (float(np.clip(ratio, *DC14_RANGE)) + 4.5))
    r_minus2 = properties.virial_radius_kpc / (properties.concentration * boost)
    inner = properties.virial_radius_kpc * np.geomspace(*SLOPE_RANGE, 9)
    scale, tidal = r_minus2, 0.0
    for _ in range(12):
        gamma = float(np.clip(gamma, 0.0, 1.9))
        scale = r_minus2 * ((beta - 2) / (2 - gamma)) ** (1 / alpha)
        y = (inner / scale) ** alpha
        outer_share = float(np.mean(y / (1 + y)))
        tidal = float(np.mean(inner)) / properties.tidal_radius_kpc
        gamma = 0.5 * gamma + 0.5 * (-properties.inner_slope - tidal - beta * outer_share) / (1 - outer_share)
    if gamma < 0:
        # even a core is too steep there: move the turn outward
        share = (-properties.inner_slope - tidal) / beta
        scale = float(np.exp(np.mean(np.log(inner)))) * (1 / max(share, 1e-3) - 1) ** (1 / alpha)
    x = r_kpc / scale
    gamma = float(np.clip(gamma, 0.0, 1.9))
    density = x**-gamma * (1 + x**alpha) ** ((gamma - beta) / alpha)
    mass = density_integral(r_kpc, density)
    whole = np.interp(properties.virial_radius_kpc, r_kpc, mass)
    return (1 - BARYON_FRACTION) * properties.halo_mass_msun * mass / whole


def density_integral(r_kpc: FloatArray, density: FloatArray) -> FloatArray:
    """Mass inside r, from a density with a power law inside the first radius."""
    slope = np.log(density[1] / density[0]) / np.log(r_kpc[1] / r_kpc[0])
    first = 4 * np.pi * density[0] * r_kpc[0] ** 3 / (3 + slope)
    log_r = np.log(r_kpc)
    shell = 4 * np.pi * density * r_kpc**3
    result: FloatArray = first + np.concatenate([[0.0], np.cumsum(0.5 * (shell[1:] + shell[:-1]) * np.diff(log_r))])
    return result


def _cut(r_kpc: FloatArray, mass_msun: FloatArray, properties: GalaxyProperties) -> FloatArray:
    """Cut by tides: density times exp(-r/r_cut)/(1 + r_s/r_cut)^0.3 (Errani & Navarro 2021, Eq. 10)."""
    r_cut = properties.tidal_radius_kpc
    if np.isinf(r_cut):
        return mass_msun
    r_s = properties.virial_radius_kpc / properties.concentration
    middle = np.sqrt(r_kpc[1:] * r_kpc[:-1])
    kept = np.concatenate([[np.exp(-r_kpc[0] / r_cut)], np.exp(-middle / r_cut)]) / (1 + r_s / r_cut) ** 0.3
    return np.cumsum(kept * np.diff(mass_msun, prepend=0.0))
