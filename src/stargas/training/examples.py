"""Samples prepared for training: inputs of the network beside the truth, in memory or read from disk as needed.

A training set that fits the stated memory is prepared once, its maps in half precision; a larger one is read from its
memory-mapped shards and prepared batch by batch. Both give the same bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stargas.model.inputs import prepare
from stargas.model.network import network_inputs
from stargas.model.scaling import InputScaling
from stargas.model.target import Target, cos_inclination, true_quantities

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

_PREPARED_AT_ONCE = 256  # samples


@dataclass(frozen=True, eq=False)
class TensorRecord:
    """Tensors whose first axis counts samples.

    Its length is the number of samples, and an array of indices selects samples in that order.
    """

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(next(iter(self.tensors().values())))

    def __getitem__(self, indices: NDArray[np.integer]) -> Self:
        """Return the samples at the indices, in their order."""
        selected = torch.from_numpy(np.ascontiguousarray(indices))
        return type(self)(**{name: tensor[selected] for name, tensor in self.tensors().items()})

    @property
    def memory_gb(self) -> float:
        """Memory that the tensors occupy [10⁹ bytes]."""
        return sum(tensor.nbytes for tensor in self.tensors().values()) / 1e9

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to(self, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 (the arguments of torch.Tensor.to)
        """Return a copy with every tensor moved as by `torch.Tensor.to`; Lightning moves batches to a device by it."""
        return type(self)(**{name: tensor.to(*args, **kwargs) for name, tensor in self.tensors().items()})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Return all samples of the parts, in order."""
        return cls(**{name: torch.cat([part.tensors()[name] for part in parts]) for name in parts[0].tensors()})


@dataclass(frozen=True, eq=False)
class Examples(TensorRecord):
    """n samples prepared for training, before augmentation.

    Parameters
    ----------
    maps
        Prepared maps, shape (n, n_maps, n_pixels, n_pixels), float16.
    features
        Standardized features, shape (n, n_inputs), columns as in `stargas.model.inputs.Inputs`.
    tracer_set
        Which tracers are known, indices into `stargas.tracers.TRACER_SETS`, shape (n,).
    log_scalars
        log10 of all scalars, shape (n, 5), NaN where one is unknown.
    targets
        True targets, shape (n, n_targets).
    prior
        Index into the priors of the model of the suite that each sample comes from, shape (n,); -1 for a
        suite that is not a prior of the model.
    cos_inclination
        Absolute cosine of the inclination, shape (n,); NaN where it is unknown.
    stars
        The stars themselves, as in `stargas.model.inputs.Inputs`.
    """

    maps: Tensor
    features: Tensor
    tracer_set: Tensor
    log_scalars: Tensor
    targets: Tensor
    prior: Tensor
    cos_inclination: Tensor
    stars: Tensor


@dataclass(frozen=True, eq=False)
class NetworkBatch(TensorRecord):
    """What the network is trained on in one step.

    Parameters
    ----------
    maps, features, stars
        Inputs of the network, as in `Examples`.
    theta
        Standardized targets, shape (n, n_radii).
    cos_inclination
        Absolute cosine of the inclination, shape (n,); NaN where it is unknown.
    tracer_set
        Which tracers the network is given, indices into `stargas.tracers.TRACER_SETS`, shape (n,).
    suite
        Where each sample comes from, whether or not the network is given it: ``prior`` of `Examples`, shape (n,).
    """

    maps: Tensor
    features: Tensor
    stars: Tensor
    theta: Tensor
    cos_inclination: Tensor
    tracer_set: Tensor
    suite: Tensor

    @property
    def of_network(self) -> tuple[Tensor, ...]:
        """The arguments of the network."""
        return network_inputs(self.maps, self.features, self.stars)


@dataclass(frozen=True, eq=False)
class FlowBatch(TensorRecord):
    """What the flow is trained on in one step.

    Parameters
    ----------
    context
        What the trained network makes of a sample, shape (n, n_context).
    theta
        Standardized targets, shape (n, n_radii).
    """

    context: Tensor
    theta: Tensor


