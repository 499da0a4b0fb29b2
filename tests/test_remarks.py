"""Every kind of a remark has an effect on the verdict, stated in one table, and every entry of the table is used."""

import ast
import pickle
from pathlib import Path

import pytest

import stargas
from stargas.errors import ObservationWarning
from stargas.remarks import EFFECTS, Remark, ordered

MAKERS = {"Remark", "ObservationWarning", "_warn"}


def kinds_in(source):
    """Return the kinds that are named where a remark is made."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and len(node.args) == 2]
    made = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id in MAKERS]
    return {node.args[0].value for node in made if isinstance(node.args[0], ast.Constant)}


def test_the_table_lists_the_kinds_that_are_made():
    sources = Path(stargas.__file__).parent.rglob("*.py")
    made = set().union(*(kinds_in(path.read_text()) for path in sources))
    assert made == set(EFFECTS)


def test_the_kinds_of_a_source_are_found():
    assert kinds_in('yield Remark("few stars", f"{n}")\nwarn(ObservationWarning("strip", "a"))') == {
        "few stars",
        "strip",
    }
    assert not kinds_in('Remark(one.kind, "a")\nprint("strip", "a")')


@pytest.mark.parametrize("kind", EFFECTS)
def test_a_remark_lowers_the_verdict_or_is_a_condition_of_it_or_neither(kind):
    effect = Remark(kind, "a sentence.").effect
    assert not (effect.lowers and effect.condition)
    assert not effect.condition.endswith(".")


def test_a_kind_that_is_not_in_the_table_has_no_effect_to_ask_for():
    with pytest.raises(KeyError):
        _ = Remark("bad weather", "a sentence.").effect


def test_remarks_come_once_and_the_most_serious_first():
    few, other, errors = (Remark(kind, kind) for kind in ("few stars", "another galaxy", "no velocity errors"))
    assert ordered([few, errors, other, few]) == (other, errors, few)


def test_a_warning_is_its_sentence_and_keeps_its_kind_between_processes():
    warning = pickle.loads(pickle.dumps(ObservationWarning("strip", "a line.")))  # noqa: S301 (our own)
    assert str(warning) == "a line."
    assert warning.remark == Remark("strip", "a line.")
