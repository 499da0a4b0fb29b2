"""Tables of stars with line-of-sight velocities: what is in them, and reading them from files."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from stargas.errors import InputError, ObservationWarning
from stargas.galaxy import FloatArray
from stargas.observed.table import numbers, read_table, sky_angles
from stargas.observed.velocities import GAUSSIAN_MAD

if TYPE_CHECKING:
    from astropy.table import Table

MIN_STARS = 30
"""Fewest stars with which anything is inferred."""

WIDEST_KMS, NARROWEST_KMS = 1500.0, 0.05
"""Bounds of the scatter of velocities in km/s: no galaxy or foreground is wider, no measurement as fine. Numbers in
m/s lie above for every galaxy hotter than 1.5 km/s, redshifts and numbers converted twice below."""

LARGEST_ERROR_KMS = 300.0
"""Median velocity error above which the numbers are taken for m/s; such a catalogue would tell nothing in km/s."""

LIGHT_KMS = 299_792.458
"""Speed of light [km/s], above which no velocity and no error is read."""

FARTHEST: Mapping[str, float] = MappingProxyType({"offset_arcmin": 5400.0, "offset_kpc": 1e5})
"""Largest offset from a galaxy's center that is read: 90°, 100 Mpc."""

PositionKind = Literal["sky_deg", "offset_arcmin", "offset_kpc"]

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ra": ("ra", "raj2000", "ra_icrs", "ra_deg", "radeg", "_ra", "_raj2000", "alpha"),
        "dec": ("dec", "dej2000", "decj2000", "de_icrs", "dec_deg", "dedeg", "decdeg", "_de", "_dej2000", "delta"),
        "xi": ("xi", "xi_arcmin", "dx_arcmin", "x_arcmin"),
        "eta": ("eta", "eta_arcmin", "dy_arcmin", "y_arcmin"),
        "x_kpc": ("x_kpc",),
        "y_kpc": ("y_kpc",),
        "v_los": (
            *("v_los", "vlos", "v_los_kms", "vlos_kms", "hrv", "rv", "hv", "vhelio", "v_helio", "vhel", "v_hel"),
            *("velocity", "vel", "radial_velocity", "rvel", "v"),
        ),
        "v_los_error": (
            *("v_los_error", "v_los_err", "vlos_error", "vlos_err", "v_los_error_kms", "vlos_error_kms", "e_v_los"),
            *(
                "e_vlos",
                "e_hrv",
                "hrv_error",
                "hrv_err",
                "e_rv",
                "rv_error",
                "rv_err",
                "e_hv",
                "e_vhelio",
                "vhelio_err",
            ),
            *("vhelio_error", "v_helio_err", "vhel_err", "velocity_error", "vel_err", "e_vel", "velerr", "v_err"),
            *("radial_velocity_error", "e_rvel", "e_v"),
        ),
        "p_member": (
            *("p_member", "pmember", "p_mem", "pmem", "prob", "p", "membership", "member_probability", "prob_member"),
            *("mem_prob", "membership_probability", "pmemb", "member"),
        ),
    }
)
"""Quantity → names of columns by which it is found, upper or lower case; the first is the default."""

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "ra": "deg",
        "dec": "deg",
        "xi": "arcmin",
        "eta": "arcmin",
        "x_kpc": "kpc",
        "y_kpc": "kpc",
        "v_los": "km/s",
        "v_los_error": "km/s",
        "p_member": "",
    }
)
"""Quantity → its unit in a catalogue, and that of a column which states none."""

POSITIONS: Mapping[PositionKind, tuple[str, str]] = MappingProxyType(
    {"sky_deg": ("ra", "dec"), "offset_arcmin": ("xi", "eta"), "offset_kpc": ("x_kpc", "y_kpc")}
)
"""Kind of positions → its two quantities; where a table has several kinds, the first is taken."""


