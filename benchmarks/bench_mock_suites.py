"""Time of a mock galaxy on one core, and of its parts or its samples.

Run: ``python benchmarks/bench_mock_suites.py``. To reach: 250 ms for a galaxy of 10⁵ stars and 2·10⁴ gas particles,
median over galaxies; 117 ms for a galaxy of ``broad`` and 173 ms for its twelve samples, means.
"""

import dataclasses
import resource
import time

import numpy as np

from stargas.config import DataConfig
from stargas.randomness import rng_for
from stargas.sample import make_samples
from stargas.simulations.mock_suites.gas import make_gas
from stargas.simulations.mock_suites.stars import draw_stars, stellar_model
from stargas.simulations.mock_suites.suites import galaxy_potential, mock_suite

N_STARS, N_GAS, N_BROAD = 100_000, 20_000, 300


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
    """Milliseconds of processor time for a galaxy of ``broad`` and for its twelve samples, and its number of stars."""
    ticks = [time.process_time()]
    galaxy = suite[index]
    ticks.append(time.process_time())
    make_samples(galaxy, DataConfig())
    ticks.append(time.process_time())
    return *(1e3 * np.diff(ticks)), len(galaxy.stars)


def main():
    for name in ("bursty", "smooth", "shifted"):
        suite = mock_suite(name, 40)
        time_parts(suite, 0)  # compiles
        times = np.array([parts for i in range(40) if (parts := time_parts(suite, i)) is not None])
        potential, stars, gas = np.median(times, axis=0)
        print(f"{name}: potential {potential:.1f} ms, stars {stars:.0f} ms, gas {gas:.0f} ms, ", end="")
        print(f"galaxy {np.median(times.sum(axis=1)):.0f} ms (fastest {times.sum(axis=1).min():.0f} ms)")

    suite = mock_suite("broad", N_BROAD)
    time_broad(suite, 0)  # compiles
    galaxy, samples, counts = np.transpose([time_broad(suite, i) for i in range(N_BROAD)])
    print(
        f"broad: galaxy {galaxy.mean():.0f} ms (median {np.median(galaxy):.0f} ms) of {counts.mean():.0f} stars, ",
        end="",
    )
    print(f"twelve samples {samples.mean():.0f} ms (median {np.median(samples):.0f} ms), ", end="")
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
