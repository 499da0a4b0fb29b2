"""Compare models with the truth on held-out galaxies."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas import __version__
from stargas.errors import InputError
from stargas.evaluation.accuracy import accuracy
from stargas.evaluation.bootstrap import N_RESAMPLES, bootstrap_galaxies
from stargas.evaluation.calibration import calibration
from stargas.evaluation.correlation import correlation
from stargas.evaluation.estimator_scores import score_estimators
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.evaluation.result import (
    EvaluatedSamples,
    EvaluationResult,
    Example,
    ModelProvenance,
    ModelScores,
    Provenance,
    Scores,
)
from stargas.evaluation.result_file import HEADER, write_result
from stargas.evaluation.selection import accepted_by_all, galaxy_names
from stargas.evaluation.strata import ALL, standard_strata
from stargas.evaluation.summary import PosteriorSummary, summarize_posteriors
from stargas.storage import digest_of, plain, refuse_foreign

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

KEPT_COLUMNS = (
    "inclination_deg",
    "log10_stellar_mass",
    "kappa_co",
    "R_hl_kpc",
    "sigma_kms",
    "n_stars",
    "velocity_scale_kms",
    "R_HI_kpc",
    "v_cold_kms",
    "sigma_cold_kms",
    "half_width_kpc",
)
"""Columns of the catalogue that an evaluation keeps, where the data set has them."""

EXAMPLE_INCLINATIONS_DEG = (30.0, 60.0, 90.0)
"""Views of the example galaxy that an evaluation keeps."""

Masks = dict[str, NDArray[np.bool_]]


def evaluate(
    posteriors: Mapping[str, PosteriorLike],
    dataset: "Dataset",
    out: str | os.PathLike[str],
    split: Literal["train", "validation", "test", "all"] = "test",
    n_draws: int = 1000,
    strata: Mapping[str, ArrayLike] | None = None,
    seed: int = 0,
    *,
    n_resamples: int = N_RESAMPLES,
    overwrite: bool = False,
    progress: bool = False,
) -> EvaluationResult:
    """Draw from posteriors on held-out galaxies and measure accuracy and calibration.

    Parameters
    ----------
    posteriors
        Name (``"Star"``, ``"Gas"``, ``"StarGas"``, …) → model.
    dataset
        Samples with truth.
    out
        Folder for ``evaluation.json`` and ``evaluation.safetensors``.
    split
        Part of the data set, or ``"all"``.
    n_draws
        Posterior draws per sample.
    strata
        Name → mask over the rows of the split; each stratum is evaluated on its own too. By default those of
        `stargas.evaluation.strata.standard_strata`; an empty mapping for none.
    seed
        Root seed of draws and bootstrap.
    n_resamples
        Bootstrap samples over galaxies.
    overwrite
        Replace an evaluation that is already there.
    progress
        Display a progress bar.

    Returns
    -------
    EvaluationResult
        All models are evaluated on the same samples: those whose tracers every model accepts.

    Raises
    ------
    InputError
        If the split is empty, there is no model, no sample suits all models, or ``out`` holds an evaluation.
    """
    folder = Path(out)
    refuse_foreign(folder, "an evaluation")
    if (folder / HEADER).exists() and not overwrite:
        raise InputError(
            f"{folder} already holds an evaluation: choose another folder, or overwrite=True to replace it."
        )
    if not posteriors:
        raise InputError("an evaluation needs at least one model, got none.")
    chosen = dataset if split == "all" else dataset.split(split)
    if not len(chosen):
        raise InputError(
            f"the {split} split of these galaxies has no samples: build more galaxies or name another split."
        )
    masks = _checked_masks(standard_strata(chosen.catalogue) if strata is None else strata, len(chosen))
    accepted = accepted_by_all(posteriors.values(), chosen.catalogue)
    if not accepted.any():
        raise InputError(f"no sample of the {split} split has the tracers that all the models need.")
    if not accepted.all():
        chosen, masks = chosen.where(accepted), {name: mask[accepted] for name, mask in masks.items()}
    masks = {ALL: np.ones(len(chosen), dtype=bool)} | {name: mask for name, mask in masks.items() if mask.any()}

    truth, summaries = summarize_posteriors(posteriors, chosen, n_draws, seed, progress=progress)
    table, R_hl = chosen.catalogue, np.asarray(chosen.catalogue["R_hl_kpc"], np.float64)
    radii = np.round(chosen[0].r_kpc / R_hl[0], 9)
    names = galaxy_names(table)
    galaxies, galaxy = np.unique(names, return_inverse=True)
    columns = {name: np.asarray(table[name], np.float32) for name in KEPT_COLUMNS if name in table.keys()}  # noqa: SIM118 (a Table has no "in")
    samples = EvaluatedSamples(truth, galaxy.astype(np.int32), columns)
    last = list(posteriors)[-1]
    return write_result(
        EvaluationResult(
            folder=folder,
            split=split,
            n_left_out=int(np.count_nonzero(~accepted)),
            n_draws=n_draws,
            n_resamples=n_resamples,
            seed=seed,
            r_over_R_hl=radii,
            galaxies=tuple(galaxies.tolist()),
            strata={name: int(mask.sum()) for name, mask in masks.items()},
            models=_score_models(summaries, truth, masks, names, n_resamples, seed),
            estimators=score_estimators(table, R_hl[:, None] * radii, truth, masks, names, n_resamples, seed),
            provenance=_provenance(posteriors, dataset.manifest),
            samples=samples,
            summaries=summaries,
            example=_typical_galaxy(chosen, samples, summaries[last]),
            arrays_sha256="",
        )
    )


def _checked_masks(strata: Mapping[str, ArrayLike], n_samples: int) -> Masks:
    masks = {name: np.asarray(mask, dtype=bool) for name, mask in strata.items()}
    for name, mask in masks.items():
        if mask.shape != (n_samples,):
            raise InputError(f"stratum {name!r} needs one value for each of the {n_samples} samples of the split.")
    return masks


def _score_models(
    summaries: Mapping[str, PosteriorSummary],
    truth: NDArray[np.float64],
    masks: Masks,
    groups: NDArray[np.str_],
    n_resamples: int,
    seed: int,
) -> dict[str, ModelScores]:
    """Metrics of each model in each stratum."""
    scores: dict[str, dict[str, Scores]] = {name: {} for name in summaries}
    for stratum, mask in masks.items():
        bootstrap = bootstrap_galaxies(groups[mask], n_resamples, seed)
        for name, summary in summaries.items():
            scores[name][stratum] = Scores(
                accuracy(summary.median[mask], truth[mask], bootstrap),
                calibration(summary.ranks[mask], summary.tarp[mask], summary.log_prob[mask], bootstrap),
            )
    return {
        name: ModelScores(scores[name], correlation(summary.covariance, truth - summary.mean))
        for name, summary in summaries.items()
    }


def _typical_galaxy(dataset: "Dataset", samples: EvaluatedSamples, summary: PosteriorSummary) -> Example:
    """Return views of the galaxy whose rms error is the median, with gas where there is any."""
    galaxy = samples.galaxy
    square = np.square(summary.median - samples.log10_mass).mean(axis=1)
    error = np.bincount(galaxy, square) / np.bincount(galaxy)
    with_gas = np.bincount(galaxy, samples.columns.get("R_HI_kpc", np.zeros(len(galaxy))) > 0) > 0
    candidates = np.flatnonzero(with_gas) if with_gas.any() else np.arange(len(error))
    typical = candidates[np.argsort(error[candidates], kind="stable")[len(candidates) // 2]]
    rows = np.flatnonzero(galaxy == typical)
    angle = samples.columns["inclination_deg"][rows]
    nearest = sorted({int(rows[np.argmin(np.abs(angle - target))]) for target in EXAMPLE_INCLINATIONS_DEG})
    return Example(tuple(nearest), tuple(dataset[row] for row in nearest))


def _provenance(posteriors: Mapping[str, PosteriorLike], manifest: Mapping[str, Any]) -> Provenance:
    return Provenance(
        stargas_version=__version__,
        dataset=_without_shards(manifest),
        dataset_digest=digest_of(manifest),
        models={name: _model_provenance(posterior) for name, posterior in posteriors.items()},
    )


def _without_shards(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest without its list of files, for which its digest stands."""
    if "joined" in manifest:
        return {"joined": [_without_shards(one) for one in manifest["joined"]]}
    return dict(plain({name: value for name, value in manifest.items() if name != "shards"}))


def _model_provenance(posterior: PosteriorLike) -> ModelProvenance:
    described = {
        "model": plain(dataclasses.asdict(posterior.config)),
        "about": plain(posterior.about),
        "prior": getattr(posterior, "prior", None),
        "tracer_set": getattr(posterior, "tracer_set", None),
    }
    return ModelProvenance(**described, digest=digest_of(described))
