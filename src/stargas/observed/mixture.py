"""The mixture of members and contaminants in velocity: its densities and the steps to its greatest likelihood.

See `stargas.observed.membership` for what it stands for.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stargas.galaxy import FloatArray
from stargas.observed.velocities import VelocityFit, fit_velocities

TAIL_SHARES = (0.0, 0.25, 0.5, 0.75, 0.95)
"""Shares of the members' variance in exponential tails that are tried; the kurtosis is 3 + 3 h²."""

TAIL_PENALTY = 0.05
"""Log-likelihood that a tail share of one costs per contaminant, since contaminants hide the tails."""

MIN_WIDTH_RATIO = 3.0
"""Least width of the contaminants' distribution in units of the members' dispersion."""

DEGREES_OF_FREEDOM = 8.0
"""Of the contaminants' Student t distribution, whose wings decline more slowly than the members'."""

SHIFT = 0.3
"""Standard deviation of the Gaussian prior of the logarithm of the factor that multiplies the odds of a catalogue."""

MAX_ROUNDS = 300
TOLERANCE = 1e-4
"""Largest change of a probability in the last round."""

_PRIOR_LIMIT = 1e-9
_MAX_LOGIT = 20.0
_START_PROBABILITIES = (0.95, 0.05)


class Parameters(NamedTuple):
    """Parameters of the mixture.

    Parameters
    ----------
    fit
        Mean and dispersion of the members.
    tail_share
        One of `TAIL_SHARES`.
    mean_kms, width_kms
        Center and scale of the contaminants' velocities [km/s].
    a, b
        Of the prior's logit.
    """

    fit: VelocityFit
    tail_share: float
    mean_kms: float
    width_kms: float
    a: float
    b: float


@dataclass(frozen=True, eq=False)
class Prior:
    """Prior probabilities as logits: given and shifted by a, or a logistic function a - bR of radius."""

    given: FloatArray | None
    radius: FloatArray

    @classmethod
    def of(cls, n: int, prior: ArrayLike | None, radius: ArrayLike | None) -> "Prior":
        """Return the prior of n stars from the probabilities of their catalogue, or their radii in any unit."""
        given = None
        if prior is not None:
            p = np.asarray(prior, dtype=np.float64)
            limited = np.clip(p, _PRIOR_LIMIT, 1 - _PRIOR_LIMIT)
            given = np.where(p < 1, np.log(limited / (1 - limited)), np.inf)
        scaled = np.zeros(n) if radius is None else np.asarray(radius, dtype=np.float64)
        scale = float(np.median(scaled))
        return cls(given, scaled / scale if scale > 0 else np.zeros(n))

    def thinned(self, stride: int) -> "Prior":
        """Return the same for every ``stride``-th star."""
        return Prior(None if self.given is None else self.given[::stride], self.radius[::stride])

    def step(self, p: FloatArray, weight: FloatArray, a: float, b: float) -> tuple[float, float]:
        """Improve a and b by a step of Newton; b is held at zero where it would be negative."""
        if self.given is not None:
            f = _logistic(self.given + a)
            shift = (float(weight @ (p - f)) - a / SHIFT**2) / (float(weight @ (f * (1 - f))) + 1 / SHIFT**2)
            return a + min(max(shift, -2.0), 2.0), b
        R = self.radius
        f = _logistic(a - b * R)
        w = weight * f * (1 - f) + 1e-9
        gradient = np.array([weight @ (p - f), -(weight * (p - f)) @ R - 0.01 * b])
        curvature = np.array([[w.sum(), -w @ R], [-w @ R, w @ R**2 + 0.01]])
        step = np.linalg.solve(curvature, gradient)
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-9))
        a, b = a + float(step[0]), b + float(step[1])
        if b < 0:
            mean = float(np.clip(np.average(p, weights=weight), _PRIOR_LIMIT, 1 - _PRIOR_LIMIT))
            a, b = float(np.log(mean / (1 - mean))), 0.0
        return min(a, _MAX_LOGIT + b * float(R.min())), b

    def logit(self, a: float, b: float) -> FloatArray:
        """Logit of the prior probability of each star."""
        return a - b * self.radius if self.given is None else self.given + a


