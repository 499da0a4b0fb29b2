"""Arguments of public functions as plain numbers in the unit that their name ends with.

A caller may pass numbers, which are taken to be in that unit, or astropy quantities, which are converted. What cannot
be right is refused: a quantity of another dimension, masked values, complex numbers, text.

>>> import astropy.units as u
>>> to_array("x_kpc", [250.0, 500.0] * u.pc)
array([0.25, 0.5 ])
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.notation import center_deg, distance_kpc, size_kpc

UNITS = {
    "_kpc": "kpc",
    "_kms": "km / s",
    "_msun": "solMass",
    "_msun_pc2": "solMass / pc2",
    "_K": "K",
    "_deg": "deg",
    "_mpc": "Mpc",
    "_masyr": "mas / yr",
}
"""Ending of a name → unit of its values."""


def unit_of(name: str) -> str:
    """Return the unit that a name ends with, and "" where it states none.

    >>> unit_of("v_los_kms"), unit_of("R_hl_kpc"), unit_of("kappa_co")
    ('km / s', 'kpc', '')
    """
    found = [ending for ending in UNITS if name.endswith(ending)]
    return UNITS[max(found, key=len)] if found else ""


def to_array(name: str, values: Any) -> NDArray[np.float64]:  # noqa: ANN401 (whatever a caller passes)
    """Return values as a contiguous float64 array in the unit that the name of the argument ends with.

    Parameters
    ----------
    name
        Name of the argument, for instance ``"x_kpc"``: decides the unit, and is named in messages.
    values
        Numbers of any real type and byte order, or an astropy quantity or column, any shape.

    Raises
    ------
    InputError
        If a quantity has another dimension, values are masked or complex, or they are no numbers.
    """
    if type(values) is np.ndarray and values.dtype == np.float64 and values.ndim and values.flags.c_contiguous:
        return values  # most calls, from within: nothing to convert
    if getattr(values, "unit", None) is not None:
        values = _converted(name, values)
    elif isinstance(values, list | tuple) and any(hasattr(one, "unit") for one in values):
        values = [to_array(name, one) for one in values]  # whose units would be dropped in one array
    if np.any(getattr(values, "mask", False)):
        masked = int(np.count_nonzero(values.mask))
        raise InputError(f"{name} has {masked} masked values: drop those rows or fill in measured ones.")
    try:
        array = np.asarray(getattr(values, "filled", lambda: values)())
    except ValueError as error:
        raise InputError(f"{name} must be an array of numbers, got rows of different lengths ({error}).") from error
    if array.dtype.kind not in "fiu":
        raise InputError(f"{name} must be real numbers, got values of type {array.dtype}.")
    return np.ascontiguousarray(array, dtype=np.float64) if array.ndim else array.astype(np.float64)


def to_number(name: str, value: Any) -> float:  # noqa: ANN401 (whatever a caller passes)
    """Return one value as a number in the unit that the name of the argument ends with.

    A distance or size may be text, ``"0.1 Mpc"`` or a distance modulus, as `stargas.notation` reads it.

    Raises
    ------
    InputError
        As `to_array`, or if there is more than one value, or a text that is no distance or size.
    """
    if isinstance(value, str) and unit_of(name) == "kpc":
        try:
            return distance_kpc(value) if name.startswith("distance") else size_kpc(value, None)
        except ValueError as error:
            raise InputError(f"{name}: {error}") from error
    if type(value) is float:
        return value  # most calls, from within: nothing to convert
    array = to_array(name, value)
    if array.ndim:
        raise InputError(f"{name} must be one number, got an array of shape {array.shape}.")
    return float(array)


def to_numbers(**values: Any) -> list[float | None]:  # noqa: ANN401 (whatever a caller passes)
    """Return values, named as the arguments that they are, as numbers by `to_number`; None stays.

    >>> import astropy.units as u
    >>> to_numbers(systemic_kms=2000 * u.m / u.s, position_angle_deg=None)
    [2.0, None]
    """
    return [None if value is None else to_number(name, value) for name, value in values.items()]


def to_center(center: Any, unit: str = "deg") -> tuple[float, float]:  # noqa: ANN401 (whatever a caller passes)
    """Return the center of a galaxy in the unit of its positions.

    Parameters
    ----------
    center
        Two numbers in ``unit``, two quantities, or, where that is degrees, text as `stargas.notation` reads it or an
        ``astropy.coordinates.SkyCoord``.
    unit
        Of the positions of the galaxy.

    Raises
    ------
    InputError
        If it is none of these.
    """
    if hasattr(center, "icrs") and unit == "deg":
        center = (center.icrs.ra, center.icrs.dec)
    try:
        is_text = isinstance(center, str) or any(isinstance(angle, str) for angle in center)
        if is_text and unit == "deg":
            return center_deg(center)
        first, second = (one.to_value(unit) if hasattr(one, "to_value") else float(one) for one in center)
    except (TypeError, ValueError) as error:
        raise InputError(f"the center must be two numbers in {unit}, got {center!r}: {error}.") from error
    return float(first), float(second)


def _converted(name: str, values: Any) -> Any:  # noqa: ANN401 (a quantity or a column with a unit)
    from astropy import units as u

    wanted = unit_of(name)
    quantity = values.quantity if hasattr(values, "quantity") else values
    try:
        return quantity.to(u.Unit(wanted), equivalencies=u.temperature() if wanted == "K" else []).value
    except u.UnitConversionError as error:
        expected = f"numbers or a quantity that converts to {wanted}" if wanted else "plain numbers"
        raise InputError(f"{name} is in {values.unit}, expected {expected}.") from error
