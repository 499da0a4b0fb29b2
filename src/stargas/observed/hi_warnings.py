"""What needs care in a cube of HI."""

import warnings
from collections.abc import Sequence

import numpy as np

from stargas.errors import ObservationWarning
from stargas.observed.cube import HICube
from stargas.observed.mask import EmissionRegion

EDGE_FLUX = 0.1
"""Flux of the first or last channel over that of the brightest at which the band may cut the line."""

CUT_FLUX = 0.25
"""Flux of a channel beside those that are left out over that of the brightest at which they may cut the line."""


def warn_of_band(cube: HICube, source: EmissionRegion, left_out_kms: Sequence[tuple[float, float]]) -> None:
    """Warn of continuum, and of a line that the band or a window that is left out may cut.

    That is so where it shines in the first or the last channel with data, or in one beside the window.

    Parameters
    ----------
    cube
        The data.
    source
        What of it is the galaxy.
    left_out_kms
        Windows of velocities [km/s] whose channels are left out.
    """
    with_data = np.flatnonzero([np.isfinite(channel).any() for channel in cube.data])
    flux = np.zeros(len(cube.data))
    for channel in np.flatnonzero(source.mask.any(axis=(1, 2))):
        flux[channel] = cube.data[channel][source.mask[channel]].sum()
    ends = [channel for channel in with_data[[0, -1]] if flux[channel] > EDGE_FLUX * flux.max()]
    if ends:
        both = " or subtract the continuum," if len(set(ends)) > 1 else ""
        at = " and ".join(f"{cube.velocity_kms[channel]:.0f}" for channel in ends)
        warnings.warn(
            ObservationWarning(
                "line cut by the band",
                f"the HI line reaches the end of the band at {at} km/s, so gas beyond it is missing: give a cube of a "
                f"wider band,{both} or leave out channels that hold other gas.",
            ),
            stacklevel=3,
        )
    velocity = cube.velocity_kms
    for low, high in left_out_kms:
        beside = [*np.flatnonzero(velocity == max(velocity[velocity < low], default=np.nan))]
        beside += [*np.flatnonzero(velocity == min(velocity[velocity > high], default=np.nan))]
        share = max(flux[beside], default=0.0) / flux.max()
        if share > CUT_FLUX:
            warnings.warn(
                ObservationWarning(
                    "line cut by a window",
                    f"the channels from {low:g} to {high:g} km/s are left out, and beside them the HI line has "
                    f"{100 * share:.0f} % of its greatest flux, so part of the galaxy may be missing: narrow the "
                    "window, or name it in foreground_channels if Galactic HI shines there.",
                ),
                stacklevel=3,
            )
    continuum = source.mask[with_data].all(axis=0)
    if not ends and source.noise > 0 and (n_continuum := int(continuum.sum())):
        y, x = (float(np.mean(at)) for at in np.nonzero(continuum))
        ra, dec = cube.grid.sky_of(x, y)
        warnings.warn(
            ObservationWarning(
                "continuum",
                f"{n_continuum} pixels around RA {ra:.4f}°, Dec {dec:.4f}° shine in all channels, as continuum does, "
                "which counts as HI: subtract it.",
            ),
            stacklevel=3,
        )
