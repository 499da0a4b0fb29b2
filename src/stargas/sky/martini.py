"""HI cubes by MARTINI (Oman et al. 2019), the reference for the fast engine.

MARTINI looks from a finite distance; here particles are put at one distance in the direction that its tangential
projection needs, so that both engines see the same parallel rays.
"""

import numpy as np

from stargas.config import HIMapConfig
from stargas.constants import BOLTZMANN, HI_MASS_PER_FLUX, PROTON_MASS
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.sky.beam import Beam
from stargas.sky.hi_particles import SkyGas
from stargas.sky.kernel import FWHM_PER_SIGMA


def martini_cube(
    gas: SkyGas, half_width_kpc: float, config: HIMapConfig, rng: np.random.Generator | None
) -> tuple[FloatArray, FloatArray]:
    """Make a cube with MARTINI.

    Parameters
    ----------
    gas
        Particles.
    half_width_kpc
        Half the side of the map [kpc].
    config
        Pixels, channels, distance, beam and noise.
    rng
        Seeds the noise.

    Returns
    -------
    tuple of numpy.ndarray
        As from `stargas.sky.hi_maps.hi_cube`.

    Raises
    ------
    InputError
        If MARTINI is not installed.
    """
    try:
        import martini
        from astropy import units as u
        from martini.beams import GaussianBeam
        from martini.noise import GaussianNoise
        from martini.sources import SPHSource
        from martini.spectral_models import GaussianSpectrum
        from martini.sph_kernels import CubicSplineKernel
    except ImportError as error:
        raise InputError(
            "the engine 'martini' needs MARTINI, which is not installed: pip install 'stargas[martini]'."
        ) from error
    band = gas.band(config)
    n = config.n_pixels
    distance_kpc = config.distance_mpc * 1e3
    pixel = 2 * half_width_kpc / n / distance_kpc * u.rad
    shining = gas.mHI_msun > 0
    if not shining.any():
        return np.zeros((band.n_channels, n, n)), band.velocity_kms
    datacube = martini.DataCube(
        n_px_x=n,
        n_px_y=n,
        n_channels=band.n_channels,
        px_size=pixel.to(u.arcsec),
        channel_width=band.width_kms * u.km / u.s,
        spectral_centre=0 * u.km / u.s,
    )
    # first axis along the line of sight, second towards east, which is left on the sky, third to the north
    direction = np.stack([np.full(shining.sum(), distance_kpc), -gas.x_kpc[shining], gas.y_kpc[shining]])
    direction /= np.linalg.norm(direction, axis=0)
    width = gas.line_width_kms(config)[shining]
    source = SPHSource(
        distance=config.distance_mpc * u.Mpc,
        h=0.0,
        mHI_g=gas.mHI_msun[shining] * u.Msun,
        T_g=_temperature(width) * u.K,
        xyz_g=(direction - np.array([[1.0], [0.0], [0.0]])) * distance_kpc * u.kpc,
        vxyz_g=direction * gas.v_los_kms[shining] * u.km / u.s,
        hsm_g=gas.hsm_kpc[shining] * u.kpc,
        coordinate_axis=0,
    )
    beam = noise = None
    if config.beam_fwhm_kpc > 0:
        fwhm = config.beam_fwhm_kpc / distance_kpc * u.rad
        beam = GaussianBeam(bmaj=fwhm.to(u.arcsec), bmin=fwhm.to(u.arcsec))
    if beam is not None and config.noise_msun_pc2 > 0 and rng is not None:
        noise = GaussianNoise(rms=_noise_rms(config, half_width_kpc) * u.Jy / u.beam, seed=int(rng.integers(2**63)))
    observation = martini.Martini(
        source=source,
        datacube=datacube,
        beam=beam,
        noise=noise,
        sph_kernel=CubicSplineKernel(),
        spectral_model=GaussianSpectrum(sigma="thermal"),
        quiet=True,
    )
    observation.insert_source_in_cube(skip_validation=True, progressbar=False, ncpu=1)
    if noise is not None:
        observation.add_noise()
    flux = observation.datacube._array  # noqa: SLF001 (MARTINI has no other way to its result)
    if beam is not None:
        observation.convolve_beam()
        flux = observation.datacube._array / (beam.area / u.beam)  # noqa: SLF001 (the same)
    per_sr = flux.to_value(u.Jy / u.sr)
    # M/Msun = 2.36e5 D² ∫S dv with D in Mpc; an area of D² sr holds 1e12 pc² at 1 Mpc
    column = per_sr * (HI_MASS_PER_FLUX * band.width_kms * 1e-12)
    velocity = datacube.velocity_channel_mids.to_value(u.km / u.s)
    order = np.argsort(velocity)
    return np.ascontiguousarray(column.transpose(2, 1, 0)[order]), velocity[order]


def _temperature(line_width_kms: FloatArray) -> FloatArray:
    """Temperature [K] whose thermal width √(kT/m_p) is the wanted one."""
    return line_width_kms**2 * (PROTON_MASS / BOLTZMANN * 1e6)


def _noise_rms(config: HIMapConfig, half_width_kpc: float) -> float:
    """Noise [Jy/beam] to ask of MARTINI so that a channel gets what the settings say.

    MARTINI scales the noise before the convolution by an approximation that is 10 % high for a well-sampled beam;
    here that factor is taken back and the exact one put in.
    """
    pixel_kpc = 2 * half_width_kpc / config.n_pixels
    beam = Beam(config.beam_fwhm_kpc / pixel_kpc)
    sigma = beam.fwhm_pixels / FWHM_PER_SIGMA
    correction = 1 / (2.19568 * np.sqrt(np.pi) * sigma * np.sum(beam.profile**2))
    beam_sr = 2 * np.pi * (sigma * pixel_kpc / (config.distance_mpc * 1e3)) ** 2
    flux_per_sr = config.noise_msun_pc2 / (HI_MASS_PER_FLUX * config.channel_width_kms * 1e-12)
    return float(flux_per_sr * beam_sr * correction)
