"""The block ``training``: how the stages are optimized."""

from collections.abc import Mapping
from dataclasses import dataclass

from stargas.config.checked import Checked, between, positive


@dataclass(frozen=True)
class TrainingConfig(Checked):
    """The stages of training: the network, the flow, and where wanted both together.

    Parameters
    ----------
    batch_size
        Samples per step, over all devices together.
    epochs
        Most epochs of the network.
    learning_rate
        Peak learning rate of the network (one-cycle schedule).
    weight_decay
        Weight decay of AdamW, of all stages.
    patience
        Epochs without a better validation loss before a stage stops.
    flow_epochs
        Most epochs of the flow.
    flow_learning_rate
        Peak learning rate of the flow (one-cycle schedule).
    joint_epochs
        Most epochs in which network and flow are trained together on the density of the masses (paper: none). 0 leaves
        the network as the regression made it.
    joint_learning_rate
        Peak learning rate of both together (one-cycle schedule).
    cold_gas_only
        Train on galaxies of the cold-gas set alone, as the paper does from its Fig. 5 on.
    augment
        Rotate and reflect the maps of a sample on the sky together, and reverse all its velocities, anew in every
        epoch (paper: no).
    complete_fraction
        Fraction of the training samples that keep all their tracers, where the model answers for any tracers. The
        others lose their gas, their stars, or their stars and R_hl, each equally often.
    prior_probability
        Probability that the suite of a training sample is given as its prior, where the model has priors.
    feature_noise
        Standard deviation of the noise that is added to the standardized features in training (paper: none).
    inclination_weight
        Weight of the error of cos i beside that of the targets, where the network predicts it.
    alignment
        Weight of the discrepancy between the embeddings of suites (`stargas.training.alignment`), for a model whose
        priors tell them apart (paper: none). All suites that are not priors count as one. It has no part in the
        validation loss.
    """

    batch_size: int = 128
    epochs: int = 20
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    patience: int = 8
    flow_epochs: int = 30
    flow_learning_rate: float = 3e-3
    joint_epochs: int = 0
    joint_learning_rate: float = 5e-4
    cold_gas_only: bool = True
    augment: bool = False
    complete_fraction: float = 0.5
    prior_probability: float = 0.5
    feature_noise: float = 0.0
    inclination_weight: float = 0.0
    alignment: float = 0.0

    _block = "training"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "batch_size": between(self.batch_size, 1, 1_000_000),
            "epochs": between(self.epochs, 1, 1_000_000),
            "learning_rate": positive(self.learning_rate, 10),
            "weight_decay": between(self.weight_decay, 0, 1000),
            "patience": between(self.patience, 1, 1_000_000),
            "flow_epochs": between(self.flow_epochs, 1, 1_000_000),
            "flow_learning_rate": positive(self.flow_learning_rate, 10),
            "joint_epochs": between(self.joint_epochs, 0, 1_000_000),
            "joint_learning_rate": positive(self.joint_learning_rate, 10),
            "complete_fraction": (0 <= self.complete_fraction <= 1, "between 0 and 1"),
            "prior_probability": (0 <= self.prior_probability <= 1, "between 0 and 1"),
            "feature_noise": between(self.feature_noise, 0, 100),
            "inclination_weight": between(self.inclination_weight, 0, 1000),
            "alignment": between(self.alignment, 0, 1000),
        }
