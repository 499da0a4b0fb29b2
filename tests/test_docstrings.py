"""The examples in docstrings give what they say, and every public name has one."""

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import stargas

ROOT = Path(stargas.__file__).parent
WITH_EXAMPLES = [
    ".".join(("stargas", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(ROOT.rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0


def test_a_wrong_example_is_found():
    """Negative control."""
    example = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(example, out=lambda _: None).failed == 1


def without_example(names):
    """Those of some public names whose docstring has no example."""
    return [name for name in names if ">>> " not in (inspect.getdoc(getattr(stargas, name)) or "")]


def test_every_public_name_has_an_example():
    assert without_example(set(stargas.__all__) - {"__version__"}) == []
    assert without_example(["__version__"]) == ["__version__"]
