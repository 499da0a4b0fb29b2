"""Named checks that the maps, scalars and mask of a galaxy agree, whatever its mass.

A check measures one number per sample. Its distribution over galaxies is learned with the model
(`stargas.validity.reference_distribution`); this module only measures. The arrays of a sample do not hold the units of
lengths and velocities of their maps. The row of a sample does (``velocity_scale_kms``, ``half_width_kpc``); where they
are not known, the checks that need them are skipped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stargas.batch import Batch
from stargas.config import ModelConfig
from stargas.galaxy import FloatArray
from stargas.model.layout import map_channels, scalar_columns
from stargas.sample import MAPS, NEEDS, QUALITY, SCALARS, Sample
from stargas.sky.channels import CHANNELS
from stargas.sky.hi_scalars import measure_hi

SOFTENING_KMS = 2.0
"""Added to velocities before their logarithms: the rotation of HI seen face-on is none."""


FAINT = 0.1
"""Share of the pixels with a velocity that counts as faint: columns as small may lack one in an observation."""


@dataclass(frozen=True)
class Check:
    """One check of the inputs.

    Parameters
    ----------
    tracer
        Entry of `stargas.tracers.TRACERS` that it needs; "" if it applies to every sample.
    tolerance
        A p-value falls by no more than a factor e over this deviation, in the unit of the check: what is exact in the
        training set, such as a scalar measured on its own map, need not be so in an observation.
    sentence
        What is wrong; ``{factor}`` is 10 to the power of the deviation from the median, other fields are those of
        `outside_ranges`.
    one_sided
        Only values above the median are wrong.
    """

    tracer: str
    tolerance: float
    sentence: str
    one_sided: bool = False


CHECKS: Mapping[str, Check] = {
    "mask": Check(
        "",
        0.01,
        "Mask and maps contradict each other: a tracer that the mask lists as present has an empty map, or one that it "
        "lists as absent has a map or a measurement.",
        one_sided=True,
    ),
    "range": Check(
        "",
        0.03,
        "{name} = {value:.3g} lies outside the training set ({low:.3g} to {high:.3g}): the result is an extrapolation.",
        one_sided=True,
    ),
    "Rv_orientation": Check(
        "stars",
        0.03,
        "The R-v map is less symmetric in velocity than in radius: are its rows velocities and its columns radii?",
        one_sided=True,
    ),
    "sigma_scale": Check(
        "stars",
        0.02,
        "sigma_kms, with the errors of the velocities, is {factor:.3g} times the typical value in the velocity unit of "
        "the R-v map: is one of them of another galaxy or in another unit?",
    ),
    "R_HI": Check(
        "gas",
        0.01,
        "R_HI_kpc is {factor:.3g} times the radius where moment 0 falls below 1 Msun/pc²: is one of them of another "
        "galaxy or in another unit?",
    ),
    "v_cold": Check(
        "gas",
        0.01,
        "v_cold_kms is {factor:.3g} times the rotation that moment 1 shows at R_HI: is one of them of another galaxy, "
        "turned or in another unit?",
    ),
    "sigma_cold": Check(
        "gas",
        0.01,
        "sigma_cold_kms is {factor:.3g} times the mean of moment 2 inside R_HI: is one of them of another galaxy or in "
        "another unit?",
    ),
    "HI_masks": Check(
        "gas",
        0.003,
        "Moments 0, 1 and 2 do not show gas in the same pixels: are they of one galaxy, and none of them turned?",
        one_sided=True,
    ),
}
"""Checks by name. "range" and "mask" use the tracers that the model sees. A second check of sigma is among
`stargas.validity.reference_distribution.DISTANCES`: its ratio to the unit of the R-v map may depend on the shape of the
map."""


def measure_checks(samples: Sequence[Sample], config: ModelConfig, about: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Measure every check that applies to a model.

    Parameters
    ----------
    samples
        n galaxies.
    config
        Settings of the model: which tracers it sees.
    about
        Its description, with the ``ranges`` of its training set.

    Returns
    -------
    dict
        Name → shape (n,): ratios and ranges in dex, share of pixels, log10 ratio of asymmetries. NaN where the tracer
        is absent or a unit is not known; infinite where nothing of the kind can be measured on the map.
    """
    batch = Batch.stack(samples)
    seen = {CHANNELS[i].tracer for i in map_channels(config)}
    found = {"mask": _contradictions(batch, config), "range": _outside(batch, config, about.get("ranges", {}))}
    if "stars" in seen:
        found |= _star_checks(batch, units(samples, "velocity_scale_kms"))
    if "gas" in seen:
        found |= _gas_checks(batch, units(samples, "half_width_kpc"))
    for name, values in found.items():
        if CHECKS[name].tracer:
            values[~batch.knows(CHECKS[name].tracer)] = np.nan
    return found


