"""Formulas against systems whose mass and dispersion are known in closed form."""

import numpy as np
import pytest
from analytic import plummer_mass, plummer_stars

from stargas.baselines.estimators import (
    ESTIMATORS,
    STAR_ESTIMATORS,
    Observables,
    estimate_mass,
    hi_dynamical_mass,
    wolf_hi_mass,
)
from stargas.constants import G
from stargas.errors import InputError

MASS, SCALE = 3e8, 0.7
SIGMA_PLUMMER = np.sqrt(np.pi * G * MASS / (32 * SCALE))  # virial theorem: |W| = 3πGM²/32b = 3Mσ²


def plummer_bias(name):
    """C π/32 against λ³/(1+λ²)^1.5: estimate over truth for an isotropic self-gravitating Plummer sphere."""
    formula = STAR_ESTIMATORS[name]
    return formula.coefficient * np.pi / 32 / plummer_mass(formula.radius_in_R_hl, 1.0, 1.0)


@pytest.mark.parametrize(
    ("name", "bias"),
    [
        ("walker2009", 0.694),
        ("wolf2010", 0.767),
        ("amorisco2012", 0.889),
        ("campbell2017", 0.891),
        ("errani2018", 0.926),
    ],
)
def test_the_bias_on_a_plummer_sphere_is_the_derived_one(name, bias):
    r, mass = estimate_mass(name, SIGMA_PLUMMER, SCALE)
    assert mass / plummer_mass(r, MASS, SCALE) == pytest.approx(plummer_bias(name), rel=1e-12)
    assert plummer_bias(name) == pytest.approx(bias, abs=5e-4)
    assert estimate_mass(name, 1.1 * SIGMA_PLUMMER, SCALE)[1] / plummer_mass(r, MASS, SCALE) > 1.2 * bias


@pytest.mark.parametrize("name", STAR_ESTIMATORS)
def test_drawn_stars_give_the_mass_within_the_known_bias(name):
    stars = plummer_stars(40_000, MASS, SCALE, np.random.default_rng(5))
    x, y = stars.position_kpc[:, 0], stars.position_kpc[:, 1]
    sigma, radius = stars.velocity_kms[:, 2].std(ddof=1), np.median(np.hypot(x, y))
    r, mass = estimate_mass(name, sigma, radius)
    truth = plummer_bias(name) * plummer_mass(r, MASS, SCALE)
    assert mass == pytest.approx(truth, rel=0.03)
    assert estimate_mass(name, 1.1 * sigma, radius)[1] != pytest.approx(truth, rel=0.03)


def test_wolf_is_exact_for_isotropic_tracers_of_a_flat_rotation_curve():
    v_circular, R_hl = 20.0, np.array([0.1, 1.0, 7.0])
    sigma = np.full(3, v_circular / np.sqrt(3))
    r, mass = estimate_mass("wolf2010", sigma, R_hl)
    np.testing.assert_allclose(mass, v_circular**2 * r / G, rtol=1e-12)
    r, mass = estimate_mass("walker2009", sigma, R_hl)
    np.testing.assert_allclose(mass / (v_circular**2 * r / G), 2.5 / 3, rtol=1e-12)


def test_walker_agrees_with_the_published_units():
    assert estimate_mass("walker2009", 1.0, 1e-3)[1] == pytest.approx(580, rel=3e-3)  # Msun for 1 pc and 1 km/s


def test_bad_names_and_values_are_refused():
    with pytest.raises(InputError, match="'wolf': use one of walker2009, wolf2010"):
        estimate_mass("wolf", 5.0, 1.0)
    with pytest.raises(InputError, match="sigma_kms must be positive and finite, got -5"):
        estimate_mass("wolf2010", [3.0, -5.0], 1.0)
    with pytest.raises(InputError, match="R_hl_kpc must be positive and finite, got nan"):
        estimate_mass("wolf2010", 5.0, np.nan)
    with pytest.raises(InputError, match="v_cold_kms must be positive"):
        hi_dynamical_mass(0.0, 1.0)
    with pytest.raises(InputError, match="face-on"):
        hi_dynamical_mass(10.0, 1.0, 180.0)


def test_the_rotation_of_hi_gives_the_mass_of_circular_orbits():
    radius = np.array([2.0, 5.0])
    mass = plummer_mass(radius, MASS, SCALE)
    inclination = np.array([30.0, 120.0])
    seen = np.sqrt(G * mass / radius) * np.sin(np.radians(inclination))
    r, estimate = hi_dynamical_mass(seen, radius, inclination)
    np.testing.assert_allclose(estimate, mass, rtol=1e-12)
    np.testing.assert_array_equal(r, radius)
    np.testing.assert_allclose(hi_dynamical_mass(seen, radius)[1] / mass, [0.25, 0.75], rtol=1e-12)


