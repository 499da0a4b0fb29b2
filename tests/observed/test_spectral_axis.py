"""Velocities of channels: every kind of axis is the same band, and an assumed unit is stated."""

import warnings

import numpy as np
import pytest
from astropy.wcs import WCS, FITSFixedWarning
from cube_files import header_of

from stargas.constants import HI_FREQUENCY_HZ, SPEED_OF_LIGHT_KMS
from stargas.errors import InputError, ObservationWarning
from stargas.observed.fits_header import standard_header
from stargas.observed.spectral_axis import channel_velocities

N = 48
RADIO = 300.0 + 5.0 * (np.arange(N) - (N - 1) / 2)


def velocities(convention=None, **cards):
    header = header_of((N, 32, 32), **cards)
    header["NAXIS"] = 3
    header = standard_header(header, "x")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        wcs = WCS(header)
    return channel_velocities(header, wcs, N, convention, "x")


def axis(kind, values, unit):
    """Cards of a linear axis through the first and last value."""
    step = (values[-1] - values[0]) / (N - 1)
    return {"CTYPE3": kind, "CRVAL3": values[0], "CRPIX3": 1.0, "CDELT3": step, "CUNIT3": unit}


@pytest.mark.parametrize(
    ("kind", "of_ratio", "unit", "tolerance"),
    [
        ("FREQ", lambda f: f * HI_FREQUENCY_HZ, "Hz", 1e-6),
        ("FREQ-LSR", lambda f: f * HI_FREQUENCY_HZ / 1e6, "MHZ", 1e-6),
        ("VRAD", lambda f: SPEED_OF_LIGHT_KMS * (1 - f), "KM/S", 1e-6),
        ("VELO-BAR", lambda f: SPEED_OF_LIGHT_KMS * (1 - f) * 1e3, "M/S", 1e-6),
        ("VOPT", lambda f: SPEED_OF_LIGHT_KMS * (1 / f - 1), "km/sec", 0.06),
        ("ZOPT", lambda f: 1 / f - 1, "", 0.06),
        ("WAVE", lambda f: SPEED_OF_LIGHT_KMS * 1e3 / HI_FREQUENCY_HZ / f, "m", 0.06),
    ],
)
def test_every_kind_of_axis_is_the_same_band(kind, of_ratio, unit, tolerance):
    """Within the curvature of those that are not linear in frequency."""
    values = of_ratio(1 - RADIO / SPEED_OF_LIGHT_KMS)
    velocity, used = velocities("radio", **axis(kind, values, unit))
    assert used == "radio"
    np.testing.assert_allclose(velocity, RADIO, atol=tolerance)
    optical, _ = velocities("optical", **axis(kind, values, unit))
    if kind != "VELO-BAR":  # which stands as it is
        np.testing.assert_allclose(optical - velocity, RADIO**2 / SPEED_OF_LIGHT_KMS, rtol=0.01)


def test_the_convention_is_that_of_the_file():
    assert velocities(axis="optical")[1] == "optical"
    assert velocities(axis="frequency")[1] == "radio"
    assert velocities(axis="radio")[1] == "radio"


def test_velocities_in_km_without_a_unit_are_known_by_their_band():
    with pytest.warns(ObservationWarning, match=r"states no unit of its velocities \(CUNIT3\).* taken as km/s"):
        velocity, _ = velocities(CRVAL3=300.0, CDELT3=5.0, CUNIT3="absent")
    np.testing.assert_allclose(velocity, RADIO)
    np.testing.assert_allclose(velocities(CUNIT3="absent")[0], RADIO)  # in m/s, which the standard means


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ({"CRVAL3": 300.0, "CDELT3": 5.0}, "band of 0.235 km/s"),
        ({"CTYPE3": "AWAV", "CRVAL3": 0.211, "CDELT3": 1e-6, "CUNIT3": "m"}, "'AWAV', which is not read"),
        ({"CRVAL3": 3e8}, "expected within 30000 km/s"),
        ({"RESTFRQ": 1.6e9}, "of a line at 1600 MHz"),
    ],
)
def test_bands_of_no_galaxy(cards, words):
    with pytest.raises(InputError, match=words):
        velocities(**cards)
