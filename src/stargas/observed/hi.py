"""An observer's HI in the frame of the training maps: moments in Msun/pc² and km/s, the galaxy in the middle.

x is right and y up on the sky as it is printed: x to the west, y to the north [kpc].
"""

import dataclasses
import math
import warnings
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stargas.config import HIMapConfig
from stargas.errors import InputError, ObservationWarning
from stargas.galaxy import FloatArray
from stargas.observed.cube import HICube
from stargas.observed.hi_warnings import warn_of_band
from stargas.observed.mask import EmissionRegion, MaskConfig, find_source
from stargas.observed.moments import CLEAR_COLUMN, MomentMaps, Noise, cube_moments
from stargas.observed.orientation import turned_grid
from stargas.observed.spectral_axis import MAX_DISTANCE_KPC
from stargas.quantities import to_center, to_number
from stargas.sky.hi_scalars import measure_hi
from stargas.sky.projection import HIMaps
from stargas.sky.regrid import regrid_moments

SUBPIXELS = 8
"""Points per side of a pixel of the new maps at which the old ones are looked up."""

EDGE_PERCENTILE = 5
"""Percentile of the known columns that stands for the faintest one of blanked maps."""

ONE_PIXEL = 0.5
"""Largest fraction of the HI mass in one pixel: a beam of one pixel spreads a point over more."""

MAX_COLUMN_MSUN_PC2, MAX_MASS_MSUN, MIN_MASS_MSUN = 3000.0, 5e11, 1e3
"""Columns and masses of HI beyond those of galaxies; edge-on discs reach some hundred Msun/pc²."""

KPC_PER_ARCSEC = math.pi / 180 / 3600
"""Length [kpc] of 1 arcsec at 1 kpc."""


@dataclass(frozen=True, eq=False)
class ObservedHI:
    """HI of one observed galaxy.

    Parameters
    ----------
    maps
        Moments about the center and the systemic velocity, x to the west and y to the north: what
        `SkyGalaxy.with_gas` takes.
    distance_kpc, distance_error_kpc
        Distance and its standard error [kpc].
    center_deg
        Right ascension and declination, ICRS [deg], of the middle of the maps.
    systemic_kms
        Velocity that moment 1 is relative to [km/s], in the convention of the data.
    center_given, systemic_given
        Whether the user gave them; otherwise they are the centroid and the mean velocity of the HI.
    noise_msun_pc2
        Noise of a channel of a beam as a column [Msun/pc²]; 0 where it is not known.
    column_noise_msun_pc2
        Noise of moment 0 [Msun/pc²], the median over the pixels with a velocity; of blanked maps of others what
        `faintest_column` returns.
    beam_fwhm_kpc
        FWHM of the circular beam of the same area [kpc]; 0 where it is not known.
    mask_share
        Share of the data that is source.
    cube, source
        From which the maps were made; None for moment maps of others.
    moment_maps
        Moments on the pixels of the data.
    """

    maps: HIMaps
    distance_kpc: float
    distance_error_kpc: float
    center_deg: tuple[float, float]
    systemic_kms: float
    center_given: bool
    systemic_given: bool
    noise_msun_pc2: float
    column_noise_msun_pc2: float
    beam_fwhm_kpc: float
    mask_share: float
    moment_maps: MomentMaps = field(repr=False)
    cube: HICube | None = field(default=None, repr=False)
    source: EmissionRegion | None = field(default=None, repr=False)

    @property
    def moments(self) -> FloatArray:
        """Moment 0 [Msun/pc²], 1 and 2 [km/s], shape (3, n, n), row y, column x."""
        return self.maps.moments

    @property
    def half_width_kpc(self) -> float:
        """Half the side of the maps [kpc]."""
        return self.maps.half_width_kpc

    @property
    def pixel_kpc(self) -> float:
        """Side of a pixel [kpc]."""
        return float(2 * self.half_width_kpc / self.moments.shape[1])

    @property
    def hi_mass_msun(self) -> float:
        """HI mass of the source [Msun], without helium."""
        return float(self.moments[0].sum() * (1e3 * self.pixel_kpc) ** 2)

    def measure(self, config: HIMapConfig | None = None) -> tuple[float, float, float] | None:
        """R_HI [kpc], v_cold and sigma_cold [km/s] as the network is given them.

        Parameters
        ----------
        config
            Pixels, side and mask of the network's maps; the defaults if None.

        Returns
        -------
        tuple of float, or None
            As from `stargas.sky.hi_maps.measure_hi` on the maps in the network's frame; None where the column nowhere
            reaches 1 Msun/pc².
        """
        regridded = regrid_moments(self.maps, config or HIMapConfig())
        return None if regridded is None else measure_hi(regridded[0], regridded[1])

    def at_distance(self, distance_kpc: float) -> "ObservedHI":
        """Return the same data for another distance: columns and velocities stay, lengths change."""
        distance_kpc = _positive_distance(distance_kpc)
        ratio = distance_kpc / self.distance_kpc
        return dataclasses.replace(
            self,
            maps=HIMaps(self.maps.moments, self.maps.half_width_kpc * ratio),
            distance_kpc=distance_kpc,
            beam_fwhm_kpc=self.beam_fwhm_kpc * ratio,
        )

    def turned(self, by_deg: float) -> "ObservedHI":
        """Return the same data for a position angle that is larger by an angle [deg]."""
        maps = dataclasses.replace(self.moment_maps, grid=turned_grid(self.moment_maps.grid, self.center_deg, by_deg))
        pixel, per_arcsec = maps.grid.pixel_of(*self.center_deg), maps.grid.pixels_per_arcsec(*self.center_deg)
        return dataclasses.replace(
            self,
            maps=_centered(maps, self.systemic_kms, pixel, per_arcsec, self.distance_kpc),
            moment_maps=maps,
            cube=None if self.cube is None else dataclasses.replace(self.cube, grid=maps.grid),
        )


