"""Noise of a cube and the mask of its source, by smooth and clip.

As SoFiA does it in principle (Serra et al. 2015): the cube is smoothed, what stands above a multiple of the smoothed
noise is source, islands below the size of the smoothed beam are dropped, the rest is grown by about a beam.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.cube import HICube
from stargas.sky.kernel import FWHM_PER_SIGMA

MAD = 1.482602218505602
"""Standard deviation of a Gaussian over the median of its absolute deviation."""

MAX_SAMPLE = 20_000_000
"""Values from which a median is taken; of more, every other one is left out."""

ROWS = 16
"""Parts in which a cube is smoothed over its channels."""

CLEAR_CHANNELS = 2
"""Fewest channels without source from which the noise is measured."""


@dataclass(frozen=True)
class MaskConfig:
    """How the source is found.

    Parameters
    ----------
    resolution
        FWHM [beams] to which the cube is smoothed before the clip.
    channels
        Channels over whose mean it is smoothed.
    threshold
        Clip in units of the smoothed cube's noise.
    grow_beams, grow_channels
        How far the mask is grown, on the sky [FWHM of the beam] and along the velocity [channels].
    leave_out_kms
        Pairs of velocities [km/s] between which channels are left out.
    foreground_kms
        Pairs of velocities [km/s] between which Galactic HI shines over the field: there, source is what stands above
        the channel's own scatter beside the galaxy, and only where the other channels show the galaxy.
    """

    resolution: float = 2.0
    channels: int = 3
    threshold: float = 4.0
    grow_beams: float = 1.0
    grow_channels: int = 1
    leave_out_kms: tuple[tuple[float, float], ...] = ()
    foreground_kms: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        """Check the values."""
        if not (self.resolution >= 1 and self.channels >= 1 and self.threshold > 0):
            raise InputError(
                "a mask needs a resolution of at least 1 beam, at least 1 channel and a positive threshold, got "
                f"{self.resolution}, {self.channels} and {self.threshold}."
            )
        if not (self.grow_beams >= 0 and self.grow_channels >= 0):
            raise InputError("a mask cannot grow by less than nothing.")
        for pair in (*self.leave_out_kms, *self.foreground_kms):
            if len(pair) != 2 or not pair[0] < pair[1]:
                raise InputError(f"a window of channels is two rising velocities [km/s], got {pair}.")


@dataclass(frozen=True, eq=False)
class EmissionRegion:
    """What of a cube is source.

    Parameters
    ----------
    mask
        Shape of the cube.
    noise
        Standard deviation of the noise of a voxel, in the cube's unit.
    n_clear_channels
        Channels without source from which it was measured; 0 where it was measured beside the source.
    """

    mask: NDArray[np.bool_]
    noise: float
    n_clear_channels: int

    @classmethod
    def of_mask(cls, cube: HICube, mask: NDArray[np.bool_]) -> "EmissionRegion":
        """EmissionRegion that the user gives, and the noise of the rest.

        Raises
        ------
        InputError
            If the mask has not the shape of the cube or is empty.
        """
        mask = np.asarray(mask)
        if mask.shape != cube.data.shape or mask.dtype != bool:
            raise InputError(f"a mask must be boolean and have the cube's shape {cube.data.shape}, got {mask.shape}.")
        used = np.isfinite(cube.data)
        if not (mask & used).any():
            raise InputError("the mask holds no value of the cube: mark the voxels that are source.")
        return cls(mask & used, *_noise(cube.data, mask & used, used))


def find_source(cube: HICube, config: MaskConfig | None = None) -> EmissionRegion:
    """Find the source in a cube.

    Parameters
    ----------
    cube
        Not masked yet, so that it shows its noise; where a cube has none, as one blanked outside the source, all that
        is positive is source.
    config
        Thresholds; the defaults if None.

    Returns
    -------
    EmissionRegion

    Raises
    ------
    InputError
        If nothing stands above the threshold.

    Notes
    -----
    The threshold is in units of the scatter of the negative values of the smoothed cube, which source does not
    contaminate. The noise is then 1.4826 times the median absolute deviation in the channels where the mask is empty;
    where fewer than `CLEAR_CHANNELS` are, in the voxels outside of the mask.
    """
    config = config or MaskConfig()
    data = cube.data
    used = np.isfinite(data)
    used[_between(cube.velocity_kms, config.leave_out_kms)] = False
    foreground = _between(cube.velocity_kms, config.foreground_kms)
    if not used.any():
        raise InputError("all channels with data are left out: narrow the window of velocities.")
    smooth = _smoothed(data, used, cube.beam_pixels, config)
    if foreground.all() or not used[~foreground].any():
        raise InputError("all channels with data are in the foreground: narrow the window of velocities.")
    noise = _noise_below_zero(smooth, used, ~foreground)
    above = smooth > config.threshold * noise
    above &= used
    above[foreground] = False
    smooth_beam_area = np.pi / (4 * np.log(2)) * (config.resolution * cube.beam_pixels) ** 2
    mask = _without_islands(above, smooth_beam_area)
    if foreground.any() and mask.any():
        above |= _above_foreground(smooth, used, mask, foreground, config.threshold)
        mask = _without_islands(above, smooth_beam_area)
    if not mask.any():
        raise InputError(
            f"nothing in the cube stands above {config.threshold:g} times its noise: lower the threshold of the mask "
            "or give a deeper cube."
        )
    mask = _grown(mask, config.grow_beams * cube.beam_pixels, config.grow_channels)
    mask &= used
    return EmissionRegion(mask, *_noise(data, mask, used))


def _noise(data: NDArray[np.float32], mask: NDArray[np.bool_], used: NDArray[np.bool_]) -> tuple[float, int]:
    """Noise of a voxel, and from how many channels without source; 0 of them where it is from beside the source."""
    clear = used.any(axis=(1, 2)) & ~mask.any(axis=(1, 2))
    n_clear = int(np.count_nonzero(clear))
    if n_clear < CLEAR_CHANNELS:
        n_clear = 0
    channels = np.flatnonzero(clear) if n_clear else np.arange(len(data))
    values = _sampled(data[channel][used[channel] & ~mask[channel]] for channel in channels)
    if not values.size:
        return 0.0, n_clear
    return float(MAD * np.median(np.abs(values - np.median(values)))), n_clear


def _noise_below_zero(smooth: NDArray[np.float32], used: NDArray[np.bool_], channels: NDArray[np.bool_]) -> float:
    """Noise from negative values alone, as if it were mirrored at zero; 0 where there are hardly any."""
    values = _sampled(smooth[channel][used[channel]] for channel in np.flatnonzero(channels))
    negative = values[values < 0]
    return float(MAD * np.median(-negative)) if negative.size > 1e-3 * values.size else 0.0


def _sampled(channels: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Values of all channels in one array; every k-th of each where they are many, which medians do not notice."""
    kept: list[NDArray[np.float32]] = []
    n, stride = 0, 1
    for values in channels:
        kept.append(values[::stride])
        n += kept[-1].size
        while n > MAX_SAMPLE:
            kept = [part[::2] for part in kept]
            n, stride = sum(part.size for part in kept), 2 * stride
    return np.concatenate(kept) if kept else np.zeros(0, dtype=np.float32)


