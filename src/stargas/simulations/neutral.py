"""How much of a simulated gas particle is atomic hydrogen, and how warm it is.

Three recipes for the neutral fraction, from the best to the crudest:

- ``snapshot``: what the simulation itself stored.
- ``rahmati2013``: equilibrium of photoionization by a self-shielded ultraviolet background, collisional ionization and
  recombination (Rahmati et al. 2013, MNRAS 430, 2427, Eqs. A1-A8 and Table A1), from density and temperature.
- ``temperature``: gas below 10^4.2 K is neutral, warmer gas is ionized.

Gas that forms stars under an effective equation of state has no meaningful temperature of its own: it counts as neutral
at no more than 10^4 K. Neutral hydrogen is then divided into HI and H₂ by the gas pressure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stargas.constants import BOLTZMANN, CM_PER_KPC, G_PER_MSUN, PROTON_MASS
from stargas.errors import InputError
from stargas.galaxy import FloatArray

HYDROGEN_FRACTION = 0.76
"""Primordial mass fraction of hydrogen, where a snapshot does not store one."""

NEUTRAL_BELOW_K = 10**4.2
"""The recipe ``temperature`` takes cooler gas as neutral; collisional equilibrium is half ionized at 10^4.2 K."""

STAR_FORMING_K = 1e4
"""Highest temperature of gas on an effective equation of state."""

ADIABATIC_INDEX = 5 / 3

MOLECULAR = {"blitz2006": (4.3e4, 0.92), "leroy2008": (1.7e4, 0.8)}
"""Pressure P₀/k [K/cm³] and slope of H₂/HI = (P/P₀)^slope, by Blitz & Rosolowsky (2006) and Leroy et al. (2008)."""

# Rahmati et al. (2013), Table A1 and, for the rate of the Haardt & Madau (2001) background, Table 2.
_REDSHIFT = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
_LOG_N0 = np.array([-2.94, -2.29, -2.06, -2.13, -2.23, -2.35])
_ALPHA1 = np.array([-3.98, -2.94, -2.22, -1.99, -2.05, -2.63])
_ALPHA2 = np.array([-1.09, -0.90, -1.09, -0.88, -0.75, -0.57])
_BETA = np.array([1.29, 1.21, 1.75, 1.72, 1.93, 1.77])
_F = np.array([0.01, 0.03, 0.03, 0.04, 0.02, 0.01])
_LOG_RATE = np.log10([8.34e-14, 7.39e-13, 1.50e-12, 1.16e-12, 7.92e-13, 5.43e-13])

RANGES: Mapping[str, tuple[float, float]] = {
    "density_msun_kpc3": (1e-30, np.inf),
    "temperature_K": (0.0, np.inf),
    "u_kms2": (0.0, np.inf),
    "hydrogen_fraction": (0.0, 1.0),
    "neutral_fraction": (0.0, 1.0),
    "hi_fraction": (0.0, 1.0),
    "electron_abundance": (0.0, 10.0),
}
"""What the fields of gas can be; a field beyond is another one than its name says, or in another unit."""

MEDIAN_HYDROGEN = 0.5
"""Least median fraction of hydrogen in gas, of which three quarters were made in the first minutes."""

ROUNDING = 1e-3
"""How far single precision and interpolation may lead beyond a range."""

Recipe = Literal["auto", "snapshot", "rahmati2013", "temperature", "all"]
Partition = Literal["blitz2006", "leroy2008", "none"]


@dataclass(frozen=True)
class Neutral:
    """What a recipe gave.

    Parameters
    ----------
    hi_mass_msun
        HI mass [Msun], shape (n,).
    temperature_K
        Temperature [K], shape (n,).
    provenance
        Recipes that were used, for the galaxy's provenance.
    """

    hi_mass_msun: FloatArray
    temperature_K: FloatArray  # noqa: N815 (the unit is K)
    provenance: Mapping[str, str]


def temperature_from_energy(
    u_kms2: FloatArray, hydrogen_fraction: FloatArray, electron_abundance: FloatArray | None = None
) -> FloatArray:
    """Temperature of an ideal gas.

    Parameters
    ----------
    u_kms2
        Specific thermal energy [(km/s)²], shape (n,).
    hydrogen_fraction
        Mass fraction of hydrogen, shape (n,).
    electron_abundance
        Electrons per hydrogen nucleus, shape (n,). If None, gas that would be cooler than 10⁴ K when neutral is neutral
        (μ = 4/(1+3X)), gas that would be hotter when ionized is ionized (μ = 4/(3+5X)), and the rest is at 10⁴ K.

    Returns
    -------
    numpy.ndarray
        (γ-1) u μ m_p / k [K], shape (n,), with γ = 5/3.
    """
    scale = (ADIABATIC_INDEX - 1) * u_kms2 * 1e6 * PROTON_MASS / BOLTZMANN
    if electron_abundance is not None:
        return scale * 4 / (1 + 3 * hydrogen_fraction + 4 * hydrogen_fraction * electron_abundance)
    neutral = scale * 4 / (1 + 3 * hydrogen_fraction)
    ionized = scale * 4 / (3 + 5 * hydrogen_fraction)
    return np.where(neutral < 1e4, neutral, np.maximum(ionized, 1e4))


def hydrogen_density(density_msun_kpc3: FloatArray, hydrogen_fraction: FloatArray) -> FloatArray:
    """Hydrogen nuclei per cm³ from the mass density [Msun/kpc³]."""
    return density_msun_kpc3 * hydrogen_fraction * (G_PER_MSUN / CM_PER_KPC**3) / (PROTON_MASS * 1e3)


def neutral_fraction(n_hydrogen_cm3: FloatArray, temperature_K: FloatArray, redshift: float) -> FloatArray:
    """Neutral share of hydrogen in ionization equilibrium with self-shielding.

    Parameters
    ----------
    n_hydrogen_cm3
        Hydrogen nuclei per cm³, shape (n,), positive.
    temperature_K
        Temperature [K], shape (n,), positive.
    redshift
        Sets the ultraviolet background (Haardt & Madau 2001); that of z = 5 beyond.

    Returns
    -------
    numpy.ndarray
        n_HI/n_H between 0 and 1 (Rahmati et al. 2013, Eq. A8), shape (n,); molecules count as neutral. Local sources
        of radiation are left out, which matters inside dense star-forming gas.
    """

    def at_redshift(table: FloatArray) -> float:
        return float(np.interp(redshift, _REDSHIFT, table))

    n0, f = 10 ** at_redshift(_LOG_N0), at_redshift(_F)
    shielding = (1 - f) * (1 + (n_hydrogen_cm3 / n0) ** at_redshift(_BETA)) ** at_redshift(_ALPHA1)
    shielding += f * (1 + n_hydrogen_cm3 / n0) ** at_redshift(_ALPHA2)
    rate = 10 ** at_redshift(_LOG_RATE) * shielding
    inverse = 315_614.0 / temperature_K
    recombination = 1.269e-13 * inverse**1.503 / (1 + (inverse / 0.522) ** 0.47) ** 1.923
    collisions = 1.17e-10 * np.sqrt(temperature_K) * np.exp(-157_809.0 / temperature_K)
    collisions /= 1 + np.sqrt(temperature_K / 1e5)
    a = recombination + collisions
    b = 2 * recombination + rate / n_hydrogen_cm3 + collisions
    # The smaller root of a η² - b η + α = 0, in the form that does not cancel.
    return np.clip(2 * recombination / (b + np.sqrt(np.maximum(b**2 - 4 * a * recombination, 0.0))), 0.0, 1.0)


def atomic_share(pressure_K_cm3: FloatArray, partition: Partition) -> FloatArray:
    """Share of neutral hydrogen that is atomic, 1/(1 + (P/P₀)^slope), from the pressure P/k [K/cm³]."""
    if partition == "none":
        return np.ones_like(pressure_K_cm3)
    if partition not in MOLECULAR:
        raise InputError(f"the partition must be one of {', '.join(MOLECULAR)} or none, got {partition!r}.")
    scale, slope = MOLECULAR[partition]
    return 1 / (1 + (pressure_K_cm3 / scale) ** slope)


def neutral_gas(
    fields: Mapping[str, FloatArray | None],
    redshift: float,
    recipe: Recipe = "auto",
    partition: Partition = "blitz2006",
) -> Neutral:
    """HI masses and temperatures of gas particles.

    Parameters
    ----------
    fields
        What the snapshot stores, arrays of shape (n,) or None: ``mass_msun``; ``hi_fraction`` (HI mass over gas mass,
        molecules known apart); ``neutral_fraction`` (neutral over all hydrogen nuclei); ``hydrogen_fraction``;
        ``density_msun_kpc3``; ``temperature_K``; ``u_kms2``; ``electron_abundance``; ``star_formation_rate``.
    redshift
        Of the snapshot.
    recipe
        ``snapshot``, ``rahmati2013``, ``temperature``, ``all`` (every gas particle's hydrogen is HI), or ``auto``: the
        first of the first three for which the snapshot has the fields.
    partition
        How H₂ is split off: ``blitz2006``, ``leroy2008`` or ``none``; not applied where the snapshot knows HI itself or
        stores no density, nor by the recipe ``all``.

    Returns
    -------
    Neutral
        HI masses, temperatures and the names of the recipes.

    Raises
    ------
    InputError
        If the fields do not suffice for the recipe, or one is beyond its range in `RANGES`.
    """
    _require_ranges(fields)
    mass = fields["mass_msun"]
    if mass is None:
        raise InputError("the gas of the snapshot has no masses.")
    hydrogen = fields.get("hydrogen_fraction")
    hydrogen = np.full_like(mass, HYDROGEN_FRACTION) if hydrogen is None else hydrogen
    density, stored, hi = fields.get("density_msun_kpc3"), fields.get("neutral_fraction"), fields.get("hi_fraction")
    temperature = _temperature(fields, hydrogen)
    rate = fields.get("star_formation_rate")
    forming = np.zeros(len(mass), dtype=bool) if rate is None else rate > 0
    if temperature is not None:
        temperature = np.where(forming, np.minimum(temperature, STAR_FORMING_K), temperature)

    possible = {
        "snapshot": hi is not None or stored is not None,
        "rahmati2013": density is not None and temperature is not None,
        "temperature": temperature is not None,
        "all": True,
    }
    chosen = next(name for name in possible if possible[name]) if recipe == "auto" else recipe
    if recipe == "auto" and chosen == "all":
        raise InputError(
            "the gas of the snapshot has neither a neutral fraction nor a temperature nor a thermal energy: with "
            "hi='all' all of its hydrogen counts as HI."
        )
    if chosen not in possible:
        raise InputError(f"the HI recipe must be auto, {', '.join(possible)}, got {chosen!r}.")
    if not possible[chosen]:
        raise InputError(f"the gas of the snapshot lacks the fields for the HI recipe {chosen!r}: choose another one.")

    if temperature is None:
        temperature = np.full_like(mass, 8000.0)
        provenance = {"temperature_from": "8000 K for all gas"}
    else:
        provenance = {"temperature_from": "snapshot" if fields.get("temperature_K") is not None else "thermal energy"}
    provenance["hi_fraction"] = chosen
    if chosen == "snapshot" and hi is not None:
        provenance["molecular"] = "snapshot"
        return Neutral(mass * np.clip(hi, 0.0, 1.0), temperature, provenance)
    if chosen == "all":
        provenance["molecular"] = "none"
        return Neutral(mass * hydrogen, temperature, provenance)
    if chosen == "snapshot" and stored is not None:
        share = np.clip(stored, 0.0, 1.0)
    elif chosen == "rahmati2013" and density is not None:
        share = neutral_fraction(hydrogen_density(density, hydrogen), temperature, redshift)
    else:
        share = (temperature < NEUTRAL_BELOW_K).astype(float)
    share = np.where(forming, 1.0, share)
    provenance["molecular"] = partition if density is not None else "none"
    if density is not None:
        share = share * atomic_share(_pressure(fields, density, hydrogen, temperature), partition)
    return Neutral(mass * hydrogen * share, temperature, provenance)


def _require_ranges(fields: Mapping[str, FloatArray | None]) -> None:
    for name, (low, high) in RANGES.items():
        values = fields.get(name)
        if values is None or not len(values):
            continue
        if values.min() < low - ROUNDING * (low == 0) or values.max() > high + ROUNDING:
            raise InputError(
                f"the field {name} of the gas runs from {values.min():.3g} to {values.max():.3g}, expected "
                f"{low:.3g} to {high:.3g}: correct it, or leave it out of the snapshot."
            )
    hydrogen, temperature = fields.get("hydrogen_fraction"), _thermal(fields)
    if hydrogen is not None and len(hydrogen) and (median := float(np.median(hydrogen))) < MEDIAN_HYDROGEN:
        raise InputError(
            f"half of the gas has a fraction of hydrogen of {median:.3g} or less, expected about {HYDROGEN_FRACTION}: "
            "is it one of metals or helium? Correct it, or leave it out of the snapshot."
        )
    if temperature is not None and len(temperature) and not np.median(temperature) > 0:
        raise InputError(
            "half of the gas has a temperature or energy of 0: correct it, or leave it out of the snapshot."
        )


def _thermal(fields: Mapping[str, FloatArray | None]) -> FloatArray | None:
    """Return what the temperature is from."""
    temperature = fields.get("temperature_K")
    return fields.get("u_kms2") if temperature is None else temperature


def _temperature(fields: Mapping[str, FloatArray | None], hydrogen: FloatArray) -> FloatArray | None:
    temperature, energy = fields.get("temperature_K"), fields.get("u_kms2")
    if temperature is not None:
        return np.maximum(temperature, 1.0)
    if energy is None:
        return None
    return np.maximum(temperature_from_energy(energy, hydrogen, fields.get("electron_abundance")), 1.0)


def _pressure(
    fields: Mapping[str, FloatArray | None], density: FloatArray, hydrogen: FloatArray, temperature: FloatArray
) -> FloatArray:
    """P/k [K/cm³] from the thermal energy, which holds the effective equation of state, else from the temperature."""
    grams = density * G_PER_MSUN / CM_PER_KPC**3
    energy = fields.get("u_kms2")
    if energy is not None:
        return (ADIABATIC_INDEX - 1) * grams * energy * 1e10 / (BOLTZMANN * 1e7)
    particles = grams / (PROTON_MASS * 1e3) * (1 + 3 * hydrogen) / 4
    return particles * temperature
