"""stargas inspect, from files to sheets."""

import pytest
from analytic import plummer_galaxy, star_gas_galaxy

from stargas import write_galaxy
from stargas.cli import main
from stargas.experiments import inspection
from stargas.sandbox import in_child


@pytest.fixture
def tables(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    for name in ("a", "b"):
        write_galaxy(star_gas_galaxy(300, 300, galaxy_id=name), folder / f"{name}.hdf5")
    write_galaxy(plummer_galaxy(50, galaxy_id="few"), folder / "few.hdf5")
    return folder


def test_sheets_a_list_and_an_exclusion_list(tables, tmp_path, capsys):
    assert main(["inspect", str(tmp_path / "looks"), "--source", str(tables)]) == 0
    text = capsys.readouterr().out
    assert "2 galaxies drawn" in text
    assert "few: 50 star particles, fewer than 100" in text
    exclude = tmp_path / "looks" / "exclude.txt"
    exclude.write_text(exclude.read_text().replace("# a ", "a "))
    again = ["inspect", str(tmp_path / "again"), "--source", str(tables), "--exclude", str(exclude)]
    assert main(again) == 0
    assert "a: on the exclusion list" in capsys.readouterr().out


def test_an_inspection_is_not_overwritten(tables, tmp_path, capsys):
    words = ["inspect", str(tmp_path / "looks"), "--source", str(tables)]
    assert main(words) == 0
    assert main(words) == 1
    error = capsys.readouterr().err
    assert "already" in error
    assert "Traceback" not in error


def test_files_are_read_in_processes_of_their_own(tables, tmp_path, monkeypatch):
    in_processes = []

    def spy(files, function):
        in_processes.append(files)
        return in_child(files, function)

    monkeypatch.setattr(inspection, "in_child", spy)
    assert main(["inspect", str(tmp_path / "looks"), "--source", str(tables)]) == 0
    assert in_processes == 3 * [(tables,)]
