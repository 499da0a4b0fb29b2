"""Tables of stars with line-of-sight velocities: what is in them, and reading them from files."""

import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError, ObservationWarning
from stargas.galaxy import FloatArray
from stargas.observed.columns import POSITIONS, UNITS, PositionKind, find_columns
from stargas.observed.stand_ins import ZEROS, refuse_stand_ins
from stargas.observed.table import read_table
from stargas.observed.table_columns import numbers, sky_angles
from stargas.observed.velocities import GAUSSIAN_MAD
from stargas.quantities import to_array
from stargas.representation import Described, interval
from stargas.text_tables import names_by_number

if TYPE_CHECKING:
    from astropy.table import Table
    from pandas import DataFrame

MIN_STARS = 30
"""Fewest stars with which anything is inferred."""

WIDEST_KMS, NARROWEST_KMS = 1500.0, 0.05
"""Bounds of the scatter of velocities in km/s: no galaxy or foreground is wider, no measurement as fine. Numbers in
m/s lie above for every galaxy hotter than 1.5 km/s, redshifts and numbers converted twice below."""

LARGEST_ERROR_KMS = 300.0
"""Median velocity error above which the numbers are taken for m/s; in km/s such a catalogue would be useless."""

LIGHT_KMS = 299_792.458
"""Speed of light [km/s], above which no velocity and no error is read."""

FARTHEST: Mapping[str, float] = MappingProxyType({"offset_arcmin": 5400.0, "offset_kpc": 1e5})
"""Largest offset from a galaxy's center that is read: 90°, 100 Mpc."""


@dataclass(frozen=True, eq=False, repr=False)
class StarCatalogue(Described):
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
    row
        Row of each star in the table that it was read from, from 0, shape (n,); counted from 0 if None.
    n_dropped
        Rows of the table that were left out because a value was missing.
    source
        Name of the file.
    columns
        Quantity to the name of its column in the file.
    unread
        Names of the other columns.

    Raises
    ------
    InputError
        If shapes differ, a value is not finite or stands for a missing one, an error is negative, a probability lies
        outside 0 to 1, a position is not on the sky, all velocities are equal, or their size says that they are not in
        km/s.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> StarCatalogue(rng.normal(size=(100, 2)), rng.normal(0, 9, 100), position_kind="offset_kpc").position.shape
    (100, 2)
    """

    position: FloatArray
    v_los_kms: FloatArray
    v_los_error_kms: FloatArray | None = None
    p_member: FloatArray | None = None
    position_kind: PositionKind = "sky_deg"
    row: NDArray[np.int64] | None = None
    n_dropped: int = 0
    source: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and values."""
        for name in ("position", "v_los_kms", "v_los_error_kms", "p_member"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, to_array(name, getattr(self, name)))
        if self.row is None:
            object.__setattr__(self, "row", np.arange(self.v_los_kms.size))
        self._check_shapes()
        # one after the other: a later check may not stand what an earlier one refuses
        for problem in chain(
            position_problems(self.position, self.position_kind),
            _velocity_problems(self),
            _error_problems(self),
            probability_problems(self.p_member),
        ):
            raise InputError(problem)

    def _facts(self) -> Mapping[str, str]:
        has = {"errors": self.v_los_error_kms, "memberships": self.p_member}
        return {
            **({"source": Path(self.source).name} if self.source else {}),
            "stars": f"{len(self):,}",
            "positions": self.position_kind,
            "velocities": interval(self.v_los_kms, "km/s"),
            **{name: "none" if values is None else interval(values) for name, values in has.items()},
        }

    def __len__(self) -> int:
        """Return the number of stars."""
        return len(self.v_los_kms)

    def _check_shapes(self) -> None:
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
        for name in ("v_los_kms", "v_los_error_kms", "p_member"):
            if getattr(self, name) is not None:
                refuse_stand_ins(name, getattr(self, name), ZEROS.get(name.removesuffix("_kms"), "measured"))


