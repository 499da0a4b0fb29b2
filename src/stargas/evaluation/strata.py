"""Strata: groups of samples whose accuracy and calibration are measured on their own."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stargas.galaxy import FloatArray

ALL = "all"
"""Name of the stratum of all samples."""

MASSIVE_LOG10 = 9.5
"""log10 M* [Msun] that divides dwarfs from massive galaxies (§4.1 of the paper)."""

ROTATION_KAPPA = 0.5
"""κ_co that divides dispersion from rotation support (§4.1 of the paper)."""


class Stratum(NamedTuple):
    """Samples whose value in one column of the catalogue fulfills a condition.

    Parameters
    ----------
    name
        In tables and figures.
    column
        Of the catalogue; flags count as 0 and 1.
    holds
        The condition, for values of shape (n,).
    """

    name: str
    column: str
    holds: Callable[[FloatArray], NDArray[np.bool_]]


def _is_tilted(angle_deg: float) -> Callable[[FloatArray], NDArray[np.bool_]]:
    return lambda inclination_deg: np.abs(np.minimum(inclination_deg, 180 - inclination_deg) - angle_deg) < 0.5


STRATA = (
    Stratum(f"M* < 10^{MASSIVE_LOG10}", "log10_stellar_mass", lambda mass: mass < MASSIVE_LOG10),
    Stratum(f"M* > 10^{MASSIVE_LOG10}", "log10_stellar_mass", lambda mass: mass >= MASSIVE_LOG10),
    Stratum(f"kappa_co < {ROTATION_KAPPA}", "kappa_co", lambda kappa: kappa < ROTATION_KAPPA),
    Stratum(f"kappa_co > {ROTATION_KAPPA}", "kappa_co", lambda kappa: kappa >= ROTATION_KAPPA),
    Stratum("edge-on", "inclination_deg", _is_tilted(90.0)),
    Stratum("i = 60°", "inclination_deg", _is_tilted(60.0)),
    Stratum("i = 30°", "inclination_deg", _is_tilted(30.0)),
    Stratum("< 300 stars", "n_stars", lambda n: (n >= 1) & (n < 300)),
    Stratum("300-2000 stars", "n_stars", lambda n: (n >= 300) & (n < 2000)),
    Stratum("> 2000 stars", "n_stars", lambda n: n >= 2000),
    Stratum("without stars", "n_stars", lambda n: n < 1),
    Stratum("with HI", "has_gas", lambda flag: flag == 1),
    Stratum("without HI", "has_gas", lambda flag: flag == 0),
    Stratum("cold-gas set", "cold_gas_set", lambda flag: flag == 1),
    Stratum("not in cold-gas set", "cold_gas_set", lambda flag: flag == 0),
)
"""Strata by mass, support, inclination, star count and observed tracers."""


def standard_strata(catalogue: Mapping[str, Any]) -> dict[str, NDArray[np.bool_]]:
    """Divide samples into `STRATA` and by suite.

    Parameters
    ----------
    catalogue
        Catalogue of a data set, one row per sample.

    Returns
    -------
    dict
        Name → mask of rows, shape (n,). Strata that are empty or hold everything are left out, and those of columns
        that the catalogue does not have.
    """
    columns = set(catalogue.keys())  # a Table has no "in"
    masks = {
        one.name: one.holds(np.asarray(catalogue[one.column], dtype=np.float64))
        for one in STRATA
        if one.column in columns
    }
    if "suite" in columns:
        suite = np.asarray(catalogue["suite"]).astype(str)
        masks |= {f"suite {name}": suite == name for name in np.unique(suite)}
    return {name: mask for name, mask in masks.items() if mask.any() and not mask.all()}
