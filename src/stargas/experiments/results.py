"""From evaluations to the small file of a part: numbers with errors, the paper's value beside them, and provenance."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from stargas import __version__
from stargas.evaluation.accuracy import scatter_ratio
from stargas.evaluation.evaluate import QUANTILE_LEVELS, Evaluation
from stargas.experiments.plan import Part, Plan, Rows

FORMAT = 1
"""Version of the files."""

BASELINE_KINDS = {"hi": "baseline", "hi_inclination": "baseline", "wolf_hi": "baseline"}
"""Closed formulas that use the HI; the others are estimators from stars."""

_ACCURACY = ("median", "mean", "p16", "p84", "half_width", "rms_dex")

_COVERAGE = (("", "per_radius"), ("_se", "per_radius_se"), ("_mean", "mean"), ("_mean_se", "mean_se"))

PAPER_RADII = (0.6, 1.0, 2.4)
"""Radii [R_hl] of the paper's tables."""

_TABLE_1, _TABLE_2 = "Table 1", "Table 2"
_NIHAO, _AURIGA, _BOTH = "bursty", "smooth", "both"
PAPER_VALUES: Mapping[tuple[str, str, str], tuple[str, tuple[tuple[float, float, float], ...]]] = {
    # (name, trained on, tested on): source, (median, p84 - median, median - p16) at the radii
    ("Star", _NIHAO, _NIHAO): (_TABLE_1, ((0.99, 0.32, 0.21), (1.00, 0.23, 0.17), (1.00, 0.22, 0.18))),
    ("Gas", _NIHAO, _NIHAO): (_TABLE_1, ((0.97, 0.87, 0.39), (1.00, 0.46, 0.29), (1.03, 0.36, 0.29))),
    ("StarGas", _NIHAO, _NIHAO): (_TABLE_1, ((1.00, 0.19, 0.16), (1.00, 0.14, 0.13), (1.00, 0.17, 0.13))),
    ("StarGas", _NIHAO, _AURIGA): (_TABLE_2, ((0.94, 0.37, 0.22), (0.95, 0.32, 0.20), (0.96, 0.26, 0.17))),
    ("StarGas", _AURIGA, _NIHAO): (_TABLE_2, ((0.93, 1.07, 0.32), (0.97, 0.57, 0.25), (1.03, 0.36, 0.40))),
    ("StarGas", _AURIGA, _AURIGA): (_TABLE_2, ((1.01, 0.26, 0.22), (1.01, 0.21, 0.20), (1.01, 0.14, 0.15))),
    ("StarGas", _BOTH, _NIHAO): (_TABLE_2, ((1.00, 0.23, 0.14), (1.02, 0.18, 0.16), (1.00, 0.22, 0.12))),
    ("StarGas", _BOTH, _AURIGA): (_TABLE_2, ((0.98, 0.28, 0.22), (0.98, 0.24, 0.20), (0.99, 0.20, 0.16))),
}
"""Tables 1 and 2 of Expósito-Márquez et al. (2026), with our suites in the place of theirs."""

PAPER_TABLE_2 = ("Table 2", ((0.99, 0.24, 0.16), (1.00, 0.16, 0.13), (1.01, 0.17, 0.14)))
"""StarGas on NIHAO once more: the paper's second table repeats it with other numbers."""

ReadEvaluation = Callable[[str, str], Evaluation | None]
"""From test and model to their evaluation; None where it was left out."""


def part_results(
    plan: Plan, part: Part, evaluation: ReadEvaluation, history: Callable[[str], Mapping[str, int]], seed: int = 0
) -> dict[str, Any]:
    """Collect a part.

    Parameters
    ----------
    plan, part
        The experiment and which part of it.
    evaluation
        Reads an evaluation.
    history
        From model to epochs per stage.
    seed
        Root seed of the bootstrap.

    Returns
    -------
    dict
        Ready for JSON: ``part``, ``title``, ``stargas``, ``scale``, ``rows``, ``comparisons``, ``left_out``, blocks of
        ``details``, and ``provenance`` (data sets, models, and digests of the evaluations).
    """
    rows: list[dict[str, Any]] = []
    left_out: list[str] = []
    for wanted in part.rows:
        found = evaluation(wanted.test, wanted.model)
        if found is None:
            left_out.append(f"{wanted.label or wanted.model}, {wanted.trained_on}, on {wanted.test}")
            continue
        rows += _formula_rows(plan, wanted, found) if wanted.formulas and not wanted.label else []
        rows += _model_rows(plan, part, wanted, found, history) if wanted.label else []
        rows += _formula_rows(plan, wanted, found) if wanted.formulas and wanted.label else []
    result: dict[str, Any] = {
        "format": FORMAT,
        "part": part.name,
        "title": part.title,
        "stargas": __version__,
        "scale": plan.scale,
        "rows": rows,
        "comparisons": list(_comparisons(plan, part, evaluation, seed)),
        "left_out": left_out,
    }
    for block in part.details:
        result[block] = _DETAILS[block](plan, part, evaluation)
    return result | {"provenance": _ancestry(plan, part, evaluation)}


