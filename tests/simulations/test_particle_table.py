"""The particle table: what is written comes back, and each fault gives one clear sentence."""

import dataclasses
import pickle
import warnings

import h5py
import numpy as np
import pytest
from analytic import plummer_galaxy, star_gas_galaxy

from stargas import read_galaxy, write_galaxy
from stargas.errors import AssumptionWarning, DamagedFileError, InputError, VirialWarning
from stargas.galaxy import Galaxy, MassProfile, Particles
from stargas.simulations.files import GalaxyFiles, open_files
from stargas.simulations.particle_table import GAS, PARTICLES, PROFILE, UNITS, read_header, read_table


@pytest.fixture
def galaxy():
    made = star_gas_galaxy(300, 200, galaxy_id="one")
    return dataclasses.replace(
        made, host_id="host", redshift=0.25, properties={"is_satellite": 1.0}, provenance={"hi_fraction": "snapshot"}
    )


@pytest.fixture
def path(galaxy, tmp_path):
    write_galaxy(galaxy, tmp_path / "one.hdf5")
    return tmp_path / "one.hdf5"


def arrays(galaxy):
    for component, names in (("stars", PARTICLES), ("gas", GAS), ("dark", PARTICLES)):
        part = getattr(galaxy, component)
        for name in PROFILE if component == "dark" and not isinstance(part, Particles) else names:
            yield f"{component}/{name}", getattr(part, name)


def test_a_galaxy_comes_back_bit_for_bit(galaxy, path):
    back = read_table(path)
    for (name, was), (_, found) in zip(arrays(galaxy), arrays(back), strict=True):
        np.testing.assert_array_equal(was, found, err_msg=name)
    for name in ("id", "host_id", "suite", "redshift", "properties", "provenance"):
        assert getattr(back, name) == getattr(galaxy, name)


def test_dark_particles_come_back(tmp_path):
    galaxy = plummer_galaxy(200)
    galaxy = dataclasses.replace(galaxy, dark=galaxy.stars)
    write_galaxy(galaxy, tmp_path / "g.h5")
    np.testing.assert_array_equal(read_table(tmp_path / "g.h5").dark.position_kpc, galaxy.stars.position_kpc)


def test_every_data_set_names_its_unit(path):
    with h5py.File(path) as file:
        found = {name: file[group][name].attrs["unit"] for group in ("stars", "gas", "dark") for name in file[group]}
    assert found == {name: unit for name, unit in UNITS.items() if name in found}
    assert len(found) == 7


def test_nothing_is_overwritten_silently(galaxy, path):
    with pytest.raises(InputError, match="exists"):
        write_galaxy(galaxy, path)
    write_galaxy(dataclasses.replace(galaxy, id="two"), path, overwrite=True)
    assert read_header(path).id == "two"


def test_a_failed_write_leaves_nothing(galaxy, tmp_path):
    bad = dataclasses.replace(galaxy, properties={"x": "no number"})
    with pytest.raises(ValueError, match="no number"):
        write_galaxy(bad, tmp_path / "g.hdf5")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match=r"folder .* does not exist"):
        write_galaxy(galaxy, tmp_path / "missing" / "g.hdf5")


def test_an_empty_gas_group_is_no_gas(path):
    with h5py.File(path, "a") as file:
        for name in list(file["gas"]):
            del file["gas"][name]
    assert read_galaxy(path).gas is None


def test_empty_arrays_are_no_gas_too(path):
    with h5py.File(path, "a") as file:
        for name in list(file["gas"]):
            shape = (0, 3) if name in ("position_kpc", "velocity_kms") else (0,)
            del file["gas"][name]
            file["gas"][name] = np.zeros(shape)
    assert read_table(path).gas is None


def delete(name):
    def change(file):
        del file[name]

    return change


def put(name, edit):
    def change(file):
        values = file[name][()]
        unit = file[name].attrs["unit"]
        del file[name]
        file[name] = edit(values)
        file[name].attrs["unit"] = unit

    return change


def set_attribute(where, name, value):
    def change(file):
        file[where].attrs[name] = value

    return change


def with_value(value, *index):
    def edit(values):
        values[index] = value
        return values

    return edit


