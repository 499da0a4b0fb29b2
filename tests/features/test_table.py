import numpy as np
import pytest
from analytic import star_gas_galaxy
from sources_for_tests import TINY

from stargas.batch import Batch
from stargas.features.hi_features import HI_FEATURES
from stargas.features.star_features import STAR_FEATURES
from stargas.features.star_map_features import STAR_MAP_FEATURES
from stargas.features.table import FEATURES, SCALAR_FEATURES, known_groups
from stargas.sample import SCALARS, make_samples, without_tracer
from stargas.tracers import GAS, GAS_AND_R_HL, STARS, TRACER_SETS, TRACERS


@pytest.fixture(scope="module")
def samples():
    return make_samples(star_gas_galaxy(600, 2000), TINY)


def names(groups):
    return [name for group in groups for name in group.names]


def named(batch):
    return dict(zip(names(FEATURES), batch.measure(FEATURES).T, strict=True))


def test_no_two_features_share_a_name():
    assert len(set(names(FEATURES))) == len(names(FEATURES))


def test_scalars_are_those_of_samples_in_their_order():
    assert names(SCALAR_FEATURES) == [f"log_{name}" for name in SCALARS]
    assert names(FEATURES)[: len(SCALARS)] == names(SCALAR_FEATURES)
    assert all(group.kind == "scalar" for group in SCALAR_FEATURES)


def test_every_measured_feature_is_in_the_table():
    assert set(names(FEATURES)) > {*STAR_FEATURES, *STAR_MAP_FEATURES, *(f"HI_{name}" for name in HI_FEATURES)}


def test_values_against_what_they_are_measured_on(samples):
    batch = Batch.stack(samples)
    found = named(batch)
    assert 10 ** found["log_sigma_kms"] == pytest.approx(batch.column("sigma_kms"))
    assert 10 ** found["log_n_stars"] == pytest.approx(batch.column("n_stars"))
    assert found["velocity_error_over_sigma"].tolist() == [0.0] * len(batch)
    assert np.array_equal(found["axis_ratio_1.2"], batch.star_features[:, STAR_FEATURES.index("axis_ratio_1.2")])


@pytest.mark.parametrize("tracer", TRACERS)
def test_features_of_an_absent_tracer_are_unknown_and_no_others(samples, tracer):
    whole, without = named(Batch.stack(samples)), named(Batch.stack([without_tracer(s, tracer) for s in samples]))
    hidden = set(names(group for group in FEATURES if tracer in group.needs))
    assert hidden
    for name, values in without.items():
        if name in hidden:
            assert np.isnan(values).all(), name
        else:
            assert np.array_equal(values, whole[name], equal_nan=True), name


def test_groups_that_a_tracer_set_knows():
    for one in TRACER_SETS:
        assert all(one.knows(group.needs) for group in known_groups(FEATURES, one))
    assert "log_R_hl_kpc" in names(known_groups(FEATURES, GAS_AND_R_HL))
    assert "log_R_hl_kpc" not in names(known_groups(FEATURES, GAS))
    assert not any("gas" in group.needs for group in known_groups(FEATURES, STARS))
