"""Stars of a galaxy of ``broad``: spheroids and disks, their shapes and their orbits.

A galaxy is a spheroid, two spheroids of different size and orbits, or a disk with a bulge or a round halo of stars.
None of it depends on the stellar mass but for the share of disks, which rises gently.

Spheroids start from the distribution functions of `stargas.simulations.mock_suites.spheroid` in the spherical part of
the potential. Positions and velocities are then squeezed along two axes, which makes a distribution of orbits whose
shape outlives mixing. The sense in which a star goes around may be reversed in a potential with three planes of
symmetry without changing the density: rotation and counter-rotation come from that.
"""

from dataclasses import dataclass, replace

import numpy as np

from stargas.galaxy import FloatArray
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.broad.population import Population
from stargas.simulations.mock_suites.broad.triaxial import (
    Mass,
    TriaxialPotential,
    axisymmetric_mass,
    ellipsoidal_moments,
    layered_mass,
)
from stargas.simulations.mock_suites.disk import Disk
from stargas.simulations.mock_suites.spheroid import Spheroid
from stargas.simulations.mock_suites.stars import sersic_half_mass_radius

DISK_SHARE = (0.35, 0.7)
"""Fraction of galaxies with a disk at the lowest and the highest stellar mass."""

TWO_POPULATIONS_SHARE = 0.35
"""Fraction of the spheroids that consist of two populations."""

SERSIC_INDEX = (0.5, 4.0)
"""Sérsic indices of spheroids and bulges, drawn evenly in the logarithm."""

B_OVER_A, C_OVER_A = (0.6, 1.0), (0.3, 1.0)
"""Axis ratios to which spheroids are squeezed; c/a is never above b/a."""

ROUND_SHARE, ROUND = 0.5, 0.9
"""Fraction of the spheroids that are nearly round, with both axis ratios above this; half of them are spheres."""

OBLATE_SHARE = 0.4
"""Fraction of the others that are round in the plane."""

HALO_ROUNDNESS = (0.0, 0.9)
"""By how much of the way from the shape of the stars to a sphere the halo is rounder."""

HALO_STEEPNESS, STEEPNESS_OF_STARS = 2.3, 3.0
"""-d ln ρ/d ln r that relate the axis ratios of the halo, and of stars before they have mixed, to multipoles."""

ANISOTROPY = (-0.6, 0.6)
"""Constant anisotropy β, or that of the center where it rises outward."""

ANISOTROPY_RADIUS = (0.2, 3.0)
"""Radius beyond which orbits are radial (Osipkov 1979; Cuddeford 1991) [R_e], drawn evenly in the logarithm."""

RADIAL_SHARE = 0.6
"""Fraction of the spheroids whose orbits become radial outward."""

ROTATION = (-1.0, 1.0)
"""Net share of stars that go around with the disk or, without one, about the short axis."""

ROTATING_SHARE = 0.5
"""Fraction of the spheroids that rotate."""

DISK_HEIGHT = (0.05, 0.4)
"""Height z0 of the layer sech²(z/z0) over the scale length, drawn evenly in the logarithm."""

DISK_FLARE = (0.0, 0.5)
"""Growth d ln z0/d(R/R_d) of the height outward."""

DISK_HEAT = (0.15, 0.6)
"""Radial velocity dispersion over circular velocity at two scale lengths."""

BULGE_FRACTION = (0.0, 0.6)
"""Share of the spheroid in a galaxy with a disk."""

BULGE_SIZE = (0.1, 2.0)
"""Its size over that of the disk, drawn evenly in the logarithm: from a bulge to a halo of stars."""

GAUSSIAN_SHARE = 0.3
"""Fraction of the galaxies without a disk that are spheres with Gaussian velocities, which obey the Jeans equation and
no distribution function."""

COUNTER_ROTATING_SHARE = 0.12
"""Fraction of the disks in which up to half of the stars go around the wrong way."""


@dataclass(frozen=True)
class SpheroidPart:
    """One spheroid.

    Parameters
    ----------
    share
        Of the stellar mass.
    size
        Half-mass radius over that of the first component.
    sersic_index
        Of its profile.
    anisotropy_center, anisotropy_radius
        β in the center, and the radius [own R_e] beyond which it rises to 1; infinite: constant.
    b_over_a, c_over_a
        Axis ratios to which it is squeezed.
    rotation
        Net share of the stars that go around in the positive sense, -1 to 1.
    """

    share: float
    size: float
    sersic_index: float
    anisotropy_center: float
    anisotropy_radius: float
    b_over_a: float
    c_over_a: float
    rotation: float


