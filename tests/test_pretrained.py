"""The pretrained model answers for stars, HI or both."""

from dataclasses import replace

import numpy as np
import pytest

import stargas as sg
from stargas.config.data import PAPER_RADII
from stargas.experiments.others.spheres import analytic_sphere
from stargas.experiments.release import MAX_BYTES
from stargas.inference.predictive_reference import load_predictive
from stargas.model.files import load_model
from stargas.pretrained import FOLDER
from stargas.sample import MAPS, SCALARS, make_sample, without_tracer
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import View
from stargas.tracers import TRACER_SETS
from stargas.validity.assessment import assess_validity
from stargas.validity.reference import FILE, load_validity

pytestmark = pytest.mark.skipif(
    not (FOLDER / "model.json").is_file(), reason="no model has been put into stargas.pretrained yet"
)

N_DRAWS = 500


@pytest.fixture(scope="module")
def model():
    return sg.load_model()


@pytest.fixture(scope="module")
def samples(model):
    """Galaxies with stars and HI that no model learned from, from three sides."""
    rng, suite, made = np.random.default_rng(0), mock_suite("bursty", 40, seed=1000), []
    for number in range(len(suite)):
        galaxy = suite[number]
        if len(galaxy.stars) < 500 or not galaxy.hi_mass_msun > 10**7.5:
            continue
        sky = project(galaxy, View((30.0, 60.0, 85.0)[len(made) % 3]))
        sample = make_sample(sky, rng, model.data_config)
        made += [sample] if sample.tracers.all() else []
        if len(made) == 6:
            return made
    raise AssertionError("the suite has too few galaxies with gas")


def known_as(samples, tracer_set):
    """Galaxies of which nothing else was observed."""
    if tracer_set == "stars and gas":
        return samples
    return [without_tracer(sample, "gas" if tracer_set == "stars" else "stars") for sample in samples]


def test_its_predictive_reference_knows_every_mix_of_tracers(samples):
    assert set(load_predictive().distributions) == {"stars", "gas", "stars+gas"}
    for tracer_set in TRACER_SETS[:2]:
        (sample,) = known_as(samples[:1], tracer_set.name)
        check = sg.infer(sample, n_draws=200, occlusion=False).predictive
        assert 0 <= check.p_value <= 1
        assert tracer_set.name == "stars" or 0 < check.velocity_field.larger_fraction < 1


def test_it_is_the_model_of_its_folder(model):
    same = load_model(FOLDER)
    assert model.config == same.config
    assert model.about == same.about
    assert model.config.tracers == "any"
    radii = model.target.radii_R_hl
    assert set(PAPER_RADII) < set(radii)
    assert (len(radii), radii[0], radii[-1]) == (14, 0.25, 4.0)


def test_it_is_small_together_with_its_validity_reference():
    names = ("model.json", "model.safetensors", FILE)
    assert sum((FOLDER / name).stat().st_size for name in names) <= MAX_BYTES


def test_suites_that_it_was_judged_on_taught_it_nothing(model):
    learned = {data["source"]["suite"] for stage in model.about["data"] for data in stage["data_sets"]}
    assert learned == {"bursty", "smooth", "broad"}


@pytest.mark.parametrize("tracer_set", ["stars", "gas and R_hl", "stars and gas"])
def test_it_answers_for_any_tracers(model, samples, tracer_set):
    observed = known_as(samples, tracer_set)
    draws = model.sample(observed, N_DRAWS)
    assert draws.shape == (len(samples), N_DRAWS, 14)
    assert np.isfinite(draws).all()
    error = np.median(draws, axis=1) - [sample.log10_mass for sample in samples]
    assert np.abs(error).max() < 0.7  # no proof of accuracy, only that units are right
    width = np.subtract(*np.quantile(draws, [0.84, 0.16], axis=1)) / 2
    assert width.min() > 0.01
    assert width.max() < 0.7
    assert np.array_equal(draws, model.conditioned_on(tracer_set).sample(samples, N_DRAWS))
    assert np.array_equal(draws, model.sample(observed, N_DRAWS))


