"""The noise of a column is what published noise gives, and what the reader of cubes finds."""

import numpy as np
import pytest
from astropy.io import fits

from stargas.config.observation import ObservationConfig
from stargas.constants import HI_ATOMS_PER_CM2
from stargas.errors import InputError
from stargas.observed.observation import observe_galaxy
from stargas.observed.sensitivity import LINE_KMS, column_noise_cm2
from stargas.serve.examples import FOLDER


@pytest.mark.parametrize(("noise", "channel", "column"), [(1.5, 16.4, 1.2e20), (3.0, 4.1, 6.1e19), (4.0, 2.1, 4.0e19)])
def test_a_channel_has_the_column_that_whisp_states(noise, channel, column):
    """Observing parameters of WHISP, noise and column of one channel at full resolution, about 15 arcsec."""
    assert column_noise_cm2(noise, channel, 15.0, line_kms=channel) == pytest.approx(column, rel=0.04)
    assert column_noise_cm2(noise, channel, 16.0, line_kms=channel) != pytest.approx(column, rel=0.04)


def test_the_factor_is_that_of_brightness_temperature():
    """1.823e18 atoms/cm² per K km/s, and 606 K per mJy/beam for a beam of 1 arcsec at 21 cm (Walter et al. 2008)."""
    assert column_noise_cm2(2.0, 5.0, 6.0, line_kms=5.0) == pytest.approx(1.823e18 * 606 * 2.0 / 36 * 5.0, rel=2e-3)


def test_the_reader_of_cubes_finds_as_much_noise():
    file, distance = FOLDER / "mock_dwarf_hi.fits", 950.0
    found = observe_galaxy(ObservationConfig(hi_cube=str(file), distance_kpc=distance, R_hl_kpc=1.4)).hi
    header = fits.getheader(file)
    beam_arcsec, channel_kms = 3600 * header["BMAJ"], header["CDELT3"] / 1e3
    of_1_mjy = column_noise_cm2(1.0, channel_kms, beam_arcsec, line_kms=channel_kms)
    noise_mjy = found.noise_msun_pc2 * HI_ATOMS_PER_CM2 / of_1_mjy
    expected = found.column_noise_msun_pc2 * HI_ATOMS_PER_CM2
    assert column_noise_cm2(noise_mjy, channel_kms, beam_arcsec) == pytest.approx(expected, rel=0.05)
    assert column_noise_cm2(1.2 * noise_mjy, channel_kms, beam_arcsec) != pytest.approx(expected, rel=0.05)


def test_the_column_does_not_depend_on_how_finely_it_is_sampled():
    coarse, fine = column_noise_cm2(1.0, 8.0, 15.0), column_noise_cm2(np.sqrt(2.0), 4.0, 15.0)
    assert coarse == pytest.approx(fine)
    assert column_noise_cm2(1.0, 2 * LINE_KMS, 15.0) > coarse


@pytest.mark.parametrize("values", [(0.0, 5.0, 15.0), (1.0, -5.0, 15.0), (1.0, 5.0, 0.0)])
def test_what_cannot_be_is_one_sentence(values):
    with pytest.raises(InputError, match="got"):
        column_noise_cm2(*values)
