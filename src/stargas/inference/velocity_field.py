"""The velocity field that HI should have if a posterior is right, beside the observed one, pixel by pixel.

Each joint draw of masses and inclination puts the gas on circles of one plane, with the rotation v of
`stargas.inference.predicted_rotation`, inclination included. A pixel at x along the receding half of the major axis and
y across it then moves with

    v(r) x/r,    r² = x² + y²/q²,    q² = cos² i (1 - q0²) + q0²,

where q0 is the thickness of the disk. The predicted field is the median over the draws, spread by the beam as the HI
is, plus the mean of the observed one. The center is that of the maps, as for the rings. The major axis is the long one
of the column; maps that are too round to have one are turned by the direction in which their velocity rises.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from stargas.features.hi_features import THICKNESS
from stargas.galaxy import FloatArray
from stargas.inference.predicted_rotation import predict_rotation
from stargas.inference.predictive_reference import FRACTIONS
from stargas.observed.orientation import velocity_position_angle
from stargas.profiles import ProfileDraws
from stargas.sample import MAPS, QUALITY, SCALARS, Sample
from stargas.sky.beam import Beam
from stargas.sky.ellipse import fit_ellipse
from stargas.sky.hi_scalars import pixel_centers
from stargas.sky.projection import HIMaps

ROUND = 0.6
"""Axis ratio of the column above which its major axis is not taken for that of the rotation: in flatter mock galaxies
it is nearer to the axis that fits their velocities best than the direction in which the velocity rises, in rounder ones
farther from it."""

MIN_PIXELS = 20
"""Pixels that are compared at least."""

_SCALARS = ("R_HI_kpc", "v_cold_kms", "sigma_cold_kms")
_LEAST_KMS = 1e-3
_RADII = 100  # at which the rotation is computed


@dataclass(frozen=True, eq=False)
class VelocityField:
    """Observed and predicted velocities of the HI on the sky, on the pixels of the maps of a sample.

    Parameters
    ----------
    observed_kms
        Moment 1 [km/s], shape (p, p), row y, column x; NaN where the HI has no velocity.
    predicted_kms
        Predicted [km/s], shape (p, p); NaN where the HI has no velocity, and beyond the last radius of the masses.
    column_msun_pc2
        Column of the HI [Msun/pc²], shape (p, p), which weights the pixels.
    half_width_kpc
        Half the side of the maps [kpc].
    axis_deg
        Direction of the receding half of the major axis, counterclockwise from +x [deg].
    order
        Rotation of the HI as it is seen over its dispersion, v_cold/sigma_cold.
    larger_fraction
        Fraction of galaxies that the model did not learn from, of as much order, whose `residual_share` is larger; None
        without a reference.
    """

    observed_kms: FloatArray
    predicted_kms: FloatArray
    column_msun_pc2: FloatArray
    half_width_kpc: float
    axis_deg: float
    order: float
    larger_fraction: float | None = None

    @property
    def residual_kms(self) -> FloatArray:
        """Observed minus predicted [km/s], shape (p, p); NaN where either is not known."""
        return self.observed_kms - self.predicted_kms

    @property
    def rms_kms(self) -> float:
        """Root mean square of the residual [km/s], weighted with the column."""
        return self._rms_kms(self.residual_kms)

    @property
    def residual_share(self) -> float:
        """`rms_kms` over the root mean square of the observed velocities about their mean, in the same pixels."""
        return self.rms_kms / max(self._rms_kms(self.observed_kms), _LEAST_KMS)

    @property
    def deviation(self) -> float | None:
        """How many standard deviations a Gaussian has for ``larger_fraction``; positive for a large residual."""
        return None if self.larger_fraction is None else float(-ndtri(self.larger_fraction))

    @property
    def claim(self) -> str:
        """What the prediction leaves."""
        return (
            f"The velocity field of the HI differs from the predicted one by {self.rms_kms:.2g} km/s rms, "
            f"{100 * self.residual_share:.0f} % of the observed velocities"
        )

    @property
    def detail(self) -> str:
        """How usual that is."""
        if self.larger_fraction is None:
            return "the model has no reference that tells how much is usual"
        least, most = FRACTIONS
        bound = "at most " if self.larger_fraction <= least else "at least " if self.larger_fraction >= most else ""
        return (
            f"{bound}{100 * self.larger_fraction:.2g} % of galaxies like those of the training set, with as much "
            f"rotation over dispersion, differ more ({self.deviation:+.1f}σ)"
        )

    @property
    def sentence(self) -> str:
        """Both as one sentence."""
        return f"{self.claim}: {self.detail}."

    def _rms_kms(self, velocity_kms: FloatArray) -> float:
        known = np.isfinite(self.predicted_kms)
        values, weight = velocity_kms[known], self.column_msun_pc2[known]
        return float(np.sqrt(np.average((values - np.average(values, weights=weight)) ** 2, weights=weight)))


def compare_velocity_field(sample: Sample, draws: ProfileDraws, cos_inclination: FloatArray) -> VelocityField | None:
    """Compare the velocity field of the HI with what draws of a posterior predict.

    Parameters
    ----------
    sample
        A galaxy with HI, whose row holds ``half_width_kpc`` of the maps.
    draws
        Draws of its mass, n of them.
    cos_inclination
        Of the same draws, shape (n,).

    Returns
    -------
    VelocityField or None
        None where fewer than `MIN_PIXELS` pixels have a velocity within the radii of the masses.
    """
    half_width = float(sample.row["half_width_kpc"])
    R_HI, v_cold, sigma = (float(sample.scalars[SCALARS.index(name)]) for name in _SCALARS)
    moments = sample.maps[[MAPS.index(f"moment{k}") for k in range(3)]].astype(np.float64)
    column, seen = np.maximum(moments[0], 0.0), (moments[0] > 0) & (moments[2] > 0)
    if np.count_nonzero(seen) < MIN_PIXELS:
        return None
    observed = np.where(seen, moments[1], 0.0)
    axis = _receding_axis(HIMaps(np.stack([column, observed, np.where(seen, moments[2], 0.0)]), half_width), seen)
    x, y = pixel_centers(len(column), half_width)
    major, minor = np.cos(axis) * x + np.sin(axis) * y, np.cos(axis) * y - np.sin(axis) * x
    flatness = np.sqrt(np.minimum(cos_inclination**2, 1.0) * (1 - THICKNESS**2) + THICKNESS**2)
    grid = half_width * np.geomspace(0.5 / len(column), np.sqrt(2) / THICKNESS, _RADII)
    speed = predict_rotation(grid, draws, cos_inclination, sigma, R_HI)
    lit, predicted = column > 0, np.zeros_like(column)
    pairs = zip(flatness, speed, strict=True)
    fields = [_seen_in_plane(major[lit], minor[lit] / q, grid, curve) for q, curve in pairs]
    predicted[lit] = np.median(fields, axis=0)
    predicted = _smeared(predicted, column, float(sample.quality[QUALITY.index("beam_fwhm_kpc")]) / half_width)
    compared = seen & (np.hypot(major, minor / np.median(flatness)) <= draws.r_kpc[-1])
    if np.count_nonzero(compared) < MIN_PIXELS:
        return None
    predicted += np.average((observed - predicted)[compared], weights=column[compared])
    return VelocityField(
        observed_kms=np.where(seen, observed, np.nan),
        predicted_kms=np.where(compared, predicted, np.nan),
        column_msun_pc2=column,
        half_width_kpc=half_width,
        axis_deg=float(np.degrees(axis) % 360),
        order=v_cold / max(sigma, _LEAST_KMS),
    )


def _receding_axis(maps: HIMaps, seen: NDArray[np.bool_]) -> float:
    """Return the direction of the receding half of the major axis, counterclockwise from +x [rad]."""
    column, velocity, _ = maps.moments
    x, y = pixel_centers(len(column), 1.0)
    inside = np.hypot(x, y) < 1  # the corners would pull the direction towards them
    ellipse = fit_ellipse(x[inside], y[inside], column[inside])
    if ellipse.axis_ratio > ROUND:
        return float(np.radians(velocity_position_angle(maps) + 90))
    major, _ = ellipse.coordinates(x, y)
    weight = np.where(seen, column, 0.0)
    rises = np.sum(weight * major * (velocity - np.average(velocity, weights=weight))) >= 0
    return ellipse.angle if rises else ellipse.angle + np.pi


def _seen_in_plane(major: FloatArray, minor: FloatArray, r_kpc: FloatArray, speed_kms: FloatArray) -> FloatArray:
    """Return the velocities at places in the plane of a disk [kpc] with a rotation curve, inclination included."""
    radius = np.maximum(np.hypot(major, minor), r_kpc[0])
    result: FloatArray = np.interp(radius, r_kpc, speed_kms) * major / radius
    return result


def _smeared(velocity: FloatArray, column: FloatArray, fwhm: float) -> FloatArray:
    """Spread velocities as a beam spreads the HI; its FWHM is given in halves of the side of the map."""
    beam = Beam(fwhm * len(column) / 2)
    around = (beam.pad, beam.pad)
    light, momentum = beam.smooth(np.pad([column, column * velocity], ((0, 0), around, around)))
    result: FloatArray = np.divide(momentum, light, out=np.zeros_like(light), where=light > 0)
    return result
