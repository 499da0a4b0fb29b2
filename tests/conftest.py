"""One thread for each process of the tests, and the longest files first."""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Read when torch and numpy are imported. Workers that share the cores would spend most of their time waiting for the
threads of one another."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Files with slow tests come first, so that no worker begins a long one when the others end."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
