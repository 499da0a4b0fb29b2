"""Round trip: mock galaxies are written to an observer's files, read back, inferred, and compared with the truth.

Every galaxy is a step of its own: its files are made once for all models and inferred once for each model, so a run
that was stopped goes on with the next galaxy.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.config import DataConfig
from stargas.errors import InputError
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.experiments.observed.files import observation_of, write_mock
from stargas.experiments.observed.metrics import coverage_and_width, difference, median_of
from stargas.galaxy import FloatArray, Galaxy
from stargas.inference.infer import infer
from stargas.observed.observation import observe_galaxy
from stargas.profiles import ProfileDraws
from stargas.randomness import rng_for
from stargas.sample import Sample, make_sample
from stargas.simulations.selection import in_cold_gas_set
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import View
from stargas.storage import digest_of, write_atomically

if TYPE_CHECKING:
    from stargas.simulations.source import Source

FILES: Mapping[str, tuple[bool, bool]] = {
    "stars and gas": (True, True),
    "stars": (True, False),
    "gas": (False, True),
}
"""Tracer set → whether the files of stars and of HI are used."""

MAX_TRIED = 40
"""Galaxies of a suite that are made for each one with cold gas."""


@dataclass(frozen=True)
class RoundTrip:
    """Settings of a round trip.

    Parameters
    ----------
    n_galaxies
        Galaxies with cold gas, each in one random view.
    seed
        Root seed of the suite and of the observations.
    n_draws
        Posterior draws of each inference.
    """

    n_galaxies: int = 50
    seed: int = 5
    n_draws: int = 2000


def run_round_trip(
    posterior: PosteriorLike,
    out: Path,
    plan: RoundTrip,
    source: "Source | None" = None,
    report: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Write, read and infer the galaxies of a round trip, those that are missing.

    Parameters
    ----------
    posterior
        A model that can do without either tracer.
    out
        Folder for files (``files/``) and inferences (``inferences/``).
    plan
        Number of galaxies, seed, number of draws.
    source
        Galaxies; the mock suite ``bursty`` of the plan's seed if None. Files in the folder count as written from it.
    report
        Called with a line per galaxy.

    Returns
    -------
    list of dict
        A record of each galaxy and tracer set: ``r_kpc``, ``quantiles`` of log10 M, ``truth`` there, ``direct`` (median
        of the same model for the same view with perfect data; NaN beyond its radii), ``shares``, ``seconds``. Where
        the files were refused it has ``refused`` with the reason instead.
    """
    if source is None:
        from stargas.simulations.mock_suites.suites import mock_suite

        _require_unseen(posterior, plan.seed)
        source = mock_suite("bursty", MAX_TRIED * plan.n_galaxies, seed=plan.seed)
    config: DataConfig = getattr(posterior, "data_config", None) or DataConfig()
    inferences = out / "inferences" / digest_of([dict(posterior.about), plan.n_draws])[:12]
    records: list[dict[str, Any]] = []
    for number, galaxy in enumerate(_with_gas(source, config, plan.n_galaxies)):
        file = inferences / f"{number:04d}.json"
        if not file.exists():
            started = time.monotonic()
            folder = out / "files" / f"{number:04d}"
            truth = write_mock(galaxy, folder, plan.seed, config.gas)
            made = time.monotonic()
            found = infer_mock(posterior, galaxy, folder, truth, config, plan)
            took = f"{made - started:.1f} s for the files, {time.monotonic() - made:.1f} s for the inferences"
            if report is not None:
                report(f"{number + 1} of {plan.n_galaxies}: {galaxy.id}, {took}")
            inferences.mkdir(parents=True, exist_ok=True)
            write_atomically(file, (json.dumps(found) + "\n").encode())
        records += json.loads(file.read_text())
    return records


def _require_unseen(posterior: PosteriorLike, seed: int) -> None:
    """Refuse a seed whose galaxies the model was trained on."""
    for stage in posterior.about.get("data", ()):
        for data_set in stage["data_sets"]:
            source = data_set.get("source", {})
            if source.get("suite") == "bursty" and source.get("seed") == seed:
                raise InputError(f"the model was trained on galaxies of seed {seed}: choose another --suite-seed.")


def _with_gas(source: "Source", config: DataConfig, n: int) -> Iterator[Galaxy]:
    """Yield the first galaxies of a source that are in the cold-gas set and have enough stars."""
    left = n
    for index in range(len(source)):
        galaxy = source[index]
        if in_cold_gas_set(galaxy, config.selection) and len(galaxy.stars) >= config.stars.min_stars:
            yield galaxy
            left -= 1
            if not left:
                return
    raise InputError(f"{source.name} has {n - left} galaxies with cold gas, {n} were requested: request fewer.")


