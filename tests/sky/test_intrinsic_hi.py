import dataclasses

import numpy as np
import pytest
from analytic import plummer_galaxy, rotating_gas, star_gas_galaxy
from sources_for_tests import TINY

from stargas.galaxy import Galaxy
from stargas.sample import make_samples
from stargas.sky.intrinsic_hi import intrinsic_hi

INTRINSIC = dataclasses.replace(TINY, gas=dataclasses.replace(TINY.gas, scalars="intrinsic"))


def turned_gas(tilt_deg, **options):
    """The analytic disc, tilted in the galaxy's frame."""
    gas = rotating_gas(**options)
    cos, sin = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    turn = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return dataclasses.replace(gas, position_kpc=gas.position_kpc @ turn.T, velocity_kms=gas.velocity_kms @ turn.T)


def test_intrinsic_scalars_are_those_of_the_disc_and_the_same_from_everywhere():
    stars = star_gas_galaxy(400).stars
    flat = Galaxy("flat", stars, rotating_gas(20_000, v_rot_kms=60.0))
    tilted = Galaxy("tilted", stars, turned_gas(50.0, n=20_000, v_rot_kms=60.0))
    R_HI, v_cold, sigma_cold = intrinsic_hi(flat)
    assert v_cold == pytest.approx(60.0, rel=1e-3)
    assert sigma_cold == pytest.approx(np.sqrt(1.380649e-23 * 8000 / 1.67262192e-27) / 1e3, rel=0.05)
    assert intrinsic_hi(tilted) == pytest.approx((R_HI, v_cold, sigma_cold), rel=1e-3)
    for sample in make_samples(flat, INTRINSIC):
        assert sample.scalars[2:] == pytest.approx((R_HI, v_cold, sigma_cold))
    observed = [sample.scalars[3] for sample in make_samples(flat, TINY)]
    assert max(observed) > 1.5 * min(observed)  # an observer sees v sin i


def test_intrinsic_scalars_of_no_gas_are_none():
    assert intrinsic_hi(plummer_galaxy(200)) is None
    assert make_samples(plummer_galaxy(200), INTRINSIC)[0].tracers.tolist() == [True, False]
