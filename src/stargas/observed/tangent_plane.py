"""The plane that touches the sky at a galaxy's center: offsets to the east and north, and perspective."""

import numpy as np
from numpy.typing import ArrayLike

from stargas.constants import KMS_PER_MASYR_KPC
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.columns import PositionKind

ARCMIN = np.pi / 180 / 60
"""Radians in an arcminute."""

SMALLEST = 1e-100
"""Softening below which most points are the same one, which is the median then."""

MAX_STEPS = 200
"""Steps of the iteration to the geometric median; a few dozen are enough for any catalogue."""


def _directions(ra_deg: ArrayLike, dec_deg: ArrayLike) -> FloatArray:
    """Return unit vectors to points of the sky, shape (..., 3)."""
    ra, dec = np.radians(ra_deg), np.radians(dec_deg)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def _axes(center_deg: tuple[float, float]) -> FloatArray:
    """Return unit vectors to the east, to the north and away from the observer at a point, shape (3, 3)."""
    ra, dec = np.radians(center_deg)
    east = [-np.sin(ra), np.cos(ra), 0.0]
    north = [-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)]
    return np.array([east, north, _directions(*center_deg)])


def tangent_offsets(
    ra_deg: ArrayLike, dec_deg: ArrayLike, center_deg: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Project the sky on the tangent plane (gnomonic projection, FITS ``TAN``).

    Parameters
    ----------
    ra_deg, dec_deg
        Positions [deg], shape (n,).
    center_deg
        Right ascension and declination of the point of contact [deg].

    Returns
    -------
    xi, eta
        Offsets to the east and to the north [rad], shape (n,).

    Raises
    ------
    InputError
        If a position is 90° or more from the center, where there is no projection.
    """
    east, north, away = _axes(center_deg) @ _directions(ra_deg, dec_deg).T
    if not (away > 0).all():
        raise InputError(
            f"{np.count_nonzero(~(away > 0))} stars are 90° or more from the center (RA {center_deg[0]:.5g}°, Dec "
            f"{center_deg[1]:.5g}°): give the galaxy's center in degrees, or leave out stars of other fields."
        )
    return east / away, north / away


def plane_offsets(
    position: FloatArray, kind: PositionKind, center: tuple[float, float], distance_kpc: float | None
) -> tuple[FloatArray, FloatArray]:
    """Offsets to the east and north in the tangent plane, of positions of any kind.

    Parameters
    ----------
    position
        Positions, shape (n, 2), as a `stargas.observed.catalogue.StarCatalogue` of this kind has them.
    kind
        What they are.
    center
        Right ascension and declination [deg], or an offset in the unit of the positions.
    distance_kpc
        Distance [kpc]; None only where positions are in kpc.

    Returns
    -------
    xi, eta
        Shape (n,) [rad], or [kpc] where there is no distance.

    Raises
    ------
    InputError
        If the center is not on the sky, or as `tangent_offsets`.
    """
    if kind == "sky_deg":
        if not -90 <= center[1] <= 90:
            raise InputError(
                f"the center's declination must lie between -90° and 90°, got {center[1]}: RA comes first."
            )
        return tangent_offsets(position[:, 0], position[:, 1], center)
    first, second = (position - center).T
    if kind == "offset_arcmin":
        return first * ARCMIN, second * ARCMIN
    scale = 1.0 if distance_kpc is None else distance_kpc
    return -first / scale, second / scale


def aligned(x: FloatArray, y: FloatArray, position_angle_deg: float | None) -> tuple[FloatArray, FloatArray]:
    """Turn the sky (x west, y north) so that the receding side lies on +x; None leaves north up."""
    if position_angle_deg is None:
        return x, y
    return turned(x, y, 90.0 + position_angle_deg)


def turned(x: FloatArray, y: FloatArray, by_deg: float) -> tuple[FloatArray, FloatArray]:
    """Turn points as `aligned` does for a position angle that is larger by an angle [deg]: clockwise."""
    angle = -np.radians(by_deg)
    return np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y


def sky_position(xi: ArrayLike, eta: ArrayLike, center_deg: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """Right ascension (0 to 360) and declination [deg] of points [rad] of the tangent plane, shape of the input."""
    xi, eta = np.asarray(xi, dtype=np.float64), np.asarray(eta, dtype=np.float64)
    vector = np.stack([xi, eta, np.ones_like(xi)], axis=-1) @ _axes(center_deg)
    ra = np.degrees(np.arctan2(vector[..., 1], vector[..., 0])) % 360
    return ra, np.degrees(np.arctan2(vector[..., 2], np.hypot(vector[..., 0], vector[..., 1])))


def geometric_median(x: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Point of least summed distance to points of a plane, which outliers hardly move and no rotation does.

    Parameters
    ----------
    x, y
        Points, shape (n,), any unit.

    Source: the iteration of Weiszfeld (1937), with distances softened by a millionth of the typical one.
    """
    points = np.column_stack([x, y])
    here = np.median(points, axis=0)
    soft = 1e-6 * float(np.median(np.hypot(*(points - here).T)))
    if not soft > SMALLEST:
        return float(here[0]), float(here[1])
    for _ in range(MAX_STEPS):
        weight = 1 / np.hypot(np.hypot(*(points - here).T), soft)
        step = weight @ points / weight.sum() - here
        here = here + step
        if np.hypot(*step) <= soft:
            break
    return float(here[0]), float(here[1])


def sky_middle(ra_deg: ArrayLike, dec_deg: ArrayLike) -> tuple[float, float]:
    """Geometric median of positions on the sky: right ascension (0 to 360) and declination [deg].

    Raises
    ------
    InputError
        If the stars are so far apart that they have no middle.
    """
    mean = _directions(ra_deg, dec_deg).mean(axis=0)
    start = (
        float(np.degrees(np.arctan2(mean[1], mean[0]))),
        float(np.degrees(np.arctan2(mean[2], np.hypot(*mean[:2])))),
    )
    ra, dec = sky_position(*geometric_median(*tangent_offsets(ra_deg, dec_deg, start)), start)
    return float(ra), float(dec)


def perspective_velocity(
    xi: ArrayLike,
    eta: ArrayLike,
    systemic_kms: float,
    proper_motion_masyr: tuple[float, float],
    distance_kpc: float,
) -> FloatArray:
    """Line-of-sight velocity that a galaxy's motion as a whole shows away from its center.

    Parameters
    ----------
    xi, eta
        Offsets to the east and north in the tangent plane [rad], shape (n,).
    systemic_kms
        Line-of-sight velocity of the center, receding positive [km/s].
    proper_motion_masyr
        Of the center: μ_α cos δ and μ_δ [mas/yr].
    distance_kpc
        Of the center [kpc].

    Returns
    -------
    numpy.ndarray
        To be subtracted from measured velocities [km/s], shape (n,). Exact for a galaxy that moves without turning:
        the component of its velocity along each line of sight, less that at the center.

    Notes
    -----
    To first order D (ξ μ_α* + η μ_δ), as in van de Ven et al. 2006, A&A 445, 513, eq. 6 (1.379e-3 km/s per arcmin,
    mas/yr and kpc); the second order is that of Kaplinghat & Strigari 2008, ApJ 682, L93. Velocities and proper
    motion must be in the same frame, both heliocentric for instance.
    """
    xi, eta = np.asarray(xi, dtype=np.float64), np.asarray(eta, dtype=np.float64)
    across = KMS_PER_MASYR_KPC * distance_kpc * (xi * proper_motion_masyr[0] + eta * proper_motion_masyr[1])
    return np.asarray((systemic_kms + across) / np.sqrt(1 + xi**2 + eta**2) - systemic_kms)
