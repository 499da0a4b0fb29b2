"""A galaxy in equilibrium passes with its own masses and not with those of a slower one."""

from dataclasses import replace

import numpy as np
import pytest
from analytic import plummer_galaxy
from models_for_tests import untrained
from toy import toy_dataset

from stargas.errors import InputError
from stargas.inference.infer import infer
from stargas.inference.predictive_check import (
    ALARM,
    HI,
    KURTOSIS,
    NEEDED,
    STARS,
    SURFACE_DENSITY,
    check_predictions,
    fit_predictive,
)
from stargas.inference.predictive_reference import N_RINGS, PredictiveReference, fit_deviations, load_predictive
from stargas.inference.verdict import limitations, verdict
from stargas.map_settings import pretrained_settings
from stargas.model.files import load_model, save_model
from stargas.sample import make_sample
from stargas.sky.projection import project
from stargas.sky.view import View

N = 400


@pytest.fixture(scope="module")
def sample():
    return make_sample(project(plummer_galaxy(8000), View(60.0)), np.random.default_rng(0), pretrained_settings())


@pytest.fixture(scope="module")
def reference():
    """Deviations of galaxies whose predictions are exact."""
    rng = np.random.default_rng(0)
    known = fit_deviations(rng.normal(size=(2000, N_RINGS)), np.full(2000, 500.0))
    return PredictiveReference({"stars": known, "stars+gas": known, "gas": known})


def posterior_of(sample):
    """Draws about the truth of an isotropic sphere."""
    rng = np.random.default_rng(1)
    further = {
        "cos_inclination": rng.uniform(0, 1, N),
        "anisotropy_inside": rng.normal(0, 0.05, N),
        "anisotropy_outside": rng.normal(0, 0.05, N),
        "kappa_co": np.full(N, 1 / 6),
    }
    return sample.log10_mass + 0.05 * rng.normal(size=(N, 1)), further


def test_a_sphere_in_equilibrium_passes(sample, reference):
    check = check_predictions(sample, *posterior_of(sample), reference)
    assert check.p_value > 0.05
    assert check.fits
    assert check.claim == "The dispersion of the stars is as the posterior predicts"
    assert np.abs(check.deviation[:7]).max() < 3.5
    assert check.hi is None
    assert list(check.star_rings) == [SURFACE_DENSITY, KURTOSIS]


def test_faster_stars_do_not_fit_the_masses_of_slower_ones(sample, reference):
    faster = replace(sample, scalars=sample.scalars * np.array([1, 1.5, 1, 1, 1]))
    check = check_predictions(faster, *posterior_of(sample), reference)
    assert check.p_value < 1e-3
    calm = check_predictions(sample, *posterior_of(sample), reference)
    np.testing.assert_array_equal(check.kurtosis.observed, calm.kurtosis.observed)  # their shape is the same
    assert check.claim == "The dispersion of the stars is not as the posterior predicts"
    assert "standard deviations" in check.detail
    log10_mass, further = posterior_of(sample)
    heavier = check_predictions(faster, log10_mass + 2 * np.log10(1.5), further, reference)
    assert heavier.fits  # with the masses that go with them


def test_orbits_of_another_kind_do_not_fit(sample, reference):
    log10_mass, further = posterior_of(sample)
    radial = {**further, "anisotropy_inside": np.full(N, 0.6), "anisotropy_outside": np.full(N, 0.6)}
    assert not check_predictions(sample, log10_mass, radial, reference).fits


def test_without_a_reference_velocities_are_compared_and_not_judged(sample):
    check = check_predictions(sample, *posterior_of(sample))
    assert check.p_value is None
    assert check.fits
    assert check.sentence == (
        "Whether the dispersion of the stars is as the posterior predicts is not judged: the model has no predictive "
        "reference for galaxies with these tracers."
    )
    assert check.stars.known.all()


def test_a_model_of_masses_alone_predicts_no_data(sample, reference):
    log10_mass, further = posterior_of(sample)
    del further["kappa_co"]
    assert check_predictions(sample, log10_mass, further, reference) is None


@pytest.fixture(scope="module")
def data():
    data = toy_dataset(60)
    rng, table = np.random.default_rng(0), data.catalogue.copy()
    table["inclination_deg"] = rng.uniform(0, 90, len(table))
    for name in NEEDED[1:]:
        table[name] = rng.uniform(0, 0.5, len(table))
    return replace(data, catalogues=(table,))


@pytest.fixture(scope="module")
def folder(data, tmp_path_factory):
    posterior = untrained(data, tracers="any", features=True, further_targets=NEEDED)
    folder = tmp_path_factory.mktemp("model")
    save_model(posterior, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stargas.inference.predictive_check.MIN_SAMPLES", 50)
        fit_predictive(posterior, data, without=("gas", "stars")).save(folder)
    return folder


class TestModel:
    """The check is a part of an inference with a model that predicts what it needs."""

    def test_a_reference_knows_every_mix_of_tracers_whose_maps_have_a_side(self, folder):
        assert load_predictive(folder).distributions.keys() == {"stars"}  # toy maps have none

    def test_the_reference_beside_the_model_is_used(self, data, folder):
        result = infer(data[0], load_model(folder), n_draws=100, occlusion=False)
        assert 0 <= result.predictive.p_value <= 1
        assert any(one.name == "data" and STARS in one.claim and HI not in one.claim for one in limitations(result))

    def test_data_that_do_not_fit_are_a_reason_for_care(self, data, folder):
        result = infer(data[0], load_model(folder), n_draws=100, occlusion=False)
        wrong = replace(result, predictive=replace(result.predictive, p_value=ALARM / 2))
        right = replace(result, predictive=replace(result.predictive, p_value=2 * ALARM))
        trusted = replace(result.validity, p_value=0.4, reasons=())
        assert verdict(replace(wrong, validity=trusted)).level == "with care"
        assert "not as the posterior predicts" in verdict(replace(wrong, validity=trusted)).reason
        assert "not as the posterior predicts" not in verdict(replace(right, validity=trusted)).reason

    def test_a_model_without_the_targets_is_refused(self, data):
        with pytest.raises(InputError, match="a model that predicts anisotropy_inside"):
            fit_predictive(untrained(data), data)
