import numpy as np
import pytest
from samples_for_tests import hand_made, map_settings

from stargas.batch import Batch
from stargas.features.table import FEATURES, FeatureGroup
from stargas.sample import FIELDS, MAPS, QUALITY, SCALARS, make_samples
from stargas.tracers import GAS, GAS_AND_R_HL, STARS, STARS_AND_GAS, TRACER_SETS


@pytest.fixture(scope="module")
def samples():
    from analytic import star_gas_galaxy
    from sources_for_tests import TINY

    return make_samples(star_gas_galaxy(600, 400), TINY)


@pytest.fixture(scope="module")
def batch(samples):
    return Batch.stack(samples)


def test_it_holds_every_array_of_its_samples(samples, batch):
    assert len(batch) == len(samples)
    for declared in FIELDS:
        stacked = getattr(batch, declared.name)
        assert stacked.dtype == declared.batch_dtype
        for row, sample in zip(stacked, samples, strict=True):
            assert np.array_equal(row, getattr(sample, declared.name).astype(declared.batch_dtype), equal_nan=True)


def test_masses_of_observed_galaxies_are_not_a_number(samples):
    observed = hand_made(samples[0].config)
    log10_mass = Batch.stack([samples[0], observed]).log10_mass
    assert np.isfinite(log10_mass[0]).all()
    assert np.isnan(log10_mass[1]).all()


def test_taking_some_samples(batch):
    some = batch.take([2, 0, 2])
    assert np.array_equal(some.maps, batch.maps[[2, 0, 2]])
    assert np.array_equal(some.r_kpc, batch.r_kpc[[2, 0, 2]])
    assert len(batch.take([])) == 0


def test_columns_are_found_by_name(batch):
    for array, names in ((batch.maps, MAPS), (batch.scalars, SCALARS), (batch.quality, QUALITY)):
        for i, name in enumerate(names):
            assert np.array_equal(batch.column(name), array[:, i])
    assert batch.column("star_features") is batch.star_features
    with pytest.raises(KeyError):
        batch.column("colour")


def test_what_is_known_of_each_sample():
    config = map_settings(4)
    whole = hand_made(config, tracers=np.array([True, True]), scalars=np.ones(5))
    sized = hand_made(config, tracers=np.array([False, True]), scalars=[1, 0, 1, 1, 1])
    bare = hand_made(config, tracers=np.array([False, True]), scalars=[0, 0, 1, 1, 1])
    wrong = hand_made(config, tracers=np.array([True, False]))  # stars without the radius that they bring
    batch = Batch.stack([whole, sized, bare, wrong])
    assert batch.knows("stars").tolist() == [True, False, False, True]
    assert batch.knows("gas").tolist() == [True, True, True, False]
    assert batch.knows("stars", "gas").tolist() == [True, False, False, False]
    assert batch.knows().all()
    assert batch.knows("R_hl").tolist() == [True, True, False, True]
    assert [TRACER_SETS[i] for i in batch.tracer_sets] == [STARS_AND_GAS, GAS_AND_R_HL, GAS, STARS]


def test_a_feature_may_be_measured_on_a_feature(batch):
    double = FeatureGroup(("double",), ("stars",), ("sigma_kms",), lambda _, sigma: 2 * sigma[:, None])
    square = FeatureGroup(("square",), ("stars",), ("double",), lambda _, double: double[:, None] ** 2)
    found = batch.measure([double, square])
    assert found.tolist() == [[2 * s, 4 * s * s] for s in batch.column("sigma_kms")]


def test_no_features_are_an_empty_table(batch):
    assert batch.measure([]).shape == (len(batch), 0)
    assert batch.measure(FEATURES).shape == (len(batch), sum(len(group.names) for group in FEATURES))