def observe_hi(
    data: HICube | MomentMaps,
    distance_kpc: float,
    *,
    center: tuple[float, float] | None = None,
    systemic_kms: float | None = None,
    distance_error_kpc: float = 0.0,
    mask: MaskConfig | EmissionRegion | NDArray[np.bool_] | None = None,
    added_noise: Noise | None = None,
) -> ObservedHI:
    """Bring HI data to the frame of the training maps.

    Parameters
    ----------
    data
        A cube, or moment maps.
    distance_kpc, distance_error_kpc
        Distance and its standard error [kpc].
    center
        Right ascension and declination, ICRS [deg], of the galaxy. If None, the centroid of moment 0, which a lopsided
        disc and a companion in the field move.
    systemic_kms
        Systemic velocity [km/s] in the frame and convention of the data. If None, the mean velocity of the HI,
        weighted with moment 0.
    mask
        How the source of a cube is found, or the source itself, shape of the cube; by the default thresholds if None.
    added_noise
        Noise that is added to each channel of a cube after its source is found.

    Returns
    -------
    ObservedHI

    Raises
    ------
    InputError
        If the distance is not positive, the center or velocity lies outside of the data, there is no source, or the
        columns or the mass are those of no galaxy.

    Warns
    -----
    ObservationWarning
        If the line reaches an end of the band, or there is hardly any HI.
    """
    distance_kpc = _positive_distance(distance_kpc)
    distance_error_kpc = to_number("distance_error_kpc", distance_error_kpc)
    systemic_kms = None if systemic_kms is None else to_number("systemic_kms", systemic_kms)
    center = None if center is None else _checked_center(center)
    if not (distance_error_kpc >= 0 and math.isfinite(distance_error_kpc)):
        raise InputError(f"the error of the distance must be zero or positive, got {distance_error_kpc} kpc.")
    if distance_error_kpc >= distance_kpc:
        raise InputError(f"the error of the distance must be below it, got {distance_error_kpc} of {distance_kpc} kpc.")
    if center is not None:
        _require_in_field(data, center)
    cube = source = None
    if isinstance(data, HICube):
        cube = data
        source = _source(cube, mask)
        maps = cube_moments(cube, source, added_noise)
        warn_of_band(cube, source, mask.leave_out_kms if isinstance(mask, MaskConfig) else ())
    elif mask is None:
        maps = data
    else:
        raise InputError("a mask is for cubes; moment maps are masked by blank pixels.")
    weight = np.where(maps.known, maps.moment0, 0.0)
    if not weight.sum() > 0:
        raise InputError("the moment maps hold no positive column with a velocity: give maps of a detected galaxy.")
    if systemic_kms is None:
        systemic = float(np.average(maps.moment1, weights=weight))
    else:
        systemic = _checked_systemic(systemic_kms, data, maps)
    pixel = _centroid(maps) if center is None else maps.grid.pixel_of(*center)
    center_deg = maps.grid.sky_of(*pixel) if center is None else center
    centered = _centered(maps, systemic, pixel, maps.grid.pixels_per_arcsec(*center_deg), distance_kpc)
    channel_noise, column_noise = 0.0, faintest_column(maps) / CLEAR_COLUMN
    if cube is not None and source is not None:
        channel_noise = source.noise * float(np.median(cube.column_per_unit))
    if maps.noise_msun_pc2 is not None:
        column_noise = float(np.median(maps.noise_msun_pc2[maps.known]))
    share = source.mask.mean() if source is not None else maps.known.mean()
    fwhm = 0.0 if data.beam is None else data.beam.fwhm_arcsec * KPC_PER_ARCSEC * distance_kpc
    observed = ObservedHI(
        maps=centered,
        distance_kpc=distance_kpc,
        distance_error_kpc=float(distance_error_kpc),
        center_deg=center_deg,
        systemic_kms=systemic,
        center_given=center is not None,
        systemic_given=systemic_kms is not None,
        noise_msun_pc2=channel_noise,
        column_noise_msun_pc2=column_noise,
        beam_fwhm_kpc=fwhm,
        mask_share=float(share),
        moment_maps=maps,
        cube=cube,
        source=source,
    )
    _check_amount(observed)
    return observed


