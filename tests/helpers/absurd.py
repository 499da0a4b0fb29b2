"""Inputs that no galaxy gives: what a model must not answer in silence."""

from dataclasses import replace

import numpy as np

from stargas.sample import MAPS, SCALARS

XY, RV, MOMENT_0, MOMENT_1, MOMENT_2 = range(len(MAPS))
UNITS = ("velocity_scale_kms", "half_width_kpc")


def noise_maps(samples, seed=0):
    """Pixels of each map in random order: the same values, no galaxy."""
    rng = np.random.default_rng(seed)
    changed = []
    for sample in samples:
        order = rng.permutation(sample.maps[0].size)
        maps = np.stack([image.ravel()[order].reshape(image.shape) for image in sample.maps])
        changed.append(replace(sample, maps=maps))
    return changed


def normal_noise_maps(samples, seed=0):
    """White noise of each map's own mean and standard deviation; densities and dispersions not negative."""
    rng = np.random.default_rng(seed)
    changed = []
    for sample in samples:
        mean, std = (f(sample.maps, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
        maps = mean + std * rng.standard_normal(sample.maps.shape)
        maps[[XY, RV, MOMENT_0, MOMENT_2]] = np.abs(maps[[XY, RV, MOMENT_0, MOMENT_2]])
        changed.append(replace(sample, maps=maps.astype(np.float32)))
    return changed


def zero_maps(samples):
    """Empty maps under a mask that says they are full."""
    return [replace(sample, maps=np.zeros_like(sample.maps)) for sample in samples]


def scalars_of_others(samples, seed=0, *, units_of_maps=True):
    """Maps of one galaxy, scalars of another; the units stay with the maps, or go with the scalars."""
    names = [str(sample.row["galaxy_id"]) for sample in samples]
    order = np.random.default_rng(seed).permutation(len(samples))
    for i in range(len(order)):  # no galaxy keeps its own
        if names[order[i]] == names[i]:
            j = next(j for j in range(len(order)) if names[order[j]] != names[i] and names[order[i]] != names[j])
            order[i], order[j] = order[j], order[i]
    changed = []
    for sample, k in zip(samples, order, strict=True):
        row = sample.row if units_of_maps else {**sample.row, **{u: samples[k].row[u] for u in UNITS}}
        changed.append(replace(sample, scalars=samples[k].scalars, row=row))
    return changed


def scaled(samples, name, factor):
    """One scalar in a wrong unit."""
    by = np.where(np.array(SCALARS) == name, factor, 1.0)
    return [replace(sample, scalars=sample.scalars * by) for sample in samples]


def turned(samples, *channels):
    """Transposed maps."""
    changed = []
    for sample in samples:
        maps = sample.maps.copy()
        for channel in channels:
            maps[channel] = maps[channel].T
        changed.append(replace(sample, maps=maps))
    return changed


def without_units(samples):
    """Samples whose maps' units nobody wrote down."""
    return [replace(s, row={k: v for k, v in s.row.items() if k not in UNITS}) for s in samples]
