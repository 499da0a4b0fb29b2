"""HI particles on the sky and the spectral channels that hold their lines: what every engine of HI maps starts from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stargas.config import HIMapConfig
from stargas.constants import BOLTZMANN, PROTON_MASS
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.quantities import to_array

BAND_REACH = 4.0
"""A band that may widen holds each particle's line to this many standard deviations."""


MAX_REACH_KMS = 3e4
"""Largest reach of a band that may widen: a tenth of the speed of light, which no gas has."""


@dataclass(frozen=True)
class Band:
    """Spectral channels around the systemic velocity.

    Parameters
    ----------
    n_channels
        Number of channels.
    width_kms
        Width of each [km/s].
    """

    n_channels: int
    width_kms: float

    @property
    def velocity_kms(self) -> FloatArray:
        """Centers of the channels [km/s], rising, shape (n_channels,)."""
        middle = (self.n_channels - 1) / 2
        return (np.arange(self.n_channels, dtype=np.float64) - middle) * self.width_kms


@dataclass(frozen=True, eq=False)
class SkyGas:
    """HI particles on the sky.

    Parameters
    ----------
    x_kpc, y_kpc
        Position from the galaxy's center [kpc], shape (n,).
    v_los_kms
        Line-of-sight velocity from the systemic one, receding positive [km/s], shape (n,).
    mHI_msun
        HI mass [Msun], shape (n,).
    temperature_K
        Temperature [K], shape (n,).
    hsm_kpc
        FWHM of the smoothing kernel [kpc], shape (n,).
    """

    x_kpc: FloatArray
    y_kpc: FloatArray
    v_los_kms: FloatArray
    mHI_msun: FloatArray  # noqa: N815 (the field's own name)
    temperature_K: FloatArray  # noqa: N815 (the unit is K)
    hsm_kpc: FloatArray

    @classmethod
    def checked(
        cls,
        x_kpc: ArrayLike,
        y_kpc: ArrayLike,
        v_los_kms: ArrayLike,
        mHI_msun: ArrayLike,
        temperature_K: ArrayLike,
        hsm_kpc: ArrayLike,
    ) -> "SkyGas":
        """Make particles of a caller's columns.

        Raises
        ------
        InputError
            If columns disagree, or a value is not finite or of the wrong sign.
        """
        columns = {
            "x_kpc": x_kpc,
            "y_kpc": y_kpc,
            "v_los_kms": v_los_kms,
            "mHI_msun": mHI_msun,
            "temperature_K": temperature_K,
            "hsm_kpc": hsm_kpc,
        }
        arrays = {name: to_array(name, values) for name, values in columns.items()}
        shape = arrays["x_kpc"].shape
        for name, array in arrays.items():
            if array.ndim != 1 or array.shape != shape:
                raise InputError(
                    f"HI columns must be one-dimensional and of one length, got {name} of shape {array.shape} "
                    f"beside x_kpc of shape {shape}."
                )
            # a sum is finite only if all its terms are, and needs no array of booleans
            if not np.isfinite(array.sum()):
                raise InputError(f"HI needs finite {name}: drop the particles without one.")
        for name, zero_allowed in (("mHI_msun", True), ("temperature_K", False), ("hsm_kpc", False)):
            lowest = arrays[name].min(initial=np.inf)
            if lowest < 0 or (lowest == 0 and not zero_allowed):
                wanted = "zero or positive" if zero_allowed else "positive"
                raise InputError(f"HI needs {name} {wanted}, got {lowest:g}.")
        return cls(**arrays)

    def __len__(self) -> int:
        """Return the number of particles."""
        return len(self.x_kpc)

    def line_width_kms(self, config: HIMapConfig) -> FloatArray:
        """Return the standard deviation of each particle's line [km/s]: thermal, √(kT/m_p), or that of the settings."""
        if config.line_width_kms is None:
            return np.asarray(np.sqrt(self.temperature_K * (BOLTZMANN / PROTON_MASS * 1e-6)))
        return np.full(len(self), config.line_width_kms)

    def band(self, config: HIMapConfig) -> Band:
        """Return the channels of the settings, and as many more as the lines need if the band may widen."""
        n_channels, width = config.n_channels, config.channel_width_kms
        if config.widen_band and self.mHI_msun.any():
            reaches = np.abs(self.v_los_kms) + BAND_REACH * self.line_width_kms(config)
            reach = reaches.max(where=self.mHI_msun > 0, initial=0)
            if not reach <= MAX_REACH_KMS:
                raise InputError(
                    f"lines of HI reach {reach:.3g} km/s from the systemic velocity, expected at most "
                    f"{MAX_REACH_KMS:g}: check velocities and temperatures."
                )
            n_channels += 2 * max(0, int(np.ceil(reach / width - n_channels / 2)))
        return Band(n_channels, width)
