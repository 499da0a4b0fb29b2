"""Standard errors count galaxies and equal those of a loop."""

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.evaluation.bootstrap import Measured, bootstrap_galaxies


def test_the_vectorized_bootstrap_equals_a_loop():
    rng = np.random.default_rng(2)
    values, galaxy = rng.normal(size=(40, 2)), rng.integers(0, 9, 40)
    resampled = bootstrap_galaxies(galaxy, n_resamples=7, seed=1)
    levels = (0.16, 0.5, 0.84)
    for b in range(7):
        rows = np.concatenate(
            [np.flatnonzero(galaxy == g) for g in range(9) for _ in range(int(resampled.draws[b, g]))]
        )
        np.testing.assert_allclose(resampled.mean(values)[b], values[rows].mean(axis=0))
        loop = np.quantile(values[rows], levels, axis=0, method="inverted_cdf")
        np.testing.assert_allclose(resampled.quantiles(values, levels)[b], loop)


def test_views_that_share_their_error_are_one_measurement():
    rng = np.random.default_rng(0)
    galaxy = np.repeat(np.arange(100), 12)
    values = rng.standard_normal(100)[galaxy]
    assert bootstrap_galaxies(galaxy).measure_mean(values).error == pytest.approx(0.1, rel=0.2)
    assert bootstrap_galaxies(np.arange(1200)).measure_mean(values).error == pytest.approx(0.1 / np.sqrt(12), rel=0.2)


def test_draws_follow_the_seed_and_not_the_names():
    galaxy = np.repeat(np.arange(30), 3)
    named = np.char.add("galaxy ", np.char.zfill(galaxy.astype(str), 2))
    one, same, other = (bootstrap_galaxies(g, seed=s) for g, s in ((galaxy, 3), (named, 3), (galaxy, 4)))
    np.testing.assert_array_equal(one.draws, same.draws)
    assert not np.array_equal(one.draws, other.draws)
    assert (one.n_samples, one.n_galaxies) == (90, 30)
    assert (one.draws.sum(axis=1) == 30).all()


def test_no_rows_are_refused():
    with pytest.raises(InputError, match="got no rows"):
        bootstrap_galaxies([])


def test_a_measured_array_is_read_place_by_place():
    measured = Measured.from_replicas([1.0, 2.0], np.array([[0.9, 2.0], [1.1, 2.4]]))
    assert measured[1].value == 2
    assert measured[1].error == pytest.approx(np.std([2.0, 2.4], ddof=1))
    assert f"{measured[0]:.1f}" == "1.0 ± 0.1"
