from dataclasses import replace

import numpy as np
import pytest
import torch
from models_for_tests import untrained
from toy import toy_dataset

from stargas.config import replace_settings
from stargas.errors import InputError


@pytest.fixture(scope="module")
def data():
    return toy_dataset(10)


@pytest.fixture(scope="module")
def posterior(data):
    return untrained(data, roughness=0.0)


def test_draws_have_their_shape_and_follow_the_seed(posterior, data):
    draws = posterior.sample(data, 20, seed=1)
    assert draws.shape == (len(data), 20, 10)
    assert np.isfinite(draws).all()
    assert np.array_equal(draws, posterior.sample(data, 20, seed=1))
    assert not np.array_equal(draws, posterior.sample(data, 20, seed=2))
    assert not np.array_equal(draws[0], draws[1])


def test_a_galaxy_s_draws_do_not_depend_on_those_after_it(posterior, data):
    alone = posterior.sample(data[0], 20)
    assert alone.shape == (1, 20, 10)
    assert np.allclose(alone[0], posterior.sample(data, 20)[0], atol=1e-5)
    assert np.allclose(posterior.sample([data[0], data[1]], 20), posterior.sample(data, 20)[:2], atol=1e-5)


def test_batching_changes_nothing(posterior, data, monkeypatch):
    draws, density = posterior.sample(data, 20), posterior.log_prob(data, data.batch().log10_mass)
    monkeypatch.setattr("stargas.model.posterior._NETWORK_BATCH", 7)
    monkeypatch.setattr("stargas.model.posterior._DRAWS_AT_ONCE", 50)
    assert np.allclose(posterior.sample(data, 20), draws, atol=1e-5)
    assert np.allclose(posterior.log_prob(data, data.batch().log10_mass), density, atol=1e-3)


def test_draws_and_density_agree(posterior, data):
    """Importance weights of draws against their own Gaussian average to one only if log_prob is per dex."""
    draws = posterior.sample(data[0], 4000)[0].astype(np.float64)
    proposal = torch.distributions.MultivariateNormal(
        torch.from_numpy(draws.mean(axis=0)), 1.5 * torch.from_numpy(np.cov(draws, rowvar=False))
    )
    torch.manual_seed(0)
    points = proposal.sample((20_000,))
    log_weight = posterior.log_prob(data[0], points.numpy()[None])[0] - proposal.log_prob(points).numpy()
    assert np.exp(log_weight).mean() == pytest.approx(1, abs=0.05)
    per_standardized = log_weight + np.log(posterior.target.spread).sum()
    assert np.exp(per_standardized).mean() != pytest.approx(1, abs=0.05)


def test_density_takes_one_or_many_profiles(posterior, data):
    mass = data.batch().log10_mass
    one = posterior.log_prob(data, mass)
    assert one.shape == (len(data),)
    many = posterior.log_prob(data, np.stack([mass, mass + 0.1], axis=1))
    assert many.shape == (len(data), 2)
    assert np.allclose(many[:, 0], one, atol=1e-3)
    for wrong in (mass[:3], mass[:, :9], mass[0]):
        with pytest.raises(InputError, match="do not fit"):
            posterior.log_prob(data, wrong)


def test_quantiles_rise_and_center_on_the_draws(posterior, data):
    levels = [0.025, 0.16, 0.5, 0.84, 0.975]
    quantiles = posterior.quantiles(data, levels, n=400)
    assert quantiles.shape == (len(data), 5, 10)
    assert (np.diff(quantiles, axis=1) > 0).all()
    draws = posterior.sample(data, 400)
    inside = (draws > quantiles[:, None, 1]) & (draws < quantiles[:, None, 3])
    assert inside.mean() == pytest.approx(0.68, abs=0.01)
    assert posterior.quantiles(data[0], 0.5, n=100).shape == (1, 1, 10)
    with pytest.raises(InputError, match="between 0 and 1"):
        posterior.quantiles(data, [50])


def test_an_identity_flow_draws_the_training_set_s_mean_and_covariance(data):
    """Then nothing but scaling and whitening is between the noise and the masses."""
    posterior = untrained(data, roughness=0.0)
    with torch.no_grad():
        for parameter in posterior.flow.parameters():
            parameter.zero_()
    mass = data.batch().log10_mass
    draws = posterior.sample(data[0], 40_000)[0]
    error = mass.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - mass.mean(axis=0)) < 5 * error).all()
    assert (np.abs(draws.mean(axis=0) - mass.mean(axis=0) - 0.05 * mass.std(axis=0)) > 5 * error).all()
    assert np.allclose(np.cov(draws, rowvar=False), np.cov(mass, rowvar=False), rtol=0.05)


@pytest.mark.parametrize(("tracers", "moves"), [("star", False), ("gas", True), ("stargas", True)])
def test_gas_maps_move_only_models_that_see_gas(data, tracers, moves):
    posterior = untrained(data, roughness=0.0, tracers=tracers)
    sample = data[0]
    maps, scalars = sample.maps.copy(), sample.scalars.copy()
    maps[2:] *= 0.5
    scalars[2:] *= 1.5
    changed = replace(sample, maps=maps, scalars=scalars)
    same = np.array_equal(posterior.sample(sample, 10), posterior.sample(changed, 10))
    assert same is not moves


