"""What a posterior says of a galaxy beside its masses, as an observer would call it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from stargas.galaxy import FloatArray

MAX_ANISOTROPY = 0.95
"""Largest symmetrized anisotropy, with either sign: a flow may draw more, which no orbits have."""


class FurtherQuantity(NamedTuple):
    """A quantity that follows from a target of the model.

    Parameters
    ----------
    name
        In tables.
    label
        On pages.
    unit
        Of its values; empty for none.
    of_target
        Turns draws of the target into values of the quantity.
    """

    name: str
    label: str
    unit: str
    of_target: Callable[[FloatArray], FloatArray]


def inclination_deg(cos_inclination: FloatArray) -> FloatArray:
    """Return the inclination [deg], 0 face-on and 90 edge-on; a cosine beyond 1 counts as 1."""
    result: FloatArray = np.degrees(np.arccos(np.minimum(np.abs(cos_inclination), 1.0)))
    return result


def anisotropy(symmetrized: FloatArray) -> FloatArray:
    """Return the usual anisotropy β = 1 - σ_t²/σ_r² from the symmetrized one, β/(2 - β)."""
    bounded = np.clip(symmetrized, -MAX_ANISOTROPY, MAX_ANISOTROPY)
    result: FloatArray = 2 * bounded / (1 + bounded)
    return result


def share(values: FloatArray) -> FloatArray:
    """Return a share between 0 and 1, to which draws beyond are moved."""
    result: FloatArray = np.clip(values, 0.0, 1.0)
    return result


FURTHER_QUANTITIES: Mapping[str, FurtherQuantity] = {
    "cos_inclination": FurtherQuantity("inclination_deg", "inclination", "deg", inclination_deg),
    "anisotropy_inside": FurtherQuantity("beta_inside", "anisotropy β, 0.5 to 1.5 R_hl", "", anisotropy),
    "anisotropy_outside": FurtherQuantity("beta_outside", "anisotropy β, 1.5 to 4 R_hl", "", anisotropy),
    "stellar_share": FurtherQuantity("stellar_share", "share of the stars in M(<R_hl)", "", share),
    "kappa_co": FurtherQuantity("kappa_co", "kinetic energy in corotation, κ_co", "", share),
}
"""Target of `stargas.model.target.QUANTITIES` → the quantity that is shown."""
