"""Commands of README and documentation can be parsed; those of observers and the quickstart, and the Python, run."""

import re
import shlex
import shutil
import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path

import pytest
from astropy.io import fits
from astropy.table import Table
from cube_files import write_moments
from stars_for_tests import star_table

import stargas as sg
from stargas.cli import COMMANDS, main
from stargas.cli.settings import read_settings
from stargas.config import DataConfig, HIMapConfig, LocalConfig, ModelConfig, StarMapConfig, TrainingConfig, ViewConfig
from stargas.observed.hi import observe_hi
from stargas.pretrained import FOLDER as PRETRAINED

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|do |srun )stargas (\w+)([^&;\n]*)", flags=re.MULTILINE)

LANGUAGES = {"sh", "python", "yaml", "text", "{code-cell} ipython3"}
"""Of the pieces of code: the first two are tested here, cells in the tests of tutorials."""

NOT_RUN = {
    "cluster.md": "a cluster",
    "own_simulation.md": "snapshots of a simulation; tests/simulations read such",
    "extending.md": "a test of its own, tests/test_extending.py",
}
"""Page → why its Python does not run here."""

COMMANDS_NOT_RUN = {
    "build": "snapshots of a simulation; tests/cli/test_build.py",
    "inspect": "snapshots of a simulation; tests/cli/test_inspect.py",
    "show": "what the build above it makes; tests/cli/test_show.py",
    "train": "several GPUs, or what the quickstart runs; tests/cli/test_train.py",
    "evaluate": "thousands of galaxies, or what the quickstart runs; tests/cli/test_evaluate.py",
    "experiment": "hours; tests/experiments run every part on a small scale",
    "forecast": "it is slow; tests/cli/test_forecast.py",
    "serve": "it ends when it is interrupted; tests/serve",
    "infer": "galaxies of a simulation, as in the quickstart; tests/cli/test_infer.py",
}
"""Command → why it does not run outside of the quickstart; inferences of observed galaxies run wherever they stand."""

BEFORE = {
    "evaluation.md": (
        "galaxy = sg.mock_suite('bursty', 3, seed=1)[2]\n"
        "samples = sg.make_samples(galaxy)[:2]\nsample = samples[0]\n"
        "sky = sg.project(galaxy, sg.View(60.0))\n"
        "x_kpc, y_kpc, v_los_kms = (one[:100] for one in (sky.stars.x_kpc, sky.stars.y_kpc, sky.stars.v_los_kms))\n"
        "R_hl_kpc = sky.R_hl_kpc\n"
    ),
    "explanations.md": "sample = sg.make_samples(sg.mock_suite('bursty', 3, seed=1)[2])[0]\n",
    "formats.md": (
        "import numpy as np\none = np.ones(3), np.ones((3, 3)), np.ones((3, 3))\nstars = gas = dark = one\n"
        "hi_mass, temperature, fwhm = np.full(3, 0.5), np.full(3, 8000.0), np.ones(3)\n"
    ),
    "observed.md": "stars_galaxy = sg.SkyGalaxy(R_hl_kpc=3.0)\n",
}
"""Page → what its text takes as given."""

SMALLER = {
    "build": ["--data.views.n_views", "2", "--data.stars.n_pixels", "16", "--data.gas.n_pixels", "16"],
    "train": ["--training.epochs", "1", "--training.flow_epochs", "1"],
    "experiment": ["--galaxies", "galaxy.hdf5", "--spheres", "0", "--draws", "50", "--workers", "1"],
}
"""Command → options that make it small, on pages whose commands run from top to bottom."""

RECIPE = "pipeline.md"
"""Page with the recipe of a convolutional network."""


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
    maps = observe_hi(sg.read_hi(example["hi"]), 930.0).moment_maps
    write_moments(folder, maps, fits.getheader(example["hi"]))
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


@pytest.fixture
def at(folder, monkeypatch):
    """Go to the folder; warnings are those that a user sees, and end nothing."""
    monkeypatch.chdir(folder)
    shutil.rmtree(folder / "DIR", ignore_errors=True)  # of another page
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        yield folder


