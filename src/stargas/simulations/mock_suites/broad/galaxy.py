"""A galaxy of ``broad``: what is drawn, and how the ingredients become particles."""

from dataclasses import asdict, dataclass

import numpy as np

from stargas.constants import G
from stargas.frame import find_center, find_systemic_velocity, rotation_to_spin
from stargas.galaxy import FloatArray, Gas, MassProfile, Particles
from stargas.simulations.mock_suites.broad.gas import GasDrawn, draw_gas, make_broad_gas
from stargas.simulations.mock_suites.broad.halo import Halo, draw_halo, halo_radii
from stargas.simulations.mock_suites.broad.moments import draw_gaussian_stars
from stargas.simulations.mock_suites.broad.orbits import MixedOrbits, follow, mix
from stargas.simulations.mock_suites.broad.patterns import Patterns, draw_patterns
from stargas.simulations.mock_suites.broad.population import Population, draw_population
from stargas.simulations.mock_suites.broad.structure import (
    HALO_STEEPNESS,
    SpheroidComponent,
    Structure,
    components,
    draw_structure,
)
from stargas.simulations.mock_suites.broad.triaxial import (
    TriaxialPotential,
    axisymmetric_mass,
    ellipsoidal_moments,
    layered_mass,
)
from stargas.simulations.mock_suites.broad.unrest import BREATHING_CYCLES, Unrest, displaced_mass, draw_unrest
from stargas.simulations.mock_suites.population import name_galaxy
from stargas.simulations.mock_suites.potential import radial_nodes

N_ORBITS = (600, 2000)
"""Fewest and most orbits that are integrated."""

MIN_ORBITS_OF_A_PART = 120
"""Fewest orbits of a component."""

LASTING = frozenset({"breathing", "encounters"})
"""Ingredients in which stars are followed through time."""

SMALLEST_OFFSET = 0.02
"""Offset of the stars from their halo [R_e] above which it counts in the enclosed mass."""


@dataclass(frozen=True)
class BroadProperties:
    """One galaxy of ``broad`` as drawn.

    Parameters
    ----------
    id, host_id
        Names; satellites of one halo share ``host_id``.
    population, structure, halo, gas, patterns, unrest
        Its ingredients; ``gas`` is None where it has none.
    """

    id: str
    host_id: str
    population: Population
    structure: Structure
    halo: Halo
    gas: GasDrawn | None
    patterns: Patterns
    unrest: Unrest

    @property
    def n_stars(self) -> int:
        """Number of star particles."""
        return self.population.n_stars

    @property
    def log10_stellar_mass(self) -> float:
        """M* [log10 Msun]."""
        return self.population.log10_stellar_mass

    @property
    def log10_halo_mass(self) -> float:
        """M200 of the NFW halo [log10 Msun]."""
        return self.population.log10_halo_mass

    @property
    def concentration(self) -> float:
        """c200 of the NFW halo."""
        return self.population.concentration

    @property
    def spin(self) -> float:
        """Spin parameter of the halo."""
        return self.population.spin

    @property
    def virial_radius_kpc(self) -> float:
        """R200 of the NFW halo [kpc]."""
        return self.population.virial_radius_kpc

    @property
    def R_e_kpc(self) -> float:  # noqa: N802 (the field's own name)
        """Projected half-mass radius that the stars are scaled to [kpc]."""
        return self.population.R_e_kpc

    @property
    def is_satellite(self) -> bool:
        """Whether it orbits in the halo of another."""
        return self.population.is_satellite

    @property
    def disk_fraction(self) -> float:
        """Share of the stars in the disk."""
        return self.structure.disk_fraction

    @property
    def hi_mass_msun(self) -> float:
        """HI mass [Msun], 0 without gas."""
        return self.gas.hi_mass_msun if self.gas else 0.0

    @property
    def hi_radius_kpc(self) -> float:
        """R_HI [kpc], 0 without gas."""
        return self.gas.hi_radius_kpc if self.gas else 0.0

    @property
    def gas_noncircular(self) -> float:
        """Amplitude of non-circular gas motions over the circular velocity, 0 without gas."""
        return self.gas.gas_noncircular if self.gas else 0.0

    def scalars(self) -> dict[str, float]:
        """Finite numbers for the catalog."""
        spheroid = self.structure.spheroids[0] if self.structure.spheroids else None
        values = asdict(self.population) | {
            "stellar_mass_msun": self.population.stellar_mass_msun,
            "halo_mass_msun": self.population.halo_mass_msun,
            "virial_radius_kpc": self.population.virial_radius_kpc,
            "disk_fraction": self.disk_fraction,
            "hi_mass_msun": self.hi_mass_msun,
            "hi_radius_kpc": self.hi_radius_kpc,
            "gas_noncircular": self.gas_noncircular,
            "inner_exponent": self.halo.gamma,
            "turn_radius": self.halo.turn_radius,
            "tidal_radius": self.halo.tidal_radius,
            "anisotropy_center": spheroid.anisotropy_center if spheroid else 0.0,
            "anisotropy_radius": spheroid.anisotropy_radius if spheroid else np.inf,
            "halo_c_over_a": self.structure.halo_c_over_a,
            "gaussian": self.structure.gaussian,
            "breathing": self.unrest.breathing.strength,
            "encounter": self.unrest.encounter.strength,
        }
        measured = {"log10_stellar_mass", "log10_halo_mass", "n_stars", "n_gas"}
        return {name: float(v) for name, v in values.items() if np.isfinite(v) and name not in measured}