def position_problems(position: FloatArray, kind: PositionKind) -> Iterator[str]:
    """Yield what cannot be right in positions, shape (n, 2)."""
    if kind == "sky_deg":
        ra, dec = position.T
        if not (np.abs(dec) <= 90).all() or not ((ra >= -180) & (ra <= 360)).all():
            yield (
                "right ascensions must lie between 0° and 360° and declinations between -90° and 90°, got "
                f"{ra.min():.6g} to {ra.max():.6g} and {dec.min():.6g} to {dec.max():.6g}: are the columns "
                "swapped, or in other units?"
            )
    elif np.abs(position).max() > FARTHEST[kind]:
        yield (
            f"offsets from the center reach {np.abs(position).max():.3g} {kind.removeprefix('offset_')}, at most "
            f"{FARTHEST[kind]:.0f} are read: state the unit in the table, or convert them."
        )


def _velocity_problems(catalogue: StarCatalogue) -> Iterator[str]:
    v = catalogue.v_los_kms
    if len(v) > 1 and (v == v[0]).all():
        yield f"all {len(v)} velocities are {v[0]:.6g} km/s: name the column with those of the stars."
    if np.abs(v).max() > LIGHT_KMS:
        yield _too_fast("velocities", v)
    spread = GAUSSIAN_MAD * float(np.median(np.abs(v - np.median(v))))
    if spread > WIDEST_KMS:
        yield (
            f"the velocities scatter by {spread:.3g} km/s, more than any galaxy's: they look like m/s, so state "
            "the unit in the table or divide by 1000."
        )
    if len(v) >= MIN_STARS and float(np.std(v)) < NARROWEST_KMS:
        yield (
            f"the velocities scatter by {np.std(v):.2g} km/s only: expected km/s, so correct the unit (redshifts "
            "times 299792.458)."
        )


def _error_problems(catalogue: StarCatalogue) -> Iterator[str]:
    error = catalogue.v_los_error_kms
    if error is None:
        return
    if (error < 0).any():
        yield (
            f"velocity errors must not be negative, got {np.sum(error < 0)} of {len(error)} that are: drop stars "
            "without a measured error."
        )
    if error.max() > LIGHT_KMS:
        yield _too_fast("velocity errors", error)
    if np.median(error) > LARGEST_ERROR_KMS:
        yield (
            f"the median velocity error is {np.median(error):.3g} km/s: it looks like m/s, so state the unit in "
            "the table or divide by 1000."
        )


def probability_problems(p: FloatArray | None) -> Iterator[str]:
    """Yield what cannot be right in probabilities of membership, shape (n,)."""
    if p is not None and not ((p >= 0) & (p <= 1)).all():
        yield (
            f"probabilities of membership must lie between 0 and 1, got {p.min():.4g} to {p.max():.4g}: divide "
            "percent by 100, or name the right column."
        )


def _too_fast(what: str, values: FloatArray) -> str:
    return (
        f"{what} reach {np.abs(values).max():.3g} km/s, beyond the speed of light: state their unit in the table if it "
        "is m/s, and leave cells without a measured value empty."
    )


