"""Plummer spheres of stars in cored and cuspy halos, whose mass is known in closed form.

Velocities are Gaussian with the dispersions that solve the spherical Jeans equation with constant anisotropy, so second
moments are exact at every radius. Run as a script, this prints how the pretrained model does on them.
"""

import sys

import numpy as np

from stargas.constants import G
from stargas.sky.projection import SkyGalaxy

R_HL_KPC = 0.5
"""Projected half-light radius, which is Plummer's scale."""

HALOS = {"cored": ("core", 1.1, 5e8), "large core": ("core", 3.0, 3e9), "cuspy": ("cusp", 3.0, 1.2e9)}
"""Name → shape, scale radius [kpc] and 4 π ρ_s r_s³ [Msun]. Stellar feedback makes cores of 1.75 half-mass radii (Read
et al. 2016), here 1.1 kpc; the large core is six times R_hl, as no galaxy of the training set has it."""

ANISOTROPIES = {"isotropic": 0.0, "radial": 0.4}
COUNTS = (100, 1000, 10_000)
RADII = np.linspace(0.6, 2.4, 10) * R_HL_KPC


def enclosed_mass(halo, r_kpc):
    """Mass [Msun] of a density ∝ 1/(1 + x)³ (core) or 1/(x (1 + x)²) (cusp, NFW) inside radii."""
    shape, scale_kpc, unit_msun = HALOS[halo]
    x = np.asarray(r_kpc) / scale_kpc
    if shape == "cusp":
        return unit_msun * (np.log1p(x) - x / (1 + x))
    return unit_msun * (np.log1p(x) + 2 / (1 + x) - 0.5 / (1 + x) ** 2 - 1.5)


def radial_dispersion(halo, beta, r_kpc):
    """σ_r [km/s] of a Plummer tracer with constant anisotropy, by the Jeans equation."""
    s = np.geomspace(1e-3, 1e3, 4000) * R_HL_KPC
    density = (1 + (s / R_HL_KPC) ** 2) ** -2.5
    force = density * G * enclosed_mass(halo, s) * s ** (2 * beta - 2)
    steps = 0.5 * (force[1:] + force[:-1]) * np.diff(s)
    outside = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    return np.sqrt(np.interp(r_kpc, s, outside / (density * s ** (2 * beta))))


def plummer_sphere(halo, beta, n_stars, rng):
    """Stars of one sphere on the sky, with the R_hl that photometry would give."""
    r = R_HL_KPC / np.sqrt(rng.uniform(0, 0.99, n_stars) ** (-2 / 3) - 1)
    direction = rng.standard_normal((3, n_stars))
    radial = direction / np.linalg.norm(direction, axis=0)
    sigma = radial_dispersion(halo, beta, r)
    speed = rng.standard_normal((3, n_stars)) * sigma * np.sqrt(1 - beta)
    along = np.sum(speed * radial, axis=0)
    velocity = speed + radial * along * (1 / np.sqrt(1 - beta) - 1)
    return SkyGalaxy.from_stars(*(r * radial)[:2], velocity[2], R_hl_kpc=R_HL_KPC)


def judge(model, halo, beta, n_stars, n_spheres=20, seed=0):
    """Ratio of the median mass over the truth, shape (n_spheres, 10), and shares of masses inside 68 and 95 %."""
    from stargas.sample import make_sample

    rng = np.random.default_rng([seed, list(HALOS).index(halo), int(10 * beta), n_stars])
    samples = [make_sample(plummer_sphere(halo, beta, n_stars, rng), rng, model.data_config) for _ in range(n_spheres)]
    truth = np.log10(enclosed_mass(halo, RADII))
    low95, low, median, high, high95 = np.moveaxis(model.quantiles(samples, [0.025, 0.16, 0.5, 0.84, 0.975]), 1, 0)
    inside = [np.mean((truth > a) & (truth < b)) for a, b in ((low, high), (low95, high95))]
    return 10 ** (median - truth), *inside


def main(folder=None):
    """Write the table of the documentation to the terminal."""
    import stargas as sg

    model = sg.load_model(folder)
    lines = ["| halo | orbits | stars | 0.6 R_hl | 1 R_hl | 2.4 R_hl | in 68 % | in 95 % |", "|" + 8 * "---|"]
    for halo in HALOS:
        for orbits, beta in ANISOTROPIES.items():
            for n_stars in COUNTS:
                ratio, in68, in95 = judge(model, halo, beta, n_stars)
                cells = [f"{np.median(ratio[:, j]):.2f} ± {ratio[:, j].std():.2f}" for j in (0, 2, 9)]
                shares = f"{100 * in68:.0f} % | {100 * in95:.0f} %"
                lines.append(f"| {halo} | {orbits} | {n_stars:,} | {' | '.join(cells)} | {shares} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
