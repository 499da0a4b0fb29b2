import dataclasses
import json

import pytest
from sources_for_tests import TINY, AnalyticSource

from stargas.dataset.manifest import FORMAT, manifest_bytes, manifest_differences, new_manifest, read_manifest
from stargas.errors import DamagedFileError, InputError
from stargas.sample import MAPS, QUALITY, SCALARS, STAR_SET


@pytest.fixture
def manifest():
    return new_manifest(AnalyticSource(3), TINY, seed=5)


def test_it_states_settings_source_and_entries_of_the_arrays(manifest):
    assert manifest["config"]["truth"]["radii"] == list(TINY.truth.radii)
    assert manifest["source"] == {"name": "analytic", "galaxies": 3, "source": "analytic", "seed": 0}
    assert manifest["maps"] == list(MAPS)
    assert manifest["scalars"] == list(SCALARS)
    assert manifest["quality"] == list(QUALITY)


def test_it_is_read_as_it_was_written(manifest, tmp_path):
    (tmp_path / "manifest.json").write_bytes(manifest_bytes(manifest))
    assert read_manifest(tmp_path) == manifest


def test_no_data_set_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_manifest(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        read_manifest(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        read_manifest(tmp_path / "file")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format_version": FORMAT.version + 1}, "update stargas"),
        ({"format_version": FORMAT.version - 1}, "an earlier stargas wrote it, build the data set again"),
        ({"format_version": "3"}, "states no version"),
        ({"format": "something"}, "does not describe a stargas data set"),
    ],
)
def test_manifests_of_other_formats_are_refused(manifest, tmp_path, change, sentence):
    (tmp_path / "manifest.json").write_bytes(manifest_bytes(manifest | change))
    with pytest.raises(InputError, match=sentence):
        read_manifest(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_damaged_manifest_is_named(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"manifest\.json is missing or damaged"):
        read_manifest(tmp_path)


def test_differences_are_those_of_seed_settings_and_source(manifest):
    assert list(manifest_differences(manifest, new_manifest(AnalyticSource(3), TINY, seed=5))) == []
    assert list(manifest_differences(manifest, manifest | {"complete": True})) == []
    config = dataclasses.replace(TINY, galaxies_per_shard=5)
    other = new_manifest(AnalyticSource(4), config, seed=6)
    assert list(manifest_differences(manifest, json.loads(manifest_bytes(other)))) == [
        "seed is 5 there and 6 here",
        "config.galaxies_per_shard is 4 there and 5 here",
        "source.galaxies is 3 there and 4 here",
    ]


def test_a_setting_that_was_added_since_has_its_default(manifest):
    """A data set that was begun before stars could be kept is the same as one that keeps none."""
    earlier = json.loads(manifest_bytes(manifest))
    assert earlier["config"]["stars"].pop("kept") == 0
    assert not list(manifest_differences(earlier, manifest))
    keeping = dataclasses.replace(TINY, stars=dataclasses.replace(TINY.stars, kept=5))
    differing = list(manifest_differences(earlier, new_manifest(AnalyticSource(3), keeping, seed=5)))
    assert differing == ["config.stars.kept is 0 there and 5 here"]


def test_only_arrays_that_are_written_are_stated(manifest):
    keeping = dataclasses.replace(TINY, stars=dataclasses.replace(TINY.stars, kept=5))
    assert "star_set" not in manifest
    assert new_manifest(AnalyticSource(3), keeping, seed=5)["star_set"] == list(STAR_SET)
