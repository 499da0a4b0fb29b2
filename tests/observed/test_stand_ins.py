"""Numbers that stand for missing values are refused by name, and measured ones are not."""

import numpy as np
import pytest
from stars_for_tests import catalogue, star_table, write

from stargas.errors import InputError, ObservationWarning
from stargas.observed.catalogue import read_stars
from stargas.observed.stand_ins import looks_like_stand_in, refuse_stand_ins, stand_in


@pytest.mark.parametrize(
    "value", [-999.0, 999.0, -9999.0, 99.99, -99.9, 999.999, 9e9, 9.99e9, 1e20, -32768.0, np.float32(99.99)]
)
def test_stand_ins_are_known_by_their_digits(value):
    assert looks_like_stand_in(float(value))


@pytest.mark.parametrize("value", [0.0, 9.9, 89.9, 222.9, 199.0, 990.5, 98.9, np.inf, np.nan])
def test_measured_numbers_are_no_stand_ins(value):
    assert not looks_like_stand_in(value)


def test_a_velocity_of_that_value_among_others_is_measured():
    rng = np.random.default_rng(0)
    near = np.round(rng.normal(99, 8, 500))  # in whole km/s, so that 99 occurs often
    assert np.count_nonzero(near == 99) > 10
    assert stand_in(near) is None
    assert stand_in(np.append(rng.normal(99, 8, 500), 99.99)) is None
    assert stand_in(np.append(near, [999.0])) == 999.0
    assert stand_in(np.append(rng.normal(-180, 8, 500), [99.99] * 2)) == 99.99


@pytest.mark.parametrize(
    ("column", "value", "rows"),
    [
        ("v_los", -999.0, 3),
        ("v_los", 9e9, 1),
        ("v_los_error", 99.99, 100),
        ("v_los_error", 0.0, 2),
        ("v_los_error", 9e9, 1),
        ("p_member", 99.99, 2),
        ("dec", -999.0, 1),
    ],
)
def test_a_column_with_them_is_refused_by_name(tmp_path, column, value, rows):
    table = star_table(200)
    table[column][:rows] = value
    with pytest.raises(InputError, match=f"the column '{column}' holds .* in {rows} of 200 rows") as caught:
        read_stars(write(table, tmp_path, ".csv"))
    assert f"set missing_values to {value:g}" in str(caught.value)
    with pytest.warns(ObservationWarning, match=f"{rows} of 200 rows are left out"):
        left = read_stars(tmp_path / "stars.csv", missing_values=[value])
    assert len(left) == 200 - rows
    np.testing.assert_array_equal(left.row, np.arange(rows, 200))


def test_a_catalogue_made_by_hand_is_refused_too():
    table = star_table(200)
    v = np.array(table["v_los"])
    v[:4] = -999
    with pytest.raises(InputError, match="v_los_kms holds -999 in 4 of 200 rows"):
        catalogue(table, v_los_kms=v)


def test_errors_of_zero_alone_are_perfect_data():
    refuse_stand_ins("errors", np.zeros(5), "any")
    with pytest.raises(InputError, match="errors holds 0 in 1 of 2 rows"):
        refuse_stand_ins("errors", np.array([0.0, 2.0]), "any")
    refuse_stand_ins("velocities", np.array([0.0, 2.0]))


def test_velocities_of_zero_are_measured_unless_they_are_repeated():
    near = np.random.default_rng(0).normal(0, 8, 200)
    refuse_stand_ins("velocities", np.append(near, [0.0, 0.0]), "repeated")
    refuse_stand_ins("velocities", np.round(near), "repeated")  # in whole km/s, so that 0 occurs often
    with pytest.raises(InputError, match="velocities holds 0 in 3 of 203 rows"):
        refuse_stand_ins("velocities", np.append(near, [0.0] * 3), "repeated")


def test_zeros_of_a_galaxy_at_rest_are_refused_by_name(tmp_path):
    """Half a galaxy's dispersion from its mean, where nothing else tells them from stars."""
    table = star_table(200)
    table["v_los"] -= np.mean(table["v_los"]) + 3
    table["v_los"][:20] = 0.0
    with pytest.raises(InputError, match="the column 'v_los' holds 0 in 20 of 200 rows"):
        read_stars(write(table, tmp_path, ".csv"))
