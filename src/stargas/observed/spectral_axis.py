"""The spectral axis of an HI cube as velocities: from a velocity, a frequency, a redshift or a wavelength."""

import warnings
from typing import Any, Literal

import numpy as np

from stargas.constants import HI_FREQUENCY_HZ, SPEED_OF_LIGHT_KMS
from stargas.errors import InputError, ObservationWarning
from stargas.galaxy import FloatArray

Convention = Literal["radio", "optical"]
"""How a velocity is made of a frequency: c (1 - ν/ν₀) or c (ν₀/ν - 1); they differ by v²/c."""

MAX_KMS = 3e4
"""Velocities above this [km/s] are not of a galaxy near enough for this: z of 0.1."""

MAX_DISTANCE_KPC = 1e6
"""Largest distance [kpc]: beyond that of the largest velocity."""

MIN_BAND_KMS = 5.0
"""A band narrower than this [km/s] holds no line of a galaxy."""

OTHER_LINE = 1e-2
"""Relative difference of rest frequencies above which a cube is one of another line."""

_VELOCITIES: dict[str, Convention] = {"VRAD": "radio", "VOPT": "optical", "FELO": "optical"}
_OPTICAL = ("VOPT", "FELO", "ZOPT", "WAVE")


def channel_velocities(
    header: Any,  # noqa: ANN401 (of astropy)
    wcs: Any,  # noqa: ANN401 (of astropy)
    n_channels: int,
    convention: Convention | None,
    path: object,
) -> tuple[FloatArray, Convention]:
    """Velocities of the channels.

    Parameters
    ----------
    header
        Standard header of the cube.
    wcs
        Its coordinates.
    n_channels
        Length of the spectral axis.
    convention
        Of the answer; if None, that of the file, and radio for a frequency.
    path
        For messages.

    Returns
    -------
    velocity_kms
        Shape (n_channels,), in the order of the file and its frame.
    convention
        Of these velocities. An axis VELO, of any convention in use, stands as it is.

    Raises
    ------
    InputError
        If the axis is of another line or kind, or holds no velocities of a galaxy.

    Warns
    -----
    ObservationWarning
        If the axis states no unit and its numbers are taken as km/s, because as m/s the band would hold no galaxy.
    """
    if convention not in (None, "radio", "optical"):
        raise InputError(f"convention must be 'radio' or 'optical', got {convention!r}.")
    require_hi_line(header, path)
    axis = wcs.wcs.spec
    kind = str(wcs.wcs.ctype[axis])[:4].upper()
    values = np.asarray(wcs.sub([axis + 1]).all_pix2world(np.arange(n_channels), 0)[0], dtype=np.float64)
    used: Convention = convention or ("optical" if kind in _OPTICAL else "radio")
    if kind == "VELO" or _VELOCITIES.get(kind) == used:
        velocity = _in_kms(values / 1e3, header, axis, path)
    else:
        ratio = _frequency_ratio(kind, values, path)
        with np.errstate(divide="ignore", invalid="ignore"):
            velocity = SPEED_OF_LIGHT_KMS * (1 - ratio if used == "radio" else 1 / ratio - 1)
    if not np.isfinite(velocity).all() or np.abs(velocity).max(initial=0) > MAX_KMS:
        raise InputError(
            f"{path} has velocities of {velocity[0]:.4g} to {velocity[-1]:.4g} km/s, expected within {MAX_KMS:g} km/s "
            "of the HI line: correct the spectral axis or its unit."
        )
    if n_channels > 1 and np.ptp(velocity) < MIN_BAND_KMS:
        raise InputError(
            f"{path} has a band of {np.ptp(velocity):.3g} km/s, which holds no line of a galaxy: correct "
            f"CDELT{axis + 1} or CUNIT{axis + 1}."
        )
    return velocity, used


def _in_kms(velocity_kms: FloatArray, header: Any, axis: int, path: object) -> FloatArray:  # noqa: ANN401 (of astropy)
    """Velocities of an axis without unit, by the standard in m/s: in km/s where that makes no sense and km/s do."""
    stated = str(header.get(f"CUNIT{axis + 1}", "")).strip()
    if stated or np.ptp(velocity_kms) >= MIN_BAND_KMS or np.ptp(velocity_kms) * 1e3 < MIN_BAND_KMS:
        return velocity_kms
    warnings.warn(
        ObservationWarning(
            "unit of velocities assumed",
            f"{path} states no unit of its velocities (CUNIT{axis + 1}): they are taken as km/s, because in m/s its "
            f"band would be {np.ptp(velocity_kms):.2g} km/s wide.",
        ),
        stacklevel=2,
    )
    return velocity_kms * 1e3


def _frequency_ratio(kind: str, values: FloatArray, path: object) -> FloatArray:
    """Frequency over that of the line at rest."""
    c = SPEED_OF_LIGHT_KMS * 1e3
    with np.errstate(divide="ignore", invalid="ignore"):
        match kind:
            case "FREQ":
                return values / HI_FREQUENCY_HZ
            case "VRAD":
                return 1 - values / c
            case "VOPT" | "FELO":
                return 1 / (1 + values / c)
            case "ZOPT":
                return 1 / (1 + values)
            case "WAVE":
                return np.asarray(c / HI_FREQUENCY_HZ / values)
    raise InputError(
        f"{path} has a spectral axis of {kind!r}, which is not read: expected a velocity (VRAD, VOPT), a frequency "
        "(FREQ), a redshift (ZOPT) or a wavelength (WAVE)."
    )


def require_hi_line(header: Any, path: object) -> None:  # noqa: ANN401 (headers of astropy)
    """Raise ``InputError`` where a header states the rest frequency of another line."""
    rest = next((header[key] for key in ("RESTFRQ", "RESTFREQ", "FREQ0") if key in header), None)
    if rest is None and isinstance(wave := header.get("RESTWAV"), (int, float)) and wave > 0:
        rest = SPEED_OF_LIGHT_KMS * 1e3 / wave
    if isinstance(rest, (int, float)) and rest > 0 and abs(rest / HI_FREQUENCY_HZ - 1) > OTHER_LINE:
        raise InputError(
            f"{path} is of a line at {rest / 1e6:.6g} MHz, expected HI at 1420.406 MHz: give HI, or correct the rest "
            "frequency [Hz]."
        )
