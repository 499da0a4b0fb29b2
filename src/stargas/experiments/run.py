"""Make what a plan lacks, in the order of its parts.

Everything that is made lives in a folder of its own and is found again, so a run that was stopped goes on where it
ended. Each step is locked while it is made (`stargas.experiments.steps`): several runs in one folder, on one machine or
on nodes that share a disk, divide the steps among them.
"""

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.config import LocalConfig, ModelConfig, TrainingConfig, restated
from stargas.dataset.build import build_dataset
from stargas.dataset.completion import is_complete
from stargas.dataset.manifest import new_manifest
from stargas.dataset.store import Dataset, open_dataset
from stargas.errors import InputError
from stargas.evaluation.conformal import calibrate_conformally
from stargas.evaluation.ensemble import Ensemble
from stargas.evaluation.evaluate import evaluate
from stargas.evaluation.local_calibration import calibrate_locally
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.evaluation.result import EvaluationResult
from stargas.evaluation.result_file import HEADER, read_result
from stargas.evaluation.strata import standard_strata
from stargas.experiments.plan import EvaluationSpec, ModelSpec, Part, Plan
from stargas.experiments.results import History, part_results
from stargas.experiments.steps import Step, make_steps
from stargas.model.posterior import Posterior
from stargas.simulations.mock_suites.suites import MockSuite, mock_suite
from stargas.simulations.selection import read_exclusions
from stargas.simulations.source import Source
from stargas.storage import digest_of, json_bytes, plain, read_json, sha256_of_file, write_atomically

_MADE_FROM = "made_from.json"

_WIDTHS = {"calibrated": calibrate_locally, "conformal": calibrate_conformally}
"""Kind of a model → what sets the widths of another one by it."""


