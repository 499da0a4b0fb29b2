"""What an observed galaxy may be within the errors of what was measured: draws of its stars, its HI, its distance."""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.galaxy import ObservedGalaxy
from stargas.observed.hi import ObservedHI, observe_hi
from stargas.observed.stars import ObservedStars
from stargas.observed.velocities import fit_velocities
from stargas.randomness import rng_for
from stargas.sky.beam import Beam

Input = Literal["distance", "R_hl", "velocities", "HI noise", "position angle"]
INPUTS: tuple[Input, ...] = ("distance", "R_hl", "velocities", "HI noise", "position angle")
"""What draws vary."""


def uncertain_inputs(galaxy: ObservedGalaxy) -> tuple[Input, ...]:
    """Return the inputs of a galaxy that have an error."""
    has = {
        "distance": galaxy.distance_kpc is not None and galaxy.distance_error_kpc > 0,
        "R_hl": galaxy.R_hl_error_kpc > 0,
        "velocities": galaxy.stars is not None and bool(galaxy.stars.v_los_error_kms.any()),
        "HI noise": galaxy.hi is not None and galaxy.hi.noise_msun_pc2 > 0,
        "position angle": galaxy.position_angle_deg is not None and galaxy.position_angle_error_deg > 0,
    }
    return tuple(name for name in INPUTS if has[name])


def draw_galaxies(galaxy: ObservedGalaxy, n: int, seed: int, vary: tuple[Input, ...] = INPUTS) -> list[ObservedGalaxy]:
    """Draw realizations of an observed galaxy.

    Parameters
    ----------
    galaxy
        As measured.
    n
        Number of realizations.
    seed
        Root seed: an input has the same values in every call, whatever varies beside it.
    vary
        Which of `INPUTS`. Distance and R_hl are Gaussian in their logarithm, and the same for both tracers; velocities
        as in `draw_stars`, noise of the HI as in `draw_hi`. The position angle is Gaussian and turns all data.
    """
    drawn = _draw_unturned(galaxy, n, seed, vary)
    if "position angle" not in vary:
        return drawn
    turns = galaxy.position_angle_error_deg * rng_for(seed, "observed position angle").standard_normal(n)
    return [one.turned(float(by_deg)) for one, by_deg in zip(drawn, turns, strict=True)]


def _draw_unturned(galaxy: ObservedGalaxy, n: int, seed: int, vary: tuple[Input, ...]) -> list[ObservedGalaxy]:
    if galaxy.stars is not None:
        stars = draw_stars(galaxy.stars, n, rng_for(seed, "observed stars"), vary)
        drawn = [
            replace(galaxy, stars=one, photometry=one.photometry, R_hl_kpc=one.R_hl_kpc, distance_kpc=one.distance_kpc)
            for one in stars
        ]
    else:
        drawn = _draw_without_stars(galaxy, n, seed, vary)
    if galaxy.hi is None:
        return drawn
    hi = [galaxy.hi] * n
    if "HI noise" in vary:
        hi = draw_hi(galaxy.hi, n, rng_for(seed, "observed HI"), np.full(n, galaxy.hi.distance_kpc))
    return [
        replace(one, hi=own if one.distance_kpc is None else own.at_distance(one.distance_kpc))
        for one, own in zip(drawn, hi, strict=True)
    ]


def _draw_without_stars(galaxy: ObservedGalaxy, n: int, seed: int, vary: tuple[Input, ...]) -> list[ObservedGalaxy]:
    """Draw distance and R_hl of a galaxy that is observed in HI alone."""
    normal = rng_for(seed, "observed stars").standard_normal((n, 2))
    stretch, R_hl = np.ones(n), np.full(n, galaxy.R_hl_kpc)
    distance = galaxy.distance_kpc
    if "distance" in vary and distance is not None:
        stretch = np.exp(normal[:, 0] * galaxy.distance_error_kpc / distance)
    if "R_hl" in vary:
        R_hl = R_hl * np.exp(normal[:, 1] * galaxy.R_hl_error_kpc / galaxy.R_hl_kpc)
    return [
        replace(
            galaxy,
            distance_kpc=None if distance is None else distance * float(s),
            R_hl_kpc=float(R * s),
            photometry=None if galaxy.photometry is None else galaxy.photometry.stretched(float(s)),
        )
        for s, R in zip(stretch, R_hl, strict=True)
    ]


