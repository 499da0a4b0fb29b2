"""The page of the Python interface lists every public name, with the first line of its docstring."""

import inspect
import re
from pathlib import Path

import stargas

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
ROW = re.compile(r"\| \{py:(class|func)\}`(\w+) <([\w.]+)>` \| (.*) \|")


def test_the_page_lists_every_public_name():
    listed = {}
    for kind, name, home, line in ROW.findall(PAGE.read_text(encoding="utf-8")):
        value = getattr(stargas, name)
        assert home == f"{value.__module__}.{name}"
        assert kind == ("class" if inspect.isclass(value) else "func")
        assert inspect.getdoc(value).splitlines()[0] == line
        listed[name] = line
    assert set(listed) == set(stargas.__all__) - {"__version__"}
