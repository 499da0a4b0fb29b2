"""Observed over predicted velocities of mock galaxies, with the truth in place of a posterior.

The true masses, orbits and inclinations predict perfect data of many stars. What deviates is due to the assumptions of
the prediction: round galaxies in equilibrium, gas in circles.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stargas.config import DataConfig
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.others.mocks import held_out_galaxies
from stargas.experiments.others.predictions import N_VIEWS, sides_of
from stargas.features.hi_features import RING_EDGES
from stargas.features.star_features import BIN_EDGES
from stargas.galaxy import FloatArray
from stargas.inference.comparison import Comparison
from stargas.inference.predicted_dispersion import rotation_factor
from stargas.inference.predictive_check import NEEDED, compare
from stargas.report.checks_page import EXACTNESS, FORMAT
from stargas.sample import SCALARS, Sample
from stargas.sky.view import MIN_INCLINATION_DEG

N_SIDES = 2
"""Sides from which each galaxy is seen."""

MIN_STARS = 200
"""Views with fewer stars are left out."""

MIN_VIEWS = 10
"""Kinds of views and rings of fewer views are left out."""


class RingRatios(NamedTuple):
    """One tracer of a galaxy from one side, in k rings.

    Parameters
    ----------
    galaxy
        Its id.
    ln_ratio
        ln of observed over predicted velocity, shape (k,); NaN where a ring was not measured.
    error
        Standard error of the measurement, shape (k,).
    inclination_deg
        Of the view.
    rotation
        How well ordered the tracer is: κ_co of stars, v/σ of HI.
    ln_factor
        ln of what the prediction multiplies the velocity of stars by for their rotation; 0 of HI.
    """

    galaxy: str
    ln_ratio: FloatArray
    error: FloatArray
    inclination_deg: float
    rotation: float
    ln_factor: float = 0.0


@dataclass(frozen=True)
class Group:
    """Views that have rows of their own.

    Parameters
    ----------
    tracer
        ``stars`` or ``HI``.
    name
        In the tables.
    rotation, inclination_deg
        Intervals in which both lie.
    """

    tracer: str
    name: str
    rotation: tuple[float, float] = (0.0, np.inf)
    inclination_deg: tuple[float, float] = (0.0, 90.0)

    def __contains__(self, view: RingRatios) -> bool:
        """Return whether a view of the tracer is one of them."""
        pairs = ((view.rotation, self.rotation), (view.inclination_deg, self.inclination_deg))
        return all(low <= value <= high for value, (low, high) in pairs)


_SEEN = (MIN_INCLINATION_DEG, 90.0)

GROUPS = (
    Group("stars", "all"),
    Group("stars", "κ_co < 0.4", (0.0, 0.4)),
    Group("stars", "κ_co > 0.4, above 70°", (0.4, 1.0), (70.0, 90.0)),
    Group("stars", "κ_co > 0.4, below 49°", (0.4, 1.0), (0.0, 49.0)),
    Group("HI", "v/σ > 3", (3.0, np.inf), _SEEN),
    Group("HI", "v/σ 1.5 to 3", (1.5, 3.0), _SEEN),
    Group("HI", "v/σ < 1.5", (0.0, 1.5), _SEEN),
)
"""Rows of the tables."""


def write_exactness(
    config: DataConfig, results: Path, n_galaxies: int, origin: Origin, report: Callable[[str], None]
) -> Path:
    """Measure mock galaxies and write ``exactness.json``.

    Parameters
    ----------
    config
        Settings of the samples of a model, without degradation.
    results
        Folder of the results.
    n_galaxies
        Galaxies of ``broad`` that no model learned from.
    origin
        Where the results come from.
    report
        Called with a line.
    """
    galaxies = enumerate(islice(held_out_galaxies(), n_galaxies))
    samples = (side.sample for number, one in galaxies for side in sides_of(one, config, numbers=sides(number)))
    seen = views_of(samples)
    report(f"exactness: {len(seen['stars'])} views of stars, {len(seen['HI'])} of HI")
    content = {
        "n_galaxies": n_galaxies,
        "n_sides": N_SIDES,
        "min_stars": MIN_STARS,
        "min_inclination_deg": MIN_INCLINATION_DEG,
        "edges": {"stars": BIN_EDGES, "HI": RING_EDGES},
        "rows": rows_of(seen),
    }
    return write_measurement(results / f"{EXACTNESS}.json", FORMAT, origin, {"part": EXACTNESS, **content})


def sides(number: int) -> range:
    """Return which of the `N_VIEWS` sides of a galaxy are seen, so that some galaxies are seen from each."""
    step = N_VIEWS // N_SIDES
    return range(number % step, N_VIEWS, step)


def views_of(samples: Iterable[Sample]) -> dict[str, list[RingRatios]]:
    """Compare samples of known galaxies with what the truth predicts; by tracer, ``stars`` and ``HI``.

    Views with fewer than `MIN_STARS` stars, or of a galaxy whose orbits are not known in a shell, are left out.
    """
    seen: dict[str, list[RingRatios]] = {"stars": [], "HI": []}
    for sample in samples:
        galaxy, inclination_deg = str(sample.row["galaxy_id"]), float(sample.row["inclination_deg"])
        truth = {
            "cos_inclination": np.abs(np.cos(np.radians([inclination_deg]))),
            **{name: np.array([float(sample.row[name])]) for name in NEEDED if name != "cos_inclination"},
        }
        stars, hi = compare(sample, np.asarray(sample.log10_mass, dtype=np.float64)[None], truth)
        if stars is not None and sample.row["n_stars"] >= MIN_STARS and np.isfinite(stars.predicted_kms).all():
            ln_factor = float(np.log(rotation_factor(truth["cos_inclination"], truth["kappa_co"])[0])) / 2
            kappa_co = float(truth["kappa_co"][0])
            seen["stars"].append(
                RingRatios(galaxy, _ln_ratio(stars), stars.relative_error, inclination_deg, kappa_co, ln_factor)
            )
        if hi is not None:
            v_cold, sigma_cold = (float(sample.scalars[SCALARS.index(f"{name}_cold_kms")]) for name in ("v", "sigma"))
            seen["HI"].append(
                RingRatios(galaxy, _ln_ratio(hi), hi.relative_error, inclination_deg, v_cold / sigma_cold)
            )
    return seen


def _ln_ratio(one: Comparison) -> FloatArray:
    result: FloatArray = np.log(one.observed_kms / one.predicted_kms[0])
    return result


def rows_of(seen: dict[str, list[RingRatios]]) -> list[dict[str, Any]]:
    """Return a row for each of `GROUPS` that has `MIN_VIEWS` views.

    Returns
    -------
    list of dict
        ``tracer``, ``views`` (name), ``n_views``, ``n_galaxies`` and by ring ``median`` of ln observed over predicted,
        ``half_width`` (half of the central 68 %), ``noise`` (median error of the measurement) and
        ``median_without_factor`` (the median if the prediction knew nothing of rotation); None where fewer than
        `MIN_VIEWS` views measured the ring.
    """
    rows = []
    for group in GROUPS:
        views = [view for view in seen[group.tracer] if view in group]
        if len(views) >= MIN_VIEWS:
            names = {view.galaxy for view in views}
            named = {"tracer": group.tracer, "views": group.name, "n_views": len(views), "n_galaxies": len(names)}
            rows.append(named | _by_ring(views))
    return rows


def _by_ring(views: list[RingRatios]) -> dict[str, list[float | None]]:
    ln_ratio, error = (np.array([getattr(view, name) for view in views]) for name in ("ln_ratio", "error"))
    ln_factor = np.array([view.ln_factor for view in views])
    found: dict[str, list[float | None]] = {}
    for column, noise in zip(ln_ratio.T, error.T, strict=True):
        known = np.isfinite(column)
        ring: dict[str, float | None] = dict.fromkeys(("median", "half_width", "noise", "median_without_factor"))
        if np.count_nonzero(known) >= MIN_VIEWS:
            low, median, high = np.quantile(column[known], (0.16, 0.5, 0.84))
            ring["median"], ring["half_width"] = float(median), float(high - low) / 2
            ring["noise"] = float(np.median(noise[known]))
            ring["median_without_factor"] = float(np.median((column + ln_factor)[known]))
        for name, value in ring.items():
            found.setdefault(name, []).append(value)
    return found
