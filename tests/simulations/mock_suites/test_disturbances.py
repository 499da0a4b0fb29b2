"""Each disturbance is a motion: the velocity that it adds is the rate at which it moves the gas."""

import numpy as np
import pytest

from stargas.simulations.mock_suites.disturbances import (
    Bubble,
    DensityWave,
    Frequencies,
    blow_bubbles,
    density_waves,
    tilt_matrix,
    warp,
)
from stargas.simulations.mock_suites.turbulence import turbulent_flow


class SolidBody:
    """Homogeneous sphere: v_c = 20 R, all frequencies known."""

    def v_c_kms(self, R_kpc):
        return 20.0 * np.asarray(R_kpc)

    def vertical_frequency(self, R_kpc):
        return np.full(np.shape(R_kpc), 20.0)


class PointMass:
    def v_c_kms(self, R_kpc):
        return 100.0 / np.sqrt(R_kpc)

    def vertical_frequency(self, R_kpc):
        return 100.0 / np.asarray(R_kpc) ** 1.5


def plane_of_gas(n, rng, radius=5.0):
    R, phi = radius * np.sqrt(rng.uniform(size=n)), rng.uniform(0, 2 * np.pi, n)
    return np.column_stack([R * np.cos(phi), R * np.sin(phi), 0.05 * rng.normal(size=n)])


@pytest.mark.parametrize(("potential", "ratio"), [(SolidBody(), 2.0), (PointMass(), 1.0)])
def test_epicyclic_frequency_of_known_potentials(potential, ratio):
    table = Frequencies.of(potential, 10.0)
    np.testing.assert_allclose(table.epicyclic * table.R_kpc / table.v_c_kms, ratio, rtol=1e-3)
    radii = np.array([0.5, 2.0, 7.0])
    np.testing.assert_allclose(table.at(radii, table.v_c_kms), potential.v_c_kms(radii), rtol=2e-3)


@pytest.mark.parametrize("m", [0, 1, 2])
def test_density_wave_velocity_is_the_rate_of_its_displacement(m):
    rng = np.random.default_rng(0)
    R, phi = rng.uniform(1, 5, 400), rng.uniform(0, 2 * np.pi, 400)
    table = Frequencies.of(PointMass(), 20.0, n=800)
    speed = PointMass().v_c_kms(R)

    def moved(time):
        # an epicycle's phase runs with κ of its guiding center
        epicyclic = table.at(R, table.epicyclic)
        out = np.empty((4, len(R)))
        for i in range(len(R)):
            wave = DensityWave(m, 0.05, 0.4 + epicyclic[i] * time, 1.5)
            out[:, i] = [
                a[0] for a in density_waves(R[i : i + 1], phi[i : i + 1], speed[i : i + 1], [wave], table, 3.0)
            ]
        return out

    step = 1e-5
    (before, now, after) = (moved(t) for t in (-step, 0.0, step))
    rate = (after[0] - before[0]) / (2 * step)
    np.testing.assert_allclose(now[2], rate, rtol=1e-3, atol=1e-3)
    assert not np.allclose(1.1 * now[2], rate, rtol=1e-2, atol=1e-2)
    np.testing.assert_allclose(now[0] * now[3], R * speed, rtol=1e-12)
    # azimuth: φ advances by v_φ/R less the guiding center's turn, to first order in the amplitude
    drift = (after[1] - before[1]) / (2 * step)
    np.testing.assert_allclose(drift, now[3] / now[0] - speed / R, atol=0.02 * np.max(speed / R))


def test_epicycles_conserve_angular_momentum_and_gas():
    rng = np.random.default_rng(1)
    position = plane_of_gas(40_000, rng, radius=6.0)
    R, phi = np.hypot(position[:, 0], position[:, 1]), np.arctan2(position[:, 1], position[:, 0])
    table = Frequencies.of(SolidBody(), 12.0)
    waves = [DensityWave(1, 0.1, 0.3), DensityWave(2, 0.1, 1.3)]
    moved, *_ = density_waves(R, phi, 20 * R, waves, table, 4.0)
    inside, before = np.count_nonzero(moved < 3), np.count_nonzero(R < 3)
    assert inside == pytest.approx(before, rel=0.05)  # to second order in the amplitudes


def test_bubble_velocity_is_the_rate_of_its_growth():
    rng = np.random.default_rng(2)
    position = plane_of_gas(3000, rng)
    rest = np.zeros_like(position)
    speed, step = 20.0, 1e-6

    def blown(radius):
        return blow_bubbles(position, rest, [Bubble(np.array([0.5, -0.3]), radius, speed, 0.3)])

    before, _ = blown(1.0 - speed * step)
    now, velocity = blown(1.0)
    after, _ = blown(1.0 + speed * step)
    swept = np.linalg.norm(velocity, axis=1) > 0
    deep = swept & (np.linalg.norm(before - position, axis=1) > 0)
    rate = (after - before)[deep] / (2 * step)
    np.testing.assert_allclose(velocity[deep], rate, rtol=1e-3, atol=1e-3)
    assert not np.allclose(1.05 * velocity[deep], rate, rtol=1e-2)
    assert 50 < np.count_nonzero(swept) < 3000
    np.testing.assert_array_equal(now[~swept], position[~swept])


