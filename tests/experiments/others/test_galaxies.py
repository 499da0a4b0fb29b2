"""Galaxies of others are read from particle tables and from files of model galaxies."""

from dataclasses import replace

import h5py
import numpy as np
import pytest
from analytic import star_gas_galaxy

import stargas as sg
from stargas.errors import DamagedFileError, InputError, VirialWarning
from stargas.experiments.others.galaxies import read_galaxies_of_others


def write_models(path, *, without=(), n=300):
    """A file of two model galaxies whose mass is 10⁸ Msun per kpc."""
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        for name in ("sphere_1", "disk_2"):
            group = file.create_group(name)
            group.attrs["family"] = name.split("_")[0]
            r_kpc = np.geomspace(0.01, 30, 50)
            arrays = {
                "position_kpc": rng.standard_normal((n, 3)) + 5.0,
                "velocity_kms": 10 * rng.standard_normal((n, 3)),
                "r_kpc": r_kpc,
                "mass_msun": 1e8 * r_kpc,
            }
            for key, array in arrays.items():
                if key not in without:
                    group[key] = array
    return path


def test_model_galaxies_are_centered_and_have_the_mass_of_their_table(tmp_path):
    galaxies = list(read_galaxies_of_others([write_models(tmp_path / "theirs.hdf5")]))
    assert [(one.maker, one.kind) for one in galaxies] == [("theirs", "disk"), ("theirs", "sphere")]
    for one in galaxies:
        assert np.abs(np.median(one.galaxy.stars.position_kpc, axis=0)).max() < 0.3
        assert one.galaxy.enclosed_mass([0.5, 2.0]) == pytest.approx([0.5e8, 2e8], rel=1e-6)


def test_tables_and_model_galaxies_of_a_folder_come_in_the_order_of_their_names(tmp_path):
    write_models(tmp_path / "b.hdf5")
    galaxy = star_gas_galaxy(n_stars=400)
    sg.write_galaxy(galaxy, tmp_path / "a.hdf5")
    galaxies = list(read_galaxies_of_others([tmp_path]))
    assert [one.galaxy.id for one in galaxies] == [galaxy.id, "disk_2", "sphere_1"]
    assert galaxies[0].maker == galaxies[0].kind
    assert galaxies[0].has_gas
    assert not galaxies[1].has_gas


def change(path, name, edit):
    """Replace an array of a file of model galaxies by what a function makes of it."""
    with h5py.File(path, "a") as file:
        values = edit(file[name][()])
        del file[name]
        file[name] = values


FAULTS = {
    "no positions": (lambda path: delete(path, "disk_2/position_kpc"), "has no position_kpc"),
    "no masses": (lambda path: delete(path, "disk_2/mass_msun"), "has no mass_msun"),
    "NaN": (lambda path: change(path, "disk_2/velocity_kms", lambda v: v * np.nan), "velocity_kms must be finite"),
    "no stars": (lambda path: change(path, "disk_2/position_kpc", lambda x: x[:0]), "a row per star"),
    "transposed": (lambda path: change(path, "disk_2/position_kpc", lambda x: x.T), r"a row per star, got \(3, 300\)"),
    "other length": (lambda path: change(path, "disk_2/r_kpc", lambda r: r[1:]), "as many masses"),
    "falling mass": (lambda path: change(path, "disk_2/mass_msun", lambda m: m[::-1]), "never falls"),
    "other unit": (lambda path: state_unit(path, "position_kpc", "unit", "pc"), "unit 'pc', expected 'kpc'"),
    "other units": (lambda path: state_unit(path, "velocity_kms", "units", "m/s"), "unit 'm/s', expected 'km/s'"),
}


def delete(path, name):
    with h5py.File(path, "a") as file:
        del file[name]


def state_unit(path, array, attribute, unit, galaxy="disk_2"):
    with h5py.File(path, "a") as file:
        file[galaxy][array].attrs[attribute] = unit


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_galaxy_is_named_and_costs_no_other(tmp_path, fault):
    path, (damage, message) = write_models(tmp_path / "theirs.hdf5"), FAULTS[fault]
    damage(path)
    with pytest.raises(InputError, match=rf"galaxy disk_2 of .*theirs\.hdf5: .*{message}"):
        list(read_galaxies_of_others([path]))
    problems = []
    assert [one.galaxy.id for one in read_galaxies_of_others([path], problems.append)] == ["sphere_1"]
    assert len(problems) == 1
    assert "\n" not in problems[0]


