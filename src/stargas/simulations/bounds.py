"""Bounds of what a galaxy of a file can hold: beyond them a unit is wrong or the file is damaged."""

import warnings
from collections.abc import Iterator
from os import PathLike

import numpy as np

from stargas.errors import AssumptionWarning, InputError
from stargas.galaxy import MIN_REDSHIFT, Galaxy, Gas, MassProfile, Particles

STELLAR_MASS_MSUN = (1.0, 1e14)
TOTAL_MASS_MSUN = 1e17
REDSHIFT = (MIN_REDSHIFT, 100.0)
RADIUS_KPC = 1e6
BOX_KPC = 1e9
MEDIAN_RADIUS_KPC = 1e-4
"""Of the stars: a tenth of a parsec, below any galaxy and any cluster of stars."""

SPEED_KMS = 1e5
MEDIAN_SPEED_KMS = 0.1
"""Of the stars, about their median: a tenth of that of the coldest cluster."""

TEMPERATURE_K = 1e11
KERNEL_KPC = 1e5
MIN_STARS = 10
"""Fewer may lie at one place."""

PROFILE_R_HALF = (0.19, 3.0)
"""Radii that a table of masses has to reach, over that of the sphere with half of the stars: those of 0.25 and 4 R_hl,
which is about three quarters of it."""


def require_physical(galaxy: Galaxy, path: str | PathLike[str]) -> None:
    """Check that masses, positions, velocities and temperatures of a galaxy are possible.

    Raises
    ------
    InputError
        If one is beyond the bounds of this module, which no galaxy nor cluster comes near to.
    """
    for problem in _problems(galaxy):
        raise InputError(f"{path}: {problem}: repair the file, or the units that it states.")


def _problems(galaxy: Galaxy) -> Iterator[str]:
    if not REDSHIFT[0] <= galaxy.redshift <= REDSHIFT[1]:
        yield f"the redshift is {galaxy.redshift:g}, expected 0 to {REDSHIFT[1]:g}"
    low, high = STELLAR_MASS_MSUN
    mass = galaxy.stellar_mass_msun
    if not low <= mass <= high:
        yield f"the stars weigh {mass:.3g} Msun, expected {low:g} to {high:g}"
    stars = galaxy.stars.position_kpc
    median = float(np.median(np.linalg.norm(stars - np.median(stars, axis=0), axis=1)))
    if len(stars) > MIN_STARS and median < MEDIAN_RADIUS_KPC:
        yield f"half of the stars lie within {median:.3g} kpc, expected at least {MEDIAN_RADIUS_KPC:g}"
    moving = galaxy.stars.velocity_kms
    median = float(np.median(np.linalg.norm(moving - np.median(moving, axis=0), axis=1)))
    if len(stars) > MIN_STARS and median < MEDIAN_SPEED_KMS:
        yield f"half of the stars move with less than {median:.3g} km/s, expected at least {MEDIAN_SPEED_KMS:g}"
    total = float(galaxy.enclosed_mass(np.inf))
    if not total <= TOTAL_MASS_MSUN:
        yield f"the galaxy weighs {total:.3g} Msun, expected at most {TOTAL_MASS_MSUN:g}"
    for name in ("stars", "gas", "dark"):
        part = getattr(galaxy, name)
        if isinstance(part, Particles) and len(part):
            yield from _particle_problems(name, part, galaxy.stars)


def _particle_problems(name: str, part: Particles, stars: Particles) -> Iterator[str]:
    # about the medians of the stars: a snapshot may count positions from anywhere, and move as a whole
    radius = float(np.abs(part.position_kpc - np.median(stars.position_kpc, axis=0)).max())
    speed = float(np.abs(part.velocity_kms - np.median(stars.velocity_kms, axis=0)).max())
    if (far := float(np.abs(part.position_kpc).max())) > BOX_KPC:
        yield f"the {name} lie at {far:.3g} kpc, expected within {BOX_KPC:g}"
    if radius > RADIUS_KPC:
        yield f"the {name} reach {radius:.3g} kpc, expected at most {RADIUS_KPC:g}"
    if speed > SPEED_KMS:
        yield f"the {name} move with {speed:.3g} km/s, expected at most {SPEED_KMS:g}"
    if isinstance(part, Gas):
        if part.temperature_K.max() > TEMPERATURE_K:
            yield f"the gas has {part.temperature_K.max():.3g} K, expected at most {TEMPERATURE_K:g}"
        if part.hsm_kpc.max() > KERNEL_KPC:
            yield f"kernels of the gas are {part.hsm_kpc.max():.3g} kpc wide, expected at most {KERNEL_KPC:g}"


def warn_of_short_profile(galaxy: Galaxy) -> None:
    """Warn with `stargas.errors.AssumptionWarning` where true masses rest on an extrapolated table of dark matter."""
    if not isinstance(galaxy.dark, MassProfile):
        return
    (low, high), (first, last) = PROFILE_R_HALF, galaxy.dark.r_kpc[[0, -1]]
    r_half = float(np.median(galaxy.stars.radius_kpc))
    if not first <= low * r_half or not high * r_half <= last:
        warnings.warn(
            f"galaxy {galaxy.id}: its dark matter is tabulated from {first:.3g} to {last:.3g} kpc, so that true masses "
            f"elsewhere, of those at {low * r_half:.3g} to {high * r_half:.3g} kpc that belong to 0.25 to 4 R_hl, are "
            "extrapolated: as a power law inside, as no more dark matter outside.",
            AssumptionWarning,
            stacklevel=2,
        )
