"""Galaxies of ``broad`` that are like a given one: chosen by mass, size and HI mass before any particles are made."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from stargas.errors import InputError
from stargas.galaxy import Galaxy
from stargas.simulations.mock_suites.broad.galaxy import BroadProperties
from stargas.simulations.mock_suites.broad.population import LOG10_STELLAR_MASS, draw_population
from stargas.simulations.mock_suites.suites import MockSuite, mock_suite

MASS_DEX, SIZE_DEX, HI_DEX = 0.3, 0.15, 0.4
"""Largest difference of an analog from the given galaxy, in stellar mass, R_hl and HI mass [dex]."""

PROJECTED_DEX = -0.06
"""log10 of R_hl on the sky over the half-light radius by which the suite draws its galaxies, mean over directions."""

MAX_DRAWN = 30_000
"""Galaxies of the suite that are looked through."""

MIN_ANALOGS = 8
"""Fewest analogs from which anything is learned."""


@dataclass(frozen=True)
class GalaxyTarget:
    """The galaxy that analogs are like.

    Parameters
    ----------
    stellar_mass_msun
        Stellar mass [Msun].
    R_hl_kpc
        Projected half-light radius [kpc].
    hi_mass_msun
        HI mass [Msun]; 0 for a galaxy without HI, None for any.
    stellar_mass_error_dex
        Standard error of log10 of the stellar mass; a larger one than `MASS_DEX` takes its place.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    stellar_mass_msun: float
    R_hl_kpc: float
    hi_mass_msun: float | None = None
    stellar_mass_error_dex: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        low, high = (10**edge for edge in LOG10_STELLAR_MASS)
        if not low <= self.stellar_mass_msun <= high:
            raise InputError(
                f"the mock galaxies have stellar masses from {low:.2g} to {high:.2g} Msun, got "
                f"stellar_mass_msun={self.stellar_mass_msun:g}: give one in that range."
            )
        if not 0 < self.R_hl_kpc < np.inf:
            raise InputError(f"R_hl_kpc must be positive and finite, got {self.R_hl_kpc}: give it in kpc.")
        if self.hi_mass_msun is not None and not 0 <= self.hi_mass_msun < np.inf:
            raise InputError(
                f"hi_mass_msun must be zero or positive and finite, got {self.hi_mass_msun}: give 0 for no HI, or None "
                "for any."
            )

    def has_stars_like(self, log10_stellar_mass: float, R_hl_kpc: float) -> bool:
        """Whether stellar mass [log10 Msun] and R_hl on the sky [kpc] are near."""
        most = max(MASS_DEX, self.stellar_mass_error_dex)
        mass = abs(log10_stellar_mass - np.log10(self.stellar_mass_msun)) <= most
        return bool(mass and abs(np.log10(R_hl_kpc / self.R_hl_kpc)) <= SIZE_DEX)

    def has_gas_like(self, hi_mass_msun: float) -> bool:
        """Whether an HI mass [Msun] is near."""
        if self.hi_mass_msun is None:
            return True
        if not self.hi_mass_msun or not hi_mass_msun:
            return self.hi_mass_msun == hi_mass_msun
        return bool(abs(np.log10(hi_mass_msun / self.hi_mass_msun)) <= HI_DEX)


def find_analogs(target: GalaxyTarget, n_galaxies: int, seed: int) -> list[int]:
    """Find galaxies of ``broad`` that are like a given one.

    Parameters
    ----------
    target
        The galaxy.
    n_galaxies
        Most that are returned.
    seed
        Root seed of the suite.

    Returns
    -------
    list of int
        The first ones that are like it, among `MAX_DRAWN`; there may be fewer than were asked for.

    Raises
    ------
    InputError
        If there are fewer than `MIN_ANALOGS`.
    """
    suite = _suite(seed)
    found: list[int] = []
    for index in range(len(suite)):
        population = draw_population(seed, index)
        R_hl_kpc = population.R_e_kpc * 10**PROJECTED_DEX
        if target.has_stars_like(population.log10_stellar_mass, R_hl_kpc) and target.has_gas_like(
            0.0 if target.hi_mass_msun is None else _properties(suite, index).hi_mass_msun
        ):
            found.append(index)
            if len(found) == n_galaxies:
                break
    if len(found) < min(n_galaxies, MIN_ANALOGS):
        gas = "" if target.hi_mass_msun is None else f" and HI mass {target.hi_mass_msun:.2g} Msun"
        raise InputError(
            f"only {len(found)} of {len(suite)} galaxies of the suite broad are like one of stellar mass "
            f"{target.stellar_mass_msun:.2g} Msun, R_hl {target.R_hl_kpc:.2g} kpc{gas}: the model has learned from few "
            f"such galaxies; check the numbers{'' if target.hi_mass_msun is None else ', or leave out hi_mass_msun'}."
        )
    return found


def make_analog(index: int, n_stars: int, seed: int) -> Galaxy:
    """Make a galaxy of ``broad`` with a given number of star particles, which the suite draws."""
    suite = _suite(seed)
    drawn = _properties(suite, index)
    population = dataclasses.replace(drawn.population, n_stars=n_stars)
    return suite.broad_galaxy(dataclasses.replace(drawn, population=population), index)


def _suite(seed: int) -> MockSuite:
    return mock_suite("broad", MAX_DRAWN, seed)


def _properties(suite: MockSuite, index: int) -> BroadProperties:
    drawn = suite.properties(index)
    if not isinstance(drawn, BroadProperties):
        raise TypeError(f"broad draws BroadProperties, got {type(drawn).__name__}.")
    return drawn
