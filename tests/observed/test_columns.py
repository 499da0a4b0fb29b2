"""Which column holds what: the names of surveys, and questions where a name is not certain."""

import re
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from stars_for_tests import FORMATS, catalogue, star_table, write

from stargas.errors import InputError
from stargas.observed.catalogue import read_stars
from stargas.observed.columns import ALIASES, AMBIGUOUS, POSITIONS, UNITS, recognized_columns

ROOT = Path(__file__).parents[2]


@pytest.fixture
def table():
    return star_table(60)


def same(one, other, **tolerance):
    for name in ("position", "v_los_kms", "v_los_error_kms", "p_member"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), **(tolerance or {"rtol": 1e-12}))


@pytest.mark.parametrize(("quantity", "alias"), [(q, name) for q, names in ALIASES.items() for name in names[::7]])
def test_usual_names_are_found_in_either_case(tmp_path, quantity, alias):
    table = star_table(40)
    pair = next((pair for pair in POSITIONS.values() if quantity in pair), ("ra", "dec"))
    table.rename_columns(["ra", "dec"], list(pair))
    if pair != ("ra", "dec"):
        table[pair[0]] = table[pair[0]] - 100
    expected = table[quantity].copy()
    table.rename_column(quantity, alias.upper())
    read = read_stars(write(table, tmp_path, ".csv"))
    place = {"v_los": read.v_los_kms, "v_los_error": read.v_los_error_kms, "p_member": read.p_member}
    found = read.position[:, pair.index(quantity)] if quantity in pair else place[quantity]
    np.testing.assert_allclose(found, expected)


def test_aliases_belong_to_one_quantity_and_stand_in_the_documentation():
    names = [name for aliases in ALIASES.values() for name in aliases]
    assert len(names) == len(set(names))
    assert set(ALIASES) == set(UNITS)
    words = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "observed.md").read_text()))
    assert not {name for quantity, names in ALIASES.items() if quantity != "v_los_error" for name in names} - words


def test_columns_by_name(tmp_path, table):
    table.rename_columns(["v_los", "v_los_error"], ["speed", "speed_sd"])
    path = write(table, tmp_path, ".csv")
    table.rename_columns(["speed", "speed_sd"], ["v_los", "v_los_error"])
    same(read_stars(path, {"v_los": "speed", "v_los_error": "speed_sd"}), catalogue(table))
    with pytest.raises(
        InputError, match=r"no column that is certain to hold .*velocities, found ra, dec, speed, speed_sd"
    ):
        read_stars(path)
    with pytest.raises(InputError, match=r"no quantity 'speed'.*use ra, dec"):
        read_stars(path, {"speed": "v_los"})
    with pytest.raises(InputError, match=r"no column 'HRV' for v_los, found ra, dec, speed"):
        read_stars(path, {"v_los": "HRV"})


def test_a_named_kind_of_positions_wins(tmp_path, table):
    table["xi"], table["eta"] = np.linspace(-3, 3, 60), np.linspace(2, -2, 60)
    path = write(table, tmp_path, ".csv")
    assert read_stars(path).position_kind == "sky_deg"
    assert read_stars(path, {"xi": "xi"}).position_kind == "offset_arcmin"
    with pytest.raises(InputError, match="name one kind of positions"):
        read_stars(path, {"xi": "xi", "ra": "ra"})
    with pytest.raises(InputError, match=r"expected x_kpc and y_kpc, found ra"):
        read_stars(path, {"x_kpc": "xi"})


def test_two_columns_that_may_be_meant_are_an_error(tmp_path, table):
    table["HRV"], table["vhelio"] = table["v_los"], table["v_los"]
    # the default name itself is no doubt
    same(read_stars(write(table, tmp_path, ".csv")), catalogue(table))
    del table["v_los"]
    with pytest.raises(InputError, match="several columns that may be v_los: HRV, vhelio"):
        read_stars(write(table, tmp_path, ".csv"))
    same(read_stars(tmp_path / "stars.csv", {"v_los": "HRV"}), catalogue(star_table(60)))


