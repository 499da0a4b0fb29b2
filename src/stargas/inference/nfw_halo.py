"""The halo of Navarro, Frenk & White (1997) that fits the dark mass of each draw best, and its concentration.

M(<r) = 4π ρ_s r_s³ m(r/r_s) with m(x) = ln(1 + x) - x/(1 + x). At each scale radius r_s the amplitude that fits ln M
at the radii of the draw in the least-squares sense follows at once; the r_s with the least sum of squares is refined by
a parabola.

As in simulations of dark matter alone, from which relations of mass and concentration come, M_200 holds the baryons of
the halo in their cosmic share: it is the mass inside r_200, where the mean density of dark matter over 1 - Ω_b/Ω_m is
200 times critical, and c_200 is r_200/r_s. That sphere is some 30 to 100 R_hl large, so both numbers are extrapolated.
They are those of the halo as far as it has this shape from the innermost radius to r_200: a core makes c_200 too small,
tides and a contraction by baryons make it too large.
"""

from dataclasses import dataclass

import numpy as np

from stargas.constants import BARYON_FRACTION, HUBBLE, G
from stargas.galaxy import FloatArray
from stargas.profiles import ProfileDraws

CONCENTRATIONS = (2.0, 100.0)
"""Least and largest c_200: a draw whose best halo lies outside has no halo of this shape."""

OVERDENSITY = 200.0
"""Mean density inside r_200 over the critical one."""

CRITICAL_DENSITY = 3 * HUBBLE**2 / (8 * np.pi * G)
"""Critical density today [Msun/kpc³]."""

_STEP = 0.04  # of ln r_s
_SMALLEST, _LARGEST = 0.02, 1000.0  # r_s over the first and over the last radius
_C = np.geomspace(0.1, 1000.0, 400)


@dataclass(frozen=True, eq=False)
class NFWHalo:
    """Best halos of n draws, NaN where c_200 is not within `CONCENTRATIONS`.

    Parameters
    ----------
    concentration
        c_200, shape (n,).
    mass_msun
        M_200 [Msun], baryons in their cosmic share included, shape (n,).
    """

    concentration: FloatArray
    mass_msun: FloatArray


def nfw_shape(x: FloatArray) -> FloatArray:
    """Return m(x) = ln(1 + x) - x/(1 + x), the mass inside x scale radii over 4π ρ_s r_s³."""
    result: FloatArray = np.log1p(x) - x / (1 + x)
    return result


def fit_nfw(draws: ProfileDraws) -> NFWHalo:
    """Return the halo that fits the dark mass of each draw best at its radii, which count alike."""
    r = draws.r_kpc
    ln_r_s = np.arange(np.log(_SMALLEST * r[0]), np.log(_LARGEST * r[-1]), _STEP)
    shape = np.log(nfw_shape(r / np.exp(ln_r_s)[:, None]))
    residual = shape - shape.mean(axis=1, keepdims=True)
    ln_mass = np.log(draws.mass(r))
    middle = ln_mass.mean(axis=1, keepdims=True)
    misfit = np.square(residual).sum(axis=1) - 2 * (ln_mass - middle) @ residual.T  # but for a term without r_s
    r_s = np.exp(ln_r_s[0] + _STEP * _least(misfit))[:, None]
    amplitude = np.exp(ln_mass.mean(axis=1) - np.log(nfw_shape(r / r_s)).mean(axis=1))  # 4π ρ_s r_s³
    c = np.exp(_ln_concentration(np.log(amplitude / r_s[:, 0] ** 3)))
    c[(c < CONCENTRATIONS[0]) | (c > CONCENTRATIONS[1])] = np.nan
    return NFWHalo(c, amplitude * nfw_shape(c) / (1 - BARYON_FRACTION))


def _ln_concentration(ln_density: FloatArray) -> FloatArray:
    """Return ln c_200 of halos with these ln 4π ρ_s [Msun/kpc³], shape (n,)."""
    mean = OVERDENSITY * CRITICAL_DENSITY * (1 - BARYON_FRACTION)
    return np.interp(ln_density, np.log(4 / 3 * np.pi * mean * _C**3 / nfw_shape(_C)), np.log(_C))


def _least(misfit: FloatArray) -> FloatArray:
    """Return where each row is least, shape (n,), in columns and parts of them: the vertex of a parabola."""
    best = np.clip(misfit.argmin(axis=1), 1, misfit.shape[1] - 2)
    below, middle, above = (np.take_along_axis(misfit, best[:, None] + k, axis=1)[:, 0] for k in (-1, 0, 1))
    curvature = np.maximum(below - 2 * middle + above, 1e-12)
    result: FloatArray = best + np.clip(0.5 * (below - above) / curvature, -1, 1)
    return result
