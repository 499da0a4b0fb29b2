"""Results of experiments are read whole or refused in a sentence that says what to do."""

import json

import pytest

from stargas.errors import DamagedFileError, InputError
from stargas.report.measurement import read_measurement
from stargas.storage import Format

KIND = Format("stargas experiment lunch", 1)
COMPLETE = {**KIND.stated, "command": "stargas experiment lunch", "rows": [], "radius": 1.0}


def test_what_was_written_is_read(tmp_path):
    (tmp_path / "lunch.json").write_text(json.dumps(COMPLETE))
    assert read_measurement(tmp_path / "lunch.json", KIND, ["radius"])["radius"] == 1.0


@pytest.mark.parametrize("missing", ["command", "rows", "radius"])
def test_an_entry_that_is_missing_is_named(tmp_path, missing):
    (tmp_path / "lunch.json").write_text(json.dumps({name: COMPLETE[name] for name in COMPLETE if name != missing}))
    with pytest.raises(DamagedFileError, match=f"lunch.json has no {missing}: remove it and run the experiment again"):
        read_measurement(tmp_path / "lunch.json", KIND, ["radius"])


def test_a_file_of_another_experiment_is_refused(tmp_path):
    (tmp_path / "lunch.json").write_text(json.dumps(COMPLETE))
    with pytest.raises(InputError, match="remove it and run the experiment again"):
        read_measurement(tmp_path / "lunch.json", Format("stargas experiment dinner", 1))
