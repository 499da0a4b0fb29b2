"""Cards of the mock suites as Markdown pages, from their JSON files and figures."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from stargas.baselines.estimators import ESTIMATORS
from stargas.report.cells import DASH, interval, median_and_range, number, percent, with_error
from stargas.report.page import Figure, Page, Part, Section, Table, Text, text_from, write_page

Card: TypeAlias = Mapping[str, Any]
"""Content of ``<suite>.json``; see `stargas.experiments.mock_suites.card`."""

MAX_NAMED = 8
"""Galaxies of others that are named in a cell of a table."""

INDEX = "index.md"
"""Name of the page that leads to the cards."""


def write_suite_page(folder: Path, name: str) -> Path:
    """Write ``<name>.md`` from ``<name>.json`` and the figures ``<name>_*.png`` beside it."""
    card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))

    def prose(block: str) -> Text:
        return text_from("suite", block, card=card, name=name)

    def figure(kind: str, alt: str, caption: str = "") -> Figure:
        return Figure(folder / f"{name}_{kind}.png", alt, caption)

    massive: list[Part] = [prose("massive"), _massive(card["massive"])] if "massive" in card else []
    parts: list[Part | Section] = [
        prose("opening"),
        figure("sheet", "Fifty galaxies", prose("sheet").markdown),
        Section(
            "Population",
            [
                prose("population"),
                figure("relations", "Relations"),
                figure("distributions", "Distributions"),
                _relations(card["relations"]),
            ],
        ),
        Section(
            "Shapes and motions",
            [
                prose("quantities"),
                figure("quantities", "Distributions of shapes and motions"),
                _quantities(card["quantities"]),
                prose("pairs"),
                figure("pairs", "Baryonic relations and pairs of quantities"),
                _baryons(card["baryons"]),
                *massive,
            ],
        ),
        Section("Dark matter", [prose("dark_matter"), _inner_slopes(card["inner_slopes"])]),
        Section(
            "Mass estimators",
            [prose("estimators"), figure("realism", "Realism"), _estimators(card["estimators"])],
        ),
        Section("HI rotation", [prose("hi_rotation"), _hi_rotation(card["hi_rotation"]), prose("size_from_gas")]),
        Section("Rotation and equilibrium of the stars", [_rotation_support(card["kappa_co"]), prose("equilibrium")]),
        _contribution(card, prose),
        Section("Strength of the gas disturbances", [prose("stirring"), _stirring(card["stirring"])]),
        Section("Examples", _examples(card, figure, prose)),
        Section("Cost", [prose("cost")]),
    ]
    return write_page(Page(f"Mock suite `{name}`", parts), folder / f"{name}.md")


def write_suite_index(folder: Path) -> Path:
    """Write the page that leads to the cards of a folder and to its other pages."""
    cards = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    others = sorted({path.stem for path in folder.glob("*.md")} - {Path(INDEX).stem} - set(cards))
    head = [
        "suite",
        "Wolf+10 over truth, κ_co < 0.5",
        "v²R/G over truth, 10^7.5-10^8.5 Msun",
        "v²R/G over truth, above 10^9.5 Msun",
        "R_hl from HI [dex]",
        "fail the cold-gas cut",
    ]
    rows = [
        [
            f"[{name}]({name}.md)",
            _spread(card["estimators"]["wolf2010"]["kappa_co < 0.5"]),
            *(_spread(row) for row in card["hi_rotation"] if row["from"] in {7.5, 9.5}),
            number(card["size_from_gas"]["scatter_dex"]),
            _without_cold_gas(card),
        ]
        for name, card in cards.items()
    ]
    parts: list[Part | Section] = [
        text_from("suites", "opening"),
        Table(head, rows),
        text_from("suites", "contents", pages=[*cards, *others]),
    ]
    return write_page(Page("Mock suites", parts), folder / INDEX)


def _spread(values: Mapping[str, Any]) -> str:
    return median_and_range(values["median"], values["p16"], values["p84"])


def _without_cold_gas(card: Card) -> str:
    """Share that fails the cold-gas cut, of the galaxies that the cuts on particles leave where these act."""
    if "selection" in card:
        return percent(card["selection"]["without_cold_gas"], card["selection"]["without_cold_gas_error"])
    return percent(card["population"]["failing the cold-gas cut"], digits=0)


def _bin(row: Mapping[str, Any]) -> str:
    return interval(row["from"], row["to"])


def _relations(relations: Mapping[str, Any]) -> Table:
    head = ["relation", "offset of the median [dex]", "scatter [dex]", "scatter of the relation [dex]", "ratio"]
    rows = []
    for name, row in relations.items():
        dex = [number(row[key], 3) for key in ("median_offset_dex", "scatter_dex", "recipe_dex")]
        rows.append([name, *dex, number(row["scatter_ratio"]), str(row["n"])])
    return Table([*head, "galaxies"], rows)


def _inner_slopes(slopes: Sequence[Mapping[str, Any]]) -> Table:
    keys = ("median", "half_width", "tollet2016")
    rows = [[_bin(row), *(number(row[key]) for key in keys), str(row["n"])] for row in slopes]
    return Table(["log M*/M200", "median", "half-width", "Tollet+16", "galaxies"], rows)


def _estimators(ratios: Mapping[str, Any]) -> Table:
    first, *others = next(iter(ratios.values()))
    rows = []
    for name, values in ratios.items():
        spreads = [_spread(values[group]) for group in (first, *others)]
        rows.append([ESTIMATORS[name].label, *spreads, number(values[first]["half_width"])])
    return Table(["estimator", first, *others, f"half-width, {first}"], rows)


def _hi_rotation(bins: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        [_bin(row), _spread(row), number(row["half_width"]), number(row["sigma_cold_kms"], 1), str(row["n"])]
        for row in bins
    ]
    return Table(["log M*", "v²R/G over true mass", "half-width", "dispersion on the maps [km/s]", "views"], rows)


def _rotation_support(bins: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        [_bin(row), number(row["share_above"]), _spread(row["kappa_co"]), str(row["kappa_co"]["n"])] for row in bins
    ]
    return Table(["log M*", "fraction with κ_co > 0.5", "κ_co", "galaxies"], rows)


def _quantities(rows: Sequence[Mapping[str, Any]]) -> Table:
    head = ["quantity", "2 %", "median", "98 %", "galaxies of others", "number", "outside"]
    lines = []
    for row in rows:
        own = [number(row.get(key)) for key in ("low", "median", "high")]
        theirs = (
            f"{number(row['others_low'])} to {number(row['others_high'])}"
            if row.get("others_low") is not None
            else DASH
        )
        lines.append([row["quantity"], *own, theirs, str(row["n_others"]), _outside(row["outside"])])
    return Table(head, lines)


def _outside(names: Sequence[str]) -> str:
    """Names of galaxies, or how many there are."""
    return str(len(names)) if len(names) > MAX_NAMED else ", ".join(names) or DASH


def _baryons(relations: Mapping[str, Any]) -> Table:
    rows = [
        [name, group, number(values["median"], 3), number(values["half_width"], 3), str(values["n"])]
        for name, groups in relations.items()
        for group, values in groups.items()
    ]
    return Table(["relation", "galaxies", "median residual [dex]", "half-width [dex]", "number"], rows)


def _massive(bins: Sequence[Mapping[str, Any]]) -> Table:
    quantities = {"BTFR": "baryonic Tully-Fisher", "RAR": "radial acceleration", "M*/M": "stellar_share"}
    halos = {"": "suite", ", ordinary halos": "ordinary_halos"}
    head = [f"{words}{whose}" for whose in halos for words in quantities]
    rows = [
        [
            _bin(row),
            *(_spread(row[kind][quantity]) for kind in halos.values() for quantity in quantities.values()),
            str(row["suite"]["stellar_share"]["n"]),
        ]
        for row in bins
    ]
    return Table(["log M*", *head, "galaxies"], rows)


def _contribution(card: Card, prose: Callable[[str], Text]) -> Section:
    title = "Contribution of each ingredient"
    if "ingredients" in card:
        return Section(title, [prose("ingredients"), _ingredients(card["ingredients"])])
    return Section(title, [prose("switch_off"), _switch_off(card["switch_off"])])


def _examples(card: Card, figure: Callable[[str, str, str], Figure], prose: Callable[[str], Text]) -> list[Part]:
    drawn: list[Part] = [figure("examples", "Maps of example galaxies", prose("examples").markdown)]
    if "ingredients" in card:
        drawn.append(figure("unruly", "Galaxies out of equilibrium", prose("unruly").markdown))
    return drawn


def _ingredients(variants: Mapping[str, Any]) -> Table:
    head = [
        "without",
        "galaxies that change",
        "Wolf",
        "v²R/G",
        "trees [dex]",
        "change",
        "on the whole suite [dex]",
        "change",
    ]
    rows = []
    for name, variant in variants.items():
        widths = [number(variant[ratio]["half_width"], 3) for ratio in ("wolf2010", "hi_rotation")]
        cells = []
        for kind in ("trees", "trees_on_suite"):
            found = variant[kind]
            change = None if name == "nothing" else found["change_dex"]
            cells += [number(found["rms_dex"], 3), with_error(change, found["change_error_dex"], digits=4)]
        rows.append([name, percent(variant["changed"], digits=0), *widths, *cells])
    return Table(head, rows)


def _switch_off(variants: Mapping[str, Any]) -> Table:
    head = ["without", "Wolf, κ_co < 0.5", "Wolf, all", "v²R/G, dwarfs", "v²R/G, others", "R_hl from HI", "median κ_co"]
    rows = []
    for name, variant in variants.items():
        wolf, rotation = variant["wolf2010"], variant["hi_rotation"]
        ratios = (wolf["kappa_co < 0.5"], wolf["all"], rotation["dwarfs"], rotation["others"])
        widths = [number(ratio["half_width"], 3) for ratio in ratios]
        size, kappa = variant["size_from_gas"]["scatter_dex"], variant["kappa_co"]["median"]
        rows.append([name, *widths, number(size, 3), number(kappa)])
    return Table(head, rows)


def _stirring(sweep: Sequence[Mapping[str, Any]]) -> Table:
    rows = []
    for row in sweep:
        cells = [(_spread(row[kind]), number(row[kind]["half_width"])) for kind in ("dwarfs", "others")]
        rows.append([f"{row['stirring']:g}", *cells[0], *cells[1]])
    return Table(["stirring", "dwarfs", "half-width", "others", "half-width"], rows)
