"""Random search for the settings of the paper's networks, and of the trees that stand beside them.

Star, Gas and StarGas have the same trials: number i has the same settings for all three. The trees have as many of
their own. Trial 0 has the preset of its time. Every trial learns from the same views of the same galaxies and is
compared by the mean of −log q(truth) on their validation split; no test galaxy is used. The best trial changes nothing
by itself: what it finds becomes the paper's network where a person writes it into the preset.

A trial that is finished is a record of its own, which is never removed. Its name holds a digest of all that decides it,
so the trials of other settings stay beside the new ones.
"""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from stargas import __version__
from stargas.baselines.trees import SETTINGS, fit_trees
from stargas.config import ModelConfig, TrainingConfig, replace_settings
from stargas.dataset.store import Dataset
from stargas.errors import StargasError
from stargas.experiments.paper.plan import TRACERS
from stargas.experiments.plan import scaled
from stargas.experiments.run import Run, first_galaxies
from stargas.experiments.steps import Step, make_steps
from stargas.randomness import rng_for
from stargas.report.search import FORMAT, SEARCH
from stargas.storage import digest_of, json_bytes, read_json, rounded, write_atomically

N_TRIALS = 30
"""Trials of each model, the preset among them."""

N_GALAXIES, EVERY = 800, 3
"""Galaxies, after the cuts on particles, that a trial knows, and the views of them: one in so many."""

DATA: Mapping[float, str] = {1.0: "bursty", 0.5: "bursty_kde_half"}
"""Width of the star maps' kernel over that of the preset → data set of the paper's plan; the galaxies are the same."""

BANDWIDTH = "data.stars.bandwidth_factor"

NETWORK_SPACE: Mapping[str, Sequence[Any]] = {
    "model.convolutional.filters": ((8, 16), (16, 32), (32, 64)),
    "model.convolutional.kernel_size": (3, 5),
    "model.convolutional.first_stride": (1, 2),
    "model.convolutional.dense": ((64,), (128, 64), (256, 128)),
    "model.convolutional.dropout": (0.0, 0.1, 0.2, 0.3),
    "model.compress_maps": (True, False),
    "training.learning_rate": (5e-4, 1e-3, 2e-3, 4e-3),
    "training.epochs": (10, 20),
    "training.batch_size": (32, 64, 128),
    "training.augment": (False, True),
    BANDWIDTH: (1.0, 0.5),
}
"""Setting of a network → values that are drawn from, each as likely."""

TREES_SPACE: Mapping[str, Sequence[Any]] = {
    "max_iter": (100, 200, 400, 800),
    "learning_rate": (0.03, 0.06, 0.12),
    "max_leaf_nodes": (15, 31, 63, 127),
    "min_samples_leaf": (15, 30, 60, 120),
    "max_features": (0.25, 0.5, 1.0),
    "l2_regularization": (0.0, 1.0, 10.0),
}
"""The same for the trees."""


