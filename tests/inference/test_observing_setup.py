"""A mock galaxy that is observed as planned has the stars, errors and field of the plan."""

import numpy as np
import pytest

import stargas as sg
from stargas.errors import InputError
from stargas.inference.observing_setup import ObservingSetup, observe_mock
from stargas.map_settings import pretrained_settings
from stargas.sample import QUALITY, Truth
from stargas.sky.degradation import ERROR_SCATTER_DEX


@pytest.fixture(scope="module")
def observed():
    """Function of a set-up and a seed that observes a galaxy with stars and gas."""
    sky = sg.project(sg.mock_suite("bursty", 3, seed=1)[2], sg.View(60.0))
    config = pretrained_settings()
    truth = Truth.of(sky.galaxy, config)
    return lambda setup, seed=0: observe_mock(sky, truth, setup, config, seed)


def quality(sample, name):
    return float(sample.quality[QUALITY.index(name)])


def test_the_sample_has_the_quality_of_the_plan(observed):
    sample = observed(ObservingSetup(100, 3.0, hi_limit_cm2=5e19, beam_kpc=0.2))
    assert quality(sample, "n_stars") == 100
    rms = 3.0 * np.exp((ERROR_SCATTER_DEX * np.log(10)) ** 2)  # of errors that scatter log-normally about 3 km/s
    assert quality(sample, "velocity_error_kms") == pytest.approx(rms, rel=0.15)
    assert quality(sample, "beam_fwhm_kpc") == pytest.approx(0.2)
    assert quality(sample, "noise_msun_pc2") == pytest.approx(5e19 / 1.248e20 / 3, rel=0.01)
    assert sample.tracers.all()


def test_without_a_limit_no_hi_is_observed(observed):
    assert observed(ObservingSetup(100)).tracers.tolist() == [True, False]
    assert observed(ObservingSetup(0, hi_limit_cm2=5e19)).tracers.tolist() == [False, True]


def test_errors_do_not_widen_the_dispersion(observed):
    exact, uncertain = (observed(ObservingSetup(1000, error)) for error in (0.0, 8.0))
    sigma = [float(sample.row["sigma_kms"]) for sample in (exact, uncertain)]
    assert sigma[1] == pytest.approx(sigma[0], rel=0.1)
    assert np.hypot(sigma[0], 8.0) > 1.02 * sigma[0]


def test_a_field_without_stars_shows_nothing(observed):
    assert observed(ObservingSetup(100, R_out_kpc=1e-4)) is None
    assert observed(ObservingSetup(100, R_out_kpc=1e4)) is not None


def test_the_seed_decides(observed):
    first, same, other = (observed(ObservingSetup(100), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.maps, same.maps)
    assert not np.array_equal(first.maps, other.maps)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"velocity_error_kms": -1.0}, "velocity_error_kms must be"),
        ({"R_out_kpc": 0.0}, "R_out_kpc must be"),
        ({"hi_limit_cm2": 1.0}, "hi_limit_cm2 must be"),
        ({"beam_kpc": -1.0}, "beam_kpc must be"),
    ],
)
def test_a_plan_out_of_range_is_one_sentence(values, message):
    with pytest.raises(InputError, match=message):
        ObservingSetup(**values)
