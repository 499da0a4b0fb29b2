"""What observing does to a galaxy: few stars, velocity errors, interlopers, a beam, and HI too faint to be seen.

A model that was trained on degraded samples and is conditioned on the strength of each effect knows what an observer's
data are worth. Strengths are drawn anew for every view; a share of the views is left perfect.
"""

from dataclasses import dataclass, replace

import numpy as np

from stargas.config import DegradationConfig
from stargas.constants import HI_ATOMS_PER_CM2
from stargas.sky.beam import Beam
from stargas.sky.projection import HIMaps, SkyStars
from stargas.sky.star_maps import velocity_dispersion

CLEAR = 3.0
"""HI counts as seen where its column is this many times the noise of the column."""

ERROR_SCATTER_DEX = 0.15
"""Scatter of the errors of single stars around the typical one."""

MIN_RESOLVED = 0.3
"""The dispersion without errors is at least this share of the scatter of the velocities."""

MEAN_NOISE, WIDTH_NOISE = 1.44, 1.08
"""Noise of moments 1 and 2 over dispersion times relative noise of the column, of a Gaussian line that is summed over
±2.5 of its dispersions: √<u²> and √<(u² - 1)²>/2 of u uniform in that window."""


@dataclass(frozen=True)
class Degradation:
    """Strengths of the effects on one view.

    Parameters
    ----------
    star_share
        Share of the stars that has velocities, as an exponent: 0 all, 1 no more than the fewest.
    velocity_error
        Typical error over the most that is allowed, 0 to 1.
    interlopers
        Share of stars that do not belong to the galaxy.
    beam_pixels
        FWHM of the beam in pixels of the maps.
    limit_cm2
        Column density [atoms/cm²] below which HI is not seen; 0 if all is.
    """

    star_share: float = 0.0
    velocity_error: float = 0.0
    interlopers: float = 0.0
    beam_pixels: float = 0.0
    limit_cm2: float = 0.0


def draw_degradation(config: DegradationConfig, rng: np.random.Generator) -> Degradation:
    """Draw how strong each effect is on one view; every draw takes the same random numbers."""
    imperfect = rng.random() < config.share
    on, strength = rng.random(5) < config.each, rng.random(5)
    strength = np.where(on & imperfect, strength, 0.0)
    low, high = np.log10(config.min_limit_cm2), np.log10(config.max_limit_cm2)
    return Degradation(
        star_share=float(strength[0]),
        velocity_error=float(strength[1]),
        interlopers=float(strength[2]) * config.interlopers,
        beam_pixels=float(strength[3]) * config.beam_pixels,
        limit_cm2=float(10 ** (low + strength[4] * (high - low))) if strength[4] else 0.0,
    )


def observe_stars(
    stars: SkyStars, R_hl_kpc: float, degradation: Degradation, config: DegradationConfig, rng: np.random.Generator
) -> tuple[SkyStars, float, float]:
    """Observe stars with degradation.

    Parameters
    ----------
    stars
        The stars of one view.
    R_hl_kpc
        Their projected half-light radius [kpc], known from photometry.
    degradation
        Strengths.
    config
        Extremes of the degradation.
    rng
        Draws stars, errors and interlopers.

    Returns
    -------
    tuple
        Stars with errors in their velocities; dispersion with the errors taken out, as an observer does [km/s]; root
        mean square error [km/s]. Interlopers lie evenly on the sky out to ``config.interloper_radius`` R_hl
        and evenly in velocity within 3 dispersions, since those beyond are clipped.
    """
    x, y, v = stars.x_kpc, stars.y_kpc, stars.v_los_kms
    least = min(config.min_stars, len(x))
    n = round(least * (len(x) / least) ** (1 - degradation.star_share))
    if n < len(x):
        kept = rng.permutation(len(x))[:n]
        x, y, v = x[kept], y[kept], v[kept]
    sigma = velocity_dispersion(v)
    foreign = int(rng.binomial(n, degradation.interlopers)) if degradation.interlopers else 0
    if foreign:
        radius = config.interloper_radius * R_hl_kpc * np.sqrt(rng.random(foreign))
        angle = rng.uniform(0, 2 * np.pi, foreign)
        x = np.append(x[foreign:], radius * np.cos(angle))
        y = np.append(y[foreign:], radius * np.sin(angle))
        v = np.append(v[foreign:], rng.uniform(-3, 3, foreign) * sigma)
    rms = 0.0
    if degradation.velocity_error:
        typical = degradation.velocity_error * min(config.velocity_error_kms, sigma)
        error = typical * 10 ** (ERROR_SCATTER_DEX * rng.standard_normal(n))
        v = v + error * rng.standard_normal(n)
        rms = float(np.sqrt(np.mean(error**2)))
    scatter = velocity_dispersion(v)
    return SkyStars(x, y, v), float(np.sqrt(max(scatter**2 - rms**2, (MIN_RESOLVED * scatter) ** 2))), rms


def hide_faint_hi(maps: HIMaps, beam_fwhm_kpc: float, limit_cm2: float, rng: np.random.Generator) -> HIMaps:
    """Add the noise of an observation to moment maps and blank what it does not show.

    Parameters
    ----------
    maps
        Moments, smoothed with the beam.
    beam_fwhm_kpc
        FWHM of the beam [kpc], over which noise is correlated; that of a pixel at least.
    limit_cm2
        Column density [atoms/cm²] at `CLEAR` times the noise.
    rng
        Draws the noise.

    Returns
    -------
    HIMaps
        All three moments are zero where the column is below the limit.
    """
    column, mean, sigma = np.asarray(maps.moments, dtype=np.float64)
    limit = limit_cm2 / HI_ATOMS_PER_CM2
    noise = limit / CLEAR
    pixel = 2 * maps.half_width_kpc / len(column)
    of_column, of_mean, of_sigma = Beam(max(beam_fwhm_kpc / pixel, 1.0)).noise((3, *column.shape), rng)
    relative = noise / np.maximum(column, noise)
    seen = np.where(column + noise * of_column >= limit, 1.0, 0.0)
    mean = mean + MEAN_NOISE * sigma * relative * of_mean
    sigma = np.maximum(sigma * (1 + WIDTH_NOISE * relative * of_sigma), 0.0)
    return replace(maps, moments=seen * np.stack([column + noise * of_column, mean, sigma]))
