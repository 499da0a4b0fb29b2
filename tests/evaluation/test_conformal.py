"""Conformal widths hold the stated share among galaxies of each kind, and of another suite they need not."""

import numpy as np
import pytest
from wrong_widths import KindsOfGalaxies, WrongWidths, coverage

from stargas.errors import InputError
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


@pytest.mark.parametrize("n", [5, 20, 200])
def test_the_quantile_holds_at_least_the_stated_share_of_further_errors(n):
    rng = np.random.default_rng(n)
    held = [conformal_quantile(errors[:-1, None]) >= errors[-1] for errors in rng.exponential(1, (4000, n + 1))]
    assert 0.66 <= np.mean(held) <= 0.70 + 1 / n
    plain = [np.quantile(errors[:-1], 0.68) >= errors[-1] for errors in rng.exponential(1, (4000, n + 1))]
    assert np.mean(plain) < np.mean(held)


def test_one_galaxy_is_refused():
    with pytest.raises(InputError, match="needs two galaxies"):
        calibrate_conformally(WrongWidths(), KindsOfGalaxies(1))
