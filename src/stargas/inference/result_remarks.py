"""Remarks on a result: one function for each reason why it needs care."""

from collections.abc import Sequence

import numpy as np

from stargas.evaluation.intervals import MEDIAN
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.galaxy import FloatArray
from stargas.inference.realizations import Realizations
from stargas.inference.result import InferenceResult
from stargas.inference.verdict import limitations
from stargas.profiles import falling_fraction
from stargas.remarks import Remark, ordered
from stargas.sample import Sample
from stargas.validity.consistency import outside_ranges

MAX_SILENT_EXTENSION = 0.2
"""Fraction of a radius by which a draw is continued without a remark: over it the slope of the mass changes so little
that the error is about 0.01 dex at most."""

FALLING_FRACTION = 0.05
"""A remark is made where the mass falls outward in more than this fraction of the draws."""


def extension_remarks(r_kpc: FloatArray, realizations: Sequence[Sample]) -> list[Remark]:
    """Return a remark where draws are continued far beyond the radii of their own R_hl.

    Parameters
    ----------
    r_kpc
        Radii [kpc] of the result, shape (m,).
    realizations
        Samples whose draws are brought to them.
    """
    ends = np.log([[sample.r_kpc[0], sample.r_kpc[-1]] for sample in realizations])
    ln_r = np.log(r_kpc)
    beyond = np.maximum(ends[:, :1] - ln_r, ln_r - ends[:, 1:])
    fraction = np.mean(beyond > np.log(1 + MAX_SILENT_EXTENSION), axis=0)
    if not fraction.any():
        return []
    j = int(np.argmax(fraction))
    text = (
        f"Because of the errors of R_hl and distance, {100 * fraction[j]:.0f} % of the draws at {r_kpc[j]:.3g} kpc, "
        "and fewer at other radii, are continued as power laws by more than "
        f"{100 * MAX_SILENT_EXTENSION:.0f} % in radius beyond those at which the model gave them."
    )
    return [Remark("draws continued", text)]


def range_remarks(sample: Sample, quantiles: FloatArray, posterior: PosteriorLike) -> list[Remark]:
    """Return a remark for each measurement, and for the inferred masses, outside the range of the training set.

    Parameters
    ----------
    sample
        The input. Measurements of tracers that the model does not see are not compared.
    quantiles
        Quantiles of log10 M at the levels `stargas.evaluation.intervals.QUANTILE_LEVELS`, shape (5, m).
    posterior
        The model; ``ranges`` and ``log10_mass_ranges`` of its ``about`` are used.
    """
    texts = outside_ranges(sample, posterior.config, posterior.about)
    remarks = [Remark("measurement outside the training set", text) for text in texts]
    ranges = np.array(posterior.about.get("log10_mass_ranges", []))
    median = quantiles[MEDIAN]
    if ranges.shape == (len(median), 2):
        outside = np.count_nonzero((median < ranges[:, 0]) | (median > ranges[:, 1]))
        if outside:
            text = f"At {outside} of {len(median)} radii the inferred mass lies outside those of the training set."
            remarks.append(Remark("masses outside the training set", text))
    return remarks


def falling_remarks(log10_mass: FloatArray) -> list[Remark]:
    """Return a remark where the mass falls outward in many draws, shape (n, m), which it does in no galaxy."""
    fraction = falling_fraction(log10_mass)
    if fraction <= FALLING_FRACTION:
        return []
    text = (
        f"In {100 * fraction:.0f} % of the draws the mass falls somewhere with radius: circular velocities, densities "
        "and slopes are those of the nearest profiles that do not fall."
    )
    return [Remark("falling masses", text)]


def result_remarks(result: InferenceResult, realizations: Realizations, posterior: PosteriorLike) -> tuple[Remark, ...]:
    """Return all remarks on a result, each once: on the data, their errors, the range of the model, what limits it.

    Parameters
    ----------
    result
        The result, without its remarks.
    realizations
        Samples of the galaxy.
    posterior
        The model.
    """
    found = [
        *(result.galaxy.remarks if result.galaxy is not None else ()),
        *realizations.remarks,
        *extension_remarks(result.r_kpc, realizations.mixed),
        *range_remarks(result.sample, result.quantiles(), posterior),
        *falling_remarks(result.log10_mass),
        *(Remark("limitation", one.sentence) for one in limitations(result) if one.matters),
        *(Remark("validity", reason) for reason in result.validity.reasons),
    ]
    return ordered(found)
