"""Spherical Jeans modeling of stars with velocities: the mass profile that the field's own method finds.

The likelihood is that of the projected radii and of the velocities of single stars,

    ∏ 2πR Σ(R)/N · Normal(v | v_sys, σ_los²(R) + error²),

where N is the number of stars inside the outermost one. Light, mass and anisotropy are free at the same time, so that
the uncertainty of the light goes into that of the mass:

- light and mass have densities of Zhao's (1996) form (`stargas.baselines.jeans_moments.log_density`); the mass is the
  total one, of any ratio of light to dark mass;
- the anisotropy is that of Read & Steger 2017 (MNRAS 471, 4541), `stargas.baselines.jeans_moments.anisotropy`;
- velocities are Gaussian at each radius, as in Walker et al. 2006 (AJ 131, 2114, Eq. 8).

Priors are uniform in a box, `PRIORS`, in units of the galaxy, and sampled by emcee (Foreman-Mackey et al. 2013) with
stretch moves and moves along differences of walkers. The assumptions that can be wrong: a round, stationary galaxy
without rotation, whose velocities are Gaussian.
"""

import math
import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stargas.baselines.jeans_moments import (
    LOG_PROJECTED,
    LOG_R,
    PROJECTION,
    IntArray,
    anisotropy,
    area_weights,
    cubic_weights,
    log_density,
    mass_profile,
    projected_moments,
)
from stargas.compiled import compiled
from stargas.constants import G
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.quantities import to_array, to_number

MIN_STARS = 30
"""Fewest stars of a fit."""

N_WALKERS = 64
"""Walkers of the ensemble."""

BLOCK, MAX_STEPS = 4000, 12_000
"""Steps between two checks of a chain, and steps after which it ends.

Masses have autocorrelation times of 400 to 500 steps in chains of 12,000. They are no criterion for shorter chains,
whose estimates of them grow with the length."""

MAX_DRIFT = 0.25
"""Greatest difference between the mean log M of the halves of a chain that has converged, in units of its scatter.

The two halves of one block in equilibrium differ by about 0.1."""

CHECKED_RADII = (0.6, 1.0, 1.7, 2.4)
"""Radii [R_hl] of the masses whose drift is measured."""

_N_DRAWN, _THINNING = 350, 5  # draws of the prior for each walker; steps of the chain for one that is kept

GROUP_WIDTH = 0.02
"""Width in ln R of a group of stars, over which σ_los changes by less than a percent."""

LN10 = math.log(10)


class Prior(NamedTuple):
    """Uniform prior of one parameter.

    Parameters
    ----------
    name
        Of the parameter.
    low, high
        Bounds.
    source
        Where the bounds come from.
    """

    name: str
    low: float
    high: float
    source: str


_LIGHT = "own choice: holds Plummer spheres, deprojected Sérsic profiles of n = 1 to 4 and two populations"
_MASS = "Geringer-Sameth, Koushiappas & Walker 2015 (ApJ 801, 74), Table 2"
_ORBITS = "Read & Steger 2017 (MNRAS 471, 4541), the widest that are used with GravSphere"
_FREE = "own choice: far wider than any posterior"

PRIORS = (
    Prior("light_log10_scale", -1.0, 1.0, _LIGHT),
    Prior("light_sharpness", 0.5, 4.0, _LIGHT),
    Prior("light_outer_slope", 3.1, 10.0, _LIGHT),
    Prior("light_inner_slope", 0.0, 2.0, _LIGHT),
    Prior("log10_mass", -2.0, 2.0, _FREE),
    Prior("mass_log10_scale", -1.0, 2.0, f"{_MASS}, who take 1 pc to 100 kpc, here in units of R_hl"),
    Prior("mass_sharpness", 0.5, 3.0, _MASS),
    Prior(
        "mass_outer_slope", 2.5, 10.0, f"{_MASS}, from 3; massive galaxies are shallower, as the total mass is meant"
    ),
    Prior("mass_inner_slope", 0.0, 2.0, f"{_MASS}, to 1.2; stars make the total mass steeper"),
    Prior("beta_central", -1.0, 1.0, f"{_ORBITS}: β/(2 - β)"),
    Prior("beta_outer", -1.0, 1.0, f"{_ORBITS}: β/(2 - β)"),
    Prior("beta_log10_radius", -1.0, 1.0, _ORBITS),
    Prior("beta_sharpness", 1.0, 3.0, _ORBITS),
    Prior("systemic_velocity", -2.0, 2.0, _FREE),
)
"""Parameters and their priors.

Lengths are in R_hl. The mass is that inside 1.35 R_hl over 4 σ² R_hl/G, and the systemic velocity is counted from the
mean in units of σ, where σ is the scatter of the velocities."""

