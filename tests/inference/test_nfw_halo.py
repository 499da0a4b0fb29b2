"""Halos of Navarro, Frenk & White come back from their masses, far inside of their virial radius."""

import numpy as np
import pytest

from stargas.constants import BARYON_FRACTION
from stargas.inference.nfw_halo import CONCENTRATIONS, CRITICAL_DENSITY, OVERDENSITY, fit_nfw, nfw_shape
from stargas.profiles import ProfileDraws

RADII = np.array([0.25, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.4, 2.8, 3.4, 4.0])


def dark_mass(r_kpc, concentration, log10_mass):
    """Dark part of the mass of a halo of this M_200 [log10 Msun] inside radii [kpc]."""
    r_200 = np.cbrt(10**log10_mass / (4 / 3 * np.pi * OVERDENSITY * CRITICAL_DENSITY))
    share = nfw_shape(concentration * r_kpc / r_200) / nfw_shape(concentration)
    return (1 - BARYON_FRACTION) * 10**log10_mass * share


def fitted(r_kpc, mass_msun):
    halo = fit_nfw(ProfileDraws(r_kpc, np.log10(mass_msun)[None]))
    return halo.concentration[0], np.log10(halo.mass_msun[0])


@pytest.mark.parametrize(("R_hl", "c", "log10_mass"), [(0.3, 16, 9.5), (0.3, 30, 8.5), (1.0, 12, 10.5), (3.0, 9, 11.8)])
def test_a_halo_comes_back(R_hl, c, log10_mass):
    r = R_hl * RADII
    mass = dark_mass(r, c, log10_mass)
    found, found_mass = fitted(r, mass)
    assert found == pytest.approx(c, rel=0.02)
    assert found_mass == pytest.approx(log10_mass, abs=0.01)
    heavier, _ = fitted(r, 1.1 * mass)
    assert heavier != pytest.approx(c, rel=0.02)


def test_draws_are_fitted_one_by_one():
    r = 0.5 * RADII
    masses = np.log10([dark_mass(r, c, 9.5) for c in (8.0, 12.0, 20.0)])
    np.testing.assert_allclose(fit_nfw(ProfileDraws(r, masses)).concentration, [8, 12, 20], rtol=0.02)


def test_a_core_looks_less_concentrated():
    r = 0.5 * RADII
    cored = dark_mass(r, 15, 10.0) * np.tanh(r / 0.1)
    assert fitted(r, cored)[0] < 14


@pytest.mark.parametrize("slope", [2.7, 0.05])
def test_what_has_another_shape_has_no_halo(slope):
    """The mass rises as r² inside of the scale radius of NFW, and by the logarithm of r outside."""
    c, log10_mass = fitted(RADII, 1e7 * RADII**slope)
    assert np.isnan(c)
    assert np.isnan(log10_mass)


def test_the_limits_are_limits():
    r = 0.5 * RADII
    inside, outside = CONCENTRATIONS[0] * 1.1, CONCENTRATIONS[0] * 0.9
    assert np.isfinite(fitted(r, dark_mass(r, inside, 10.0))[0])
    assert np.isnan(fitted(r, dark_mass(r, outside, 10.0))[0])
