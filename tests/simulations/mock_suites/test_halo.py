"""Dark halos against the relations and formulas they are made from."""

import dataclasses

import numpy as np
import pytest

from stargas.constants import BARYON_FRACTION
from stargas.simulations.mock_suites.halo import dark_halo, dc14_exponents, inner_slope
from stargas.simulations.mock_suites.physics import SUITES
from stargas.simulations.mock_suites.population import draw_properties
from stargas.simulations.mock_suites.relations import TOLLET_SCATTER, tollet_slope
from stargas.simulations.mock_suites.stars import stellar_model


def halos(suite, n):
    galaxies = [draw_properties(SUITES[suite], 0, i) for i in range(n)]
    return galaxies, [dark_halo(galaxy, stellar_model(galaxy).enclosed_mass) for galaxy in galaxies]


def slopes_of(suite, n):
    galaxies, profiles = halos(suite, n)
    slope = [inner_slope(profile, g.virial_radius_kpc) for g, profile in zip(galaxies, profiles, strict=True)]
    return galaxies, np.array(slope)


@pytest.mark.parametrize(
    ("x", "exponents"),
    [
        (-4.1, (1.03, 3.11, 0.99)),
        (-3.0, (2.21, 2.55, 0.31)),
        (-2.6, (2.60, 2.50, 0.24)),
        (-2.0, (2.15, 2.59, 0.55)),
        (-1.5, (1.04, 2.81, 1.01)),
    ],
)
def test_dc14_exponents(x, exponents):
    assert dc14_exponents(x) == pytest.approx(exponents, abs=0.01)


@pytest.mark.parametrize("x", [-4.0, -3.5, -3.0, -2.5, -2.0, -1.5])
def test_profiles_reach_the_slope_asked_for(x):
    drawn = draw_properties(SUITES["bursty"], 0, 0)
    slope = float(tollet_slope(x))
    for tidal in (np.inf, 0.2 * drawn.virial_radius_kpc):
        galaxy = dataclasses.replace(
            drawn, log10_stellar_mass=drawn.log10_halo_mass + x, inner_slope=slope, tidal_radius_kpc=tidal
        )
        assert inner_slope(dark_halo(galaxy), galaxy.virial_radius_kpc) == pytest.approx(slope, abs=0.1)


def test_slope_of_known_power_laws():
    from stargas.galaxy import MassProfile

    r = np.geomspace(1e-3, 200, 400)
    for slope in (-0.2, -1.0, -1.5):
        assert inner_slope(MassProfile(r, r ** (3 + slope)), 100.0) == pytest.approx(slope, abs=0.01)


def test_bursty_slopes_follow_tollet():
    galaxies, slope = slopes_of("bursty", 500)
    x = np.array([g.log10_stellar_mass - g.log10_halo_mass for g in galaxies])
    every = slope - tollet_slope(x)
    massive = np.array([g.log10_stellar_mass > 9.7 for g in galaxies])
    x, residual = x[~massive], every[~massive]
    for low in np.arange(-4.0, -1.5, 0.5):
        inside = (x >= low) & (x < low + 0.5)
        if inside.sum() >= 10:
            assert abs(np.median(residual[inside])) < 0.15
    assert np.std(residual) == pytest.approx(TOLLET_SCATTER, rel=0.2)
    # massive halos that formed early are steeper
    assert np.median(every[massive]) < -0.15
    # control: cusps do not follow it
    _, cusps = slopes_of("smooth", 60)
    assert abs(np.median(cusps) - np.median(slope)) > 0.4


def test_smooth_dwarfs_are_cuspy():
    galaxies, slope = slopes_of("smooth", 200)
    dwarf = np.array([g.log10_stellar_mass < 9.5 for g in galaxies])
    assert slope[dwarf].max() <= -0.8


def test_shifted_mixes_cores_and_cusps_at_all_masses():
    galaxies, slope = slopes_of("shifted", 300)
    log_m = np.array([g.log10_stellar_mass for g in galaxies])
    cored = slope > -0.8
    for part in (log_m < 8, log_m >= 8):
        assert cored[part].mean() == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("suite", ["bursty", "smooth", "shifted"])
def test_mass_inside_the_virial_radius(suite):
    galaxies, profiles = halos(suite, 30)
    for galaxy, profile in zip(galaxies, profiles, strict=True):
        share = profile.enclosed_mass(galaxy.virial_radius_kpc) / galaxy.halo_mass_msun
        if galaxy.is_satellite:
            assert share < 1 - BARYON_FRACTION
        elif galaxy.log10_stellar_mass < 9.3:
            assert share == pytest.approx(1 - BARYON_FRACTION, rel=0.01)


def test_baryons_contract_massive_smooth_halos_alone():
    drawn = draw_properties(SUITES["smooth"], 0, 0)

    def change(log_m, log_h):
        galaxy = dataclasses.replace(
            drawn, log10_stellar_mass=log_m, log10_halo_mass=log_h, virial_radius_kpc=200.0, tidal_radius_kpc=np.inf
        )
        baryons = stellar_model(dataclasses.replace(galaxy, R_e_kpc=4.0)).enclosed_mass
        return dark_halo(galaxy, baryons).enclosed_mass(4.0) / dark_halo(galaxy).enclosed_mass(4.0)

    assert change(10.7, 12.2) > 1.15
    assert change(9.0, 11.2) == pytest.approx(1)


def test_tides_cut_the_outside():
    drawn = dataclasses.replace(draw_properties(SUITES["smooth"], 0, 0), tidal_radius_kpc=np.inf)
    r_vir = drawn.virial_radius_kpc
    whole, cut = dark_halo(drawn), dark_halo(dataclasses.replace(drawn, tidal_radius_kpc=0.3 * r_vir))
    assert cut.enclosed_mass(r_vir) < 0.6 * whole.enclosed_mass(r_vir)
    assert cut.enclosed_mass(0.005 * r_vir) > 0.8 * whole.enclosed_mass(0.005 * r_vir)
