"""Galaxies with an analytic truth, made here so that no test rests on the code it tests."""

import numpy as np

from stargas.constants import G
from stargas.galaxy import Galaxy, Gas, MassProfile, Particles


def plummer_mass(r_kpc, mass_msun, scale_kpc):
    """Mass inside r of a Plummer sphere (Plummer 1911)."""
    return mass_msun * r_kpc**3 / (r_kpc**2 + scale_kpc**2) ** 1.5


def isotropic_directions(n, rng):
    cos_theta = rng.uniform(-1, 1, n)
    phi = rng.uniform(0, 2 * np.pi, n)
    sin_theta = np.sqrt(1 - cos_theta**2)
    return np.column_stack([sin_theta * np.cos(phi), sin_theta * np.sin(phi), cos_theta])


def plummer_stars(n, mass_msun, scale_kpc, rng, star_mass_msun=None):
    """Draw stars from the isotropic distribution function of a Plummer sphere (Aarseth, Hénon & Wielen 1974).

    The potential is that of ``mass_msun``; the stars weigh ``star_mass_msun`` together (all of it by default).
    """
    fraction = rng.uniform(0, 1, n)
    r = scale_kpc / np.sqrt(fraction ** (-2 / 3) - 1)
    speed = np.empty(n)
    todo = np.arange(n)
    while todo.size:
        q, g = rng.uniform(0, 1, todo.size), rng.uniform(0, 0.1, todo.size)
        good = g < q**2 * (1 - q**2) ** 3.5
        speed[todo[good]] = q[good]
        todo = todo[~good]
    escape = np.sqrt(2 * G * mass_msun) * (r**2 + scale_kpc**2) ** -0.25
    total = mass_msun if star_mass_msun is None else star_mass_msun
    return Particles(
        np.full(n, total / n),
        r[:, None] * isotropic_directions(n, rng),
        (speed * escape)[:, None] * isotropic_directions(n, rng),
    )


def plummer_galaxy(n=20_000, mass_msun=1e8, scale_kpc=0.5, seed=0, dark_fraction=0.0, galaxy_id="plummer"):
    """Isotropic Plummer sphere; a share of its mass may be a dark profile of the same shape."""
    rng = np.random.default_rng(seed)
    stars = plummer_stars(n, mass_msun, scale_kpc, rng, (1 - dark_fraction) * mass_msun)
    dark = None
    if dark_fraction:
        r = np.geomspace(scale_kpc * 1e-3, scale_kpc * 1e3, 400)
        dark = MassProfile(r, plummer_mass(r, dark_fraction * mass_msun, scale_kpc))
    return Galaxy(galaxy_id, stars, dark=dark)


def rotating_gas(
    n=20_000, hi_mass_msun=1e8, radius_kpc=3.0, v_rot_kms=60.0, height_kpc=0.05, temperature_K=8000.0, seed=0
):
    """Cold exponential HI disc turning counterclockwise at one speed."""
    rng = np.random.default_rng(seed)
    radius = rng.gamma(2.0, radius_kpc / 3, n)
    phi = rng.uniform(0, 2 * np.pi, n)
    position = np.column_stack([radius * np.cos(phi), radius * np.sin(phi), rng.normal(0, height_kpc, n)])
    velocity = v_rot_kms * np.column_stack([-np.sin(phi), np.cos(phi), np.zeros(n)])
    hi = np.full(n, hi_mass_msun / n)
    return Gas(hi * 1.33, position, velocity, hi, np.full(n, temperature_K), np.full(n, 0.1 * radius_kpc))


def star_gas_galaxy(n_stars=5_000, n_gas=5_000, seed=0, galaxy_id="mock", **gas):
    """Plummer stars in a dark halo with a rotating gas disc."""
    sphere = plummer_galaxy(n_stars, seed=seed, dark_fraction=0.9, mass_msun=1e9, scale_kpc=1.0)
    return Galaxy(galaxy_id, sphere.stars, rotating_gas(n_gas, seed=seed + 1, **gas), sphere.dark, suite="analytic")
