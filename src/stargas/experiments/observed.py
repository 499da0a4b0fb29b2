"""Round trip: mock galaxies written as an observer's files, read back, inferred, and set beside what is true of them.

Every galaxy is a step of its own: its files are made once for all models, its answers once for each model, so a run
that was stopped goes on with the next galaxy.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.config import DataConfig
from stargas.dataset.store import open_dataset
from stargas.errors import InputError
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.evaluate import PosteriorLike
from stargas.experiments.observed_effects import PartsPosterior, along_effects
from stargas.experiments.observed_files import TRUTH, observation_of, write_mock
from stargas.experiments.observed_invariances import check_laws
from stargas.experiments.observed_metrics import coverage_and_width, difference, median_of
from stargas.galaxy import FloatArray, Galaxy
from stargas.inference.infer import infer_observed
from stargas.observed.galaxy import observe_galaxy
from stargas.profiles import ProfileDraws
from stargas.randomness import rng_for
from stargas.sample import Sample, make_sample
from stargas.simulations.selection import in_cold_gas_set
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import View
from stargas.storage import write_atomically

if TYPE_CHECKING:
    from stargas.simulations.source import Source

FORMAT = "stargas experiment observed"

ROUND_TRIP, LAWS, EFFECTS = "round_trip", "laws", "effects"
"""Parts of the experiment."""

WAYS: Mapping[str, tuple[bool, bool]] = {
    "stars and gas": (True, True),
    "stars": (True, False),
    "gas": (False, True),
}
"""What of a galaxy's files is given: stars, HI."""

LAW_GALAXIES = 10
"""Galaxies of a round trip on whose files the laws are tried."""

MAX_TRIED = 40
"""Galaxies of a suite that are looked at for each one that is wanted."""


@dataclass(frozen=True)
class RoundTrip:
    """What is done.

    Parameters
    ----------
    n_galaxies
        Galaxies with cold gas, each from one random side.
    seed
        Of the suite and of all that is drawn.
    n_draws
        Posterior draws of each answer.
    """

    n_galaxies: int = 50
    seed: int = 5
    n_draws: int = 2000


