"""A trained model: joint posterior of the enclosed masses of a galaxy.

On disk it is a folder of two files: ``model.safetensors`` with the numbers, ``model.json`` with the settings,
the scaling, the provenance and the ranges of the training set. Loading reads numbers and text and executes nothing.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from stargas import __version__
from stargas.config import DataConfig, DegradationConfig, ModelConfig, settings_from
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray
from stargas.model.feature_network import FeatureNetwork
from stargas.model.flow import FlowSampler, MassFlow
from stargas.model.inputs import TRACER_SETS, Inputs, batches_of, count_samples, prepare, require_tracers
from stargas.model.network import MassNetwork
from stargas.model.scaling import Scaling
from stargas.pretrained import FOLDER as PRETRAINED
from stargas.randomness import rng_for
from stargas.storage import write_atomically

if TYPE_CHECKING:
    from stargas.batch import Batch
    from stargas.dataset.store import Dataset
    from stargas.sample import Sample

FORMAT = "stargas model"
FORMAT_VERSION = 2
"""Raised whenever an older stargas could not read what this one writes."""

_NETWORK_BATCH = 256
_DRAWS_AT_ONCE = 8192  # hidden layers of so many draws stay in the processor's cache


Network = MassNetwork | FeatureNetwork
"""What turns maps and numbers into features."""


def make_network(config: ModelConfig, n_masses: int, n_pixels: int) -> Network:
    """Make an untrained network of the settings' design, for ``n_masses`` radii and maps of ``n_pixels`` a side."""
    return (FeatureNetwork if config.design == "fusion" else MassNetwork)(config, n_masses, n_pixels)


