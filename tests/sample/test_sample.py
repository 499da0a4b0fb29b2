"""A sample of which less is known."""

import numpy as np
import pytest
from analytic import star_gas_galaxy
from sources_for_tests import TINY

from stargas.galaxy import Galaxy
from stargas.sample import FIELDS, make_sample, without_tracer
from stargas.sky.projection import project
from stargas.sky.view import View
from stargas.tracers import TRACERS


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("tracer", TRACERS)
def test_without_a_tracer_nothing_of_it_is_left(tracer):
    galaxy = star_gas_galaxy(600, 400)
    whole = make_sample(project(galaxy, View(60.0)), rng(), TINY)
    without = without_tracer(whole, tracer)
    for declared in FIELDS:
        one, other = getattr(whole, declared.name), getattr(without, declared.name)
        for i, entry in enumerate(declared.entries):
            if tracer in entry.needs:
                assert not np.nan_to_num(other[i]).any(), entry.name
            else:
                assert np.array_equal(one[i], other[i], equal_nan=True), entry.name
    assert without.tracers.tolist() == [tracer != "stars", tracer != "gas"]
    assert without.scalars[0] == whole.scalars[0]  # the half-light radius is known without velocities
    assert np.array_equal(without.log10_mass, whole.log10_mass)
    assert whole.tracers.all()  # it is left as it was


def test_a_galaxy_seen_without_gas_is_one_that_has_none():
    """Hiding the gas of a galaxy leaves the arrays that its stars alone have."""
    galaxy = star_gas_galaxy(600, 400)
    bare = Galaxy(galaxy.id, galaxy.stars, None, galaxy.dark)
    seen = [make_sample(project(one, View(60.0)), rng(), TINY, np.arange(200)) for one in (galaxy, bare)]
    hidden = without_tracer(seen[0], "gas")
    for declared in FIELDS[:-1]:
        assert np.array_equal(getattr(hidden, declared.name), getattr(seen[1], declared.name), equal_nan=True)
