"""Occlusion: the change of the posterior's median where a part of the input is hidden.

A patch of a map is set to zero: no stars, no gas, no velocity. Features that are measured on the maps are measured
again on what is left; those of the stars as a set stay as they are. A group of features is set to its mean over the
training set, and so is a scalar in the standardization of the masses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stargas.batch import Batch
from stargas.features.table import SCALAR_FEATURES
from stargas.galaxy import FloatArray
from stargas.model.inputs import Inputs
from stargas.model.layout import CHANNEL_OF, GROUP_OF, map_channels
from stargas.model.posterior import Posterior
from stargas.randomness import rng_for
from stargas.sample import MAPS, Sample
from stargas.tracers import TRACER_SETS

PATCH = 8
"""Side of a patch [pixels]."""

STRIDE = 8
"""Distance of patches [pixels]."""

N_DRAWS = 64
"""Draws of each median, half of them the negatives of the others."""

_AT_ONCE = 256

STAR_SCALARS, HI_SCALARS, QUALITIES = "R_hl and σ", "R_HI, v and σ of the HI", "quality of the data"
STAR_FEATURES, HI_FEATURES = "features of the stars", "features of the HI maps"
"""Groups of features: scalars, quality of the data, and everything else that is measured on each tracer."""


@dataclass(frozen=True, eq=False)
class Occlusion:
    """Changes of the median of log10 M [dex]: without a part of the input, minus with all of it.

    Parameters
    ----------
    maps
        Names of the maps that are known of the galaxy, among `stargas.sample.declaration.MAPS`.
    starts
        First row (and column) of each patch [pixels], shape (k,).
    patch
        Side of a patch [pixels].
    n_pixels
        Side of the maps.
    patches
        Change at each radius, shape (n_maps, k, k, m): first the row of the patch (y or v), then its column (x or R).
    whole_maps
        Map → change where all of it is hidden, shape (m,).
    features
        Group of features → change where it is set to its mean over the training set, shape (m,).
    """

    maps: tuple[str, ...]
    starts: NDArray[np.intp]
    patch: int
    n_pixels: int
    patches: FloatArray
    whole_maps: Mapping[str, FloatArray]
    features: Mapping[str, FloatArray]

    def on_pixels(self, radius: int | None = None) -> FloatArray:
        """Return the mean change of the patches that cover each pixel [dex], shape (n_maps, n_pixels, n_pixels).

        Parameters
        ----------
        radius
            Index of the radius; the mean over all radii if None.
        """
        change = self.patches.mean(axis=-1) if radius is None else self.patches[..., radius]
        pixel = np.arange(self.n_pixels)
        covers = (pixel >= self.starts[:, None]) & (pixel < self.starts[:, None] + self.patch)  # (k, n_pixels)
        covers = covers / covers.sum(axis=0)
        result: FloatArray = np.einsum("mab,ay,bx->myx", change, covers, covers)
        return result


def occlude(
    posterior: Posterior,
    sample: Sample,
    patch: int = PATCH,
    stride: int = STRIDE,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> Occlusion:
    """Hide parts of the input of a galaxy, one at a time.

    Parameters
    ----------
    posterior
        The model, under its prior and tracer set. What is known beside the data is left aside.
    sample
        The galaxy.
    patch, stride
        Side and distance of the patches [pixels]; the last ones end at the edge of the map.
    n_draws
        Draws of each median, rounded up to an even number; all have the same noise.
    seed
        Root seed.

    Raises
    ------
    InputError
        As `stargas.model.posterior.Posterior.sample`.
    """
    whole = posterior.inputs(Batch.stack([sample]))
    tracer_set = TRACER_SETS[whole.tracer_sets[0]]
    known = [i for i in map_channels(posterior.config) if tracer_set.knows(CHANNEL_OF[MAPS[i]].needs)]
    n_pixels = sample.maps.shape[-1]
    patch = min(patch, n_pixels)
    starts = np.unique(np.append(np.arange(0, n_pixels - patch + 1, stride), n_pixels - patch))
    half = rng_for(seed, "occlusion").standard_normal((1, -(-n_draws // 2), len(posterior.target)), dtype=np.float32)
    noise = np.concatenate([half, -half], axis=1)

    # A patch that is empty already changes nothing.
    filled = [
        (number, i, j)
        for number, channel in enumerate(known)
        for i, row in enumerate(starts)
        for j, column in enumerate(starts)
        if sample.maps[channel, row : row + patch, column : column + patch].any()
    ]
    windows = [(known[number], starts[i], starts[j], patch) for number, i, j in filled]
    windows += [(channel, 0, 0, n_pixels) for channel in known]
    masses = _medians(posterior, sample, windows, noise)
    median = masses[0]
    patches = np.zeros((len(known), len(starts), len(starts), len(median)))
    if filled:
        patches[tuple(np.transpose(filled))] = masses[1 : 1 + len(filled)] - median
    names = tuple(MAPS[channel] for channel in known)
    whole_maps = dict(zip(names, masses[1 + len(filled) :] - median, strict=True))
    features = {
        name: _median(posterior, changed, noise)[0] - median
        for name, changed in _without_groups(posterior, whole).items()
    }
    return Occlusion(names, starts, patch, n_pixels, patches, whole_maps, features)


def _medians(
    posterior: Posterior, sample: Sample, windows: list[tuple[int, int, int, int]], noise: NDArray[np.float32]
) -> FloatArray:
    """Return medians of log10 M with all maps, then without each window (map, row, column, side), shape (1 + n, m)."""
    medians = []
    hidden: list[tuple[int, int, int, int] | None] = [None, *windows]
    for first in range(0, len(hidden), _AT_ONCE):
        changed = []
        for window in hidden[first : first + _AT_ONCE]:
            maps = sample.maps.copy()
            if window is not None:
                channel, row, column, side = window
                maps[channel, row : row + side, column : column + side] = 0
            changed.append(replace(sample, maps=maps))
        medians.append(_median(posterior, posterior.inputs(Batch.stack(changed)), noise))
    return np.concatenate(medians)


def _median(posterior: Posterior, inputs: Inputs, noise: NDArray[np.float32]) -> FloatArray:
    """Return medians of log10 M for some inputs, shape (n, m)."""
    drawn = posterior.draw(posterior.context(inputs), inputs, np.repeat(noise, len(inputs), axis=0))
    return np.asarray(np.median(drawn[..., : posterior.target.n_radii], axis=1))


def _without_groups(posterior: Posterior, whole: Inputs) -> dict[str, Inputs]:
    """Return inputs in which each group of known features has the mean of the training set."""
    layout = posterior.scaling.layout
    scalars = [name for group in SCALAR_FEATURES for name in group.names]
    known = layout.visible_columns[whole.tracer_sets[0]]
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(layout.features):
        if known[i]:
            groups.setdefault(group_of(name), []).append(i)
    changed = {}
    for group, columns in sorted(groups.items(), key=lambda one: one[0] == QUALITIES):  # quality last
        features, log_scalars = whole.features.clone(), whole.log_scalars.copy()
        features[:, columns] = 0
        for i in columns:
            if layout.features[i] in scalars:
                log_scalars[:, scalars.index(layout.features[i])] = posterior.scaling.feature_mean[i]
        changed[group] = replace(whole, features=features, log_scalars=log_scalars)
    return changed


def group_of(name: str) -> str:
    """Return the group of a feature."""
    group = GROUP_OF[name]
    if group.kind == "quality":
        return QUALITIES
    of_gas = "gas" in group.needs
    if group.kind == "scalar":
        return HI_SCALARS if of_gas else STAR_SCALARS
    return HI_FEATURES if of_gas else STAR_FEATURES
