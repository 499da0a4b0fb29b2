"""Orbits in a triaxial potential: phase mixing, the mass that they make up, and following them to today.

Orbits are integrated with a leapfrog (drift, kick, drift) whose step is a fixed fraction of the time of a circular
orbit where the star is at the kick. The second drift takes what the first leaves of the step, so that the scheme is
nearly reversible and energies do not drift (the adaptive Verlet method of Huang & Leimkuhler 1997).

While orbits mix, the mass along them is summed up into multipoles. Stars whose orbits were drawn in an approximate
potential settle into the shape that the true one allows, and the potential of that shape follows from the sums: after
three rounds the density of the stars is the one whose potential moved them (the scheme of Schwarzschild's method with
all weights equal, or of a self-consistent field code in which noise is averaged over time).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stargas.compiled import compiled
from stargas.galaxy import FloatArray
from stargas.simulations.mock_suites.broad.triaxial import (
    N_TERMS,
    WEIGHTS,
    Mass,
    TriaxialPotential,
    pull,
)
from stargas.simulations.mock_suites.potential import MULTIPOLES, N_RADII

STEPS_PER_PERIOD = 48
"""Time steps per period of a circular orbit."""

MIXING_STEPS, SAMPLED_STEPS = 100, 100
"""Steps of a round before and while its mass is summed up; the stars are taken from the last of these."""

ROUNDS = 3
"""Rounds of mixing, each in the potential of the mass of the one before."""

REACH = 40.0
"""No orbit reaches beyond this multiple of the scale of the potential."""

RESOLVED_SHARE = 0.015
"""Share of the mass inside the radius below which the guessed profile stays, since too few orbits come there."""

_STRIDE = 3
_BLOCK = 64
_N_ROUND = len(MULTIPOLES)


@dataclass(frozen=True, eq=False)
class MixedOrbits:
    """Stars in equilibrium.

    Parameters
    ----------
    points
        Positions [kpc] and velocities [km/s] on each orbit at random times, shape (n_times, n_orbits, 6).
    potential
        The potential that they moved in.
    mass
        Mass along the orbits, which agrees with the one that made the potential.
    """

    points: FloatArray
    potential: TriaxialPotential
    mass: Mass


def mix(
    start: FloatArray,
    masses_msun: FloatArray,
    rest: Mass,
    scale_kpc: float,
    guess: Mass,
    n_times: int,
    rng: np.random.Generator,
) -> MixedOrbits:
    """Let orbits mix in the potential of their own mass and of the rest.

    Parameters
    ----------
    start
        Positions [kpc] and velocities [km/s], shape (n, 6).
    masses_msun
        Mass [Msun] that each orbit stands for, shape (n,).
    rest
        Mass of everything else.
    scale_kpc
        Scale of the radial nodes.
    guess
        Mass of the stars, as assumed at the start.
    n_times
        Points to take from each orbit.
    rng
        Draws steps and times.
    """
    mass = guess
    points = np.empty((n_times, len(start), 6))
    potential = TriaxialPotential.of(rest + mass, scale_kpc)
    orbits = start.T.copy()
    for last in range(ROUNDS - 1, -1, -1):
        sums = np.zeros((N_RADII, N_TERMS))
        orbits = _bound(orbits.T, potential).T.copy()
        _mix(
            potential.table,
            scale_kpc,
            _longest_step(potential),
            orbits,
            masses_msun,
            sums,
            rng.random(len(start)),
            points,
        )
        mass = _resolved(sums, guess)
        if last:
            potential = TriaxialPotential.of(rest + mass, scale_kpc)
    return MixedOrbits(points, potential, mass)


def _bound(stars: FloatArray, potential: TriaxialPotential) -> FloatArray:
    """Bring in stars from beyond half of `REACH`, and slow down those that would get beyond it."""
    edge = REACH * potential.scale_kpc
    r = np.sqrt(np.einsum("ij,ij->i", stars[:, :3], stars[:, :3]))
    nearer = np.minimum(0.5 * edge / np.maximum(r, 1e-12), 1.0)
    depth = potential.spherical_part(edge) - potential.spherical_part(r * nearer)
    speed2 = np.einsum("ij,ij->i", stars[:, 3:], stars[:, 3:])
    slower = np.sqrt(np.minimum(2 * depth / np.maximum(speed2, 1e-12), 1.0))
    result: FloatArray = stars * np.repeat([nearer, slower], 3, axis=0).T
    return result


def _longest_step(potential: TriaxialPotential) -> float:
    edge = REACH * potential.scale_kpc
    return 2 * np.pi / STEPS_PER_PERIOD * edge / float(potential.v_c_kms(edge))


def _resolved(sums: FloatArray, guess: Mass) -> Mass:
    """Mass of summed-up orbits; round and with the guessed profile inside the radius that few orbits reach."""
    enclosed = np.concatenate([[0.0], np.cumsum(sums[:-1, 0])])
    shells = sums[:-1].T.copy()
    first = max(int(np.searchsorted(enclosed, RESOLVED_SHARE * enclosed[-1])), 1)
    enclosed[:first] = guess.enclosed_msun[:first] * enclosed[first] / max(guess.enclosed_msun[first], 1e-300)
    shells[1:, :first] = 0.0
    return Mass(enclosed, shells)


@compiled(fastmath=True, error_model="numpy", inline="always")
def _whole_step(longest: float, r2: float, a2: float) -> float:
    """Length of a step at r² where the square of the acceleration is ``a2``."""
    fraction = 2 * np.pi / STEPS_PER_PERIOD
    result: float = min(fraction * np.sqrt(np.sqrt((r2 + 1e-24) / (a2 + 1e-24))), longest)
    return result


@compiled(fastmath=True, error_model="numpy", inline="always")
def _step(table: FloatArray, scale: float, longest: float, s: FloatArray, i: int, half: float) -> tuple[float, float]:
    """One step of star i, in place: the time of its second drift, with which the next one begins, and of the whole."""
    x = s[0, i] + half * s[3, i]
    y = s[1, i] + half * s[4, i]
    z = s[2, i] + half * s[5, i]
    a_x, a_y, a_z = pull(table, scale, x, y, z)
    whole = _whole_step(longest, x * x + y * y + z * z, a_x * a_x + a_y * a_y + a_z * a_z)
    rest = min(max(whole - half, 0.2 * whole), 0.8 * whole)
    s[3, i] += (half + rest) * a_x
    s[4, i] += (half + rest) * a_y
    s[5, i] += (half + rest) * a_z
    s[0, i] = x + rest * s[3, i]
    s[1, i] = y + rest * s[4, i]
    s[2, i] = z + rest * s[5, i]
    return rest, half + rest


@compiled(fastmath=True, error_model="numpy", inline="always")
def _first_half(table: FloatArray, scale: float, longest: float, x: float, y: float, z: float) -> float:
    """Time of the first drift of an orbit that starts at a point."""
    a_x, a_y, a_z = pull(table, scale, x, y, z)
    result: float = 0.5 * _whole_step(longest, x * x + y * y + z * z, a_x * a_x + a_y * a_y + a_z * a_z)
    return result


@compiled(fastmath=True, error_model="numpy")
def _mix(
    table: FloatArray,
    scale: float,
    longest: float,
    orbits: FloatArray,
    masses: FloatArray,
    sums: FloatArray,
    phase: FloatArray,
    points: FloatArray,
) -> None:
    """Integrate all orbits in blocks, in place; adds up multipoles and writes ``points``, evenly in time."""
    n = orbits.shape[1]
    powers = np.empty(WEIGHTS.shape[1])
    half = np.empty(_BLOCK)
    track = np.empty((_BLOCK, SAMPLED_STEPS, 7))
    for first in range(0, n, _BLOCK):
        last = min(first + _BLOCK, n)
        for i in range(first, last):
            half[i - first] = _first_half(table, scale, longest, orbits[0, i], orbits[1, i], orbits[2, i])
        for _ in range(MIXING_STEPS):
            for i in range(first, last):
                half[i - first], _time = _step(table, scale, longest, orbits, i, half[i - first])
        for step in range(SAMPLED_STEPS):
            for i in range(first, last):
                k = i - first
                half[k], track[k, step, 6] = _step(table, scale, longest, orbits, i, half[k])
                for c in range(6):
                    track[k, step, c] = orbits[c, i]
        for i in range(first, last):
            _take(track[i - first], phase[i], points, i)
            unit = masses[i] / np.sum(track[i - first, ::_STRIDE, 6])
            for step in range(0, SAMPLED_STEPS, _STRIDE):
                x, y, z = track[i - first, step, 0], track[i - first, step, 1], track[i - first, step, 2]
                _add(sums, scale, unit * track[i - first, step, 6], x, y, z, powers)


@compiled(fastmath=True, error_model="numpy")
def _take(track: FloatArray, phase: float, points: FloatArray, i: int) -> None:
    """Take points from the track of star i, the same time apart, the first after ``phase`` of that time."""
    n_times = len(points)
    interval = np.sum(track[:, 6]) / n_times
    passed, taken = 0.0, 0
    for step in range(len(track)):
        passed += track[step, 6]
        while taken < n_times and (taken + phase) * interval <= passed:
            for c in range(6):
                points[taken, i, c] = track[step, c]
            taken += 1
    for late in range(taken, n_times):
        for c in range(6):
            points[late, i, c] = track[-1, c]


@compiled(fastmath=True, error_model="numpy", inline="always")
def _add(sums: FloatArray, scale: float, mass: float, x: float, y: float, z: float, powers: FloatArray) -> None:
    """Add a point mass to the multipoles of its shell."""
    r2 = x * x + y * y + z * z + 1e-24
    r = np.sqrt(r2)
    row = min(int(r / (r + scale) * N_RADII), N_RADII - 1)
    powers[0] = mass
    mu2 = z * z / r2
    for k in range(1, len(powers)):
        powers[k] = powers[k - 1] * mu2
    oval = (x * x - y * y) / r2
    for t in range(N_TERMS):
        term = 0.0
        for k in range(len(powers)):
            term += WEIGHTS[t, k] * powers[k]
        sums[row, t] += term if t < _N_ROUND else term * oval


def follow(
    stars: FloatArray,
    potential: TriaxialPotential,
    time_kpc_kms: float,
    extra: FloatArray,
    strength: Callable[[FloatArray], FloatArray],
) -> None:
    """Follow stars to today while the mass in the center changes, in place.

    Parameters
    ----------
    stars
        Positions [kpc] and velocities [km/s] at the start, shape (n, 6); those of today on return.
    potential
        The mean potential.
    time_kpc_kms
        How long ago it starts [kpc/(km/s)].
    extra
        Inward acceleration [km²/s²/kpc] of the changing mass of strength 1 at the radial nodes, shape (nodes,).
    strength
        Strength at times [kpc/(km/s)] before today, which are negative.
    """
    history = np.asarray(strength(np.linspace(-time_kpc_kms, 0, 1025)), dtype=np.float64)
    _follow(potential.table, potential.scale_kpc, _longest_step(potential), extra, history, time_kpc_kms, stars)


@compiled(fastmath=True, error_model="numpy")
def _follow(
    table: FloatArray,
    scale: float,
    longest: float,
    extra: FloatArray,
    history: FloatArray,
    end: float,
    stars: FloatArray,
) -> None:
    for i in range(len(stars)):
        x, y, z = stars[i, 0], stars[i, 1], stars[i, 2]
        v_x, v_y, v_z = stars[i, 3], stars[i, 4], stars[i, 5]
        half = _first_half(table, scale, longest, x, y, z)
        time = 0.0
        while time < end:
            half = min(half, end - time)
            x += half * v_x
            y += half * v_y
            z += half * v_z
            time += half
            a_x, a_y, a_z = pull(table, scale, x, y, z)
            r2 = x * x + y * y + z * z + 1e-24
            r = np.sqrt(r2)
            u = r / (r + scale) * N_RADII
            k = min(int(u), N_RADII - 2)
            f = min(u - k, 1.0)
            now = history[min(int(time / end * (len(history) - 1)), len(history) - 1)]
            more = now * ((1 - f) * extra[k] + f * extra[k + 1]) / r
            a_x, a_y, a_z = a_x - more * x, a_y - more * y, a_z - more * z
            whole = _whole_step(longest, r2, a_x * a_x + a_y * a_y + a_z * a_z)
            # the last step ends today
            rest = min(max(whole - half, 0.2 * whole), 0.8 * whole, end - time)
            v_x += (half + rest) * a_x
            v_y += (half + rest) * a_y
            v_z += (half + rest) * a_z
            x += rest * v_x
            y += rest * v_y
            z += rest * v_z
            time += rest
            half = rest
        stars[i, 0], stars[i, 1], stars[i, 2] = x, y, z
        stars[i, 3], stars[i, 4], stars[i, 5] = v_x, v_y, v_z
