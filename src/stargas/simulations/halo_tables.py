"""Plain tables of halos: a row per galaxy, with its id, center and radius in physical kpc."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.reading import one_sentence
from stargas.simulations.halo import Halo, has_host
from stargas.simulations.snapshot_files import snapshot_name
from stargas.text_tables import decoded, namesakes, parse_text_table, read_ecsv

PLAIN = (".ecsv", ".csv", ".dat", ".txt")
"""Endings of plain tables."""

TABLE_COLUMNS = ("id", "x_kpc", "y_kpc", "z_kpc", "radius_kpc")
"""Columns that a plain table must have; ``host_id``, ``is_satellite`` and ``halo_mass_msun`` are welcome."""

NAME_COLUMNS = ("id", "host_id", "snapshot")
"""Columns that are names, whatever they look like: ``007`` is not 7."""


def read_plain(path: Path, only: str | None) -> list[Halo]:
    """Read a plain table.

    Parameters
    ----------
    path
        ECSV, or text with a line of names, in UTF-8 or Latin-1.
    only
        Take the rows whose ``snapshot`` is this name; all if None.
    """
    with one_sentence(path, "a table of halos"):
        lines = decoded(path.read_bytes()).splitlines()
        if path.suffix == ".ecsv":
            table = read_ecsv(lines, path)
        else:
            table = parse_text_table(lines, path, converters=dict.fromkeys(NAME_COLUMNS, str))
    missing = [name for name in TABLE_COLUMNS if name not in table.colnames]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}; it needs {', '.join(TABLE_COLUMNS)}.")
    for name in (*TABLE_COLUMNS, *NAME_COLUMNS):
        if any(other.startswith(f"{name} (") for other in namesakes(table, [name])):
            raise InputError(f"{path} has several columns {name!r} that differ: leave in the one that is meant.")
    if only is not None:
        if "snapshot" not in table.colnames:
            raise InputError(f"{path} serves several snapshots but has no column 'snapshot' with their names.")
        table = table[np.array([snapshot_name(value) == only for value in _names(table["snapshot"])], dtype=bool)]
    ids = _names(table["id"])
    if "" in ids:
        raise InputError(f"{path}: row {ids.index('') + 1} has no id; name each halo.")

    def numbers(name: str) -> FloatArray:
        """Return a column as numbers; what is left out is NaN."""
        stated = str(getattr(table[name], "unit", None) or "kpc")
        if name in TABLE_COLUMNS and stated != "kpc":
            raise InputError(f"{path}: the column {name!r} has the unit {stated!r}, expected physical kpc: convert it.")
        try:
            return np.ma.filled(np.ma.asarray(table[name]).astype(np.float64), np.nan)
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: the column {name!r} must hold numbers: {error}.") from error

    center = np.column_stack([numbers(name) for name in TABLE_COLUMNS[1:4]])
    radius = numbers("radius_kpc")
    bad = np.flatnonzero(~(np.isfinite(center).all(axis=1) & np.isfinite(radius) & (radius > 0)))
    if bad.size:
        raise InputError(
            f"{path}: halo {ids[bad[0]]} has the center {center[bad[0]]} and the radius {radius[bad[0]]}; "
            "expected finite kpc."
        )
    extra = {
        name: numbers(name)
        for name in table.colnames
        if name not in (*TABLE_COLUMNS, *NAME_COLUMNS) and table[name].dtype.kind in "biuf"
    }
    extra |= {name: _truth(table[name]) for name in table.colnames if _is_truth(table[name])}
    hosts = _names(table["host_id"]) if "host_id" in table.colnames else [""] * len(table)
    # a column of whole numbers with blanks is one of floats in many programs: 1.0 is the halo 1
    known = {name.removesuffix(".0"): name for name in ids} | {name: name for name in ids}
    hosts = [known.get(host, known.get(host.removesuffix(".0"), host)) for host in hosts]
    hosts = [host if has_host(host) or host in ids else "" for host in hosts]
    return [
        Halo(
            ids[i],
            (float(x), float(y), float(z)),
            float(radius[i]),
            hosts[i],
            {name: float(column[i]) for name, column in extra.items()},
        )
        for i, (x, y, z) in enumerate(center)
    ]


def _names(column: NDArray[Any]) -> list[str]:
    """Return a column of names; what is left out is empty."""
    missing = np.ma.getmaskarray(column)
    return ["" if left_out else str(value).strip() for value, left_out in zip(column, missing, strict=True)]


def _is_truth(column: NDArray[Any]) -> bool:
    return column.dtype.kind == "U" and {text.lower() for text in _names(column)} <= {"true", "false"}


def _truth(column: NDArray[Any]) -> FloatArray:
    """Return words of a CSV file as 1 and 0."""
    return np.array([text.lower() == "true" for text in _names(column)], dtype=np.float64)