@dataclass(frozen=True)
class DiskPart:
    """The disk.

    Parameters
    ----------
    share
        Of the stellar mass.
    height
        Height z0 at two scale lengths over the scale length.
    flare
        Growth d ln z0/d(R/R_d) of the height.
    heat
        Radial velocity dispersion over circular velocity at two scale lengths.
    counter_rotation
        Share of its stars that go around the wrong way.
    """

    share: float
    height: float
    flare: float
    heat: float
    counter_rotation: float


@dataclass(frozen=True)
class Structure:
    """Stars of a galaxy.

    Parameters
    ----------
    spheroids
        One or two.
    disk
        None in a galaxy without.
    halo_b_over_a, halo_c_over_a
        Axis ratios of the dark halo.
    gaussian
        Whether it is a sphere with Gaussian velocities, see `~stargas.simulations.mock_suites.broad.moments`.
    """

    spheroids: tuple[SpheroidPart, ...]
    disk: DiskPart | None
    halo_b_over_a: float
    halo_c_over_a: float
    gaussian: bool = False

    @property
    def disk_fraction(self) -> float:
        """Share of the stars in the disk."""
        return self.disk.share if self.disk else 0.0


def draw_structure(population: Population, without: frozenset[str], seed: int, index: int) -> Structure:
    """Draw the structure of a galaxy's stars."""
    rng = rng_for(seed, "broad structure", index)
    bulged = rng.random() < 0.8
    bulge, size = rng.uniform(*BULGE_FRACTION), 10 ** rng.uniform(*np.log10(BULGE_SIZE))
    height, heat = (10 ** rng.uniform(*np.log10(bounds)) for bounds in (DISK_HEIGHT, DISK_HEAT))
    flare, wrong = rng.uniform(*DISK_FLARE), rng.uniform(0.05, 0.5)
    counter = rng.random() < COUNTER_ROTATING_SHARE and "counter_rotation" not in without
    disk_share = np.interp(population.log10_stellar_mass, [5.0, 10.5], DISK_SHARE)
    disky = rng.random() < disk_share and "discs" not in without
    two = rng.random() < TWO_POPULATIONS_SHARE and "two_populations" not in without
    second_share, second_size = rng.uniform(0.2, 0.7), 10 ** rng.uniform(0.1, 0.5)
    first, second = (_draw_spheroid(without, rng) for _ in range(2))
    roundness = rng.uniform(*HALO_ROUNDNESS)
    gaussian = rng.random() < GAUSSIAN_SHARE and not disky and "gaussian_velocities" not in without
    if gaussian:
        first, second = (replace(part, b_over_a=1.0, c_over_a=1.0) for part in (first, second))

    disk = None
    if disky:
        bulge = bulge if bulged else 0.0
        disk = DiskPart(1 - bulge, float(height), float(flare), float(heat), float(wrong) if counter else 0.0)
        spheroids: tuple[SpheroidPart, ...] = (replace(first, share=bulge, size=float(size)),) if bulge else ()
        # the halo alone is triaxial: stars of a disk go around in its plane
        shape = (np.sqrt(first.b_over_a), np.sqrt(first.c_over_a))
    else:
        spheroids = (first,)
        if two:
            spheroids = (
                replace(first, share=1 - second_share),
                replace(second, share=float(second_share), size=float(second_size)),
            )
        shape = (first.b_over_a, first.c_over_a)
    b, c = (axis + roundness * (1 - axis) for axis in shape)
    round_halo = "triaxiality" in without
    return Structure(spheroids, disk, 1.0 if round_halo else float(b), 1.0 if round_halo else float(c), bool(gaussian))


def _draw_spheroid(without: frozenset[str], rng: np.random.Generator) -> SpheroidPart:
    index = 10 ** rng.uniform(*np.log10(SERSIC_INDEX))
    beta, radius = rng.uniform(*ANISOTROPY), 10 ** rng.uniform(*np.log10(ANISOTROPY_RADIUS))
    rising, rotates = rng.random() < RADIAL_SHARE, rng.random() < ROTATING_SHARE
    nearly_round, oblate = rng.random(2) < (ROUND_SHARE, OBLATE_SHARE)
    b = rng.uniform(ROUND if nearly_round else B_OVER_A[0], 1.0)
    low = ROUND if nearly_round else C_OVER_A[0]
    c = low + (b - low) * rng.random()
    if nearly_round and rng.random() < 0.5:
        b = c = 1.0
    b = 1.0 if oblate and not nearly_round else b
    rotation = rng.uniform(*ROTATION)
    isotropic, spherical = "anisotropy" in without, "flattening" in without
    rising = rising and not isotropic and "radial_orbits" not in without
    return SpheroidPart(
        share=1.0,
        size=1.0,
        sersic_index=float(index),
        anisotropy_center=0.0 if isotropic else float(min(beta, 0.3) if rising else beta),
        anisotropy_radius=float(radius) if rising else float("inf"),
        b_over_a=1.0 if spherical or "triaxiality" in without else float(b),
        c_over_a=1.0 if spherical else float(c),
        rotation=float(rotation) if rotates and "rotation" not in without else 0.0,
    )


