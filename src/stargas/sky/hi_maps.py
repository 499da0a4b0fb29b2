"""HI maps: column density, mean velocity and velocity dispersion of a galaxy's atomic gas.

The engine ``fast`` adds up what the moments need particle by particle (`stargas.sky.hi_sums`) and makes a cube only
where a setting asks for one; ``martini`` makes the cube with MARTINI (`stargas.sky.martini`).
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.config import HIMapConfig
from stargas.constants import HI_ATOMS_PER_CM2
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.quantities import to_number
from stargas.sky.beam import Beam
from stargas.sky.hi_particles import Band, SkyGas
from stargas.sky.hi_sums import channel_maps, moment_sums
from stargas.sky.kernel import gaussian_table, spline_table
from stargas.sky.martini import martini_cube

_DEFAULT = HIMapConfig()
_spline, _gaussian = cache(spline_table), cache(gaussian_table)


def hi_moments(
    x_kpc: ArrayLike,
    y_kpc: ArrayLike,
    v_los_kms: ArrayLike,
    mHI_msun: ArrayLike,
    temperature_K: ArrayLike,
    hsm_kpc: ArrayLike,
    half_width_kpc: float,
    engine: str | None = None,
    config: HIMapConfig | None = None,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float32]:
    """Make the three HI maps.

    Parameters
    ----------
    x_kpc, y_kpc
        Positions from the galaxy's center, x right and y up [kpc], shape (n,).
    v_los_kms
        Line-of-sight velocities from the systemic one, receding positive [km/s], shape (n,).
    mHI_msun
        HI masses [Msun], shape (n,).
    temperature_K
        Temperatures [K], shape (n,), which give the width of the line.
    hsm_kpc
        FWHM of the smoothing kernels [kpc], shape (n,).
    half_width_kpc
        Half the side of the maps [kpc].
    engine
        ``fast`` or ``martini``; that of the settings if None.
    config
        Pixels, channels, line, mask, beam, noise.
    rng
        Draws the noise.

    Returns
    -------
    numpy.ndarray
        Shape (3, n_pixels, n_pixels), float32, row y, column x: column density [Msun/pc²], mean velocity [km/s] and
        velocity dispersion [km/s] as a cube of the band's channels has them; the last two are zero where the column
        is below the mask.

    Raises
    ------
    InputError
        If columns disagree, a value is not finite or not positive, or settings contradict each other.

    Examples
    --------
    >>> n = 500
    >>> x, y, v = np.random.default_rng(0).normal(size=(3, n))
    >>> gas = np.full(n, 2e5), np.full(n, 8000.0), np.full(n, 0.3)
    >>> maps = hi_moments(x, y, 8 * v, *gas, half_width_kpc=4.0)
    >>> maps.shape[0], bool(maps[0].max() > 1)
    (3, True)
    """
    gas = SkyGas.checked(x_kpc, y_kpc, v_los_kms, mHI_msun, temperature_K, hsm_kpc)
    return moment_maps(gas, to_number("half_width_kpc", half_width_kpc), config or _DEFAULT, rng, engine)


def moment_maps(
    gas: SkyGas,
    half_width_kpc: float,
    config: HIMapConfig,
    rng: np.random.Generator | None = None,
    engine: str | None = None,
) -> NDArray[np.float32]:
    """Make the three HI maps of particles on the sky; as `hi_moments`."""
    _check_settings(config, half_width_kpc, rng)
    engine = engine or config.engine
    if engine not in CUBES:
        raise InputError(f"engine must be 'fast' or 'martini', got {engine!r}.")
    if engine != "fast" or config.clip_sigma > 0:
        return moments_of_cube(*CUBES[engine](gas, half_width_kpc, config, rng), config)
    band, beam = gas.band(config), _beam(half_width_kpc, config)
    sums = _on_pixels(moment_sums, gas, half_width_kpc, beam.pad, band, config)[..., :3]
    sums = beam.smooth(np.moveaxis(sums, 2, 0))
    if config.noise_msun_pc2 > 0:
        sums = sums + _noise_of_sums(beam, band, config, rng)
    return _moments_of_sums(sums, config)


def hi_cube(
    x_kpc: ArrayLike,
    y_kpc: ArrayLike,
    v_los_kms: ArrayLike,
    mHI_msun: ArrayLike,
    temperature_K: ArrayLike,
    hsm_kpc: ArrayLike,
    half_width_kpc: float,
    config: HIMapConfig | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Make the cube whose moments `hi_moments` gives; arguments as there.

    Returns
    -------
    tuple of numpy.ndarray
        Column density per channel [Msun/pc²], shape (n_channels, n_pixels, n_pixels), and the channels' velocities
        [km/s], rising, shape (n_channels,). With beam and noise where the settings have them.
    """
    gas = SkyGas.checked(x_kpc, y_kpc, v_los_kms, mHI_msun, temperature_K, hsm_kpc)
    config, half_width_kpc = config or _DEFAULT, to_number("half_width_kpc", half_width_kpc)
    _check_settings(config, half_width_kpc, rng)
    return _cube(gas, half_width_kpc, config, rng)


