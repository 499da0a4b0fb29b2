"""Putting a trained model where users find it: weights, description, references of its checks, and card."""

import json
import shutil
from pathlib import Path

from stargas.errors import InputError
from stargas.experiments.default import REFERENCE
from stargas.experiments.part_file import MODEL
from stargas.experiments.run import Run
from stargas.report.default_page import COMMAND, PARTS, write_model_card
from stargas.report.results import read_parts

MAX_BYTES = 12_000_000
"""Largest size of a released model."""


def release_model(run: Run, results: Path, folder: Path) -> None:
    """Copy the model of a plan with the references of its checks and its card.

    Parameters
    ----------
    run
        Whose models are trained.
    results
        Folder of its results, which the card quotes.
    folder
        Where the model goes; files of an earlier model are replaced.

    Raises
    ------
    InputError
        If the model is larger than `MAX_BYTES`, or there are no results.
    """
    from stargas.inference.predictive_check import NEEDED, fit_predictive
    from stargas.inference.predictive_reference import FILE as PREDICTIVE
    from stargas.model.files import load_model
    from stargas.validity.reference import FILE, fit_validity

    source = run.out / "models" / MODEL
    read_parts(results, PARTS, COMMAND)  # the card needs them
    posterior = load_model(source)
    if not (source / FILE).exists():
        fit_validity(posterior, run.dataset(REFERENCE), without=("gas", "stars")).save(source)
    predicts = set(NEEDED) <= set(posterior.target.further)
    if predicts and not (source / PREDICTIVE).exists():
        fit_predictive(posterior, run.dataset(REFERENCE), without=("gas", "stars")).save(source)
    names = ("model.json", "model.safetensors", FILE, *((PREDICTIVE,) if predicts else ()))
    size = sum((source / name).stat().st_size for name in names)
    if size > MAX_BYTES:
        raise InputError(f"the model has {size:,} bytes, more than the {MAX_BYTES:,} of a release: make it smaller.")
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(source / name, folder / name)
    described = json.loads((source / "model.json").read_text())
    n_parameters = sum(parameter.numel() for parameter in posterior.network.parameters())
    write_model_card(described, n_parameters, results, folder / "card.md")
