"""Pages of the experiment on forecasts, each from its JSON file alone."""

from pathlib import Path

import numpy as np

from stargas.report.cells import number, percent, with_error
from stargas.report.measurement import read_measurement
from stargas.report.page import Page, Table, text_from, write_page
from stargas.storage import Format

FORMAT = Format("stargas experiment forecast", 1)
"""Format of the files of results."""

ACHIEVED, TWO_TRACERS = PARTS = ("achieved", "two_tracers")
"""Parts of the experiment; each has one JSON file and one page."""

STARS, HI, BOTH = "stars", "HI", "stars and HI"
HI_KNOWN, BOTH_KNOWN = "HI, inclination known", "stars and HI, inclination known"
"""Tracers of the part on two tracers."""

WITHIN = 0.1
"""Largest difference of a forecast width from the achieved one that is asked for."""


def write_forecast_pages(results: Path) -> list[Path]:
    """Write ``<part>.md`` beside the JSON file of each part that is there, and return the pages."""
    makers = {ACHIEVED: achieved_page, TWO_TRACERS: two_tracers_page}
    there = [part for part in PARTS if (results / f"{part}.json").exists()]
    return [write_page(makers[part](results), results / f"{part}.md") for part in there]


def achieved_page(results: Path) -> Page:
    """Return the page of forecast and achieved widths, the worst row first.

    Parameters
    ----------
    results
        Folder with ``achieved.json``. Raises as `~stargas.report.measurement.read_measurement`.
    """
    part = read_measurement(results / f"{ACHIEVED}.json", FORMAT, ("kinds",))
    rows = sorted(part["rows"], key=lambda row: -abs(np.log(row["mass_ratio"])))
    lines = [
        [
            row["kind"],
            row["setup"],
            " and ".join(str(n) for n in row["n_galaxies"]),
            number(row["mass_forecast"], 3),
            number(row["mass_achieved"], 3),
            with_error(row["mass_ratio"], row["mass_ratio_error"], digits=2),
            with_error(row["slope_ratio"], row["slope_ratio_error"], digits=2),
            percent(row["inside_68"], digits=0),
        ]
        for row in rows
    ]
    head = ["galaxy", "set-up", "n", "forecast [dex]", "achieved [dex]", "ratio", "ratio of slopes", "in 68 %"]
    text = text_from(
        "forecast",
        "achieved",
        command=part["command"],
        kinds=part["kinds"],
        worst=rows[0],
        least=min(rows, key=lambda row: float(row["inside_68"])),
        n_rows=len(rows),
        n_within=sum(abs(row["mass_ratio"] - 1) < WITHIN for row in rows),
        n_slopes=sum(abs(row["slope_ratio"] - 1) < WITHIN for row in rows),
        within=WITHIN,
    )
    return Page("Forecast and achieved", [text, Table(head, lines)])


def two_tracers_page(results: Path) -> Page:
    """Return the page of stars, HI and both of mocks like WLM.

    Parameters
    ----------
    results
        Folder with ``two_tracers.json``. Raises as `~stargas.report.measurement.read_measurement`.
    """
    part = read_measurement(results / f"{TWO_TRACERS}.json", FORMAT, ("radii_R_hl", "gains", "galaxy", "observed"))
    radii = [f"{radius:g} R_hl" for radius in part["radii_R_hl"]]
    lines, gains = [], []
    for row in part["rows"]:
        for name, values in (("rms error", row["rms"]), ("width", row["width"]), ("bias", row["bias"])):
            digits = [f"{value:+.3f}" if name == "bias" else number(value, 3) for value in values]
            lines.append([row["tracers"], name, *digits])
    for gain in part["gains"]:
        for name, key in (("rms error", "rms"), ("width", "width")):
            ratios = zip(gain[key], gain[f"{key}_error"], strict=True)
            gains.append(
                [
                    f"{gain['of']} over {gain['over']}",
                    name,
                    *(with_error(value, error, digits=2) for value, error in ratios),
                ]
            )
    at_R_hl = part["radii_R_hl"].index(1.0)
    pairs = {(one["of"], one["over"]): one for one in part["gains"]}
    names = {"both": BOTH, "known": BOTH_KNOWN, "stars": STARS, "hi": HI}
    text = text_from("forecast", "two_tracers", part=part, place=at_R_hl, gains=pairs, **names)
    return Page(
        "Stars and gas of one dwarf",
        [
            text,
            Table(["from", "[dex]", *radii], lines),
            text_from("forecast", "gains"),
            Table(["", "ratio of", *radii], gains),
            text_from("forecast", "real_dwarfs"),
        ],
    )