def test_bubble_leaves_a_hole_and_keeps_its_gas():
    rng = np.random.default_rng(3)
    position = plane_of_gas(20_000, rng)
    center = np.array([1.0, 1.0])
    now, velocity = blow_bubbles(position, np.zeros_like(position), [Bubble(center, 1.2, 15.0, 0.3)])
    before, after = (np.linalg.norm(p[:, :2] - center, axis=1) for p in (position, now))
    inside = 1.2**2 / 5**2 * 20_000
    assert np.count_nonzero(after < 1.21) == pytest.approx(np.count_nonzero(before < 1.2), rel=0.03)
    assert np.count_nonzero(after < 0.7 * 1.2) < 0.05 * inside
    shell = (after > 1.05) & (after < 1.2)
    density = np.count_nonzero(shell) / (1.2**2 - 1.05**2)
    assert density > 2 * 20_000 / 25
    assert np.linalg.norm(velocity[shell], axis=1).mean() == pytest.approx(0.7 * 15, rel=0.15)


def test_older_bubbles_come_first():
    young, old = Bubble(np.zeros(2), 0.2, 30.0, 0.3), Bubble(np.zeros(2), 1.0, 10.0, 0.3)
    assert old.age_gyr > young.age_gyr
    assert old.age_gyr == pytest.approx(0.0489, rel=0.01)
    position = plane_of_gas(200, np.random.default_rng(0), radius=2.0)
    results = [blow_bubbles(position, np.zeros_like(position), order)[0] for order in ([young, old], [old, young])]
    np.testing.assert_array_equal(*results)


def test_warp_turns_rings_rigidly():
    rng = np.random.default_rng(4)
    position = plane_of_gas(2000, rng, radius=8.0)
    velocity = 50 * np.column_stack([-position[:, 1], position[:, 0], 0 * position[:, 0]])
    velocity /= np.hypot(position[:, 0], position[:, 1])[:, None]
    new_position, new_velocity = warp(position, velocity, 0.3, 0.5, 1.0, 2.0, 4.0)
    for old, new in ((position, new_position), (velocity, new_velocity)):
        np.testing.assert_allclose(np.linalg.norm(new, axis=1), np.linalg.norm(old, axis=1), rtol=1e-12)
    dot = np.einsum("ij,ij->i", new_position, new_velocity)
    np.testing.assert_allclose(dot, np.einsum("ij,ij->i", position, velocity), atol=1e-9)
    inner = np.hypot(position[:, 0], position[:, 1]) < 2.0
    np.testing.assert_allclose(new_position[inner], position[inner], atol=1e-12)
    assert np.abs(new_position[~inner, 2]).max() > 1.0

    R = np.hypot(position[:, 0], position[:, 1])
    ring = np.abs(R - 4.0) < 0.05
    spin = np.cross(new_position[ring], new_velocity[ring]).mean(axis=0)
    assert np.arccos(spin[2] / np.linalg.norm(spin)) == pytest.approx(0.3, abs=0.02)


def test_tilt_matrix_is_a_rotation_about_its_node():
    matrix = tilt_matrix(0.4, 1.1)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0)
    node = np.array([np.cos(1.1), np.sin(1.1), 0.0])
    np.testing.assert_allclose(matrix @ node, node, atol=1e-12)
    assert (matrix @ [0, 0, 1])[2] == pytest.approx(np.cos(0.4))


def test_turbulence_has_unit_variance_and_is_smooth_on_small_scales():
    position = np.random.default_rng(5).uniform(-3, 3, (3000, 3))
    variance, near, far = [], [], []
    for seed in range(20):
        velocity, _ = turbulent_flow(position, (0.3, 3.0), np.random.default_rng(seed))
        close, _ = turbulent_flow(position + np.array([0.03, 0, 0]), (0.3, 3.0), np.random.default_rng(seed))
        variance.append(velocity.var())
        near.append(np.mean((velocity - close) ** 2))
        far.append(np.mean((velocity - np.roll(velocity, 1, axis=0)) ** 2))
    assert np.mean(variance) == pytest.approx(1.0, abs=0.1)
    assert np.mean(near) < 0.05 * np.mean(far)
    assert np.mean(far) == pytest.approx(2.0, rel=0.15)


def test_turbulence_is_mostly_free_of_divergence():
    position = np.random.default_rng(6).uniform(-3, 3, (500, 3))

    def gradient(seed):
        step = 1e-3
        columns = []
        for axis in np.eye(3):
            plus, _ = turbulent_flow(position + step * axis, (1.0, 3.0), np.random.default_rng(seed))
            minus, _ = turbulent_flow(position - step * axis, (1.0, 3.0), np.random.default_rng(seed))
            columns.append((plus - minus) / (2 * step))
        return np.stack(columns, axis=-1)

    divergence, curl = [], []
    for seed in range(8):
        g = gradient(seed)
        divergence.append(np.mean(np.trace(g, axis1=1, axis2=2) ** 2))
        rotation = [g[:, 2, 1] - g[:, 1, 2], g[:, 0, 2] - g[:, 2, 0], g[:, 1, 0] - g[:, 0, 1]]
        curl.append(3 * np.mean(np.square(rotation)))
    # a third of the energy along the waves: ∫|∇·v|² / ∫|∇×v|² = (1/3)/(2/3)
    assert np.mean(divergence) / np.mean(curl) == pytest.approx(0.5, rel=0.3)


def test_turbulent_displacement_is_where_the_compressive_waves_carry_the_gas():
    position = np.random.default_rng(7).uniform(-3, 3, (400, 3))
    velocity, displacement = turbulent_flow(position, (2.0, 2.0), np.random.default_rng(3), n_modes=1)
    # one wave: ξ is a quarter period out of phase, smaller by the wavenumber, along the compressive part
    direction = displacement[np.argmax(np.abs(displacement).sum(axis=1))]
    direction = direction / np.linalg.norm(direction)
    along = velocity @ direction
    shifted = displacement @ direction * (2 * np.pi / 2.0)
    np.testing.assert_allclose(along**2 + shifted**2, np.mean(along**2 + shifted**2), rtol=1e-3)
