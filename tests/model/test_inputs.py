from dataclasses import replace

import numpy as np
import pytest
import torch
from toy import N_PIXELS, standardized, toy_dataset

from stargas.batch import Batch
from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.features.hi_features import HI_FEATURES
from stargas.features.star_features import STAR_FEATURES
from stargas.model.flow import MassFlow
from stargas.model.inputs import (
    KNOWN_IN_SET,
    MAX_DEVIATION,
    TRACER_SETS,
    batches_of,
    context_columns,
    flag_names,
    flags,
    map_channels,
    measure_numbers,
    measure_scaling,
    number_names,
    numbers_needed,
    prepare,
    require_tracers,
    scalar_columns,
    tracer_set_of,
    transform_maps,
    visible,
)
from stargas.model.posterior import Posterior, make_network
from stargas.sample import MAPS, QUALITY, SCALARS, TRACER_OF_MAP, TRACER_OF_SCALAR

ANY = ModelConfig(
    tracers="any",
    numbers=True,
    baseline="scalars",
    priors=("bursty", "smooth"),
    filters=(2, 4),
    dense=(16,),
    flow_transforms=2,
    flow_hidden=(16, 16),
)


@pytest.fixture(scope="module")
def data():
    return toy_dataset(20, no_gas=0.3)


@pytest.fixture(scope="module")
def scaling(data):
    return measure_scaling(data, ModelConfig())


@pytest.mark.parametrize(
    ("tracers", "maps", "scalars"),
    [
        ("star", ["xy", "Rv"], ["R_hl_kpc", "sigma_kms"]),
        ("gas", ["moment0", "moment1", "moment2"], ["R_HI_kpc", "v_cold_kms", "sigma_cold_kms"]),
        ("stargas", list(MAPS), list(SCALARS)),
    ],
)
def test_a_model_sees_its_tracers_as_in_the_paper(tracers, maps, scalars):
    config = ModelConfig(tracers=tracers)
    assert [MAPS[i] for i in map_channels(config)] == maps
    assert [SCALARS[i] for i in scalar_columns(config)] == scalars


def test_a_gas_model_is_told_the_size_of_the_stars_only_on_demand():
    told = scalar_columns(ModelConfig(tracers="gas", gas_knows_R_hl=True))
    assert SCALARS.index("R_hl_kpc") in told
    assert SCALARS.index("sigma_kms") not in told


def test_transform_follows_its_formula_and_keeps_zero():
    maps = np.zeros((2, 5, 4, 4), np.float32)
    maps[0] = np.array([4.0, 9.0, 99.0, -20.0, 20.0])[:, None, None]
    maps[1, :3] = -1.0  # noise can push a density below zero
    seen = transform_maps(maps)
    expected = [2.0, 3.0, 2.0, np.arcsinh(-2.0), np.arcsinh(2.0)]
    assert np.allclose(seen[0], np.array(expected)[:, None, None], rtol=1e-6)
    assert not seen[1].any()


def test_inputs_have_order_one_over_the_training_set(data, scaling):
    inputs = prepare(data.batch(), scaling, ModelConfig())
    present = data.batch().tracers[:, 1]
    assert inputs.maps.shape == (len(data), 5, 16, 16)
    rms = inputs.maps.float()[present].square().mean(dim=(0, 2, 3)).sqrt()
    assert np.allclose(rms, 1, atol=0.02)
    assert np.allclose(inputs.numbers[present].mean(dim=0), 0, atol=0.3)
    assert np.allclose(inputs.numbers[:, :2].std(dim=0), 1, atol=0.01)


def test_absent_gas_is_zero_whatever_its_arrays_hold(data):
    batch = data.batch()
    absent = ~batch.tracers[:, 1]
    assert absent.any()
    config = ModelConfig(tracers="gas")
    ruined = batch.maps.copy()
    ruined[absent] = np.nan
    for maps in (batch.maps, ruined):
        inputs = prepare(replace(batch, maps=maps), measure_scaling(data, config), config)
        assert not inputs.numbers[absent].any()
        assert not inputs.maps[absent].any()
        assert inputs.maps[~absent].any()


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_a_scalar_that_cannot_be_is_refused(data, scaling, value):
    scalars = data.batch().scalars.copy()
    scalars[3, 1] = value
    broken = replace(data.batch(), scalars=scalars)
    with pytest.raises(InputError, match="sigma_kms of sample 3"):
        prepare(broken, scaling, ModelConfig())
    gas = ModelConfig(tracers="gas")
    prepare(broken, measure_scaling(data, gas), gas)  # does not look at it


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_map_that_is_not_finite_is_refused(data, scaling, value):
    maps = data.batch().maps.copy()
    maps[0, 1, 2, 2] = value
    with pytest.raises(InputError, match="not finite"):
        prepare(replace(data.batch(), maps=maps), scaling, ModelConfig())


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


