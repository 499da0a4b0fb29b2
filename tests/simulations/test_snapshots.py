"""Snapshots of every family, written by the tests: units, periodic boxes, special particles, sources, faults."""

import dataclasses
import pickle

import h5py
import numpy as np
import pytest
from analytic import plummer_stars
from snapshot_writers import (
    BOX_KPC,
    CENTER_KPC,
    FAMILIES,
    TIPSY_CENTER_KPC,
    galaxy_of_particles,
    in_box,
    write_hdf5,
    write_tipsy,
)

from stargas import View, project, read_galaxy
from stargas.config import HIMapConfig, SelectionConfig, SnapshotConfig, StarMapConfig
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import Particles
from stargas.simulations.cutting import around
from stargas.simulations.files import GalaxyFiles, open_files
from stargas.simulations.hdf5 import HDF5Snapshot
from stargas.simulations.kernels import KERNELS
from stargas.simulations.selection import rejection
from stargas.simulations.snapshot_source import SnapshotSource
from stargas.simulations.snapshots import open_snapshot, read_snapshot_galaxy
from stargas.sky.hi_maps import hi_moments
from stargas.sky.star_maps import star_maps

CONFIG = SnapshotConfig(molecular="none")
RADIUS_KPC = 100.0


@pytest.fixture(scope="module")
def galaxy():
    return galaxy_of_particles()


@pytest.fixture(scope="module")
def folder(galaxy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("snapshots")
    for name in FAMILIES:
        write_hdf5(folder / f"{name}.hdf5", galaxy, name)
    write_tipsy(folder / "tipsy", galaxy)
    return folder


def read(folder, name, **options):
    path, center = folder / f"{name}.hdf5", CENTER_KPC
    if name == "tipsy":
        path, center = folder / "tipsy" / "run.00100", TIPSY_CENTER_KPC
    config = options.pop("config", CONFIG)
    return read_snapshot_galaxy(path, center_kpc=center, radius_kpc=RADIUS_KPC, config=config, **options)


def near(galaxy):
    """Reference galaxy inside the radius that is cut, in its own frame."""
    from stargas import to_own_frame

    def cut(part):
        inside = part.radius_kpc < RADIUS_KPC
        return dataclasses.replace(
            part, **{field.name: getattr(part, field.name)[inside] for field in dataclasses.fields(part)}
        )

    return to_own_frame(
        dataclasses.replace(galaxy, stars=cut(galaxy.stars), gas=cut(galaxy.gas), dark=cut(galaxy.dark))
    )


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


def maps_of(galaxy):
    sky = project(galaxy, View(60.0, 30.0))
    stars = star_maps(sky.stars.x_kpc, sky.stars.y_kpc, sky.stars.v_los_kms, sky.R_hl_kpc, StarMapConfig(n_pixels=24))
    gas = sky.gas
    moments = hi_moments(
        gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc, 6.0,
        config=HIMapConfig(n_pixels=24),
    )  # fmt: skip
    return stars, moments


def test_tipsy_and_arepo_give_the_same_maps(folder):
    """The same particles: equal to rounding. Half of the particles: equal within sampling, but not to rounding."""
    tipsy, arepo = read(folder, "tipsy"), read(folder, "arepo")
    for got, want in zip(maps_of(tipsy), maps_of(arepo), strict=True):
        for one, other in zip(got, want, strict=True):
            assert np.abs(one - other).max() < 0.01 * np.abs(other).max()
    half = dataclasses.replace(
        tipsy,
        stars=Particles(tipsy.stars.mass_msun[::2], tipsy.stars.position_kpc[::2], tipsy.stars.velocity_kms[::2]),
    )
    difference = maps_of(half)[0][0] - maps_of(arepo)[0][0]
    assert 0.01 < np.abs(difference).max() / maps_of(arepo)[0][0].max() < 0.5


def test_the_fwhm_of_the_kernels():
    """Half of the central value is at half the FWHM; SWIFT's smoothing length is twice the kernel's deviation."""
    from scipy.integrate import quad
    from scipy.optimize import brentq

    def positive(x, power):
        return max(x, 0.0) ** power

    shapes = {
        "Cubic spline (M4)": lambda q: positive(1 - q, 3) - 4 * positive(0.5 - q, 3),
        "Quartic spline (M5)": lambda q: positive(1 - q, 4) - 5 * positive(0.6 - q, 4) + 10 * positive(0.2 - q, 4),
        "Quintic spline (M6)": lambda q: positive(1 - q, 5) - 6 * positive(2 / 3 - q, 5) + 15 * positive(1 / 3 - q, 5),
        "Wendland C2": lambda q: positive(1 - q, 4) * (1 + 4 * q),
        "Wendland C4": lambda q: positive(1 - q, 6) * (1 + 6 * q + 35 / 3 * q**2),
        "Wendland C6": lambda q: positive(1 - q, 8) * (1 + 8 * q + 25 * q**2 + 32 * q**3),
    }
    assert shapes.keys() == KERNELS.keys()
    for name, shape in shapes.items():
        support, fwhm = KERNELS[name]
        half = brentq(lambda q, shape=shape: shape(q) - 0.5 * shape(0.0), 0, 1)
        assert fwhm == pytest.approx(2 * half, abs=2e-6), name
        volume = quad(lambda q, shape=shape: q**2 * shape(q), 0, 1)[0]
        deviation = np.sqrt(quad(lambda q, shape=shape: q**4 * shape(q), 0, 1)[0] / volume / 3)
        assert support == pytest.approx(1 / (2 * deviation), abs=2e-6), name


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


def test_a_run_that_leaves_its_box_is_not_wrapped():
    positions = np.array([[-60.0, 0, 0], [60, 0, 0], [1, 2, 3]])
    np.testing.assert_array_equal(around(positions, np.zeros(3), 100.0), positions)
    np.testing.assert_array_equal(around(positions / 2, np.full(3, -30.0), 100.0)[1], [-40, 30, 30])


def damage(path, keep):
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])


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