def units(samples: Sequence[Sample], name: str) -> FloatArray:
    """Return the unit of a map that rows of samples hold, shape (n,); NaN where they do not."""
    values = np.array([float(sample.row.get(name, np.nan)) for sample in samples])
    return np.where(values > 0, values, np.nan)


def outside_ranges(sample: Sample, config: ModelConfig, about: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each scalar that a model sees and that lies outside its training set."""
    sentences = []
    for i in scalar_columns(config):
        limits, value = about.get("ranges", {}).get(SCALARS[i]), float(sample.scalars[i])
        if limits and value > 0 and not limits[0] <= value <= limits[1]:
            sentence = CHECKS["range"].sentence
            sentences.append(sentence.format(name=SCALARS[i], value=value, low=limits[0], high=limits[1]))
    return sentences


def _contradictions(batch: Batch, config: ModelConfig) -> FloatArray:
    """Infinite where mask and maps contradict each other, else 0."""
    wrong = np.zeros(len(batch.maps), bool)
    for i in map_channels(config):
        wrong |= batch.knows(CHANNELS[i].tracer) != batch.maps[:, i].any(axis=(1, 2))
    for i in scalar_columns(config):
        wrong |= ~batch.knows(*NEEDS[SCALARS[i]]) & (batch.scalars[:, i] != 0)
    return np.where(wrong, np.inf, 0.0)


def _outside(batch: Batch, config: ModelConfig, ranges: Mapping[str, Sequence[float]]) -> FloatArray:
    """Distance from the training set of the scalar that is farthest outside [dex]."""
    farthest = np.zeros(len(batch.scalars))
    for i in scalar_columns(config):
        value, limits = batch.scalars[:, i], ranges.get(SCALARS[i])
        known = value > 0
        if limits:
            log = np.log10(value[known])
            beyond = np.maximum(np.log10(limits[0]) - log, log - np.log10(limits[1]))
            farthest[known] = np.maximum(farthest[known], beyond)
    return farthest


def _star_checks(batch: Batch, velocity_scale_kms: FloatArray) -> dict[str, FloatArray]:
    image = np.maximum(batch.maps[:, MAPS.index("Rv")].astype(np.float64), 0)
    up, across = (np.abs(image - np.flip(image, axis)).sum(axis=(1, 2)) for axis in (1, 2))
    scatter = np.hypot(
        batch.scalars[:, SCALARS.index("sigma_kms")], batch.quality[:, QUALITY.index("velocity_error_kms")]
    )
    sigma = np.log10(np.where(scatter > 0, scatter, np.nan) / velocity_scale_kms)
    return {"Rv_orientation": np.log10((up + 1e-9) / (across + 1e-9)), "sigma_scale": sigma}


def _gas_checks(batch: Batch, half_width_kpc: FloatArray) -> dict[str, FloatArray]:
    column, velocity, dispersion = (batch.maps[:, MAPS.index(f"moment{k}")] for k in range(3))
    R_HI, v_cold, sigma_cold = batch.scalars[
        :, [SCALARS.index(n) for n in ("R_HI_kpc", "v_cold_kms", "sigma_cold_kms")]
    ].T
    # Lengths grow with the half width of the map, velocities do not: those are checked even where it is not known.
    unmeasurable = (np.inf, np.inf, np.inf)
    maps = batch.maps[:, MAPS.index("moment0") :]
    measured = np.array([measure_hi(m, 1.0) or unmeasurable for m in maps]).reshape(-1, 3)
    lost = ~np.isfinite(measured[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "R_HI": np.log10(R_HI / (measured[:, 0] * half_width_kpc)),
            "v_cold": np.log10((v_cold + SOFTENING_KMS) / (measured[:, 1] + SOFTENING_KMS)),
            "sigma_cold": np.log10((sigma_cold + SOFTENING_KMS) / (measured[:, 2] + SOFTENING_KMS)),
        }
    for ratio in found.values():
        ratio[lost] = np.inf
    known = dispersion > 0
    faint = np.array([np.quantile(c[k], FAINT) if k.any() else np.inf for c, k in zip(column, known, strict=True)])
    found["HI_masks"] = (((velocity != 0) != known) | (~known & (column > faint[:, None, None]))).mean(axis=(1, 2))
    return found
