"""``stargas experiment``: a whole experiment, from building data sets to figures."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import (
    CommandParser,
    local_with_workers,
    open_console,
    positive_number,
    use_threads,
    whole_count,
    whole_number,
)
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from stargas.baselines.trees import Trees
    from stargas.cli.settings import Settings
    from stargas.experiments.plan import Plan
    from stargas.experiments.run import Run


SCOREBOARD, PEERS, ROTATION = "scoreboard", "peers", "rotation"
"""Parts of the experiment on galaxies of others: a model, Jeans modeling of the same stars beside it, and rotation
curves of the same HI."""


def preset(options: Namespace) -> str:
    """Return the settings that an experiment starts from."""
    return "default" if options.name in {"default", "others", "forecast", "dark_matter"} else "paper"


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "experiment",
        "Run a whole experiment, from data sets to a page of results:\n"
        "  paper     section 4 of the paper, and more\n"
        "  default   the pretrained model, and the other settings that were tried for it\n"
        "  observed  a model on mock galaxies that are written to an observer's files\n"
        "  suites    the mock suites: how real they are\n"
        "  others    a model on galaxies that others made, and on analytic spheres\n"
        "  forecast  forecast widths beside achieved ones; stars, HI and both of a dwarf like WLM\n"
        "  cross     models of some suites, yours for instance, tested on all of them\n"
        "  dark_matter  dark matter of mock galaxies beside the true one\n"
        "What is there already is not made again, so the same command goes on where a stopped one ended.",
        blocks=("data", "model", "training", "local"),
    )
    names = ("paper", "default", "observed", "suites", "others", "forecast", "cross", "dark_matter")
    made.add_argument("name", choices=names, metavar="NAME", help=", ".join(names))
    made.add_argument(
        "parts", nargs="*", metavar="PART", help="parts of the experiment, for instance fig5, or suites (default: all)"
    )
    made.add_argument("--out", type=Path, help="folder for data, models and evaluations (default: runs/NAME)")
    made.add_argument("--results", type=Path, help="folder for results, figures and page (default: results/NAME)")
    made.add_argument(
        "--scale",
        type=positive_number,
        default=1.0,
        help="number of galaxies over that of the full experiment (default: 1)",
    )
    made.add_argument(
        "--tng", type=Path, nargs="+", default=[], help="files of galaxies of another simulation to test on"
    )
    made.add_argument("--draws", type=int, default=1000, help="posterior draws per sample (default: 1000)")
    paper = made.add_argument_group("paper")
    paper.add_argument(
        "--trials", type=whole_count, default=30, help="trials of each model in the part search (default: 30)"
    )
    default = made.add_argument_group("default")
    default.add_argument(
        "--release", type=Path, help="folder for the released model, its validity reference and its card"
    )
    default.add_argument("--readme", type=Path, help="file whose table of results is replaced, between its two marks")
    others = made.add_argument_group("others")
    others.add_argument(
        "--galaxies",
        type=Path,
        nargs="+",
        default=[],
        help="particle tables, files of model galaxies, or folders of both (default: the analytic spheres alone)",
    )
    others.add_argument(
        "--spheres",
        type=whole_number,
        default=1,
        help="analytic spheres of each kind and number of stars, 0 for none (default: 1)",
    )
    others.add_argument(
        "--trees",
        type=Path,
        metavar="DATA",
        help="data set of mock galaxies that boosted trees learn from, to stand beside the model",
    )
    others.add_argument(
        "--sides",
        type=int,
        nargs="+",
        choices=range(12),
        default=[0],
        metavar="SIDE",
        help="sides of the files of the part peers, 0 (near face-on) to 11 (near edge-on) (default: 0)",
    )
    others.add_argument(
        "--mocks",
        type=whole_number,
        default=0,
        help="mock galaxies that the pretrained model is tested on: of broad in the part peers, of broad and of smooth "
        "with cold gas in the part rotation (default: 0)",
    )
    others.add_argument(
        "--barolo", type=Path, metavar="PROGRAM", help="path of the program BBarolo, for the part rotation"
    )
    both = made.add_argument_group("observed, others, forecast and dark_matter")
    both.add_argument("--model", type=Path, help="folder of a model of any tracers (default: the pretrained one)")
    observed = made.add_argument_group("observed")
    observed.add_argument("--degraded-data", type=Path, help="data set of degraded samples, for the part degradation")
    mocks = made.add_argument_group("observed, suites, forecast and dark_matter")
    mocks.add_argument(
        "--n-galaxies",
        type=whole_count,
        help="number of mock galaxies (default: observed 50, suites 300 each, forecast 200 of a kind, dark_matter 120)",
    )
    mocks.add_argument(
        "--suite-seed", type=whole_number, help="seed of the mock galaxies (default: observed 5, suites 0)"
    )
    cross = made.add_argument_group("cross")
    cross.add_argument(
        "--suite",
        type=_named_path,
        nargs="+",
        default=[],
        metavar="NAME=PATH",
        help="name of a suite and a data set of it that stargas build made; two or more",
    )
    suites = made.add_argument_group("suites")
    suites.add_argument("--others", type=Path, help="folder of galaxies that others made, marked on the cards")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Run the experiment and print where its page is."""
    if options.name == "observed":
        _run_observed(options)
    elif options.name == "suites":
        _run_suites(options, settings)
    elif options.name == "others":
        _run_others(options, settings)
    elif options.name == "forecast":
        _run_forecast(options)
    elif options.name == "dark_matter":
        _run_dark_matter(options)
    elif options.name == "paper":
        _run_paper(options, settings)
    elif options.name == "cross":
        _run_cross(options, settings)
    else:
        _run_default(options, settings)


