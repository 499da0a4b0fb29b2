"""The arguments of a command and those of the settings are distinguished wherever they stand."""

import importlib
import re
from pathlib import Path

import pytest

from stargas.cli import COMMANDS, build, evaluate, infer, main, train
from stargas.cli.settings import BLOCKS, UsageError, read_settings


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("data:\n  views:\n    n_views: 3\n")
    return str(file)


def command_parser(name):
    return importlib.import_module(f"stargas.cli.{name}").parser()


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
    with pytest.raises(UsageError, match=rf"(there is no option|unrecognized arguments:) {words[0]}"):
        build.parser().parse_all(["OUT", "--suite", "bursty", *words])


def test_after_two_dashes_all_words_are_paths():
    options, settings_arguments = build.parser().parse_all(["--suite", "bursty", "--", "--config"])
    assert (options.out, settings_arguments) == (Path("--config"), [])


def test_print_config_needs_no_other_word(capsys):
    _, settings_arguments = build.parser().parse_all(["--print_config", "OUT"])
    assert settings_arguments == ["--print_config"]
    assert main(["build", "--print_config", "--data.selection.min_gas", "7"]) == 0
    assert "min_gas: 7" in capsys.readouterr().out


@pytest.mark.parametrize("command", [name for name in COMMANDS if command_parser(name).blocks])
def test_config_reads_what_print_config_writes(capsys, tmp_path, command):
    assert main([command, "--print_config"]) == 0
    written = capsys.readouterr().out
    (tmp_path / "written.yaml").write_text(written)
    assert main([command, "--print_config", "--config", str(tmp_path / "written.yaml")]) == 0
    assert capsys.readouterr().out == written


def test_options_of_an_observed_galaxy_are_written_too(capsys, tmp_path):
    words = [
        "--stars",
        "a.csv",
        "--distance-kpc",
        "0.1 Mpc",
        "--center",
        "10:08:28.1",
        "-31:00:00",
        "--realizations",
        "4",
    ]
    words += ["--columns", "v_los=HRV", "--leave-out-channels", "-5", "5", "20", "30", "--proper-motion", "0.1", "-0.2"]
    words += ["--foreground-channels", "40", "50", "--inclination-deg", "62", "--inclination-error-deg", "5"]
    assert main(["infer", *words, "--print_config"]) == 0
    (tmp_path / "written.yaml").write_text(capsys.readouterr().out)
    read = read_settings([f"--config={tmp_path / 'written.yaml'}"]).observation
    assert (read.stars, read.distance_kpc, read.n_realizations) == ("a.csv", 100.0, 4)
    assert read.leave_out_channels == ((-5.0, 5.0), (20.0, 30.0))
    assert read.foreground_channels == ((40.0, 50.0),)
    assert (read.inclination_deg, read.inclination_error_deg) == (62.0, 5.0)
    assert read.columns == {"v_los": "HRV"}
    assert read.proper_motion_masyr == (0.1, -0.2)
    assert read.center == pytest.approx((152.1170833, -31.0))


def test_messages_name_options_as_they_are_typed():
    typed = infer.parser().as_typed
    assert typed("positions need a distance: give distance_kpc.") == "positions need a distance: give --distance-kpc."
    assert typed("choose overwrite=True to replace it") == "choose --overwrite to replace it"
    assert typed("name it, as columns v_los=NAME.") == "name it, as --columns v_los=NAME."
    untouched = "observation.distance_kpc, my_distance_kpc, distance_kpc2 and the stars of stars.csv"
    assert typed(untouched) == untouched


@pytest.mark.parametrize("word", ["--distence-kpc", "--distance_kpc"])
def test_the_nearest_option_is_offered(word):
    with pytest.raises(UsageError, match=rf"there is no option {word} \(did you mean --distance-kpc\?\)"):
        infer.parser().parse_all(["--out", "OUT", word, "3"])


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_lists_each_option_once(command):
    text = command_parser(command).format_help()
    listed = re.findall(r"^  (?:-h, )?(--[\w.-]+)", text, flags=re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert "class_path" not in text
    assert "Path to a configuration file" not in text
    if command == "infer":
        assert not {"--observation.stars", "--observation.n_realizations", "--local.workers"} & set(listed)
        assert "--observation.ellipticity_error" in listed  # it has no shorter name


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
