"""The arguments of a command and those of the settings are distinguished wherever they stand."""

from pathlib import Path

import pytest

from stargas.cli import build, evaluate, infer, train
from stargas.cli.settings import BLOCKS, UsageError, read_settings


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("data:\n  views:\n    n_views: 3\n")
    return str(file)


def parsed(command, *words):
    options, settings_arguments = command.parser().parse_all(words)
    return options, read_settings(settings_arguments)


OWN = [["OUT"], ["--suite", "bursty"], ["--seed=4"]]


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (1, 2, 0)], ids=["first", "between", "last"])
@pytest.mark.parametrize("joined", [False, True], ids=["words", "equals"])
def test_settings_may_stand_anywhere(config, place, order, joined):
    own = [OWN[i] for i in order]
    pairs = [("--config", config), ("--data.selection.min_log10_stellar_mass", "-1.5"), ("--model.whiten", "false")]
    given = [word for name, value in pairs for word in ([f"{name}={value}"] if joined else [name, value])]
    words = [word for group in (*own[:place], given, *own[place:]) for word in group]
    options, settings = parsed(build, *words)
    assert (options.out, options.suite, options.seed) == (Path("OUT"), "bursty", 4)
    assert settings.data.views.n_views == 3
    assert settings.data.selection.min_log10_stellar_mass == -1.5
    assert settings.model.whiten is False


def test_later_settings_win(config):
    field = ["--data.views.n_views", "5"]
    assert parsed(build, "--config", config, "OUT", *field)[1].data.views.n_views == 5
    assert parsed(build, *field, "OUT", "--config", config)[1].data.views.n_views == 3


def test_a_settings_word_ends_a_list_of_values():
    options, settings = parsed(train, "--data", "a", "b", "--training.epochs", "3", "OUT")
    assert (options.data, options.out) == ([Path("a"), Path("b")], Path("OUT"))
    assert settings.training.epochs == 3
    options, _ = parsed(evaluate, "--models", "m", "--local.workers=2", "OUT", "--data", "d")
    assert (options.models, options.out) == ([Path("m")], Path("OUT"))


def test_an_option_of_the_command_is_its_own():
    options, settings = parsed(train, "OUT", "--data", "d", "--data.views.n_views", "5", "--training.epochs", "3")
    assert options.data == [Path("d")]
    assert settings.data.views.n_views == 5
    options, settings = parsed(infer, "g.hdf5", "--out", "o", "--model.convolutional.dense", "[3, 4]", "--model", "m")
    assert options.model == Path("m")
    assert settings.model.convolutional.dense == (3, 4)


def test_a_block_may_come_from_its_own_file(tmp_path):
    file = tmp_path / "block.yaml"
    file.write_text("views:\n  n_views: 7\n")
    assert parsed(build, "--data", str(file), "OUT")[1].data.views.n_views == 7


@pytest.mark.parametrize("number", ["-1", "-1.5", "-.5", "-1e-3"])
def test_negative_numbers_are_values(number):
    _, settings = parsed(build, "--data.selection.min_log10_stellar_mass", number, "OUT")
    assert settings.data.selection.min_log10_stellar_mass == float(number)


@pytest.mark.parametrize("name", ["--config", *(f"--{block}.field" for block in BLOCKS)])
@pytest.mark.parametrize("after", [[], ["--suite", "bursty"], ["-h"], ["--"]], ids=["last", "option", "short", "end"])
def test_a_missing_value_is_one_sentence(name, after):
    with pytest.raises(UsageError, match=rf"^{name} needs a value, as '{name} VALUE' or '{name}=VALUE' \(see .*\)\.$"):
        build.parser().parse_all(["OUT", name, *after])


@pytest.mark.parametrize("words", [["--sed", "3"], ["--dta.views.n_views", "3"], ["--confi", "x"], ["-x"], ["more"]])
def test_an_unknown_word_is_refused_by_name(words):
    with pytest.raises(UsageError, match=f"unrecognized arguments: {words[0]}"):
        build.parser().parse_all(["OUT", "--suite", "bursty", *words])


def test_after_two_dashes_all_words_are_paths():
    options, settings_arguments = build.parser().parse_all(["--suite", "bursty", "--", "--config"])
    assert (options.out, settings_arguments) == (Path("--config"), [])


@pytest.mark.parametrize(("word", "shown"), [("--print_config", "min_gas: 0"), ("--print_config=skip_default", "{}")])
def test_print_config_takes_no_following_word(capsys, word, shown):
    _, settings_arguments = build.parser().parse_all([word, "OUT", "--suite", "bursty"])
    assert settings_arguments == [word]
    with pytest.raises(SystemExit) as stop:
        read_settings(settings_arguments)
    assert not stop.value.code
    assert shown in capsys.readouterr().out


def test_what_marks_the_place_of_a_settings_word_is_not_in_the_help():
    text = build.parser().format_help()
    assert "--seed" in text
    assert "stood" not in text


def test_what_is_taken_away_may_be_several_sets():
    words = ["OUT", "--models", "m", "--data", "d", "--without", "gas", "--without", "stars", "R_hl"]
    options, _ = parsed(evaluate, *words, "--prior", "a", "b")
    assert options.without == [["gas"], ["stars", "R_hl"]]
    assert options.prior == ["a", "b"]
    assert parsed(evaluate, *words[:5])[0].without == []
    with pytest.raises(UsageError, match="invalid choice"):
        parsed(evaluate, *words[:5], "--without", "dust")
