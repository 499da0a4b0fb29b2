"""Which settings give maps their meaning: a model can read a sample only if both were made with the same.

Settings that decide which galaxies, views or stars enter a data set, or how well they are observed, may differ.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any, NamedTuple

from stargas.config import DataConfig, DegradationConfig, settings_from
from stargas.errors import InputError
from stargas.pretrained import FOLDER as PRETRAINED

BLOCKS: Mapping[str, tuple[str, ...]] = {"stars": ("min_stars", "max_stars"), "gas": ("engine",), "truth": ()}
"""Blocks of the settings ``data`` that decide maps and radii, each with those settings that do not."""


class MapDifference(NamedTuple):
    """A setting of maps or radii that differs."""

    name: str
    one: Any
    other: Any


def map_differences(one: DataConfig, other: DataConfig) -> Iterator[MapDifference]:
    """Yield where the maps or radii of two settings differ.

    Examples
    --------
    >>> from stargas.config import DataConfig, StarMapConfig
    >>> list(map_differences(DataConfig(), DataConfig(stars=StarMapConfig(xy_limit=2.4, min_stars=50))))
    [MapDifference(name='data.stars.xy_limit', one=0.5, other=2.4)]
    """
    for block, free in BLOCKS.items():
        first, second = getattr(one, block), getattr(other, block)
        for name in (field.name for field in fields(first) if field.name not in free):
            if getattr(first, name) != getattr(second, name):
                yield MapDifference(f"data.{block}.{name}", getattr(first, name), getattr(second, name))


def require_same_maps(made: DataConfig, expected: DataConfig) -> None:
    """Check that a model can read samples.

    Parameters
    ----------
    made
        Settings that the samples were made with.
    expected
        Settings of the samples that the model was trained on.

    Raises
    ------
    InputError
        If maps or radii of the two differ.
    """
    for name, got, needed in map_differences(made, expected):
        raise InputError(
            f"the sample was made with {name} {got}, the model needs {needed}: make it with the settings of the model, "
            "make_sample(sky, rng, model.data_config), or build the data set with them."
        )


def settings_for_inference(learned: Sequence[DataConfig]) -> DataConfig:
    """Return the settings with which samples are made for a model.

    Parameters
    ----------
    learned
        Settings of the data sets that the model was trained on, at least one; their maps do not differ.

    Returns
    -------
    DataConfig
        Nothing is degraded by them. A model that has learned from few stars, in degraded samples, takes as few, and one
        that has learned from photometric catalogs takes these.
    """
    first = learned[0]
    min_stars = min(config.min_stars for config in learned)
    photometry = max(config.degradation.photometry for config in learned)
    stars, degradation = replace(first.stars, min_stars=min_stars), DegradationConfig(photometry=photometry)
    return replace(first, stars=stars, degradation=degradation)


@cache
def pretrained_settings() -> DataConfig:
    """Return the settings with which samples are made for the pretrained model; its weights are not read."""
    about = json.loads((PRETRAINED / "model.json").read_bytes())["about"]
    data_sets = [data_set for part in about["data"] for data_set in part["data_sets"]]
    return settings_for_inference([settings_from(DataConfig, data_set["config"]) for data_set in data_sets])
