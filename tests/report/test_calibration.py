"""Coverage, ranks and TARP are drawn with the numbers of the evaluation."""

import numpy as np
import pytest

from evaluation.fakes import FakeDataset, FakePosterior
from stargas.errors import InputError
from stargas.evaluation.evaluate import evaluate
from stargas.report.calibration import draw_calibration, draw_coverage_by_stratum


def images(figure):
    return [axes for axes in figure.axes if axes.get_images()]


def test_coverage_of_every_model_is_drawn(result):
    drawn = [line.get_ydata() for line in draw_calibration(result).axes[0].lines]
    for name in result.models:
        for interval in result.scores(name).calibration.coverage:
            assert any(np.array_equal(line, interval.per_radius.value) for line in drawn)
    with pytest.raises(InputError, match="no stratum"):
        draw_calibration(result, "dwarfs")


def test_tarp_and_ranks_of_every_model_are_drawn(result):
    _, tarp, *ranks = draw_calibration(result).axes
    curves = [line.get_ydata() for line in tarp.lines]
    for name in result.models:
        calibration = result.scores(name).calibration
        assert any(np.array_equal(curve, calibration.tarp.expected_coverage.value) for curve in curves)
        height = 10 * calibration.ranks.share.value[result.nearest_radius(1.0)]
        assert any(np.allclose(patch.get_data().values, height) for patch in ranks[1].patches)


def test_coverage_stands_at_each_radius_in_each_stratum(result):
    panels = images(draw_coverage_by_stratum(result))
    assert len(panels) == 2 * len(result.models)
    panel = panels[2 * list(result.models).index("StarGas") + 1]
    assert panel.get_title(loc="left") == "StarGas: 95% intervals"
    share = result.scores("StarGas", "edge-on").calibration.coverage[1].per_radius.value
    row = list(result.strata).index("edge-on")
    text = {text.get_position(): text.get_text() for text in panel.texts}
    assert [text[j, row] for j in range(10)] == [f"{100 * value:.0f}" for value in share]


def test_only_what_sampling_error_does_not_explain_is_colored(tmp_path):
    models = {"right": FakePosterior(0.1), "narrow": FakePosterior(0.1, width=0.3), "wide": FakePosterior(0.1, width=4)}
    data = FakeDataset.make(n_galaxies=200)
    found = evaluate(models, data, tmp_path, n_draws=100, n_resamples=30, strata={})
    off = [np.asarray(axes.get_images()[0].get_array()) for axes in images(draw_coverage_by_stratum(found))]
    right, narrow, wide = (np.concatenate(off[i : i + 2]) for i in (0, 2, 4))
    assert (right == 0).all()
    assert (narrow < 0).all()
    assert (wide >= 0).all()
    assert (wide[0] > 0).all()
