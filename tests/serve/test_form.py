"""What a visitor may write for a distance, a size and a center."""

import pytest

from stargas.errors import InputError
from stargas.serve.form import read_values


@pytest.mark.parametrize(
    "center",
    [
        ["10:08:28.1", "-31:00:00"],
        ["10h08m28.1s", "-31d00m00s"],
        ["10 08 28.1", "-31 00 00"],
        ["152.1170833", "-31"],
        [152.1170833, -31],
        ["10:08:28.1 -31:00:00", ""],
        ["152.1170833, -31.0", None],
    ],
)
def test_a_center_in_degrees_or_sexagesimal(center):
    assert read_values({"center": center})["center"] == pytest.approx((152.1170833, -31.0))


def test_distances_and_sizes_with_units():
    given = {
        "distance_kpc": "m-M = 20.0",
        "distance_error_kpc": "0.1 mag",
        "R_hl_kpc": "300 pc",
        "R_hl_error_kpc": "5 %",
    }
    values = read_values(given)
    assert values["distance_kpc"] == pytest.approx(100.0)
    assert values["distance_error_kpc"] == pytest.approx(4.605, abs=1e-3)
    assert values["R_hl_kpc"] == pytest.approx(0.3)
    assert values["R_hl_error_kpc"] == pytest.approx(0.015)
    assert read_values({"distance_kpc": "0.1 Mpc", "center": ["", ""], "R_hl_kpc": ""}) == {"distance_kpc": 100.0}


def test_a_stellar_mass_has_an_error():
    assert read_values({"stellar_mass": "3.8e5 ± 20%"}) == {"stellar_mass": "380000 0.08686dex"}
    assert read_values({"stellar_mass": " "}) == {}
    for given in ("3.8e5", 3.8e5, ["3.8e5", "0.2dex"]):
        with pytest.raises(InputError, match="a stellar mass is a number of solar masses and its error"):
            read_values({"stellar_mass": given})
