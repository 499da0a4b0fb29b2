"""How a model does on galaxies that others made, by maker and kind, beside the closed formulas.

Sides of one galaxy are not independent: errors come from bootstrap over galaxies.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stargas.baselines.estimators import STAR_ESTIMATORS
from stargas.evaluation.bootstrap import Bootstrap, Measured, bootstrap_galaxies
from stargas.evaluation.scatter_ratio import rms_ratio
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.others.predictions import RADII, Predictions
from stargas.galaxy import FloatArray
from stargas.report.others_page import FILE, FORMAT
from stargas.report.others_rows import ALL
from stargas.storage import plain
from stargas.tracers import STARS, STARS_AND_GAS

DENSITY_SCORES = ("n_density", "density_bias", "density_rms", "density_68", "density_95")
"""What is said of the densities, in this order."""

HI_SEEDS = 5
"""Sets of `N_VIEWS` sides over which what HI adds is measured: the one nearest to face-on decides over a single set."""


@dataclass(frozen=True)
class Score:
    """How a model does on one kind of galaxies.

    Parameters
    ----------
    maker, kind, tracers
        Which galaxies, and what the model was conditioned on.
    n_galaxies, n_views
        Their number.
    coverage_68, coverage_95
        Fraction of views and radii whose truth lies inside the interval.
    bias, rms, width
        Of each radius of `RADII` [dex]: median error, root mean square error, half of the 68 % interval.
    rms_all
        Root mean square error over all radii [dex].
    rms_formulas, rms_there
        Of each closed formula from stars at its own radius, and of the model there [dex]; NaN without stars.
    slope_rms, slope_relative
        Root mean square error of d ln M/d ln r at R_hl, and the median of its absolute error over the slope.
    slope_68, slope_95
        Fraction of views whose slope lies inside the interval.
    n_density
        Views whose density is known at R_hl, and at `~stargas.experiments.others.predictions.DENSITY_KPC`.
    density_bias, density_rms
        Median error of the logarithm of those densities, and root mean square error [dex].
    density_68, density_95
        Fraction of the views whose density lies inside the interval.
    flagged
        Fraction of the views that are not trusted.
    rms_doubtful, rms_others
        Root mean square error over all radii of the third of the views with the smallest p-values, and of the others
        [dex]; NaN without a reference.
    """

    maker: str
    kind: str
    tracers: str
    n_galaxies: int
    n_views: int
    coverage_68: Measured
    coverage_95: Measured
    bias: tuple[float, ...]
    rms: tuple[float, ...]
    width: tuple[float, ...]
    rms_all: Measured
    rms_formulas: tuple[float, ...]
    rms_there: tuple[float, ...]
    slope_rms: float
    slope_relative: float
    slope_68: Measured
    slope_95: Measured
    n_density: tuple[int, ...]
    density_bias: tuple[float, ...]
    density_rms: tuple[float, ...]
    density_68: tuple[float, ...]
    density_95: tuple[float, ...]
    flagged: float
    rms_doubtful: float
    rms_others: float


def scores(predictions: Predictions) -> list[Score]:
    """Summarize predictions by maker, kind and tracers.

    Parameters
    ----------
    predictions
        Of one model.

    Returns
    -------
    list of Score
        For each maker all its galaxies, then each of its kinds where there are several.
    """
    found = []
    for maker in dict.fromkeys(predictions.maker.tolist()):
        of_maker = predictions.where(predictions.maker == maker)
        kinds = dict.fromkeys(of_maker.kind.tolist())
        for tracers in dict.fromkeys(of_maker.tracers.tolist()):
            chosen = of_maker.where(of_maker.tracers == tracers)
            found.append(_score(chosen, maker, ALL, tracers))
            if len(kinds) > 1:
                found += [_score(chosen.where(chosen.kind == kind), maker, kind, tracers) for kind in kinds]
    return found


def _score(views: Predictions, maker: str, kind: str, tracers: str) -> Score:
    bootstrap = bootstrap_galaxies(views.galaxy)
    error, low95, low, _, high, high95 = views.error, *np.moveaxis(views.quantiles, 1, 0)
    truth = views.log10_true
    order = np.argsort(views.p_value)
    doubtful, others = np.split(order, [len(order) // 3])
    known = bool(np.isfinite(views.p_value).all())
    slope = views.slope_true
    slope_error = views.slope_quantiles[:, 2] - slope
    return Score(
        maker=maker,
        kind=kind,
        tracers=tracers,
        n_galaxies=len(set(views.galaxy.tolist())),
        n_views=len(truth),
        coverage_68=bootstrap.measure_mean(np.mean((low <= truth) & (truth <= high), axis=1)),
        coverage_95=bootstrap.measure_mean(np.mean((low95 <= truth) & (truth <= high95), axis=1)),
        bias=tuple(np.median(error, axis=0).tolist()),
        rms=tuple(np.sqrt(np.mean(error**2, axis=0)).tolist()),
        width=tuple(np.median((high - low) / 2, axis=0).tolist()),
        rms_all=_root(bootstrap, np.mean(error**2, axis=1)),
        rms_formulas=tuple(np.sqrt(np.mean(views.formula_error**2, axis=0)).tolist()),
        rms_there=tuple(np.sqrt(np.mean(views.error_there**2, axis=0)).tolist()),
        slope_rms=_rms(slope_error),
        slope_relative=float(np.median(np.abs(slope_error / slope))),
        slope_68=bootstrap.measure_mean(
            (views.slope_quantiles[:, 1] <= slope) & (slope <= views.slope_quantiles[:, 3])
        ),
        slope_95=bootstrap.measure_mean(
            (views.slope_quantiles[:, 0] <= slope) & (slope <= views.slope_quantiles[:, 4])
        ),
        **_densities(views),
        flagged=float(np.mean(~views.trusted)),
        rms_doubtful=_rms(error[doubtful]) if known else float("nan"),
        rms_others=_rms(error[others]) if known else float("nan"),
    )


def _densities(views: Predictions) -> dict[str, Any]:
    """Return `DENSITY_SCORES` → values at all radii."""
    quantiles = np.moveaxis(views.density_quantiles, 2, 0)
    scored = [_score_density(*one) for one in zip(views.log10_density.T, quantiles, strict=True)]
    return dict(zip(DENSITY_SCORES, zip(*scored, strict=True), strict=True))


def _score_density(truth: FloatArray, quantiles: FloatArray) -> tuple[float, ...]:
    known = np.isfinite(truth)
    if not known.any():
        return 0, np.nan, np.nan, np.nan, np.nan
    true, (low95, low, middle, high, high95) = truth[known], quantiles[known].T
    inside = (float(np.mean((a <= true) & (true <= b))) for a, b in ((low, high), (low95, high95)))
    return int(known.sum()), float(np.median(middle - true)), _rms(middle - true), *inside


def _root(bootstrap: Bootstrap, square: FloatArray) -> Measured:
    mean = bootstrap.measure_mean(square)
    root = np.sqrt(mean.value)
    return Measured(root, mean.error / (2 * root))


def _rms(error: FloatArray) -> float:
    return float(np.sqrt(np.mean(error**2))) if error.size else float("nan")


@dataclass(frozen=True)
class HIGain:
    """What HI adds to the stars of one galaxy.

    Parameters
    ----------
    both, stars
        Root mean square error over all sides and radii from stars and HI, and from stars alone [dex].
    ratio
        The first over the second; its error comes from a bootstrap over sides.
    n_sides
        Sides of the galaxy, the same for both.
    """

    both: float
    stars: float
    ratio: Measured
    n_sides: int


def hi_gain(predictions: Predictions) -> dict[str, HIGain]:
    """Return what HI adds to each galaxy that has it; both errors are of the same sides in the same order."""
    found = {}
    for name in dict.fromkeys(predictions.galaxy[predictions.tracers == STARS_AND_GAS.name].tolist()):
        of_galaxy = predictions.where(predictions.galaxy == name)
        both, stars = (of_galaxy.error[of_galaxy.tracers == one.name] for one in (STARS_AND_GAS, STARS))
        sides = bootstrap_galaxies(np.arange(len(both)))
        found[name] = HIGain(_rms(both), _rms(stars), rms_ratio(both, stars, sides), len(both))
    return found


def write_scoreboard(
    predictions: Predictions,
    gain: Mapping[str, HIGain],
    results: Path,
    origin: Origin,
    trees: Predictions | None = None,
) -> Path:
    """Write ``scoreboard.json``.

    Parameters
    ----------
    predictions
        Of one model on all galaxies.
    gain
        What HI adds to those that have it.
    results
        Folder of the results.
    origin
        Where they come from.
    trees
        Of boosted trees on the same galaxies, from stars.
    """
    content = {
        "formulas": [formula.label for formula in STAR_ESTIMATORS.values()],
        "rows": [plain_score(score) for score in scores(predictions)],
        "trees": [] if trees is None else [plain_score(score) for score in scores(trees)],
        "hi_gain": {name: asdict(one) for name, one in gain.items()},
    }
    return write_measurement(results / FILE, FORMAT, origin, {"radii_R_hl": RADII, **content})


def plain_score(score: Score) -> dict[str, Any]:
    """Return a score as JSON, with null in the place of every number that is not known."""
    return dict(without_nan(plain(asdict(score))))


def rows_of_methods(predictions: Mapping[str, Predictions]) -> list[dict[str, Any]]:
    """Return the scores of several methods as JSON, each row with its ``method``."""
    return [
        {"method": method, **plain_score(score)} for method, found in predictions.items() for score in scores(found)
    ]


def without_nan(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return JSON with null in the place of every number that is not known."""
    if isinstance(value, dict):
        return {name: without_nan(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value
