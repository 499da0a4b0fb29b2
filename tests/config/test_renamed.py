import dataclasses

import pytest

from stargas.cli.settings import BLOCKS
from stargas.config.renamed import RENAMED, renamed


def exists(name):
    """Whether there is a setting of a dotted name."""
    block, *rest = name.split(".")
    value = BLOCKS[block]() if block in BLOCKS else None
    for part in rest:
        if not dataclasses.is_dataclass(value) or not hasattr(value, part):
            return False
        value = getattr(value, part)
    return value is not None


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_the_new_name_exists_and_the_old_one_does_not(old, new):
    assert exists(new.split(",")[0])
    assert not exists(old)


def test_settings_inside_a_block_that_was_renamed_are_found():
    assert renamed("data.effects.share").startswith("data.effects is now data.degradation:")
    assert renamed("data.degradation.share") is None
    assert renamed("data") is None
    assert renamed("colour.of.stars") is None
