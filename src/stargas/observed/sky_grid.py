"""Where the pixels of a map are on the sky."""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from stargas.errors import InputError, StargasError
from stargas.galaxy import FloatArray

STEP_ARCSEC = 1.0
"""Step on the sky from which the orientation of the pixels is found."""

MAX_STRETCH = 10.0
"""No pixel is longer than this many times its width."""

PIXEL_ARCSEC = (1e-3, 3600.0)
"""Smallest and largest pixel of an HI map."""


@contextlib.contextmanager
def _usable() -> Iterator[None]:
    """Turn what the library of coordinates raises into one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except StargasError:
        raise
    except Exception as error:  # of many kinds, of a header that is damaged
        raise InputError(
            f"the sky coordinates of the map cannot be used ({type(error).__name__}): correct CTYPE, CRVAL, CDELT "
            "and CRPIX."
        ) from error


@dataclass(frozen=True, eq=False)
class SkyGrid:
    """Pixels on the sky.

    Parameters
    ----------
    wcs
        Celestial coordinates of the pixels, an ``astropy.wcs.WCS`` of two axes.
    shape
        (n_y, n_x).

    Raises
    ------
    InputError
        If these are no coordinates on the sky, or no pixel of a map.
    """

    wcs: Any = field(repr=False)
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        """Check that there is a sky and a scale."""
        if self.wcs is None or not getattr(self.wcs, "has_celestial", False) or self.wcs.naxis != 2:
            raise InputError("a map needs sky coordinates, its header has none: write CTYPE, CRVAL, CDELT and CRPIX.")
        if not PIXEL_ARCSEC[0] <= self.pixel_arcsec <= PIXEL_ARCSEC[1]:
            raise InputError(
                f"the pixels of the map are {self.pixel_arcsec:.3g} arcsec wide, expected {PIXEL_ARCSEC[0]:g} to "
                f"{PIXEL_ARCSEC[1]:g}: correct CDELT, which is in degrees."
            )

    def facts(self) -> dict[str, str]:
        """Return label → text, for those who have a grid."""
        return {"pixels": f"{self.shape[1]} x {self.shape[0]} of {self.pixel_arcsec:.3g} arcsec"}

    def sky_of(self, x: float, y: float) -> tuple[float, float]:
        """Right ascension and declination, ICRS [deg], of a pixel position (0 is the center of the first pixel)."""
        with _usable():
            position = self.wcs.pixel_to_world(x, y).icrs
            place = float(position.ra.deg), float(position.dec.deg)
        if not np.isfinite(place).all():
            raise InputError("the sky coordinates of the map are not finite: correct its header.")
        return place

    def pixel_of(self, ra_deg: float, dec_deg: float) -> tuple[float, float]:
        """Pixel position x, y of a place on the sky, ICRS [deg].

        Raises
        ------
        InputError
            If it lies outside of the map.
        """
        from astropy.coordinates import SkyCoord

        with _usable():
            x, y = self._pixels(SkyCoord([ra_deg], [dec_deg], unit="deg"))
        n_y, n_x = self.shape
        if not (-0.5 <= x[0] <= n_x - 0.5 and -0.5 <= y[0] <= n_y - 0.5):
            raise InputError(
                f"the center ({ra_deg:.5f}, {dec_deg:.5f}) deg lies outside of the map: give right ascension and "
                "declination in degrees, ICRS."
            )
        return float(x[0]), float(y[0])

    def _pixels(self, places: Any) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401 (of astropy)
        x, y = self.wcs.world_to_pixel(places)
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)

    def pixels_per_arcsec(self, ra_deg: float, dec_deg: float) -> FloatArray:
        """Linear map from offsets on the sky to pixels at a place, shape (2, 2).

        Its columns are the steps in pixels (x, y) per arcsec to the west, which is right on the sky, and to the north.
        Over a field of 1° it is off by less than the distortion of the projection, 4e-5 of the offset.
        """
        from astropy import units as u
        from astropy.coordinates import SkyCoord

        with _usable():
            # along great circles, which works at the poles too
            to = np.array([90.0, 270.0, 180.0, 0.0]) * u.deg
            steps = SkyCoord(ra_deg, dec_deg, unit="deg").directional_offset_by(to, STEP_ARCSEC * u.arcsec)
            x, y = self._pixels(steps)
            matrix = np.array([[x[1] - x[0], x[3] - x[2]], [y[1] - y[0], y[3] - y[2]]]) / (2 * STEP_ARCSEC)
            good = np.isfinite(matrix).all() and np.linalg.cond(matrix) < MAX_STRETCH
        if not good:
            raise InputError("the sky coordinates of the map have no scale, or not one of pixels: correct CDELT.")
        return matrix

    def pixels_apart(self, other: "SkyGrid") -> float:
        """How far the corners of another map of the same shape are from those of this one [pixels]."""
        n_y, n_x = self.shape
        with _usable():
            corners = [self.wcs.pixel_to_world(x, y).icrs for x in (0, n_x - 1) for y in (0, n_y - 1)]
            theirs = [other.wcs.pixel_to_world(x, y).icrs for x in (0, n_x - 1) for y in (0, n_y - 1)]
            apart = [one.separation(two).arcsec for one, two in zip(corners, theirs, strict=True)]
        return float(np.max(apart)) / self.pixel_arcsec

    @cached_property
    def pixel_arcsec(self) -> float:
        """Side [arcsec] of a square of a pixel's area, in the middle of the map."""
        n_y, n_x = self.shape
        matrix = self.pixels_per_arcsec(*self.sky_of((n_x - 1) / 2, (n_y - 1) / 2))
        return float(abs(np.linalg.det(matrix)) ** -0.5)
