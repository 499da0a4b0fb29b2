"""Make what a plan lacks, in the order of its parts.

Everything that is made lives in a folder of its own and is found again, so a run that was stopped goes on where it
ended. Each step is locked while it is made: several runs in one folder, on one machine or on nodes that share a disk,
divide the steps among them.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stargas.config import LocalConfig
from stargas.dataset.build import build_dataset
from stargas.dataset.store import Dataset, open_dataset
from stargas.errors import InputError
from stargas.evaluation.evaluate import evaluate
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.evaluation.result import EvaluationResult
from stargas.evaluation.result_file import HEADER, read_result
from stargas.evaluation.strata import standard_strata
from stargas.experiments.plan import EvaluationSpec, ModelSpec, Part, Plan
from stargas.experiments.results import part_results
from stargas.storage import write_atomically

if TYPE_CHECKING:
    from stargas.simulations.source import Source

_WAIT_S = 3.0


@dataclass(frozen=True)
class Step:
    """One thing to make.

    Parameters
    ----------
    name
        What it is, for messages and the lock.
    needs
        Names of the steps that come before.
    make
        Makes it, or finds that it is there.
    """

    name: str
    needs: tuple[str, ...]
    make: Callable[[], None]


@dataclass
class Run:
    """One run of a plan in a folder.

    Parameters
    ----------
    plan
        What to make.
    out
        Folder with ``data``, ``models`` and ``evaluations``.
    results
        Folder for one JSON file per part.
    local
        Workers, memory and progress bars.
    seed
        Root seed of training, draws and bootstrap.
    n_draws
        Posterior draws per sample.
    say
        Called with a line for each step.
    """

    plan: Plan
    out: Path
    results: Path
    local: LocalConfig = field(default_factory=LocalConfig)
    seed: int = 0
    n_draws: int = 1000
    say: Callable[[str], None] = print

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
        steps = self._steps(parts or tuple(self.plan.parts))
        pending, finished = list(steps.values()), set[str]()
        while pending:
            for step in pending:
                if not finished.issuperset(step.needs):
                    continue
                with self._lock(step.name) as mine:
                    if mine:
                        step.make()
                        finished.add(step.name)
                        pending.remove(step)
                        break
            else:  # another run is at work on all that could be done
                time.sleep(_WAIT_S)

    def _steps(self, parts: tuple[str, ...]) -> dict[str, Step]:
        """All steps of some parts, ancestors first."""
        steps: dict[str, Step] = {}

        def add(name: str, needs: tuple[str, ...], make: Callable[[], None]) -> str:
            steps.setdefault(name, Step(name, needs, make))
            return name

        def build(name: str) -> str:
            return add(f"data {name}", (), lambda: self._build(name))

        def train(name: str) -> str:
            model = self.plan.models[name]
            before = tuple(build(data) for data in model.data)
            if model.kind == "trees":
                return add(f"trees {name}", before, lambda: None)  # they are fitted in seconds, where they are judged
            if model.network_of is not None:
                before = (*before, train(model.network_of))
            return add(f"model {name}", before, lambda: self._train(name))

        def judge(test: str, model: str) -> str:
            before = (*(build(data) for data in self.plan.tests[test].data), train(model))
            return add(f"evaluation {test} {model}", before, lambda: self._evaluate(test, model))

        for name in parts:
            part = self.plan.parts[name]
            before = tuple(dict.fromkeys(judge(rows.test, rows.model) for rows in part.rows))
            add(f"part {name}", before, lambda part=part: self._collect(part))  # type: ignore[misc]
        return steps

    @contextlib.contextmanager
    def _lock(self, name: str) -> Iterator[bool]:
        """Tell whether a step is ours while the context lasts; the system frees the lock of a process that dies."""
        try:
            import fcntl
        except ImportError:  # no locks on this system: one run at a time
            yield True
            return
        folder = self.out / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        number = os.open(folder / name.replace(" ", "-"), os.O_CREAT | os.O_RDWR)
        try:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(number)

    def _build(self, name: str) -> None:
        wanted = self.plan.data[name]
        report = build_dataset(
            self._source(name), self.out / "data" / name, wanted.config, self.seed + wanted.seed, self.local
        )
        if report.n_made:
            self.say(f"{name}: {report.n_done:,} of {report.n_galaxies:,} galaxies, {report.seconds / 60:.1f} min")

    def _source(self, name: str) -> "Source":
        wanted = self.plan.data[name]
        if wanted.files:
            from stargas.simulations.files import open_files

            return open_files(list(wanted.files), name=wanted.suite)
        from stargas.simulations.mock_suites.suites import mock_suite

        return mock_suite(wanted.suite, wanted.n_galaxies, seed=self.seed + wanted.seed, stirring=wanted.stirring)

    def training_set(self, name: str) -> Dataset:
        """Return the samples from which a model learns, all splits, before the cold-gas cut of its training."""
        model = self.plan.models[name]
        data = Dataset.join([_first(open_dataset(self.out / "data" / d), model.first_galaxies) for d in model.data])
        if model.min_log10_stellar_mass is not None:
            data = data.where(np.asarray(data.catalogue["log10_stellar_mass"]) >= model.min_log10_stellar_mass)
        return data

    def _can_learn(self, name: str) -> bool:
        """Whether training and validation have samples; at a small scale a rare kind of galaxy may be missing."""
        model, table = self.plan.models[name], self.training_set(name).catalogue
        if model.training.cold_gas_only:
            table = table[np.asarray(table["cold_gas_set"], dtype=bool)]
        split = np.asarray(table["split"])
        # Trees take the covariance of the masses from the validation split.
        least = 1 if model.kind == "network" else len(self.plan.data[model.data[0]].config.truth.radii) + 1
        return bool(np.any(split == "train") and np.count_nonzero(split == "validation") >= least)

    def _train(self, name: str) -> None:
        from stargas.model.posterior import load_model
        from stargas.training.train import train_model

        model, folder = self.plan.models[name], self.out / "models" / name
        if not self._can_learn(name):
            self.say(f"{name}: left out, no galaxies to learn from at this scale")
            return
        there = (folder / "model.json").exists()
        network_of = None if model.network_of is None else load_model(self.out / "models" / model.network_of)
        posterior = train_model(
            self.training_set(name), folder, model.model, model.training, self.local, self.seed, network_of=network_of
        )
        if not there:
            found = posterior.about["validation"]
            self.say(
                f"{name}: {posterior.about['samples']:,} samples, {posterior.about['minutes']:.1f} min, "
                f"validation rms {found['network_rms_dex']:.4f} dex"
            )

    def _posterior(self, model: ModelSpec, test: EvaluationSpec) -> PosteriorLike:
        if model.kind == "trees":
            return self._trees(model.name)
        from stargas.model.posterior import load_model

        posterior = load_model(self.out / "models" / model.name).with_prior(test.prior)
        return posterior.conditioned_on(test.case) if model.model.tracers == "any" else posterior

    @cached_property
    def _fitted(self) -> dict[str, PosteriorLike]:
        return {}

    def _digest(self, model: ModelSpec) -> str:
        """Return what changes with a model: the description of a trained network, the settings of trees."""
        if model.kind == "network":
            content = (self.out / "models" / model.name / "model.json").read_bytes()
        else:
            from stargas.baselines.trees import SETTINGS

            learned_from = [dict(open_dataset(self.out / "data" / name).manifest) for name in model.data]
            content = json.dumps([repr(model.model), repr(model.first_galaxies), SETTINGS, learned_from]).encode()
        return hashlib.sha256(content).hexdigest()

    def _trees(self, name: str) -> PosteriorLike:
        from stargas.baselines.trees import fit_trees

        if name not in self._fitted:
            model = self.plan.models[name]
            self._fitted[name] = fit_trees(self.training_set(name), model.model, model.training, self.seed)
        return self._fitted[name]

    def test_set(self, test: EvaluationSpec) -> Dataset:
        """Return the samples of a test."""
        parts = []
        for name in test.data:
            data = open_dataset(self.out / "data" / name)
            parts.append(data if self.plan.data[name].held_out else data.split(test.split))
        data = Dataset.join(parts)
        return data.where(np.asarray(data.catalogue["cold_gas_set"], dtype=bool)) if test.cold_gas_only else data

    def _evaluate(self, test: str, name: str) -> None:
        model, folder = self.plan.models[name], self.out / "evaluations" / test / name
        if not self._can_learn(name):
            return
        data = self.test_set(self.plan.tests[test])
        subsets = sorted(self.plan.subsets_of(test, name))
        wanted = self.plan.tests[test]
        marks = {
            "model": self._digest(model),
            "samples": len(data),
            "draws": self.n_draws,
            "subsets": subsets,
            **{name: value for name, value in (("case", wanted.case), ("prior", wanted.prior)) if value},
        }
        mark = folder / "made_from.json"
        if mark.exists() and json.loads(mark.read_text()) == marks:
            return
        if not len(data):
            self.say(f"{name} on {test}: left out, no galaxies to test on at this scale")
            return
        started = time.monotonic()
        strata = {key: mask for key, mask in standard_strata(data.catalogue).items() if key in subsets}
        evaluate(
            {name: self._posterior(model, wanted)},
            data,
            folder,
            split="all",
            n_draws=self.n_draws,
            strata=strata,
            seed=self.seed,
            overwrite=True,
            progress=self.local.progress,
        )
        write_atomically(mark, json.dumps(marks).encode())
        self.say(f"{name} judged on {test}: {len(data):,} samples, {(time.monotonic() - started) / 60:.1f} min")

    def evaluation(self, test: str, model: str) -> EvaluationResult | None:
        """Read the evaluation of a model on a test; None where either was left out."""
        folder = self.out / "evaluations" / test / model
        return read_result(folder) if (folder / HEADER).exists() else None

    def history(self, model: str) -> dict[str, int]:
        """Return the epochs of both stages of a network; nothing of trees."""
        path = self.out / "models" / model / "history.json"
        return {stage: len(epochs) for stage, epochs in json.loads(path.read_text()).items()} if path.exists() else {}

    def _collect(self, part: Part) -> None:
        found = part_results(self.plan, part, self.evaluation, self.history, self.seed)
        text = (json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()
        path = self.results / f"{part.name}.json"
        if not path.exists() or path.read_bytes() != text:
            self.results.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text)
            self.say(f"{part.title}: {path}")


def _first(data: Dataset, n_galaxies: int | None) -> Dataset:
    """Return the samples of the first galaxies of a data set."""
    if n_galaxies is None:
        return data
    names = np.asarray(data.catalogue["galaxy_id"])
    first = names[np.sort(np.unique(names, return_index=True)[1])][:n_galaxies]
    return data.where(np.isin(names, first))