def _run_paper(options: Namespace, settings: Settings) -> None:
    from stargas.experiments.paper.findings import write_claims
    from stargas.experiments.paper.inputs import write_inputs
    from stargas.experiments.paper.plan import paper_plan
    from stargas.experiments.paper.search import write_search
    from stargas.experiments.provenance import stated_files, write_manifest
    from stargas.report.paper_figures import draw_paper_figures
    from stargas.report.paper_inputs import FIGURES as INPUTS
    from stargas.report.paper_page import COMMAND, PARTS, write_paper_page
    from stargas.report.results import read_parts
    from stargas.report.search import SEARCH, read_search

    plan = paper_plan(settings.data, settings.model, settings.training, options.scale, options.tng)
    made = _new_run(plan, options, settings)
    parts = options.parts or [*plan.parts, SEARCH, *INPUTS]
    if of_plan := tuple(name for name in parts if name not in (SEARCH, *INPUTS)):
        made.make(of_plan)
    if set(INPUTS) & set(parts):
        made.log(f"Maps and network: {write_inputs(made)}")
    if SEARCH in parts:
        made.log(f"Search: {write_search(made, options.trials)}")
    if not any((made.results / f"{name}.json").is_file() for name in PARTS):
        return  # search and maps alone have nothing to compare with the paper
    # A part of galaxy files that are not given today is compared with the plan of those it was made from.
    tng = options.tng or stated_files(made.results, "tng")
    today = paper_plan(settings.data, settings.model, settings.training, options.scale, tng)
    write_claims(made.results, COMMAND, today)
    write_manifest(made, [name for name in plan.parts if (made.results / f"{name}.json").is_file() and name in parts])
    draw_paper_figures(read_parts(made.results, PARTS, COMMAND), made.results / "figures", read_search(made.results))
    page = write_paper_page(made.results, made.results / "README.md", made.results / "figures")
    made.log(f"Page: {page}")


def _run_cross(options: Namespace, settings: Settings) -> None:
    from stargas.experiments.cross import cross_plan
    from stargas.report.cross_page import write_cross_page

    suites = dict(options.suite)
    if len(suites) < len(options.suite):
        raise UsageError("two suites have the same name: give each a name of its own in --suite NAME=PATH.")
    made = _new_run(cross_plan(suites, settings.model, settings.training), options, settings)
    made.make()
    made.log(f"Page: {write_cross_page(made.results)}")


def _named_path(text: str) -> tuple[str, Path]:
    """Read ``NAME=PATH``."""
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise ArgumentTypeError(f"{text!r} is not NAME=PATH, the name of a suite and the folder of its data set")
    return name, Path(path)


def _run_default(options: Namespace, settings: Settings) -> None:
    from stargas.experiments.beside_masses import PART as BESIDE_MASSES
    from stargas.experiments.beside_masses import write_beside_masses
    from stargas.experiments.default import default_plan
    from stargas.experiments.flow_trial import FLOWS, write_flow_trial
    from stargas.experiments.release import release_model
    from stargas.report.default_page import write_default_page, write_readme_numbers

    plan = default_plan(settings.data, settings.model, settings.training, options.scale, options.tng)
    made = _new_run(plan, options, settings)
    others = {FLOWS: write_flow_trial, BESIDE_MASSES: write_beside_masses}
    parts = options.parts or [*plan.parts, *others]
    if of_plan := tuple(name for name in parts if name not in others):
        made.make(of_plan)
    for name in (name for name in others if name in parts):
        others[name](made)
    page = write_default_page(made.results)
    if options.readme is not None:
        write_readme_numbers(made.results, options.readme)
    if options.release is not None:
        release_model(made, made.results, options.release)
        made.log(f"Released: {options.release}")
    made.log(f"Page: {page}")


