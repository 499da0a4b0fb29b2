"""Accuracy and calibration of a model along each effect of observing: few stars, errors, interlopers, beam, limit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stargas.constants import HI_ATOMS_PER_CM2
from stargas.dataset.store import Dataset
from stargas.errors import InputError
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.experiments.observed.metrics import coverage_and_width, difference, median_of
from stargas.galaxy import FloatArray
from stargas.sky.degradation import CLEAR

VIEWS = 4
"""Views per galaxy that are evaluated; more would add little on the same galaxy."""

N_BINS = 4
"""Bins of equally many samples along an effect, beside the samples without it."""

MIN_GALAXIES = 10
"""Bins of fewer galaxies are left out: their errors would be guesses."""

_CHUNK = 256


class AnyTracerPosterior(PosteriorLike, Protocol):
    """A model that can be conditioned on a part of the tracers."""

    def conditioned_on(self, tracer_set: str | None) -> PosteriorLike:
        """Return the same model, conditioned on a part of the tracers."""


@dataclass(frozen=True)
class Effect:
    """One effect of observing and how its strength is measured.

    Parameters
    ----------
    name
        In the results.
    alone
        The one of `stargas.model.inputs.TRACER_SETS` on which it acts most.
    strength
        Its strength, from columns of the catalogue; zero where the effect does not act.
    """

    name: str
    alone: str
    strength: Callable[[Mapping[str, FloatArray]], FloatArray]


EFFECTS = (
    Effect("stars", "stars", lambda column: column["n_stars"]),
    Effect("velocity error / dispersion", "stars", lambda column: column["velocity_error_kms"] / column["sigma_kms"]),
    Effect("share of interlopers", "stars", lambda column: column["interlopers"]),
    Effect("beam / R_HI", "gas and R_hl", lambda column: column["beam_fwhm_kpc"] / column["R_HI_kpc"]),
    Effect(
        "HI limit [cm^-2]",
        "gas and R_hl",
        lambda column: column["noise_msun_pc2"] * CLEAR * HI_ATOMS_PER_CM2,
    ),
)

COLUMNS = (
    "n_stars",
    "velocity_error_kms",
    "sigma_kms",
    "interlopers",
    "beam_fwhm_kpc",
    "R_HI_kpc",
    "noise_msun_pc2",
)


def along_effects(
    posterior: AnyTracerPosterior,
    dataset: Dataset,
    *,
    n_draws: int = 500,
    seed: int = 0,
    report: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Evaluate a model in bins of the strength of each effect of observing.

    Parameters
    ----------
    posterior
        A model of any tracers.
    dataset
        Degraded samples of galaxies that the model was not trained on.
    n_draws
        Posterior draws of each sample.
    seed
        Root seed.
    report
        Called with a line per tracer set.

    Returns
    -------
    list of dict
        A row per effect, bin and tracer set: ``effect``; ``tracer_set``; ``low``, ``middle``,
        ``high`` of the strength (all zero where the effect does not act); ``n_samples``, ``n_galaxies``; ``rms`` and
        ``median`` [dex], ``coverage_68``, ``coverage_95`` and ``half_width_68`` [dex], each with its standard error
        from a bootstrap over galaxies. The other effects act as they happen to.

    Raises
    ------
    InputError
        If the data set has no columns of the effects or no galaxy with both tracers.
    """
    table = dataset.catalogue
    missing = [name for name in COLUMNS if name not in table.colnames]
    if missing:
        raise InputError(f"the data set has no column {missing[0]}: build one with data.degradation.")
    kept = np.asarray(table["has_gas"], dtype=bool) & (_place_in_galaxy(np.asarray(table["galaxy_id"])) < VIEWS)
    if not kept.any():
        raise InputError("no galaxy of the data set has both stars and HI: build one that has.")
    chosen = dataset.where(kept)
    table = chosen.catalogue
    columns = {name: np.asarray(table[name], dtype=np.float64) for name in COLUMNS}
    names, truth = np.asarray(table["galaxy_id"]), chosen.batch().log10_mass.astype(np.float64)
    rows = []
    for tracers in ("stars and gas", "stars", "gas and R_hl"):
        quantiles = _quantiles(posterior.conditioned_on(tracers), chosen, n_draws, seed)
        if report is not None:
            report(f"{len(chosen)} samples of {len(np.unique(names))} galaxies evaluated with {tracers}")
        for effect in EFFECTS:
            if tracers not in ("stars and gas", effect.alone):
                continue
            strength = effect.strength(columns)
            for inside in bins(strength):
                if len(np.unique(names[inside])) >= MIN_GALAXIES:
                    accuracy = _accuracy(quantiles[inside], truth[inside], names[inside])
                    low, middle, high = (float(x) for x in np.quantile(strength[inside], (0.0, 0.5, 1.0)))
                    rows.append(
                        {"effect": effect.name, "tracer_set": tracers, "low": low, "middle": middle, "high": high}
                        | accuracy
                    )
    return rows


def bins(strength: FloatArray) -> list[NDArray[np.bool_]]:
    """Divide samples by the strength of an effect: those without it, and bins of equally many of the rest."""
    parts = [strength == 0] if (strength == 0).any() else []
    acts = strength > 0
    if acts.any():
        edges = np.quantile(strength[acts], np.linspace(0, 1, N_BINS + 1)[1:-1])
        number = np.searchsorted(edges, strength, side="right")
        parts += [acts & (number == one) for one in range(N_BINS)]
    return [part for part in parts if part.any()]


def _place_in_galaxy(galaxy_id: NDArray[Any]) -> NDArray[np.intp]:
    """Return the number of each row among those of its galaxy, spread evenly: the views go by inclination."""
    _, galaxy, count = np.unique(galaxy_id, return_inverse=True, return_counts=True)
    order = np.argsort(galaxy, kind="stable")
    first = np.cumsum(count) - count
    place = np.empty(len(galaxy), dtype=np.intp)
    place[order] = np.arange(len(galaxy)) - first[galaxy[order]]
    # every third of twelve views comes first, then the others
    step = np.maximum(count[galaxy] // VIEWS, 1)
    return np.where(place % step == 0, place // step, VIEWS + place)


def _quantiles(posterior: PosteriorLike, dataset: Dataset, n_draws: int, seed: int) -> FloatArray:
    """Quantiles of log10 M, shape (n, 5, m), a part of the data set at a time."""
    parts = []
    for first in range(0, len(dataset), _CHUNK):
        rows = np.zeros(len(dataset), dtype=bool)
        rows[first : first + _CHUNK] = True
        drawn = posterior.sample(dataset.where(rows), n_draws, seed + first)
        parts.append(np.moveaxis(np.quantile(drawn, QUANTILE_LEVELS, axis=1), 0, 1))
    return np.concatenate(parts)


def _accuracy(quantiles: FloatArray, truth: FloatArray, names: Sequence[str] | NDArray[Any]) -> dict[str, Any]:
    resampled = bootstrap_galaxies(names)
    off = difference(median_of(quantiles) - truth, resampled)
    accuracy: dict[str, Any] = {"n_samples": len(truth), "n_galaxies": resampled.n_galaxies, **off}
    return accuracy | coverage_and_width(quantiles, truth, resampled)
