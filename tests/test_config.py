"""Every shipped configuration can be read, and every field is documented."""

import dataclasses
import re
from pathlib import Path

import pytest

from stargas import config
from stargas.cli.settings import BLOCKS, UsageError, describe_settings, read_settings

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))
CLASSES = [value for value in vars(config).values() if dataclasses.is_dataclass(value)]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_configurations_parse(path):
    read_settings(["--config", str(path)])


def test_the_paper_is_the_default_but_for_galaxies_without_gas():
    paper = next(path for path in CONFIGS if path.name == "paper.yaml")
    assert read_settings(["--config", str(paper)]) == read_settings(["--data.selection.min_gas", "100"])


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_field_is_documented(kind):
    lines = re.findall(r"^    (\w+(?:, \w+)*)$", kind.__doc__, flags=re.MULTILINE)[1:]
    documented = [name for line in lines for name in line.split(", ")]
    assert [field.name for field in dataclasses.fields(kind)] == documented


def test_later_words_win(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("data:\n  stars:\n    xy_limit: 2.0\nmodel:\n  dense: [32, 16]\n")
    settings = read_settings(["--config", str(file), "--data.stars.xy_limit", "3"])
    assert settings.data.stars.xy_limit == 3.0
    assert settings.model.dense == (32, 16)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data:\n  stars:\n    bandwith: 3\n", "bandwith"),
        ("sky: 1\n", "sky"),
        ("data: [\n", "parsing config"),
        ("data:\n  views:\n    n_views: many\n", "n_views"),
        ("model:\n  tracers: dark\n", "tracers"),
    ],
)
def test_a_wrong_file_gets_one_sentence(tmp_path, text, words):
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=words) as caught:
        read_settings(["--config", str(file)])
    assert "\n" not in str(caught.value)


def test_the_help_names_every_block():
    text = describe_settings(tuple(BLOCKS))
    for block in BLOCKS:
        assert f"--{block}." in text