def run_round_trip(
    posterior: PosteriorLike,
    out: Path,
    plan: RoundTrip,
    source: "Source | None" = None,
    say: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Make what is missing of a round trip.

    Parameters
    ----------
    posterior
        A model that can do without either tracer.
    out
        Folder for files (``files/``) and answers (``answers/``).
    plan
        How many galaxies, and the seed.
    source
        Galaxies; the mock suite ``bursty`` of the plan's seed if None. Files that are in the folder are taken as its.
    say
        Called with a line per galaxy.

    Returns
    -------
    list of dict
        A record of each galaxy and way: ``r_kpc``, ``quantiles`` of log10 M, ``truth`` there, ``direct`` (median of the
        same model for the same view with perfect data; NaN beyond its radii), ``shares``, ``seconds``. Where the
        files were refused it has ``refused`` with the reason instead.
    """
    if source is None:
        from stargas.simulations.mock_suites.suites import mock_suite

        _require_unseen(posterior, plan.seed)
        source = mock_suite("bursty", MAX_TRIED * plan.n_galaxies, seed=plan.seed)
    config: DataConfig = getattr(posterior, "data_config", None) or DataConfig()
    known = hashlib.sha256(json.dumps([dict(posterior.about), plan.n_draws], sort_keys=True, default=str).encode())
    answers = out / "answers" / known.hexdigest()[:12]
    records: list[dict[str, Any]] = []
    for number, galaxy in enumerate(_with_gas(source, config, plan.n_galaxies)):
        file = answers / f"{number:04d}.json"
        if not file.exists():
            started = time.monotonic()
            folder = out / "files" / f"{number:04d}"
            truth = write_mock(galaxy, folder, plan.seed, config.gas)
            made = time.monotonic()
            found = answer(posterior, galaxy, folder, truth, config, plan)
            took = f"{made - started:.1f} s for the files, {time.monotonic() - made:.1f} s for the answers"
            if say is not None:
                say(f"{number + 1} of {plan.n_galaxies}: {galaxy.id}, {took}")
            answers.mkdir(parents=True, exist_ok=True)
            write_atomically(file, (json.dumps(found) + "\n").encode())
        records += json.loads(file.read_text())
    return records


def _require_unseen(posterior: PosteriorLike, seed: int) -> None:
    """Refuse a seed whose galaxies the model learned from."""
    for stage in posterior.about.get("data", ()):
        for data_set in stage["data_sets"]:
            source = data_set.get("source", {})
            if source.get("suite") == "bursty" and source.get("seed") == seed:
                raise InputError(f"the model learned from galaxies of seed {seed}: choose another --suite-seed.")


def _with_gas(source: "Source", config: DataConfig, n: int) -> Iterator[Galaxy]:
    """Give the first galaxies of a source that are of the cold-gas set and have stars enough."""
    left = n
    for index in range(len(source)):
        galaxy = source[index]
        if in_cold_gas_set(galaxy, config.selection) and len(galaxy.stars) >= config.stars.min_stars:
            yield galaxy
            left -= 1
            if not left:
                return
    raise InputError(f"{source.name} has {n - left} galaxies with cold gas, {n} are wanted: ask for fewer.")


def answer(
    posterior: PosteriorLike,
    galaxy: Galaxy,
    folder: Path,
    truth: Mapping[str, Any],
    config: DataConfig,
    plan: RoundTrip,
) -> list[dict[str, Any]]:
    """Infer one galaxy from its files in every way of `WAYS`; records as from `run_round_trip`."""
    view = View(**{**truth["observation"]["view"], "position_angle_deg": 0.0})
    # of the same galaxy from the same side, all stars and all gas as they are, turned as in training
    sky = project(galaxy, view)
    records = []
    for way, (stars, hi) in WAYS.items():
        record: dict[str, Any] = {"galaxy_id": galaxy.id, "way": way}
        started = time.monotonic()
        try:
            seen = observe_galaxy(observation_of(folder, dict(truth), stars=stars, hi=hi))
            found = infer_observed(posterior, seen, n_draws=plan.n_draws, seed=plan.seed)
        except InputError as refused:
            records.append({**record, "refused": str(refused)})
            continue
        records.append(
            {
                **record,
                "r_kpc": found.r_kpc.tolist(),
                "quantiles": found.quantiles.tolist(),
                "truth": np.log10(galaxy.enclosed_mass(found.r_kpc)).tolist(),
                "direct": _direct(posterior, _sample(sky, config, plan, stars=stars, hi=hi), found.r_kpc, plan),
                "shares": {name: round(float(np.median(share)), 4) for name, share in found.shares.items()},
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
    """Numbers of each way over galaxies and radii, with errors from a bootstrap over galaxies.

    Returns
    -------
    list of dict
        Per way: ``n_galaxies``, ``n_refused``; rms and median [dex] of the answer's median against the truth
        (``vs_truth``) and against the direct answer (``vs_direct``), and of the direct answer against the truth
        (``direct_vs_truth``); ``coverage_68``, ``coverage_95``; ``half_width_68`` [dex]; ``seconds`` per galaxy, all
        but that of refused ones. Each number is a pair of value and standard error but for counts and seconds.
    """
    rows = []
    for way in WAYS:
        of_way = [record for record in records if record["way"] == way]
        told = [record for record in of_way if "refused" not in record]
        row: dict[str, Any] = {"way": way, "n_galaxies": len(told), "n_refused": len(of_way) - len(told)}
        if told:
            row |= _numbers(told)
        rows.append(row)
    return rows


def brief(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Shorten records for figures: means over radii of the true log10 M and of what differs from it [dex]."""
    shown = []
    for record in records:
        if "refused" in record:
            continue
        truth = np.array(record["truth"])
        shown.append(
            {
                "galaxy_id": record["galaxy_id"],
                "way": record["way"],
                "log10_mass": round(float(truth.mean()), 4),
                "off": [round(float(x), 4) for x in (np.array(record["quantiles"]) - truth).mean(axis=1)],
                "direct_off": round(float(np.nanmean(np.array(record["direct"], dtype=np.float64) - truth)), 4),
                "shares": record["shares"],
            }
        )
    return shown


def _numbers(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    quantiles = np.array([record["quantiles"] for record in told])
    truth, direct = (np.array([record[name] for record in told], dtype=np.float64) for name in ("truth", "direct"))
    resampled = bootstrap_galaxies([record["galaxy_id"] for record in told])
    median = median_of(quantiles)
    numbers: dict[str, Any] = {
        "vs_truth": difference(median - truth, resampled),
        "vs_direct": difference(median - direct, resampled),
        "direct_vs_truth": difference(direct - truth, resampled),
    }
    numbers |= coverage_and_width(quantiles, truth, resampled)
    numbers["seconds"] = round(float(np.mean([record["seconds"] for record in told])), 2)
    return numbers


def judge_round_trip(
    posterior: PosteriorLike,
    out: Path,
    results: Path,
    plan: RoundTrip,
    command: str,
    say: Callable[[str], None] | None = None,
) -> Path:
    """Make a round trip and write ``round_trip.json``; arguments as of `run_round_trip`."""
    records = run_round_trip(posterior, out, plan, say=say)
    refused = sorted({record["refused"] for record in records if "refused" in record})
    content = {"rows": summary(records), "galaxies": brief(records), "refused": refused}
    return _write(results / f"{ROUND_TRIP}.json", command, content)


def judge_laws(
    posterior: PosteriorLike,
    out: Path,
    results: Path,
    plan: RoundTrip,
    command: str,
    say: Callable[[str], None] | None = None,
) -> Path:
    """Try the laws on the first files of a round trip and write ``laws.json``; see `check_laws`.

    Raises
    ------
    InputError
        If the round trip has written no files yet.
    """
    folders = sorted(file.parent for file in out.glob(f"files/*/{TRUTH}"))[: min(LAW_GALAXIES, plan.n_galaxies)]
    if not folders:
        raise InputError(f"{out} holds no files of mock galaxies: run the part {ROUND_TRIP} first.")
    mocks = {folder: json.loads((folder / TRUTH).read_text()) for folder in folders}
    rows = check_laws(posterior, mocks, n_draws=plan.n_draws, seed=plan.seed, say=say)
    return _write(results / f"{LAWS}.json", command, {"rows": rows})


def judge_effects(
    posterior: PartsPosterior,
    data: Path,
    results: Path,
    n_draws: int,
    command: str,
    say: Callable[[str], None] | None = None,
) -> Path:
    """Judge a model along the effects in a data set and write ``effects.json``; see `along_effects`."""
    rows = along_effects(posterior, open_dataset(data), n_draws=n_draws, say=say)
    return _write(results / f"{EFFECTS}.json", command, {"rows": rows})


def _write(file: Path, command: str, content: Mapping[str, Any]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = {"format": FORMAT, "command": command, **content}
    write_atomically(file, (json.dumps(whole, indent=1, allow_nan=False) + "\n").encode())
    return file
