"""Makes the example of ``stargas serve``: a mock dwarf as an observer has it, a table of stars and an HI cube.

Run it as ``python examples/mock_dwarf.py FOLDER``. The same seed gives the same files.
"""

import sys
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table

from stargas import View, mock_suite, project
from stargas.config import HIMapConfig
from stargas.constants import HI_FREQUENCY_HZ, HI_MASS_PER_FLUX
from stargas.observed.tangent_plane import sky_position
from stargas.randomness import rng_for
from stargas.sky.hi_maps import hi_cube
from stargas.sky.projection import SkyGas, SkyStars

SEED, NUMBER = 11, 51
DISTANCE_KPC, SYSTEMIC_KMS, CENTER_DEG = 950.0, 152.0, (24.5, 17.2)
N_STARS, N_FOREGROUND = 320, 24
BEAM_KPC, HALF_WIDTH_KPC = 0.5, 5.5
HI = HIMapConfig(n_pixels=44, beam_fwhm_kpc=BEAM_KPC, noise_msun_pc2=0.02, n_channels=36, widen_band=False)


def star_table(stars: SkyStars, rng: np.random.Generator) -> Table:
    """Members with velocity errors, and foreground with a low probability of membership."""
    chosen = rng.choice(len(stars), N_STARS, replace=False)
    west, north = stars.x_kpc[chosen], stars.y_kpc[chosen]
    half = 1.5 * np.quantile(np.hypot(west, north), 0.9)
    west, north = (np.append(a, rng.uniform(-half, half, N_FOREGROUND)) for a in (west, north))
    ra, dec = sky_position(-west / DISTANCE_KPC, north / DISTANCE_KPC, CENTER_DEG)
    error = rng.uniform(1.5, 4.0, N_STARS + N_FOREGROUND)
    v = np.append(stars.v_los_kms[chosen], rng.normal(-120, 70, N_FOREGROUND)) + SYSTEMIC_KMS
    p = np.append(rng.uniform(0.93, 1.0, N_STARS), rng.uniform(0.0, 0.4, N_FOREGROUND))
    order = rng.permutation(len(v))
    table = Table(
        {"ra": ra, "dec": dec, "v_los": v + rng.normal(0, error), "v_los_error": error, "p_member": p}, copy=False
    )[order]
    for name, digits in (("ra", 6), ("dec", 6), ("v_los", 2), ("v_los_error", 2), ("p_member", 3)):
        table[name] = np.round(table[name], digits)
    return table


def cube_hdu(gas: SkyGas, rng: np.random.Generator) -> fits.PrimaryHDU:
    """Cube in Jy/beam, as 16-bit numbers."""
    column, velocity = hi_cube(
        *(gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc),
        half_width_kpc=HALF_WIDTH_KPC,
        config=HI,
        rng=rng,
    )
    beam_mpc2 = np.pi / (4 * np.log(2)) * (BEAM_KPC / 1e3) ** 2
    step = velocity[1] - velocity[0]
    flux = column * beam_mpc2 * 1e12 / (HI_MASS_PER_FLUX * (DISTANCE_KPC / 1e3) ** 2 * step)
    header = fits.Header()
    pixel = np.degrees(2 * HALF_WIDTH_KPC / HI.n_pixels / DISTANCE_KPC)
    axes = (
        ("RA---TAN", CENTER_DEG[0], -pixel, "deg"),
        ("DEC--TAN", CENTER_DEG[1], pixel, "deg"),
        ("VRAD", 1e3 * (SYSTEMIC_KMS + velocity[0]), 1e3 * step, "m/s"),
    )
    for number, (kind, value, width, unit) in enumerate(axes, start=1):
        header[f"CTYPE{number}"], header[f"CRVAL{number}"] = kind, value
        header[f"CDELT{number}"], header[f"CUNIT{number}"] = width, unit
        header[f"CRPIX{number}"] = 1.0 if number == 3 else (HI.n_pixels + 1) / 2
    header["RESTFRQ"], header["SPECSYS"], header["RADESYS"] = HI_FREQUENCY_HZ, "BARYCENT", "ICRS"
    header["BMAJ"] = header["BMIN"] = np.degrees(BEAM_KPC / DISTANCE_KPC)
    header["BPA"], header["BUNIT"], header["OBJECT"] = 0.0, "Jy/beam", "mock dwarf"
    header["HISTORY"] = "A mock galaxy of stargas, not an observation."
    scale = np.abs(flux).max() / 32000
    hdu = fits.PrimaryHDU(np.round(flux / scale).astype(np.int16), header)
    hdu.header["BSCALE"], hdu.header["BZERO"] = scale, 0.0
    return hdu


def main(folder: str) -> None:
    """Write both files and say what is true of the galaxy."""
    galaxy = mock_suite("bursty", NUMBER + 1, seed=SEED)[NUMBER]
    seen = project(galaxy, View(55, 30))
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    star_table(seen.stars, rng_for(SEED, "example stars", galaxy.id)).write(
        out / "mock_dwarf_stars.csv", format="ascii.csv", overwrite=True
    )
    cube_hdu(seen.gas, rng_for(SEED, "example HI", galaxy.id)).writeto(out / "mock_dwarf_hi.fits", overwrite=True)
    for r in (0.6, 1.0, 4 / 3, 2.4):
        mass = np.log10(galaxy.enclosed_mass(r * seen.R_hl_kpc))
        print(f"log10 M(<{r:.2f} R_hl = {r * seen.R_hl_kpc:.2f} kpc) = {mass:.3f}")  # noqa: T201 (what it is for)


if __name__ == "__main__":
    main(sys.argv[1])
