"""What of a sample the network is shown in one step: which tracers, from which side, under which prior.

A model of the paper sees every sample as it is. A model that is to answer for any mix of tracers must have seen
galaxies without each; and a galaxy seen in a mirror, turned on the sky, or with all velocities reversed has the same
mass.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stargas.config import ModelConfig, TrainingConfig
from stargas.model.inputs import TRACER_SETS, flag_names, flags, network_maps, visible, visible_maps
from stargas.model.scaling import Scaling
from stargas.sample import MAPS

Tensors = tuple[Tensor, ...]
"""One batch: maps, numbers, cos i, then the target; the first axis counts samples."""

ROW = ("maps", "numbers", "case", "log_scalar", "log10_mass", "prior", "cos_inclination")
"""What a row of training data holds: inputs as `stargas.model.inputs.Inputs`, true masses, its suite's prior, and
cos i without sign, NaN where it is not known."""


@dataclass(frozen=True)
class Augmentation:
    """Turns rows of training data into batches.

    Parameters
    ----------
    scaling
        Of the model.
    model, training
        Settings.
    """

    scaling: Scaling
    model: ModelConfig
    training: TrainingConfig

    @property
    def varies(self) -> bool:
        """Whether a sample is shown in more than one way."""
        return self.training.augment or self.model.tracers == "any" or bool(self.model.priors)

    def show(self, rows: Tensors, rng: np.random.Generator, *, augment: bool = True) -> Tensors:
        """Return maps, numbers, cos i and standardized masses of some rows.

        Parameters
        ----------
        rows
            Tensors `ROW`.
        rng
            Chooses tracers, priors and sides.
        augment
            Whether to turn and mirror, where the settings say so.
        """
        maps, numbers, case, log_scalar, log10_mass, prior, cos_inclination = rows
        shown, told = case.numpy(), prior.numpy()
        n_flags = len(flag_names(self.model))
        if self.model.priors:
            told = np.where(rng.random(len(told)) < self.training.prior_probability, told, -1)
        if self.model.tracers == "any":
            shown = self._draw_cases(shown, rng)
            maps = maps * torch.from_numpy(visible_maps(self.model)[shown])[:, :, None, None]
            numbers = numbers * torch.from_numpy(visible(self.model)[shown])
        if self.training.feature_noise and augment:
            noise = rng.standard_normal(numbers.shape, dtype=np.float32) * (numbers.numpy() != 0)
            numbers = numbers + self.training.feature_noise * torch.from_numpy(noise)
        if n_flags:
            numbers = torch.cat([numbers[:, :-n_flags], torch.from_numpy(flags(self.model, shown, told))], dim=1)
        if self.training.augment and augment and maps.shape[1]:
            maps = turn(maps, self.model, rng)
        baseline = self.scaling.baseline(shown, log_scalar.numpy())
        target = (log10_mass.numpy() - baseline) / self.scaling.spread(shown)
        return maps, numbers, cos_inclination, torch.from_numpy(target.astype(np.float32))

    def _draw_cases(self, case: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.integer]:
        """Hide tracers of samples that have both."""
        both = TRACER_SETS.index("stars and gas")
        hidden = (case == both) & (rng.random(len(case)) >= self.training.complete_fraction)
        return cast("NDArray[np.integer]", np.where(hidden, rng.integers(both, size=len(case)), case))


def turn(maps: Tensor, model: ModelConfig, rng: np.random.Generator) -> Tensor:
    """Turn and mirror the sky of a batch, and reverse its velocities.

    Parameters
    ----------
    maps
        Shape (n, n_maps, p, p), channels as the model sees them.
    model
        Settings: which channels.
    rng
        Chooses one of the eight symmetries of the square, and the sign of the velocities, per quarter of the batch.

    Returns
    -------
    torch.Tensor
        Maps on the sky are turned together. The R-v map does not change with the sky; it is mirrored in v.
    """
    names = [MAPS[i] for i in network_maps(model)]
    on_sky = [i for i, name in enumerate(names) if name != "Rv"]
    parts = []
    for part in torch.tensor_split(maps, min(4, len(maps))):
        turned = part.clone()
        sky = torch.rot90(part[:, on_sky], int(rng.integers(4)), dims=(2, 3))
        turned[:, on_sky] = sky.flip(3) if rng.random() < 0.5 else sky
        if rng.random() < 0.5:
            for i, name in enumerate(names):
                if name == "Rv":
                    turned[:, i] = turned[:, i].flip(1)
                elif name == "moment1":
                    turned[:, i] = -turned[:, i]
        parts.append(turned)
    return torch.cat(parts)