def _check_amount(observed: ObservedHI) -> None:
    maps = observed.moment_maps
    column = maps.moment0[maps.known]
    low, high = np.percentile(column, [1, 99])
    if not max(-low, high) <= MAX_COLUMN_MSUN_PC2:
        raise InputError(
            f"the HI columns reach {low:.3g} to {high:.3g} Msun/pc², beyond any galaxy's: correct the unit (BUNIT) or "
            "the beam."
        )
    peak = float(column.max()) / max(float(np.maximum(column, 0).sum()), float(column.max()))
    if column.size > 1 and peak > ONE_PIXEL:
        y, x = (int(at) for at in np.unravel_index(np.argmax(maps.moment0), maps.moment0.shape))
        raise InputError(
            f"{100 * peak:.0f} % of the HI are in the pixel x = {x}, y = {y} (from 0), of up to {column.max():.3g} "
            "Msun/pc²: no beam does that, so blank its damaged values."
        )
    if not (mass := observed.hi_mass_msun) > 0:
        raise InputError(f"the HI mass is {mass:.3g} Msun: give maps whose HI outweighs their negative pixels.")
    if mass > MAX_MASS_MSUN:
        raise InputError(
            f"the HI mass is {mass:.3g} Msun, beyond any galaxy's: correct the distance, the unit (BUNIT) or the beam."
        )
    if mass < MIN_MASS_MSUN:
        warnings.warn(
            ObservationWarning(
                "unlikely HI mass",
                f"the HI mass is only {mass:.3g} Msun: check the distance, the unit (BUNIT) and the velocity axis.",
            ),
            stacklevel=3,
        )


def faintest_column(maps: MomentMaps) -> float:
    """Column [Msun/pc²] below which maps are blank; 0 where they are blank nowhere.

    The 5th percentile of the columns with a velocity, which a few stray pixels do not move. It stands for the limit of
    maps whose noise is unknown.
    """
    return 0.0 if maps.known.all() else float(np.percentile(maps.moment0[maps.known], EDGE_PERCENTILE))


def _positive_distance(distance_kpc: float) -> float:
    distance_kpc = to_number("distance_kpc", distance_kpc)
    if not 0 < distance_kpc <= MAX_DISTANCE_KPC:
        raise InputError(f"the distance must be positive and at most {MAX_DISTANCE_KPC:g} kpc, got {distance_kpc} kpc.")
    return distance_kpc


def _checked_center(center: tuple[float, float]) -> tuple[float, float]:
    center = to_center(center)
    if not np.isfinite(center).all() or abs(center[1]) > 90:
        raise InputError(f"the center must be right ascension and declination [deg], got {center}.")
    return center


