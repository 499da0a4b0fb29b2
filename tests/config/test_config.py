"""Settings are read and checked, and every field is documented."""

import dataclasses
import math
import re

import pytest

from stargas import config
from stargas.cli.settings import BLOCKS, UsageError, describe_settings, read_settings

CLASSES = [value for value in vars(config).values() if dataclasses.is_dataclass(value)]


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


@pytest.mark.parametrize(
    ("field", "bad", "good"),
    [
        ("data.views.n_views", 0, 1),
        ("data.views.n_views", 2.5, 2),
        ("data.stars.xy_limit", -1.0, 1.0),
        ("data.stars.radius_limit", math.nan, 2),
        ("data.stars.bandwidth", "isj", "scott"),
        ("data.stars.bandwidth", 0.0, 0.3),
        ("data.stars.bandwidth_factor", 0.0, 0.5),
        ("data.stars.stars_in", "outside", "in_map"),
        ("data.stars.min_stars", 0, 50),
        ("data.stars.max_stars", 99, 100),
        ("data.gas.n_pixels", 32, 64),
        ("data.gas.channel_width_kms", 0.0, 2.0),
        ("data.gas.half_width", math.inf, 3.0),
        ("data.gas.line_width_kms", 0.0, None),
        ("data.gas.noise_msun_pc2", 0.1, 0.0),
        ("data.gas.clip_sigma", 3.0, 0.0),
        ("data.gas.widen_band", 1, False),
        ("data.truth.radii", (), (1.0,)),
        ("data.truth.radii", (2.0, 1.0), (1.0, 2.0)),
        ("data.selection.exclude", ("a", 3), ("a",)),
        ("data.selection.min_high_resolution_fraction", 1.1, 1.0),
        ("data.split.test", 0.85, 0.84),
        ("data.galaxies_per_shard", 0, 1),
        ("snapshots.unit_length_kpc", 0.0, 0.1),
        ("model.dropout", 2.0, 0.0),
        ("model.filters", (8,), (4, 8)),
        ("model.dense", (0,), ()),
        ("model.kernel_size", 4, 5),
        ("model.flow_hidden", (), (8,)),
        ("training.learning_rate", -1.0, 1e-4),
        ("training.epochs", 0, 1),
        ("training.epochs", True, 1),
        ("local.workers", 0, None),
        ("local.memory_gb", -1.0, 0.0),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(field, bad, good):
    *blocks, name = field.split(".")
    changed("/".join(blocks), name, good)
    with pytest.raises(ValueError, match=r"must be .*, got ") as caught:
        changed("/".join(blocks), name, bad)
    assert str(caught.value).startswith(".".join(blocks[:2]))


def changed(place, name, value):
    """Default settings of a block, itself within its parent, with one value changed."""
    block, *inner = place.split("/")
    default = BLOCKS[block]()
    if not inner:
        return dataclasses.replace(default, **{name: value})
    part = dataclasses.replace(getattr(default, inner[0]), **{name: value})
    return dataclasses.replace(default, **{inner[0]: part})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--model.dropout", "2"], "model.dropout must be between 0 and 1, without 1, got 2.0"),
        (["--data.views.n_views", "2.5"], "data.views.n_views: expected int, got: 2.5"),
        (["--data.views.position_angle", "up"], "position_angle: expected one of 'aligned', 'random', got up"),
        (["--data.stars.foo", "1"], "data.stars: Option 'foo' is not accepted"),
        (["--data.stars", "null"], "data.stars: expected a block of settings, got None"),
    ],
)
def test_a_wrong_value_is_named_in_plain_words(words, sentence):
    with pytest.raises(UsageError, match=re.escape(sentence)):
        read_settings(words)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "wrong.yaml").write_bytes(bytes(range(128, 256)))
    with pytest.raises(UsageError, match="decode"):
        read_settings(["--config", str(tmp_path / "wrong.yaml")])


def test_the_help_names_every_block():
    text = describe_settings(tuple(BLOCKS))
    for block in BLOCKS:
        assert f"--{block}." in text
