r"""The density of the masses given the features: a conditional masked autoregressive flow.

With θ the standardized log10 masses and f the features of the network,

    z = R (θ − b),        log q(θ|f) = log q_MAF(z | f) + log |det R|

where the MAF (Papamakarios et al. 2017; zuko) turns z into a Gaussian variable. R and b are fixed before the flow is
trained: they rotate the masses of the training set to their principal components and give these unit variance.
Neighboring masses are so strongly correlated that a flow of a few transforms spends itself on the correlation
otherwise. (Components of the network's residuals, with its prediction subtracted, gave a lower density of
held-out masses.)

Hidden units are tanh: with zuko's ReLU, shift and log-scale grow without limit outside the training set, and one draw
in 2,000 landed dex away from all others, some at 10¹⁰.

Density is one pass through each transform. Drawing inverts them, one mass after the other. Done as
``z.inv(...)`` that costs ten passes, nine tenths of which repeat known numbers; `FlowSampler` computes each
hidden unit once, when the masses that it depends on are known: one pass of arithmetic, the same function.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import zuko
from torch import Tensor, nn

from stargas.config import ModelConfig
from stargas.galaxy import FloatArray
from stargas.model.inputs import context_columns

_ONE_SIGMA = math.erf(math.sqrt(0.5))  # share of a Gaussian variable within one standard deviation


class MassFlow(nn.Module):
    """q(θ | f) of standardized log10 masses θ (10,) given features f (32,).

    Parameters
    ----------
    config
        Size of the flow.
    n_masses
        Number of radii.
    """

    def __init__(self, config: ModelConfig, n_masses: int = 10) -> None:
        super().__init__()
        n_features = config.members * config.n_features + len(context_columns(config))
        self.maf = zuko.flows.MAF(
            n_masses,
            n_features,
            transforms=config.flow_transforms,
            hidden_features=config.flow_hidden,
            activation=nn.Tanh,
        )
        self.center: Tensor
        self.rotation: Tensor
        self.inverse_rotation: Tensor
        self.log_det: Tensor
        self.feature_mean: Tensor
        self.feature_std: Tensor
        self.stretch: Tensor
        self.register_buffer("center", torch.zeros(n_masses))
        self.register_buffer("rotation", torch.eye(n_masses))
        self.register_buffer("inverse_rotation", torch.eye(n_masses))
        self.register_buffer("log_det", torch.zeros(()))
        self.register_buffer("feature_mean", torch.zeros(n_features))
        self.register_buffer("feature_std", torch.ones(n_features))
        self.register_buffer("stretch", torch.ones(n_masses))

    def set_features(self, features: Tensor) -> None:
        """Take mean and spread of the features (n, n_features), so that the flow sees them standardized."""
        self.feature_mean.copy_(features.mean(dim=0))
        std = features.std(dim=0)
        self.feature_std.copy_(torch.where(std > 0, std, torch.ones_like(std)))

    def set_whitening(self, theta: Tensor) -> None:
        """Take the principal components of the masses θ (n, n_masses) of the training set."""
        masses = theta.double().numpy()
        rotation, inverse, log_det = whitening(np.atleast_2d(np.cov(masses, rowvar=False)))
        self.center.copy_(torch.from_numpy(masses.mean(axis=0)))
        self.rotation.copy_(torch.from_numpy(rotation))
        self.inverse_rotation.copy_(torch.from_numpy(inverse))
        self.log_det.fill_(log_det)

    def context(self, features: Tensor) -> Tensor:
        """Features as the flow sees them, standardized."""
        return (features - self.feature_mean) / self.feature_std

    def log_prob(self, theta: Tensor, features: Tensor) -> Tensor:
        """Return log q(θ|f) for θ (..., n_masses) and f (..., n_features), leading shapes broadcast."""
        u, log_slope = self._gaussian(theta, features)
        u = u / self.stretch
        density = -0.5 * u.square().sum(dim=-1) - self.stretch.log().sum() - 0.5 * u.shape[-1] * math.log(2 * math.pi)
        return density + log_slope + self.log_det

    def _gaussian(self, theta: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the Gaussian variable of masses, before it is stretched, and the log-determinant of the transforms."""
        z = nn.functional.linear(theta - self.center, self.rotation)
        transform = self.maf(self.context(features)).transform
        u, log_slope = transform.call_and_ladj(z)
        return u, log_slope

    @torch.no_grad()
    def calibrate(self, features: Tensor, theta: Tensor) -> None:
        """Stretch the Gaussian variable until the central 68 % of held-out masses is right.

        Parameters
        ----------
        features
            Of galaxies that the flow did not learn from, shape (n, n_features).
        theta
            Their standardized masses, shape (n, n_masses).

        Notes
        -----
        One factor for each of the ten variables, the same for all galaxies: how a posterior depends on the galaxy is
        the flow's to learn; how far it trusts its features is not, since it learned from galaxies that the network
        knew.
        """
        u, _ = self._gaussian(theta, features)
        self.stretch.copy_(torch.quantile(u.abs(), _ONE_SIGMA, dim=0))


