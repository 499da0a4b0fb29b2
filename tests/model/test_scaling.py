import json

import numpy as np
import pytest

from stargas.model.scaling import Scaling
from stargas.errors import InputError
from stargas.model.inputs import transform_maps
from toy import toy_dataset


@pytest.fixture(scope="module")
def data():
    return toy_dataset(30, no_gas=0.3)


@pytest.fixture(scope="module")
def scaling(data):
    return Scaling.measure(data, transform_maps)


def test_scaling_is_mean_and_spread_of_what_is_present(data, scaling):
    batch = data.batch()
    assert np.allclose(scaling.mass_mean, batch.log10_mass.mean(axis=0))
    assert np.allclose(scaling.mass_std, batch.log10_mass.std(axis=0), rtol=1e-4)
    gas = batch.tracers[:, 1]
    assert not gas.all()
    assert np.allclose(scaling.scalar_mean[3], np.log10(batch.scalars[gas, 3]).mean())
    seen = transform_maps(batch.maps)
    assert np.allclose(scaling.map_rms[2], np.sqrt(np.mean(seen[gas, 2] ** 2)), rtol=1e-5)
    assert not np.allclose(scaling.map_rms[2], np.sqrt(np.mean(seen[:, 2] ** 2)), rtol=1e-2)


def test_masses_come_back(data, scaling):
    mass = data.batch().log10_mass
    standardized = scaling.standardize_mass(mass)
    assert np.allclose(standardized.std(axis=0), 1, rtol=1e-4)
    assert np.allclose(scaling.restore_mass(standardized), mass, atol=1e-6)


def test_scaling_survives_json(scaling):
    again = Scaling.from_dict(json.loads(json.dumps(scaling.to_dict())))
    for name, values in scaling.to_dict().items():
        assert np.array_equal(getattr(again, name), values)


def test_a_tracer_that_nothing_has_keeps_its_units():
    scaling = Scaling.measure(toy_dataset(5, no_gas=1.1), transform_maps)
    assert np.array_equal(scaling.map_rms[2:], np.ones(3))
    assert np.array_equal(scaling.scalar_std[2:], np.ones(3))


def test_bad_scalings_are_refused(data, scaling):
    with pytest.raises(InputError, match="empty"):
        Scaling.measure(data.where(np.zeros(len(data), bool)), transform_maps)
    with pytest.raises(InputError, match="entries"):
        Scaling.from_dict({"map_rms": [1.0]})
    with pytest.raises(InputError, match="mass_std"):
        Scaling.from_dict({**scaling.to_dict(), "mass_std": [1.0, float("nan")]})
