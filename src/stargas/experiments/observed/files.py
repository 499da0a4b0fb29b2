"""Mock galaxies as the files of an observer, a table of stars and a cube of HI, and the truth about them."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from stargas.config import HIMapConfig
from stargas.config.observation import ObservationConfig
from stargas.constants import HI_FREQUENCY_HZ, HI_MASS_PER_FLUX
from stargas.errors import InputError
from stargas.galaxy import FloatArray, Galaxy
from stargas.observed.tangent_plane import sky_position
from stargas.randomness import rng_for
from stargas.sky.degradation import ERROR_SCATTER_DEX
from stargas.sky.hi_maps import CUBES
from stargas.sky.hi_particles import SkyGas
from stargas.sky.hi_scalars import measure_hi_radius
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.star_maps import velocity_dispersion
from stargas.sky.view import View
from stargas.storage import write_atomically

if TYPE_CHECKING:
    from astropy.io.fits import HDUList
    from astropy.table import Table

TRUTH = "mock.json"
"""File of the truth about a mock; it is written last, so a folder that has it is whole."""

PIXELS_PER_BEAM = 2.5
"""Pixels of a cube over the FWHM of its beam, as imaging commonly has it."""

HALF_WIDTH = 2.0
"""Half the side of a cube in R_HI."""

FOREGROUND_SHARE = 0.1
"""Stars of the foreground over those of the galaxy; most have a low probability of membership."""

UNNOTICED_SHARE = 0.02
"""Share of stars with a high probability of membership that do not belong to the galaxy all the same."""


@dataclass(frozen=True)
class MockObservation:
    """How one galaxy is observed.

    Parameters
    ----------
    view
        Direction of the line of sight and position angle on the sky.
    distance_kpc
        True distance [kpc].
    relative_error
        Standard error of distance and of R_hl, over their values.
    center_deg
        Right ascension and declination [deg].
    systemic_kms
        Systemic velocity [km/s].
    n_stars
        Stars of the catalogue that belong to the galaxy.
    velocity_error_kms
        Typical error of their velocities [km/s].
    beam_pixels
        FWHM of the beam in pixels of the network's maps.
    noise_msun_pc2
        Noise of a channel of a beam [Msun/pc²].
    engine
        Code that makes the cube: ``martini``, or ``fast`` for tests.
    """

    view: View
    distance_kpc: float
    relative_error: float
    center_deg: tuple[float, float]
    systemic_kms: float
    n_stars: int
    velocity_error_kms: float
    beam_pixels: float
    noise_msun_pc2: float
    engine: Literal["martini", "fast"] = "martini"


def draw_observation(sky: SkyGalaxy, rng: np.random.Generator) -> MockObservation:
    """Draw how a galaxy is observed: in a random view, 1-10 Mpc away, with data of every quality.

    Parameters
    ----------
    sky
        The galaxy in any view, for the number of its stars and their dispersion.
    rng
        Source of randomness.
    """
    if sky.stars is None:
        raise InputError("a mock observation needs a galaxy with stars.")
    most = min(1000, len(sky.stars))
    view = View(
        float(np.degrees(np.arccos(rng.random()))), float(rng.uniform(0, 360)), position_angle_deg=rng.uniform(0, 360)
    )
    return MockObservation(
        view=view,
        distance_kpc=float(10 ** rng.uniform(3, 4)),
        relative_error=0.05,
        center_deg=(float(rng.uniform(0, 360)), float(rng.uniform(-60, 60))),
        systemic_kms=float(rng.uniform(100, 1000)),
        n_stars=round(100 * (most / 100) ** rng.random()) if most > 100 else most,
        velocity_error_kms=min(float(rng.uniform(1, 6)), velocity_dispersion(sky.stars.v_los_kms)),
        beam_pixels=float(rng.uniform(1, 6)),
        noise_msun_pc2=float(10 ** rng.uniform(-2, -1)),
    )


def write_mock(
    galaxy: Galaxy, folder: Path, seed: int, config: HIMapConfig, observation: MockObservation | None = None
) -> dict[str, Any]:
    """Write the files of one galaxy, or find that they are there.

    Parameters
    ----------
    galaxy
        With stars and HI.
    folder
        For ``stars.csv``, ``hi.fits`` and `TRUTH`.
    seed
        Root seed.
    config
        Side of the network's maps, in whose pixels the beam is drawn.
    observation
        How it is observed; drawn if None.

    Returns
    -------
    dict
        ``galaxy_id``; ``observation``, the fields of `MockObservation`; the true ``R_hl_kpc`` and ``R_HI_kpc``;
        ``known``: what an observer knows beside the files, fields of
        `stargas.config.observation.ObservationConfig`.

    Raises
    ------
    InputError
        If the galaxy has no R_HI.
    """
    if (folder / TRUTH).exists():
        found: dict[str, Any] = json.loads((folder / TRUTH).read_text())
        return found
    rng = rng_for(seed, "mock files", galaxy.id)
    if observation is None:
        observation = draw_observation(project(galaxy, View(60.0)), rng)
    sky = project(galaxy, observation.view)
    gas = sky.gas
    R_HI = measure_hi_radius(gas.x_kpc, gas.y_kpc, gas.mHI_msun) if isinstance(gas, SkyGas) else None
    if not isinstance(gas, SkyGas) or R_HI is None or sky.R_hl_kpc is None:
        raise InputError(f"galaxy {galaxy.id} has no HI above 1 Msun/pc²: choose one of the cold-gas set.")
    folder.mkdir(parents=True, exist_ok=True)
    star_table(sky, observation, rng).write(folder / "stars.csv", format="ascii.csv", overwrite=True)
    beam_kpc = observation.beam_pixels * 2 * config.half_width * R_HI / config.n_pixels
    cube_file(gas, R_HI, beam_kpc, observation, rng).writeto(folder / "hi.fits", overwrite=True)
    off = np.exp(observation.relative_error * rng.standard_normal(2))
    believed_kpc = observation.distance_kpc * float(off[0])
    # photometry measures an angle, which becomes a length by the believed distance
    R_hl = sky.R_hl_kpc * float(off[0] * off[1])
    known = {
        "distance_kpc": believed_kpc,
        "distance_error_kpc": observation.relative_error * believed_kpc,
        "center": observation.center_deg,
        "R_hl_kpc": R_hl,
        "R_hl_error_kpc": observation.relative_error * R_hl,
    }
    truth = {
        "galaxy_id": galaxy.id,
        "observation": dataclasses.asdict(observation),
        "R_hl_kpc": sky.R_hl_kpc,
        "R_HI_kpc": R_HI,
        "known": known,
    }
    write_atomically(folder / TRUTH, (json.dumps(truth, indent=1) + "\n").encode())
    return truth


def observation_of(folder: Path, truth: dict[str, Any], *, stars: bool, hi: bool) -> ObservationConfig:
    """Return the observation of a mock, of its stars, its HI or both."""
    known = {**truth["known"], "center": tuple(truth["known"]["center"])}
    return ObservationConfig(
        stars=str(folder / "stars.csv") if stars else None, hi_cube=str(folder / "hi.fits") if hi else None, **known
    )


def star_table(sky: SkyGalaxy, observation: MockObservation, rng: np.random.Generator) -> "Table":
    """Members with errors, interlopers that pass for members, and a foreground that does not."""
    from astropy.table import Table

    stars, R_hl = sky.stars, sky.R_hl_kpc
    assert stars is not None and R_hl is not None  # noqa: S101, PT018 (of a projected galaxy)
    chosen = rng.choice(len(stars), observation.n_stars, replace=False)
    n = observation.n_stars
    west, north, v = stars.x_kpc[chosen], stars.y_kpc[chosen], stars.v_los_kms[chosen]
    unnoticed = int(rng.binomial(n, UNNOTICED_SHARE))
    foreign = unnoticed + int(rng.binomial(n, FOREGROUND_SHARE))
    radius, angle = 4 * R_hl * np.sqrt(rng.random(foreign)), rng.uniform(0, 2 * np.pi, foreign)
    west, north = np.append(west, radius * np.cos(angle)), np.append(north, radius * np.sin(angle))
    v = np.append(v, rng.uniform(-3, 3, foreign) * velocity_dispersion(v))
    p = rng.uniform(0.95, 1.0, n + foreign)
    p[n + unnoticed :] = rng.uniform(0.0, 0.6, foreign - unnoticed)
    error = observation.velocity_error_kms * 10 ** (ERROR_SCATTER_DEX * rng.standard_normal(n + foreign))
    ra, dec = sky_position(-west / observation.distance_kpc, north / observation.distance_kpc, observation.center_deg)
    columns = {
        "ra": np.round(ra, 8),
        "dec": np.round(dec, 8),
        "v_los": np.round(v + error * rng.standard_normal(len(v)) + observation.systemic_kms, 3),
        "v_los_error": np.round(error, 3),
        "p_member": np.round(p, 4),
    }
    return Table(columns)[rng.permutation(len(v))]


def cube_file(
    gas: SkyGas, R_HI_kpc: float, beam_kpc: float, observation: MockObservation, rng: np.random.Generator
) -> "HDUList":
    """Cube in Jy/beam, west to the right and north up, radio velocities."""
    from astropy.io import fits

    half_width = HALF_WIDTH * R_HI_kpc
    config = HIMapConfig(
        n_pixels=max(16, int(np.ceil(2 * half_width / beam_kpc * PIXELS_PER_BEAM))),
        beam_fwhm_kpc=beam_kpc,
        noise_msun_pc2=observation.noise_msun_pc2,
        distance_mpc=observation.distance_kpc / 1e3,
    )
    column, velocity = _cube(gas, half_width, config, observation.engine, rng)
    step = float(velocity[1] - velocity[0])
    # M/Msun = 2.36e5 D² ∫S dv with D in Mpc
    beam_pc2 = np.pi / (4 * np.log(2)) * (beam_kpc * 1e3) ** 2
    flux = column * beam_pc2 / (HI_MASS_PER_FLUX * config.distance_mpc**2 * step)
    header = fits.Header()
    pixel = float(np.degrees(2 * half_width / config.n_pixels / observation.distance_kpc))
    axes = (
        ("RA---TAN", observation.center_deg[0], -pixel, "deg"),
        ("DEC--TAN", observation.center_deg[1], pixel, "deg"),
        ("VRAD", 1e3 * (observation.systemic_kms + float(velocity[0])), 1e3 * step, "m/s"),
    )
    for number, (kind, value, width, unit) in enumerate(axes, start=1):
        header[f"CTYPE{number}"], header[f"CRVAL{number}"] = kind, value
        header[f"CDELT{number}"], header[f"CUNIT{number}"] = width, unit
        header[f"CRPIX{number}"] = 1.0 if number == 3 else (config.n_pixels + 1) / 2
    header["RESTFRQ"], header["SPECSYS"], header["RADESYS"] = HI_FREQUENCY_HZ, "BARYCENT", "ICRS"
    header["BMAJ"] = header["BMIN"] = float(np.degrees(beam_kpc / observation.distance_kpc))
    header["BPA"], header["BUNIT"] = 0.0, "Jy/beam"
    header["HISTORY"] = "A mock galaxy of stargas, not an observation."
    return fits.HDUList([fits.PrimaryHDU(flux.astype(np.float32), header)])


def _cube(
    gas: SkyGas, half_width: float, config: HIMapConfig, engine: str, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    return CUBES[engine](gas, half_width, config, rng)
