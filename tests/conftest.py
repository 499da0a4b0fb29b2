"""One thread for each process of the tests, the longest files first, and figures that take no time."""

import base64
import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Read when torch and numpy are imported. Workers that share the cores would spend most of their time waiting for the
threads of one another."""


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
"""A PNG file of one pixel."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Files with slow tests come first, so that no worker begins a long one when the others end."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(autouse=True)
def one_thread():
    """Take back the threads that a command of the test gave to torch: sums depend on their number."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture
def blank_figures(monkeypatch):
    """Write each figure as one pixel, whatever its format: drawing takes most of the time of a report.

    For tests of what a report says. Figures of fixtures of a module are drawn, since those are made before.
    """

    def save(_figure, target, **_options):
        if isinstance(target, str | os.PathLike):
            Path(target).write_bytes(PIXEL)
        else:
            target.write(PIXEL)

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", save)
