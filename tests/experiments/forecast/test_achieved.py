"""A forecast that is right is found to be right, and one that is off is found to be off."""

from dataclasses import replace

import numpy as np
import pytest

from stargas.experiments.forecast import achieved as module
from stargas.experiments.forecast.achieved import ACHIEVED_SEED, KINDS, compare_widths, observing_setups
from stargas.inference.mock_posteriors import MockPosteriors


@pytest.fixture
def widths(monkeypatch):
    """Function that lets the galaxies of both seeds have widths about 0.1 and about a multiple of it."""

    def let(factor):
        def infer(_, skies, setup, seed):
            noise = 0.3 * np.random.default_rng([seed, setup.n_stars]).standard_normal((len(skies), 5))
            half_width = 0.1 * (factor if seed == ACHIEVED_SEED else 1.0) * np.exp(noise)
            half_width[0] = np.nan
            return MockPosteriors(half_width, np.zeros((len(skies), 4)), np.ones((len(skies), 4)))

        monkeypatch.setattr(module, "view_analogs", lambda *_: (None,) * 200)
        monkeypatch.setattr(module, "infer_mocks", infer)

    return let


@pytest.mark.parametrize("factor", [1.0, 1.25])
def test_the_ratio_of_the_widths_is_measured_within_its_error(widths, factor):
    widths(factor)
    for row in compare_widths(None, 200, {"dwarf spheroidal": KINDS["dwarf spheroidal"]}):
        for name in ("mass", "slope"):
            assert abs(row[f"{name}_ratio"] - 1 / factor) < 4 * row[f"{name}_ratio_error"] < 0.2
        assert row["n_galaxies"] == [199, 199]
        assert row["inside_68"] == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_observed_in_twelve_ways(kind):
    setups = observing_setups(KINDS[kind])
    assert len(setups) == len(set(setups.values())) == 12
    has_hi = any(one.hi_limit_cm2 is not None for one in setups.values())
    assert has_hi == bool(KINDS[kind].hi_mass_msun)
    assert observing_setups(replace(KINDS[kind], hi_mass_msun=0.0)) != observing_setups(
        replace(KINDS[kind], hi_mass_msun=1e8)
    )
