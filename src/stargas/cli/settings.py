"""From YAML and ``--block.field value`` to the typed configuration."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stargas.config import DataConfig, LocalConfig, ModelConfig, SnapshotConfig, TrainingConfig
from stargas.config.observation import ObservationConfig
from stargas.config.renamed import renamed
from stargas.errors import did_you_mean
from stargas.presets import PRESETS, preset_path
from stargas.yaml_files import SEXAGESIMAL, read_yaml_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

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


PRINT_CONFIG = "--print_config"
"""Prints the settings, as ``--config`` reads them, in place of running the command."""


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
        f"there is no settings file {name!r}{did_you_mean(name, PRESETS)}: "
        f"give a YAML file or one of the presets {', '.join(PRESETS)}."
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


def _names_of(settings: Any, block: str = "") -> Iterator[str]:  # noqa: ANN401 (Settings or a block of them)
    """Go through the dotted names of all settings and blocks."""
    names = (
        settings._fields if isinstance(settings, Settings) else [field.name for field in dataclasses.fields(settings)]
    )
    for name in names:
        value = getattr(settings, name)
        yield f"{block}{name}"
        if dataclasses.is_dataclass(value):
            yield from _names_of(value, f"{block}{name}.")


def _plain(message: str) -> str:
    """Rewrite a message of jsonargparse in the terms of the command line."""
    text = " ".join(message.split())
    for pattern, replacement in _PLAIN_MESSAGES:
        text = re.sub(pattern, replacement, text)
    for pattern in _UNKNOWN:
        found = re.search(pattern, text)
        if found is not None:
            name = ".".join(filter(None, (found.groupdict().get("block"), found["name"])))
            text = renamed(name) or text + did_you_mean(
                name, _names_of(Settings(*(block() for block in BLOCKS.values())))
            )
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}…"
    return f"{text.removesuffix('.')} (--help lists the settings)."


def settings_yaml(settings: Settings, blocks: Sequence[str]) -> str:
    """Return blocks of settings as the YAML that ``--config`` reads."""
    import yaml

    content = {block: _listed(dataclasses.asdict(getattr(settings, block))) for block in blocks}
    result: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return result


def _listed(value: Any) -> Any:  # noqa: ANN401 (any setting)
    """Turn tuples into lists, which YAML has."""
    if isinstance(value, dict):
        return {name: _listed(one) for name, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, tuple | list) else value


def describe_settings(blocks: Sequence[str], listed: Collection[str] = ()) -> str:
    """List the fields of some blocks with meaning and default, for a command's help.

    Parameters
    ----------
    blocks
        Names of the blocks.
    listed
        Dotted names of fields that are options of the command, and not listed again.
    """
    text = settings_parser(blocks).format_help()
    entries = re.split(r"\n(?=  --|\n|\S)", text[text.index("  --config") :])
    kept = [entry for entry in entries if not _is_left_out(entry, listed)]
    with_fields = [
        entry for entry, after in zip(kept, [*kept[1:], ""], strict=True) if not _is_heading(entry) or "--" in after
    ]
    with_fields.insert(1, f"  {PRINT_CONFIG:<22}print the settings, as --config reads them, and run nothing")
    with_fields = [re.sub(_BLOCK_DEFAULT, _name_fields, entry, flags=re.DOTALL) for entry in with_fields]
    described = re.sub(r"\(type:\s.*?,\s+default:\s+", "(default: ", "\n".join(with_fields), flags=re.DOTALL)
    return "settings (in the YAML of --config, or as --block.field VALUE):\n" + described


_BLOCK_DEFAULT = r"\(type: .*?'init_args':(.*?)\}.*\)$"  # of a block in a block, as jsonargparse prints it


_NAME = r"'(\w+)':"
_OF_JSONARGPARSE = ("class_path", "init_args")  # which a block in such a block has, too


def _name_fields(found: re.Match[str]) -> str:
    import textwrap

    names = (name for name in re.findall(_NAME, found[1]) if name not in _OF_JSONARGPARSE)
    text = f"(a block of {', '.join(names)})"
    return "\n" + textwrap.fill(text, 79, initial_indent=24 * " ", subsequent_indent=24 * " ")


def _is_heading(entry: str) -> bool:
    return bool(entry.strip()) and not entry.lstrip("\n").startswith("  --")


def _is_left_out(entry: str, listed: Collection[str]) -> bool:
    """Whether an entry of the help is an option already, or jsonargparse's own way to read a block from a file."""
    found = re.match(r"\s*--([\w.]+)", entry)
    if found is None:
        return False
    name = found[1]
    own = name in listed or f"--{name}" == PRINT_CONFIG or name.endswith(".help")
    return own or "Path to a configuration file" in " ".join(entry.split())
