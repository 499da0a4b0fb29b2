"""What the results of each part show: quotients of half-widths, largest biases, trends; numbers for the page.

A difference is called significant beyond two standard errors. Errors of quotients are those of both rows resampled
together where the part has them, and otherwise take the rows as independent, which makes them too large for rows on
the same galaxies.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from stargas.experiments.paper.claims import SIGNIFICANT, farthest, mean_over_radii, paper_claims
from stargas.experiments.paper.goals import COVERAGE_RANGES, goals
from stargas.experiments.paper.plan import DWARFS, EDGE_ON, FACE_ON, FAST, INCLINED, MASSIVE, SLOW
from stargas.experiments.plan import Plan
from stargas.experiments.provenance import outdated
from stargas.report.paper_page import CLAIMS, PARTS
from stargas.report.results import (
    MODELS,
    TABLE_RADII,
    Part,
    Row,
    Value,
    choice_labels,
    find_row,
    find_rows,
    paper_ratio,
    read_parts,
    width_quotient,
)
from stargas.storage import json_bytes, rounded, write_atomically

DIGITS = 5
"""Significant digits of the numbers in the file."""

N_CHANGES = 3
"""Changes since an outdated part that are named."""

Finding: TypeAlias = dict[str, Any]
"""Numbers about one part, ready for JSON."""


def write_claims(results: Path, command: str, plan: Plan | None = None) -> Path:
    """Compare the results with the paper and write ``claims.json`` beside them.

    Parameters
    ----------
    results
        Folder of ``<part>.json`` files.
    command
        Command that makes them, for the message where there are none.
    plan
        The paper's plan with the present settings. Parts that were made from others are named; none is if None.

    Returns
    -------
    Path
        The file: ``relations`` of the paper with our values and a verdict, ``goals`` beyond the paper, ``findings`` by
        part, and the ``outdated`` parts with what is different today.
    """
    parts = read_parts(results, PARTS, command)
    claims = {
        "relations": [
            {
                "relation": claim.name,
                "numbers": claim.where,
                "ours": [asdict(effect.ours) for effect in claim.effects],
                "paper": [effect.paper for effect in claim.effects],
                "verdict": claim.verdict,
            }
            for claim in paper_claims(parts)
        ],
        "goals": [asdict(goal) for goal in goals(parts)],
        "findings": {name: findings(name, part) for name, part in parts.items()},
        "outdated": {
            name: changes[:N_CHANGES]
            for name, part in parts.items()
            if plan is not None and (changes := outdated(part, plan))
        },
    }
    path = results / CLAIMS
    write_atomically(path, json_bytes(rounded(claims, DIGITS)), lasting=False)
    return path


def findings(name: str, part: Part) -> Finding:
    """Return what a part shows.

    Parameters
    ----------
    name
        Name of the part.
    part
        Its results.

    Returns
    -------
    dict
        Where the part has them: ``widths``, quotients of half-widths at `TABLE_RADII`; ``medians``, the median
        farthest from 1 of each row; ``means``, medians averaged over radii by subset; and entries of single parts.
    """
    return _FINDINGS[name](part) if name in _FINDINGS and part["rows"] else {}


def _width(part: Part, over: Row | None, under: Row | None, label: str) -> list[Finding]:
    if over is None or under is None:
        return []
    quotients = [
        asdict(width_quotient(part, over, under, r)) | {"paper": paper_ratio(over, under, r)} for r in TABLE_RADII
    ]
    return [{"comparison": label, "quotients": quotients}]


def _medians(rows: Sequence[Row | None], label: Callable[[Row], str]) -> list[Finding]:
    found = []
    for row in rows:
        if row is not None:
            radius, value = farthest(row)
            found.append({"row": label(row), "r_over_R_hl": radius} | asdict(value))
    return found


def _name(row: Row) -> str:
    return str(row["name"])


def _fig4(part: Part) -> Finding:
    widths = []
    for name in (*MODELS, *(f"Trees ({name})" for name in MODELS)):
        full, cold = (find_row(part, name=name, set=which) for which in ("full set", "cold-gas set"))
        widths += _width(part, full, cold, f"{name}, full set over cold-gas set")
    return {"widths": widths}


def _fig5(part: Part) -> Finding:
    star, gas, both = (find_row(part, name=name) for name in MODELS)
    widths = _width(part, star, both, "Star over StarGas") + _width(part, gas, star, "Gas over Star")
    for name in MODELS:
        trees = find_row(part, name=f"Trees ({name})")
        widths += _width(part, trees, find_row(part, name=name), f"{name}, trees over network")
    return {"widths": widths, "medians": _medians((star, gas, both), _name)}


def _fig6(part: Part) -> Finding:
    dwarfs, massive = (find_row(part, name="StarGas", subset=subset) for subset in (DWARFS, MASSIVE))
    return {
        "widths": _width(part, massive, dwarfs, "massive over dwarfs"),
        "medians": _medians((dwarfs, massive), lambda row: str(row["subset"])),
    }


def _fig7(part: Part) -> Finding:
    rows = find_rows(part, name="StarGas")
    alone = next((row for row in rows if MASSIVE in str(row["trained_on"])), None)
    every = next((row for row in rows if row is not alone), None)
    return {
        "widths": _width(part, alone, every, "trained on massive galaxies alone over trained on all"),
        "medians": _medians(rows, lambda row: f"trained on {row['trained_on']}"),
    }


def _fig8(part: Part) -> Finding:
    widths = []
    for name in MODELS:
        slow, fast = (find_row(part, name=name, subset=subset) for subset in (SLOW, FAST))
        widths += _width(part, fast, slow, f"{name}, κ_co > 0.5 over κ_co < 0.5")
    edge, inclined = (find_row(part, name="Gas", subset=subset) for subset in (EDGE_ON, INCLINED))
    widths += _width(part, edge, inclined, "Gas, edge-on over 60°")
    means = []
    for subset in (SLOW, FAST, EDGE_ON, INCLINED, FACE_ON):
        rows = [row for name in MODELS if (row := find_row(part, name=name, subset=subset)) is not None]
        if rows:
            means.append({"subset": subset, "medians": {_name(row): asdict(mean_over_radii(row)) for row in rows}})
    return {"widths": widths, "means": means}


def _fig9(part: Part) -> Finding:
    def row(trained: str, tested: str) -> Row | None:
        return find_row(part, name="StarGas", trained_on=trained, tested_on=tested)

    widths = _width(part, row("smooth", "bursty"), row("bursty", "smooth"), "smooth→bursty over bursty→smooth")
    for suite, other in (("bursty", "smooth"), ("smooth", "bursty")):
        own = row(suite, suite)
        widths += _width(part, row(other, suite), own, f"on {suite}, trained on {other} over trained on {suite}")
        widths += _width(part, row("both", suite), own, f"on {suite}, trained on both over trained on {suite}")
    models = find_rows(part, name="StarGas")
    return {"widths": widths, "medians": _medians(models, lambda r: f"{r['trained_on']}→{r['tested_on']}")}


def _gain(part: Part) -> Finding:
    strengths = sorted({row["stirring"] for row in part["rows"]})
    least, most = strengths[0], strengths[-1]
    widths = []
    for name in ("Gas", "StarGas"):
        calm, wild = (find_row(part, name=name, stirring=stirring) for stirring in (least, most))
        widths += _width(part, wild, calm, f"{name}, stirring {most:g} over {least:g}")
    gains = []
    for stirring in (least, most):
        star, both = (find_row(part, name=name, stirring=stirring) for name in ("Star", "StarGas"))
        if star is not None and both is not None:
            gains.append(width_quotient(part, star, both, 1.0))
    found: Finding = {"widths": widths}
    if len(gains) == 2 and least < most:
        change = gains[0] - gains[1]
        sigmas = abs(change.value) / change.error if change.error > 0 else float(np.sign(abs(change.value))) * 99
        trend = "falls" if change.value > 0 else "grows"
        found["trend"] = {
            "stirring": [least, most],
            "gains": [asdict(gain) for gain in gains],
            "sigmas": sigmas,
            "trend": trend if sigmas > SIGNIFICANT else "does not change significantly",
        }
    return found


def _calibration(part: Part) -> Finding:
    coverage = []
    for level, (low, high) in COVERAGE_RANGES.items():
        key = f"coverage_{level}_mean"
        rows = [row for row in part["rows"] if row.get(key) is not None]
        outside = [
            {"row": f"{row['name']} on {row['tested_on']}, {row['subset']}", "coverage": row[key]}
            for row in rows
            if not low - SIGNIFICANT * row[f"{key}_se"] <= row[key] <= high + SIGNIFICANT * row[f"{key}_se"]
        ]
        coverage.append({"level": level, "low": low, "high": high, "n_rows": len(rows), "outside": outside})
    correlation = []
    for label, block in (part.get("correlation") or {}).items():
        gap = np.asarray(block["posterior"], dtype=np.float64) - np.asarray(block["errors"], dtype=np.float64)
        off = gap[~np.eye(len(gap), dtype=bool)]
        correlation.append({"row": label, "mean": float(off.mean()), "largest": float(np.abs(off).max())})
    return {"coverage": coverage, "correlation": correlation}


def _ablations(part: Part) -> Finding:
    changes = []
    for group in dict.fromkeys(row["group"] for row in part["rows"]):
        rows = find_rows(part, group=group)
        reference = next((row for row in rows if row.get("reference")), rows[0])
        labels = dict(zip(map(id, rows), choice_labels(rows), strict=True))
        for row in rows:
            if row is not reference:
                over, under = (Value(one["rms_dex"], one["rms_dex_se"]) for one in (row, reference))
                entry = {"group": group, "choice": labels[id(row)], "reference": labels[id(reference)]}
                changes.append(entry | asdict(over / under))
    return {"changes": changes}


_FINDINGS: Mapping[str, Callable[[Part], Finding]] = MappingProxyType(
    {
        "fig4": _fig4,
        "fig5": _fig5,
        "fig6": _fig6,
        "fig7": _fig7,
        "fig8": _fig8,
        "fig9": _fig9,
        "gain": _gain,
        "calibration": _calibration,
        "ours": _ablations,
        "ablations": _ablations,
    }
)
