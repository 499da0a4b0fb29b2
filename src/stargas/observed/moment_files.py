"""HI moment maps that others made, from FITS."""

import math
import warnings
from os import PathLike
from typing import Any

import numpy as np

from stargas.errors import InputError, ObservationWarning
from stargas.galaxy import FloatArray
from stargas.observed.beams import SkyBeam, beam_of_header
from stargas.observed.blanks import repeated_value
from stargas.observed.brightness import column_per_moment0, parse_unit, velocity_per_unit
from stargas.observed.cube import check_beam
from stargas.observed.fits import open_fits
from stargas.observed.fits_header import standard_header, stokes_index
from stargas.observed.moments import MomentMaps
from stargas.observed.sky_grid import SkyGrid
from stargas.observed.spectral_axis import MAX_KMS, require_hi_line
from stargas.reading import one_sentence

SIGMA_KMS = 10.0
"""Dispersion [km/s] that stands for moment 2 where there is none: that of HI in discs (Tamburro et al. 2009)."""

SAME_PIXELS = 0.1
"""Maps further apart than this many pixels are not of the same pixels."""

MAX_SPREAD_KMS = 2000.0
"""No galaxy's HI is spread over more than this [km/s]."""

MIN_SPREAD_KMS = 0.2
"""Velocities measured in the pixels of a galaxy differ by more than this [km/s]."""

MIN_SIGMA_KMS, HIGH_SIGMA_KMS, MAX_SIGMA_KMS = 0.3, 50.0, 500.0
"""Median dispersions of HI [km/s]: none is below the first, that of cold gas alone, or above the last; few are above
the second."""


def read_moments(
    moment0: str | PathLike[str],
    moment1: str | PathLike[str],
    moment2: str | PathLike[str] | None = None,
    *,
    beam: SkyBeam | None = None,
) -> MomentMaps:
    """Read HI moment maps from FITS.

    Parameters
    ----------
    moment0
        Map in Jy/beam km/s, K km/s, Msun/pc² or cm^-2; blank pixels are NaN or 0.
    moment1
        Mean velocity, km/s or m/s, of the same pixels; blank pixels are NaN, or exactly 0 where there are several.
        In all maps a value that is repeated as no measured one is, as -999, is blank.
    moment2
        Velocity dispersion, or its square, of the same pixels. If None, `SIGMA_KMS` everywhere.
    beam
        In place of that in the header of moment 0.

    Returns
    -------
    MomentMaps

    Raises
    ------
    InputError
        If maps are of different pixels, without unit, hold nothing, or hold what no galaxy has.
    DamagedFileError
        If a file is not FITS, truncated or damaged.

    Warns
    -----
    ObservationWarning
        If values that are no measured ones are taken for blank, or the dispersion is high.
    """
    first, grid, header = _read_map(moment0)
    with one_sentence(moment0, "a map of HI"):
        beam = beam if beam is not None else beam_of_header(header)
        check_beam(beam, grid)
        unit = parse_unit(header.get("BUNIT"), str(moment0))
        first = _without_stand_ins(first, np.abs(first), moment0, zero=False)
        column = first * column_per_moment0(unit, None if beam is None else beam.area_sr, str(moment0))
    mean = _without_stand_ins(_velocities(moment1, grid, squared=False), column, moment1)
    sigma = np.full(grid.shape, SIGMA_KMS)
    if moment2 is not None:
        sigma = _without_stand_ins(_velocities(moment2, grid, squared=True), column, moment2, zero=False)
    known = np.isfinite(column) & (column > 0) & np.isfinite(mean) & np.isfinite(sigma) & (sigma >= 0)
    if not known.any():
        raise InputError(f"{moment0} and {moment1} have no pixel with both a column and a velocity: give maps that do.")
    low, high = np.percentile(mean[known], [1, 99])
    if max(abs(low), abs(high)) > MAX_KMS or high - low > MAX_SPREAD_KMS:
        raise InputError(
            f"{moment1} has velocities of {low:.4g} to {high:.4g} km/s, too much for a galaxy: is its unit m/s?"
        )
    if known.sum() > 1 and high - low < MIN_SPREAD_KMS:
        raise InputError(
            f"{moment1} has velocities of {low:.6g} to {high:.6g} km/s, nearer to each other than any galaxy's: is its "
            "unit km/s, or is it no map of velocities?"
        )
    _check_dispersion(float(np.median(sigma[known])), moment2)
    return MomentMaps(
        moment0=np.where(np.isfinite(column), column, 0.0),
        moment1=np.where(known, mean, 0.0),
        moment2=np.where(known, sigma, 0.0),
        known=known,
        grid=grid,
        beam=beam,
        moment2_given=moment2 is not None,
    )


