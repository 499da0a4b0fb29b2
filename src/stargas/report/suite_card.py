"""Cards of the mock suites: what is in them and how real they are, as Markdown, JSON and figures.

``python -m stargas.report.suite_card bursty smooth shifted --out docs/suites --n-galaxies 300``
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargas.errors import InputError, StargasError
from stargas.report import suite_realism as realism
from stargas.report.suite_figures import (
    choose_examples,
    contact_sheet,
    distribution_figure,
    example_figure,
    realism_figure,
    relation_figure,
    save_small,
)
from stargas.report.suite_measure import Crew, crew, measure_suite
from stargas.report.suite_text import card_text, index_text
from stargas.simulations.mock_suites.physics import INGREDIENTS
from stargas.simulations.mock_suites.suites import MockSuite, mock_suite

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from stargas.galaxy import FloatArray

SIGNIFICANT = 4
"""Digits that the JSON files keep."""


def write_suite_cards(
    names: Sequence[str],
    out: str | os.PathLike[str],
    n_galaxies: int = 300,
    seed: int = 0,
    workers: int = 1,
    ingredients: Sequence[str] = INGREDIENTS,
) -> list[Path]:
    """Measure suites and write their cards.

    Parameters
    ----------
    names
        Suites.
    out
        Folder; gets ``<suite>.md``, ``<suite>.json``, ``<suite>_*.png`` and ``index.md``.
    n_galaxies
        Galaxies to measure per suite; a fifth of them for each variant of the switch-off and the dial tables, at most
        50 for the equilibrium.
    seed
        Of the suites.
    workers
        Processes.
    ingredients
        What to switch off.

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
    with crew(workers) as run:
        for suite in suites:
            numbers = _rounded(measure_card(suite, run, folder, ingredients))
            _path(folder, suite.name, "json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
            _path(folder, suite.name, "md").write_text(card_text(numbers), encoding="utf-8")
    cards = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    pages = sorted({path.stem for path in folder.glob("*.md")} - {"index"} - set(cards))
    (folder / "index.md").write_text(index_text(cards, pages), encoding="utf-8")
    return [_path(folder, suite.name, "md") for suite in suites]


def _path(folder: Path, name: str, ending: str) -> Path:
    return folder / f"{name}.{ending}"


def measure_card(suite: MockSuite, run: Crew, folder: Path, ingredients: Sequence[str] = INGREDIENTS) -> dict[str, Any]:
    """Measure everything that a card tells, and draw its figures into ``folder``."""
    few = MockSuite(suite.physics, max(len(suite) // 5, min(len(suite), 8)), suite.seed, suite.stirring)
    galaxies, views = measure_suite(suite, run)
    pictures: dict[str, Figure | FloatArray] = {
        "relations": relation_figure(suite, galaxies),
        "distributions": distribution_figure(suite, galaxies),
        "realism": realism_figure(suite, galaxies, views),
        "examples": example_figure(suite, choose_examples(galaxies)),
        "sheet": contact_sheet(suite),
    }
    for name, picture in pictures.items():
        save_small(picture, folder / f"{suite.name}_{name}.png")
    return {
        "provenance": suite.provenance(),
        "population": realism.population_shares(galaxies),
        "relations": realism.relations(suite, galaxies),
        "inner_slopes": realism.inner_slopes(galaxies),
        "estimators": realism.estimator_ratios(galaxies, views),
        "hi_rotation": realism.hi_rotation(galaxies, views),
        "R_hl from HI": realism.size_from_gas(galaxies),
        "kappa_co": realism.kappa_shares(galaxies),
        "equilibrium": realism.equilibrium(suite, min(50, len(suite)), run),
        "switch_off": realism.switch_off(few, run, ingredients),
        "dial": realism.dial_sweep(few, run),
        "cost_ms": realism.cost(suite, min(9, len(suite))),
    }


def _rounded(value: Any) -> Any:  # noqa: ANN401 (anything that JSON holds)
    """Keep `SIGNIFICANT` digits of every float, so that the files stay small and their changes readable."""
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT}g}")
    if isinstance(value, Mapping):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return value


def main(arguments: Sequence[str]) -> int:
    """Run from the command line: names of suites, ``--out``, ``--n-galaxies``, ``--seed``, ``--workers``."""
    options = {"--out": "docs/suites", "--n-galaxies": "300", "--seed": "0", "--workers": "1"}
    names, rest = [], list(arguments)
    try:
        while rest:
            word = rest.pop(0)
            if not word.startswith("--"):
                names.append(word)
            elif word not in options or not rest:
                raise InputError(f"got {word!r}; known options, each with a value, are {', '.join(options)}.")
            else:
                options[word] = rest.pop(0)
        n_galaxies, seed, workers = (int(options[key]) for key in ("--n-galaxies", "--seed", "--workers"))
        names = names or ["bursty", "smooth", "shifted"]
        for card in write_suite_cards(names, options["--out"], n_galaxies, seed, workers):
            sys.stdout.write(f"{card}\n")
    except (StargasError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
