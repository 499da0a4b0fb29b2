"""A photometric catalog: positions of stars without velocities, which show the light of a galaxy and its R_hl."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError, ObservationWarning
from stargas.galaxy import FloatArray
from stargas.observed.background import field_edge, find_background
from stargas.observed.catalogue import (
    MIN_STARS,
    complete_rows,
    position_problems,
    probability_problems,
    table_of,
)
from stargas.observed.columns import POSITIONS, PositionKind, find_columns
from stargas.observed.half_count import half_count
from stargas.observed.tangent_plane import ARCMIN, aligned, geometric_median, plane_offsets, tangent_offsets, turned
from stargas.quantities import to_array
from stargas.remarks import Remark
from stargas.sky.projection import SkyPositions

if TYPE_CHECKING:
    from os import PathLike

    from astropy.table import Table
    from pandas import DataFrame

WIDE = 3.0
"""Mean reach of a catalog in R_hl below which a warning is given: a Plummer sphere has a tenth of its stars beyond."""

OFF_CENTER = 0.5
"""Distance of the catalog's middle from the center in R_hl, which it widens, above which a warning is given."""

MIN_R_HL_KPC = 1e-6
"""Radius below which stars lie on one point but for rounding."""


@dataclass(frozen=True, eq=False)
class PhotometricCatalog:
    """Stars of a photometric catalog, members or not.

    Parameters
    ----------
    position
        Shape (n, 2), as ``position_kind`` says and as of `stargas.observed.catalogue.StarCatalogue`.
    p_member
        Probability of membership, shape (n,); None where not known.
    position_kind
        ``sky_deg``, ``offset_arcmin`` or ``offset_kpc``.
    columns
        Quantity to the name of its column in the file.

    Raises
    ------
    InputError
        If a value is not possible.
    """

    position: FloatArray
    p_member: FloatArray | None = None
    position_kind: PositionKind = "sky_deg"
    columns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("position", "p_member"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, to_array(name, getattr(self, name)))
        for problem in chain(position_problems(self.position, self.position_kind), probability_problems(self.p_member)):
            raise InputError(problem)

    def __len__(self) -> int:
        """Return the number of stars."""
        return len(self.position)

    def around(self, center_deg: tuple[float, float]) -> "PhotometricCatalog":
        """Return the same stars with offsets [arcmin] from a center [deg] in place of sky coordinates."""
        if self.position_kind != "sky_deg":
            return self
        xi, eta = tangent_offsets(self.position[:, 0], self.position[:, 1], center_deg)
        return replace(self, position=np.column_stack([xi, eta]) / ARCMIN, position_kind="offset_arcmin")


@dataclass(frozen=True, eq=False)
class ObservedPhotometry:
    """The light of a galaxy as a photometric catalog shows it.

    Parameters
    ----------
    x_kpc, y_kpc
        Offsets from the center [kpc] of stars that are distributed as the members are, shape (n,), in the frame of
        `stargas.observed.stars.ObservedStars`.
    n_members, n_catalogue
        Expected number of members, and number of stars of the catalog.
    p_member_from
        ``table``; ``background`` where a uniform background is taken out; ``none`` where all stars count as members.
    R_hl_kpc, R_hl_error_kpc
        Radius [kpc] inside which half of the members are expected, and its standard error, without that of the
        distance.
    """

    x_kpc: FloatArray
    y_kpc: FloatArray
    n_members: float
    n_catalogue: int
    p_member_from: Literal["table", "background", "none"]
    R_hl_kpc: float
    R_hl_error_kpc: float

    def __len__(self) -> int:
        """Return the number of stars on the map."""
        return len(self.x_kpc)

    @property
    def positions(self) -> SkyPositions:
        """The positions as `stargas.sky.projection.SkyGalaxy` has them."""
        return SkyPositions(self.x_kpc, self.y_kpc)

    def stretched(self, factor: float) -> "ObservedPhotometry":
        """Return the same angles at a distance that is larger by a factor."""
        lengths = ("x_kpc", "y_kpc", "R_hl_kpc", "R_hl_error_kpc")
        return replace(self, **{name: getattr(self, name) * factor for name in lengths})

    def turned(self, by_deg: float) -> "ObservedPhotometry":
        """Return the same light for a position angle that is larger by an angle [deg]."""
        x, y = turned(self.x_kpc, self.y_kpc, by_deg)
        return replace(self, x_kpc=x, y_kpc=y)


