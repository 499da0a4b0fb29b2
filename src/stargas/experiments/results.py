"""From evaluations to the small file of a part: metrics with errors, published values, provenance."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from stargas import __version__
from stargas.baselines.estimators import ESTIMATORS
from stargas.evaluation.accuracy import Accuracy
from stargas.evaluation.bootstrap import Bootstrap, Measured, bootstrap_galaxies
from stargas.evaluation.calibration import Calibration
from stargas.evaluation.coverage import is_covered
from stargas.evaluation.intervals import CENTRAL_INTERVALS
from stargas.evaluation.result import EvaluationResult
from stargas.evaluation.scatter_ratio import scatter_ratio
from stargas.evaluation.strata import ALL
from stargas.experiments.plan import Part, Plan, Rows
from stargas.experiments.provenance import made_from
from stargas.galaxy import FloatArray
from stargas.report.results import FORMAT
from stargas.storage import rounded

DIGITS = 5
"""Significant digits of the values; their errors are larger."""

ReadEvaluation = Callable[[str, str], EvaluationResult | None]
"""From test and model to their evaluation; None where it was left out."""

History = Mapping[str, Sequence[Mapping[str, float | None]]]
"""Stage of a training → its epochs with their losses ``training`` and ``validation``."""

_MEASURED = ("median", "mean", "p16", "p84", "half_width", "rms_dex")


def part_results(
    plan: Plan, part: Part, evaluation: ReadEvaluation, history: Callable[[str], History], seed: int = 0
) -> dict[str, Any]:
    """Collect a part.

    Parameters
    ----------
    plan, part
        The experiment and one of its parts.
    evaluation
        Reads an evaluation.
    history
        From model to its losses per epoch of each stage; nothing for trees.
    seed
        Root seed of the bootstrap.

    Returns
    -------
    dict
        Ready for JSON: ``part``, ``title``, ``stargas``, ``scale``, ``rows``, ``comparisons``, ``left_out``, ``losses``
        by model and stage, blocks of ``details``, and ``provenance`` (formats, suites, data sets, models, and digests
        of the evaluations).
    """
    rows: list[dict[str, Any]] = []
    left_out: list[str] = []
    for spec in part.rows:
        result = evaluation(spec.test, spec.model)
        if result is None:
            left_out.append(f"{spec.label or spec.model}, {spec.trained_on}, on {spec.test}")
            continue
        rows += _model_rows(plan, spec, result, history(spec.model)) if spec.label else []
        rows += _estimator_rows(plan, spec, result) if spec.estimators else []
    losses = {spec.model: _losses(history(spec.model)) for spec in part.rows}
    collected: dict[str, Any] = {
        **FORMAT.stated,
        "part": part.name,
        "title": part.title,
        "stargas": __version__,
        "scale": plan.scale,
        "rows": rows,
        "comparisons": list(_comparisons(plan, part, evaluation, seed)),
        "left_out": left_out,
        "losses": {model: stages for model, stages in losses.items() if stages},
    }
    for block in part.details:
        collected[block] = _DETAILS[block](plan, part, evaluation)
    return collected | {"provenance": _provenance(plan, part, evaluation)}


def _losses(history: History) -> dict[str, dict[str, list[float | None]]]:
    """Return the losses of each stage, epoch by epoch."""
    kinds = ("training", "validation")
    return {
        stage: {kind: rounded([epoch[kind] for epoch in epochs], DIGITS) for kind in kinds}
        for stage, epochs in history.items()
    }


def _model_rows(plan: Plan, spec: Rows, result: EvaluationResult, history: History) -> Iterator[dict[str, Any]]:
    """Go through the strata of one model on one test."""
    test, model = plan.tests[spec.test], plan.models[spec.model]
    about = result.provenance.models[spec.model].about
    for stratum in spec.strata:
        scores = result.models[spec.model].strata.get(stratum)
        if scores is None:
            continue
        published = spec.published if stratum == ALL else None
        yield {
            **_names(plan, spec, stratum),
            "name": spec.label,
            "kind": "trees" if model.kind == "trees" else "model",
            "trained_on": spec.trained_on,
            "split": test.split,
            "r_over_R_hl": result.r_over_R_hl.tolist(),
            **_accuracy(scores.accuracy),
            **_calibration(scores.calibration),
            "training": {
                "model": spec.model,
                "galaxies": about["galaxies"],
                "samples": about["samples"],
                "epochs": [len(history.get(stage, ())) for stage in ("network", "flow")],
                "minutes": about["minutes"],
                **(
                    {"discrepancy": found}
                    if (found := about.get("validation", {}).get("discrepancy")) is not None
                    else {}
                ),
            },
            "paper": None if published is None else dataclasses.asdict(published),
            **spec.extra,
        }


def _estimator_rows(plan: Plan, spec: Rows, result: EvaluationResult) -> Iterator[dict[str, Any]]:
    """Go through the mass estimators on one test."""
    for name, scores in result.estimators.items():
        for stratum in spec.strata:
            if stratum in scores.strata:
                yield {
                    **_names(plan, spec, stratum),
                    "name": scores.label,
                    "kind": "estimator" if ESTIMATORS[name].tracers == ("stars",) else "baseline",
                    "trained_on": None,
                    "split": plan.tests[spec.test].split,
                    "r_over_R_hl": scores.r_over_R_hl.tolist(),
                    **_accuracy(scores.strata[stratum]),
                    "training": None,
                    "paper": None,
                    **spec.extra,
                }


def _names(plan: Plan, spec: Rows, stratum: str) -> dict[str, Any]:
    test = plan.tests[spec.test]
    return {
        "tested_on": test.label,
        "test": spec.test,
        "set": "cold-gas set" if test.cold_gas_only else "full set",
        "subset": stratum,
    }


def _accuracy(accuracy: Accuracy) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for name in _MEASURED:
        numbers |= _measured(name, getattr(accuracy, name))
    return numbers | {"n_galaxies": accuracy.n_galaxies, "n_samples": accuracy.n_samples}


def _calibration(calibration: Calibration) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for interval in calibration.coverage:
        name = f"coverage_{100 * interval.level:.0f}"
        numbers |= _measured(name, interval.per_radius) | _measured(f"{name}_mean", interval.mean)
    log_prob = calibration.negative_log_prob.mean
    return numbers | {
        "tarp_distance": _rounded(calibration.tarp.largest_distance),
        "negative_log_prob": None if log_prob is None else _rounded(log_prob.value),
        "verdict": "; ".join(calibration.verdict),
    }


def _measured(name: str, measured: Measured) -> dict[str, Any]:
    return {name: _rounded(measured.value), f"{name}_se": _rounded(measured.error)}


def _rounded(value: ArrayLike) -> Any:  # noqa: ANN401 (a number, or lists of any depth)
    """Return a number, or an array as lists, with few digits."""
    return rounded(np.asarray(value).tolist(), DIGITS)


def _comparisons(plan: Plan, part: Part, evaluation: ReadEvaluation, seed: int) -> Iterator[dict[str, Any]]:
    """Go through the pairs of rows to be compared, wherever the part has both in the same place."""
    for first, second in part.compared:
        for one in part.rows:
            for other in part.rows:
                if (one.label, other.label) != (first, second) or one.test != other.test:
                    continue
                if _without_mark(one.extra) != _without_mark(other.extra):
                    continue
                a, b = evaluation(one.test, one.model), evaluation(other.test, other.model)
                if a is None or b is None or not np.array_equal(a.samples.log10_mass, b.samples.log10_mass):
                    continue
                bootstrap = bootstrap_galaxies(a.samples.galaxy, seed=seed)
                ours, theirs = a.summaries[one.model], b.summaries[other.model]
                ratio = scatter_ratio(ours.median, theirs.median, a.samples.log10_mass, bootstrap)
                same = plan.models[one.model].model.further_targets == plan.models[other.model].model.further_targets
                yield {
                    "of": first,
                    "to": second,
                    "tested_on": plan.tests[one.test].label,
                    "r_over_R_hl": a.r_over_R_hl.tolist(),
                    **_measured("half_width", ratio.half_width),
                    **_measured("rms_dex", ratio.rms_dex),
                    **_log_prob_gain(ours.log_prob - theirs.log_prob if same else None, bootstrap),
                    **one.extra,
                }


def _log_prob_gain(gain: FloatArray | None, bootstrap: Bootstrap) -> dict[str, Any]:
    """Return the mean gain of log q; None where the two densities are not of the same quantities."""
    if gain is None:
        return {"log_prob_gain": None, "log_prob_gain_se": None}
    return _measured("log_prob_gain", Measured.from_replicas(gain.mean(), bootstrap.mean(gain)))


def _evaluated(plan: Plan, part: Part, evaluation: ReadEvaluation) -> Iterator[tuple[str, Rows, EvaluationResult]]:
    """Go through the rows of a part that were not left out: label with the test, rows, evaluation."""
    for spec in part.rows:
        if (result := evaluation(spec.test, spec.model)) is not None:
            yield f"{spec.label}, {plan.tests[spec.test].label}", spec, result


def _without_mark(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the extras of a row without the mark of the chosen one."""
    return {name: value for name, value in extra.items() if name != "chosen"}