@dataclass(frozen=True)
class SpheroidComponent:
    """A spheroid with its size in kpc, ready to give orbits.

    Parameters
    ----------
    part
        What was drawn.
    source
        Its distribution function, of the sphere that is squeezed.
    """

    part: SpheroidPart
    source: Spheroid

    def enclosed_mass(self, r_kpc: FloatArray) -> FloatArray:
        """Mass [Msun] inside spheres, about what it will be when the orbits have mixed."""
        return self.source.enclosed_mass(r_kpc / np.cbrt(self.part.b_over_a * self.part.c_over_a))

    def mass(self, nodes_kpc: FloatArray) -> Mass:
        """Return the mass of the component with its multipoles, before its orbits have mixed."""
        enclosed = np.concatenate([[0.0], self.enclosed_mass(nodes_kpc[1:])])
        return layered_mass(enclosed, ellipsoidal_moments(self.part.b_over_a, self.part.c_over_a, STEEPNESS_OF_STARS))

    def draw_orbits(self, n: int, potential: TriaxialPotential, rng: np.random.Generator) -> FloatArray:
        """Positions [kpc] and velocities [km/s] in the approximate potential, shape (n, 6)."""
        axes = np.array([1.0, self.part.b_over_a, self.part.c_over_a])
        result: FloatArray = self.source.draw_orbits(n, potential, rng) * np.concatenate([axes, axes])
        return result

    def set_sense(self, stars: FloatArray, rng: np.random.Generator) -> None:
        """Choose the sense in which stars of shape (n, 6) go around, in place."""
        _set_sense(stars, 0.5 * (1 + self.part.rotation), rng)


@dataclass(frozen=True)
class DiskComponent:
    """A disk with its size in kpc; see `SpheroidComponent`."""

    part: DiskPart
    source: Disk

    def enclosed_mass(self, r_kpc: FloatArray) -> FloatArray:
        """Mass [Msun] inside spheres, of a thin disk."""
        return self.source.enclosed_mass(r_kpc)

    def mass(self, nodes_kpc: FloatArray) -> Mass:
        """Return the mass of the component with its multipoles, before its orbits have mixed."""
        return axisymmetric_mass(nodes_kpc, [self.source.density])

    def draw_orbits(self, n: int, potential: TriaxialPotential, rng: np.random.Generator) -> FloatArray:
        """Positions [kpc] and velocities [km/s] in the approximate potential, shape (n, 6)."""
        orbits = self.source.draw_orbits(n, potential, rng)
        R = np.hypot(orbits[:, 0], orbits[:, 1]) / self.source.scale_kpc
        orbits[:, 5] *= np.exp(self.part.flare * np.clip(R - 2, -2, 2))
        return orbits

    def set_sense(self, stars: FloatArray, rng: np.random.Generator) -> None:
        """Choose the sense in which stars of shape (n, 6) go around, in place."""
        _set_sense(stars, 1 - self.part.counter_rotation, rng)


Component = SpheroidComponent | DiskComponent


def _set_sense(stars: FloatArray, positive: float, rng: np.random.Generator) -> None:
    momentum = stars[:, 0] * stars[:, 4] - stars[:, 1] * stars[:, 3]
    sense = np.where(rng.random(len(stars)) < positive, 1.0, -1.0)
    stars[:, 3:] *= np.where(momentum * sense < 0, -1.0, 1.0)[:, None]


def components(structure: Structure, population: Population) -> list[Component]:
    """Give the components their sizes: together they have the half-mass radius of the galaxy."""
    mass = population.stellar_mass_msun
    parts: list[tuple[float, float, float | None]] = [(p.share, p.size, p.sersic_index) for p in structure.spheroids]
    if structure.disk:
        parts.append((structure.disk.share, 1.0, None))
    unit = population.R_e_kpc / sersic_half_mass_radius(parts)
    made: list[Component] = [
        SpheroidComponent(
            part,
            Spheroid(
                mass_msun=part.share * mass,
                # squeezing makes it smaller
                R_e_kpc=unit * part.size / np.cbrt(part.b_over_a * part.c_over_a),
                sersic_index=part.sersic_index,
                anisotropy_center=part.anisotropy_center,
                anisotropy_radius_kpc=part.anisotropy_radius * unit * part.size,
                axis_ratio=1.0,
                rotation=0.0,
            ),
        )
        for part in structure.spheroids
    ]
    if structure.disk:
        disk = structure.disk
        scale = unit / 1.678 / (1.03 + 0.5 * disk.heat**2)
        made.append(DiskComponent(disk, Disk(disk.share * mass, scale, disk.height * scale, disk.heat)))
    return made
