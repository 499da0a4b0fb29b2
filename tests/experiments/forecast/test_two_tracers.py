"""What both tracers bring is measured on the same galaxies."""

import numpy as np

from stargas.experiments.forecast.two_tracers import compare_tracers
from stargas.inference.mock_posteriors import MockPosteriors
from stargas.report.forecast_page import BOTH, HI, STARS

N = 300


def posteriors(scale, seed):
    rng = np.random.default_rng(seed)
    return MockPosteriors(
        scale * np.exp(0.2 * rng.standard_normal((N, 5))), scale * rng.standard_normal((N, 4)), np.ones((N, 4))
    )


def test_ratios_are_those_of_errors_and_widths():
    found = compare_tracers({STARS: posteriors(0.2, 1), HI: posteriors(0.1, 2), BOTH: posteriors(0.1, 3)})
    assert [(gain["of"], gain["over"]) for gain in found["gains"]] == [(BOTH, STARS), (BOTH, HI)]
    for gain, expected in zip(found["gains"], (0.5, 1.0), strict=True):
        for name in ("rms", "width"):
            assert np.all(np.abs(gain[name] - expected) < 4 * gain[f"{name}_error"])
            assert np.all(gain[f"{name}_error"] < 0.12)
    assert [row["tracers"] for row in found["rows"]] == [STARS, HI, BOTH]
    np.testing.assert_allclose(found["rows"][0]["rms"], 0.2, rtol=0.2)
    np.testing.assert_allclose(found["rows"][0]["width"], 0.2, rtol=0.1)


def test_a_galaxy_that_one_tracer_does_not_show_is_left_out_of_all():
    hidden = posteriors(0.1, 2)
    hidden.half_width[:5] = np.nan
    found = compare_tracers({STARS: posteriors(0.2, 1), HI: hidden, BOTH: posteriors(0.1, 3)})
    assert {row["n_galaxies"] for row in found["rows"]} == {N - 5}
    assert np.isfinite(found["rows"][1]["width"]).all()
