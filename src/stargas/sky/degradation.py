"""What observing does to a galaxy: few stars, badly chosen, errors, binaries, interlopers, beam and noise of the HI.

A model that was trained on degraded samples and is conditioned on the strength of each effect knows what an observer's
data are worth. Strengths are drawn anew for every view; a share of the views is left perfect.
"""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from stargas.config import DegradationConfig
from stargas.constants import HI_ATOMS_PER_CM2
from stargas.galaxy import FloatArray
from stargas.sky.beam import Beam
from stargas.sky.binaries import binary_velocities
from stargas.sky.hi_particles import SkyGas
from stargas.sky.projection import HIMaps, SkyPositions, SkyStars
from stargas.sky.star_maps import velocity_dispersion

CLEAR = 3.0
"""HI counts as seen where its column is this many times the noise of the column."""

ERROR_SCATTER_DEX = 0.15
"""Scatter of the errors of single stars around the typical one."""

WINDOW_DEX = 0.25
"""Width [dex] of the distribution of radii of stars that are chosen by their radius."""

OUTER_EDGES, INNER_EDGES = (0.3, 1.5), (0.5, 1.5)
"""Radii [R_hl] within which the stars of a small field lie, and beyond which those of a field beside the center do."""

SMALL_FIELDS = 0.7
"""Share of the small fields among those with an edge."""

BINARY_SIGMA_KMS = 8.0
"""Dispersion above which the velocities of binaries do not matter."""

INTERLOPER_WIDTH = (0.5, 3.0)
"""Velocity dispersion of interlopers with a distribution of their own over that of the galaxy."""

CLIP = 4.0
"""Interlopers beyond this many dispersions would be recognized."""

