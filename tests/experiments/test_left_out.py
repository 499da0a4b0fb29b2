"""Choices judged on suites that were left out differ in what they say they do, and in nothing else."""

import pytest
from plan_for_tests import FULL, MASSES_ALONE, PRESET, changed

from stargas.experiments.left_out import CUSPS, FULL_SIZE, FURTHER, GALAXIES, LEFT_OUT, MODERATE, WEIGHTS, WIDTHS
from stargas.experiments.release import MODEL


@pytest.mark.parametrize(("number", "words"), list(enumerate(LEFT_OUT)))
def test_each_choice_changes_what_it_says_and_nothing_else(number, words):
    trial, (of_model, of_training) = FULL.models[f"left_out_{number}"], LEFT_OUT[words]
    assert changed(MASSES_ALONE, trial.model) == of_model
    assert changed(PRESET.training, trial.training) == of_training
    assert bool(of_model or of_training) == (number > 0)


@pytest.mark.parametrize("kind", WIDTHS)
def test_widths_are_set_by_each_suite_and_by_both(kind):
    known = {model.data for model in FULL.models.values() if model.kind == kind}
    assert known == {("bursty_compared",), ("smooth_compared",), ("bursty_compared", "smooth_compared")}


def test_training_sets_differ_in_their_galaxies_alone():
    base = FULL.models["left_out_0"]
    for number, (share, within) in enumerate(GALAXIES.values()):
        model = FULL.models[f"training_set_{number}"]
        assert (model.model, model.training, model.data) == (base.model, base.training, base.data)
        assert (model.first_galaxies, model.within) == (round(share * 6000), within)
    (_, every), (_, rest), (_, moderate) = GALAXIES.values()
    assert every == {}
    assert moderate == {**rest, **MODERATE}


@pytest.mark.parametrize(("number", "words"), list(enumerate(FULL_SIZE)))
def test_models_of_full_size_differ_from_the_pretrained_one_in_what_they_say(number, words):
    wanted = {"name": f"full_size_{number}"}
    for name, value in FULL_SIZE[words].items():
        wanted |= {f"training.{key}": one for key, one in value.items()} if name == "training" else {name: value}
    assert changed(FULL.models[MODEL], FULL.models[f"full_size_{number}"]) == wanted


def test_kinds_of_galaxies_are_the_same_at_every_size():
    within = [changes["within"] for changes in FULL_SIZE.values() if "within" in changes]
    assert within == [*(one for _, one in list(GALAXIES.values())[1:]), CUSPS]


def test_aligned_models_are_told_suites_apart_in_the_loss_alone():
    aligned = {name: model for name, model in FULL.models.items() if name.startswith("aligned_")}
    assert len(aligned) == 2 * len(WEIGHTS)
    for name, model in aligned.items():
        suite = name.rpartition("_")[2]
        assert changed(MASSES_ALONE, model.model) == {"priors": (suite,)}
        assert model.training.prior_probability == 0
        assert model.training.alignment in WEIGHTS.values()
        assert model.data == ("broad_compared", f"{suite}_compared")


def test_what_is_predicted_beside_the_masses_is_that_of_the_preset():
    assert PRESET.model.further_targets == FURTHER


def test_words_that_hold_a_number_hold_the_right_one():
    model, training = PRESET.model, PRESET.training
    choices = {words: {**of_model, **of_training} for words, (of_model, of_training) in LEFT_OUT.items()}
    assert choices["three networks side by side, one flow"] == {"residual.ensemble_size": 3}
    assert choices["width 768"] == {"residual.width": 768}
    assert choices["network and flow together for 10 epochs"] == {"joint_epochs": 10}
    assert training.joint_epochs > 10
    assert training.feature_noise > 0.15
    assert (model.residual.ensemble_size, model.residual.filters) == (1, ())
    assert (model.baseline, model.whiten, model.calibrate, model.flow) == ("scalars", True, True, "maf")
