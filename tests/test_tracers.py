import numpy as np
import pytest

from stargas.errors import InputError
from stargas.tracers import GAS, GAS_AND_R_HL, STARS, STARS_AND_GAS, TRACER_SETS, observed_sets, tracer_set


def test_sets_differ_and_are_found_by_name_and_place():
    assert len({one.known for one in TRACER_SETS}) == len(TRACER_SETS)
    for place, one in enumerate(TRACER_SETS):
        assert one.index == place
        assert tracer_set(one.name) == one
    with pytest.raises(InputError, match="no tracer set 'dust': give one of stars, gas, gas and R_hl, stars and gas"):
        tracer_set("dust")


def test_stars_bring_their_half_light_radius_and_gas_does_not():
    assert STARS.knows(["stars", "R_hl"])
    assert not STARS.knows(["gas"])
    assert not GAS.knows(["R_hl"])
    assert GAS_AND_R_HL.knows(["gas", "R_hl"])
    assert all(one.knows([]) for one in TRACER_SETS)


@pytest.mark.parametrize(
    ("hidden", "left"), [(["gas"], STARS), (["stars"], GAS_AND_R_HL), (["stars", "R_hl"], GAS), ([], STARS_AND_GAS)]
)
def test_what_is_left_when_something_is_hidden(hidden, left):
    assert STARS_AND_GAS.without(hidden) == left


@pytest.mark.parametrize("hidden", [["stars", "gas"], ["R_hl"]])
def test_nothing_of_use_left_is_refused(hidden):
    with pytest.raises(InputError, match="cannot be hidden: hide one of gas; R_hl and stars; stars"):
        STARS_AND_GAS.without(hidden)


def test_what_is_observed_follows_from_tracers_and_radius():
    tracers = [[True, True], [True, False], [False, True], [False, True]]
    assert observed_sets(tracers, [1.0, 1.0, 1.0, 0.0]).tolist() == [
        STARS_AND_GAS.index,
        STARS.index,
        GAS_AND_R_HL.index,
        GAS.index,
    ]
    assert observed_sets(np.zeros((0, 2)), []).shape == (0,)
