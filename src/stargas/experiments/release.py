"""Putting a trained model where users find it: weights, description, validity reference and card."""

import json
import shutil
from pathlib import Path

import numpy as np

from stargas.errors import InputError
from stargas.experiments.run import Run
from stargas.report.default_page import read_parts, summary_table
from stargas.storage import write_atomically

MODEL = "default"
"""Name of the model of the plan that ships."""

MAX_BYTES = 8_000_000
"""A larger model does not ship."""

CARD = """\
# The pretrained model

**What it is.** A neural posterior of log10 M(<r) [Msun] at ten radii from 0.6 to 2.4 R_hl, for stars, HI or both.
A fusion network of {parameters:,} parameters is given numbers that are measured on the stars as a set and on the
HI maps; a masked autoregressive flow draws joint mass profiles. stargas {version}, licence GPL-3.0-or-later.

**What it learned from.** {galaxies:,} mock galaxies ({samples:,} views) of the suites {suites}: perfect views, and
views with velocity errors up to 10 km/s, 30 stars and more, up to 10 % interlopers, beams up to 8 pixels and finite HI
sensitivity. None is a galaxy of NIHAO, AURIGA or the sky.

**Ranges of the training set.** {ranges}

**What it was measured on.** Held-out galaxies of our suites; `shifted` is a suite that it never saw. With a prior, the
model is told of which suite a galaxy is.

{numbers}

**What it cannot see.** That a galaxy follows other physics than those suites: its warnings compare measurements with
those of the training set, and a galaxy of `shifted` looks usual. Compare the answers under the priors `bursty` (cores)
and `smooth` (cusps): where they differ by more than the interval, the prior decides. Spherical halos, equilibrium, no
bars, streams or ram pressure: a galaxy that is being torn apart gets a wrong answer with a small error.
"""


def ship_model(run: Run, results: Path, folder: Path) -> None:
    """Copy the model of a plan with its validity reference and card.

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
    from stargas.model.posterior import load_model
    from stargas.training.train import training_splits
    from stargas.validity.reference import FILE, fit_validity

    source, parts = run.out / "models" / MODEL, read_parts(results)
    posterior = load_model(source)
    if not (source / FILE).exists():
        _, validation = training_splits([run.training_set(MODEL)], run.plan.models[MODEL].training)
        fit_validity(posterior, validation, without=("gas", "stars")).save(source)
    names = ("model.json", "model.safetensors", FILE)
    size = sum((source / name).stat().st_size for name in names)
    if size > MAX_BYTES:
        raise InputError(f"the model has {size:,} bytes, more than the {MAX_BYTES:,} that ship: make it smaller.")
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(source / name, folder / name)
    about = json.loads((source / "model.json").read_text())["about"]
    card = CARD.format(
        parameters=sum(int(np.prod(p.shape)) for p in posterior.network.parameters()),
        version=json.loads((source / "model.json").read_text())["stargas_version"],
        galaxies=about["galaxies"],
        samples=about["samples"],
        suites=", ".join(f"`{s}`" for s in sorted({data["source"]["name"] for data in about["data"][0]["data_sets"]})),
        ranges="; ".join(f"{name} {low:.3g} to {high:.3g}" for name, (low, high) in about["ranges"].items()) + ".",
        numbers=summary_table(parts, {}),
    )
    write_atomically(folder / "card.md", card.encode())
