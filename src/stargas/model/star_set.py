"""An encoder of the stars of a galaxy as a set: a deep set with attention (Zaheer et al. 2017, Lee et al. 2019).

Each star goes through the same layers. Several sets of weights then decide how much each star counts in a mean over the
galaxy, and the means become the embedding. It does not change with the order of the stars.
"""

import torch
from torch import Tensor, nn

from stargas.config import StarSetConfig

EMBEDDING_SIZE = 32
"""Columns of the embedding of a set."""

N_STAR_INPUTS = 10
"""Numbers that the layers receive of a star."""

_SMALLEST_RADIUS = 0.03  # [R_hl], where the logarithm of the radius ends
_COUNT = 2.0  # log10 of a number of stars that is usual


class StarSetEncoder(nn.Module):
    """From the stars of each galaxy to an embedding of fixed size.

    Parameters
    ----------
    config
        Layer sizes.
    """

    def __init__(self, config: StarSetConfig) -> None:
        super().__init__()
        width = config.width
        self.star = nn.Sequential(
            nn.Linear(N_STAR_INPUTS, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.attention = nn.Linear(width, config.n_heads)
        self.galaxy = nn.Sequential(nn.SiLU(), nn.Linear(config.n_heads * width + 1, EMBEDDING_SIZE))

    def forward(self, stars: Tensor) -> Tensor:
        """Return the embedding, shape (n, `EMBEDDING_SIZE`).

        Parameters
        ----------
        stars
            Shape (n, 4, n_stars), columns as `stargas.sample.declaration.STAR_SET`; NaN where there is no star. A
            galaxy without any has the embedding of an empty set.
        """
        n, _, n_stars = stars.shape
        known = ~stars.isnan().any(dim=1)
        rows = known.flatten().nonzero().squeeze(1)
        each = self.star(star_inputs(stars.transpose(1, 2).reshape(-1, 4)[rows]))  # the layers see no padding
        encoded = each.new_zeros(n * n_stars, each.shape[1]).index_copy(0, rows, each).view(n, n_stars, -1)
        score = self.attention(encoded).masked_fill(~known[..., None], -torch.inf)
        weight = score.softmax(dim=1).nan_to_num(nan=0.0)
        means = torch.einsum("nsh,nsw->nhw", weight, encoded).flatten(1)
        count = known.sum(dim=1, keepdim=True).clamp(min=1).to(means.dtype).log10() - _COUNT
        embedding: Tensor = self.galaxy(torch.cat([means, count], dim=1))
        return embedding


def star_inputs(stars: Tensor) -> Tensor:
    """Return what the layers receive of n stars, all of order one, shape (n, `N_STAR_INPUTS`).

    Positions are compressed toward the outside. Velocities stand beside their squares and their products with the
    direction on the sky, of which rotation is the mean.

    Parameters
    ----------
    stars
        Shape (n, 4), columns as `stargas.sample.declaration.STAR_SET`.
    """
    x, y, v, error = stars.unbind(dim=-1)
    radius = torch.hypot(x, y)
    cos, sin = (side / radius.clamp(min=1e-6) for side in (x, y))
    v, error = v.asinh(), error.asinh()
    log_radius = radius.clamp(min=_SMALLEST_RADIUS).log10()
    return torch.stack([x.asinh(), y.asinh(), log_radius, cos, sin, v, v * v, v * cos, v * sin, error], dim=-1)
