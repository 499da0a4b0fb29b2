"""What the field would use in place of a model, on the same stars of the same sides of the same galaxies.

Spherical Jeans modeling fits each galaxy; boosted trees have learned from mock galaxies, as the model has. A Jeans fit
takes seconds to a minute, so each one is kept in a file of its own as soon as it is made: a run that was stopped goes
on where it ended. The scores of all methods are those of the scoreboard.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stargas.baselines.estimators import STAR_ESTIMATORS
from stargas.baselines.jeans import BLOCK, MAX_DRIFT, MAX_STEPS, N_WALKERS, PRIORS, JeansPosterior, fit_jeans
from stargas.errors import InputError
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.experiments.others.mocks import held_out_galaxies
from stargas.experiments.others.predictions import N_VIEWS, RADII, Predictions, Side, joined, sides_of, summarize_draws
from stargas.experiments.others.scoreboard import plain_score, scores
from stargas.experiments.others.spheres import analytic_spheres
from stargas.galaxy import FloatArray
from stargas.model.posterior import Posterior
from stargas.report.others_rows import ALL
from stargas.report.peers_sections import JEANS, MODEL, PEERS_FILE, PEERS_FORMAT, TREES
from stargas.storage import Format, digest_of, json_bytes, plain, read_header, rounded, sha256_of, write_atomically
from stargas.tracers import STARS

FIT_FORMAT = Format("stargas Jeans fit", 1)
"""Format of the file of a kept fit."""

SETTINGS = {
    "format": FIT_FORMAT.version,
    "priors": [prior[:3] for prior in PRIORS],
    "chain": [N_WALKERS, BLOCK, MAX_DRIFT, MAX_STEPS],
}
"""What a kept fit depends on beside its data."""


class Seen(NamedTuple):
    """A galaxy and the sides from which it is seen.

    Parameters
    ----------
    one
        The galaxy.
    sides
        Which of the sides of the scoreboard.
    """

    one: GalaxyOfOthers
    sides: Sequence[int]


def seen_galaxies(
    galaxies: Iterable[GalaxyOfOthers], sides: Sequence[int], n_spheres: int, n_mocks: int, seed: int = 0
) -> Iterator[Seen]:
    """Return the galaxies of a comparison.

    Parameters
    ----------
    galaxies
        Galaxies of others.
    sides
        Sides from which those are seen.
    n_spheres
        Analytic spheres of each combination, which look the same from everywhere and are seen from one side.
    n_mocks
        Mock galaxies that no model has learned from, each from one side, so that all sides occur equally often.
    seed
        Root seed of the spheres.
    """
    yield from (Seen(one, sides) for one in galaxies)
    yield from (Seen(one, [0]) for one in analytic_spheres(n_spheres, seed))
    yield from (Seen(one, [number % N_VIEWS]) for number, one in enumerate(islice(held_out_galaxies(), n_mocks)))


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several methods on the same n views.

    Parameters
    ----------
    side
        Side of each view, shape (n,).
    predictions
        Method → what it infers from the stars.
    seconds
        Method → processor time of each view [s], shape (n,). That of the model and of the trees includes the projection
        of the galaxy and the maps.
    fits
        The Jeans posteriors, one for each view.
    """

    side: NDArray[np.int64]
    predictions: Mapping[str, Predictions]
    seconds: Mapping[str, FloatArray]
    fits: Sequence[JeansPosterior]