def _curves(plan: Plan, part: Part, evaluation: ReadEvaluation) -> dict[str, Any]:
    """Rank histograms and TARP curves of all samples, per row of the part."""
    block = {}
    for label, spec, result in _evaluated(plan, part, evaluation):
        calibration = result.scores(spec.model).calibration
        share, coverage = calibration.ranks.share, calibration.tarp.expected_coverage
        block[label] = {
            "rank_edges": calibration.ranks.edges.round(6).tolist(),
            **_measured("rank_share", share),
            "tarp_level": _rounded(calibration.tarp.credibility),
            **_measured("tarp_coverage", coverage),
        }
    return block


def _correlation(plan: Plan, part: Part, evaluation: ReadEvaluation) -> dict[str, Any]:
    """Correlation of the masses in the posterior and in its errors, per row of the part."""
    block = {}
    for label, spec, result in _evaluated(plan, part, evaluation):
        matrices = result.models[spec.model].correlation
        block[label] = {
            "posterior": _rounded(matrices.posterior),
            "errors": _rounded(matrices.errors),
            "largest_difference": _rounded(matrices.largest_difference),
        }
    return block


def _views(plan: Plan, part: Part, evaluation: ReadEvaluation) -> dict[str, Any]:
    """Ratio and whether the truth lies inside the intervals, view by view."""
    block: dict[str, Any] = {"models": {}}
    for _, spec, result in _evaluated(plan, part, evaluation):
        block["inclination_deg"] = _rounded(result.samples.columns["inclination_deg"].astype(float))
        block["r_over_R_hl"] = result.r_over_R_hl.tolist()
        ranks = result.summaries[spec.model].ranks
        inside = {f"inside_{100 * level:.0f}": is_covered(ranks, level) > 0 for level in CENTRAL_INTERVALS}
        block["models"][spec.label] = {
            "ratio": _rounded(result.ratio(spec.model)),
            **{name: covered.tolist() for name, covered in inside.items()},
        }
    return block


_DETAILS = {"curves": _curves, "correlation": _correlation, "views": _views}


def _provenance(plan: Plan, part: Part, evaluation: ReadEvaluation) -> dict[str, Any]:
    """Return what the part was made from, down to seeds and settings."""
    evaluations = {
        f"{spec.test}/{spec.model}": {
            "arrays_sha256": result.arrays_sha256,
            "dataset_digest": result.provenance.dataset_digest,
            "model_digest": result.provenance.models[spec.model].digest,
            "n_draws": result.n_draws,
            "seed": result.seed,
        }
        for _, spec, result in _evaluated(plan, part, evaluation)
    }
    return made_from(plan, part.name) | {"evaluations": evaluations}
