"""Page of the dark matter of mock galaxies, from its JSON file alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stargas.report.cells import DASH, number, percent
from stargas.report.measurement import read_measurement
from stargas.report.page import Page, Table, text_from, write_page
from stargas.storage import Format

FORMAT = Format("stargas experiment dark matter", 2)
"""Format of the file of results."""

MOCKS = "mocks.json"
"""Its name."""


def write_dark_matter_page(results: Path) -> Path:
    """Write ``README.md`` from ``mocks.json``, and return it.

    Raises
    ------
    InputError
        If the file is of another format.
    DamagedFileError
        If it lacks some of its entries.
    """
    found = read_measurement(results / MOCKS, FORMAT, ("edges", "error_dex", "inclination_deg", "n_galaxies"))
    low, high = (percent(edge, digits=0) for edge in found["edges"])
    kinds = (f"below {low}", f"{low} to {high}", f"above {high}")
    head = ["stars and gas", "galaxies", "M_dm(<R_hl): bias, rms [dex]", "in 68 / 95 %", "exact [dex]"]
    for name in ("ρ_dm(R_hl)", "ρ_dm(150 pc)", "c_200"):
        head += [*(("n",) if name != "ρ_dm(R_hl)" else ()), f"{name}: bias, rms [dex]", "in 68 / 95 %"]
    lines = [
        [
            kinds[row["kind"]],
            str(row["n_galaxies"]),
            *_cells(row["mass_R_hl"]),
            number(row["exact_rms"]),
            *_cells(row["density_R_hl"]),
            *_counted(row["density_150pc"]),
            *_counted(row["c_200"]),
            percent(row["dropped"], digits=0),
        ]
        for row in found["rows"]
    ]
    n = sum(row["n_galaxies"] for row in found["rows"])
    text = text_from("dark_matter", found=found, n_refused=found["n_galaxies"] - n)
    return write_page(
        Page("Dark matter of mock galaxies", [text, Table([*head, "draws dropped"], lines)]), results / "README.md"
    )


def _counted(score: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the number of galaxies before their `_cells`."""
    return ("0" if score is None else str(score["n"]), *_cells(score))


def _cells(score: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return bias and rms error, and the coverage."""
    if score is None:
        return DASH, DASH
    inside = f"{percent(score['inside_68'], digits=0).removesuffix(' %')} / {percent(score['inside_95'], digits=0)}"
    return f"{score['bias']:+.2f}, {score['rms']:.2f}", inside
