"""Pages of the dark matter of mock galaxies and of two dwarf spheroidals, each from its JSON file alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stargas.report.cells import DASH, median_and_range, number, percent, with_error
from stargas.report.measurement import read_measurement
from stargas.report.page import Page, Table, text_from, write_page
from stargas.storage import Format

FORMAT = Format("stargas experiment dark matter", 2)
"""Format of the files of results."""

MOCKS, DWARFS = PARTS = ("mocks", "dwarfs")
"""Parts of the experiment; each has one JSON file and one page."""


def write_dark_matter_pages(results: Path) -> list[Path]:
    """Write ``<part>.md`` beside the JSON file of each part that is there, and return the pages."""
    there = [part for part in PARTS if (results / f"{part}.json").exists()]
    return [write_page(_PAGES[part](results), results / f"{part}.md") for part in there]


def mocks_page(results: Path) -> Page:
    """Return the page of mock galaxies.

    Parameters
    ----------
    results
        Folder with ``mocks.json``. Raises as `~stargas.report.measurement.read_measurement`.
    """
    found = read_measurement(results / f"{MOCKS}.json", FORMAT, ("edges", "error_dex", "inclination_deg", "n_galaxies"))
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
    text = text_from("dark_matter", "mocks", found=found, n_refused=found["n_galaxies"] - n)
    return Page("Dark matter of mock galaxies", [text, Table([*head, "draws dropped"], lines)])


def dwarfs_page(results: Path) -> Page:
    """Return the page of two dwarf spheroidals.

    Parameters
    ----------
    results
        Folder with ``dwarfs.json``. Raises as `~stargas.report.measurement.read_measurement`.
    """
    found = read_measurement(results / f"{DWARFS}.json", FORMAT, ("error_dex",))
    masses, densities = [], []
    for row in found["rows"]:
        published = row["published"]
        masses.append(
            [
                row["name"],
                str(row["n_members"]),
                with_error(*row["sigma_kms"], digits=2),
                with_error(*published["sigma_kms"], digits=1),
                with_error(*row["log10_wolf"], digits=2),
                _interval(row["log10_mass"]),
                _published(*published["log10_wolf"]),
                number(row["p_value"]),
                number(row["prior_shift"]),
            ]
        )
        densities.append(
            [
                row["name"],
                f"{row['stellar_mass_msun']:.2g}",
                _interval([value / 1e8 for value in row["density_150pc"]]),
                _published(*(value / 1e8 for value in published["density_150pc"])),
                _interval(row["log10_J"]),
            ]
        )
    head = ["galaxy", "members", "σ [km/s]", "published", "Wolf+10", "posterior", "published", "p", "priors [dex]"]
    dark = ["galaxy", "M* [Msun]", "ρ_dm(150 pc) [10⁸ Msun/kpc³]", "Read+19", "log₁₀ J(0.5°) [GeV² cm⁻⁵]"]
    return Page(
        "Two dwarf spheroidals",
        [
            text_from("dark_matter", "dwarfs", found=found),
            Table(head, masses),
            text_from("dark_matter", "dwarfs_dark", found=found),
            Table(dark, densities),
        ],
    )


def _interval(quantiles: Sequence[float]) -> str:
    low, median, high = quantiles
    return median_and_range(median, low, high)


def _published(value: float, minus: float, plus: float) -> str:
    return median_and_range(value, value - minus, value + plus)


def _counted(score: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the number of galaxies before their `_cells`."""
    return ("0" if score is None else str(score["n"]), *_cells(score))


def _cells(score: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return bias and rms error, and the coverage."""
    if score is None:
        return DASH, DASH
    inside = f"{percent(score['inside_68'], digits=0).removesuffix(' %')} / {percent(score['inside_95'], digits=0)}"
    return f"{score['bias']:+.2f}, {score['rms']:.2f}", inside


_PAGES = dict(zip(PARTS, (mocks_page, dwarfs_page), strict=True))
