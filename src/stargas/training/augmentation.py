"""How training varies a sample: which tracers and which prior the network is given, symmetries of the sky, noise.

A model of fixed tracers without priors is trained on every sample as it is. A model that answers for any mix of
tracers has to be trained on galaxies without each; and a galaxy seen in a mirror, rotated on the sky, or with all its
velocities reversed has the same mass.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stargas.config import ModelConfig, TrainingConfig
from stargas.model.scaling import InputScaling
from stargas.model.target import Target
from stargas.randomness import rng_for
from stargas.sky.channels import Channel
from stargas.tracers import STARS_AND_GAS
from stargas.training.examples import Examples, NetworkBatch

_SYMMETRIES_PER_BATCH = 4


@dataclass(frozen=True)
class Augmentation:
    """Turns examples into batches of the network.

    Parameters
    ----------
    scaling, target
        Of the model.
    model, training
        Settings.
    seed
        Root seed of what is drawn for `training_batch` and `validation_batch`.
    """

    scaling: InputScaling
    target: Target
    model: ModelConfig
    training: TrainingConfig
    seed: int = 0

    @property
    def is_random(self) -> bool:
        """Whether one example can become different batches."""
        return self.training.augment or self.model.tracers == "any" or bool(self.model.priors)

    def training_batch(self, examples: Examples, epoch: int, number: int) -> NetworkBatch:
        """Return the batch of some examples, the ``number``-th of an epoch over all processes."""
        return self.apply(examples, rng_for(self.seed, "show", epoch, number))

    def validation_batch(self, examples: Examples, epoch: int, number: int) -> NetworkBatch:  # noqa: ARG002 (the same in every epoch)
        """Return the batch of some validation examples: as `training_batch`, without symmetries and noise."""
        return self.condition(examples, rng_for(self.seed, "show", "validation", number))

    def apply(self, examples: Examples, rng: np.random.Generator) -> NetworkBatch:
        """Choose what is known of each example, add noise to its features, and turn its maps and stars.

        Parameters
        ----------
        examples
            The samples; they are not changed.
        rng
            Draws tracers, priors, noise and symmetries.
        """
        return self._perturb(self.condition(examples, rng), rng)

    def condition(self, examples: Examples, rng: np.random.Generator) -> NetworkBatch:
        """Choose the tracers and the prior that the network is given of each example, and standardize its target.

        Parameters
        ----------
        examples
            The samples; they are not changed.
        rng
            Draws tracers and priors; nothing is drawn for a model of fixed tracers without priors.
        """
        layout, maps, features, stars = self.scaling.layout, examples.maps, examples.features, examples.stars
        tracer_set, prior = examples.tracer_set.numpy(), examples.prior.numpy()
        if self.model.priors:
            prior = np.where(rng.random(len(prior)) < self.training.prior_probability, prior, -1)
        if self.model.tracers == "any":
            tracer_set = self._draw_tracer_sets(tracer_set, rng)
            maps = maps * torch.from_numpy(layout.visible_maps[tracer_set])[:, :, None, None]
            features = features * torch.from_numpy(layout.visible_columns[tracer_set])
            stars = stars.masked_fill(torch.from_numpy(~layout.visible_stars[tracer_set])[:, None, None], torch.nan)
        if n_flags := len(layout.flags):
            own_flags = torch.from_numpy(layout.flag_values(tracer_set, prior))
            features = torch.cat([features[:, :-n_flags], own_flags], dim=1)
        theta = self.target.standardize(examples.targets.numpy(), tracer_set, examples.log_scalars.numpy())
        return NetworkBatch(
            maps,
            features,
            stars,
            torch.from_numpy(theta.astype(np.float32)),
            examples.cos_inclination,
            torch.from_numpy(tracer_set),
            examples.prior,
        )

    def _draw_tracer_sets(self, tracer_set: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.integer]:
        """Hide tracers of samples that have both."""
        both = STARS_AND_GAS.index
        reduced = (tracer_set == both) & (rng.random(len(tracer_set)) >= self.training.complete_fraction)
        return cast("NDArray[np.integer]", np.where(reduced, rng.integers(both, size=len(tracer_set)), tracer_set))

    def _perturb(self, batch: NetworkBatch, rng: np.random.Generator) -> NetworkBatch:
        """Add noise to the features that are known, and turn maps and stars, where the settings say so."""
        maps, features, stars = batch.maps, batch.features, batch.stars
        if self.training.feature_noise:
            noise = torch.from_numpy(rng.standard_normal(features.shape, dtype=np.float32))
            noise[:, features.shape[1] - len(self.scaling.layout.flags) :] = 0
            features = features + self.training.feature_noise * noise * (features != 0)
        if self.training.augment and (maps.shape[1] or stars.shape[1]):
            maps, stars = apply_symmetries(maps, stars, self.scaling.layout.channels, rng)
        return replace(batch, maps=maps, features=features, stars=stars)


def apply_symmetries(
    maps: Tensor, stars: Tensor, channels: Sequence[Channel], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Rotate and reflect the sky of a batch, and reverse its velocities.

    Parameters
    ----------
    maps
        Shape (n, n_maps, n_pixels, n_pixels).
    stars
        Shape (n, 4, n_stars), columns as `stargas.sample.declaration.STAR_SET`, or (n, 0, 0) for none.
    channels
        What each map is.
    rng
        Draws a `Symmetry` for each quarter of the batch: of a square where there are maps, which have square pixels.

    Returns
    -------
    tuple of torch.Tensor
        Copies of maps and stars.
    """
    n_parts = min(_SYMMETRIES_PER_BATCH, len(maps))
    parts = []
    for own_maps, own_stars in zip(maps.tensor_split(n_parts), stars.tensor_split(n_parts), strict=True):
        symmetry = Symmetry.draw(rng, of_square=bool(len(channels)))
        parts.append((symmetry.of_maps(own_maps, channels), symmetry.of_stars(own_stars)))
    turned_maps, turned_stars = zip(*parts, strict=True)
    return torch.cat(turned_maps), torch.cat(turned_stars)


