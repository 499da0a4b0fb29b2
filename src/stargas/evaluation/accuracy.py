"""How close predicted masses come to the true ones: M_pred/M_true per radius.

A prediction is the posterior median at one radius, in one view. Center: median and mean of the ratio
over all views of all galaxies; scatter: its 16th and 84th percentile, half-width (p84 - p16)/2.
Standard errors come from a bootstrap over galaxies (`stargas.evaluation.bootstrap`).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.baselines.estimators import ESTIMATORS, estimate_mass, hi_dynamical_mass, wolf_hi_mass
from stargas.errors import InputError
from stargas.evaluation.bootstrap import N_RESAMPLES, bootstrap_galaxies
from stargas.galaxy import FloatArray

SCATTER_LEVELS = (0.16, 0.50, 0.84)
"""Lower edge, median and upper edge of the ratio, as quantiles."""

MIN_INCLINATION_DEG = 30.0
"""Views closer to face-on than this are left out where HI rotation is corrected for inclination."""

BASELINES = {"hi": "HI v²R/G, as seen", "hi_inclination": "HI v²R/G, true i", "wolf_hi": "Wolf ⊕ HI"}
"""Two-tracer baselines and their labels."""


def accuracy(
    log10_predicted: ArrayLike,
    log10_true: ArrayLike,
    groups: ArrayLike,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Statistics of M_pred/M_true with standard errors over galaxies.

    Parameters
    ----------
    log10_predicted, log10_true
        log10 M [Msun], shape (n, m): rows are views, columns are radii.
    groups
        Galaxy of each row, shape (n,).
    n_resamples, seed
        Of the bootstrap.

    Returns
    -------
    dict
        Ready for JSON. Lists of length m: ``median``, ``mean``, ``p16``, ``p84``, ``half_width`` and their
        ``…_se``; numbers: ``rms_dex`` (over rows and radii) and ``rms_dex_se``, ``n_samples``, ``n_galaxies``.

    Raises
    ------
    InputError
        If shapes differ, or a value is not finite.
    """
    predicted, true = np.asarray(log10_predicted, np.float64), np.asarray(log10_true, np.float64)
    if predicted.ndim != 2 or predicted.shape != true.shape or len(np.asarray(groups)) != len(predicted):
        raise InputError(
            f"predictions and truth need one shape (n, m) and n groups, got {predicted.shape}, {true.shape} and "
            f"{np.shape(groups)}."
        )
    if not (np.isfinite(predicted).all() and np.isfinite(true).all()):
        raise InputError("predictions and truth must be finite: leave rows without a prediction out.")
    resampled = bootstrap_galaxies(groups, n_resamples, seed)
    ratio = 10 ** (predicted - true)
    p16, median, p84 = np.quantile(ratio, SCATTER_LEVELS, axis=0)
    b16, b50, b84 = np.moveaxis(resampled.quantiles(ratio, SCATTER_LEVELS), 1, 0)
    square = (predicted - true) ** 2
    with_error = {
        "median": (median, b50),
        "mean": (ratio.mean(axis=0), resampled.mean(ratio)),
        "p16": (p16, b16),
        "p84": (p84, b84),
        "half_width": ((p84 - p16) / 2, (b84 - b16) / 2),
        "rms_dex": (np.sqrt(square.mean()), np.sqrt(resampled.mean(square).mean(axis=1))),
    }
    result: dict[str, Any] = {}
    for name, (value, replicas) in with_error.items():
        result[name] = value.tolist()
        result[f"{name}_se"] = replicas.std(axis=0, ddof=1).tolist()
    return result | {"n_samples": len(predicted), "n_galaxies": resampled.n_galaxies}