LOW, HIGH = (np.array([getattr(prior, name) for prior in PRIORS]) for name in ("low", "high"))
"""Bounds of the box, shape (14,)."""

_jit = compiled(nogil=True, fastmath=True, error_model="numpy")


@_jit
def model_moments(
    theta: FloatArray, projection: FloatArray, log_mass: FloatArray, Sigma: FloatArray, s2: FloatArray
) -> None:
    """Fill in what parameters mean.

    Parameters
    ----------
    theta
        Parameters in the order of `PRIORS`, shape (14,).
    projection
        `stargas.baselines.jeans_moments.PROJECTION`.
    log_mass
        Is filled with ln M(<r) at the radii of the grid over the mass inside its pivot.
    Sigma, s2
        Are filled with the surface density, and σ_los² in units of G M/R_hl where M is the mass inside the pivot.
    """
    log_nu, beta, log_g = np.empty(LOG_R.size), np.empty(LOG_R.size), np.empty(LOG_R.size)
    for i in range(LOG_R.size):
        log_nu[i] = log_density(LOG_R[i], LN10 * theta[0], theta[1], theta[2], theta[3])
    mass_profile(LN10 * theta[5], theta[6], theta[7], theta[8], log_mass)
    central, outer = 2 * theta[9] / (1 + theta[9]), 2 * theta[10] / (1 + theta[10])
    anisotropy(central, outer, LN10 * theta[11], theta[12], beta, log_g)
    projected_moments(log_nu, log_mass, beta, log_g, projection, Sigma, s2)


@_jit
def _log_probs(
    thetas: FloatArray,
    projection: FloatArray,
    radius_weights: FloatArray,
    area: FloatArray,
    first: IntArray,
    weights: FloatArray,
    groups: FloatArray,
) -> FloatArray:
    n_stars, n_R = groups[0].sum(), LOG_PROJECTED.size
    result = np.empty(len(thetas))
    log_mass, Sigma, s2 = np.empty(LOG_R.size), np.empty(n_R), np.empty(n_R)
    for k in range(len(thetas)):
        theta = thetas[k]
        inside = True
        for i in range(theta.size):
            inside = inside and LOW[i] < theta[i] < HIGH[i]
        if not inside:
            result[k] = -np.inf
            continue
        model_moments(theta, projection, log_mass, Sigma, s2)
        total, log_prob = 0.0, 0.0
        for j in range(n_R):
            total += area[j] * Sigma[j]
            if radius_weights[j] != 0:
                log_prob += radius_weights[j] * math.log(Sigma[j])
        log_prob -= n_stars * math.log(total)
        unit = 4 * math.exp(LN10 * theta[4])  # G M/R_hl over the square of the scatter of the velocities
        for i in range(first.size):
            square = 0.0
            for j in range(4):
                square += weights[i, j] * s2[first[i] + j]
            square = max(unit * square, 1e-6) + groups[3, i]
            offset = groups[1, i] - theta[13]
            log_prob -= 0.5 * groups[0, i] * (math.log(square) + (offset * offset + groups[2, i]) / square)
        result[k] = log_prob
    return result