def whitening(covariance: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Matrix R that turns a covariance into the identity, its inverse and log |det R|.

    Components whose variance is below 1e-8 of the largest are scaled as if they had that much: they are rounding.
    """
    variance, axes = np.linalg.eigh(covariance)
    variance, axes = variance[::-1], axes[:, ::-1]
    std = np.sqrt(np.maximum(variance, 1e-8 * variance[0]))
    return (axes / std).T, axes * std, float(-np.log(std).sum())


@dataclass(frozen=True)
class _Step:
    """What becomes known with the k-th mass of a transform.

    Units of a hidden layer are sorted by the number of masses that they depend on; ``start:stop`` are those
    of each layer that need the first k masses and no more.
    """

    feature: int
    blocks: tuple[tuple[int, int], ...]
    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]
    output_weight: Tensor
    output_bias: Tensor


@dataclass(frozen=True)
class _TransformPlan:
    context_weight: Tensor
    context_bias: Tensor
    widths: tuple[int, ...]
    steps: tuple[_Step, ...]


class FlowSampler:
    """Draws from a trained `MassFlow` with one pass of arithmetic per transform.

    It copies the weights: make a new one after the flow has changed.
    """

    def __init__(self, flow: MassFlow) -> None:
        self.flow = flow
        self._plans = [_plan(transform) for transform in flow.maf.transform.transforms]

    @torch.no_grad()
    def draw(self, features: Tensor, noise: Tensor) -> Tensor:
        """Turn Gaussian noise into draws from q(θ|f).

        Parameters
        ----------
        features
            Shape (n, n_features).
        noise
            Standard normal numbers, shape (n, n_draws, n_masses).

        Returns
        -------
        torch.Tensor
            θ, shape (n, n_draws, n_masses).
        """
        n, n_draws, n_masses = noise.shape
        context = self.flow.context(features)
        z = (noise * self.flow.stretch).permute(2, 0, 1).contiguous()  # (n_masses, n, n_draws): every row is one mass
        for plan in reversed(self._plans):
            z = _invert(plan, context, z)
        white = z.reshape(n_masses, n * n_draws)
        theta = (self.flow.inverse_rotation @ white).reshape(n_masses, n, n_draws).permute(1, 2, 0)
        return theta + self.flow.center


def _plan(transform: Any) -> _TransformPlan:  # noqa: ANN401 (a zuko transform)
    """Sort the hidden units of a zuko transform by the masses that they wait for."""
    linears: list[Any] = [layer for layer in transform.hyper if isinstance(layer, nn.Linear)]
    order = transform.order.tolist()
    n_masses = len(order)
    sequence = [order.index(k) for k in range(n_masses)]  # the mass that becomes known k-th
    weights = [(layer.weight * layer.mask).detach() for layer in linears]
    biases = [layer.bias.detach() for layer in linears]

    # needs[l][u] = how many masses must be known before unit u of layer l is
    needs, sorting = [], []
    depends = torch.eye(len(linears[0].weight[0]))[:, sequence]  # (inputs, masses in their order)
    for layer in linears[:-1]:
        depends = ((layer.mask.float() @ depends) > 0).float()  # (units, masses in their order)
        need = (depends * torch.arange(1, n_masses + 1)).amax(dim=1)
        by_need = torch.argsort(need, stable=True)
        needs.append(need[by_need])
        sorting.append(by_need)
    first = weights[0][sorting[0]]
    inner = [w[sorting[i + 1]][:, sorting[i]] for i, w in enumerate(weights[1:-1])]
    last = weights[-1][:, sorting[-1]]

    steps = []
    for k, feature in enumerate(sequence):
        blocks = [(int((need < k).sum()), int((need <= k).sum())) for need in needs]
        step_weights = [first[slice(*blocks[0])][:, sequence[:k]].contiguous()]
        step_biases = []
        for i, weight in enumerate(inner):
            step_weights.append(weight[slice(*blocks[i + 1]), : blocks[i][1]].contiguous())
            step_biases.append(biases[i + 1][sorting[i + 1]][slice(*blocks[i + 1]), None])
        rows = [2 * feature, 2 * feature + 1]
        output = last[rows, : blocks[-1][1]].contiguous()
        steps.append(
            _Step(feature, tuple(blocks), tuple(step_weights), tuple(step_biases), output, biases[-1][rows, None])
        )
    return _TransformPlan(
        first[:, n_masses:].contiguous(), biases[0][sorting[0]], tuple(len(need) for need in needs), tuple(steps)
    )


def _invert(plan: _TransformPlan, context: Tensor, y: Tensor) -> Tensor:
    """Solve y = f(x) for x; y has shape (n_masses, n, n_draws)."""
    n_masses, n, n_draws = y.shape
    from_context = nn.functional.linear(context, plan.context_weight, plan.context_bias).T  # (units, n)
    hidden = [y.new_empty(width, n * n_draws) for width in plan.widths]
    known = y.new_empty(n_masses, n * n_draws)  # in the order in which they become known
    x = torch.empty_like(y)
    for k, step in enumerate(plan.steps):
        for i, (start, stop) in enumerate(step.blocks):
            if start == stop:
                continue
            if i == 0:
                base = from_context[start:stop, :, None].expand(-1, n, n_draws).reshape(stop - start, -1)
                value = torch.addmm(base, step.weights[0], known[:k]) if k else base
            else:
                value = torch.addmm(step.biases[i - 1], step.weights[i], hidden[i - 1][: step.blocks[i - 1][1]])
            torch.tanh(value, out=hidden[i][start:stop])
        last = hidden[-1][: step.blocks[-1][1]]
        shift, scale = torch.addmm(step.output_bias, step.output_weight, last)
        affine = zuko.transforms.MonotonicAffineTransform(shift, scale)
        known[k] = affine.inv(y[step.feature].reshape(-1))
        x[step.feature] = known[k].view(n, n_draws)
    return x
