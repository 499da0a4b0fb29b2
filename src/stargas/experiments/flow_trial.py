"""Three kinds of flows, given the embeddings of one and the same network.

The network learns from the data of `stargas.experiments.star_sets` by regression and stays as it is: no flow has shaped
it. A masked autoregressive flow, a spline flow and a flow that is learned by flow matching (Lipman et al. 2023) then
learn from what it makes of the training split, each with several seeds and until its loss on the validation split no
longer falls, and are compared on galaxies of the test split.

Flow matching learns the velocity v(z, t) that carries z at t = 0 to Gaussian noise ε at t = 1. On the straight path
between the two, (1 − t) z + t ε, that is the mean of ε − z, so that the loss is a squared error. The density follows
from the integral of the divergence of v, here of all dimensions exactly.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import zuko
from torch import Tensor, nn

from stargas.config import LocalConfig, ModelConfig, TrainingConfig
from stargas.dataset.store import Dataset
from stargas.evaluation.evaluate import evaluate
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.evaluation.result import EvaluationResult
from stargas.experiments.plan import EvaluationSpec, ModelSpec, Part, Plan, Rows
from stargas.experiments.results import part_results
from stargas.experiments.run import Run
from stargas.model.designs import maf, spline
from stargas.model.flow import ConditionalFlow
from stargas.model.posterior import Posterior
from stargas.randomness import rng_for
from stargas.storage import json_bytes, rounded, write_atomically
from stargas.training.augmentation import Augmentation
from stargas.training.batches import StageData
from stargas.training.encoding import encode
from stargas.training.examples import FlowBatch, load_examples
from stargas.training.fit import fit_stage
from stargas.training.stages import FlowStage, Stage, StageConfig
from stargas.training.train import train_model
from stargas.training.training_set import training_splits

if TYPE_CHECKING:
    from stargas.galaxy import FloatArray

FLOWS = "flows"
"""Name of the part and of its file."""

NETWORK = "star_set_0_0"
"""Model of the plan whose data and settings the trial takes."""

SEEDS = (0, 1, 2)
"""Seeds with which each flow is trained."""

N_TEST, N_DRAWS = 200, 200
"""Samples of the test split that are drawn for, and draws of each: to integrate the velocity is slow."""

_REPETITIONS = 3  # contexts of each sample, as in training
_WIDTHS = (256, 256, 256)  # of the layers of the velocity
_TOLERANCE = 1e-4  # of its integral


class FlowMatchingStage(Stage[ConditionalFlow]):
    """Squared error of the velocity, at a random time and with random noise for each sample."""

    def losses(self, batch: FlowBatch) -> Tensor:
        """Return the loss of each sample of a batch, shape (n,)."""
        flow = self.module
        z = nn.functional.linear(batch.theta - flow.center, flow.rotation)
        # In validation the same noise in every epoch, so that epochs can be compared.
        generator = None if self.training else torch.Generator().manual_seed(len(z))
        noise, t = torch.randn(z.shape, generator=generator), torch.rand((len(z), 1), generator=generator)
        transform: Any = flow.density.transform
        velocity = transform.f(t.squeeze(1), (1 - t) * z + t * noise, flow.standardized(batch.context))
        result: Tensor = (velocity - (noise - z)).square().mean(dim=1)
        return result


def continuous(n_targets: int, n_context: int) -> zuko.flows.Flow:
    """Return an untrained continuous flow, whose density has the exact divergence."""
    return zuko.flows.CNF(
        n_targets, n_context, hidden_features=_WIDTHS, activation=nn.SiLU, atol=_TOLERANCE, rtol=_TOLERANCE
    )


@dataclass(frozen=True)
class Kind:
    """A kind of flow and how it learns.

    Parameters
    ----------
    make
        Makes it, given the settings of a model and the numbers of targets and of columns of the context.
    stage
        Its loss.
    epochs
        Most epochs.
    """

    make: Callable[[ModelConfig, int, int], zuko.flows.Flow]
    stage: type[Stage[ConditionalFlow]]
    epochs: int


KINDS: Mapping[str, Kind] = {
    "masked autoregressive flow": Kind(lambda model, *sizes: maf(model.maf, *sizes), FlowStage, 20),
    "spline flow": Kind(lambda model, *sizes: spline(model.spline, *sizes), FlowStage, 20),
    "flow matching": Kind(lambda _, *sizes: continuous(*sizes), FlowMatchingStage, 100),
}
"""Description → kind of flow; the first is that of the pretrained model."""


@dataclass(frozen=True)
class FlowTrial:
    """What the flows of a trial share.

    Parameters
    ----------
    data
        Samples of all splits.
    out
        Folder for checkpoints and evaluations.
    model, training
        Settings of the network.
    local
        Devices and memory.
    """

    data: Dataset
    out: Path
    model: ModelConfig
    training: TrainingConfig
    local: LocalConfig

    def compare(self, log: Callable[[str], None] = print) -> dict[str, Any]:
        """Train and compare all flows; return the part, ready for JSON."""
        training = replace(self.training, joint_epochs=0)
        posterior = train_model(self.data, self.out / "network", self.model, training, self.local)
        augmentation = Augmentation(posterior.scaling, posterior.target, self.model, training)
        splits = training_splits([self.data], training)
        learned, held = (load_examples(s, posterior.scaling, posterior.target, self.local.memory_gb) for s in splits)
        contexts = FlowBatch.concatenate(
            [encode(posterior.network, learned, augmentation, number) for number in range(_REPETITIONS)]
        )
        validation = encode(posterior.network, held, augmentation)
        test = self.data.split("test")
        test = test.where(np.isin(np.arange(len(test)), np.linspace(0, len(test) - 1, N_TEST).astype(int)))
        found = {}
        for kind in KINDS:
            for seed in SEEDS:
                flow, minutes = self._train(kind, seed, contexts, validation)
                trained = replace(posterior, flow=flow, about={**posterior.about, "minutes": minutes})
                found[kind, seed] = self._evaluate(trained, test, kind, seed)
                log(f"{kind}, seed {seed}: {minutes:.1f} min")
        return self._part(found)

    def _train(self, name: str, seed: int, contexts: FlowBatch, validation: FlowBatch) -> tuple[ConditionalFlow, float]:
        started, kind, training = (
            time.process_time(),
            KINDS[name],
            replace(self.training, flow_epochs=KINDS[name].epochs),
        )
        torch.manual_seed(int(rng_for(seed, "flow trial", name).integers(2**63)))
        n_targets, n_context = contexts.theta.shape[1], contexts.context.shape[1]
        flow = ConditionalFlow(kind.make(self.model, n_targets, n_context), n_targets, n_context)
        flow.set_context(contexts.context)
        flow.set_whitening(contexts.theta)
        stage = kind.stage(flow, StageConfig.of_flow(training, seed))
        data = StageData(contexts, validation, training.batch_size, seed)
        fit_stage(stage, data, self.out / f"{name} {seed}", self.local)
        flow.calibrate(validation.context, validation.theta)
        return flow, round((time.process_time() - started) / 60, 2)

    def _evaluate(self, posterior: Posterior, test: Dataset, kind: str, seed: int) -> tuple[EvaluationResult, float]:
        """Return the evaluation, and the seconds for 1,000 draws of one galaxy."""
        name = _name(kind, seed)
        result = evaluate(
            {name: posterior}, test, self.out / "evaluations" / name, "all", N_DRAWS, strata={}, overwrite=True
        )
        times = []
        for _ in range(3):
            started = time.process_time()
            posterior.sample(test[0], 1000)
            times.append(time.process_time() - started)
        return result, min(times)

    def _part(self, found: Mapping[tuple[str, int], tuple[EvaluationResult, float]]) -> dict[str, Any]:
        label, first = "broad, with and without gas", next(iter(KINDS))
        rows = tuple(
            Rows(FLOWS, _name(*key), key[0], "broad", extra={"choice": f"seed {key[1]}", "chosen": key[0] == first})
            for key in found
        )
        part = Part(FLOWS, "Kinds of flows", rows, compared=tuple((kind, first) for kind in KINDS if kind != first))
        models = {_name(*key): ModelSpec(_name(*key), (), self.model, self.training, seed=key[1]) for key in found}
        tests = {FLOWS: EvaluationSpec(FLOWS, (), label, cold_gas_only=False)}
        results = {_name(*key): result for key, (result, _) in found.items()}
        plan = Plan(FLOWS, 1.0, {}, models, tests, {FLOWS: part})
        collected = part_results(plan, part, lambda _, model: results[model], lambda _: {})
        for row, (result, seconds) in zip(collected["rows"], found.values(), strict=True):
            row["quantile_score_dex"] = rounded(quantile_score(result), 4)
            row["seconds_per_1000_draws"] = rounded(seconds, 3)
        return collected


def quantile_score(result: EvaluationResult) -> float:
    """Return the mean pinball loss of the kept quantiles [dex], twice: the CRPS would be that of all quantiles."""
    (summary,) = result.summaries.values()
    levels = np.asarray(QUANTILE_LEVELS)[:, None]
    error: FloatArray = result.samples.log10_mass[:, None] - summary.quantiles
    return float(2 * np.mean(np.maximum(levels * error, (levels - 1) * error)))


def _name(kind: str, seed: int) -> str:
    return f"{kind} {seed}".replace(" ", "_")


def write_flow_trial(run: Run) -> Path:
    """Make the trial with the data and settings of a run, and write its part into the folder of results."""
    spec, path = run.plan.models[NETWORK], run.results / f"{FLOWS}.json"
    trial = FlowTrial(run.built(*spec.data), run.out / "flow_trial", spec.model, spec.training, run.local)
    content = json_bytes(trial.compare(run.log))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
    return path
