"""How a model does on galaxies that others made, by maker and kind, beside the closed formulas.

Every galaxy is seen from `N_VIEWS` sides with all its stars, up to the most that a sample may have, and where it has HI
from stars alone and HI alone, too. Sides of one galaxy are not independent: errors come from bootstrap over galaxies.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas import __version__
from stargas.baselines.estimators import STAR_ESTIMATORS
from stargas.config import DataConfig
from stargas.evaluation.bootstrap import Bootstrap, Measured, bootstrap_galaxies
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.galaxy import FloatArray
from stargas.model.posterior import Posterior
from stargas.randomness import rng_for
from stargas.report.others_page import FILE, FORMAT
from stargas.report.others_rows import ALL
from stargas.sample import Sample, make_sample
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import standard_views
from stargas.storage import json_bytes, plain, rounded, write_atomically
from stargas.tracers import STARS, STARS_AND_GAS, TRACER_SETS
from stargas.validity.assessment import assess_validity
from stargas.validity.reference import ValidityReference
from stargas.validity.result import ValidityResult

N_VIEWS = 12
"""Sides from which each galaxy is seen."""

RADII = (0.6, 1.0, 1.7, 2.4)
"""Radii [R_hl] of the tables."""

HI_SEEDS = 5
"""Sets of `N_VIEWS` sides over which what HI adds is measured: the one nearest to face-on decides over a single set."""

SLOPE_RADII = (0.8, 1.2)
"""Radii [R_hl] between which the slope of the mass at R_hl is measured."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model infers of n views of galaxies of others.

    Parameters
    ----------
    galaxy
        Galaxy of each view, shape (n,).
    maker, kind
        Of that galaxy, shape (n,).
    tracers
        Name of the tracer set that the model was conditioned on, shape (n,).
    inclination_deg
        Of the view, shape (n,).
    log10_true
        log10 M [Msun] at `RADII`, shape (n, 4).
    quantiles
        Of the posterior there, at `stargas.evaluation.intervals.QUANTILE_LEVELS`, shape (n, 5, 4).
    p_value, trusted
        Of the validity of the view, and its verdict, shape (n,); NaN and true without a reference.
    formula_error
        Error of each closed formula from stars at its own radius [dex], shape (n, 5); NaN without stars.
    error_there
        Error of the posterior median at the same radii, shape (n, 5).
    slope_true
        d ln M/d ln r at R_hl, between the two radii of `SLOPE_RADII`, shape (n,).
    slope_quantiles
        Of the posterior of that slope, shape (n, 5).
    """

    galaxy: NDArray[np.str_]
    maker: NDArray[np.str_]
    kind: NDArray[np.str_]
    tracers: NDArray[np.str_]
    inclination_deg: FloatArray
    log10_true: FloatArray
    quantiles: FloatArray
    p_value: FloatArray
    trusted: NDArray[np.bool_]
    formula_error: FloatArray
    error_there: FloatArray
    slope_true: FloatArray
    slope_quantiles: FloatArray

    def where(self, chosen: NDArray[np.bool_]) -> "Predictions":
        """Return some of the views."""
        return Predictions(**{name: getattr(self, name)[chosen] for name in self.__dataclass_fields__})

    @property
    def error(self) -> FloatArray:
        """Error of the median [dex], shape (n, 4)."""
        result: FloatArray = self.quantiles[:, 2] - self.log10_true
        return result


class Side(NamedTuple):
    """A galaxy seen from one side.

    Parameters
    ----------
    sky
        The galaxy as it is seen.
    stars
        Those of its stars that are observed.
    sample
        The sample of them.
    """

    sky: SkyGalaxy
    stars: NDArray[np.int64]
    sample: Sample


def sides_of(
    one: GalaxyOfOthers, config: DataConfig, seed: int = 0, numbers: Sequence[int] = range(N_VIEWS)
) -> list[Side]:
    """Return a galaxy from some of `N_VIEWS` sides.

    Parameters
    ----------
    one
        The galaxy.
    config
        Settings of maps and truth.
    seed
        Root seed of directions and stars.
    numbers
        Which sides, of rising inclination.
    """
    galaxy = one.galaxy
    sides = []
    views = standard_views(replace(config.views, n_views=N_VIEWS), rng_for(seed, "others views", galaxy.id))
    for number in numbers:
        rng = rng_for(seed, "others stars", galaxy.id, number)
        stars = rng.permutation(len(galaxy.stars))[: config.stars.max_stars]
        sky = project(galaxy, views[number])
        sides.append(Side(sky, stars, make_sample(sky, rng, config, stars)))
    return sides


def predict(
    model: Posterior,
    galaxies: Iterable[GalaxyOfOthers],
    reference: ValidityReference | None = None,
    n_draws: int = 1000,
    seed: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> Predictions:
    """Infer the masses of every view of every galaxy with every set of its tracers.

    Parameters
    ----------
    model
        A model of any tracers.
    galaxies
        The galaxies; those with fewer stars than a sample may have are left out with a line.
    reference
        Validity reference of the model.
    n_draws
        Posterior draws of each view.
    seed
        Root seed.
    report
        Called with a line for each galaxy that is left out.
    """
    parts = []
    for one in galaxies:
        if len(one.galaxy.stars) < model.data_config.min_stars:
            report(f"{one.galaxy.id} has {len(one.galaxy.stars)} stars, too few for the model: left out.")
            continue
        parts += list(_predict_galaxy(model, one, reference, n_draws, seed))
    return joined(parts)


def predict_from_stars(
    posterior: PosteriorLike,
    galaxies: Iterable[GalaxyOfOthers],
    config: DataConfig,
    n_draws: int = 1000,
    seed: int = 0,
) -> Predictions:
    """Infer the masses of the same views from stars alone, by a posterior of another kind.

    Parameters
    ----------
    posterior
        Of stars, at the radii of the settings.
    galaxies
        The galaxies; those with fewer stars than a sample may have are left out.
    config
        Settings of maps and truth.
    n_draws
        Posterior draws of each view.
    seed
        Root seed.
    """
    parts = []
    for one in galaxies:
        if len(one.galaxy.stars) >= config.min_stars:
            samples = [side.sample for side in sides_of(one, config, seed)]
            draws = posterior.sample(samples, n_draws, seed)
            parts.append(summarize_draws(one, samples, np.asarray(config.truth.radii), draws, STARS.name))
    return joined(parts)


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Join predictions."""
    return Predictions(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Predictions.__dataclass_fields__}
    )


