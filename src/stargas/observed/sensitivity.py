"""The HI column that a planned observation shows, from what proposals and papers state of its noise."""

import math

from stargas.constants import HI_ATOMS_PER_CM2
from stargas.errors import InputError
from stargas.observed.beams import SkyBeam
from stargas.observed.brightness import JY_PER_SR

LINE_KMS = 65.0
"""Velocities that moment 0 sums at a pixel, as the masks around the HI of dwarfs do, whose dispersions are 8 to 10
km/s: 65 km/s in the mock dwarf of the examples, 88 km/s in NGC 6946."""


def column_noise_cm2(
    noise_mjy_beam: float, channel_kms: float, beam_arcsec: float, line_kms: float = LINE_KMS
) -> float:
    """Return the noise of the HI column, σ √(Δv L) × 1.106·10²¹ atoms/cm² per mJy/beam km/s for a beam of 1 arcsec.

    Optically thin, and with independent channels; a column of one channel has L = Δv. The factor, 1.10·10²⁴ cm⁻² over
    the product of the axes [arcsec²] for fluxes in Jy km/s, is that of Meyer et al. (2017, PASA 34, 52).

    Parameters
    ----------
    noise_mjy_beam
        Noise σ of a channel [mJy/beam].
    channel_kms
        Width Δv of a channel [km/s].
    beam_arcsec
        FWHM of a round beam [arcsec]; of another, the root of the product of its axes.
    line_kms
        Velocities L that are summed [km/s]; no fewer than those of a channel.

    Raises
    ------
    InputError
        If a number is not positive and finite.

    Examples
    --------
    >>> f"{column_noise_cm2(1.0, 5.0, 15.0):.2g}"
    '8.9e+19'
    """
    for name, value in (("noise", noise_mjy_beam), ("channel width", channel_kms), ("line width", line_kms)):
        if not 0 < value < math.inf:
            raise InputError(f"the {name} of the HI must be positive and finite, got {value:g}.")
    if not 0 < beam_arcsec < math.inf:
        raise InputError(f"the noise of the HI in mJy/beam needs a beam, got {beam_arcsec:g} arcsec: give its FWHM.")
    flux_jy_kms = 1e-3 * noise_mjy_beam * math.sqrt(channel_kms * max(line_kms, channel_kms))
    return flux_jy_kms * JY_PER_SR / SkyBeam(beam_arcsec, beam_arcsec).area_sr * HI_ATOMS_PER_CM2
