from dataclasses import replace

import numpy as np
import pytest
import torch
from models_for_tests import untrained
from toy import toy_dataset

from stargas.batch import Batch
from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.features.star_features import STAR_FEATURES
from stargas.model.inputs import MAX_DEVIATION, batches_of, image_of, measure_features, prepare, require_tracers
from stargas.model.layout import InputLayout
from stargas.model.standardization import fit_scaling
from stargas.sample import FIELDS, SCALARS, without_tracer
from stargas.tracers import GAS_AND_R_HL, TRACER_SETS

ANY = ModelConfig(tracers="any", features=True, baseline="scalars", priors=("bursty", "smooth"))


def scaling_of(data, config):
    return fit_scaling(data, config)[0]


@pytest.fixture(scope="module")
def data():
    return toy_dataset(20, no_gas=0.3)


@pytest.fixture(scope="module")
def scaling(data):
    return scaling_of(data, ModelConfig())


def test_transform_follows_its_formula_and_keeps_zero():
    maps = np.zeros((2, 5, 16, 16), np.float32)
    maps[0] = np.array([4.0, 9.0, 99.0, -20.0, 20.0])[:, None, None]
    maps[1, :3] = -1.0  # noise can push a density below zero
    batch = replace(toy_dataset(2).batch(np.arange(2)), maps=maps)
    expected = {"xy": 2.0, "Rv": 3.0, "moment0": 2.0, "moment1": np.arcsinh(-2.0), "moment2": np.arcsinh(2.0)}
    for name, value in expected.items():
        compressed = image_of(batch, InputLayout.of(ModelConfig()), name)
        assert np.allclose(compressed[0], value, rtol=1e-6)
        assert not compressed[1].any()


def test_plain_maps_are_in_proportion_to_those_of_the_sample(data):
    batch = data.batch()
    plain, compressed = (prepare(batch, scaling_of(data, ModelConfig(compress_maps=kind))) for kind in (False, True))
    of_sample = batch.column("moment1")[0]
    seen = of_sample != 0
    for inputs, spread in ((plain, 0.0), (compressed, 0.1)):
        ratio = inputs.maps[0, 3].float().numpy()[seen] / of_sample[seen]
        assert (np.ptp(ratio) / np.abs(ratio).max() > spread + 0.005) == bool(spread)
    assert np.allclose(plain.maps.float()[batch.tracers[:, 1]].square().mean(dim=(0, 2, 3)).sqrt(), 1, atol=0.02)


def test_inputs_have_order_one_over_the_training_set(data, scaling):
    inputs = prepare(data.batch(), scaling)
    present = data.batch().tracers[:, 1]
    assert inputs.maps.shape == (len(data), 5, 16, 16)
    rms = inputs.maps.float()[present].square().mean(dim=(0, 2, 3)).sqrt()
    assert np.allclose(rms, 1, atol=0.02)
    assert np.allclose(inputs.features[present].mean(dim=0), 0, atol=0.3)
    assert np.allclose(inputs.features[:, :2].std(dim=0), 1, atol=0.01)


def test_absent_gas_is_zero_whatever_its_arrays_hold(data):
    batch = data.batch()
    absent = ~batch.tracers[:, 1]
    assert absent.any()
    config = ModelConfig(tracers="gas")
    ruined = batch.maps.copy()
    ruined[absent] = np.nan
    for maps in (batch.maps, ruined):
        inputs = prepare(replace(batch, maps=maps), scaling_of(data, config))
        assert not inputs.features[absent].any()
        assert not inputs.maps[absent].any()
        assert inputs.maps[~absent].any()


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_a_scalar_that_cannot_be_is_refused(data, scaling, value):
    scalars = data.batch().scalars.copy()
    scalars[3, 1] = value
    broken = replace(data.batch(), scalars=scalars)
    with pytest.raises(InputError, match="sigma_kms of sample 3"):
        prepare(broken, scaling)
    prepare(broken, scaling_of(data, ModelConfig(tracers="gas")))  # does not receive it


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_map_that_is_not_finite_is_refused(data, scaling, value):
    maps = data.batch().maps.copy()
    maps[0, 1, 2, 2] = value
    with pytest.raises(InputError, match="not finite"):
        prepare(replace(data.batch(), maps=maps), scaling)


def test_samples_and_data_sets_give_the_same_arrays(data):
    listed = [data[i] for i in range(5)]
    from_list = list(batches_of(listed, 2))
    from_data = list(batches_of(data.where(np.arange(len(data)) < 5), 2))
    assert [len(batch.maps) for batch in from_list] == [2, 2, 1]
    for one, other in zip(from_list, from_data, strict=True):
        assert np.array_equal(one.maps, other.maps)
        assert np.array_equal(one.scalars, other.scalars)
        assert np.array_equal(one.tracers, other.tracers)
        assert np.array_equal(one.star_features, other.star_features, equal_nan=True)
        assert np.array_equal(one.quality, other.quality)
    assert np.array_equal(next(batches_of(listed[3], 9)).maps[0], listed[3].maps)