WITH_PYTHON = [page for page in PAGES if blocks(page, "python")]


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in WITH_PYTHON if page.name not in NOT_RUN], ids=lambda page: page.stem)
@pytest.mark.usefixtures("at")
def test_the_python_of_a_page_runs(page):
    code = "import stargas as sg\n" + BEFORE.get(page.name, "") + "\n".join(blocks(page, "python"))
    code = code.replace('stars="stars.csv", name="Fornax"', 'stars="fornax.csv", name="Fornax"')
    exec(compile(code, page.name, "exec"), {"__name__": "__main__"})  # noqa: S102 (our own pages)


@pytest.mark.parametrize("page", [page for page in WITH_PYTHON if page.name in NOT_RUN], ids=lambda page: page.stem)
def test_what_is_not_run_has_names_that_are_there(page):
    for block in blocks(page, "python"):
        compile(block, page.name, "exec")
        for line in re.findall(r"^from (stargas\S*) import (.+)$", block, flags=re.MULTILINE):
            for name in line[1].split(", "):
                assert hasattr(import_module(line[0]), name) or import_module(f"{line[0]}.{name}")


def test_every_piece_of_code_has_a_language_that_is_tested():
    for page in (*PAGES, ROOT / "CONTRIBUTING.md"):
        fences = re.findall(r"^ *```(.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        opened = fences[::2]
        assert not any(fences[1::2]), page
        assert all(one in LANGUAGES or re.fullmatch(r"\{(?!code-cell).*", one) for one in opened), (page, opened)


def of_an_observed_galaxy(words):
    return any(word in ("--stars", "--hi-cube", "--moment0") for word in words)


def test_every_command_runs_or_has_a_reason():
    for page, name, words in commands():
        if page != "quickstart.md" and not (name == "infer" and of_an_observed_galaxy(words)):
            assert name in COMMANDS_NOT_RUN, (page, name)
            for path in re.findall(r"tests/\S+", COMMANDS_NOT_RUN[name]):
                assert (ROOT / path).exists(), path


OBSERVED = sorted(
    {
        words
        for page, name, words in commands()
        if name == "infer" and of_an_observed_galaxy(words) and page != RECIPE  # which runs as a whole
    }
)


@pytest.mark.slow
@pytest.mark.parametrize("words", OBSERVED)
@pytest.mark.usefixtures("at", "blank_figures")
def test_a_command_for_observers_runs(words, tmp_path):
    changed = {words[words.index("--out") + 1]: str(tmp_path / "out")}
    changed |= {"stars.csv": "fornax.csv"} if "Fornax" in words else {}
    changed |= {word: str(ROOT / word) for word in words if "/" in word and (ROOT / word).is_file()}
    assert main(["infer", *(changed.get(word, word) for word in words)]) == 0
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.slow
def test_the_quickstart_runs_from_top_to_bottom(tmp_path):
    """In an interpreter of its own, with all figures."""
    sg.write_galaxy(sg.mock_suite("bursty", 3, seed=1)[2], tmp_path / "galaxy.hdf5")
    code = "from stargas.cli import main\n"
    for page, name, words in commands():
        if page == "quickstart.md":
            shorter = [*words, *SMALLER.get(name, [])]
            if "--n-galaxies" in words:
                shorter[shorter.index("--n-galaxies") + 1] = "60"
            elif name == "build":
                shorter += ["--n-galaxies", "3"]
            code += f"assert main({[name, *shorter]!r}) == 0\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "inferred" / "report.html").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("at", "blank_figures")
def test_the_recipe_of_a_convolutional_network_runs_and_its_folder_is_a_model(folder, tmp_path, monkeypatch):
    """From top to bottom, in a folder of its own; a setting that the preset cannot train would be seen."""
    sg.write_galaxy(sg.mock_suite("bursty", 3, seed=1)[2], tmp_path / "galaxy.hdf5")
    shutil.copy(folder / "stars.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    for page, name, words in commands():
        if page == RECIPE:
            shorter = [*words, *SMALLER.get(name, [])]
            if "--n-galaxies" in words:
                shorter[shorter.index("--n-galaxies") + 1] = "60"
            assert main([name, *shorter]) == 0, name
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    for file in ("model.json", "model.safetensors"):
        shutil.copy(tmp_path / "models" / "five_maps" / file, shipped)
    model = sg.load_model(shipped)
    assert (model.config.network, model.config.tracers, model.config.features) == ("convolutional", "any", False)
