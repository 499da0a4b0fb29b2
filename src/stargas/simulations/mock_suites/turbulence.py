"""A turbulent flow from few Fourier modes: velocities that neighbors share, and the clumps that they pile up."""

import numpy as np

from stargas.galaxy import FloatArray

N_MODES = 64
"""Plane waves in one flow: enough that none is seen by itself, few enough to be cheap."""

ENERGY_SLOPE = 2.0 / 3.0
"""Energy per logarithm of wavelength grows with the wavelength to this power (Kolmogorov 1941)."""

COMPRESSIVE = 1.0 / 3.0
"""Share of the energy in waves along their direction: a natural mix of driving (Federrath et al. 2010)."""


def turbulent_flow(
    position_kpc: FloatArray, wavelengths_kpc: tuple[float, float], rng: np.random.Generator, n_modes: int = N_MODES
) -> tuple[FloatArray, FloatArray]:
    """Random velocity field, correlated over the longest of its wavelengths, and the displacement that goes with it.

    Parameters
    ----------
    position_kpc
        Where the field is wanted [kpc], shape (n, 3).
    wavelengths_kpc
        Shortest and longest wavelength [kpc].
    rng
        Draws directions, phases and polarizations.
    n_modes
        Number of plane waves, all of the same energy: most of them are long.

    Returns
    -------
    velocity : numpy.ndarray
        Shape (n, 3), dimensionless, with unit variance per axis in the mean over phases: multiply by the dispersion.
    displacement : numpy.ndarray
        Shape (n, 3) [kpc]: where the compressive waves have carried the gas over a quarter turn of each wave when the
        velocity is 1. Multiply by (dispersion / sound speed), below 1 where the gas must not cross itself.

    Notes
    -----
    v = Σ A e_k cos(k·x + φ_k) with waves in proportion to λ^(2/3) per logarithm of λ. Two thirds of the energy has
    e_k across k (no divergence), the rest along it. A wave that runs at the sound speed c displaces by ξ = ∫v dt, a
    quarter wave out of phase with v and smaller by 1/(k c), so gas and velocity belong together.
    """
    shortest, longest = wavelengths_kpc
    shares = (np.arange(n_modes) + rng.uniform(size=n_modes)) / n_modes
    low, high = shortest**ENERGY_SLOPE, longest**ENERGY_SLOPE
    wavelength = (low + shares * (high - low)) ** (1 / ENERGY_SLOPE)
    direction = rng.normal(size=(n_modes, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    across = np.cross(direction, rng.normal(size=(n_modes, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    amplitude = np.sqrt(2 * 3 / n_modes)
    wavenumber = 2 * np.pi / wavelength
    phase = position_kpc @ (direction * wavenumber[:, None]).T + rng.uniform(0, 2 * np.pi, n_modes)
    phase = phase.astype(np.float32)  # single precision makes sine and cosine four times faster
    solenoidal = amplitude * np.sqrt(1 - COMPRESSIVE) * across
    compressive = amplitude * np.sqrt(COMPRESSIVE) * direction
    velocity = np.cos(phase) @ (solenoidal + compressive).astype(np.float32)
    displacement = np.sin(phase) @ (compressive / wavenumber[:, None]).astype(np.float32)
    return velocity, displacement
