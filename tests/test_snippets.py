"""Every command of README and documentation can be parsed, and every piece of Python runs, page by page."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from astropy.table import Table
from stars_for_tests import star_table

import stargas as sg
from stargas.cli import COMMANDS
from stargas.cli.settings import read_settings
from stargas.config import DataConfig, HIMapConfig, LocalConfig, ModelConfig, StarMapConfig, TrainingConfig, ViewConfig
from stargas.pretrained import FOLDER as PRETRAINED

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|do |srun )stargas (\w+)([^&;\n]*)", flags=re.MULTILINE)

NOT_RUN = {
    "cluster.md": "a cluster",
    "own_simulation.md": "snapshots of a simulation",
    "extending.md": "a test of its own",
    "evaluation.md": "evaluations of a trained model, and samples of a galaxy",
}
"""Page → what its Python needs that is not here."""

BEFORE = {
    "explanations.md": "sample = sg.make_samples(sg.mock_suite('bursty', 3, seed=1)[2])[0]\n",
    "formats.md": (
        "import numpy as np\none = np.ones(3), np.ones((3, 3)), np.ones((3, 3))\nstars = gas = dark = one\n"
        "hi_mass, temperature, fwhm = np.full(3, 0.5), np.full(3, 8000.0), np.ones(3)\n"
    ),
    "observed.md": "stars_galaxy = sg.SkyGalaxy(R_hl_kpc=3.0)\n",
}
"""Page → what its text takes as given."""


def blocks(page, language):
    """Return the pieces of a page in one language."""
    return [text for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language]


def commands():
    """Yield page, command and words of every line that starts stargas."""
    for page in PAGES:
        for block in blocks(page, "sh"):
            for name, rest in COMMAND.findall(block.replace("\\\n", " ")):
                yield page.name, name, tuple(shlex.split(rest, comments=True))


def parse(name, words):
    """Parse a command with its settings, without running it."""
    _, settings = import_module(f"stargas.cli.{name}").parser().parse_all(words)
    read_settings(settings)


@pytest.mark.parametrize(("page", "name", "words"), sorted(set(commands())))
def test_a_command_can_be_parsed(page, name, words):
    assert name in COMMANDS, page
    parse(name, words)


def test_a_wrong_command_is_found():
    """Negative control."""
    with pytest.raises(Exception, match="--starz"):
        parse("infer", ["--starz", "stars.csv", "--out", "DIR"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with all that the pages take as given."""
    folder = tmp_path_factory.mktemp("snippets")
    example = sg.example("both")
    shutil.copy(example["stars"], folder / "stars.csv")
    shutil.copy(example["hi"], folder / "cube.fits")
    shutil.copy(example["hi"], folder / "ngc6946.fits")
    star_table().write(folder / "carina.csv", format="ascii.csv")
    at_fornax = Table.read(example["stars"], format="ascii.csv")
    at_fornax["ra", "dec"].write(folder / "phot.csv", format="ascii.csv")
    for axis, middle in zip(("ra", "dec"), sg.find_galaxy("Fornax").center, strict=True):
        at_fornax[axis] += middle - at_fornax[axis].mean()
    at_fornax.write(folder / "fornax.csv", format="ascii.csv")
    sg.write_galaxy(sg.mock_suite("bursty", 3, seed=1)[2], folder / "galaxy.hdf5")
    local = LocalConfig(workers=1, progress=False)
    small = DataConfig(views=ViewConfig(n_views=2), stars=StarMapConfig(n_pixels=16), gas=HIMapConfig(n_pixels=16))
    sg.build_dataset(sg.mock_suite("bursty", 100, seed=1), folder / "data" / "bursty", small, local=local)
    data = sg.open_dataset(folder / "data" / "bursty")
    short = TrainingConfig(epochs=1, flow_epochs=1)
    model = ModelConfig(tracers="any", features=True)
    sg.train_model(data, folder / "runs" / "stargas", model, short, local)
    shutil.copytree(PRETRAINED, folder / "runs" / "default")
    return folder


def run(code, folder):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )


WITH_PYTHON = [page for page in PAGES if blocks(page, "python")]


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in WITH_PYTHON if page.name not in NOT_RUN], ids=lambda page: page.stem)
def test_the_python_of_a_page_runs(page, folder):
    shutil.rmtree(folder / "DIR", ignore_errors=True)  # of another page
    code = "import stargas as sg\n" + BEFORE.get(page.name, "") + "\n".join(blocks(page, "python"))
    done = run(code.replace('stars="stars.csv", name="Fornax"', 'stars="fornax.csv", name="Fornax"'), folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", [page for page in WITH_PYTHON if page.name in NOT_RUN], ids=lambda page: page.stem)
def test_what_is_not_run_has_names_that_are_there(page):
    for block in blocks(page, "python"):
        compile(block, page.name, "exec")
        for line in re.findall(r"^from (stargas\S*) import (.+)$", block, flags=re.MULTILINE):
            for name in line[1].split(", "):
                assert hasattr(import_module(line[0]), name) or import_module(f"{line[0]}.{name}")


@pytest.mark.slow
@pytest.mark.parametrize("words", sorted({words for page, name, words in commands() if page == "your_galaxy.md"}))
def test_a_command_for_observers_runs(words, folder, tmp_path):
    if "--moment0" in words:
        pytest.skip("moment maps are read in the tests of observations")
    changed = {"DIR": str(tmp_path / "out")} | ({"stars.csv": "fornax.csv"} if "Fornax" in words else {})
    words = ["infer", *(changed.get(word, word) for word in words)]
    done = run(f"from stargas.cli import main; raise SystemExit(main({words!r}))", folder)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").exists()
