"""What is observed of a galaxy on the sky: the maps of its stars and of its HI, with what is measured on each."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stargas.config import DataConfig, HIMapConfig
from stargas.constants import HI_ATOMS_PER_CM2
from stargas.errors import InputError, NoGalaxyError
from stargas.sky.channels import make_channels
from stargas.sky.degradation import (
    CLEAR,
    Degradation,
    angle_by_gradient,
    hide_faint_hi,
    observe_stars,
    recentered_gas,
    turned,
)
from stargas.sky.hi_maps import moment_maps
from stargas.sky.hi_particles import SkyGas
from stargas.sky.hi_scalars import HIScalars, measure_hi, measure_hi_radius
from stargas.sky.projection import HIMaps, SkyGalaxy, SkyPositions, SkyStars
from stargas.sky.regrid import regrid_moments
from stargas.sky.star_maps import scaled_stars, velocity_dispersion

WIDER = 1.5
"""Degraded HI maps are first made this much wider, since a beam moves the radius that sets their side."""


@dataclass(frozen=True, eq=False)
class ObservingConditions:
    """How one view of a galaxy is observed.

    Parameters
    ----------
    config
        Settings of maps and degradation.
    degradation
        Strengths of the effects of observing.
    rng
        Draws what they do, and the noise of the HI maps.
    chosen
        Indices of the stars that are observed, shape (k,); all if None.
    intrinsic
        Stands in the place of the scalars that are measured on the HI maps of a simulated galaxy, where the settings
        ask for it; None where it cannot be measured.
    """

    config: DataConfig
    degradation: Degradation
    rng: np.random.Generator
    chosen: NDArray[np.intp] | None = None
    intrinsic: HIScalars | None = None


@dataclass(frozen=True, eq=False)
class StarObservables:
    """Stars as they are observed.

    Parameters
    ----------
    maps
        Channels of stars of `stargas.sky.channels.CHANNELS`, shape (n_channels, n, n).
    stars
        The stars themselves, with errors and interlopers.
    sigma_kms
        Velocity dispersion without the errors of measurement [km/s].
    velocity_scale_kms
        Velocity that is 1 on the R-v map [km/s].
    velocity_error_kms
        Root mean square error of the velocities [km/s].
    """

    maps: NDArray[np.float32]
    stars: SkyStars
    sigma_kms: float
    velocity_scale_kms: float
    velocity_error_kms: float


@dataclass(frozen=True, eq=False)
class HIObservables:
    """HI as it is observed.

    Parameters
    ----------
    maps
        Channels of gas of `stargas.sky.channels.CHANNELS`, shape (n_channels, n, n).
    scalars
        Size and kinematics.
    half_width_kpc
        Half the side of the maps [kpc].
    beam_fwhm_kpc
        FWHM of the beam [kpc].
    noise_msun_pc2
        Noise of the column density [Msun/pc²].
    """

    maps: NDArray[np.float32]
    scalars: HIScalars
    half_width_kpc: float
    beam_fwhm_kpc: float
    noise_msun_pc2: float


def require_stars(n_stars: int, min_stars: int) -> None:
    """Raise `~stargas.errors.NoGalaxyError` where a galaxy has too few stars for a sample."""
    if n_stars < min_stars:
        raise NoGalaxyError(
            f"a sample needs at least {min_stars} stars, got {n_stars}: give more stars or lower data.stars.min_stars."
        )


def observe_star_maps(sky: SkyGalaxy, conditions: ObservingConditions) -> StarObservables | None:
    """Observe the stars of a galaxy.

    Returns
    -------
    StarObservables or None
        None where no stars are observed.

    Raises
    ------
    InputError
        If there are too few stars, or their half-light radius is not positive.
    """
    if sky.stars is None:
        return None
    stars, chosen = sky.stars, conditions.chosen
    config, degradation, rng = conditions.config, conditions.degradation, conditions.rng
    if chosen is not None:
        stars = stars[chosen]
    require_stars(len(stars), config.min_stars)
    if sky.R_hl_kpc is None or not sky.R_hl_kpc > 0:
        raise InputError(f"star maps need a positive half-light radius, got R_hl_kpc={sky.R_hl_kpc}.")
    sigma, error, photometry = sky.sigma_kms, sky.velocity_error_kms, sky.photometry
    if degradation != Degradation():
        stars, sigma, error = observe_stars(stars, sky.R_hl_kpc, degradation, config.degradation, rng)
        if degradation.photometry:
            photometry = _photometry(sky.stars, sky.R_hl_kpc, degradation)
        if degradation.unknown_angle and sky.gas is None:
            angle = angle_by_gradient(stars, rng)
            stars, photometry = turned(stars, angle), None if photometry is None else turned(photometry, angle)
    scaled = scaled_stars(stars.x_kpc, stars.y_kpc, stars.v_los_kms, sky.R_hl_kpc, config.stars)
    if photometry is not None:
        # as many as a map has stars of any kind, since the width of its kernel goes with their number
        shown = slice(None, None, -(-len(photometry) // config.stars.max_stars))
        x, y = photometry.x_kpc[shown], photometry.y_kpc[shown]
        scaled = replace(scaled, x=x / sky.R_hl_kpc, y=y / sky.R_hl_kpc)
    return StarObservables(
        make_channels("stars", scaled, config.stars),
        stars,
        velocity_dispersion(stars.v_los_kms) if sigma is None else sigma,
        scaled.velocity_scale_kms,
        error,
    )


def _photometry(stars: SkyStars, R_hl_kpc: float, degradation: Degradation) -> SkyPositions:
    """Return the positions of all stars about the center that is assumed."""
    return SkyPositions(stars.x_kpc - degradation.offset_x * R_hl_kpc, stars.y_kpc - degradation.offset_y * R_hl_kpc)


def observe_hi_maps(sky: SkyGalaxy, conditions: ObservingConditions) -> HIObservables | None:
    """Observe the HI of a galaxy.

    Returns
    -------
    HIObservables or None
        None where no HI is observed, or its surface density nowhere reaches 1 Msun/pc².
    """
    if sky.gas is None:
        return None
    gas, beam_kpc, noise = sky.gas, sky.beam_fwhm_kpc, sky.noise_msun_pc2
    config, degradation, rng = conditions.config.gas, conditions.degradation, conditions.rng
    off = degradation.offset_x or degradation.offset_y or degradation.velocity_offset
    if off and isinstance(gas, SkyGas) and sky.stars is not None and sky.R_hl_kpc:
        gas = recentered_gas(gas, sky.R_hl_kpc, velocity_dispersion(sky.stars.v_los_kms), degradation)
    if isinstance(gas, SkyGas) and (degradation.beam_pixels or degradation.limit_cm2):
        degraded = degraded_maps(gas, config, degradation, rng)
        if degraded is None:
            return None
        gas, beam_kpc, noise = degraded
    if isinstance(gas, HIMaps):
        regridded = regrid_moments(gas, config)
        if regridded is None:
            return None
        moments, half_width = regridded[0].astype(np.float32), regridded[1]
    else:
        radius = measure_hi_radius(gas.x_kpc, gas.y_kpc, gas.mHI_msun)
        if radius is None:
            return None
        half_width = config.half_width * radius
        moments = moment_maps(gas, half_width, config, rng)
    leaks = config.scalars == "intrinsic" and sky.galaxy is not None
    scalars = conditions.intrinsic if leaks else measure_hi(moments, half_width)
    if scalars is None:
        return None
    return HIObservables(make_channels("gas", moments), scalars, half_width, beam_kpc, noise)


def degraded_maps(
    gas: SkyGas, config: HIMapConfig, degradation: Degradation, rng: np.random.Generator
) -> tuple[HIMaps, float, float] | None:
    """Return maps as a telescope gives them, the FWHM of its beam [kpc] and the noise of the column [Msun/pc²]."""
    radius = measure_hi_radius(gas.x_kpc, gas.y_kpc, gas.mHI_msun)
    if radius is None:
        return None
    half_width = WIDER * config.half_width * radius
    beam_kpc = degradation.beam_pixels * 2 * config.half_width * radius / config.n_pixels
    wide = replace(config, n_pixels=round(WIDER * config.n_pixels), beam_fwhm_kpc=beam_kpc)
    maps = HIMaps(moment_maps(gas, half_width, wide, rng).astype(np.float64), half_width)
    if degradation.limit_cm2:
        maps = hide_faint_hi(maps, beam_kpc, degradation.limit_cm2, rng)
    return maps, beam_kpc, degradation.limit_cm2 / HI_ATOMS_PER_CM2 / CLEAR
