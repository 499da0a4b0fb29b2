"""Headers as programs write them, in the spelling of the standard."""

import pytest
from astropy.io import fits

from stargas.errors import InputError
from stargas.observed.fits_header import standard_header, standard_kind, standard_unit


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (("M/S", "m/s", "m s-1", "M/SEC", "meter/s"), "m/s"),
        (("KM/S", "km/sec", "Km/s", "KM S-1", "kms-1"), "km/s"),
        (("HZ", "Hz"), "Hz"),
        (("DEGREE", "degrees", "DEG", "deg"), "deg"),
        (("ARCSEC", "arcs"), "arcsec"),
    ],
)
def test_units_of_axes(texts, unit):
    assert {standard_unit(text) for text in texts} == {unit}


@pytest.mark.parametrize(
    ("text", "kind", "frame"),
    [
        ("VELOCITY", "VRAD", None),
        ("VRAD-LSR", "VRAD", "LSRK"),
        ("VOPT-HEL", "VOPT", "BARYCENT"),
        ("VELO-BAR", "VELO", "BARYCENT"),
        ("FREQ-TOPO", "FREQ", "TOPOCENT"),
        ("VELO-LSR", "VELO-LSR", None),
        ("FELO-HEL", "FELO-HEL", None),
        ("VOPT-F2W", "VOPT-F2W", None),
        ("RA---SIN", "RA---SIN", None),
        ("STOKES", "STOKES", None),
    ],
)
def test_kinds_of_axes(text, kind, frame):
    assert standard_kind(text) == (kind, frame)


def test_the_frame_in_the_kind_goes_where_the_standard_has_it():
    header = fits.Header({"NAXIS": 1, "CTYPE1": "VRAD-LSR", "CUNIT1": "KM/S"})
    standard = standard_header(header, "x")
    assert (standard["CTYPE1"], standard["CUNIT1"], standard["SPECSYS"]) == ("VRAD", "km/s", "LSRK")
    assert header["CTYPE1"] == "VRAD-LSR"
    header["SPECSYS"] = "BARYCENT"
    assert standard_header(header, "x")["SPECSYS"] == "BARYCENT"


@pytest.mark.parametrize(("name", "value"), [("CRVAL1", "nan"), ("CDELT2", 1e300), ("CRPIX1", "left")])
def test_numbers_that_are_none(name, value):
    header = fits.Header({"NAXIS": 2, name: value})
    with pytest.raises(InputError, match=f"x.fits has {name} = "):
        standard_header(header, "x.fits")
