"""Warnings about measurements and results outside the range of the training set."""

import numpy as np

from stargas.evaluation.intervals import MEDIAN
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.galaxy import FloatArray
from stargas.sample import Sample
from stargas.validity.consistency import outside_ranges

FALLING_FRACTION = 0.05
"""A warning is given where the mass falls outward in more than this fraction of the draws."""


def range_warnings(sample: Sample, quantiles: FloatArray, posterior: PosteriorLike) -> list[str]:
    """Return a warning for each measurement, and for the inferred masses, outside the range of the training set.

    Parameters
    ----------
    sample
        The input. Measurements of tracers that the model does not see are not compared.
    quantiles
        Quantiles of log10 M at the levels `stargas.evaluation.intervals.QUANTILE_LEVELS`, shape (5, m).
    posterior
        The model; ``ranges`` and ``log10_mass_ranges`` of its ``about`` are used.
    """
    warnings = outside_ranges(sample, posterior.config, posterior.about)
    ranges = np.array(posterior.about.get("log10_mass_ranges", []))
    median = quantiles[MEDIAN]
    if ranges.shape == (len(median), 2):
        outside = np.count_nonzero((median < ranges[:, 0]) | (median > ranges[:, 1]))
        if outside:
            warnings.append(
                f"At {outside} of {len(median)} radii the inferred mass lies outside those of the training set."
            )
    return warnings


def falling_warnings(log10_mass: FloatArray) -> list[str]:
    """Return a warning where the mass falls outward in many draws, shape (n, m), which it does in no galaxy."""
    fraction = float((np.diff(log10_mass, axis=1) < 0).any(axis=1).mean())
    if fraction <= FALLING_FRACTION:
        return []
    text = (
        f"In {100 * fraction:.0f} % of the draws the mass falls somewhere with radius: circular velocities, densities "
        "and slopes are those of the nearest profiles that do not fall."
    )
    return [text]