def read_photometry(
    source: "str | PathLike[str] | Table | DataFrame | Mapping[str, Any]",
    columns: Mapping[str, str] | None = None,
    *,
    missing_values: Sequence[float] = (),
) -> PhotometricCatalog:
    """Read a photometric catalog.

    Parameters
    ----------
    source
        A table, as `stargas.observed.catalogue.read_stars` takes it. Velocities are not looked for.
    columns
        Quantity to the name of its column, as for the table of stars. Names that this table lacks are those of the
        table of stars, and are passed over.
    missing_values
        Numbers that stand for a missing value.

    Returns
    -------
    PhotometricCatalog
        Rows where a value is missing are left out and warned of.

    Raises
    ------
    InputError, DamagedFileError
        As `stargas.observed.catalogue.read_stars`, but for velocities.

    Warns
    -----
    ObservationWarning
        If rows are left out.
    """
    path, table = table_of(source, "photometry")
    used = {quantity for pair in POSITIONS.values() for quantity in pair} | {"p_member"}
    wanted = {name: column for name, column in (columns or {}).items() if name in used and column in table.colnames}
    kind, names = find_columns(table, wanted, path, velocities=False)
    kept, _ = complete_rows(table, names, path, missing_values)
    position = np.column_stack([kept[quantity] for quantity in POSITIONS[kind]])
    try:
        return PhotometricCatalog(position, kept.get("p_member"), kind, names)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def observe_photometry(
    catalog: PhotometricCatalog,
    distance_kpc: float | None = None,
    *,
    center: tuple[float, float] = (0.0, 0.0),
    position_angle_deg: float | None = None,
) -> ObservedPhotometry:
    """Find the light of a galaxy and its half-light radius in a photometric catalog.

    Parameters
    ----------
    catalog
        Stars, members or not.
    distance_kpc
        Distance [kpc]. Only where positions are in kpc it may be missing.
    center
        Right ascension and declination [deg], or an offset in the unit of the catalog.
    position_angle_deg
        Of the side that is turned to +x, as of `stargas.observed.stars.observe_stars`.

    Returns
    -------
    ObservedPhotometry
        Every star counts by its probability of membership, from the table or of a fitted uniform background (see
        `stargas.observed.background`). A cut at a probability would take away the outskirts, where it is low for
        members, too. The map shows as many stars as members are expected: sorted by radius, a star is taken whenever
        the sum of the probabilities passes another whole number, so that at every radius the stars that are taken are
        as many as the members.

    Raises
    ------
    InputError
        If fewer than 30 members are expected, a distance is missing, or the center lies outside of the catalog.

    Warns
    -----
    ObservationWarning
        On what is assumed of stars without probabilities, a catalog that is cut off, or one of another center.
    """
    if distance_kpc is None and catalog.position_kind != "offset_kpc":
        raise InputError("positions of the photometric catalog on the sky need a distance: give distance_kpc.")
    scale = 1.0 if distance_kpc is None else distance_kpc
    xi, eta = plane_offsets(catalog.position, catalog.position_kind, center, distance_kpc)
    x, y = aligned(-xi * scale, eta * scale, position_angle_deg)
    radius = np.hypot(x, y)
    p_from: Literal["table", "background", "none"] = "table"
    p_member, error = catalog.p_member, 0.0
    if p_member is None:
        background = find_background(x, y)
        p_member, error = background.p_member, background.R_hl_error
        p_from = "background" if background.share else "none"
    n_members = float(p_member.sum())
    if n_members < MIN_STARS:
        raise InputError(
            f"{n_members:.0f} of the {len(catalog)} stars of the photometric catalog are expected to be members, at "
            f"least {MIN_STARS} are needed: leave the catalog out or give a deeper one."
        )
    R_hl, R_hl_error = half_count(radius, p_member)
    if not R_hl > MIN_R_HL_KPC:
        raise InputError(
            "half of the photometric catalog lies on the center, so there is no R_hl: check its positions."
        )
    shown = _stars_of_members(radius, p_member)
    observed = ObservedPhotometry(
        x_kpc=x[shown],
        y_kpc=y[shown],
        n_members=n_members,
        n_catalogue=len(catalog),
        p_member_from=p_from,
        R_hl_kpc=R_hl,
        R_hl_error_kpc=float(np.hypot(R_hl_error, error)),
    )
    for remark in _warnings(observed, float(field_edge(x, y).mean())):
        warnings.warn(ObservationWarning(remark.kind, remark.text), stacklevel=2)
    return observed


def _stars_of_members(radius: FloatArray, p_member: FloatArray) -> NDArray[np.intp]:
    """Return the stars at which the summed probability passes a whole number and a half, by rising radius."""
    order = np.argsort(radius, kind="stable")
    total = np.cumsum(p_member[order])
    number = np.floor(total + 0.5)
    taken: NDArray[np.intp] = order[np.diff(number, prepend=0.0) > 0]
    return taken


def _warnings(observed: ObservedPhotometry, reach_kpc: float) -> Iterator[Remark]:
    share, n = 1 - observed.n_members / observed.n_catalogue, observed.n_catalogue
    if observed.p_member_from == "background":
        yield Remark(
            "photometry with background",
            f"the photometric catalog has no probabilities of membership: {100 * share:.0f} % of its {n} stars are "
            "taken for a uniform background, fitted together with the light of the galaxy.",
        )
    elif observed.p_member_from == "none":
        yield Remark(
            "photometry without background",
            "the photometric catalog has no probabilities of membership and no uniform background that is certain: all "
            f"{n} stars are taken for members.",
        )
    if reach_kpc < WIDE * observed.R_hl_kpc:
        yield Remark(
            "photometry with an edge",
            f"the photometric catalog reaches {reach_kpc / observed.R_hl_kpc:.2g} of its R_hl: stars farther out are "
            "missing, so this R_hl is too small; give R_hl, or a wider catalog.",
        )
    off = float(np.hypot(*geometric_median(observed.x_kpc, observed.y_kpc)))
    if off > OFF_CENTER * observed.R_hl_kpc:
        yield Remark(
            "another center of the photometry",
            f"the middle of the photometric catalog lies {off / observed.R_hl_kpc:.2g} R_hl from the center: check the "
            "center.",
        )
