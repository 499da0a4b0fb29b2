"""Kinematic numbers of a galaxy in its own frame: κ_co, anisotropy and the virial ratio of its stars."""

import warnings

import numpy as np

from stargas.constants import G
from stargas.errors import VirialWarning
from stargas.galaxy import Galaxy

KAPPA_RADIUS_KPC = 30.0
"""Stars beyond this do not count in κ_co (Correa et al. 2017)."""

MIN_SHELL_STARS = 20
"""Stars of a shell below which its anisotropy is not known: it scatters by 0.3 with as many."""

VIRIAL_RANGE = (0.4, 2.5)
"""Virial ratios of the stars that pass without a warning: an equilibrium has 1, cuts and flattening shift it."""


def kappa_co(galaxy: Galaxy) -> float:
    """Share of the stars' kinetic energy in ordered corotation.

    Parameters
    ----------
    galaxy
        In its own frame (z along the stellar angular momentum).

    Returns
    -------
    float
        κ_co of Correa et al. (2017), Eq. 1 of Expósito-Márquez et al. (2026), between 0 and 1; 1/6 for an
        isotropic system without rotation. The kinetic energy is that of the stars within 30 kpc, as the sum is.

    Examples
    --------
    >>> import stargas as sg
    >>> galaxy = sg.mock_suite("smooth", n_galaxies=3, seed=1)[0]
    >>> 0 < kappa_co(galaxy) < 1
    True
    """
    inside = galaxy.stars.radius_kpc < KAPPA_RADIUS_KPC
    x, y, _ = galaxy.stars.position_kpc[inside].T
    v = galaxy.stars.velocity_kms[inside]
    mass = galaxy.stars.mass_msun[inside]
    radius = np.hypot(x, y)
    v_phi = (x * v[:, 1] - y * v[:, 0]) / np.maximum(radius, 1e-12)
    total = np.sum(mass * np.einsum("ij,ij->i", v, v))
    return float(np.sum((mass * v_phi**2)[v_phi > 0]) / total) if total > 0 else 0.0


def anisotropy(galaxy: Galaxy, inner_kpc: float, outer_kpc: float) -> float:
    """Symmetrized velocity anisotropy of the stars in a spherical shell.

    Parameters
    ----------
    galaxy
        In its own frame.
    inner_kpc, outer_kpc
        Radii of the shell [kpc].

    Returns
    -------
    float
        ``(σ_r² - σ_t²)/(σ_r² + σ_t²)``, weighted by mass, with σ_r² the mean square of the radial velocity and σ_t²
        half of that of the tangential velocity, streaming included. It is β/(2 - β) of the usual anisotropy β (Read et
        al. 2006): 1 for radial orbits, 0 for isotropic and -1 for circular ones. NaN with fewer than `MIN_SHELL_STARS`
        stars in the shell.

    Examples
    --------
    >>> import stargas as sg
    >>> galaxy = sg.mock_suite("smooth", n_galaxies=3, seed=1)[0]
    >>> -1 < anisotropy(galaxy, 0.5, 5.0) < 1
    True
    """
    r = galaxy.stars.radius_kpc
    shell = (r > inner_kpc) & (r < outer_kpc)
    if np.count_nonzero(shell) < MIN_SHELL_STARS:
        return float("nan")
    velocity, mass = galaxy.stars.velocity_kms[shell], galaxy.stars.mass_msun[shell]
    radial = np.einsum("ij,ij->i", galaxy.stars.position_kpc[shell], velocity) / r[shell]
    along = np.sum(mass * radial**2)
    across = (np.sum(mass * np.einsum("ij,ij->i", velocity, velocity)) - along) / 2
    return float((along - across) / (along + across)) if along + across > 0 else float("nan")


def virial_ratio(galaxy: Galaxy) -> float:
    """Twice the kinetic energy of the stars over the virial of the gravity on them.

    Returns
    -------
    float
        ``2K/|W|`` with W = -Σ m G M(<r)/r from the total enclosed mass, taken as spherical; 1 in equilibrium.

    Examples
    --------
    >>> import stargas as sg
    >>> galaxy = sg.mock_suite("smooth", n_galaxies=3, seed=1)[0]
    >>> 0.9 < virial_ratio(galaxy) < 1.1
    True
    """
    stars = galaxy.stars
    r = np.maximum(stars.radius_kpc, 1e-9)
    kinetic = np.sum(stars.mass_msun * np.einsum("ij,ij->i", stars.velocity_kms, stars.velocity_kms))
    virial = np.sum(stars.mass_msun * G * galaxy.enclosed_mass(r) / r)
    return float(kinetic / virial)


def warn_if_not_virial(galaxy: Galaxy) -> None:
    """Warn with `stargas.errors.VirialWarning` where the motions of the stars contradict the masses."""
    ratio = virial_ratio(galaxy)
    low, high = VIRIAL_RANGE
    if not low <= ratio <= high:
        warnings.warn(
            f"galaxy {galaxy.id}: the stars' virial ratio 2K/|W| is {ratio:.3g}, expected about 1 "
            f"({low}-{high}): check units, missing dark matter or thinned particles.",
            VirialWarning,
            stacklevel=2,
        )
