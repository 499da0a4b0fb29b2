import json
from dataclasses import replace

import numpy as np
import pytest
from toy import standardized, toy_dataset

from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.model.inputs import KNOWN_IN_SET, TRACER_SETS, measure_scaling, transform_maps
from stargas.model.scaling import Scaling, fit_baseline, mean_and_std
from stargas.sample import SCALARS, TRACER_OF_SCALAR, TRACERS

PAPER = ModelConfig()
SLOPES = np.array([1.0, 2.0, 0.3, -0.5, 0.1])


@pytest.fixture(scope="module")
def data():
    return toy_dataset(30, no_gas=0.3)


@pytest.fixture(scope="module")
def scaling(data):
    return measure_scaling(data, PAPER)


def test_scaling_is_mean_and_spread_of_what_is_present(data, scaling):
    batch = data.batch()
    assert np.allclose(scaling.mass_mean, batch.log10_mass.mean(axis=0))
    assert np.allclose(scaling.mass_std, batch.log10_mass.std(axis=0), rtol=1e-4)
    gas = batch.tracers[:, 1]
    assert not gas.all()
    assert np.allclose(scaling.number_mean[3], np.log10(batch.scalars[gas, 3]).mean())
    seen = transform_maps(batch.maps)
    assert np.allclose(scaling.map_rms[2], np.sqrt(np.mean(seen[gas, 2] ** 2)), rtol=1e-5)
    assert not np.allclose(scaling.map_rms[2], np.sqrt(np.mean(seen[:, 2] ** 2)), rtol=1e-2)


def test_a_plain_mean_is_one_case_without_slopes(scaling):
    """What is known of a galaxy does not change what the paper's model is relative to."""
    assert scaling.n_tracer_sets == 1
    assert not scaling.mass_slope.any()
    log_scalar = np.random.default_rng(0).normal(0, 1, (4, 5))
    assert np.allclose(scaling.baseline(np.arange(4), log_scalar), scaling.mass_mean)
    assert np.array_equal(scaling.spread(np.arange(4)), np.repeat(scaling.mass_std, 4, axis=0))


def test_scaling_survives_json(scaling):
    again = Scaling.from_dict(json.loads(json.dumps(scaling.to_dict())))
    for name, values in scaling.to_dict().items():
        assert np.array_equal(getattr(again, name), values)


def test_a_tracer_that_nothing_has_keeps_its_units():
    scaling = measure_scaling(toy_dataset(5, no_gas=1.1), PAPER)
    assert np.array_equal(scaling.map_rms[2:], np.ones(3))
    assert np.array_equal(scaling.number_std[2:], np.ones(3))


def test_bad_scalings_are_refused(data, scaling):
    with pytest.raises(InputError, match="empty"):
        measure_scaling(data.where(np.zeros(len(data), bool)), PAPER)
    with pytest.raises(InputError, match="entries"):
        Scaling.from_dict({"map_rms": [1.0]})
    for bad in ([[1.0, float("nan")]], [1.0]):
        with pytest.raises(InputError, match="mass_std"):
            Scaling.from_dict({**scaling.to_dict(), "mass_std": bad})


def linear_set(n=3000, noise=0.05, seed=0):
    """Masses that follow a known linear law of all five scalars, with noise."""
    rng = np.random.default_rng(seed)
    log_scalar = rng.normal(1, 0.3, (n, 5))
    mass = 7 + (log_scalar @ SLOPES)[:, None] + np.linspace(0, 1, 10) + rng.normal(0, noise, (n, 10))
    return mass, log_scalar


def test_a_baseline_recovers_a_known_linear_law():
    mass, log_scalar = linear_set()
    mean, slope, std = fit_baseline(mass, log_scalar, np.ones(5, bool))
    assert np.allclose(slope, SLOPES[:, None], atol=0.015)
    assert np.allclose(mean, 7 + np.linspace(0, 1, 10), atol=0.03)
    assert np.allclose(std, 0.05, rtol=0.06)
    plain_mean, plain_slope, plain_std = fit_baseline(mass, log_scalar, None)
    assert np.allclose(plain_mean, mass.mean(axis=0))
    assert not plain_slope.any()
    assert np.allclose(plain_std, mass.std(axis=0))


def test_hidden_scalars_take_no_part():
    """Independent scalars: what is hidden adds to the spread and leaves the other slopes alone."""
    mass, log_scalar = linear_set()
    known = np.array([True, True, False, False, False])
    _, slope, std = fit_baseline(mass, log_scalar, known)
    assert not slope[2:].any()
    assert np.allclose(slope[:2], SLOPES[:2, None], atol=0.03)
    assert np.allclose(std, np.sqrt(0.05**2 + 0.3**2 * np.sum(SLOPES[2:] ** 2)), rtol=0.05)
    log_scalar[:, 2:] = np.nan
    assert np.array_equal(fit_baseline(mass, log_scalar, known)[1], slope)


