"""Measure models on a data set and keep what figures and tables need.

An evaluation is a folder of two files. ``evaluation.json`` holds every number with its standard error and the
provenance; ``evaluation.safetensors`` the posterior's quantiles and ranks per sample. The report reads these
files and never draws from a posterior again.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from stargas import __version__
from stargas.baselines.estimators import ESTIMATORS
from stargas.errors import DamagedFileError, InputError
from stargas.evaluation.accuracy import BASELINES, accuracy, estimator_ratios
from stargas.evaluation.bootstrap import N_RESAMPLES
from stargas.evaluation.calibration import calibration, correlations, rank_of_truth, tarp_of_posterior
from stargas.evaluation.strata import standard_strata
from stargas.galaxy import FloatArray
from stargas.model.inputs import KNOWN_IN_SET, tracers_needed
from stargas.randomness import rng_for
from stargas.sample import TRACERS
from stargas.storage import refuse_foreign

if TYPE_CHECKING:
    from stargas.config import ModelConfig
    from stargas.dataset.store import Dataset

FORMAT = 1
"""Version of the files; a file of a later one is refused."""

QUANTILE_LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)
"""Quantiles kept per sample, the edges of the central 95 % and 68 % intervals and the median."""

ESTIMATOR_COLUMNS = ("sigma_kms", "R_hl_kpc", "R_HI_kpc", "v_cold_kms", "inclination_deg", "log10_mass_R_HI")
"""Columns of the catalogue that the closed formulas use; the last one is optional."""

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
"""Columns of the catalogue that are kept beside the quantiles, where there are such."""

EXAMPLE_INCLINATIONS_DEG = (30.0, 60.0, 90.0)
"""Views of the example galaxy whose maps are kept."""

_SAMPLES_AT_ONCE = 512


class PosteriorLike(Protocol):
    """What an evaluation asks of a model; `stargas.model.posterior.Posterior` is one."""

    @property
    def config(self) -> "ModelConfig":
        """Return the settings of the model; its tracers are used."""

    @property
    def about(self) -> Mapping[str, Any]:
        """Return what the model says of itself; its ``tracer_share`` and ``ranges`` are used."""

    def sample(self, samples: Any, n: int = 1000, seed: int = 0) -> NDArray[np.floating]:  # noqa: ANN401 (whatever a model takes)
        """Return draws of log10 M, shape (n_samples, n, m)."""

    def log_prob(self, samples: Any, log10_mass: ArrayLike) -> NDArray[np.floating]:  # noqa: ANN401 (whatever a model takes)
        """Return log density, shape (n_samples,)."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Numbers and arrays of an evaluation.

    Parameters
    ----------
    results
        What ``evaluation.json`` holds.
    arrays
        ``r_over_R_hl`` (m,), ``log10_true`` (n, m), ``galaxy`` (n,), ``catalogue/COLUMN`` (n,) and, per model,
        ``NAME/quantiles`` (n, 5, m), ``NAME/ranks`` (n, m), ``NAME/tarp`` (n,), ``NAME/log_prob`` (n,),
        ``NAME/mean`` (n, m) and ``NAME/covariance`` (m, m), the mean over posteriors; of one typical
        galaxy ``example/rows`` (k,), ``example/maps`` (k, 5, p, p), ``example/scalars`` (k, 5) and
        ``example/tracers`` (k, 2).
    folder
        Where it is kept.
    """

    results: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    folder: Path

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models, in the order in which they were given."""
        return tuple(self.results["models"])

    @property
    def r_over_R_hl(self) -> FloatArray:  # noqa: N802 (the unit is R_hl)
        """Radii of the masses in R_hl, shape (m,)."""
        return np.array(self.results["r_over_R_hl"])

    def ratio(self, model: str) -> FloatArray:
        """M_pred/M_true of the posterior medians, shape (n, m)."""
        median = self.arrays[f"{model}/quantiles"][:, QUANTILE_LEVELS.index(0.5)]
        return 10 ** (median.astype(np.float64) - self.arrays["log10_true"])


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
) -> Evaluation:
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
        Which part of the data set, or ``"all"``.
    n_draws
        Posterior draws per sample.
    strata
        Name → mask over the rows of the split, looked at one by one. By default the subsets of
        `stargas.evaluation.strata.standard_strata`; an empty mapping for none.
    seed
        Root seed of draws and bootstrap.
    n_resamples
        Bootstrap samples over galaxies.
    overwrite
        Replace an evaluation that is already there.
    progress
        Show a progress bar.

    Returns
    -------
    Evaluation
        All models are judged on the same samples: those whose tracers every model accepts.

    Raises
    ------
    InputError
        If the split is empty, no model is given, no sample suits all models, or ``out`` holds an evaluation.
    """
    folder = Path(out)
    refuse_foreign(folder, "an evaluation")
    if (folder / "evaluation.json").exists() and not overwrite:
        raise InputError(f"{folder} already holds an evaluation: choose another folder or remove it.")
    if not posteriors:
        raise InputError("an evaluation needs at least one model, got none.")
    chosen = dataset if split == "all" else dataset.split(split)
    if not len(chosen):
        raise InputError(
            f"the {split} split of these galaxies has no samples: build more galaxies or name another split."
        )
    masks = standard_strata(chosen.catalogue) if strata is None else strata
    masks = {name: np.asarray(mask, dtype=bool) for name, mask in masks.items()}
    wrong = [name for name, mask in masks.items() if mask.shape != (len(chosen),)]
    if wrong:
        raise InputError(f"stratum {wrong[0]!r} needs one value for each of the {len(chosen)} samples of the split.")
    suits = _suits_all(posteriors.values(), chosen.catalogue)
    if not suits.any():
        raise InputError(f"no sample of the {split} split has the tracers that all the models need.")
    n_left_out = int(np.count_nonzero(~suits))
    if n_left_out:
        chosen = chosen.where(suits)
        masks = {name: mask[suits] for name, mask in masks.items()}

    arrays = _draw(posteriors, chosen, n_draws, seed, progress=progress)
    first = chosen[0]
    r_over_R_hl = np.round(first.r_kpc / float(chosen.catalogue["R_hl_kpc"][0]), 9)
    groups = _galaxy_names(chosen.catalogue)
    galaxies, numbers = np.unique(groups, return_inverse=True)
    arrays |= {"r_over_R_hl": r_over_R_hl, "galaxy": numbers.astype(np.int32)}
    arrays |= {
        f"catalogue/{name}": np.asarray(chosen.catalogue[name], dtype=np.float32)
        for name in KEPT_COLUMNS
        if name in chosen.catalogue.keys()  # noqa: SIM118 (a table is no dict)
    }
    arrays |= _example(chosen, arrays, list(posteriors)[-1])
    whole = np.ones(len(chosen), dtype=bool)
    subsets = {"all": whole} | {name: mask for name, mask in masks.items() if mask.any()}

    results: dict[str, Any] = {
        "format": FORMAT,
        "stargas": __version__,
        "split": split,
        "n_samples": len(chosen),
        "n_left_out": n_left_out,
        "n_galaxies": len(galaxies),
        "n_draws": n_draws,
        "n_resamples": n_resamples,
        "seed": seed,
        "r_over_R_hl": r_over_R_hl.tolist(),
        "galaxies": galaxies.tolist(),
        "strata": {name: int(mask.sum()) for name, mask in subsets.items()},
        "models": {
            name: {
                subset: _model_numbers(arrays, name, mask, groups, n_resamples, seed)
                for subset, mask in subsets.items()
            }
            for name in posteriors
        },
        "correlation": {
            name: correlations(arrays[f"{name}/covariance"], arrays["log10_true"] - arrays[f"{name}/mean"])
            for name in posteriors
        },
        "estimators": _estimator_numbers(chosen.catalogue, arrays, subsets, groups, n_resamples, seed),
        "provenance": {
            "dataset": _ancestry_of(dataset.manifest),
            "dataset_digest": _digest(dataset.manifest),
            "models": {name: _about(posterior) for name, posterior in posteriors.items()},
        },
    }
    return _write(folder, results, arrays)


def read_evaluation(folder: str | os.PathLike[str]) -> Evaluation:
    """Read what `evaluate` wrote.

    Raises
    ------
    InputError
        If there is no evaluation, or a later stargas wrote it.
    DamagedFileError
        If a file is damaged or the two do not belong together.
    """
    folder = Path(folder)
    head, body = folder / "evaluation.json", folder / "evaluation.safetensors"
    for path in (head, body):
        if not path.is_file():
            raise InputError(
                f"{folder} holds no evaluation: {path.name} is missing; give a folder that evaluate wrote."
            )
    try:
        results = json.loads(head.read_text())
        written_in, digest = int(results["format"]), results["arrays_sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(f"{head} is not the description of an evaluation: make it again.") from error
    if written_in > FORMAT:
        raise InputError(
            f"{head} has format {written_in} of stargas {results.get('stargas')}; this stargas {__version__} reads "
            f"up to {FORMAT}: update stargas."
        )
    content = body.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise DamagedFileError(f"{body} is damaged or does not belong to its evaluation.json: evaluate again.")
    try:
        arrays = load(content)
    except SafetensorError as error:
        raise DamagedFileError(f"{body} cannot be read ({error}): evaluate again.") from error
    return Evaluation(results, arrays, folder)


def _suits_all(posteriors: Iterable[PosteriorLike], catalogue: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Rows that have every tracer without which a model cannot be used."""
    rows = len(catalogue["galaxy_id"])
    stars = np.asarray(catalogue["n_stars"]) > 0 if "n_stars" in catalogue.keys() else np.ones(rows, bool)  # noqa: SIM118 (a Table has no "in")
    gas = np.asarray(catalogue["has_gas"]).astype(bool) if "has_gas" in catalogue.keys() else np.ones(rows, bool)  # noqa: SIM118 (a Table has no "in")
    present = dict(zip(TRACERS, (stars, gas), strict=True))
    suits = np.ones(rows, dtype=bool)
    for posterior in posteriors:
        if posterior.config.tracers == "any":
            suits &= _has_what_is_given(posterior, present)
            continue
        for tracer in tracers_needed(posterior.config):
            if posterior.about.get("tracer_share", {}).get(tracer) == 1.0:
                suits &= present[tracer]
    return suits