def _between(velocity_kms: FloatArray, windows: tuple[tuple[float, float], ...]) -> NDArray[np.bool_]:
    """Tell the channels in any of some windows of velocity."""
    inside = np.zeros(len(velocity_kms), dtype=bool)
    for low, high in windows:
        inside |= (velocity_kms >= low) & (velocity_kms <= high)
    return inside


def _above_foreground(
    smooth: NDArray[np.float32],
    used: NDArray[np.bool_],
    mask: NDArray[np.bool_],
    foreground: NDArray[np.bool_],
    threshold: float,
) -> NDArray[np.bool_]:
    """EmissionRegion in the channels of a foreground, on the sky within what the mask of the other channels covers."""
    from scipy import ndimage

    galaxy = ndimage.binary_fill_holes(np.asarray(mask.any(axis=0)))
    above = np.zeros_like(mask)
    for channel in np.flatnonzero(foreground):
        beside = smooth[channel][~galaxy & used[channel]]
        if beside.size:
            level = float(np.median(beside))
            scatter = MAD * float(np.median(np.abs(beside - level)))
            above[channel] = (smooth[channel] > level + threshold * scatter) & galaxy & used[channel]
    return above


def _smoothed(
    data: NDArray[np.float32], used: NDArray[np.bool_], beam_pixels: float, config: MaskConfig
) -> NDArray[np.float32]:
    """Smooth on the sky channel by channel, then over the channels in place: one further cube in all."""
    from scipy import ndimage

    sigma = float(np.sqrt(config.resolution**2 - 1) * beam_pixels / FWHM_PER_SIGMA)
    smooth = np.empty_like(data)
    for number, channel in enumerate(data):
        filled = np.where(used[number], channel, np.float32(0.0))
        smooth[number] = ndimage.gaussian_filter(filled, sigma, mode="constant") if sigma > 0 else filled
    width = min(config.channels, len(data))
    for rows in np.array_split(smooth, min(ROWS, smooth.shape[1]), axis=1):
        ndimage.uniform_filter1d(rows.copy(), width, axis=0, mode="constant", output=rows)
    return smooth


def _without_islands(mask: NDArray[np.bool_], area: float) -> NDArray[np.bool_]:
    """Drop islands that cover less of the sky than an area [pixels], or are in one channel alone."""
    from scipy import ndimage

    labels, n_labels = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    kept = np.zeros(n_labels + 1, dtype=bool)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        island = labels[box] == number
        kept[number] = island.any(axis=0).sum() >= area and len(island) > 1
    return np.asarray(kept[labels])


def _grown(mask: NDArray[np.bool_], radius_pixels: float, channels: int) -> NDArray[np.bool_]:
    """Grow a mask in place, within the part of the cube that it can reach."""
    from scipy import ndimage

    reach = int(radius_pixels)
    part = mask[_box(mask, (channels, reach, reach))]
    grown: NDArray[np.bool_] = part
    if reach:
        offset = np.arange(-reach, reach + 1)
        disc = offset[:, None] ** 2 + offset**2 <= radius_pixels**2
        grown = ndimage.binary_dilation(grown, structure=disc[None])
    if channels:
        grown = ndimage.binary_dilation(grown, structure=np.ones((2 * channels + 1, 1, 1), dtype=bool))
    part[:] = grown
    return mask


def _box(mask: NDArray[np.bool_], margin: tuple[int, int, int]) -> tuple[slice, ...]:
    """Return the smallest box that holds a mask, and a margin along each axis."""
    sky = np.asarray(mask.any(axis=0))
    filled = (mask.any(axis=(1, 2)), sky.any(axis=1), sky.any(axis=0))
    ends = [np.flatnonzero(one)[[0, -1]] for one in filled]
    return tuple(slice(max(first - more, 0), last + more + 1) for (first, last), more in zip(ends, margin, strict=True))