@_jit
def _log_masses(thetas: FloatArray, log_r: FloatArray) -> FloatArray:
    """Return ln M(<r) over 4 σ² R_hl/G, shape (k, m)."""
    log_mass = np.empty(LOG_R.size)
    result = np.empty((len(thetas), log_r.size))
    for k in range(len(thetas)):
        theta = thetas[k]
        mass_profile(LN10 * theta[5], theta[6], theta[7], theta[8], log_mass)
        result[k] = np.interp(log_r, LOG_R, log_mass) + LN10 * theta[4]
    return result


@dataclass(frozen=True, eq=False)
class JeansPosterior:
    """Posterior of a spherical Jeans model.

    Parameters
    ----------
    parameters
        Draws in the order of `PRIORS`, shape (k, 14).
    R_hl_kpc
        Unit of lengths [kpc].
    mass_unit_msun
        Unit of masses [Msun], 4 σ² R_hl/G.
    n_steps
        Steps of the chain, the first quarter of which is left out.
    drift
        Largest difference between the means of log M there of the two halves of the chain, over its scatter.
    seconds
        Processor time of the fit.
    """

    parameters: FloatArray
    R_hl_kpc: float
    mass_unit_msun: float
    n_steps: int
    drift: float
    seconds: float

    @property
    def converged(self) -> bool:
        """Whether the halves of the chain agree."""
        return self.drift < MAX_DRIFT

    def log10_mass(self, r_kpc: ArrayLike) -> FloatArray:
        """Return draws of log10 M(<r) [Msun] at radii [kpc], shape (k, m)."""
        log_r = np.log(np.atleast_1d(to_array("r_kpc", r_kpc)) / self.R_hl_kpc)
        result: FloatArray = _log_masses(self.parameters, log_r) / LN10 + math.log10(self.mass_unit_msun)
        return result


class JeansLikelihood:
    """Log posterior of parameters given stars, up to a constant.

    Stars of the same error whose radii differ by less than `GROUP_WIDTH` enter by their number, mean velocity and
    scatter, on which alone their likelihood depends where σ_los is the same.

    Parameters
    ----------
    R
        Projected radii [R_hl], shape (n,).
    velocity, error
        Velocities and their errors in units of the scatter of the velocities, shape (n,).
    """

    def __init__(self, R: FloatArray, velocity: FloatArray, error: FloatArray) -> None:
        log_R = np.log(np.maximum(R, 1e-9))
        first, weights = cubic_weights(log_R, LOG_PROJECTED)
        counts = np.zeros(len(LOG_PROJECTED))
        for k in range(4):
            np.add.at(counts, first + k, weights[:, k])
        kinds = np.column_stack([np.floor(np.maximum(log_R, LOG_PROJECTED[0]) / GROUP_WIDTH), error])
        _, group, n = np.unique(kinds, axis=0, return_inverse=True, return_counts=True)
        mean_log_R, mean, square, variance = (
            np.bincount(group.ravel(), value) / n for value in (log_R, velocity, velocity**2, error**2)
        )
        groups = np.array([n, mean, np.maximum(square - mean**2, 0.0), variance])
        self.arrays = (
            PROJECTION,
            counts,
            area_weights(float(R.max())),
            *cubic_weights(mean_log_R, LOG_PROJECTED),
            groups,
        )

    def __call__(self, thetas: FloatArray) -> FloatArray:
        """Return the log posterior of parameters, shape (k, 14), shape (k,)."""
        result: FloatArray = _log_probs(np.ascontiguousarray(thetas), *self.arrays)
        return result