def _has_what_is_given(posterior: PosteriorLike, present: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Rows with the tracers that a model of any tracers may look at: one of them at least."""
    tracer_set = getattr(posterior, "tracer_set", None)
    given = [tracer for tracer in TRACERS if tracer_set is None or tracer in KNOWN_IN_SET[tracer_set]]
    return np.any([present[tracer] for tracer in given], axis=0)


def _chunks(n: int) -> Iterator[NDArray[np.intp]]:
    for start in range(0, n, _SAMPLES_AT_ONCE):
        yield np.arange(start, min(start + _SAMPLES_AT_ONCE, n))


def _draw(
    posteriors: Mapping[str, PosteriorLike], dataset: "Dataset", n_draws: int, seed: int, *, progress: bool
) -> dict[str, NDArray[Any]]:
    """Go through the samples chunk by chunk and keep quantiles, ranks, TARP shares and log-probabilities."""
    from rich.progress import Progress

    kept: dict[str, list[NDArray[Any]]] = {"log10_true": []}
    with Progress(disable=not progress, transient=True) as bar:
        task = bar.add_task("Drawing from the posteriors", total=len(dataset) * len(posteriors))
        for number, rows in enumerate(_chunks(len(dataset))):
            mask = np.zeros(len(dataset), dtype=bool)
            mask[rows] = True
            part = dataset.where(mask)
            truth = np.asarray(dataset.batch(rows).log10_mass, dtype=np.float64)
            if not np.isfinite(truth).all():
                raise InputError("the data set holds masses that are not finite: build it again.")
            kept["log10_true"].append(truth)
            part_seed = int(rng_for(seed, "evaluate", number).integers(2**31))
            for name, posterior in posteriors.items():
                draws = posterior.sample(part, n_draws, part_seed)
                mean = draws.mean(axis=1, dtype=np.float64)
                spread = draws - mean[:, None].astype(draws.dtype)
                covariance = np.tensordot(spread, spread, ((0, 1), (0, 1))).astype(np.float64) / (n_draws - 1)
                levels = np.moveaxis(np.quantile(draws, QUANTILE_LEVELS, axis=1), 0, 1)
                for key, values in (
                    ("quantiles", levels.astype(np.float32)),
                    ("ranks", rank_of_truth(draws, truth)),
                    ("tarp", tarp_of_posterior(draws, truth)),
                    ("log_prob", np.asarray(posterior.log_prob(part, truth), dtype=np.float64)),
                    ("mean", mean.astype(np.float32)),
                    ("covariance", covariance[None]),
                ):
                    kept.setdefault(f"{name}/{key}", []).append(values)
                bar.advance(task, len(rows))
    arrays = {name: np.concatenate(parts) for name, parts in kept.items()}
    for name in posteriors:
        arrays[f"{name}/covariance"] = arrays[f"{name}/covariance"].sum(axis=0) / len(dataset)
    return arrays


def _galaxy_names(catalogue: Mapping[str, Any]) -> NDArray[np.str_]:
    """Return the suite and id of each row's galaxy: two suites may use the same ids."""
    ids = np.asarray(catalogue["galaxy_id"]).astype(str)
    suites = np.asarray(catalogue["suite"]).astype(str) if "suite" in catalogue.keys() else np.full(len(ids), "")  # noqa: SIM118 (a Table has no "in")
    return np.char.add(np.char.add(suites, "/"), ids)


def _model_numbers(
    arrays: Mapping[str, NDArray[Any]], name: str, mask: NDArray[np.bool_], groups: NDArray[np.str_], n: int, seed: int
) -> dict[str, Any]:
    median = arrays[f"{name}/quantiles"][mask, QUANTILE_LEVELS.index(0.5)]
    ranks, tarp, log_prob = (arrays[f"{name}/{key}"][mask] for key in ("ranks", "tarp", "log_prob"))
    return {
        "accuracy": accuracy(median, arrays["log10_true"][mask], groups[mask], n, seed),
        "calibration": calibration(ranks, tarp, log_prob, groups[mask], n, seed),
    }


def _estimator_numbers(
    catalogue: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    subsets: Mapping[str, NDArray[np.bool_]],
    groups: NDArray[np.str_],
    n_resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Accuracy of the closed formulas at their own radii, per subset."""
    columns = {name: np.asarray(catalogue[name], np.float64) for name in ESTIMATOR_COLUMNS if name in catalogue.keys()}  # noqa: SIM118 (a Table has no "in")
    R_hl = columns["R_hl_kpc"]
    predictions = estimator_ratios(columns, R_hl[:, None] * arrays["r_over_R_hl"], arrays["log10_true"])
    labels = {name: formula.label for name, formula in ESTIMATORS.items()} | BASELINES
    result: dict[str, Any] = {}
    for name, prediction in predictions.items():
        rows = prediction["rows"]
        own_radius = prediction["r_kpc"] / R_hl[rows, None]
        per_subset = {}
        for subset, mask in subsets.items():
            inside = mask[rows]
            if inside.any():
                per_subset[subset] = accuracy(
                    prediction["log10_predicted"][inside],
                    prediction["log10_true"][inside],
                    groups[rows[inside]],
                    n_resamples,
                    seed,
                )
        if per_subset:
            radius = np.round(np.median(own_radius, axis=0), 6).tolist()
            result[name] = {"label": labels[name], "r_over_R_hl": radius, **per_subset}
    return result


def _example(dataset: "Dataset", arrays: Mapping[str, NDArray[Any]], model: str) -> dict[str, NDArray[Any]]:
    """Keep the maps of a typical galaxy: the one whose rms error is the median, with gas where there is any."""
    error = np.square(arrays[f"{model}/quantiles"][:, QUANTILE_LEVELS.index(0.5)] - arrays["log10_true"]).mean(axis=1)
    galaxy = arrays["galaxy"]
    per_galaxy = np.bincount(galaxy, error) / np.bincount(galaxy)
    with_gas = np.bincount(galaxy, arrays.get("catalogue/R_HI_kpc", np.zeros(len(galaxy))) > 0) > 0
    candidates = np.flatnonzero(with_gas) if with_gas.any() else np.arange(len(per_galaxy))
    typical = candidates[np.argsort(per_galaxy[candidates], kind="stable")[len(candidates) // 2]]
    rows = np.flatnonzero(galaxy == typical)
    angle = arrays["catalogue/inclination_deg"][rows]
    nearest = {int(rows[np.argmin(np.abs(angle - wanted))]) for wanted in EXAMPLE_INCLINATIONS_DEG}
    kept = np.array(sorted(nearest))
    batch = dataset.batch(kept)
    return {
        "example/rows": kept,
        "example/maps": np.asarray(batch.maps, dtype=np.float32),
        "example/scalars": np.asarray(batch.scalars, dtype=np.float64),
        "example/tracers": np.asarray(batch.tracers, dtype=bool),
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 (whatever a manifest holds)
    """Copy through JSON, so that what is written is what is read."""
    return json.loads(json.dumps(value, default=str))


def _ancestry_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest without its list of files, for which its digest stands."""
    if "joined" in manifest:
        return {"joined": [_ancestry_of(one) for one in manifest["joined"]]}
    return _plain({name: value for name, value in manifest.items() if name != "shards"})


def _digest(value: Any) -> str:  # noqa: ANN401 (whatever a manifest holds)
    return hashlib.sha256(json.dumps(_plain(value), sort_keys=True).encode()).hexdigest()


def _about(posterior: PosteriorLike) -> dict[str, Any]:
    """Return what a model says of itself, and a digest of it."""
    asked = {name: getattr(posterior, name, None) for name in ("prior", "tracer_set")}
    described = {"model": _plain(vars(posterior.config)), "about": _plain(posterior.about)}
    described |= {name: value for name, value in asked.items() if value is not None}
    return {**described, "digest": _digest(described)}


def _write(folder: Path, results: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Evaluation:
    """Write the arrays, then the head that names their digest: a folder with a head is complete."""
    content = save({name: np.ascontiguousarray(values) for name, values in arrays.items()})
    results["arrays_sha256"] = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (
        ("evaluation.safetensors", content),
        ("evaluation.json", (json.dumps(results, indent=1, allow_nan=False) + "\n").encode()),
    ):
        partial = folder / f".{name}.{os.getpid()}"
        partial.write_bytes(data)
        partial.replace(folder / name)
    return Evaluation(results, arrays, folder)
