"""Widths that are right for most galaxies like a given one, by conformal prediction within the leaves of a tree.

A tree divides the galaxies of a suite by how large their errors are in units of the stated ones; in each leaf, other
galaxies of that suite tell by what the intervals have to be multiplied to hold the stated share of the truth (local
conformal calibration, Cabezas et al. 2025, arXiv:2508.17077). That holds for galaxies of that suite; whether it does
for those of another one has to be measured.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from stargas.dataset.store import Dataset
from stargas.errors import InputError
from stargas.evaluation.intervals import CENTRAL_INTERVALS
from stargas.evaluation.local_calibration import SMALLEST, LocallyCalibrated, stated_errors
from stargas.galaxy import FloatArray
from stargas.model.posterior import Posterior
from stargas.randomness import rng_for

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor

LEAVES = {"max_leaf_nodes": 16, "min_samples_leaf": 100}
"""Settings of the tree: leaves that hold the galaxies from which a quantile can be told."""


@dataclass(frozen=True, eq=False)
class LeafWidths:
    """The factor on the widths in each leaf of a tree.

    Parameters
    ----------
    tree
        Divides samples by what their posterior is conditioned on.
    factor
        By the number of the leaf, shape (n_nodes,).
    """

    tree: "DecisionTreeRegressor"
    factor: FloatArray

    def predict(self, features: ArrayLike) -> FloatArray:
        """Return the square of the factor of each sample, shape (n,)."""
        result: FloatArray = self.factor[self.tree.apply(features)] ** 2
        return result


def calibrate_conformally(posterior: Posterior, data: Dataset) -> LocallyCalibrated:
    """Set the widths of a posterior so that its central 68 % intervals hold that share in every leaf of a tree.

    Half of the galaxies make the tree, the others the widths. A few hundred galaxies make a few leaves.

    Parameters
    ----------
    posterior
        A trained posterior, conditioned as it will be used.
    data
        Samples with known masses that it has not learned from.

    Raises
    ------
    InputError
        If there are fewer than two galaxies.
    """
    from sklearn.tree import DecisionTreeRegressor

    errors, features = np.abs(stated_errors(posterior, data)), posterior.features(data)
    galaxies, galaxy = np.unique(np.asarray(data.catalogue["galaxy_id"]), return_inverse=True)
    if len(galaxies) < 2:
        raise InputError(
            "a conformal calibration needs two galaxies, one for the tree and one for the widths; got one."
        )
    makes_tree = (rng_for(0, "conformal").permutation(len(galaxies)) % 2 == 0)[galaxy]
    tree = DecisionTreeRegressor(random_state=0, **LEAVES)
    tree.fit(features[makes_tree], np.log(np.maximum(errors[makes_tree].mean(axis=1), SMALLEST)))
    left, of, leaf = errors[~makes_tree], galaxy[~makes_tree], tree.apply(features[~makes_tree])
    factor = np.full(tree.tree_.node_count, conformal_quantile(left, of))
    for number in np.unique(leaf):
        factor[number] = conformal_quantile(left[leaf == number], of[leaf == number])
    return LocallyCalibrated(posterior, LeafWidths(tree, factor))


def conformal_quantile(errors: FloatArray, galaxy: ArrayLike, level: float = CENTRAL_INTERVALS[0]) -> float:
    """Return the error that those of a further galaxy exceed in at most ``1 - level`` of the cases.

    The number of galaxies, not of samples, sets what is added to the level for want of more of them: views of a galaxy
    err alike. With so few galaxies that no error is large enough, it is the largest one.

    Parameters
    ----------
    errors
        Absolute errors of n samples at m radii, shape (n, m).
    galaxy
        Galaxy of each sample, shape (n,).
    level
        Share of the truth to be held.
    """
    n_galaxies = len(np.unique(galaxy))
    share = min(1.0, np.ceil((n_galaxies + 1) * level) / n_galaxies)
    ordered = np.sort(errors, axis=None)
    return float(ordered[int(np.ceil(share * len(ordered) - 1e-9)) - 1])
