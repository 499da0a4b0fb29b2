"""Alignment of suites: how far the embeddings of their galaxies differ, as a part of the loss of a network.

A network that is trained to make galaxies of several suites alike in its embedding may rest on what they have in
common, and so do better on suites that it has never seen (domain adaptation by maximum mean discrepancy, Gretton et al.
2012, JMLR 13, 723; between simulations of galaxies: Hahn et al., HaloFlow II). It may as well lose what distinguishes
the masses of galaxies, where suites differ in them.
"""

import torch
from torch import Tensor

from stargas.config import ModelConfig, TrainingConfig
from stargas.errors import InputError

_BANDWIDTHS = (0.25, 1.0, 4.0)  # squared, over the median squared distance


def discrepancy(embedding: Tensor, suite: Tensor) -> Tensor:
    """Return an unbiased estimate of the squared maximum mean discrepancy between suites, the mean over pairs of them.

    The kernel is a mean of Gaussians whose widths follow the median distance of the samples.

    Parameters
    ----------
    embedding
        What a network makes of n samples, shape (n, k).
    suite
        Number of the suite of each, shape (n,). A suite of one sample does not count.

    Returns
    -------
    torch.Tensor
        A number that is 0 on average where all suites have the same embeddings, and 2 at most; 0 where fewer than two
        suites count.
    """
    members = (suite[:, None] == torch.unique(suite)).to(embedding.dtype)
    members = members[:, members.sum(dim=0) > 1]
    count = members.sum(dim=0)
    n_suites = len(count)
    if n_suites < 2:
        return embedding.new_zeros(())
    length = embedding.square().sum(dim=1)
    squared = (length[:, None] + length - 2 * embedding @ embedding.T).clamp(min=0)
    scale = squared.detach().median().clamp(min=torch.finfo(squared.dtype).tiny)
    kernel = torch.stack([torch.exp(-squared / (2 * width * scale)) for width in _BANDWIDTHS]).mean(dim=0)
    sums = members.T @ kernel @ members
    own = (sums.diagonal() - count) / (count * (count - 1))  # no sample is paired with itself
    between = sums / (count[:, None] * count)
    of_pairs = own[:, None] + own - 2 * between
    result: Tensor = (of_pairs.sum() - of_pairs.diagonal().sum()) / (n_suites * (n_suites - 1))
    return result


def require_named_suites(model: ModelConfig, training: TrainingConfig) -> None:
    """Check that a model whose suites are to be aligned names them.

    Raises
    ------
    InputError
        If it names none.
    """
    if training.alignment and not model.priors:
        raise InputError(
            f"training.alignment is {training.alignment:g}, which weighs the differences between suites, and "
            "model.priors names none: name those that are told apart, or set alignment to 0."
        )
