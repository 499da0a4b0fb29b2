"""A preview of the files: what is in them, and what the page draws, before anything is inferred."""

import dataclasses
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.config.observation import ObservationConfig
from stargas.errors import ObservationWarning, StargasError
from stargas.galaxy import FloatArray
from stargas.observed.catalogue import StarCatalogue, read_stars
from stargas.observed.columns import recognized_columns
from stargas.observed.cube import HICube, read_cube
from stargas.observed.hi import KPC_PER_ARCSEC, ObservedHI, observe_hi
from stargas.observed.known_values import complete_settings
from stargas.observed.mask import MaskConfig
from stargas.observed.moment_files import read_moments
from stargas.observed.moments import MomentMaps
from stargas.observed.photometry import read_photometry
from stargas.observed.stars import ObservedStars, observe_stars
from stargas.observed.table import read_table
from stargas.remarks import ordered
from stargas.report.maps import MIN_COLUMN_MSUN_PC2
from stargas.serve.form import INFERENCE_FIELDS

KPC_OF_ARCMIN = 180 * 60 / math.pi
"""Distance [kpc] at which 1 arcmin is 1 kpc, so that lengths come out in arcmin where no distance is known."""

USUAL_DISTANCE_KPC = 1000.0
"""Distance at which any galaxy's HI has a mass that can be, for one whose distance is not known."""

STAR_SETTINGS = ("center", "systemic_kms", "p_member_min", "fit_contaminants", "proper_motion_masyr")

MAX_DRAWN = 3000
"""Stars that the page draws; of more every so many."""

MAX_PIXELS = 120
"""Pixels along a side of the maps that the page draws; larger maps are averaged."""