def known_as(sample, tracer_set):
    """The same galaxy with no more known than the tracer set; the arrays of what is hidden stay as they were."""
    scalars = sample.scalars.copy()
    if "R_hl" not in tracer_set.known:
        scalars[SCALARS.index("R_hl_kpc")] = 0.0
    return replace(sample, scalars=scalars, tracers=np.array([t in tracer_set.known for t in ("stars", "gas")]))


def changed(sample, tracer, value):
    """The same with another value in all that needs a tracer, but for the statement that it is there."""
    arrays = {}
    for declared in FIELDS:
        needed = [tracer in entry.needs for entry in declared.entries]
        if any(needed) and declared.name != "tracers":
            array = getattr(sample, declared.name).copy()
            array[needed] = value
            arrays[declared.name] = array
    return replace(sample, **arrays)


def emptied(sample):
    """The same with the arrays of absent tracers empty, as a sample without them has them."""
    for tracer, present in zip(("stars", "gas"), sample.tracers, strict=True):
        sample = sample if present else without_tracer(sample, tracer)
    return sample


DESIGNS = {
    "convolutional": {},
    "residual": {"network": "residual", "residual.ensemble_size": 2},
    "residual without maps": {"network": "residual", "residual.filters": ()},
}


@pytest.fixture(scope="module", params=DESIGNS)
def any_model(request, data):
    """An untrained model of any tracers."""
    fields = {name: getattr(ANY, name) for name in ("tracers", "features", "baseline", "priors")}
    return untrained(data, DESIGNS[request.param], roughness=0.1, **fields)


@pytest.fixture(scope="module")
def whole(data):
    """A galaxy with both tracers."""
    return data[int(np.flatnonzero(data.batch().tracers[:, 1])[0])]


@pytest.mark.parametrize("value", [17.5, -4.0, 1e6])
@pytest.mark.parametrize("tracer_set", TRACER_SETS, ids=lambda one: one.name)
def test_nothing_of_what_is_hidden_has_an_effect(any_model, whole, tracer_set, value):
    sample = known_as(whole, tracer_set)
    assert Batch.stack([sample]).tracer_sets[0] == tracer_set.index
    inputs = prepare(Batch.stack([sample]), any_model.scaling)
    draws = any_model.sample(sample, 20)
    assert np.isfinite(draws).all()
    assert np.array_equal(any_model.sample(emptied(sample), 20), draws)
    density = any_model.log_prob(sample, draws)
    for tracer in {"stars", "gas"} - tracer_set.known:
        other = changed(sample, tracer, value)
        inputs_of_other = prepare(Batch.stack([other]), any_model.scaling)
        assert torch.equal(inputs_of_other.maps, inputs.maps)
        assert torch.equal(inputs_of_other.features, inputs.features)
        assert np.array_equal(any_model.sample(other, 20), draws)
        assert np.array_equal(any_model.log_prob(other, draws), density)


@pytest.mark.parametrize("tracer_set", TRACER_SETS, ids=lambda one: one.name)
def test_all_that_is_known_has_an_effect(any_model, whole, tracer_set):
    """Negative control: what is known moves the draws."""
    sample = known_as(whole, tracer_set)
    draws = any_model.sample(sample, 20)
    for tracer in {"stars", "gas"} & tracer_set.known:
        assert not np.array_equal(any_model.sample(changed(sample, tracer, 17.5), 20), draws)
    larger = replace(sample, scalars=sample.scalars * np.array([1.5, 1, 1, 1, 1]))
    assert np.array_equal(any_model.sample(larger, 20), draws) is not ("R_hl" in tracer_set.known)


def test_tracer_sets_differ_for_one_galaxy(any_model, whole):
    draws = [any_model.sample(known_as(whole, one), 20) for one in TRACER_SETS]
    for i, one in enumerate(draws):
        assert not any(np.array_equal(one, other) for other in draws[:i])


@pytest.mark.parametrize("tracers", ["star", "gas", "any"])
def test_a_model_of_one_tracer_is_not_moved_by_the_other(data, whole, tracers):
    """All of it changes, and the galaxy still has it."""
    scaling, target = fit_scaling(data, ModelConfig(tracers=tracers, features=True, baseline="scalars"))
    other = {"star": "gas", "gas": "stars", "any": "gas"}[tracers]
    inputs = [prepare(Batch.stack([sample]), scaling) for sample in (whole, changed(whole, other, 17.5))]
    same = torch.equal(inputs[0].maps, inputs[1].maps) and torch.equal(inputs[0].features, inputs[1].features)
    same &= np.array_equal(*(target.expected(one.tracer_sets, one.log_scalars) for one in inputs))
    assert same is (tracers != "any")


