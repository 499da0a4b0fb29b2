import re
from dataclasses import replace

import absurd
import numpy as np
import pytest
from disc_galaxies import disc_dataset
from models_for_tests import untrained

from stargas.sample import SCALARS, without_tracer
from stargas.validity.assessment import assess_validity
from stargas.validity.reference import fit_validity
from stargas.validity.result import FALSE_ALARM_RATE


def alarms(samples, model):
    """Fraction of samples that are not trusted."""
    return np.mean([not result.trusted for result in assess_validity(samples, *model)])


@pytest.mark.parametrize("tracers", ["star", "gas", "stargas"])
def test_few_galaxies_like_those_learned_from_raise_an_alarm(models, others, tracers):
    assert alarms(others, models[tracers]) <= 4 * FALSE_ALARM_RATE


def test_p_values_of_galaxies_like_the_training_set_are_uniform(models, others):
    p_values = np.array([result.p_value for result in assess_validity(others, *models["stargas"])])
    for level in (0.1, 0.3, 0.5):
        assert np.mean(p_values < level) == pytest.approx(level, abs=0.1)


ABSURD = {
    "pixels in random order": absurd.noise_maps,
    "white noise": absurd.normal_noise_maps,
    "zero maps": absurd.zero_maps,
    "scalars of others": absurd.scalars_of_others,
    "sigma x 10": lambda s: absurd.scaled(s, "sigma_kms", 10),
    "R_hl x 30": lambda s: absurd.scaled(s, "R_hl_kpc", 30),
    "R_HI x 10": lambda s: absurd.scaled(s, "R_HI_kpc", 10),
    "v_cold x 10": lambda s: absurd.scaled(s, "v_cold_kms", 10),
    "R-v map turned": lambda s: absurd.turned(s, absurd.RV),
    "moment 0 turned": lambda s: absurd.turned(s, absurd.MOMENT_0),
    "moment 1 turned": lambda s: absurd.turned(s, absurd.MOMENT_1),
}


@pytest.mark.parametrize("kind", ABSURD)
def test_absurd_inputs_raise_an_alarm(models, others, kind):
    assert alarms(ABSURD[kind](others[::3]), models["stargas"]) >= 0.9


def test_only_tracers_that_the_model_sees_count(models, others):
    assert alarms(absurd.scaled(others, "v_cold_kms", 10), models["star"]) <= 4 * FALSE_ALARM_RATE
    assert alarms(absurd.scaled(others, "sigma_kms", 10), models["gas"]) <= 4 * FALSE_ALARM_RATE
    assert alarms(absurd.turned(others, absurd.RV), models["gas"]) <= 4 * FALSE_ALARM_RATE


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("zero maps", "Mask and maps contradict each other"),
        ("pixels in random order", "As a whole, this is unlike all galaxies"),
        ("sigma x 10", "sigma_kms does not fit the R-v map"),
        ("R_hl x 30", "R_hl_kpc = .* lies outside the training set"),
        ("R_HI x 10", "R_HI_kpc is 10 times the radius where moment 0 falls below"),
        ("v_cold x 10", "v_cold_kms is .* times the rotation that moment 1 shows"),
        ("R-v map turned", "The R-v map is less symmetric in velocity than in radius"),
        ("moment 1 turned", "Moments 0, 1 and 2 do not show gas in the same pixels"),
    ],
)
def test_each_reason_names_what_is_wrong(models, others, kind, words):
    inclined = [sample for sample in others if sample.scalars[SCALARS.index("v_cold_kms")] > 20][:5]
    for result in assess_validity(ABSURD[kind](inclined), *models["stargas"]):
        assert not result.trusted
        assert re.search(words, " ".join(result.reasons))


def test_one_trusted_galaxy_has_no_reasons(models, others):
    (result,) = assess_validity(others[0], *models["stargas"])
    assert result.trusted
    assert result.reasons == result.unchecked == ()


def test_maps_of_an_absent_tracer_contradict_the_mask(models, others):
    sample = replace(others[0], tracers=np.array([False, True]))
    assert assess_validity(sample, *models["gas"])[0].trusted  # the wrong mask is that of the stars
    posterior, reference = models["stargas"]
    of_any = fit_validity(posterior, disc_dataset(80, seed=2), without=("gas", "stars"))
    sample = replace(others[0], tracers=np.array([True, False]))
    assert "Mask and maps" in assess_validity(sample, posterior, of_any)[0].reasons[0]
    blank = replace(
        sample, maps=sample.maps * (np.arange(5) < 2)[:, None, None], scalars=sample.scalars * (np.arange(5) < 2)
    )
    assert assess_validity(blank, posterior, of_any)[0].trusted
    (result,) = assess_validity(blank, posterior, reference)
    assert not result.trusted
    assert result.p_value is None
    assert "too few galaxies with stars alone" in result.reasons[0]


def test_a_conditioned_model_is_assessed_by_what_it_uses(others):
    data = disc_dataset(80, seed=2)
    posterior = untrained(data, roughness=0.0, tracers="any")
    reference = fit_validity(posterior, data, without=("gas", "stars"))
    for name, hidden in (("stars", "gas"), ("gas and R_hl", "stars")):
        (conditioned,) = assess_validity(others[0], posterior.conditioned_on(name), reference)
        assert conditioned == assess_validity(without_tracer(others[0], hidden), posterior, reference)[0]
    wrong_hi = absurd.scaled(others[:1], "v_cold_kms", 10)
    assert not assess_validity(wrong_hi, posterior, reference)[0].trusted
    assert assess_validity(wrong_hi, posterior.conditioned_on("stars"), reference)[0].trusted


def test_checks_that_cannot_be_made_are_named(models, others):
    results = assess_validity(absurd.without_units(others), *models["stargas"])
    assert {result.unchecked for result in results} == {("sigma_scale", "R_HI", "sigma")}
    assert "Not checked, because the unit of a map is not known: sigma_scale, R_HI, sigma." in results[0].summary
    assert np.mean([not result.trusted for result in results]) <= 4 * FALSE_ALARM_RATE