@pytest.mark.parametrize(("tracers", "moves"), [("star", True), ("gas", False), ("stargas", True)])
def test_stars_move_only_models_that_see_stars(data, tracers, moves):
    posterior = untrained(data, roughness=0.0, tracers=tracers)
    sample = data[0]
    maps, scalars = sample.maps.copy(), sample.scalars.copy()
    maps[:2] *= 0.5
    scalars[:2] *= 1.5
    changed = replace(sample, maps=maps, scalars=scalars)
    assert np.array_equal(posterior.sample(sample, 10), posterior.sample(changed, 10)) is not moves


def test_a_missing_tracer_is_an_error_where_training_never_saw_it_missing(data):
    sample = data[0]
    without = replace(sample, tracers=np.array([True, False]))
    strict = untrained(data, roughness=0.0, about={"tracer_share": {"stars": 1.0, "gas": 1.0}})
    with pytest.raises(InputError, match="sample 1 has no gas"):
        strict.sample([sample, without], 5)
    lenient = untrained(data, roughness=0.0, about={"tracer_share": {"stars": 1.0, "gas": 0.9}})
    assert lenient.sample([sample, without], 5).shape == (2, 5, 10)
    star = untrained(data, roughness=0.0, about={"tracer_share": {"stars": 1.0, "gas": 1.0}}, tracers="star")
    assert star.sample(without, 5).shape == (1, 5, 10)


def test_asking_for_no_draws_is_an_error(posterior, data):
    with pytest.raises(InputError, match="at least 1 draw is needed, got n=0"):
        posterior.sample(data, 0)


def test_samples_of_other_maps_are_refused_in_one_sentence(posterior, data):
    """Maps of other settings have another meaning, though their shape is the same."""
    assert posterior.sample(data[0], 5).shape == (1, 5, 10)
    other = replace_settings(data[0].config, {"stars.xy_limit": 2.4})
    with pytest.raises(InputError, match=r"made with data\.stars\.xy_limit 2\.4, the model needs 0\.5"):
        posterior.sample([data[0], replace(data[1], config=other)], 5)
    radii = replace_settings(data[0].config, {"truth.radii": tuple(0.1 + r for r in data[0].config.truth.radii)})
    with pytest.raises(InputError, match=r"data\.truth\.radii"):
        posterior.log_prob(replace(data[0], config=radii), data[0].log10_mass[None])
    few_stars = replace_settings(data[0].config, {"stars.max_stars": 500})
    assert posterior.sample(replace(data[0], config=few_stars), 5).shape == (1, 5, 10)


def test_data_sets_of_other_maps_are_refused_too(posterior):
    with pytest.raises(InputError, match=r"data\.stars\.n_pixels 8, the model needs 16"):
        posterior.sample(toy_dataset(2, n_pixels=8), 5)


def test_a_model_that_does_not_know_its_data_says_so(data):
    nameless = untrained(data, about={"data": []})
    with pytest.raises(InputError, match="does not know the settings of its training data"):
        _ = nameless.data_config


def test_one_line_tells_what_a_model_is(posterior):
    text = repr(posterior)
    assert text.startswith("<Posterior: tracers stargas, network convolutional, flow maf")
    assert "radii 10 from 0.6 to 2.4 R_hl" in text
    assert "\n" not in text
    assert len(text) < 200


@pytest.mark.parametrize("changes", [{"flow": "spline"}, {"network": "residual", "flow": "spline"}])
def test_other_designs_answer_in_the_same_form(data, changes):
    posterior = untrained(data, changes, roughness=0.05)
    draws = posterior.sample(data[0], 200)
    assert draws.shape == (1, 200, 10)
    assert np.isfinite(draws).all()
    assert posterior.log_prob(data[0], draws).mean() > posterior.log_prob(data[0], draws + 1).mean()


@pytest.fixture(scope="module")
def known():
    """Galaxies whose inclination is known."""
    data = toy_dataset(10)
    table = data.catalogues[0].copy()
    table["inclination_deg"] = np.linspace(5, 85, len(table))
    return replace(data, catalogues=(table,))


class TestFurtherTargets:
    def test_masses_are_the_first_of_all_targets(self, known):
        posterior = untrained(known, further_targets=("cos_inclination",))
        draws = posterior.sample_targets(known, 20)
        assert draws.shape == (len(known), 20, 11)
        assert posterior.target.names[-1] == "cos_inclination"
        assert np.array_equal(posterior.sample(known, 20), draws[..., :10])
        assert posterior.quantiles(known, [0.5], n=20).shape == (len(known), 1, 10)

    def test_their_density_is_that_of_all_of_them(self, known):
        posterior = untrained(known, further_targets=("cos_inclination",))
        draws = posterior.sample_targets(known, 5)
        assert np.isfinite(posterior.log_prob(known, draws)).all()
        with pytest.raises(InputError, match=r"give the shape \(40, 11\) .* cos_inclination"):
            posterior.log_prob(known, draws[..., :10])
