"""Tables of text in lines and columns: encodings, and a line of names that may be a comment."""

import re
from typing import TYPE_CHECKING, Any

from stargas.errors import InputError

if TYPE_CHECKING:
    from astropy.table import Table

_ALIAS = re.compile(r"(^|[\s,\[{:-])[&*]\w")
_NUMBER = re.compile(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?")


def decoded(content: bytes) -> str:
    """Text in UTF-8 without a byte order mark, or else in Latin-1, which all bytes are."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def refuse_aliases(lines: list[str], path: object) -> None:
    """Refuse anchors and aliases of YAML in the header of ECSV, which can unfold without end.

    Raises
    ------
    InputError
        If there are any; a header of a table has no use for them.
    """
    if any(_ALIAS.search(line) for line in lines if line.startswith("#")):
        raise InputError(f"{path} has anchors or aliases of YAML in its header, which are not read: leave them out.")


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

    values = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    comments = [line.lstrip("# \t") for line in lines if line.lstrip().startswith("#")]
    if not values:
        raise InputError(f"{path} holds a table without rows: write one below the names of the columns.")
    delimiter = next((mark for mark in (",", "\t", ";") if mark in values[-1]), " ")
    if not _names_columns(values[0], delimiter):
        n_fields = len(_fields(values[0], delimiter))
        names = [
            line for line in comments if len(_fields(line, delimiter)) == n_fields and _names_columns(line, delimiter)
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
