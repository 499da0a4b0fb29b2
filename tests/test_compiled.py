"""Compiled functions where nothing can be written: in memory, said once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import stargas

SCRIPT = """
import numpy as np
from stargas.features import hi_features, star_features
from stargas.simulations.mock_suites.potential import N_ANGLES, N_RADII, pull
from stargas.sky import hi_sums, kde
print(pull(np.ones((N_RADII, N_ANGLES, 2)), 1.0, 1.0, 0.0, 0.0)[0] > 0)
"""


@pytest.fixture(scope="module")
def read_only(tmp_path_factory):
    """Copy the package; a file in place of each __pycache__ keeps everyone from writing there, root too."""
    folder = tmp_path_factory.mktemp("installed")
    ignored = shutil.ignore_patterns("__pycache__", "*.safetensors", "examples")
    shutil.copytree(Path(stargas.__file__).parent, folder / "stargas", ignore=ignored)
    for path in [folder / "stargas", *(folder / "stargas").rglob("*")]:
        if path.is_dir():
            (path / "__pycache__").touch()
    return folder


def run(read_only, code, **environment):
    environment = {"PATH": os.environ["PATH"], "HOME": os.devnull, "PYTHONPATH": str(read_only), **environment}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_it_starts_without_a_folder_to_write_to_and_says_so_once(read_only):
    done = run(read_only, SCRIPT)
    assert done.stdout == "True\n"
    assert done.stderr.count("compiled functions are kept in memory alone") == 1
    assert "NUMBA_CACHE_DIR" in done.stderr


def test_functions_are_kept_where_there_is_a_folder(read_only, tmp_path):
    done = run(read_only, SCRIPT, NUMBA_CACHE_DIR=str(tmp_path))
    assert done.stdout == "True\n"
    assert done.stderr == ""
    assert list(tmp_path.rglob("*pull*"))


def test_the_command_line_starts_too(read_only):
    done = run(read_only, "from stargas.cli import main; raise SystemExit(main(['--version']))")
    assert done.stdout.strip().endswith(stargas.__version__)