class TestWolfWithHI:
    def test_it_meets_both_points(self):
        r_wolf, m_wolf = estimate_mass("wolf2010", [10.0, 12.0], [1.0, 2.0])
        r_hi, m_hi = hi_dynamical_mass([30.0, 25.0], [4.0, 1.0])  # the second HI disc ends inside the stars
        r = np.column_stack([r_wolf, r_hi])
        mass = wolf_hi_mass(r, [10.0, 12.0], [1.0, 2.0], [30.0, 25.0], [4.0, 1.0])
        np.testing.assert_allclose(mass, np.column_stack([m_wolf, m_hi]), rtol=1e-12)

    def test_a_flat_rotation_curve_is_exact_everywhere(self):
        r = np.geomspace(0.1, 50, 20)
        mass = wolf_hi_mass(r, 20.0 / np.sqrt(3), 1.0, 20.0, 6.0)
        np.testing.assert_allclose(mass, 400 * r / G, rtol=1e-12)
        assert abs(wolf_hi_mass(r, 1.1 * 20.0 / np.sqrt(3), 1.0, 20.0, 6.0) / mass - 1).max() > 0.1

    def test_outside_the_mass_neither_falls_nor_rises_too_fast(self):
        r = np.geomspace(0.01, 100, 60)
        for v_cold in (0.1, 1000.0):
            mass = wolf_hi_mass(r, 10.0, 1.0, v_cold, 2.0)
            outside = (r[1:] < 4 / 3) | (r[:-1] > 2)
            slope = (np.diff(np.log(mass)) / np.diff(np.log(r)))[outside]
            assert slope.min() >= -1e-9
            assert slope.max() <= 3 + 1e-9

    def test_equal_radii_go_on_as_a_flat_rotation_curve(self):
        mass = wolf_hi_mass([1.0, 2.0, 4.0], 10.0, 0.75, 10.0 * np.sqrt(3), 1.0)
        np.testing.assert_allclose(mass[1:] / mass[:-1], 2.0)


class TestTable:
    """Laws that every estimator of the table obeys."""

    seen = Observables.from_columns(
        {
            "sigma_kms": [10.0, 0.0, 10.0, 10.0],
            "R_hl_kpc": [1.0, 0.0, 1.0, 1.0],
            "v_cold_kms": [20.0, 20.0, np.nan, 20.0],
            "R_HI_kpc": [3.0, 3.0, np.nan, 3.0],
            "inclination_deg": [60.0, 60.0, 60.0, 10.0],
        }
    )
    r_kpc = np.tile([0.6, 2.4], (4, 1))

    @pytest.mark.parametrize("name", ESTIMATORS)
    def test_it_applies_where_its_tracers_are(self, name):
        both, gas_alone, stars_alone, _ = ESTIMATORS[name].applies_to(self.seen)
        assert both
        assert gas_alone == ("stars" not in ESTIMATORS[name].tracers)
        assert stars_alone == ("gas" not in ESTIMATORS[name].tracers)

    @pytest.mark.parametrize("name", ESTIMATORS)
    def test_masses_are_positive_and_rise_with_the_square_of_velocities(self, name):
        estimator = ESTIMATORS[name]
        chosen = estimator.applies_to(self.seen)
        faster = Observables(
            **{**vars(self.seen), "sigma_kms": 2 * self.seen.sigma_kms, "v_cold_kms": 2 * self.seen.v_cold_kms}
        )
        (r, slow), (_, fast) = (estimator.masses(one.take(chosen), self.r_kpc[chosen]) for one in (self.seen, faster))
        assert r.shape == slow.shape == (chosen.sum(), 2 if estimator.is_profile else 1)
        assert (slow > 0).all()
        np.testing.assert_allclose(fast / slow, 4)

    def test_only_rotation_as_observed_applies_face_on(self):
        face_on = {name for name, one in ESTIMATORS.items() if one.applies_to(self.seen)[3]}
        assert set(ESTIMATORS) - face_on == {"hi_inclination"}

    def test_columns_that_are_missing_are_not_known(self):
        stars = Observables.from_columns({"sigma_kms": 10.0, "R_hl_kpc": 1.0})
        assert [name for name, one in ESTIMATORS.items() if one.applies_to(stars).all()] == list(STAR_ESTIMATORS)
