"""What every open simulation snapshot provides, whatever library reads it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray

Kind = Literal["stars", "gas", "dark", "boundary"]
"""Kinds of particles; ``boundary`` is dark matter of low resolution around a zoom region."""

Rows = NDArray[np.int64]

LARGEST_SPAN = 1.1
"""How far positions may reach, in sides of the periodic box: some codes fold particles back from time to time only."""


class Snapshot(Protocol):
    """An open snapshot. Lengths are physical kpc, velocities peculiar km/s, masses Msun."""

    path: Path
    redshift: float

    @property
    def assumptions(self) -> Sequence[str]:
        """What the files do not state and is assumed, one clause each."""
        ...

    @property
    def family(self) -> str:
        """Layout that was recognized."""
        ...

    @property
    def hubble(self) -> float:
        """H₀ / (100 km/s/Mpc); 1 in runs without cosmology."""
        ...

    @property
    def box_kpc(self) -> float | None:
        """Side of a periodic box; None if there is none."""
        ...

    @property
    def code_units(self) -> tuple[float, float]:
        """Physical kpc and Msun of the numbers 1 that the snapshot, and a catalog of the same code, store."""
        ...

    def count(self, kind: Kind) -> int:
        """Return the number of particles of a kind."""
        ...

    def rows_within(self, kind: Kind, centers_kpc: FloatArray, radii_kpc: FloatArray) -> list[Rows]:
        """Rows, ascending, of the particles in each of several spheres, across the edges of a periodic box.

        ``centers_kpc`` has shape (k, 3), ``radii_kpc`` (k,). All particles are looked at once, whatever k.
        """
        ...

    def position_kpc(self, kind: Kind, rows: Rows) -> FloatArray:
        """Positions in the box, shape (len(rows), 3)."""
        ...

    def read(self, kind: Kind, field: str, rows: Rows) -> FloatArray | None:
        """Read a field of some particles in the unit of its name; None if the snapshot does not store it.

        Fields: ``mass_msun``, ``velocity_kms``; of gas ``hsm_kpc`` (FWHM of the kernel), ``density_msun_kpc3``,
        ``u_kms2``, ``temperature_K``, ``electron_abundance``, ``neutral_fraction`` (neutral over all hydrogen nuclei),
        ``hi_fraction`` (HI mass over gas mass), ``hydrogen_fraction`` (mass), ``star_formation_rate``; of stars
        ``formation_time``.
        """
        ...

    def close(self) -> None:
        """Close files and let go of memory."""
        ...


def require_in_box(position_kpc: FloatArray, box_kpc: float | None, path: Path) -> None:
    """Refuse positions, shape (n, 3) [kpc], that reach farther than the periodic box that a snapshot states.

    Raises
    ------
    InputError
        If they do: positions or box are in another unit, and folding them would put far particles into the galaxy.
    """
    if box_kpc is None or not len(position_kpc):
        return
    span = float(np.ptp(position_kpc, axis=0).max())
    if span > LARGEST_SPAN * box_kpc:
        raise InputError(
            f"{path}: its positions reach over {span:.4g} kpc, but its box is {box_kpc:.4g} kpc wide: correct BoxSize."
        )


def rows_in_spheres(
    position_kpc: FloatArray, centers_kpc: FloatArray, radii_kpc: FloatArray, box_kpc: float | None
) -> list[Rows]:
    """Find the particles in each of several spheres.

    Parameters
    ----------
    position_kpc
        Shape (n, 3) [kpc].
    centers_kpc, radii_kpc
        Of the spheres [kpc], shapes (k, 3) and (k,).
    box_kpc
        Side of the periodic box [kpc]; None if there is none.

    Returns
    -------
    list of numpy.ndarray
        Rows, ascending, per sphere. Only the slab in x that holds a sphere is looked at.
    """
    order = np.argsort(position_kpc[:, 0], kind="stable")
    x = position_kpc[order, 0]
    shifts = (0.0,) if box_kpc is None else (-box_kpc, 0.0, box_kpc)
    found = []
    for center, radius in zip(centers_kpc, radii_kpc, strict=True):
        edges = [np.searchsorted(x, [center[0] + shift - radius, center[0] + shift + radius]) for shift in shifts]
        near = np.unique(np.concatenate([order[low:high] for low, high in edges]))
        offset = position_kpc[near] - center
        if box_kpc is not None:
            offset -= box_kpc * np.round(offset / box_kpc)
        found.append(near[np.einsum("ij,ij->i", offset, offset) < radius**2])
    return found
