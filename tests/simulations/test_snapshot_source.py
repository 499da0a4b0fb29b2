"""Galaxies of snapshots and halo catalogs: which ones, under which names, opened once, and made into data sets."""

import dataclasses
import pickle

import numpy as np
import pytest
from snapshot_writers import BOX_KPC, CENTER_KPC, TIPSY_CENTER_KPC, write_hdf5, write_tipsy
from snapshots_for_tests import CONFIG, damage, plain_table

from stargas.config import HIMapConfig, SelectionConfig, StarMapConfig
from stargas.errors import DamagedFileError, InputError
from stargas.simulations.snapshot_source import SnapshotSource
from stargas.simulations.snapshots import open_snapshot


def two_galaxies(path, galaxy):
    """Write a snapshot with the galaxy twice, 300 kpc apart."""

    def twice(part):
        moved = dataclasses.replace(part, position_kpc=part.position_kpc + np.array([0, 300.0, 0]))
        return dataclasses.replace(
            part,
            **{
                f.name: np.concatenate([getattr(part, f.name), getattr(moved, f.name)])
                for f in dataclasses.fields(part)
            },
        )

    both = dataclasses.replace(galaxy, stars=twice(galaxy.stars), gas=twice(galaxy.gas), dark=twice(galaxy.dark))
    write_hdf5(path, both, "arepo")


def test_one_snapshot_many_galaxies(galaxy, tmp_path):
    two_galaxies(tmp_path / "snap.hdf5", galaxy)
    x, y, z = CENTER_KPC
    halos = plain_table(tmp_path / "halos.csv", [f"1,{x},{y},{z},60,A,0", f"2,{x},{y + 300},{z + BOX_KPC},60,A,1"])
    source = pickle.loads(  # noqa: S301 (what worker processes do)
        pickle.dumps(SnapshotSource(tmp_path / "snap.hdf5", halos, name="suite", config=CONFIG))
    )
    assert len(source) == 2
    assert [list(group) for group in source.groups()] == [[0, 1]]
    first, second = source[0], source[1]
    assert [first.id, second.id] == ["snap_1", "snap_2"] == [source.galaxy_id(i) for i in range(2)]
    assert first.host_id == second.host_id == "A"
    assert second.properties["is_satellite"] == 1
    assert first.suite == "suite"
    np.testing.assert_allclose(first.gas.position_kpc, second.gas.position_kpc, atol=1e-6)
    assert (
        source.provenance() == SnapshotSource(tmp_path / "snap.hdf5", halos, name="suite", config=CONFIG).provenance()
    )


def test_the_snapshot_is_opened_once_for_its_galaxies(galaxy, tmp_path, monkeypatch):
    import stargas.simulations.snapshot_source as module

    two_galaxies(tmp_path / "snap.hdf5", galaxy)
    x, y, z = CENTER_KPC
    halos = plain_table(tmp_path / "h.csv", [f"1,{x},{y},{z},60,A,0", f"2,{x},{y + 300},{z},60,A,1"])
    source = SnapshotSource(tmp_path / "snap.hdf5", halos, config=CONFIG)
    opened = []
    monkeypatch.setattr(module, "open_snapshot", lambda *a: opened.append(a) or open_snapshot(*a))
    module._opened.cache_clear()
    _ = source[0], source[1], source[0]
    assert len(opened) == 1
    module._opened.cache_clear()


def test_regions_and_shared_tables(folder, tmp_path):
    for name in ("early", "late"):
        (tmp_path / f"{name}.hdf5").write_bytes((folder / "arepo.hdf5").read_bytes())
    paths = [tmp_path / "early.hdf5", tmp_path / "late.hdf5"]
    x, y, z = CENTER_KPC
    halos = plain_table(
        tmp_path / "all.csv",
        [f"7,{x},{y},{z},60,early", f"7,{x},{y},{z},50,late", f"8,{x},{y},{z},5,late"],
        "id,x_kpc,y_kpc,z_kpc,radius_kpc,snapshot",
    )
    source = SnapshotSource(paths, halos, config=CONFIG)
    assert [source.galaxy_id(i) for i in range(3)] == ["early_7", "late_7", "late_8"]
    assert [list(group) for group in source.groups()] == [[0], [1, 2]]
    assert source[0].host_id == "early_7"
    together = SnapshotSource(paths, halos, regions=["halo1", "halo1"], config=CONFIG)
    assert {together[i].host_id for i in range(3)} == {"halo1"}
    with pytest.raises(InputError, match="as many regions"):
        SnapshotSource(paths, halos, regions=["a"])
    with pytest.raises(InputError, match="no column 'snapshot'"):
        SnapshotSource(paths, plain_table(tmp_path / "b.csv", [f"7,{x},{y},{z},60,A,0"]))