def in_case(sample, case):
    """The same galaxy with no more than the case knows; the arrays of what is hidden stay as they were."""
    known = KNOWN_IN_SET[case]
    scalars = sample.scalars.copy()
    if "R_hl" not in known:
        scalars[SCALARS.index("R_hl_kpc")] = 0.0
    return replace(sample, scalars=scalars, tracers=np.array(["stars" in known, "gas" in known]))


def emptied(sample):
    """The same with the arrays of absent tracers empty, as a sample without them has them."""
    stars, gas = sample.tracers
    return replace(
        sample,
        maps=np.where(sample.tracers[list(TRACER_OF_MAP), None, None], sample.maps, 0).astype(np.float32),
        scalars=np.where(sample.tracers[list(TRACER_OF_SCALAR)] | (np.arange(5) == 0), sample.scalars, 0),
        star_features=np.where(stars, sample.star_features, np.nan).astype(np.float32),
        quality=np.where([stars, stars, gas, gas], sample.quality, 0),
    )


def ruined(sample, tracer, value):
    """The same with other numbers in all that a tracer has."""
    number = ("stars", "gas").index(tracer)
    of_map = np.array(TRACER_OF_MAP) == number
    of_scalar = (np.array(TRACER_OF_SCALAR) == number) & (np.array(SCALARS) != "R_hl_kpc")
    of_quality = np.arange(len(QUALITY)) // 2 == number
    star_features = sample.star_features if number else np.full_like(sample.star_features, value)
    return replace(
        sample,
        maps=np.where(of_map[:, None, None], value, sample.maps).astype(np.float32),
        scalars=np.where(of_scalar, value, sample.scalars),
        quality=np.where(of_quality, value, sample.quality),
        star_features=star_features,
    )


def same_inputs(one, other):
    log_scalar = np.array_equal(one.log_scalar, other.log_scalar, equal_nan=True)
    return torch.equal(one.maps, other.maps), torch.equal(one.numbers, other.numbers), log_scalar


def any_model_of(config, data):
    """Untrained, but with all its parts in place."""
    scaling = measure_scaling(data, config)
    torch.manual_seed(0)
    network, flow = make_network(config, 10, N_PIXELS).eval(), MassFlow(config)
    with torch.no_grad():
        inputs = prepare(data.batch(), scaling, config)
        flow.set_features(network.features(inputs.maps, inputs.numbers))
        flow.set_whitening(standardized(scaling, inputs, data.batch().log10_mass))
        for parameter in flow.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return Posterior(config, network, flow, scaling, {"n_pixels": N_PIXELS})


FUSION = replace(ANY, design="fusion", filters=(2, 4), members=2)
DESIGNS = {"paper": ANY, "fusion": FUSION, "fusion without maps": replace(FUSION, filters=())}


@pytest.fixture(scope="module", params=DESIGNS)
def any_model(request, data):
    return any_model_of(DESIGNS[request.param], data)


@pytest.fixture(scope="module")
def whole(data):
    """A galaxy with both tracers."""
    return data[int(np.flatnonzero(data.batch().tracers[:, 1])[0])]


