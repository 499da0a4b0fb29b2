"""A trained model: the joint posterior of the enclosed masses of a galaxy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from stargas.batch import Batch
from stargas.config import DataConfig, ModelConfig, settings_from
from stargas.errors import InputError, did_you_mean
from stargas.galaxy import FloatArray
from stargas.map_settings import require_same_maps, settings_for_inference
from stargas.model.flow import ConditionalFlow
from stargas.model.flow_sampler import FlowSampler
from stargas.model.inputs import Inputs, batches_of, count_samples, prepare, require_tracers
from stargas.model.known import OVERSAMPLING, Known, log_weights, resampled
from stargas.model.network import Network, flow_context
from stargas.model.scaling import InputScaling
from stargas.model.target import Target, require_profiles
from stargas.randomness import rng_for
from stargas.representation import Described
from stargas.sample import Sample
from stargas.tracers import TRACER_SETS, tracer_set

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

_NETWORK_BATCH = 256
_DRAWS_AT_ONCE = 8192  # hidden layers of so many draws stay in the processor's cache


@dataclass(frozen=True, eq=False, repr=False)
class Posterior(Described):
    """q(log10 M(<r) at some radii | maps, scalars, features) of one model.

    Parameters
    ----------
    config
        Settings of the model.
    network
        Maps and features to an embedding.
    flow
        Density of the standardized targets given the embedding and what is known of the galaxy.
    scaling
        Units of the inputs.
    target
        What is predicted, and its standardization.
    about
        Plain data for ``model.json``: provenance, training settings, metrics, ranges of the training set.
    prior
        One of ``config.priors``: the suite whose galaxies are expected. None for all that the model learned from.
    tracer_set
        Name of one of `stargas.tracers.TRACER_SETS`: what the posterior is conditioned on of galaxies with both
        tracers. None for all that is known.
    folder
        Where the model was read from; None where it was not.
    known
        What is known of the targets beside the data, with errors: the draws are conditioned on it, see
        `stargas.model.known`.

    Raises
    ------
    InputError
        If the model was not trained with that prior, cannot be conditioned on that tracer set, or does not predict
        what is known.

    Examples
    --------
    >>> import stargas as sg
    >>> model = sg.load_model()
    >>> samples = sg.make_samples(sg.mock_suite("bursty", n_galaxies=3, seed=1)[2])
    >>> draws = model.sample(samples[:2], 100)  # log10 M(<r) [Msun]
    >>> draws.shape == (2, 100, len(samples[0].r_kpc))
    True
    """

    config: ModelConfig
    network: Network
    flow: ConditionalFlow
    scaling: InputScaling
    target: Target
    about: dict[str, Any] = field(default_factory=dict)
    prior: str | None = None
    tracer_set: str | None = None
    folder: Path | None = None
    known: tuple[Known, ...] = ()

    def __post_init__(self) -> None:
        """Check the prior, the tracer set and what is known, and switch dropout off for good."""
        if self.prior is not None and self.prior not in self.config.priors:
            known = ", ".join(self.config.priors) or "none"
            near = did_you_mean(self.prior, self.config.priors)
            raise InputError(f"this model has no prior {self.prior!r}{near}; it has: {known}.")
        if self.tracer_set is not None:
            possible = [one.name for one in TRACER_SETS] if self.config.tracers == "any" else []
            if self.tracer_set not in possible:
                listed = ", ".join(possible) or "all that it was trained with"
                raise InputError(
                    f"this model cannot be conditioned on {self.tracer_set!r}; it can be conditioned on: {listed}."
                )
        log_weights(self.known, self.target, np.zeros((1, len(self.target))))  # raises for what is no target
        self.network.eval()
        self.flow.eval()

    def _facts(self) -> Mapping[str, str]:
        radii = self.target.radii_R_hl
        return {
            "tracers": self.config.tracers,
            "network": self.config.network,
            "flow": self.config.flow,
            "radii": f"{len(radii)} from {radii[0]:g} to {radii[-1]:g} R_hl",
            "prior": self.prior or "all suites",
            **({} if self.tracer_set is None else {"conditioned on": self.tracer_set}),
            **({"known": ", ".join(map(str, self.known))} if self.known else {}),
        }

    @cached_property
    def data_config(self) -> DataConfig:
        """Settings with which samples are made for the model: those of its training data, without degradation.

        Raises
        ------
        InputError
            If the model does not know its training data.
        """
        if not self._training_configs:
            raise InputError("this model does not know the settings of its training data: load a saved model.")
        return settings_for_inference(self._training_configs)

    @property
    def conditions_on_quality(self) -> bool:
        """Whether the quality of the data enters the posterior, and the model learned from degraded data."""
        return self.config.features and any(config.degradation.share > 0 for config in self._training_configs)

    @cached_property
    def _training_configs(self) -> list[DataConfig]:
        data_sets = [data_set for part in self.about.get("data", ()) for data_set in part["data_sets"]]
        return [settings_from(DataConfig, data_set["config"]) for data_set in data_sets]

    @cached_property
    def _sampler(self) -> FlowSampler:
        return FlowSampler(self.flow)

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
            Name of one of `stargas.tracers.TRACER_SETS`, or None for all that is known. The rest does not enter the
            posterior.

        Raises
        ------
        InputError
            If the model is not one of any tracers, or there is no such tracer set.
        """
        return replace(self, tracer_set=tracer_set)

    def with_known(self, **quantities: tuple[float, float]) -> "Posterior":
        """Return the same model, conditioned on what is known of its targets beside the data.

        Parameters
        ----------
        **quantities
            Value and standard error of each quantity that is known from other data than those of the galaxies, by its
            name in `stargas.model.further_quantities`: ``inclination_deg=(62.0, 5.0)``. Without any, nothing is known.

        Raises
        ------
        InputError
            If there is no such quantity, the model does not predict it, or its error is not positive.

        Notes
        -----
        A quantity that was measured on the same data would count twice.
        """
        return replace(self, known=tuple(Known(name, *map(float, pair)) for name, pair in quantities.items()))

    def sample(
        self, samples: "Sample | Sequence[Sample] | Dataset", n: int = 1000, seed: int = 0
    ) -> NDArray[np.float32]:
        """Draw mass profiles from the posterior.

        Of a model with further targets, these are the masses of the draws of `sample_targets`.

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
            log10 M [Msun], shape (n_galaxies, n, n_radii).

        Raises
        ------
        InputError
            If a sample was made with other settings of maps or radii than the model's, lacks a tracer that all galaxies
            of the training set had, or holds unusable values.
        """
        return self.sample_targets(samples, n, seed)[..., : self.target.n_radii]

    def sample_targets(
        self, samples: "Sample | Sequence[Sample] | Dataset", n: int = 1000, seed: int = 0
    ) -> NDArray[np.float32]:
        """Draw all targets from the posterior, shape (n_galaxies, n, n_targets): log10 M [Msun], then further ones.

        Parameters are those of `sample`; `stargas.model.target.Target.names` tells what the targets are.

        Raises
        ------
        InputError
            As `sample`.
        """
        if n < 1:
            raise InputError(f"at least 1 draw is needed, got n={n}.")
        drawn = np.empty((count_samples(samples), n, len(self.target)), np.float32)
        n_pool = n * OVERSAMPLING if self.known else n
        at_once = max(1, _DRAWS_AT_ONCE // n_pool)
        for first, context, inputs in self._contexts(samples):
            for start in range(0, len(context), at_once):
                part = slice(start, start + at_once)
                rows = range(first + start, first + start + len(context[part]))
                streams = [rng_for(seed, "posterior", row) for row in rows]
                noise = [stream.standard_normal((n_pool, len(self.target)), dtype=np.float32) for stream in streams]
                pools = self.draw(context[part], inputs[part], np.stack(noise))
                for row, pool, stream in zip(rows, pools, streams, strict=True):
                    drawn[row] = self._conditioned(pool, n, stream) if self.known else pool
        return drawn

    def _conditioned(self, pool: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
        """Keep n draws of a pool, shape (n_pool, n_targets), by how well they agree with what is known."""
        return pool[resampled(log_weights(self.known, self.target, pool), n, rng)]

    def quantiles(
        self, samples: "Sample | Sequence[Sample] | Dataset", q: ArrayLike, n: int = 1000, seed: int = 0
    ) -> FloatArray:
        """Return quantiles of log10 M at each radius, shape (n_galaxies, len(q), n_radii), from ``n`` draws.

        Raises
        ------
        InputError
            If a quantile is outside 0 to 1, or as `sample`.
        """
        levels = np.atleast_1d(np.asarray(q, dtype=np.float64))
        if not ((levels >= 0) & (levels <= 1)).all():
            raise InputError(f"quantiles lie between 0 and 1, got {levels.tolist()}.")
        return np.moveaxis(np.quantile(self.sample(samples, n, seed), levels, axis=1), 0, 1)

    def log_prob(self, samples: "Sample | Sequence[Sample] | Dataset", log10_mass: ArrayLike) -> FloatArray:
        """Evaluate the natural logarithm of the posterior density, per dex of each of the masses.

        Of a model with further targets, the density is that of all targets, whose values follow those of the masses.

        Parameters
        ----------
        samples
            One galaxy, several, or a data set.
        log10_mass
            log10 M [Msun], shape (n_galaxies, n_radii), or (n_galaxies, k, n_radii) for k profiles each.

        Returns
        -------
        numpy.ndarray
            Shape (n_galaxies,) or (n_galaxies, k).

        Raises
        ------
        InputError
            If the shapes do not fit, something is known beside the data, or as `sample`.
        """
        if self.known:
            raise InputError(
                "the density is that of the data alone: use the model without what is known, with_known()."
            )
        values = np.asarray(log10_mass, dtype=np.float64)
        require_profiles(
            values, count_samples(samples), len(self.target), f"the targets {', '.join(self.target.names)}"
        )
        profiles = values if values.ndim == 3 else values[:, None]
        result = np.empty(profiles.shape[:-1])
        with torch.no_grad():
            for first, context, inputs in self._contexts(samples):
                rows = slice(first, first + len(context))
                theta = self.target.standardize(profiles[rows], inputs.tracer_sets, inputs.log_scalars)
                density = self.flow.log_prob(torch.from_numpy(theta.astype(np.float32)), context[:, None])
                result[rows] = density.numpy() + self.target.log_volume(inputs.tracer_sets)[:, None]
        return result if values.ndim == 3 else result[:, 0]

    def features(self, samples: "Sample | Sequence[Sample] | Dataset") -> NDArray[np.float32]:
        """Return what the flow is conditioned on, shape (n_galaxies, n_context).

        These are the embedding of the network, the quality of the data, and what is known of the galaxy.

        Raises
        ------
        InputError
            As `sample`.
        """
        parts = [context.numpy() for _, context, _ in self._contexts(samples)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.flow.context_mean)), np.float32)

    def inputs(self, batch: Batch, first: int = 0) -> Inputs:
        """Return the inputs of the network for some samples, under the prior and tracer set of the model.

        Parameters
        ----------
        batch
            Arrays of the samples, made with the settings of the model.
        first
            Number of the first of them, for messages.

        Raises
        ------
        InputError
            As `sample`, but for the settings.
        """
        require_tracers(batch, self.config, self.about.get("tracer_share", {}), first)
        prior = -1 if self.prior is None else self.config.priors.index(self.prior)
        return prepare(batch, self.scaling, prior, None if self.tracer_set is None else tracer_set(self.tracer_set))

    @torch.no_grad()
    def context(self, inputs: Inputs) -> Tensor:
        """Return what the flow is conditioned on for some inputs, shape (n, n_context)."""
        embedding = self.network.embed(*inputs.of_network)
        return flow_context(embedding, inputs.features, self.scaling.layout.context_columns)

    @torch.inference_mode()  # no_grad costs a tenth more
    def draw(self, context: Tensor, inputs: Inputs, noise: NDArray[np.float32]) -> FloatArray:
        """Turn noise into draws of the targets, log10 M [Msun] first, shape (n, n_draws, n_targets).

        Parameters
        ----------
        context
            Of the inputs, shape (n, n_context).
        inputs
            Of n samples.
        noise
            Standard normal values, shape (n, n_draws, n_targets).
        """
        theta = self._sampler.draw(context, torch.from_numpy(noise)).numpy()
        return self.target.restore(theta, inputs.tracer_sets, inputs.log_scalars)

    def _contexts(self, samples: "Sample | Sequence[Sample] | Dataset") -> Iterator[tuple[int, Tensor, Inputs]]:
        """Go through the samples in batches: index of the first, context, inputs."""
        self._require_same_maps(samples)
        first = 0
        for batch in batches_of(samples, _NETWORK_BATCH):
            inputs = self.inputs(batch, first)
            yield first, self.context(inputs), inputs
            first += len(inputs)

    def _require_same_maps(self, samples: "Sample | Sequence[Sample] | Dataset") -> None:
        if isinstance(samples, Sample):
            samples = [samples]
        made = [one.config for one in samples] if isinstance(samples, Sequence) else samples.configs
        for config in dict.fromkeys(made) if self._training_configs else ():
            require_same_maps(config, self.data_config)
