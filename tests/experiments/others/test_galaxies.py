"""Galaxies of others are read from particle tables and from files of model galaxies."""

import h5py
import numpy as np
import pytest
from analytic import star_gas_galaxy

import stargas as sg
from stargas.errors import DamagedFileError, InputError
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


@pytest.mark.parametrize("without", ["position_kpc", "mass_msun"])
def test_a_file_that_lacks_an_array_is_named(tmp_path, without):
    path = write_models(tmp_path / "theirs.hdf5", without=(without,))
    with pytest.raises(DamagedFileError, match=r"theirs\.hdf5 is neither .* nor a file of model galaxies"):
        list(read_galaxies_of_others([path]))


def test_what_is_no_hdf5_file_is_named(tmp_path):
    (tmp_path / "a.hdf5").write_text("no galaxy")
    with pytest.raises(DamagedFileError, match=r"a\.hdf5"):
        list(read_galaxies_of_others([tmp_path]))


def test_missing_and_empty_folders_get_one_sentence(tmp_path):
    with pytest.raises(InputError, match="there is no file or folder"):
        list(read_galaxies_of_others([tmp_path / "none"]))
    with pytest.raises(InputError, match=r"holds no \.hdf5 or \.h5 files"):
        list(read_galaxies_of_others([tmp_path]))