def _predict_galaxy(
    model: Posterior, one: GalaxyOfOthers, reference: ValidityReference | None, n_draws: int, seed: int
) -> Iterator[Predictions]:
    samples = [side.sample for side in sides_of(one, model.data_config, seed)]
    for tracers in [name.name for name in TRACER_SETS] if samples[0].tracers.all() else [STARS.name]:
        conditioned = model.conditioned_on(tracers)
        validity = () if reference is None else assess_validity(samples, conditioned, reference)
        draws = conditioned.sample(samples, n_draws, seed)
        yield summarize_draws(one, samples, np.asarray(model.target.radii_R_hl), draws, tracers, validity)


def summarize_draws(
    one: GalaxyOfOthers,
    samples: Sequence[Sample],
    radii_R_hl: FloatArray,
    draws: ArrayLike,
    tracers: str,
    validity: Sequence[ValidityResult] = (),
) -> Predictions:
    """Compare posterior draws of n views of a galaxy with its true mass.

    Parameters
    ----------
    one
        The galaxy.
    samples
        Of its views.
    radii_R_hl
        Radii of the draws and of the truth of the samples [R_hl], shape (m,).
    draws
        log10 M [Msun] there, shape (n, draws, m).
    tracers
        Name of the tracer set that they come from.
    validity
        Of the views; none without a reference.
    """
    n, radii, drawn = len(samples), radii_R_hl, np.asarray(draws, dtype=np.float64)
    truth = np.array([sample.log10_mass for sample in samples])
    own_radii = np.array([formula.radius_in_R_hl for formula in STAR_ESTIMATORS.values()])
    R_hl, sigma = np.array([sample.scalars[:2] for sample in samples]).T
    formulas = np.column_stack([np.log10(formula.mass(sigma, R_hl)[1]) for formula in STAR_ESTIMATORS.values()])
    true_there = np.array([np.log10(one.galaxy.enclosed_mass(own_radii * R)) for R in R_hl])
    unknown = np.nan if tracers.startswith("gas") else 0.0
    verdicts = validity or [ValidityResult(None)] * n
    return Predictions(
        galaxy=np.full(n, one.galaxy.id),
        maker=np.full(n, one.maker),
        kind=np.full(n, one.kind),
        tracers=np.full(n, tracers),
        inclination_deg=np.array([sample.row["inclination_deg"] for sample in samples]),
        log10_true=_at(RADII, radii, truth),
        quantiles=np.moveaxis(np.quantile(_at(RADII, radii, drawn), QUANTILE_LEVELS, axis=1), 0, 1),
        p_value=np.array([np.nan if one.p_value is None else one.p_value for one in verdicts]),
        trusted=np.array([one.trusted for one in verdicts]) if validity else np.ones(n, bool),
        formula_error=formulas - true_there + unknown,
        error_there=np.median(_at(own_radii, radii, drawn), axis=1) - true_there + unknown,
        slope_true=_slope(radii, truth),
        slope_quantiles=np.quantile(_slope(radii, drawn), QUANTILE_LEVELS, axis=1).T,
    )


