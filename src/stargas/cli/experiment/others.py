"""A model on galaxies that others made, and peers beside it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.experiment.common import chosen_parts, line_printer
from stargas.cli.options import local_with_workers, named_path, use_threads, whole_number
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace, _ArgumentGroup
    from collections.abc import Callable, Iterator, Sequence

    from stargas.baselines.trees import Trees
    from stargas.cli.settings import Settings
    from stargas.experiments.others.galaxies import GalaxyOfOthers
    from stargas.model.posterior import Posterior

SCOREBOARD, PEERS, ROTATION, ADAPTATION, CANDIDATES = PARTS = (
    *("scoreboard", "peers", "rotation", "adaptation"),
    "candidates",
)
"""A model, Jeans modeling of the same stars beside it, rotation curves of the same HI, the model adapted to some of the
galaxies and tested on the others, and candidates that were not shipped."""


def add_options(group: _ArgumentGroup) -> None:
    """Add the options that it alone has."""
    group.add_argument(
        "--spheres",
        type=whole_number,
        default=1,
        help="analytic spheres of each kind and number of stars, 0 for none (default: 1)",
    )
    group.add_argument(
        "--trees",
        type=Path,
        metavar="DATA",
        help="data set of mock galaxies that boosted trees learn from, to stand beside the model",
    )
    group.add_argument(
        "--sides",
        type=int,
        nargs="+",
        choices=range(12),
        default=[0],
        metavar="SIDE",
        help="sides of the files of the part peers, 0 (near face-on) to 11 (near edge-on) (default: 0)",
    )
    group.add_argument(
        "--mocks",
        type=whole_number,
        default=0,
        help="mock galaxies that the pretrained model is tested on: of broad in the part peers, of broad and of smooth "
        "with cold gas in the part rotation (default: 0)",
    )
    group.add_argument(
        "--barolo", type=Path, metavar="PROGRAM", help="path of the program BBarolo, for the part rotation"
    )
    group.add_argument(
        "--candidate",
        type=named_path,
        nargs="+",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="names of candidates and folders of their models, for the part candidates: two or more, the first of "
        "which the others stand beside. May be given again for others",
    )
    group.add_argument(
        "--mix",
        type=Path,
        metavar="DATA",
        help="data set like those that the model learned from, mixed in where the part adaptation adapts it",
    )


def run(options: Namespace, settings: Settings) -> None:
    """Run it, and print where its page is."""
    from stargas.errors import InputError
    from stargas.model.files import load_model
    from stargas.report.others_page import write_others_page

    parts = chosen_parts(options, PARTS, [SCOREBOARD])
    if ROTATION in parts and options.barolo is None:
        raise UsageError("the part rotation needs --barolo, the path of the program BBarolo (pip install pybbarolo).")
    if ROTATION in parts and not options.barolo.is_file():
        raise UsageError(f"--barolo is the path of the program BBarolo, and there is no file {options.barolo}.")
    if not options.galaxies and not options.spheres and not options.mocks:
        raise UsageError("experiment others has no galaxies: name files with --galaxies, or leave out --spheres 0.")
    if ADAPTATION in parts and options.mix is None:
        raise UsageError("the part adaptation needs --mix, a data set like those that the model learned from.")
    if CANDIDATES in parts and min(map(len, options.candidate), default=0) < 2:
        raise UsageError("the part candidates needs two models to stand side by side: --candidate NAME=PATH NAME=PATH.")
    report, results = line_printer(), options.results or Path("results/others")
    use_threads(options.workers)
    model = load_model(options.model)
    galaxies, n_left_out = _read(options, report)
    trees = None if options.trees is None else _learn_trees(options.trees, settings, options.seed)
    if SCOREBOARD in parts:
        _write_scoreboard(options, galaxies, model, trees, results, report)
    if PEERS in parts:
        _write_peers(options, galaxies, model, trees, results, report)
    if ROTATION in parts:
        _write_rotation(options, galaxies, model, results, report)
    if ADAPTATION in parts:
        _write_adaptation(options, galaxies, model, settings, results, report)
    if CANDIDATES in parts:
        _write_candidates(options, galaxies, results, report)
    report(f"Page: {write_others_page(results)}")
    if n_left_out:
        raise InputError(
            f"{n_left_out} of the files and galaxies cannot be read, as said above: the results are of the others."
        )


def _read(options: Namespace, report: Callable[[str], None]) -> tuple[list[GalaxyOfOthers], int]:
    """Read the galaxies of the files, and return them with the number of those that cannot be read."""
    from stargas.errors import InputError
    from stargas.experiments.others.galaxies import read_galaxies_of_others

    problems: list[str] = []
    galaxies = list(read_galaxies_of_others(options.galaxies, problems.append))
    if problems and not galaxies:
        more = f" None of {len(problems)} files and galaxies can be read." if len(problems) > 1 else ""
        raise InputError(problems[0] + more)
    for problem in problems:
        report(f"Left out: {problem}")
    return galaxies, len(problems)


def _write_scoreboard(
    options: Namespace,
    galaxies: Sequence[GalaxyOfOthers],
    model: Posterior,
    trees: Trees | None,
    results: Path,
    report: Callable[[str], None],
) -> None:
    from stargas.experiments.measurement import Origin
    from stargas.experiments.others.predictions import joined, predict, predict_from_stars
    from stargas.experiments.others.scoreboard import HI_SEEDS, hi_gain, write_scoreboard
    from stargas.experiments.others.spheres import analytic_spheres
    from stargas.validity.reference import load_validity

    def every() -> Iterator[GalaxyOfOthers]:
        yield from galaxies
        yield from analytic_spheres(options.spheres, options.seed)

    reference = None if model.folder is None else load_validity(model.folder)
    predictions = predict(model, every(), reference, options.draws, options.seed, report)
    inferred = set(predictions.galaxy.tolist())
    with_gas = [one for one in galaxies if one.has_gas and one.galaxy.id in inferred]
    seeds = range(options.seed, options.seed + HI_SEEDS)
    sides = [predict(model, with_gas, None, options.draws, seed) for seed in seeds if with_gas]
    gain = hi_gain(joined(sides)) if sides else {}
    of_trees = None
    if trees is not None:
        same = (one for one in every() if one.galaxy.id in inferred)
        of_trees = predict_from_stars(trees, same, model.data_config, options.draws, options.seed)
    write_scoreboard(predictions, gain, results, Origin.of(_command(options), model), of_trees)


def _write_peers(
    options: Namespace,
    galaxies: Sequence[GalaxyOfOthers],
    model: Posterior,
    trees: Trees | None,
    results: Path,
    report: Callable[[str], None],
) -> None:
    from stargas.experiments.measurement import Origin
    from stargas.experiments.others.peers import compare, seen_galaxies, write_peers

    command = f"{_command(options, PEERS)} --mocks {options.mocks} --sides {' '.join(map(str, options.sides))}"
    origin, folder = Origin.of(command, model), (options.out or Path("runs/others")) / "jeans"
    seen = seen_galaxies(galaxies, options.sides, options.spheres, options.mocks, options.seed)
    write_peers(compare(model, seen, folder, trees, options.draws, options.seed, report), results, origin)


def _write_rotation(
    options: Namespace,
    galaxies: Sequence[GalaxyOfOthers],
    model: Posterior,
    results: Path,
    report: Callable[[str], None],
) -> None:
    from itertools import chain

    from stargas.experiments.measurement import Origin
    from stargas.experiments.others import rotation_curves as rotation

    folder = (options.out or Path("runs/others")) / "rotation"
    plan = rotation.RotationPlan(options.barolo, folder, options.draws, options.seed)
    gaseous = (one for one in galaxies if one.has_gas)
    every = chain(gaseous, rotation.cold_mocks(model, options.mocks), rotation.thin_disks(rotation.N_THIN))
    command = f"{_command(options, ROTATION)} --mocks {options.mocks} --barolo BBarolo"
    rotation.write_rotation(rotation.compare_rotation(model, every, plan, report), results, Origin.of(command, model))


def _write_adaptation(
    options: Namespace,
    galaxies: Sequence[GalaxyOfOthers],
    model: Posterior,
    settings: Settings,
    results: Path,
    report: Callable[[str], None],
) -> None:
    from stargas.dataset.store import open_dataset
    from stargas.experiments.adaptation import adaptation_settings
    from stargas.experiments.measurement import Origin
    from stargas.experiments.others.adaptation import adapted_predictions, write_adaptation

    predictions = adapted_predictions(
        model,
        galaxies,
        open_dataset(options.mix),
        (options.out or Path("runs/others")) / "adaptation",
        adaptation_settings(),
        local_with_workers(settings.local, options.workers),
        options.draws,
        options.seed,
        report,
    )
    command = f"{_command(options, ADAPTATION)} --mix {options.mix}"
    write_adaptation(predictions, results, Origin.of(command, model))


def _write_candidates(
    options: Namespace, galaxies: Sequence[GalaxyOfOthers], results: Path, report: Callable[[str], None]
) -> None:
    from stargas.experiments.others.candidates import write_candidates
    from stargas.experiments.others.spheres import analytic_spheres
    from stargas.model.files import load_model

    every = [*galaxies, *analytic_spheres(options.spheres, options.seed)]
    names = [name for group in options.candidate for name, _ in group]
    if len(set(names)) < len(names):
        raise UsageError("two candidates have the same name: give each a name of its own in --candidate NAME=PATH.")
    groups = [{name: load_model(path) for name, path in group} for group in options.candidate]
    named = (f"--candidate {shlex.join(f'{name}={path}' for name, path in group)}" for group in options.candidate)
    command = " ".join([_command(options, CANDIDATES), *named])
    write_candidates(groups, every, results, command, options.draws, options.seed, report)


def _command(options: Namespace, *part: str) -> str:
    """Return the command as the results state it."""
    words = ["stargas experiment others", *part]
    words += [] if options.model is None else [f"--model {options.model}"]
    words += ["--galaxies", *(path.name for path in options.galaxies)] if options.galaxies else []
    words += [f"--spheres {options.spheres} --draws {options.draws}"]
    words += [] if options.trees is None else [f"--trees {options.trees}"]
    return " ".join(words)


def _learn_trees(data: Path, settings: Settings, seed: int) -> Trees:
    """Let boosted trees learn from the stars of a data set."""
    from stargas.baselines.trees import fit_trees
    from stargas.dataset.store import open_dataset
    from stargas.experiments.default import trees_config

    return fit_trees(open_dataset(data), trees_config(settings.model), settings.training, seed)
