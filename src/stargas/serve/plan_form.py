"""Values of the form of a forecast, checked: arguments of `stargas.inference.forecast.forecast`."""

import math
from collections.abc import Mapping
from typing import Any

from stargas.errors import InputError
from stargas.inference.baryons import StellarMass
from stargas.inference.observing_setup import ObservingSetup
from stargas.notation import distance_kpc, size_kpc
from stargas.serve.form import is_empty, number_between

NUMBER_FIELDS: Mapping[str, tuple[str, float, float]] = {
    "hi_mass_msun": ("the HI mass", 0.0, 1e13),
    "inclination_deg": ("the inclination", 0.0, 90.0),
    "n_stars": ("the number of stars", 0.0, 1e6),
    "velocity_error_kms": ("the error of the velocities", 0.0, 1e3),
    "hi_limit_cm2": ("the limit of the HI column", 1e10, 1e25),
    "hi_noise_mjy": ("the noise of the HI", 1e-6, 1e6),
    "channel_kms": ("the channel width", 1e-3, 1e3),
}
"""Field → its label, and its least and greatest value."""

SIZE_FIELDS: Mapping[str, str] = {
    "R_hl_kpc": "the half-light radius",
    "R_out_kpc": "the radius of the field",
    "beam_kpc": "the beam",
}
"""Field that is a length, perhaps with a unit, or an angle at the distance → its label."""

STELLAR_MASS = "stellar_mass_msun"
"""Field of the stellar mass, perhaps with its error."""

DISTANCE = "distance_kpc"
"""Field of the distance, which angles and a noise in mJy/beam need."""

LARGEST_KPC = 1e5
"""Largest length [kpc]."""


def read_plan(form: object) -> dict[str, Any]:
    """Return checked arguments of `stargas.inference.forecast.forecast`, without the model.

    Parameters
    ----------
    form
        A mapping of `NUMBER_FIELDS`, `SIZE_FIELDS`, `STELLAR_MASS` and `DISTANCE`; null or an empty text where a value
        is left out. A noise of the HI with a channel width takes the place of its limit.

    Raises
    ------
    InputError
        If there is another entry, a value is not possible, or the mass or the size of the galaxy is missing.
    """
    if not isinstance(form, dict):
        raise InputError("settings must be an object of names and values.")
    known = (STELLAR_MASS, *NUMBER_FIELDS, *SIZE_FIELDS, DISTANCE)
    unknown = [name for name in form if name not in known]
    if unknown:
        raise InputError(f"there is no setting {str(unknown[0])[:40]!r}: expected {', '.join(known)}.")
    given = {name: value for name, value in form.items() if not is_empty(value)}
    distance = _distance(given.pop(DISTANCE, None))
    values: dict[str, Any] = {name: _size(name, given[name], distance) for name in SIZE_FIELDS if name in given}
    values |= {
        name: number_between(label, given[name], *ends)
        for name, (label, *ends) in NUMBER_FIELDS.items()
        if name in given
    }
    if STELLAR_MASS in given:
        values[STELLAR_MASS] = str(StellarMass.read(str(given[STELLAR_MASS]), needs_error=False))
    for name, label in ((STELLAR_MASS, "the stellar mass"), ("R_hl_kpc", "the half-light radius")):
        if name not in values:
            raise InputError(f"{label} is missing: a forecast is for galaxies of a mass and a size.")
    if "n_stars" in values:
        values["n_stars"] = round(values["n_stars"])
    return _with_limit(values, distance)


def _with_limit(values: dict[str, Any], distance: float | None) -> dict[str, Any]:
    """Return the values with the limit of the column in place of a noise in mJy/beam."""
    noise, channel = values.pop("hi_noise_mjy", None), values.pop("channel_kms", None)
    if noise is None and channel is None:
        return values
    if "hi_limit_cm2" in values:
        raise InputError("there are a limit and a noise of the HI: give one of them.")
    beam = values.get("beam_kpc")
    if noise is None or channel is None or beam is None or distance is None:
        raise InputError("a noise of the HI in mJy/beam needs the channel width, the beam and the distance: give all.")
    beam_arcsec = 3600 * math.degrees(beam / distance)
    return values | {"hi_limit_cm2": ObservingSetup.hi_limit_of(noise, channel, beam_arcsec)}


def _distance(value: object) -> float | None:
    if value is None:
        return None
    try:
        number = distance_kpc(str(value))
    except ValueError as error:
        raise InputError(str(error)) from error
    return number_between("the distance", number, 0.1, 1e7)


def _size(name: str, value: object, distance: float | None) -> float:
    try:
        number = size_kpc(str(value), distance)
    except ValueError as error:
        raise InputError(str(error)) from error
    return number_between(SIZE_FIELDS[name], number, 0.0, LARGEST_KPC)
