"""Goals beyond the paper: unbiased and calibrated models, tighter than the closed formulas, on enough galaxies."""

from collections.abc import Mapping
from dataclasses import dataclass

from stargas.experiments.paper.claims import SIGNIFICANT, farthest
from stargas.experiments.paper.plan import MASSIVE
from stargas.report.results import FORMULAS, TABLE_RADII, Part, Row, at, find_row, find_rows

COVERAGE_RANGES = {68: (0.65, 0.71), 95: (0.93, 0.97)}
"""Fractions of truths that the central intervals have to hold on the suite of the training."""

MAX_BIAS = 0.03
"""Largest distance of the median from 1 on the suite of the training."""

MIN_GALAXIES, MIN_MASSIVE_GALAXIES = 500, 60
"""Test galaxies that a suite, and its massive end, should have."""


@dataclass(frozen=True)
class Goal:
    """A goal and the result.

    Parameters
    ----------
    goal
        What should hold.
    found
        The result.
    reached
        Whether it holds.
    """

    goal: str
    found: str
    reached: bool


def goals(parts: Mapping[str, Part]) -> list[Goal]:
    """Return the goals beyond the paper that the results of some parts can be compared with."""
    own = [
        row
        for part in ("fig5", "fig9")
        for row in find_rows(parts.get(part), kind="model", set="cold-gas set", subset="all")
        if row["trained_on"] == row["tested_on"]
    ]
    found = [_bias([row for row in own if row["name"] in ("Star", "StarGas")])]
    found += [_coverage(own, level) for level in COVERAGE_RANGES]
    found.append(_formulas(parts.get("fig5")))
    found.append(_count(find_row(parts.get("fig5"), name="StarGas", subset="all"), MIN_GALAXIES, "test galaxies"))
    massive = find_row(parts.get("fig6"), name="StarGas", subset=MASSIVE)
    found.append(_count(massive, MIN_MASSIVE_GALAXIES, "test galaxies above 10^9.5 Msun"))
    return [goal for goal in found if goal is not None]


def _bias(rows: list[Row]) -> Goal | None:
    if not rows:
        return None
    worst = max(rows, key=lambda row: abs(farthest(row)[1].value - 1))
    radius, value = farthest(worst)
    found = f"farthest: {worst['name']} on {worst['tested_on']}, {value.text(3)} at {radius:g} R_hl"
    goal = f"Median of Star and StarGas within {MAX_BIAS} of 1 on the suite of the training"
    return Goal(goal, found, abs(value.value - 1) <= MAX_BIAS)


def _coverage(rows: list[Row], level: int) -> Goal | None:
    low, high = COVERAGE_RANGES[level]
    covered = [row[f"coverage_{level}_mean"] for row in rows if row.get(f"coverage_{level}_mean") is not None]
    if not covered:
        return None
    goal = f"{level} % intervals hold {100 * low:.0f} to {100 * high:.0f} % on the suite of the training"
    found = f"{100 * min(covered):.1f} to {100 * max(covered):.1f} % in {len(covered)} rows"
    return Goal(goal, found, all(low <= one <= high for one in covered))


def _formulas(part: Part | None) -> Goal | None:
    model = find_row(part, name="StarGas", kind="model")
    formulas = [row for row in (part["rows"] if part else []) if row["kind"] in FORMULAS]
    if model is None or not formulas:
        return None
    others = [str(row["name"]) for row in formulas if not _is_tighter(model, row)]
    found = f"tighter than {len(formulas) - len(others)} of {len(formulas)}"
    found += f"; not than {', '.join(others)}" if others else ""
    return Goal("StarGas tighter than every closed formula at its radius, by 2 σ", found, not others)


def _is_tighter(model: Row, formula: Row) -> bool:
    r = formula["r_over_R_hl"]
    gaps = [at(formula, "half_width", x) - at(model, "half_width", x) for x in (TABLE_RADII if len(r) > 1 else r)]
    return all(gap.value > SIGNIFICANT * gap.error for gap in gaps)


def _count(row: Row | None, least: int, kind: str) -> Goal | None:
    if row is None:
        return None
    return Goal(f"At least {least} {kind}", f"{row['n_galaxies']:,}", row["n_galaxies"] >= least)
