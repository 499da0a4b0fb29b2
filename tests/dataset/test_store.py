import dataclasses
import io
import json
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from dataset_for_tests import N_GALAXIES, build
from sources_for_tests import TINY, AnalyticSource

from stargas.dataset.catalogue import FIRST_COLUMNS, make_catalogue
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
    with pytest.raises(InputError, match=r"data\.stars cannot be joined"):
        Dataset.join([data, open_dataset(tmp_path / "other")])


def test_a_copy_in_another_process_carries_no_arrays(data):
    data.batch()
    pickled = pickle.dumps(data)
    assert len(pickled) < 0.5 * data.batch().maps.nbytes
    assert np.array_equal(pickle.loads(pickled).batch([3]).maps, data.batch([3]).maps)  # noqa: S301 (our own)


# ---- catalogue


def test_catalogue_has_the_columns_and_units(built):
    table = Table.read(built / "catalogue.fits")
    assert [name for name in table.colnames if name in FIRST_COLUMNS] == list(FIRST_COLUMNS)
    assert len(table) == 3 * (N_GALAXIES - 1)
    assert table["R_hl_kpc"].unit == u.kpc
    assert table["sigma_kms"].unit == u.km / u.s
    assert table["inclination_deg"].unit == u.deg
    assert table["has_gas"].dtype == bool
    assert table["sample"].tolist() == list(range(len(table)))


def test_rows_with_different_columns_make_one_table():
    table = make_catalogue(
        [
            {"galaxy_id": "a", "spin": 1.5, "n": 3, "is_satellite": True, "hi": "table"},
            {"galaxy_id": "longer", "spin": None, "is_satellite": False},
        ]
    )
    assert table["spin"].tolist()[0] == 1.5
    assert np.isnan(table["spin"][1])
    assert np.isnan(table["n"][1])
    assert table["hi"].tolist() == ["table", ""]
    assert table["is_satellite"].tolist() == [True, False]
    assert table["galaxy_id"].tolist() == ["a", "longer"]


# ---- splits


def test_no_galaxy_and_no_host_is_in_two_splits(data):
    for name in ("galaxy_id", "host_id"):
        pairs = {(row[name], row["split"]) for row in data.catalogue}
        assert len(pairs) == len({row[name] for row in data.catalogue})
    # control: a split by sample would leak
    by_row = {(row["galaxy_id"], row["sample"] % 3) for row in data.catalogue}
    assert len(by_row) > len({row["galaxy_id"] for row in data.catalogue})


# ---- damage


def test_no_data_set_is_one_sentence(tmp_path, built):
    with pytest.raises(InputError, match="does not exist"):
        open_dataset(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        open_dataset(built / "shards")


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"format_version": 99}, InputError, "format version 99, this stargas reads up to 2: update stargas"),
        ({"format_version": 1}, InputError, "before stars were summed up as sets: build the data set again"),
        ({"format": "something"}, InputError, "not the manifest of a data set"),
        ({"complete": False}, InputError, "not complete: run the same build again"),
    ],
)
def test_manifests_that_do_not_fit(copy, change, error, sentence):
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | change))
    with pytest.raises(error, match=sentence):
        open_dataset(copy)


def test_damaged_manifest_and_catalogue(copy):
    catalogue = (copy / "catalogue.fits").read_bytes()
    for content in (b"", catalogue[: len(catalogue) // 2], b"no table"):
        (copy / "catalogue.fits").write_bytes(content)
        with pytest.raises(DamagedFileError, match=r"catalogue\.fits"):
            open_dataset(copy)
    (copy / "manifest.json").write_text("{")
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
