"""One galaxy, and snapshots of it in the formats of many codes."""

import pytest
from snapshot_writers import FAMILIES, galaxy_of_particles, write_hdf5, write_tipsy


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
