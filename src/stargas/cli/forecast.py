"""``stargas forecast``: how sharp the mass profile of a galaxy will be, and what would help most."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargas.cli.infer import add_observed_options
from stargas.cli.infer import with_options as with_observation
from stargas.cli.options import CommandParser, imported_at_once, open_console, positive_number, use_threads, whole_count
from stargas.cli.settings import UsageError
from stargas.cli.status import StatusLine

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings
    from stargas.config.observation import ObservationConfig
    from stargas.observed.galaxy import ObservedGalaxy


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "forecast",
        "Forecast how sharp M(<r) and the density slope of a galaxy will be, before it is observed: the model is\n"
        "applied to mock galaxies of the suite broad that are like it, observed as planned. Prints the widths and\n"
        "what would help most. Numbers, errors, field and beam of data that exist (--stars, --hi-cube) are read.",
        blocks=("observation",),
        usage="stargas forecast --stellar-mass MASS --R-hl-kpc R [options]\n"
        "       stargas forecast --stellar-mass MASS --stars TABLE --distance-kpc D [options]",
    )
    galaxy = made.add_argument_group("the galaxy")
    galaxy.add_argument(
        "--stellar-mass", required=True, metavar="MASS", help="solar masses, also with their error, as '3.8e5 0.2dex'"
    )
    galaxy.add_argument(
        "--hi-mass", type=float, metavar="MSUN", help="HI mass; 0 for none (default: of the HI data, or any)"
    )
    galaxy.add_argument("--inclination", type=float, metavar="DEG", help="0 face-on, 90 edge-on (default: any)")
    plan = made.add_argument_group("how it is observed")
    plan.add_argument("--n-stars", type=int, metavar="N", help="stars with velocities; 0 for none (default: 200)")
    plan.add_argument("--velocity-error", type=float, metavar="KMS", help="typical error of a velocity (default: 2)")
    plan.add_argument(
        "--R-out", metavar="KPC", help="radius that slits or fibers reach; or text, '10 arcmin' (default: no edge)"
    )
    plan.add_argument("--hi-limit", type=positive_number, metavar="CM-2", help="HI column at three times the noise")
    plan.add_argument(
        "--hi-noise",
        type=positive_number,
        metavar="MJY",
        help="in place of --hi-limit: noise of a channel [mJy/beam]; needs --channel-width, --beam and a distance",
    )
    plan.add_argument("--channel-width", type=positive_number, metavar="KMS", help="of --hi-noise")
    plan.add_argument("--beam", metavar="KPC", help="FWHM of the beam of the HI; or text, '15 arcsec' (default: 0)")
    made.add_argument(
        "--galaxies", type=whole_count, default=24, metavar="N", help="mock galaxies, 8 to 200 (default: 24)"
    )
    add_observed_options(made)
    made.add_argument("--model", type=Path, metavar="FOLDER", help="folder of the model (default: the pretrained one)")
    made.add_argument("--out", type=Path, help="folder for the table and the figure")
    made.add_argument("--overwrite", action="store_true", help="replace a forecast in OUT")
    made.set_defaults(realizations=None)
    made.option_of_setting = {
        "stellar_mass_msun": "--stellar-mass",
        "hi_mass_msun": "--hi-mass",
        "velocity_error_kms": "--velocity-error",
        "R_out_kpc": "--R-out",
        "hi_limit_cm2": "--hi-limit",
        "beam_kpc": "--beam",
        "n_galaxies": "--galaxies",
        "proper_motion_masyr": "--proper-motion",
        "columns v_los=NAME": "--columns v_los=NAME",
    }
    made.listed_settings |= {f"observation.{name}" for name in (*made.option_of_setting, *made.destinations)}
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Forecast, print the tables and write them."""
    config = with_observation(options, settings).observation
    plan = _plan(options, config)
    status = StatusLine()
    try:
        status.show("loading the libraries and the model")
        with imported_at_once():
            from stargas.inference.forecast import forecast
            from stargas.model.files import load_model
            from stargas.report.forecast import print_forecast, require_free, write_forecast

            use_threads(options.workers)
            if options.out is not None:
                require_free(options.out, overwrite=options.overwrite)
            model = load_model(options.model)
        if config.has_files:
            status.show("reading the galaxy")
            plan = _of_data(_read(config)) | plan
        if plan.get("R_hl_kpc") is None:
            raise UsageError("give the half-light radius, --R-hl-kpc, or data that show it.")
        status.show("observing mock galaxies")
        found = forecast(options.stellar_mass, **plan, n_galaxies=options.galaxies, model=model, seed=options.seed)
    finally:
        status.clear()
    console = open_console()
    print_forecast(found, console)
    if options.out is not None:
        console.print(f"Figure: {write_forecast(found, options.out)}", highlight=False)


