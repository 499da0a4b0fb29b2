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
class HIParticles:
    """HI particles on the sky, checked, with their line widths.

    Parameters
    ----------
    x_kpc, y_kpc, v_los_kms, mHI_msun, line_width_kms, hsm_kpc
        Positions, velocities, HI masses, standard deviations of the lines, FWHM of the kernels, each shape (n,).
    """

    x_kpc: FloatArray
    y_kpc: FloatArray
    v_los_kms: FloatArray
    mHI_msun: FloatArray  # noqa: N815 (the field's own name)
    line_width_kms: FloatArray
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
        config: HIMapConfig,
    ) -> "HIParticles":
        """Check columns and work out line widths: thermal, √(kT/m_p), or fixed by the settings."""
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
        for name, least_allowed in (("mHI_msun", True), ("temperature_K", False), ("hsm_kpc", False)):
            least = arrays[name].min(initial=np.inf)
            if least < 0 or (least == 0 and not least_allowed):
                wanted = "zero or positive" if least_allowed else "positive"
                raise InputError(f"HI needs {name} {wanted}, got {least:g}.")
        if config.line_width_kms is None:
            width = np.sqrt(arrays["temperature_K"] * (BOLTZMANN / PROTON_MASS * 1e-6))
        else:
            width = np.full(shape, config.line_width_kms)
        return cls(arrays["x_kpc"], arrays["y_kpc"], arrays["v_los_kms"], arrays["mHI_msun"], width, arrays["hsm_kpc"])

    def band(self, config: HIMapConfig) -> Band:
        """Return the channels of the settings, and as many more as the lines need if the band may widen."""
        n_channels, width = config.n_channels, config.channel_width_kms
        if config.widen_band and self.mHI_msun.any():
            reach = (np.abs(self.v_los_kms) + BAND_REACH * self.line_width_kms).max(where=self.mHI_msun > 0, initial=0)
            n_channels += 2 * max(0, int(np.ceil(reach / width - n_channels / 2)))
        return Band(n_channels, width)
