"""The tutorials run from top to bottom, each in a fresh interpreter."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "tutorials"
CELL = re.compile(r"^```\{code-cell\} ipython3\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.stem != "index")


def run(cells, folder):
    """Run cells one after the other as a notebook does, warnings of stargas as errors."""
    code = "import warnings\nwarnings.filterwarnings('error', module='stargas')\n" + "\n".join(cells)
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_runs(page, tmp_path):
    cells = CELL.findall(page.read_text(encoding="utf-8"))
    assert len(cells) > 3
    done = run(cells, tmp_path)
    assert done.returncode == 0, done.stderr


def test_every_tutorial_is_listed():
    listed = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert PAGES
    for page in PAGES:
        assert f"[]({page.name})" in listed
        assert f"\n{page.stem}\n" in listed


def test_a_cell_that_fails_is_found(tmp_path):
    """Negative control."""
    assert run(["a = 1\n", "assert a == 2\n"], tmp_path).returncode != 0
