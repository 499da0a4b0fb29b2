"""The pretrained model: trained, evaluated and released."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.experiment.common import new_run
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace, _ArgumentGroup

    from stargas.cli.settings import Settings


def add_options(group: _ArgumentGroup) -> None:
    """Add the options that it alone has."""
    group.add_argument(
        "--release", type=Path, help="folder for the released model, its validity reference and its card"
    )
    group.add_argument("--paper", type=Path, help="folder of a run of the experiment paper, for the part paper_method")
    group.add_argument("--readme", type=Path, help="file whose table of results is replaced, between its two marks")


def run(options: Namespace, settings: Settings) -> None:
    """Run it, and print where its page is."""
    from stargas.experiments.beside_masses import PART as BESIDE_MASSES
    from stargas.experiments.beside_masses import write_beside_masses
    from stargas.experiments.default import default_plan
    from stargas.experiments.dials import PART as DIALS
    from stargas.experiments.dials import write_dials
    from stargas.experiments.false_alarms import PART as FALSE_ALARMS
    from stargas.experiments.false_alarms import write_false_alarms
    from stargas.experiments.flow_trial import FLOWS, write_flow_trial
    from stargas.experiments.hi_gain import PART as HI_GAIN
    from stargas.experiments.hi_gain import write_hi_gain
    from stargas.experiments.paper_method import PART as PAPER_METHOD
    from stargas.experiments.paper_method import write_paper_method
    from stargas.experiments.release import release_model
    from stargas.report.default_page import COMMAND, write_default_page, write_readme_numbers
    from stargas.report.tried_page import PARTS as COMPARED_PARTS
    from stargas.report.tried_page import write_tried_page

    plan = default_plan(settings.data, settings.model, settings.training, options.scale, options.tng)
    made = new_run(plan, options, settings)
    others = {
        FLOWS: write_flow_trial,
        BESIDE_MASSES: write_beside_masses,
        HI_GAIN: write_hi_gain,
        DIALS: write_dials,
        FALSE_ALARMS: write_false_alarms,
    }
    if options.paper is not None:
        others[PAPER_METHOD] = partial(write_paper_method, paper=options.paper)
    elif PAPER_METHOD in options.parts:
        raise UsageError(
            f"the part {PAPER_METHOD} needs the folder of a run of 'stargas experiment paper seeds': --paper FOLDER."
        )
    parts = options.parts or [*plan.parts, *others]
    if of_plan := tuple(name for name in parts if name not in others):
        made.make(of_plan)
    for name in (name for name in others if name in parts):
        others[name](made)
    page = write_default_page(made.results)
    if any((made.results / f"{name}.json").is_file() for name in COMPARED_PARTS):
        write_tried_page(made.results, COMMAND)
    if options.readme is not None:
        write_readme_numbers(made.results, options.readme)
    if options.release is not None:
        release_model(made, made.results, options.release)
        made.log(f"Released: {options.release}")
    made.log(f"Page: {page}")
