"""Conformal widths hold the stated share among galaxies of each kind, and of another suite they need not."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor
from wrong_widths import KindsOfGalaxies, WrongWidths, coverage

from stargas.errors import InputError
from stargas.evaluation import conformal
from stargas.evaluation.conformal import calibrate_conformally, conformal_quantile


def test_each_kind_is_covered_after_it_and_was_not_before():
    before, data = WrongWidths(), KindsOfGalaxies(4000, 1)
    assert coverage(before, data) == pytest.approx([0.38, 0.95], abs=0.03)
    after = calibrate_conformally(before, KindsOfGalaxies(4000))
    assert coverage(after, data) == pytest.approx([0.68, 0.68], abs=0.04)
    assert after.scale(data)[:2] == pytest.approx([2.0, 0.5], rel=0.1)


def test_a_suite_of_larger_errors_is_not_covered():
    after = calibrate_conformally(WrongWidths(), KindsOfGalaxies(4000))
    assert (coverage(after, KindsOfGalaxies(4000, 1, spread=2.0)) < 0.45).all()


def held(n, n_views, n_radii=1, trials=4000):
    """Share of the errors of a further galaxy within the quantile of n galaxies, whose views err alike."""
    rng = np.random.default_rng(n)
    inside = []
    for _ in range(trials):
        errors = np.repeat(rng.exponential(1, (n + 1, n_radii)), n_views, axis=0)
        inside.append(conformal_quantile(errors[:-n_views], np.arange(n * n_views) // n_views) >= errors[-1])
    return np.mean(inside)


@pytest.mark.parametrize(("n", "expected"), [(2, 2 / 3), (5, 5 / 6), (20, 15 / 21), (100, 69 / 101)])
@pytest.mark.parametrize("n_views", [1, 4])
def test_the_quantile_is_that_order_statistic_that_holds_the_stated_share_of_further_galaxies(n, expected, n_views):
    assert held(n, n_views) == pytest.approx(expected, abs=0.025)


def test_the_share_is_held_at_several_radii_together():
    assert 0.68 <= held(20, 2, n_radii=5) <= 0.76


def test_views_do_not_count_as_galaxies():
    """Five galaxies of many views: their own 68 % hold too few of the errors of a sixth."""
    rng = np.random.default_rng(0)
    plain, counted = [], []
    for _ in range(4000):
        errors = np.repeat(rng.exponential(1, (6, 1)), 10, axis=0)
        plain.append(conformal_quantile(errors[:-10], np.arange(50)) >= errors[-1])
        counted.append(conformal_quantile(errors[:-10], np.arange(50) // 10) >= errors[-1])
    assert np.mean(plain) < 0.69
    assert np.mean(counted) > 0.8


def test_tree_and_widths_are_of_different_galaxies(monkeypatch):
    """All views of a galaxy are on one side, and no galaxy is on both."""
    data, seen = KindsOfGalaxies(400), []
    data.catalogue["galaxy_id"] = np.array([f"{i // 4:05d}" for i in range(400)])
    data.kind = np.arange(400) // 4  # told from the features of a sample
    widths = WrongWidths()
    widths.width = lambda samples: np.ones((len(samples), 1))

    def record(errors, galaxy, level=0.68):
        seen.append(set(np.asarray(galaxy).tolist()))
        return conformal_quantile(errors, galaxy, level)

    monkeypatch.setattr(conformal, "conformal_quantile", record)
    fitted = []
    fit = DecisionTreeRegressor.fit
    monkeypatch.setattr(
        DecisionTreeRegressor, "fit", lambda self, x, y: (fitted.append(set(x[:, 0].astype(int))), fit(self, x, y))[1]
    )
    calibrate_conformally(widths, data)
    (of_tree,), of_widths = fitted, seen[0]
    assert not of_tree & of_widths
    assert of_tree | of_widths == set(range(100))


def test_one_galaxy_is_refused():
    with pytest.raises(InputError, match="needs two galaxies"):
        calibrate_conformally(WrongWidths(), KindsOfGalaxies(1))
