"""Size, rotation and dispersion of HI as an observer reads them off the maps."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.sky.ellipse import fit_ellipse
from stargas.sky.harmonics import harmonic_amplitude

EDGE_MSUN_PC2 = 1.0
"""Face-on HI surface density [Msun/pc²] that defines R_HI (Broeils & Rhee 1997)."""

ANNULUS = (0.85, 1.15)
"""Where the rotation velocity is measured, in R_HI."""

FLAT = 0.35
"""Axis ratio below which the minor axis of a map may be no more than a few pixels."""

SPREAD = 4
"""Points per side that stand for a pixel of a flat map."""


class HIScalars(NamedTuple):
    """Size and kinematics of the HI.

    Parameters
    ----------
    R_HI_kpc
        Radius where the face-on surface density falls below `EDGE_MSUN_PC2` [kpc].
    v_cold_kms
        Rotation velocity at R_HI [km/s].
    sigma_cold_kms
        Velocity dispersion inside R_HI [km/s].
    """

    R_HI_kpc: float
    v_cold_kms: float
    sigma_cold_kms: float


def _edge_radius(radius: FloatArray, mass: FloatArray) -> float | None:
    """Outermost radius [kpc] where the surface density of a face-on disc is at least `EDGE_MSUN_PC2`."""
    # bins reach twice as far as 99 percent of the mass: outliers must not set their width
    cells = 4096
    width = max(float(np.max(radius)), 1e-9) * (1 + 1e-9) / cells
    profile = np.cumsum(np.bincount((radius / width).astype(np.intp), weights=mass, minlength=cells))
    reach = min(2 * (np.searchsorted(profile, 0.99 * profile[-1]) + 1), cells) * width
    n_bins = int(np.clip(np.sqrt(radius.size) / 2, 12, 32))
    edges = np.linspace(0, reach, n_bins + 1)
    bins = np.minimum(radius * (n_bins / reach), n_bins).astype(np.intp)
    inside = np.bincount(bins, weights=mass, minlength=n_bins + 1)[:n_bins]
    density = inside / (np.pi * np.diff(edges**2)) / 1e6
    above = np.flatnonzero(density >= EDGE_MSUN_PC2)
    if not above.size:
        return None
    last = above[-1]
    middle = (edges[1:] + edges[:-1]) / 2
    if last == n_bins - 1 or density[last + 1] <= 0:
        return float(edges[last + 1])
    drop = np.log(density[last]) / np.log(density[last] / density[last + 1])
    return float(middle[last] + drop * (middle[last + 1] - middle[last]))


def measure_hi_radius(x_kpc: ArrayLike, y_kpc: ArrayLike, mHI_msun: ArrayLike) -> float | None:
    """Radius where the face-on surface density of HI falls below 1 Msun/pc².

    Parameters
    ----------
    x_kpc, y_kpc
        Positions of particles, or centers of pixels, from the galaxy's center [kpc], shape (n,).
    mHI_msun
        HI mass of each [Msun], shape (n,).

    Returns
    -------
    float or None
        R_HI [kpc] along the major axis; None where the surface density never reaches 1 Msun/pc².

    Notes
    -----
    Shape and position angle are those of the second moments; the disc is deprojected as if it were thin and round,
    which the thickness of a disc seen edge-on and warps contradict.
    """
    x, y, mass = (np.asarray(values, dtype=np.float64).ravel() for values in (x_kpc, y_kpc, mHI_msun))
    if not x.size == y.size == mass.size:
        raise InputError(f"HI needs as many x as y and masses, got {x.size}, {y.size} and {mass.size}.")
    if not mass.sum() > 0:
        return None
    return _edge_radius(np.hypot(*fit_ellipse(x, y, mass).coordinates(x, y)), mass)


def pixel_centers(n_pixels: int, half_width_kpc: float) -> tuple[FloatArray, FloatArray]:
    """Centers x, y [kpc] of the pixels of a map, each of shape (n, n), row y."""
    center = ((np.arange(n_pixels) + 0.5) / n_pixels * 2 - 1) * half_width_kpc
    x, y = np.meshgrid(center, center)
    return x, y


def _edge_radius_of_pixels(x: FloatArray, y: FloatArray, mass: FloatArray) -> float | None:
    """R_HI [kpc] of a map; pixels of a flat ellipse, which they do not resolve, are spread over their area."""
    shining = mass > 0
    x_in, y_in, mass_in = x[shining], y[shining], mass[shining]
    if fit_ellipse(x_in, y_in, mass_in).axis_ratio < FLAT:
        parts = ((np.arange(SPREAD) + 0.5) / SPREAD - 0.5) * (x[0, 1] - x[0, 0])
        dx, dy = (offset.ravel() for offset in np.meshgrid(parts, parts))
        x_in, y_in = (x_in[:, None] + dx).ravel(), (y_in[:, None] + dy).ravel()
        mass_in = np.repeat(mass_in / SPREAD**2, SPREAD**2)
    return _edge_radius(np.hypot(*fit_ellipse(x_in, y_in, mass_in).coordinates(x_in, y_in)), mass_in)


def measure_hi(moments: NDArray[np.floating], half_width_kpc: float) -> HIScalars | None:
    """Measure R_HI, rotation velocity and dispersion of the HI on its maps.

    Parameters
    ----------
    moments
        Moment 0 [Msun/pc²], 1 and 2 [km/s], shape (3, n, n), center of the galaxy in the middle.
    half_width_kpc
        Half the side of the maps [kpc].

    Returns
    -------
    HIScalars or None
        R_HI [kpc]; v_cold [km/s], the amplitude of the first harmonic of moment 1 around the ellipse at R_HI, not
        corrected for inclination; sigma_cold [km/s], the mean of moment 2 inside R_HI. Both means are weighted with
        moment 0 over unmasked pixels. None where there is no R_HI or no unmasked pixel near it.
    """
    column, velocity, dispersion = np.asarray(moments, dtype=np.float64)
    x, y = pixel_centers(len(column), half_width_kpc)
    mass = np.maximum(column, 0.0) * (2e3 * half_width_kpc / len(column)) ** 2
    if not mass.sum() > 0:
        return None
    major, minor = fit_ellipse(x.ravel(), y.ravel(), mass.ravel()).coordinates(x, y)
    radius = np.hypot(major, minor)
    R_HI = _edge_radius_of_pixels(x, y, mass)
    if R_HI is None:
        return None
    known = (dispersion > 0) & (column > 0)
    ring = known & (radius >= ANNULUS[0] * R_HI) & (radius <= ANNULUS[1] * R_HI)
    disc = known & (radius <= R_HI)
    if np.count_nonzero(ring) < 3 or not disc.any():
        return None
    v_cold = harmonic_amplitude(np.arctan2(minor[ring], major[ring]), velocity[ring], column[ring])
    sigma = np.average(dispersion[disc], weights=column[disc])
    return HIScalars(R_HI, v_cold, float(sigma))
