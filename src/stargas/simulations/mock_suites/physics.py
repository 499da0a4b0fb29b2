"""What makes one mock suite different from another: numbers of the population and switches of ingredients."""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Literal

from stargas.errors import InputError

INGREDIENTS = (
    "anisotropy",
    "flattening",
    "rotation",
    "discs",
    "two_populations",
    "tides",
    "halo_scatter",
    "gas_disturbances",
    "gas_waves",
    "gas_bubbles",
    "gas_warps",
    "gas_misalignment",
    "gas_turbulence",
)
"""What can be switched off, one at a time, to see how much scatter it brings; ``gas_disturbances`` is all the rest."""

BROAD_INGREDIENTS = (
    "halo_families",
    "mass_follows_light",
    "stellar_share",
    "tides",
    "flattening",
    "triaxiality",
    "anisotropy",
    "radial_orbits",
    "gaussian_velocities",
    "rotation",
    "counter_rotation",
    "discs",
    "two_populations",
    "bars",
    "arms",
    "lopsidedness",
    "warps",
    "breathing",
    "encounters",
    "tails",
    "offsets",
    "gas_free",
    "dark_gas",
    "pressure_support",
    "inflow",
    "thick_gas",
    "gas_disturbances",
    "gas_waves",
    "gas_bubbles",
    "gas_warps",
    "gas_misalignment",
    "gas_turbulence",
)
"""The same of ``broad``, whose ranges are constants of the files of ``stargas.simulations.mock_suites.broad``."""


@dataclass(frozen=True)
class SuitePhysics:
    """Numbers and switches of one suite.

    Parameters
    ----------
    name
        Of the suite.
    halo
        ``bursty`` cores by Tollet et al. (2016) in profiles of Di Cintio et al. (2014), ``smooth`` NFW haloes that
        massive galaxies contract (Cautun et al. 2020), or ``mixed`` cores and cusps whatever the mass.
    dwarf_mean, dwarf_sigma
        Normal distribution of log10 M* [Msun] of the dwarfs, cut to 5.5-11.
    massive_share
        Share of galaxies drawn from a second normal (10.0 ± 0.5) instead.
    satellite_share
        Share of the galaxies below 10^9.5 Msun that are satellites.
    stripped_share
        Share of the satellites that have lost most or all of their HI.
    size_offset_dex, size_scatter
        Shift of the median stellar size [dex] and factor on its scatter.
    hi_offset_dex, hi_scatter
        The same for the HI mass.
    hi_radius_offset_dex, hi_radius_scatter
        The same for the HI radius at given HI mass.
    disk_share_low, disk_share_high
        Mean disk fraction of the faintest and of the brightest galaxies.
    disk_mass
        log10 M* [Msun] at which the disk fraction is halfway.
    disky_share
        Share of galaxies, whatever their mass, with 0.3-0.7 more of their stars in disks.
    noncircular_dwarf, noncircular_massive
        Median amplitude of non-circular gas motions over the circular velocity at M* ≤ 10^7.5 and ≥ 10^10.5 Msun.
    odd_gas_share
        Share of galaxies with strongly tilted gas, and share with gas far off center.
    gas_dispersion_kms
        Median velocity dispersion of the HI in massive galaxies and in calm dwarfs [km/s].
    halo_offset_dex
        Shift of log10 M200 at M* below 10^9.3 Msun; it fades to 0 at 10^10.3 Msun.
    concentration_scatter
        Factor on the scatter of the concentration.
    early_massive_dex
        Scatter by which halos of galaxies above 10^9.7 Msun are more concentrated, as if they had formed early; those
        of ``bursty`` are steeper inside too.
    stars_concentration
        Correlation of the concentration with the excess of M* at given halo mass: halos that formed early hold more
        stars (Matthee et al. 2017), which narrows the scatter of the baryonic Tully-Fisher relation.
    hi_concentration, hi_halo
        Correlation of the HI mass with the concentration of the halo, and with its mass at given M*.
    tidal_radius_dex
        Range of log10 of a satellite's tidal radius over R200.
    gas_tidal_radius
        Radius over the tidal radius beyond which a satellite has lost its HI; null: tides leave the HI.
    min_stars, min_gas
        Fewest particles of a galaxy: below the cuts of a data set where these are to act.
    merger_share
        Share of galaxies with a companion inside them, which an inspection by eye would leave out.
    without
        Ingredients switched off, a subset of `INGREDIENTS`.
    """

    name: str
    halo: Literal["bursty", "smooth", "mixed"]
    dwarf_mean: float = 8.05
    dwarf_sigma: float = 0.75
    massive_share: float = 0.05
    satellite_share: float = 0.8
    stripped_share: float = 0.1
    size_offset_dex: float = 0.0
    size_scatter: float = 1.0
    hi_offset_dex: float = 0.0
    hi_scatter: float = 1.0
    hi_radius_offset_dex: float = 0.0
    hi_radius_scatter: float = 1.0
    disk_share_low: float = 0.1
    disk_share_high: float = 0.8
    disk_mass: float = 9.3
    disky_share: float = 0.15
    noncircular_dwarf: float = 0.2
    noncircular_massive: float = 0.06
    odd_gas_share: float = 0.04
    gas_dispersion_kms: float = 8.5
    halo_offset_dex: float = 0.0
    concentration_scatter: float = 1.0
    early_massive_dex: float = 0.0
    stars_concentration: float = 0.0
    hi_concentration: float = -0.2
    hi_halo: float = 0.0
    tidal_radius_dex: tuple[float, float] = (-0.9, 0.1)
    gas_tidal_radius: float | None = None
    min_stars: int = 100
    min_gas: int = 400
    merger_share: float = 0.0
    without: frozenset[str] = frozenset()

    halo_mass_scatter: ClassVar[float] = 1.0

    @property
    def ingredients(self) -> tuple[str, ...]:
        """What can be switched off."""
        return INGREDIENTS

    def __post_init__(self) -> None:
        """Check the switches."""
        _check_switches(self.without, self.ingredients)

    def has(self, ingredient: str) -> bool:
        """Tell whether an ingredient is switched on."""
        return ingredient not in self.without

    def switched_off(self, *ingredients: str) -> "SuitePhysics":
        """Return the same physics without these ingredients."""
        return dataclasses.replace(self, without=self.without | frozenset(ingredients))