def test_files_of_one_name_are_told_apart_by_their_folders(folder, tmp_path):
    """As AURIGA keeps them: one folder per halo, the same file names in each."""
    paths = []
    for halo, run in (("halo_6", "a"), ("halo_6", "b"), ("halo_9", "a")):
        path = tmp_path / halo / run / "output" / "snapshot_127.hdf5"
        path.parent.mkdir(parents=True)
        path.write_bytes((folder / "arepo.hdf5").read_bytes())
        paths.append(path)
    ids = ["halo_6_a_snapshot_127", "halo_6_b_snapshot_127", "halo_9_a_snapshot_127"]
    config = dataclasses.replace(CONFIG, region_pattern=r"halo_\d+")
    source = SnapshotSource(paths, config=config)
    assert [source.galaxy_id(i) for i in range(3)] == ids
    assert source.regions == ("halo_6", "halo_6", "halo_9")
    assert source[1].host_id == "halo_6"
    assert source.provenance()["regions"] == source.regions
    assert SnapshotSource(paths).provenance()["regions"] is None
    x, y, z = CENTER_KPC
    rows = [f"007,{x},{y},{z},60,{name}.hdf5" for name in ids[:2]]
    halos = plain_table(tmp_path / "h.csv", rows, "id,x_kpc,y_kpc,z_kpc,radius_kpc,snapshot")
    shared = SnapshotSource(paths, halos, config=config)
    assert [shared.galaxy_id(i) for i in range(len(shared))] == [f"{name}_007" for name in ids[:2]]
    with pytest.raises(InputError, match="give each snapshot once"):
        SnapshotSource([*paths, paths[0]])
    with pytest.raises(InputError, match="finds nothing in the snapshot's name 'halo_6_a_snapshot_127'"):
        SnapshotSource(paths, config=dataclasses.replace(CONFIG, region_pattern="Au"))
    with pytest.raises(InputError, match="not a regular expression"):
        SnapshotSource(paths, config=dataclasses.replace(CONFIG, region_pattern="("))
    halos.write_text(halos.read_text().replace("halo_6", "halo_1"))
    with pytest.raises(InputError, match="name no galaxy of the snapshots halo_6_a_snapshot_127"):
        SnapshotSource(paths, halos)


def test_files_are_found_from_any_folder(folder, tmp_path, monkeypatch):
    """A worker on another machine starts in a folder of its own."""
    monkeypatch.chdir(folder)
    source = pickle.loads(pickle.dumps(SnapshotSource("arepo.hdf5", config=CONFIG)))  # noqa: S301
    monkeypatch.chdir(tmp_path)
    assert len(source[0].stars) > 1000


def test_a_damaged_snapshot_fails_alone(folder, tmp_path):
    good, bad = tmp_path / "good.hdf5", tmp_path / "bad.hdf5"
    for path in (good, bad):
        path.write_bytes((folder / "arepo.hdf5").read_bytes())
    damage(bad, 0.4)
    x, y, z = CENTER_KPC
    tables = [plain_table(tmp_path / f"{n}.csv", [f"1,{x},{y},{z},60,A,0"]) for n in ("good", "bad")]
    source = SnapshotSource([good, bad], tables, config=CONFIG)
    assert [source.galaxy_id(i) for i in range(2)] == ["good_1", "bad"]
    assert len(source[0].stars) > 1000
    with pytest.raises(DamagedFileError, match=r"bad\.hdf5"):
        source[1]


def test_a_snapshot_becomes_a_data_set(galaxy, tmp_path):
    """From two families to one data set each, through selection, maps and truth: the same catalog within rounding."""
    from stargas import build_dataset, open_dataset
    from stargas.config import DataConfig, LocalConfig, ViewConfig

    config = DataConfig(
        views=ViewConfig(n_views=2), stars=StarMapConfig(n_pixels=16), gas=HIMapConfig(n_pixels=16),
        selection=SelectionConfig(min_stars=100, min_gas=100),
    )  # fmt: skip
    halos = {}
    for name, (x, y, z) in (("arepo", CENTER_KPC), ("tipsy", TIPSY_CENTER_KPC)):
        rows = [f"1,{x},{y},{z},60,A,0", f"2,{x},{y},{z},0.4,A,1", f"3,{x + 900},{y},{z},5,A,1"]
        halos[name] = plain_table(tmp_path / f"{name}.csv", rows)
    write_hdf5(tmp_path / "snap.hdf5", galaxy, "arepo")
    write_tipsy(tmp_path / "tipsy", galaxy, name="snap")
    paths = {"arepo": tmp_path / "snap.hdf5", "tipsy": tmp_path / "tipsy" / "snap"}
    found = {}
    for name, path in paths.items():
        source = SnapshotSource(path, halos[name], name=name, config=CONFIG)
        report = build_dataset(source, tmp_path / f"data-{name}", config, seed=1, local=LocalConfig(1, progress=False))
        assert [galaxy_id for galaxy_id, _ in report.rejected] == ["snap_2", "snap_3"]
        assert "0 star particles within 5 kpc" in report.rejected[1][1]
        assert not report.failed
        found[name] = open_dataset(tmp_path / f"data-{name}")
    arepo, tipsy = found["arepo"], found["tipsy"]
    assert len(arepo) == len(tipsy) == 2
    for one, other in zip((arepo[i] for i in range(2)), (tipsy[i] for i in range(2)), strict=True):
        np.testing.assert_allclose(one.log10_mass, other.log10_mass, atol=2e-3)
        np.testing.assert_allclose(one.scalars, other.scalars, rtol=0.02)
        for a, b in zip(one.maps, other.maps, strict=True):
            assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.99
    assert arepo.catalogue["galaxy_id"][0] == "snap_1"
    assert arepo.catalogue["host_id"][0] == "A"
    assert set(arepo.catalogue["hi_fraction"]) == {"snapshot"}
    assert set(tipsy.catalogue["snapshot_format"]) == {"tipsy"}