@dataclass(frozen=True, eq=False)
class StarCatalogue:
    """Stars as an observer lists them, members and others.

    Parameters
    ----------
    position
        Shape (n, 2), as ``position_kind`` says: right ascension and declination [deg]; offsets from the galaxy's
        center to the east and north in the tangent plane [arcmin]; or x to the west and y to the north [kpc], as
        `stargas.sky.projection.SkyStars` has them.
    v_los_kms
        Line-of-sight velocity, receding positive [km/s], shape (n,).
    v_los_error_kms
        Its standard error [km/s], shape (n,); None where not known, and then taken for zero.
    p_member
        Probability of membership, shape (n,); None where not known.
    position_kind
        ``sky_deg``, ``offset_arcmin`` or ``offset_kpc``.
    n_dropped
        Rows of the table that were left out because a number was missing.
    source
        Name of the file.

    Raises
    ------
    InputError
        If shapes differ, a value is not finite, an error is negative, a probability lies outside 0 to 1, a position
        is not on the sky, all velocities are equal, or their size says that they are not in km/s.
    """

    position: FloatArray
    v_los_kms: FloatArray
    v_los_error_kms: FloatArray | None = None
    p_member: FloatArray | None = None
    position_kind: PositionKind = "sky_deg"
    n_dropped: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        """Check shapes and values."""
        for name in ("position", "v_los_kms", "v_los_error_kms", "p_member"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        if self.position_kind not in POSITIONS:
            raise InputError(f"position_kind must be one of {', '.join(POSITIONS)}, got {self.position_kind!r}.")
        if self.v_los_kms.ndim != 1 or self.position.shape != (self.v_los_kms.size, 2):
            raise InputError(
                f"a catalogue needs velocities of shape (n,) and positions of shape (n, 2), got {self.v_los_kms.shape} "
                f"and {self.position.shape}."
            )
        for name in ("position", "v_los_kms", "v_los_error_kms", "p_member"):
            column = getattr(self, name)
            if column is None:
                continue
            if name != "position" and column.shape != self.v_los_kms.shape:
                raise InputError(
                    f"{name} must have the shape of the velocities, {self.v_los_kms.shape}, got {column.shape}."
                )
            if not np.isfinite(column).all():
                raise InputError(
                    f"{name} must be finite: leave out the {np.sum(~np.isfinite(column))} values that are not."
                )
        if not len(self):
            raise InputError("a catalogue needs stars, got none.")
        self._check_values()

    def __len__(self) -> int:
        """Return the number of stars."""
        return len(self.v_los_kms)

    def _check_values(self) -> None:
        if self.position_kind == "sky_deg":
            ra, dec = self.position.T
            if not (np.abs(dec) <= 90).all() or not ((ra >= -180) & (ra <= 360)).all():
                raise InputError(
                    "right ascensions must lie between 0° and 360° and declinations between -90° and 90°, got "
                    f"{ra.min():.6g} to {ra.max():.6g} and {dec.min():.6g} to {dec.max():.6g}: are the columns "
                    "swapped, or in other units?"
                )
        elif np.abs(self.position).max() > FARTHEST[self.position_kind]:
            unit = self.position_kind.removeprefix("offset_")
            raise InputError(
                f"offsets from the center reach {np.abs(self.position).max():.3g} {unit}, at most "
                f"{FARTHEST[self.position_kind]:.0f} are read: state the unit in the table, or convert them."
            )
        error, p, v = self.v_los_error_kms, self.p_member, self.v_los_kms
        if error is not None and (error < 0).any():
            raise InputError(
                f"velocity errors must not be negative, got {np.sum(error < 0)} of {len(self)} that are: drop stars "
                "without a measured error."
            )
        if p is not None and not ((p >= 0) & (p <= 1)).all():
            raise InputError(
                f"probabilities of membership must lie between 0 and 1, got {p.min():.4g} to {p.max():.4g}: divide "
                "percent by 100, or name the right column."
            )
        if len(self) > 1 and (v == v[0]).all():
            raise InputError(
                f"all {len(self)} velocities are {v[0]:.6g} km/s: name the column with those of the stars."
            )
        for name, column in (("velocities", v), ("velocity errors", error)):
            if column is not None and np.abs(column).max() > LIGHT_KMS:
                raise InputError(
                    f"{name} reach {np.abs(column).max():.3g} km/s, beyond the speed of light: state their unit in the "
                    "table if it is m/s, and leave out stand-ins for missing values."
                )
        spread = GAUSSIAN_MAD * float(np.median(np.abs(v - np.median(v))))
        if spread > WIDEST_KMS:
            raise InputError(
                f"the velocities scatter by {spread:.3g} km/s, more than any galaxy's: they look like m/s, so state "
                "the unit in the table or divide by 1000."
            )
        if len(self) >= MIN_STARS and float(np.std(v)) < NARROWEST_KMS:
            raise InputError(
                f"the velocities scatter by {np.std(v):.2g} km/s only: expected km/s, so mend the unit (redshifts "
                "times 299792.458)."
            )
        if error is not None and np.median(error) > LARGEST_ERROR_KMS:
            raise InputError(
                f"the median velocity error is {np.median(error):.3g} km/s: it looks like m/s, so state the unit in "
                "the table or divide by 1000."
            )


def read_stars(
    source: "str | PathLike[str] | Table | Mapping[str, Any]", columns: Mapping[str, str] | None = None
) -> StarCatalogue:
    """Read a catalogue of stars.

    Parameters
    ----------
    source
        Path of a CSV, ECSV, FITS or VOTable file, by its ending; or an astropy table; or columns by name, arrays or
        astropy quantities.
    columns
        Quantity (a key of `ALIASES`) → name of its column, for instance ``{"v_los": "HRV"}``. Quantities that are
        not named are found by their usual names. Of positions only those of one kind are needed.

    Returns
    -------
    StarCatalogue
        In the units of `UNITS`, converted from those that the table states. Rows where a number is missing in one
        of the columns that are read are left out, counted and warned of.

    Raises
    ------
    InputError
        If there is no file, no column of velocities or positions, a name of ``columns`` is not known or not in the
        table, more than one column could be meant, a column holds no numbers or another kind of unit, fewer than 30
        rows are complete, or `StarCatalogue` refuses the values.
    DamagedFileError
        If the file is not what its name says, or cannot be read.

    Warns
    -----
    ObservationWarning
        If rows are left out.
    """
    wanted = dict(columns or {})
    unknown = [name for name in wanted if name not in ALIASES]
    if unknown:
        raise InputError(f"there is no quantity {unknown[0]!r} to name a column for: use {', '.join(ALIASES)}.")
    path, table = _table_of(source)
    kind = _position_kind(table, wanted, path)
    names = {
        quantity: _column_name(table, quantity, wanted, path)
        for quantity in (*POSITIONS[kind], "v_los", "v_los_error", "p_member")
    }
    if names["v_los"] is None:
        raise InputError(
            f"{path} has no column of line-of-sight velocities: expected v_los or another usual name, found "
            f"{_listed(table)}; name it as v_los."
        )
    read = {quantity: _read(table, quantity, name, path) for quantity, name in names.items() if name is not None}
    complete = np.isfinite(np.column_stack(list(read.values()))).all(axis=1)
    if complete.sum() < MIN_STARS:
        raise InputError(
            f"{path} has {complete.sum()} stars with all of {', '.join(str(name) for name in names.values() if name)} "
            f"({len(table)} rows): at least {MIN_STARS} are needed."
        )
    kept = {quantity: values[complete] for quantity, values in read.items()}
    try:
        catalogue = StarCatalogue(
            position=np.column_stack([kept[quantity] for quantity in POSITIONS[kind]]),
            v_los_kms=kept["v_los"],
            v_los_error_kms=kept.get("v_los_error"),
            p_member=kept.get("p_member"),
            position_kind=kind,
            source=path.name,
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    n_dropped = int(np.sum(~complete))
    if n_dropped:
        warnings.warn(
            f"{path}: {n_dropped} of {len(table)} rows are left out because a number is missing in one of "
            f"{', '.join(str(name) for name in names.values() if name)}.",
            ObservationWarning,
            stacklevel=2,
        )
    return replace(catalogue, n_dropped=n_dropped)


def _table_of(source: "str | PathLike[str] | Table | Mapping[str, Any]") -> "tuple[Path, Table]":
    """Return a name for messages, and the table."""
    if isinstance(source, str | PathLike):
        return Path(source), read_table(source)
    from astropy.table import Table

    try:
        return Path("the table of stars"), Table(source)
    except (TypeError, ValueError) as error:
        raise InputError(f"stars must be a path, a table or columns of one length ({error}).") from error


def _listed(table: "Table") -> str:
    """Names of a table's columns, the first twenty of them."""
    names = [str(name)[:40] for name in table.colnames]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _column_name(table: "Table", quantity: str, wanted: Mapping[str, str], path: Path) -> str | None:
    """Name of the column that holds a quantity; None if there is none."""
    if quantity in wanted:
        if wanted[quantity] not in table.colnames:
            raise InputError(f"{path} has no column {wanted[quantity]!r} (for {quantity}), found {_listed(table)}.")
        return wanted[quantity]
    taken = set(wanted.values())
    free = [name for name in table.colnames if name not in taken]
    if quantity in free:
        return quantity
    found = [name for name in free if name.lower() in ALIASES[quantity]]
    if len(found) > 1:
        raise InputError(
            f"{path} has several columns that may be {quantity}: {', '.join(found)}; name the one that is meant."
        )
    return found[0] if found else None


def _position_kind(table: "Table", wanted: Mapping[str, str], path: Path) -> PositionKind:
    """Which kind of positions a table has: one that is named, else the first that is found."""
    kinds = [kind for kind, pair in POSITIONS.items() if any(quantity in wanted for quantity in pair)]
    if len(kinds) > 1:
        raise InputError(
            f"columns are named for {' and '.join(', '.join(POSITIONS[kind]) for kind in kinds)}: name one kind of "
            "positions."
        )
    for kind in kinds or POSITIONS:
        if all(_column_name(table, quantity, wanted, path) is not None for quantity in POSITIONS[kind]):
            return kind
    pairs = [POSITIONS[kind] for kind in kinds or POSITIONS]
    raise InputError(
        f"{path} has no columns of positions: expected {' or '.join(' and '.join(pair) for pair in pairs)}, found "
        f"{_listed(table)}; name them."
    )


def _read(table: "Table", quantity: str, name: str, path: Path) -> FloatArray:
    if quantity in ("ra", "dec"):
        return sky_angles(table, name, path, hours=quantity == "ra")
    return numbers(table, name, UNITS[quantity], path)
