"""Sentences about the paper's experiments that follow from the numbers alone.

What is called a difference is larger than two standard errors. Errors of quotients are those of both rows resampled
together where the part has them, and otherwise take the rows as independent: too large for rows on the same galaxies.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from stargas.report.paper_claims import (
    DWARFS,
    EDGE_ON,
    FACE_ON,
    FAST,
    INCLINED,
    MASSIVE,
    SIGNIFICANT,
    SLOW,
    farthest,
    mean_over_radii,
    paper_ratio,
)
from stargas.report.paper_results import Part, Row, Value, at, find_row, find_rows, width_quotient
from stargas.report.supplementary_figures import choice_labels
from stargas.report.table import TABLE_RADII

MODELS = ("Star", "Gas", "StarGas")

COVERAGE_MARKS = {68: (0.65, 0.71), 95: (0.93, 0.97)}
"""Shares of truths that the central intervals have to hold on the own suite."""

MEDIAN_MARK = 0.03
"""Largest distance of the median from 1 on the own suite."""

SUITE_GALAXIES, MASSIVE_GALAXIES = 500, 60
"""Test galaxies that a suite, and its massive end, should have."""


def words(name: str, parts: Mapping[str, Part]) -> list[str]:
    """Sentences about one part.

    Parameters
    ----------
    name
        Of the part.
    parts
        Results by part, with this one.

    Returns
    -------
    list of str
        Plain sentences, Markdown.
    """
    return _WORDS[name](parts[name])


def compare(label: str, quotient: Value, paper: float | None = None) -> str:
    """Say whether a quotient differs from 1, and by how many standard errors."""
    excess = quotient.value - 1
    sigmas = abs(excess) / quotient.error if quotient.error > 0 else float("inf")
    said = f"{'wider' if excess > 0 else 'narrower'}, {sigmas:.1f} σ" if sigmas > SIGNIFICANT else "no difference"
    return f"{label} {quotient.text()} ({said}{'' if paper is None else f'; paper {paper:.2f}'})"


def own_marks(parts: Mapping[str, Part]) -> list[tuple[str, str, bool]]:
    """Judge what the runs had to show, beyond the paper.

    Returns
    -------
    list of tuple
        What was asked, what was found, and whether that is enough.
    """
    marks: list[tuple[str, str, bool]] = []
    own = [
        row
        for part in ("fig5", "fig9")
        for row in find_rows(parts.get(part), kind="model", set="cold-gas set", subset="all")
        if row["trained_on"] == row["tested_on"]
    ]
    unbiased = [row for row in own if row["name"] in ("Star", "StarGas")]
    if unbiased:
        worst = max(unbiased, key=lambda row: abs(farthest(row)[1].value - 1))
        radius, value = farthest(worst)
        found = f"farthest: {worst['name']} on {worst['tested_on']}, {value.text(3)} at {radius:g} R_hl"
        asked = f"Median of Star and StarGas within {MEDIAN_MARK} of 1 on the own suite"
        marks.append((asked, found, abs(value.value - 1) <= MEDIAN_MARK))
    for level, (low, high) in COVERAGE_MARKS.items():
        covered = [row for row in own if row.get(f"coverage_{level}_mean") is not None]
        if covered:
            shares = [row[f"coverage_{level}_mean"] for row in covered]
            asked = f"{level} % intervals hold {100 * low:.0f} to {100 * high:.0f} % on the own suite"
            found = f"{100 * min(shares):.1f} to {100 * max(shares):.1f} % in {len(shares)} rows"
            marks.append((asked, found, all(low <= share <= high for share in shares)))
    marks += _formula_marks(parts.get("fig5")) + _count_marks(parts)
    return marks


def _formula_marks(part: Part | None) -> list[tuple[str, str, bool]]:
    model = find_row(part, name="StarGas", kind="model")
    formulas = [row for row in (part["rows"] if part else []) if row["kind"] in ("estimator", "baseline")]
    if model is None or not formulas:
        return []
    tighter = [row for row in formulas if _tighter_than(model, row)]
    others = [str(row["name"]) for row in formulas if row not in tighter]
    found = f"tighter than {len(tighter)} of {len(formulas)}" + (f"; not than {', '.join(others)}" if others else "")
    return [("StarGas tighter than every closed formula at its radius, by 2 σ", found, not others)]


def _tighter_than(model: Row, formula: Row) -> bool:
    r = formula["r_over_R_hl"]
    gaps = [at(formula, "half_width", x) - at(model, "half_width", x) for x in (TABLE_RADII if len(r) > 1 else r)]
    return all(gap.value > SIGNIFICANT * gap.error for gap in gaps)


def _count_marks(parts: Mapping[str, Part]) -> list[tuple[str, str, bool]]:
    marks = []
    for part, subset, least in (("fig5", "all", SUITE_GALAXIES), ("fig6", MASSIVE, MASSIVE_GALAXIES)):
        row = find_row(parts.get(part), name="StarGas", subset=subset)
        if row is not None:
            kind = "test galaxies" if subset == "all" else "test galaxies above 10^9.5 Msun"
            marks.append((f"At least {least} {kind}", f"{row['n_galaxies']:,}", row["n_galaxies"] >= least))
    return marks


def _quotients(part: Part, over: Row | None, under: Row | None, label: str) -> list[str]:
    if over is None or under is None:
        return []
    each = [
        compare(f"{r:g} R_hl:", width_quotient(part, over, under, r), paper_ratio(over, under, r)) for r in TABLE_RADII
    ]
    return [f"Half-width {label}. {'; '.join(each)}."]


def _biases(rows: Sequence[Row], label: Callable[[Row], str]) -> list[str]:
    """Say of each row where its median is farthest from 1."""
    said = []
    for row in rows:
        radius, value = farthest(row)
        size = f"{100 * abs(value.value - 1):.1f} ± {100 * value.error:.1f} %"
        if abs(value.value - 1) > SIGNIFICANT * value.error:
            said.append(f"{label(row)} {'low' if value.value < 1 else 'high'} by up to {size} (at {radius:g} R_hl)")
        else:
            said.append(f"{label(row)} no bias beyond 2 σ ({size} at most)")
    return [f"Median: {'; '.join(said)}."] if said else []


def _fig4(part: Part) -> list[str]:
    said = []
    for name in (*MODELS, *(f"Trees ({name})" for name in MODELS)):
        full, cold = (find_row(part, name=name, set=which) for which in ("full set", "cold-gas set"))
        said += _quotients(part, full, cold, f"of {name}, full set over cold-gas set")
    return said


def _fig5(part: Part) -> list[str]:
    star, gas, both = (find_row(part, name=name) for name in MODELS)
    said = _quotients(part, star, both, "Star over StarGas") + _quotients(part, gas, star, "Gas over Star")
    for name in MODELS:
        trees = find_row(part, name=f"Trees ({name})")
        said += _quotients(part, trees, find_row(part, name=name), f"of the trees over the network, {name}")
    return said + _biases([row for row in (star, gas, both) if row is not None], _name)


def _fig6(part: Part) -> list[str]:
    rows = [find_row(part, name="StarGas", subset=subset) for subset in (DWARFS, MASSIVE)]
    said = _biases([row for row in rows if row is not None], lambda row: f"{row['subset']}:")
    return said + _quotients(part, rows[1], rows[0], "massive over dwarfs")


def _fig7(part: Part) -> list[str]:
    rows = find_rows(part, name="StarGas")
    alone = next((row for row in rows if MASSIVE in str(row["trained_on"])), None)
    every = next((row for row in rows if row is not alone), None)
    said = _quotients(part, alone, every, "trained on massive galaxies alone over trained on all")
    return said + _biases(rows, lambda row: f"trained on {row['trained_on']}:")


def _fig8(part: Part) -> list[str]:
    said = []
    for name in MODELS:
        slow, fast = (find_row(part, name=name, subset=subset) for subset in (SLOW, FAST))
        said += _quotients(part, fast, slow, f"of {name}, κ_co > 0.5 over κ_co < 0.5")
    for subset in (SLOW, FAST, EDGE_ON, INCLINED, FACE_ON):
        rows = [row for name in MODELS if (row := find_row(part, name=name, subset=subset)) is not None]
        if rows:
            means = "; ".join(f"{row['name']} {mean_over_radii(row).text(3)}" for row in rows)
            said.append(f"{subset}, median, mean over radii: {means}.")
    edge, inclined = (find_row(part, name="Gas", subset=subset) for subset in (EDGE_ON, INCLINED))
    return said + _quotients(part, edge, inclined, "of Gas, edge-on over 60°")


def _fig9(part: Part) -> list[str]:
    def row(trained: str, tested: str) -> Row | None:
        return find_row(part, name="StarGas", trained_on=trained, tested_on=tested)

    said = _quotients(part, row("smooth", "bursty"), row("bursty", "smooth"), "smooth→bursty over bursty→smooth")
    for suite, other in (("bursty", "smooth"), ("smooth", "bursty")):
        said += _quotients(
            part, row(other, suite), row(suite, suite), f"on {suite}, trained on {other} over trained on {suite}"
        )
        said += _quotients(
            part, row("both", suite), row(suite, suite), f"on {suite}, trained on both over trained on {suite}"
        )
    return said + _biases(find_rows(part, name="StarGas"), lambda r: f"{r['trained_on']}→{r['tested_on']}")


def _gain(part: Part) -> list[str]:
    dials = sorted({row["stirring"] for row in part["rows"]})
    said = []
    gains = []
    for dial in dials:
        star, both = (find_row(part, name=name, stirring=dial) for name in ("Star", "StarGas"))
        if star is not None and both is not None:
            gains.append((dial, width_quotient(part, star, both, 1.0)))
    if len(gains) > 1:
        change = gains[0][1] - gains[-1][1]
        sigmas = abs(change.value) / change.error if change.error > 0 else float("inf")
        trend = "falls" if change.value > 0 else "grows"
        if sigmas <= SIGNIFICANT:
            trend = "does not change measurably"
        said.append(
            f"From stirring {gains[0][0]:g} to {gains[-1][0]:g} the gain Star/StarGas at 1 R_hl {trend}: "
            f"{gains[0][1].text()} to {gains[-1][1].text()} ({sigmas:.1f} σ)."
        )
    for name in ("Gas", "StarGas"):
        calm, wild = (find_row(part, name=name, stirring=dial) for dial in (dials[0], dials[-1]))
        said += _quotients(part, wild, calm, f"of {name}, stirring {dials[-1]:g} over {dials[0]:g}")
    return said


def _calibration(part: Part) -> list[str]:
    said = []
    for level, (low, high) in COVERAGE_MARKS.items():
        rows = [row for row in part["rows"] if row.get(f"coverage_{level}_mean") is not None]
        outside = [
            f"{row['name']} on {row['tested_on']}, {row['subset']} ({100 * row[f'coverage_{level}_mean']:.1f} %)"
            for row in rows
            if not _within(row, level, low, high)
        ]
        said.append(
            f"{level} % intervals: {len(rows) - len(outside)} of {len(rows)} rows hold between {100 * low:.0f} and "
            f"{100 * high:.0f} % of the truths, or miss that by less than {SIGNIFICANT:.0f} σ"
            + (f"; not so {', '.join(outside)}." if outside else ".")
        )
    gaps = []
    for label, block in (part.get("correlation") or {}).items():
        gap = np.asarray(block["posterior"], dtype=np.float64) - np.asarray(block["errors"], dtype=np.float64)
        off = gap[~np.eye(len(gap), dtype=bool)]
        gaps.append(f"{label} {off.mean():+.3f} ({np.abs(off).max():.3f})")
    if gaps:
        said.append(
            "Correlation of the masses, posterior minus errors, in the mean over pairs of radii (and at most): "
            f"{'; '.join(gaps)}."
        )
    return said


def _within(row: Row, level: int, low: float, high: float) -> bool:
    share, error = row[f"coverage_{level}_mean"], row[f"coverage_{level}_mean_se"]
    return bool(low - SIGNIFICANT * error <= share <= high + SIGNIFICANT * error)


def _ablations(part: Part) -> list[str]:
    said = []
    for group in dict.fromkeys(row["group"] for row in part["rows"]):
        rows = find_rows(part, group=group)
        reference = next((row for row in rows if row.get("reference")), rows[0])
        others = [row for row in rows if row is not reference]
        labels = dict(zip(map(id, rows), choice_labels(rows), strict=True))
        each = []
        for row in others:
            quotient = Value(row["rms_dex"], row["rms_dex_se"]) / Value(reference["rms_dex"], reference["rms_dex_se"])
            change = f"{100 * (quotient.value - 1):+.1f} ± {100 * quotient.error:.1f} %"
            certain = abs(quotient.value - 1) > SIGNIFICANT * quotient.error
            each.append(f"{labels[id(row)]} {change}{'' if certain else ', no difference beyond 2 σ'}")
        if each:
            said.append(f"{group}: rms error against {labels[id(reference)]}: {'; '.join(each)}.")
    return said


def _search(part: Part) -> list[str]:
    rows = part["rows"]
    chosen = next((row for row in rows if row.get("chosen")), None)
    if chosen is None:
        return []
    best = min(rows, key=lambda row: row["rms_dex"])
    worst = max(rows, key=lambda row: row["rms_dex"])
    text = f"Chosen of {len(rows)}: {chosen['choice']}, rms {chosen['rms_dex']:.4f} dex"
    text += f"; the worst has {worst['rms_dex']:.4f}"
    return [text + ("." if best is chosen else f", the best {best['rms_dex']:.4f} ({best['choice']}).")]


def _tng(part: Part) -> list[str]:
    said = []
    for name, numbers in part["views"]["models"].items():
        ratio = np.asarray(numbers["ratio"], dtype=np.float64)
        shares = [100 * float(np.mean(numbers[f"inside_{level}"])) for level in (68, 95)]
        said.append(
            f"{name}: ratio {np.median(ratio):.2f} in the median over views and radii, from {ratio.min():.2f} to "
            f"{ratio.max():.2f}; the truth lies in the 68 % interval in {shares[0]:.0f} % and in the 95 % interval in "
            f"{shares[1]:.0f} % of views and radii."
        )
    return said


def _name(row: Row) -> str:
    return str(row["name"])


_WORDS: MappingProxyType[str, Callable[[Part], list[str]]] = MappingProxyType(
    {
        "fig4": _fig4,
        "fig5": _fig5,
        "fig6": _fig6,
        "fig7": _fig7,
        "fig8": _fig8,
        "fig9": _fig9,
        "gain": _gain,
        "calibration": _calibration,
        "ablations": _ablations,
        "search": _search,
        "tng": _tng,
    }
)
