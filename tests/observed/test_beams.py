"""Beams of headers, histories and tables."""

import numpy as np
import pytest
from astropy.io import fits

from stargas.errors import InputError
from stargas.observed.beams import SkyBeam, beam_of_header, beams_of_table


def test_the_area_is_that_of_a_gaussian():
    beam = SkyBeam(30.0, 20.0)
    x = np.linspace(-100, 100, 801)
    gauss = np.exp(-4 * np.log(2) * (x[:, None] ** 2 / 30**2 + x**2 / 20**2))
    assert beam.area_sr == pytest.approx(np.trapezoid(np.trapezoid(gauss, x), x) * np.radians(1 / 3600) ** 2, rel=1e-6)
    assert SkyBeam(beam.fwhm_arcsec, beam.fwhm_arcsec).area_sr == pytest.approx(beam.area_sr)


def test_a_header_states_it_or_not():
    assert beam_of_header(fits.Header()) is None
    assert beam_of_header(fits.Header({"BMAJ": 0.01, "BMIN": 0.005, "BPA": 30.0})) == SkyBeam(36.0, 18.0, 30.0)
    assert beam_of_header(fits.Header({"BMAJ": 0.01})) == SkyBeam(36.0, 36.0)
    history = fits.Header()
    history["HISTORY"] = "AIPS   CLEAN NITER=     1000 PRODUCT=1"
    history["HISTORY"] = "AIPS   CLEAN BMAJ=  1.0000E-02 BMIN=  5.0000E-03 BPA=  30.00"
    assert beam_of_header(history) == SkyBeam(36.0, 18.0, 30.0)


@pytest.mark.parametrize("cards", [{"BMAJ": 0.0}, {"BMAJ": -1.0}, {"BMAJ": 0.01, "BMIN": 0.02}, {"BMAJ": "wide"}])
def test_beams_that_are_none(cards):
    with pytest.raises(InputError, match="beam"):
        beam_of_header(fits.Header(cards))


def table_of(rows, unit="arcsec"):
    names = [("BMAJ", "f4"), ("BMIN", "f4"), ("BPA", "f4"), ("CHAN", "i4"), ("POL", "i4")]
    table = fits.BinTableHDU(np.array(rows, dtype=names), name="BEAMS")
    table.header.update({"TUNIT1": unit, "TUNIT2": unit, "TUNIT3": "deg"})
    return fits.BinTableHDU.from_columns(table.columns, name="BEAMS")


def test_channels_without_a_beam_are_known():
    rows = [(30.0, 20.0, 5.0, 0, 0), (0.0, 0.0, 0.0, 1, 0), (np.nan, 1.0, 0.0, 2, 0), (40.0, 30.0, 5.0, 3, 0)]
    rows += [(99.0, 99.0, 0.0, 0, 1), (50.0, 50.0, 0.0, 17, 0)]
    found = beams_of_table(table_of(rows), 4)
    assert found == [SkyBeam(30.0, 20.0, 5.0), None, None, SkyBeam(40.0, 30.0, 5.0)]
    with pytest.raises(InputError, match="BEAMS holds no beam"):
        beams_of_table(table_of(rows[1:3]), 4)
