r"""The density of the targets given a context: a conditional normalizing flow.

With θ the standardized targets and c the context, that is the embedding of the network beside what is known of the
galaxy and its data,

    z = R (θ − b),        u = f(z; c) / s,        log q(θ|c) = log N(u) − log ∏ s + log abs det(∂f/∂z) + log abs det(R)

where f is a flow of zuko, by default the masked autoregressive flow (Papamakarios et al. 2017). R and b are fixed
before f is trained: they rotate the targets of the training set to their principal components and give these unit
variance. Neighboring masses are so strongly correlated that a flow of a few transforms spends itself on the
correlation otherwise. (Components of the network's residuals, with its prediction subtracted, gave a lower density of
held-out masses.) The scales s are 1 until the flow is calibrated.

Density is one pass through each transform of f. Draws invert them: `stargas.model.flow_sampler`.
"""

import math

import numpy as np
import torch
import zuko
from torch import Tensor, nn

from stargas.galaxy import FloatArray

_ONE_SIGMA = math.erf(math.sqrt(0.5))  # share of a Gaussian variable within one standard deviation


class ConditionalFlow(nn.Module):
    """q(θ | c) of standardized targets θ (n_targets,) given a context c (n_context,).

    Parameters
    ----------
    density
        A flow of zuko whose base is the standard normal distribution.
    n_targets
        Quantities whose joint density it is.
    n_context
        Columns of the context.
    """

    def __init__(self, density: zuko.flows.Flow, n_targets: int, n_context: int) -> None:
        super().__init__()
        self.density = density
        self.center: Tensor
        self.rotation: Tensor
        self.inverse_rotation: Tensor
        self.log_det: Tensor
        self.context_mean: Tensor
        self.context_std: Tensor
        self.scale: Tensor
        self.register_buffer("center", torch.zeros(n_targets))
        self.register_buffer("rotation", torch.eye(n_targets))
        self.register_buffer("inverse_rotation", torch.eye(n_targets))
        self.register_buffer("log_det", torch.zeros(()))
        self.register_buffer("context_mean", torch.zeros(n_context))
        self.register_buffer("context_std", torch.ones(n_context))
        self.register_buffer("scale", torch.ones(n_targets))

    def set_context(self, context: Tensor) -> None:
        """Take mean and spread of the contexts (n, n_context) of the training set, so that f sees them standardized."""
        self.context_mean.copy_(context.mean(dim=0))
        std = context.std(dim=0)
        self.context_std.copy_(torch.where(std > 0, std, torch.ones_like(std)))

    def set_whitening(self, theta: Tensor) -> None:
        """Take R and b from the principal components of the targets θ (n, n_targets) of the training set."""
        targets = theta.double().numpy()
        rotation, inverse, log_det = whitening(np.atleast_2d(np.cov(targets, rowvar=False)))
        self.center.copy_(torch.from_numpy(targets.mean(axis=0)))
        self.rotation.copy_(torch.from_numpy(rotation))
        self.inverse_rotation.copy_(torch.from_numpy(inverse))
        self.log_det.fill_(log_det)

    def standardized(self, context: Tensor) -> Tensor:
        """Return the context as f sees it, shape (..., n_context)."""
        return (context - self.context_mean) / self.context_std

    def log_prob(self, theta: Tensor, context: Tensor) -> Tensor:
        """Return log q(θ|c) for θ (..., n_targets) and c (..., n_context), leading shapes broadcast."""
        u, log_slope = self._gaussian(theta, context)
        u = u / self.scale
        density = -0.5 * u.square().sum(dim=-1) - self.scale.log().sum() - 0.5 * u.shape[-1] * math.log(2 * math.pi)
        return density + log_slope + self.log_det

    def _gaussian(self, theta: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return f(z; c) and log abs det(∂f/∂z)."""
        z = nn.functional.linear(theta - self.center, self.rotation)
        transform = self.density(self.standardized(context)).transform
        u, log_slope = transform.call_and_ladj(z)
        return u, log_slope

    @torch.no_grad()
    def calibrate(self, context: Tensor, theta: Tensor) -> None:
        """Choose the scales s so that the central 68 % of held-out targets is right.

        Parameters
        ----------
        context
            Of galaxies that the flow did not learn from, shape (n, n_context).
        theta
            Their standardized targets, shape (n, n_targets).

        Notes
        -----
        One scale for each Gaussian variable, the same for all galaxies: how a posterior depends on the galaxy is
        the flow's to learn; how far it trusts its context is not, since it learned from galaxies that the network
        knew.
        """
        u, _ = self._gaussian(theta, context)
        self.scale.copy_(torch.quantile(u.abs(), _ONE_SIGMA, dim=0))


def whitening(covariance: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Matrix R that turns a covariance into the identity, its inverse and log abs det(R).

    Components whose variance is below 1e-8 of the largest are scaled as if they had that much: they are rounding.
    """
    variance, axes = np.linalg.eigh(covariance)
    variance, axes = variance[::-1], axes[:, ::-1]
    std = np.sqrt(np.maximum(variance, 1e-8 * variance[0]))
    return (axes / std).T, axes * std, float(-np.log(std).sum())
