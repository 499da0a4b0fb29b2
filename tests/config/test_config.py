"""Every field of the settings is documented."""

import dataclasses
import re

import pytest

from stargas import config

CLASSES = [value for value in vars(config).values() if dataclasses.is_dataclass(value)]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_field_is_documented(kind):
    lines = re.findall(r"^    (\w+(?:, \w+)*)$", kind.__doc__, flags=re.MULTILINE)[1:]
    documented = [name for line in lines for name in line.split(", ")]
    assert [field.name for field in dataclasses.fields(kind)] == documented
