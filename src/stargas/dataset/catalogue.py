"""The catalogue of a data set: one row per sample, units on the columns, a FITS table that TOPCAT opens."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from astropy.table import Table

FIRST_COLUMNS = (
    "sample",
    "galaxy_id",
    "host_id",
    "suite",
    "split",
    "view",
    "inclination_deg",
    "azimuth_deg",
    "position_angle_deg",
    "log10_stellar_mass",
    "log10_hi_mass",
    "kappa_co",
    "virial_ratio",
    "n_stars",
    "n_star_particles",
    "n_gas_particles",
    "R_hl_kpc",
    "sigma_kms",
    "velocity_scale_kms",
    "R_HI_kpc",
    "v_cold_kms",
    "sigma_cold_kms",
    "half_width_kpc",
    "has_gas",
    "cold_gas_set",
    "is_satellite",
    "redshift",
)
"""Columns of every catalogue, in order; what the source knows besides follows in the order of the alphabet."""

UNITS = {"_kpc": "kpc", "_kms": "km/s", "_deg": "deg", "_msun": "solMass"}
"""Unit of a column by the ending of its name. Columns ``log10_…_mass`` are log10 of solar masses."""


def _column(values: Sequence[Any]) -> NDArray[Any]:
    """Return an array; what is missing is empty, false or NaN."""
    known = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in known):
        return np.array(["" if value is None else str(value) for value in values])
    if known and all(isinstance(value, bool) for value in known):
        return np.array([bool(value) for value in values])
    if len(known) == len(values) and all(isinstance(value, int) for value in known):
        return np.array(values, dtype=np.int64)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def make_catalogue(rows: Iterable[Mapping[str, Any]]) -> "Table":
    """Return the table of catalogue rows.

    Parameters
    ----------
    rows
        One per sample, in the order of the samples. A row may lack what others have.
    """
    from astropy.table import Table

    columns: dict[str, list[Any]] = {}
    n_rows = 0
    for row in rows:
        for name, value in row.items():
            column = columns.setdefault(name, [])
            column += [None] * (n_rows - len(column))
            column.append(value)
        n_rows += 1
    order = [name for name in FIRST_COLUMNS if name in columns] + sorted(columns.keys() - set(FIRST_COLUMNS))
    table = Table({name: _column(columns[name] + [None] * (n_rows - len(columns[name]))) for name in order})
    for name in order:
        unit = next((unit for ending, unit in UNITS.items() if name.endswith(ending)), None)
        if unit is not None:
            table[name].unit = unit
    return table


def catalogue_bytes(table: "Table") -> bytes:
    """Return a catalogue as the bytes of a FITS file, without a date."""
    buffer = io.BytesIO()
    table.write(buffer, format="fits")
    return buffer.getvalue()


def table_bytes(table: "Table") -> bytes:
    """Return a small table as the bytes of an ECSV file."""
    buffer = io.StringIO()
    table.write(buffer, format="ascii.ecsv")
    return buffer.getvalue().encode()