def _new_run(plan: Plan, options: Namespace, settings: Settings) -> Run:
    """Return a run of a plan with the options of the command line."""
    from stargas.experiments.run import Run

    use_threads(options.workers)
    return Run(
        plan,
        options.out or Path("runs") / plan.name,
        options.results or Path("results") / plan.name,
        local_with_workers(settings.local, options.workers),
        options.seed,
        options.draws,
        _line_printer(),
    )


def _run_observed(options: Namespace) -> None:
    from stargas.experiments.observed.parts import write_degradation, write_invariances, write_round_trip
    from stargas.experiments.observed.round_trip import RoundTrip
    from stargas.model.files import load_model
    from stargas.report.observed_page import DEGRADATION, INVARIANCES, PARTS, ROUND_TRIP, write_observed_page

    parts = options.parts or [name for name in PARTS if name != DEGRADATION or options.degraded_data]
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise UsageError(f"experiment observed has no part {unknown[0]!r}: its parts are {', '.join(PARTS)}.")
    if DEGRADATION in parts and options.degraded_data is None:
        raise UsageError("the part degradation needs --degraded-data, a data set that the model was not trained on.")
    use_threads(options.workers)
    out, results = options.out or Path("runs/observed"), options.results or Path("results/observed")
    model, report = load_model(options.model), _line_printer()
    seed = 5 if options.suite_seed is None else options.suite_seed
    plan = RoundTrip(options.n_galaxies or 50, seed, options.draws)
    common = ("" if options.model is None else f" --model {options.model}") + f" --draws {options.draws}"
    mocks = f"{common} --n-galaxies {plan.n_galaxies} --suite-seed {plan.seed}"
    if ROUND_TRIP in parts:
        write_round_trip(model, out, results, plan, f"stargas experiment observed {ROUND_TRIP}{mocks}", report)
    if INVARIANCES in parts:
        write_invariances(model, out, results, plan, f"stargas experiment observed {INVARIANCES}{mocks}", report)
    if DEGRADATION in parts:
        command = f"stargas experiment observed {DEGRADATION}{common} --degraded-data {options.degraded_data}"
        write_degradation(model, options.degraded_data, results, options.draws, command, report)
    report(f"Page: {write_observed_page(results)}")


def _run_suites(options: Namespace, settings: Settings) -> None:
    from stargas.dataset.workers import worker_count
    from stargas.experiments.mock_suites.card import SUITES, write_suite_cards

    report = _line_printer()
    results = options.results or Path("results/suites")
    cards = write_suite_cards(
        options.parts or SUITES,
        results,
        options.n_galaxies or 300,
        options.suite_seed or 0,
        worker_count(local_with_workers(settings.local, options.workers)),
        others=options.others,
        report=report,
    )
    for card in cards:
        report(f"Page: {card}")


def _run_forecast(options: Namespace) -> None:
    from stargas.experiments.forecast.achieved import write_achieved
    from stargas.experiments.forecast.two_tracers import write_two_tracers
    from stargas.model.files import load_model
    from stargas.report.forecast_page import ACHIEVED, PARTS, TWO_TRACERS, write_forecast_pages

    parts = options.parts or list(PARTS)
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise UsageError(f"experiment forecast has no part {unknown[0]!r}: its parts are {', '.join(PARTS)}.")
    use_threads(options.workers)
    results, n_galaxies, report = (
        options.results or Path("results/forecast"),
        options.n_galaxies or 200,
        _line_printer(),
    )
    model = load_model(options.model)
    words = ("" if options.model is None else f" --model {options.model}") + f" --n-galaxies {n_galaxies}"
    if ACHIEVED in parts:
        write_achieved(model, results, n_galaxies, f"stargas experiment forecast {ACHIEVED}{words}", report)
    if TWO_TRACERS in parts:
        command = f"stargas experiment forecast {TWO_TRACERS}{words}"
        write_two_tracers(model, results, n_galaxies, options.seed, command, report)
    for page in write_forecast_pages(results):
        report(f"Page: {page}")


def _run_dark_matter(options: Namespace) -> None:
    from stargas.experiments.dark_matter import write_dark_matter
    from stargas.model.files import load_model
    from stargas.report.dark_matter_page import write_dark_matter_page

    if options.parts:
        raise UsageError("experiment dark_matter has no parts.")
    use_threads(options.workers)
    results, n_galaxies, report = (
        options.results or Path("results/dark_matter"),
        options.n_galaxies or 120,
        _line_printer(),
    )
    words = ("" if options.model is None else f" --model {options.model}") + f" --n-galaxies {n_galaxies}"
    write_dark_matter(load_model(options.model), results, n_galaxies, f"stargas experiment dark_matter{words}", report)
    report(f"Page: {write_dark_matter_page(results)}")