def _at(wanted_R_hl: ArrayLike, radii_R_hl: FloatArray, log10_mass: FloatArray) -> FloatArray:
    """Interpolate profiles, shape (..., m), in log r."""
    at, known = np.log(wanted_R_hl), np.log(radii_R_hl)
    right = np.clip(np.searchsorted(known, at), 1, len(known) - 1)
    share = (at - known[right - 1]) / (known[right] - known[right - 1])
    result: FloatArray = log10_mass[..., right - 1] * (1 - share) + log10_mass[..., right] * share
    return result


def _slope(radii_R_hl: FloatArray, log10_mass: FloatArray) -> FloatArray:
    """Return d ln M/d ln r at R_hl of profiles, shape (..., m), shape (...)."""
    inner, outer = np.moveaxis(_at(SLOPE_RADII, radii_R_hl, log10_mass), -1, 0)
    result: FloatArray = (outer - inner) / np.log10(SLOPE_RADII[1] / SLOPE_RADII[0])
    return result


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
        flagged=float(np.mean(~views.trusted)),
        rms_doubtful=_rms(error[doubtful]) if known else float("nan"),
        rms_others=_rms(error[others]) if known else float("nan"),
    )


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
        square = [np.mean(of_galaxy.error[of_galaxy.tracers == one.name] ** 2, 1) for one in (STARS_AND_GAS, STARS)]
        both, stars = (float(np.sqrt(one.mean())) for one in square)
        sides = bootstrap_galaxies(np.arange(len(square[0])))
        replicas = np.sqrt(sides.mean(square[0]) / sides.mean(square[1]))
        found[name] = HIGain(both, stars, Measured.from_replicas(both / stars, replicas), len(square[0]))
    return found


def write_scoreboard(
    predictions: Predictions,
    gain: Mapping[str, HIGain],
    results: Path,
    command: str,
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
    command
        Command that makes them again.
    trees
        Of boosted trees on the same galaxies, from stars.
    """
    rows = [plain_score(score) for score in scores(predictions)]
    content = {
        **FORMAT.stated,
        "stargas": __version__,
        "command": command,
        "radii_R_hl": RADII,
        "formulas": [formula.label for formula in STAR_ESTIMATORS.values()],
        "rows": rows,
        "trees": [] if trees is None else [plain_score(score) for score in scores(trees)],
        "hi_gain": {name: plain(asdict(one)) for name, one in gain.items()},
    }
    path = results / FILE
    results.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json_bytes(rounded(content, 4)))
    return path


def plain_score(score: Score) -> dict[str, Any]:
    """Return a score as JSON, with null in the place of every number that is not known."""
    return dict(without_nan(plain(asdict(score))))


def without_nan(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return JSON with null in the place of every number that is not known."""
    if isinstance(value, dict):
        return {name: without_nan(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value
