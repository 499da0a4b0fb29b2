"""Settings from the command line and from YAML."""

import os
import re
import threading

import pytest

from stargas.cli.settings import BLOCKS, UsageError, describe_settings, read_settings
from stargas.config.renamed import RENAMED


def test_later_words_win(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("data:\n  stars:\n    xy_limit: 2.0\nmodel:\n  convolutional:\n    dense: [32, 16]\n")
    settings = read_settings(["--config", str(file), "--data.stars.xy_limit", "3"])
    assert settings.data.stars.xy_limit == 3.0
    assert settings.model.convolutional.dense == (32, 16)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data:\n  stars:\n    bandwith: 3\n", "bandwith"),
        ("sky: 1\n", "sky"),
        ("data: [\n", "parsing config"),
        ("data:\n  views:\n    n_views: many\n", "n_views"),
        ("model:\n  tracers: dark\n", "tracers"),
        ("data: {" + "x" * 900 + ": 1}", "…"),
    ],
)
def test_a_wrong_file_gets_one_sentence(tmp_path, text, words):
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=words) as caught:
        read_settings(["--config", str(file)])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--model.convolutional.dropout", "2"],
            "model.convolutional.dropout must be between 0 and 1, without 1, got 2.0",
        ),
        (["--data.views.n_views", "2.5"], "data.views.n_views: expected int, got: 2.5"),
        (["--data.views.position_angle", "up"], "expected one of 'aligned', 'gradient', 'random', got up"),
        (["--data.stars.foo", "1"], "data.stars: Option 'foo' is not accepted"),
        (["--data.views.n_veiws", "2"], "(did you mean data.views.n_views?)"),
        (["--data.stars", "null"], "data.stars: expected a block of settings, got None"),
    ],
)
def test_a_wrong_value_is_named_in_plain_words(words, sentence):
    with pytest.raises(UsageError, match=re.escape(sentence)):
        read_settings(words)


HOSTILE = {
    "aliases": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "has an alias of YAML"),
    "lists in lists": ("data: " + "[" * 100_000 + "]" * 100_000, "nest"),
    "blocks in blocks": ("\n".join(" " * depth + "a:" for depth in range(1000)), "nests more than 20"),
    "much": ("# " + "x" * 2_000_000, "more than 1 MB"),
    "transforms": ("model: {maf: {transforms: 1000000000}}", "transforms must be between 1 and 64, got 1000000000"),
    "digits": (f"model: {{maf: {{transforms: {'9' * 10_000}}}}}", "digits"),
    "exponent": ("data: {gas: {distance_mpc: 1e400}}", "distance_mpc must be a finite number, got inf"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_file_that_would_keep_a_parser_busy_is_refused(tmp_path, case):
    text, words = HOSTILE[case]
    (tmp_path / "hostile.yaml").write_text(text)
    with pytest.raises(UsageError, match=words):
        read_settings(["--config", str(tmp_path / "hostile.yaml")])


def test_settings_come_through_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("data: {views: {n_views: 3}}",))
    writer.start()
    assert read_settings(["--config", str(pipe)]).data.views.n_views == 3
    writer.join()


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "wrong.yaml").write_bytes(bytes(range(128, 256)))
    with pytest.raises(UsageError, match="decode"):
        read_settings(["--config", str(tmp_path / "wrong.yaml")])


def test_the_help_names_every_block():
    text = describe_settings(tuple(BLOCKS))
    for block in BLOCKS:
        assert f"--{block}." in text


@pytest.mark.parametrize("name", RENAMED)
def test_an_old_name_is_refused_with_the_new_one(tmp_path, name):
    """On the command line, and in a file, however deep it stands in its blocks."""
    sentence = re.escape(f"{name} is now {RENAMED[name]}")
    with pytest.raises(UsageError, match=sentence):
        read_settings([f"--{name}", "1"])
    lines = [f"{2 * depth * ' '}{part}:" for depth, part in enumerate(name.split("."))]
    (tmp_path / "old.yaml").write_text("\n".join(lines) + " 1\n")
    with pytest.raises(UsageError, match=sentence) as caught:
        read_settings(["--config", str(tmp_path / "old.yaml")])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "center",
    ["10:08:28.1 -31:00:00", "[10:08:28.1, -31:00:00]", "['10:08:28.1', '-31:00:00']", "[152.1170833, -31.0]"],
)
def test_distances_and_centers_may_be_text(tmp_path, center):
    words = ["--observation.distance_kpc=20.0 mag", "--observation.distance_error_kpc=5 %"]
    found = read_settings([f"--observation.center={center}", *words, "--observation.R_hl_kpc=300 pc"]).observation
    assert found.center == pytest.approx((152.1170833, -31.0))
    assert (found.distance_kpc, found.distance_error_kpc, found.R_hl_kpc) == pytest.approx((100.0, 5.0, 0.3))
    (tmp_path / "a.yaml").write_text(f"observation:\n  center: {center}\n  distance_kpc: 0.1 Mpc\n")
    if center.startswith("[10:"):
        with pytest.raises(UsageError, match=r"10:08:28\.1 without quotes, which YAML takes for a number of base 60"):
            read_settings(["--config", str(tmp_path / "a.yaml")])
    else:
        found = read_settings(["--config", str(tmp_path / "a.yaml")]).observation
        assert found.center == pytest.approx((152.1170833, -31.0))
        assert found.distance_kpc == 100.0


def test_text_that_is_no_distance_is_one_sentence():
    with pytest.raises(UsageError, match="a distance must be a number of kpc or have a unit"):
        read_settings(["--observation.distance_kpc=far"])