def test_tipsy_faults(galaxy, tmp_path):
    path = write_tipsy(tmp_path / "a", galaxy, param=False)
    with pytest.raises(InputError, match=r"no parameter file with dKpcUnit"):
        read_galaxy(path)
    path = write_tipsy(tmp_path / "b", galaxy)
    (tmp_path / "b" / "other.param").write_text("dKpcUnit = 1\n")
    assert open_snapshot(path, CONFIG).count("stars") == len(galaxy.stars)
    (tmp_path / "b" / "run.param").rename(tmp_path / "b" / "third.param")
    with pytest.raises(InputError, match="holds 2 parameter files"):
        open_snapshot(path, CONFIG)
    path = write_tipsy(tmp_path / "c", galaxy)
    damage(path, 0.6)
    with pytest.raises(DamagedFileError, match=r"truncated: it has .* bytes where its header promises"):
        read_galaxy(path)
    noise = tmp_path / "noise.bin"
    noise.write_bytes(b"nothing that anyone reads" * 10)
    with pytest.raises(
        DamagedFileError, match="is not a particle table or a snapshot of a format that stargas or pynbody reads"
    ):
        read_galaxy(noise)


def test_without_pynbody_the_error_says_what_to_install(folder, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pynbody", None)
    with pytest.raises(InputError, match=r"stargas\[snapshots\]"):
        read_galaxy(folder / "tipsy" / "run.00100")
    assert len(read(folder, "arepo").stars) > 1000


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


def plain_table(path, rows, columns="id,x_kpc,y_kpc,z_kpc,radius_kpc,host_id,is_satellite"):
    path.write_text("\n".join([columns, *rows, ""]))
    return path


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


def test_files_are_opened_as_what_they_are(galaxy, folder, tmp_path):
    from stargas import write_galaxy

    write_galaxy(galaxy, tmp_path / "table.hdf5")
    assert isinstance(open_files([tmp_path]), GalaxyFiles)
    assert isinstance(open_files([folder / "arepo.hdf5"]), SnapshotSource)
    with pytest.raises(InputError, match="given together"):
        open_files([tmp_path, folder / "arepo.hdf5"])
    with pytest.raises(InputError, match="take no halo catalogs"):
        open_files([tmp_path / "table.hdf5"], halos=tmp_path / "x.csv")
    with pytest.raises(InputError, match="no file or folder"):
        open_files([tmp_path / "none"])


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