FAULTS = {
    "no stars": (delete("stars"), "no group 'stars'.*empty group"),
    "no gas": (delete("gas"), "no group 'gas'"),
    "no dark": (delete("dark"), "no group 'dark'"),
    "no positions": (delete("stars/position_kpc"), "no data set 'position_kpc'"),
    "no temperature": (delete("gas/temperature_K"), "no data set 'temperature_K'"),
    "NaN position": (put("stars/position_kpc", with_value(np.nan, 4, 1)), "stars: position_kpc must be finite.*row 4"),
    "negative mass": (put("stars/mass_msun", with_value(-1.0, 7)), "stars: mass_msun must be positive.*row 7"),
    "negative HI": (put("gas/hi_mass_msun", with_value(-1.0, 0)), "gas: hi_mass_msun must be zero or positive"),
    "more HI than gas": (put("gas/hi_mass_msun", with_value(1e12, 3)), "must not exceed mass_msun"),
    "flat positions": (put("stars/position_kpc", lambda p: p[:, 0]), "position_kpc must have shape"),
    "two dimensions": (put("gas/position_kpc", lambda p: p[:, :2]), "gas: position_kpc must have shape"),
    "short velocities": (put("stars/velocity_kms", lambda v: v[:-1]), "velocity_kms must have shape"),
    "text": (put("stars/mass_msun", lambda m: np.full(len(m), b"heavy")), "mass_msun must be real numbers"),
    "unit": (set_attribute("stars/position_kpc", "unit", "pc"), "unit 'pc', expected 'kpc'"),
    "units": (set_attribute("gas/velocity_kms", "units", "m/s"), "gas: velocity_kms has the unit 'm/s'"),
    "unit of no kind": (set_attribute("gas/hsm_kpc", "unit", 3), "has the unit .*3.*, expected 'kpc'"),
    "unknown data set": (lambda file: file["gas"].create_dataset("density", data=[1.0]), "unknown data set 'density'"),
    "newer version": (set_attribute("/", "format_version", 2), "version 2.*install a newer"),
    "no id": (set_attribute("/", "id", ""), "'id' must be a name"),
    "redshift": (set_attribute("/", "redshift", "high"), "'redshift' must be a number"),
    "other format": (set_attribute("/", "format", "cube"), "not a particle table"),
    "falling dark mass": (put("dark/mass_msun", lambda m: m[::-1]), "dark: a mass profile"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_clear_sentence(path, fault):
    change, message = FAULTS[fault]
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(InputError, match=message) as caught:
        read_table(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_truncated_file_says_so(path, keep):
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    for read in (read_table, read_header, read_galaxy):
        with pytest.raises(DamagedFileError, match=r"is damaged or is not .*truncated file"):
            read(path)


def test_a_flipped_bit_says_so(galaxy, path):
    content = bytearray(path.read_bytes())
    at = content.find(galaxy.stars.position_kpc[10:20].tobytes())
    assert at > 0
    content[at + 40] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="damaged"):
        read_table(path)


def test_what_is_not_hdf5_says_so(tmp_path):
    path = tmp_path / "g.hdf5"
    path.write_text("x,y,z\n")
    with pytest.raises(DamagedFileError, match="not an HDF5 file"):
        read_table(path)
    with pytest.raises(InputError, match="no file"):
        read_galaxy(tmp_path / "missing.hdf5")


def test_particles_in_another_frame_are_moved(galaxy, tmp_path):
    def shifted(part):
        return dataclasses.replace(
            part,
            position_kpc=part.position_kpc + np.array([100.0, -50.0, 3.0]),
            velocity_kms=part.velocity_kms + np.array([300.0, 0, 0]),
        )

    moved = Galaxy("far", shifted(galaxy.stars), shifted(galaxy.gas), galaxy.dark)
    write_galaxy(moved, tmp_path / "far.hdf5", own_frame=False)
    assert not read_header(tmp_path / "far.hdf5").own_frame
    stored, found = read_table(tmp_path / "far.hdf5"), read_galaxy(tmp_path / "far.hdf5")
    assert np.linalg.norm(stored.stars.position_kpc.mean(axis=0)) > 100
    assert np.linalg.norm(np.median(found.stars.position_kpc, axis=0)) < 0.3
    assert np.abs(found.stars.velocity_kms.mean(axis=0)).max() < 15
    np.testing.assert_allclose(
        np.linalg.norm(found.gas.position_kpc[5] - found.gas.position_kpc[9]),
        np.linalg.norm(galaxy.gas.position_kpc[5] - galaxy.gas.position_kpc[9]),
        rtol=1e-9,
    )


def test_a_unit_may_be_spelled_in_another_way_and_an_id_may_be_a_number(galaxy, path):
    with h5py.File(path, "a") as file:
        file["stars/velocity_kms"].attrs["unit"] = "km s-1"
        file["gas/mass_msun"].attrs["unit"] = b"solMass"
        file["stars/position_kpc"].attrs["units"] = "kpc"
        file.attrs["id"] = 394242
    found = read_table(path)
    assert found.id == "394242"
    assert np.array_equal(found.stars.velocity_kms, galaxy.stars.velocity_kms)


@pytest.mark.parametrize(("first", "last", "warned"), [(1e-3, 50.0, False), (1e-3, 1.5, True), (0.3, 50.0, True)])
def test_dark_matter_that_is_extrapolated_is_warned_of(tmp_path, first, last, warned):
    galaxy = plummer_galaxy(n=500, dark_fraction=0.9)  # R_hl is 0.5 kpc
    r_kpc = np.geomspace(first, last, 100)
    dark = MassProfile(r_kpc, galaxy.dark.enclosed_mass(r_kpc))
    write_galaxy(dataclasses.replace(galaxy, dark=dark), tmp_path / "g.hdf5")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_galaxy(tmp_path / "g.hdf5")
    assert [one.category for one in caught] == ([AssumptionWarning] if warned else [])


def test_reading_warns_of_dynamics_that_contradict_masses(galaxy, tmp_path):
    hot = dataclasses.replace(galaxy.stars, velocity_kms=5 * galaxy.stars.velocity_kms)
    write_galaxy(dataclasses.replace(galaxy, stars=hot), tmp_path / "hot.hdf5")
    with pytest.warns(VirialWarning, match="virial ratio"):
        read_galaxy(tmp_path / "hot.hdf5")


def test_tables_take_no_options(path):
    with pytest.raises(InputError, match="takes no options"):
        read_galaxy(path, radius_kpc=3.0)


@pytest.mark.usefixtures("path")
def test_a_folder_is_a_source(galaxy, tmp_path):
    write_galaxy(dataclasses.replace(galaxy, id="two"), tmp_path / "two.h5")
    (tmp_path / "notes.txt").write_text("not a galaxy")
    source = pickle.loads(pickle.dumps(GalaxyFiles(tmp_path)))  # noqa: S301 (what worker processes do)
    assert [source.galaxy_id(i) for i in range(len(source))] == ["one", "two"]
    assert source[1].id == "two"
    assert source.groups() == [[0], [1]]
    before = source.provenance()
    assert [file["name"] for file in before["files"]] == ["one.hdf5", "two.h5"]
    write_galaxy(dataclasses.replace(galaxy, id="two", redshift=0.5), tmp_path / "two.h5", overwrite=True)
    assert GalaxyFiles(tmp_path).provenance() != before


def test_a_source_needs_files_with_different_ids(galaxy, path, tmp_path):
    write_galaxy(galaxy, tmp_path / "copy.hdf5")
    with pytest.raises(InputError, match="both hold galaxy 'one'"):
        GalaxyFiles(tmp_path)
    with pytest.raises(InputError, match="no file"):
        GalaxyFiles([path, tmp_path / "three.hdf5"])
    with pytest.raises(InputError, match="not a folder"):
        GalaxyFiles(path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no particle tables"):
        GalaxyFiles(tmp_path / "empty")


def test_a_damaged_file_fails_alone(path, tmp_path):
    (tmp_path / "bad.hdf5").write_bytes(path.read_bytes()[:2000])
    source = GalaxyFiles(tmp_path)
    assert [source.galaxy_id(i) for i in range(2)] == ["bad", "one"]
    assert source[1].id == "one"
    with pytest.raises(DamagedFileError, match=r"bad\.hdf5"):
        source[0]


def test_an_empty_file_among_tables_is_a_broken_table_and_no_snapshot(tmp_path):
    write_galaxy(plummer_galaxy(120), tmp_path / "good.hdf5")
    (tmp_path / "wreck.hdf5").write_bytes(b"")
    source = open_files([tmp_path])
    assert isinstance(source, GalaxyFiles)
    assert len(source[0].stars) == 120
    with pytest.raises(DamagedFileError, match=r"wreck\.hdf5"):
        source[1]


def test_an_empty_folder_and_a_foreign_file_among_tables_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty is empty: give particle tables"):
        open_files([tmp_path / "empty"])
    write_galaxy(plummer_galaxy(120), tmp_path / "good.hdf5")
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["numbers"] = [1, 2]
    with pytest.raises(InputError, match=r"other\.hdf5 is not a particle table"):
        open_files([tmp_path])


@pytest.mark.parametrize("value", ["false", b"no", 2, 0.5, np.array([True, False])])
def test_a_frame_that_is_neither_true_nor_false_is_refused(path, value):
    with h5py.File(path, "a") as file:
        file.attrs["own_frame"] = value
    with pytest.raises(InputError, match="'own_frame' must be true or false"):
        read_galaxy(path)
    with h5py.File(path, "a") as file:
        file.attrs["own_frame"] = np.uint8(1)
    assert read_header(path).own_frame


@pytest.mark.parametrize(("name", "shift"), [("position_kpc", 300.0), ("velocity_kms", 3000.0)])
def test_stars_far_from_the_zero_of_their_own_frame_are_refused(galaxy, tmp_path, name, shift):
    moved = dataclasses.replace(galaxy.stars, **{name: getattr(galaxy.stars, name) + np.array([shift, 0, 0])})
    write_galaxy(dataclasses.replace(galaxy, stars=moved), tmp_path / "far.hdf5")
    with pytest.raises(InputError, match=r"own frame, but the median of its .* write own_frame as false"):
        read_table(tmp_path / "far.hdf5")


@pytest.mark.parametrize(
    "values",
    [np.ones((800, 1)), np.full(800, np.nan), np.full(800, 1 + 1j), np.full(800, b"one"), np.ones(5), np.zeros(800)],
)
def test_masses_that_cannot_be_are_one_sentence(path, values):
    with h5py.File(path, "a") as file:
        del file["stars/mass_msun"]
        file["stars/mass_msun"] = values
    with pytest.raises(InputError, match="stars: "):
        read_table(path)