@pytest.mark.parametrize("value", [17.5, -4.0, 1e6])
@pytest.mark.parametrize("case", TRACER_SETS)
def test_no_case_sees_anything_of_what_is_hidden(any_model, whole, case, value):
    sample = in_case(whole, case)
    assert TRACER_SETS[tracer_set_of(Batch.stack([sample]))[0]] == case
    inputs = prepare(Batch.stack([sample]), any_model.scaling, any_model.config)
    draws = any_model.sample(sample, 20)
    assert np.isfinite(draws).all()
    assert np.array_equal(any_model.sample(emptied(sample), 20), draws)
    density = any_model.log_prob(sample, draws)
    for tracer in {"stars", "gas"} - KNOWN_IN_SET[case]:
        other = ruined(sample, tracer, value)
        changed = prepare(Batch.stack([other]), any_model.scaling, any_model.config)
        assert torch.equal(changed.maps, inputs.maps)
        assert torch.equal(changed.numbers, inputs.numbers)
        assert np.array_equal(any_model.sample(other, 20), draws)
        assert np.array_equal(any_model.log_prob(other, draws), density)


@pytest.mark.parametrize("case", TRACER_SETS)
def test_every_case_sees_all_that_it_knows(any_model, whole, case):
    """Negative control: what is known moves the draws."""
    sample = in_case(whole, case)
    draws = any_model.sample(sample, 20)
    for tracer in {"stars", "gas"} & KNOWN_IN_SET[case]:
        assert not np.array_equal(any_model.sample(ruined(sample, tracer, 17.5), 20), draws)
    larger = replace(sample, scalars=sample.scalars * np.array([1.5, 1, 1, 1, 1]))
    assert np.array_equal(any_model.sample(larger, 20), draws) is not ("R_hl" in KNOWN_IN_SET[case])


def test_cases_differ_for_one_galaxy(any_model, whole):
    draws = [any_model.sample(in_case(whole, case), 20) for case in TRACER_SETS]
    for i, one in enumerate(draws):
        assert not any(np.array_equal(one, other) for other in draws[:i])


@pytest.mark.parametrize("tracers", ["star", "gas", "any"])
def test_a_model_of_one_tracer_is_not_moved_by_the_other(data, whole, tracers):
    """All of it changes, and the galaxy still has it."""
    config = ModelConfig(tracers=tracers, numbers=True, baseline="scalars")
    scaling = measure_scaling(data, config)
    hidden = {"star": "gas", "gas": "stars", "any": "gas"}[tracers]
    one, other = (prepare(Batch.stack([s]), scaling, config) for s in (whole, ruined(whole, hidden, 17.5)))
    same = torch.equal(one.maps, other.maps) and torch.equal(one.numbers, other.numbers)
    same &= np.array_equal(*(scaling.baseline(i.tracer_set, i.log_scalar) for i in (one, other)))
    assert same is (tracers != "any")


@pytest.mark.parametrize("knows", [False, True])
def test_gas_depends_on_the_size_of_the_stars_only_if_told(data, whole, knows):
    config = ModelConfig(tracers="gas", numbers=True, baseline="scalars", gas_knows_R_hl=knows)
    scaling = measure_scaling(data, config)
    for sample in (whole, in_case(whole, "gas and R_hl")):  # with the stars or without
        larger = replace(sample, scalars=sample.scalars * np.array([2.0, 1, 1, 1, 1]))
        one, other = (prepare(Batch.stack([s]), scaling, config) for s in (sample, larger))
        assert torch.equal(one.numbers, other.numbers) is not knows
        baselines = [scaling.baseline(i.tracer_set, i.log_scalar) for i in (one, other)]
        assert np.array_equal(*baselines) is not knows


def test_names_of_the_numbers_are_those_of_the_columns(data):
    batch = data.batch()
    for config in (ANY, ModelConfig(numbers=True), ModelConfig(), ModelConfig(tracers="gas", numbers=True)):
        raw = measure_numbers(batch, config)
        inputs = prepare(batch, measure_scaling(data, config), config)
        assert raw.shape[1] == len(numbers_needed(config))
        assert inputs.numbers.shape[1] == len(number_names(config)) == visible(config).shape[1]
        assert len(set(number_names(config))) == len(number_names(config))
    columns = dict(zip(numbers_needed(ANY), measure_numbers(batch, ANY).T, strict=True))
    gas = batch.tracers[:, 1]
    assert np.array_equal(columns[STAR_FEATURES[3]], batch.star_features[:, 3], equal_nan=True)
    assert np.allclose(columns["n_stars"], np.log10(batch.quality[:, 0]))
    assert np.allclose(columns["velocity_error_kms"], batch.quality[:, 1] / batch.scalars[:, 1])
    assert np.allclose(columns["beam_fwhm_kpc"][gas], batch.quality[gas, 2] / batch.scalars[gas, 2])
    assert np.allclose(columns["noise_msun_pc2"][gas], np.log10(1 + batch.quality[gas, 3] / 0.1))
    assert np.isnan(columns[f"HI_{HI_FEATURES[0]}"][~gas]).all()
    assert np.isnan(columns["beam_fwhm_kpc"][~gas]).all()


