"""``stargas experiment``: a whole experiment, from building data sets to figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import (
    CommandParser,
    local_with_workers,
    open_console,
    positive_number,
    use_threads,
    whole_count,
    whole_seed,
)
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def preset(options: Namespace) -> str:
    """Return the settings that an experiment starts from."""
    return "default" if options.name == "default" else "paper"


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "experiment",
        "Build, train, judge and draw what an experiment lacks; 'paper' holds section 4 of the paper and more,\n"
        "'default' the pretrained model and all that was tried for it,\n"
        "'observed' judges a model on mock galaxies that go through an observer's files.\n"
        "The same command goes on where a stopped one ended, and several of them in one folder share the work.",
        blocks=("data", "model", "training", "local"),
    )
    made.add_argument(
        "name", choices=("paper", "default", "observed"), metavar="NAME", help="paper, default or observed"
    )
    made.add_argument("parts", nargs="*", metavar="PART", help="its parts, as fig5 or gain; all by default")
    made.add_argument("--out", type=Path, help="folder for data, models and evaluations (default: runs/NAME)")
    made.add_argument("--results", type=Path, help="folder for results, figures and page (default: results/NAME)")
    made.add_argument(
        "--scale", type=positive_number, default=1.0, help="galaxies over those of the paper (default: 1)"
    )
    made.add_argument("--tng", type=Path, nargs="+", default=[], help="galaxies of another simulation to judge on too")
    made.add_argument("--draws", type=int, default=1000, help="posterior draws per sample (default: 1000)")
    default = made.add_argument_group("default")
    default.add_argument("--release", type=Path, help="folder to put the model with its limits and card into")
    default.add_argument("--readme", type=Path, help="file between whose marks the model's numbers are written")
    observed = made.add_argument_group("observed")
    observed.add_argument("--model", type=Path, help="folder of a model of any tracers (default: the shipped one)")
    observed.add_argument("--n-galaxies", type=whole_count, default=50, help="of the round trip (default: 50)")
    observed.add_argument("--suite-seed", type=whole_seed, default=5, help="of its mock galaxies (default: 5)")
    observed.add_argument("--effects-data", type=Path, help="data set with effects to judge on; without it none are")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Run the experiment and say where its page is."""
    if options.name == "observed":
        _run_observed(options)
        return
    from stargas.experiments.default import default_plan
    from stargas.experiments.paper import paper_plan
    from stargas.experiments.run import Run

    console = open_console()
    out = options.out or Path("runs") / options.name
    results = options.results or Path("results") / options.name
    use_threads(options.workers)
    if options.name == "paper":
        plan = paper_plan(settings.data, settings.model, settings.training, options.scale, options.tng)
    else:
        plan = default_plan(settings.data, settings.model, settings.training, options.scale, options.tng)
    run_of = Run(
        plan,
        out,
        results,
        local_with_workers(settings.local, options.workers),
        options.seed,
        options.draws,
        lambda line: console.print(line, soft_wrap=True, markup=False),
    )
    run_of.make(tuple(options.parts))
    if options.name == "paper":
        from stargas.report.paper_figures import draw_paper_figures
        from stargas.report.paper_page import write_paper_page

        draw_paper_figures(results, results / "figures")
        write_paper_page(results, results / "README.md", results / "figures")
    else:
        from stargas.report.default_page import write_default_page, write_readme_numbers

        write_default_page(results)
        if options.readme is not None:
            write_readme_numbers(results, options.readme)
        if options.ship is not None:
            from stargas.experiments.release import ship_model

            ship_model(run_of, results, options.ship)
            console.print(f"Shipped: {options.ship}")
    console.print(f"Page: {results / 'README.md'}")


def _run_observed(options: Namespace) -> None:
    from stargas.experiments.observed import (
        EFFECTS,
        LAWS,
        ROUND_TRIP,
        RoundTrip,
        judge_effects,
        judge_laws,
        judge_round_trip,
    )
    from stargas.model.posterior import load_model
    from stargas.report.observed_experiment import write_observed_page

    known = (ROUND_TRIP, LAWS, EFFECTS)
    parts = options.parts or [name for name in known if name != EFFECTS or options.effects_data]
    unknown = sorted(set(parts) - set(known))
    if unknown:
        raise UsageError(f"experiment observed has no part {unknown[0]!r}: its parts are {', '.join(known)}.")
    if EFFECTS in parts and options.effects_data is None:
        raise UsageError("the part effects needs --effects-data, a data set with effects that the model has not seen.")
    use_threads(options.workers)
    console = open_console()
    out, results = options.out or Path("runs/observed"), options.results or Path("results/observed")
    model = load_model(options.model)
    named = "" if options.model is None else f" --model {options.model}"
    command = f"stargas experiment observed {{part}}{named} --draws {options.draws}"

    def say(line: str) -> None:
        console.print(line, soft_wrap=True, markup=False)

    plan = RoundTrip(options.n_galaxies, options.suite_seed, options.draws)
    words = f"{command} --n-galaxies {plan.n_galaxies} --suite-seed {plan.seed}"
    if ROUND_TRIP in parts:
        judge_round_trip(model, out, results, plan, words.format(part=ROUND_TRIP), say)
    if LAWS in parts:
        judge_laws(model, out, results, plan, words.format(part=LAWS), say)
    if EFFECTS in parts:
        words = f"{command} --effects-data {options.effects_data}"
        judge_effects(model, options.effects_data, results, options.draws, words.format(part=EFFECTS), say)
    console.print(f"Page: {write_observed_page(results)}")
