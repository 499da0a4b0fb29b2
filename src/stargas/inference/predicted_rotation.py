"""What HI should show if a posterior is right: the rotation of its velocity map in elliptical rings.

Each joint draw of masses and inclination gives one rotation curve,

    v²(r) = (G M(<r)/r - `PRESSURE` σ² r/R_HI) sin² i,

where the second term is the pressure that holds the gas up beside its rotation. Rings beyond the radii of the draws are
left out. A beam lowers the rotation of the inner rings, disturbed gas does not go around in circles, and the gravity of
a flat galaxy is not that of a sphere. Where gas hardly rotates, what its pressure does is not known: that enters the
error.
"""

import numpy as np

from stargas.constants import G
from stargas.features.hi_features import HI_FEATURES, RING_EDGES, measure_hi_maps
from stargas.galaxy import FloatArray
from stargas.inference.comparison import Comparison
from stargas.profiles import ProfileDraws
from stargas.sample import MAPS, SCALARS, Sample
from stargas.sky.view import MIN_INCLINATION_DEG

PRESSURE = 1.5
"""-d ln(Σ σ²)/d(r/R_HI): 3 in an exponential disk of constant dispersion whose scale length is R_HI/3. The dispersion
that is measured includes gradients within a pixel; with half of it the mean offset of mock galaxies is least."""

MIN_ROTATION = 0.1
"""Pressure leaves at least this share of v_c², as gas without any rotation has no disk."""

RING_CELLS = 3.0
"""Square root of the number of independent parts of a ring, over which the residuals of its rotation average."""

HI_RINGS = len(RING_EDGES) - 1
"""Number of rings."""


def compare_rotation(sample: Sample, draws: ProfileDraws, cos_inclination: FloatArray) -> Comparison:
    """Compare the rotation of the HI in rings with what draws of a posterior predict.

    Parameters
    ----------
    sample
        A galaxy with HI, whose row holds ``half_width_kpc`` of the maps.
    draws
        Draws of its mass, n of them.
    cos_inclination
        Of the same draws, shape (n,).
    """
    scalars = sample.scalars[[SCALARS.index(name) for name in ("R_HI_kpc", "v_cold_kms", "sigma_cold_kms")]]
    R_HI, _, sigma = map(float, scalars)
    moments = np.ascontiguousarray(sample.maps[[MAPS.index(f"moment{k}") for k in range(3)]], np.float32)
    features = measure_hi_maps(moments[None], np.array([True]), *scalars[:, None])[0]
    observed = 10 ** features[[HI_FEATURES.index(f"log_amplitude_ring_{k}") for k in range(HI_RINGS)]]
    residual = features[[HI_FEATURES.index(f"residual_ring_{k}") for k in range(HI_RINGS)]]
    r_kpc = (np.array(RING_EDGES[:-1]) + np.array(RING_EDGES[1:])) / 2 * float(sample.row["half_width_kpc"])
    predicted = predict_rotation(r_kpc, draws, cos_inclination, sigma, R_HI)
    inside = (r_kpc >= draws.r_kpc[0]) & (r_kpc <= draws.r_kpc[-1])
    return Comparison(
        r_kpc=r_kpc,
        observed_kms=np.where(inside, observed, np.nan),
        relative_error=np.minimum(
            np.hypot(residual / observed / RING_CELLS, PRESSURE / 2 * (sigma / observed) ** 2), 1.0
        ),
        predicted_kms=predicted,
    )


def predict_rotation(
    r_kpc: FloatArray, draws: ProfileDraws, cos_inclination: FloatArray, sigma_kms: float, R_HI_kpc: float
) -> FloatArray:
    """Return the rotation along the line of sight [km/s], shape (n, k).

    Parameters
    ----------
    r_kpc
        Radii [kpc], shape (k,).
    draws
        Draws of the mass, n of them.
    cos_inclination
        Of the same draws, shape (n,).
    sigma_kms
        Dispersion of the gas [km/s].
    R_HI_kpc
        Radius where the HI falls below 1 Msun/pc² [kpc].
    """
    square = G * 10 ** draws.extended(r_kpc) / r_kpc
    rotation = np.maximum(square - PRESSURE * sigma_kms**2 * r_kpc / R_HI_kpc, MIN_ROTATION * square)
    least = np.sin(np.radians(MIN_INCLINATION_DEG)) ** 2
    sin2 = np.maximum(1 - np.minimum(np.abs(cos_inclination), 1.0) ** 2, least)
    result: FloatArray = np.sqrt(rotation * sin2[:, None])
    return result
