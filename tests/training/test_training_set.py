from dataclasses import replace

import numpy as np
import pytest
from toy import toy_dataset
from trainings import TRAINING

from stargas.errors import InputError
from stargas.training.training_set import provenance, radii_R_hl, read_and_describe, training_splits


@pytest.fixture(scope="module")
def data():
    return toy_dataset()


def test_an_empty_split_is_named(data):
    nothing = data.where(np.asarray(data.catalogue["split"]) == "train")
    with pytest.raises(InputError, match=r"validation split with training\.cold_gas_only is empty"):
        training_splits([nothing], TRAINING)
    with pytest.raises(InputError, match="validation split is empty"):
        training_splits([nothing], replace(TRAINING, cold_gas_only=False))


def test_the_cold_gas_set_is_a_choice(data):
    other = toy_dataset(seed=8)
    every = training_splits([data, other], replace(TRAINING, cold_gas_only=False))
    assert [len(split) for split in every] == [
        len(data.split(name)) + len(other.split(name)) for name in ("train", "validation")
    ]
    cold = training_splits([data, other], TRAINING)
    for split in cold:
        assert np.asarray(split.catalogue["cold_gas_set"]).all()
    assert 0 < len(cold[0]) < len(every[0])


def test_the_test_split_is_never_among_them(data):
    for split in training_splits([data], TRAINING):
        assert "test" not in set(split.catalogue["split"])


def test_the_description_is_that_of_the_samples(data):
    described = read_and_describe(data)
    batch = data.batch()
    assert described["samples"] == len(data)
    assert described["galaxies"] == len(set(data.catalogue["galaxy_id"]))
    assert described["tracer_share"] == {"stars": 1.0, "gas": 1.0}
    assert described["ranges"]["sigma_kms"] == [batch.scalars[:, 1].min(), batch.scalars[:, 1].max()]
    assert np.allclose(described["log10_mass_ranges"], np.stack([batch.log10_mass.min(0), batch.log10_mass.max(0)], 1))
    assert np.allclose(radii_R_hl(data), np.linspace(0.6, 2.4, 10))


def test_zeros_of_absent_gas_are_in_no_range():
    described = read_and_describe(toy_dataset(no_gas=0.3))
    assert 0 < described["tracer_share"]["gas"] < 1
    assert described["ranges"]["R_HI_kpc"][0] > 0


def test_provenance_tells_data_sets_and_selections_apart(data):
    massive = data.where(data.batch().log10_mass[:, 0] > np.median(data.batch().log10_mass[:, 0]))
    assert provenance(data) == provenance(toy_dataset())
    assert provenance(data)["data_sets"][0]["source"]["name"] == "toy"
    assert provenance(massive)["samples_sha256"] != provenance(data)["samples_sha256"]
    assert provenance(toy_dataset(seed=9))["manifests_sha256"] != provenance(data)["manifests_sha256"]