def draw_broad(name: str, without: frozenset[str], seed: int, index: int) -> BroadProperties:
    """Draw a galaxy; an ingredient that is switched off changes no other draw."""
    population = draw_population(seed, index)
    halo = draw_halo(population, without, seed, index)
    structure = draw_structure(population, without, seed, index)
    galaxy_id, host = name_galaxy(name, seed, index, population.is_satellite)
    # what is in no lasting equilibrium cannot be followed through time
    unrest = draw_unrest(population.is_satellite, without | LASTING if structure.gaussian else without, seed, index)
    return BroadProperties(
        id=galaxy_id,
        host_id=host,
        population=population,
        structure=structure,
        halo=halo,
        gas=draw_gas(population, halo.tidal_radius * population.R_e_kpc, without, seed, index),
        patterns=draw_patterns(structure.disk_fraction, without, seed, index),
        unrest=unrest,
    )


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """Stars before anything disturbs them.

    Parameters
    ----------
    stars
        Positions [kpc] and velocities [km/s], shape (n, 6).
    orbits
        The orbits that they are on, with the potential.
    radii_kpc, dark_msun
        Mass profile of the dark matter.
    """

    stars: FloatArray
    orbits: MixedOrbits
    radii_kpc: FloatArray
    dark_msun: FloatArray


def make_equilibrium(drawn: BroadProperties, n_stars: int, rng: np.random.Generator) -> Equilibrium:
    """Make the stars of a galaxy in equilibrium in its triaxial potential."""
    population, structure = drawn.population, drawn.structure
    parts = components(structure, population)

    def baryons(r_kpc: FloatArray) -> FloatArray:
        mass = np.sum([part.enclosed_mass(r_kpc) for part in parts], axis=0)
        result: FloatArray = mass + drawn.gas.enclosed_mass(r_kpc) if drawn.gas else mass
        return result

    radii = halo_radii(population)
    dark = drawn.halo.enclosed_mass(radii, population, baryons)
    dark = np.maximum.accumulate(np.maximum(dark, 1e-6 * dark[-1]))
    scale = 0.5 * population.R_e_kpc
    nodes = radial_nodes(scale)
    rest = layered_mass(
        np.concatenate([[0.0], MassProfile(radii, dark).enclosed_mass(nodes[1:])]),
        ellipsoidal_moments(structure.halo_b_over_a, structure.halo_c_over_a, HALO_STEEPNESS),
    )
    if drawn.gas:
        rest = rest + axisymmetric_mass(nodes, [drawn.gas.density])
    masses = [part.mass(nodes) for part in parts]
    guess = sum(masses[1:], start=masses[0])

    share = np.array([part.source.mass_msun for part in parts]) / population.stellar_mass_msun
    numbers = np.diff(np.round(np.concatenate([[0.0], np.cumsum(share)]) * n_stars).astype(int))
    first = TriaxialPotential.of(rest + guess, scale)
    if structure.gaussian:
        made = [
            draw_gaussian_stars(part.source, n, first, rng)
            for part, n in zip(parts, numbers, strict=True)
            if isinstance(part, SpheroidComponent)
        ]
        orbits = MixedOrbits(np.concatenate(made)[None], first, guess)
    else:
        n_orbits = np.maximum(np.round(share * np.clip(n_stars, *N_ORBITS)), MIN_ORBITS_OF_A_PART).astype(int)
        start = np.concatenate([part.draw_orbits(n, first, rng) for part, n in zip(parts, n_orbits, strict=True)])
        weights = np.repeat(share * population.stellar_mass_msun / n_orbits, n_orbits)
        n_times = int(np.ceil(n_stars / n_orbits.sum()))
        orbits = mix(start, weights, rest, scale, guess, n_times, rng)
        made = [
            _chosen(points.reshape(-1, 6), n, rng)
            for points, n in zip(np.split(orbits.points, np.cumsum(n_orbits)[:-1], axis=1), numbers, strict=True)
        ]
    for part, stars in zip(parts, made, strict=True):
        part.set_sense(stars, rng)
    return Equilibrium(np.concatenate(made), orbits, radii, dark)


