"""Steps are made after those that they need, by one process each."""

import threading

import pytest

from stargas.experiments import steps as module
from stargas.experiments.steps import Step, make_steps
from stargas.storage import claimed


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch):
    monkeypatch.setattr(module, "WAIT_S", 0.02)


def recording(made, *names):
    """Steps that need all before them."""
    return [Step(name, names[:i], lambda name=name: made.append(name)) for i, name in enumerate(names)]


def test_a_step_follows_those_that_it_needs(tmp_path):
    made = []
    make_steps(reversed(recording(made, "data", "model", "test")), tmp_path / "locks")
    assert made == ["data", "model", "test"]


def test_what_another_process_makes_is_waited_for_and_found(tmp_path):
    made = []
    worker = threading.Thread(target=make_steps, args=(recording(made, "data one", "model"), tmp_path))
    with claimed(tmp_path / "data-one") as mine:
        assert mine
        worker.start()
        worker.join(0.3)
        assert worker.is_alive()
        assert made == []
    worker.join(10)
    assert not worker.is_alive()
    assert made == ["data one", "model"]


def test_a_step_that_does_not_need_the_locked_one_goes_on(tmp_path):
    made = []
    steps = [Step(name, (), lambda name=name: made.append(name)) for name in ("a", "b")]
    worker = threading.Thread(target=make_steps, args=(steps, tmp_path))
    with claimed(tmp_path / "a"):
        worker.start()
        worker.join(0.3)
        assert made == ["b"]
    worker.join(10)
    assert made == ["b", "a"]


def test_a_step_that_fails_frees_its_lock(tmp_path):
    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        make_steps([Step("one", (), fail)], tmp_path)
    with claimed(tmp_path / "one") as mine:
        assert mine