CLEAR_GRADIENT = 3.0
"""A gradient of the velocities shows the position angle where it is this many times its error."""

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
    selection_radius_dex
        log10 of the radius over R_hl at which most stars with velocities lie; 0 for a choice at random.
    inner_edge, outer_edge
        Radii [R_hl] between which the stars with velocities lie.
    error_range_dex
        Range of log10 of the errors of single stars.
    binaries
        Fraction of stars with a companion.
    interloper_velocity, interloper_width
        Mean velocity and dispersion of the interlopers over the dispersion of the galaxy; width 0 for even ones.
    offset_x, offset_y
        Error of the center [R_hl].
    velocity_offset
        Error of the systemic velocity [dispersions].
    unknown_angle
        Whether the position angle is known from a gradient of the velocities only.
    photometry
        Whether there is a photometric catalog of all stars.
    """

    star_share: float = 0.0
    velocity_error: float = 0.0
    interlopers: float = 0.0
    beam_pixels: float = 0.0
    limit_cm2: float = 0.0
    selection_radius_dex: float = 0.0
    inner_edge: float = 0.0
    outer_edge: float = np.inf
    error_range_dex: float = 0.0
    binaries: float = 0.0
    interloper_velocity: float = 0.0
    interloper_width: float = 0.0
    offset_x: float = 0.0
    offset_y: float = 0.0
    velocity_offset: float = 0.0
    unknown_angle: bool = False
    photometry: bool = False


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
        **_draw_sample_effects(config, imperfect, rng),
    )


def _draw_sample_effects(config: DegradationConfig, imperfect: bool, rng: np.random.Generator) -> dict[str, Any]:
    """Draw how the sample of stars differs from a fair one."""
    on = (rng.random(6) < config.each) & imperfect
    even, signed = rng.random(3), rng.uniform(-1, 1, 5)
    foreign = bool(on[3] and config.interloper_velocity)
    effects = {
        "selection_radius_dex": float(on[0] * config.selection_radius_dex * signed[0]),
        "error_range_dex": float(on[1] * config.error_range_dex * even[0]),
        "binaries": float(on[2] * config.binaries * even[1]),
        "interloper_velocity": config.interloper_velocity * float(signed[1]) if foreign else 0.0,
        "interloper_width": float(np.interp(even[2], [0, 1], INTERLOPER_WIDTH)) if foreign else 0.0,
        "offset_x": float(on[4] * config.center_offset * signed[2] / np.sqrt(2)),
        "offset_y": float(on[4] * config.center_offset * signed[3] / np.sqrt(2)),
        "velocity_offset": float(on[5] * config.velocity_offset * signed[4]),
        "unknown_angle": bool(rng.random() < config.unknown_angle and imperfect),
        # drawn only where it can be, so that data sets without photometry keep their random numbers
        "photometry": bool(config.photometry and rng.random() < config.photometry and imperfect),
    }
    if config.edges and rng.random() < config.edges and imperfect:
        name, (low, high) = ("outer_edge", OUTER_EDGES) if rng.random() < SMALL_FIELDS else ("inner_edge", INNER_EDGES)
        effects[name] = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return effects


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
        mean square error [km/s]. Interlopers lie on the sky out to ``config.interloper_radius`` R_hl, evenly and evenly
        in velocity within 3 dispersions, since those beyond are clipped, or with a distribution of their own: more on
        one side, and normal in velocity within `CLIP` dispersions.
    """
    x, y, v = stars.x_kpc, stars.y_kpc, stars.v_los_kms
    least = min(config.min_stars, len(x))
    x, y, v = _between_edges(x, y, v, R_hl_kpc, degradation, least)
    n = round(least * (len(x) / least) ** (1 - degradation.star_share))
    if degradation.selection_radius_dex:
        n = min(n, max(least, len(x) // 2))  # a choice leaves stars out
        kept = _chosen_by_radius(np.hypot(x, y) / R_hl_kpc, n, degradation.selection_radius_dex, rng)
        x, y, v = x[kept], y[kept], v[kept]
    elif n < len(x):
        kept = rng.permutation(len(x))[:n]
        x, y, v = x[kept], y[kept], v[kept]
    sigma = velocity_dispersion(v)
    if degradation.binaries and sigma < BINARY_SIGMA_KMS:
        v = v + binary_velocities(n, degradation.binaries, rng)
    foreign = int(rng.binomial(n, degradation.interlopers)) if degradation.interlopers else 0
    if foreign:
        radius = config.interloper_radius * R_hl_kpc * np.sqrt(rng.random(foreign))
        angle = rng.uniform(0, 2 * np.pi, foreign)
        if degradation.interloper_width:
            angle *= np.sqrt(rng.random(foreign))  # more of them on one side
            own = degradation.interloper_velocity + degradation.interloper_width * rng.standard_normal(foreign)
            v = np.append(v[foreign:], np.clip(own, -CLIP, CLIP) * sigma)
        else:
            v = np.append(v[foreign:], rng.uniform(-3, 3, foreign) * sigma)
        x = np.append(x[foreign:], radius * np.cos(angle))
        y = np.append(y[foreign:], radius * np.sin(angle))
    rms, error = 0.0, None
    if degradation.velocity_error:
        typical = degradation.velocity_error * min(config.velocity_error_kms, sigma)
        error = typical * 10 ** (ERROR_SCATTER_DEX * rng.standard_normal(n))
        if degradation.error_range_dex:
            error *= 10 ** (degradation.error_range_dex * rng.uniform(-0.5, 0.5, n))
        v = v + error * rng.standard_normal(n)
        rms = float(np.sqrt(np.mean(error**2)))
    scatter = velocity_dispersion(v)
    x, y = x - degradation.offset_x * R_hl_kpc, y - degradation.offset_y * R_hl_kpc
    v = v - degradation.velocity_offset * sigma
    return SkyStars(x, y, v, error), float(np.sqrt(max(scatter**2 - rms**2, (MIN_RESOLVED * scatter) ** 2))), rms


def _between_edges(
    x: FloatArray, y: FloatArray, v: FloatArray, R_hl_kpc: float, degradation: Degradation, least: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the stars between the edges; all where too few lie there."""
    radius = np.hypot(x, y) / R_hl_kpc
    inside = (radius >= degradation.inner_edge) & (radius <= degradation.outer_edge)
    return (x[inside], y[inside], v[inside]) if np.count_nonzero(inside) >= least else (x, y, v)


def _chosen_by_radius(R_over_R_hl: FloatArray, n: int, center_dex: float, rng: np.random.Generator) -> NDArray[np.intp]:
    """Choose n stars without replacement, with odds that are log-normal in the radius (Efraimidis & Spirakis 2006)."""
    distance = (np.log10(np.maximum(R_over_R_hl, 1e-3)) - center_dex) / WINDOW_DEX
    weight = np.exp(-0.5 * distance**2) + 0.01
    return np.argsort(rng.exponential(size=len(weight)) / weight)[:n]


def recentered_gas(gas: SkyGas, R_hl_kpc: float, sigma_kms: float, degradation: Degradation) -> SkyGas:
    """Return gas as seen from the center and the systemic velocity that are assumed for the stars."""
    return replace(
        gas,
        x_kpc=gas.x_kpc - degradation.offset_x * R_hl_kpc,
        y_kpc=gas.y_kpc - degradation.offset_y * R_hl_kpc,
        v_los_kms=gas.v_los_kms - degradation.velocity_offset * sigma_kms,
    )


def angle_by_gradient(stars: SkyStars, rng: np.random.Generator) -> float:
    """Return the angle [rad] by which an observer who knows no position angle turns a galaxy, counterclockwise.

    Returns
    -------
    float
        It brings the receding side to +x where the gradient of the velocities is `CLEAR_GRADIENT` times its error; else
        it is random.
    """
    design = np.column_stack([np.ones(len(stars)), stars.x_kpc, stars.y_kpc])
    inverse = np.linalg.pinv(design.T @ design)
    slope = inverse @ design.T @ stars.v_los_kms
    variance = np.mean((stars.v_los_kms - design @ slope) ** 2)
    significance = np.sqrt(slope[1:] @ np.linalg.pinv(variance * inverse[1:, 1:] + 1e-300 * np.eye(2)) @ slope[1:])
    angle = float(rng.uniform(0, 2 * np.pi))
    return -float(np.arctan2(slope[2], slope[1])) if significance > CLEAR_GRADIENT else angle


PositionsT = TypeVar("PositionsT", SkyStars, SkyPositions)


def turned(positions: PositionsT, angle: float) -> PositionsT:
    """Return positions on the sky turned counterclockwise by an angle [rad]."""
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = positions.x_kpc, positions.y_kpc
    return replace(positions, x_kpc=cos * x - sin * y, y_kpc=sin * x + cos * y)


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
