import dataclasses
import io
import json
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
from astropy.table import Table
from dataset_for_tests import N_GALAXIES, build
from sources_for_tests import TINY, AnalyticSource

from stargas.config import ViewConfig
from stargas.dataset.store import Dataset, open_dataset
from stargas.errors import DamagedFileError, InputError
from stargas.sample import SCALARS


@pytest.fixture
def copy(built, tmp_path):
    shutil.copytree(built, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture(scope="module")
def data(built):
    return open_dataset(built)


# ---- reading


def test_sample_has_its_own_arrays_and_row(data):
    sample = data[4]
    assert sample.maps.shape == (5, 16, 16)
    assert sample.maps.dtype == np.float32
    assert [sample.row[name] for name in SCALARS] == sample.scalars.tolist()
    assert sample.row["sample"] == 4
    assert sample.row["galaxy_id"] == "galaxy-1"
    assert (sample.row["host_id"], sample.row["view"]) == ("host-0", 1)
    assert data[-1].row["sample"] == len(data) - 1
    with pytest.raises(IndexError):
        data[len(data)]


def test_batch_is_the_stack_of_samples_in_any_order(data):
    order = np.random.default_rng(0).permutation(len(data))
    batch = data.batch(order)
    for place, index in enumerate(order):
        sample = data[index]
        assert np.array_equal(batch.maps[place], sample.maps)
        assert np.array_equal(batch.scalars[place], sample.scalars)
        assert np.array_equal(batch.tracers[place], sample.tracers)
        assert np.array_equal(batch.r_kpc[place], sample.r_kpc)
        assert np.array_equal(batch.log10_mass[place], sample.log10_mass.astype(np.float32))


def test_batch_of_none_of_twice_the_same_and_of_a_slice(data):
    assert data.batch([]).maps.shape == (0, 5, 16, 16)
    twice = data.batch([5, 5, -1])
    assert np.array_equal(twice.maps[0], twice.maps[1])
    assert np.array_equal(twice.maps[2], data[len(data) - 1].maps)
    assert np.array_equal(data.batch(slice(3, 9)).scalars, data.batch(np.arange(3, 9)).scalars)
    twice.maps[:] = 0  # a copy: the file is not written to
    assert data[5].maps.any()


def test_views_are_by_mask_and_split(data):
    rotating = data.where(data.catalogue["kappa_co"] > 0.15)
    assert 0 < len(rotating) < len(data)
    assert (rotating.catalogue["kappa_co"] > 0.15).all()
    assert rotating[0].row == data[int(rotating.rows[0])].row
    assert sum(len(data.split(name)) for name in ("train", "validation", "test")) == len(data)
    assert len(rotating.where(np.zeros(len(rotating), bool))) == 0
    with pytest.raises(InputError, match="bools"):
        data.where(np.arange(3))
    with pytest.raises(InputError, match="train, validation, test"):
        data.split("training")


def test_joined_data_sets_keep_order_and_origin(data, tmp_path):
    build(tmp_path / "more", AnalyticSource(5, seed=7))
    more = open_dataset(tmp_path / "more")
    gas = more.where(more.catalogue["has_gas"])
    both = Dataset.join([data, gas])
    assert len(both) == len(data) + len(gas)
    assert np.array_equal(both[len(data) + 2].maps, gas[2].maps)
    assert np.array_equal(both.batch([0, len(data)]).maps[1], gas[0].maps)
    assert both.catalogue["galaxy_id"].tolist() == [*data.catalogue["galaxy_id"], *gas.catalogue["galaxy_id"]]
    assert [manifest["source"]["seed"] for manifest in both.manifest["joined"]] == [0, 7]
    assert len(both.split("train")) == len(data.split("train")) + len(gas.split("train"))
    assert not isinstance(both.catalogue["log10_hi_mass"], np.ma.MaskedArray)
    with pytest.raises(InputError, match="at least one"):
        Dataset.join([])


def test_a_host_in_two_splits_does_not_join(data, tmp_path):
    """Other views of the same galaxies, built with another seed, would carry test galaxies into training."""
    build(tmp_path / "other", AnalyticSource(N_GALAXIES), seed=5)
    other = open_dataset(tmp_path / "other")
    assert set(other.catalogue["host_id"]) & set(data.catalogue["host_id"])
    with pytest.raises(InputError, match=r"host (host|galaxy)-\d+ is in \w+ of one data set and in \w+ of another"):
        Dataset.join([data, other])
    train = data.split("train")
    assert len(Dataset.join([data, train])) == len(data) + len(train)


def test_data_sets_of_other_maps_do_not_join(data, tmp_path):
    stars = dataclasses.replace(TINY.stars, xy_limit=1.0)
    build(tmp_path / "other", AnalyticSource(2), config=dataclasses.replace(TINY, stars=stars))
    with pytest.raises(InputError, match=r"data sets of data\.stars\.xy_limit 0\.5 and 1\.0 cannot be joined"):
        Dataset.join([data, open_dataset(tmp_path / "other")])


def test_a_copy_in_another_process_carries_no_arrays(data):
    data.batch()
    pickled = pickle.dumps(data)
    assert len(pickled) < 0.5 * data.batch().maps.nbytes
    assert np.array_equal(pickle.loads(pickled).batch([3]).maps, data.batch([3]).maps)  # noqa: S301 (our own)


def test_data_sets_that_differ_in_what_is_no_map_do_join(data, tmp_path):
    config = dataclasses.replace(TINY, galaxies_per_shard=2, views=ViewConfig(n_views=2))
    build(tmp_path / "other", AnalyticSource(2, seed=9), config=config)
    both = Dataset.join([data, open_dataset(tmp_path / "other")])
    assert both[len(data)].config == config
    assert both[0].config == TINY
    assert both.configs == (TINY, config)


# ---- damage


def test_an_unfinished_data_set_is_refused(copy):
    change_manifest(copy, complete=False)
    with pytest.raises(InputError, match="not complete: run the same build again"):
        open_dataset(copy)


@pytest.mark.parametrize("change", [{"shards": None}, {"config": {"stars": {"xy_limit": -1.0}}}, {"catalogue": {}}])
def test_a_manifest_that_lacks_something_is_damaged(copy, change):
    change_manifest(copy, **change)
    with pytest.raises(DamagedFileError, match=r"manifest\.json is damaged"):
        open_dataset(copy)


@pytest.mark.parametrize("name", ["maps", "scalars", "quality"])
def test_a_data_set_of_other_entries_is_refused(copy, name):
    """As one that was built before a channel was added."""
    entries = json.loads((copy / "manifest.json").read_text())[name]
    change_manifest(copy, **{name: entries[:-1]})
    with pytest.raises(InputError, match=f"the {name} of the data set .* are other ones .*: build it again"):
        open_dataset(copy)


def change_manifest(folder, **changes):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))