@dataclass(frozen=True)
class Trial:
    """One model with some settings.

    Parameters
    ----------
    number
        The same for all models; 0 has the settings of the preset.
    model
        ``Star``, ``Gas`` or ``StarGas``.
    kind
        ``network`` or ``trees``.
    changes
        Setting → value in place of the preset's.
    """

    number: int
    model: str
    kind: str
    changes: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of its step and its record."""
        return f"{self.kind}_{TRACERS[self.model]}_{self.number:03d}"


def draw_changes(space: Mapping[str, Sequence[Any]], number: int, stream: str) -> dict[str, Any]:
    """Draw the settings of a trial; none for number 0.

    Parameters
    ----------
    space
        Setting → values.
    number
        Of the trial: it alone decides what is drawn, so more trials leave the first ones as they are.
    stream
        Name of the random stream.
    """
    if number == 0:
        return {}
    rng = rng_for(0, "search", stream, number)
    return {name: values[int(rng.integers(len(values)))] for name, values in space.items()}


def trials(n: int) -> Iterator[Trial]:
    """Go through the trials of all models, number by number, so that a search that is stopped is fair."""
    for number in range(n):
        for kind, space in (("network", NETWORK_SPACE), ("trees", TREES_SPACE)):
            changes = draw_changes(space, number, kind)
            yield from (Trial(number, model, kind, changes) for model in TRACERS)


def write_search(run: Run, n: int = N_TRIALS) -> Path:
    """Make the trials that are missing, and write all that were ever made into ``search.json`` of the results.

    Parameters
    ----------
    run
        Of the paper's plan: its data sets, settings and folders.
    n
        Trials of each model.
    """
    search = Search(run)
    for name in DATA.values():
        run.built(name)
    make_steps(
        [Step(f"search {trial.name}", (), partial(search.make, trial)) for trial in trials(n)], run.out / "locks"
    )
    path = run.results / f"{SEARCH}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json_bytes(search.collect()))
    return path


@dataclass(frozen=True)
class Search:
    """The trials of one run.

    Parameters
    ----------
    run
        Of the paper's plan.
    """

    run: Run

    @property
    def folder(self) -> Path:
        """Where the records lie."""
        return self.run.out / SEARCH

    def samples(self, data: str) -> Dataset:
        """Return the samples of a data set that the trials know: other sides of each galaxy, all sides alike."""
        n = scaled(N_GALAXIES, self.run.plan.scale)
        known = first_galaxies(self.run.dataset(data), n)
        _, galaxy = np.unique(known.catalogue["galaxy_id"], return_inverse=True)
        return known.where((galaxy + np.asarray(known.catalogue["view"])) % EVERY == 0)

    def make(self, trial: Trial) -> None:
        """Make a trial, or find its record."""
        model, training, data = self._settings(trial)
        samples = self.samples(data)
        decided_by = {
            "trial": trial.name,
            "model": asdict(model),
            "training": asdict(training),
            "trees": {**SETTINGS, **trial.changes} if trial.kind == "trees" else {},
            "samples": len(samples),
            "data": samples.manifests,
            "seed": self.run.seed,
        }
        stem = f"{trial.name}_{digest_of(decided_by)[:12]}"
        record = self.folder / f"{stem}.json"
        if record.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        started = time.process_time()
        try:
            if trial.kind == "trees":
                found = _of_trees(trial, samples, model, training, self.run.seed)
            else:
                found = self._of_network(samples, model, training, self.folder / stem)
        except StargasError as error:
            found = {"loss": None, "failure": str(error)}
        minutes = (time.process_time() - started) / 60
        content = {
            "number": trial.number,
            "model": trial.model,
            "kind": trial.kind,
            "settings": {**self._preset(trial.kind), **trial.changes},  # all of them: presets change
            "digest": digest_of(decided_by),
            "data": data,
            "stargas": __version__,
            "seed": self.run.seed,
            "processor_minutes": minutes,
            **found,
        }
        write_atomically(record, json_bytes(rounded(content, 6)))
        shutil.rmtree(self.folder / stem, ignore_errors=True)
        self.run.log(f"search {trial.name}: {found['loss'] or found['failure']}, {minutes:.1f} min of one processor")

    def collect(self) -> dict[str, Any]:
        """Return all trials that were ever made, ready for JSON."""
        made = [read_json(path, "remove it and search again") for path in sorted(self.folder.glob("*.json"))]
        return {
            **FORMAT.stated,
            "stargas": __version__,
            "scale": self.run.plan.scale,
            "space": {"network": dict(NETWORK_SPACE), "trees": dict(TREES_SPACE)},
            "preset": {kind: self._preset(kind) for kind in ("network", "trees")},
            "trials": sorted(made, key=lambda trial: (trial["kind"], trial["model"], trial["number"])),
        }

    def _settings(self, trial: Trial) -> tuple[ModelConfig, TrainingConfig, str]:
        """Return the settings of a trial and the name of its data set."""
        base = self.run.plan.models[f"{TRACERS[trial.model]}_bursty"]
        changes = trial.changes if trial.kind == "network" else {}
        model = replace_settings(base.model, _of_block("model", changes))
        training = replace_settings(base.training, _of_block("training", changes))
        return model, training, DATA[changes.get(BANDWIDTH, 1.0)]

    def _of_network(
        self, samples: Dataset, model: ModelConfig, training: TrainingConfig, folder: Path
    ) -> dict[str, Any]:
        from stargas.training.folder import HISTORY
        from stargas.training.train import train_model

        about = train_model(samples, folder, model, training, self.run.local, self.run.seed).about
        return {
            "loss": -about["validation"]["log_prob"],
            "rms_dex": about["validation"]["network_rms_dex"],
            "galaxies": about["galaxies"],
            "samples": about["samples"],
            "validation_samples": about["validation"]["samples"],
            "history": read_json(folder / HISTORY, "remove the folder and search again"),
        }

    def _preset(self, kind: str) -> dict[str, Any]:
        """Return what the preset has of the settings that the search of a kind of model varies."""
        if kind == "trees":
            return {name: SETTINGS[name] for name in TREES_SPACE}
        base = self.run.plan.models["stargas_bursty"]
        data = self.run.plan.data["bursty"].config
        blocks = {"model": base.model, "training": base.training, "data": data}
        found = {}
        for name in NETWORK_SPACE:
            block, _, rest = name.partition(".")
            value: Any = blocks[block]
            for part in rest.split("."):
                value = getattr(value, part)
            found[name] = value
        return found


def _of_trees(
    trial: Trial, samples: Dataset, model: ModelConfig, training: TrainingConfig, seed: int
) -> dict[str, Any]:
    about = fit_trees(samples, model, training, seed, {**SETTINGS, **trial.changes}).about
    return {
        "loss": -about["validation"]["log_prob"],
        "rms_dex": about["validation"]["rms_dex"],
        "galaxies": about["galaxies"],
        "samples": about["samples"],
        "validation_samples": about["validation"]["samples"],
    }


def _of_block(block: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes inside a block, without its name."""
    return {name.removeprefix(f"{block}."): value for name, value in changes.items() if name.startswith(f"{block}.")}