def _model_rows(
    plan: Plan, part: Part, wanted: Rows, found: Evaluation, history: Callable[[str], Mapping[str, int]]
) -> Iterator[dict[str, Any]]:
    """Go through the subsets of one model on one test."""
    test, model = plan.tests[wanted.test], plan.models[wanted.model]
    about = found.results["provenance"]["models"][wanted.model]["about"]
    epochs = history(wanted.model)
    for subset in wanted.subsets:
        numbers = found.results["models"][wanted.model].get(subset)
        if numbers is None:
            continue
        cover, calibration = numbers["calibration"]["coverage"], numbers["calibration"]
        yield {
            **_names(plan, wanted, subset),
            "name": wanted.label,
            "kind": "model" if model.kind == "network" else "trees",
            "trained_on": wanted.trained_on,
            "split": test.split,
            "r_over_R_hl": found.results["r_over_R_hl"],
            **_accuracy(numbers["accuracy"]),
            **{
                f"coverage_{level[2:]}{ending}": _rounded(cover[level][key])
                for level in cover
                for ending, key in _COVERAGE
            },
            "tarp_distance": _rounded(calibration["tarp"]["largest_distance"]),
            "negative_log_prob": _rounded(calibration["negative_log_prob"]["mean"]),
            "verdict": "; ".join(calibration["verdict"]),
            "training": {
                "model": wanted.model,
                "galaxies": about["galaxies"],
                "samples": about["samples"],
                "epochs": [epochs.get("network", 0), epochs.get("flow", 0)],
                "minutes": about["minutes"],
            },
            "paper": _paper_value(part, wanted, test.label, subset),
            **wanted.extra,
        }


def _formula_rows(plan: Plan, wanted: Rows, found: Evaluation) -> Iterator[dict[str, Any]]:
    """Go through the closed formulas on one test."""
    for name, point in found.results["estimators"].items():
        for subset in wanted.subsets:
            if subset not in point:
                continue
            yield {
                **_names(plan, wanted, subset),
                "name": point["label"],
                "kind": BASELINE_KINDS.get(name, "estimator"),
                "trained_on": None,
                "split": plan.tests[wanted.test].split,
                "r_over_R_hl": point["r_over_R_hl"],
                **_accuracy(point[subset]),
                "training": None,
                "paper": None,
                **wanted.extra,
            }


def _names(plan: Plan, wanted: Rows, subset: str) -> dict[str, Any]:
    test = plan.tests[wanted.test]
    return {
        "tested_on": test.label,
        "test": wanted.test,
        "set": "cold-gas set" if test.cold_gas_only else "full set",
        "subset": subset,
    }


