"""The tracers of a galaxy's mass, and what is known of a galaxy in which one of them is not observed.

Every map, scalar and feature states what it needs: ``"stars"``, ``"gas"``, or ``"R_hl"``, the half-light radius, which
photometry gives without the velocity of a single star. A tracer set states what is known. Which arrays a model receives
and which of their entries are hidden follow from the two.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.errors import InputError

TRACERS = ("stars", "gas")
"""Entries of `stargas.sample.sample.Sample.tracers`, in order."""


@dataclass(frozen=True)
class TracerSet:
    """What is known of a galaxy.

    Parameters
    ----------
    name
        As commands, settings and tables have it.
    known
        Some of ``"stars"``, ``"gas"`` and ``"R_hl"``.
    """

    name: str
    known: frozenset[str]

    @property
    def index(self) -> int:
        """Place in `TRACER_SETS`."""
        return TRACER_SETS.index(self)

    @property
    def tracers(self) -> tuple[str, ...]:
        """Those of `TRACERS` that are known."""
        return tuple(name for name in TRACERS if name in self.known)

    def knows(self, needs: Iterable[str]) -> bool:
        """Whether all of some needs are known.

        Examples
        --------
        >>> GAS.knows(["gas"]), GAS.knows(["gas", "R_hl"])
        (True, False)
        """
        return self.known.issuperset(needs)

    def without(self, hidden: Collection[str]) -> "TracerSet":
        """Return what stays known when something is hidden.

        Raises
        ------
        InputError
            If nothing that a model could use stays known.

        Examples
        --------
        >>> STARS_AND_GAS.without(["stars"]).name
        'gas and R_hl'
        """
        rest = self.known - set(hidden)
        for one in TRACER_SETS:
            if one.known == rest:
                return one
        possible = "; ".join(" and ".join(sorted(self.known - one.known)) for one in TRACER_SETS if one != self)
        raise InputError(f"{' and '.join(hidden)} cannot be hidden: hide one of {possible}.")


STARS = TracerSet("stars", frozenset({"stars", "R_hl"}))
GAS = TracerSet("gas", frozenset({"gas"}))
GAS_AND_R_HL = TracerSet("gas and R_hl", frozenset({"gas", "R_hl"}))
STARS_AND_GAS = TracerSet("stars and gas", frozenset({"stars", "gas", "R_hl"}))

TRACER_SETS = (STARS, GAS, GAS_AND_R_HL, STARS_AND_GAS)
"""All that may be known of a galaxy, in the order in which arrays count them."""


def tracer_set(name: str) -> TracerSet:
    """Return the tracer set of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    for one in TRACER_SETS:
        if one.name == name:
            return one
    raise InputError(f"there is no tracer set {name!r}: give one of {', '.join(one.name for one in TRACER_SETS)}.")


def observed_sets(tracers: ArrayLike, R_hl_kpc: ArrayLike) -> NDArray[np.intp]:
    """Return what is known of each of n galaxies, indices into `TRACER_SETS`.

    Parameters
    ----------
    tracers
        Which of `TRACERS` are observed, bool, shape (n, 2). A galaxy with neither counts as one of gas.
    R_hl_kpc
        Half-light radii [kpc], shape (n,); zero where they are not known.
    """
    stars, gas = np.asarray(tracers, dtype=bool).T
    without_stars = np.where(np.asarray(R_hl_kpc) > 0, GAS_AND_R_HL.index, GAS.index)
    return np.where(stars, np.where(gas, STARS_AND_GAS.index, STARS.index), without_stars)
