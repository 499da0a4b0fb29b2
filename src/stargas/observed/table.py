"""Tables of several formats, read whole or refused in one sentence."""

import io
import re
import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.errors import DamagedFileError, InputError, ObservationWarning
from stargas.observed.fits import open_fits, unpacked
from stargas.reading import one_sentence
from stargas.text_tables import (
    MAX_COLUMNS,
    decoded,
    names_by_number,
    parse_text_table,
    read_ecsv,
    rename_repeated,
    require_small_cells,
    require_units,
)

if TYPE_CHECKING:
    from astropy.table import Table

FORMATS = {
    ".csv": "CSV",
    ".dat": "text",
    ".txt": "text",
    ".tsv": "text",
    ".ecsv": "ECSV",
    ".fits": "FITS",
    ".fit": "FITS",
    ".vot": "VOTable",
    ".votable": "VOTable",
    ".xml": "VOTable",
}
"""Ending of a file's name, before a ``.gz``, and the format that it promises."""

MAX_BYTES = 500_000_000
"""Largest file that is read: 5 million stars of a hundred characters each, far beyond any catalogue of velocities."""

HEAD_BYTES = 4096
"""How much of a file is read to find its format."""


def read_table(path: str | PathLike[str]) -> "Table":
    """Read a table by the format that its name promises and its first bytes confirm.

    Parameters
    ----------
    path
        CSV (commas, one line of names, lines that begin with # skipped), text in columns with a line of names
        (``.dat``, ``.txt``, ``.tsv``), ECSV, FITS (its first table) or VOTable, each also compressed. Text is UTF-8, or
        else Latin-1.

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

    Warns
    -----
    ObservationWarning
        If a FITS file holds several tables.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {path}: give the path of a table of stars.")
    suffix = Path(path.stem).suffix if path.suffix.lower() in (".gz", ".bz2") else path.suffix
    kind = FORMATS.get(suffix.lower())
    if kind is None:
        raise InputError(
            f"{path} ends with {path.suffix or 'nothing'!r}, a table of stars with one of {', '.join(FORMATS)}: "
            "save it in one of these formats."
        )
    content = _content(path)
    found = _found_format(content[:HEAD_BYTES], path)
    if found == "CSV" and kind == "text":
        found = "text"
    if kind in ("CSV", "text") and found == "ECSV":
        kind = "ECSV"  # which is text with a header that states more
    if found != kind:
        raise DamagedFileError(
            f"{path} is named like {kind} but its content is {found}: save it again, or give it the right ending."
        )
    with one_sentence(path, f"a table in {kind}"):
        table = _parsed(content, kind, path)
    if not table.colnames or not len(table):
        raise InputError(f"{path} holds a table without {'rows' if table.colnames else 'columns'}: expected stars.")
    return table


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"{path} has {size / 1e6:.0f} MB, at most {MAX_BYTES / 1e6:.0f} MB are read: cut it down.")
        with path.open("rb") as file, one_sentence(path, "a table"):
            return unpacked(file, path, MAX_BYTES).read()
    except DamagedFileError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _found_format(head: bytes, path: Path) -> str:
    """Return the format by the first bytes; text of no other format is CSV."""
    if not head.strip():
        raise InputError(f"{path} is empty: expected a table of stars.")
    if head.startswith(b"SIMPLE  ="):
        return "FITS"
    text = head.removeprefix(b"\xef\xbb\xbf")
    # no text of any encoding has these
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in text):
        return "binary of another kind"
    if text.lstrip().startswith(b"# %ECSV"):
        return "ECSV"
    if text.lstrip().startswith(b"<"):
        return "VOTable" if re.search(rb"<(\w+:)?VOTABLE\b", text) else "XML or HTML of another kind"
    return "CSV"


def _parsed(content: bytes, kind: str, path: Path) -> "Table":
    from astropy.table import Table

    if kind == "FITS":
        with open_fits(path) as hdus:
            tables = [hdu for hdu in hdus if not hdu.is_image]
            if not tables:
                raise InputError(f"{path} holds no table: give one of stars, with a row per star.")
            hdu = tables[0]
            if len(tables) > 1:
                warnings.warn(
                    ObservationWarning(
                        "several tables",
                        f"{path} holds {len(tables)} tables, of which the first is read: save another one alone if "
                        "it is meant.",
                    ),
                    stacklevel=4,
                )
            require_units((str(value) for name, value in hdu.header.items() if name.startswith("TUNIT")), path)
            for column, name in zip(hdu.columns, names_by_number(hdu.columns.names), strict=True):
                if column.name != name:
                    column.name = name
            return Table.read(hdu)
    if kind == "VOTable":
        _check_votable(content, path)
        table = Table.read(io.BytesIO(content), format="votable", use_names_over_ids=True)
        return rename_repeated(table, [name for field in _fields(content) for name in _attributes("name", field)])
    lines = decoded(content).splitlines()
    if kind == "ECSV":
        return read_ecsv(lines, path)
    return parse_text_table(lines, path)


def _check_votable(content: bytes, path: Path) -> None:
    """Refuse what would keep a parser busy or fill the memory, and data that are in another file."""
    text = content.decode("latin-1")
    for name in ("arraysize", "width", "precision"):
        for stated in _attributes(name, text):
            require_small_cells(stated, path)
    require_units((unit for name in ("unit", "units") for unit in _attributes(name, text)), path)
    if (n_columns := len(re.findall(r"<(\w+:)?FIELD\b", text))) > MAX_COLUMNS:
        raise InputError(f"{path} has {n_columns} columns, at most {MAX_COLUMNS} are read: leave some out.")
    if (n_tables := len(re.findall(r"<(\w+:)?TABLE[\s>]", text))) > 1:
        raise InputError(f"{path} holds {n_tables} tables, expected one: save the one that is meant alone.")
    if re.search(r"<(\w+:)?STREAM\b[^>]*\bhref\b", text):
        raise InputError(f"{path} is a VOTable without its data, which are in another file: save it with them.")
    if re.search(r"<!(DOCTYPE|ENTITY)\b[^>]*\[|<!ENTITY\b", text):
        raise InputError(f"{path} defines entities of XML, which are not read: save it again as a VOTable.")


def _fields(content: bytes) -> list[str]:
    """Return the declarations of columns in a VOTable."""
    return re.findall(r"<(?:\w+:)?FIELD\b[^>]*>", decoded(content))


def _attributes(name: str, text: str) -> list[str]:
    """Return what an attribute of XML has for values."""
    return [one or two for one, two in re.findall(rf"""\b{name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", text)]
