import dataclasses
import math

import numpy as np
import pytest
from analytic import plummer_galaxy, star_gas_galaxy

from stargas.config import SelectionConfig
from stargas.simulations.description import describe_galaxy, log10_or_nan


def test_columns_of_a_galaxy_with_gas():
    galaxy = star_gas_galaxy(300, 200, galaxy_id="a", hi_mass_msun=1e9)
    found = describe_galaxy(galaxy, SelectionConfig())
    assert (found["galaxy_id"], found["host_id"]) == ("a", galaxy.host_id)
    assert 10 ** found["log10_hi_mass"] == pytest.approx(1e9)
    assert 10 ** found["log10_stellar_mass"] == pytest.approx(galaxy.stars.mass_msun.sum())
    assert (found["n_star_particles"], found["n_gas_particles"]) == (300, 200)
    assert found["cold_gas_set"] is describe_galaxy(galaxy, SelectionConfig())["cold_gas_set"]


def test_the_cold_gas_set_is_that_of_the_settings():
    galaxy = star_gas_galaxy(300, 200, hi_mass_msun=1e9)
    assert describe_galaxy(galaxy, SelectionConfig(min_log10_cold_gas_mass=8.9))["cold_gas_set"]
    assert not describe_galaxy(galaxy, SelectionConfig(min_log10_cold_gas_mass=9.1))["cold_gas_set"]


def test_a_galaxy_without_gas_has_no_hi_mass():
    found = describe_galaxy(plummer_galaxy(200), SelectionConfig())
    assert math.isnan(found["log10_hi_mass"])
    assert found["n_gas_particles"] == 0


def test_properties_and_provenance_of_the_source_follow():
    galaxy = dataclasses.replace(
        plummer_galaxy(200), properties={"spin": np.float32(0.5), "is_satellite": 1}, provenance={"hi_recipe": "all"}
    )
    found = describe_galaxy(galaxy, SelectionConfig())
    assert (found["spin"], found["is_satellite"], found["hi_recipe"]) == (0.5, True, "all")


def test_what_is_inside_of_an_isotropic_sphere():
    found = describe_galaxy(plummer_galaxy(20_000, dark_fraction=0.75), SelectionConfig())
    assert found["stellar_share"] == pytest.approx(0.25, abs=0.01)
    assert found["anisotropy_inside"] == pytest.approx(0, abs=0.03)
    assert found["anisotropy_outside"] == pytest.approx(0, abs=0.03)


def test_logarithms():
    assert log10_or_nan(1e7) == 7.0
    assert math.isnan(log10_or_nan(0.0))
