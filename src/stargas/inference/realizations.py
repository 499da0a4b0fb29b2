"""What an observed galaxy may be within the errors of its inputs: stars and HI drawn together."""

from dataclasses import replace
from typing import Literal, cast

import numpy as np

from stargas.observed import star_draws
from stargas.observed.galaxy import ObservedGalaxy
from stargas.observed.hi import ObservedHI, draw_hi
from stargas.randomness import rng_for

Input = Literal["distance", "R_hl", "velocities", "HI noise"]
INPUTS: tuple[Input, ...] = ("distance", "R_hl", "velocities", "HI noise")
"""What realizations vary."""


def uncertain_inputs(galaxy: ObservedGalaxy) -> tuple[Input, ...]:
    """Tell which inputs of a galaxy have an error."""
    has = {
        "distance": galaxy.distance_kpc is not None and galaxy.distance_error_kpc > 0,
        "R_hl": galaxy.R_hl_error_kpc > 0,
        "velocities": galaxy.stars is not None and bool(galaxy.stars.v_los_error_kms.any()),
        "HI noise": galaxy.hi is not None and galaxy.hi.noise_msun_pc2 > 0,
    }
    return tuple(name for name in INPUTS if has[name])


def draw_galaxies(galaxy: ObservedGalaxy, n: int, seed: int, vary: tuple[Input, ...] = INPUTS) -> list[ObservedGalaxy]:
    """Draw realizations.

    Parameters
    ----------
    galaxy
        As measured.
    n
        Number of realizations.
    seed
        Root seed: an input has the same values in every call, whatever varies beside it.
    vary
        Which of `INPUTS`. Distance and R_hl are Gaussian in their logarithm, and one for both tracers; velocities as
        in `stargas.observed.star_draws.draw_inputs`, noise of the HI as in `stargas.observed.hi.draw_hi`.
    """
    if galaxy.stars is not None:
        of_stars = cast("tuple[star_draws.Input, ...]", tuple(name for name in vary if name != "HI noise"))
        stars = star_draws.draw_inputs(galaxy.stars, n, rng_for(seed, "observed stars"), of_stars)
        drawn = [replace(galaxy, stars=one, R_hl_kpc=one.R_hl_kpc, distance_kpc=one.distance_kpc) for one in stars]
    else:
        drawn = _without_stars(galaxy, n, seed, vary)
    if galaxy.hi is None:
        return drawn
    seen: list[ObservedHI] = [galaxy.hi] * n
    if "HI noise" in vary:
        seen = draw_hi(galaxy.hi, n, rng_for(seed, "observed HI"), np.full(n, galaxy.hi.distance_kpc))
    return [
        replace(one, hi=hi if one.distance_kpc is None else hi.at_distance(one.distance_kpc))
        for one, hi in zip(drawn, seen, strict=True)
    ]


def _without_stars(galaxy: ObservedGalaxy, n: int, seed: int, vary: tuple[Input, ...]) -> list[ObservedGalaxy]:
    """Draw distance and R_hl of a galaxy that is seen in HI alone."""
    normal = rng_for(seed, "observed stars").standard_normal((n, 2))
    stretch, R_hl = np.ones(n), np.full(n, galaxy.R_hl_kpc)
    distance = galaxy.distance_kpc
    if "distance" in vary and distance is not None:
        stretch = np.exp(normal[:, 0] * galaxy.distance_error_kpc / distance)
    if "R_hl" in vary:
        R_hl = R_hl * np.exp(normal[:, 1] * galaxy.R_hl_error_kpc / galaxy.R_hl_kpc)
    return [
        replace(galaxy, distance_kpc=None if distance is None else distance * float(s), R_hl_kpc=float(R * s))
        for s, R in zip(stretch, R_hl, strict=True)
    ]