def infer_mock(
    posterior: PosteriorLike,
    galaxy: Galaxy,
    folder: Path,
    truth: Mapping[str, Any],
    config: DataConfig,
    plan: RoundTrip,
) -> list[dict[str, Any]]:
    """Infer one galaxy from its files with every tracer set of `FILES`; records as from `run_round_trip`."""
    view = View(**{**truth["observation"]["view"], "position_angle_deg": 0.0})
    # perfect data of the same galaxy in the same view: all stars and all gas, turned as in training
    sky = project(galaxy, view)
    records = []
    for tracers, (stars, hi) in FILES.items():
        record: dict[str, Any] = {"galaxy_id": galaxy.id, "tracer_set": tracers}
        started = time.monotonic()
        try:
            seen = observe_galaxy(observation_of(folder, dict(truth), stars=stars, hi=hi))
            found = infer(seen, posterior, n_draws=plan.n_draws, seed=plan.seed, occlusion=False)
        except InputError as refused:
            records.append({**record, "refused": str(refused)})
            continue
        records.append(
            {
                **record,
                "r_kpc": found.r_kpc.tolist(),
                "quantiles": found.quantiles().tolist(),
                "truth": np.log10(galaxy.enclosed_mass(found.r_kpc)).tolist(),
                "direct": _direct(posterior, _sample(sky, config, plan, stars=stars, hi=hi), found.r_kpc, plan),
                "shares": {name: round(float(np.median(share)), 4) for name, share in found.variance_shares.items()},
                "n_warnings": len(found.warnings),
                "seconds": round(time.monotonic() - started, 2),
            }
        )
    return records


def _sample(sky: SkyGalaxy, config: DataConfig, plan: RoundTrip, *, stars: bool, hi: bool) -> Sample:
    """Make the sample of perfect data; R_hl stays where stars are left out, as from photometry."""
    seen = replace(sky, stars=sky.stars if stars else None, gas=sky.gas if hi else None)
    return make_sample(seen, rng_for(plan.seed, "direct"), config)


def _direct(posterior: PosteriorLike, sample: Sample, r_kpc: FloatArray, plan: RoundTrip) -> list[float]:
    """Median of log10 M at some radii; NaN beyond those of the sample."""
    drawn = ProfileDraws(sample.r_kpc, posterior.sample([sample], plan.n_draws, plan.seed)[0].astype(np.float64))
    inside = (r_kpc >= sample.r_kpc[0]) & (r_kpc <= sample.r_kpc[-1])
    median = np.full(len(r_kpc), np.nan)
    if inside.any():
        median[inside] = np.median(np.log10(drawn.mass(r_kpc[inside])), axis=0)
    return median.tolist()


def summary(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Summarize each tracer set over galaxies and radii, with errors from a bootstrap over galaxies.

    Returns
    -------
    list of dict
        Per ``tracer_set``: ``n_galaxies``, ``n_refused``; rms and median [dex] of the posterior median minus the truth
        (``vs_truth``) and minus the median from perfect data (``vs_direct``), and of that minus the truth
        (``direct_vs_truth``); ``coverage_68``, ``coverage_95``; ``half_width_68`` [dex]; ``seconds`` per galaxy that
        was not refused. All but counts and seconds are pairs of value and standard error.
    """
    rows = []
    for tracers in FILES:
        tried = [record for record in records if record["tracer_set"] == tracers]
        inferred = [record for record in tried if "refused" not in record]
        row: dict[str, Any] = {
            "tracer_set": tracers,
            "n_galaxies": len(inferred),
            "n_refused": len(tried) - len(inferred),
        }
        if inferred:
            row |= _accuracy(inferred)
        rows.append(row)
    return rows


def brief(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Shorten records for figures: means over radii of the true log10 M and of the differences from it [dex]."""
    short = []
    for record in records:
        if "refused" in record:
            continue
        truth = np.array(record["truth"])
        short.append(
            {
                "galaxy_id": record["galaxy_id"],
                "tracer_set": record["tracer_set"],
                "log10_mass": round(float(truth.mean()), 4),
                "off": [round(float(x), 4) for x in (np.array(record["quantiles"]) - truth).mean(axis=1)],
                "direct_off": round(float(np.nanmean(np.array(record["direct"], dtype=np.float64) - truth)), 4),
                "shares": record["shares"],
            }
        )
    return short


def _accuracy(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    quantiles = np.array([record["quantiles"] for record in records])
    truth, direct = (np.array([record[name] for record in records], dtype=np.float64) for name in ("truth", "direct"))
    resampled = bootstrap_galaxies([record["galaxy_id"] for record in records])
    median = median_of(quantiles)
    accuracy: dict[str, Any] = {
        "vs_truth": difference(median - truth, resampled),
        "vs_direct": difference(median - direct, resampled),
        "direct_vs_truth": difference(direct - truth, resampled),
    }
    accuracy |= coverage_and_width(quantiles, truth, resampled)
    accuracy["seconds"] = round(float(np.mean([record["seconds"] for record in records])), 2)
    return accuracy