@dataclass(frozen=True, eq=False)
class Mixture:
    """The data of a fit, and the iteration (expectation and maximization) over the parameters.

    Parameters
    ----------
    v, error
        Velocities and their standard errors [km/s], shape (n,).
    weight
        How often each row counts, shape (n,).
    prior
        Of each star.
    """

    v: FloatArray
    error: FloatArray
    weight: FloatArray
    prior: Prior

    def thinned(self, stride: int) -> "Mixture":
        """Return the same for every ``stride``-th star."""
        every = slice(None, None, stride)
        return Mixture(self.v[every], self.error[every], self.weight[every], self.prior.thinned(stride))

    def start(self, middle: float, half_width: float) -> Parameters:
        """Parameters at which the stars around a velocity are the members."""
        inside = np.abs(self.v - middle) <= 3 * np.hypot(half_width, self.error)
        if self.prior.given is not None:
            likely = self.prior.given > 0
            inside = inside & likely if np.count_nonzero(inside & likely) > 1 else likely
        outside = self.v if inside.all() else self.v[~inside]
        contaminants = float(np.median(outside)), float(np.std(self.v))
        p = np.where(inside, *_START_PROBABILITIES)
        a = 2.0 if self.prior.given is None else 0.0
        no_members_yet = VelocityFit(middle, 0.0, 0.0, 0.0)
        return self._improved(p, Parameters(no_members_yet, 0.0, *contaminants, a, 0.0), tails=True)

    def maximize(self, parameters: Parameters) -> Parameters:
        """Iterate to the greatest likelihood."""
        p, _ = self.expect(parameters)
        for number in range(1, MAX_ROUNDS):
            parameters = self._improved(p, parameters, tails=number % 5 == 0)
            before, (p, _) = p, self.expect(parameters)
            if np.abs(p - before).max() < TOLERANCE and number % 5:
                break
        return parameters

    def expect(self, parameters: Parameters) -> tuple[FloatArray, float]:
        """Probability of membership of each star given its velocity, shape (n,), and the log-likelihood of all."""
        fit, tail_share, mean, width, a, b = parameters
        logit = self.prior.logit(a, b)
        member = log_member_density(self.v - fit.mean_kms, self.error, fit.sigma_kms, tail_share)
        other = log_contaminant_density(self.v - mean, self.error, width)
        each = np.logaddexp(member - np.logaddexp(0, -logit), other - np.logaddexp(0, logit))
        return _logistic(logit + member - other), float(self.weight @ each)

    def _improved(self, p: FloatArray, now: Parameters, *, tails: bool) -> Parameters:
        """Parameters from the stars weighted by their probabilities; the tails, which are slow, where asked for."""
        fit = fit_velocities(self.v, self.error, self.weight * p)
        tail_share = self._tail_share(p, fit, now.tail_share) if tails else now.tail_share
        mean, width = self._contaminants(p, now, MIN_WIDTH_RATIO * fit.sigma_kms)
        a, b = now.a, now.b
        for _ in range(3):
            a, b = self.prior.step(p, self.weight, a, b)
        return Parameters(fit, tail_share, mean, width, a, b)

    def _tail_share(self, p: FloatArray, fit: VelocityFit, now: float) -> float:
        """Share of exponential tails of greatest likelihood, of the present one and its neighbors."""
        place = TAIL_SHARES.index(now)
        near = TAIL_SHARES[max(place - 1, 0) : place + 2]
        x, w = self.v - fit.mean_kms, self.weight * p
        penalty = TAIL_PENALTY * float(self.weight @ (1 - p))
        values = [w @ log_member_density(x, self.error, fit.sigma_kms, h) - penalty * h for h in near]
        return near[int(np.argmax(values))]

    def _contaminants(self, p: FloatArray, now: Parameters, least: float) -> tuple[float, float]:
        """One step to the center and the scale of a Student t distribution of the stars that are no members."""
        q, nu = self.weight * (1 - p), DEGREES_OF_FREEDOM
        width = max(now.width_kms, least)
        if not q.sum() > _PRIOR_LIMIT or not width > 0:
            return now.mean_kms, width
        u = q * (nu + 1) / (nu + (self.v - now.mean_kms) ** 2 / (width**2 + self.error**2))
        mean = float(u @ self.v / u.sum())
        return mean, max(float(np.sqrt(u @ (self.v - mean) ** 2 / q.sum())), least)


def log_member_density(x_kms: FloatArray, error_kms: FloatArray, sigma_kms: float, tail_share: float) -> FloatArray:
    """Logarithm of the density of members' velocities.

    Parameters
    ----------
    x_kms
        Velocities from the mean [km/s], shape (n,).
    error_kms
        Standard errors [km/s], shape (n,).
    sigma_kms
        Intrinsic dispersion [km/s].
    tail_share
        Share of its variance in an exponential distribution, 0 to below 1; the rest is Gaussian.

    Returns
    -------
    numpy.ndarray
        Of the sum of a Laplace variable of variance h σ² and a Gaussian one of variance (1 - h) σ² + error² [s/km],
        shape (n,).
    """
    from scipy.special import log_ndtr

    gaussian2 = np.maximum((1 - tail_share) * sigma_kms**2 + error_kms**2, 1e-12)
    if not tail_share * sigma_kms > 0:
        return np.asarray(-0.5 * (x_kms**2 / gaussian2 + np.log(2 * np.pi * gaussian2)))
    scale, s = sigma_kms * np.sqrt(tail_share / 2), np.sqrt(gaussian2)
    rise = gaussian2 / (2 * scale**2)
    right = rise - x_kms / scale + log_ndtr(x_kms / s - s / scale)
    left = rise + x_kms / scale + log_ndtr(-x_kms / s - s / scale)
    return np.asarray(np.logaddexp(right, left) - np.log(2 * scale))


def log_contaminant_density(x_kms: FloatArray, error_kms: FloatArray, width_kms: float) -> FloatArray:
    """Logarithm of the density [s/km] of contaminants' velocities ``x_kms`` from their center, shape (n,)."""
    from scipy.special import gammaln

    nu = DEGREES_OF_FREEDOM
    width2 = np.maximum(width_kms**2 + error_kms**2, 1e-12)
    norm = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi * width2)
    return np.asarray(norm - (nu + 1) / 2 * np.log1p(x_kms**2 / (nu * width2)))


def _logistic(x: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))