@dataclass(frozen=True)
class Run:
    """One run of a plan in a folder.

    Parameters
    ----------
    plan
        What to make.
    out
        Folder with ``data``, ``models``, ``evaluations`` and ``exclude``, the lists of galaxies that are left out.
    results
        Folder for one JSON file per part.
    local
        Workers, memory and progress bars.
    seed
        Root seed of training, draws and bootstrap.
    n_draws
        Posterior draws per sample.
    log
        Called with a line for each step.
    """

    plan: Plan
    out: Path
    results: Path
    local: LocalConfig = field(default_factory=LocalConfig)
    seed: int = 0
    n_draws: int = 1000
    log: Callable[[str], None] = print
    _trees: dict[str, PosteriorLike] = field(default_factory=dict, init=False, repr=False)

    def make(self, parts: tuple[str, ...] = ()) -> None:
        """Make parts, all of them by default.

        Parameters
        ----------
        parts
            Names.

        Raises
        ------
        InputError
            If a part is not in the plan, or a folder holds something else.
        """
        unknown = [name for name in parts if name not in self.plan.parts]
        if unknown:
            raise InputError(f"there is no part {unknown[0]!r}: the parts are {', '.join(self.plan.parts)}.")
        make_steps(self._steps(parts or tuple(self.plan.parts)), self.out / "locks")

    def _steps(self, parts: tuple[str, ...]) -> list[Step]:
        """All steps of some parts, ancestors first."""
        steps: dict[str, Step] = {}

        def add(name: str, needs: tuple[str, ...], make: Callable[[], None]) -> str:
            steps.setdefault(name, Step(name, needs, make))
            return name

        def build(name: str) -> str:
            return add(f"data {name}", (), lambda: self._build(name))

        def train(name: str) -> str:
            model = self.plan.models[name]
            if self._is_trained(name):
                return add(f"model {name}", (), lambda: None)  # whose data may have been removed
            needs = tuple(build(data) for data in (*model.data, *model.known))
            if model.kind == "trees":
                return add(f"trees {name}", needs, lambda: None)  # they are fitted where they are evaluated
            needs = (*needs, *(train(ancestor) for ancestor in model.ancestors))
            if not model.is_trained:
                return add(f"{model.kind} {name}", needs, lambda: None)  # made where it is evaluated
            return add(f"model {name}", needs, lambda: self._train(name))

        def assess(test: str, model: str) -> str:
            needs = (*(build(data) for data in self.plan.tests[test].data), train(model))
            return add(f"evaluation {test} {model}", needs, lambda: self._evaluate(test, model))

        def collect(part: Part) -> str:
            needs = tuple(dict.fromkeys(assess(rows.test, rows.model) for rows in part.rows))
            return add(f"part {part.name}", needs, lambda: self._collect(part))

        for name in parts:
            collect(self.plan.parts[name])
        return list(steps.values())

    def training_set(self, name: str) -> Dataset:
        """Return the samples from which a model learns, all splits, before the cold-gas cut of its training."""
        model = self.plan.models[name]
        parts = [first_galaxies(self.dataset(data), model.first_galaxies) for data in model.data]
        return Dataset.join([galaxies_within(part, model.within, model.outside) for part in parts])

    def test_set(self, test: EvaluationSpec) -> Dataset:
        """Return the samples of a test."""
        whole = {name: self.dataset(name) for name in test.data}
        data = Dataset.join(
            [part if self.plan.data[name].held_out else part.split(test.split) for name, part in whole.items()]
        )
        return data.where(np.asarray(data.catalogue["cold_gas_set"], dtype=bool)) if test.cold_gas_only else data

    def posterior(self, model: ModelSpec, test: EvaluationSpec) -> PosteriorLike:
        """Return a model under the prior and with the tracers of a test."""
        if model.kind == "trees":
            return self._fitted_trees(model.name)
        if model.kind == "ensemble":
            return Ensemble([self.posterior(self.plan.models[name], test) for name in model.members])
        if model.kind in _WIDTHS:
            trained = self._trained(self.plan.models[model.members[0]], test)
            return _WIDTHS[model.kind](trained, self.training_set(model.name).split("validation"))
        return self._trained(model, test)

    def _trained(self, model: ModelSpec, test: EvaluationSpec) -> Posterior:
        from stargas.model.files import load_model

        posterior = load_model(self.out / "models" / model.name).with_prior(test.prior)
        return posterior.conditioned_on(test.tracer_set) if model.model.tracers == "any" else posterior

    def evaluation(self, test: str, model: str) -> EvaluationResult | None:
        """Read the evaluation of a model on a test; None where either was left out."""
        folder = self.out / "evaluations" / test / model
        return read_result(folder) if (folder / HEADER).exists() else None

    def history(self, model: str) -> History:
        """Return the epochs of each stage of a network with their losses; nothing of trees."""
        path = self.out / "models" / model / "history.json"
        return dict(read_json(path, "train again")) if path.exists() else {}

    def training_minutes(self, part: str) -> float:
        """Return the minutes that the networks of a part took to train."""
        headers = (self.out / "models" / model.name / "model.json" for model in self.plan.models_of(part))
        found = (read_json(path, "train again")["about"]["minutes"] for path in headers if path.exists())
        return round(float(sum(found)), 2)

    def built(self, name: str) -> Dataset:
        """Return a data set of the plan, which is built first where it is missing."""
        make_steps([Step(f"data {name}", (), lambda: self._build(name))], self.out / "locks")
        return self.dataset(name)

    def dataset(self, name: str) -> Dataset:
        """Return a data set of the plan that is built."""
        return open_dataset(self.plan.data[name].folder or self.out / "data" / name)

    def _build(self, name: str) -> None:
        spec = self.plan.data[name]
        if spec.folder is not None:
            return
        source = self._source(name)
        excluded = read_exclusions(self._list_mergers(name, source)) if isinstance(source, MockSuite) else ()
        selection = replace(spec.config.selection, exclude=(*spec.config.selection.exclude, *excluded))
        config = replace(spec.config, selection=selection)
        folder, seed = self.out / "data" / name, self.seed + spec.seed
        if is_complete(folder, new_manifest(source, config, seed)):
            return  # galaxies that failed are not tried again: other processes may read the data set by now
        report = build_dataset(source, folder, config, seed, self.local)
        if report.n_made:
            self.log(f"{name}: {report.n_done:,} of {report.n_galaxies:,} galaxies, {report.seconds / 60:.1f} min")

    def _list_mergers(self, name: str, suite: MockSuite) -> Path:
        """Write the list of galaxies that an inspection by eye would leave out, as a user writes it."""
        path = self.out / "exclude" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"# Mergers of {suite.name}, {len(suite):,} galaxies", *suite.mergers()]
        write_atomically(path, "\n".join([*lines, ""]).encode())
        return path

    def _source(self, name: str) -> Source:
        spec = self.plan.data[name]
        if spec.files:
            from stargas.simulations.files import open_files

            return open_files(list(spec.files), name=spec.suite)
        return mock_suite(spec.suite, spec.n_galaxies, seed=self.seed + spec.seed, stirring=spec.stirring)

    def _is_trained(self, name: str) -> bool:
        """Whether a network of these settings is finished, whose data may have been removed since."""
        spec, path = self.plan.models[name], self.out / "models" / name / "model.json"
        if not spec.is_trained or not path.exists():
            return False
        about = read_json(path, "remove its folder and train again")["about"]
        made = (restated(ModelConfig, about["model"]), restated(TrainingConfig, about["training"]))
        wanted = (dataclasses.asdict(spec.model), dataclasses.asdict(spec.training))
        return (about["seed"], *made) == (self.seed + spec.seed, *wanted)

    def _can_learn(self, name: str) -> bool:
        """Whether training and validation have samples; at a small scale a rare kind of galaxy may be missing."""
        if self._is_trained(name):
            return True
        if not all(self._can_learn(member) for member in self.plan.models[name].members):
            return False
        if self.plan.models[name].kind in {"ensemble", *_WIDTHS}:
            return True
        model, table = self.plan.models[name], self.training_set(name).catalogue
        if model.training.cold_gas_only:
            table = table[np.asarray(table["cold_gas_set"], dtype=bool)]
        split = np.asarray(table["split"])
        # Trees take the covariance of the masses from the validation split.
        n_radii = len(self.plan.data[model.data[0]].config.truth.radii)
        needed = n_radii + 1 if model.kind == "trees" else 1
        return bool(np.any(split == "train") and np.count_nonzero(split == "validation") >= needed)

    def _train(self, name: str) -> None:
        from stargas.model.files import load_model
        from stargas.training.adapt import adapt_model
        from stargas.training.train import train_model

        model, folder = self.plan.models[name], self.out / "models" / name
        if not self._can_learn(name):
            self.log(f"{name}: left out, no galaxies to learn from at this scale")
            return
        there = (folder / "model.json").exists()
        data, seed = self.training_set(name), self.seed + model.seed
        ancestors = [load_model(self.out / "models" / ancestor) for ancestor in model.ancestors]
        if model.kind == "adapted":
            known = [self.dataset(one) for one in model.known]
            posterior = adapt_model(ancestors[0], data, folder, known, model.training, self.local, seed)
        else:
            network_of = ancestors[0] if ancestors else None
            posterior = train_model(data, folder, model.model, model.training, self.local, seed, network_of=network_of)
        if not there:
            about = posterior.about
            self.log(
                f"{name}: {about['samples']:,} samples, {about['minutes']:.1f} min, "
                f"validation rms {about['validation']['network_rms_dex']:.4f} dex"
            )

    def _fitted_trees(self, name: str) -> PosteriorLike:
        from stargas.baselines.trees import fit_trees

        if name not in self._trees:
            model = self.plan.models[name]
            self._trees[name] = fit_trees(self.training_set(name), model.model, model.training, self.seed)
        return self._trees[name]

    def _evaluate(self, test: str, name: str) -> None:
        model, spec, folder = self.plan.models[name], self.plan.tests[test], self.out / "evaluations" / test / name
        if not self._can_learn(name):
            return
        data, strata = self.test_set(spec), sorted(self.plan.strata_of(test, name))
        made_from = plain(
            {
                "model": self._model_digest(model),
                "samples": len(data),
                "draws": self.n_draws,
                "strata": strata,
                "tracer_set": spec.tracer_set,
                "prior": spec.prior,
            }
        )
        record = folder / _MADE_FROM
        if record.exists() and read_json(record, "remove it, and the model is evaluated again") == made_from:
            return
        if not len(data):
            self.log(f"{name} on {test}: left out, no galaxies to test on at this scale")
            return
        started = time.monotonic()
        masks = {key: mask for key, mask in standard_strata(data.catalogue).items() if key in strata}
        evaluate(
            {name: self.posterior(model, spec)},
            data,
            folder,
            split="all",
            n_draws=self.n_draws,
            strata=masks,
            seed=self.seed,
            overwrite=True,
            progress=self.local.progress,
        )
        write_atomically(record, json_bytes(made_from))
        self.log(f"{name} evaluated on {test}: {len(data):,} samples, {(time.monotonic() - started) / 60:.1f} min")

    def _model_digest(self, model: ModelSpec) -> str:
        """Return a digest that changes with the model: of trained networks, or of the settings and data of trees."""
        if model.is_trained:
            return sha256_of_file(self.out / "models" / model.name / "model.json")
        if model.members:
            members = [self._model_digest(self.plan.models[name]) for name in model.members]
            return digest_of([model.kind, *members, *(self.dataset(name).manifest for name in model.data)])
        from stargas.baselines.trees import SETTINGS

        manifests: list[Any] = [self.dataset(name).manifest for name in model.data]
        return digest_of([dataclasses.asdict(model.model), model.first_galaxies, SETTINGS, manifests])

    def _collect(self, part: Part) -> None:
        content = json_bytes(part_results(self.plan, part, self.evaluation, self.history, self.seed))
        path = self.results / f"{part.name}.json"
        if not path.exists() or path.read_bytes() != content:
            self.results.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
            self.log(f"{part.title}: {path}")