def draw_stars(
    observed: ObservedStars, n: int, rng: np.random.Generator, vary: tuple[Input, ...] = INPUTS
) -> list[ObservedStars]:
    """Draw what the galaxy may be within the errors of what was measured.

    Parameters
    ----------
    observed
        The galaxy as measured.
    n
        Number of draws.
    rng
        Where from.
    vary
        Which of `INPUTS`: ``distance`` and ``R_hl``, each Gaussian in its logarithm, as a distance modulus has it
        (positions and R_hl follow the distance); ``velocities``, see Notes. The others do not change the stars here.

    Returns
    -------
    list of ObservedStars
        With no errors of measurement left where ``velocities`` vary: their dispersion is then that of the drawn
        velocities. An input that is known without error does not vary.

    Raises
    ------
    InputError
        If a name of ``vary`` is not known or ``n`` is negative.

    Notes
    -----
    To add noise to velocities that have it already would widen them. The drawn velocities are instead those that the
    stars may really have: dispersion (Gaussian in its logarithm) and mean from the fit, then each star's velocity from
    its Gaussian posterior, of mean (σ² v + e² mean)/(σ² + e²) and variance σ² e²/(σ² + e²). So their dispersion is
    the intrinsic one, and velocities without an error stay as they are. Where the fit gave the zero of velocities, it
    is set again. Perspective is that of the measured distance.
    """
    unknown = [name for name in vary if name not in INPUTS]
    if unknown:
        raise InputError(f"there is no input {unknown[0]!r} to vary: use {', '.join(INPUTS)}.")
    if n < 0:
        raise InputError(f"the number of draws must be zero or positive, got {n}.")
    draws = []
    for _ in range(n):
        # every draw takes the same numbers from the generator, whatever varies
        for_distance, for_R_hl, for_sigma, for_mean = rng.standard_normal(4)
        for_stars = rng.standard_normal(len(observed))
        stretch, R_hl = 1.0, observed.R_hl_kpc
        if "distance" in vary and observed.distance_kpc is not None:
            stretch = float(np.exp(for_distance * observed.distance_error_kpc / observed.distance_kpc))
        if "R_hl" in vary:
            R_hl *= float(np.exp(for_R_hl * observed.R_hl_error_kpc / observed.R_hl_kpc))
        drawn = replace(
            observed,
            x_kpc=observed.x_kpc * stretch,
            y_kpc=observed.y_kpc * stretch,
            distance_kpc=None if observed.distance_kpc is None else observed.distance_kpc * stretch,
            R_hl_kpc=R_hl * stretch,
            photometry=None if observed.photometry is None else observed.photometry.stretched(stretch),
        )
        if "velocities" in vary and observed.v_los_error_kms.any():
            drawn = _with_true_velocities(drawn, for_sigma, for_mean, for_stars)
        draws.append(drawn)
    return draws


def _with_true_velocities(
    observed: ObservedStars, for_sigma: float, for_mean: float, for_stars: FloatArray
) -> ObservedStars:
    """Replace measured velocities by what they may be without their errors."""
    v, e2, p = observed.v_los_kms, observed.v_los_error_kms**2, observed.p_member * observed.star_weight
    sigma2 = (observed.sigma_kms * np.exp(for_sigma * observed.sigma_error_kms / observed.sigma_kms)) ** 2
    inverse = p / (sigma2 + e2)
    mean = inverse @ v / inverse.sum() + for_mean / np.sqrt(inverse.sum())
    true = (sigma2 * v + e2 * mean) / (sigma2 + e2) + for_stars * np.sqrt(sigma2 * e2 / (sigma2 + e2))
    fit = fit_velocities(true, None, p)
    shift = fit.mean_kms if observed.systemic_from == "fitted" else 0.0
    return replace(
        observed,
        v_los_kms=true - shift,
        v_los_error_kms=np.zeros_like(true),
        systemic_kms=observed.systemic_kms + shift,
        sigma_kms=fit.sigma_kms,
        sigma_error_kms=fit.sigma_error_kms,
    )


def draw_hi(
    observed: ObservedHI,
    n: int,
    rng: np.random.Generator,
    distance_kpc: ArrayLike | None = None,
) -> list[ObservedHI]:
    """Draw what else the observer might have measured.

    Parameters
    ----------
    observed
        What was measured.
    n
        Number of draws.
    rng
        Draws noise and distances.
    distance_kpc
        Distances [kpc] of the draws, shape (n,), where they are drawn elsewhere, as together with those of the stars.
        If None, from a Gaussian of the error of the distance, cut at a tenth of the distance.

    Returns
    -------
    list of ObservedHI
        To the source of a cube, a new field of noise is added, independent from channel to channel and correlated over
        the beam; the source stays. All draws share the cube. A center and a systemic velocity that were not given are
        found anew. Moment maps of others have no noise that is known: only the distance is drawn.

    Notes
    -----
    The data hold one field of noise already, so a draw scatters about the measured maps, not about the true ones.
    """
    if distance_kpc is None:
        errors = rng.standard_normal(n) * observed.distance_error_kpc
        distances = np.maximum(observed.distance_kpc + errors, 0.1 * observed.distance_kpc)
    else:
        distances = np.asarray(distance_kpc, dtype=np.float64)
        if distances.shape != (n,):
            raise InputError(f"{n} draws need as many distances, got an array of shape {distances.shape}.")
    return [_with_noise(observed, rng).at_distance(float(distance)) for distance in distances]


def _with_noise(observed: ObservedHI, rng: np.random.Generator) -> ObservedHI:
    cube, source = observed.cube, observed.source
    if cube is None or source is None or source.noise == 0:
        return observed
    rows = np.flatnonzero(source.mask.any(axis=(0, 2)))
    columns = np.flatnonzero(source.mask.any(axis=(0, 1)))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    side, beam = int(max(height, width)), Beam(cube.beam_pixels)

    def noise(_: int) -> FloatArray:
        field = np.zeros(cube.grid.shape)
        field[box] = source.noise * beam.noise((1, side, side), rng)[0, :height, :width]
        return field

    return observe_hi(
        cube,
        observed.distance_kpc,
        center=observed.center_deg if observed.center_given else None,
        systemic_kms=observed.systemic_kms if observed.systemic_given else None,
        distance_error_kpc=observed.distance_error_kpc,
        mask=source,
        added_noise=noise,
    )
