import re
from pathlib import Path

import numpy as np
import pytest
from sources_for_tests import TINY, BadSource

from stargas.config import DataConfig
from stargas.dataset.galaxy_result import process_galaxy, read_arrays, read_outcome
from stargas.dataset.shards import (
    array_path,
    open_array,
    read_index,
    read_outcomes,
    shard_name,
    unpack_shard,
    write_shard,
)
from stargas.errors import DamagedFileError
from stargas.sample import FIELDS, stored_fields


@pytest.fixture(scope="module")
def results():
    """Two galaxies with samples, then one that failed."""
    source = BadSource(3, damaged=(2,))
    return [process_galaxy(source, index, TINY, seed=0) for index in range(3)]


@pytest.fixture
def shard(results, tmp_path):
    files = [tmp_path / f"{index}.safetensors" for index in range(len(results))]
    for file, result in zip(files, results, strict=True):
        file.write_bytes(result)
    write_shard(tmp_path / "shards" / shard_name(0), files)
    return tmp_path / "shards" / shard_name(0)


def test_a_shard_holds_every_declared_array_of_its_galaxies(shard, results):
    assert read_index(shard)["samples"] == 6
    for declared in stored_fields(TINY):
        array = open_array(array_path(shard, declared), declared, 6, TINY)
        assert np.array_equal(
            array, np.concatenate([read_arrays(r)[declared.name] for r in results[:2]]), equal_nan=True
        )


def test_outcomes_are_those_of_the_galaxies(shard, results):
    assert read_outcomes(shard) == [read_outcome(result) for result in results]


def test_taking_a_shard_apart_gives_the_results_that_did_not_fail(shard, results):
    assert dict(unpack_shard(shard, TINY)) == {0: results[0], 1: results[1]}


def test_nothing_is_left_beside_it(shard):
    assert [path.name for path in shard.parent.iterdir()] == [shard.name]


@pytest.mark.parametrize("content", [b"", b"no array", None])
def test_a_file_that_is_no_array_is_refused(shard, content):
    path = array_path(shard, FIELDS[0])
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"maps\.npy is missing, truncated or no plain array"):
        open_array(path, FIELDS[0], 6, TINY)


def test_a_damaged_index_is_named(shard):
    (shard / "index.json").write_text("{")
    with pytest.raises(DamagedFileError, match=r"index\.json is missing or damaged"):
        read_index(shard)


def test_the_page_on_formats_lists_the_arrays_as_they_are_declared():
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
    listed = re.findall(r"^    ├── (\w+)\.npy +\(n, ([\d, ]+)\) +(\w+)", page, flags=re.MULTILINE)
    declared = [(f.name, ", ".join(map(str, f.shape(DataConfig()))), str(f.dtype)) for f in stored_fields(DataConfig())]
    assert listed == declared