def test_a_damaged_catalogue_is_named(copy):
    catalogue = (copy / "catalogue.fits").read_bytes()
    for content in (b"", catalogue[: len(catalogue) // 2], b"no table"):
        (copy / "catalogue.fits").write_bytes(content)
        with pytest.raises(DamagedFileError, match=r"catalogue\.fits"):
            open_dataset(copy)


@pytest.mark.parametrize("change", ["sort", "cut", "drop"])
def test_a_catalogue_in_another_order_is_refused(copy, change):
    """As a table program leaves it that sorted the file and saved it in its place."""
    table = Table.read(copy / "catalogue.fits")
    if change == "sort":
        table.sort("sigma_kms")
    elif change == "cut":
        table = table[:-1]
    else:
        table.remove_column("sample")
    table.write(copy / "catalogue.fits", overwrite=True)
    with pytest.raises(DamagedFileError, match="are not the samples 0 to 26 in their order"):
        open_dataset(copy)


def test_a_catalogue_with_other_values_is_refused_and_a_build_writes_it_anew(copy, data):
    table = Table.read(copy / "catalogue.fits")
    table["split"][:] = "test"
    table.write(copy / "catalogue.fits", overwrite=True)
    with pytest.raises(DamagedFileError, match="its checksum differs"):
        open_dataset(copy)
    build(copy)
    assert open_dataset(copy).catalogue["split"].tolist() == data.catalogue["split"].tolist()


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("maps", lambda array: array.astype(np.float16), r"maps\.npy holds float16 of shape \(12, 5, 16, 16\)"),
        ("maps", lambda array: array[:, :4], r"shape \(12, 4, 16, 16\), expected float32 of shape \(12, 5, 16, 16\)"),
        ("scalars", lambda array: array[:-1], r"scalars\.npy holds float64 of shape \(11, 5\)"),
        ("log10_mass", lambda array: array[:, :9], r"expected float64 of shape \(12, 10\)"),
    ],
)
def test_arrays_that_are_not_as_declared_are_refused(copy, name, change, sentence):
    path = copy / "shards" / "00000" / f"{name}.npy"
    np.save(path, change(np.load(path)))
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["shards"][0]["files"][path.name]["bytes"] = path.stat().st_size
    change_manifest(copy, **manifest)
    with pytest.raises(DamagedFileError, match=sentence):
        open_dataset(copy)