def compare(
    model: Posterior,
    galaxies: Iterable[Seen],
    folder: Path,
    trees: PosteriorLike | None = None,
    n_draws: int = 1000,
    seed: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Infer the masses of some sides of every galaxy from its stars by all methods.

    Parameters
    ----------
    model
        A model of any tracers.
    galaxies
        The galaxies; those with fewer stars than a sample may have, or whose masses are not known, are left out.
    folder
        Where fits are kept.
    trees
        Boosted trees that have learned from stars, at the radii of the model; left out if None.
    n_draws
        Posterior draws of each side.
    seed
        Root seed of directions, stars and draws.
    report
        Called with a line for each fit that is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    learned: dict[str, PosteriorLike] = {MODEL: model.conditioned_on(STARS.name)}
    if trees is not None:
        learned[TREES] = trees
    radii = np.asarray(model.target.radii_R_hl, dtype=np.float64)
    names = [JEANS, *learned]
    found: dict[str, list[Predictions]] = {name: [] for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    side: list[int] = []
    fits: list[JeansPosterior] = []
    for one, numbers in galaxies:
        if len(one.galaxy.stars) < model.data_config.min_stars:
            continue
        start = time.process_time()
        try:
            seen = sides_of(one, model.data_config, seed, numbers)
        except InputError as error:
            report(f"{one.galaxy.id} is left out: {error}")
            continue
        made = time.process_time() - start
        samples = [each.sample for each in seen]
        side += numbers
        kept = [_kept_fit(one, each, folder, n_draws, seed, report) for each in seen]
        fits += kept
        draws = [fit.log10_mass(radii * fit.R_hl_kpc) for fit in kept]
        found[JEANS].append(summarize_draws(one, samples, radii, draws, STARS.name))
        seconds[JEANS] += [fit.seconds for fit in kept]
        for name, posterior in learned.items():
            start = time.process_time()
            drawn = posterior.sample(samples, n_draws, seed)
            seconds[name] += [(made + time.process_time() - start) / len(seen)] * len(seen)
            found[name].append(summarize_draws(one, samples, radii, drawn, STARS.name))
    return Comparison(
        np.array(side),
        {name: joined(parts) for name, parts in found.items()},
        {name: np.array(times) for name, times in seconds.items()},
        tuple(fits),
    )


def _kept_fit(
    one: GalaxyOfOthers, side: Side, folder: Path, n_draws: int, seed: int, report: Callable[[str], None]
) -> JeansPosterior:
    """Return the fit of one side, made now or before."""
    seen = side.sky.stars
    assert seen is not None  # noqa: S101 (sides have stars)
    R, v = np.hypot(seen.x_kpc, seen.y_kpc)[side.stars], seen.v_los_kms[side.stars]
    R_hl = float(side.sample.scalars[0])
    data = sha256_of(np.ascontiguousarray([R, v]).tobytes())
    path = folder / f"{digest_of([SETTINGS, data, R_hl, n_draws, seed])[:24]}.json"
    if path.exists():
        kept = read_header(path, FIT_FORMAT, "remove it", "remove it")["fit"]
        return JeansPosterior(**{**kept, "parameters": np.asarray(kept["parameters"])})
    fit = fit_jeans(R, v, R_hl, n_draws=n_draws, seed=seed)
    content = {**FIT_FORMAT.stated, "fit": rounded(plain(asdict(fit)), 6)}
    write_atomically(path, json_bytes(content, indent=0), lasting=False)
    report(f"{one.galaxy.id}: {len(R)} stars, {fit.n_steps} steps, {fit.seconds:.0f} s")
    return fit


def write_peers(comparison: Comparison, results: Path, origin: Origin) -> Path:
    """Write ``peers.json``.

    Parameters
    ----------
    comparison
        Of all galaxies.
    results
        Folder of the results.
    origin
        Where they come from.
    """
    content = {
        "formulas": [formula.label for formula in STAR_ESTIMATORS.values()],
        "fits": _fit_summary(comparison.fits),
        "rows": list(_rows(comparison)),
    }
    return write_measurement(results / PEERS_FILE, PEERS_FORMAT, origin, {"radii_R_hl": RADII, **content})


def _rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    """Yield a row for each method, maker, kind and side; galaxies seen from different sides share a row."""
    for method, predictions in comparison.predictions.items():
        for maker in dict.fromkeys(predictions.maker.tolist()):
            of_maker = predictions.maker == maker
            sides = np.unique(comparison.side[of_maker])
            n_galaxies = len(np.unique(predictions.galaxy[of_maker]))
            every_side = of_maker.sum() == n_galaxies * len(sides)
            for shown in [[side] for side in sides] if every_side else [sides]:
                chosen = of_maker & np.isin(comparison.side, shown)
                for score in scores(predictions.where(chosen)):
                    here = chosen & ((predictions.kind == score.kind) | (score.kind == ALL))
                    seconds = np.median(comparison.seconds[method][here])
                    yield {"method": method, "sides": shown, "seconds": seconds, **plain_score(score)}


def _fit_summary(fits: Sequence[JeansPosterior]) -> dict[str, Any]:
    """Return how long the fits took, and how many of them have converged."""
    seconds = [fit.seconds for fit in fits]
    return {
        "n": len(fits),
        "converged": sum(fit.converged for fit in fits),
        "seconds_median": float(np.median(seconds)),
        "seconds_longest": max(seconds),
    }
