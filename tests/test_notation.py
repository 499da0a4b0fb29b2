"""Distances and positions as astronomers write them: against astropy, which reads the same words."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Distance, SkyCoord

from stargas.notation import center_deg, distance_kpc, error_kpc, size_kpc


@pytest.mark.parametrize(
    ("text", "distance"),
    [
        ("100", 100.0),
        (" 100 kpc", 100.0),
        ("100kpc", 100.0),
        ("0.1 Mpc", 100.0),
        ("1e5 pc", 100.0),
        ("0.0001 Gpc", 100.0),
        ("20.0 mag", 100.0),
        ("20 mag", 100.0),
        ("m-M = 20.0", 100.0),
        ("(m-M)0 = 20.0 mag", 100.0),
        ("mu=20", 100.0),
        ("DM 20", 100.0),
    ],
)
def test_a_distance_in_many_words(text, distance):
    assert distance_kpc(text) == distance


@pytest.mark.parametrize("modulus", [14.2, 24.47, 31.0])
def test_a_modulus_is_that_of_astropy(modulus):
    assert distance_kpc(f"{modulus} mag") == pytest.approx(Distance(distmod=modulus).to_value(u.kpc), rel=1e-10)
    step = distance_kpc(f"{modulus + 1e-4} mag") - distance_kpc(f"{modulus - 1e-4} mag")
    assert error_kpc("1e-4 mag", distance_kpc(f"{modulus} mag"), None) == pytest.approx(step / 2, rel=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "10:08:28.1 -31:00:12.5",
        "10h08m28.1s -31d00m12.5s",
        "10 08 28.1 -31 00 12.5",
        "10:08:28.1, -31:00:12.5",
        "10:08:28.1-31:00:12.5",
        "10:08:28.1 \u221231:00:12.5",
        "00:00:30 -00:00:30",
        "23:59:59.9 +89:59:59",
        "10:08.5 +12:30.5",
    ],
)
def test_sexagesimal_positions_are_those_of_astropy(text):
    plain = text.replace("\u2212", "-")
    ra, dec = plain.split(",") if "," in plain else (plain[: plain.rfind("-")], plain[plain.rfind("-") :])
    if "+" in plain:
        ra, dec = plain.split("+")
    place = SkyCoord(ra, dec, unit=(u.hourangle, u.deg))
    np.testing.assert_allclose(center_deg(text), (place.ra.deg, place.dec.deg), atol=1e-9)


def test_positions_in_degrees_and_in_pairs():
    expected = (152.1, -31.5)
    for value in ("152.1 -31.5", "152.1, -31.5", "152.1d -31.5d", "[152.1, -31.5]", ("152.1", -31.5), (152.1, -31.5)):
        assert center_deg(value) == expected
    assert center_deg("152d06m00s -31d30m00s") == pytest.approx(expected)
    assert center_deg("10.14h -31.5") == pytest.approx(expected)
    assert center_deg(("10:08:24", "-31:30:00")) == pytest.approx(expected)


def test_sizes_and_their_errors():
    assert size_kpc("280 pc", None) == pytest.approx(0.28)
    assert size_kpc("0.28", None) == 0.28
    assert size_kpc("10 arcmin", 100.0) == pytest.approx(100 * np.radians(10 / 60))
    assert size_kpc("30 arcsec", 100.0) == size_kpc("0.5 arcmin", 100.0)
    assert error_kpc("5 %", 2.0, None) == pytest.approx(0.1)
    assert error_kpc("20 pc", 2.0, None) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (distance_kpc, "far", "a distance must be a number of kpc or have a unit"),
        (distance_kpc, "nan", "a distance must be"),
        (distance_kpc, "100 km", "a distance must be"),
        (distance_kpc, "5 arcmin", "a distance must be"),
        (distance_kpc, "400 mag", "a distance modulus must be between"),
        (distance_kpc, "9" * 500, "at most 100 characters"),
        (center_deg, "M 31", "a right ascension must be a number of degrees or sexagesimal"),
        (center_deg, "10:08:28.1", "a center must be a right ascension and a declination"),
        (center_deg, "10:60:00 -31:00:00", "minutes and seconds must be below 60"),
        (center_deg, "24:30:00 -31:00:00", "hours lies between 0 and 24"),
        (center_deg, "10:00:00 -91:00:00", "declination from -90 to 90"),
        (center_deg, "400 5", "right ascension from -180 to 360"),
        (center_deg, "10:00:00 5h", "a declination is in degrees"),
        (center_deg, (1.0, 2.0, 3.0), "got 3 values"),
        (center_deg, (float("inf"), 2.0), "must be finite"),
        (lambda text: size_kpc(text, None), "5 arcmin", "needs a distance"),
        (lambda text: error_kpc(text, None, None), "5 %", "needs the value that it belongs to"),
    ],
)
def test_what_is_none_of_these_is_one_sentence(read, text, message):
    with pytest.raises(ValueError, match=message):
        read(text)