def test_numbers_far_from_all_others_count_as_far_and_unknown_ones_as_usual(data):
    scaling, batch = measure_scaling(data, ANY), data.batch()
    strange = batch.star_features.copy()
    strange[0, :3] = 1e6, -1e6, np.nan
    numbers = prepare(replace(batch, star_features=strange), scaling, ANY).numbers.numpy()
    first = len(scalar_columns(ANY))
    assert numbers[0, first : first + 3].tolist() == [MAX_DEVIATION, -MAX_DEVIATION, 0.0]


def test_flags_say_what_is_known_and_which_prior_is_meant():
    assert flag_names(ANY) == ("stars", "gas", "R_hl", "prior bursty", "prior smooth")
    assert flag_names(ModelConfig(numbers=True)) == ()
    told = flags(ANY, np.arange(len(TRACER_SETS)), np.array([-1, 0, 1, 1]))
    known = [[name in KNOWN_IN_SET[case] for name in ("stars", "gas", "R_hl")] for case in TRACER_SETS]
    assert told[:, :3].tolist() == known
    assert told[:, 3:].tolist() == [[0, 0], [1, 0], [0, 1], [0, 1]]


def test_the_flow_is_told_quality_and_flags_beside_the_features(any_model, whole):
    names, told = number_names(ANY), context_columns(ANY)
    assert [names[i] for i in told] == [*QUALITY, *flag_names(ANY)]
    assert context_columns(ModelConfig()) == ()
    features = any_model.features(whole)
    assert features.shape == (1, len(any_model.flow.feature_mean))
    numbers = prepare(Batch.stack([whole]), any_model.scaling, ANY).numbers
    assert np.array_equal(features[:, -len(told) :], numbers[:, list(told)].numpy())


@pytest.mark.parametrize("case", TRACER_SETS)
def test_what_an_answer_rests_on_is_as_if_the_rest_were_not_observed(any_model, whole, case):
    draws = any_model.conditioned_on(case).sample(whole, 20)
    assert np.array_equal(draws, any_model.sample(in_case(whole, case), 20))
    assert np.array_equal(draws, any_model.sample(emptied(in_case(whole, case)), 20))
    assert np.array_equal(
        any_model.conditioned_on(case).conditioned_on(None).sample(whole, 20), any_model.sample(whole, 20)
    )


def test_cases_are_asked_only_of_a_model_of_any_tracers(any_model):
    with pytest.raises(InputError, match="cannot be conditioned on 'dust'; it can be conditioned on: stars, gas"):
        any_model.conditioned_on("dust")
    with pytest.raises(InputError, match="all that it was trained with"):
        replace(any_model, config=replace(any_model.config, tracers="star", priors=()), tracer_set="stars")


def test_only_a_galaxy_without_any_tracer_is_refused_by_a_model_of_any(whole):
    for case in TRACER_SETS:
        require_tracers(Batch.stack([in_case(whole, case)]), ANY, {"stars": 1.0, "gas": 1.0})
    nothing = replace(whole, tracers=np.array([False, False]))
    with pytest.raises(InputError, match="sample 8 has neither stars nor gas"):
        require_tracers(Batch.stack([whole, nothing]), ANY, {}, first=7)


def test_another_prior_is_another_answer_and_an_unknown_one_an_error(any_model, whole):
    told = [any_model.with_prior(prior).sample(whole, 20) for prior in (None, *ANY.priors)]
    assert np.array_equal(told[0], any_model.sample(whole, 20))
    assert not np.array_equal(told[0], told[1])
    assert not np.array_equal(told[1], told[2])
    assert np.array_equal(any_model.with_prior("smooth").with_prior(None).sample(whole, 20), told[0])
    with pytest.raises(InputError, match="no prior 'cored'; it has: bursty, smooth"):
        any_model.with_prior("cored")