RecordT_co = TypeVar("RecordT_co", bound=TensorRecord, covariant=True)


class RecordSource(Protocol[RecordT_co]):
    """Samples of which any can be selected: a `TensorRecord`, or `StreamedExamples`."""

    @property
    def memory_gb(self) -> float:
        """Memory that is occupied for good [10⁹ bytes]."""

    def __len__(self) -> int:
        """Return the number of samples."""

    def __getitem__(self, indices: NDArray[np.integer]) -> RecordT_co:
        """Return the samples at the indices, in their order."""


@dataclass(frozen=True, eq=False)
class StreamedExamples:
    """Examples that are read from a data set and prepared whenever they are selected.

    Parameters
    ----------
    dataset
        The samples.
    scaling
        Of the inputs.
    further_targets
        Of all samples, those beside the masses, shape (n, k).
    prior, cos_inclination
        Of all samples, as in `Examples`.
    """

    dataset: "Dataset"
    scaling: InputScaling
    further_targets: NDArray[np.float32]
    prior: NDArray[np.integer]
    cos_inclination: NDArray[np.float32]

    memory_gb = 0.0

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.dataset)

    def __getitem__(self, indices: NDArray[np.integer]) -> Examples:
        """Return the samples at the indices, in their order."""
        batch = self.dataset.batch(indices)
        inputs = prepare(batch, self.scaling)
        return Examples(
            maps=inputs.maps,
            features=inputs.features,
            tracer_set=torch.from_numpy(inputs.tracer_sets),
            log_scalars=torch.from_numpy(inputs.log_scalars),
            targets=torch.from_numpy(np.column_stack([batch.log10_mass, self.further_targets[indices]])),
            prior=torch.from_numpy(self.prior[indices]),
            cos_inclination=torch.from_numpy(self.cos_inclination[indices]),
            stars=inputs.stars,
        )


def load_examples(
    dataset: "Dataset", scaling: InputScaling, target: Target, memory_gb: float
) -> "Examples | StreamedExamples":
    """Prepare the samples of a data set for training.

    Parameters
    ----------
    dataset
        The samples.
    scaling, target
        Of the model.
    memory_gb
        Memory that their maps and stars may occupy [10⁹ bytes].

    Returns
    -------
    Examples or StreamedExamples
        In memory if they fit, else read and prepared as they are needed.
    """
    further = true_quantities(dataset.catalogue, target.further).astype(np.float32)
    inclination = cos_inclination(dataset.catalogue).astype(np.float32)
    streamed = StreamedExamples(dataset, scaling, further, _priors(dataset, scaling), inclination)
    first = streamed[np.arange(min(1, len(dataset)))]
    n_bytes = len(dataset) * (first.maps.nbytes + first.stars.nbytes)
    return streamed if n_bytes > memory_gb * 1e9 else _in_memory(streamed)


def _in_memory(streamed: StreamedExamples) -> Examples:
    """Prepare all samples; part by part, so that the peak of memory is little above what is kept."""
    n = len(streamed)
    whole = {
        name: tensor.new_empty((n, *tensor.shape[1:])) for name, tensor in streamed[np.arange(1)].tensors().items()
    }
    for start in range(0, n, _PREPARED_AT_ONCE):
        part = streamed[np.arange(start, min(start + _PREPARED_AT_ONCE, n))]
        for name, tensor in part.tensors().items():
            whole[name][start : start + len(part)] = tensor
    return Examples(**whole)


def _priors(dataset: "Dataset", scaling: InputScaling) -> NDArray[np.integer]:
    suites = np.asarray(dataset.catalogue["suite"])
    prior = np.full(len(dataset), -1)
    for number, name in enumerate(scaling.layout.priors):
        prior[suites == name] = number
    return prior
