"""Cards of the mock suites: their population and how real they are, as JSON, figures and pages."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargas.errors import InputError
from stargas.experiments.mock_suites import pictures, realism
from stargas.experiments.mock_suites.coverage_of_others import PERCENTILES, compare
from stargas.experiments.mock_suites.coverage_of_others import others as others_of
from stargas.experiments.mock_suites.ingredients import measure_ingredients
from stargas.experiments.mock_suites.measure import Workers, columns_of, measure_suite, start_workers
from stargas.experiments.mock_suites.quantities import measure_structure
from stargas.experiments.paper.plan import N_BURSTY, N_SMOOTH
from stargas.report import suite_figures as figures
from stargas.report.suite_page import write_suite_index, write_suite_page
from stargas.report.suite_structure import draw_pairs, draw_quantities, draw_unruly
from stargas.simulations.mock_suites.physics import BroadPhysics
from stargas.simulations.mock_suites.suites import MockSuite, mock_suite
from stargas.storage import json_bytes, rounded, write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from stargas.galaxy import FloatArray

SUITES = ("bursty", "smooth", "broad", "shifted")
"""Suites that have a card in the documentation."""

N_MADE = {"bursty": N_BURSTY, "smooth": N_SMOOTH}
"""Galaxies of the suites that the experiments of the paper make before cuts."""

STRUCTURE_FACTOR = 3
"""Shapes and motions of ``broad``, whose percentiles count, are measured on so many times the galaxies of the rest."""

SIGNIFICANT_DIGITS = 4
"""Digits of the numbers in the JSON files."""


def write_suite_cards(
    names: Sequence[str],
    out: str | os.PathLike[str],
    n_galaxies: int = 300,
    seed: int = 0,
    workers: int = 1,
    ingredients: Sequence[str] | None = None,
    others: Path | None = None,
    report: Callable[[str], None] | None = None,
) -> list[Path]:
    """Measure suites and write their cards.

    Parameters
    ----------
    names
        Suites.
    out
        Folder; gets ``<suite>.md``, ``<suite>.json``, ``<suite>_*.png`` and ``index.md``.
    n_galaxies
        Galaxies to measure per suite. Each variant of a suite (one ingredient off, another strength of the gas
        disturbances) is measured on a fifth of them, the equilibrium on 50 at most; of ``broad``, shapes and motions
        are measured on three times as many, and boosted trees learn from all of them without each ingredient.
    seed
        Root seed of the suites.
    workers
        Processes.
    ingredients
        Ingredients that are switched off, one at a time; each of the suite if None.
    others
        Folder of galaxies that others made, to be marked on the figures.
    report
        Called with a line after each step.

    Returns
    -------
    list of Path
        The cards.

    Raises
    ------
    InputError
        If there is no such suite or a number is out of range.
    """
    if workers < 1:
        raise InputError(f"workers must be 1 or more, got {workers}.")
    suites = [mock_suite(name, n_galaxies, seed) for name in names]
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    theirs = {} if others is None else dict(others_of(others))
    with start_workers(workers) as pool:
        for suite in suites:
            card = measure_card(suite, pool, folder, ingredients, theirs, report or (lambda _: None))
            write_atomically(folder / f"{suite.name}.json", json_bytes(rounded(card, SIGNIFICANT_DIGITS)))
            write_suite_page(folder, suite.name)
    write_suite_index(folder)
    return [folder / f"{suite.name}.md" for suite in suites]


def measure_card(
    suite: MockSuite,
    workers: Workers,
    folder: Path,
    ingredients: Sequence[str] | None,
    others: Mapping[str, Mapping[str, float]],
    report: Callable[[str], None],
) -> dict[str, Any]:
    """Return the numbers of a card, ready for JSON, and draw its figures into ``folder``."""
    few = MockSuite(suite.physics, max(len(suite) // 5, min(len(suite), 8)), suite.seed, suite.stirring)
    galaxies, views = measure_suite(suite, workers)
    report(f"{suite.name}: {len(suite)} galaxies measured in {len(views['galaxy'])} views")
    is_broad = isinstance(suite.physics, BroadPhysics)
    many = replace(suite, n_galaxies=STRUCTURE_FACTOR * len(suite)) if is_broad else suite
    shapes = columns_of(workers(measure_structure, many, range(len(many))))
    structure = {name: values[: len(suite)] for name, values in shapes.items()}
    theirs = columns_of(list(others.values()))
    examples = [pictures.example(suite[row]) for row in pictures.choose_examples(galaxies)]
    drawn: dict[str, Figure | FloatArray] = {
        "relations": figures.draw_relations(suite.name, pictures.relation_panels(suite, galaxies)),
        "distributions": figures.draw_distributions(suite.name, galaxies),
        "realism": figures.draw_realism(suite.name, galaxies, views, realism.mass_bins(galaxies)),
        "quantities": draw_quantities(suite.name, pictures.quantity_panels(shapes, theirs), list(others), PERCENTILES),
        "pairs": draw_pairs(suite.name, pictures.pair_panels(shapes, theirs), list(others)),
        "examples": figures.draw_examples(examples),
        "sheet": figures.suite_sheet(pictures.sheet_tiles(suite)),
    }
    if is_broad:
        drawn["unruly"] = draw_unruly(pictures.unruly_examples(suite, structure))
    for name, picture in drawn.items():
        figures.save_small(picture, folder / f"{suite.name}_{name}.png")
    report(f"{suite.name}: figures drawn in {folder}")
    card: dict[str, Any] = {
        "provenance": suite.provenance(),
        "population": realism.population(galaxies),
        "relations": realism.relations(suite, galaxies),
        "n_shapes": len(many),
        "quantities": compare(shapes, others),
        "baryons": realism.baryons(galaxies, structure),
        "others_with_gas": realism.others_with_gas(others),
        "inner_slopes": realism.inner_slopes(galaxies),
        "estimators": realism.estimator_ratios(galaxies, views),
        "hi_rotation": realism.hi_rotation(galaxies, views),
        "size_from_gas": realism.size_from_gas(galaxies),
        "kappa_co": realism.rotation_support(galaxies),
        "equilibrium": realism.equilibrium(suite, min(50, len(suite)), workers),
    }
    report(f"{suite.name}: orbits followed for 2 Gyr")
    if is_broad:
        card["ingredients"] = measure_ingredients(suite, workers, ingredients, report)
    else:
        card["selection"] = realism.selection(replace(suite, n_galaxies=N_MADE.get(suite.name, len(suite))))
        card["massive"] = realism.massive(suite, workers)
        card["switch_off"] = realism.switch_off(few, workers, ingredients)
        report(f"{suite.name}: {len(card['switch_off']) - 1} ingredients switched off in turn")
    card["stirring"] = realism.stirring_sweep(few, workers)
    card["cost_ms"] = realism.cost(suite, min(9, len(suite)))
    report(f"{suite.name}: gas disturbances and cost measured")
    return card
