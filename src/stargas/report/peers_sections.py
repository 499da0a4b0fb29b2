"""The part of the page on galaxies of others that sets the field's own methods beside the model, from its JSON file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from stargas.report.cells import DASH, number, percent
from stargas.report.others_rows import ALL, SPHERES, Row, coverage, label, read_comparison
from stargas.report.page import Section, Table, text_from
from stargas.storage import Format

PEERS_FILE, PEERS_FORMAT = "peers.json", Format("stargas experiment others peers", 2)
"""Name and format of the file of results."""

MODEL, JEANS, TREES = "model", "Jeans", "trees"
"""Methods, in the order of the tables."""

METHODS = (MODEL, JEANS, TREES)
"""All of them."""


def read_peers(results: Path) -> Row | None:
    """Read the comparison, None where it was not made. Raises as `stargas.report.others_rows.read_comparison`."""
    entries, of_rows = ("fits", "formulas", "command"), ("method", "sides", "seconds")
    return read_comparison(results / PEERS_FILE, PEERS_FORMAT, entries, of_rows)


def peers_sections(peers: Row) -> list[Section]:
    """Return the sections of a comparison.

    Parameters
    ----------
    peers
        As `read_peers` returns it.
    """
    groups = [rows for rows in _groups(peers["rows"]) if rows[0]["maker"] != SPHERES or rows[0]["kind"] == ALL]
    kinds = [rows for rows in _groups(peers["rows"]) if rows[0]["maker"] == SPHERES and rows[0]["kind"] != ALL]
    disks = {row["kind"]: row["n_galaxies"] for row in peers["rows"] if row["maker"] == "broad"}
    methods = " / ".join(row["method"] for row in groups[0])
    text = text_from(
        "others", "peers", command=peers["command"], fits=peers["fits"], n_mocks=disks.get(ALL), disks=disks.get("disk")
    )
    sections = [Section("Peers", [text, _methods_table(groups, peers["radii_R_hl"])])]
    if kinds:
        table = _spheres_table(kinds, peers["radii_R_hl"])
        sections.append(
            Section("Peers: analytic spheres", [text_from("others", "peers_spheres", methods=methods), table])
        )
    table = _formulas_table(groups, peers["formulas"])
    sections.append(Section("Peers: closed formulas", [text_from("others", "peers_formulas", methods=methods), table]))
    return sections


def _groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the rows of all methods of each kind of galaxies and side, in the order of `METHODS`."""

    def group(row: Row) -> tuple[str, str, tuple[int, ...]]:
        return row["maker"], row["kind"], tuple(row["sides"])

    for one in dict.fromkeys(map(group, rows)):
        yield sorted((row for row in rows if group(row) == one), key=lambda row: METHODS.index(row["method"]))


def _side(row: Row) -> str:
    """Return the side, 1 to 12, or what stands for several."""
    return str(row["sides"][0] + 1) if len(row["sides"]) == 1 else "one each"


def _methods_table(groups: Sequence[Sequence[Row]], radii: Sequence[float]) -> Table:
    """Return accuracy, coverage and time of all methods, one below the other."""
    lines = []
    for row in (row for rows in groups for row in rows):
        errors = [number(value, 3) for value in row["rms"]]
        slope = [f"{row['slope_rms']:.2f}", percent(row["slope_95"]["value"], digits=0)]
        named = [label(row), str(row["n_galaxies"]), _side(row), row["method"], coverage(row, 68), coverage(row, 95)]
        lines.append(
            [
                *named,
                *errors,
                f"{row['bias'][1]:+.3f}",
                *slope,
                DASH if row["seconds"] is None else f"{row['seconds']:.2g}",
            ]
        )
    head = ["galaxies", "n", "side", "method", "in 68 %", "in 95 %", *(f"rms, {radius:g}" for radius in radii)]
    return Table([*head, "bias, 1", "rms of slope", "slope in 95 %", "seconds"], lines)


def _spheres_table(groups: Sequence[Sequence[Row]], radii: Sequence[float]) -> Table:
    """Return coverage and accuracy by mass and orbits; each cell has all methods."""
    lines = []
    for rows in groups:
        cells = [" / ".join(percent(row["coverage_95"]["value"], digits=0) for row in rows)]
        cells += [" / ".join(number(row["rms"][place], 3) for row in rows) for place in range(len(radii))]
        lines.append([rows[0]["kind"], str(rows[0]["n_galaxies"]), *cells])
    return Table(["spheres", "n", "in 95 %", *(f"rms, {radius:g}" for radius in radii)], lines)


def _formulas_table(groups: Sequence[Sequence[Row]], formulas: Sequence[str]) -> Table:
    """Return errors of the formulas at their own radii, and of all methods there."""
    lines = []
    for rows in groups:
        cells = []
        for place, own in enumerate(rows[0]["rms_formulas"]):
            there = " / ".join(number(row["rms_there"][place], 3) for row in rows)
            cells.append(f"{number(own, 3)} ({there})")
        lines.append([label(rows[0]), _side(rows[0]), *cells])
    return Table(["galaxies", "side", *formulas], lines)
