"""The plan of the pretrained model, and what two settings differ in."""

import dataclasses
from pathlib import Path

from stargas.cli.settings import read_settings
from stargas.experiments.default import default_plan

PRESET = read_settings([], preset="default")
MASSES_ALONE = dataclasses.replace(PRESET.model, priors=(), further_targets=())
FULL = default_plan(PRESET.data, PRESET.model, PRESET.training, tng=[Path("galaxy.hdf5")])


def changed(one, other):
    """Fields in which two settings differ, with the values of the second; dotted names for those of inner blocks."""
    differing = {}
    for name in (field.name for field in dataclasses.fields(one)):
        mine, its = getattr(one, name), getattr(other, name)
        if dataclasses.is_dataclass(its):
            differing |= {f"{name}.{field}": value for field, value in changed(mine, its).items()}
        elif its != mine:
            differing[name] = its
    return differing