def test_samples_without_a_scalar_do_not_count_and_too_few_with_it_make_a_mean():
    mass, log_scalar = linear_set()
    log_scalar[::4, 3], mass[::4] = np.nan, 0.0
    assert np.allclose(fit_baseline(mass, log_scalar, np.ones(5, bool))[1], SLOPES[:, None], atol=0.02)
    log_scalar[: len(mass) * 2 // 3, 3] = np.nan
    mean, slope, _ = fit_baseline(mass, log_scalar, np.ones(5, bool))
    assert not slope.any()
    assert np.allclose(mean, mass.mean(axis=0))


def known_scalars(case, tracers=TRACERS):
    return [
        ("R_hl" if name == "R_hl_kpc" else TRACERS[TRACER_OF_SCALAR[i]]) in KNOWN_IN_SET[case]
        and TRACERS[TRACER_OF_SCALAR[i]] in tracers
        for i, name in enumerate(SCALARS)
    ]


@pytest.mark.parametrize("case", TRACER_SETS)
def test_each_case_has_a_baseline_of_what_is_known_in_it(data, case):
    any_tracers = measure_scaling(data, ModelConfig(tracers="any", baseline="scalars"))
    assert any_tracers.n_tracer_sets == len(TRACER_SETS)
    used = any_tracers.mass_slope[TRACER_SETS.index(case)].any(axis=1)
    assert used.tolist() == known_scalars(case)


@pytest.mark.parametrize(
    ("config", "tracers"),
    [
        (ModelConfig(tracers="star", baseline="scalars"), ("stars",)),
        (ModelConfig(tracers="gas", baseline="scalars"), ("gas",)),
        (ModelConfig(tracers="gas", baseline="scalars", gas_knows_R_hl=True), ("gas", "R_hl")),
        (ModelConfig(tracers="stargas", baseline="scalars"), ("stars", "gas")),
    ],
)
def test_a_baseline_knows_no_scalar_that_the_model_does_not_see(data, config, tracers):
    slopes = measure_scaling(data, config).mass_slope.any(axis=2)
    for case, used in zip(TRACER_SETS, slopes, strict=True):
        expected = known_scalars(case, tracers)
        if "R_hl" in tracers:
            expected[0] = "R_hl" in KNOWN_IN_SET[case]
        assert used.tolist() == expected


def test_a_baseline_ignores_hidden_scalars_whatever_they_are(data):
    scaling = measure_scaling(data, ModelConfig(tracers="any", baseline="scalars"))
    log_scalar = np.random.default_rng(1).normal(0, 1, (1, 5))
    for number, case in enumerate(TRACER_SETS):
        expected = scaling.baseline(np.array([number]), log_scalar)
        for i, known in enumerate(known_scalars(case)):
            for value in (3.0, np.nan, np.inf, -np.inf):
                changed = log_scalar.copy()
                changed[0, i] = value
                same = np.array_equal(scaling.baseline(np.array([number]), changed), expected)
                assert same is not known


def test_standardized_masses_have_unit_spread_around_their_baseline(data):
    for config in (PAPER, ModelConfig(baseline="scalars"), ModelConfig(tracers="any", baseline="scalars")):
        scaling = measure_scaling(data, config)
        both = data.where(data.batch().tracers[:, 1])
        inputs = PreparedScalars(both)
        theta = standardized(scaling, inputs, both.batch().log10_mass).numpy()
        assert np.allclose(theta.std(axis=0), 1, atol=0.15 if config == PAPER else 1e-3)


class PreparedScalars:
    """What a baseline needs of inputs."""

    def __init__(self, data):
        self.tracer_set = np.full(len(data), TRACER_SETS.index("stars and gas"))
        self.log_scalar = np.log10(data.batch().scalars)


def test_mean_and_std_are_those_of_what_is_finite():
    values = np.array([[1.0, np.nan, 5.0, np.nan], [3.0, 4.0, 5.0, np.nan]])
    mean, std = mean_and_std(values)
    assert mean.tolist() == [2.0, 4.0, 5.0, 0.0]
    assert std.tolist() == [1.0, 1.0, 1.0, 1.0]


def test_the_scaling_of_numbers_does_not_see_absent_gas(data):
    config = ModelConfig(tracers="any", numbers=True)
    scaling = measure_scaling(data, config)
    shard = data.shards[0]
    absent = ~shard["tracers"][:, 1]
    ruined = {name: shard[name].copy() for name in ("maps", "quality")}
    ruined["maps"][absent, 2:], ruined["quality"][absent, 2:] = 7.0, 9.0
    changed = replace(data, shards=(type(shard)(shard.config, **{**shard.arrays, **ruined}),))
    for name, values in measure_scaling(changed, config).to_dict().items():
        assert np.array_equal(values, scaling.to_dict()[name]), name
