"""Bringing particles into a galaxy's own frame: center, systemic velocity, spin axis."""

import dataclasses
from typing import TypeVar

import numpy as np

from stargas.errors import InputError
from stargas.galaxy import FloatArray, Galaxy, Gas, MassProfile, Particles

P = TypeVar("P", bound=Particles)

SPIN_RADIUS_KPC = 30.0
"""Stars within this give the spin axis."""


def find_center(stars: Particles, *, shrink: float = 0.9, min_stars: int = 50) -> FloatArray:
    """Center of the stars by the shrinking-sphere method.

    Parameters
    ----------
    stars
        In any frame.
    shrink
        Factor on the sphere's radius per step.
    min_stars
        The sphere stops shrinking before it holds fewer (a fifth of the stars, if those are less).

    Returns
    -------
    numpy.ndarray
        Position [kpc], shape (3,): the center of mass in the last sphere (Power et al. 2003).
    """
    position, mass = stars.position_kpc, stars.mass_msun
    center = np.average(position, axis=0, weights=mass)
    least = max(1, min(min_stars, len(stars) // 5))
    radius = np.sqrt(np.max(np.sum((position - center) ** 2, axis=1)))
    while True:
        inside = np.sum((position - center) ** 2, axis=1) < radius**2
        if np.count_nonzero(inside) < least:
            return center
        position, mass = position[inside], mass[inside]
        center = np.average(position, axis=0, weights=mass)
        radius *= shrink


def find_systemic_velocity(stars: Particles, center_kpc: FloatArray) -> FloatArray:
    """Mass-weighted mean velocity [km/s], shape (3,), of the half of the stars nearest to the center."""
    distance = np.linalg.norm(stars.position_kpc - center_kpc, axis=1)
    inner = distance <= np.median(distance)
    return np.average(stars.velocity_kms[inner], axis=0, weights=stars.mass_msun[inner])


def rotation_to_spin(stars: Particles) -> FloatArray:
    """Rotation that turns the stellar angular momentum within 30 kpc to +z.

    Parameters
    ----------
    stars
        Centered, at rest.

    Returns
    -------
    numpy.ndarray
        Matrix R, shape (3, 3), with ``v_new = R @ v_old``; the shortest such rotation. The identity where the
        stars have no angular momentum.
    """
    inside = stars.radius_kpc < SPIN_RADIUS_KPC
    x, y, z = stars.position_kpc[inside].T
    v_x, v_y, v_z = stars.velocity_kms[inside].T
    mass = stars.mass_msun[inside]
    # no matrix product: its rounding may depend on the number of threads
    momentum = np.array(
        [np.sum(mass * part) for part in (y * v_z - z * v_y, z * v_x - x * v_z, x * v_y - y * v_x)],
    )
    length = np.linalg.norm(momentum)
    if length == 0:
        return np.eye(3)
    spin = momentum / length
    if spin[2] < -1 + 1e-12:
        return np.diag([1.0, -1.0, -1.0])
    cross = np.array([[0, 0, -spin[0]], [0, 0, -spin[1]], [spin[0], spin[1], 0]])
    result: FloatArray = np.eye(3) + cross + cross @ cross / (1 + spin[2])
    return result


def to_own_frame(galaxy: Galaxy) -> Galaxy:
    """Move a galaxy's particles to its own frame.

    Returns
    -------
    Galaxy
        Centered by shrinking spheres on the stars, systemic velocity removed, z along the stellar angular momentum
        within 30 kpc. A tabulated dark profile stays as it is: it is centered by definition.

    Raises
    ------
    InputError
        If the galaxy has fewer than 2 stars.

    Examples
    --------
    >>> import stargas as sg
    >>> galaxy = sg.mock_suite("smooth", n_galaxies=3, seed=1)[0]
    >>> stars = galaxy.stars
    >>> moved = sg.Particles(stars.mass_msun, stars.position_kpc + 50, stars.velocity_kms - 200)
    >>> back = to_own_frame(sg.Galaxy("moved", moved))
    >>> bool(abs(np.median(back.stars.position_kpc)) < 0.1)
    True
    """
    if len(galaxy.stars) < 2:
        raise InputError(f"galaxy {galaxy.id} has {len(galaxy.stars)} star; a center needs at least 2.")
    center = find_center(galaxy.stars)
    velocity = find_systemic_velocity(galaxy.stars, center)

    def moved(particles: P, rotation: FloatArray) -> P:
        return dataclasses.replace(
            particles,
            position_kpc=(particles.position_kpc - center) @ rotation.T,
            velocity_kms=(particles.velocity_kms - velocity) @ rotation.T,
        )

    rotation = rotation_to_spin(moved(galaxy.stars, np.eye(3)))
    gas: Gas | None = None if galaxy.gas is None else moved(galaxy.gas, rotation)
    dark = galaxy.dark
    if dark is not None and not isinstance(dark, MassProfile):
        dark = moved(dark, rotation)
    return dataclasses.replace(galaxy, stars=moved(galaxy.stars, rotation), gas=gas, dark=dark)
