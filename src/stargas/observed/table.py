"""Tables of any of four formats, read whole or refused in one sentence."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray

if TYPE_CHECKING:
    from astropy.table import Table

FORMATS = {
    ".csv": "CSV",
    ".ecsv": "ECSV",
    ".fits": "FITS",
    ".fit": "FITS",
    ".vot": "VOTable",
    ".votable": "VOTable",
    ".xml": "VOTable",
}
"""Ending of a file's name → format that it promises."""

READERS: dict[str, dict[str, Any]] = {
    "CSV": {"format": "ascii.csv", "comment": "#", "guess": False},
    "ECSV": {"format": "ascii.ecsv"},
    "FITS": {"format": "fits"},
    "VOTable": {"format": "votable"},
}
"""Format → what astropy's reader is told."""

MAX_BYTES = 500_000_000
"""Largest file that is read: 5 million stars of a hundred characters each, far beyond any catalogue of velocities."""

SEXAGESIMAL = re.compile(r"\s*[+-]?\d+\s*[:hd ]\s*\d")
"""Text that is an angle of hours or degrees and minutes."""

HEAD_BYTES = 4096
"""How much of a file is looked at to tell its format."""


def read_table(path: str | PathLike[str]) -> "Table":
    """Read a table by the format that its name promises and its first bytes confirm.

    Parameters
    ----------
    path
        CSV (commas, one line of names, lines that begin with # skipped), ECSV, FITS (its first table) or VOTable.

    Returns
    -------
    astropy.table.Table
        With at least one column and one row.

    Raises
    ------
    InputError
        If the file is missing, empty or too large, its ending is none of `FORMATS`, or the table has no rows.
    DamagedFileError
        If the content is not what the name says, or cannot be read.
    """
    path = Path(path)
    kind = FORMATS.get(path.suffix.lower())
    if not path.is_file():
        raise InputError(f"there is no file {path}: give the path of a table of stars.")
    if kind is None:
        raise InputError(
            f"{path} ends with {path.suffix or 'nothing'!r}, a table of stars with one of {', '.join(FORMATS)}: "
            "save it in one of these formats."
        )
    found = _found_format(path)
    if kind == "CSV" and found == "ECSV":
        kind = "ECSV"  # which is CSV with a header that tells more
    if found != kind:
        raise DamagedFileError(
            f"{path} is named like {kind} but its content is {found}: save it again, or give it the right ending."
        )
    from astropy.table import Table

    with _one_sentence(path, kind):
        # astropy leaves a damaged file open, so it is given the content; a byte order mark would be part of a name
        content = path.read_bytes()
        text = kind in ("CSV", "ECSV")
        source = content.decode("utf-8-sig").splitlines() if text else io.BytesIO(content)
        table = Table.read(source, **READERS[kind])
    if not table.colnames or not len(table):
        raise InputError(f"{path} holds a table without {'rows' if table.colnames else 'columns'}: expected stars.")
    return table


