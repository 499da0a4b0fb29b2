"""Snapshots of every family, written by the tests: units, periodic boxes, special particles, sources, faults."""

import dataclasses

import h5py
import numpy as np
import pytest
from analytic import plummer_stars
from snapshot_writers import CENTER_KPC, FAMILIES, write_hdf5, write_tipsy
from snapshots_for_tests import CONFIG, RADIUS_KPC, damage, near, read

from stargas import read_galaxy
from stargas.config import SelectionConfig
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import Particles
from stargas.simulations.selection import rejection
from stargas.simulations.snapshots import open_snapshot, read_snapshot_galaxy


@pytest.mark.parametrize("name", [*FAMILIES, "tipsy"])
def test_every_family_gives_the_same_galaxy(name, galaxy, folder):
    """Masses, positions, velocities, HI, temperature and kernel of one galaxy, stored in five ways at z = 0.25."""
    expected, found = near(galaxy), read(folder, name)
    tolerance = 1e-4 if name == "tipsy" else 1e-6  # tipsy is in single precision, and pynbody's G has five digits
    assert found.redshift == pytest.approx(0.25)
    for component in ("stars", "gas", "dark"):
        want, got = getattr(expected, component), getattr(found, component)
        assert len(got) == len(want)
        np.testing.assert_allclose(got.mass_msun, want.mass_msun, rtol=tolerance)
        np.testing.assert_allclose(got.position_kpc, want.position_kpc, atol=30 * tolerance, rtol=20 * tolerance)
        np.testing.assert_allclose(got.velocity_kms, want.velocity_kms, atol=300 * tolerance, rtol=10 * tolerance)
    for field in ("hi_mass_msun", "temperature_K", "hsm_kpc"):
        np.testing.assert_allclose(getattr(found.gas, field), getattr(expected.gas, field), rtol=tolerance)
    assert found.provenance["hi_fraction"] == "snapshot"


def boundary_particles(n=20):
    coarse = plummer_stars(n, 3e9, 1.0, np.random.default_rng(5), n * 2e7)
    return Particles(coarse.mass_msun, coarse.position_kpc, coarse.velocity_kms)


@pytest.mark.parametrize("name", ["gadget", "tipsy"])
def test_low_resolution_particles_are_dark_mass_and_counted(name, galaxy, tmp_path):
    coarse = boundary_particles()
    if name == "tipsy":
        write_tipsy(tmp_path / "tipsy", galaxy, boundary=coarse)
    else:
        write_hdf5(tmp_path / "gadget.hdf5", galaxy, name, boundary=coarse)
    found = read(tmp_path, name)
    low = coarse.mass_msun[coarse.radius_kpc < RADIUS_KPC].sum()
    total = near(galaxy).enclosed_mass(1e9) + low
    assert found.enclosed_mass(1e9) == pytest.approx(total, rel=1e-5)
    assert found.properties["high_resolution_fraction"] == pytest.approx(1 - low / total, rel=1e-5)
    assert "high-resolution" in rejection(found, SelectionConfig())
    assert rejection(found, SelectionConfig(min_high_resolution_fraction=0.8)) is None


def test_without_a_radius_everything_is_read(galaxy, folder):
    """A cutout or an isolated galaxy needs no center."""
    shifted = folder / "whole.hdf5"
    shifted.write_bytes((folder / "gadget.hdf5").read_bytes())
    with h5py.File(shifted, "a") as file:
        for kind in ("PartType0", "PartType1", "PartType4"):
            data = file[f"{kind}/Coordinates"]
            box = file["Header"].attrs["BoxSize"]
            data[...] = (data[...] + np.array([box / 2, 0, box / 2])) % box
    found = read_galaxy(shifted, config=CONFIG)
    assert len(found.stars) == len(galaxy.stars)
    part = read_galaxy(shifted, radius_kpc=5.0, config=CONFIG)
    assert part.stars.radius_kpc.max() < 5.2
    assert part.enclosed_mass(3.0) == pytest.approx(found.enclosed_mass(3.0), rel=0.02)


@pytest.mark.parametrize("name", ["gadget", "tipsy"])
def test_a_cutout_across_the_edge_of_its_box_is_one_galaxy(name, folder):
    """The galaxy lies across two faces of the box; read whole and read around its center it is the same."""
    path = folder / "tipsy" / "run.00100" if name == "tipsy" else folder / f"{name}.hdf5"
    whole, cut = read_galaxy(path, config=CONFIG), read(folder, name)
    near_it = whole.dark.radius_kpc < 0.9 * RADIUS_KPC
    assert near_it.sum() == (cut.dark.radius_kpc < 0.9 * RADIUS_KPC).sum()
    for r in (0.5, 1.0, 5.0, 30.0):
        assert whole.enclosed_mass(r) == pytest.approx(cut.enclosed_mass(r), rel=0.02)
    np.testing.assert_allclose(np.median(whole.gas.radius_kpc), np.median(cut.gas.radius_kpc), rtol=0.02)
    found = read_galaxy(path, radius_kpc=RADIUS_KPC, config=CONFIG)
    assert found.enclosed_mass(5.0) == pytest.approx(cut.enclosed_mass(5.0), rel=0.02)


def test_faults_are_one_clear_sentence(folder, tmp_path):
    def copy(name):
        target = tmp_path / f"{name}.hdf5"
        target.write_bytes((folder / f"{name}.hdf5").read_bytes())
        return target

    with pytest.raises(InputError, match="no snapshot"):
        open_snapshot(tmp_path / "none.hdf5", CONFIG)
    damage(path := copy("arepo"), 0.5)
    with pytest.raises(DamagedFileError, match=r"is damaged or is not .*truncated file"):
        read_galaxy(path)
    path = copy("gadget")
    with h5py.File(path, "a") as file:
        del file["Header"].attrs["UnitLength_in_cm"]
    with pytest.raises(InputError, match="does not state its unit of length: give unit_length_kpc"):
        read(tmp_path, "gadget")
    found = read(tmp_path, "gadget", config=dataclasses.replace(CONFIG, unit_length_kpc=1.0))
    assert found.enclosed_mass(3.0) == pytest.approx(read(folder, "gadget").enclosed_mass(3.0))
    with h5py.File(path, "a") as file:
        del file["PartType4"]
    with pytest.raises(InputError, match="0 star particles within 100 kpc"):
        read(tmp_path, "gadget", config=dataclasses.replace(CONFIG, unit_length_kpc=1.0))
    with h5py.File(path, "a") as file:
        del file["Header"]
    with pytest.raises(InputError, match="no snapshot: it lacks the groups"):
        read(tmp_path, "gadget")
    path = copy("eagle")
    with h5py.File(path, "a") as file:
        del file["PartType0/Density"], file["PartType0/SmoothingLength"]
    with pytest.raises(InputError, match="neither smoothing lengths nor densities"):
        read(tmp_path, "eagle")
    with pytest.raises(InputError, match="center needs a radius"):
        read_snapshot_galaxy(folder / "arepo.hdf5", center_kpc=CENTER_KPC)
