"""Alignment of suites: how far the embeddings of their galaxies differ, as a part of the loss of a network.

A network that is told to make the galaxies of several suites look alike in its embedding may rest on what they have in
common, and so do better on suites that it has never seen (domain adaptation by maximum mean discrepancy, Gretton et al.
2012, JMLR 13, 723; between simulations of galaxies: Hahn et al., HaloFlow II). It may as well lose what tells the
masses of galaxies apart, where suites differ in them.
"""

import torch
from torch import Tensor

_BANDWIDTHS = (0.25, 1.0, 4.0)  # squared, over the median squared distance


def discrepancy(embedding: Tensor, suite: Tensor) -> Tensor:
    """Return the squared maximum mean discrepancy between suites, the mean over pairs of them.

    The kernel is a mean of Gaussians whose widths follow the median distance of the samples.

    Parameters
    ----------
    embedding
        What a network makes of n samples, shape (n, k).
    suite
        Number of the suite of each, shape (n,).

    Returns
    -------
    torch.Tensor
        A number from 0 (the same embeddings in all suites) to 2; 0 where all samples are of one suite.
    """
    members = (suite[:, None] == torch.unique(suite)).to(embedding.dtype)
    n_suites = members.shape[1]
    if n_suites < 2:
        return embedding.new_zeros(())
    length = embedding.square().sum(dim=1)
    squared = (length[:, None] + length - 2 * embedding @ embedding.T).clamp(min=0)
    scale = squared.detach().median().clamp(min=torch.finfo(squared.dtype).tiny)
    kernel = torch.stack([torch.exp(-squared / (2 * width * scale)) for width in _BANDWIDTHS]).mean(dim=0)
    weights = members / members.sum(dim=0)
    means = weights.T @ kernel @ weights
    own = means.diagonal()
    result: Tensor = (own[:, None] + own - 2 * means).sum() / (n_suites * (n_suites - 1))
    return result
