"""Tables of every format and spelling are the same table, and hostile ones end at once."""

import gzip
import time

import numpy as np
import pytest
from astropy.io import fits
from stars_for_tests import FORMATS, star_table, write

from stargas.errors import DamagedFileError, InputError, ObservationWarning, StargasError
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


VIZIER = """#RESOURCE=yCat
#Column ra (F9.5)
{names}
{units}
{rule}
{rows}
"""


@pytest.mark.parametrize("unit", ["km/s", "m/s"])
@pytest.mark.parametrize("delimiter", ["\t", ";", ","])
@pytest.mark.parametrize("rule", [True, False])
def test_units_below_the_names_are_those_of_the_columns(tmp_path, table, unit, delimiter, rule):
    """VizieR writes a line of units, blank where there is none, and one of dashes."""
    names, rows = lines_of(table, delimiter)
    text = VIZIER.format(
        names=names,
        units=delimiter.join(["deg", "deg", unit, unit, ""]),
        rule=delimiter.join(["-----"] * 5) if rule else "#",
        rows="\n".join(rows),
    )
    (tmp_path / "stars.tsv").write_text(text)
    read = read_table(tmp_path / "stars.tsv")
    same(read, table)
    assert [str(read[name].unit) for name in ("ra", "v_los", "p_member")] == ["deg", unit.replace("/", " / "), "None"]
    if unit == "km/s":
        np.testing.assert_allclose(read_stars(tmp_path / "stars.tsv").v_los_kms, table["v_los"])
    else:
        with pytest.raises(InputError, match="correct the unit"):  # of numbers that are in km/s
            read_stars(tmp_path / "stars.tsv")


def test_of_several_tables_the_first_is_read_and_said(tmp_path, table):
    other = table.copy()
    other["v_los"] += 500
    hdus = [fits.BinTableHDU(one) for one in (table, other)]
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(tmp_path / "stars.fits")
    with pytest.warns(ObservationWarning, match="holds 2 tables, of which the first is read"):
        same(read_table(tmp_path / "stars.fits"), table)
    text = write(table, tmp_path, ".vot").read_text()
    start, stop = text.index("<TABLE"), text.index("</TABLE>") + len("</TABLE>")
    (tmp_path / "stars.vot").write_text(text[:stop] + text[start:stop] + text[stop:])
    with pytest.raises(InputError, match="holds 2 tables, expected one"):
        read_table(tmp_path / "stars.vot")


def test_a_unit_that_its_name_contradicts_is_refused(table):
    table["v_los"].unit = "km/s"
    table.rename_column("v_los", "v_los [km/s]")
    np.testing.assert_allclose(read_stars(table).v_los_kms, table["v_los [km/s]"])
    table.rename_column("v_los [km/s]", "v_los [m/s]")
    with pytest.raises(InputError, match=r"'v_los \[m/s\]' has the unit 'km / s' and another in its name"):
        read_stars(table)


def test_a_first_row_of_blanks_is_a_row(tmp_path, table):
    names, rows = lines_of(table)
    (tmp_path / "stars.csv").write_text("\n".join([names, ",,,,", *rows]))
    with pytest.warns(ObservationWarning, match="1 of 61 rows are left out"):
        assert read_stars(tmp_path / "stars.csv").row[0] == 1


def test_words_below_the_names_are_no_units(tmp_path, table):
    names, rows = lines_of(table)
    (tmp_path / "stars.csv").write_text("\n".join([names, "deg,deg,furlong,km/s,", *rows]))
    with pytest.raises(InputError, match=r"'ra' does not hold numbers only \(row 1 has 'deg'\)"):
        read_stars(tmp_path / "stars.csv")


def test_blank_cells_between_tabulators_are_blank(tmp_path, table):
    names, rows = lines_of(table, "\t")
    rows[3] = "\t" + rows[3].partition("\t")[2]
    rows[5] = rows[5].rpartition("\t")[0] + "\t"
    rows[7] = rows[7].replace("\t", " \t ")
    (tmp_path / "stars.tsv").write_text("\n".join([names, *rows]))
    with pytest.warns(ObservationWarning, match="2 of 60 rows are left out"):
        assert read_stars(tmp_path / "stars.tsv").row.tolist() == [row for row in range(60) if row not in (3, 5)]


@pytest.mark.parametrize("word", ["N/A", "null", "None", "--", "-", "INDEF", "NA", "..."])
def test_words_of_programs_for_no_value_are_blank(tmp_path, table, word):
    names, rows = lines_of(table)
    ra, dec, _, rest = rows[4].split(",", 3)
    rows[4] = f"{ra},{dec},{word},{rest}"
    (tmp_path / "stars.csv").write_text("\n".join([names, *rows]))
    with pytest.warns(ObservationWarning, match="1 of 60 rows are left out"):
        assert 4 not in read_stars(tmp_path / "stars.csv").row


def test_decimal_commas_are_no_numbers(tmp_path, table):
    names, rows = lines_of(table, ";")
    (tmp_path / "stars.csv").write_text("\n".join([names, *rows]).replace(".", ","))
    with pytest.raises(InputError, match=r"'ra' does not hold numbers only \(row 1 has '\d+,\d+'\)"):
        read_stars(tmp_path / "stars.csv")


def test_a_logarithm_of_a_velocity_is_no_velocity(tmp_path, table):
    """Its factor was that of the number 1: velocities came out ten times too large."""
    path = write(table, tmp_path, ".fits")
    with fits.open(path, mode="update") as hdus:
        hdus[1].header["TUNIT3"] = "dex(km/s)"
    with pytest.raises(InputError, match=r"the unit 'dex\(km/s\)', which is not one of km/s"):
        read_stars(path)


@pytest.mark.parametrize("unit", ["h", "hour", "HOURS", "hourangle"])
def test_right_ascensions_in_a_unit_of_time_are_hours(tmp_path, table, unit):
    expected = np.array(table["ra"])
    table["ra"] = expected / 15
    path = write(table, tmp_path, ".fits")
    with fits.open(path, mode="update") as hdus:
        hdus[1].header["TUNIT1"] = unit
    np.testing.assert_allclose(read_stars(path).position[:, 0], expected)


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