def _require_in_field(data: HICube | MomentMaps, center: tuple[float, float]) -> None:
    """Refuse data that do not show the center of the galaxy."""
    try:
        data.grid.pixel_of(*center)
    except InputError as error:
        n_y, n_x = data.grid.shape
        ra, dec = data.grid.sky_of((n_x - 1) / 2, (n_y - 1) / 2)
        raise InputError(
            f"the HI data may be of another galaxy: the center ({center[0]:.5f}, {center[1]:.5f}) deg lies outside of "
            f"their field around ({ra:.4f}, {dec:.4f}) deg. Give the data of this galaxy, or its right ascension and "
            "declination in degrees, ICRS."
        ) from error


def _source(cube: HICube, mask: MaskConfig | EmissionRegion | NDArray[np.bool_] | None) -> EmissionRegion:
    if isinstance(mask, EmissionRegion):
        return mask
    if mask is None or isinstance(mask, MaskConfig):
        return find_source(cube, mask)
    return EmissionRegion.of_mask(cube, mask)


def _checked_systemic(systemic_kms: float, data: HICube | MomentMaps, maps: MomentMaps) -> float:
    known = data.velocity_kms if isinstance(data, HICube) else maps.moment1[maps.known]
    low, high = float(np.min(known)), float(np.max(known))
    if not low <= systemic_kms <= high:
        raise InputError(
            f"the HI data may be of another galaxy: the systemic velocity {systemic_kms} km/s lies outside of them, "
            f"{low:.1f} to {high:.1f} km/s. Give the data of this galaxy, or its velocity in km/s in their frame."
        )
    return float(systemic_kms)


def _centroid(maps: MomentMaps) -> tuple[float, float]:
    """Pixel position x, y of the centroid of the column, without negative values."""
    column = np.maximum(maps.moment0, 0.0)
    y, x = np.indices(column.shape)
    return float(np.average(x, weights=column)), float(np.average(y, weights=column))


def _centered(
    maps: MomentMaps, systemic_kms: float, pixel: tuple[float, float], per_arcsec: FloatArray, distance_kpc: float
) -> HIMaps:
    """Moments on square pixels of the same area, aligned with west and north, the center in the middle.

    Every new pixel is the mean over points in it of the old pixels there: of the column, of column times v and of
    column times (v² + σ²), so that no gas is moved in velocity.
    """
    side = float(abs(np.linalg.det(per_arcsec)) ** -0.5)
    rows, columns = np.nonzero(maps.moment0)
    offsets = np.linalg.solve(per_arcsec, [columns - pixel[0], rows - pixel[1]]) / side
    n = 2 * math.ceil(float(np.abs(offsets).max())) + 3
    velocity = np.where(maps.known, maps.moment1 - systemic_kms, 0.0)
    known = np.where(maps.known, maps.moment0, 0.0)
    old = np.stack([maps.moment0, known, known * velocity, known * (velocity**2 + maps.moment2**2)])
    padded = np.pad(old, ((0, 0), (1, 1), (1, 1)))
    points = ((np.arange(n * SUBPIXELS) + 0.5) / SUBPIXELS - n / 2) * side
    new = np.zeros((4, n, n))
    # row by row of pixels: a cube of 1000 pixels must not need 64 maps at once
    for row in range(n):
        north = points[row * SUBPIXELS : (row + 1) * SUBPIXELS, None]
        x, y = (
            np.rint(pixel[axis] + per_arcsec[axis, 0] * points + per_arcsec[axis, 1] * north).astype(np.intp) + 1
            for axis in (0, 1)
        )
        x, y = (np.minimum(np.maximum(at, 0), most - 1) for at, most in ((x, padded.shape[2]), (y, padded.shape[1])))
        new[:, row] = padded[:, y, x].reshape(4, SUBPIXELS, n, SUBPIXELS).sum(axis=(1, 3))
    column, weight, first, second = new / SUBPIXELS**2
    mean = np.divide(first, weight, out=np.zeros_like(first), where=weight > 0)
    square = np.divide(second, weight, out=np.zeros_like(second), where=weight > 0)
    sigma = np.sqrt(np.maximum(square - mean**2, 0.0))
    half_width = n * side * KPC_PER_ARCSEC * distance_kpc / 2
    return HIMaps(np.stack([column, mean, sigma]), half_width)
