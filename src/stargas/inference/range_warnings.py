"""What of a galaxy or of its answer lies outside what a model learned from."""

import numpy as np

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.galaxy import FloatArray
from stargas.profiles import ProfileDraws
from stargas.sample import Sample
from stargas.validity.consistency import outside_ranges

FALLING_SHARE_TOLD = 0.05
"""Draws whose mass falls outwards somewhere are told of where more than this share does."""


def unusual(sample: Sample, quantiles: FloatArray, posterior: PosteriorLike) -> list[str]:
    """Say what of a sample or its answer lies outside what the model learned from.

    Parameters
    ----------
    sample
        The input.
    quantiles
        Quantiles of log10 M, shape (5, m).
    posterior
        The model: ``ranges`` and ``log10_mass_ranges`` of its ``about`` are used. Measurements of tracers that it
        does not see are not judged.
    """
    about = posterior.about
    said = outside_ranges(sample, posterior.config, about)
    ranges = np.array(about.get("log10_mass_ranges", []))
    median = quantiles[QUANTILE_LEVELS.index(0.5)]
    if ranges.shape == (len(median), 2):
        outside = np.count_nonzero((median < ranges[:, 0]) | (median > ranges[:, 1]))
        if outside:
            said.append(
                f"At {outside} of {len(median)} radii the inferred mass lies outside those of the training set."
            )
    return said


def falling(draws: ProfileDraws) -> list[str]:
    """Say so where many draws have a mass that falls outwards, which no galaxy has."""
    if draws.falling_share <= FALLING_SHARE_TOLD:
        return []
    text = (
        f"In {draws.falling_share:.0%} of the draws the mass falls somewhere with radius: circular velocities, "
        "densities and slopes are those of the nearest profiles that do not fall."
    )
    return [text]