FIRST, SECOND = "FIRSTCOL", "SECONDCOL"
"""Names of one length that stand for others until the file is written."""


def write_alike(table, folder, suffix, names):
    """Write a table with the names of two columns given, which may be the same, as no table of astropy has them."""
    path = folder / f"stars{suffix}"
    table.write(path, format={**FORMATS, ".txt": "ascii.basic"}[suffix], overwrite=True)
    content = path.read_bytes()
    for stand_in, name in zip((FIRST, SECOND), names, strict=True):
        length = len(stand_in) if suffix == ".fits" else 0
        content = content.replace(stand_in.encode(), name.ljust(length).encode())
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".ecsv", ".fits", ".vot"])
@pytest.mark.parametrize(
    ("names", "second"),
    [
        (("v_los", "v_los"), "v_los (2)"),
        (("v_los", "V_LOS"), "V_LOS"),
        (("HRV", "HRV"), "HRV (2)"),
        (("rv", "RV"), "RV"),
    ],
)
def test_two_columns_of_one_name_are_a_question_where_they_differ(tmp_path, table, suffix, names, second):
    alike = table.copy()
    alike.rename_column("v_los", FIRST)
    alike[SECOND] = alike[FIRST]
    same(read_stars(write_alike(alike, tmp_path, suffix, names)), catalogue(table))
    alike[SECOND] = 2 * alike[FIRST]
    path = write_alike(alike, tmp_path, suffix, names)
    with pytest.raises(InputError) as error:
        read_stars(path)
    assert str(error.value) == (
        f"{path} has several columns that may be v_los: {names[0]}, {second}; name the one that is meant, as columns "
        f"v_los={names[0]}."
    )
    np.testing.assert_allclose(read_stars(path, {"v_los": names[0]}).v_los_kms, table["v_los"])
    np.testing.assert_allclose(read_stars(path, {"v_los": second}).v_los_kms, 2 * table["v_los"])


def test_two_columns_of_one_name_that_are_not_needed_are_passed_over(tmp_path, table):
    table[FIRST], table[SECOND] = np.arange(60.0), np.arange(60.0)[::-1]
    same(read_stars(write_alike(table, tmp_path, ".csv", ("mag", "mag"))), catalogue(star_table(60)))
    # nor are names that only look like those of a second column
    table.rename_columns([FIRST, SECOND], ["v_los_1", "v_los_2"])
    same(read_stars(write(table, tmp_path, ".csv")), catalogue(star_table(60)))


def test_two_columns_of_one_name_differ_by_their_unit(table):
    table["v_los"].unit = "km/s"
    table["V_LOS"] = table["v_los"].value * u.m / u.s
    with pytest.raises(InputError, match="several columns that may be v_los: v_los, V_LOS"):
        read_stars(table)


def test_columns_of_a_votable_go_by_their_names_rather_than_their_ids(tmp_path, table):
    path = write(table, tmp_path, ".vot")
    content = path.read_text()
    assert 'ID="v_los"' in content
    path.write_text(content.replace('ID="v_los"', 'ID="col_3"'))
    same(read_stars(path), catalogue(table))


def test_a_magnitude_is_not_taken_for_a_velocity(tmp_path, table):
    survey = table.copy()
    survey.rename_columns(["v_los", "v_los_error"], ["VRAD", "VRAD_ERR"])
    survey.add_column(np.linspace(16, 19, 60), name="V", index=2)
    same(read_stars(write(survey, tmp_path, ".csv")), catalogue(table))
    del survey["VRAD"]
    with pytest.raises(InputError, match=r"no column that is certain to hold .*velocities.*perhaps V.*v_los=NAME"):
        read_stars(write(survey, tmp_path, ".csv"))


