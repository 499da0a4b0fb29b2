"""The page of ``stargas demo``: what the pretrained model answers, what small models learned, and how to read both."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from stargas.evaluation.calibration import NO_FAULT
from stargas.evaluation.result import EvaluationResult
from stargas.inference.result import InferenceResult
from stargas.inference.verdict import verdict
from stargas.report.inference_page import MOODS
from stargas.report.page import Bullets, Callout, Figure, Page, Part, Section, Table, text_from, write_page
from stargas.report.table import accuracy_table, calibration_table

FAULTS = {
    NO_FAULT: "its intervals hold the truth as often as they state, as far as so few galaxies can tell",
    "biased high": "at some radius its masses come out too high",
    "biased low": "at some radius its masses come out too low",
    "too narrow": "at some radius its stated errors are too small",
    "too wide": "at some radius its stated errors are larger than they need to be",
    "joint coverage off": "its whole profiles hold the truth more or less often than they state",
}
"""Verdict on the calibration of a model → what it means."""


def write_demo_report(
    answer: InferenceResult,
    true_log10_mass: Mapping[float, float],
    evaluation: EvaluationResult,
    folder: Path,
    answer_folder: Path,
) -> Path:
    """Write the page of a demonstration.

    Parameters
    ----------
    answer
        What the pretrained model says of a mock galaxy.
    true_log10_mass
        Radius [kpc] → true log10 M [Msun] inside it.
    evaluation
        Of the models that were trained, whose folder holds its figures.
    folder
        Folder for ``report.html``.
    answer_folder
        Folder of the report of ``answer``, which holds its figures.

    Returns
    -------
    Path
        ``report.html``.
    """
    one = verdict(answer)
    profile = Figure(
        answer_folder / "figures" / "profile.png",
        f"Posterior mass profile of {answer.name} with 68 and 95 percent bands; the masses are in the table.",
        "Dark band 68 %, light band 95 % of the posterior; symbols: closed formulas.",
    )
    ratio = Figure(
        evaluation.folder / "figures" / "ratio.png",
        "Predicted over true mass against radius for each model; the values are in the table.",
        "Lines: median; bands: the middle 68 % of the views; symbols: closed formulas at their own radii.",
    )
    answered: list[Part] = [
        Callout(one.level.capitalize(), one.reason, MOODS[one.level]),
        profile,
        _against_truth(answer, true_log10_mass),
        text_from("demo", "answer"),
    ]
    trained: list[Part] = [
        text_from("demo", "models", n_galaxies=evaluation.n_galaxies, n_samples=evaluation.n_samples),
        ratio,
        accuracy_table(evaluation),
        calibration_table(evaluation),
        Bullets(_verdicts_in_words(evaluation)),
        text_from("demo", "judgment"),
    ]
    files = Table(
        ["file", "what"],
        [
            [f"`{_within(answer_folder, folder)}/report.html`", "the whole report of the mock dwarf"],
            [f"`{_within(evaluation.folder, folder)}/report.html`", "the evaluation of the three models"],
            ["`inferred/report.html`", "StarGas on one galaxy of the suite from three sides, beside the truth"],
        ],
    )
    parts: list[Part | Section] = [
        text_from("demo", "lead"),
        Section("The pretrained model on a mock dwarf", answered),
        Section("Three small models, trained here", trained),
        Section("Further pages", [files]),
    ]
    return write_page(Page("A demonstration of stargas", parts), folder / "report.html")


def _against_truth(answer: InferenceResult, true_log10_mass: Mapping[float, float]) -> Table:
    """Compare quantiles with the truth, at the radii of the answer next to those of the truth."""
    quantiles = answer.quantiles((0.025, 0.16, 0.5, 0.84, 0.975))
    rows = []
    for r_kpc, truth in true_log10_mass.items():
        j = int(np.argmin(np.abs(np.log(answer.r_kpc / r_kpc))))
        lowest, low, median, high, highest = quantiles[:, j]
        place = "68 %" if low <= truth <= high else "95 %" if lowest <= truth <= highest else "neither"
        rows.append(
            [
                f"{r_kpc:.2f}",
                f"{median:.2f}",
                f"{low:.2f} to {high:.2f}",
                f"{lowest:.2f} to {highest:.2f}",
                f"{truth:.2f}",
                place,
            ]
        )
    head = ["r [kpc]", "log10 M [Msun]", "68 %", "95 %", "truth", "truth is inside"]
    return Table(head, rows, "Mass inside r from the posterior, and the true one.")


def _verdicts_in_words(evaluation: EvaluationResult) -> list[str]:
    words = []
    for name in evaluation.models:
        faults = evaluation.scores(name).calibration.verdict
        meanings = [f"{fault}: {FAULTS[fault]}" if fault in FAULTS else fault for fault in faults]
        words.append(f"**{name}**, {'; '.join(meanings)}.")
    return words


def _within(path: Path, folder: Path) -> str:
    return path.resolve().relative_to(folder.resolve()).as_posix()
