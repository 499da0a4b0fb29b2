"""HI moments against MARTINI, as far as from particles to maps."""

import numpy as np
import pytest

from stargas.config import HIMapConfig
from stargas.sky.hi_maps import hi_cube, hi_moments
from stargas.sky.kernel import SUPPORT_PER_FWHM
from workloads import HALF_WIDTH_KPC, additions_per_second, gas_disc

PIXEL_KPC = 2 * HALF_WIDTH_KPC / 64

TRACER_SETS = {
    "1000 particles": gas_disc(1000),
    "10000 particles": gas_disc(10_000),
    "20000 particles": gas_disc(20_000),
    "100000 particles": gas_disc(100_000),
    "20000 particles, face-on": gas_disc(20_000, inclination_deg=0.0),
    "20000 particles, edge-on": gas_disc(20_000, inclination_deg=90.0),
    "20000 particles, points": gas_disc(20_000, hsm_kpc=0.4 * PIXEL_KPC),
    "20000 particles, small kernels": gas_disc(20_000, hsm_kpc=0.7 * PIXEL_KPC),
    "20000 particles, large kernels": gas_disc(20_000, hsm_kpc=5 * PIXEL_KPC),
    "20000 particles, clipped band": gas_disc(20_000, inclination_deg=90.0, v_rot_kms=250.0),
}


def apart(maps, reference):
    gap = (maps - reference).astype(np.float64)
    both = (maps[2] > 0) & (reference[2] > 0)
    return {
        "moment 0": float(np.sqrt(np.sum(gap[0] ** 2) / np.sum(reference[0].astype(np.float64) ** 2))),
        "moment 1 rms km/s": float(np.sqrt(np.mean(gap[1][both] ** 2))),
        "moment 2 rms km/s": float(np.sqrt(np.mean(gap[2][both] ** 2))),
    }


def least_time(gas):
    """Three sums read, added to and written per particle and pixel touched."""
    support = gas["hsm_kpc"] / PIXEL_KPC * SUPPORT_PER_FWHM
    return np.sum(np.maximum(np.pi * support**2, 1)) * 3 / additions_per_second()


@pytest.mark.parametrize("case", TRACER_SETS)
def test_moments(case, compare):
    pytest.importorskip("martini")
    gas = TRACER_SETS[case]
    config = HIMapConfig(widen_band="clipped" not in case)

    def moments(engine):
        return hi_moments(**gas, half_width_kpc=HALF_WIDTH_KPC, engine=engine, config=config)

    compare(
        f"HI moments of {case}",
        lambda: moments("fast"),
        peer=lambda: moments("martini"),
        peer_name="MARTINI",
        agreement=apart(moments("fast"), moments("martini")),
        lower_bound=(least_time(gas), "three sums per particle and pixel at the speed of the second-level cache"),
        rounds=20,
    )


def test_cube(compare):
    gas = TRACER_SETS["20000 particles"]
    compare("HI cube of 20000 particles", lambda: hi_cube(**gas, half_width_kpc=HALF_WIDTH_KPC))
