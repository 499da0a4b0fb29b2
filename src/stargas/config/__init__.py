"""Every setting of stargas, with its default and what it does; imports nothing heavy.

A YAML file has the blocks ``snapshots``, ``data``, ``model``, ``training`` and ``local``; only ``local`` cannot change
a result. The defaults are the method of Expósito-Márquez et al. (2026) where the paper states it ("paper") and our
choice where it does not ("ours").
"""

from stargas.config.checked import replace_settings, restated, settings_from
from stargas.config.data import (
    DataConfig,
    DegradationConfig,
    HIMapConfig,
    SelectionConfig,
    SplitConfig,
    StarMapConfig,
    TruthConfig,
    ViewConfig,
)
from stargas.config.local import LocalConfig
from stargas.config.model import (
    ConvolutionalConfig,
    MAFConfig,
    ModelConfig,
    ResidualConfig,
    SplineConfig,
    StarSetConfig,
)
from stargas.config.observation import ObservationConfig
from stargas.config.snapshots import SnapshotConfig
from stargas.config.training import TrainingConfig

__all__ = [
    "ConvolutionalConfig",
    "DataConfig",
    "DegradationConfig",
    "HIMapConfig",
    "LocalConfig",
    "MAFConfig",
    "ModelConfig",
    "ObservationConfig",
    "ResidualConfig",
    "SelectionConfig",
    "SnapshotConfig",
    "SplineConfig",
    "SplitConfig",
    "StarMapConfig",
    "StarSetConfig",
    "TrainingConfig",
    "TruthConfig",
    "ViewConfig",
    "replace_settings",
    "restated",
    "settings_from",
]
