"""On whose galaxies a model was right, on whose not, and how wide it is: in sentences, from a scoreboard."""

from collections.abc import Callable, Sequence
from enum import Enum, auto

from stargas.report.cells import number
from stargas.report.others_rows import ALL, SPHERES, Row, label, tracer_label
from stargas.report.page import Text, text_from

RANGE_68, MIN_95 = (0.62, 0.76), 0.92
"""Coverage of 68 % intervals, and lowest coverage of 95 % intervals, of intervals that held."""

FEW, MIN_68_OF_FEW, MIN_95_OF_FEW = 10, 0.55, 0.88
"""Below this number of galaxies coverage scatters, and these are the lowest values of intervals that held."""

MAX_BIAS_DEX = 0.04
"""Largest bias at R_hl that goes without a word."""

AT_R_HL = 1
"""Place of 1 R_hl among the radii of a scoreboard."""


class Finding(Enum):
    """What coverage says of an interval."""

    HELD = auto()
    WIDE = auto()
    NARROW = auto()


def finding(row: Row) -> Finding:
    """Judge the intervals of a row.

    Too narrow weighs more than too wide. An interval is too wide where its coverage at 68 % lies above the range by
    more than the error over galaxies.

    Parameters
    ----------
    row
        Of a scoreboard.
    """
    few = row["n_galaxies"] < FEW
    in_68, in_95 = row["coverage_68"], row["coverage_95"]["value"]
    if in_68["value"] < (MIN_68_OF_FEW if few else RANGE_68[0]) or in_95 < (MIN_95_OF_FEW if few else MIN_95):
        return Finding.NARROW
    error = in_68["error"] if row["n_galaxies"] > 1 else 0.0
    return Finding.WIDE if in_68["value"] - error > RANGE_68[1] else Finding.HELD


def verdict(rows: Sequence[Row]) -> Text:
    """Return the sentences.

    Parameters
    ----------
    rows
        Of a scoreboard. Each maker is judged as a whole; a kind is named where its intervals are too narrow, and a kind
        of model galaxies also where it is judged differently from all of them.
    """
    whole = {(row["maker"], row["tracers"]): finding(row) for row in rows if row["kind"] == ALL}

    def speaks(row: Row) -> bool:
        of_maker = whole.get((row["maker"], row["tracers"]))
        differs = row["maker"] != SPHERES and finding(row) is not of_maker
        return row["kind"] == ALL or finding(row) is Finding.NARROW or differs

    chosen = [row for row in rows if speaks(row)]
    found = {what: [row for row in chosen if finding(row) is what] for what in Finding}
    biased = [row for row in chosen if abs(_bias(row)) > MAX_BIAS_DEX]
    return text_from(
        "others",
        "verdict",
        spheres=any(row["maker"] == SPHERES for row in rows),
        held=_listed(found[Finding.HELD], _covered),
        wide=_listed(found[Finding.WIDE], _covered),
        narrow=_listed(found[Finding.NARROW], _covered),
        biased=_listed(biased, lambda row: f"({_bias(row):+.2f})"),
        range_68=[f"{100 * value:.0f}" for value in (*RANGE_68, MIN_68_OF_FEW)],
        range_95=[f"{100 * value:.0f}" for value in (MIN_95, MIN_95_OF_FEW)],
        few=FEW,
        max_bias=MAX_BIAS_DEX,
        widths="; ".join(_widths([row for row in rows if row["kind"] == ALL])),
        best=_error(min(rows, key=_rms)),
        worst=_error(max((row for row in rows if "stars" in row["tracers"]), key=_rms)),
    )


def _listed(rows: Sequence[Row], told: Callable[[Row], str]) -> str:
    """Return the names of rows with what is told of each, those of one maker and kind together."""
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(label(row), []).append(f"from {tracer_label(row)} {told(row)}")
    return "; ".join(f"{name} {', '.join(of_name)}" for name, of_name in names.items())


def _covered(row: Row) -> str:
    return f"({100 * row['coverage_68']['value']:.0f}/{100 * row['coverage_95']['value']:.0f})"


def _bias(row: Row) -> float:
    return float(row["bias"][AT_R_HL])


def _rms(row: Row) -> float:
    return float(row["rms_all"]["value"])


def _error(row: Row) -> str:
    return f"{number(_rms(row), 2)} dex ({label(row)}, from {tracer_label(row)})"


def _widths(rows: Sequence[Row]) -> list[str]:
    """Return the smallest and the largest half-width at R_hl of each tracer set."""
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(tracer_label(row), []).append(float(row["width"][AT_R_HL]))
    return [f"{number(min(values))} to {number(max(values))} dex from {name}" for name, values in found.items()]
