"""Do the galaxies of others lie inside a suite? Quantities of both, one by one and in pairs."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stargas.experiments.mock_suites.measure import Columns
from stargas.experiments.mock_suites.quantities import QUANTITIES, measure
from stargas.frame import rotation_to_spin, to_own_frame
from stargas.galaxy import FloatArray, Galaxy, Gas, MassProfile, Particles
from stargas.simulations.files import read_galaxy

PAIRS = (("slope", "beta_outside"), ("v_phi", "sigma_R"), ("stellar_share", "log10_R_hl"), ("R_HI", "sigma_cold"))
"""Quantities that are compared together."""

PERCENTILES = (2.0, 98.0)
"""A galaxy lies inside where it is between these percentiles of the suite."""

NEIGHBORS = 5
"""A pair lies inside where fewer than 2 % of the galaxies of the suite are farther from their fifth neighbor."""


def others(folder: Path) -> Iterator[tuple[str, dict[str, float]]]:
    """Name and quantities of each galaxy that others made."""
    import h5py

    with h5py.File(folder / "others" / "models.hdf5") as models:
        for name, model in models.items():
            stars = _equal_masses(model["position_kpc"][:], model["velocity_kms"][:], 10 ** model.attrs["log10_mstar"])
            turn = rotation_to_spin(stars)
            stars = Particles(stars.mass_msun, stars.position_kpc @ turn.T, stars.velocity_kms @ turn.T)
            yield name, measure(Galaxy(name, stars), MassProfile(model["r_kpc"][:], model["mass_msun"][:]))
    for path in [*sorted((folder / "others").glob("live_*.hdf5")), folder / "others" / "eagle.hdf5"]:
        yield path.stem, measure(read_galaxy(path))
    with h5py.File(folder / "tng100_394242" / "gal394242.h5") as tables:
        kinds = {kind: _columns(tables[kind][:]) for kind in ("stars", "gas", "dark_matter")}
    gas = kinds["gas"]
    n = len(gas.mass_msun)
    hi = Gas(*_arrays(gas), 0.7 * gas.mass_msun, np.full(n, 8000.0), np.full(n, 0.5))
    yield "tng100_394242", measure(to_own_frame(Galaxy("tng", kinds["stars"], hi, kinds["dark_matter"])))


def _equal_masses(position: FloatArray, velocity: FloatArray, mass_msun: float) -> Particles:
    return Particles(np.full(len(position), mass_msun / len(position)), position, velocity)


def _arrays(particles: Particles) -> tuple[FloatArray, FloatArray, FloatArray]:
    return particles.mass_msun, particles.position_kpc, particles.velocity_kms


def _columns(table: np.ndarray) -> Particles:
    return Particles(
        table["m"], np.stack([table[c] for c in "xyz"], axis=1), np.stack([table["v" + c] for c in "xyz"], axis=1)
    )


def compare(suite: Columns, galaxies: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Ranges of a suite, of the galaxies of others, and the names of those that lie outside; pairs come last.

    Returns
    -------
    list of dict
        ``quantity`` in words, ``low``, ``median`` and ``high`` of the suite at `PERCENTILES`, ``p5`` and ``p95``,
        ``others_low`` and
        ``others_high``, their number ``n_others``, and the names ``outside``. Pairs have no ranges.
    """
    rows: list[dict[str, Any]] = []
    for name, words in QUANTITIES.items():
        values = suite[name][np.isfinite(suite[name])]
        percentiles = [PERCENTILES[0], 5, 50, 95, PERCENTILES[1]]
        low, p5, middle, p95, high = (float(q) for q in np.percentile(values, percentiles))
        found = {key: one[name] for key, one in galaxies.items() if np.isfinite(one[name])}
        rows.append(
            {"quantity": words, "low": low, "p5": p5, "median": middle, "p95": p95, "high": high}
            | {"others_low": min(found.values(), default=None), "others_high": max(found.values(), default=None)}
            | {"n_others": len(found), "outside": [key for key, value in found.items() if not low <= value <= high]}
        )
    for first, second in PAIRS:
        points = np.column_stack([suite[first], suite[second]])
        points = points[np.isfinite(points).all(axis=1)]
        both = {key: np.array([one[first], one[second]]) for key, one in galaxies.items()}
        both = {key: point for key, point in both.items() if np.isfinite(point).all()}
        outside = [key for key, point in both.items() if _lonely(point, points)]
        words = f"{QUANTITIES[first]} with {QUANTITIES[second]}"
        rows.append({"quantity": words, "n_others": len(both), "outside": outside})
    return rows


def _lonely(point: FloatArray, points: FloatArray) -> bool:
    """Whether a point is farther from its neighbors, in ranks, than 98 % of the points are from theirs."""
    ordered = np.sort(points, axis=0)

    def ranks(values: FloatArray) -> FloatArray:
        return np.column_stack([np.searchsorted(ordered[:, k], values[:, k]) for k in range(2)]) / len(points)

    places, neighbor = ranks(points), min(NEIGHBORS, len(points) - 1)
    between = np.sort(np.linalg.norm(places[:, None] - places[None], axis=2), axis=1)[:, neighbor]
    own = np.sort(np.linalg.norm(places - ranks(point[None]), axis=1))[max(neighbor - 1, 0)]
    return bool(own > np.percentile(between, PERCENTILES[1]))