@dataclass(frozen=True, eq=False)
class Posterior:
    """q(log10 M(<r) at ten radii | maps, scalars) of one model.

    Parameters
    ----------
    config
        Tracers and sizes.
    network
        Maps and scalars to features.
    flow
        Density given the features.
    scaling
        Units of inputs and targets.
    about
        Plain data for `model.json`: radii, provenance, training settings, metrics, ranges of the training set.
    prior
        One of ``config.priors``: the suite whose galaxies are expected. None for all that the model learned from.
    tracer_set
        One of `stargas.model.inputs.TRACER_SETS`: of galaxies with both tracers, what the answer may rest on. None for
        all that there is.
    folder
        Where the model was read from; None where it was not.
    """

    config: ModelConfig
    network: Network
    flow: MassFlow
    scaling: Scaling
    about: dict[str, Any] = field(default_factory=dict)
    prior: str | None = None
    tracer_set: str | None = None
    folder: Path | None = None

    def __post_init__(self) -> None:
        """Check the prior and switch dropout off for good."""
        if self.prior is not None and self.prior not in self.config.priors:
            known = ", ".join(self.config.priors) or "none"
            raise InputError(f"this model has no prior {self.prior!r}; it has: {known}.")
        if self.tracer_set is not None and (self.config.tracers != "any" or self.tracer_set not in TRACER_SETS):
            known = ", ".join(TRACER_SETS) if self.config.tracers == "any" else "all that it was trained with"
            raise InputError(
                f"this model cannot be conditioned on {self.tracer_set!r}; it can be conditioned on: {known}."
            )
        self.network.eval()
        self.flow.eval()

    @property
    def n_masses(self) -> int:
        """Number of radii."""
        return self.scaling.n_masses

    @property
    def data_config(self) -> DataConfig:
        """Settings of the maps that the model was trained on; an observation for it must be made with the same.

        Nothing is degraded by them. A model that has learned from few stars, by the effects of observing, takes as few.
        """
        configs = self._training_configs
        least = min(config.min_stars for config in configs)
        return replace(configs[0], stars=replace(configs[0].stars, min_stars=least), degradation=DegradationConfig())

    @property
    def conditions_on_quality(self) -> bool:
        """Whether the posterior holds errors of velocities and noise of the HI: the model is told and learned them."""
        return self.config.numbers and any(config.degradation.share > 0 for config in self._training_configs)

    @property
    def _training_configs(self) -> list[DataConfig]:
        data_sets = [data_set for part in self.about["data"] for data_set in part["data_sets"]]
        return [settings_from(DataConfig, data_set["config"]) for data_set in data_sets]

    @cached_property
    def _sampler(self) -> FlowSampler:
        return FlowSampler(self.flow)

    def features(self, samples: "Sample | Sequence[Sample] | Dataset") -> NDArray[np.float32]:
        """Return the features that the flow is conditioned on, shape (n_galaxies, n_features).

        Raises
        ------
        InputError
            As `sample`.
        """
        parts = [part.numpy() for _, part, _ in self._features(samples)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.flow.feature_mean)), np.float32)

    def with_prior(self, prior: str | None) -> "Posterior":
        """Return the same model under another prior.

        Parameters
        ----------
        prior
            One of ``config.priors``, or None for all that the model learned from.

        Raises
        ------
        InputError
            If the model was not trained with that prior.
        """
        return replace(self, prior=prior)

    def conditioned_on(self, tracer_set: str | None) -> "Posterior":
        """Return the same model, conditioned on a part of what is known of galaxies with both tracers.

        Parameters
        ----------
        tracer_set
            One of `stargas.model.inputs.TRACER_SETS`, or None for all that is known. The rest does not enter the
            posterior.

        Raises
        ------
        InputError
            If the model is not one of any tracers, or there is no such tracer set.
        """
        return replace(self, tracer_set=tracer_set)

    def sample(
        self, samples: "Sample | Sequence[Sample] | Dataset", n: int = 1000, seed: int = 0
    ) -> NDArray[np.float32]:
        """Draw mass profiles from the posterior.

        Parameters
        ----------
        samples
            One galaxy, several, or a data set.
        n
            Draws per galaxy.
        seed
            Root seed; galaxy i has a stream of its own, so its draws do not depend on those after it.

        Returns
        -------
        numpy.ndarray
            log10 M [Msun], shape (n_galaxies, n, 10).

        Raises
        ------
        InputError
            If a sample lacks a tracer that all galaxies of the training set had, or holds unusable numbers.
        """
        if n < 1:
            raise InputError(f"{n} draws were asked for; at least 1 is needed.")
        drawn = np.empty((count_samples(samples), n, self.n_masses), np.float32)
        at_once = max(1, _DRAWS_AT_ONCE // n)
        for first, features, inputs in self._features(samples):
            for start in range(0, len(features), at_once):
                part = features[start : start + at_once]
                rows = range(first + start, first + start + len(part))
                noise = np.stack(
                    [
                        rng_for(seed, "posterior", row).standard_normal((n, self.n_masses), dtype=np.float32)
                        for row in rows
                    ]
                )
                own = slice(start, start + len(part))
                drawn[rows.start : rows.stop] = self.masses(part, inputs.tracer_set[own], inputs.log_scalar[own], noise)
        return drawn

    def masses(
        self, features: Tensor, tracer_set: NDArray[np.integer], log_scalar: FloatArray, noise: NDArray[np.float32]
    ) -> FloatArray:
        """Turn noise into draws of log10 M [Msun], shape (n_galaxies, n_draws, 10).

        Parameters
        ----------
        features
            Of the network, shape (n_galaxies, n_features).
        tracer_set, log_scalar
            As `stargas.model.inputs.Inputs` has them.
        noise
            Standard normal numbers, shape (n_galaxies, n_draws, 10).
        """
        expected, spread = (
            self.scaling.baseline(tracer_set, log_scalar)[:, None],
            self.scaling.spread(tracer_set)[:, None],
        )
        return self._sampler.draw(features, torch.from_numpy(noise)).numpy() * spread + expected

    def inputs(self, batch: "Batch", first: int = 0) -> Inputs:
        """Return what the network is given for some samples, under the prior and tracer set of the model.

        Parameters
        ----------
        batch
            Arrays of the samples.
        first
            Number of the first of them, for messages.

        Raises
        ------
        InputError
            As `sample`.
        """
        require_tracers(batch, self.config, self.about.get("tracer_share", {}), first)
        prior = -1 if self.prior is None else self.config.priors.index(self.prior)
        tracer_set = None if self.tracer_set is None else TRACER_SETS.index(self.tracer_set)
        return prepare(batch, self.scaling, self.config, prior, tracer_set)

    def log_prob(self, samples: "Sample | Sequence[Sample] | Dataset", log10_mass: ArrayLike) -> FloatArray:
        """Evaluate the natural logarithm of the posterior density, per dex of each of the ten masses.

        Parameters
        ----------
        samples
            One galaxy, several, or a data set.
        log10_mass
            log10 M [Msun], shape (n_galaxies, 10), or (n_galaxies, k, 10) for k profiles each.

        Returns
        -------
        numpy.ndarray
            Shape (n_galaxies,) or (n_galaxies, k).

        Raises
        ------
        InputError
            If the shapes do not fit, or as `sample`.
        """
        mass = np.asarray(log10_mass, dtype=np.float64)
        n = count_samples(samples)
        if mass.ndim not in {2, 3} or mass.shape[0] != n or mass.shape[-1] != self.n_masses:
            raise InputError(
                f"masses of shape {mass.shape} do not fit {n} galaxies: ({n}, {self.n_masses}) or "
                f"({n}, k, {self.n_masses}) is needed."
            )
        profiles = mass if mass.ndim == 3 else mass[:, None]
        result = np.empty(profiles.shape[:-1])
        with torch.no_grad():
            for first, features, inputs in self._features(samples):
                rows = slice(first, first + len(features))
                expected = self.scaling.baseline(inputs.tracer_set, inputs.log_scalar)[:, None]
                spread = self.scaling.spread(inputs.tracer_set)[:, None]
                theta = torch.from_numpy(((profiles[rows] - expected) / spread).astype(np.float32))
                result[rows] = self.flow.log_prob(theta, features[:, None]).numpy() - np.log(spread).sum(axis=-1)
        return result if mass.ndim == 3 else result[:, 0]

    def quantiles(
        self, samples: "Sample | Sequence[Sample] | Dataset", q: ArrayLike, n: int = 1000, seed: int = 0
    ) -> FloatArray:
        """Return quantiles of log10 M at each radius, shape (n_galaxies, len(q), 10), from ``n`` draws.

        Raises
        ------
        InputError
            If a quantile is outside 0 to 1, or as `sample`.
        """
        levels = np.atleast_1d(np.asarray(q, dtype=np.float64))
        if not ((levels >= 0) & (levels <= 1)).all():
            raise InputError(f"quantiles lie between 0 and 1, got {levels.tolist()}.")
        return np.moveaxis(np.quantile(self.sample(samples, n, seed), levels, axis=1), 0, 1)

    def _features(self, samples: "Sample | Sequence[Sample] | Dataset") -> Iterator[tuple[int, Tensor, Inputs]]:
        """Go through the samples in batches: index of the first, features, inputs."""
        first = 0
        for batch in batches_of(samples, _NETWORK_BATCH):
            inputs = self.inputs(batch, first)
            with torch.no_grad():
                yield first, self.network.features(inputs.maps, inputs.numbers), inputs
            first += len(inputs)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the two files of the model into a folder, which is made if needed.

        Raises
        ------
        InputError
            If a model is already there.
        """
        folder = Path(folder)
        if (folder / "model.json").exists():
            raise InputError(f"{folder} already holds a model: choose another folder or remove it.")
        folder.mkdir(parents=True, exist_ok=True)
        state = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        state |= {f"flow.{name}": value for name, value in self.flow.state_dict().items()}
        weights = safetensors.torch.save({name: value.cpu().contiguous() for name, value in state.items()})
        described = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "stargas_version": __version__,
            "weights_sha256": hashlib.sha256(weights).hexdigest(),
            "model": {f.name: getattr(self.config, f.name) for f in fields(self.config)},
            "scaling": self.scaling.to_dict(),
            "about": self.about,
        }
        write_atomically(folder / "model.safetensors", weights)
        write_atomically(folder / "model.json", (json.dumps(described, indent=1, allow_nan=False) + "\n").encode())


def load_model(folder: str | os.PathLike[str] | None = None) -> Posterior:
    """Read a model that `Posterior.save` wrote; nothing in it is executed.

    Parameters
    ----------
    folder
        Folder with ``model.json`` and ``model.safetensors``; the pretrained model if None.

    Raises
    ------
    InputError
        If there is no model in the folder, or a later stargas wrote it.
    DamagedFileError
        If a file is truncated or the two do not belong together.
    """
    folder = PRETRAINED if folder is None else Path(folder)
    for name in ("model.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise InputError(f"{folder} holds no model: {name} is missing; give the folder that train wrote.")
    try:
        described = json.loads((folder / "model.json").read_text())
        if described["format"] != FORMAT:
            raise InputError(f"{folder / 'model.json'} does not describe a model: give the folder that train wrote.")
        written_in = int(described["format_version"])
    except (KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DamagedFileError(f"{folder / 'model.json'} is not the description of a model: copy it again.") from error
    if written_in > FORMAT_VERSION:
        raise InputError(
            f"{folder} was written by stargas {described.get('stargas_version')} in format {written_in}, this stargas "
            f"{__version__} reads up to {FORMAT_VERSION}: update stargas."
        )
    if written_in < FORMAT_VERSION:
        raise InputError(f"{folder} was written in format {written_in}, which had other inputs: train the model again.")
    weights = (folder / "model.safetensors").read_bytes()
    try:
        if hashlib.sha256(weights).hexdigest() != described["weights_sha256"]:
            raise DamagedFileError(
                f"{folder / 'model.safetensors'} is truncated or does not belong to its model.json: copy both again."
            )
        config = settings_from(ModelConfig, described["model"])
        scaling = Scaling.from_dict(described["scaling"])
        about = dict(described["about"])
        n_masses, n_pixels = scaling.n_masses, int(about["n_pixels"])
        network, flow = make_network(config, n_masses, n_pixels), MassFlow(config, n_masses)
        state = safetensors.torch.load(weights)
        for module, prefix in ((network, "network."), (flow, "flow.")):
            module.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DamagedFileError(f"{folder / 'model.json'} does not describe its weights: copy both again.") from error
    return Posterior(config, network, flow, scaling, about, folder=folder)
