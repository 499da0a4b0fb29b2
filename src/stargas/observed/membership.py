"""Members and contaminants by their velocities: a mixture of two populations, each star with its own error.

A velocity is that of a member with the probability f, or that of a contaminant, a star of the foreground for instance:

    p(v) = f M(v) + (1 - f) C(v).

M is a Gaussian of the intrinsic dispersion σ, of which a share h of the variance may be exponential (Laplace) instead:
radial orbits and mixed populations have such tails, which a Gaussian would call contaminants. Measurement errors widen
its Gaussian part, star by star. C is a Student t distribution of eight degrees of freedom, at least three times as wide
as σ. The prior probability f of each star is that of its catalogue, all odds multiplied by one factor that is fitted
(a catalogue of certain members may list all of them with 0.97); without one it is the same function of projected
radius R for all, f = 1 / (1 + exp(bR - a)) with b ≥ 0, as for an exponential profile of members over a flat foreground.

Dispersion and mean are those of `fit_velocities` with every star weighted by its probability of membership given its
velocity, f M / (f M + (1 - f) C). So no star is cut, and the weights do not truncate the members' distribution.
The scheme follows Walker et al. (2009, AJ 137, 3109); the exponential part is that of Sanders & Evans (2020, MNRAS 499,
5806). It can be wrong where contaminants have nearly the velocities of the galaxy (a stream, a second galaxy), or where
members are a minority of less than about a quarter.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stargas.galaxy import FloatArray
from stargas.observed.mixture import Mixture, Parameters, Prior
from stargas.observed.velocities import VelocityFit, per_star

STARTS = (0.68, 0.3, 0.1)
"""Shares of the stars in the narrowest interval of velocity from which the iteration starts."""

MIN_DECLINE = 1.0
"""Least decline of the prior's logit over the median radius at which a solution from a narrow start is believed.

The velocities of a cold disc have two peaks, of which one could be taken for the galaxy; but the stars of one peak are
no more concentrated than the others, as members among contaminants are.
"""

MIN_GAIN = 10.0
"""Gain in log-likelihood at which a solution that is not believed is reported."""

ENOUGH = 4000
"""Stars from which the way to the solution is found; all are used for its last steps."""


@dataclass(frozen=True, eq=False)
class Membership:
    """Which stars of a catalogue belong to a galaxy.

    Parameters
    ----------
    p_member
        Probability of membership of each star given its velocity, shape (n,).
    fit
        Mean and intrinsic dispersion of the members.
    tail_share
        Share of the members' variance in exponential tails; one of `TAIL_SHARES`.
    contaminant_mean_kms, contaminant_width_kms
        Center and scale of the contaminants' velocities [km/s]; None where none were fitted. The
        width is at its lower bound where there are none.
    narrow_peak
        Members of a solution of clearly greater likelihood that is not believed, because its stars are no more
        concentrated on the sky than the others; None without.
    """

    p_member: FloatArray
    fit: VelocityFit
    tail_share: float = 0.0
    contaminant_mean_kms: float | None = None
    contaminant_width_kms: float | None = None
    narrow_peak: VelocityFit | None = None

    @property
    def n_contaminants(self) -> float:
        """Expected number of contaminants."""
        return float(np.sum(1 - self.p_member))


def fit_members(
    v_kms: ArrayLike,
    error_kms: ArrayLike | None = None,
    *,
    prior: ArrayLike | None = None,
    radius: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Membership:
    """Fit members and contaminants to velocities by maximum likelihood.

    Parameters
    ----------
    v_kms
        Velocities [km/s], shape (n,).
    error_kms
        Their standard errors [km/s], shape (n,); zero if None.
    prior
        Probability of membership of each star before its velocity is considered, shape (n,). A star of probability 1
        stays a member whatever its velocity. If None, a function of ``radius`` is fitted.
    radius
        Projected distance from the center in any unit, shape (n,). If None, one prior for all stars is fitted.
    weight
        How often each row counts, shape (n,), as a half for each of two measurements of one star; one if None.

    Returns
    -------
    Membership

    Raises
    ------
    InputError
        If there are fewer than two members, or errors, priors, radii or weights cannot be.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> members, foreground = rng.normal(220, 8, 500), rng.normal(50, 60, 100)
    >>> membership = fit_members(np.concatenate([members, foreground]))
    >>> round(membership.fit.sigma_kms), round(membership.n_contaminants)
    (8, 103)
    """
    v = np.asarray(v_kms, dtype=np.float64)
    mixture = Mixture(
        v=v,
        error=per_star("error_kms", error_kms, len(v), 0.0),
        weight=per_star("weight", weight, len(v), 1.0),
        prior=Prior.of(
            len(v),
            None if prior is None else per_star("prior", prior, len(v), 1.0),
            None if radius is None else per_star("radius", radius, len(v), 0.0),
        ),
    )
    best, peak = _solve(mixture.thinned(max(len(v) // ENOUGH, 1)), believe_all=prior is not None)
    best = mixture.maximize(best)
    p, _ = mixture.expect(best)
    return Membership(p, best.fit, best.tail_share, best.mean_kms, best.width_kms, peak)


class _End(NamedTuple):
    log_likelihood: float
    parameters: Parameters


def _solve(mixture: Mixture, *, believe_all: bool) -> tuple[Parameters, VelocityFit | None]:
    """Best of the solutions from all starts that are believed, and the members of a better one that is not."""
    ends = []
    for share in STARTS:
        parameters = mixture.maximize(mixture.start(*_narrowest(mixture.v, share)))
        ends.append(_End(mixture.expect(parameters)[1], parameters))
    believed = [ends[0], *(end for end in ends[1:] if believe_all or end.parameters.b >= MIN_DECLINE)]
    best, other = (max(some, key=lambda end: end.log_likelihood) for some in (believed, ends))
    better = other.log_likelihood > best.log_likelihood + MIN_GAIN
    return best.parameters, other.parameters.fit if better else None


def _narrowest(v: FloatArray, share: float) -> tuple[float, float]:
    """Middle and half-width of the narrowest interval that holds a share of the velocities (at least ten)."""
    ordered = np.sort(v)
    reach = min(max(int(share * len(v)), 10), len(v) - 1)
    widths = ordered[reach:] - ordered[:-reach]
    first = int(np.argmin(widths))
    return float(ordered[first] + widths[first] / 2), float(widths[first] / 2)
