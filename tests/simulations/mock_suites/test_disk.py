"""Exponential disks: their mass, and rotation that lags the circular velocity as their heat demands."""

import numpy as np
import pytest

from stargas.simulations.mock_suites.disk import Disk
from stargas.simulations.mock_suites.potential import Potential
from stargas.simulations.mock_suites.stars import StellarModel, draw_stars


def test_density_adds_up_to_the_mass():
    disk = Disk(1e9, 2.0, 0.5, 0.3)
    R, z = np.linspace(0, 40, 1500), np.linspace(-8, 8, 801)
    density = disk.density(R[:, None], z[None])
    mass = np.trapezoid(np.trapezoid(density, z, axis=1) * 2 * np.pi * R, R)
    assert mass == pytest.approx(1e9, rel=1e-3)
    assert disk.enclosed_mass(np.array([3.356])) == pytest.approx(5e8, rel=1e-3)  # 1.678 scale lengths


def test_disks_rotate_below_the_circular_velocity_the_hotter_the_more():
    halo = [lambda r: 1e10 * r**2 / (1 + r) ** 2]
    drift = []
    for heat in (0.15, 0.45):
        disk = Disk(1e6, 1.0, 0.15, heat)
        potential = Potential.of(halo, [], [disk.density], 0.5)
        stars = draw_stars(StellarModel((), (disk,)), potential, 20_000, np.random.default_rng(0))
        x, y, z = stars.position_kpc.T
        R = np.hypot(x, y)
        v_phi = (x * stars.velocity_kms[:, 1] - y * stars.velocity_kms[:, 0]) / R
        v_R = (x * stars.velocity_kms[:, 0] + y * stars.velocity_kms[:, 1]) / R
        ring = (R > 1.8) & (R < 2.2)
        v_c = float(potential.v_c_kms(np.array([2.0]))[0])
        assert v_R[ring].std() / v_c == pytest.approx(heat, rel=0.25)
        assert np.median(np.abs(z)) < 0.2
        # Binney & Tremaine (2008), Eq. 4.228 without the tilt term, dispersion falling as exp(-R/4)
        slope = -2 - 2 * 2 / 4
        ratio = v_phi[ring].std() / v_R[ring].std()
        expected = v_R[ring].var() / (2 * v_c) * (ratio**2 - 1 - slope)
        drift.append((v_c - v_phi[ring].mean()) / expected)
        assert np.percentile(v_phi[ring], 1) > 0
    assert drift == pytest.approx([1, 1], abs=0.4)
