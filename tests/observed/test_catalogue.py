"""Catalogues from files: the same numbers from every format, and one sentence for everything that is wrong."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, Table
from stars_for_tests import FORMATS, catalogue, star_table, write

from stargas.errors import DamagedFileError, InputError, ObservationWarning, StargasError
from stargas.observed.catalogue import StarCatalogue, read_stars
from stargas.observed.columns import POSITIONS
from stargas.observed.stars import observe_stars


def same(one, other, **tolerance):
    for name in ("position", "v_los_kms", "v_los_error_kms", "p_member"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), **(tolerance or {"rtol": 1e-12}))


@pytest.fixture
def table():
    return star_table(60)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_numbers(tmp_path, table, suffix):
    read = read_stars(write(table, tmp_path, suffix))
    same(read, catalogue(table))
    assert (read.position_kind, read.n_dropped, read.source) == ("sky_deg", 0, f"stars{suffix}")
    assert len(read) == 60


@pytest.mark.parametrize("suffix", [".ecsv", ".fits", ".vot"])
def test_units_that_a_table_states_are_converted(tmp_path, table, suffix):
    other = Table(
        {
            "ra": (table["ra"] * u.deg).to(u.arcmin),
            "dec": (table["dec"] * u.deg).to(u.rad),
            "v_los": (table["v_los"] * u.km / u.s).to(u.m / u.s),
            "v_los_error": (table["v_los_error"] * u.km / u.s).to(u.cm / u.s),
            "p_member": table["p_member"] * 100 * u.percent,
        }
    )
    if suffix == ".vot":
        other["p_member"] = table["p_member"]  # a VOTable knows no percent
    same(read_stars(write(other, tmp_path, suffix)), catalogue(table))


def test_right_ascension_in_hours_by_unit_or_as_text(tmp_path, table):
    hours = table.copy()
    hours["ra"] = (table["ra"] / 15) * u.hourangle
    same(read_stars(write(hours, tmp_path, ".ecsv")), catalogue(table))
    from astropy.coordinates import Angle

    text = table.copy()
    text["ra"] = Angle(table["ra"], unit="deg").to_string(unit="hourangle", sep=":", precision=6)
    text["dec"] = Angle(table["dec"], unit="deg").to_string(sep=":", precision=6)
    same(read_stars(write(text, tmp_path, ".csv")), catalogue(table), atol=1e-8)
    text["ra"][7] = "6:nonsense"
    with pytest.raises(InputError, match="row 8 of the column 'ra' is not an angle"):
        read_stars(write(text, tmp_path, ".csv"))


@pytest.mark.parametrize("kind", ["offset_arcmin", "offset_kpc"])
def test_offsets_in_their_units(tmp_path, table, kind):
    first, second = POSITIONS[kind]
    table.remove_columns(["ra", "dec"])
    table[first], table[second] = np.linspace(-3, 3, 60), np.linspace(2, -2, 60)
    plain = read_stars(write(table, tmp_path, ".csv"))
    assert plain.position_kind == kind
    np.testing.assert_allclose(plain.position, np.column_stack([table[first], table[second]]))
    unit = {"offset_arcmin": u.arcmin, "offset_kpc": u.kpc}[kind]
    table[first] = (table[first] * unit).to({"offset_arcmin": u.arcsec, "offset_kpc": u.pc}[kind])
    np.testing.assert_allclose(read_stars(write(table, tmp_path, ".ecsv")).position, plain.position)


def test_errors_and_probabilities_may_be_missing(tmp_path, table):
    del table["v_los_error"]
    del table["p_member"]
    read = read_stars(write(table, tmp_path, ".csv"))
    assert read.v_los_error_kms is None
    assert read.p_member is None


@pytest.mark.parametrize("suffix", FORMATS)
def test_rows_with_a_missing_number_are_left_out_and_counted(tmp_path, table, suffix):
    gaps = Table(table, masked=True)
    gaps["v_los"] = MaskedColumn(table["v_los"], mask=np.arange(60) == 3)
    gaps["dec"][5] = np.nan
    gaps["p_member"][[6, 7]] = np.nan
    with pytest.warns(ObservationWarning, match="4 of 60 rows are left out"):
        read = read_stars(write(gaps, tmp_path, suffix))
    assert (read.n_dropped, len(read)) == (4, 56)
    same(read, catalogue(table[np.isin(np.arange(60), [3, 5, 6, 7], invert=True)]))


@pytest.mark.parametrize("suffix", FORMATS)
def test_membership_in_words_is_zero_or_one(tmp_path, table, suffix):
    member = np.arange(60) % 3 != 0
    table["p_member"] = member
    assert read_stars(write(table, tmp_path, suffix)).p_member.tolist() == member.tolist()
    table["p_member"] = np.where(member, "true", "FALSE")
    assert read_stars(write(table, tmp_path, suffix)).p_member.tolist() == member.tolist()
    table["p_member"] = np.where(member, "yes", "no")
    with pytest.raises(InputError, match=r"'p_member' does not hold numbers only \(row 1 has 'no'\)"):
        read_stars(write(table, tmp_path, suffix))


def test_words_are_no_velocities(tmp_path, table):
    table["v_los"] = np.where(np.arange(60) % 3, "True", "False")
    with pytest.raises(InputError, match="'v_los' does not hold numbers only"):
        read_stars(write(table, tmp_path, ".csv"))


def test_a_data_frame_of_pandas_is_a_table(table):
    pandas = pytest.importorskip("pandas")
    frame = table.to_pandas()
    same(read_stars(frame), catalogue(table))
    frame["p_member"] = pandas.array([None, *([True] * 59)], dtype="boolean")
    frame.index = [f"star {row}" for row in range(60)]
    with pytest.warns(ObservationWarning, match="1 of 60 rows are left out"):
        assert read_stars(frame).p_member.tolist() == [1.0] * 59
    with pytest.raises(InputError, match="the table of stars has no columns of positions: expected ra and dec"):
        read_stars(frame.drop(columns="dec"))
    twice = pandas.concat([table.to_pandas(), 2 * table.to_pandas()[["v_los"]]], axis=1)
    with pytest.raises(InputError, match=r"several columns that may be v_los: v_los, v_los \(2\)"):
        read_stars(twice)
    with pytest.raises(InputError, match="no columns of positions"):
        read_stars(pandas.DataFrame(np.ones((40, 3))))


def test_text_comments_and_a_mark_of_order_in_csv(tmp_path, table):
    path = write(table, tmp_path, ".csv")
    path.write_text("\ufeff# my stars\n" + path.read_text().replace("\n", "\n# remark\n", 1), encoding="utf-8")
    same(read_stars(path), catalogue(table))


def broken(column, value):
    def change(table):
        table[column] = value(np.asarray(table[column])) if callable(value) else value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (broken("v_los", lambda v: v * 1000), "look like m/s|m/s, and leave"),
        (broken("v_los", lambda v: (v - 222.9) * 1000), "look like m/s"),
        (broken("v_los", lambda v: v / 299792.458), "scatter by .* km/s only"),
        (broken("v_los", 220.0), "all 60 velocities are 220 km/s"),
        (broken("v_los_error", lambda e: -e), "must not be negative, got 60 of 60"),
        (broken("v_los_error", lambda e: e * 1000), "median velocity error is .* looks like m/s"),
        (broken("p_member", lambda p: 100 * p), "probabilities .* between 0 and 1, got 99"),
        (broken("p_member", lambda p: p - 1), "probabilities .* between 0 and 1"),
        (broken("dec", lambda d: d - 80), "declinations between"),
        (broken("ra", lambda r: r + 300), "right ascensions must lie"),
        (broken("v_los", ["fast"] * 60), "'v_los' does not hold numbers only .*row 1 has 'fast'"),
        (lambda table: table.remove_rows(slice(29, None)), "29 stars .* at least 30 are needed"),
        (lambda table: table.remove_rows(slice(None)), "without rows"),
        (lambda table: table.remove_column("v_los"), "no column that is certain to hold"),
        (lambda table: table.remove_column("dec"), "no columns of positions: expected ra and dec or xi and eta"),
    ],
)
def test_wrong_numbers_are_told_in_one_sentence(tmp_path, table, change, message):
    change(table)
    path = write(table, tmp_path, ".csv")
    with pytest.raises(InputError, match=message) as caught:
        read_stars(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_units_of_another_kind(tmp_path, table):
    for column, unit in (("v_los", u.kg), ("ra", u.km), ("p_member", u.deg)):
        wrong = table.copy()
        wrong[column].unit = unit
        with pytest.raises(InputError, match=f"'{column}' has the unit '{unit}'"):
            read_stars(write(wrong, tmp_path, ".ecsv"))


def test_a_column_of_vectors_is_no_column_of_numbers(tmp_path, table):
    table["v_los"] = np.column_stack([table["v_los"]] * 2)
    with pytest.raises(InputError, match=r"'v_los' has shape \(60, 2\), expected one number per row"):
        read_stars(write(table, tmp_path, ".fits"))


def test_files_that_are_not_what_their_names_say(tmp_path, table):
    for suffix in FORMATS:
        written = write(table, tmp_path, suffix)
        for other in FORMATS:
            path = tmp_path / f"other{other}"
            path.write_bytes(written.read_bytes())
            if other == suffix or (suffix, other) == (".ecsv", ".csv"):
                read_stars(path)
                continue
            with pytest.raises(DamagedFileError, match=r"is named like .* but its content is"):
                read_stars(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n \n", "is empty"),
        (np.random.default_rng(0).bytes(5000), "content is binary of another kind"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "content is binary of another kind"),
        (b"<!DOCTYPE html><html><body>not found</body></html>", "content is XML or HTML"),
        (b"hello\n", "without rows|no columns of positions"),
        (b"ra,dec,v_los\n1,2\n1,2,3,4\n", "is not a table in CSV"),
    ],
)
def test_garbage_with_a_good_name(tmp_path, content, message):
    path = tmp_path / "stars.csv"
    path.write_bytes(content)
    with pytest.raises((InputError, DamagedFileError), match=message) as caught:
        read_stars(path)
    assert "\n" not in str(caught.value)


def test_no_file_a_folder_and_an_unknown_ending(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        read_stars(tmp_path / "none.csv")
    with pytest.raises(InputError, match="there is no file"):
        read_stars(tmp_path)
    (tmp_path / "stars.xlsx").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"ends with '\.xlsx', a table of stars with one of \.csv"):
        read_stars(tmp_path / "stars.xlsx")


def test_a_catalogue_made_by_hand_is_checked(table):
    with pytest.raises(InputError, match="positions of shape"):
        catalogue(table, position=np.zeros((59, 2)))
    with pytest.raises(InputError, match="p_member must have the shape"):
        catalogue(table, p_member=np.ones(3))
    with pytest.raises(InputError, match="v_los_kms must be finite"):
        catalogue(table, v_los_kms=np.full(60, np.nan))
    with pytest.raises(InputError, match="position_kind must be one of"):
        catalogue(table, position_kind="sky_pixel")
    with pytest.raises(InputError, match="beyond the speed of light"):
        catalogue(table, v_los_error_kms=np.full(60, 1e6))
    with pytest.raises(InputError, match="at most 100000 are read"):
        catalogue(table, position_kind="offset_kpc", position=np.full((60, 2), 2e5))
    with pytest.raises(InputError, match="needs stars, got none"):
        StarCatalogue(np.zeros((0, 2)), np.zeros(0))


def mutated(content, rng):
    """Break a file in one to four places, in the ways that files break and that break readers."""
    content = bytearray(content)
    tokens = (
        b"nan",
        b"1e400",
        b"-",
        b",",
        b",,",
        b"\n",
        b"\0",
        b'"',
        b"'",
        b"<",
        b">",
        b"</",
        b"&x;",
        b"9" * 30,
        b"1e-320",
    )
    tokens += (
        b"\xff\xfe",
        b"{",
        b"!!python/object:os.system",
        b"NAXIS2",
        b"END",
        b"unit: m",
        b"datatype: object",
        b"TDIM1",
    )
    for _ in range(rng.integers(1, 5)):
        place = int(rng.integers(0, max(len(content), 1)))
        length = int(rng.integers(1, 40))
        match rng.integers(0, 7):
            case 0:
                del content[place:]
            case 1:
                del content[place : place + length]
            case 2:
                content[place:place] = tokens[rng.integers(len(tokens))]
            case 3:
                content[place : place + 1] = rng.bytes(1)
            case 4:
                content[place : place + length] = rng.bytes(length)
            case 5:
                content[place:place] = content[place : place + 10 * length]
            case 6:
                token = tokens[rng.integers(len(tokens))]
                content[place : place + len(token)] = token
    return bytes(content)


def read_mutated(folder, n, seed):
    """Read n broken files and use what is read; return how many are read, and what was raised else."""
    originals = {suffix: write(star_table(40), folder, suffix, "whole").read_bytes() for suffix in FORMATS}
    rng, read, refused = np.random.default_rng(seed), 0, []
    for number in range(n):
        suffix = list(FORMATS)[number % len(FORMATS)]
        path = folder / f"broken{suffix}"
        path.unlink(missing_ok=True)  # to write over a file makes some file systems wait for the disk
        path.write_bytes(mutated(originals[suffix], rng))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ObservationWarning)
                observe_stars(read_stars(path), 100.0).sky_galaxy()
        except StargasError as error:
            refused.append(str(error))
        else:
            read += 1
    return read, refused


def test_broken_files_end_in_numbers_or_in_one_sentence(tmp_path):
    read, refused = read_mutated(tmp_path, 300, 1)
    assert read > 20
    assert len(refused) > 100
    assert not [
        message for message in refused if "\n" in message or len(message) > 900 or not message.endswith((".", "?"))
    ]


@pytest.mark.slow
def test_two_thousand_broken_files(tmp_path):
    read, refused = read_mutated(tmp_path, 2_000, 2)
    assert read + len(refused) == 2_000
    assert not [message for message in refused if "\n" in message or not message.endswith((".", "?"))]
