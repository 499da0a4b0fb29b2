"""Stars of a mock galaxy in equilibrium in its whole potential.

Orbits of spheroids and disks are drawn in the spherical or the mid-plane part of the potential and integrated in the
whole of it, each for the same number of its own periods. Stars are points on them at random times and azimuths, so
they are phase-mixed: by Jeans' theorem a stationary system in that potential.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc

from stargas.compiled import compiled
from stargas.galaxy import FloatArray, Particles
from stargas.simulations.mock_suites.disk import Disk
from stargas.simulations.mock_suites.hi_profile import HIProfile
from stargas.simulations.mock_suites.population import GalaxyProperties
from stargas.simulations.mock_suites.potential import Potential, pull
from stargas.simulations.mock_suites.spheroid import Spheroid, sersic_b

N_ORBITS = 4000
"""Most orbits; a galaxy with more stars has several on each."""

STEPS_PER_PERIOD = 44
"""Time steps per circular period at an orbit's energy."""

WARM_UP_STEPS, SAMPLED_STEPS = 260, 400
"""Steps before the first star is taken from an orbit, and steps over which they are taken."""

COS_60 = 0.5
"""Cosine of the median inclination of randomly turned galaxies, at which R_e is meant."""

_BLOCK = 64


@dataclass(frozen=True)
class StellarModel:
    """Components of a galaxy's stars.

    Parameters
    ----------
    spheroids, disks
        Components; their masses add up to M*.
    """

    spheroids: tuple[Spheroid, ...]
    disks: tuple[Disk, ...]

    @property
    def components(self) -> tuple[Spheroid | Disk, ...]:
        """All components."""
        return self.spheroids + self.disks

    def enclosed_mass(self, r_kpc: FloatArray) -> FloatArray:
        """Mass [Msun] inside r, with thin disks."""
        result: FloatArray = np.sum([part.enclosed_mass(r_kpc) for part in self.components], axis=0)
        return result


def stellar_model(properties: GalaxyProperties) -> StellarModel:
    """Divide a galaxy's stars into components that have its R_e together."""
    mass = properties.stellar_mass_msun
    # bulges of massive disks are small, spheroids of dwarfs as large as the disk
    relative = float(np.interp(properties.log10_stellar_mass, [8.5, 10.3], [1.0, 0.35]))
    spheroid = (1 - properties.disk_fraction) * mass
    parts: list[tuple[float, float, float | None]] = []
    second = properties.second_share
    if second > 0:
        ratio = np.sqrt(properties.second_size)
        parts += [((1 - second) * spheroid, relative / ratio, properties.sersic_index)]
        parts += [(second * spheroid, relative * ratio, properties.sersic_index)]
    else:
        parts += [(spheroid, relative, properties.sersic_index)]
    disk = properties.disk_fraction * mass
    thin = properties.thin_share
    parts += [(thin * disk, 1.05, None), ((1 - thin) * disk, 0.95, None)]
    # dwarfs have no thin disk to speak of: q0 is .3-.5 there and .2 in spirals
    flat = float(np.interp(properties.log10_stellar_mass, [8.5, 10.0], [0.75, 0.4]))
    thickness = (flat * properties.disk_thickness, properties.disk_thickness)
    # in the whole potential spheroids come out a tenth flatter
    ratios = [0.9 * properties.axis_ratio] * (len(parts) - 2) + [0.48 * z0 for z0 in thickness]
    unit = properties.R_e_kpc / sersic_half_mass_radius(parts) / _tilted_size(parts, ratios)

    spheroids = []
    for number, (part_mass, size, index) in enumerate(parts[:-2]):
        old = number > 0
        spheroids.append(
            Spheroid(
                mass_msun=part_mass,
                R_e_kpc=unit * size,
                sersic_index=index or 1.0,
                anisotropy_center=properties.anisotropy_center * (0.5 if old else 1.0),
                anisotropy_radius_kpc=properties.anisotropy_radius * unit * size,
                axis_ratio=min(properties.axis_ratio + (0.1 if old else 0.0), 1.2),
                rotation=properties.rotation * (0.3 if old else 1.0),
            )
        )
    disks = []
    heats = (0.5 * properties.disk_heat, properties.disk_heat)
    for (part_mass, size, _), height, heat in zip(parts[-2:], thickness, heats, strict=True):
        # epicycles widen a disk: a fit to drawn ones
        scale = unit * size / 1.678 / (1.03 + 0.5 * heat**2)
        disks.append(Disk(part_mass, scale, height * scale, heat))
    return StellarModel(
        tuple(part for part in spheroids if part.mass_msun > 0), tuple(part for part in disks if part.mass_msun > 0)
    )


