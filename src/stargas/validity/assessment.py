"""When not to trust a model: galaxies unlike all that it learned from, and inputs that are not of one galaxy.

Each check of the inputs (`stargas.validity.consistency`) and each Mahalanobis distance of the galaxy's features
(`stargas.validity.reference_distribution`) has a p-value, the fraction of validation galaxies that deviate at least as
much. The smallest of them is in turn compared with the smallest ones of the validation galaxies. So the rate of false
alarms among galaxies like those of the training set is the stated one, whatever the number of checks.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stargas.galaxy import FloatArray
from stargas.model.posterior import Posterior
from stargas.sample import Sample, without_tracer
from stargas.tracers import TRACERS, tracer_set
from stargas.validity.consistency import measure_checks, outside_ranges
from stargas.validity.features import measure_features, scalar_block
from stargas.validity.reference import CHUNK, ValidityReference, tracers_seen
from stargas.validity.reference_distribution import all_checks, distances, log_p_values
from stargas.validity.result import FALSE_ALARM_RATE, ValidityResult

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
        the maps, as `stargas.sample.make_sample` and data sets write them.
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
    posterior = replace(posterior, prior=None, tracer_set=None)  # as the model to which the reference was fitted
    results = []
    for start in range(0, len(samples), CHUNK):
        part = [_used(samples[i], conditioned_on) for i in range(start, min(start + CHUNK, len(samples)))]
        measured = measure_checks(part, posterior.config, posterior.about)
        values = np.column_stack([measured[name] for name in reference.checks])
        features = measure_features(part, posterior)
        results += [_assess(*row, posterior, reference) for row in zip(part, values, features, strict=True)]
    return results


def _used(sample: Sample, conditioned_on: str | None) -> Sample:
    """Return what a model that is conditioned on a tracer set uses of a galaxy with both tracers."""
    if conditioned_on is None or not sample.tracers.all():
        return sample
    hidden = [tracer for tracer in TRACERS if tracer not in tracer_set(conditioned_on).known]
    return without_tracer(sample, hidden[0]) if hidden else sample


def _assess(
    sample: Sample, values: FloatArray, features: FloatArray, posterior: Posterior, reference: ValidityReference
) -> ValidityResult:
    tracers = tracers_seen(sample, posterior)
    expected = reference.distributions.get(tracers)
    if expected is None:
        return ValidityResult(
            None, (f"The model learned from no or too few galaxies with {tracers or 'no tracer'} alone.",)
        )
    apart = distances(features[None], expected.nodes, expected.whiten, scalar_block(posterior.config))
    row, checks = np.append(values, apart), all_checks(reference.checks)
    deviations = row - expected.center
    applies = [not check.tracer or check.tracer in tracers for check in checks.values()]
    unchecked = tuple(name for name, d, a in zip(checks, deviations, applies, strict=True) if np.isnan(d) and a)
    log_p = log_p_values(row[None], expected.center, expected.tails, tuple(checks.values()))[0]
    p_value = expected.p_value(log_p)
    if p_value >= FALSE_ALARM_RATE:
        return ValidityResult(p_value, (), unchecked)
    # The check with the smallest p-value, and every other that would have raised the alarm alone.
    critical = max(expected.critical(FALSE_ALARM_RATE), log_p.min())
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
    return ValidityResult(p_value, tuple(dict.fromkeys(reasons)), unchecked)