def fit_jeans(
    R_kpc: ArrayLike,
    v_los_kms: ArrayLike,
    R_hl_kpc: float,
    *,
    v_los_error_kms: ArrayLike = 0.0,
    n_draws: int = 1000,
    seed: int = 0,
) -> JeansPosterior:
    """Fit a spherical Jeans model to stars.

    Parameters
    ----------
    R_kpc
        Projected radii of all stars inside a circle around the center [kpc], shape (n,).
    v_los_kms
        Their velocities [km/s], shape (n,).
    R_hl_kpc
        Projected half-light radius [kpc], the unit of the priors.
    v_los_error_kms
        Standard errors of the velocities [km/s], shape (n,) or a number.
    n_draws
        Draws of the posterior.
    seed
        Of the sampler.

    Returns
    -------
    JeansPosterior
        Its chain ends after the first `BLOCK` steps at which its halves agree, or after `MAX_STEPS`.

    Raises
    ------
    InputError
        If there are too few stars, a radius, a velocity or an error is not finite, or emcee is not installed.
    """
    try:
        import emcee
    except ImportError as missing:
        raise InputError(
            "a Jeans model needs emcee, which is not installed: pip install 'stargas[peers]'."
        ) from missing
    start = time.process_time()
    R_hl = to_number("R_hl_kpc", R_hl_kpc)
    given = {"R_kpc": R_kpc, "v_los_kms": v_los_kms, "v_los_error_kms": v_los_error_kms}
    R, v, error = np.broadcast_arrays(*(np.atleast_1d(to_array(name, value)) for name, value in given.items()))
    if len(R) < MIN_STARS:
        raise InputError(f"a Jeans model needs at least {MIN_STARS} stars, got {len(R)}.")
    if not (np.isfinite(R + v + error).all() and R.min() >= 0 and error.min() >= 0 and R_hl > 0 and v.std() > 0):
        raise InputError(
            "stars of a Jeans model need finite velocities that differ, and radii and errors that are finite and not "
            "negative; R_hl must be positive."
        )
    scatter = v.std()
    log_prob = JeansLikelihood(R / R_hl, (v - v.mean()) / scatter, error / scatter)
    # the snooker move of emcee 3.1 has no detailed balance and makes posteriors too narrow
    moves = [(emcee.moves.StretchMove(), 0.5), (emcee.moves.DEMove(sigma=0.5, gamma0=0.3), 0.5)]
    sampler = emcee.EnsembleSampler(N_WALKERS, len(PRIORS), log_prob, vectorize=True, moves=moves)
    rng = np.random.default_rng(seed)
    generator = np.random.RandomState(rng.integers(2**31))  # what emcee takes
    state = emcee.State(_begin(log_prob, rng), random_state=generator.get_state())
    drift, steps = math.inf, 0
    while steps < MAX_STEPS and drift >= MAX_DRIFT:
        state = sampler.run_mcmc(state, BLOCK // _THINNING, thin_by=_THINNING)
        steps += BLOCK
        chain = sampler.get_chain(discard=steps // (4 * _THINNING))
        drift = _drift(chain)
    flat = chain.reshape(-1, len(PRIORS))
    return JeansPosterior(
        parameters=flat[np.linspace(0, len(flat) - 1, n_draws).astype(int)],
        R_hl_kpc=R_hl,
        mass_unit_msun=float(4 * scatter**2 * R_hl / G),
        n_steps=steps,
        drift=drift,
        seconds=time.process_time() - start,
    )


def _begin(log_prob: JeansLikelihood, rng: np.random.Generator) -> FloatArray:
    """Return where the walkers begin: the likeliest of many draws of the prior."""
    drawn = rng.uniform(LOW, HIGH, (_N_DRAWN * N_WALKERS, len(PRIORS)))
    return drawn[np.argsort(log_prob(drawn))[-N_WALKERS:]]


def _drift(chain: FloatArray) -> float:
    """Return the greatest difference between the mean log M of the halves of a chain over its scatter.

    Parameters
    ----------
    chain
        Parameters, shape (steps, walkers, 14).
    """
    masses = _log_masses(chain.reshape(-1, len(PRIORS)), np.log(CHECKED_RADII))
    first, second = np.array_split(masses, 2)
    return float(np.max(np.abs(first.mean(axis=0) - second.mean(axis=0)) / masses.std(axis=0)))
