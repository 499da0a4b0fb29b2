"""How a galaxy is observed: numbers of stars, errors, field, beam and limit; and a mock galaxy observed so."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stargas.config import DataConfig
from stargas.constants import HI_ATOMS_PER_CM2
from stargas.errors import InputError
from stargas.observed.galaxy import ObservedGalaxy
from stargas.observed.sensitivity import column_noise_cm2
from stargas.randomness import rng_for
from stargas.sample import Sample, Truth, make_sample
from stargas.sky.degradation import CLEAR, ERROR_SCATTER_DEX, MIN_RESOLVED, Degradation
from stargas.sky.hi_particles import SkyGas
from stargas.sky.hi_scalars import measure_hi_radius
from stargas.sky.observables import degraded_maps
from stargas.sky.projection import HIMaps, SkyGalaxy, SkyStars
from stargas.sky.star_maps import velocity_dispersion

MIN_STARS, MAX_STARS = 30, 4000
"""Fewest and most stars with velocities; the model learned from no fewer."""

LIMIT_RANGE_CM2 = (1e18, 1e21)
"""Limits of the HI column density [atoms/cm²] that telescopes have."""


@dataclass(frozen=True)
class ObservingSetup:
    """How a galaxy is observed.

    Parameters
    ----------
    n_stars
        Stars with velocities, 0 for none.
    velocity_error_kms
        Median error of a velocity [km/s]; single ones scatter about it by .15 dex.
    R_out_kpc
        Radius within which the stars with velocities lie [kpc], as those that fibers reach; None for all of the galaxy.
        Within it they follow the light.
    hi_limit_cm2
        Column density [atoms/cm²] that the HI map shows at three times its noise (`hi_limit_of`); None for no HI.
    beam_kpc
        FWHM of the beam of the HI map [kpc].

    Raises
    ------
    InputError
        If nothing is observed, or a number is out of range.

    Examples
    --------
    >>> ObservingSetup(n_stars=300, velocity_error_kms=1.5).label
    '300 stars, errors of 1.5 km/s'
    """

    n_stars: int = 200
    velocity_error_kms: float = 2.0
    R_out_kpc: float | None = None
    hi_limit_cm2: float | None = None
    beam_kpc: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        whole = isinstance(self.n_stars, int | np.integer)
        if not whole or (self.n_stars != 0 and not MIN_STARS <= self.n_stars <= MAX_STARS):
            raise InputError(
                f"a forecast is for {MIN_STARS} to {MAX_STARS} stars, or 0 for none, got n_stars={self.n_stars!r}."
            )
        if not self.n_stars and self.hi_limit_cm2 is None:
            raise InputError("nothing is observed: give n_stars, hi_limit_cm2, or both.")
        if not 0 <= self.velocity_error_kms <= 1000:
            raise InputError(f"velocity_error_kms must be between 0 and 1000, got {self.velocity_error_kms}.")
        if self.R_out_kpc is not None and not 0 < self.R_out_kpc < np.inf:
            raise InputError(f"R_out_kpc must be positive and finite, got {self.R_out_kpc}: leave it out for no edge.")
        low, high = LIMIT_RANGE_CM2
        if self.hi_limit_cm2 is not None and not low <= self.hi_limit_cm2 <= high:
            raise InputError(
                f"hi_limit_cm2 must be between {low:g} and {high:g} atoms/cm², got {self.hi_limit_cm2:g}: give the "
                "column density at three times the noise."
            )
        if not 0 <= self.beam_kpc < np.inf:
            raise InputError(
                f"beam_kpc must be zero or positive and finite, got {self.beam_kpc}: give the FWHM in kpc."
            )

    @classmethod
    def of(cls, galaxy: ObservedGalaxy) -> "ObservingSetup":
        """Return how an observed galaxy was observed: numbers, median error, and radius of the outermost star.

        Raises
        ------
        InputError
            If it has fewer than `MIN_STARS` stars.
        """
        values: dict[str, Any] = {"n_stars": 0}
        if galaxy.stars is not None:
            values = {
                "n_stars": min(len(galaxy.stars), MAX_STARS),
                "velocity_error_kms": float(np.median(galaxy.stars.v_los_error_kms)),
                "R_out_kpc": float(np.hypot(galaxy.stars.x_kpc, galaxy.stars.y_kpc).max()),
            }
        if galaxy.hi is not None:
            limit = CLEAR * galaxy.hi.column_noise_msun_pc2 * HI_ATOMS_PER_CM2
            values |= {
                "hi_limit_cm2": float(np.clip(limit, *LIMIT_RANGE_CM2)),
                "beam_kpc": float(galaxy.hi.beam_fwhm_kpc),
            }
        return cls(**values)

    @staticmethod
    def hi_limit_of(noise_mjy_beam: float, channel_kms: float, beam_arcsec: float) -> float:
        """Return the limit [atoms/cm²] of an HI cube.

        Parameters
        ----------
        noise_mjy_beam, channel_kms, beam_arcsec
            Of `stargas.observed.sensitivity.column_noise_cm2`, which raises what it raises.

        Examples
        --------
        >>> f"{ObservingSetup.hi_limit_of(0.5, 5.0, 30.0):.1g}"
        '3e+19'
        """
        return CLEAR * column_noise_cm2(noise_mjy_beam, channel_kms, beam_arcsec)

    @property
    def label(self) -> str:
        """In words."""
        words = []
        if self.n_stars:
            words.append(f"{self.n_stars} stars, errors of {self.velocity_error_kms:.3g} km/s")
            if self.R_out_kpc is not None:
                words.append(f"within {self.R_out_kpc:.3g} kpc")
        if self.hi_limit_cm2 is not None:
            words.append(f"HI above {self.hi_limit_cm2:.2g} cm⁻² with a beam of {self.beam_kpc:.3g} kpc")
        return ", ".join(words)


def observe_mock(sky: SkyGalaxy, truth: Truth, setup: ObservingSetup, config: DataConfig, seed: int) -> Sample | None:
    """Observe a mock galaxy.

    Parameters
    ----------
    sky
        A projected galaxy, with all its stars and gas.
    truth
        What is known of it.
    setup
        How it is observed.
    config
        Settings of the samples of the model.
    seed
        Root seed. Set-ups of one seed share the order in which stars are taken and the noise of their velocities, so
        they differ by what is observed alone.

    Returns
    -------
    Sample or None
        With R_hl from photometry. None where nothing is seen: too few stars in the field, or no HI above the limit.
    """
    name = "" if sky.galaxy is None else sky.galaxy.id
    seen = replace(sky, stars=None, gas=None)
    if setup.n_stars and sky.stars is not None:
        observed_stars = _observe_stars(sky.stars, setup, rng_for(seed, "forecast stars", name))
        if observed_stars is None:
            return None
        stars, sigma = observed_stars
        error = 0.0 if stars.v_error_kms is None else float(np.sqrt(np.mean(stars.v_error_kms**2)))
        seen = replace(seen, stars=stars, sigma_kms=sigma, velocity_error_kms=error)
    if setup.hi_limit_cm2 is not None and isinstance(sky.gas, SkyGas):
        observed = _observe_hi(sky.gas, setup, config, rng_for(seed, "forecast HI", name))
        if observed is not None:
            maps, beam_kpc, noise = observed
            seen = replace(seen, gas=maps, beam_fwhm_kpc=beam_kpc, noise_msun_pc2=noise)
    if seen.stars is None and seen.gas is None:
        return None
    chosen = None if seen.stars is None else np.arange(len(seen.stars))
    sample = make_sample(seen, rng_for(seed, "forecast sample", name), config, chosen, truth)
    return sample if sample.tracers.any() else None


def _observe_stars(stars: SkyStars, setup: ObservingSetup, rng: np.random.Generator) -> tuple[SkyStars, float] | None:
    """Return the stars with velocities, and their dispersion with the errors taken out [km/s]; None of too few."""
    order = rng.permutation(len(stars))
    scatter, noise = rng.standard_normal((2, len(stars)))
    inside = np.hypot(stars.x_kpc, stars.y_kpc)[order] <= (setup.R_out_kpc or np.inf)
    taken = order[inside][: setup.n_stars]
    if len(taken) < MIN_STARS:
        return None
    v = stars.v_los_kms[taken]
    if not setup.velocity_error_kms:
        return SkyStars(stars.x_kpc[taken], stars.y_kpc[taken], v), velocity_dispersion(v)
    error = setup.velocity_error_kms * 10 ** (ERROR_SCATTER_DEX * scatter[taken])
    v = v + error * noise[taken]
    total = velocity_dispersion(v)
    sigma = float(np.sqrt(max(total**2 - np.mean(error**2), (MIN_RESOLVED * total) ** 2)))
    return SkyStars(stars.x_kpc[taken], stars.y_kpc[taken], v, error), sigma


def _observe_hi(
    gas: SkyGas, setup: ObservingSetup, config: DataConfig, rng: np.random.Generator
) -> tuple[HIMaps, float, float] | None:
    """Return maps, FWHM of the beam [kpc] and noise [Msun/pc²]; None without HI above 1 Msun/pc²."""
    radius = measure_hi_radius(gas.x_kpc, gas.y_kpc, gas.mHI_msun)
    if radius is None or setup.hi_limit_cm2 is None:
        return None
    pixel_kpc = 2 * config.gas.half_width * radius / config.gas.n_pixels
    telescope = Degradation(beam_pixels=setup.beam_kpc / pixel_kpc, limit_cm2=setup.hi_limit_cm2)
    return degraded_maps(gas, config.gas, telescope, rng)
