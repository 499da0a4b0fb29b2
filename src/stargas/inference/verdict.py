"""Whether to believe a result, and what limits it: what an observer is told first.

Eight things limit a result beside the checks of validity: the width of the posterior, what is known beside the data,
data that the posterior does not explain, a velocity field that it does not, the suite that is expected, the
disagreement of the tracers, what counts as exact, and the errors of the inputs. Each is one sentence, with a number and
the radius where it is largest if it has one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from stargas.evaluation.intervals import MEDIAN, QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.inference.result import InferenceResult
from stargas.validity.result import ValidityResult

MAX_DISAGREEMENT = 2.0
"""Standard deviations between the tracers beyond which they disagree."""

LEAST_HALF_WIDTH_DEX = 1e-3
"""Half-width of the stated interval below which a difference between priors is not made more of [dex]."""

MAX_NAMED = 2
"""Measurements, and remarks that lower the verdict, that are named at most."""

SUITE_PHYSICS: Mapping[str | None, str] = MappingProxyType(
    {"bursty": " (cored halos, disturbed gas)", "smooth": " (cuspy halos, calm gas)"}
)
"""Suite that may be expected → what its galaxies are like, to stand behind its name."""

Level = Literal["trusted", "with care", "not trusted", "not checked"]

_LOW, _HIGH = QUANTILE_LEVELS.index(0.16), QUANTILE_LEVELS.index(0.84)


@dataclass(frozen=True)
class Verdict:
    """Whether to believe a result.

    Parameters
    ----------
    level
        ``trusted``; ``with care`` where the checks find nothing, but a remark on the data lowers the verdict, the
        result depends on the prior, or the tracers disagree; ``not trusted`` where a check found something; ``not
        checked`` where the model has no reference.
    reason
        What is wrong, on what the result depends, what has to hold for it, and which measurement stands out by how
        much.
    """

    level: Level
    reason: str

    def __str__(self) -> str:
        """Return the verdict as one line."""
        return f"{self.level.capitalize()}. {self.reason}"


@dataclass(frozen=True)
class Limitation:
    """One thing that limits a result.

    Parameters
    ----------
    name
        ``error``, ``known``, ``data``, ``field``, ``prior``, ``tracers``, ``exact`` or ``inputs``.
    claim
        What it does to the masses, with the number that says how much.
    detail
        The numbers behind it; "" where there are no others.
    matters
        Whether the stated error is too small for it. That of the inputs is part of the stated error.
    """

    name: str
    claim: str
    detail: str = ""
    matters: bool = False

    @property
    def sentence(self) -> str:
        """Claim and detail as one sentence."""
        return f"{self.claim}: {self.detail}." if self.detail else f"{self.claim}."


def verdict(result: InferenceResult) -> Verdict:
    """Return whether to believe a result.

    Notes
    -----
    No check sees that a galaxy formed under other physics than those of the training set. What each kind of remark does
    to the verdict stands in `stargas.remarks.EFFECTS`.
    """
    validity, doubts = result.validity, _doubts(result)
    if validity.p_value is None and not validity.reasons:
        return Verdict("not checked", " ".join([*doubts, validity.summary]))
    if not validity.trusted:
        reason = validity.reasons[:1]
        return Verdict("not trusted", " ".join([*reason, *doubts, *_standing_out(validity), validity.summary]))
    deciding = [*doubts, *(f"{one.claim}." for one in limitations(result) if one.matters)]
    nothing = [] if deciding or validity.deviations else ["No measurement stands out."]
    usual = [*_conditions(result), *nothing, *_standing_out(validity), validity.summary]
    return Verdict("with care" if deciding else "trusted", " ".join([*deciding, *usual]))


def _doubts(result: InferenceResult) -> list[str]:
    """Return the most serious remarks that lower the verdict, as sentences."""
    lowering = [one.text for one in result.remarks if one.effect.lowers and one.text not in result.validity.reasons]
    return [text[0].upper() + text[1:] for text in lowering[:MAX_NAMED]]


def _conditions(result: InferenceResult) -> list[str]:
    """Return what has to hold for the verdict, as a sentence; none where nothing has to."""
    conditions = [one.effect.condition for one in result.remarks if one.effect.condition]
    return [f"This holds if {', and if '.join(conditions)}."] if conditions else []


def other_warnings(result: InferenceResult) -> tuple[str, ...]:
    """Return the warnings that stand neither in the verdict nor among what limits the result."""
    stated = {*_doubts(result), *(one.sentence for one in limitations(result)), *result.validity.reasons[:1]}
    return tuple(text for text in result.warnings if not {text, text[0].upper() + text[1:]} & stated)


def _standing_out(validity: ValidityResult) -> list[str]:
    """Name the measurements that stand out the most, as a sentence; none where none does."""
    named = [str(one) for one in validity.deviations[:MAX_NAMED]]
    verb = "stands" if len(named) == 1 else "stand"
    return [f"Among galaxies of the same mass and kind the {' and the '.join(named)} {verb} out."] if named else []


def limitations(result: InferenceResult) -> tuple[Limitation, ...]:
    """Return what limits a result, as far as it is known: width, data, prior, tracers, inputs."""
    return tuple(_limitations(result))


def _limitations(result: InferenceResult) -> Iterator[Limitation]:
    j = int(np.argmin(np.abs(result.r_kpc - result.R_hl_kpc)))
    low, high = result.quantiles((0.16, 0.84))[:, j]
    yield Limitation("error", f"The 68 % interval inside {result.r_kpc[j]:.3g} kpc is ±{(high - low) / 2:.2f} dex")
    for one in result.agreements:
        verb = "contradict" if one.contradicts else "do not contradict"
        yield Limitation(
            "known",
            f"The masses take the {one.known} as given, and the data {verb} it",
            str(one),
            one.contradicts,
        )
    if result.predictive is not None:
        yield Limitation("data", result.predictive.claim, result.predictive.detail, not result.predictive.fits)
        field = result.predictive.velocity_field
        if field is not None:
            yield Limitation("field", field.claim, field.detail)
    if result.attribution is not None:
        yield from _prior(result.r_kpc, result.attribution.priors)
        yield from _tracers(result.r_kpc, result.attribution.left_out)
    yield from _exact(result)
    yield from _inputs(result, j)


def _prior(r_kpc: FloatArray, priors: Mapping[str | None, FloatArray]) -> Iterator[Limitation]:
    """Compare the medians under each prior with the stated interval, at the radius where one is farthest from it.

    A median under the prior of one suite that lies within the interval is part of the answer without a prior.
    """
    if len(priors) < 2:
        return
    half_width = half_width_dex(priors[None])
    medians = {prior: values[MEDIAN] for prior, values in priors.items()}
    moved = np.abs(np.array(list(medians.values())) - medians[None]).max(axis=0)
    # no width is left where something known contradicts the data so much that it leaves a single draw
    j = int(np.argmax(moved / np.maximum(half_width, LEAST_HALF_WIDTH_DEX)))
    listed = ", ".join(
        f"{values[j]:.2f} for {prior or 'all suites'}{SUITE_PHYSICS.get(prior, '')}"
        for prior, values in medians.items()
    )
    at_j = np.array([values[j] for values in medians.values()])
    matters = bool(((at_j < priors[None][0, j]) | (at_j > priors[None][-1, j])).any())
    how = "beyond its 95 % interval" if matters else "but within its 95 % interval"
    yield Limitation(
        "prior",
        f"The result depends on the kind of galaxy that is expected, {how}, by {moved[j]:.2f} dex inside "
        f"{r_kpc[j]:.3g} kpc",
        f"the median log10 M is {listed}, and the stated 68 % error ±{half_width[j]:.2f}",
        matters,
    )


def _tracers(r_kpc: FloatArray, left_out: Mapping[str, FloatArray]) -> Iterator[Limitation]:
    """Compare the profiles of each tracer alone, at the radius where they disagree most."""
    if len(left_out) < 2:
        return
    of_stars, of_gas = left_out["gas"], left_out["stars"]
    apart = of_gas[MEDIAN] - of_stars[MEDIAN]
    sigmas = np.abs(apart) / np.hypot(half_width_dex(of_stars), half_width_dex(of_gas))
    j = int(np.argmax(sigmas))
    matters = bool(sigmas[j] > MAX_DISAGREEMENT)
    yield Limitation(
        "tracers",
        f"Stars alone and HI alone {'disagree by' if matters else 'agree within'} {sigmas[j]:.1f} standard deviations",
        f"inside {r_kpc[j]:.3g} kpc the HI alone gives {abs(apart[j]):.2f} dex {'more' if apart[j] > 0 else 'less'}",
        matters,
    )


def _exact(result: InferenceResult) -> Iterator[Limitation]:
    """Name what counts as exact because no error of it was given."""
    galaxy = result.galaxy
    if galaxy is None:
        return
    errors = {"the distance": galaxy.distance_error_kpc, "R_hl": galaxy.R_hl_error_kpc}
    if galaxy.distance_kpc is None:
        del errors["the distance"]
    exact = [name for name, error in errors.items() if not error]
    if exact:
        they = "it counts" if len(exact) == 1 else "both count"
        yield Limitation("exact", f"No error of {' and '.join(exact)} is given, so {they} as exact")


def _inputs(result: InferenceResult, j: int) -> Iterator[Limitation]:
    """Add up the fractions of the variance that errors of the inputs cause near R_hl."""
    shares = {
        name: float(share[j]) for name, share in result.variance_shares.items() if name != "posterior" and share.any()
    }
    if not shares:
        return
    total = min(sum(max(share, 0.0) for share in shares.values()), 1.0)
    listed = [f"{name} {100 * min(share, 1.0):.0f} %" for name, share in shares.items() if share >= 0.005]
    yield Limitation(
        "inputs",
        f"Errors of the inputs cause {100 * total:.0f} % of the variance inside {result.r_kpc[j]:.3g} kpc",
        ", ".join(listed),
    )


def half_width_dex(quantiles: FloatArray) -> FloatArray:
    """Return half of the 68 % interval [dex], shape (m,), of quantiles at the usual levels, shape (5, m)."""
    result: FloatArray = (quantiles[_HIGH] - quantiles[_LOW]) / 2
    return result
