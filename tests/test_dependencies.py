"""What the package imports is what it declares."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]


def normal(name):
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~! ]", name)[0]).lower()


def imported(folder):
    """Top-level names of other packages that the modules of a folder import."""
    names = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"stargas"}


def test_every_import_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    declared = {normal(name) for names in (project["dependencies"], *extras.values()) for name in names}
    distributions = packages_distributions()
    missing = {
        name
        for name in imported(ROOT / "src")
        if name in distributions and not {normal(one) for one in distributions[name]} & declared
    }
    assert not missing


SIMULATES = "import sys\nsys.modules['lightning'] = sys.modules['sklearn'] = None\n"


def test_an_inference_does_without_what_only_training_needs():
    script = SIMULATES + (
        "import stargas.inference.infer, stargas.report.inference, stargas.observed.observation\n"
        "from stargas import load_model\nload_model()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_training_without_its_packages_is_one_sentence(tmp_path):
    script = (
        SIMULATES + f"from stargas.cli import main\nsys.exit(main(['train', {str(tmp_path / 'm')!r}, '--data', 'd']))\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == (
        "stargas train: training needs the package lightning, which is not installed: "
        "pip install 'stargas[training]'.\n"
    )
