"""The block ``model``: network, flow, and what they are conditioned on.

Each design of `stargas.model.designs` has a block of its own; the block of another design than the chosen one has no
effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from stargas.config.checked import Checked, between, sizes

MAX_WIDTH, MAX_LAYERS, MAX_FILTERS, MAX_WEIGHTS = 4096, 64, 1024, 200_000_000
"""Largest layers and networks, which take some GB in training; larger ones are slips of the keyboard."""


@dataclass(frozen=True)
class ConvolutionalConfig(Checked):
    """The convolutional network (§3.2 of the paper; layer sizes are ours).

    Parameters
    ----------
    filters
        Filters of the two convolution blocks of each branch.
    kernel_size
        Side of the convolution kernels [pixels].
    first_stride
        Stride of the first convolution [pixels]; 2 saves most of the arithmetic (ours).
    dense
        Widths of the dense layers before the embedding.
    embedding_size
        Width of the penultimate layer, on which the flow is conditioned (paper: 32 features).
    dropout
        Dropout rate after the convolution blocks and between dense layers.
    """

    filters: tuple[int, int] = (8, 16)
    kernel_size: int = 3
    first_stride: int = 2
    dense: tuple[int, ...] = (128, 64)
    embedding_size: int = 32
    dropout: float = 0.1

    _block = "model.convolutional"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "filters": sizes(self.filters, MAX_FILTERS, 2, 2),
            "kernel_size": (
                1 <= self.kernel_size <= 31 and self.kernel_size % 2 == 1,
                "an odd number of pixels between 1 and 31",
            ),
            "first_stride": between(self.first_stride, 1, 64),
            "dense": sizes(self.dense, MAX_WIDTH, MAX_LAYERS, most_weights=MAX_WEIGHTS),
            "embedding_size": between(self.embedding_size, 1, MAX_WIDTH),
            "dropout": (0 <= self.dropout < 1, "between 0 and 1, without 1"),
        }


@dataclass(frozen=True)
class StarSetConfig(Checked):
    """The encoder of the stars as a set, beside the features (ours).

    Parameters
    ----------
    width
        Width of the layers that each star goes through. 0 for a network that does not receive the stars themselves.
    n_heads
        Sets of weights with which the stars of a galaxy are averaged.
    """

    width: int = 0
    n_heads: int = 4

    _block = "model.residual.stars"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "width": between(self.width, 0, MAX_WIDTH),
            "n_heads": between(self.n_heads, 1, MAX_LAYERS),
        }


@dataclass(frozen=True)
class ResidualConfig(Checked):
    """The network of residual blocks (ours).

    Parameters
    ----------
    filters
        Filters of the convolutions of each map, each of stride 2. None for a network without maps.
    stars
        Encoder of the stars themselves, of which samples must keep some (``data.stars.kept``).
    width
        Width of the residual blocks.
    n_blocks
        Residual blocks.
    embedding_size
        Width of the embedding of each member of the ensemble, on which the flow is conditioned.
    ensemble_size
        Networks side by side, whose mean is the prediction.
    dropout
        Dropout rate after the convolutions and in the blocks.
    """

    filters: tuple[int, ...] = (8, 16)
    stars: StarSetConfig = field(default_factory=StarSetConfig)
    width: int = 256
    n_blocks: int = 3
    embedding_size: int = 32
    ensemble_size: int = 1
    dropout: float = 0.1

    _block = "model.residual"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "filters": sizes(self.filters, MAX_FILTERS, 8),
            "width": between(self.width, 1, MAX_WIDTH),
            "n_blocks": between(self.n_blocks, 0, MAX_LAYERS),
            "embedding_size": between(self.embedding_size, 1, MAX_WIDTH),
            "ensemble_size": (
                1 <= self.ensemble_size <= MAX_WEIGHTS / max(1, self.width**2 * (2 * self.n_blocks + 1)),
                f"at least 1, and small enough for {MAX_WEIGHTS:g} weights of all blocks",
            ),
            "dropout": (0 <= self.dropout < 1, "between 0 and 1, without 1"),
        }


@dataclass(frozen=True)
class MAFConfig(Checked):
    """The masked autoregressive flow (paper; sizes are ours).

    Parameters
    ----------
    transforms
        Autoregressive transforms.
    hidden
        Widths of the hidden layers of each transform.
    """

    transforms: int = 4
    hidden: tuple[int, ...] = (64, 64)

    _block = "model.maf"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "transforms": between(self.transforms, 1, MAX_LAYERS),
            "hidden": sizes(self.hidden, MAX_WIDTH, 8, 1, MAX_WEIGHTS // max(self.transforms, 1)),
        }


@dataclass(frozen=True)
class SplineConfig(Checked):
    """The neural spline flow (Durkan et al. 2019).

    Parameters
    ----------
    transforms
        Autoregressive transforms.
    hidden
        Widths of the hidden layers of each transform.
    bins
        Segments of each spline.
    """

    transforms: int = 3
    hidden: tuple[int, ...] = (64, 64)
    bins: int = 8

    _block = "model.spline"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "transforms": between(self.transforms, 1, MAX_LAYERS),
            "hidden": sizes(self.hidden, MAX_WIDTH, 8, 1, MAX_WEIGHTS // max(self.transforms, 1)),
            "bins": between(self.bins, 2, 256),
        }


@dataclass(frozen=True)
class ModelConfig(Checked):
    """What a model receives of a galaxy, its network and its flow (§3.2 of the paper).

    Parameters
    ----------
    tracers
        ``star``, ``gas`` or ``stargas``: the tracers whose maps and scalars the network receives; or ``any``, for one
        network that is conditioned on either or both.
    features
        Let the network have what is measured on the stars as a set, on the star maps and on the HI maps, and how good
        the data are, beside maps and scalars (paper: no).
    compress_maps
        Compress the dynamic range of the maps before they are divided by their rms: the square root of densities of
        stars, logarithms of HI columns, asinh of velocities (ours: yes). Else they are divided by their rms alone.
    gas_knows_R_hl
        Let a model of the tracer ``gas`` have R_hl, too, since the masses are those inside multiples of it (paper: no).
    baseline
        What the standardized targets are relative to: the ``mean`` of the training set (paper), or a linear fit in the
        logarithms of the ``scalars`` of the tracers that are known.
    priors
        Suites of the training set that can be chosen as the prior of an inference (paper: no choice).
    further_targets
        Quantities of `stargas.model.target.QUANTITIES` that are predicted beside the masses (paper: none).
    network
        Design of the network: ``convolutional`` (paper), ``residual``, or ``custom`` for a module passed from Python.
    convolutional, residual
        Settings of these designs.
    flow
        Design of the flow: ``maf`` (paper), ``spline``, or ``custom`` for a flow of zuko passed from Python.
    maf, spline
        Settings of these designs.
    whiten
        Rotate the targets to uncorrelated components of unit variance before the flow (ours: yes).
    calibrate
        Widen or narrow the flow after training until the central 68 % of the validation split is right (paper: no).
    """

    tracers: Literal["star", "gas", "stargas", "any"] = "stargas"
    features: bool = False
    compress_maps: bool = True
    gas_knows_R_hl: bool = False  # noqa: N815 (the field's own name)
    baseline: Literal["mean", "scalars"] = "mean"
    priors: tuple[str, ...] = ()
    further_targets: tuple[str, ...] = ()
    network: Literal["convolutional", "residual", "custom"] = "convolutional"
    convolutional: ConvolutionalConfig = field(default_factory=ConvolutionalConfig)
    residual: ResidualConfig = field(default_factory=ResidualConfig)
    flow: Literal["maf", "spline", "custom"] = "maf"
    maf: MAFConfig = field(default_factory=MAFConfig)
    spline: SplineConfig = field(default_factory=SplineConfig)
    whiten: bool = True
    calibrate: bool = False

    _block = "model"

    @property
    def receives_maps(self) -> bool:
        """Whether the network receives maps."""
        return self.network != "residual" or bool(self.residual.filters)

    @property
    def receives_stars(self) -> bool:
        """Whether the network receives the stars themselves."""
        return self.network == "residual" and bool(self.residual.stars.width)

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "residual.stars.width": (
                self.tracers != "gas" or not self.receives_stars,
                "0 where model.tracers is gas, which leaves the stars out",
            ),
        }
