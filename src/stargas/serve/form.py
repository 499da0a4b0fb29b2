"""Values of the form that a visitor fills in, checked: plain values only, never a path."""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from stargas.errors import InputError
from stargas.inference.baryons import StellarMass
from stargas.notation import center_deg, distance_kpc, error_kpc, size_kpc
from stargas.observed.columns import ALIASES

LONGEST_NAME, LONGEST_TITLE = 200, 80
"""Characters of the name of a column, and of a galaxy."""

MIN_DRAWS, MAX_DRAWS = 200, 20_000
"""Draws of an inference: for quantiles that mean something, within the time that a visitor has."""

INFERENCE_FIELDS = ("prior", "n_draws", "seed", "stellar_mass")
"""Settings of the inference; all others are of the observation."""

NUMBER_FIELDS: Mapping[str, tuple[str, float, float]] = {
    "distance_kpc": ("the distance", 0.1, 1e7),
    "distance_error_kpc": ("the error of the distance", 0.0, 1e7),
    "R_hl_kpc": ("the half-light radius", 1e-4, 1e4),
    "R_hl_error_kpc": ("the error of the half-light radius", 0.0, 1e4),
    "ellipticity": ("the ellipticity", 0.0, 0.99),
    "systemic_kms": ("the systemic velocity", -3e4, 3e4),
    "position_angle_deg": ("the position angle", -360.0, 360.0),
    "position_angle_error_deg": ("the error of the position angle", 0.0, 90.0),
    "inclination_deg": ("the inclination", 0.0, 90.0),
    "inclination_error_deg": ("the error of the inclination", 1.0, 90.0),
    "p_member_min": ("the least probability of a member", 0.0, 1.0),
    "missing_values": ("the number for missing values", -1e38, 1e38),
}
"""Setting → its label, and its least and greatest value."""

WHOLE_FIELDS: Mapping[str, tuple[str, int, int]] = {
    "n_draws": ("the number of draws", MIN_DRAWS, MAX_DRAWS),
    "seed": ("the seed", 0, 2**31 - 1),
}
"""Setting that is a whole number → its label, and its least and greatest value."""

PAIR_FIELDS: Mapping[str, tuple[str, tuple[float, float], tuple[float, float]]] = {
    "center": ("the center", (-180.0, 360.0), (-90.0, 90.0)),
    "proper_motion_masyr": ("the proper motion", (-1e4, 1e4), (-1e4, 1e4)),
    "leave_out_kms": ("channels to leave out", (-3e4, 3e4), (-3e4, 3e4)),
    "foreground_kms": ("channels with a foreground", (-3e4, 3e4), (-3e4, 3e4)),
}
"""Setting → its label, and the limits of its two numbers."""


def read_values(form: object) -> dict[str, Any]:
    """Return checked arguments of `stargas.config.observation.ObservationConfig`, without files.

    Those of `INFERENCE_FIELDS` are among them, as far as they are given.

    Parameters
    ----------
    form
        A mapping of `NUMBER_FIELDS`, `PAIR_FIELDS`, `INFERENCE_FIELDS`, ``name`` and ``columns``; null or an empty
        text where a value is left out.

    Raises
    ------
    InputError
        If there is another entry, or a value is not possible.
    """
    if not isinstance(form, dict):
        raise InputError("settings must be an object of names and values.")
    known = {
        **dict.fromkeys(NUMBER_FIELDS, _number),
        **dict.fromkeys(PAIR_FIELDS, _pair),
        **dict.fromkeys(WHOLE_FIELDS, _whole),
        "name": _text,
        "prior": _text,
        "stellar_mass": _stellar_mass,
        "columns": _columns,
    }
    form = _with_numbers(form)
    unknown = [name for name in form if name not in known]
    if unknown:
        raise InputError(f"there is no setting {str(unknown[0])[:40]!r}: expected {', '.join(known)}.")
    readers: Mapping[str, Callable[[str, Any], Any]] = known
    values = {name: readers[name](name, value) for name, value in form.items() if not is_empty(value)}
    for name in ("leave_out", "foreground"):
        if f"{name}_kms" in values:
            low, high = sorted(values.pop(f"{name}_kms"))
            values[f"{name}_channels"] = ((low, high),)
    if "missing_values" in values:
        values["missing_values"] = (values["missing_values"],)
    for name in [name for name in NUMBER_FIELDS if "_error_" in name]:
        if name in values and (of := name.replace("_error", "")) not in values:
            label, *_ = NUMBER_FIELDS[of]
            raise InputError(f"there is an error of {label} but no {label.removeprefix('the ')}: give both.")
    return values