def _chosen(points: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Choose stars among points on orbits, shape (n, 6); the potential has three planes of symmetry."""
    rounds, left = divmod(n, len(points))
    picked = np.concatenate([points] * rounds + [points[rng.permutation(len(points))[:left]]])
    signs = rng.choice([-1.0, 1.0], (n, 3))
    result: FloatArray = picked * np.concatenate([signs, signs], axis=1)
    return result


def make_broad(
    drawn: BroadProperties, stirring: float, star_rng: np.random.Generator, gas_rng: np.random.Generator
) -> tuple[Particles, Gas | None, MassProfile]:
    """Stars, gas and dark matter of a galaxy in its own frame."""
    R_e, unrest = drawn.population.R_e_kpc, drawn.unrest
    calm = make_equilibrium(drawn, drawn.n_stars, star_rng)
    stars, radii = calm.stars, calm.radii_kpc
    sigma = float(np.sqrt(np.mean(stars[:, 3:] ** 2)))
    changing = calm.dark_msun * unrest.breathing.share(radii / R_e)
    today = float(unrest.breathing.at(0.0))
    dark = np.maximum.accumulate(calm.dark_msun + today * changing)
    potential = _Today(calm.orbits.potential, radii, today * changing)
    _evolve(stars, calm, changing, drawn, sigma, star_rng)

    stars = drawn.patterns.impress(stars, potential, R_e)
    unrest.tails.tear(stars, R_e, sigma, star_rng)
    unrest.displace(stars, R_e, sigma, star_rng)
    gas = make_broad_gas(drawn.gas, potential, stirring, gas_rng) if drawn.gas else None

    mass = np.full(len(stars), drawn.population.stellar_mass_msun / len(stars))
    particles = Particles(mass, stars[:, :3], stars[:, 3:])
    center = find_center(particles)
    systemic = find_systemic_velocity(particles, center)
    turn = rotation_to_spin(Particles(mass, stars[:, :3] - center, stars[:, 3:] - systemic))
    offset = float(np.linalg.norm(center))
    if unrest.offset and offset > SMALLEST_OFFSET * R_e:
        dark = displaced_mass(radii, dark, offset)
    moved_stars = Particles(mass, (stars[:, :3] - center) @ turn.T, (stars[:, 3:] - systemic) @ turn.T)
    profile = MassProfile(radii, np.maximum.accumulate(np.maximum(dark, 1e-9 * dark[-1])))
    if gas is None:
        return moved_stars, None, profile
    moved_gas = Gas(
        gas.mass_msun,
        (gas.position_kpc - center) @ turn.T,
        (gas.velocity_kms - systemic) @ turn.T,
        gas.hi_mass_msun,
        gas.temperature_K,
        gas.hsm_kpc,
    )
    return moved_stars, moved_gas, profile


def _evolve(
    stars: FloatArray,
    calm: Equilibrium,
    changing_msun: FloatArray,
    drawn: BroadProperties,
    sigma_kms: float,
    rng: np.random.Generator,
) -> None:
    """Follow stars through the last cycles of a breathing center, or since an encounter, in place."""
    R_e, potential = drawn.population.R_e_kpc, calm.orbits.potential
    circle = 2 * np.pi * R_e / float(potential.v_c_kms(R_e))
    breathing, encounter = drawn.unrest.breathing, drawn.unrest.encounter
    nodes = potential.r_kpc
    extra = np.zeros_like(nodes)
    extra[1:] = G * np.interp(nodes[1:], calm.radii_kpc, changing_msun) / nodes[1:] ** 2
    extra[0] = extra[1]
    if breathing.strength:
        period = breathing.period * circle
        follow(stars, potential, BREATHING_CYCLES * period, extra, lambda time: breathing.at(time / period))
    if encounter.strength:
        encounter.kick(stars, R_e, sigma_kms, rng)
        follow(stars, potential, encounter.time * circle, extra, lambda time: breathing.at(0.0) + 0 * time)


@dataclass(frozen=True, eq=False)
class _Today:
    """Rotation in a potential whose spherical mass has changed."""

    mean: TriaxialPotential
    radii_kpc: FloatArray
    extra_msun: FloatArray

    def v_c_kms(self, R_kpc: FloatArray) -> FloatArray:
        """Circular velocity [km/s]."""
        extra = G * np.interp(R_kpc, self.radii_kpc, self.extra_msun) / R_kpc
        return np.sqrt(np.maximum(self.mean.v_c_kms(R_kpc) ** 2 + extra, 0.0))

    def vertical_frequency(self, R_kpc: FloatArray) -> FloatArray:
        """Frequency of small vertical oscillations [km/s/kpc]."""
        extra = G * np.interp(R_kpc, self.radii_kpc, self.extra_msun) / R_kpc**3
        return np.sqrt(np.maximum(self.mean.vertical_frequency(R_kpc) ** 2 + extra, 1e-12))
