"""``stargas demo``: the whole way on built-in mock galaxies."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, open_console
from stargas.errors import InputError

if TYPE_CHECKING:
    from argparse import Namespace

    from rich.console import Console

    from stargas.cli.settings import Settings
    from stargas.inference.result import InferenceResult

PRESET = "demo"
"""Settings that this command starts from."""

MODELS = {"Star": "star", "Gas": "gas", "StarGas": "stargas"}
"""Folder of each model and the tracers that it is given."""


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "demo",
        "Let the pretrained model answer for a mock dwarf. Then build mock galaxies, train Star, Gas and StarGas,\n"
        "infer one galaxy from three sides, and evaluate the models on held-out galaxies beside closed formulas. One\n"
        "page shows both. The same command goes on where a stopped one ended.\n"
        f"It starts from the settings of the preset '{PRESET}'; what you give wins.",
        blocks=("data", "model", "training", "local"),
    )
    made.add_argument("--out", type=Path, default=Path("demo"), help="folder for everything (default: demo)")
    made.add_argument("--suite", default="bursty", help="mock suite (default: bursty)")
    made.add_argument("--n-galaxies", type=int, default=1000, help="galaxies to build (default: 1000)")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Run the commands one after the other."""
    from stargas.cli import build, evaluate, infer, train
    from stargas.dataset.store import open_dataset
    from stargas.evaluation.result_file import read_result
    from stargas.report.demo_page import write_demo_report
    from stargas.serve.examples import TRUE_LOG10_MASS
    from stargas.simulations.mock_suites.suites import mock_suite
    from stargas.simulations.particle_table import write_galaxy

    console, started = open_console(), time.monotonic()
    out, common = options.out, _common(options)
    data = str(out / "data")

    _heading(console, "1  The pretrained model on a mock dwarf that comes with the package")
    answer = _answer(out / "pretrained", options.seed, console)

    _heading(console, f"2  {options.n_galaxies} galaxies of the suite {options.suite}, each from 12 sides")
    arguments = [data, "--suite", options.suite, "--n-galaxies", str(options.n_galaxies), *common]
    build.run(build.parser().parse_args(arguments), settings)

    held_out = open_dataset(data).split("test").catalogue
    candidates = held_out[held_out["cold_gas_set"]]
    if not len(candidates):
        raise InputError(
            f"none of the {options.n_galaxies} galaxies is both held out and rich in cold gas: give a larger "
            "--n-galaxies and another --out."
        )

    for number, (name, tracers) in enumerate(MODELS.items(), 3):
        _heading(console, f"{number}  Training {name}")
        arguments = [str(out / name), "--data", data, "--tracers", tracers, *common]
        train.run(train.parser().parse_args(arguments), settings)

    _heading(console, "6  One galaxy that no model has seen, from three sides")
    by_mass = candidates["log10_stellar_mass"].argsort()
    name = str(candidates["galaxy_id"][int(by_mass[len(by_mass) // 2])])
    suite = mock_suite(options.suite, options.n_galaxies, seed=options.seed)
    index = next(i for i in range(len(suite)) if suite.galaxy_id(i) == name)
    write_galaxy(suite[index], out / "galaxy.hdf5", overwrite=True)
    sides = ["--inclination", "30", "60", "90", "--overwrite"]
    arguments = [
        str(out / "galaxy.hdf5"),
        "--model",
        str(out / "StarGas"),
        "--out",
        str(out / "inferred"),
        *sides,
        *common,
    ]
    infer.run(infer.parser().parse_args(arguments), settings)

    _heading(console, "7  Star, Gas, StarGas and the classical estimators on held-out galaxies")
    models = [str(out / name) for name in MODELS]
    arguments = [str(out / "evaluation"), "--models", *models, "--data", data, "--overwrite", *common]
    evaluate.run(evaluate.parser().parse_args(arguments), settings)
    page = write_demo_report(answer, TRUE_LOG10_MASS, read_result(out / "evaluation"), out, out / "pretrained")
    console.print(f"Done in {(time.monotonic() - started) / 60:.1f} min. All of it on one page: {page}")


def _answer(folder: Path, seed: int, console: Console) -> InferenceResult:
    """Let the pretrained model infer the mock dwarf, print what it says and write its report."""
    from stargas.inference.infer import infer
    from stargas.report.inference import print_answer, print_limitations, write_inference_report
    from stargas.serve.examples import example

    result: InferenceResult = infer(**example("both"), seed=seed)
    print_answer([result], console)
    print_limitations([result], console)
    console.print(f"Report: {write_inference_report([result], folder, overwrite=True)}", highlight=False)
    return result


def _common(options: Namespace) -> list[str]:
    workers = [] if options.workers is None else ["--workers", str(options.workers)]
    return ["--seed", str(options.seed), *workers]


def _heading(console: Console, text: str) -> None:
    console.print()
    console.rule(text, align="left")
