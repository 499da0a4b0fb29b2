"""What the documentation shows is what works."""

import inspect
import re
from pathlib import Path

import numpy as np
from snapshot_writers import galaxy_of_particles

from stargas import read_galaxy
from stargas.simulations import code_units
from stargas.simulations.halo_tables import TABLE_COLUMNS
from stargas.simulations.particle_table import FORMAT, FORMAT_VERSION, UNITS

DOCS = Path(__file__).parents[2] / "docs"


def code_blocks(page, language="python"):
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def test_the_example_without_stargas_writes_a_particle_table(tmp_path, monkeypatch):
    galaxy = galaxy_of_particles()
    monkeypatch.chdir(tmp_path)
    names = {
        kind: (part.mass_msun, part.position_kpc + 5, part.velocity_kms - 30)
        for kind, part in (("stars", galaxy.stars), ("gas", galaxy.gas), ("dark", galaxy.dark))
    }
    gas = galaxy.gas
    names |= {"hi_mass": gas.hi_mass_msun, "temperature": gas.temperature_K, "fwhm": gas.hsm_kpc}
    (block,) = code_blocks("formats.md")
    exec(block, names)  # noqa: S102 (our own page)
    found = read_galaxy(tmp_path / "galaxy.hdf5")
    assert found.id == "my galaxy"
    assert found.hi_mass_msun == galaxy.hi_mass_msun
    assert np.linalg.norm(np.median(found.stars.position_kpc, axis=0)) < 0.2


def test_the_page_names_every_data_set_and_its_unit():
    page = (DOCS / "formats.md").read_text()
    for name, unit in UNITS.items():
        assert name in page
        assert f'"{unit}"' in page
    assert f'`"{FORMAT}"`' in page
    assert f"| `{FORMAT_VERSION}`" in page


def test_the_table_of_formats_names_what_the_readers_take():
    page = (DOCS / "formats.md").read_text()
    for name in (*TABLE_COLUMNS, "Mvir", "Mhalo", "Rvir", "Rhalo", "ID", "hostHalo", "n_star", "fMhires"):
        assert f"`{name}`" in page
    attributes = ("Omega0", "Omega_Matter", "ComovingIntegrationOn", "Cosmological run", "Value stored as physical")
    for name in (*attributes, "HubbleParam", "to_cgs", "CGSConversionFactor"):
        assert f"`{name}`" in page
    readers = inspect.getsource(code_units)
    assert all(f'"{name}"' in readers for name in (*attributes, "HubbleParam", "to_cgs", "CGSConversionFactor"))


def test_the_example_of_a_conversion_is_the_script_that_is_tested():
    page = (DOCS / "own_simulation.md").read_text()
    script = DOCS / ".." / "examples" / "tng_to_table.py"
    assert "../examples/tng_to_table.py" in page
    text = script.read_text()
    assert "import argparse" in text
    assert "if __name__" in text
