"""Time of a mock galaxy of 10⁵ stars and 2·10⁴ gas particles on one core, and of its parts.

Run: ``python benchmarks/bench_mock_suites.py``. To reach: 250 ms, median over galaxies.
"""

import dataclasses
import time

import numpy as np

from stargas.randomness import rng_for
from stargas.simulations.mock_suites.gas import make_gas
from stargas.simulations.mock_suites.stars import draw_stars, stellar_model
from stargas.simulations.mock_suites.suites import galaxy_potential, mock_suite

N_STARS, N_GAS = 100_000, 20_000


def time_parts(suite, index):
    """Milliseconds of processor time for potential, stars and gas of one galaxy."""
    drawn = dataclasses.replace(suite.properties(index), n_stars=N_STARS, n_gas=N_GAS)
    if drawn.hi_mass_msun == 0:
        return None
    ticks = [time.process_time()]
    model = stellar_model(drawn)
    potential, _ = galaxy_potential(drawn, model)
    ticks.append(time.process_time())
    draw_stars(model, potential, N_STARS, rng_for(0, "bench stars", index))
    ticks.append(time.process_time())
    make_gas(drawn, potential, N_GAS, 1.0, rng_for(0, "bench gas", index))
    ticks.append(time.process_time())
    return 1e3 * np.diff(ticks)


def time_broad(suite, index):
    """Milliseconds of processor time for one galaxy of ``broad``, and its number of stars."""
    start = time.process_time()
    galaxy = suite[index]
    return 1e3 * (time.process_time() - start), len(galaxy.stars)


def main():
    for name in ("bursty", "smooth", "shifted"):
        suite = mock_suite(name, 40)
        time_parts(suite, 0)  # compiles
        times = np.array([parts for i in range(40) if (parts := time_parts(suite, i)) is not None])
        potential, stars, gas = np.median(times, axis=0)
        print(f"{name}: potential {potential:.1f} ms, stars {stars:.0f} ms, gas {gas:.0f} ms, ", end="")
        print(f"galaxy {np.median(times.sum(axis=1)):.0f} ms (fastest {times.sum(axis=1).min():.0f} ms)")

    suite = mock_suite("broad", 100)
    time_broad(suite, 0)  # compiles
    times, counts = np.transpose([time_broad(suite, i) for i in range(100)])
    print(f"broad: galaxy {times.mean():.0f} ms, median {np.median(times):.0f} ms, of {counts.mean():.0f} stars")


if __name__ == "__main__":
    main()
