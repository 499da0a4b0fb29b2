"""Dark matter alone: the draws of an inference less what is known of the stars and the gas.

Each draw of M(<r) loses the stars, of a mass drawn within its error, and the gas of the HI map with its helium; the
draws of the two are independent. What remains is M_dm(<r), from which all else follows.

*Draws that leave none.* Where a draw of the baryons outweighs the draw of all matter at any radius, the pair cannot be
and is dropped: the posterior is conditioned on dark matter at all radii. The fraction of such draws is the
``negative_fraction`` of a `DarkMatter`; where it is large, the data, the stellar mass or its error are in doubt. Draws
whose dark mass falls somewhere are replaced by the nearest that do not, as `stargas.profiles` does, and its
``falling_fraction`` counts them.

*Radii outside.* A density outside of the radii follows from the mass as a power law with its slope at the nearest
radius, the rule of `stargas.profiles.ProfileDraws.extended`, and is flagged. Concentration and mass of the halo are
those of the halo of Navarro, Frenk & White (1997) that fits the masses at the radii (`stargas.inference.nfw_halo`), of
the draws that have one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from stargas.errors import InputError
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.inference.annihilation import GEV2_CM5_PER_MSUN2_KPC5, JFactor, is_far, j_factor
from stargas.inference.baryons import Light, StellarMass, gas_mass, hi_mass, stellar_share
from stargas.inference.gas_warnings import gas_warnings
from stargas.inference.nfw_halo import CONCENTRATIONS, NFWHalo, fit_nfw
from stargas.inference.result import QUANTILE_SUFFIXES, InferenceResult
from stargas.profiles import ProfileDraws
from stargas.quantities import to_number
from stargas.randomness import rng_for
from stargas.remarks import Remark, ordered
from stargas.representation import Described
from stargas.sample import QUALITY
from stargas.sky.projection import HIMaps

if TYPE_CHECKING:
    from astropy.table import QTable

COMMON_RADIUS_KPC = 0.15
"""Radius at which densities of dwarfs are compared (Read, Walker & Steger 2019) [kpc]."""

MANY_NEGATIVE = 0.05
"""Fraction of draws without dark matter from which a warning says so."""

MANY_WITHOUT_NFW = 0.1
"""Fraction of draws without an NFW halo from which a warning says so."""

MOSTLY_BARYONS = 0.6
"""Share of stars and gas inside R_hl above which their assumed shapes decide what is left: the dark mass of such mock
galaxies comes out 0.4 dex too high."""

MIN_KEPT = 0.5
"""Fraction of draws that must keep dark matter, below which nothing is said about it."""

MIN_NFW = 0.5
"""Fraction of the draws that must have a halo of Navarro, Frenk & White (1997) for it to be among the numbers."""

_FINE_RADII = 100  # at which the largest circular velocity is looked for

PROFILE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "log10_mass": "dex(solMass)",
        "v_circ_kms": "km/s",
        "density_msun_kpc3": "solMass/kpc3",
        "density_slope": "",
        "baryon_fraction": "",
    }
)
"""Beginnings of the names of the columns by radius: unit."""

SUMMARY_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "density_150pc": "solMass/kpc3",
        "density_R_hl": "solMass/kpc3",
        "slope_150pc": "",
        "slope_R_hl": "",
        "baryon_fraction_R_hl": "",
        "v_max": "km/s",
        "r_v_max": "kpc",
        "c_200": "",
        "M_200": "solMass",
        "J": "GeV2/cm5",
        "J_within": "GeV2/cm5",
    }
)
"""Name of a number: unit."""


class OutweighedError(InputError):
    """Stars and gas outweigh all matter in more than half of the draws, within the stated error of the stellar mass.

    The masses and the light then contradict each other.
    """


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class DarkMatter(Described):
    """Dark matter of one galaxy, from the draws of an inference.

    Parameters
    ----------
    name
        Of the galaxy.
    R_hl_kpc
        Projected half-light radius [kpc].
    draws
        Of the dark mass alone; draws without any are left out.
    baryons_msun
        Stars and gas inside the radii of ``draws`` [Msun], shape (n, m), of the same draws.
    stellar_mass
        As it was given.
    light
        Shape of the stellar sphere.
    hi_mass_msun
        HI mass of the map, without helium [Msun]; None where no HI was observed, and no gas is taken off.
    distance_kpc
        For the J-factor [kpc]; None where there is none.
    distance_draws_kpc
        Distance of the same draws [kpc], shape (n,), where it has an error; None where all have ``distance_kpc``.
    negative_fraction
        Fraction of all draws that leave no dark matter at some radius.
    gas_warnings
        Why the gas that is taken off may be miscounted, one sentence each.

    Examples
    --------
    >>> import stargas as sg
    >>> result = sg.infer(**sg.example("stars"), n_draws=320, occlusion=False)
    >>> dark = sg.dark_matter(result, "1e6 0.2dex")
    >>> dark.summary()["density_150pc"].unit, dark.to_table().colnames[0]
    (Unit("solMass / kpc3"), 'r_kpc')
    """

    name: str
    R_hl_kpc: float
    draws: ProfileDraws
    baryons_msun: FloatArray
    stellar_mass: StellarMass
    light: Light = "plummer"
    hi_mass_msun: float | None = None
    distance_kpc: float | None = None
    distance_draws_kpc: FloatArray | None = None
    negative_fraction: float = 0.0
    gas_warnings: tuple[str, ...] = ()

    def _facts(self) -> Mapping[str, str]:
        low, median, high = np.quantile(self.density(COMMON_RADIUS_KPC)[:, 0], (0.16, 0.5, 0.84))
        return {
            "name": self.name,
            "ρ(150 pc)": f"{median:.3g} +{high - median:.2g} -{median - low:.2g} Msun/kpc³",
            "stars": f"{self.stellar_mass} Msun",
            "draws without dark matter": f"{100 * self.negative_fraction:.2g} %",
        }

    @property
    def falling_fraction(self) -> float:
        """Fraction of the draws whose dark mass falls somewhere, which are replaced by the nearest that do not."""
        return self.draws.falling_fraction

    def is_extrapolated(self, r_kpc: float) -> bool:
        """Whether a radius [kpc] lies outside those of the draws."""
        return not self.draws.r_kpc[0] <= r_kpc <= self.draws.r_kpc[-1]

    def density(self, r_kpc: ArrayLike) -> FloatArray:
        """Density of the dark matter [Msun/kpc³] of each draw at any radii [kpc], shape (n, k)."""
        r = np.atleast_1d(np.asarray(r_kpc, dtype=np.float64))
        nearest = np.clip(r, *self.draws.r_kpc[[0, -1]])
        return self.draws.density(nearest) * (r / nearest) ** (self.draws.mass_slope(nearest) - 3)

    def density_slope(self, r_kpc: ArrayLike) -> FloatArray:
        """Return d ln ρ/d ln r of the dark matter of each draw at any radii [kpc], shape (n, k)."""
        r = np.atleast_1d(np.asarray(r_kpc, dtype=np.float64))
        nearest = np.clip(r, *self.draws.r_kpc[[0, -1]])
        return np.where(r == nearest, self.draws.density_slope(nearest), self.draws.mass_slope(nearest) - 3)

    @property
    def baryon_fraction(self) -> FloatArray:
        """Stars and gas over all matter inside the radii of ``draws``, shape (n, m)."""
        result: FloatArray = self.baryons_msun / (self.baryons_msun + 10**self.draws.log10_mass)
        return result

    @cached_property
    def j_factor(self) -> JFactor | None:
        """J-factor inside 0.5 degrees; None where the distance is not known, or not large beside the radii."""
        if self.distance_kpc is None:
            return None
        distances = self.distance_kpc if self.distance_draws_kpc is None else self.distance_draws_kpc
        return j_factor(self.draws, distances) if is_far(self.draws, float(np.min(distances))) else None

    @cached_property
    def values(self) -> Mapping[str, FloatArray]:
        """Numbers of each draw, shape (n,), by the names and in the units of `SUMMARY_UNITS`.

        The slopes are those of the density; ``v_max`` is the largest circular velocity of the dark matter between the
        first and the last radius, and may lie at either; ``J_within`` is the part of J from between them. ``c_200``
        and ``M_200`` are missing where fewer than `MIN_NFW` of the draws have such a halo; the others have NaN.
        """
        R_hl = self.R_hl_kpc
        r = np.geomspace(self.draws.r_kpc[0], self.draws.r_kpc[-1], _FINE_RADII)
        speed = self.draws.circular_velocity(r)
        share = np.array([np.interp(R_hl, self.draws.r_kpc, row) for row in self.baryon_fraction])
        found = {
            "density_150pc": self.density(COMMON_RADIUS_KPC)[:, 0],
            "density_R_hl": self.density(R_hl)[:, 0],
            "slope_150pc": self.density_slope(COMMON_RADIUS_KPC)[:, 0],
            "slope_R_hl": self.density_slope(R_hl)[:, 0],
            "baryon_fraction_R_hl": share,
            "v_max": speed.max(axis=1),
            "r_v_max": r[speed.argmax(axis=1)],
        }
        if self.nfw_fraction >= MIN_NFW:
            found |= {"c_200": self._nfw.concentration, "M_200": self._nfw.mass_msun}
        if self.j_factor is not None:
            found["J"] = self.j_factor.total * GEV2_CM5_PER_MSUN2_KPC5
            found["J_within"] = self.j_factor.within * GEV2_CM5_PER_MSUN2_KPC5
        return MappingProxyType(found)

    @cached_property
    def _nfw(self) -> NFWHalo:
        return fit_nfw(self.draws)

    @property
    def nfw_fraction(self) -> float:
        """Fraction of the draws that have a halo of Navarro, Frenk & White (1997)."""
        return float(np.isfinite(self._nfw.concentration).mean())

    def quantiles(self, name: str, levels: ArrayLike = QUANTILE_LEVELS) -> FloatArray:
        """Return quantiles of one of `values`, over the draws that have it."""
        result: FloatArray = np.nanquantile(self.values[name], np.asarray(levels, dtype=np.float64))
        return result

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for everything that needs care."""
        said = []
        if self.negative_fraction > MANY_NEGATIVE:
            said.append(
                f"{100 * self.negative_fraction:.0f} % of the draws leave no dark matter at some radius and are left "
                "out: check the stellar mass and its error."
            )
        share = float(np.median(self.values["baryon_fraction_R_hl"]))
        if share > MOSTLY_BARYONS:
            said.append(
                f"Stars and gas are {100 * share:.0f} % of the mass inside R_hl: what is left depends on their assumed "
                "shapes."
            )
        if self.is_extrapolated(COMMON_RADIUS_KPC):
            low, high = self.draws.r_kpc[[0, -1]]
            said.append(f"150 pc lie outside the radii, {low:.3g} to {high:.3g} kpc: the density is extrapolated.")
        if self.distance_kpc is not None and self.j_factor is None:
            said.append(f"{self.distance_kpc:.3g} kpc are not far beside the last radius, so no J-factor is given.")
        without = 1 - self.nfw_fraction
        if "c_200" in self.values and without > MANY_WITHOUT_NFW:
            said.append(f"c_200 is of the draws that have an NFW halo; {100 * without:.0f} % have none.")
        if "c_200" not in self.values:
            low, high = CONCENTRATIONS
            said.append(
                f"{100 * (1 - self.nfw_fraction):.0f} % of the draws have no NFW halo with a c_200 between {low:g} and "
                f"{high:g}, so no concentration is given."
            )
        if self.hi_mass_msun is None:
            said.append("No HI map is given, so no gas is taken off.")
        return (*said, *self.gas_warnings)

    def to_table(self) -> "QTable":
        """Return quantiles at each radius as a table with units.

        Returns
        -------
        astropy.table.QTable
            ``r_kpc``, ``r_over_R_hl``, and quantiles ``…_p2_5`` to ``…_p97_5`` of `PROFILE_COLUMNS`: mass, circular
            velocity, density and its slope are those of the dark matter.
        """
        from astropy import units as u
        from astropy.table import QTable

        r = self.draws.r_kpc
        columns = {
            "log10_mass": self.draws.log10_mass,
            "v_circ_kms": self.draws.circular_velocity(r),
            "density_msun_kpc3": self.draws.density(r),
            "density_slope": self.draws.density_slope(r),
            "baryon_fraction": self.baryon_fraction,
        }
        table = QTable({"r_kpc": r << u.kpc, "r_over_R_hl": r / self.R_hl_kpc})
        for name, unit in PROFILE_COLUMNS.items():
            for end, row in zip(QUANTILE_SUFFIXES, np.quantile(columns[name], QUANTILE_LEVELS, axis=0), strict=True):
                table[f"{name}_{end}"] = u.Dex(row, u.Unit(unit)) if unit.startswith("dex") else row << u.Unit(unit)
        return table

    def summary(self, levels: ArrayLike = QUANTILE_LEVELS) -> "QTable":
        """Return quantiles of `values` as a table with units, one row per quantile.

        Parameters
        ----------
        levels
            Between 0 and 1; by default the median and the edges of the central 68 % and 95 %.
        """
        from astropy import units as u
        from astropy.table import QTable

        wanted = np.atleast_1d(np.asarray(levels, dtype=np.float64))
        table = QTable({"quantile": wanted})
        for name in self.values:
            table[name] = self.quantiles(name, wanted) << u.Unit(SUMMARY_UNITS[name])
        return table


