"""HI moments on the pixels of the data: of a cube, or of maps that others made."""

from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.config import HIMapConfig
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.brightness import column_per_moment0, parse_unit, velocity_per_unit
from stargas.observed.cube import MAX_KMS, HICube
from stargas.observed.fits import SkyBeam, beam_of_header, check_size, open_fits, reading
from stargas.observed.mask import EmissionRegion
from stargas.observed.sky_grid import SkyGrid
from stargas.sky.hi_maps import moments_of_cube

CLEAR_COLUMN = 3.0
"""A pixel's velocity counts where its column is at least this many times the noise of the column."""

SIGMA_KMS = 10.0
"""Dispersion [km/s] that stands for moment 2 where there is none: that of HI in discs (Tamburro et al. 2009)."""

SAME_PIXELS = 0.1
"""Maps further apart than this many pixels are not of the same pixels."""

MAX_SPREAD_KMS = 2000.0
"""No galaxy's HI is spread over more than this [km/s]."""


@dataclass(frozen=True, eq=False)
class MomentMaps:
    """Moments on the pixels of the data.

    Parameters
    ----------
    moment0
        Column [Msun/pc²], shape (n_y, n_x), 0 where blank.
    moment1
        Mean velocity [km/s] in the frame of the data, 0 where not known.
    moment2
        Velocity dispersion [km/s].
    known
        Where moments 1 and 2 are known, bool.
    grid
        Where the pixels are on the sky.
    beam
        None where it is not known.
    moment2_given
        Whether moment 2 was measured, not assumed.
    noise_msun_pc2
        Noise of moment 0 [Msun/pc²], shape of the maps, zero outside the source; None for maps of others.
    """

    moment0: FloatArray
    moment1: FloatArray
    moment2: FloatArray
    known: NDArray[np.bool_]
    grid: SkyGrid
    beam: SkyBeam | None = None
    moment2_given: bool = True
    noise_msun_pc2: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check shapes."""
        shapes = [np.shape(values) for values in (self.moment0, self.moment1, self.moment2, self.known)]
        if len({*shapes, self.grid.shape}) != 1:
            raise InputError(f"moment maps must have one shape, got {shapes} on a sky of {self.grid.shape}.")


def cube_moments(cube: HICube, source: EmissionRegion) -> MomentMaps:
    """Moments of the source in a cube, of the definitions of the training maps.

    Returns
    -------
    MomentMaps
        Moment 0 is the sum over the mask, negative values included; moments 1 and 2 are known where it is at least
        `CLEAR_COLUMN` times its noise and the mean lies between the velocities that were summed.
    """
    reference = float(np.mean(cube.velocity_kms[source.mask.any(axis=(1, 2))]))
    inside = np.where(source.mask, cube.column, 0.0)
    velocity = cube.velocity_kms - reference
    column, mean, sigma = moments_of_cube(inside, velocity, HIMapConfig(mask_cm2=0.0)).astype(np.float64)
    noise = np.sqrt(np.tensordot((source.noise * cube.column_per_unit) ** 2, source.mask.astype(np.float32), axes=1))
    low, high = _extremes(source.mask, velocity)
    known = (column > 0) & (column >= CLEAR_COLUMN * noise) & (mean >= low) & (mean <= high)
    return MomentMaps(
        moment0=column,
        moment1=np.where(known, mean + reference, 0.0),
        moment2=np.where(known, sigma, 0.0),
        known=known,
        grid=cube.grid,
        beam=cube.beam,
        noise_msun_pc2=noise,
    )


def _extremes(mask: NDArray[np.bool_], velocity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest velocity of the mask at every pixel."""
    low = velocity[np.argmax(mask, axis=0)]
    high = velocity[len(velocity) - 1 - np.argmax(mask[::-1], axis=0)]
    return low, high


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
        Mean velocity, km/s or m/s, of the same pixels; blank pixels are NaN.
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
        If maps are of different pixels, without unit, or hold nothing.
    DamagedFileError
        If a file is not FITS, truncated or damaged.
    """
    first, grid, header = _read_map(moment0)
    with reading(moment0):
        beam = beam if beam is not None else beam_of_header(header)
    unit = parse_unit(header.get("BUNIT"), str(moment0))
    column = first * column_per_moment0(unit, None if beam is None else beam.area_sr, str(moment0))
    mean = _velocities(moment1, grid, squared=False)
    sigma = np.full(grid.shape, SIGMA_KMS) if moment2 is None else _velocities(moment2, grid, squared=True)
    known = np.isfinite(column) & (column > 0) & np.isfinite(mean) & np.isfinite(sigma)
    if not known.any():
        raise InputError(f"{moment0} and {moment1} have no pixel with both a column and a velocity: give maps that do.")
    low, high = np.percentile(mean[known], [1, 99])
    if max(abs(low), abs(high)) > MAX_KMS or high - low > MAX_SPREAD_KMS:
        raise InputError(
            f"{moment1} has velocities of {low:.4g} to {high:.4g} km/s, too much for a galaxy: is its unit m/s?"
        )
    return MomentMaps(
        moment0=np.where(np.isfinite(column), column, 0.0),
        moment1=np.where(known, mean, 0.0),
        moment2=np.where(known, sigma, 0.0),
        known=known,
        grid=grid,
        beam=beam,
        moment2_given=moment2 is not None,
    )


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
    unit = parse_unit(header.get("BUNIT"), str(path))
    if squared and "specific energy" in str(getattr(unit, "physical_type", "")):
        return np.sqrt(np.maximum(values, 0.0)) * velocity_per_unit(unit**0.5, str(path))  # type: ignore[operator]
    return values * velocity_per_unit(unit, str(path))


def _read_map(path: str | PathLike[str]) -> tuple[FloatArray, SkyGrid, Any]:
    """Values, sky and header of the first image of a file; axes of length 1 beside the two of the sky are dropped."""
    from astropy.wcs import WCS

    with open_fits(path) as hdus:
        for hdu in hdus:
            if hdu.is_image and hdu.header.get("NAXIS", 0) >= 2:
                check_size(hdu, path)
                if hdu.data is None:
                    break
                values = np.array(hdu.data, dtype=np.float64)
                values = values.reshape(tuple(n for n in values.shape[:-2] if n != 1) + values.shape[-2:])
                if values.ndim != 2:
                    raise InputError(f"{path} has {values.ndim} axes, expected a map of two: give a cube as a cube.")
                wcs = WCS(hdu.header)
                if not wcs.has_celestial:
                    raise InputError(f"{path} has no sky coordinates: write CTYPE, CRVAL, CDELT and CRPIX.")
                return values, SkyGrid(wcs.celestial, values.shape), hdu.header
    raise InputError(f"{path} holds no image: give a moment map in FITS.")
