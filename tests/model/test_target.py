import json

import numpy as np
import pytest
from astropy.table import Table

from stargas.errors import InputError
from stargas.model.standardization import fit_standardization
from stargas.model.target import Target, mass_names, true_quantities

SLOPES = np.array([1.0, 2.0, 0.3, -0.5, 0.1])
RADII = tuple(np.linspace(0.6, 2.4, 10))


def linear_set(n=3000, noise=0.05, seed=0):
    """Masses that follow a known linear law of all five scalars, with noise."""
    rng = np.random.default_rng(seed)
    log_scalars = rng.normal(1, 0.3, (n, 5))
    mass = 7 + (log_scalars @ SLOPES)[:, None] + np.linspace(0, 1, 10) + rng.normal(0, noise, (n, 10))
    return mass, log_scalars


def target_of(n_sets=4, seed=0):
    rng = np.random.default_rng(seed)
    constant, slopes = rng.normal(7, 1, (n_sets, 10)), rng.normal(0, 1, (n_sets, 5, 10))
    return Target(RADII, mass_names(RADII), constant, slopes, rng.uniform(0.1, 1, (n_sets, 10)))


def test_a_fit_recovers_a_known_linear_law():
    mass, log_scalars = linear_set()
    constant, slopes, spread = fit_standardization(mass, log_scalars, np.ones(5, bool))
    assert np.allclose(slopes, SLOPES[:, None], atol=0.015)
    assert np.allclose(constant, 7 + np.linspace(0, 1, 10), atol=0.03)
    assert np.allclose(spread, 0.05, rtol=0.06)
    plain_constant, plain_slopes, plain_spread = fit_standardization(mass, log_scalars, None)
    assert np.allclose(plain_constant, mass.mean(axis=0))
    assert not plain_slopes.any()
    assert np.allclose(plain_spread, mass.std(axis=0))


def test_unknown_scalars_take_no_part():
    """Independent scalars: what is unknown adds to the spread and leaves the other slopes alone."""
    mass, log_scalars = linear_set()
    known = np.array([True, True, False, False, False])
    _, slopes, spread = fit_standardization(mass, log_scalars, known)
    assert not slopes[2:].any()
    assert np.allclose(slopes[:2], SLOPES[:2, None], atol=0.03)
    assert np.allclose(spread, np.sqrt(0.05**2 + 0.3**2 * np.sum(SLOPES[2:] ** 2)), rtol=0.05)
    log_scalars[:, 2:] = np.nan
    assert np.array_equal(fit_standardization(mass, log_scalars, known)[1], slopes)


def test_samples_without_a_scalar_do_not_count_and_too_few_with_it_make_a_mean():
    mass, log_scalars = linear_set()
    log_scalars[::4, 3], mass[::4] = np.nan, 0.0
    assert np.allclose(fit_standardization(mass, log_scalars, np.ones(5, bool))[1], SLOPES[:, None], atol=0.02)
    log_scalars[: len(mass) * 2 // 3, 3] = np.nan
    constant, slopes, _ = fit_standardization(mass, log_scalars, np.ones(5, bool))
    assert not slopes.any()
    assert np.allclose(constant, mass.mean(axis=0))


def test_one_row_standardizes_all_galaxies_alike():
    target, rng = target_of(n_sets=1), np.random.default_rng(1)
    values, log_scalars = rng.normal(8, 1, (4, 10)), rng.normal(0, 1, (4, 5))
    one, other = (target.standardize(values, sets, log_scalars) for sets in (np.arange(4), np.zeros(4, int)))
    assert np.array_equal(one, other)
    own = target_of(n_sets=4)
    assert not np.allclose(*(own.standardize(values, sets, log_scalars) for sets in (np.arange(4), np.zeros(4, int))))


@pytest.mark.parametrize("shape", [(4, 10), (4, 3, 10)])
def test_restore_undoes_standardize(shape):
    target, rng = target_of(), np.random.default_rng(2)
    values, log_scalars, sets = rng.normal(8, 1, shape), rng.normal(0, 1, (4, 5)), np.arange(4)
    theta = target.standardize(values, sets, log_scalars)
    assert np.allclose(target.restore(theta, sets, log_scalars), values)
    assert not np.allclose(target.restore(theta, sets[::-1], log_scalars), values)


def test_the_volume_is_that_of_a_small_box():
    """ln |det ∂θ/∂y| from differences."""
    target, log_scalars, sets = target_of(), np.zeros((4, 5)), np.arange(4)
    step = 1e-3
    moved = target.standardize(np.full((4, 10), step), sets, log_scalars)
    slopes = (moved - target.standardize(np.zeros((4, 10)), sets, log_scalars)) / step
    assert np.allclose(np.log(slopes).sum(axis=1), target.log_volume(sets))
    assert not np.allclose(np.log(1.01 * slopes).sum(axis=1), target.log_volume(sets))


@pytest.mark.parametrize("value", [3.0, np.nan, np.inf, -np.inf])
def test_a_scalar_without_slope_has_no_effect_whatever_it_is(value):
    target = target_of()
    target.slopes[:, 2] = 0
    log_scalars = np.random.default_rng(3).normal(0, 1, (4, 5))
    changed = log_scalars.copy()
    changed[:, 2] = value
    assert np.array_equal(target.expected(np.arange(4), changed), target.expected(np.arange(4), log_scalars))
    changed[:, 1] += 1
    assert not np.allclose(target.expected(np.arange(4), changed), target.expected(np.arange(4), log_scalars))


def test_it_survives_json():
    target = target_of()
    again = Target.from_dict(json.loads(json.dumps(target.to_dict())))
    assert (again.radii_R_hl, again.names) == (target.radii_R_hl, target.names)
    for name in ("constant", "slopes", "spread"):
        assert np.array_equal(getattr(again, name), getattr(target, name))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"spread": [[1.0, float("nan")]]}, "spread of a target"),
        ({"spread": [1.0]}, "spread of a target"),
        ({"names": ["one"]}, "a name for each radius and at most 200, got 1"),
        ({"more": 1}, "a target has the entries"),
        ({"slopes": np.zeros((1, 4, 10)).tolist()}, "with 5 slopes each"),
        ({"spread": np.ones((2, 10)).tolist()}, "of as many tracer sets"),
    ],
)
def test_damaged_targets_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        Target.from_dict({**target_of().to_dict(), **change})


class TestQuantities:
    TABLE = Table({"inclination_deg": [0.0, 60.0, 120.0]})

    def test_cos_i_is_that_of_the_inclination_without_sign(self):
        assert np.allclose(true_quantities(self.TABLE, ["cos_inclination"]), [[1.0], [0.5], [0.5]])

    def test_columns_of_the_catalogue_are_taken_as_they_are(self):
        table = Table({"stellar_share": [0.2, 0.9], "kappa_co": [0.1, 0.6]})
        assert np.allclose(true_quantities(table, ["kappa_co", "stellar_share"]), [[0.1, 0.2], [0.6, 0.9]])

    def test_none_is_an_array_without_columns(self):
        assert true_quantities(self.TABLE, []).shape == (3, 0)

    def test_unknown_quantities_and_unknown_truths_are_named(self):
        with pytest.raises(InputError, match=r"model\.further_targets are some of cos_inclination, .*, got slope"):
            true_quantities(self.TABLE, ["slope"])
        with pytest.raises(InputError, match="cos_inclination is not known of 2 of 2 samples"):
            true_quantities(Table({"galaxy_id": ["a", "b"]}), ["cos_inclination"])
