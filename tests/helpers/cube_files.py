"""HI cubes as FITS files whose maps are known."""

import numpy as np
from astropy.io import fits
from hi_for_tests import R_HI_KPC, disc_on_sky

from stargas.config import HIMapConfig
from stargas.constants import HI_FREQUENCY_HZ, HI_MASS_PER_FLUX, SPEED_OF_LIGHT_KMS
from stargas.sky.hi_maps import hi_cube

DISTANCE_KPC = 1000.0
HALF_WIDTH_KPC = 2 * R_HI_KPC
CENTER_DEG = (150.0, 2.0)
SYSTEMIC_KMS = 300.0
BEAM_KPC = 0.6
NOISE = 0.02
SETTINGS = HIMapConfig(n_pixels=32, beam_fwhm_kpc=BEAM_KPC, noise_msun_pc2=NOISE, n_channels=48)


def disc_cube(config=SETTINGS, seed=1, **disc):
    """Column per channel [Msun/pc²] of an inclined disc, and its velocities from the systemic one."""
    gas = disc_on_sky(**{"inclination_deg": 60, "position_angle_deg": 30, "n": 4000, **disc})
    rng = np.random.default_rng(seed) if config.noise_msun_pc2 else None
    return hi_cube(**gas, half_width_kpc=HALF_WIDTH_KPC, config=config, rng=rng)


def header_of(shape, step_kms=5.0, systemic_kms=SYSTEMIC_KMS, axis="radio", **cards):
    """Header of a cube on the sky, first channel at the lowest velocity, east left."""
    n_channel, n_y, n_x = shape
    pixel_deg = np.degrees(2 * HALF_WIDTH_KPC / n_x / DISTANCE_KPC)
    beam_deg = np.degrees(BEAM_KPC / DISTANCE_KPC)
    header = fits.Header()
    for number, (kind, middle, value, step) in enumerate(
        (("RA---TAN", n_x, CENTER_DEG[0], -pixel_deg), ("DEC--TAN", n_y, CENTER_DEG[1], pixel_deg)), start=1
    ):
        header[f"CTYPE{number}"], header[f"CRVAL{number}"] = kind, value
        header[f"CRPIX{number}"], header[f"CDELT{number}"] = (middle + 1) / 2, step
        header[f"CUNIT{number}"] = "deg"
    axes = {
        "radio": ("VRAD", systemic_kms * 1e3, step_kms * 1e3, "m/s"),
        "optical": ("VOPT", systemic_kms, step_kms, "km/s"),
        "frequency": (
            "FREQ",
            HI_FREQUENCY_HZ * (1 - systemic_kms / SPEED_OF_LIGHT_KMS),
            -HI_FREQUENCY_HZ * step_kms / SPEED_OF_LIGHT_KMS,
            "Hz",
        ),
    }
    header["CTYPE3"], header["CRVAL3"], header["CDELT3"], header["CUNIT3"] = axes[axis]
    header["CRPIX3"], header["RESTFRQ"] = (n_channel + 1) / 2, HI_FREQUENCY_HZ
    header["BMAJ"], header["BMIN"], header["BPA"] = beam_deg, beam_deg, 0.0
    header["BUNIT"] = "JY/BEAM"
    header.update(cards)
    for name in [name for name, value in header.items() if value == "absent"]:
        del header[name]
    return header


def in_jy_per_beam(column, step_kms=5.0):
    """Column per channel [Msun/pc²] as flux density per beam, by M = 2.36e5 D² ∫S dv."""
    beam_mpc2 = np.pi / (4 * np.log(2)) * (BEAM_KPC / 1e3) ** 2
    mass_per_beam = column * beam_mpc2 * 1e12
    return mass_per_beam / (HI_MASS_PER_FLUX * (DISTANCE_KPC / 1e3) ** 2 * step_kms)


def write_cube(path, data, **header):
    """Write data [Jy/beam], shape (n_channel, n_y, n_x) with x to the west and y to the north, as FITS."""
    fits.PrimaryHDU(np.asarray(data, dtype=np.float32), header_of(data.shape[-3:], **header)).writeto(
        path, overwrite=True
    )
    return path


def write_moments(folder, maps, header, **cards):
    """Write moment maps as ``mom0.fits`` and so on, blank where not known: in Msun/pc², m/s and km²/s².

    ``header`` is that of their cube, whose spectral axis is left out.
    """
    flat = {name: value for name, value in header.items() if not name.endswith("3") and name != "NAXIS"}
    blank = np.where(maps.known, 1.0, np.nan)
    values = {"Msun/pc^2": maps.moment0, "m/s": 1e3 * maps.moment1 * blank, "km2 s-2": maps.moment2**2 * blank}
    paths = []
    for number, (unit, data) in enumerate(values.items()):
        paths.append(folder / f"mom{number}.fits")
        fits.PrimaryHDU(data, fits.Header({**flat, "BUNIT": unit, **cards})).writeto(paths[-1], overwrite=True)
    return paths