def _found_format(path: Path) -> str:
    """Tell the format by the first bytes; text that is no other is CSV."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if size > MAX_BYTES:
        raise InputError(f"{path} has {size / 1e6:.0f} MB, at most {MAX_BYTES / 1e6:.0f} MB are read: cut it down.")
    if not head.strip():
        raise InputError(f"{path} is empty: expected a table of stars.")
    if head.startswith(b"SIMPLE  ="):
        return "FITS"
    text = head.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in head or not _is_text(head):
        return "binary of another kind"
    if text.lstrip().startswith(b"# %ECSV"):
        return "ECSV"
    if text.lstrip().startswith(b"<"):
        return "VOTable" if re.search(rb"<(\w+:)?VOTABLE\b", text) else "XML or HTML of another kind"
    return "CSV"


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # the last character may be cut in two
        return error.start > HEAD_BYTES - 4
    return True


@contextmanager
def _one_sentence(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a reader raises into one sentence, and keep its remarks on the format to itself."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except Exception as error:
        # a damaged file makes astropy raise nearly any exception there is
        reason = " ".join(str(error).split()).split(". ")[0].rstrip(".:;, ")[:200] or type(error).__name__
        raise DamagedFileError(f"{path} cannot be read as {kind} ({reason}): save it again.") from error


def numbers(table: "Table", name: str, unit: str, path: Path) -> FloatArray:
    """Read one column as numbers.

    Parameters
    ----------
    table
        Where from.
    name
        Column.
    unit
        Unit of the answer, and of a column that states none.
    path
        For messages.

    Returns
    -------
    numpy.ndarray
        Shape (n,), NaN where the table has a blank.

    Raises
    ------
    InputError
        If the column holds something else than numbers, or its unit is another kind of quantity.
    """
    from astropy import units

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        column: Any = table[name]
        try:
            array = np.ma.asarray(column)
            blank = np.ma.getmaskarray(array)
            values = _floats(np.ma.getdata(array), blank)
        except Exception as error:  # columns may be objects of any kind
            raise InputError(
                f"{path}: the column {name!r} does not hold numbers only ({_first_bad(column)}): mend the table or "
                "name another column."
            ) from error
        if values.ndim != 1:
            raise InputError(f"{path}: the column {name!r} has shape {values.shape}, expected one number per row.")
        stated = getattr(column, "unit", None)
        if stated is None or str(stated).strip() in ("", "-", "---"):
            return values
        try:
            factor = units.Unit(stated).to(units.Unit(unit))
        except Exception as error:
            raise InputError(
                f"{path}: the column {name!r} has the unit {str(stated)!r}, which is not one of {unit}: convert the "
                "numbers or mend the unit."
            ) from error
    with np.errstate(all="ignore"):
        return values * factor


def sky_angles(table: "Table", name: str, path: Path, *, hours: bool) -> FloatArray:
    """Read a column of right ascensions or declinations in degrees, NaN where blank, shape (n,).

    Sexagesimal text (``06:41:36.7``, ``6h41m36.7s``) is hours where ``hours`` says so, and else degrees; everything
    else is as in `numbers`.
    """
    column: Any = table[name]
    if getattr(column.dtype, "kind", "") not in "SU" or not any(SEXAGESIMAL.match(str(entry)) for entry in column):
        return numbers(table, name, "deg", path)
    from astropy.coordinates import Angle

    values = np.full(len(column), np.nan)
    for row, entry in enumerate(column):
        text = "" if np.ma.is_masked(entry) else str(entry).strip()
        if not text:
            continue
        try:
            values[row] = Angle(text, unit="hourangle" if hours else "deg").deg
        except Exception as error:  # astropy's parser raises several kinds
            raise InputError(
                f"{path}: row {row + 1} of the column {name!r} is no angle ({text[:30]!r}): mend it."
            ) from error
    return values


def _floats(data: Any, blank: Any) -> FloatArray:  # noqa: ANN401 (arrays of any type)
    """Make floats of numbers or of text that spells them; NaN where blank."""
    if data.dtype.kind in "SU":
        # an empty cell is blank in a table of text too
        text = np.char.strip(data.astype(str))
        data = np.where(blank | (text == ""), "nan", text)
    elif data.dtype.kind not in "biufO":
        raise TypeError(data.dtype)
    if data.dtype.kind == "O":
        data = np.where(blank, np.nan, data)
    with np.errstate(all="ignore"):
        values = np.array(data, dtype=np.float64)
    values[blank] = np.nan
    return values


def _first_bad(column: Any) -> str:  # noqa: ANN401 (columns of any type)
    """Name the first entry that is no number."""
    try:
        for row, entry in enumerate(column):
            try:
                float(entry)
            except (TypeError, ValueError):
                if not np.ma.is_masked(entry) and str(entry).strip():
                    return f"row {row + 1} has {str(entry)[:30]!r}"
    except Exception:  # noqa: BLE001 (a message must not fail)
        return f"they are {type(column).__name__}"
    return f"they are {getattr(column, 'dtype', type(column).__name__)}"
