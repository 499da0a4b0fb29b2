from dataclasses import asdict, replace

import pytest
from trainings import QUIET

from stargas.config import ModelConfig
from stargas.errors import DamagedFileError, InputError
from stargas.storage import plain
from stargas.training.folder import claimed, is_first_process, require_same_settings

SETTINGS = {"training": {"epochs": 4, "batch_size": 32}, "seed": 3}
TWO = replace(QUIET, devices=2)


def test_a_second_training_in_the_same_folder_is_refused(tmp_path):
    with claimed(tmp_path / "model", SETTINGS, QUIET):
        with pytest.raises(InputError, match=r"another training is writing to .*: wait for it, or give another folder"):
            claimed(tmp_path / "model", SETTINGS, QUIET).__enter__()
        with claimed(tmp_path / "other", SETTINGS, QUIET):
            pass
    with claimed(tmp_path / "model", SETTINGS, QUIET):  # and go on when the first has ended
        pass


def test_other_settings_are_named(tmp_path):
    with claimed(tmp_path, SETTINGS, QUIET):
        pass
    require_same_settings(tmp_path, SETTINGS)
    with pytest.raises(InputError, match=r"training\.epochs is 4 there and 5 here"):
        require_same_settings(tmp_path, {**SETTINGS, "training": {"epochs": 5, "batch_size": 32}})
    many = {"seed": 0, **dict.fromkeys("abcd", 1)}
    with pytest.raises(InputError, match="and 3 more"):
        require_same_settings(tmp_path, many)


def test_a_setting_of_models_that_was_added_since_has_its_default(tmp_path):
    model = plain(asdict(ModelConfig()))
    earlier = {**SETTINGS, "model": {**model, "residual": {**model["residual"]}}}
    del earlier["model"]["residual"]["stars"]
    with claimed(tmp_path, earlier, QUIET):
        pass
    require_same_settings(tmp_path, {**SETTINGS, "model": model})
    other = {**model, "residual": {**model["residual"], "stars": {"width": 8, "n_heads": 4}}}
    with pytest.raises(InputError, match=r"model\.residual\.stars\.width is 0 there and 8 here"):
        require_same_settings(tmp_path, {**SETTINGS, "model": other})


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(InputError, match="holds a data set"):
        require_same_settings(tmp_path, SETTINGS)


def test_a_model_that_was_not_trained_there_is_refused(tmp_path):
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(InputError, match="holds a model that was not trained there"):
        require_same_settings(tmp_path, SETTINGS)


def test_damaged_settings_are_one_sentence(tmp_path):
    (tmp_path / "training.json").write_text("{")
    with pytest.raises(DamagedFileError, match=r"remove the folder .* and train again"):
        require_same_settings(tmp_path, SETTINGS)


@pytest.mark.parametrize(
    ("environment", "is_first"),
    [
        ({}, True),
        ({"LOCAL_RANK": "1"}, False),
        ({"NODE_RANK": "1", "LOCAL_RANK": "0"}, False),
        ({"RANK": "4", "LOCAL_RANK": "0"}, False),
        ({"SLURM_PROCID": "3"}, False),
        ({"RANK": "0", "LOCAL_RANK": "0", "NODE_RANK": "0", "SLURM_PROCID": "0"}, True),
    ],
)
def test_one_process_of_several_writes(monkeypatch, tmp_path, environment, is_first):
    for name in ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert is_first_process(TWO) is is_first
    assert is_first_process(replace(QUIET, nodes=2)) is is_first
    assert is_first_process(QUIET)  # a training of one device is its own first process, whoever started it
    with claimed(tmp_path / "model", SETTINGS, TWO):
        assert (tmp_path / "model" / "training.json").exists() is is_first
