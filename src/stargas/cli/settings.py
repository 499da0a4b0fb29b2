"""From YAML and ``--block.field value`` to the typed configuration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stargas.config import DataConfig, LocalConfig, ModelConfig, SnapshotConfig, TrainingConfig
from stargas.config.observation import ObservationConfig
from stargas.config.renamed import renamed
from stargas.presets import PRESETS, preset_path
from stargas.yaml_files import SEXAGESIMAL, read_yaml_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jsonargparse import ArgumentParser

BLOCKS = {
    "snapshots": SnapshotConfig,
    "data": DataConfig,
    "model": ModelConfig,
    "training": TrainingConfig,
    "observation": ObservationConfig,
    "local": LocalConfig,
}

_PLAIN_MESSAGES = (
    (r"Parser key \"([\w.]+)\": Problem with given class_path '[\w.]+': Parser key \"([\w.]+)\"", r"\1.\2"),
    (r" ?Problem with given class_path '[\w.]+':", ""),
    (r"Parser key \"([\w.]+)\"", r"\1"),
    (r"Does not validate against any of .*Given value: ", "not a value that fits: "),
    (r"Not a valid subclass of \w+\. Got value: (\S+) .*", r"expected a block of settings, got \1"),
    (r"Expected a <class '(\w+)'>\. Got value", r"expected \1, got"),
    (r"Expected a typing\.Literal\[(.*?)\]\. Got value: ", r"expected one of \1, got "),
    (r'"<unicode string>"', "the file"),
)


LONGEST = 500
"""Characters of a message that are repeated; it may quote a whole file."""

_UNKNOWN = (
    r"unrecognized arguments: --(?P<name>[\w.]+)",
    r"Group '(?P<block>[\w.]+)' does not accept option '(?P<name>[\w.]+)'",
    r"(?P<block>[\w.]+): Option '(?P<name>\w+)' is not accepted",
)
"""How jsonargparse reports a setting that there is not."""


class Settings(NamedTuple):
    """The blocks of a configuration."""

    snapshots: SnapshotConfig
    data: DataConfig
    model: ModelConfig
    training: TrainingConfig
    observation: ObservationConfig
    local: LocalConfig


class UsageError(Exception):
    """The command line or the configuration cannot be understood."""


def settings_parser(blocks: Sequence[str] = tuple(BLOCKS)) -> ArgumentParser:
    """Make a parser that knows every field of the named blocks."""
    from jsonargparse import ActionConfigFile, ArgumentParser  # type: ignore[attr-defined] # it re-exports by star

    class FileOrPreset(ActionConfigFile):
        """Reads a settings file, given by its path or by the name of a preset."""

        def __call__(self, parser: Any, cfg: Any, values: Any, option_string: str | None = None) -> None:  # noqa: ANN401 (argparse's)
            path = _file_or_preset(values)
            text = read_yaml_text(path)
            given = str(path) if path.is_file() else text  # a pipe is read once
            super().__call__(parser, cfg, given, option_string)  # type: ignore[no-untyped-call] # of jsonargparse

    parser = ArgumentParser(prog="stargas", exit_on_error=False, add_help=False, usage="", allow_abbrev=False)
    parser.add_argument(
        "--config",
        action=FileOrPreset,
        help=f"YAML file with any of the blocks, or the name of a preset: {', '.join(PRESETS)}.",
    )
    for block in blocks:
        parser.add_class_arguments(BLOCKS[block], block)
    return parser


def _file_or_preset(name: str) -> Path:
    path = Path(name)
    if path.exists() and not path.is_dir():  # a pipe is as good as a file
        return path
    if name in PRESETS:
        return preset_path(name)
    raise UsageError(
        f"there is no settings file {name!r}: give a YAML file or one of the presets {', '.join(PRESETS)}."
    )


def read_settings(arguments: Sequence[str], preset: str | None = None) -> Settings:
    """Read settings from arguments of the command line.

    Parameters
    ----------
    arguments
        ``--config FILE``, ``--config PRESET`` and ``--block.field VALUE`` in order; later ones win.
    preset
        Name of a preset that all of them win over.

    Raises
    ------
    UsageError
        If a file or field is unknown or a value does not fit, in one sentence.
    """
    if not arguments and preset is None:
        return Settings(*(block() for block in BLOCKS.values()))
    from jsonargparse import ArgumentError

    parser = settings_parser()
    arguments = [_in_quotes(one) if one.startswith("--observation.center=[") else one for one in arguments]
    first = [] if preset is None else [f"--config={preset_path(preset)}"]
    try:
        parsed = parser.instantiate(parser.parse_args([*first, *arguments]))
    except (ArgumentError, ValueError, OSError, OverflowError, RecursionError) as error:
        raise UsageError(_plain(str(getattr(error, "message", error)))) from error
    except (TypeError, AttributeError, KeyError) as error:  # of jsonargparse, where it expects a mapping
        raise UsageError(_plain("a block of settings is empty or holds something else than settings")) from error
    return Settings(*(parsed[block] for block in BLOCKS))


def _in_quotes(argument: str) -> str:
    """Put sexagesimal numbers of a list in quotes, since YAML takes them for numbers of base 60."""
    return re.sub(rf"(?<=[\[,\s])({SEXAGESIMAL.pattern})(?=[\],\s])", r"'\1'", argument)


def _plain(message: str) -> str:
    """Rewrite a message of jsonargparse in the terms of the command line."""
    text = " ".join(message.split())
    for pattern, replacement in _PLAIN_MESSAGES:
        text = re.sub(pattern, replacement, text)
    for pattern in _UNKNOWN:
        found = re.search(pattern, text)
        if found is not None:
            name = ".".join(filter(None, (found.groupdict().get("block"), found["name"])))
            text = renamed(name) or text
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}…"
    return f"{text.removesuffix('.')} (--help lists the settings)."


def describe_settings(blocks: Sequence[str]) -> str:
    """List the fields of some blocks with meaning and default, for a command's help."""
    text = settings_parser(blocks).format_help()
    fields = text[text.index("--config") :] if "--config" in text else text
    return "settings (in the YAML of --config, or as --block.field VALUE):\n  " + fields
