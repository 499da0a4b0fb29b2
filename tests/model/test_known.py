"""Draws that are conditioned on what is known have the moments of the product of both densities."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from models_for_tests import untrained
from toy import toy_dataset

from stargas.errors import InputError
from stargas.model.known import Known, effective_share, log_weights, resampled


def test_a_gaussian_times_a_gaussian_is_their_product():
    rng = np.random.default_rng(0)
    draws = rng.standard_normal(200_000)
    value, error = 1.5, 0.5
    kept = draws[resampled(-0.5 * ((draws - value) / error) ** 2, 20_000, rng)]
    variance = error**2 / (1 + error**2)
    assert kept.mean() == pytest.approx(value * variance / error**2, abs=0.02)
    assert kept.var() == pytest.approx(variance, rel=0.03)
    assert kept.var() != pytest.approx(4 * error**2 / (1 + 4 * error**2), rel=0.03)


def test_a_draw_is_kept_as_often_as_its_weight_says():
    rng = np.random.default_rng(1)
    log_weight = rng.normal(0, 2, 50)
    times = np.bincount(resampled(log_weight, 1000, rng), minlength=50)
    expected = 1000 * np.exp(log_weight) / np.exp(log_weight).sum()
    assert (np.abs(times - expected) < 1).all()
    assert times.sum() == 1000


def test_the_share_of_draws_that_count():
    assert effective_share(np.zeros(40)) == pytest.approx(1)
    assert effective_share(np.full(40, -1e4)) == pytest.approx(1)
    assert effective_share(np.array([0.0, *[-1e9] * 39])) == pytest.approx(1 / 40)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (("inclinaton_deg", 60.0, 5.0), "did you mean inclination_deg"),
        (("inclination_deg", 60.0, 0.0), "a positive standard error, got 60 and 0"),
        (("kappa_co", np.nan, 0.1), "got nan and 0.1"),
    ],
)
def test_what_cannot_be_known_is_refused(known, message):
    with pytest.raises(InputError, match=message):
        Known(*known)


@pytest.fixture(scope="module")
def data():
    """Galaxies with an inclination, and a number that goes with the mass inside the first radius."""
    data = toy_dataset(40)
    table = data.catalogues[0].copy()
    mass, noise = data.batch().log10_mass[:, 0], np.random.default_rng(0).standard_normal(len(table))
    table["stellar_share"] = 0.5 + 0.05 * ((mass - mass.mean()) / mass.std() + 0.6 * noise)
    table["inclination_deg"] = np.linspace(5, 85, len(table))
    return replace(data, catalogues=(table,))


class TestPosterior:
    def test_masses_follow_what_is_known_as_in_a_gaussian(self, data):
        """Without any transform the flow is the Gaussian of the training set, whose conditional is known."""
        posterior = untrained(data, roughness=0.0, further_targets=("stellar_share",))
        with torch.no_grad():
            for parameter in posterior.flow.parameters():
                parameter.zero_()
        draws = posterior.sample_targets(data[0], 40_000)[0].astype(np.float64)
        mean, covariance = draws.mean(axis=0), np.cov(draws, rowvar=False)
        value, error = mean[-1] + covariance[-1, -1] ** 0.5, 0.4 * covariance[-1, -1] ** 0.5
        gain = covariance[:, -1] / (covariance[-1, -1] + error**2)
        known = posterior.with_known(stellar_share=(value, error)).sample_targets(data[0], 20_000)[0]
        spread = np.sqrt(np.diag(covariance))
        shift, expected = (known.mean(axis=0) - mean) / spread, gain * (value - mean[-1]) / spread
        np.testing.assert_allclose(shift, expected, atol=0.03)
        assert np.abs(expected[0]) > 0.3
        narrowed = np.cov(known.astype(np.float64), rowvar=False)
        np.testing.assert_allclose(np.diag(narrowed), np.diag(covariance - np.outer(gain, covariance[-1])), rtol=0.05)

    def test_the_inclination_of_the_draws_is_near_what_is_known(self, data):
        posterior = untrained(data, further_targets=("stellar_share", "cos_inclination"))
        known = posterior.with_known(inclination_deg=(60.0, 3.0))
        free, held = (
            Known("inclination_deg", 60.0, 3.0).values(one.target, one.sample_targets(data, 200))
            for one in (posterior, known)
        )
        assert np.std(held, axis=1).max() < 4
        assert np.std(free, axis=1).min() > 8
        assert np.abs(held.mean(axis=1) - 60).max() < 3
        assert np.array_equal(known.sample(data, 20, 3), known.sample_targets(data, 20, 3)[..., :10])
        assert "known inclination of 60 ± 3 deg" in repr(known)

    def test_draws_of_a_galaxy_do_not_depend_on_those_after_it(self, data):
        known = untrained(data, further_targets=("cos_inclination",)).with_known(inclination_deg=(60.0, 5.0))
        np.testing.assert_allclose(known.sample(data[0], 20)[0], known.sample(data, 20)[0], atol=1e-5)

    def test_nothing_known_is_the_model_itself(self, data):
        posterior = untrained(data, further_targets=("cos_inclination",))
        again = posterior.with_known(inclination_deg=(60.0, 5.0)).with_known()
        assert np.array_equal(posterior.sample(data, 5), again.sample(data, 5))

    def test_a_model_that_does_not_predict_it_refuses(self, data):
        with pytest.raises(InputError, match="does not predict cos_inclination, so no inclination_deg can be used"):
            untrained(data).with_known(inclination_deg=(60.0, 5.0))

    def test_the_density_is_that_of_the_data_alone(self, data):
        known = untrained(data, further_targets=("cos_inclination",)).with_known(inclination_deg=(60.0, 5.0))
        with pytest.raises(InputError, match="that of the data alone"):
            known.log_prob(data, np.zeros((len(data), 11)))


def test_weights_of_several_quantities_multiply(data):
    target = untrained(data, further_targets=("stellar_share", "cos_inclination")).target
    one, other = Known("stellar_share", 0.4, 0.2), Known("inclination_deg", 60.0, 5.0)
    draws = np.random.default_rng(2).random((7, len(target)))
    both = log_weights([one, other], target, draws)
    np.testing.assert_allclose(both, log_weights([one], target, draws) + log_weights([other], target, draws))
