"""Subsets of samples in which accuracy and calibration are looked at one by one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MASSIVE_LOG10 = 9.5
"""log10 M* [Msun] that divides dwarfs from massive galaxies (§4.1 of the paper)."""

ROTATION_KAPPA = 0.5
"""κ_co that divides dispersion from rotation support (§4.1 of the paper)."""


def standard_strata(catalogue: Mapping[str, Any]) -> dict[str, NDArray[np.bool_]]:
    """Subsets by mass, support, inclination, star count, tracers that are present and suite.

    Parameters
    ----------
    catalogue
        Catalogue of a data set, one row per sample.

    Returns
    -------
    dict
        Name → mask of rows, shape (n,); subsets that are empty or hold everything are left out.
    """
    names = set(catalogue.keys())

    def column(name: str) -> NDArray[np.float64]:
        return np.asarray(catalogue[name], dtype=np.float64)

    strata: dict[str, NDArray[np.bool_]] = {}
    if "log10_stellar_mass" in names:
        mass = column("log10_stellar_mass")
        strata[f"M* < 10^{MASSIVE_LOG10}"] = mass < MASSIVE_LOG10
        strata[f"M* > 10^{MASSIVE_LOG10}"] = mass >= MASSIVE_LOG10
    if "kappa_co" in names:
        kappa = column("kappa_co")
        strata[f"kappa_co < {ROTATION_KAPPA}"] = kappa < ROTATION_KAPPA
        strata[f"kappa_co > {ROTATION_KAPPA}"] = kappa >= ROTATION_KAPPA
    if "inclination_deg" in names:
        angle = column("inclination_deg")
        tilt = np.minimum(angle, 180 - angle)
        for exact, label in ((90.0, "edge-on"), (60.0, "i = 60°"), (30.0, "i = 30°")):
            strata[label] = np.abs(tilt - exact) < 0.5
    if "n_stars" in names:
        count = column("n_stars")
        for low, high, label in (
            (1, 300, "< 300 stars"),
            (300, 2000, "300-2000 stars"),
            (2000, np.inf, "> 2000 stars"),
        ):
            strata[label] = (count >= low) & (count < high)
        strata["without stars"] = count < 1
    for flag, yes, no in (
        ("has_gas", "with HI", "without HI"),
        ("cold_gas_set", "cold-gas set", "not in cold-gas set"),
    ):
        if flag in names:
            strata[yes] = np.asarray(catalogue[flag]).astype(bool)
            strata[no] = ~strata[yes]
    if "suite" in names:
        suite = np.asarray(catalogue["suite"]).astype(str)
        for name in np.unique(suite):
            strata[f"suite {name}"] = suite == name
    return {name: mask for name, mask in strata.items() if mask.any() and not mask.all()}
