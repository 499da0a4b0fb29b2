"""Snapshots in HDF5: what belongs to which kind, masses in the header, several files, and spheres of particles."""

import h5py
import numpy as np
import pytest
from snapshot_writers import BOX_KPC, CENTER_KPC, galaxy_of_particles, in_box, write_hdf5
from snapshots_for_tests import CONFIG, RADIUS_KPC, near, read

from stargas.errors import InputError
from stargas.galaxy import Particles
from stargas.simulations.hdf5 import HDF5Snapshot
from stargas.simulations.snapshots import open_snapshot, read_snapshot_galaxy


@pytest.mark.filterwarnings("ignore")  # pynbody's, of cosmology and units that play no role here
@pytest.mark.parametrize("name", ["gadget", "eagle", "arepo"])
def test_pynbody_reads_the_same_numbers(name, folder):
    """An independent reader agrees, where it understands the file: headers with numbers that are no arrays."""
    pynbody = pytest.importorskip("pynbody")
    other = pynbody.load(str(folder / f"{name}.hdf5"))
    other.physical_units()
    families = {"stars": other.star, "gas": other.gas, "dark": other.dm}
    snapshot = open_snapshot(folder / f"{name}.hdf5", CONFIG)
    for kind, family in families.items():
        rows = np.arange(snapshot.count(kind))
        np.testing.assert_allclose(snapshot.position_kpc(kind, rows), np.asarray(family["pos"]), rtol=1e-3)
        for field, key in (("mass_msun", "mass"), ("velocity_kms", "vel")):
            np.testing.assert_allclose(snapshot.read(kind, field, rows), np.asarray(family[key]), rtol=1e-3)
    rows = np.arange(snapshot.count("gas"))
    density = snapshot.read("gas", "density_msun_kpc3", rows)
    np.testing.assert_allclose(density, np.asarray(other.gas["rho"]), rtol=1e-3)
    snapshot.close()


def test_wind_particles_are_gas_without_hi(galaxy, tmp_path):
    stars = galaxy.stars
    with_winds = Particles(
        np.r_[stars.mass_msun, stars.mass_msun[:50]],
        np.r_[stars.position_kpc, stars.position_kpc[:50]],
        np.r_[stars.velocity_kms, stars.velocity_kms[:50]],
    )
    write_hdf5(tmp_path / "arepo.hdf5", galaxy, "arepo", winds=with_winds)
    found, expected = read(tmp_path, "arepo"), near(galaxy)
    assert len(found.stars) == len(expected.stars)
    assert len(found.gas) == len(expected.gas) + 50
    assert found.hi_mass_msun == pytest.approx(expected.hi_mass_msun)
    assert found.enclosed_mass(RADIUS_KPC, "gas") == pytest.approx(
        expected.enclosed_mass(RADIUS_KPC, "gas") + stars.mass_msun[:50].sum()
    )


def test_a_mass_table_stands_for_equal_masses(folder, tmp_path):
    path = tmp_path / "gadget.hdf5"
    path.write_bytes((folder / "gadget.hdf5").read_bytes())
    with h5py.File(path, "a") as file:
        mass = file["PartType1/Masses"][0]
        del file["PartType1/Masses"]
        file["Header"].attrs["MassTable"] = [0, mass, 0, 0, 0, 0]
    assert read(tmp_path, "gadget").enclosed_mass(5.0, "dark") == pytest.approx(
        read(folder, "gadget").enclosed_mass(5.0, "dark")
    )
    with h5py.File(path, "a") as file:
        file["Header"].attrs["MassTable"] = np.zeros(6)
    with pytest.raises(InputError, match="neither masses nor an entry in MassTable"):
        read(tmp_path, "gadget")


def test_a_snapshot_in_several_files_is_one(galaxy, folder, tmp_path):
    for number in range(2):
        with h5py.File(folder / "arepo.hdf5") as whole, h5py.File(tmp_path / f"snap.{number}.hdf5", "w") as part:
            whole.copy("Header", part)
            part["Header"].attrs["NumFilesPerSnapshot"] = 2
            for kind in ("PartType0", "PartType1", "PartType4"):
                for name, data in whole[kind].items():
                    half = len(data) // 2
                    part[f"{kind}/{name}"] = data[half:] if number else data[:half]
    for path in (tmp_path, tmp_path / "snap.1.hdf5"):
        found = read_snapshot_galaxy(path, center_kpc=CENTER_KPC, radius_kpc=RADIUS_KPC, config=CONFIG)
        assert found.hi_mass_msun == pytest.approx(near(galaxy).hi_mass_msun)
        assert len(found.dark) == len(near(galaxy).dark)
    (tmp_path / "snap.0.hdf5").unlink()
    with pytest.raises(InputError, match=r"snap\.0\.hdf5 is missing"):
        read_snapshot_galaxy(tmp_path / "snap.1.hdf5")


@pytest.mark.parametrize("block", [1_000_000, 700, 64])
def test_a_sphere_ends_where_it_ends(folder, monkeypatch, block):
    """Several spheres at once, in blocks of any size, equal a look at every particle for each."""
    monkeypatch.setattr("stargas.simulations.hdf5.BLOCK", block)
    snapshot = HDF5Snapshot(folder / "arepo.hdf5", CONFIG)
    centers = CENTER_KPC + np.array([[0, 0, 0], [0.5, 0, -0.5], [-2, 1, 0], [100, 0, 0]])
    radii = np.array([0.5, 2.0, 20.0, 1.0])
    position = snapshot.position_kpc("dark", np.arange(snapshot.count("dark")))
    found = snapshot.rows_within("dark", centers, radii)
    for center, radius, rows in zip(centers, radii, found, strict=True):
        offset = (position - center + BOX_KPC / 2) % BOX_KPC - BOX_KPC / 2
        np.testing.assert_array_equal(rows, np.flatnonzero(np.linalg.norm(offset, axis=1) < radius))
        mass = snapshot.read("dark", "mass_msun", rows)
        np.testing.assert_array_equal(mass, snapshot.read("dark", "mass_msun", np.arange(len(position)))[rows])
    assert [len(rows) > 0 for rows in found] == [True, True, True, False]
    snapshot.close()
    assert in_box(galaxy_of_particles().stars)[0].max() > 7900
