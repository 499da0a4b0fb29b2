"""What an observation refuses, and what it warns of."""

import numpy as np
import pytest
from astropy.table import Table
from stars_for_tests import CENTER, DISTANCE, star_table

import stargas as sg
from stargas.errors import InputError
from stargas.observed.observation import observe
from stargas.report.observed import describe_galaxy


def test_a_center_in_degrees_is_refused_where_positions_are_offsets():
    table = star_table()
    xi, eta = ((table[name] - middle) * 60 for name, middle in zip(("ra", "dec"), CENTER, strict=True))
    with pytest.raises(InputError, match="holds offsets from its own center"):
        observe({"xi": xi, "eta": eta, "v_los": table["v_los"]}, distance_kpc=DISTANCE, center=CENTER)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table, _: table, None),
        (lambda table, name: np.radians(table[name]), "as angles in radians do"),
        # offsets in arcmin under the names of angles: up to a degree from the center
        (lambda table, name: (80 * (table[name] - table[name].mean())).clip(-60, 60), "farther than in any galaxy"),
    ],
)
def test_angles_that_are_no_degrees_are_warned_of(change, words):
    table = star_table()
    if words is not None:
        for name in ("ra", "dec"):
            table[name] = change(table, name)
    found = [
        warning
        for warning in observe(table, distance_kpc=DISTANCE).warnings
        if "check" in warning or "state" in warning
    ]
    assert any(words in warning for warning in found) if words else not found


def test_a_half_light_radius_of_another_unit_is_warned_of():
    size = observe(star_table(), distance_kpc=DISTANCE).R_hl_kpc
    for factor, is_warned in ((1.0, False), (3.0, False), (10.0, True), (0.1, True)):
        warnings = observe(star_table(), distance_kpc=DISTANCE, R_hl_kpc=factor * size).warnings
        assert any("check its unit, the distance" in warning for warning in warnings) == is_warned


@pytest.mark.parametrize(("shift_kms", "is_warned"), [(0.0, False), (20.0, False), (150.0, True), (-150.0, True)])
def test_stars_and_hi_of_two_galaxies_are_warned_of(shift_kms, is_warned):
    example = sg.example("both")
    table = Table.read(example["stars"], format="ascii.csv")
    table["v_los"] += shift_kms
    found = observe(table, hi_cube=example["hi"], distance_kpc=950.0, R_hl_kpc=1.41).warnings
    assert any("may be of another galaxy" in warning for warning in found) == is_warned


@pytest.mark.parametrize(("shift_deg", "is_warned"), [(0.0, False), (0.05, False), (0.3, True)])
def test_hi_beside_the_stars_is_warned_of(shift_deg, is_warned):
    example = sg.example("both")
    table = Table.read(example["stars"], format="ascii.csv")
    table["ra"] += shift_deg
    found = observe(table, hi_cube=example["hi"], distance_kpc=950.0, R_hl_kpc=1.41).warnings
    assert any("its middle lies" in warning for warning in found) == is_warned


@pytest.mark.parametrize("change", [{"center": (308.7, 60.15)}, {"systemic_kms": 3000.0}])
def test_hi_that_does_not_show_the_galaxy_is_said_to_be_of_another(change):
    known = {"hi_cube": sg.example("both")["hi"], "distance_kpc": 950.0, "R_hl_kpc": 1.41}
    with pytest.raises(InputError, match=r"^the HI data may be of another galaxy"):
        observe(**known, **change)
    assert observe(**known).hi is not None


def test_columns_that_are_not_read_are_named():
    table = star_table()
    table.rename_column("p_member", "Pm")
    galaxy = observe(table, distance_kpc=DISTANCE)
    assert "p_member" not in galaxy.stars.columns
    assert galaxy.stars.unread == ("Pm",)
    assert any("v_los_error; not read: Pm." in sentence for sentence in describe_galaxy(galaxy))
    assert observe(table, distance_kpc=DISTANCE, columns={"p_member": "Pm"}).stars.unread == ()


def test_stars_of_another_galaxy_than_the_center_are_refused():
    table = star_table()
    with pytest.raises(InputError, match="are they of this galaxy"):
        observe(table, distance_kpc=DISTANCE, center=(CENTER[0] + 20, CENTER[1]))
    with pytest.raises(InputError, match="are they of this galaxy"):
        observe(table, name="Fornax")
    field = table[table["ra"] > np.quantile(table["ra"], 0.8)]  # off to one side: only warned of
    off = observe(field, distance_kpc=DISTANCE, center=(CENTER[0], CENTER[1]), R_hl_kpc=0.3)
    assert off.stars.center == CENTER