@pytest.mark.parametrize("file", [7, {}, {"bytes": "many", "sha256": "0"}, None])
def test_files_that_are_not_described_as_they_should_be_are_the_fault_of_the_manifest(copy, file):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["shards"][0]["files"]["maps.npy"] = file
    change_manifest(copy, **manifest)
    with pytest.raises(DamagedFileError, match=r"manifest\.json is damaged"):
        open_dataset(copy)


def test_truncated_shard_is_named_and_can_be_skipped(copy, data):
    path = copy / "shards" / "00001" / "maps.npy"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedFileError, match=r"shards/00001/maps\.npy has \d+ bytes, the manifest says"):
        open_dataset(copy)
    with pytest.warns(UserWarning, match="9 samples are left out: .*00001"):
        rest = open_dataset(copy, skip_damaged=True)
    # galaxy 6 of the shard's galaxies 4 to 7 has no samples
    assert set(data.catalogue["galaxy_id"]) - set(rest.catalogue["galaxy_id"]) == {"galaxy-4", "galaxy-5", "galaxy-7"}
    assert np.array_equal(rest[12].maps, data[21].maps)
    path.unlink()
    with pytest.raises(DamagedFileError, match=r"maps\.npy is missing"):
        open_dataset(copy)


def test_a_truncated_shard_is_built_again_once_deleted(copy, data):
    (copy / "shards" / "00001" / "maps.npy").write_bytes(b"")
    shutil.rmtree(copy / "shards" / "00001")
    assert build(copy).n_made == 4
    assert np.array_equal(open_dataset(copy, check_sums=True).batch().maps, data.batch().maps)


def test_changed_bytes_are_found_by_their_sum(copy):
    path = copy / "shards" / "00000" / "maps.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    open_dataset(copy)
    with pytest.raises(DamagedFileError, match=r"00000/maps\.npy is not what was built"):
        open_dataset(copy, check_sums=True)


class _Bomb:
    def __reduce__(self):
        return (print, ("boom",))


def test_reading_executes_nothing(copy, capsys):
    """An array of Python objects in the place of maps is refused, not unpickled."""
    path = copy / "shards" / "00000" / "maps.npy"
    buffer = io.BytesIO()
    np.save(buffer, np.array([_Bomb()] * 12, dtype=object), allow_pickle=True)
    path.write_bytes(buffer.getvalue())
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["shards"][0]["files"]["maps.npy"]["bytes"] = len(buffer.getvalue())
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DamagedFileError, match=r"maps\.npy is missing, truncated or no plain array"):
        open_dataset(copy)[0]
    assert "boom" not in capsys.readouterr().out
    np.load(path, allow_pickle=True)  # control: this does execute
    assert "boom" in capsys.readouterr().out


def test_reading_does_not_import_torch(built):
    code = f"import sys, stargas; stargas.open_dataset({str(built)!r}); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
