"""HDF5 files are opened if they are sound, however they were written, and refused before the library follows them."""

import struct

import h5py
import numpy as np
import pytest
from snapshot_writers import galaxy_of_particles

from stargas import write_galaxy
from stargas.errors import DamagedFileError
from stargas.simulations.hdf5_files import open_hdf5, require_stored
from stargas.simulations.particle_table import read_table


def test_data_sets_that_hold_what_they_declare_pass(tmp_path):
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        file["whole"] = np.zeros(2_000_000)
        file.create_dataset("packed", data=np.zeros(2_000_000), compression="gzip")
        file.create_dataset("declared", (10**9,), dtype="f8", chunks=(1000,))
    with open_hdf5(tmp_path / "a.hdf5") as file:
        require_stored(file["whole"], "a.hdf5")
        require_stored(file["packed"], "a.hdf5")
        with pytest.raises(DamagedFileError, match=r"/declared declares 8e.09 bytes and stores 1"):
            require_stored(file["declared"], "a.hdf5")


def test_what_is_no_hdf5_is_refused_as_such(tmp_path):
    (tmp_path / "a.hdf5").write_text("nothing")
    with pytest.raises(OSError, match="signature"):
        open_hdf5(tmp_path / "a.hdf5")


def write_many_texts(file):
    group = file.create_group("Header")
    for number in range(60):  # more than one collection of texts and one block of the header hold
        group.attrs[f"text {number}"] = "x" * (100 * number)
    group.attrs["empty"] = ""
    group.attrs["texts"] = np.array(["one", "", "three"], dtype=object)
    group.attrs["numbers"] = np.arange(6.0)
    group.attrs["nothing"] = h5py.Empty("f8")
    file["Header/data"] = [1.0]
    file["Header/data"].attrs["unit"] = "kpc"
    for number in range(0, 60, 7):
        del group.attrs[f"text {number}"]
    file["itself"] = file["/"]
    file["soft"] = h5py.SoftLink("/nowhere")
    file["outside"] = h5py.ExternalLink("nowhere.hdf5", "/")


@pytest.mark.parametrize("options", [{}, {"libver": "latest"}, {"userblock_size": 512}, {"track_order": True}], ids=str)
def test_sound_files_are_opened(options, tmp_path):
    with h5py.File(tmp_path / "a.hdf5", "w", **options) as file:
        write_many_texts(file)
    with open_hdf5(tmp_path / "a.hdf5") as file:
        assert file["Header"].attrs["text 59"] == "x" * 5900
        assert list(file["Header"].attrs["texts"]) == ["one", "", "three"]


def collection_of(content):
    return content.index(b"GCOL")


def heap_of(content):
    return content.index(b"HEAP")


def text_of(content):
    """Place of the text "stargas-galaxy" in an attribute: its length, its collection and its number there."""
    return content.index(struct.pack("<IQI", len("stargas-galaxy"), collection_of(content), 1))


def free_block_of(content):
    """Place of the first free block in the heap of names."""
    free, names = struct.unpack_from("<QQ", content, heap_of(content) + 16)
    return names + free


DAMAGES = {
    "length of a text": (text_of, 0, "<I", 2**30),
    "place of a text": (text_of, 4, "<Q", 8),
    "place of a text far away": (text_of, 4, "<Q", 2**50),
    "number of a text": (text_of, 12, "<I", 500),
    "size of the type": (text_of, -28, "<I", 1),
    "kind of the type": (text_of, -31, "<B", 255),
    "size of the collection": (collection_of, 8, "<Q", 2**40),
    "size of a text in the collection": (collection_of, 24, "<Q", 255),
    "size of the heap": (heap_of, 8, "<Q", 2**32),
    "first free block": (heap_of, 16, "<Q", 2**20),
    "place of the heap": (heap_of, 24, "<Q", 2**50),
    "next free block": (free_block_of, 0, "<Q", 64),  # itself
}
"""What is damaged, where, and what is put there: the library takes gigabytes, hangs or crashes on most of them."""


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "galaxy.hdf5"
    write_galaxy(galaxy_of_particles(120, 60, 70), path)
    return path.read_bytes()


@pytest.mark.parametrize("damage", DAMAGES)
def test_heaps_that_promise_what_is_not_there_are_refused(damage, content, tmp_path):
    place_of, offset, code, value = DAMAGES[damage]
    changed = bytearray(content)
    struct.pack_into(code, changed, place_of(content) + offset, value)
    (tmp_path / "sound.hdf5").write_bytes(content)
    (tmp_path / "damaged.hdf5").write_bytes(changed)
    assert len(read_table(tmp_path / "sound.hdf5").stars) == 120
    with pytest.raises(DamagedFileError, match=r"damaged\.hdf5 is damaged \(/.* has texts or names that end nowhere\)"):
        read_table(tmp_path / "damaged.hdf5")
