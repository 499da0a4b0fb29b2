"""Snapshots that are read through pynbody: the same galaxy as by others, and their faults."""

import dataclasses

import numpy as np
import pytest
from snapshot_writers import write_tipsy
from snapshots_for_tests import CONFIG, damage, read

from stargas import View, project, read_galaxy
from stargas.config import HIMapConfig, StarMapConfig
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import Particles
from stargas.simulations.snapshots import open_snapshot
from stargas.sky.hi_maps import hi_moments
from stargas.sky.star_maps import star_maps


def maps_of(galaxy):
    sky = project(galaxy, View(60.0, 30.0))
    stars = star_maps(sky.stars.x_kpc, sky.stars.y_kpc, sky.stars.v_los_kms, sky.R_hl_kpc, StarMapConfig(n_pixels=24))
    gas = sky.gas
    moments = hi_moments(
        gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc, 6.0,
        config=HIMapConfig(n_pixels=24),
    )  # fmt: skip
    return stars, moments


def test_tipsy_and_arepo_give_the_same_maps(folder):
    """The same particles: equal to rounding. Half of the particles: equal within sampling, but not to rounding."""
    tipsy, arepo = read(folder, "tipsy"), read(folder, "arepo")
    for got, want in zip(maps_of(tipsy), maps_of(arepo), strict=True):
        for one, other in zip(got, want, strict=True):
            assert np.abs(one - other).max() < 0.01 * np.abs(other).max()
    half = dataclasses.replace(
        tipsy,
        stars=Particles(tipsy.stars.mass_msun[::2], tipsy.stars.position_kpc[::2], tipsy.stars.velocity_kms[::2]),
    )
    difference = maps_of(half)[0][0] - maps_of(arepo)[0][0]
    assert 0.01 < np.abs(difference).max() / maps_of(arepo)[0][0].max() < 0.5


def test_tipsy_faults(galaxy, tmp_path):
    path = write_tipsy(tmp_path / "a", galaxy, param=False)
    with pytest.raises(InputError, match=r"no parameter file with dKpcUnit"):
        read_galaxy(path)
    path = write_tipsy(tmp_path / "b", galaxy)
    (tmp_path / "b" / "other.param").write_text("dKpcUnit = 1\n")
    assert open_snapshot(path, CONFIG).count("stars") == len(galaxy.stars)
    (tmp_path / "b" / "run.param").rename(tmp_path / "b" / "third.param")
    with pytest.raises(InputError, match="holds 2 parameter files"):
        open_snapshot(path, CONFIG)
    path = write_tipsy(tmp_path / "c", galaxy)
    damage(path, 0.6)
    with pytest.raises(DamagedFileError, match=r"truncated: it has .* bytes where its header promises"):
        read_galaxy(path)
    noise = tmp_path / "noise.bin"
    noise.write_bytes(b"nothing that anyone reads" * 10)
    with pytest.raises(
        DamagedFileError, match="is not a particle table or a snapshot of a format that stargas or pynbody reads"
    ):
        read_galaxy(noise)


def test_without_pynbody_the_error_says_what_to_install(folder, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pynbody", None)
    with pytest.raises(InputError, match=r"stargas\[snapshots\]"):
        read_galaxy(folder / "tipsy" / "run.00100")
    assert len(read(folder, "arepo").stars) > 1000
