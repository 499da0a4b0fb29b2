"""Arrays of a sample are as they are declared, and others are refused."""

import numpy as np
import pytest
from analytic import star_gas_galaxy
from samples_for_tests import hand_made
from sources_for_tests import TINY

from stargas.errors import InputError
from stargas.sample import FIELDS, Sample, make_sample
from stargas.sky.projection import project
from stargas.sky.view import View


def test_declared_shapes_are_those_of_samples():
    sample = make_sample(project(star_gas_galaxy(), View(60.0)), np.random.default_rng(0), TINY)
    for declared in FIELDS:
        array = getattr(sample, declared.name)
        assert array.shape == declared.shape(TINY)
        assert array.dtype == declared.dtype
    assert [declared.name for declared in FIELDS] == [
        name for name in Sample.__dataclass_fields__ if name not in {"config", "row"}
    ]


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        ({"maps": np.zeros((5, 4, 3))}, r"maps of a sample must be float32 of shape \(5, 4, 4\), got float64 of shape"),
        ({"scalars": np.zeros(4)}, r"scalars of a sample must be float64 of shape \(5,\)"),
        ({"tracers": np.ones(2)}, "tracers of a sample must be bool"),
        ({"tracers": None}, "tracers of a sample must be bool"),
        ({"maps": np.zeros((5, 4, 4), object)}, "got object"),
        ({"r_kpc": np.ones(9)}, r"r_kpc of a sample must be float64 of shape \(10,\)"),
        ({"scalars": np.array([1, np.nan, 0, 0, 0])}, "scalars of a sample must be finite, got nan in sigma_kms"),
        ({"maps": np.full((5, 4, 4), np.inf)}, "maps of a sample must be finite, got inf in xy"),
        ({"log10_mass": np.full(10, np.nan)}, "log10_mass of a sample must be finite, got nan in entry 0"),
    ],
)
def test_arrays_that_are_not_as_declared_are_refused(array, sentence):
    hand_made()  # control: zeros everywhere will do
    with pytest.raises(InputError, match=sentence):
        hand_made(**array)


def test_arrays_take_their_declared_type_and_star_features_may_be_unknown():
    sample = hand_made(maps=np.zeros((5, 4, 4)), scalars=[1, 2, 0, 0, 0], star_features=np.full(66, np.nan))
    assert sample.maps.dtype == np.float32
    assert sample.scalars.tolist() == [1.0, 2.0, 0.0, 0.0, 0.0]
