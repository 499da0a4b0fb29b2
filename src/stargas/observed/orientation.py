"""The direction on the sky that both tracers share: that of the receding side."""

import dataclasses

import numpy as np

from stargas.config.observation import ObservationConfig
from stargas.errors import InputError
from stargas.observed.cube import HICube
from stargas.observed.moments import MomentMaps
from stargas.observed.sky_grid import SkyGrid
from stargas.sky.projection import HIMaps

ALIGNED_RECEDES = 90.0
"""Position angle less this turns the sky so that the receding side lies on +x, as in training."""

MIN_INCLINATION_ERROR_DEG, MAX_ERROR_DEG = 1.0, 90.0
"""Errors of angles: no disc is flat enough for an inclination to be better known, and beyond 90 nothing is."""


def velocity_position_angle(maps: HIMaps) -> float:
    """Position angle of the receding side [deg, 0 to 360], from north through east: that of the velocity gradient.

    Parameters
    ----------
    maps
        x to the west, y to the north.

    Notes
    -----
    The plane through moment 1 that fits best, weighted with moment 0. In a disc that is symmetric about its major
    axis its gradient lies on that axis, whatever the rotation curve; a warp or a bar turns it.
    """
    column, velocity, sigma = np.asarray(maps.moments, dtype=np.float64)
    n = len(column)
    axis = (np.arange(n) + 0.5) / n - 0.5
    y, x = np.meshgrid(axis, axis, indexing="ij")
    # in a circle: the corners of the square would pull the direction towards them
    known = ((velocity != 0) | (sigma != 0)) & (column > 0) & (np.hypot(x, y) <= 0.5)
    place, weight = np.stack([x[known], y[known], np.ones(known.sum())]), column[known]
    west, north, _ = np.linalg.lstsq(place * weight @ place.T, place * weight @ velocity[known], rcond=None)[0]
    return float(np.degrees(np.arctan2(-west, north)) % 360)


def turn_receding_side_west(
    data: HICube | MomentMaps, center_deg: tuple[float, float], angle_deg: float
) -> HICube | MomentMaps:
    """Return the same data under a sky that is turned around a center: the receding side to the west.

    Parameters
    ----------
    data
        A cube or moment maps.
    center_deg
        Right ascension and declination [deg].
    angle_deg
        Position angle of the receding side [deg], from north through east.
    """
    return dataclasses.replace(data, grid=turned_grid(data.grid, center_deg, ALIGNED_RECEDES + angle_deg))


def turned_grid(grid: SkyGrid, center_deg: tuple[float, float], by_deg: float) -> SkyGrid:
    """Return a grid under a sky that is turned clockwise around a center.

    Parameters
    ----------
    grid
        Pixels on the sky.
    center_deg
        Right ascension and declination [deg].
    by_deg
        By how much [deg]. A position angle that is larger by as much turns it so.
    """
    from astropy.wcs import WCS

    turn = np.radians(-by_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    per_arcsec = grid.pixels_per_arcsec(*center_deg) @ rotation.T
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.crval = center_deg
    wcs.wcs.crpix = np.add(grid.pixel_of(*center_deg), 1)
    wcs.wcs.cd = np.diag([-1, 1]) @ np.linalg.inv(per_arcsec) / 3600
    return SkyGrid(wcs, grid.shape)


def check_angles(config: ObservationConfig) -> None:
    """Check the angles that an observer knows.

    Raises
    ------
    InputError
        If an angle is none, an error is impossible, or one is given without the other.
    """
    error = config.position_angle_error_deg
    if not 0 <= error <= MAX_ERROR_DEG:
        raise InputError(f"position_angle_error_deg must be from 0 to {MAX_ERROR_DEG:g}, got {error:g}.")
    if error and config.position_angle_deg is None:
        raise InputError("there is an error of the position angle but no angle: give position_angle_deg, too.")
    inclination, error = config.inclination_deg, config.inclination_error_deg
    if inclination is None:
        if error:
            raise InputError("there is an error of the inclination but no inclination: give inclination_deg, too.")
        return
    if not 0 <= inclination <= 90:
        raise InputError(f"inclination_deg must be from 0, face-on, to 90, edge-on, got {inclination:g}.")
    if not MIN_INCLINATION_ERROR_DEG <= error <= MAX_ERROR_DEG:
        raise InputError(
            f"an inclination needs its standard error, from {MIN_INCLINATION_ERROR_DEG:g} to {MAX_ERROR_DEG:g} deg, "
            f"got {error:g}: give inclination_error_deg, as 5."
        )
