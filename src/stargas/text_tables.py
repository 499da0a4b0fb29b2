"""Tables of text in lines and columns: encodings, a line of names that may be a comment, and what no table has."""

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from stargas.errors import InputError

if TYPE_CHECKING:
    from astropy.table import Table

MAX_HEADER = 200_000
"""Longest header of ECSV [characters]: that of a thousand columns with units and descriptions."""

MAX_COLUMNS = 1000
"""Most columns; a catalogue that joins all surveys has some hundred."""

MAX_ARRAY = 10_000
"""Most values in one cell; a column of stars has one."""

MAX_UNEVEN, SMALL = 20, 50_000_000
"""Largest ratio of the longest line to the mean one in a table whose cells, all as long as that line, take more
characters than the second: cells of text are kept in arrays as wide as the longest."""

MAX_UNIT = 80
"""Longest text that is read as a unit."""

_ABSURD = re.compile(r"(\^|\*\*|[A-Za-z)]|[-+.])\s*\(?[-+]?\d{3,}|\d{20,}")
"""Exponents and numbers that no unit of a map has, and that would keep a library busy without end."""

_ALIAS = re.compile(r"(^|[\s,\[{:-])[&*]\w")
_UNIT = re.compile(r"unit:\s*([^,}]*)")
_SHAPE = re.compile(r"\[([\d,\s]+)\]")
_NUMBER = re.compile(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?")


def decoded(content: bytes) -> str:
    """Text in UTF-8 without a byte order mark, or else in Latin-1, which all bytes are."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def is_absurd_unit(text: str) -> bool:
    """Whether a text is no unit but would keep a parser of units busy without end.

    Examples
    --------
    >>> is_absurd_unit("10**9999999999 Jy"), is_absurd_unit("1e-20 erg s-1 cm-2")
    (True, False)
    """
    return len(text) > MAX_UNIT or bool(_ABSURD.search(text))


def check_ecsv(lines: list[str], path: object) -> None:
    """Check that the header of ECSV, which is YAML, keeps no parser busy without end, nor fills the memory.

    Raises
    ------
    InputError
        If it is too long, has anchors or aliases, which can unfold without end, units of huge powers, or cells of
        many values; or as `require_even_lines`.
    """
    header = [line for line in lines if line.startswith("#")]
    if sum(map(len, header)) > MAX_HEADER:
        raise InputError(f"{path} has more than {MAX_HEADER} characters in its header: leave the notes out.")
    if any(_ALIAS.search(line) for line in header):
        raise InputError(f"{path} has anchors or aliases of YAML in its header, which are not read: leave them out.")
    require_units((unit for line in header for unit in _UNIT.findall(line)), path)
    for shape in (shape for line in header for shape in _SHAPE.findall(line)):
        require_small_cells(shape, path)
    require_even_lines(lines, path)


def require_units(texts: Iterable[str], path: object) -> None:
    """Raise `InputError` where the unit of a column is absurd."""
    for text in texts:
        if is_absurd_unit(text):
            raise InputError(
                f"{path} has a column of the unit {text[:30]!r}, which is not a unit: correct it or leave it out."
            )


def require_small_cells(shape: str, path: object) -> None:
    """Raise `InputError` where the cells of a column have a shape, in the words of the file, of many values."""
    n_values = math.prod(max(int(size[:18]), 1) for size in re.findall(r"\d+", shape))
    if n_values > MAX_ARRAY:
        raise InputError(
            f"{path} declares cells of {n_values:.3g} values, at most {MAX_ARRAY} are read: give a table "
            "with one value per cell."
        )


def require_even_lines(lines: list[str], path: object) -> None:
    """Raise `InputError` where one line is far longer than the others, so that arrays as wide would fill the memory."""
    longest = max(map(len, lines), default=0)
    most = max(SMALL, MAX_UNEVEN * sum(map(len, lines)))
    if longest * len(lines) > most or longest > SMALL / 50:
        raise InputError(f"{path} has a line of {longest} characters, far more than the others: shorten it.")


def parse_text_table(lines: list[str], path: object, **options: Any) -> "Table":  # noqa: ANN401 (of astropy's reader)
    """Read lines of values under a line of names; separated by commas, tabulators, semicolons or blanks.

    Parameters
    ----------
    lines
        Lines that begin with # are comments; the last of those above the values that fits is the line of names, where
        there is no other.
    path
        For messages.
    **options
        Of ``astropy.table.Table.read``.

    Raises
    ------
    InputError
        If there are no values or no names.
    """
    from astropy.table import Table

    require_even_lines(lines, path)
    values = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    comments = [line.lstrip("# \t") for line in lines if line.lstrip().startswith("#")]
    if not values:
        raise InputError(f"{path} holds a table without rows: write one below the names of the columns.")
    delimiter = next((mark for mark in (",", "\t", ";") if mark in values[-1]), " ")
    if (n_columns := len(_fields(values[0], delimiter))) > MAX_COLUMNS:
        raise InputError(f"{path} has {n_columns} columns, at most {MAX_COLUMNS} are read: leave some out.")
    if not _names_columns(values[0], delimiter):
        names = [
            line for line in comments if len(_fields(line, delimiter)) == n_columns and _names_columns(line, delimiter)
        ]
        if not names:
            raise InputError(f"{path} has no line with the names of its columns: write one above the values.")
        values = [names[-1], *values]
    kind = "ascii.csv" if delimiter == "," else "ascii.basic"
    return Table.read(values, format=kind, delimiter=delimiter, guess=False, **options)


def _fields(line: str, delimiter: str) -> list[str]:
    return line.split(None if delimiter == " " else delimiter)


def _names_columns(line: str, delimiter: str) -> bool:
    """Whether a line holds names: no field of it is a number."""
    return not any(_NUMBER.fullmatch(field.strip()) for field in _fields(line, delimiter))