def sersic_half_mass_radius(parts: list[tuple[float, float, float | None]]) -> float:
    """Projected half-mass radius of Sérsic profiles (disks: index None) of (mass, R_e, index)."""
    R = np.geomspace(0.05, 10, 240)
    total = np.zeros_like(R)
    for mass, size, index in parts:
        n = 1.0 if index is None else index
        total += mass * gammainc(2 * n, sersic_b(n) * (R / size) ** (1 / n))
    return float(np.interp(0.5, total / sum(mass for mass, _, _ in parts), R))


def _tilted_size(parts: list[tuple[float, float, float | None]], ratios: list[float]) -> float:
    """Half-mass radius at 60° over the one face-on of parts with these √(<z²>/<x²>), from their mean squares."""
    mass = np.array([part_mass for part_mass, _, _ in parts])
    shrunk = np.sqrt((1 + COS_60**2 + (1 - COS_60**2) * np.array(ratios) ** 2) / 2)
    return float(np.exp(np.sum(mass * np.log(shrunk)) / mass.sum()))


@dataclass(frozen=True)
class GasDisk:
    """Undisturbed gas of a galaxy as its potential knows it: the HI profile with helium, of axis ratio 0.1.

    Parameters
    ----------
    mass_msun
        Gas mass with helium [Msun], positive.
    hi_radius_kpc
        R_HI [kpc].
    profile
        Surface density of the HI.
    """

    mass_msun: float
    hi_radius_kpc: float
    profile: HIProfile

    @classmethod
    def of(cls, properties: GalaxyProperties) -> "GasDisk":
        """Gas disk of a galaxy that has HI."""
        radius = properties.hi_radius_kpc
        profile = HIProfile.fitting(properties.hi_mass_msun, radius, properties.hi_edge_scale)
        return cls(properties.gas_mass_msun, radius, profile)

    def density(self, R_kpc: FloatArray, z_kpc: FloatArray) -> FloatArray:
        """Density [Msun/kpc³] at cylindrical radius and height."""
        height = 0.1 * self.hi_radius_kpc
        edge = np.exp(-2 * np.abs(z_kpc) / height)
        # far beyond the edge the exponential would overflow
        surface = self.profile.surface_density(np.minimum(R_kpc / self.hi_radius_kpc, 20.0))
        unit = self.mass_msun / (np.pi * self.hi_radius_kpc**2 * self.profile.mean_density())
        result: FloatArray = unit * surface * 2 * edge / (1 + edge) ** 2 / height
        return result

    def enclosed_mass(self, r_kpc: FloatArray) -> FloatArray:
        """Mass [Msun] inside r of the thin disk."""
        x = np.linspace(0, 2.5, 200)
        weight = x * self.profile.surface_density(x)
        cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (weight[1:] + weight[:-1]))])
        result: FloatArray = self.mass_msun * np.interp(r_kpc / self.hi_radius_kpc, x, cumulative / cumulative[-1])
        return result


def draw_stars(
    model: StellarModel, potential: Potential, n_stars: int, rng: np.random.Generator, n_orbits: int = N_ORBITS
) -> Particles:
    """Draw stars in equilibrium.

    Parameters
    ----------
    model
        Components.
    potential
        Total potential.
    n_stars
        Stars to draw, of equal mass.
    rng
        Random generator.
    n_orbits
        Most orbits to integrate.

    Returns
    -------
    Particles
        In the frame of the potential.
    """
    masses = np.array([part.mass_msun for part in model.components])
    counts = _shares(n_stars, masses)
    orbits = [
        part.draw_orbits(int(np.ceil(count / np.ceil(n_stars / n_orbits))), potential, rng)
        for part, count in zip(model.components, counts, strict=True)
        if count
    ]
    counts = counts[counts > 0]
    per_orbit = int(np.ceil(n_stars / n_orbits))
    start = np.concatenate(orbits)
    points = phase_mix(start, potential, per_orbit, rng)
    bounds = np.cumsum([0] + [len(part) for part in orbits])
    chosen = []
    for first, last, count in zip(bounds[:-1], bounds[1:], counts, strict=True):
        # whole rounds over the orbits, then part of one, so that each orbit has the same number of stars but for one
        rounds, rest = divmod(int(count), last - first)
        index = first + np.arange(last - first)
        pick = [points[:rounds, index].reshape(-1, 6)]
        if rest:
            pick.append(points[rounds, rng.permutation(index)[:rest]])
        chosen += pick
    stars = np.concatenate(chosen)
    _turn(stars, rng.uniform(0, 4 * np.pi, len(stars)))
    mass = np.full(len(stars), masses.sum() / len(stars))
    return Particles(mass, stars[:, :3], stars[:, 3:])


