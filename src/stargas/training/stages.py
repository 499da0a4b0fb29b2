"""The stages of training as Lightning modules: what is optimized, its loss, and how."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from stargas.config import TrainingConfig
from stargas.model.flow import ConditionalFlow
from stargas.model.network import Network, flow_context
from stargas.randomness import rng_for
from stargas.training.alignment import discrepancy
from stargas.training.examples import FlowBatch, NetworkBatch, TensorRecord

_INVERSE_VARIANCE_OF_COS_I = 12.0  # |cos i| is uniform from 0 to 1 for random directions


@dataclass(frozen=True)
class StageConfig:
    """How one stage is optimized.

    Parameters
    ----------
    name
        ``network``, ``flow``, ``joint`` or ``adaptation``; names the checkpoints and the random streams.
    epochs
        Most epochs; the learning rate's cycle is as long.
    learning_rate
        Peak learning rate.
    batch_size
        Samples per step, over all processes together.
    weight_decay
        Weight decay of AdamW.
    patience
        Epochs without a better validation loss before the stage stops.
    seed
        Root seed.
    inclination_weight
        Weight of the squared error of cos i, in units of its variance in random directions, for samples whose
        inclination is known; of networks that predict it (`stargas.model.network.Network.outputs`).
    alignment
        Weight of the discrepancy between the embeddings of suites (`stargas.training.alignment`), in training alone.
    """

    name: str
    epochs: int
    learning_rate: float
    batch_size: int
    weight_decay: float
    patience: int
    seed: int
    inclination_weight: float = 0.0
    alignment: float = 0.0

    @classmethod
    def of_network(cls, training: TrainingConfig, seed: int) -> "StageConfig":
        """Return the part of the settings that concerns the network."""
        return cls("network", training.epochs, training.learning_rate, **_shared(training), seed=seed)

    @classmethod
    def of_flow(cls, training: TrainingConfig, seed: int) -> "StageConfig":
        """Return the part of the settings that concerns the flow."""
        return cls("flow", training.flow_epochs, training.flow_learning_rate, **_shared(training), seed=seed)

    @classmethod
    def of_both(cls, training: TrainingConfig, seed: int) -> "StageConfig":
        """Return the part of the settings that concerns network and flow together."""
        return cls("joint", training.joint_epochs, training.joint_learning_rate, **_shared(training), seed=seed)

    @classmethod
    def of_adaptation(cls, training: TrainingConfig, seed: int) -> "StageConfig":
        """Return the part of the settings that concerns an adaptation: that of network and flow together."""
        return replace(cls.of_both(training, seed), name="adaptation")


def _shared(training: TrainingConfig) -> dict[str, Any]:
    names = ("batch_size", "weight_decay", "patience", "inclination_weight", "alignment")
    return {name: getattr(training, name) for name in names}


ModuleT = TypeVar("ModuleT", bound=nn.Module)


class Stage(LightningModule, ABC, Generic[ModuleT]):
    """A module under training; the losses ``training`` and ``validation`` are logged per epoch.

    Parameters
    ----------
    module
        What is trained.
    config
        How it is optimized.
    """

    def __init__(self, module: ModuleT, config: StageConfig) -> None:
        super().__init__()
        self.module = module
        self.config = config
        self._sums: dict[str, list[Tensor]] = {"training": [], "validation": []}
        self._counts = dict.fromkeys(self._sums, 0)

    @abstractmethod
    def losses(self, batch: Any) -> Tensor:  # noqa: ANN401 (each stage has its own batches)
        """Return the loss of each sample of a batch, shape (n,)."""

    def configure_optimizers(self) -> Any:  # noqa: ANN401 (Lightning's union of dicts)
        """AdamW with one cycle of the learning rate, up and down over all epochs."""
        config = self.config
        optimizer = torch.optim.AdamW(
            self.module.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, config.learning_rate, total_steps=int(self.trainer.estimated_stepping_batches)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_train_epoch_start(self) -> None:
        """Seed dropout by the epoch, so that a resumed training draws what an undisturbed one draws."""
        rng = rng_for(self.config.seed, self.config.name, self.current_epoch, self.global_rank)
        torch.manual_seed(int(rng.integers(2**63)))

    def training_step(self, batch: TensorRecord, _: int) -> Tensor:
        """Return the mean loss of a batch."""
        return self._add("training", batch)

    def validation_step(self, batch: TensorRecord, _: int) -> None:
        """Add a batch to the validation loss."""
        self._add("validation", batch)

    def _add(self, split: str, batch: TensorRecord) -> Tensor:
        losses = self.losses(batch)
        self._sums[split].append(losses.detach().sum())
        self._counts[split] += len(losses)
        return losses.mean()

    def on_validation_epoch_end(self) -> None:
        """Log the mean losses of the epoch over all processes; to log every step would take a tenth of its time."""
        for split, sums in self._sums.items():
            own = torch.stack([torch.stack(sums).sum(), sums[0].new_tensor(float(self._counts[split]))])
            total, count = self.all_gather(own).reshape(-1, 2).sum(dim=0)
            self.log(split, total / count, prog_bar=split == "validation")
            sums.clear()
            self._counts[split] = 0


class NetworkStage(Stage[Network]):
    """Regression: mean squared error of the standardized targets."""

    def losses(self, batch: NetworkBatch) -> Tensor:
        """Return the loss of each sample of a batch, shape (n,)."""
        embedding = self.module.embed(*batch.of_network)
        return _regression_losses(self.module, embedding, batch, self.config)


def _regression_losses(network: Network, embedding: Tensor, batch: NetworkBatch, config: StageConfig) -> Tensor:
    # Every member of an ensemble has its own error, so that the members differ.
    outputs = network.outputs(embedding)
    error = (outputs[..., : network.n_targets] - batch.theta).square().mean(dim=(0, 2))
    if config.alignment and network.training:  # batches of validation are mostly of one suite
        error = error + config.alignment * discrepancy(embedding, batch.suite)
    if outputs.shape[-1] == network.n_targets:
        return error
    cos_inclination = outputs[..., -1]
    # Where the inclination is unknown, the prediction stands for it: a NaN would spoil the gradients of all.
    true = torch.where(batch.cos_inclination.isnan(), cos_inclination.detach(), batch.cos_inclination)
    error_of_inclination = _INVERSE_VARIANCE_OF_COS_I * (cos_inclination - true).square().mean(dim=0)
    return error + config.inclination_weight * error_of_inclination


class FlowStage(Stage[ConditionalFlow]):
    """Density estimation: negative log-density of the standardized targets."""

    def losses(self, batch: FlowBatch) -> Tensor:
        """Return the loss of each sample of a batch, shape (n,)."""
        return -self.module.log_prob(batch.theta, batch.context)


class NetworkAndFlow(nn.Module):
    """Both parts of a posterior, to be trained together.

    Parameters
    ----------
    network, flow
        Trained one after the other.
    context_columns
        Columns of the features that follow the embedding in the context of the flow.
    """

    def __init__(self, network: Network, flow: ConditionalFlow, context_columns: Sequence[int]) -> None:
        super().__init__()
        self.network = network
        self.flow = flow
        self.context_columns = tuple(context_columns)


class JointStage(Stage[NetworkAndFlow]):
    """Density estimation end to end: what tells how uncertain a galaxy is enters the embedding only here.

    The squared error of the targets stays part of the loss, so that the embedding still predicts them.
    """

    def losses(self, batch: NetworkBatch) -> Tensor:
        """Return the loss of each sample of a batch, shape (n,)."""
        network = self.module.network
        embedding = network.embed(*batch.of_network)
        context = flow_context(embedding, batch.features, self.module.context_columns)
        regression = _regression_losses(network, embedding, batch, self.config)
        return regression - self.module.flow.log_prob(batch.theta, context)


class AdaptationStage(JointStage):
    """The joint stage of the last layers of a network and of its flow; all layers before stay as they are.

    Parameters
    ----------
    parts
        What is trained.
    config
        How it is optimized.
    """

    def __init__(self, parts: NetworkAndFlow, config: StageConfig) -> None:
        super().__init__(parts, config)
        parts.network.requires_grad_(False)
        for layer in parts.network.last_layers():
            layer.requires_grad_(True)

    def on_train_epoch_start(self) -> None:
        """Seed the epoch, and keep the layers that stay from changing their batch norms or dropping out."""
        super().on_train_epoch_start()
        self.module.network.eval()
        for layer in self.module.network.last_layers():
            layer.train()
