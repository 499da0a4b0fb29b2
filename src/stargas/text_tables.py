"""Tables of text in lines and columns: encodings, a line of names that may be a comment, and what no table has."""

import csv
import math
import re
import warnings
from collections.abc import Collection, Iterable, Sequence
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

NO_UNIT = ("", "-", "---")
"""What stands for the unit of a column that has none."""

SEXAGESIMAL = ("h:m:s", "d:m:s")
"""What VizieR writes below the names of angles in hours or degrees, minutes and seconds."""

_ABSURD = re.compile(r"(\^|\*\*|[A-Za-z)]|[-+])\s*\(?[-+]?\.?\d{3,}|\d{20,}")
"""Exponents and numbers that no unit of a map has, and that would keep a library busy without end."""

_ALIAS = re.compile(r"(^|[\s,\[{:-])[&*]\w")
_UNIT = re.compile(r"unit:\s*([^,}]*)")
_SHAPE = re.compile(r"\[([\d,\s]+)\]")
_WITH_UNIT = re.compile(r"(.*?\w)\s*[\[(]([^\[\]]+)[\])]")
_RULE = re.compile(r"-{2,}")
_NUMBERED = re.compile(r" \(\d+\)$")
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
    >>> is_absurd_unit("10**9999999999 Jy"), is_absurd_unit("1e-20 erg s-1 cm-2"), is_absurd_unit("0.001 Jy / beam")
    (True, False, False)
    """
    return len(text) > MAX_UNIT or bool(_ABSURD.search(text))


def read_ecsv(lines: list[str], path: object) -> "Table":
    """Read ECSV, whose header `check_ecsv` checks.

    Raises
    ------
    InputError
        As `check_ecsv`.
    """
    from astropy.table import Table

    check_ecsv(lines, path)
    table = Table.read(lines, format="ascii.ecsv")
    names = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return rename_repeated(table, named_columns(names, "," if "," in names else " "))


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


def names_by_number(names: Sequence[str]) -> list[str]:
    """Tell columns of one name apart by numbers.

    Examples
    --------
    >>> names_by_number(["ra", "v", "v"])
    ['ra', 'v', 'v (2)']
    """
    return [
        f"{name} ({names[: place + 1].count(name)})" if name in names[:place] else name
        for place, name in enumerate(names)
    ]


def rename_repeated(table: "Table", names: Sequence[str]) -> "Table":
    """Give the names of `names_by_number` to columns that the file calls alike, and astropy in ways of its own."""
    if len(set(names)) < len(names) == len(table.colnames):
        table.rename_columns(table.colnames, names_by_number(names))
    return table


def namesakes(table: "Table", names: Collection[str]) -> list[str]:
    """Return all columns of these names, upper or lower case, without those that hold the same as one before.

    Examples
    --------
    >>> from astropy.table import Table
    >>> namesakes(Table({"v": [1, 2], "V": [1, 2], "v (2)": [1, 3]}), ["v"])
    ['v', 'v (2)']
    """
    wanted = {_bare(name) for name in names}
    found: list[str] = []
    for name in table.colnames:
        if _bare(name) in wanted and not any(_hold_the_same(table, name, other) for other in found):
            found.append(name)
    return found


def _bare(name: str) -> str:
    return name_and_unit(_NUMBERED.sub("", name))[0].lower()


def name_and_unit(name: str) -> tuple[str, str]:
    """Return the name of a column without the unit that stands behind it in brackets, and that unit.

    Examples
    --------
    >>> name_and_unit("v_los [km/s]"), name_and_unit("RA (J2000)"), name_and_unit("v (2)")
    (('v_los', 'km/s'), ('RA (J2000)', ''), ('v (2)', ''))
    """
    found = _WITH_UNIT.fullmatch(name)
    return (found[1], found[2]) if found and _is_unit(found[2]) else (name, "")


def _hold_the_same(table: "Table", name: str, other: str) -> bool:
    """Whether two columns have one name, one unit and the same values."""
    one, two = table[name], table[other]
    return (
        _bare(name) == _bare(other)
        and str(getattr(one, "unit", None)) == str(getattr(two, "unit", None))
        and [str(value) for value in one] == [str(value) for value in two]
    )


def named_columns(line: str, delimiter: str) -> list[str]:
    """Return the names in a line of them, also in quotes."""
    fields = next(csv.reader([line.strip()], delimiter=delimiter, skipinitialspace=True), [])
    return [field.strip() for field in fields]


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
    delimiter = next((mark for mark in ("\t", ";", ",") if mark in values[0] and mark in values[len(values) // 2]), " ")
    if (n_columns := len(_fields(values[0], delimiter))) > MAX_COLUMNS:
        raise InputError(f"{path} has {n_columns} columns, at most {MAX_COLUMNS} are read: leave some out.")
    if not _names_columns(values[0], delimiter):
        names = [
            line for line in comments if len(_fields(line, delimiter)) == n_columns and _names_columns(line, delimiter)
        ]
        if not names:
            raise InputError(f"{path} has no line with the names of its columns: write one above the values.")
        values = [names[-1], *values]
    units, n_lines = _units_below(values, delimiter)
    require_units(units, path)
    kind = {",": "ascii.csv", "\t": "ascii.tab"}.get(delimiter, "ascii.basic")
    table = Table.read([values[0], *values[1 + n_lines :]], format=kind, delimiter=delimiter, guess=False, **options)
    for name, unit in zip(table.colnames, units, strict=False):
        table[name].unit = unit or None
    return rename_repeated(table, named_columns(values[0], delimiter))


def _units_below(values: list[str], delimiter: str) -> tuple[list[str], int]:
    """Return the units that stand below the names, as VizieR writes them, and how many lines are no values."""
    units: list[str] = []
    for number, line in enumerate(values[1:3]):
        fields = [field.strip().strip('"') for field in _fields(line, delimiter)]
        if _RULE.fullmatch("".join(fields)):
            return units, number + 1
        is_row = len(fields) != len(_fields(values[0], delimiter)) or set(fields) <= set(NO_UNIT)
        if number or is_row or not all(map(_is_unit, fields)):
            return units, number
        units = fields
    return units, len(values[1:3])


def _is_unit(text: str) -> bool:
    """Whether a text is a unit, or stands where a column has none."""
    from astropy import units

    if text in (*NO_UNIT, *SEXAGESIMAL) or _NUMBER.fullmatch(text) or is_absurd_unit(text):
        return text in (*NO_UNIT, *SEXAGESIMAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return not isinstance(units.Unit(text, parse_strict="silent"), units.UnrecognizedUnit)


def _fields(line: str, delimiter: str) -> list[str]:
    return line.split(None if delimiter == " " else delimiter)


def _names_columns(line: str, delimiter: str) -> bool:
    """Whether a line holds names: no field of it is a number."""
    return not any(_NUMBER.fullmatch(field.strip()) for field in _fields(line, delimiter))
