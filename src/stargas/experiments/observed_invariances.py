"""Laws that an answer from files obeys, whatever the galaxy: distance, direction on the sky, order of the rows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from stargas.config.observation import ObservationConfig
from stargas.evaluation.evaluate import PosteriorLike
from stargas.experiments.observed_files import observation_of
from stargas.galaxy import FloatArray
from stargas.inference.infer import infer_observed
from stargas.observed.galaxy import observe_galaxy

WRONG_DISTANCE = 1.1
"""A distance that is 10 % too large."""

TURN_DEG = 115.0
"""Angle by which the sky is turned."""

GIVEN: Mapping[str, tuple[bool, bool]] = {"stars": (True, False), "gas": (False, True), "stars and gas": (True, True)}
"""What of the files is given: stars, HI."""


def check_laws(
    posterior: PosteriorLike,
    mocks: Mapping[Path, dict[str, Any]],
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
    mocks
        Folder → what is true of its galaxy, as `stargas.experiments.observed_files.write_mock` wrote them.
    n_draws, seed
        Of the answers; all of one galaxy have the same noise.
    say
        Called with a line per galaxy.

    Returns
    -------
    list of dict
        Per law and way: ``law``; ``way``; ``n_galaxies``; ``expected`` change of the median log10 M at the same
        multiples of R_hl, mean over radii [dex]; ``median`` of what it is, ``rms`` and ``largest`` difference from
        what is expected over galaxies; ``half_width_68`` of the answers, to compare with.
    """
    changes: dict[tuple[str, str], list[float]] = {}
    widths: dict[str, list[float]] = {}
    for folder, truth in mocks.items():
        for way, (stars, hi) in GIVEN.items():
            given = replace(
                observation_of(folder, truth, stars=stars, hi=hi), distance_error_kpc=0.0, R_hl_error_kpc=0.0
            )
            as_is, width = _answer(posterior, given, n_draws, seed)
            widths.setdefault(way, []).append(width)
            with TemporaryDirectory() as place:
                for law, changed in _changed(given, Path(place)):
                    median, _ = _answer(posterior, changed, n_draws, seed)
                    changes.setdefault((law, way), []).append(float(np.mean(median - as_is)))
        if say is not None:
            say(f"laws of {truth['galaxy_id']}")
    rows = []
    for (law, way), found in changes.items():
        expected = float(np.log10(WRONG_DISTANCE)) if law == "distance + 10 %" else 0.0
        off = np.array(found) - expected
        numbers = {
            "expected": expected,
            "median": float(np.median(found)),
            "rms": float(np.sqrt(np.mean(off**2))),
            "largest": float(np.abs(off).max()),
            "half_width_68": float(np.mean(widths[way])),
        }
        rounded = {name: round(value, 4) for name, value in numbers.items()}
        rows.append({"law": law, "way": way, "n_galaxies": len(found), **rounded})
    return rows


def _answer(posterior: PosteriorLike, given: ObservationConfig, n_draws: int, seed: int) -> tuple[FloatArray, float]:
    """Median of log10 M, and half the width of 68 %, mean over radii."""
    quantiles = infer_observed(posterior, observe_galaxy(given), n_draws=n_draws, seed=seed).quantiles
    return quantiles[2], float(np.mean(quantiles[3] - quantiles[1]) / 2)


def _changed(given: ObservationConfig, place: Path) -> Iterator[tuple[str, ObservationConfig]]:
    """Name each law and give the observation in which it is tried."""
    assert given.distance_kpc is not None and given.R_hl_kpc is not None  # noqa: S101, PT018 (of a mock)
    far_kpc, R_hl_kpc = WRONG_DISTANCE * given.distance_kpc, WRONG_DISTANCE * given.R_hl_kpc
    yield "distance + 10 %", replace(given, distance_kpc=far_kpc, R_hl_kpc=R_hl_kpc)
    if given.stars is not None:
        shuffled = place / "shuffled.csv"
        _shuffle(Path(given.stars), shuffled)
        yield "rows shuffled", replace(given, stars=str(shuffled))
    stars, hi = given.stars, given.hi_cube
    if stars is not None:
        stars = str(place / "turned.csv")
        _turn_stars(Path(str(given.stars)), Path(stars), given.center or (0.0, 0.0))
    if hi is not None:
        hi = str(place / "turned.fits")
        _turn_cube(Path(str(given.hi_cube)), Path(hi))
    yield "sky turned", replace(given, stars=stars, hi_cube=hi)


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
