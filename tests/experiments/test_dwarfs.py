"""Catalogs of dwarf spheroidals are read, and inferred beside what was published."""

import json
from pathlib import Path

import numpy as np
import pytest

from stargas.cli.entry_point import main
from stargas.errors import DamagedFileError, InputError
from stargas.experiments.dwarfs import COLUMNS, KNOWN, measure_dwarfs, read_catalog, write_dwarfs
from stargas.experiments.measurement import Origin
from stargas.model.files import load_model
from stargas.observed.local_volume import find_galaxy
from stargas.report.dark_matter_page import DWARFS, dwarfs_page

SIGMA_KMS = 7.0


def catalog(path, n=300):
    """Stars of a round galaxy at the place of Carina, with a dispersion of 7 km/s and errors of 1 km/s."""
    rng, carina = np.random.default_rng(0), find_galaxy("Carina")
    table = np.zeros((n, 25))
    x, y = 0.13 * rng.standard_normal((2, n))
    table[:, COLUMNS["ra"]] = carina.center[0] + x / np.cos(np.radians(carina.center[1]))
    table[:, COLUMNS["dec"]] = carina.center[1] + y
    table[:, COLUMNS["v_los"]] = 220 + np.hypot(SIGMA_KMS, 1.0) * rng.standard_normal(n)
    table[:, COLUMNS["v_los_error"]] = 1.0
    table[:, COLUMNS["p_member"]] = 0.99
    np.savetxt(path, table)
    return path


def test_a_galaxy_is_inferred_beside_what_was_published(tmp_path):
    path = catalog(tmp_path / "car_stars.dat")
    write_dwarfs(load_model(), tmp_path, [path], Origin("stargas experiment dark_matter dwarfs"), lambda _: None)
    (row,) = json.loads((tmp_path / f"{DWARFS}.json").read_text())["rows"]
    assert row["name"] == "Carina"
    assert row["n_members"] > 280
    assert row["sigma_kms"][0] == pytest.approx(SIGMA_KMS, abs=3 * row["sigma_kms"][1])
    low, median, high = row["log10_mass"]
    assert low < median < high
    assert median == pytest.approx(row["log10_wolf"][0], abs=0.3)
    assert row["published"]["log10_wolf"] == list(KNOWN[0].log10_wolf)
    _, masses, _, densities = dwarfs_page(tmp_path).parts
    assert masses.rows[0][3] == "6.6 ± 1.2"
    assert densities.rows[0][3] == "1.16 +0.20 −0.22"


def test_a_catalog_of_another_galaxy_or_without_numbers_is_refused(tmp_path):
    path = tmp_path / "fornax.dat"
    with pytest.raises(InputError, match="catalog of no galaxy that is known here"):
        next(measure_dwarfs(load_model(), [path]))
    path.write_text("1 2 3\n4 5 6\n")
    with pytest.raises(DamagedFileError, match="copy it again"):
        read_catalog(path)
    path.write_text("velocities\n")
    with pytest.raises(DamagedFileError, match="copy it again"):
        read_catalog(path)
    with pytest.raises(DamagedFileError, match="copy it again"):
        read_catalog(Path("nowhere"))


def test_the_part_needs_catalogs(capsys):
    assert main(["experiment", "dark_matter", DWARFS]) == 2
    assert "needs --galaxies" in capsys.readouterr().err