def test_a_v_counts_by_its_unit_or_in_lower_case_without_photometry(tmp_path, table):
    plain = table.copy()
    plain.rename_columns(["v_los", "v_los_error"], ["v", "e_v"])
    same(read_stars(write(plain, tmp_path, ".csv")), catalogue(table))
    plain["g"] = 20.0
    with pytest.raises(InputError, match="perhaps v"):
        read_stars(write(plain, tmp_path, ".csv"))
    plain.rename_columns(["v", "e_v"], ["V", "e_V"])
    plain["V"].unit = plain["e_V"].unit = u.km / u.s
    same(read_stars(write(plain, tmp_path, ".ecsv")), catalogue(table))
    plain["V"].unit = u.mag
    with pytest.raises(InputError, match="perhaps V"):
        read_stars(write(plain, tmp_path, ".ecsv"))


@pytest.mark.parametrize(
    ("names", "survey"),
    [
        ({"ra": "RAJ2000", "dec": "DEJ2000", "v_los": "HRV", "v_los_error": "e_HRV"}, "RAVE and CDS"),
        ({"v_los": "radial_velocity", "v_los_error": "radial_velocity_error"}, "Gaia"),
        ({"ra": "RA", "dec": "DEC", "v_los": "VHELIO_AVG", "v_los_error": "VERR"}, "APOGEE"),
        ({"ra": "TARGET_RA", "dec": "TARGET_DEC", "v_los": "VRAD", "v_los_error": "VRAD_ERR"}, "DESI"),
        ({"v_los": "vhelio", "v_los_error": "vhelio_err", "p_member": "pmem"}, "dwarf galaxies"),
    ],
)
def test_tables_of_surveys_are_read_as_they_are(tmp_path, table, names, survey):
    table.rename_columns(list(names), list(names.values()))
    read = read_stars(write(table, tmp_path, ".csv", survey.replace(" ", "_")))
    same(read, catalogue(star_table(60)))
    assert {quantity: read.columns[quantity] for quantity in names} == names


def test_names_alone_tell_the_page_which_columns_are_used():
    names = ["ra", "dec", "V", "VRAD", "rv_err", "xi"]
    assert recognized_columns(names, {}) == {"ra": "ra", "dec": "dec", "v_los": "VRAD", "v_los_error": "rv_err"}
    assert recognized_columns(names, {"v_los": "V"})["v_los"] == "V"
    assert "v_los" not in recognized_columns([*names, "HRV"], {})


def test_ambiguous_names_are_no_aliases():
    assert not {name for names in AMBIGUOUS.values() for name in names} & {
        n for names in ALIASES.values() for n in names
    }


def test_a_table_without_rows_of_names_lists_some(tmp_path):
    wide = Table({f"c{number}": np.zeros(40) for number in range(30)})
    with pytest.raises(InputError, match=r"c0, .*c19 and 10 more; name them"):
        read_stars(write(wide, tmp_path, ".csv"))


def test_a_unit_in_brackets_behind_a_name_is_that_of_the_column(tmp_path, table):
    expected = catalogue(table.copy())
    table["v_los"] *= 1e3
    table["v_los_error"] *= 1e3
    table.rename_columns(table.colnames, ["RA [deg]", "Dec (deg)", "Vlos [m/s]", "e_Vlos(m/s)", "p_member"])
    same(read_stars(write(table, tmp_path, ".csv")), expected)
    table.rename_column("Vlos [m/s]", "speed (m/s)")
    same(read_stars(write(table, tmp_path, ".csv"), {"v_los": "speed (m/s)"}), expected)
    table.rename_column("speed (m/s)", "Vlos (deg)")
    with pytest.raises(InputError, match=r"'Vlos \(deg\)' has the unit 'deg', which is not one of km/s"):
        read_stars(table)


def test_columns_that_differ_in_their_bracket_are_a_question(table):
    table.rename_column("v_los", "vlos [km/s]")
    table["vlos [m/s]"] = table["vlos [km/s]"] * 1.1
    with pytest.raises(InputError, match="several columns that may be v_los"):
        read_stars(table)
