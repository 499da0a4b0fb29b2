"""κ_co and the virial ratio on systems with known answers."""

import dataclasses
import warnings

import numpy as np
import pytest
from analytic import plummer_galaxy

from stargas.errors import VirialWarning
from stargas.galaxy import Galaxy, MassProfile, Particles
from stargas.kinematics import MIN_SHELL_STARS, anisotropy, kappa_co, virial_ratio, warn_if_not_virial


def cold_disc(v_kms=100.0, sign=1.0):
    phi = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    position = 3.0 * np.column_stack([np.cos(phi), np.sin(phi), 0 * phi])
    velocity = sign * v_kms * np.column_stack([-np.sin(phi), np.cos(phi), 0 * phi])
    return Galaxy("disc", Particles(np.ones(500), position, velocity))


def test_kappa_of_an_isotropic_sphere_is_a_sixth():
    assert kappa_co(plummer_galaxy(200_000)) == pytest.approx(1 / 6, abs=0.003)


def test_kappa_of_a_cold_disc_is_one_and_of_its_mirror_zero():
    assert kappa_co(cold_disc()) == pytest.approx(1.0)
    assert kappa_co(cold_disc(sign=-1.0)) == 0.0


def test_kappa_grows_with_rotation_as_derived():
    # ½[V² + σ²-half-normal terms]: κ = .5 at V/σ = 1.06 for an isotropic σ and one V.
    rng = np.random.default_rng(1)
    disc = cold_disc().stars
    position = np.tile(disc.position_kpc, (400, 1))
    rotation = np.tile(disc.velocity_kms, (400, 1)) / 100 * 1.06
    velocity = rotation + rng.normal(0, 1, position.shape)
    assert kappa_co(Galaxy("warm", Particles(np.ones(len(position)), position, velocity))) == pytest.approx(
        0.5, abs=0.01
    )


def test_stars_beyond_30_kpc_do_not_count():
    galaxy = cold_disc()
    far = Particles(
        np.append(galaxy.stars.mass_msun, 1e6),
        np.vstack([galaxy.stars.position_kpc, [[40.0, 0, 0]]]),
        np.vstack([galaxy.stars.velocity_kms, [[500.0, 0, 0]]]),
    )
    assert kappa_co(Galaxy("far", far)) == pytest.approx(1.0)


def with_velocities(radial, tangential, n=100_000):
    """A shell of stars at 1 to 2 kpc with Gaussian velocities of these dispersions along and across the radius."""
    rng = np.random.default_rng(0)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    own = rng.normal(0, tangential, (n, 3))
    across = own - np.sum(own * direction, axis=1)[:, None] * direction
    velocity = rng.normal(0, radial, n)[:, None] * direction + across
    return Galaxy("shell", Particles(np.ones(n), rng.uniform(1, 2, n)[:, None] * direction, velocity))


@pytest.mark.parametrize(("radial", "tangential"), [(10.0, 10.0), (10.0, 5.0), (5.0, 10.0), (10.0, 0.0)])
def test_anisotropy_is_that_of_the_dispersions(radial, tangential):
    expected = (radial**2 - tangential**2) / (radial**2 + tangential**2)
    assert anisotropy(with_velocities(radial, tangential), 0.5, 2.5) == pytest.approx(expected, abs=0.01)


def test_anisotropy_counts_streaming_and_only_stars_of_the_shell():
    assert anisotropy(cold_disc(), 2.0, 4.0) == pytest.approx(-1.0)
    assert np.isnan(anisotropy(cold_disc(), 4.0, 8.0))
    few = with_velocities(10.0, 5.0, MIN_SHELL_STARS - 1)
    assert np.isnan(anisotropy(few, 0.5, 2.5))
    assert np.isfinite(anisotropy(with_velocities(10.0, 5.0, MIN_SHELL_STARS), 0.5, 2.5))


def test_virial_ratio_is_one_in_equilibrium_and_scales_with_mass():
    sphere = plummer_galaxy(20_000, dark_fraction=0.9)
    assert virial_ratio(sphere) == pytest.approx(1.0, abs=0.03)
    light = dataclasses.replace(sphere, dark=MassProfile(sphere.dark.r_kpc, sphere.dark.mass_msun / 100))
    assert virial_ratio(light) > 5


def test_the_virial_warning_speaks_only_where_it_must():
    sphere = plummer_galaxy(2_000, dark_fraction=0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_not_virial(sphere)
    with pytest.warns(VirialWarning, match="expected about 1"):
        warn_if_not_virial(dataclasses.replace(sphere, dark=None))
