from dataclasses import replace

import numpy as np
import pytest

from stargas.config import ModelConfig
from stargas.model.scaling import Scaling
from stargas.errors import InputError
from stargas.model.inputs import batches_of, map_channels, prepare, scalar_columns, transform_maps
from stargas.sample import MAPS, SCALARS
from toy import toy_dataset


@pytest.fixture(scope="module")
def data():
    return toy_dataset(20, no_gas=0.3)


@pytest.fixture(scope="module")
def scaling(data):
    return Scaling.measure(data, transform_maps)


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
    assert np.allclose(inputs.scalars[present].mean(dim=0), 0, atol=0.3)
    assert np.allclose(inputs.scalars[:, :2].std(dim=0), 1, atol=0.01)


def test_absent_gas_is_zero_whatever_its_arrays_hold(data, scaling):
    batch = data.batch()
    absent = ~batch.tracers[:, 1]
    assert absent.any()
    assert not prepare(batch, scaling, ModelConfig(tracers="gas")).scalars[absent].any()


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_a_scalar_that_cannot_be_is_refused(data, scaling, value):
    scalars = data.batch().scalars.copy()
    scalars[3, 1] = value
    broken = replace(data.batch(), scalars=scalars)
    with pytest.raises(InputError, match="sigma_kms of sample 3"):
        prepare(broken, scaling, ModelConfig())
    prepare(broken, scaling, ModelConfig(tracers="gas"))  # does not look at it


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
    assert np.array_equal(next(batches_of(listed[3], 9)).maps[0], listed[3].maps)