def _accuracy(numbers: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {f"{name}{ending}": _rounded(numbers[f"{name}{ending}"]) for name in _ACCURACY for ending in ("", "_se")}
    return chosen | {name: numbers[name] for name in ("n_galaxies", "n_samples")}


def _rounded(value: Any) -> Any:  # noqa: ANN401 (numbers in lists of any depth)
    """Keep five digits: the files are small, and errors are larger."""
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _paper_value(part: Part, wanted: Rows, tested_on: str, subset: str) -> dict[str, Any] | None:
    """Return what the paper found in the same place, or None."""
    key = (wanted.label, wanted.trained_on, tested_on)
    if subset != "all" or part.name not in {"fig5", "fig9"} or key not in PAPER_VALUES:
        return None
    source, values = PAPER_VALUES[key]
    if part.name == "fig9" and key == ("StarGas", _NIHAO, _NIHAO):
        source, values = PAPER_TABLE_2
    median, plus, minus = (list(column) for column in zip(*values, strict=True))
    return {"r_over_R_hl": list(PAPER_RADII), "median": median, "plus": plus, "minus": minus, "source": source}


def _comparisons(plan: Plan, part: Part, evaluation: ReadEvaluation, seed: int) -> Iterator[dict[str, Any]]:
    """Go through the pairs of rows to be compared, wherever the part has both in the same place."""
    for first, second in part.compared:
        for one in part.rows:
            for other in part.rows:
                if (one.label, other.label) != (first, second) or (one.test, one.extra) != (other.test, other.extra):
                    continue
                a, b = evaluation(one.test, one.model), evaluation(other.test, other.model)
                if a is None or b is None or not np.array_equal(a.arrays["log10_true"], b.arrays["log10_true"]):
                    continue
                middle = QUANTILE_LEVELS.index(0.5)
                ratio = scatter_ratio(
                    a.arrays[f"{one.model}/quantiles"][:, middle],
                    b.arrays[f"{other.model}/quantiles"][:, middle],
                    a.arrays["log10_true"],
                    a.arrays["galaxy"],
                    seed=seed,
                )
                yield {
                    "of": first,
                    "to": second,
                    "tested_on": plan.tests[one.test].label,
                    "r_over_R_hl": a.results["r_over_R_hl"],
                    **{name: _rounded(value) for name, value in ratio.items()},
                    **one.extra,
                }


def _label(plan: Plan, rows: Rows) -> str:
    return f"{rows.label}, {plan.tests[rows.test].label}"


def _curves(plan: Plan, part: Part, evaluation: ReadEvaluation) -> dict[str, Any]:
    """Rank histograms and TARP curves of all samples, per row of the part."""
    result = {}
    for wanted in part.rows:
        if (found := evaluation(wanted.test, wanted.model)) is not None:
            numbers = found.results["models"][wanted.model]["all"]["calibration"]
            result[_label(plan, wanted)] = {
                "rank_edges": np.linspace(0, 1, numbers["ranks"]["n_bins"] + 1).round(6).tolist(),
                "rank_share": _rounded(numbers["ranks"]["share"]),
                "rank_share_se": _rounded(numbers["ranks"]["share_se"]),
                "tarp_level": _rounded(numbers["tarp"]["credibility"]),
                "tarp_coverage": _rounded(numbers["tarp"]["expected_coverage"]),
                "tarp_coverage_se": _rounded(numbers["tarp"]["expected_coverage_se"]),
            }
    return result


def _correlation(plan: Plan, part: Part, evaluation: ReadEvaluation) -> dict[str, Any]:
    """Correlation of the masses in the posterior and in its errors, per row of the part."""
    return {
        _label(plan, wanted): _rounded(found.results["correlation"][wanted.model])
        for wanted in part.rows
        if (found := evaluation(wanted.test, wanted.model)) is not None
    }


def _views(plan: Plan, part: Part, evaluation: ReadEvaluation) -> dict[str, Any]:  # noqa: ARG001 (one signature for all blocks)
    """Ratio and whether the truth lies inside the intervals, view by view."""
    result: dict[str, Any] = {"models": {}}
    for wanted in part.rows:
        if (found := evaluation(wanted.test, wanted.model)) is None:
            continue
        ranks = found.arrays[f"{wanted.model}/ranks"]
        result["inclination_deg"] = _rounded(found.arrays["catalogue/inclination_deg"].astype(float).tolist())
        result["r_over_R_hl"] = found.results["r_over_R_hl"]
        result["models"][wanted.label] = {
            "ratio": _rounded(found.ratio(wanted.model).tolist()),
            "inside_68": (np.abs(ranks - 0.5) <= 0.34).tolist(),
            "inside_95": (np.abs(ranks - 0.5) <= 0.475).tolist(),
        }
    return result


_DETAILS = {"curves": _curves, "correlation": _correlation, "views": _views}


def _ancestry(plan: Plan, part: Part, evaluation: ReadEvaluation) -> dict[str, Any]:
    """Return what the part was made from, down to seeds and settings."""
    evaluations = {}
    for rows in part.rows:
        if (found := evaluation(rows.test, rows.model)) is not None:
            evaluations[f"{rows.test}/{rows.model}"] = {
                "arrays_sha256": found.results["arrays_sha256"],
                "dataset_digest": found.results["provenance"]["dataset_digest"],
                "model_digest": found.results["provenance"]["models"][rows.model]["digest"],
                "n_draws": found.results["n_draws"],
                "seed": found.results["seed"],
            }
    return {
        "data": {data.name: _plain(data) for data in plan.data_of(part.name)},
        "models": {model.name: _plain(model) for model in plan.models_of(part.name)},
        "evaluations": evaluations,
    }


def _plain(settings: Any) -> dict[str, Any]:  # noqa: ANN401 (any dataclass)
    """Turn settings into what JSON keeps; paths become file names, since their folders are of this machine."""
    return dict(json.loads(json.dumps(dataclasses.asdict(settings), default=lambda path: path.name)))