def dark_matter(
    result: InferenceResult,
    stellar_mass: StellarMass | str,
    *,
    light: Light = "plummer",
    inclination_deg: float | None = None,
    hi: HIMaps | None = None,
    distance_kpc: float | None = None,
) -> DarkMatter:
    """Take the stars and the gas off an inferred mass profile.

    Parameters
    ----------
    result
        The inference.
    stellar_mass
        Mass and error, or text as ``"3.8e5 0.2dex"`` or ``"3.8e5 20%"`` [Msun].
    light
        Shape of the stellar sphere with the observed R_hl: ``"plummer"`` or ``"exponential"``, both as projected.
    inclination_deg
        Of the HI disc. If None, that which is known of the observed galaxy, or else that of the axis ratio of the map.
    hi
        HI maps with the beam of those in the sample of the result; those that were observed if None.
    distance_kpc
        For the J-factor, without an error; if None that of the observed galaxy, with the distances of the draws.

    Returns
    -------
    DarkMatter

    Raises
    ------
    OutweighedError
        If stars and gas outweigh all matter in more than half of the draws, and the stellar mass has an error.
    InputError
        If they do and it has none, or the stellar mass or the inclination cannot be.

    Examples
    --------
    >>> import stargas as sg
    >>> result = sg.infer(**sg.example("stars"), n_draws=320, occlusion=False)
    >>> dark = sg.dark_matter(result, "1e6 0.2dex")
    >>> 0 < dark.baryon_fraction.mean() < 0.2
    np.True_
    """
    stars = StellarMass.given(stellar_mass)
    galaxy, r = result.galaxy, result.r_kpc
    beam: float | None = float(result.sample.quality[QUALITY.index("beam_fwhm_kpc")])
    if hi is None and galaxy is not None and galaxy.hi is not None:
        hi, beam = galaxy.hi.maps, galaxy.hi.beam_fwhm_kpc or None
    distances = None
    if distance_kpc is None and galaxy is not None:
        distance_kpc, distances = galaxy.distance_kpc, result.distance_kpc
    elif distance_kpc is not None:
        distance_kpc = to_number("distance_kpc", distance_kpc)
    if inclination_deg is None and galaxy is not None:
        inclination_deg = galaxy.inclination_deg
    gas = np.zeros(len(r)) if hi is None else gas_mass(hi, r, inclination_deg)
    miscounted = () if hi is None else gas_warnings(result, gas, beam, inclination_deg)
    drawn = stars.draw(len(result.log10_mass), rng_for(result.seed, "stellar mass"))
    baryons = drawn[:, None] * stellar_share(r, result.R_hl_kpc, light) + gas
    dark = 10**result.log10_mass - baryons
    possible = (dark > 0).all(axis=1)
    negative = 1 - float(possible.mean())
    if negative > 1 - MIN_KEPT:
        kind = OutweighedError if stars.error_dex else InputError
        text = (
            f"stars and gas outweigh all matter at some radius in {100 * negative:.0f} % of the draws: check the "
            f"stellar mass, {stars} Msun."
        )
        raise kind(" ".join([text, *miscounted]))
    return DarkMatter(
        name=result.name,
        R_hl_kpc=result.R_hl_kpc,
        draws=ProfileDraws(r, np.log10(dark[possible])),
        baryons_msun=baryons[possible],
        stellar_mass=stars,
        light=light,
        hi_mass_msun=None if hi is None else hi_mass(hi),
        distance_kpc=distance_kpc,
        distance_draws_kpc=None if distances is None else distances[possible],
        negative_fraction=negative,
        gas_warnings=miscounted,
    )


def contradicted(result: InferenceResult, error: OutweighedError | None) -> InferenceResult:
    """Return a result that an error of `dark_matter` makes one to be taken with care; as it is if there was none."""
    if error is None:
        return result
    return replace(result, remarks=ordered([*result.remarks, Remark("stars outweigh all matter", str(error))]))
