"""`stargas convert` rewrites settings of old names, and says in one sentence what it cannot convert."""

import pytest
import yaml

from stargas.cli import main


def test_a_settings_file_gets_the_new_names(capsys, tmp_path):
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(yaml.safe_dump({"data": {"effects": {"share": 0.5}}, "model": {"numbers": True}}))
    assert main(["convert", str(old), "--out", str(new)]) == 0
    assert "Settings:" in capsys.readouterr().out
    assert yaml.safe_load(new.read_text()) == {"data": {"degradation": {"share": 0.5}}, "model": {"features": True}}


@pytest.mark.parametrize("content", [None, "[]", "{data"])
def test_what_is_neither_settings_nor_a_model_is_one_sentence(capsys, tmp_path, content):
    old = tmp_path / "old.yaml"
    if content is None:
        old.mkdir()
    else:
        old.write_text(content)
    assert main(["convert", str(old), "--out", str(tmp_path / "new")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("stargas convert: ")
    assert str(old) in error
    assert error.count("\n") == 1
    assert not (tmp_path / "new").exists()
