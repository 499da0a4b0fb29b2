"""Size, rotation and dispersion of a simulated galaxy's HI as nobody can observe them, for ablations."""

import numpy as np

from stargas.constants import BOLTZMANN, PROTON_MASS
from stargas.frame import rotation_to_spin
from stargas.galaxy import Galaxy, Particles
from stargas.sky.hi_scalars import ANNULUS, HIScalars, measure_hi_radius

N_RINGS = 10
"""Rings inside R_HI whose mean rotation does not count as dispersion."""


def intrinsic_hi(galaxy: Galaxy) -> HIScalars | None:
    """Measure R_HI, rotation velocity and dispersion of the HI from its particles.

    Returns
    -------
    HIScalars or None
        R_HI [kpc] of the disc seen along its own angular momentum; HI-weighted mean azimuthal velocity [km/s] at
        0.85-1.15 R_HI; HI-weighted one-dimensional dispersion [km/s] inside R_HI around the mean rotation in
        rings, with the thermal width. None where there is no R_HI.
    """
    if galaxy.gas is None or not galaxy.hi_mass_msun > 0:
        return None
    shining = galaxy.gas.hi_mass_msun > 0
    hi = Particles(galaxy.gas.hi_mass_msun[shining], galaxy.gas.position_kpc[shining], galaxy.gas.velocity_kms[shining])
    rotation = rotation_to_spin(hi)
    x, y, _ = rotation @ hi.position_kpc.T
    vx, vy, vz = rotation @ hi.velocity_kms.T
    R_HI = measure_hi_radius(x, y, hi.mass_msun)
    if R_HI is None:
        return None
    radius = np.maximum(np.hypot(x, y), 1e-9)
    v_R, v_phi = (x * vx + y * vy) / radius, (x * vy - y * vx) / radius
    near = (radius > ANNULUS[0] * R_HI) & (radius < ANNULUS[1] * R_HI)
    inside = radius < R_HI
    if not near.any() or not inside.any():
        return None
    v_cold = float(np.average(v_phi[near], weights=hi.mass_msun[near]))
    ring = np.minimum((radius[inside] / R_HI * N_RINGS).astype(int), N_RINGS - 1)
    mass = hi.mass_msun[inside]
    in_ring = np.bincount(ring, mass, N_RINGS)
    mean = np.bincount(ring, mass * v_phi[inside], N_RINGS) / np.maximum(in_ring, np.finfo(float).tiny)
    squares = v_R[inside] ** 2 + (v_phi[inside] - mean[ring]) ** 2 + vz[inside] ** 2
    thermal = BOLTZMANN * galaxy.gas.temperature_K[shining][inside] / PROTON_MASS * 1e-6
    return HIScalars(R_HI, v_cold, float(np.sqrt(np.average(squares / 3 + thermal, weights=mass))))