@pytest.mark.parametrize("tracer_set", TRACER_SETS, ids=lambda one: one.name)
def test_masses_do_not_fall_with_radius(model, samples, tracer_set):
    draws = model.conditioned_on(tracer_set.name).sample(samples, N_DRAWS)
    assert np.mean((np.diff(draws, axis=-1) >= 0).all(axis=-1)) >= 0.95


def test_tracer_sets_are_different_answers(model, samples):
    """Negative control of all that is bit for bit the same."""
    draws = [model.conditioned_on(one.name).sample(samples, N_DRAWS) for one in TRACER_SETS]
    for number, one in enumerate(draws):
        assert not any(np.array_equal(one, other) for other in draws[:number])


def test_hi_does_not_move_an_answer_from_stars(model, samples):
    stars = model.conditioned_on("stars")
    draws = stars.sample(samples, N_DRAWS)
    assert np.array_equal(stars.sample([without_tracer(s, "gas") for s in samples], N_DRAWS), draws)
    swapped = [_with_hi_of(sample, other) for sample, other in zip(samples, samples[1:] + samples[:1], strict=True)]
    assert np.array_equal(stars.sample(swapped, N_DRAWS), draws)
    assert not np.array_equal(model.sample(swapped, N_DRAWS), model.sample(samples, N_DRAWS))


def _with_hi_of(sample, other):
    maps, scalars, quality = sample.maps.copy(), sample.scalars.copy(), sample.quality.copy()
    first_map, first = MAPS.index("moment0"), SCALARS.index("R_HI_kpc")
    maps[first_map:], scalars[first:], quality[2:] = other.maps[first_map:], other.scalars[first:], other.quality[2:]
    return replace(sample, maps=maps, scalars=scalars, quality=quality)


def test_priors_are_answers_of_their_own(model, samples):
    assert set(model.config.priors) == {"bursty", "smooth"}
    drawn = [model.with_prior(prior).sample(samples, N_DRAWS) for prior in (None, *model.config.priors)]
    assert not np.array_equal(drawn[1], drawn[2])
    assert not np.array_equal(drawn[0], drawn[1])


def test_its_validity_reference_knows_each_mix_of_tracers(model, samples):
    reference = load_validity()
    assert reference is not None
    assert {"stars", "gas", "stars+gas"} <= set(reference.distributions)
    for tracer_set in ("stars", "gas and R_hl", "stars and gas"):
        results = assess_validity(known_as(samples, tracer_set), model, reference)
        assert all(result.p_value is not None for result in results)
        assert sum(not result.trusted for result in results) <= 2


def test_masses_of_isotropic_plummer_spheres_in_a_cusp(model):
    rng, samples, truth = np.random.default_rng(0), [], []
    for _ in range(12):
        position, velocity, total = analytic_sphere("cusp", "Plummer", "isotropic", 1000, rng)
        samples.append(make_sample(SkyGalaxy.from_stars(*position.T[:2], velocity[:, 2]), rng, model.data_config))
        truth.append(np.log10(total.enclosed_mass(samples[-1].r_kpc)))
    low, median, high = np.moveaxis(model.quantiles(samples, [0.025, 0.5, 0.975]), 1, 0)
    at_R_hl = model.target.radii_R_hl.index(1.0)
    assert np.median(10 ** (median - truth)[:, at_R_hl]) == pytest.approx(1, abs=0.15)
    assert np.mean((low < truth) & (truth < high)) >= 0.85


def test_the_nearer_to_face_on_a_galaxy_is_known_to_be_the_more_mass_it_has(model, samples):
    """Of its rotation less is seen along the line of sight."""
    stars = known_as(samples, "stars")
    at = {angle: model.with_known(inclination_deg=(angle, 5.0)).sample(stars, N_DRAWS) for angle in (30.0, 70.0)}
    more = np.median(at[30.0], axis=1) - np.median(at[70.0], axis=1)
    assert more.mean() > 0.03
    assert (more.mean(axis=1) > 0).sum() >= len(samples) - 1