def _shares(n: int, masses: FloatArray) -> np.ndarray:
    """Whole numbers in proportion to the masses that add up to n."""
    edges = np.round(np.concatenate([[0.0], np.cumsum(masses)]) / masses.sum() * n).astype(int)
    return np.diff(edges)


def phase_mix(start: FloatArray, potential: Potential, per_orbit: int, rng: np.random.Generator) -> FloatArray:
    """Integrate orbits and return points on them.

    Parameters
    ----------
    start
        Positions [kpc] and velocities [km/s], shape (n, 6).
    potential
        Total potential.
    per_orbit
        Points per orbit.
    rng
        Chooses the times.

    Returns
    -------
    numpy.ndarray
        Shape (per_orbit, n, 6).
    """
    r = np.linalg.norm(start[:, :3], axis=1)
    energy = 0.5 * np.sum(start[:, 3:] ** 2, axis=1) + potential.spherical_part(r)
    momentum = np.linalg.norm(np.cross(start[:, :3], start[:, 3:]), axis=1)
    node = potential.r_kpc[1:]
    speed2 = node * potential.coefficients[1, 0, 1:]
    periods = 2 * np.pi * node / np.sqrt(speed2)
    period = np.interp(energy, potential.spherical_part(node) + 0.5 * speed2, periods)
    # eccentric orbits pass a center where time runs faster
    inner = np.interp(momentum, node * np.sqrt(speed2), periods)
    haste = np.clip((inner / period) ** 0.65, 0.15, 1.0)
    dt = haste * period / STEPS_PER_PERIOD * rng.uniform(0.9, 1.1, len(start))
    times = WARM_UP_STEPS + (np.arange(per_orbit) + rng.uniform(size=per_orbit)) / per_orbit * SAMPLED_STEPS
    points = np.empty((per_orbit, len(start), 6))
    _integrate(potential.table, potential.scale_kpc, start.T.copy(), dt, times.astype(np.int64), points)
    return points


@compiled(fastmath=True, error_model="numpy")
def _integrate(
    table: FloatArray, scale: float, start: FloatArray, dt: FloatArray, times: np.ndarray, points: FloatArray
) -> None:
    """Leapfrog (drift, kick, drift) of all orbits in blocks, writing ``points`` after the steps in ``times``."""
    n = start.shape[1]
    for first in range(0, n, _BLOCK):
        last = min(first + _BLOCK, n)
        done = 0
        for k in range(len(times)):
            steps = times[k] - done
            done = times[k]
            for _ in range(steps):
                for i in range(first, last):
                    half = 0.5 * dt[i]
                    x = start[0, i] + half * start[3, i]
                    y = start[1, i] + half * start[4, i]
                    z = start[2, i] + half * start[5, i]
                    a, b = pull(table, scale, x, y, z)
                    start[3, i] -= dt[i] * a * x
                    start[4, i] -= dt[i] * a * y
                    start[5, i] -= dt[i] * b * z
                    start[0, i] = x + half * start[3, i]
                    start[1, i] = y + half * start[4, i]
                    start[2, i] = z + half * start[5, i]
            for i in range(first, last):
                for c in range(6):
                    points[k, i, c] = start[c, i]


@compiled(fastmath=True, error_model="numpy")
def _turn(stars: FloatArray, angle: FloatArray) -> None:
    """Turn each star around the axis, and to the other side of the plane where its angle is above 2π, in place."""
    for i in range(len(stars)):
        cos, sin = np.cos(angle[i]), np.sin(angle[i])
        side = 1.0 if angle[i] < 2 * np.pi else -1.0
        for first in (0, 3):
            x, y = stars[i, first], stars[i, first + 1]
            stars[i, first] = cos * x - sin * y
            stars[i, first + 1] = sin * x + cos * y
            stars[i, first + 2] *= side
