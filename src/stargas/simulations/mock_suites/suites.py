"""Mock suites: lists of galaxies that are made when they are asked for."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from stargas import __version__
from stargas.errors import InputError, did_you_mean
from stargas.frame import rotation_to_spin
from stargas.galaxy import FloatArray, Galaxy, MassProfile, Particles
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.broad.galaxy import BroadProperties, draw_broad, make_broad, make_equilibrium
from stargas.simulations.mock_suites.broad.triaxial import TriaxialPotential
from stargas.simulations.mock_suites.gas import make_gas
from stargas.simulations.mock_suites.halo import dark_halo
from stargas.simulations.mock_suites.physics import SUITES, BroadPhysics, SuitePhysics
from stargas.simulations.mock_suites.population import GalaxyProperties, draw_properties
from stargas.simulations.mock_suites.potential import DensityFunction, Potential
from stargas.simulations.mock_suites.stars import GasDisk, StellarModel, draw_stars, stellar_model

P = TypeVar("P", bound=Particles)

MEASURED = frozenset({"log10_stellar_mass", "log10_halo_mass", "n_stars", "n_gas"})
"""Properties that follow from a galaxy's particles or its other properties."""


@dataclass(frozen=True)
class MockSuite:
    """A suite of mock galaxies, a `stargas.simulations.source.Source`.

    Parameters
    ----------
    physics
        Numbers and switches.
    n_galaxies
        Length.
    seed
        Root seed: galaxy i depends on the physics, the seed and i alone.
    stirring
        Dial of the gas disturbances: 0 calm, 1 as the suite, 2 violent.
    """

    physics: SuitePhysics | BroadPhysics
    n_galaxies: int
    seed: int = 0
    stirring: float = 1.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.n_galaxies < 1:
            raise InputError(f"a mock suite needs at least 1 galaxy, got n_galaxies = {self.n_galaxies}.")
        if not 0 <= self.stirring <= 5:
            raise InputError(f"stirring must be between 0 (calm) and 5, got {self.stirring}.")
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more, got {self.seed}.")

    @property
    def name(self) -> str:
        """Name of the suite."""
        return self.physics.name

    def __len__(self) -> int:
        """Return the number of galaxies."""
        return self.n_galaxies

    def __getitem__(self, index: int) -> Galaxy:
        """Make one galaxy, in its own frame."""
        properties = self.properties(index)
        if isinstance(properties, BroadProperties):
            return self.broad_galaxy(properties, index)
        model = stellar_model(properties)
        potential, dark = galaxy_potential(properties, model)
        rng = rng_for(self.seed, "mock stars", self.name, self._checked(index))
        stars = draw_stars(model, potential, properties.n_stars, rng)
        if properties.is_merger:
            stars = with_companion(stars, properties, potential, rng_for(self.seed, "mock companions", index))
        rng = rng_for(self.seed, "mock gas", self.name, self._checked(index))
        gas = make_gas(properties, potential, properties.n_gas, self.stirring, rng)
        turn = rotation_to_spin(stars)
        return Galaxy(
            id=properties.id,
            stars=_turned(stars, turn),
            gas=None if gas is None else _turned(gas, turn),
            dark=dark,
            host_id=properties.host_id,
            suite=self.name,
            properties=_scalars(properties),
            provenance={"source": "mock suite"},
        )

    def broad_galaxy(self, properties: BroadProperties, index: int) -> Galaxy:
        """Make a galaxy of ``broad`` of these properties, with the random numbers of the one at ``index``."""
        star_rng, gas_rng = (rng_for(self.seed, f"broad {kind}", self._checked(index)) for kind in ("stars", "gas"))
        stars, gas, dark = make_broad(properties, self.stirring, star_rng, gas_rng)
        return Galaxy(
            id=properties.id,
            stars=stars,
            gas=gas,
            dark=dark,
            host_id=properties.host_id,
            suite=self.name,
            properties=properties.scalars(),
            provenance={"source": "mock suite"},
        )

    def galaxy_id(self, index: int) -> str:
        """Return the id of a galaxy without making it."""
        return f"{self.name}-{self.seed}-{self._checked(index):06d}"

    def properties(self, index: int) -> GalaxyProperties | BroadProperties:
        """Draw the properties of a galaxy without making its particles."""
        if isinstance(self.physics, BroadPhysics):
            return draw_broad(self.name, self.physics.without, self.seed, self._checked(index))
        return draw_properties(self.physics, self.seed, self._checked(index))

    def unstripped_hi_mass_msun(self, index: int) -> float:
        """Return the HI mass [Msun] that a galaxy would have if nothing had removed its gas."""
        index = self._checked(index)
        if isinstance(self.physics, BroadPhysics):
            return draw_broad(self.name, self.physics.without | {"gas_free", "tides"}, self.seed, index).hi_mass_msun
        physics = dataclasses.replace(self.physics, stripped_share=0.0)
        return draw_properties(physics, self.seed, index).hi_mass_msun

    def equilibrium(self, index: int, n_stars: int) -> tuple[Particles, Potential | TriaxialPotential]:
        """Make the stars of a galaxy before anything disturbs them, and the potential that they are in."""
        properties = self.properties(index)
        rng = rng_for(self.seed, "equilibrium", self.name, self._checked(index))
        if isinstance(properties, BroadProperties):
            calm = make_equilibrium(properties, n_stars, rng)
            mass = np.full(n_stars, properties.population.stellar_mass_msun / n_stars)
            return Particles(mass, calm.stars[:, :3], calm.stars[:, 3:]), calm.orbits.potential
        model = stellar_model(properties)
        potential, _ = galaxy_potential(properties, model)
        return draw_stars(model, potential, n_stars, rng), potential

    def mergers(self) -> tuple[str, ...]:
        """Return the ids of the galaxies that an inspection by eye would leave out, for ``SelectionConfig.exclude``."""
        drawn = (self.properties(index) for index in range(len(self)))
        return tuple(one.id for one in drawn if isinstance(one, GalaxyProperties) and one.is_merger)

    def groups(self) -> Sequence[Sequence[int]]:
        """Return each galaxy by itself."""
        return [[index] for index in range(len(self))]

    def provenance(self) -> Mapping[str, Any]:
        """Return what determines the galaxies, ready for JSON."""
        physics = dataclasses.asdict(self.physics)
        physics["without"] = sorted(self.physics.without)
        return {
            "source": "mock suite",
            "suite": self.name,
            "n_galaxies": self.n_galaxies,
            "seed": self.seed,
            "stirring": self.stirring,
            "physics": physics,
            "version": __version__,
        }

    def without(self, *ingredients: str) -> "MockSuite":
        """Return the same galaxies with some of ``physics.ingredients`` switched off."""
        return dataclasses.replace(self, physics=self.physics.switched_off(*ingredients))

    def _checked(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError(f"galaxy {index} asked for in a suite of {len(self)}.")
        return index % len(self)


def mock_suite(name: str, n_galaxies: int, seed: int = 0, stirring: float = 1.0) -> MockSuite:
    """Open a suite of mock galaxies.

    Parameters
    ----------
    name
        ``"bursty"`` (cored dwarfs, stirred gas), ``"smooth"`` (cusps, calm gas), ``"broad"`` (a wide prior around both)
        or ``"shifted"`` (neither, for tests of generalization).
    n_galaxies
        Length of the suite; does not change the galaxies.
    seed
        Root seed.
    stirring
        Dial of the gas disturbances: 0 calm, 1 as the suite, 2 violent.

    Returns
    -------
    MockSuite
        ``suite[i]`` makes galaxy i, the same in every order and process.

    Raises
    ------
    InputError
        If there is no such suite or a number is out of range.

    Examples
    --------
    >>> suite = mock_suite("bursty", n_galaxies=3, seed=1)
    >>> len(suite), suite[2].id
    (3, 'bursty-1-000002')
    """
    if name not in SUITES:
        raise InputError(f"unknown mock suite {name!r}{did_you_mean(name, SUITES)}; known are {', '.join(SUITES)}.")
    return MockSuite(SUITES[name], n_galaxies, seed, stirring)


def galaxy_potential(properties: GalaxyProperties, model: StellarModel) -> tuple[Potential, MassProfile]:
    """Total potential of a galaxy and the profile of its dark matter."""
    densities: list[DensityFunction] = [disk.density for disk in model.disks]
    gas = GasDisk.of(properties) if properties.hi_mass_msun > 0 else None
    if gas is not None:
        densities.append(gas.density)

    def baryons(r_kpc: FloatArray) -> FloatArray:
        return model.enclosed_mass(r_kpc) + (gas.enclosed_mass(r_kpc) if gas is not None else 0.0)

    dark = dark_halo(properties, baryons)
    scale = max(0.5 * properties.R_e_kpc, properties.hi_radius_kpc / 60)
    layers = [part.layer() for part in model.spheroids]
    return Potential.of([dark.enclosed_mass], layers, densities, scale), dark


def with_companion(
    stars: Particles, properties: GalaxyProperties, potential: Potential, rng: np.random.Generator
) -> Particles:
    """Add the stars of a companion that has come inside: the galaxy's own, fewer, scaled down and turned over.

    It is at 1.5 to 4 R_e and moves at up to the circular velocity there in any direction.
    """
    ratio = rng.uniform(0.15, 0.7)
    chosen = rng.permutation(len(stars))[: max(int(ratio * len(stars)), 1)]
    direction, motion = (vector / np.linalg.norm(vector) for vector in rng.normal(size=(2, 3)))
    distance = rng.uniform(1.5, 4.0) * properties.R_e_kpc
    speed = rng.uniform(0.3, 1.0) * float(potential.v_c_kms(np.array([distance]))[0])
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    position = ratio**0.4 * stars.position_kpc[chosen] @ axes.T + distance * direction
    velocity = ratio**0.3 * stars.velocity_kms[chosen] @ axes.T + speed * motion
    return Particles(
        np.concatenate([stars.mass_msun, stars.mass_msun[chosen]]),
        np.concatenate([stars.position_kpc, position]),
        np.concatenate([stars.velocity_kms, velocity]),
    )


def _turned(particles: P, turn: FloatArray) -> P:
    return dataclasses.replace(
        particles, position_kpc=particles.position_kpc @ turn.T, velocity_kms=particles.velocity_kms @ turn.T
    )


def _scalars(properties: GalaxyProperties) -> dict[str, float]:
    """Numbers for the catalogue: finite ones that it does not measure on the particles itself."""
    values = dataclasses.asdict(properties)
    values |= {"stellar_mass_msun": properties.stellar_mass_msun, "halo_mass_msun": properties.halo_mass_msun}
    return {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, bool | int | float) and np.isfinite(value) and name not in MEASURED
    }
