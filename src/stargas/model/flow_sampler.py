"""Draws from a trained flow, many at a time.

To draw is to invert the transforms, and to invert an autoregressive transform is to find one variable after the other.
Done as ``transform.inv(...)`` that costs a pass for each variable, nine tenths of which repeat what is known.
`FlowSampler` computes each hidden unit once, when the variables that it depends on are known: one pass of arithmetic,
the same function. Transforms of other kinds are inverted by zuko.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import zuko
from torch import Tensor, nn
from zuko.nn import MaskedLinear
from zuko.transforms import MonotonicAffineTransform
from zuko.utils import unpack

from stargas.model.flow import ConditionalFlow

_STEEPEST = -math.log(1e-3)  # bound of a in zuko's affine transform, by its default slope


class FlowSampler:
    """Draws from a trained `stargas.model.flow.ConditionalFlow`.

    It holds copies of weights: make a new one after the flow has changed.
    """

    def __init__(self, flow: ConditionalFlow) -> None:
        self.flow = flow
        lazy = flow.density.transform
        transforms = lazy.transforms if isinstance(lazy, zuko.lazy.LazyComposedTransform) else [lazy]
        self._inverses: list[_Inverse] = [
            _Autoregressive(transform) if _is_autoregressive(transform) else _Inverse(transform)
            for transform in reversed(transforms)
        ]

    @torch.no_grad()
    def draw(self, context: Tensor, noise: Tensor) -> Tensor:
        """Turn Gaussian noise into draws from q(θ|c).

        Parameters
        ----------
        context
            Shape (n, n_context).
        noise
            Standard normal values, shape (n, n_draws, n_targets).

        Returns
        -------
        torch.Tensor
            θ, shape (n, n_draws, n_targets).
        """
        n, n_draws, n_targets = noise.shape
        standardized = self.flow.standardized(context)
        z = (
            (noise * self.flow.scale).permute(2, 0, 1).contiguous()
        )  # (n_targets, n, n_draws): every row is one variable
        for inverse in self._inverses:
            z = inverse(standardized, z)
        white = z.reshape(n_targets, n * n_draws)
        theta = (self.flow.inverse_rotation @ white).reshape(n_targets, n, n_draws).permute(1, 2, 0)
        return theta + self.flow.center


class _Inverse:
    """Inverse of any transform, as zuko computes it."""

    def __init__(self, transform: Any) -> None:  # noqa: ANN401 (a zuko transform)
        self.transform = transform

    def __call__(self, context: Tensor, y: Tensor) -> Tensor:
        """Solve y = f(x; c) for x; x and y have shape (n_targets, n, n_draws)."""
        x: Tensor = self.transform(context[:, None]).inv(y.permute(1, 2, 0))
        return x.permute(2, 0, 1)


def _is_autoregressive(transform: Any) -> bool:  # noqa: ANN401 (a zuko transform)
    """Whether `_Autoregressive` inverts a transform: one variable after the other, plain layers with tanh between."""
    if not isinstance(transform, zuko.flows.autoregressive.MaskedAutoregressiveTransform) or transform.order is None:
        return False
    layers = list(transform.hyper)
    plain = all(isinstance(layer, MaskedLinear) for layer in layers[::2])
    return (
        plain
        and all(isinstance(layer, nn.Tanh) for layer in layers[1::2])
        and transform.order.unique().numel() == (transform.order.numel())
    )


@dataclass(frozen=True)
class _Step:
    """What becomes known with the k-th variable of a transform.

    Units of a hidden layer are sorted by the number of variables that they depend on; ``start:stop`` are those
    of each layer that need the first k variables and no more.
    """

    blocks: tuple[tuple[int, int], ...]
    weights: tuple[Tensor, ...]
    output_weight: Tensor
    output_bias: Tensor


class _Autoregressive(_Inverse):
    """Inverse of an autoregressive transform, in one pass."""

    def __init__(self, transform: Any) -> None:  # noqa: ANN401 (a zuko transform)
        """Sort the hidden units of the transform by the variables that they wait for."""
        super().__init__(transform)
        linears: list[Any] = list(transform.hyper)[::2]
        is_affine = transform.univariate is MonotonicAffineTransform
        self.invert = _invert_affine if is_affine else self._invert_univariate
        self.order = transform.order.tolist()
        n = len(self.order)
        self.sequence = [self.order.index(k) for k in range(n)]  # the variable that becomes known k-th
        weights = [(layer.weight * layer.mask).detach() for layer in linears]
        biases = [layer.bias.detach() for layer in linears]
        needs, sorting = _needs([layer.mask for layer in linears[:-1]], self.sequence)

        first = weights[0][sorting[0]]
        inner = [w[sorting[i + 1]][:, sorting[i]] for i, w in enumerate(weights[1:-1])]
        last = weights[-1][:, sorting[-1]]
        self.context_weight, self.context_bias = first[:, n:].contiguous(), biases[0][sorting[0]]
        self.biases = [bias[by_need, None] for bias, by_need in zip(biases[1:-1], sorting[1:], strict=True)]
        self.steps = []
        for k, variable in enumerate(self.sequence):
            blocks = [(int((need < k).sum()), int((need <= k).sum())) for need in needs]
            step_weights = [first[slice(*blocks[0])][:, self.sequence[:k]].contiguous()]
            for i, weight in enumerate(inner):
                step_weights.append(weight[slice(*blocks[i + 1]), : blocks[i][1]].contiguous())
            rows = slice(transform.total * variable, transform.total * (variable + 1))
            output = last[rows, : blocks[-1][1]].contiguous()
            self.steps.append(_Step(tuple(blocks), tuple(step_weights), output, biases[-1][rows, None]))

    def __call__(self, context: Tensor, y: Tensor) -> Tensor:
        """Solve y = f(x; c) for x; x and y have shape (n_targets, n, n_draws)."""
        n_targets, n, n_draws = y.shape
        from_context = nn.functional.linear(context, self.context_weight, self.context_bias).T  # (units, n)
        # What does not depend on the variables stands in each unit beforehand; the rest is added when it is known.
        hidden = [from_context.repeat_interleave(n_draws, dim=1)]
        hidden += [bias.repeat(1, n * n_draws) for bias in self.biases]
        in_numpy = [layer.numpy() for layer in hidden]  # the same memory, for a tanh that takes a fifth of torch's time
        known = y.new_empty(n_targets, n * n_draws)  # in the order in which they become known
        y_in_sequence = y[self.sequence].reshape(n_targets, -1)
        for k, step in enumerate(self.steps):
            below = known[:k]
            for layer, values, weight, (start, stop) in zip(hidden, in_numpy, step.weights, step.blocks, strict=True):
                layer[start:stop].addmm_(weight, below)
                np.tanh(values[start:stop], out=values[start:stop])
                below = layer[:stop]
            parameters = torch.addmm(step.output_bias, step.output_weight, below)  # (total, n * n_draws)
            known[k] = self.invert(parameters, y_in_sequence[k])
        return known[self.order].view(n_targets, n, n_draws)

    def _invert_univariate(self, parameters: Tensor, y: Tensor) -> Tensor:
        """Solve y = f(x) for x (n_draws,), with the parameters of f, shape (total, n_draws), as zuko does."""
        own = unpack(parameters.T, self.transform.shapes) if any(self.transform.shapes) else parameters.unbind()
        x: Tensor = self.transform.univariate(*own).inv(y)
        return x


def _invert_affine(parameters: Tensor, y: Tensor) -> Tensor:
    """Solve y = exp(a) x + b for x, as `zuko.transforms.MonotonicAffineTransform` does, with fewer calls."""
    shift, scale = parameters.numpy()
    log_scale = scale / (1 + np.abs(scale) / _STEEPEST)
    return torch.from_numpy((y.numpy() - shift) * np.exp(-log_scale))


def _needs(masks: Sequence[Tensor], sequence: Sequence[int]) -> tuple[list[Tensor], list[Tensor]]:
    """Return how many variables must be known before each unit of each hidden layer is, and its units in that order."""
    n = len(sequence)
    depends = torch.eye(masks[0].shape[1])[:, sequence]  # (inputs, variables in their order)
    needs, sorting = [], []
    for mask in masks:
        depends = ((mask.float() @ depends) > 0).float()  # (units, variables in their order)
        need = (depends * torch.arange(1, n + 1)).amax(dim=1)
        by_need = torch.argsort(need, stable=True)
        needs.append(need[by_need])
        sorting.append(by_need)
    return needs, sorting
