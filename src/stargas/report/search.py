"""The search for the settings on the page: its best trials beside the preset, and a figure of all of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from stargas.errors import DamagedFileError
from stargas.report.cells import DASH, number
from stargas.report.page import Part as PagePart
from stargas.report.page import Table, Text
from stargas.report.results import MODELS
from stargas.report.style import FAINT, apply_style, model_color, new_figure
from stargas.storage import Format, read_header

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEARCH = "search"
"""Name of the part and of its file."""

FORMAT = Format("stargas search", 2)
"""Format of the file."""

N_BEST = 5
"""Trials of each model that the page lists; the file has all of them."""

KINDS = {"network": "{}", "trees": "Trees ({})"}
"""Kind of model → its name in tables."""

TITLES = {"network": "networks", "trees": "trees"}

SearchResult: TypeAlias = Mapping[str, Any]
"""Content of the file: ``trials``, the ``space`` that they are drawn from, and what the ``preset`` has of it."""


def read_search(folder: Path) -> SearchResult | None:
    """Read the search of a folder of results; None where none was made.

    Raises
    ------
    InputError
        If the file is of another format or version.
    DamagedFileError
        If it is no search.
    """
    path = folder / f"{SEARCH}.json"
    if not path.is_file():
        return None
    content = read_header(path, FORMAT, "search again", "search again")
    try:
        _ = content["preset"]["network"], content["preset"]["trees"]
        for trial in content["trials"]:
            _check(trial)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DamagedFileError(f"{path} is no search for settings ({error}): search again.") from error
    return content


def _check(trial: Mapping[str, Any]) -> None:
    _ = trial["model"], trial["settings"].items(), trial["number"], trial["processor_minutes"]
    if trial["kind"] not in KINDS or not isinstance(trial["loss"], float | None):
        raise ValueError(f"trial {trial['number']} has no kind or loss")


def search_parts(search: SearchResult) -> list[PagePart]:
    """Return the tables of a search: of each model the preset and the best trials, with what they change."""
    parts: list[PagePart] = []
    for kind, label in KINDS.items():
        for model in MODELS:
            made = of_model(search, kind, model)
            if not made:
                continue
            finished = sorted((trial for trial in made if trial["loss"] is not None), key=lambda trial: trial["loss"])
            shown = [*(trial for trial in made if trial["number"] == 0), *finished[:N_BEST]]
            preset = search["preset"][kind]
            minutes = sum(trial["processor_minutes"] for trial in made)
            text = f"**{label.format(model)}**: {len(made)} trials, {minutes:.0f} minutes of one processor"
            failed = len(made) - len(finished)
            parts += [Text(text + (f", {failed} diverged:" if failed else ":")), _table(shown, preset)]
    return parts


def of_model(search: SearchResult, kind: str, model: str) -> list[Mapping[str, Any]]:
    """Return the trials of one model in the order of their numbers."""
    return [trial for trial in search["trials"] if (trial["kind"], trial["model"]) == (kind, model)]


def _table(trials: Sequence[Mapping[str, Any]], preset: Mapping[str, Any]) -> Table:
    lines = []
    for trial in dict.fromkeys(trial["digest"] for trial in trials):
        made = next(one for one in trials if one["digest"] == trial)
        changed = {name: value for name, value in made["settings"].items() if value != preset.get(name)}
        words = ", ".join(f"`{name.rsplit('.')[-1]}` {_value(value)}" for name, value in changed.items())
        lines.append(
            [
                str(made["number"]),
                number(made["loss"], 3) if made["loss"] is not None else DASH,
                number(made.get("rms_dex"), 4),
                f"{made['processor_minutes']:.1f}",
                words or "the preset",
            ]
        )
    return Table(["trial", "−log q(truth)", "rms [dex]", "minutes", "in place of the preset's"], lines)


def _value(value: Any) -> str:  # noqa: ANN401 (values of settings)
    if isinstance(value, list):
        return "/".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value:g}"


def draw_search(search: SearchResult) -> "Figure":
    """Draw the loss of every trial above that of the best one of its model, in order; the preset filled."""
    with apply_style():
        figure = new_figure(7.6, 3.4)
        panels = figure.subplots(1, len(KINDS), sharey=True)
        for axes, kind in zip(panels, KINDS, strict=True):
            for model in MODELS:
                made = [trial for trial in of_model(search, kind, model) if trial["loss"] is not None]
                if not made:
                    continue
                made.sort(key=lambda trial: trial["loss"])
                above = [trial["loss"] - made[0]["loss"] for trial in made]
                color = model_color(model)
                axes.plot(above, "o-", color=color, markerfacecolor="white", markersize=4, linewidth=0.8, label=model)
                for place, trial in enumerate(made):
                    if trial["number"] == 0:
                        axes.plot(place, above[place], "o", color=color, markersize=6)
            axes.set_title(TITLES[kind], loc="left")
            axes.set_xlabel("trials, best first")
            axes.set_yscale("symlog", linthresh=1)
            axes.grid(axis="y", color=FAINT, linewidth=0.6)
        panels[0].set_ylabel("−log q(truth) above the best")
        panels[0].legend()
    return figure