def complete_values(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return settings with what the Local Volume Database knows of a galaxy of that name, and sentences on that.

    The sentences are the references, and what looks like a misspelled name.

    Parameters
    ----------
    values
        Of the form, as `stargas.serve.form.read_values` returns them.

    Raises
    ------
    InputError
        If the ellipticity is given without R_hl.
    """
    given = {name: value for name, value in values.items() if name not in INFERENCE_FIELDS}
    config = ObservationConfig(**given)
    with _collected() as messages:
        known = complete_settings(config, needs_distance=False, uses_center=True, uses_axis=False, uses_size=True)
    fields = ("distance_kpc", "distance_error_kpc", "center", "R_hl_kpc", "R_hl_error_kpc")
    found = {name: value for name in fields if (value := getattr(known.config, name))}
    return {**values, **found}, [*known.references, *messages]


def preview_stars(path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a table of stars, and return what is drawn of it.

    Parameters
    ----------
    path
        The table.
    values
        Settings of an observation, as far as they are known.

    Returns
    -------
    dict
        ``columns``: all names; ``used``: quantity → column; ``facts``: label and value pairs; ``warnings``;
        ``error``: why the stars cannot be used, or None; ``chart``: see `star_chart`, or None.
    """
    names = [str(name)[:200] for name in read_table(path).colnames]
    columns = values.get("columns") or {}
    found: dict[str, Any] = {
        "columns": names,
        "used": recognized_columns(names, columns),
        "facts": [],
        "warnings": [],
        "error": None,
        "chart": None,
    }
    with _collected() as messages:
        try:
            catalogue = read_stars(path, columns, missing_values=values.get("missing_values", ()))
            stars, unit = _observe_stars(catalogue, values)
        except StargasError as error:
            found["error"] = str(error)
            return found
    if unit == "arcmin":
        messages = [text.replace(" kpc", " arcmin") for text in messages]
    errors = catalogue.v_los_error_kms
    found["warnings"] = list(dict.fromkeys(messages))
    found["facts"] = [
        ["stars", f"{len(catalogue):,}"],
        ["members", f"{len(stars):,}"],
        ["mean velocity", f"{stars.systemic_kms:.1f} km/s"],
        ["dispersion", f"{stars.sigma_kms:.2f} ± {stars.sigma_error_kms:.2f} km/s"],
        ["typical error", "none" if errors is None else f"{float(np.median(errors)):.1f} km/s"],
        ["R_hl of these stars" if stars.R_hl_from == "stars" else "R_hl", f"{stars.R_hl_kpc:.3g} {unit}"],
    ]
    found["chart"] = star_chart(stars, unit)
    return found


def preview_photometry(path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a photometric catalog.

    Parameters
    ----------
    path
        The table.
    values
        Settings of an observation, as far as they are known.

    Returns
    -------
    dict
        ``facts``: label and value pairs; ``warnings``; ``error``: None.

    Raises
    ------
    InputError, DamagedFileError
        As `stargas.observed.photometry.read_photometry`.
    """
    with _collected() as messages:
        catalog = read_photometry(path, values.get("columns"), missing_values=values.get("missing_values", ()))
    known = "probabilities of the table" if catalog.p_member is not None else "a uniform background is taken out"
    return {
        "facts": [["stars", f"{len(catalog):,}"], ["membership", known]],
        "warnings": list(dict.fromkeys(messages)),
        "error": None,
    }


def preview_hi(files: Mapping[str, Path], values: Mapping[str, Any]) -> dict[str, Any]:
    """Describe an HI cube, or moment maps, and return what is drawn of them.

    Parameters
    ----------
    files
        Role → file: ``hi_cube``, or ``moment0``, ``moment1`` and perhaps ``moment2``.
    values
        Settings of an observation, as far as they are known.

    Returns
    -------
    dict
        ``facts`` and ``warnings`` as from `preview_stars`; ``chart``: see `hi_chart`.

    Raises
    ------
    StargasError
        As the readers.
    """
    with _collected() as messages:
        if "hi_cube" in files:
            data: HICube | MomentMaps = read_cube(files["hi_cube"])
        else:
            data = read_moments(files["moment0"], files["moment1"], files.get("moment2"))
        seen, unit = _observe_hi(data, values)
    scalars = seen.measure()
    maps, beam = seen.moment_maps, data.beam
    facts = [
        *_data_facts(data, seen),
        ["pixel", f"{maps.grid.pixel_arcsec:.3g}″"],
        ["beam", "unknown" if beam is None else f"{beam.fwhm_arcsec:.3g}″"],
        ["highest column", f"{float(maps.moment0.max()):.3g} Msun/pc²"],
        ["systemic velocity", f"{seen.systemic_kms:.1f} km/s"],
        ["R_HI", "none, the column stays below 1 Msun/pc²" if scalars is None else f"{scalars[0]:.3g} {unit}"],
    ]
    if unit == "kpc":
        facts.append(["HI mass", f"{seen.hi_mass_msun:.2e} Msun"])
    chart = hi_chart(seen, unit, None if scalars is None else scalars[0])
    return {"facts": facts, "warnings": list(dict.fromkeys(messages)), "chart": chart}


def _data_facts(data: HICube | MomentMaps, seen: ObservedHI) -> list[list[str]]:
    if isinstance(data, MomentMaps):
        n_y, n_x = data.moment0.shape
        facts = [["maps", f"{n_x} × {n_y} pixels"]]
        return facts if data.moment2_given else [*facts, ["dispersion", "not given, 10 km/s assumed"]]
    velocity, (n_channels, n_y, n_x) = data.velocity_kms, data.data.shape
    facts = [
        ["cube", f"{n_x} × {n_y} pixels, {n_channels} channels"],
        ["velocities", f"{velocity[0]:.0f} to {velocity[-1]:.0f} km/s"],
        ["channel", f"{float(np.median(data.channel_width_kms)):.2g} km/s"],
    ]
    if seen.source is not None:
        facts.append(["noise", f"{float(np.median(seen.source.noise)):.2g} {data.unit}"])
    return facts


def _observe_stars(catalogue: StarCatalogue, values: Mapping[str, Any]) -> tuple[ObservedStars, str]:
    """Find the members; lengths are in arcmin where there is no distance."""
    settings = {name: values[name] for name in STAR_SETTINGS if name in values}
    if catalogue.position_kind != "sky_deg":
        settings.pop("center", None)  # which is in degrees
    distance, unit = values.get("distance_kpc"), "kpc"
    if distance is None and catalogue.position_kind != "offset_kpc":
        distance, unit = KPC_OF_ARCMIN, "arcmin"
        settings.pop("proper_motion_masyr", None)
    stars = observe_stars(catalogue, distance, R_hl_kpc=values.get("R_hl_kpc") if unit == "kpc" else None, **settings)
    if unit == "arcmin":
        stars = dataclasses.replace(stars, distance_kpc=None)
    return stars, unit


def _observe_hi(data: HICube | MomentMaps, values: Mapping[str, Any]) -> tuple[ObservedHI, str]:
    """Measure the HI; lengths are in arcmin where there is no distance."""
    distance = values.get("distance_kpc")
    mask = None
    if isinstance(data, HICube):
        left_out, foreground = (tuple(values.get(f"{name}_channels", ())) for name in ("leave_out", "foreground"))
        mask = MaskConfig(leave_out_kms=left_out, foreground_kms=foreground)
    seen = observe_hi(
        data,
        distance or USUAL_DISTANCE_KPC,
        center=values.get("center"),
        systemic_kms=values.get("systemic_kms"),
        mask=mask,
    )
    return (seen, "kpc") if distance else (seen.at_distance(KPC_OF_ARCMIN), "arcmin")


def star_chart(stars: ObservedStars, unit: str) -> dict[str, Any]:
    """Return what is drawn of stars.

    Parameters
    ----------
    stars
        Members.
    unit
        Of their positions.

    Returns
    -------
    dict
        ``unit``; ``x`` to the west, ``y`` to the north and ``v`` from the mean velocity [km/s] of at most `MAX_DRAWN`
        members, ``v_error``, ``p`` of membership; ``R_hl``; ``sigma`` [km/s].
    """
    rows = np.unique(np.linspace(0, len(stars) - 1, min(len(stars), MAX_DRAWN)).astype(int))
    columns = {
        "x": stars.x_kpc,
        "y": stars.y_kpc,
        "v": stars.v_los_kms,
        "v_error": stars.v_los_error_kms,
        "p": stars.p_member,
    }
    return {
        "unit": unit,
        **{name: _rounded(values[rows]) for name, values in columns.items()},
        "R_hl": float(stars.R_hl_kpc),
        "sigma": float(stars.sigma_kms),
    }


def hi_chart(seen: ObservedHI, unit: str, R_HI: float | None) -> dict[str, Any]:
    """Return what is drawn of HI.

    Parameters
    ----------
    seen
        The HI.
    unit
        Of its lengths.
    R_HI
        Radius where the face-on column falls below 1 Msun/pc²; None where it nowhere reaches that.

    Returns
    -------
    dict
        ``unit``; ``start`` and ``step``: center of the first pixel and side of a pixel, the same to the west and to the
        north; ``moments``: column [Msun/pc²], velocity from the systemic one and dispersion [km/s], rows to the north,
        null where blank; ``R_HI``; ``beam``: its FWHM ``major`` and ``minor`` and its position angle ``angle`` [deg],
        or None.
    """
    moments, n_averaged = _averaged(seen.moments)
    column, velocity, dispersion = moments
    known = (velocity != 0) | (dispersion != 0)
    blank = column < MIN_COLUMN_MSUN_PC2
    shown = [
        np.where(hidden, np.nan, values) for hidden, values in zip((blank, *2 * [blank | ~known]), moments, strict=True)
    ]
    step = n_averaged * seen.pixel_kpc
    beam, unit_per_arcsec = seen.moment_maps.beam, KPC_PER_ARCSEC * seen.distance_kpc
    return {
        "unit": unit,
        "start": step / 2 - seen.half_width_kpc,
        "step": step,
        "moments": [[_rounded(row) for row in values] for values in shown],
        "R_HI": R_HI,
        "beam": None
        if beam is None
        else {
            "major": beam.major_arcsec * unit_per_arcsec,
            "minor": beam.minor_arcsec * unit_per_arcsec,
            "angle": beam.position_angle_deg,
        },
    }


def _averaged(moments: FloatArray) -> tuple[FloatArray, int]:
    """Average squares of pixels until at most `MAX_PIXELS` are left along a side; velocities weighted by the column."""
    n = moments.shape[1]
    side = -(-n // MAX_PIXELS)
    if side == 1:
        return moments, 1
    padded = np.pad(moments, ((0, 0), (0, -n % side), (0, -n % side)))
    column, velocity, dispersion = padded
    weight = np.maximum(column, 0.0)
    blocks = padded.shape[1] // side
    sums = np.stack([column, weight, weight * velocity, weight * dispersion])
    column, weight, velocity, dispersion = sums.reshape(4, blocks, side, blocks, side).mean(axis=(2, 4))
    safe = np.where(weight > 0, weight, 1.0)
    return np.stack([column, velocity / safe, dispersion / safe]), side


def _rounded(values: NDArray[Any]) -> list[float | None]:
    """Return values with four digits, null where they are not finite."""
    return [float(f"{value:.4g}") if math.isfinite(value) else None for value in values.tolist()]


@contextmanager
def _collected() -> Iterator[list[str]]:
    """Collect the sentences of all warnings of the observation."""
    messages: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ObservationWarning)
        yield messages
    messages += map(str, ordered(one.message.remark for one in caught if isinstance(one.message, ObservationWarning)))