def scatter_ratio(
    log10_predicted: ArrayLike,
    log10_reference: ArrayLike,
    log10_true: ArrayLike,
    groups: ArrayLike,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Scatter of one prediction over that of another on the same rows.

    Both are resampled together, so that what they share, such as hard galaxies, cancels.

    Parameters
    ----------
    log10_predicted, log10_reference, log10_true
        log10 M [Msun], shape (n, m).
    groups
        Galaxy of each row, shape (n,).
    n_resamples, seed
        Of the bootstrap over galaxies.

    Returns
    -------
    dict
        Ready for JSON: ``half_width`` (list of m) and ``rms_dex`` (a number), each predicted over reference, and
        their ``…_se``.
    """
    resampled = bootstrap_galaxies(groups, n_resamples, seed)
    edges = (SCATTER_LEVELS[0], SCATTER_LEVELS[2])
    widths, replicas, squares = [], [], []
    for predicted in (log10_predicted, log10_reference):
        error = np.asarray(predicted, np.float64) - np.asarray(log10_true, np.float64)
        p16, p84 = np.quantile(10**error, edges, axis=0)
        b16, b84 = np.moveaxis(resampled.quantiles(10**error, edges), 1, 0)
        widths.append(p84 - p16)
        replicas.append(b84 - b16)
        squares.append((np.square(error).mean(), resampled.mean(np.square(error)).mean(axis=1)))
    rms = np.sqrt(squares[0][1] / squares[1][1])
    return {
        "half_width": (widths[0] / widths[1]).tolist(),
        "half_width_se": (replicas[0] / replicas[1]).std(axis=0, ddof=1).tolist(),
        "rms_dex": float(np.sqrt(squares[0][0] / squares[1][0])),
        "rms_dex_se": float(rms.std(ddof=1)),
    }


def mass_at(r_kpc: ArrayLike, profile_r_kpc: ArrayLike, profile_log10_mass: ArrayLike) -> FloatArray:
    """Read log10 M(<r) off tabulated profiles, linearly in log r.

    Parameters
    ----------
    r_kpc
        One radius [kpc] per profile, shape (n,).
    profile_r_kpc, profile_log10_mass
        Profiles, shape (n, m), or (1, m) for one of them; radii rising.

    Returns
    -------
    numpy.ndarray
        log10 M [Msun], shape (n,); NaN where the radius lies outside its profile (nothing is extrapolated).
    """
    x = np.log(np.asarray(r_kpc, dtype=np.float64))
    table_x, table_y = np.log(np.asarray(profile_r_kpc, np.float64)), np.asarray(profile_log10_mass, np.float64)
    table_x, table_y = (np.broadcast_to(table, (len(x), table.shape[1])) for table in (table_x, table_y))
    left = np.clip((table_x <= x[:, None]).sum(axis=1) - 1, 0, table_x.shape[1] - 2)
    rows = np.arange(len(x))
    x0, x1, y0, y1 = table_x[rows, left], table_x[rows, left + 1], table_y[rows, left], table_y[rows, left + 1]
    inside = (x >= table_x[:, 0] - 1e-9) & (x <= table_x[:, -1] + 1e-9)
    return np.where(inside, y0 + (y1 - y0) * (x - x0) / (x1 - x0), np.nan)


def estimator_ratios(
    columns: Mapping[str, ArrayLike], r_kpc: FloatArray, log10_mass: FloatArray
) -> dict[str, dict[str, Any]]:
    """Predictions and truth of every closed formula, each at its own radius.

    Parameters
    ----------
    columns
        Of the catalogue, shape (n,) each: ``sigma_kms``, ``R_hl_kpc``, ``R_HI_kpc``, ``v_cold_kms``,
        ``inclination_deg``; optionally ``log10_mass_R_HI``, the true log10 mass inside R_HI. Zero or NaN stand for
        an absent tracer.
    r_kpc, log10_mass
        True profiles, shape (n, m).

    Returns
    -------
    dict
        Name → ``rows`` (bool, (n,)), ``r_kpc`` (k,) or (k, m), ``log10_predicted`` and ``log10_true`` (k, 1) or (k, m)
        for the k rows in use. The five literature formulas need stars; ``hi`` and ``hi_inclination`` (true
        inclination, at least 30° from face-on) are judged at R_HI, where the truth there is known; ``wolf_hi``
        (velocity as seen) at all m radii.
    """
    column = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
    has_stars = _usable(column["sigma_kms"], column["R_hl_kpc"])
    has_gas = _usable(column["v_cold_kms"], column["R_HI_kpc"])
    result: dict[str, dict[str, Any]] = {}

    def add(name: str, rows: NDArray[np.bool_], r: FloatArray, mass: FloatArray, truth: FloatArray) -> None:
        known = np.isfinite(truth)
        result[name] = {
            "rows": np.flatnonzero(rows)[known],
            "r_kpc": r[known, None],
            "log10_predicted": np.log10(mass[known, None]),
            "log10_true": truth[known, None],
        }

    stars = {name: column[name][has_stars] for name in ("sigma_kms", "R_hl_kpc")}
    for name in ESTIMATORS:
        r, mass = estimate_mass(name, **stars)
        add(name, has_stars, r, mass, mass_at(r, r_kpc[has_stars], log10_mass[has_stars]))

    at_hi = column.get("log10_mass_R_HI")
    tilt = column["inclination_deg"]
    tilted = has_gas & (np.minimum(tilt, 180 - tilt) >= MIN_INCLINATION_DEG - 1e-9)
    for name, rows, angle in (("hi", has_gas, None), ("hi_inclination", tilted, tilt[tilted])):
        r, mass = hi_dynamical_mass(column["v_cold_kms"][rows], column["R_HI_kpc"][rows], angle)
        add(name, rows, r, mass, at_hi[rows] if at_hi is not None else mass_at(r, r_kpc[rows], log10_mass[rows]))

    both = has_stars & has_gas
    names = ("sigma_kms", "R_hl_kpc", "v_cold_kms", "R_HI_kpc")
    result["wolf_hi"] = {
        "rows": np.flatnonzero(both),
        "r_kpc": r_kpc[both],
        "log10_predicted": np.log10(wolf_hi_mass(r_kpc[both], *(column[name][both] for name in names))),
        "log10_true": log10_mass[both],
    }
    return result


def _usable(*columns: FloatArray) -> NDArray[np.bool_]:
    """Rows in which all columns are positive and finite."""
    return np.all([np.isfinite(values) & (values > 0) for values in columns], axis=0)
