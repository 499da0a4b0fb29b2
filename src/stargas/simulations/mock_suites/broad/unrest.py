"""Departures from equilibrium: a breathing center, a recent encounter, tails of unbound stars, centers that differ.

Where the potential changes, stars are followed through the last cycles to today, and the mass of the galaxy is the one
that it has today.
"""

from dataclasses import dataclass

import numpy as np

from stargas.galaxy import FloatArray
from stargas.randomness import rng_for

BREATHING_SHARE = 0.35
"""Fraction of the galaxies whose central mass breathes as gas is blown out and falls back."""

BREATHING_STRENGTH = (0.0, 0.45)
"""Amplitude of the dark mass in the center; its square root is drawn evenly, so that most breathe gently."""

BREATHING_REACH = (0.7, 3.0)
"""Radius [R_e] at which the amplitude has fallen to half."""

BREATHING_PERIOD = (0.5, 2.0)
"""Period over the time of a circular orbit at R_e, drawn evenly in the logarithm."""

BREATHING_CYCLES = 1.5
"""Cycles that are followed."""

ENCOUNTER_SHARE = 0.12
"""Fraction of the galaxies that another one, or the pericenter of their orbit, has just shaken."""

ENCOUNTER_STRENGTH = (0.05, 0.5)
"""Change of velocity at R_e over the velocity dispersion, drawn evenly in the logarithm."""

ENCOUNTER_TIME = (0.05, 1.5)
"""Time since then over that of a circular orbit at R_e, drawn evenly in the logarithm."""

TAIL_SHARE = 0.2
"""Fraction of the galaxies with unbound stars."""

TAIL_STARS = (0.003, 0.06)
"""Share of the stars that are unbound, drawn evenly in the logarithm."""

OFFSET_SHARE = 0.25
"""Fraction of the galaxies whose stars are not at the center of their halo."""

OFFSET_KPC, OFFSET_KMS = 0.25, 0.25
"""Largest offset of the stars from the halo [R_e] and of their mean velocity [velocity dispersions]."""


@dataclass(frozen=True)
class Breathing:
    """A central mass that oscillates.

    Parameters
    ----------
    strength
        Amplitude over the dark mass in the center; 0 for none.
    reach
        Radius [R_e] at which it has fallen to half.
    period
        Period over the time of a circular orbit at R_e.
    phase
        Phase today [rad].
    """

    strength: float = 0.0
    reach: float = 1.0
    period: float = 1.0
    phase: float = 0.0

    def share(self, r_over_R_e: FloatArray) -> FloatArray:
        """Share of the dark mass inside r that oscillates with amplitude 1."""
        return 1 / (1 + (r_over_R_e / self.reach) ** 2)

    def at(self, cycles: FloatArray | float) -> FloatArray:
        """Strength at times in cycles before today, which are negative: quick outflows, slow return."""
        angle = self.phase + 2 * np.pi * np.asarray(cycles)
        return self.strength * np.sin(angle + 0.5 * np.sin(angle))


@dataclass(frozen=True)
class Encounter:
    """The impulse of an encounter: Δv grows in proportion to the distance (Binney & Tremaine 2008, §8.2).

    Parameters
    ----------
    strength
        |Δv| at R_e along the line to the perturber over the velocity dispersion; 0 for none.
    time
        Time since then over that of a circular orbit at R_e.
    """

    strength: float = 0.0
    time: float = 0.0

    def kick(self, stars: FloatArray, R_e_kpc: float, sigma_kms: float, rng: np.random.Generator) -> None:
        """Change velocities of stars of shape (n, 6), in place; the change saturates beyond 3 R_e."""
        axis = _direction(rng)
        position = stars[:, :3] / R_e_kpc
        along = position @ axis
        tide = 1.5 * along[:, None] * axis - 0.5 * position
        reach = np.sqrt(1 + np.einsum("ij,ij->i", position, position) / 9)
        stars[:, 3:] += self.strength * sigma_kms * tide / reach[:, None]