@dataclass(frozen=True)
class BroadPhysics:
    """The suite ``broad``: a wide prior to train on, see ``stargas.simulations.mock_suites.broad``.

    Parameters
    ----------
    name
        Of the suite.
    without
        Ingredients switched off, a subset of `BROAD_INGREDIENTS`.
    """

    name: str = "broad"
    without: frozenset[str] = frozenset()

    # what a card compares the galaxies with, see `SuitePhysics`
    size_offset_dex: ClassVar[float] = 0.0
    size_scatter: ClassVar[float] = 2.0
    hi_offset_dex: ClassVar[float] = -0.3
    hi_scatter: ClassVar[float] = 1.6
    hi_radius_offset_dex: ClassVar[float] = 0.0
    halo_offset_dex: ClassVar[float] = 0.0
    halo_mass_scatter: ClassVar[float] = 2.0
    concentration_scatter: ClassVar[float] = 2.0
    hi_halo: ClassVar[float] = 0.0

    @property
    def ingredients(self) -> tuple[str, ...]:
        """What can be switched off."""
        return BROAD_INGREDIENTS

    def __post_init__(self) -> None:
        """Check the switches."""
        _check_switches(self.without, self.ingredients)

    def switched_off(self, *ingredients: str) -> "BroadPhysics":
        """Return the same physics without these ingredients."""
        return dataclasses.replace(self, without=self.without | frozenset(ingredients))


def _check_switches(without: frozenset[str], known: tuple[str, ...]) -> None:
    unknown = sorted(set(without) - set(known))
    if unknown:
        raise InputError(f"unknown ingredient {unknown[0]!r} of a mock suite; known are {', '.join(known)}.")


_ON_OBSERVED_RELATIONS = SuitePhysics(
    "",
    "mixed",
    concentration_scatter=0.45,
    early_massive_dex=0.4,
    stars_concentration=0.7,
    hi_scatter=0.7,
    hi_concentration=0.2,
    hi_halo=0.3,
    gas_tidal_radius=0.25,
    min_stars=50,
    min_gas=5,
    merger_share=0.02,
)
"""What ``bursty`` and ``smooth`` share."""

SUITES: dict[str, SuitePhysics | BroadPhysics] = {
    "bursty": dataclasses.replace(
        _ON_OBSERVED_RELATIONS,
        name="bursty",
        halo="bursty",
        dwarf_mean=7.73,
        massive_share=0.065,
        stripped_share=0.147,
        halo_offset_dex=0.32,
        hi_offset_dex=-0.09,
        tidal_radius_dex=(-0.2, 0.8),
    ),
    "smooth": dataclasses.replace(
        _ON_OBSERVED_RELATIONS,
        name="smooth",
        halo="smooth",
        dwarf_mean=8.1,
        dwarf_sigma=0.7,
        stripped_share=0.035,
        halo_offset_dex=0.15,
        hi_offset_dex=-0.03,
        tidal_radius_dex=(-0.3, 0.7),
        disk_share_low=0.25,
        disk_share_high=0.9,
        disk_mass=9.0,
        noncircular_dwarf=0.1,
        noncircular_massive=0.04,
        odd_gas_share=0.02,
        gas_dispersion_kms=8.0,
    ),
    "broad": BroadPhysics(),
    "shifted": SuitePhysics(
        "shifted",
        "mixed",
        dwarf_mean=8.2,
        dwarf_sigma=0.8,
        size_offset_dex=0.12,
        size_scatter=1.3,
        hi_offset_dex=-0.2,
        hi_scatter=1.3,
        hi_radius_offset_dex=0.08,
        disk_share_low=0.35,
        disk_share_high=0.6,
        noncircular_dwarf=0.15,
        noncircular_massive=0.12,
        gas_dispersion_kms=10.0,
    ),
}
"""Suites by name. ``broad`` is a wide prior around both, to train on; ``shifted`` is for tests of generalization and
never part of a default training set."""
