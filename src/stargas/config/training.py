"""The block ``training``: how the two stages are optimized."""

from collections.abc import Mapping
from dataclasses import dataclass

from stargas.config.checked import Checked


@dataclass(frozen=True)
class TrainingConfig(Checked):
    """The two stages of training.

    Parameters
    ----------
    batch_size
        Samples per step.
    epochs
        Most passes over the training set for the network.
    learning_rate
        Peak learning rate of the network (one-cycle schedule).
    weight_decay
        Weight decay of AdamW.
    patience
        Epochs without a better validation loss before a stage stops.
    flow_epochs
        Most passes for the flow.
    flow_learning_rate
        Peak learning rate of the flow (one-cycle schedule).
    cold_gas_only
        Train on galaxies of the cold-gas set alone, as the paper does from its Fig. 5 on.
    augment
        Turn and mirror the sky of all maps of a sample together, and change the sign of all its velocities, anew
        in every epoch (paper: no).
    complete_fraction
        Of a model of any tracers: share of the samples that keep all they have. The others are equally seen without
        gas, without stars, and without stars and R_hl.
    prior_probability
        Of a model with priors: share of the samples whose prior is told.
    feature_noise
        Standard deviation of noise that is added to the standardized numbers in training (paper: none).
    inclination_weight
        Weight of the error of cos i beside that of the targets, for networks that predict it.
    """

    batch_size: int = 128
    epochs: int = 20
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    patience: int = 8
    flow_epochs: int = 30
    flow_learning_rate: float = 3e-3
    cold_gas_only: bool = True
    augment: bool = False
    complete_fraction: float = 0.5
    prior_probability: float = 0.5
    feature_noise: float = 0.0
    inclination_weight: float = 0.0

    _block = "training"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "epochs": (self.epochs >= 1, "at least 1"),
            "learning_rate": (self.learning_rate > 0, "positive"),
            "weight_decay": (self.weight_decay >= 0, "zero or positive"),
            "patience": (self.patience >= 1, "at least 1"),
            "flow_epochs": (self.flow_epochs >= 1, "at least 1"),
            "flow_learning_rate": (self.flow_learning_rate > 0, "positive"),
            "complete_fraction": (0 <= self.complete_fraction <= 1, "between 0 and 1"),
            "prior_probability": (0 <= self.prior_probability <= 1, "between 0 and 1"),
            "feature_noise": (self.feature_noise >= 0, "zero or positive"),
            "inclination_weight": (self.inclination_weight >= 0, "zero or positive"),
        }
