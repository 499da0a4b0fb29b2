"""Laws that an answer from files obeys, whatever the galaxy: distance, direction on the sky, order of the rows."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from stargas.config import HIMapConfig
from stargas.evaluation.evaluate import PosteriorLike
from stargas.experiments.observed_files import MockObservation, observation_of, write_mock
from stargas.galaxy import FloatArray, Galaxy
from stargas.inference.galaxy import observe_galaxy
from stargas.inference.infer import infer_observed
from stargas.inference.settings import ObservationConfig
from stargas.sky.view import View

WRONG_DISTANCE = 1.1
"""A distance that is 10 % too large."""

TURNS_DEG = (60.0, 145.0, 250.0)
"""Angles by which the sky is turned."""

EXACT = {"distance_error_kpc": 0.0, "R_hl_error_kpc": 0.0}


def check_laws(
    posterior: PosteriorLike,
    galaxies: Sequence[Galaxy],
    config: HIMapConfig,
    *,
    n_draws: int = 1000,
    seed: int = 5,
    say: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Infer galaxies from files of which one thing was changed.

    Parameters
    ----------
    posterior
        A model that can do without either tracer.
    galaxies
        With stars and HI.
    config
        Side of the network's maps.
    n_draws, seed
        Of the answers; both answers of a pair have the same noise.
    say
        Called with a line per galaxy.

    Returns
    -------
    list of dict
        Per law: ``law``, ``way`` (what was given), ``expected`` and, over galaxies, ``median``, ``rms`` and ``largest``
        of the change of the median log10 M, mean over radii at the same multiples of R_hl [dex], and ``half_width_68``,
        the posterior's, to compare with.
    """
    changes: dict[tuple[str, str], list[float]] = {}
    widths: dict[str, list[float]] = {"stars": [], "gas": [], "stars and gas": []}
    for galaxy in galaxies:
        with tempfile.TemporaryDirectory() as place:
            for (law, way), change in _of_galaxy(posterior, galaxy, Path(place), config, n_draws, seed, widths):
                changes.setdefault((law, way), []).append(change)
        if say is not None:
            say(f"laws of {galaxy.id}")
    rows = []
    for (law, way), found in changes.items():
        expected = float(np.log10(WRONG_DISTANCE)) if law == "distance" else 0.0
        rows.append(
            {
                "law": law,
                "way": way,
                "n_galaxies": len(galaxies),
                "expected": round(expected, 4),
                "median": round(float(np.median(found)), 4),
                "rms": round(float(np.sqrt(np.mean(np.square(np.array(found) - expected)))), 4),
                "largest": round(float(np.abs(np.array(found) - expected).max()), 4),
                "half_width_68": round(float(np.mean(widths[way])), 4),
            }
        )
    return rows


def _of_galaxy(
    posterior: PosteriorLike,
    galaxy: Galaxy,
    place: Path,
    config: HIMapConfig,
    n_draws: int,
    seed: int,
    widths: dict[str, list[float]],
) -> list[tuple[tuple[str, str], float]]:
    """Changes of one galaxy; the widths of its answers are added to those that are given."""

    def medians(observation: ObservationConfig) -> tuple[FloatArray, float]:
        found = infer_observed(
            posterior, observe_galaxy(replace(observation, **EXACT)), n_draws=n_draws, seed=seed
        ).quantiles
        return found[2], float(np.mean(found[3] - found[1]) / 2)

    truth = write_mock(galaxy, place / "as is", seed, config)
    found = []
    for way, stars, hi in (("stars", True, False), ("gas", False, True), ("stars and gas", True, True)):
        given = observation_of(place / "as is", truth, stars=stars, hi=hi)
        as_is, width = medians(given)
        widths[way].append(width)
        assert given.distance_kpc is not None and given.R_hl_kpc is not None  # noqa: S101, PT018 (of a mock)
        far = replace(
            given, distance_kpc=WRONG_DISTANCE * given.distance_kpc, R_hl_kpc=WRONG_DISTANCE * given.R_hl_kpc
        )
        found.append((("distance", way), float(np.mean(medians(far)[0] - as_is))))
        if stars:
            _shuffle(place / "as is" / "stars.csv", seed)
            found.append((("order of the rows", way), float(np.mean(medians(given)[0] - as_is))))
    drawn = truth["observation"]
    first = View(**drawn["view"])
    for turn in TURNS_DEG:
        view = replace(first, position_angle_deg=first.position_angle_deg + turn)
        turned = MockObservation(**{**drawn, "view": view, "center_deg": tuple(drawn["center_deg"])})
        folder = place / str(turn)
        again = write_mock(galaxy, folder, seed, config, turned)
    return found
