import numpy as np
from astropy import units as u
from astropy.table import Table
from dataset_for_tests import N_GALAXIES

from stargas.dataset.catalogue import FIRST_COLUMNS, catalogue_bytes, make_catalogue, table_bytes


def test_catalogue_has_the_columns_and_units(built):
    table = Table.read(built / "catalogue.fits")
    assert [name for name in table.colnames if name in FIRST_COLUMNS] == list(FIRST_COLUMNS)
    assert len(table) == 3 * (N_GALAXIES - 1)
    assert table["R_hl_kpc"].unit == u.kpc
    assert table["sigma_kms"].unit == u.km / u.s
    assert table["inclination_deg"].unit == u.deg
    assert table["has_gas"].dtype == bool
    assert table["sample"].tolist() == list(range(len(table)))


def test_rows_with_different_columns_make_one_table():
    table = make_catalogue(
        [
            {"galaxy_id": "a", "spin": 1.5, "n": 3, "is_satellite": True, "hi": "table"},
            {"galaxy_id": "longer", "spin": None, "is_satellite": False},
        ]
    )
    assert table["spin"].tolist()[0] == 1.5
    assert np.isnan(table["spin"][1])
    assert np.isnan(table["n"][1])
    assert table["hi"].tolist() == ["table", ""]
    assert table["is_satellite"].tolist() == [True, False]
    assert table["galaxy_id"].tolist() == ["a", "longer"]


def test_bytes_depend_on_the_rows_alone():
    rows = [{"galaxy_id": "a", "R_hl_kpc": 1.0}, {"galaxy_id": "b", "R_hl_kpc": 2.0}]
    first, again = (catalogue_bytes(make_catalogue(rows)) for _ in range(2))
    assert first == again
    assert catalogue_bytes(make_catalogue(rows[::-1])) != first
    assert table_bytes(make_catalogue(rows)) == table_bytes(make_catalogue(rows))
