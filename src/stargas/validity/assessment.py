"""When not to trust a model: galaxies unlike all that it learned from, and inputs that are not of one galaxy.

Two questions are asked, and each raises false alarms in half of the stated rate. Do the inputs agree with each other?
Each check of them (`stargas.validity.consistency`) and each Mahalanobis distance of the galaxy's features
(`stargas.validity.reference_distribution`) has a p-value, the fraction of validation galaxies that deviate at least as
much; the smallest of them is in turn compared with the smallest ones of the validation galaxies. And are there others
like it? Its distance from galaxies of the same mass and kind, with the width of its posterior, has the p-value that a
result shows (`stargas.validity.neighbors`).
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stargas.model.posterior import Posterior
from stargas.sample import Sample, without_tracer
from stargas.tracers import TRACERS, tracer_set
from stargas.validity.consistency import outside_ranges
from stargas.validity.features import scalar_block
from stargas.validity.measured import Measured, measure, tracers_seen
from stargas.validity.reference import CHUNK, ValidityReference
from stargas.validity.reference_distribution import all_checks, distances, log_p_values
from stargas.validity.result import FALSE_ALARM_RATE, UNLIKE, ValidityResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stargas.dataset.store import Dataset

NOTHING_MEASURED = "On the HI maps no disc can be measured, which every galaxy with gas has."


def assess_validity(
    samples: "Sample | Sequence[Sample] | Dataset", posterior: Posterior, reference: ValidityReference
) -> list[ValidityResult]:
    """Compare galaxies with those that a model learned from, before its results for them are trusted.

    Parameters
    ----------
    samples
        One galaxy, several, or a data set. Of a model that is conditioned on a tracer set, only what it uses of them is
        compared. Their rows should hold ``velocity_scale_kms`` and ``half_width_kpc`` of
        the maps, as `stargas.sample.observation.make_sample` and data sets write them.
    posterior
        The model.
    reference
        Of this model.

    Returns
    -------
    list of ValidityResult
        One per galaxy.

    Raises
    ------
    InputError
        As `stargas.model.posterior.Posterior.sample`.
    """
    samples = [samples] if isinstance(samples, Sample) else samples
    conditioned_on = posterior.tracer_set
    posterior = replace(
        posterior, prior=None, tracer_set=None, known=()
    )  # as the model to which the reference was fitted
    results = []
    for start in range(0, len(samples), CHUNK):
        part = [used_sample(samples[i], conditioned_on) for i in range(start, min(start + CHUNK, len(samples)))]
        _, measured = measure(part, posterior)
        results += [_assess(*row, posterior, reference) for row in zip(part, measured, strict=True)]
    return results


def used_sample(sample: Sample, conditioned_on: str | None) -> Sample:
    """Return what a model that is conditioned on a tracer set, None for all that is known, uses of a galaxy."""
    if conditioned_on is None or not sample.tracers.all():
        return sample
    hidden = [tracer for tracer in TRACERS if tracer not in tracer_set(conditioned_on).known]
    return without_tracer(sample, hidden[0]) if hidden else sample


def _assess(sample: Sample, measured: Measured, posterior: Posterior, reference: ValidityReference) -> ValidityResult:
    tracers = tracers_seen(sample, posterior)
    if tracers not in reference.distributions:
        return ValidityResult(
            None, (f"The model learned from no or too few galaxies with {tracers or 'no tracer'} alone.",)
        )
    neighborhood = reference.neighborhoods[tracers]
    reasons, unchecked = _contradictions(sample, measured, posterior, reference)
    p_value = neighborhood.p_value(measured.context, float(measured.width))
    if p_value < 0.5 * FALSE_ALARM_RATE:
        reasons = (*reasons, UNLIKE)
    return ValidityResult(p_value, reasons, unchecked, neighborhood.deviations(measured.context, measured.notable))


def _contradictions(
    sample: Sample, measured: Measured, posterior: Posterior, reference: ValidityReference
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is wrong with the inputs, one sentence each, and the names of the checks that could not be made."""
    tracers = tracers_seen(sample, posterior)
    expected = reference.distributions[tracers]
    apart = distances(measured.features[None], expected.nodes, expected.whiten, scalar_block(posterior.config))
    row, checks = np.append(measured.values, apart), all_checks(reference.checks)
    deviations = row - expected.center
    applies = [not check.tracer or check.tracer in tracers for check in checks.values()]
    unchecked = tuple(name for name, d, a in zip(checks, deviations, applies, strict=True) if np.isnan(d) and a)
    log_p = log_p_values(row[None], expected.center, expected.tails, tuple(checks.values()))[0]
    if expected.p_value(log_p) >= 0.5 * FALSE_ALARM_RATE:
        return (), unchecked
    # The check with the smallest p-value, and every other that would have raised the alarm alone.
    critical = max(expected.critical(0.5 * FALSE_ALARM_RATE), log_p.min())
    reasons: list[str] = []
    for (name, check), own_log_p, deviation in zip(checks.items(), log_p, deviations, strict=True):
        if own_log_p > critical:
            continue
        if name == "range":
            reasons += outside_ranges(sample, posterior.config, posterior.about)
        elif np.isinf(deviation) and check.tracer:
            reasons.append(NOTHING_MEASURED)
        else:
            reasons.append(check.sentence.format(factor=10 ** np.clip(deviation, -99, 99)))
    return tuple(dict.fromkeys(reasons)), unchecked
