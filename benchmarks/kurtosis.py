"""How near the fourth-order Jeans equation comes to the kurtosis of the velocities of mock galaxies.

A spherical, stationary system of constant anisotropy β without streaming obeys (Łokas 2002, MNRAS 333, 697)

    ν <v_r⁴> = 3 r^(-2β) ∫_r^∞ s^(2β) ν σ_r² G M/s² ds,
    Σ <v_los⁴> = 2 ∫_R^∞ [1 - 2β R²/r² + β(1 + β)/2 R⁴/r⁴] ν <v_r⁴> r dr/√(r² - R²).

The true masses and the mean of the true anisotropies over the light between 0.25 and 4 R_hl stand in the place of a
posterior. An isotropic Plummer sphere, whose kurtosis is 2.635 at all radii, comes first.

Run: ``python benchmarks/kurtosis.py N`` with a number of galaxies of ``broad``.
"""

import math
import sys

import numpy as np

from stargas.baselines.jeans_moments import LOG_PROJECTED, LOG_R, PROJECTION, RADII, STEP, area_weights
from stargas.features.star_features import APERTURES
from stargas.inference.predicted_dispersion import fit_light, star_shares
from stargas.inference.star_rings import compare_kurtosis
from stargas.kinematics import anisotropy as symmetrized_anisotropy
from stargas.kinematics import kappa_co
from stargas.map_settings import pretrained_settings
from stargas.model.further_quantities import anisotropy
from stargas.profiles import ProfileDraws
from stargas.sample import SCALARS, make_sample
from stargas.simulations.description import INNER_SHELL, OUTER_SHELL
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.sky.projection import project
from stargas.sky.view import View

SEED, MIN_STARS, SLOW = 77, 1500, 0.4
"""Seed of the galaxies and their views, least number of star particles, and κ_co below which a galaxy turns slowly."""

WEIGHTS = np.diff([area_weights(edge) if edge else 0 * LOG_PROJECTED for edge in (0.0, *APERTURES)], axis=0)
"""Weights of Σ at the projected radii for the stars in each ring, shape (4, 42)."""


def outward(ln_f):
    """Integrate over ln r from each radius outward, between radii as a power law; shapes (95,)."""
    growth = np.diff(ln_f)
    growth = np.where(np.abs(growth) < 1e-6, 1e-6, growth)
    piece = np.exp(ln_f[:-1]) * STEP * np.expm1(growth) / growth
    tail = np.exp(ln_f[-1]) / max(-growth[-1] / STEP, 0.5)
    return np.cumsum(np.append(piece, tail)[::-1])[::-1]


def ring_kurtosis(ln_nu, ln_mass, beta):
    """Return <v_los⁴>/<v_los²>² in each ring, shape (4,), of ln ν and ln M at the radii of the Jeans equation."""
    weight = (2 * beta - 1) * LOG_R + ln_mass
    ln_second = np.log(outward(weight + ln_nu)) - 2 * beta * LOG_R
    fourth = 3 * outward(weight + ln_second) * np.exp(-2 * beta * LOG_R)
    ratio = np.exp(2 * LOG_PROJECTED)[:, None] / RADII**2  # R²/r²
    along2 = (PROJECTION * (1 - beta * ratio)) @ np.exp(ln_second)
    along4 = (PROJECTION * (1 - 2 * beta * ratio + beta * (1 + beta) / 2 * ratio**2)) @ fourth
    number = WEIGHTS @ (PROJECTION @ np.exp(ln_nu))
    return (WEIGHTS @ along4) * number / (WEIGHTS @ along2) ** 2


def light_weighted(ln_nu, inside, outside):
    """Mean β between 0.25 and 4 R_hl of symmetrized anisotropies in the two shells."""
    middle = [0.5 * math.log(low * high) for low, high in (INNER_SHELL, OUTER_SHELL)]
    share = np.clip((LOG_R - middle[0]) / (middle[1] - middle[0]), 0.0, 1.0)
    weight = np.exp(ln_nu + 3 * LOG_R) * (np.abs(LOG_R) <= math.log(4))
    return float(weight @ anisotropy(inside * (1 - share) + outside * share) / weight.sum())


def measured(galaxy, rng):
    """Return κ_co, and the comparison of one view with a kurtosis of the Jeans equation."""
    view = View(math.degrees(math.acos(rng.random())), 360 * rng.random())
    sample = make_sample(project(galaxy, view), rng, pretrained_settings())
    R_hl = float(sample.scalars[SCALARS.index("R_hl_kpc")])
    ln_nu = fit_light(star_shares(sample))
    shells = (symmetrized_anisotropy(galaxy, *(R_hl * r for r in shell)) for shell in (INNER_SHELL, OUTER_SHELL))
    beta = light_weighted(ln_nu, *shells)
    ln_mass = math.log(10) * ProfileDraws(sample.r_kpc, sample.log10_mass[None]).extended(R_hl * RADII)[0]
    return kappa_co(galaxy), compare_kurtosis(sample), ring_kurtosis(ln_nu, ln_mass, beta)


def print_rows(title, rows):
    """Print median and half of the central 68 % of observed minus expected kurtosis in each ring."""
    print(f"{title}: {len(rows)} galaxies")
    observed = np.array([one.observed for _, one, _ in rows])
    for name, expected in (("Jeans", [jeans for *_, jeans in rows]), ("Gauss", [one.expected for _, one, _ in rows])):
        low, median, high = np.nanquantile(observed - np.array(expected), (0.16, 0.5, 0.84), axis=0)
        print(f"  {name} median {median.round(2)}, half of 68 % {((high - low) / 2).round(2)}")
    print(f"  noise {np.nanmedian([one.error for _, one, _ in rows], axis=0).round(2)}")


def main():
    """Measure and print."""
    x2 = RADII**2
    print("isotropic Plummer sphere:", ring_kurtosis(-2.5 * np.log1p(x2), 1.5 * np.log(x2 / (1 + x2)), 0.0).round(3))
    rng = np.random.default_rng(0)
    galaxies = (mock_suite("broad", 400, SEED)[number] for number in range(int(sys.argv[1])))
    rows = [measured(galaxy, rng) for galaxy in galaxies if len(galaxy.stars) >= MIN_STARS]
    print_rows("slow rotators", [row for row in rows if row[0] < SLOW])
    print_rows("fast rotators", [row for row in rows if row[0] >= SLOW])


if __name__ == "__main__":
    main()
