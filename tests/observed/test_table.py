"""Tables of every format and spelling are the same table, and hostile ones end at once."""

import gzip
import time

import numpy as np
import pytest
from astropy.io import fits
from stars_for_tests import FORMATS, star_table, write

from stargas.errors import DamagedFileError, InputError, StargasError
from stargas.observed.catalogue import read_stars
from stargas.observed.table import read_table


@pytest.fixture
def table():
    return star_table(60)


def same(one, other):
    assert one.colnames == other.colnames
    for name in other.colnames:
        np.testing.assert_allclose(np.asarray(one[name], dtype=float), np.asarray(other[name]), rtol=1e-12)


def lines_of(table, delimiter=","):
    rows = [delimiter.join(repr(float(value)) for value in row) for row in table]
    return delimiter.join(table.colnames), rows


@pytest.mark.parametrize("suffix", [".dat", ".txt", ".tsv", ".csv"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "  "])
@pytest.mark.parametrize("mark", ["", "# ", "#"])
def test_text_under_a_line_of_names(tmp_path, table, suffix, delimiter, mark):
    names, rows = lines_of(table, delimiter)
    path = tmp_path / f"stars{suffix}"
    path.write_text("# a remark, with words\n" + mark + names + "\n" + "\n".join(rows) + "\n")
    same(read_table(path), table)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_text_in_every_usual_encoding(tmp_path, table, encoding):
    names, rows = lines_of(table)
    path = tmp_path / "stars.csv"
    path.write_bytes(f"# Étoiles de la galaxie, 5 ± 1\n{names}\n{chr(10).join(rows)}\n".encode(encoding))
    same(read_table(path), table)


def test_values_without_names_are_a_question(tmp_path, table):
    _, rows = lines_of(table, " ")
    path = tmp_path / "stars.dat"
    path.write_text("# two words\n" + "\n".join(rows))
    with pytest.raises(InputError, match="no line with the names of its columns"):
        read_table(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_compressed_tables_under_either_name(tmp_path, table, suffix):
    content = gzip.compress(write(table, tmp_path, suffix).read_bytes())
    for name in (f"packed{suffix}.gz", f"packed{suffix}"):
        (tmp_path / name).write_bytes(content)
        same(read_table(tmp_path / name), table)


def test_units_spelled_in_capitals_are_known(tmp_path, table):
    """TUNIT as many programs write it."""
    path = write(table, tmp_path, ".fits")
    with fits.open(path, mode="update") as hdus:
        for name, unit in (("ra", "DEGREE"), ("dec", "DEGREES"), ("v_los", "KM/S"), ("v_los_error", "km/sec")):
            hdus[1].header[f"TUNIT{table.colnames.index(name) + 1}"] = unit
    np.testing.assert_allclose(read_stars(path).position[:, 0], table["ra"])


def hostile(kind, path, table):
    if kind == "exponent in ECSV":
        text = write(table, path.parent, ".ecsv").read_text().replace("name: ra,", "name: ra, unit: 10**9999999999,")
    elif kind == "alias bomb in ECSV":
        bomb = "# bomb: [&a [x, x], &b [*a, *a], &c [*b, *b]]\n"
        text = write(table, path.parent, ".ecsv").read_text().replace("# schema", bomb + "# schema")
    else:
        attribute = 'arraysize="99999999"' if kind == "array in VOTable" else 'unit="km^(9999999999)"'
        text = write(table, path.parent, ".vot").read_text()
        text = text.replace('datatype="double"', f'{attribute} datatype="double"')
    path.write_text(text)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("exponent in ECSV", ".ecsv"),
        ("alias bomb in ECSV", ".ecsv"),
        ("array in VOTable", ".vot"),
        ("exponent in VOTable", ".vot"),
    ],
)
def test_what_would_keep_a_parser_busy_is_refused_at_once(tmp_path, table, kind, suffix):
    path = tmp_path / f"hostile{suffix}"
    hostile(kind, path, table)
    read_table(tmp_path / f"stars{suffix}")  # imports
    start = time.process_time()
    with pytest.raises(InputError, match=r"unit|aliases|cells"):
        read_table(path)
    assert time.process_time() - start < 2


def test_a_bomb_of_compression_stops_at_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("stargas.observed.table.MAX_BYTES", 10_000)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"0," * 50_000))
    with pytest.raises(InputError, match="unpacks to more than"):
        read_table(path)
    path.write_bytes(gzip.compress(b"ra,dec\n" * 100)[:-20])
    with pytest.raises(DamagedFileError, match="damaged"):
        read_table(path)


@pytest.mark.parametrize("kind", ["no table", "absurd unit"])
def test_fits_without_a_table_or_with_an_absurd_unit(tmp_path, table, kind):
    path = write(table, tmp_path, ".fits")
    if kind == "no table":
        fits.PrimaryHDU(np.zeros((3, 3))).writeto(path, overwrite=True)
    else:
        with fits.open(path, mode="update") as hdus:
            hdus[1].header["TUNIT1"] = "10**9999999999"
    with pytest.raises(StargasError, match=r"holds no table|which is not a unit"):
        read_table(path)