def read_stars(
    source: "str | PathLike[str] | Table | DataFrame | Mapping[str, Any]",
    columns: Mapping[str, str] | None = None,
    *,
    missing_values: Sequence[float] = (),
) -> StarCatalogue:
    """Read a catalogue of stars.

    Parameters
    ----------
    source
        Path of a CSV, ECSV, FITS or VOTable file or of a table of text with a header (``.dat``, ``.txt``), by its
        ending; or an astropy table; or a pandas DataFrame; or columns by name, arrays or astropy quantities.
    columns
        Quantity (a key of `stargas.observed.columns.ALIASES`) to the name of its column, for instance
        ``{"v_los": "HRV"}``. Quantities that are not named are found by the names that surveys use. Of positions only
        those of one kind are needed.
    missing_values
        Numbers that stand for a missing value in any of the columns, as -999.

    Returns
    -------
    StarCatalogue
        In the units of `stargas.observed.columns.UNITS`, converted from those that the table states. Rows where a value
        is missing in one of the columns that are read are left out, counted and warned of.

    Raises
    ------
    InputError
        If there is no file, no column that is certain to hold velocities or positions, a name of ``columns`` is not
        known or not in the table, more than one column could be meant, a column holds no numbers, a number that stands
        for a missing value, or another kind of unit, fewer than 30 rows are complete, or `StarCatalogue` refuses the
        values.
    DamagedFileError
        If the file is not what its name says, or cannot be read.

    Warns
    -----
    ObservationWarning
        If rows are left out.

    Examples
    --------
    >>> import stargas as sg
    >>> stars = read_stars(sg.example("stars")["stars"])
    >>> len(stars), stars.position_kind
    (344, 'sky_deg')
    """
    path, table = table_of(source)
    kind, names = find_columns(table, dict(columns or {}), path)
    kept, complete = complete_rows(table, names, path, missing_values)
    if not kept.get("v_los_error", np.zeros(1)).any():
        kept.pop("v_los_error", None)  # zeros alone: nothing was measured
    try:
        return StarCatalogue(
            position=np.column_stack([kept[quantity] for quantity in POSITIONS[kind]]),
            v_los_kms=kept["v_los"],
            v_los_error_kms=kept.get("v_los_error"),
            p_member=kept.get("p_member"),
            position_kind=kind,
            row=np.flatnonzero(complete),
            n_dropped=int(np.sum(~complete)),
            source=path.name,
            columns=names,
            unread=tuple(name for name in table.colnames if name not in names.values()),
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def complete_rows(
    table: "Table", names: Mapping[str, str], path: Path, missing_values: Sequence[float]
) -> tuple[dict[str, FloatArray], NDArray[np.bool_]]:
    """Read columns as numbers, without the rows where a value is missing.

    Returns
    -------
    columns
        Quantity to its numbers in the units of `stargas.observed.columns.UNITS`, shape (k,).
    complete
        Which rows of the table these are, bool, shape (n,).

    Raises
    ------
    InputError, ObservationWarning
        As `read_stars`.
    """
    read = {quantity: _read(table, quantity, name, path) for quantity, name in names.items()}
    for quantity, values in read.items():
        for missing in missing_values:
            values[np.isclose(values, missing, rtol=1e-6, atol=0)] = np.nan
        refuse_stand_ins(f"{path}: the column {names[quantity]!r}", values, ZEROS.get(quantity, "measured"))
    complete = np.asarray(np.isfinite(np.column_stack(list(read.values()))).all(axis=1))
    if complete.sum() < MIN_STARS:
        raise InputError(
            f"{path} has {complete.sum()} stars with all of {', '.join(names.values())} ({len(table)} rows): at least "
            f"{MIN_STARS} are needed."
        )
    n_dropped = int(np.sum(~complete))
    if n_dropped:
        warnings.warn(
            ObservationWarning(
                "rows left out",
                f"{path}: {n_dropped} of {len(table)} rows are left out because a value is missing in one of "
                f"{', '.join(names.values())}.",
            ),
            stacklevel=3,
        )
    return {quantity: values[complete] for quantity, values in read.items()}, complete


def table_of(
    source: "str | PathLike[str] | Table | DataFrame | Mapping[str, Any]", what: str = "stars"
) -> "tuple[Path, Table]":
    """Return a name for messages, and the table."""
    if isinstance(source, str | PathLike):
        return Path(source), read_table(source)
    from astropy.table import Table

    try:
        frame = _data_frame(source)
        if frame is None:
            return Path(f"the table of {what}"), Table(source)
        names = names_by_number([str(name) for name in frame.columns])
        return Path(f"the table of {what}"), Table.from_pandas(frame.set_axis(names, axis=1))
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} must be a path, a table or columns of one length ({error}).") from error


def _data_frame(source: Any) -> "DataFrame | None":  # noqa: ANN401 (whatever a caller passes)
    """Return what is a DataFrame of pandas, which need not be installed; None of all else."""
    pandas = sys.modules.get("pandas")
    return source if pandas is not None and isinstance(source, pandas.DataFrame) else None


def _read(table: "Table", quantity: str, name: str, path: Path) -> FloatArray:
    if quantity in ("ra", "dec"):
        return sky_angles(table, name, path, hours=quantity == "ra")
    return numbers(table, name, UNITS[quantity], path)
