"""HI moments on the pixels of the data: column, mean velocity and dispersion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.beams import SkyBeam
from stargas.observed.cube import HICube
from stargas.observed.mask import EmissionRegion
from stargas.observed.sky_grid import SkyGrid
from stargas.representation import Described, interval

CLEAR_COLUMN = 3.0
"""A pixel's velocity counts where its column is at least this many times the noise of the column."""


@dataclass(frozen=True, eq=False, repr=False)
class MomentMaps(Described):
    """Moments on the pixels of the data.

    Parameters
    ----------
    moment0
        Column [Msun/pc²], shape (n_y, n_x), 0 where blank.
    moment1
        Mean velocity [km/s] in the frame of the data, 0 where not known.
    moment2
        Velocity dispersion [km/s].
    known
        Where moments 1 and 2 are known, bool.
    grid
        Where the pixels are on the sky.
    beam
        None where it is not known.
    moment2_given
        Whether moment 2 was measured, not assumed.
    noise_msun_pc2
        Noise of moment 0 [Msun/pc²], shape of the maps, zero outside the source; None for maps of others.

    Examples
    --------
    >>> import stargas as sg
    >>> galaxy = sg.infer(**sg.example("hi"), occlusion=False).galaxy
    >>> galaxy.hi.maps.moments.shape[0]
    3
    """

    moment0: FloatArray
    moment1: FloatArray
    moment2: FloatArray
    known: NDArray[np.bool_]
    grid: SkyGrid
    beam: SkyBeam | None = None
    moment2_given: bool = True
    noise_msun_pc2: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check shapes."""
        shapes = [np.shape(values) for values in (self.moment0, self.moment1, self.moment2, self.known)]
        if len({*shapes, self.grid.shape}) != 1:
            raise InputError(f"moment maps must have one shape, got {shapes} on a sky of {self.grid.shape}.")

    def _facts(self) -> Mapping[str, str]:
        return {
            **self.grid.facts(),
            "velocities": interval(self.moment1[self.known], "km/s"),
            "beam": "not known" if self.beam is None else f"{self.beam.fwhm_arcsec:.3g} arcsec",
            "moment 2": "measured" if self.moment2_given else "assumed",
        }


Noise = Callable[[int], FloatArray]
"""Channel → noise to be added to it, in the cube's unit, shape of the sky."""


def cube_moments(cube: HICube, source: EmissionRegion, added_noise: Noise | None = None) -> MomentMaps:
    """Moments of the source in a cube, of the definitions of the training maps.

    Parameters
    ----------
    cube, source
        The data and which of them are source.
    added_noise
        Noise that is added to each channel.

    Returns
    -------
    MomentMaps
        Moment 0 is the sum over the mask, negative values included; moments 1 and 2 are known where it is at least
        `CLEAR_COLUMN` times its noise and the mean lies between the velocities that were summed.

    Notes
    -----
    The channels are summed one by one, so that no second cube is needed.
    """
    channels = np.flatnonzero(source.mask.any(axis=(1, 2)))
    reference = float(np.mean(cube.velocity_kms[channels]))
    velocity = cube.velocity_kms - reference
    sums, variance = np.zeros((3, *cube.grid.shape)), np.zeros(cube.grid.shape)
    low, high = np.full(cube.grid.shape, np.inf), np.full(cube.grid.shape, -np.inf)
    for channel in channels:
        inside = source.mask[channel]
        brightness = cube.data[channel] if added_noise is None else cube.data[channel] + added_noise(int(channel))
        column = np.where(inside, brightness, 0.0) * cube.column_per_unit[channel]
        for power in range(3):
            sums[power] += column * velocity[channel] ** power
        low[inside] = np.minimum(low[inside], velocity[channel])
        high[inside] = np.maximum(high[inside], velocity[channel])
        variance += inside * (source.noise * cube.column_per_unit[channel]) ** 2
    column = sums[0]
    weight = np.where(column > 0, column, 1.0)
    mean = np.where(column > 0, sums[1] / weight, 0.0)
    sigma = np.sqrt(np.maximum(np.where(column > 0, sums[2] / weight - mean**2, 0.0), 0.0))
    noise = np.sqrt(variance)
    known = (column > 0) & (column >= CLEAR_COLUMN * noise) & (mean >= low) & (mean <= high)
    return MomentMaps(
        moment0=column,
        moment1=np.where(known, mean + reference, 0.0),
        moment2=np.where(known, sigma, 0.0),
        known=known,
        grid=cube.grid,
        beam=cube.beam,
        noise_msun_pc2=noise,
    )
