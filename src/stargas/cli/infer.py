"""``stargas infer``: the mass profile of one galaxy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, open_console, use_threads
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "infer",
        "Observe a simulated galaxy from one or more sides and infer its mass profile from each, beside the truth\n"
        "and the classical estimators. The maps are made with the settings that the model was trained with.",
        blocks=("local",),
    )
    made.add_argument("galaxy", type=Path, metavar="GALAXY", help="particle table or snapshot of one galaxy")
    made.add_argument("--model", type=Path, required=True, help="folder of the model")
    made.add_argument("--out", type=Path, required=True, help="folder for profile, draws, figures and page")
    made.add_argument(
        "--inclination", type=float, nargs="+", default=[60.0], help="degrees, 0 face-on, 90 edge-on (default: 60)"
    )
    made.add_argument(
        "--azimuth", type=float, nargs="+", default=[0.0], help="degrees around the axis: one, or one per inclination"
    )
    made.add_argument(
        "--radii",
        type=float,
        nargs="+",
        default=[],
        metavar="KPC",
        help="further radii for circular velocity, densities and slopes, between the first and last of the model",
    )
    made.add_argument("--draws", type=int, default=2000, help="posterior draws per view (default: 2000)")
    made.add_argument("--overwrite", action="store_true", help="replace an inference in OUT")
    return made


def run(options: Namespace, settings: Settings) -> None:  # noqa: ARG001 (every command has both)
    """Infer, print the table and write the page."""
    from stargas.limits import load_limits
    from stargas.model.posterior import load_model
    from stargas.randomness import rng_for
    from stargas.report.inference import print_inference, write_inference
    from stargas.sample import make_sample
    from stargas.sky.projection import project
    from stargas.sky.view import View
    from stargas.sources.files import read_galaxy

    azimuths = options.azimuth * (len(options.inclination) if len(options.azimuth) == 1 else 1)
    if len(azimuths) != len(options.inclination):
        raise UsageError(
            f"--azimuth needs one value or as many as --inclination has, got {len(azimuths)} and "
            f"{len(options.inclination)}."
        )
    use_threads(options.workers)
    model = load_model(options.model)
    galaxy = read_galaxy(options.galaxy)
    samples, labels = [], []
    for number, (inclination, azimuth) in enumerate(zip(options.inclination, azimuths, strict=True)):
        rng = rng_for(options.seed, "infer", galaxy.id, number)
        samples.append(make_sample(project(galaxy, View(inclination, azimuth)), rng, model.data_config))
        labels.append(f"i = {inclination:g}°, azimuth {azimuth:g}°")
    found = write_inference(
        samples,
        model,
        options.out,
        labels=labels,
        n_draws=options.draws,
        seed=options.seed,
        radii_kpc=options.radii,
        limits=load_limits(options.model),
        overwrite=options.overwrite,
    )
    print_inference(found, open_console())
