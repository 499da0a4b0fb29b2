"""The block ``model``: network and flow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stargas.config.checked import Checked


@dataclass(frozen=True)
class ModelConfig(Checked):
    """Network and flow (§3.2 of the paper; layer sizes are ours).

    Parameters
    ----------
    tracers
        ``star``, ``gas`` or ``stargas``: which maps and scalars the network is given; or ``any``, for one network that
        answers with either or both.
    design
        ``paper`` for branches of convolutions and dense layers (§3.2 of the paper); ``fusion`` for maps that are
        embedded beside the numbers, and residual blocks.
    filters
        Filters of the convolution blocks of each branch: two in the paper's design. None for a network without maps.
    kernel_size
        Side of the convolution kernels [pixels].
    first_stride
        Stride of the first convolution [pixels]; 2 saves most of the arithmetic.
    dense
        Widths of the dense layers, or of the residual blocks, before the 32 features.
    n_features
        Width of the penultimate layer, which feeds the flow (paper: 32); of each member.
    members
        Networks of the fusion design side by side, whose mean is taken.
    dropout
        Dropout rate after the convolution blocks and between dense layers.
    flow_transforms
        Masked autoregressive transforms of the flow.
    flow_hidden
        Widths of the hidden layers of each transform.
    whiten
        Rotate the ten outputs to uncorrelated unit variance before the flow (ours: yes).
    gas_knows_R_hl
        Give R_hl to the gas model too, since the masses are asked for at multiples of it (paper: no).
    numbers
        Give the network what is measured on the stars as a set and on the HI maps, and how good the data are, beside
        maps and scalars (paper: no).
    baseline
        What the network's masses are relative to: the ``mean`` of the training set (paper), or a linear fit in the
        logarithms of the ``scalars`` of the tracers that are there.
    priors
        Suites of the training set that a user may choose as prior; galaxies of others have none (paper: no choice).
    calibrate
        Widen or narrow the flow after training until the central 68 % of the validation split is right (paper: no).
    """

    tracers: Literal["star", "gas", "stargas", "any"] = "stargas"
    design: Literal["paper", "fusion"] = "paper"
    filters: tuple[int, ...] = (8, 16)
    kernel_size: int = 3
    first_stride: int = 2
    dense: tuple[int, ...] = (128, 64)
    n_features: int = 32
    members: int = 1
    dropout: float = 0.1
    flow_transforms: int = 4
    flow_hidden: tuple[int, ...] = (64, 64)
    whiten: bool = True
    gas_knows_R_hl: bool = False  # noqa: N815 (the field's own name)
    numbers: bool = False
    baseline: Literal["mean", "scalars"] = "mean"
    priors: tuple[str, ...] = ()
    calibrate: bool = False

    _block = "model"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "filters": (
                min(self.filters, default=1) >= 1 and (self.design == "fusion" or len(self.filters) == 2),
                "at least 1 each, and two in the paper's design",
            ),
            "design": (self.design == "paper" or bool(self.dense), "paper where there are no dense layers"),
            "kernel_size": (self.kernel_size >= 1 and self.kernel_size % 2 == 1, "an odd number of pixels"),
            "first_stride": (self.first_stride >= 1, "at least 1"),
            "dense": (min(self.dense, default=1) >= 1, "at least 1 each"),
            "n_features": (self.n_features >= 1, "at least 1"),
            "members": (self.members == 1 or (self.members > 1 and self.design == "fusion"), "1, or more in a fusion"),
            "dropout": (0 <= self.dropout < 1, "between 0 and 1, without 1"),
            "flow_transforms": (self.flow_transforms >= 1, "at least 1"),
            "flow_hidden": (min(self.flow_hidden, default=0) >= 1, "one or more widths of at least 1"),
        }