@dataclass(frozen=True)
class Symmetry:
    """A change of a galaxy on the sky that leaves its mass.

    Parameters
    ----------
    quarter_turns
        Rotation [90°], from y to x; a whole number where it turns maps.
    is_mirrored
        Whether x changes its sign after that.
    is_reversed
        Whether all velocities change their sign.
    """

    quarter_turns: float
    is_mirrored: bool
    is_reversed: bool

    @classmethod
    def draw(cls, rng: np.random.Generator, *, of_square: bool) -> "Symmetry":
        """Draw one, with a rotation by any angle unless it is to be one ``of_square``."""
        turns = float(rng.integers(4)) if of_square else rng.uniform(0, 4)
        return cls(turns, rng.random() < 0.5, rng.random() < 0.5)

    def of_maps(self, maps: Tensor, channels: Sequence[Channel]) -> Tensor:
        """Return a copy of maps. Those on the sky change together; others do not depend on the orientation there."""
        on_sky = [i for i, channel in enumerate(channels) if channel.on_sky]
        varied = maps.clone()
        sky = torch.rot90(maps[:, on_sky], int(self.quarter_turns), dims=(2, 3))
        varied[:, on_sky] = sky.flip(3) if self.is_mirrored else sky
        if self.is_reversed:
            for i, channel in enumerate(channels):
                varied[:, i] = channel.reverse(varied[:, i])
        return varied

    def of_stars(self, stars: Tensor) -> Tensor:
        """Return a copy of stars, columns as `stargas.sample.declaration.STAR_SET`."""
        if not stars.shape[1]:
            return stars
        angle = 0.5 * np.pi * self.quarter_turns
        cos, sin, side, sign = np.cos(angle), np.sin(angle), 1 - 2 * self.is_mirrored, 1 - 2 * self.is_reversed
        x, y, v, error = stars.unbind(dim=1)
        return torch.stack([side * (cos * x + sin * y), cos * y - sin * x, sign * v, error], dim=1)
