"""HI on the sky whose maps are known, and how far two sets of maps are apart."""

from dataclasses import dataclass

import numpy as np

from stargas.constants import BOLTZMANN, PROTON_MASS

HI_SCALE_KPC = 1.0
HI_CENTER_MSUN_PC2 = 16.0
R_HI_KPC = HI_SCALE_KPC * np.log(HI_CENTER_MSUN_PC2)
SIZE = 64
CENTER = (np.arange(SIZE) + 0.5) / SIZE * 2 - 1
THERMAL_KMS = np.sqrt(BOLTZMANN * 8000.0 / PROTON_MASS) / 1e3


def disc_on_sky(
    inclination_deg=60.0,
    position_angle_deg=0.0,
    n=20_000,
    v_rot_kms=60.0,
    height_kpc=0.03,
    dispersion_kms=0.0,
    hsm_kpc=0.25,
    temperature_K=8000.0,
    seed=0,
):
    """Exponential disc of HI with a flat rotation curve, as keyword arguments of `hi_moments`.

    Its surface density is 16 exp(-R / 1 kpc) Msun/pc², so R_HI is ln 16 = 2.77 kpc; it recedes on +x at position
    angle 0.
    """
    rng = np.random.default_rng(seed)
    radius, phi = rng.gamma(2.0, HI_SCALE_KPC, n), rng.uniform(0, 2 * np.pi, n)
    i, angle = np.radians([inclination_deg, position_angle_deg])
    z = rng.normal(0, height_kpc, n)
    major, minor = radius * np.cos(phi), radius * np.sin(phi) * np.cos(i) + z * np.sin(i)
    v_los = v_rot_kms * np.cos(phi) * np.sin(i) + rng.normal(0, dispersion_kms, n)
    mass = 2 * np.pi * (HI_SCALE_KPC * 1e3) ** 2 * HI_CENTER_MSUN_PC2
    return {
        "x_kpc": np.cos(angle) * major - np.sin(angle) * minor,
        "y_kpc": np.sin(angle) * major + np.cos(angle) * minor,
        "v_los_kms": v_los,
        "mHI_msun": np.full(n, mass / n),
        "temperature_K": np.full(n, temperature_K),
        "hsm_kpc": np.full(n, hsm_kpc),
    }


@dataclass(frozen=True)
class Distance:
    """How far maps are from reference maps."""

    moment0: float
    """Root of the summed squared difference over that of the reference."""
    moment1: float
    """rms over pixels that both have unmasked [km/s]."""
    moment2: float
    """The same [km/s]."""


def distance(maps, reference):
    maps, reference = (np.asarray(values, dtype=np.float64) for values in (maps, reference))
    both = (maps[2] > 0) & (reference[2] > 0)
    gap = maps - reference
    return Distance(
        float(np.sqrt(np.sum(gap[0] ** 2) / np.sum(reference[0] ** 2))),
        *(float(np.sqrt(np.mean(gap[k][both] ** 2))) for k in (1, 2)),
    )


def gaussian(axis_ratio, angle_deg=0.0, width=0.25, place=CENTER):
    """Elliptical Gaussian on a map, lengths in halves of its side."""
    x, y = np.meshgrid(place, place)
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return np.exp(-0.5 * ((cos * x + sin * y) ** 2 + ((cos * y - sin * x) / axis_ratio) ** 2) / width**2)


def disk(inclination_deg=60.0, angle_deg=0.0, speed=40.0, dispersion=8.0, turn_deg=0.0):
    """Thin HI disc with a flat rotation curve, its line of sight velocities from the tilted ring."""
    x, y = np.meshgrid(CENTER, CENTER)
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    major, minor = cos * x + sin * y, (cos * y - sin * x) / np.cos(np.radians(inclination_deg))
    azimuth = np.arctan2(minor, major) - np.radians(turn_deg)
    column = 10 * gaussian(np.cos(np.radians(inclination_deg)), angle_deg)
    velocity = speed * np.sin(np.radians(inclination_deg)) * np.cos(azimuth)
    known = column > 0.05
    return {"moment0": column, "moment1": velocity * known, "moment2": dispersion * known}
