"""``stargas infer``: the mass profile of one galaxy, simulated or observed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, imported_at_once, open_console, use_threads
from stargas.cli.settings import UsageError
from stargas.cli.sources import read_file
from stargas.cli.status import StatusLine

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from stargas.cli.settings import Settings
    from stargas.config import SnapshotConfig
    from stargas.config.observation import ObservationConfig
    from stargas.galaxy import Galaxy
    from stargas.model.posterior import Posterior
    from stargas.observed.galaxy import ObservedGalaxy
    from stargas.sample import Sample

INCLINATION_DEG = 60.0
"""Inclination of the one view of a simulated galaxy by default."""


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "infer",
        "Infer the mass profile of one galaxy: of an observed one from a table of its stars, its HI, or both, whose\n"
        "errors enter by Monte Carlo; of a simulated one (GALAXY) from one or more sides, beside the truth. Prints\n"
        "whether to believe the result, the masses and what limits them, and writes a page with figures and tables.",
        blocks=("observation", "snapshots"),
        usage="stargas infer --stars TABLE and/or --hi-cube FITS --distance-kpc D --out OUT [options]\n"
        "       stargas infer GALAXY --out OUT [options]",
    )
    add_observed_options(made)
    further = made.add_argument_group("what the answer takes as given")
    further.add_argument(
        "--inclination-deg",
        type=float,
        metavar="DEG",
        help="inclination from other data, 0 face-on, 90 edge-on: the posterior is conditioned on it",
    )
    further.add_argument(
        "--inclination-error-deg", type=float, metavar="DEG", help="its standard error, needed with it"
    )
    further.add_argument(
        "--stellar-mass",
        metavar="MASS",
        help="solar masses and their error, as '3.8e5 0.2dex' or '3.8e5 20%%': dark matter alone",
    )
    simulated = made.add_argument_group("a simulated galaxy")
    simulated.add_argument("galaxy", type=Path, nargs="?", metavar="GALAXY", help="particle table or snapshot")
    simulated.add_argument(
        "--inclination", type=float, nargs="+", metavar="DEG", help="of each view, 0 face-on, 90 edge-on (default: 60)"
    )
    simulated.add_argument(
        "--azimuth",
        type=float,
        nargs="+",
        metavar="DEG",
        help="around the axis: one, or one per inclination (default: 0)",
    )
    model = made.add_argument_group("model")
    model.add_argument("--model", type=Path, metavar="FOLDER", help="folder of the model (default: the pretrained one)")
    model.add_argument(
        "--prior",
        metavar="SUITE",
        help="assume a galaxy of this suite: bursty (cored halos, disturbed gas) or smooth (cuspy halos, calm gas) of "
        "the pretrained model (default: of any)",
    )
    model.add_argument(
        "--draws", type=int, default=2000, metavar="N", help="posterior draws, of each view (default: 2000)"
    )
    model.add_argument("--realizations", type=int, metavar="N", help="of the observed inputs (default: 16)")
    output = made.add_argument_group("output")
    output.add_argument("--out", type=Path, required=True, help="folder for profile, draws, figures and page")
    output.add_argument("--overwrite", action="store_true", help="replace an inference in OUT")
    output.add_argument(
        "--radii",
        type=float,
        nargs="+",
        default=[],
        metavar="KPC",
        help="further radii for circular velocity, densities and slopes, between the first and last of the profile",
    )
    made.option_of_setting = {
        "proper_motion_masyr": "--proper-motion",
        "n_realizations": "--realizations",
        "columns v_los=NAME": "--columns v_los=NAME",
        "columns v_los_error=NAME": "--columns v_los_error=NAME",
        "columns ra=NAME,dec=NAME": "--columns ra=NAME,dec=NAME",
    }
    made.listed_settings |= {f"observation.{name}" for name in (*made.option_of_setting, *made.destinations)}
    return made


def add_observed_options(made: CommandParser) -> None:
    """Add the options of an observed galaxy: short names of the settings block ``observation``."""
    data = made.add_argument_group("data of an observed galaxy")
    data.add_argument("--stars", metavar="TABLE", help="CSV, ECSV, FITS or VOTable with a row per star")
    data.add_argument(
        "--photometry", metavar="TABLE", help="positions of stars without velocities, for R_hl and the map of the light"
    )
    data.add_argument("--hi-cube", metavar="FITS", help="HI cube; or in place of it")
    for number, meaning in enumerate(("column density", "mean velocity", "dispersion")):
        data.add_argument(f"--moment{number}", metavar="FITS", help=f"HI map: {meaning}")

    known = made.add_argument_group("what is known of it")
    known.add_argument(
        "--name", help="name, for titles; of a galaxy of the Local Volume, as Fornax, also what is known of it"
    )
    for name, metavar, meaning in (
        ("--distance-kpc", "KPC", "distance; or text, '0.1 Mpc' or the modulus '20.0 mag'"),
        ("--distance-error-kpc", "KPC", "its standard error; or text, '5 %%' or '0.1 mag' (default: 0)"),
        (
            "--R-hl-kpc",
            "KPC",
            "projected half-light radius; or text, '9.7 arcmin' (default: of photometry, or the stars)",
        ),
        ("--R-hl-error-kpc", "KPC", "its standard error; or text, '5 %%' (default: 0)"),
    ):
        known.add_argument(name, metavar=metavar, help=meaning)
    known.add_argument(
        "--ellipticity",
        type=float,
        metavar="E",
        help="1 - b/a, where R_hl is along the major axis (default: R_hl is that of a circle)",
    )
    known.add_argument(
        "--center",
        nargs="+",
        metavar="ANGLE",
        help="RA and Dec, degrees or as 10:08:28.1 -31:00:00 (default: the middle of the stars, or of the HI)",
    )
    known.add_argument(
        "--position-angle-deg",
        type=float,
        metavar="DEG",
        help="of the receding side, north through east (default: that of the HI)",
    )
    known.add_argument("--position-angle-error-deg", type=float, metavar="DEG", help="its standard error (default: 0)")
    known.add_argument(
        "--systemic-kms", type=float, metavar="KMS", help="velocity of both tracers (default: the mean of each)"
    )
    known.add_argument(
        "--proper-motion", type=float, nargs=2, metavar=("RA", "DEC"), help="mas/yr, to take out perspective"
    )

    reading = made.add_argument_group("how the data are read")
    reading.add_argument("--columns", type=_columns, metavar="v_los=HRV,...", help="columns with other names")
    reading.add_argument(
        "--missing-values", type=float, nargs="+", metavar="X", help="numbers for missing values in the table, as -999"
    )
    reading.add_argument(
        "--p-member-min", type=float, metavar="P", help="least probability of a member on the maps (default: 0.5)"
    )
    reading.add_argument(
        "--no-contaminants",
        action="store_false",
        default=None,
        dest="fit_contaminants",
        help="fit no second population of velocities",
    )
    reading.add_argument(
        "--leave-out-channels", type=float, nargs="+", metavar="KMS", help="pairs of velocities: channels to leave out"
    )
    reading.add_argument(
        "--foreground-channels",
        type=float,
        nargs="+",
        metavar="KMS",
        help="pairs of velocities: channels with Galactic HI, above which the galaxy is looked for",
    )


def _columns(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(name and column for name, _, column in pairs):
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"{text!r} is not quantity=column,..., as v_los=HRV")
    return {name.strip(): column.strip() for name, _, column in pairs}


def run(options: Namespace, settings: Settings) -> None:
    """Infer, print the table and write the page."""
    config = _observation(options, settings.observation)
    if options.galaxy is not None and config.has_files:
        raise UsageError(
            "give a simulated galaxy or files of an observed one (--stars, --hi-cube, --moment0), not both."
        )
    if options.galaxy is None and not config.has_files:
        raise UsageError("give a galaxy: a file, or --stars, --hi-cube or --moment0 of an observed one.")
    if options.galaxy is None:
        for name in ("inclination", "azimuth"):
            if getattr(options, name) is not None:
                instead = ", or give --inclination-deg" if name == "inclination" else ""
                raise UsageError(f"--{name} is the view of a simulated galaxy: leave it out{instead}.")
    elif options.stellar_mass is not None:
        raise UsageError("--stellar-mass is for observed galaxies: leave it out for a simulated one.")
    elif config.inclination_deg is not None:
        raise UsageError("--inclination-deg is for observed galaxies: give --inclination for a simulated one.")
    status = StatusLine()
    try:
        _infer(options, config, settings.snapshots, status)
    finally:
        status.clear()


def _infer(options: Namespace, config: ObservationConfig, snapshots: SnapshotConfig, status: StatusLine) -> None:
    status.show("loading the libraries and the model")
    with _begin_reading(options, config, snapshots) as read, imported_at_once():
        from stargas.errors import InputError
        from stargas.galaxy import Galaxy
        from stargas.inference.baryons import StellarMass
        from stargas.inference.dark_matter import OutweighedError, contradicted, dark_matter
        from stargas.inference.infer import infer_in_steps
        from stargas.model.files import load_model
        from stargas.observed.galaxy import ObservedGalaxy
        from stargas.profiles import require_inside
        from stargas.report.dark_matter import print_dark_matter
        from stargas.report.inference import print_answer, print_limitations, require_free, write_inference_report

        use_threads(options.workers)
        require_free(options.out, overwrite=options.overwrite)
        stellar_mass = None if options.stellar_mass is None else StellarMass.read(options.stellar_mass)
        model = load_model(options.model).with_prior(options.prior)
        status.show("reading and measuring the galaxy")
        galaxy = read()
    galaxies = _project(options, model, galaxy) if isinstance(galaxy, Galaxy) else [galaxy]
    for one in galaxies if options.radii else ():
        in_R_hl = model.target.radii_R_hl
        r_kpc = [r * one.R_hl_kpc for r in in_R_hl] if isinstance(one, ObservedGalaxy) else one.r_kpc
        require_inside(options.radii, r_kpc)
    inferences = [
        infer_in_steps(one, model, n_draws=options.draws, n_realizations=config.n_realizations, seed=options.seed)
        for one in galaxies
    ]
    status.show("drawing from the posterior")
    answers = [next(steps) for steps in inferences]
    dark, refused = None, None
    if stellar_mass is not None:
        try:
            dark = dark_matter(answers[0], stellar_mass)
        except InputError as error:
            refused = error  # said last: the masses and their report are there without it
    status.clear()
    console = open_console()
    contradiction = refused if isinstance(refused, OutweighedError) else None
    print_answer([contradicted(one, contradiction) for one in answers], console)
    if dark is not None:
        print_dark_matter(dark, console)
    status.show("tracing the errors of the inputs")
    results = [contradicted(next(steps), contradiction) for steps in inferences]
    status.clear()
    print_limitations(results, console)
    for reference in () if results[0].galaxy is None else results[0].galaxy.references:
        console.print(f"Local Volume Database: {reference}", highlight=False)
    status.show("drawing the figures")
    page = write_inference_report(results, options.out, radii_kpc=options.radii, dark=dark, overwrite=options.overwrite)
    status.clear()
    console.print(f"Report: {page}", highlight=False)
    if refused is not None:
        raise refused


def with_options(options: Namespace, settings: Settings) -> Settings:
    """Return settings in which the options of an observed galaxy have won."""
    return settings._replace(observation=_observation(options, settings.observation))


def _observation(options: Namespace, config: ObservationConfig) -> ObservationConfig:
    """Let options replace settings of the block ``observation``."""
    fields = {field.name for field in dataclasses.fields(config)}
    named = {name: value for name, value in vars(options).items() if name in fields and value is not None}
    if options.proper_motion is not None:
        named["proper_motion_masyr"] = tuple(options.proper_motion)
    if options.realizations is not None:
        named["n_realizations"] = options.realizations
    if "center" in named:
        named["center"] = " ".join(named["center"])
    for name in {"leave_out_channels", "foreground_channels"} & named.keys():
        ends = named[name]
        if len(ends) % 2:
            raise UsageError(f"--{name.replace('_', '-')} needs pairs of velocities, got {len(ends)} numbers.")
        named[name] = tuple(zip(ends[::2], ends[1::2], strict=True))
    try:
        return dataclasses.replace(config, **named)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _begin_reading(
    options: Namespace, config: ObservationConfig, snapshots: SnapshotConfig
) -> AbstractContextManager[Callable[[], Galaxy | ObservedGalaxy]]:
    """Begin to read the galaxy, and to measure it if it is observed, while this process loads the model."""
    from stargas.sandbox import started_in_child

    if options.galaxy is not None:
        return started_in_child([options.galaxy], read_file, options.galaxy, snapshots)
    from stargas.observed.observation import observe_galaxy

    files = (config.stars, config.photometry, config.hi_cube, config.moment0, config.moment1, config.moment2)
    return started_in_child(files, observe_galaxy, config)


def _project(options: Namespace, model: Posterior, galaxy: Galaxy) -> list[Sample]:
    """Make one sample for each view of a simulated galaxy."""
    from stargas.randomness import rng_for
    from stargas.sample import make_sample
    from stargas.sky.projection import project
    from stargas.sky.view import View

    inclinations, azimuths = options.inclination or [INCLINATION_DEG], options.azimuth or [0.0]
    azimuths = azimuths * (len(inclinations) if len(azimuths) == 1 else 1)
    if len(azimuths) != len(inclinations):
        raise UsageError(
            f"--azimuth needs one value or as many as --inclination has, got {len(azimuths)} and {len(inclinations)}."
        )
    samples = []
    for number, angles in enumerate(zip(inclinations, azimuths, strict=True)):
        rng = rng_for(options.seed, "infer", galaxy.id, number)
        samples.append(make_sample(project(galaxy, View(*angles)), rng, model.data_config))
    return samples
