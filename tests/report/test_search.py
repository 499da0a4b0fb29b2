"""Tables and figure of a search show the preset, the best trials and what they change."""

import json

import pytest

from stargas.errors import DamagedFileError
from stargas.report.search import FORMAT, N_BEST, draw_search, read_search, search_parts


def trial(number, loss, kind="network", model="Star", **settings):
    return {
        "number": number,
        "kind": kind,
        "model": model,
        "settings": settings,
        "loss": loss,
        "rms_dex": 0.1,
        "processor_minutes": 1.5,
        "digest": f"{kind} {model} {number}",
    }


def content(*trials):
    preset = {"network": {"training.epochs": 10, "model.convolutional.filters": [8, 16]}, "trees": {"max_iter": 400}}
    return {**FORMAT.stated, "preset": preset, "trials": list(trials)}


def found(*trials):
    return [*search_parts(content(*trials))]


def test_the_preset_is_first_and_the_best_follow():
    made = [trial(number, -30.0 - number, **{"training.epochs": 20}) for number in range(1, 9)]
    text, table = found(trial(0, -30.0), *made, trial(9, None))
    assert "10 trials" in text.markdown
    assert "15 minutes" in text.markdown
    assert "1 diverged" in text.markdown
    assert [row[0] for row in table.rows] == ["0", *map(str, range(8, 8 - N_BEST, -1))]
    assert table.rows[0][-1] == "the preset"
    assert table.rows[1][-1] == "`epochs` 20"


def test_what_is_as_in_the_preset_is_no_change():
    _, table = found(trial(3, -1.0, **{"training.epochs": 10, "model.convolutional.filters": [16, 32]}))
    assert table.rows[0][-1] == "`filters` 16/32"


def test_a_preset_that_is_the_best_is_listed_once():
    _, table = found(trial(0, -5.0), trial(1, -4.0))
    assert [row[0] for row in table.rows] == ["0", "1"]


def test_the_figure_has_a_curve_of_losses_above_the_best_for_each_model():
    figure = draw_search(content(trial(0, -5.0), trial(1, -7.0), trial(0, -3.0, "trees", "Gas")))
    networks, trees = figure.axes
    assert networks.lines[0].get_ydata().tolist() == [0.0, 2.0]
    assert networks.lines[1].get_xdata()[0] == 1  # the preset
    assert len(trees.lines) == 2


def test_another_file_is_refused(tmp_path):
    assert read_search(tmp_path) is None
    path = tmp_path / "search.json"
    path.write_text(json.dumps(content(trial(0, -5.0))))
    assert len(read_search(tmp_path)["trials"]) == 1
    path.write_text(json.dumps(content(trial(0, "low"))))
    with pytest.raises(DamagedFileError, match="trial 0"):
        read_search(tmp_path)