def test_what_else_a_file_holds_is_passed_over(tmp_path):
    path = write_models(tmp_path / "theirs.hdf5")
    with h5py.File(path, "a") as file:
        file["numbers"] = np.arange(3)
        file.create_group("notes").attrs["by"] = "them"
        file["disk_2/age_gyr"] = np.ones(300)
        file["disk_2"].attrs["family"] = np.array([b"disc"])
        del file["sphere_1"].attrs["family"]
        for name, unit in {"position_kpc": "kpc", "velocity_kms": "km s-1", "mass_msun": "solMass"}.items():
            file["disk_2"][name].attrs["unit"] = unit
    found = {one.galaxy.id: one.kind for one in read_galaxies_of_others([path])}
    assert found == {"disk_2": "disc", "sphere_1": "theirs"}


def test_a_file_without_model_galaxies_is_named(tmp_path):
    with h5py.File(tmp_path / "theirs.hdf5", "w") as file:
        file["PartType4/Coordinates"] = np.zeros((3, 3))
    with pytest.raises(DamagedFileError, match=r"theirs\.hdf5 is neither .* nor a file of model galaxies"):
        list(read_galaxies_of_others([tmp_path]))


def test_masses_may_come_in_any_order_and_begin_at_zero(tmp_path):
    path = write_models(tmp_path / "theirs.hdf5")
    whole = next(iter(read_galaxies_of_others([path]))).galaxy.dark
    for name in ("disk_2/r_kpc", "disk_2/mass_msun"):
        change(path, name, lambda values: np.append(0.0, values)[np.random.default_rng(3).permutation(51)])
    again = next(iter(read_galaxies_of_others([path]))).galaxy.dark
    assert np.array_equal(again.r_kpc, whole.r_kpc)
    assert np.array_equal(again.mass_msun, whole.mass_msun)


def test_masses_that_contradict_the_motions_are_warned_of(tmp_path):
    path = write_models(tmp_path / "theirs.hdf5")
    change(path, "disk_2/mass_msun", np.log10)
    with pytest.warns(VirialWarning, match="disk_2"):
        list(read_galaxies_of_others([path]))


def test_a_damaged_file_costs_its_galaxy_alone(tmp_path):
    galaxy = star_gas_galaxy(n_stars=400)
    sg.write_galaxy(galaxy, tmp_path / "a.hdf5")
    content = (tmp_path / "a.hdf5").read_bytes()
    (tmp_path / "b.hdf5").write_bytes(content[: len(content) // 2])
    (tmp_path / "c.h5").write_bytes(b"")
    (tmp_path / "._a.hdf5").write_bytes(b"of another system")
    (tmp_path / "README.md").write_text("notes")
    write_models(tmp_path / "d.HDF5")
    problems = []
    found = [one.galaxy.id for one in read_galaxies_of_others([tmp_path], problems.append)]
    assert found == [galaxy.id, "disk_2", "sphere_1"]
    assert ["b.hdf5" in problems[0], "c.h5" in problems[1], len(problems)] == [True, True, 2]


def test_files_of_one_name_are_two_makers_and_no_two_galaxies_have_one_id(tmp_path):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        write_models(tmp_path / folder / "theirs.hdf5")
        sg.write_galaxy(replace(star_gas_galaxy(n_stars=400), id="one", suite=""), tmp_path / folder / "a.hdf5")
    found = [(one.maker, one.galaxy.id) for one in read_galaxies_of_others([tmp_path / "here", tmp_path / "there"])]
    assert found == [
        *[("here", "one"), ("here/theirs", "disk_2"), ("here/theirs", "sphere_1")],
        *[("there", "there one"), ("there/theirs", "there/theirs disk_2"), ("there/theirs", "there/theirs sphere_1")],
    ]


def test_a_second_galaxy_of_the_same_id_and_suite_is_named(tmp_path):
    galaxy = replace(star_gas_galaxy(n_stars=400), id="one", suite="theirs")
    for name in ("a", "b"):
        sg.write_galaxy(galaxy, tmp_path / f"{name}.hdf5")
    with pytest.raises(InputError, match=r"b\.hdf5 holds a second galaxy 'one' of theirs"):
        list(read_galaxies_of_others([tmp_path]))
    problems = []
    assert len(list(read_galaxies_of_others([tmp_path], problems.append))) == len(problems) == 1


def test_what_is_no_hdf5_file_is_named(tmp_path):
    (tmp_path / "a.hdf5").write_text("no galaxy")
    with pytest.raises(DamagedFileError, match=r"a\.hdf5"):
        list(read_galaxies_of_others([tmp_path]))


def test_missing_and_empty_folders_get_one_sentence(tmp_path):
    with pytest.raises(InputError, match="there is no file or folder"):
        list(read_galaxies_of_others([tmp_path / "none"]))
    with pytest.raises(InputError, match=r"holds no \.hdf5 or \.h5 files"):
        list(read_galaxies_of_others([tmp_path]))
