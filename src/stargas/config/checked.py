"""Settings that check themselves when they are made, and how they are made from plain data."""

import itertools
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass, replace
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from stargas.config.renamed import renamed

T = TypeVar("T")


class Checked:
    """Settings that are checked when they are made: numbers are finite, choices known, and `_limits` are kept.

    A value that is not possible raises a ``ValueError`` of one sentence.
    """

    _block = ""

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        """Return whether the value of each field is possible, and which values are."""
        return {}

    def __post_init__(self) -> None:
        """Check every field."""
        hints = get_type_hints(type(self))
        for name, hint in hints.items():
            value = getattr(self, name)
            if not _fits(value, hint):
                raise ValueError(f"{self._block}.{name} must be {_type_name(hint)}, got {value!r}.")
        for name, (possible, wanted) in self._limits().items():
            if not possible:
                raise ValueError(f"{self._block}.{name} must be {wanted}, got {operator.attrgetter(name)(self)!r}.")


def between(value: float, low: float, high: float) -> tuple[bool, str]:
    """Return an entry of `Checked._limits` for a number from ``low`` to ``high``."""
    return low <= value <= high, f"between {low:g} and {high:g}"


def positive(value: float, high: float) -> tuple[bool, str]:
    """Return an entry of `Checked._limits` for a number above zero, up to ``high``."""
    return 0 < value <= high, f"positive and at most {high:g}"


def sizes(
    values: Sequence[int], high: int, longest: int, shortest: int = 0, most_weights: float = math.inf
) -> tuple[bool, str]:
    """Return an entry of `Checked._limits` for the widths of layers, from 1 to ``high`` each."""
    possible = shortest <= len(values) <= longest and all(1 <= value <= high for value in values)
    wanted = f"{shortest} to {longest} numbers of 1 to {high}"
    if math.isfinite(most_weights):
        possible = possible and n_weights(values) <= most_weights
        wanted += f", with {most_weights:g} weights at most"
    return possible, wanted


def n_weights(widths: Sequence[int]) -> int:
    """Return the number of weights between layers of these widths."""
    return sum(one * two for one, two in itertools.pairwise(widths))


def _fits(value: Any, hint: Any) -> bool:  # noqa: ANN401 (any field)
    """Whether a value is of a field's type, and finite; whole numbers of other libraries count as such."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return isinstance(value, str) and value in parts
    if origin is tuple:
        if not isinstance(value, tuple) or (parts[-1] is not Ellipsis and len(value) != len(parts)):
            return False
        return all(_fits(item, parts[0]) for item in value)
    if parts:  # a union
        return any(_fits(value, part) for part in parts)
    if hint is float:
        return not isinstance(value, bool | str) and hasattr(value, "__float__") and _is_finite(value)
    if hint is int:
        return not isinstance(value, bool) and hasattr(value, "__index__")
    return isinstance(value, hint)


def _is_finite(value: Any) -> bool:  # noqa: ANN401 (any number)
    try:
        return math.isfinite(value)
    except OverflowError:  # of whole numbers beyond those of floats
        return False


def _type_name(hint: Any) -> str:  # noqa: ANN401 (any field)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(parts)
    if origin is tuple:
        return "a list of " + {int: "whole numbers", str: "texts"}.get(parts[0], "numbers")
    if parts:
        return " or ".join(_type_name(part) for part in parts)
    plain = {float: "a finite number", int: "a whole number", bool: "true or false", str: "text", type(None): "null"}
    return plain.get(hint, getattr(hint, "__name__", str(hint)))


def settings_from(kind: type[T], values: Mapping[str, Any]) -> T:
    """Make settings from plain data, as JSON keeps them.

    Parameters
    ----------
    kind
        Class of the settings.
    values
        Field → value; mappings become settings of their own, lists tuples. Missing fields get their default.

    Raises
    ------
    TypeError
        If a field is unknown, as in settings of a later version.
    ValueError
        If a value is not possible, or a field has another name today.
    """
    hints = get_type_hints(kind)
    for name in values.keys() - hints.keys():
        sentence = renamed(f"{getattr(kind, '_block', '')}.{name}")
        if sentence is not None:
            raise ValueError(f"{sentence}.")

    def typed(name: str, value: Any) -> Any:  # noqa: ANN401 (any field)
        if is_dataclass(hints.get(name)) and isinstance(value, Mapping):
            return settings_from(hints[name], value)
        return tuple(value) if isinstance(value, list) else value

    return kind(**{name: typed(name, value) for name, value in values.items()})


def restated(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of an earlier file as plain data of today: fields that were added since have their default.

    Settings that are not possible today are returned as they are.
    """
    try:
        return asdict(settings_from(kind, values))
    except (TypeError, ValueError):
        return dict(values)


def replace_settings(settings: T, changes: Mapping[str, Any]) -> T:
    """Return settings with some values changed.

    Parameters
    ----------
    settings
        A block of settings.
    changes
        Field → value; fields of blocks inside it have dotted names.

    Raises
    ------
    ValueError
        If a value is not possible.

    Examples
    --------
    >>> from stargas.config import ModelConfig
    >>> replace_settings(ModelConfig(), {"flow": "spline", "spline.bins": 16}).spline.bins
    16
    """
    for name, value in changes.items():
        block, _, rest = name.partition(".")
        new = replace_settings(getattr(settings, block), {rest: value}) if rest else value
        settings = replace(settings, **{block: new})  # type: ignore[type-var] # any dataclass
    return settings