def with_options(options: Namespace, settings: Settings) -> Settings:
    """Return settings in which the options of an observed galaxy have won."""
    return with_observation(options, settings)


def _plan(options: Namespace, config: ObservationConfig) -> dict[str, Any]:
    """Return the arguments of `stargas.inference.forecast.forecast` that are given."""
    from stargas.notation import size_kpc
    from stargas.observed.known_values import complete_settings

    known = complete_settings(config, needs_distance=False, uses_center=False, uses_axis=False, uses_size=True).config
    try:
        sizes = {
            name: None if text is None else size_kpc(text, known.distance_kpc)
            for name, text in (("R_out_kpc", options.R_out), ("beam_kpc", options.beam))
        }
    except ValueError as error:
        raise UsageError(str(error)) from error
    given = {
        "R_hl_kpc": known.R_hl_kpc,
        "hi_mass_msun": options.hi_mass,
        "n_stars": options.n_stars,
        "velocity_error_kms": options.velocity_error,
        "hi_limit_cm2": options.hi_limit,
        "inclination_deg": options.inclination,
        **sizes,
    }
    if options.hi_noise is not None:
        given["hi_limit_cm2"] = _hi_limit(options, sizes["beam_kpc"], known.distance_kpc)
    elif options.channel_width is not None:
        raise UsageError("--channel-width is that of --hi-noise, which is missing.")
    return {name: value for name, value in given.items() if value is not None}


def _hi_limit(options: Namespace, beam_kpc: float | None, distance_kpc: float | None) -> float:
    """Return the limit of an HI cube whose noise is given in mJy/beam."""
    from stargas.inference.observing_setup import ObservingSetup

    if options.hi_limit is not None:
        raise UsageError("give --hi-limit or --hi-noise, not both.")
    missing = [
        name
        for name, value in (
            ("--channel-width", options.channel_width),
            ("--beam", beam_kpc),
            ("--distance-kpc", distance_kpc),
        )
        if value is None
    ]
    if missing or beam_kpc is None or distance_kpc is None:
        raise UsageError(f"a noise in mJy/beam needs {' and '.join(missing)}.")
    beam_arcsec = math.degrees(beam_kpc / distance_kpc) * 3600
    return ObservingSetup.hi_limit_of(options.hi_noise, options.channel_width, beam_arcsec)


def _read(config: ObservationConfig) -> ObservedGalaxy:
    """Read and measure the data of a galaxy in a process of its own."""
    from stargas.observed.observation import observe_galaxy
    from stargas.sandbox import started_in_child

    files = (config.stars, config.photometry, config.hi_cube, config.moment0, config.moment1, config.moment2)
    with started_in_child(files, observe_galaxy, config) as read:
        return read()


def _of_data(galaxy: ObservedGalaxy) -> dict[str, Any]:
    """Return size, HI mass and set-up of an observed galaxy."""
    from stargas.inference.observing_setup import ObservingSetup

    known = {"R_hl_kpc": galaxy.R_hl_kpc, **dataclasses.asdict(ObservingSetup.of(galaxy))}
    return known if galaxy.hi is None else known | {"hi_mass_msun": galaxy.hi.hi_mass_msun}