def _run_others(options: Namespace, settings: Settings) -> None:
    from itertools import chain

    from stargas.experiments.others.galaxies import GalaxyOfOthers, read_galaxies_of_others
    from stargas.experiments.others.predictions import joined, predict, predict_from_stars
    from stargas.experiments.others.scoreboard import HI_SEEDS, hi_gain, write_scoreboard
    from stargas.experiments.others.spheres import analytic_spheres
    from stargas.model.files import load_model
    from stargas.report.others_page import write_others_page
    from stargas.validity.reference import load_validity

    parts = options.parts or [SCOREBOARD]
    unknown = sorted(set(parts) - {SCOREBOARD, PEERS, ROTATION})
    if unknown:
        raise UsageError(
            f"experiment others has no part {unknown[0]!r}: its parts are {SCOREBOARD}, {PEERS} and {ROTATION}."
        )
    if ROTATION in parts and options.barolo is None:
        raise UsageError("the part rotation needs --barolo, the path of the program BBarolo (pip install pybbarolo).")
    if ROTATION in parts and not options.barolo.is_file():
        raise UsageError(f"--barolo is the path of the program BBarolo, and there is no file {options.barolo}.")
    if not options.galaxies and not options.spheres and not options.mocks:
        raise UsageError("experiment others has no galaxies: name files with --galaxies, or leave out --spheres 0.")
    report, results = _line_printer(), options.results or Path("results/others")
    use_threads(options.workers)
    model = load_model(options.model)
    trees = None if options.trees is None else _learn_trees(options.trees, settings, options.seed)
    words = "" if options.model is None else f" --model {options.model}"
    words += " --galaxies " + " ".join(path.name for path in options.galaxies) if options.galaxies else ""
    words += f" --spheres {options.spheres} --draws {options.draws}"
    words += "" if options.trees is None else f" --trees {options.trees}"

    def galaxies() -> Iterator[GalaxyOfOthers]:
        return chain(read_galaxies_of_others(options.galaxies), analytic_spheres(options.spheres, options.seed))

    if SCOREBOARD in parts:
        reference = None if model.folder is None else load_validity(model.folder)
        predictions = predict(model, galaxies(), reference, options.draws, options.seed, report)
        with_gas = [one for one in galaxies() if one.has_gas]
        seeds = range(options.seed, options.seed + HI_SEEDS)
        sides = [predict(model, with_gas, None, options.draws, seed) for seed in seeds if with_gas]
        gain = hi_gain(joined(sides)) if sides else {}
        of_trees = None
        if trees is not None:
            of_trees = predict_from_stars(trees, galaxies(), model.data_config, options.draws, options.seed)
        write_scoreboard(predictions, gain, results, f"stargas experiment others{words}", of_trees)
    if PEERS in parts:
        from stargas.experiments.others.peers import compare, seen_galaxies, write_peers

        command = f"stargas experiment others {PEERS}{words} --mocks {options.mocks}"
        command += f" --sides {' '.join(map(str, options.sides))}"
        folder = (options.out or Path("runs/others")) / "jeans"
        seen = seen_galaxies(options.galaxies, options.sides, options.spheres, options.mocks, options.seed)
        write_peers(compare(model, seen, folder, trees, options.draws, options.seed, report), results, command)
    if ROTATION in parts:
        from stargas.experiments.others import rotation_curves as rotation

        plan = rotation.RotationPlan(
            options.barolo, (options.out or Path("runs/others")) / "rotation", options.draws, options.seed
        )
        gaseous = (one for one in read_galaxies_of_others(options.galaxies) if one.has_gas)
        every = chain(gaseous, rotation.cold_mocks(model, options.mocks), rotation.thin_disks(rotation.N_THIN))
        command = f"stargas experiment others {ROTATION}{words} --mocks {options.mocks} --barolo BBarolo"
        rotation.write_rotation(rotation.compare_rotation(model, every, plan, report), results, command)
    report(f"Page: {write_others_page(results)}")


def _learn_trees(data: Path, settings: Settings, seed: int) -> Trees:
    """Let boosted trees learn from the stars of a data set."""
    from stargas.baselines.trees import fit_trees
    from stargas.dataset.store import open_dataset
    from stargas.experiments.default import trees_config

    return fit_trees(open_dataset(data), trees_config(settings.model), settings.training, seed)


def _line_printer() -> Callable[[str], None]:
    """Return what prints a line as it is on the terminal."""
    console = open_console()
    return lambda line: console.print(line, soft_wrap=True, markup=False)
