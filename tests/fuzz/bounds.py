"""What every file that is accepted must give: bounds of nature, wider than any galaxy and narrower than any mistake.

==========================  =====================================================================================
stars                       at least 30, within 90° or 100 Mpc; speeds below that of light; 0 < σ ≤ 1500 km/s;
                            0 < R_hl ≤ 100 Mpc; probabilities from 0 to 1; errors not negative
HI                          mass ≤ 5e11 Msun; 99 % of the columns ≤ 3000 Msun/pc²; velocities within 3e4 km/s and
                            dispersions ≥ 0; maps of finite, positive size
simulated galaxies          stars of 1 to 1e14 Msun; positive masses, 1e17 Msun in all; within 1 Mpc × 1000 and 1e5 km/s
                            of their middle; HI from 0 to the gas mass; 0 < T ≤ 1e11 K; 0 < kernel ≤ 1e5 kpc; z ≤ 100
halos                       centers within 1e9 kpc, 0 < radius ≤ 1e6 kpc, names that differ
models                      draws that are finite, of masses from 1 to 1e20 Msun or of untrained models any
data sets                   arrays of the declared shapes; with checksums no other byte than was built
settings                    those that check themselves; no number beyond 1e30
==========================  =====================================================================================
"""

import dataclasses
import math

import numpy as np

C_KMS = 299_792.458


class OutOfBoundsError(AssertionError):
    """An accepted file holds what nature does not."""


def require(condition, what):
    """Raise `OutOfBoundsError` unless a condition holds, for numbers that are not finite too."""
    if not np.all(condition):
        raise OutOfBoundsError(what)


def check_stars(stars):
    """Check what `observe_stars` returns."""
    require(len(stars) >= 30, f"{len(stars)} members")
    for name in ("x_kpc", "y_kpc"):
        require(np.abs(getattr(stars, name)) <= 1e5 * max(1.0, stars.distance_kpc or 1.0), name)
    require(np.abs(stars.v_los_kms) <= 2 * C_KMS, "v_los")
    require((stars.v_los_error_kms >= 0) & (stars.v_los_error_kms <= C_KMS), "v_los_error")
    require((stars.p_member >= 0) & (stars.p_member <= 1), "p_member")
    require(0 < stars.sigma_kms <= 1500, f"sigma {stars.sigma_kms}")
    require(0 <= stars.sigma_error_kms < math.inf, f"error of sigma {stars.sigma_error_kms}")
    require(abs(stars.systemic_kms) <= C_KMS, f"systemic velocity {stars.systemic_kms}")
    require(0 < stars.R_hl_kpc <= 1e5, f"R_hl {stars.R_hl_kpc}")
    require(np.isfinite(stars.center), f"center {stars.center}")


def check_hi(seen):
    """Check what `observe_hi` returns."""
    require(0 < seen.hi_mass_msun <= 5e11, f"HI mass {seen.hi_mass_msun}")
    known = seen.moment_maps.known
    require(np.percentile(seen.moment_maps.moment0[known], 99) <= 3000, "columns")
    require(np.isfinite(seen.moments), "moments that are not finite")
    require(np.abs(seen.moments[1]) <= 6e4, "velocities")
    require(seen.moments[2] >= 0, "dispersions")
    require(0 < seen.half_width_kpc < math.inf, f"half the side {seen.half_width_kpc}")
    require(abs(seen.systemic_kms) <= 3e4, f"systemic velocity {seen.systemic_kms}")
    require(0 <= seen.noise_msun_pc2 < math.inf, f"noise {seen.noise_msun_pc2}")
    require(np.isfinite(seen.center_deg), f"center {seen.center_deg}")


def check_galaxy(galaxy):
    """Check what `read_galaxy` returns."""
    require(1 <= galaxy.stellar_mass_msun <= 1e14, f"stars of {galaxy.stellar_mass_msun} Msun")
    require(galaxy.enclosed_mass(math.inf) <= 1e17, "mass")
    require(-0.01 <= galaxy.redshift <= 100, f"redshift {galaxy.redshift}")
    for part in (galaxy.stars, galaxy.gas, galaxy.dark):
        if part is None or not hasattr(part, "position_kpc"):
            continue
        require(part.mass_msun > 0, "masses")
        for values, most in ((part.position_kpc, 1e6), (part.velocity_kms, 1e5)):
            require(np.abs(values - np.median(values, axis=0)) <= most, f"beyond {most}")
        require(np.abs(part.position_kpc) <= 1e9, "far away")
    if galaxy.gas is not None:
        gas = galaxy.gas
        require((gas.hi_mass_msun >= 0) & (gas.hi_mass_msun <= gas.mass_msun * (1 + 1e-6)), "HI masses")
        require((gas.temperature_K > 0) & (gas.temperature_K <= 1e11), "temperatures")
        require((gas.hsm_kpc > 0) & (gas.hsm_kpc <= 1e5), "kernels")


def check_halos(halos):
    """Check what `read_halos` returns."""
    names = [halo.id for halo in halos]
    require(len(set(names)) == len(names), "halos of one name")
    for halo in halos:
        require(halo.id != "", "a halo without name")
        require(np.abs(halo.center_kpc) <= 1e9, f"center {halo.center_kpc}")
        require(0 < halo.radius_kpc <= 1e6, f"radius {halo.radius_kpc}")


def check_settings(value):
    """Check settings, block by block."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            check_settings(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for one in value:
            check_settings(one)
    elif isinstance(value, int | float):
        require(abs(value) <= 1e30, f"a setting of {value!r:.30}")
