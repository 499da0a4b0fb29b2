"""The file of a part states its format, what was measured and on what scale, and few digits of its numbers."""

import json
from types import SimpleNamespace

import numpy as np

from stargas.evaluation.bootstrap import Measured
from stargas.experiments.part_file import MODEL, stated, write_part
from stargas.storage import Format

KIND = Format("stargas experiment default something", 3)


def written(tmp_path, **options):
    for name in (MODEL, "another"):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        (folder / "model.json").write_text(json.dumps({"weights_sha256": f"digest of {name}"}))
    run = SimpleNamespace(out=tmp_path, results=tmp_path / "results", plan=SimpleNamespace(scale=0.25))
    rows = [{"share": np.float64(0.123456), "n": 123456, "radii": (0.6, 1.0)}]
    return json.loads(write_part(run, "something.json", KIND, {"rows": rows}, **options).read_text())


def test_the_head_states_format_scale_and_weights_and_numbers_have_four_digits(tmp_path):
    found = written(tmp_path)
    assert KIND.stated.items() <= found.items()
    assert (found["scale"], found["weights_sha256"]) == (0.25, f"digest of {MODEL}")
    assert found["rows"] == [{"share": 0.1235, "n": 123456, "radii": [0.6, 1.0]}]


def test_the_weights_are_those_of_the_model_that_was_measured(tmp_path):
    assert written(tmp_path, model="another")["weights_sha256"] == "digest of another"


def test_a_statistic_stands_beside_its_error():
    assert stated("share", Measured(np.array(0.5), np.array(0.1))) == {"share": 0.5, "share_se": 0.1}
    widths = Measured(np.array([1.0, 2.0]), np.array([0.1, 0.2]))
    assert stated("width", widths) == {"width": [1.0, 2.0], "width_se": [0.1, 0.2]}
