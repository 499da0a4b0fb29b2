"""What benchmarks and scaling plots work on: stars and gas of one size after another, and this machine's limits."""

import time

import numpy as np
from threadpoolctl import threadpool_limits

from stargas.sky.view import View

HALF_WIDTH_KPC = 5.6
"""Half the side of the HI maps, twice R_HI of `rotating_gas`."""


def least_seconds(work, rounds):
    """Least processor time of several runs [s], all threads together, after one that does not count."""
    return min(processor_seconds(work, rounds))


def processor_seconds(work, rounds):
    """Processor time of each of several runs [s], all threads together, after one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return times


def rotating_stars(n, seed=0):
    """Stars with heavy tails, whose coordinates correlate."""
    rng = np.random.default_rng(seed)
    x = rng.standard_t(3, n)
    y = 0.6 * x + 0.5 * rng.standard_t(3, n)
    return x, y, 30 * x + rng.normal(0, 20, n)


def gas_disc(n, inclination_deg=60.0, hsm_kpc=0.3, turbulence_kms=8.0, v_rot_kms=60.0, seed=0):
    """HI disc on the sky, as keyword arguments of `hi_moments`; R_HI is 2.8 kpc."""
    rng = np.random.default_rng(seed)
    radius, phi = rng.gamma(2.0, 1.0, n), rng.uniform(0, 2 * np.pi, n)
    position = np.column_stack([radius * np.cos(phi), radius * np.sin(phi), rng.normal(0, 0.1, n)])
    velocity = v_rot_kms * np.column_stack([-np.sin(phi), np.cos(phi), np.zeros(n)])
    matrix = View(inclination_deg, 20.0, 30.0).matrix
    x, y = matrix[:2] @ position.T
    return {
        "x_kpc": x,
        "y_kpc": y,
        "v_los_kms": velocity @ matrix[2] + rng.normal(0, turbulence_kms, n),
        "mHI_msun": np.full(n, 1e8 / n),
        "temperature_K": np.full(n, 8000.0),
        "hsm_kpc": np.full(n, hsm_kpc),
    }


def products_per_second():
    """Multiply-adds of single precision per second of one core, as its matrix product reaches them."""
    with threadpool_limits(limits=1):
        left, right = np.ones((64, 16_384), np.float32), np.ones((16_384, 64), np.float32)
        return left.size * 64 / least_seconds(lambda: left @ right, 20)


def additions_per_second():
    """Numbers of double precision per second that one core reads, adds to and writes in its second-level cache."""
    total, part = np.zeros(16_384), np.ones(16_384)

    def work():
        for _ in range(50):
            np.add(total, part, out=total)

    return 50 * total.size / least_seconds(work, 20)
