"""Changes of the files whose effect on the masses is known: distance, direction on the sky, order of the rows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from stargas.config.observation import ObservationConfig
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.experiments.observed.files import observation_of
from stargas.galaxy import FloatArray
from stargas.inference.infer import infer
from stargas.observed.observation import observe_galaxy

WRONG_DISTANCE = 1.1
"""A distance that is 10 % too large."""

TURN_DEG = 115.0
"""Angle by which the sky is turned."""

FILES: Mapping[str, tuple[bool, bool]] = {"stars": (True, False), "gas": (False, True), "stars and gas": (True, True)}
"""Tracer set → whether the files of stars and of HI are used."""


def check_invariances(
    posterior: PosteriorLike,
    mocks: Mapping[Path, dict[str, Any]],
    *,
    n_draws: int = 1000,
    seed: int = 5,
    report: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Infer galaxies from files in which one thing was changed.

    Parameters
    ----------
    posterior
        A model that can do without either tracer.
    mocks
        Folder → truth about its galaxy, as `stargas.experiments.observed.files.write_mock` wrote them.
    n_draws, seed
        Of the inferences; all of one galaxy have the same noise.
    report
        Called with a line per galaxy.

    Returns
    -------
    list of dict
        Per change and tracer set: ``change``; ``tracer_set``; ``n_galaxies``; ``expected`` change of the median
        log10 M at the same multiples of R_hl, mean over radii [dex]; ``median`` of the measured change, ``rms`` and
        ``largest`` difference from the expected one over galaxies; ``half_width_68`` of the posteriors, to compare
        with.
    """
    changes: dict[tuple[str, str], list[float]] = {}
    widths: dict[str, list[float]] = {}
    for folder, truth in mocks.items():
        for tracers, (stars, hi) in FILES.items():
            as_written = replace(
                observation_of(folder, truth, stars=stars, hi=hi), distance_error_kpc=0.0, R_hl_error_kpc=0.0
            )
            as_is, width = _infer(posterior, as_written, n_draws, seed)
            widths.setdefault(tracers, []).append(width)
            with TemporaryDirectory() as place:
                for change, changed in _changed(as_written, Path(place)):
                    median, _ = _infer(posterior, changed, n_draws, seed)
                    changes.setdefault((change, tracers), []).append(float(np.mean(median - as_is)))
        if report is not None:
            report(f"invariances of {truth['galaxy_id']}")
    rows = []
    for (change, tracers), found in changes.items():
        expected = float(np.log10(WRONG_DISTANCE)) if change == "distance + 10 %" else 0.0
        off = np.array(found) - expected
        values = {
            "expected": expected,
            "median": float(np.median(found)),
            "rms": float(np.sqrt(np.mean(off**2))),
            "largest": float(np.abs(off).max()),
            "half_width_68": float(np.mean(widths[tracers])),
        }
        rounded = {name: round(value, 4) for name, value in values.items()}
        rows.append({"change": change, "tracer_set": tracers, "n_galaxies": len(found), **rounded})
    return rows


def _infer(
    posterior: PosteriorLike, observation: ObservationConfig, n_draws: int, seed: int
) -> tuple[FloatArray, float]:
    """Median of log10 M, and half the width of 68 %, mean over radii."""
    result = infer(observe_galaxy(observation), posterior, n_draws=n_draws, seed=seed, occlusion=False)
    quantiles = result.quantiles()
    return quantiles[2], float(np.mean(quantiles[3] - quantiles[1]) / 2)


def _changed(observation: ObservationConfig, place: Path) -> Iterator[tuple[str, ObservationConfig]]:
    """Yield the name of each change and the changed observation."""
    assert observation.distance_kpc is not None and observation.R_hl_kpc is not None  # noqa: S101, PT018 (of a mock)
    far_kpc, R_hl_kpc = WRONG_DISTANCE * observation.distance_kpc, WRONG_DISTANCE * observation.R_hl_kpc
    yield "distance + 10 %", replace(observation, distance_kpc=far_kpc, R_hl_kpc=R_hl_kpc)
    if observation.stars is not None:
        shuffled = place / "shuffled.csv"
        _shuffle(Path(observation.stars), shuffled)
        yield "rows shuffled", replace(observation, stars=str(shuffled))
    stars, hi = observation.stars, observation.hi_cube
    if stars is not None:
        stars = str(place / "turned.csv")
        _turn_stars(Path(str(observation.stars)), Path(stars), observation.center or (0.0, 0.0))
    if hi is not None:
        hi = str(place / "turned.fits")
        _turn_cube(Path(str(observation.hi_cube)), Path(hi))
    yield "sky turned", replace(observation, stars=stars, hi_cube=hi)


def _shuffle(file: Path, to: Path) -> None:
    head, *rows = file.read_text().splitlines()
    order = np.random.default_rng(0).permutation(len(rows))
    to.write_text("\n".join([head, *(rows[i] for i in order)]) + "\n")


def _turn_stars(file: Path, to: Path, center_deg: tuple[float, float]) -> None:
    """Write the table again with every star turned around the center, from north to east."""
    from astropy.table import Table

    from stargas.observed.tangent_plane import sky_position, tangent_offsets

    table = Table.read(file, format="ascii.csv")
    east, north = tangent_offsets(np.asarray(table["ra"]), np.asarray(table["dec"]), center_deg)
    sine, cosine = np.sin(np.radians(TURN_DEG)), np.cos(np.radians(TURN_DEG))
    table["ra"], table["dec"] = sky_position(cosine * east + sine * north, cosine * north - sine * east, center_deg)
    table.write(to, format="ascii.csv")


def _turn_cube(file: Path, to: Path) -> None:
    """Write the cube again under a header that turns its sky around its middle; its data stay."""
    from astropy.io import fits

    with fits.open(file) as hdus:
        header = hdus[0].header
        sine, cosine = np.sin(np.radians(TURN_DEG)), np.cos(np.radians(TURN_DEG))
        # east and north of a pixel's offset, turned from north to east
        for i, row in ((1, (cosine, sine)), (2, (-sine, cosine))):
            for j in (1, 2):
                header[f"PC{i}_{j}"] = row[j - 1] * header[f"CDELT{j}"] / header[f"CDELT{i}"]
        hdus.writeto(to)
