"""A beam keeps mass, and its noise has unit variance and the beam's correlation."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from stargas.sky.beam import Beam
from stargas.sky.kernel import FWHM_PER_SIGMA


def test_beam_profile_sums_to_one_and_reaches_its_pad():
    beam = Beam(3.3)
    assert beam.profile.sum() == pytest.approx(1, abs=1e-9)
    assert len(beam.profile) == 2 * beam.pad + 1
    noise = beam.noise((200, 16, 16), np.random.default_rng(0))
    assert noise.std() == pytest.approx(1, rel=0.03)
    assert Beam(0.0).pad == 0


def test_smoothing_is_a_gaussian_filter():
    beam = Beam(4.0)
    maps = np.zeros((1, 32 + 2 * beam.pad, 32 + 2 * beam.pad))
    maps[0, beam.pad + 12, beam.pad + 20] = 7.0
    smooth = beam.smooth(maps)[0]
    reference = gaussian_filter(maps[0], 4.0 / FWHM_PER_SIGMA, truncate=10)[beam.pad : -beam.pad, beam.pad : -beam.pad]
    # the profile is integrated over pixels, the filter sampled at their centers
    np.testing.assert_allclose(smooth, reference, atol=0.03 * reference.max())
    assert np.abs(smooth - np.roll(reference, 1, axis=1)).max() > 0.1 * reference.max()
    assert smooth.sum() == pytest.approx(7.0, rel=1e-4)


def test_noise_is_correlated_over_the_beam_and_no_farther():
    noise = Beam(5.0).noise((400, 40, 40), np.random.default_rng(3))
    near, far = (np.mean(noise[:, :, :-step] * noise[:, :, step:]) for step in (1, 15))
    # two pixels of a Gaussian beam share exp(-d² / 4σ²)
    assert near == pytest.approx(np.exp(-((FWHM_PER_SIGMA / 5.0) ** 2) / 4), abs=0.03)
    assert abs(far) < 0.02


def test_without_a_beam_maps_stay_as_they_are():
    maps = np.random.default_rng(0).normal(size=(2, 8, 8))
    assert Beam(0.0).smooth(maps) is maps