def _with_numbers(form: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the same with numbers in place of distances, sizes and a center that are text, perhaps with a unit."""
    values = dict(form)
    try:
        if "center" in values:
            values["center"] = _center(values["center"])
        distance = values.get("distance_kpc")
        if _is_text(distance):
            values["distance_kpc"] = distance = distance_kpc(distance)
        known = distance if isinstance(distance, int | float) else None
        size = values.get("R_hl_kpc")
        if _is_text(size):
            values["R_hl_kpc"] = size = size_kpc(size, known)
        for name, of in (("distance_error_kpc", distance), ("R_hl_error_kpc", size)):
            if _is_text(text := values.get(name)):
                values[name] = error_kpc(text, of if isinstance(of, int | float) else None, known)
    except (TypeError, ValueError) as error:
        raise InputError(str(error)) from error
    return values


def _center(value: Any) -> Any:  # noqa: ANN401 (whatever a visitor sends)
    """Read text in one or both fields; both angles may stand in the first."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return value
    first, second = value
    if _is_text(first) and is_empty(second) and len(first.replace(",", " ").split()) > 1:
        return center_deg(first)
    if any(is_empty(one) for one in value) or not any(_is_text(one) for one in value):
        return value
    return center_deg([one if _is_text(one) else float(one) for one in value])


def _is_text(value: Any) -> TypeGuard[str]:  # noqa: ANN401 (whatever a visitor sends)
    return isinstance(value, str) and bool(value.strip())


def is_empty(value: object) -> bool:
    """Whether a field was left out: null, empty text, or a list of such."""
    if isinstance(value, list | tuple):
        return all(is_empty(one) for one in value)
    return value is None or value == {} or (isinstance(value, str) and not value.strip())


def _number(name: str, value: object) -> float:
    label, low, high = NUMBER_FIELDS[name]
    return number_between(label, value, low, high)


def _whole(name: str, value: object) -> int:
    label, low, high = WHOLE_FIELDS[name]
    number = number_between(label, value, low, high)
    if number != int(number):
        raise InputError(f"{label} must be a whole number, got {str(value)[:30]!r}.")
    return int(number)


def _text(name: str, value: object) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text.isprintable() or not 0 < len(text) <= LONGEST_TITLE:
        raise InputError(f"the {name} must be a text of at most {LONGEST_TITLE} characters, got {str(value)[:30]!r}.")
    return text


def _stellar_mass(_: str, value: object) -> str:
    return str(StellarMass.read(value if isinstance(value, str) else str(value)))


def _pair(name: str, value: object) -> tuple[float, float]:
    label, *limits = PAIR_FIELDS[name]
    if not isinstance(value, list | tuple) or len(value) != 2 or any(is_empty(one) for one in value):
        raise InputError(f"{label} needs two numbers: give both or none.")
    first, second = (number_between(label, one, *limit) for one, limit in zip(value, limits, strict=True))
    return first, second


def number_between(label: str, value: object, low: float, high: float) -> float:
    """Return a number of a field.

    Raises
    ------
    InputError
        If it is no number, or not between ``low`` and ``high``.
    """
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not low <= number <= high:
        raise InputError(f"{label} must be a number from {low:g} to {high:g}, got {str(value)[:30]!r}.")
    return number


def _columns(_: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise InputError("columns must be an object of quantities and names of columns.")
    named = {quantity: column for quantity, column in value.items() if not is_empty(column)}
    for quantity, column in named.items():
        if quantity not in ALIASES or not isinstance(column, str) or len(column) > LONGEST_NAME:
            raise InputError(f"a column can be named for one of {', '.join(ALIASES)}.")
    return named
