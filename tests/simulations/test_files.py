"""Files of galaxies are opened as what they are."""

import pytest

from stargas.errors import InputError
from stargas.simulations.files import GalaxyFiles, open_files, read_galaxy
from stargas.simulations.snapshot_source import SnapshotSource


def test_files_are_opened_as_what_they_are(galaxy, folder, tmp_path):
    from stargas import write_galaxy

    write_galaxy(galaxy, tmp_path / "table.hdf5")
    assert isinstance(open_files([tmp_path]), GalaxyFiles)
    assert isinstance(open_files([folder / "arepo.hdf5"]), SnapshotSource)
    with pytest.raises(InputError, match="given together"):
        open_files([tmp_path, folder / "arepo.hdf5"])
    with pytest.raises(InputError, match="take no halo catalogs"):
        open_files([tmp_path / "table.hdf5"], halos=tmp_path / "x.csv")
    (tmp_path / "stars.csv").write_text("ra,dec,v_los\n")
    with pytest.raises(InputError, match="a table of observed stars goes by"):
        read_galaxy(tmp_path / "stars.csv")
    with pytest.raises(InputError, match="no file or folder"):
        open_files([tmp_path / "none"])
