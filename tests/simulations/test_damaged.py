"""Files of simulations with changed bytes are read as something possible, or refused in one sentence."""

import dataclasses
import warnings

import h5py
import numpy as np
import pytest
from gadget_binary_writer import write_gadget_binary
from snapshot_writers import CENTER_KPC, TIPSY_CENTER_KPC, galaxy_of_particles, write_hdf5, write_tipsy

from stargas import read_galaxy, write_galaxy
from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError, StargasError
from stargas.sandbox import in_child
from stargas.simulations.halos import read_halos
from stargas.simulations.snapshots import open_snapshot, read_snapshot_galaxy

CONFIG = SnapshotConfig(molecular="none")
BINARY = dataclasses.replace(CONFIG, unit_length_kpc=1.0, unit_mass_msun=1e10, unit_velocity_kms=1.0)
N_CHANGED = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder, galaxy = tmp_path_factory.mktemp("whole"), galaxy_of_particles(120, 100, 150)
    for name in ("gadget", "arepo", "eagle", "swift"):
        write_hdf5(folder / f"{name}.hdf5", galaxy, name)
    write_gadget_binary(folder / "binary", folder / "gadget.hdf5")
    write_tipsy(folder / "tipsy", galaxy)
    write_galaxy(galaxy, folder / "table.hdf5")
    with h5py.File(folder / "subfind.hdf5", "w") as file:
        file.create_group("Header").attrs["NumFiles"] = 1
        file["Group/GroupFirstSub"] = np.array([0, 1])
        file["Subhalo/SubhaloPos"] = np.full((2, 3), 4.0)
        file["Subhalo/SubhaloMass"] = np.array([10.0, 5.0])
        file["Subhalo/SubhaloGrNr"] = np.array([0, 1])
        file["Subhalo/SubhaloLenType"] = np.full((2, 6), 500)
    (folder / "run.AHF_halos").write_text(
        "#ID(1) hostHalo(2) Mvir(4) Xc(6) Yc(7) Zc(8) Rvir(12)\n"
        "1 0 1e11 1000 2000 3000 100\n2 1 1e10 1050 2000 3000 40\n"
    )
    (folder / "halos.csv").write_text("id,x_kpc,y_kpc,z_kpc,radius_kpc,host_id\n1,1,2,3,20,1\n2,5,6,7,8,1\n")
    return folder


def read(path, folder):
    """Read a file as what its name says."""
    if path.name in ("subfind.hdf5", "run.AHF_halos", "halos.csv"):
        snapshot = open_snapshot(folder / "gadget.hdf5", CONFIG)
        try:
            return read_halos(path, snapshot, CONFIG)
        finally:
            snapshot.close()
    if path.name == "table.hdf5":
        return read_galaxy(path)
    if path.name == "run.00100":
        return read_snapshot_galaxy(path, center_kpc=TIPSY_CENTER_KPC, radius_kpc=100.0, config=CONFIG)
    config = BINARY if path.name == "binary" else CONFIG
    return read_snapshot_galaxy(path, center_kpc=CENTER_KPC, radius_kpc=100.0, config=config)


def refusal(path, folder):
    """Sentence that refuses a file; empty if it is read. In a process of its own, as HDF5 may crash."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            in_child([path], is_read, path, folder)
        except StargasError as error:
            return str(error)
    return ""


def is_read(path, folder):
    read(path, folder)
    return True


def copy_of_tipsy(folder, target):
    target.mkdir(parents=True)
    for path in (folder / "tipsy").iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target / "run.00100"


def mutations(content, seed):
    """Change one byte to eight, cut the end off, or repeat a part."""
    rng = np.random.default_rng(seed)
    for _ in range(N_CHANGED):
        changed = bytearray(content)
        kind = rng.integers(4)
        place = int(rng.integers(len(content)))
        if kind == 0:
            del changed[place:]
        elif kind == 1:
            changed[place:place] = content[place : place + 64]
        else:
            for at in rng.integers(len(content), size=int(rng.integers(1, 9))):
                changed[at] = rng.integers(256)
        yield bytes(changed)


NAMES = [
    "gadget.hdf5", "arepo.hdf5", "eagle.hdf5", "swift.hdf5", "binary", "table.hdf5", "subfind.hdf5", "run.AHF_halos",
    "halos.csv",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_changed_bytes_give_a_galaxy_or_a_sentence(name, folder, tmp_path):
    read(folder / name, folder)
    refused = []
    for changed in mutations((folder / name).read_bytes(), NAMES.index(name)):
        (tmp_path / name).write_bytes(changed)
        refused.append(refusal(tmp_path / name, folder))
    assert any(refused)
    assert all("\n" not in sentence and len(sentence) < 500 for sentence in refused)


@pytest.mark.parametrize("beside", ["", ".HI", ".smooth"])
def test_changed_bytes_of_tipsy_give_a_galaxy_or_a_sentence(beside, folder, tmp_path):
    for number, changed in enumerate(mutations((folder / "tipsy" / f"run.00100{beside}").read_bytes(), 1)):
        path = copy_of_tipsy(folder, tmp_path / str(number))
        path.with_name(f"run.00100{beside}").write_bytes(changed)
        assert "\n" not in refusal(path, folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be used as the HI fractions"),
        ("370\n0.5\n0.5\n", "damaged|cannot be used"),
        ("12\n" + "0.5\n" * 12, "damaged|cannot be used"),
        ("370\n" + "half\n" * 370, "damaged|cannot be used"),
        ("370\n" + "8000.0\n" * 370, "hi_fraction of the gas runs from 8e.03 to 8e.03, expected 0 to 1"),
        ("370\n" + "nan\n" * 370, r"run\.00100\.HI is damaged"),
    ],
)
def test_unusable_hi_fractions_of_tipsy_are_refused_not_replaced(text, message, folder, tmp_path):
    path = copy_of_tipsy(folder, tmp_path / "tipsy")
    hi = tmp_path / "tipsy" / "run.00100.HI"
    hi.write_text(text)
    with pytest.raises((DamagedFileError, InputError), match=message):
        read(path, folder)
    hi.unlink()
    assert read(path, folder).provenance["hi_fraction"] == "rahmati2013"


def test_a_parameter_file_without_the_hubble_constant_of_a_run_that_expands(folder, tmp_path):
    path = copy_of_tipsy(folder, tmp_path / "tipsy")
    path.with_name("run.param").write_text("bComove = 1 # expands\ndKpcUnit = 5000\ndMsolUnit = 1e13\n")
    with pytest.raises(InputError, match=r"run\.param says that the run expands .* add dHubble0 to it"):
        read(path, folder)


@pytest.mark.parametrize(
    "text",
    ["", "dKpcUnit = wide\ndMsolUnit = 1e13\n", "dKpcUnit = -1\ndMsolUnit = 1e13\n", "dKpcUnit\n", "\x00\xff", "= 3"],
)
def test_unusable_parameter_files_are_one_sentence(text, folder, tmp_path):
    path = copy_of_tipsy(folder, tmp_path / "tipsy")
    path.with_name("run.param").write_text(text)
    with pytest.raises(StargasError, match=r"run\.00100"):
        read(path, folder)