@dataclass(frozen=True)
class Tails:
    """Stars that tides have torn off, in two arms.

    Parameters
    ----------
    share
        Of the stars; 0 for none.
    start
        Distance [R_e] from which they are found.
    gradient
        Velocity along the tails at 10 R_e over the velocity dispersion.
    """

    share: float = 0.0
    start: float = 4.0
    gradient: float = 0.0

    def tear(self, stars: FloatArray, R_e_kpc: float, sigma_kms: float, rng: np.random.Generator) -> None:
        """Move a share of stars of shape (n, 6) to the tails, in place."""
        chosen = rng.permutation(len(stars))[: round(self.share * len(stars))]
        n = len(chosen)
        axis, across = _direction(rng), _direction(rng)
        across -= (across @ axis) * axis
        across /= np.linalg.norm(across)
        side = rng.choice([-1.0, 1.0], n)
        distance = self.start * 10 ** (0.6 * rng.random(n))
        bend = 0.15 * (distance - self.start) ** 2 / self.start
        width = 0.15 * distance
        offset = side[:, None] * (distance[:, None] * axis + bend[:, None] * across)
        stars[chosen, :3] = R_e_kpc * (offset + width[:, None] * rng.normal(size=(n, 3)))
        speed = self.gradient * sigma_kms * side * distance / 10
        stars[chosen, 3:] = speed[:, None] * axis + 0.5 * sigma_kms * rng.normal(size=(n, 3))


@dataclass(frozen=True)
class Unrest:
    """All departures of one galaxy from equilibrium.

    Parameters
    ----------
    breathing, encounter, tails
        See there; of strength 0 where the galaxy has none.
    offset
        Distance of the stars from the center of the halo [R_e].
    drift
        Their mean velocity over the velocity dispersion.
    """

    breathing: Breathing
    encounter: Encounter
    tails: Tails
    offset: float
    drift: float

    def displace(self, stars: FloatArray, R_e_kpc: float, sigma_kms: float, rng: np.random.Generator) -> None:
        """Move stars of shape (n, 6) off the center of the halo, in place."""
        stars[:, :3] += self.offset * R_e_kpc * _direction(rng)
        stars[:, 3:] += self.drift * sigma_kms * _direction(rng)


def draw_unrest(is_satellite: bool, without: frozenset[str], seed: int, index: int) -> Unrest:
    """Draw the departures from equilibrium of a galaxy."""
    rng = rng_for(seed, "broad unrest", index)
    breathes, shaken, torn, astray = rng.random(4) < (BREATHING_SHARE, ENCOUNTER_SHARE, TAIL_SHARE, OFFSET_SHARE)
    strength = rng.uniform(*np.sqrt(BREATHING_STRENGTH)) ** 2
    reach, phase = rng.uniform(*BREATHING_REACH), rng.uniform(0, 2 * np.pi)
    period, time, share = (
        float(10 ** rng.uniform(*np.log10(bounds))) for bounds in (BREATHING_PERIOD, ENCOUNTER_TIME, TAIL_STARS)
    )
    impulse = float(10 ** rng.uniform(*np.log10(ENCOUNTER_STRENGTH)))
    start, gradient = rng.uniform(3, 6), rng.uniform(-1.5, 3.0)
    offset, drift = OFFSET_KPC * rng.random(), OFFSET_KMS * rng.random()
    calm = Unrest(Breathing(), Encounter(), Tails(), 0.0, 0.0)
    return Unrest(
        Breathing(strength, reach, period, phase) if breathes and "breathing" not in without else calm.breathing,
        Encounter(impulse, time) if shaken and "encounters" not in without else calm.encounter,
        Tails(share if is_satellite else 0.5 * share, start, gradient)
        if torn and "tails" not in without
        else calm.tails,
        float(offset) if astray and "offsets" not in without else 0.0,
        float(drift) if astray and "offsets" not in without else 0.0,
    )


def displaced_mass(r_kpc: FloatArray, mass_msun: FloatArray, offset_kpc: float) -> FloatArray:
    """Mass [Msun] of a spherical halo in spheres about a point at a distance from its center.

    Parameters
    ----------
    r_kpc, mass_msun
        Radii [kpc] and the mass [Msun] inside them about the center of the halo, shape (m,).
    offset_kpc
        Distance of the point [kpc].

    Returns
    -------
    numpy.ndarray
        Mass [Msun] inside ``r_kpc`` about the point, shape (m,): each shell of the halo counts with the part of its
        surface that lies inside.
    """
    shell = np.diff(mass_msun, prepend=0.0)
    s = np.sqrt(np.concatenate([[0.5 * r_kpc[0]], r_kpc[:-1]]) * r_kpc)
    cosine = (s**2 + offset_kpc**2 - r_kpc[:, None] ** 2) / (2 * s * max(offset_kpc, 1e-9))
    return np.clip(0.5 * (1 - cosine), 0, 1) @ shell


def _direction(rng: np.random.Generator) -> FloatArray:
    vector = rng.normal(size=3)
    return vector / np.linalg.norm(vector)
