"""The layers hold, and importing the package is light."""

import subprocess
import sys

import pytest
from importlinter.cli import lint_imports

import stargas

HEAVY = (
    "torch",
    "lightning",
    "astropy",
    "pynbody",
    "martini",
    "matplotlib",
    "numba",
    "h5py",
    "scipy",
    "rich",
    "sklearn",
)


def modules_after(statement):
    code = f"import sys; {statement}; print(' '.join(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()) if done.stdout.strip() else set()


def test_layers_follow_the_way_of_the_data():
    assert lint_imports(cache_dir=None) == 0


def test_importing_the_package_is_light():
    assert modules_after("import stargas; stargas.View(60)") == set()
    assert "torch" in modules_after("import torch")


def test_help_loads_nothing_heavy():
    statement = "from stargas.cli import COMMANDS, main; [main([*w, '--help']) for w in ([], *([c] for c in COMMANDS))]"
    assert modules_after(statement) == set()


@pytest.mark.parametrize("name", sorted(set(stargas.__all__) - {"__version__"}))
def test_every_public_name_has_a_home_and_a_docstring(name):
    assert getattr(stargas, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = stargas.nothing