@pytest.mark.parametrize("knows", [False, True])
def test_gas_depends_on_the_size_of_the_stars_only_on_demand(data, whole, knows):
    config = ModelConfig(tracers="gas", features=True, baseline="scalars", gas_knows_R_hl=knows)
    scaling, target = fit_scaling(data, config)
    for sample in (whole, known_as(whole, GAS_AND_R_HL)):  # with the stars or without
        larger = replace(sample, scalars=sample.scalars * np.array([2.0, 1, 1, 1, 1]))
        one, other = (prepare(Batch.stack([s]), scaling) for s in (sample, larger))
        assert torch.equal(one.features, other.features) is not knows
        expected = [target.expected(i.tracer_sets, i.log_scalars) for i in (one, other)]
        assert np.array_equal(*expected) is not knows


def test_features_are_those_that_their_names_say(data):
    batch, layout = data.batch(), InputLayout.of(ANY)
    columns = dict(zip(layout.features, measure_features(batch, layout).T, strict=True))
    gas = batch.tracers[:, 1]
    assert np.allclose(columns["log_sigma_kms"], np.log10(batch.column("sigma_kms")))
    assert np.array_equal(columns[STAR_FEATURES[3]], batch.star_features[:, 3], equal_nan=True)
    assert np.allclose(columns["log_n_stars"], np.log10(batch.column("n_stars")))
    assert np.isnan(columns["beam_over_R_HI"][~gas]).all()
    assert np.isfinite(columns["beam_over_R_HI"][gas]).all()


def test_a_model_receives_the_features_that_it_names_in_their_order(data):
    """A layout stays what it is when the table of features changes."""
    batch, whole = data.batch(), InputLayout.of(ANY)
    part = InputLayout((), ("log_n_stars", "log_R_hl_kpc"))
    everything = measure_features(batch, whole)
    chosen = [whole.features.index(name) for name in part.features]
    assert np.array_equal(measure_features(batch, part), everything[:, chosen])


def test_features_far_from_all_others_count_as_far_and_unknown_ones_as_the_mean(data):
    scaling, batch = scaling_of(data, ANY), data.batch()
    strange = batch.star_features.copy()
    strange[0, :3] = 1e6, -1e6, np.nan
    features = prepare(replace(batch, star_features=strange), scaling).features.numpy()
    first = scaling.layout.features.index(STAR_FEATURES[0])
    assert features[0, first : first + 3].tolist() == [MAX_DEVIATION, -MAX_DEVIATION, 0.0]


def test_scalars_are_not_limited(data):
    """The masses scale with them, however far they lie."""
    scaling, batch = scaling_of(data, ANY), data.batch()
    far = replace(batch, scalars=batch.scalars * np.array([1, 1e6, 1, 1, 1]))
    assert prepare(far, scaling).features[:, scaling.layout.features.index("log_sigma_kms")].min() > MAX_DEVIATION


def test_the_context_ends_with_quality_and_flags(any_model, whole):
    columns = list(any_model.scaling.layout.context_columns)
    context = any_model.features(whole)
    assert context.shape == (1, len(any_model.flow.context_mean))
    features = prepare(Batch.stack([whole]), any_model.scaling).features
    assert np.array_equal(context[:, -len(columns) :], features[:, columns].numpy())


@pytest.mark.parametrize("tracer_set", TRACER_SETS, ids=lambda one: one.name)
def test_what_a_posterior_is_not_conditioned_on_is_as_if_it_were_not_observed(any_model, whole, tracer_set):
    conditioned = any_model.conditioned_on(tracer_set.name)
    draws = conditioned.sample(whole, 20)
    assert np.array_equal(draws, any_model.sample(known_as(whole, tracer_set), 20))
    assert np.array_equal(draws, any_model.sample(emptied(known_as(whole, tracer_set)), 20))
    assert np.array_equal(conditioned.conditioned_on(None).sample(whole, 20), any_model.sample(whole, 20))


def test_only_a_model_of_any_tracers_is_conditioned_on_a_part(any_model):
    with pytest.raises(InputError, match="cannot be conditioned on 'dust'; it can be conditioned on: stars, gas"):
        any_model.conditioned_on("dust")
    with pytest.raises(InputError, match="all that it was trained with"):
        replace(any_model, config=replace(any_model.config, tracers="star", priors=()), tracer_set="stars")


def test_only_a_galaxy_without_any_tracer_is_refused_by_a_model_of_any(whole):
    for one in TRACER_SETS:
        require_tracers(Batch.stack([known_as(whole, one)]), ANY, {"stars": 1.0, "gas": 1.0})
    nothing = replace(whole, tracers=np.array([False, False]))
    with pytest.raises(InputError, match="sample 8 has neither stars nor gas"):
        require_tracers(Batch.stack([whole, nothing]), ANY, {}, first=7)


def test_another_prior_is_another_answer_and_an_unknown_one_an_error(any_model, whole):
    draws = [any_model.with_prior(prior).sample(whole, 20) for prior in (None, *ANY.priors)]
    assert np.array_equal(draws[0], any_model.sample(whole, 20))
    assert not np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[1], draws[2])
    assert np.array_equal(any_model.with_prior("smooth").with_prior(None).sample(whole, 20), draws[0])
    with pytest.raises(InputError, match="no prior 'cored'; it has: bursty, smooth"):
        any_model.with_prior("cored")
