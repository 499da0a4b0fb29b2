"""Binary snapshots of Gadget hold what those in HDF5 hold; what their header does not state is asked for."""

import dataclasses

import numpy as np
import pytest
from analytic import plummer_stars
from gadget_binary_writer import write_gadget_binary
from snapshot_writers import CENTER_KPC, galaxy_of_particles, write_hdf5

from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import Particles
from stargas.simulations.snapshots import open_snapshot, read_snapshot_galaxy

CONFIG = SnapshotConfig(molecular="none", unit_length_kpc=1.0, unit_mass_msun=1e10, unit_velocity_kms=1.0)


@pytest.fixture(scope="module")
def hdf5(tmp_path_factory):
    path = tmp_path_factory.mktemp("hdf5") / "snap.hdf5"
    coarse = plummer_stars(30, 3e9, 1.0, np.random.default_rng(5), 6e8)
    boundary = Particles(coarse.mass_msun, coarse.position_kpc, coarse.velocity_kms)
    write_hdf5(path, galaxy_of_particles(400, 300, 500), "gadget", boundary=boundary)
    return path


def read(path, config=CONFIG):
    return read_snapshot_galaxy(path, center_kpc=CENTER_KPC, radius_kpc=100.0, config=config)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("cooling", [True, False])
def test_it_gives_the_same_galaxy_as_hdf5(hdf5, tmp_path, named, order, cooling):
    """Types, units, HI and kernel, of both formats, both byte orders and with or without the records of cooling."""
    write_gadget_binary(tmp_path / "snap", hdf5, named=named, order=order, cooling=cooling)
    found, expected = read(tmp_path / "snap"), read(hdf5)
    assert found.redshift == pytest.approx(0.25)
    for component in ("stars", "gas", "dark"):
        got, want = getattr(found, component), getattr(expected, component)
        assert len(got) == len(want)
        np.testing.assert_allclose(got.mass_msun, want.mass_msun, rtol=1e-6)
        np.testing.assert_allclose(got.position_kpc, want.position_kpc, atol=5e-3)
        np.testing.assert_allclose(got.velocity_kms, want.velocity_kms, atol=1e-2)
    np.testing.assert_allclose(found.gas.hsm_kpc, expected.gas.hsm_kpc, rtol=1e-6)
    assert found.properties["high_resolution_fraction"] == pytest.approx(
        expected.properties["high_resolution_fraction"]
    )
    if cooling:
        np.testing.assert_allclose(found.gas.hi_mass_msun, expected.gas.hi_mass_msun, rtol=1e-5)
    else:
        assert found.provenance["hi_fraction"] == "rahmati2013"


def test_units_are_asked_for_and_followed(hdf5, tmp_path):
    write_gadget_binary(tmp_path / "snap", hdf5)
    with pytest.raises(InputError, match="does not state its unit of length: give unit_length_kpc"):
        read(tmp_path / "snap", SnapshotConfig())
    one = open_snapshot(tmp_path / "snap", CONFIG)
    other = open_snapshot(tmp_path / "snap", dataclasses.replace(CONFIG, unit_length_kpc=1000.0))
    rows = np.arange(one.count("stars"))
    np.testing.assert_allclose(other.position_kpc("stars", rows), 1000 * one.position_kpc("stars", rows))
    assert other.box_kpc == pytest.approx(1000 * one.box_kpc)


def test_types_are_those_of_the_settings(hdf5, tmp_path):
    """Low-resolution dark matter of type 2 is no star, unless the settings say so."""
    write_gadget_binary(tmp_path / "snap", hdf5)
    assert open_snapshot(tmp_path / "snap", CONFIG).count("stars") == 400
    assert open_snapshot(tmp_path / "snap", CONFIG).count("boundary") == 30
    disc = dataclasses.replace(CONFIG, star_types=(2, 4))
    assert open_snapshot(tmp_path / "snap", disc).count("stars") == 430


def test_several_files_are_one_snapshot(hdf5, tmp_path):
    for number, part in enumerate((slice(0, 100), slice(100, None))):
        write_gadget_binary(tmp_path / f"snap.{number}", hdf5, part=part, n_files=2)
    assert len(read(tmp_path / "snap.0").stars) == len(read(hdf5).stars)
    (tmp_path / "snap.1").unlink()
    with pytest.raises(InputError, match=r"one of 2 files of a snapshot, but snap\.1 is missing"):
        read(tmp_path / "snap.0")


def test_a_damaged_file_is_one_sentence(hdf5, tmp_path):
    path = tmp_path / "snap"
    write_gadget_binary(path, hdf5)
    content = path.read_bytes()
    for keep in (6, 100, 300, 1000, 5000, len(content) - 3):
        path.write_bytes(content[:keep])
        with pytest.raises(DamagedFileError, match="snap "):
            read(path)
    changed = bytearray(content)
    changed[24:28] = (10**6).to_bytes(4, "little")  # the number of gas particles
    path.write_bytes(bytes(changed))
    with pytest.raises(DamagedFileError, match=r"record of .* bytes for .* particles"):
        read(path)