def _check_dispersion(median_kms: float, path: str | PathLike[str] | None) -> None:
    """Refuse, or warn of, a dispersion that looks like one in another unit."""
    if median_kms > MAX_SIGMA_KMS:
        raise InputError(
            f"{path} has a median dispersion of {median_kms:.3g} km/s, too much for a galaxy: is its unit m/s, or is "
            "it a square?"
        )
    if median_kms < MIN_SIGMA_KMS:
        raise InputError(
            f"{path} has a median dispersion of {median_kms:.3g} km/s, below that of any gas: is its unit km/s? Leave "
            "it out if lines are not resolved."
        )
    if median_kms > HIGH_SIGMA_KMS:
        warnings.warn(
            ObservationWarning(
                "width in place of dispersion",
                f"the median dispersion of {path} is {median_kms:.3g} km/s, more than most galaxies have: is it a "
                "square, or the full width of the line?",
            ),
            stacklevel=3,
        )


def _without_stand_ins(
    values: FloatArray, column: FloatArray, path: str | PathLike[str], *, zero: bool = True
) -> FloatArray:
    """Return values without those that are repeated as no measured ones are, nor exact zeros where those are blank."""
    repeated = repeated_value(values[np.isfinite(values) & (values != 0)])
    blank = np.zeros(values.shape, dtype=bool) if repeated is None else values == repeated
    if zero and np.count_nonzero(values == 0) > 1:
        blank |= values == 0
    for value in np.unique(values[blank & (column > 0)]):
        n_used = np.count_nonzero((values == value) & (column > 0))
        warnings.warn(
            ObservationWarning(
                "blank pixels", f"{path}: {n_used} pixels with HI have the value {value:g}, which is taken for blank."
            ),
            stacklevel=3,
        )
    return np.where(blank, np.nan, values)


def _velocities(path: str | PathLike[str], grid: SkyGrid, *, squared: bool) -> FloatArray:
    """Velocities [km/s] of a map of the same pixels; ``squared`` allows km²/s² too, of which the root is taken."""
    values, own, header = _read_map(path)
    if own.shape != grid.shape:
        raise InputError(
            f"{path} has {own.shape[1]} x {own.shape[0]} pixels and moment 0 {grid.shape[1]} x {grid.shape[0]}: give "
            "maps of the same pixels."
        )
    if (apart := grid.pixels_apart(own)) > SAME_PIXELS:
        raise InputError(f"{path} lies {apart:.3g} pixels from moment 0 on the sky: give maps of the same pixels.")
    with one_sentence(path, "a map of velocities"):
        unit = parse_unit(header.get("BUNIT"), str(path))
        if squared and "specific energy" in str(getattr(unit, "physical_type", "")):
            return np.asarray(np.sqrt(np.maximum(values, 0.0)) * velocity_per_unit(unit**0.5, str(path)))
        return values * velocity_per_unit(unit, str(path))


def _read_map(path: str | PathLike[str]) -> tuple[FloatArray, SkyGrid, Any]:
    """Values, sky and header of the first image of a file; axes of length 1 beside the two of the sky are dropped."""
    from astropy.wcs import WCS

    with open_fits(path) as hdus:
        for hdu in hdus:
            if hdu.is_image and hdu.header.get("NAXIS", 0) >= 2:
                shape = tuple(n for n in hdu.shape[:-2] if n != 1) + hdu.shape[-2:]
                if len(shape) != 2 or not math.prod(shape):
                    raise InputError(f"{path} has {len(shape)} axes, expected a map of two: give a cube as a cube.")
                values = np.array(hdu.data, dtype=np.float64).reshape(shape)
                header = standard_header(hdu.header, path)
                for axis in range(3, len(hdu.shape) + 1):
                    stokes_index(header, axis, 1, path)
                require_hi_line(header, path)
                wcs = WCS(header)
                if not wcs.has_celestial:
                    raise InputError(f"{path} has no sky coordinates: write CTYPE, CRVAL, CDELT and CRPIX.")
                return values, SkyGrid(wcs.celestial, values.shape), header
    raise InputError(f"{path} holds no image: give a moment map in FITS.")
