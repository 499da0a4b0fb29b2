"""Do the galaxies of others lie inside the suite ``broad``? Quantities of both, one by one and in pairs.

Run: ``python -m stargas.experiments.mock_suites.coverage_of_others DATA [N]`` with the folder of galaxies that others
made and the number of galaxies of ``broad`` to compare them with. It prints a table in Markdown.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from stargas.constants import G
from stargas.frame import rotation_to_spin, to_own_frame
from stargas.galaxy import FloatArray, Galaxy, Gas, MassProfile, Particles
from stargas.simulations.files import read_galaxy
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.hi_maps import hi_moments
from stargas.sky.hi_particles import SkyGas
from stargas.sky.hi_scalars import measure_hi, measure_hi_radius
from stargas.sky.projection import project
from stargas.sky.view import View

QUANTITIES = {
    "slope": "d ln M/d ln r at R_hl",
    "slope_inside": "the same at 0.6 R_hl",
    "slope_outside": "the same at 2.4 R_hl",
    "stellar_share": "M*/M inside R_hl",
    "log10_R_hl": "log10 R_hl [kpc]",
    "beta_inside": "anisotropy inside R_hl",
    "beta_outside": "anisotropy from 1 to 3 R_hl",
    "b_over_a": "b/a of the stars inside 2.5 R_hl",
    "c_over_a": "c/a of the stars inside 2.5 R_hl",
    "v_phi": "mean rotation over v_c from 1.3 to 2.2 R_hl",
    "sigma_R": "radial dispersion over v_c there",
    "A1": "amplitude m = 1 of the stars",
    "A2": "amplitude m = 2 of the stars",
    "R_HI": "R_HI/R_hl at 60°",
    "hi_mass": "log10 M_HI/M*",
    "v_cold": "HI rotation at 60° over v_c sin i",
    "sigma_cold": "HI dispersion over v_c",
    "hi_A1": "amplitude m = 1 of the HI",
    "hi_A2": "amplitude m = 2 of the HI",
}
"""What is compared."""

PAIRS = (("slope", "beta_outside"), ("v_phi", "sigma_R"), ("stellar_share", "log10_R_hl"), ("R_HI", "sigma_cold"))
"""Quantities that are compared together."""

PERCENTILES = (2.0, 98.0)
"""A galaxy lies inside where it is between these percentiles of the suite."""

NEIGHBORS = 5
"""A pair lies inside where fewer than 2 % of the galaxies of the suite are farther from their fifth neighbor."""


def measure(galaxy: Galaxy, total: MassProfile | None = None) -> dict[str, float]:
    """Measure `QUANTITIES` of a galaxy in its own frame; NaN where it has no gas.

    Parameters
    ----------
    galaxy
        The galaxy.
    total
        Its whole mass, where that is known better than by its components.
    """
    stars = galaxy.stars
    position, velocity, r = stars.position_kpc, stars.velocity_kms, stars.radius_kpc
    R_hl = float(np.median([half_count_radius(position[:, a], position[:, b]) for a, b in ((0, 1), (1, 2), (0, 2))]))
    mass = total or galaxy

    def slope(at: float) -> float:
        inner, outer = mass.enclosed_mass(R_hl * at * np.array([0.8, 1.25]))
        return float(np.log(outer / inner) / np.log(1.25 / 0.8))

    v_c = np.sqrt(G * float(mass.enclosed_mass(1.7 * R_hl)) / (1.7 * R_hl))
    R = np.maximum(np.hypot(position[:, 0], position[:, 1]), 1e-9)
    ring = (1.3 * R_hl < R) & (2.2 * R_hl > R) & (np.abs(position[:, 2]) < R_hl)
    v_phi = (position[:, 0] * velocity[:, 1] - position[:, 1] * velocity[:, 0]) / R
    v_R = (position[:, 0] * velocity[:, 0] + position[:, 1] * velocity[:, 1]) / R
    b_over_a, c_over_a = _axis_ratios(position, 2.5 * R_hl)
    found = {
        "slope": slope(1.0),
        "slope_inside": slope(0.6),
        "slope_outside": slope(2.4),
        "stellar_share": float(galaxy.enclosed_mass(R_hl, "stars") / mass.enclosed_mass(R_hl)),
        "log10_R_hl": float(np.log10(R_hl)),
        "beta_inside": _anisotropy(position, velocity, r < R_hl),
        "beta_outside": _anisotropy(position, velocity, (r > R_hl) & (r < 3 * R_hl)),
        "b_over_a": b_over_a,
        "c_over_a": c_over_a,
        "v_phi": float(v_phi[ring].mean() / v_c),
        "sigma_R": float(v_R[ring].std() / v_c),
        "A1": _amplitude(position, 1, 0.5 * R_hl, 3 * R_hl),
        "A2": _amplitude(position, 2, 0.5 * R_hl, 3 * R_hl),
    }
    return dict.fromkeys(QUANTITIES, float("nan")) | found | _measure_gas(galaxy, R_hl)


def _measure_gas(galaxy: Galaxy, R_hl_kpc: float) -> dict[str, float]:
    gas = project(galaxy, View(60.0, 0.0)).gas
    if galaxy.gas is None or not isinstance(gas, SkyGas):
        return {}
    radius = measure_hi_radius(gas.x_kpc, gas.y_kpc, gas.mHI_msun)
    if radius is None:
        return {}
    columns = (gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc)
    measured = measure_hi(hi_moments(*columns, 2 * radius), 2 * radius)
    if measured is None:
        return {}
    R_HI, v_cold, sigma_cold = measured
    v_c = np.sqrt(G * float(galaxy.enclosed_mass(R_HI)) / R_HI)
    return {
        "R_HI": R_HI / R_hl_kpc,
        "hi_mass": float(np.log10(galaxy.hi_mass_msun / galaxy.stellar_mass_msun)),
        "v_cold": float(v_cold / np.sin(np.radians(60)) / v_c),
        "sigma_cold": float(sigma_cold / v_c),
        "hi_A1": _amplitude(galaxy.gas.position_kpc, 1, 0.3 * R_HI, R_HI, galaxy.gas.hi_mass_msun),
        "hi_A2": _amplitude(galaxy.gas.position_kpc, 2, 0.3 * R_HI, R_HI, galaxy.gas.hi_mass_msun),
    }


def _anisotropy(position: FloatArray, velocity: FloatArray, chosen: np.ndarray) -> float:
    radial = np.einsum("ij,ij->i", position, velocity) / np.maximum(np.linalg.norm(position, axis=1), 1e-9)
    across = np.einsum("ij,ij->i", velocity, velocity) - radial**2
    return float(1 - across[chosen].mean() / 2 / np.mean(radial[chosen] ** 2))


def _axis_ratios(position: FloatArray, reach_kpc: float) -> tuple[float, float]:
    """Axis ratios b/a and c/a from the reduced inertia tensor in an ellipsoid of that shape (Allgood et al. 2006)."""
    axes, ratios = np.eye(3), np.ones(3)
    for _ in range(8):
        along = position @ axes / ratios
        m = np.sqrt(np.einsum("ij,ij->i", along, along))
        inside = position[m < reach_kpc] / np.maximum(m[m < reach_kpc], 1e-3 * reach_kpc)[:, None]
        values, vectors = np.linalg.eigh(inside.T @ inside)
        axes, widths = vectors[:, ::-1], np.sqrt(values[::-1])
        ratios = widths / np.cbrt(widths.prod())
    return float(widths[1] / widths[0]), float(widths[2] / widths[0])


def _amplitude(
    position: FloatArray, m: int, inner_kpc: float, outer_kpc: float, weight: FloatArray | None = None
) -> float:
    """Mean of e^(imφ) in a ring with the shot noise taken out."""
    R = np.hypot(position[:, 0], position[:, 1])
    ring = (inner_kpc < R) & (outer_kpc > R)
    weights = np.ones(len(R)) if weight is None else weight
    if not ring.any():
        return float("nan")
    wave = np.exp(1j * m * np.arctan2(position[ring, 1], position[ring, 0]))
    power = abs(np.average(wave, weights=weights[ring])) ** 2 - 1 / np.count_nonzero(ring)
    return float(np.sqrt(max(power, 0.0)))


def others(folder: Path) -> Iterator[tuple[str, dict[str, float]]]:
    """Name and quantities of each galaxy that others made."""
    import h5py

    with h5py.File(folder / "others" / "models.hdf5") as models:
        for name, model in models.items():
            stars = _equal_masses(model["position_kpc"][:], model["velocity_kms"][:], 10 ** model.attrs["log10_mstar"])
            turn = rotation_to_spin(stars)
            stars = Particles(stars.mass_msun, stars.position_kpc @ turn.T, stars.velocity_kms @ turn.T)
            yield name, measure(Galaxy(name, stars), MassProfile(model["r_kpc"][:], model["mass_msun"][:]))
    for path in [*sorted((folder / "others").glob("live_*.hdf5")), folder / "others" / "eagle.hdf5"]:
        yield path.stem, measure(read_galaxy(path))
    with h5py.File(folder / "tng100_394242" / "gal394242.h5") as tables:
        kinds = {kind: _columns(tables[kind][:]) for kind in ("stars", "gas", "dark_matter")}
    gas = kinds["gas"]
    n = len(gas.mass_msun)
    hi = Gas(*_arrays(gas), 0.7 * gas.mass_msun, np.full(n, 8000.0), np.full(n, 0.5))
    yield "tng100_394242", measure(to_own_frame(Galaxy("tng", kinds["stars"], hi, kinds["dark_matter"])))


def _equal_masses(position: FloatArray, velocity: FloatArray, mass_msun: float) -> Particles:
    return Particles(np.full(len(position), mass_msun / len(position)), position, velocity)


def _arrays(particles: Particles) -> tuple[FloatArray, FloatArray, FloatArray]:
    return particles.mass_msun, particles.position_kpc, particles.velocity_kms


def _columns(table: np.ndarray) -> Particles:
    return Particles(
        table["m"], np.stack([table[c] for c in "xyz"], axis=1), np.stack([table["v" + c] for c in "xyz"], axis=1)
    )


def compare(suite: Mapping[str, FloatArray], galaxies: Mapping[str, Mapping[str, float]]) -> str:
    """Table of the ranges of a suite, of the galaxies of others, and of those that lie outside."""
    lines = ["| quantity | suite, 2 / 50 / 98 % | others | outside |", "|---|---|---|---|"]
    for name, words in QUANTITIES.items():
        values = suite[name][np.isfinite(suite[name])]
        low, middle, high = np.percentile(values, [PERCENTILES[0], 50, PERCENTILES[1]])
        found = {key: one[name] for key, one in galaxies.items() if np.isfinite(one[name])}
        outside = [key for key, value in found.items() if not low <= value <= high]
        seen = np.array(list(found.values()))
        lines.append(
            f"| {words} | {low:.2f} / {middle:.2f} / {high:.2f} | {seen.min():.2f} to {seen.max():.2f}, {len(seen)} "
            f"galaxies | {', '.join(outside) or '–'} |"
        )
    for first, second in PAIRS:
        points = np.column_stack([suite[first], suite[second]])
        points = points[np.isfinite(points).all(axis=1)]
        both = {key: np.array([one[first], one[second]]) for key, one in galaxies.items()}
        both = {key: point for key, point in both.items() if np.isfinite(point).all()}
        outside = [key for key, point in both.items() if _lonely(point, points)]
        words = f"{QUANTITIES[first]} with {QUANTITIES[second]}"
        lines.append(f"| {words} | | {len(both)} galaxies | {', '.join(outside) or '–'} |")
    return "\n".join(lines)


def _lonely(point: FloatArray, points: FloatArray) -> bool:
    """Whether a point is farther from its neighbors, in ranks, than 98 % of the points are from theirs."""
    ordered = np.sort(points, axis=0)

    def ranks(values: FloatArray) -> FloatArray:
        return np.column_stack([np.searchsorted(ordered[:, k], values[:, k]) for k in range(2)]) / len(points)

    places = ranks(points)
    between = np.sort(np.linalg.norm(places[:, None] - places[None], axis=2), axis=1)[:, NEIGHBORS]
    own = np.sort(np.linalg.norm(places - ranks(point[None]), axis=1))[NEIGHBORS - 1]
    return bool(own > np.percentile(between, PERCENTILES[1]))


def main(folder: str, n_galaxies: int = 600) -> None:
    """Print the table."""
    suite = mock_suite("broad", n_galaxies, seed=11)
    rows = [measure(suite[index]) for index in range(n_galaxies)]
    columns = {name: np.array([row[name] for row in rows]) for name in QUANTITIES}
    sys.stdout.write(compare(columns, dict(others(Path(folder)))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
