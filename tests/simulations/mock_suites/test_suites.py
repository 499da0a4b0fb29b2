"""Whole suites: the same galaxies everywhere, in their own frame, in virial equilibrium, with believable scatter."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

from stargas.baselines.estimators import estimate_mass
from stargas.constants import G
from stargas.errors import InputError
from stargas.frame import find_center, rotation_to_spin
from stargas.galaxy import Galaxy, MassProfile
from stargas.kinematics import kappa_co, virial_ratio
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.stars import GasDisk, draw_stars, stellar_model
from stargas.simulations.mock_suites.suites import galaxy_potential, mock_suite
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.projection import project
from stargas.sky.view import View


def fingerprint(galaxy):
    gas = galaxy.gas
    arrays = [galaxy.stars.position_kpc, galaxy.stars.velocity_kms]
    arrays += [] if gas is None else [gas.position_kpc, gas.velocity_kms, gas.temperature_K]
    return [float(np.sum(array * np.arange(1, array.size + 1).reshape(array.shape))) for array in arrays]


def small(suite, n):
    """Indices of the first n galaxies that are quick to make."""
    found = [i for i in range(len(suite)) if suite.properties(i).n_stars < 6000]
    return found[:n]


def test_same_galaxy_in_every_order_process_and_length():
    suite = mock_suite("bursty", 60, seed=5)
    few = small(suite, 3)
    prints = {i: fingerprint(suite[i]) for i in few}
    again = mock_suite("bursty", 1000, seed=5)
    assert {i: fingerprint(again[i]) for i in reversed(few)} == prints
    assert fingerprint(pickle.loads(pickle.dumps(suite))[few[0]]) == prints[few[0]]  # noqa: S301
    program = (
        "import json, numpy as np; from stargas.simulations.mock_suites.suites import mock_suite;"
        f"g = mock_suite('bursty', 60, seed=5)[{few[1]}];"
        "a = g.stars.position_kpc; print(json.dumps(float(np.sum(a * np.arange(1, a.size + 1).reshape(a.shape)))))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == prints[few[1]][0]
    assert fingerprint(mock_suite("bursty", 60, seed=6)[few[0]]) != prints[few[0]]
    assert suite[few[0]].id == suite.galaxy_id(few[0])


@pytest.mark.parametrize("name", ["bursty", "smooth", "shifted"])
def test_galaxies_are_complete_and_in_their_own_frame(name):
    suite = mock_suite(name, 60)
    for i in small(suite, 4):
        galaxy, properties = suite[i], suite.properties(i)
        assert len(galaxy.stars) == properties.n_stars
        assert galaxy.stellar_mass_msun == pytest.approx(properties.stellar_mass_msun)
        assert galaxy.hi_mass_msun == pytest.approx(properties.hi_mass_msun)
        assert isinstance(galaxy.dark, MassProfile)
        assert rotation_to_spin(galaxy.stars) == pytest.approx(np.eye(3), abs=1e-9)
        noise = properties.R_e_kpc / np.sqrt(len(galaxy.stars))
        assert np.linalg.norm(find_center(galaxy.stars)) < 6 * noise + 0.05 * properties.R_e_kpc
        assert galaxy.suite == name
        assert galaxy.host_id == properties.host_id
        wanted = {"halo_mass_msun", "concentration", "is_satellite", "virial_radius_kpc", "stellar_mass_msun"}
        assert wanted | {"hi_mass_msun", "disk_fraction"} <= set(galaxy.properties)
        assert all(isinstance(value, float) and np.isfinite(value) for value in galaxy.properties.values())
    json.dumps(suite.provenance())


@pytest.mark.parametrize("name", ["bursty", "smooth", "shifted"])
def test_stars_are_in_virial_equilibrium_with_the_masses(name):
    suite = mock_suite(name, 80)
    ratios = [virial_ratio(suite[i]) for i in small(suite, 15) if suite.properties(i).n_stars > 400]
    assert np.median(ratios) == pytest.approx(1, abs=0.08)
    assert np.max(np.abs(np.log(ratios))) < 0.35


def test_stirring_moves_the_gas_alone():
    few = small(mock_suite("bursty", 30), 1)[0]
    calm, wild = (mock_suite("bursty", 30, stirring=dial)[few] for dial in (0.0, 2.0))
    assert np.array_equal(calm.stars.velocity_kms, wild.stars.velocity_kms)
    assert calm.hi_mass_msun == wild.hi_mass_msun
    assert not np.allclose(calm.gas.velocity_kms, wild.gas.velocity_kms, atol=1)


def test_without_an_ingredient():
    suite = mock_suite("bursty", 30).without("discs", "rotation")
    assert suite.properties(3).disk_fraction == 0
    assert suite.properties(3).R_e_kpc == mock_suite("bursty", 30).properties(3).R_e_kpc
    few = small(suite, 6)
    assert np.median([kappa_co(suite[i]) for i in few]) == pytest.approx(1 / 6, abs=0.07)


def test_index_and_arguments_are_checked():
    suite = mock_suite("smooth", 3)
    assert len(suite) == 3
    assert len(suite.groups()) == 3
    assert suite.galaxy_id(-1) == suite.galaxy_id(2)
    with pytest.raises(IndexError):
        suite.properties(3)
    with pytest.raises(InputError, match="unknown mock suite 'nihao'; known are bursty, smooth, broad, shifted"):
        mock_suite("nihao", 3)
    for bad in ({"n_galaxies": 0}, {"n_galaxies": 3, "seed": -1}, {"n_galaxies": 3, "stirring": -1.0}):
        with pytest.raises(InputError):
            mock_suite("bursty", **bad)


def estimator_ratios(suite, indices, n_views=4, n_max=3000):
    """Estimated over true mass at each estimator's own radius, per κ_co < .5 galaxy and view."""
    ratios = {"wolf2010": [], "walker2009": [], "campbell2017": []}
    for i in indices:
        galaxy = suite[i]
        if kappa_co(galaxy) >= 0.5:
            continue
        for cos_i in (np.arange(n_views) + 0.5) / n_views:
            stars = project(galaxy, View(float(np.degrees(np.arccos(cos_i))))).stars
            sigma = stars.v_los_kms[:: max(1, len(stars) // n_max)].std(ddof=1)  # components follow one another
            for name, found in ratios.items():
                r, mass = estimate_mass(name, sigma, half_count_radius(stars.x_kpc, stars.y_kpc))
                found.append(float(mass / galaxy.enclosed_mass(r)))
    return {name: np.array(found) for name, found in ratios.items()}


def center_and_half_width(ratio):
    low, middle, high = np.percentile(ratio, [16, 50, 84])
    return middle, 0.5 * (high - low)


def without_large(suite, n):
    """Return the first n galaxies with some hundred to some thousand particles: the scatter does not need more."""
    drawn = [suite.properties(i) for i in range(len(suite))]
    return [i for i, one in enumerate(drawn) if 300 < one.n_stars < 8000 and one.n_gas < 4000][:n]


@pytest.mark.parametrize("name", ["bursty", "smooth"])
def test_estimators_scatter_as_on_published_simulations(name):
    suite = mock_suite(name, 200)
    ratios = estimator_ratios(suite, without_large(suite, 45))
    middle, half_width = center_and_half_width(ratios["wolf2010"])
    # wider than the published .9-1.1 and .15-.27 by the error of 45 galaxies
    assert 0.87 < middle < 1.13
    assert 0.12 < half_width < 0.31
    # round, isotropic, non-rotating, diskless galaxies are too clean
    clean = suite.without("anisotropy", "flattening", "rotation", "discs", "two_populations")
    _, clean_width = center_and_half_width(estimator_ratios(clean, without_large(suite, 15))["wolf2010"])
    assert clean_width < 0.8 * half_width


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bursty", "smooth"])
def test_realism_of_three_hundred_galaxies(name):
    suite = mock_suite(name, 300)
    ratios = estimator_ratios(suite, range(300), n_views=6)
    for estimator, low, high in (
        ("wolf2010", 0.15, 0.27),
        ("walker2009", 0.18, 0.31),
        ("campbell2017", 0.15, 0.25),
    ):
        _, half_width = center_and_half_width(ratios[estimator])
        assert low < half_width < high
    assert 0.9 < np.median(ratios["wolf2010"]) < 1.1


def wolf_medians(suite, indices):
    """Median of the estimate of Wolf et al. over the mass, from velocities and from the virial theorem alone."""
    seen, expected = [], []
    for i in indices:
        stars, _ = suite.equilibrium(i, 2000)
        if kappa_co(Galaxy("mock", stars)) >= 0.5:
            continue
        drawn = suite.properties(i)
        model = stellar_model(drawn)
        parts = [model, galaxy_potential(drawn, model)[1], *([GasDisk.of(drawn)] if drawn.hi_mass_msun > 0 else [])]

        def mass(r, parts=parts):
            return np.sum([part.enclosed_mass(r) for part in parts], axis=0)

        r = stars.radius_kpc
        virial = np.sqrt(np.mean(G * mass(r) / r) / 3)  # <v²> = <r dΦ/dr>
        for cos_i in (0.125, 0.375, 0.625, 0.875):
            sky = project(Galaxy("mock", stars), View(float(np.degrees(np.arccos(cos_i))))).stars
            R_hl = half_count_radius(sky.x_kpc, sky.y_kpc)
            for sigma, found in ((sky.v_los_kms.std(ddof=1), seen), (virial, expected)):
                at, estimate = estimate_mass("wolf2010", sigma, R_hl)
                found.append(float(estimate / mass(np.array([at]))[0]))
    return np.median(seen), np.median(expected)


def test_wolf_is_high_in_cores_by_the_virial_theorem():
    """Its dispersion is flat by assumption; where the mass rises faster than r, it weighs stars of larger radii."""
    seen, expected = {}, {}
    for name in ("bursty", "smooth"):
        seen[name], expected[name] = wolf_medians(mock_suite(name, 70), range(70))
        assert seen[name] == pytest.approx(expected[name], abs=0.06)
    assert expected["bursty"] > 1.04
    assert expected["smooth"] == pytest.approx(1, abs=0.03)


def rotation_support(suite, indices):
    """κ_co of galaxies with 2000 stars each."""
    kappa = []
    for i in indices:
        properties = suite.properties(i)
        model = stellar_model(properties)
        potential, _ = galaxy_potential(properties, model)
        stars = draw_stars(model, potential, 2000, rng_for(0, "test", i), n_orbits=2000)
        kappa.append(kappa_co(Galaxy("mock", stars)))
    return np.array(kappa)


def test_massive_smooth_galaxies_rotate_and_dwarfs_of_bursty_do_not():
    kappa = {}
    for name in ("smooth", "bursty"):
        suite = mock_suite(name, 250)
        log_m = np.array([suite.properties(i).log10_stellar_mass for i in range(len(suite))])
        massive, dwarfs = np.flatnonzero(log_m > 9.75), np.flatnonzero(log_m < 8.5)
        kappa[name] = [rotation_support(suite, part[:20].tolist()) for part in (massive, dwarfs)]
    assert np.mean(kappa["smooth"][0] > 0.5) > 0.7
    assert np.mean(kappa["bursty"][1] > 0.5) < 0.3
    every = np.concatenate([part for parts in kappa.values() for part in parts])
    assert every.min() < 0.25
    assert every.max() > 0.75


def test_rotation_curve_of_a_calm_disk_is_that_of_the_mass():
    suite = mock_suite("smooth", 60, stirring=0.0)
    few = next(i for i in small(suite, 40) if suite.properties(i).gas_dispersion_kms < 10 and suite[i].gas is not None)
    galaxy = suite[few]
    x, y, _ = galaxy.gas.position_kpc.T
    R = np.hypot(x, y)
    v_phi = (x * galaxy.gas.velocity_kms[:, 1] - y * galaxy.gas.velocity_kms[:, 0]) / R
    ring = np.abs(R / suite.properties(few).hi_radius_kpc - 0.7) < 0.1
    at = np.median(R[ring])
    spherical = np.sqrt(G * float(galaxy.enclosed_mass(at)) / at)
    assert np.median(v_phi[ring]) == pytest.approx(spherical, rel=0.15)
