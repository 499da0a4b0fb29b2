"""YAML files of settings, checked before a parser builds anything of them."""

import re
from pathlib import Path

from stargas.errors import InputError

MAX_BYTES = 1_000_000
"""Largest file of settings; all settings with their explanations are a hundredth of it."""

SEXAGESIMAL = re.compile(r"[-+]?\d+(:[0-5]?\d)+(\.\d*)?")
"""A right ascension or declination, which YAML 1.1 takes for a number."""

MAX_DEPTH = 20
"""Deepest nesting of blocks and lists; settings have four levels."""


def read_yaml_text(path: Path) -> str:
    """Read the text of a YAML file that no parser can be kept busy with.

    Parameters
    ----------
    path
        File, or a pipe.

    Returns
    -------
    str
        Small, not deeply nested and without aliases, which can unfold without end. Whether it is YAML otherwise is up
        to its parser.

    Raises
    ------
    InputError
        If it is anything else, or not text in UTF-8.
    """
    import yaml

    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InputError(f"{path} has more than {MAX_BYTES / 1e6:g} MB: give a file of settings.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text, it cannot be decoded as UTF-8: give a file of settings.") from error
    depth = 0
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.AliasEvent):
                raise InputError(f"{path} has an alias of YAML (*{event.anchor}): write the settings out.")
            if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and SEXAGESIMAL.fullmatch(event.value):
                raise InputError(
                    f"{path} has {event.value} without quotes, which YAML takes for a number of base 60: write it in "
                    "quotes."
                )
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise InputError(f"{path} nests more than {MAX_DEPTH} blocks: give a file of settings.")
    except yaml.YAMLError:  # which the parser of the settings explains
        return text
    return text
