"""Velocities that companions give to stars: one epoch of the binaries of the field."""

import numpy as np

from stargas.constants import G
from stargas.galaxy import FloatArray

LOG10_PERIOD_DAYS, PERIOD_SCATTER = 5.03, 2.28
"""Mean and scatter of log10 of the period [days] of solar-type stars (Raghavan et al. 2010)."""

SHORTEST_PERIOD_DAYS = 40.0
"""Closer companions would have been swallowed by a giant."""

MASS_RATIO = (0.1, 1.0)
"""Ratio of companion to star, drawn evenly."""

STAR_MSUN = 0.8
"""Mass of the stars that are bright enough, giants of an old population [Msun]."""

_KPC_KMS_DAYS = 86400.0 / 3.0857e16
"""One day in kpc/(km/s)."""


def binary_velocities(n: int, fraction: float, rng: np.random.Generator) -> FloatArray:
    """Line-of-sight velocities [km/s] of stars about the centers of mass of their binaries, zero without, shape (n,).

    Parameters
    ----------
    n
        Number of stars.
    fraction
        Fraction of them with a companion.
    rng
        Random generator.

    Notes
    -----
    v = K [cos(θ + ω) + e cos ω] with the semi-amplitude K = (2πG/P)^(1/3) m sin i / (M + m)^(2/3) / √(1 - e²).
    Eccentricities are even, times are at random.
    """
    period = 10 ** (LOG10_PERIOD_DAYS + PERIOD_SCATTER * rng.standard_normal(n))
    companion = STAR_MSUN * rng.uniform(*MASS_RATIO, n)
    eccentricity = np.where(period < 12, 0.0, 0.9 * rng.random(n))
    sin_i = np.sqrt(1 - rng.uniform(-1, 1, n) ** 2)
    omega = rng.uniform(0, 2 * np.pi, n)
    anomaly = _eccentric_anomaly(rng.uniform(0, 2 * np.pi, n), eccentricity)
    true = 2 * np.arctan2(
        np.sqrt(1 + eccentricity) * np.sin(anomaly / 2), np.sqrt(1 - eccentricity) * np.cos(anomaly / 2)
    )
    speed = np.cbrt(2 * np.pi * G / (period * _KPC_KMS_DAYS)) * companion / np.cbrt((STAR_MSUN + companion) ** 2)
    velocity = speed * sin_i / np.sqrt(1 - eccentricity**2) * (np.cos(true + omega) + eccentricity * np.cos(omega))
    return np.where((rng.random(n) < fraction) & (period > SHORTEST_PERIOD_DAYS), velocity, 0.0)


def _eccentric_anomaly(mean: FloatArray, eccentricity: FloatArray) -> FloatArray:
    """Solve Kepler's equation with Newton's method from E = π, which converges for every eccentricity below 1."""
    anomaly = np.full_like(mean, np.pi)
    for _ in range(12):
        anomaly -= (anomaly - eccentricity * np.sin(anomaly) - mean) / (1 - eccentricity * np.cos(anomaly))
    return anomaly