def _check_settings(config: HIMapConfig, half_width_kpc: float, rng: np.random.Generator | None) -> None:
    if not (half_width_kpc > 0 and np.isfinite(half_width_kpc)):
        raise InputError(f"half_width_kpc must be positive and finite, got {half_width_kpc}.")
    if config.noise_msun_pc2 > 0 and rng is None:
        raise InputError("noise needs a random generator: pass rng.")


def _beam(half_width_kpc: float, config: HIMapConfig) -> Beam:
    return Beam(config.beam_fwhm_kpc / (2 * half_width_kpc / config.n_pixels))


def _on_pixels(
    deposit: object, gas: SkyGas, half_width_kpc: float, pad: int, band: Band, config: HIMapConfig
) -> FloatArray:
    """Call a function of `hi_sums` on padded pixels; what comes back is per pc²."""
    pixel_kpc = 2 * half_width_kpc / config.n_pixels
    middle = (config.n_pixels - 1) / 2 + pad
    out: FloatArray = deposit(  # type: ignore[operator] # compiled, of unknown type
        gas.x_kpc / pixel_kpc + middle,
        gas.y_kpc / pixel_kpc + middle,
        gas.hsm_kpc / pixel_kpc,
        gas.mHI_msun,
        gas.v_los_kms,
        gas.line_width_kms(config),
        _spline(),
        _gaussian(),
        config.n_pixels + 2 * pad,
        band.n_channels,
        float(band.width_kms),
    )
    out *= 1 / (pixel_kpc * 1e3) ** 2
    return out


def _cube(
    gas: SkyGas, half_width_kpc: float, config: HIMapConfig, rng: np.random.Generator | None
) -> tuple[FloatArray, FloatArray]:
    band, beam = gas.band(config), _beam(half_width_kpc, config)
    cube = beam.smooth(np.moveaxis(_on_pixels(channel_maps, gas, half_width_kpc, beam.pad, band, config), 2, 0))
    if rng is not None and config.noise_msun_pc2 > 0:
        cube = cube + config.noise_msun_pc2 * beam.noise((band.n_channels, config.n_pixels, config.n_pixels), rng)
    return cube, band.velocity_kms


def _noise_of_sums(beam: Beam, band: Band, config: HIMapConfig, rng: np.random.Generator | None) -> FloatArray:
    """Noise of Σ I_c v_cᵏ, k = 0, 1, 2, for independent noise in every channel; shape (3, n, n).

    The three are Gaussian with the covariance Σ_c v_c^(k + l) at each pixel, and correlated over the beam.
    """
    assert rng is not None  # noqa: S101 (checked with the settings; this tells the type checker)
    powers = np.vander(band.velocity_kms, 3, increasing=True)
    root = np.linalg.cholesky(powers.T @ powers)
    fields = beam.noise((3, config.n_pixels, config.n_pixels), rng)
    return config.noise_msun_pc2 * np.tensordot(root, fields, axes=1)


def moments_of_cube(cube: FloatArray, velocity_kms: FloatArray, config: HIMapConfig) -> NDArray[np.float32]:
    """Moments of a cube.

    Parameters
    ----------
    cube
        Column density per channel [Msun/pc²], shape (n_channels, n, n).
    velocity_kms
        Channels' velocities [km/s], shape (n_channels,).
    config
        ``mask_cm2``, and ``clip_sigma`` times ``noise_msun_pc2``, below which voxels are left out.

    Returns
    -------
    numpy.ndarray
        As from `hi_moments`.
    """
    if config.clip_sigma > 0:
        cube = np.where(cube >= config.clip_sigma * config.noise_msun_pc2, cube, 0.0)
    return _moments_of_sums(np.tensordot(np.vander(velocity_kms, 3, increasing=True).T, cube, axes=1), config)


def _moments_of_sums(sums: FloatArray, config: HIMapConfig) -> NDArray[np.float32]:
    """Column density, mean velocity and dispersion from Σ I v^k, k = 0, 1, 2."""
    column = sums[0]
    seen = (column > 0) & (column * HI_ATOMS_PER_CM2 >= config.mask_cm2)
    weight = np.where(seen, column, 1.0)
    mean = np.where(seen, sums[1] / weight, 0.0)
    square = np.where(seen, sums[2] / weight - mean**2, 0.0)
    return np.stack([column, mean, np.sqrt(np.maximum(square, 0.0))]).astype(np.float32)


CUBES: Mapping[str, Callable[..., tuple[FloatArray, FloatArray]]] = MappingProxyType(
    {"fast": _cube, "martini": martini_cube}
)
"""Engine → function of particles, half the side [kpc], settings and generator that makes a cube of columns, as
`hi_cube` returns it."""
