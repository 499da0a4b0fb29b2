"""Spherical Jeans modeling beside a model, on the same stars of the same sides of galaxies that others made.

A fit takes seconds to a minute, so each one is kept in a file of its own as soon as it is made: a run that was stopped
goes on where it ended. The scores of both methods are those of the scoreboard.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stargas import __version__
from stargas.baselines.jeans import BLOCK, MAX_DRIFT, MAX_STEPS, N_WALKERS, PRIORS, JeansPosterior, fit_jeans
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.experiments.others.scoreboard import (
    RADII,
    Predictions,
    Side,
    joined,
    plain_score,
    scores,
    sides_of,
    summarize_draws,
)
from stargas.model.posterior import Posterior
from stargas.report.others_page import JEANS, MODEL, PEERS_FILE, PEERS_FORMAT
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


@dataclass(frozen=True, eq=False)
class Comparison:
    """Jeans modeling and a model on the same sides.

    Parameters
    ----------
    jeans, model
        What both infer from the stars.
    fits
        The Jeans posteriors, one for each side.
    """

    jeans: Predictions
    model: Predictions
    fits: Sequence[JeansPosterior]


def compare(
    model: Posterior,
    galaxies: Iterable[GalaxyOfOthers],
    folder: Path,
    sides: Sequence[int] = (0,),
    n_draws: int = 1000,
    seed: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> Iterator[Comparison]:
    """Infer the masses of some sides of every galaxy from its stars by both methods.

    Parameters
    ----------
    model
        A model of any tracers.
    galaxies
        The galaxies; those with fewer stars than a sample may have are left out.
    folder
        Where fits are kept.
    sides
        Which of the sides of the scoreboard.
    n_draws
        Posterior draws of each side.
    seed
        Root seed of directions, stars and draws.
    report
        Called with a line for each fit that is made.

    Yields
    ------
    Comparison
        Of all galaxies so far, after each galaxy.
    """
    folder.mkdir(parents=True, exist_ok=True)
    conditioned = model.conditioned_on(STARS.name)
    radii = np.asarray(model.target.radii_R_hl, dtype=np.float64)
    jeans, network, fits = [], [], []
    for one in galaxies:
        if len(one.galaxy.stars) < model.data_config.min_stars:
            continue
        seen = sides_of(one, model.data_config, seed, sides)
        samples = [side.sample for side in seen]
        found = [_kept_fit(one, side, folder, n_draws, seed, report) for side in seen]
        draws = [fit.log10_mass(radii * fit.R_hl_kpc) for fit in found]
        jeans.append(summarize_draws(one, samples, radii, draws, STARS.name))
        network.append(summarize_draws(one, samples, radii, conditioned.sample(samples, n_draws, seed), STARS.name))
        fits += found
        yield Comparison(joined(jeans), joined(network), tuple(fits))


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


def write_peers(comparison: Comparison, results: Path, command: str, sides: Sequence[int]) -> Path:
    """Write ``peers.json``.

    Parameters
    ----------
    comparison
        Of all galaxies.
    results
        Folder of the results.
    command
        Command that makes them again.
    sides
        Which of the sides of the scoreboard.
    """
    rows = []
    for method, predictions in ((JEANS, comparison.jeans), (MODEL, comparison.model)):
        rows += [{"method": method, **plain_score(score)} for score in scores(predictions)]
    content = {
        **PEERS_FORMAT.stated,
        "stargas": __version__,
        "command": command,
        "radii_R_hl": RADII,
        "sides": list(sides),
        "fits": _fit_summary(comparison.fits),
        "rows": rows,
    }
    path = results / PEERS_FILE
    results.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json_bytes(rounded(plain(content), 4)))
    return path


def _fit_summary(fits: Sequence[JeansPosterior]) -> dict[str, Any]:
    """Return how long the fits took, and how many of them have converged."""
    seconds = [fit.seconds for fit in fits]
    return {
        "n": len(fits),
        "converged": sum(fit.converged for fit in fits),
        "seconds_median": float(np.median(seconds)),
        "seconds_longest": max(seconds),
    }
