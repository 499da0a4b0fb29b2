"""How sharp the mass profile of a galaxy will be, before it is observed.

Galaxies of the mock suite ``broad`` that are like the given one are observed as planned, and a model is applied to
each. The widths of its posteriors are the forecast. All set-ups show the same galaxies from the same sides, so what a
change of the set-up brings is the ratio of two widths of one galaxy. The forecast holds for the galaxies of ``broad``
and the prior of the model; it knows no errors of distance, R_hl or membership.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.inference.baryons import StellarMass
from stargas.inference.mock_posteriors import QUANTITIES, infer_mocks, view_analogs
from stargas.inference.observing_setup import ObservingSetup
from stargas.model.files import load_model
from stargas.model.posterior import Posterior
from stargas.quantities import to_number, to_numbers
from stargas.representation import Described
from stargas.simulations.mock_suites.analogs import GalaxyTarget
from stargas.sky.projection import SkyGalaxy

if TYPE_CHECKING:
    from astropy.table import QTable
    from matplotlib.figure import Figure

PLANNED = "as planned"
"""Name of the set-up that was asked for."""

SIGNIFICANT = 2.0
"""Standard errors by which the coverage may fall short of 68 % without a warning."""

MAX_BEAM_R_HL = 30.0
"""Widest beam over R_hl: beyond it, it was hardly given in kpc."""

MIN_GALAXIES, MAX_GALAXIES = 8, 200
"""Fewest and most mock galaxies."""

MAX_PARTICLES = 16_000
"""Most star particles of a mock galaxy, as in the suite."""

FACTORS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "n_stars": (0.25, 0.5, 2.0, 4.0),
        "velocity_error_kms": (0.25, 0.5, 2.0, 4.0),
        "R_out_kpc": (0.5, 2.0),
        "beam_kpc": (0.5, 2.0),
    }
)
"""Observable → factors by which it is changed."""

NAMES: Mapping[str, str] = MappingProxyType(
    {"n_stars": "stars", "velocity_error_kms": "velocity error", "R_out_kpc": "radius", "beam_kpc": "beam"}
)
"""Observable → its name in the names of set-ups."""

HELPS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "twice the stars": ("n_stars", 2.0),
        "half the errors": ("velocity_error_kms", 0.5),
        "twice the radius": ("R_out_kpc", 2.0),
        "half the beam": ("beam_kpc", 0.5),
    }
)
"""Improvement → observable and factor."""

ADD_HI = "HI beside the stars"
ADDED_LIMIT_CM2, ADDED_BEAM_R_HL = 5e19, 0.5
"""Limit [atoms/cm²] and beam [R_hl] of HI that is added to stars."""


@dataclass(frozen=True)
class Improvement:
    """What a change of the set-up brings.

    Parameters
    ----------
    name
        Of the set-up.
    width_ratio, width_ratio_error
        Width of log10 M over the planned one, geometric mean over radii and galaxies, and its standard error.
    slope_ratio, slope_ratio_error
        The same of the slope at R_hl.
    """

    name: str
    width_ratio: float
    width_ratio_error: float
    slope_ratio: float
    slope_ratio_error: float


@dataclass(frozen=True, eq=False, repr=False)
class Forecast(Described):
    """Widths of the posteriors of mock galaxies that are observed as planned, and in other ways.

    Parameters
    ----------
    target
        The galaxy.
    setups
        Name → set-up; the first is the planned one.
    scans
        Observable → names of the set-ups that differ from the planned one in it alone, with that one, by rising value.
    half_width
        Half of the central 68 % interval of each of `stargas.inference.mock_posteriors.QUANTITIES` [dex; the slope has
        no unit], shape (n_setups, n_galaxies, 5). NaN where nothing of a galaxy is seen.
    inside
        Whether the truth lies in that interval, 0 or 1, of the masses, shape (n_setups, n_galaxies, 4); NaN as above.
    log10_stellar_mass, R_hl_kpc, hi_mass_msun
        Of the mock galaxies, shape (n_galaxies,): M* [log10 Msun], projected half-light radius [kpc], HI mass [Msun].
    warnings
        One sentence for everything that needs care.

    Examples
    --------
    >>> import stargas as sg
    >>> found = sg.forecast(1e7, 0.5, n_galaxies=8, n_stars=100, velocity_error_kms=2.0)
    >>> found.to_table()["log10_mass_1_p50"].unit
    Unit("dex")
    """

    target: GalaxyTarget
    setups: Mapping[str, ObservingSetup]
    scans: Mapping[str, tuple[str, ...]]
    half_width: FloatArray
    inside: FloatArray
    log10_stellar_mass: FloatArray
    R_hl_kpc: FloatArray
    hi_mass_msun: FloatArray
    warnings: tuple[str, ...] = ()

    def _facts(self) -> Mapping[str, str]:
        low, median, high = self.quantiles(PLANNED)[:, QUANTITIES.index("log10_mass_1")]
        return {
            "set-up": self.setups[PLANNED].label,
            "mock galaxies": str(len(self.R_hl_kpc)),
            "half-width of log10 M(<R_hl)": f"{median:.3f} dex ({low:.3f} to {high:.3f})",
        }

    def quantiles(self, setup: str = PLANNED) -> FloatArray:
        """Return the half-widths at 16, 50 and 84 % of the galaxies, shape (3, 5).

        Raises
        ------
        InputError
            If there is no such set-up.
        """
        result: FloatArray = np.nanquantile(self.half_width[self._row(setup)], (0.16, 0.5, 0.84), axis=0)
        return result

    def coverage(self, setup: str = PLANNED) -> tuple[float, float]:
        """Return the share of true masses in their 68 % intervals, over galaxies and radii, and its standard error.

        Raises
        ------
        InputError
            If there is no such set-up.
        """
        share = self.inside[self._row(setup)].mean(axis=1)
        share = share[np.isfinite(share)]
        error = share.std(ddof=1) / np.sqrt(len(share)) if len(share) > 1 else np.nan
        return float(share.mean()), float(error)

    def n_seen(self, setup: str = PLANNED) -> int:
        """Return the number of galaxies of which anything is seen."""
        return int(np.isfinite(self.half_width[self._row(setup), :, 0]).sum())

    @property
    def improvements(self) -> tuple[Improvement, ...]:
        """What would help, the most first: by the widths of the masses, of the same galaxies."""
        names = [name for name in (*HELPS, ADD_HI) if name in self.setups]
        return tuple(sorted((self._improvement(name) for name in names), key=lambda one: one.width_ratio))

    def to_table(self) -> "QTable":
        """Return a row per set-up.

        Returns
        -------
        astropy.table.QTable
            ``setup`` and what is observed in it; ``n_galaxies`` of which anything is seen; for each quantity
            (`stargas.inference.mock_posteriors.QUANTITIES`) the half-width of the 68 % interval at 16, 50 and 84 % of
            the galaxies, as ``log10_mass_1_p50`` [dex] at 1 R_hl; ``coverage_68`` of the masses with its standard
            error.
        """
        from astropy import units as u
        from astropy.table import QTable

        setups = list(self.setups.values())
        limit = [np.nan if one.hi_limit_cm2 is None else one.hi_limit_cm2 for one in setups]
        radius = [np.nan if one.R_out_kpc is None else one.R_out_kpc for one in setups]
        table = QTable(
            {
                "setup": list(self.setups),
                "n_stars": [one.n_stars for one in setups],
                "velocity_error": [one.velocity_error_kms for one in setups] * u.km / u.s,
                "R_out": radius * u.kpc,
                "hi_limit": limit * u.cm**-2,
                "beam": [one.beam_kpc for one in setups] * u.kpc,
                "n_galaxies": [self.n_seen(name) for name in self.setups],
            }
        )
        quantiles = np.stack([self.quantiles(name) for name in self.setups])
        for number, quantity in enumerate(QUANTITIES):
            unit = u.dimensionless_unscaled if quantity == "density_slope" else u.dex
            for level, suffix in enumerate(("p16", "p50", "p84")):
                table[f"{quantity}_{suffix}"] = quantiles[:, level, number] * unit
        coverage = np.array([self.coverage(name) for name in self.setups])
        table["coverage_68"], table["coverage_68_error"] = coverage.T
        return table

    def plot(self) -> "Figure":
        """Draw the widths against each observable, and return the figure."""
        from stargas.report.forecast import draw_forecast

        return draw_forecast(self)

    def _row(self, setup: str) -> int:
        if setup not in self.setups:
            raise InputError(f"the forecast has no set-up {setup!r}: give one of {', '.join(self.setups)}.")
        return list(self.setups).index(setup)

    def _improvement(self, name: str) -> Improvement:
        ln_ratio = np.log(self.half_width[self._row(name)] / self.half_width[0])
        ln_ratio = ln_ratio[np.isfinite(ln_ratio).all(axis=1)]
        columns = (ln_ratio[:, :-1].mean(axis=1), ln_ratio[:, -1])
        numbers: list[float] = []
        for column in columns:
            ratio = float(np.exp(column.mean()))
            numbers += [ratio, ratio * float(column.std(ddof=1)) / float(np.sqrt(len(column)))]
        return Improvement(name, *numbers)


def forecast(
    stellar_mass_msun: StellarMass | str | float,
    R_hl_kpc: float,
    hi_mass_msun: float | None = None,
    *,
    n_stars: int = 200,
    velocity_error_kms: float = 2.0,
    R_out_kpc: float | None = None,
    hi_limit_cm2: float | None = None,
    beam_kpc: float = 0.0,
    inclination_deg: float | None = None,
    n_galaxies: int = 24,
    model: Posterior | None = None,
    seed: int = 0,
) -> Forecast:
    """Forecast how sharp the mass profile of a galaxy will be.

    Parameters
    ----------
    stellar_mass_msun, R_hl_kpc, hi_mass_msun
        Stellar mass [Msun], projected half-light radius [kpc] and HI mass [Msun] of the galaxy: 0 for none, None for
        any. Quantities are converted, here and below. The stellar mass may be text with its error, as
        ``"3.8e5 0.2dex"``; an error above 0.3 dex widens the range of the mock galaxies.
    n_stars, velocity_error_kms, R_out_kpc, hi_limit_cm2, beam_kpc
        As of `stargas.inference.observing_setup.ObservingSetup`.
    inclination_deg
        0 face-on, 90 edge-on; None for directions at random.
    n_galaxies
        Mock galaxies, 8 to 200.
    model
        The model; the pretrained one if None.
    seed
        Root seed of galaxies, directions and noise.

    Returns
    -------
    Forecast
        Widths of the posteriors with this set-up, and with the stars, errors, radius and beam of `FACTORS`. HI is added
        where there is a HI mass and none is observed.

    Raises
    ------
    InputError
        If a number is out of range, or the suite has too few galaxies of the kind.

    Examples
    --------
    >>> import stargas as sg
    >>> found = sg.forecast(1e7, 0.5, n_galaxies=8, n_stars=100)
    >>> {one.name for one in found.improvements} == {"twice the stars", "half the errors"}
    True
    """
    if n_galaxies % 1 or not MIN_GALAXIES <= n_galaxies <= MAX_GALAXIES:
        raise InputError(f"a forecast takes {MIN_GALAXIES} to {MAX_GALAXIES} galaxies, got n_galaxies={n_galaxies}.")
    if seed < 0:
        raise InputError(f"the seed must be a whole number from 0 on, got {seed}.")
    stars = StellarMass.given(stellar_mass_msun, needs_error=False)
    hi_mass_msun, R_out_kpc, hi_limit_cm2, inclination_deg = to_numbers(
        hi_mass_msun=hi_mass_msun, R_out_kpc=R_out_kpc, hi_limit_cm2=hi_limit_cm2, inclination_deg=inclination_deg
    )
    target = GalaxyTarget(stars.mass_msun, to_number("R_hl_kpc", R_hl_kpc), hi_mass_msun, stars.error_dex)
    error_kms, beam = to_number("velocity_error_kms", velocity_error_kms), to_number("beam_kpc", beam_kpc)
    setup = ObservingSetup(n_stars, error_kms, R_out_kpc, hi_limit_cm2, beam)
    if inclination_deg is not None and not 0 <= inclination_deg <= 90:
        raise InputError(f"the inclination must be between 0 (face-on) and 90 degrees, got {inclination_deg:g}.")
    if beam is not None and beam > MAX_BEAM_R_HL * target.R_hl_kpc:
        raise InputError(f"the beam has {beam:g} kpc, {beam / target.R_hl_kpc:.0f} times R_hl: give its FWHM in kpc.")
    if hi_limit_cm2 is not None and not hi_mass_msun:
        raise InputError("HI is observed of a galaxy of known HI mass: give hi_mass_msun, or leave out hi_limit_cm2.")
    setups, scans = _variations(setup, target)
    most = max(one.n_stars for one in setups.values())
    # a field holds a part of the galaxy
    n_particles = int(np.clip(most * (1 if R_out_kpc is None else 4), 2000, MAX_PARTICLES))
    skies = view_analogs(target, inclination_deg, n_galaxies, n_particles, seed)
    posterior = load_model() if model is None else model
    measured = {name: infer_mocks(posterior, skies, one, seed) for name, one in setups.items()}
    blind = [name for name, one in measured.items() if np.isnan(one.half_width).all()]
    if PLANNED in blind:
        raise InputError(f"nothing of these galaxies is seen with {setup.label}: plan a wider field or a lower limit.")
    setups = {name: one for name, one in setups.items() if name not in blind}
    scans = {observable: tuple(name for name in names if name in setups) for observable, names in scans.items()}
    galaxies = [sky.galaxy for sky in skies if sky.galaxy is not None]
    found = Forecast(
        target,
        setups,
        scans,
        np.stack([measured[name].half_width for name in setups]),
        np.stack([measured[name].inside for name in setups]),
        np.log10([galaxy.stellar_mass_msun for galaxy in galaxies]),
        np.array([sky.R_hl_kpc for sky in skies], dtype=np.float64),
        np.array([galaxy.hi_mass_msun for galaxy in galaxies]),
    )
    return replace(found, warnings=_warnings(found, skies, n_galaxies))


def _variations(
    setup: ObservingSetup, target: GalaxyTarget
) -> tuple[dict[str, ObservingSetup], dict[str, tuple[str, ...]]]:
    """Return the planned set-up with those that differ in one observable, and the names along each observable."""
    setups, scans = {PLANNED: setup}, {}
    named = {changed: name for name, changed in HELPS.items()}
    for observable, factors in FACTORS.items():
        value = getattr(setup, observable)
        observed = setup.hi_limit_cm2 is not None if observable == "beam_kpc" else setup.n_stars
        if not value or not observed:
            continue
        along = {value: PLANNED}
        for factor in factors:
            changed = round(value * factor) if observable == "n_stars" else value * factor
            name = named.get((observable, factor), f"{factor:g} × {NAMES[observable]}")
            try:
                setups[name] = replace(setup, **{observable: changed})
            except InputError:
                continue  # beyond what can be planned
            along[changed] = name
        scans[observable] = tuple(along[value] for value in sorted(along))
    if target.hi_mass_msun and setup.hi_limit_cm2 is None:
        beam = ADDED_BEAM_R_HL * target.R_hl_kpc
        setups[ADD_HI] = replace(setup, hi_limit_cm2=ADDED_LIMIT_CM2, beam_kpc=beam)
    return setups, scans


def _warnings(found: Forecast, skies: tuple[SkyGalaxy, ...], n_galaxies: int) -> tuple[str, ...]:
    setup, n = found.setups[PLANNED], len(skies)
    warnings = []
    inside, error = found.coverage()
    if inside < 0.68 - SIGNIFICANT * error:
        warnings.append(
            f"Only {100 * inside:.0f} ± {100 * error:.0f} % of the true masses lie inside the forecast 68 % intervals: "
            "the width is too small for data like these."
        )
    if n < n_galaxies:
        warnings.append(f"The suite broad has {n} galaxies of this kind within reach, {n_galaxies} were asked for.")
    if found.n_seen() < n:
        warnings.append(
            f"Of {n - found.n_seen()} of {n} galaxies nothing is seen: too few stars in the field, or no HI."
        )
    if setup.n_stars:
        R_out = setup.R_out_kpc or np.inf
        in_field = [np.sum(np.hypot(s.stars.x_kpc, s.stars.y_kpc) <= R_out) for s in skies if s.stars is not None]
        n_short = int(np.sum(np.array(in_field) < setup.n_stars))
        if n_short:
            warnings.append(f"{n_short} of {n} mock galaxies have fewer than {setup.n_stars} stars in the field.")
        sigma = [float(np.std(sky.stars.v_los_kms)) for sky in skies if sky.stars is not None]
        n_unresolved = int(np.sum(setup.velocity_error_kms > np.array(sigma)))
        if n_unresolved:
            warnings.append(
                f"The velocity error exceeds the dispersion of {n_unresolved} of {n} galaxies; the model learned from "
                "errors up to the dispersion."
            )
    return tuple(warnings)
