"""Mass profiles of galaxies from the kinematics of their stars and their HI gas.

The public names are loaded when they are first used, so importing the package is fast and does not
import torch.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Forecast": "stargas.inference.forecast",
    "Dataset": "stargas.dataset.store",
    "Galaxy": "stargas.galaxy",
    "Gas": "stargas.galaxy",
    "MassProfile": "stargas.galaxy",
    "Particles": "stargas.galaxy",
    "ProfileDraws": "stargas.profiles",
    "Sample": "stargas.sample.sample",
    "SkyGalaxy": "stargas.sky.projection",
    "View": "stargas.sky.view",
    "DarkMatter": "stargas.inference.dark_matter",
    "dark_matter": "stargas.inference.dark_matter",
    "example": "stargas.serve.examples",
    "HICube": "stargas.observed.cube",
    "MomentMaps": "stargas.observed.moments",
    "Posterior": "stargas.model.posterior",
    "StarCatalogue": "stargas.observed.catalogue",
    "build_dataset": "stargas.dataset.build",
    "KnownGalaxy": "stargas.observed.local_volume",
    "find_galaxy": "stargas.observed.local_volume",
    "estimate_mass": "stargas.baselines.estimators",
    "InferenceResult": "stargas.inference.result",
    "ObservedGalaxy": "stargas.observed.galaxy",
    "forecast": "stargas.inference.forecast",
    "hi_moments": "stargas.sky.hi_maps",
    "infer": "stargas.inference.infer",
    "kappa_co": "stargas.kinematics",
    "load_model": "stargas.model.files",
    "make_sample": "stargas.sample.observation",
    "make_samples": "stargas.sample.observation",
    "mock_suite": "stargas.simulations.mock_suites.suites",
    "open_dataset": "stargas.dataset.store",
    "project": "stargas.sky.projection",
    "read_hi": "stargas.observed.sources",
    "read_stars": "stargas.observed.catalogue",
    "read_galaxy": "stargas.simulations.files",
    "star_maps": "stargas.sky.star_maps",
    "to_own_frame": "stargas.frame",
    "train_model": "stargas.training.train",
    "virial_ratio": "stargas.kinematics",
    "write_galaxy": "stargas.simulations.particle_table",
}

__all__ = ["__version__", *sorted(_HOME)]  # noqa: PLE0604 (the names are strings)


def __getattr__(name: str) -> Any:  # noqa: ANN401 (any public object)
    """Load a public name from its home."""
    if name not in _HOME:
        raise AttributeError(f"module 'stargas' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