def first_galaxies(data: Dataset, n_galaxies: int | None) -> Dataset:
    """Return the samples of the first galaxies of a data set, all if there is no number."""
    if n_galaxies is None:
        return data
    names = np.asarray(data.catalogue["galaxy_id"])
    return data.where(np.isin(names, _in_order(names)[:n_galaxies]))


def galaxies_within(data: Dataset, within: Mapping[str, tuple[float, float]], outside: float = 0.0) -> Dataset:
    """Return the samples of the galaxies inside some ranges, and of the first ones of those outside.

    Parameters
    ----------
    data
        Samples. Those of a suite whose catalogue lacks one of the columns are returned as they are.
    within
        Column of the catalogue → range, both ends of which belong to it.
    outside
        Share of the other galaxies that is kept.
    """
    table = data.catalogue
    if not set(within) <= set(table.colnames):
        return data
    inside = np.ones(len(table), dtype=bool)
    for column, (low, high) in within.items():
        values = np.asarray(table[column], dtype=float)
        inside &= (values >= low) & (values <= high)
    names = np.asarray(table["galaxy_id"])
    others = _in_order(names[~inside])
    return data.where(inside | np.isin(names, others[: round(outside * len(others))]))


def _in_order(names: NDArray[np.str_]) -> NDArray[np.str_]:
    """Return each name once, in the order in which they come first."""
    return names[np.sort(np.unique(names, return_index=True)[1])]
