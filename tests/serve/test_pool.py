"""Kinds of tasks take turns, one that dies or hangs is replaced, and a closed pool leaves nothing waiting."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from stargas.serve.pool import Pool, TaskError, _FairQueue, _Task
from stargas.serve.settings import ServeConfig
from stargas.serve.worker import work


def echo(connection):
    """Sleep as long as the payload says, then answer with the kind; die or fail on command."""
    connection.send(("ready", os.getpid()))
    while True:
        try:
            kind, payload = connection.recv()
        except EOFError:
            return
        if payload == "die":
            os._exit(1)
        if payload == "fail":
            connection.send(("failed", "the file is wrong: correct it."))
            continue
        connection.send(("phase", "begun"))
        time.sleep(payload)
        connection.send(("done", (kind, os.getpid())))


@pytest.fixture
def pool():
    made = Pool(1, echo)
    made.wait_until_ready()
    yield made
    made.close()


def task(kind):
    return _Task(kind, None, 1.0, lambda _: None)


def test_kinds_take_turns_and_each_is_first_come_first_served():
    queue = _FairQueue()
    inferences, previews = [task("infer") for _ in range(3)], [task("preview") for _ in range(5)]
    for one in (*inferences, *previews):
        queue.put(one)
    taken = [queue.take() for _ in range(8)]
    assert [one.kind for one in taken[:6]] == ["infer", "preview"] * 3  # many previews delay an inference by one each
    assert [one for one in taken if one.kind == "infer"] == inferences
    assert [one for one in taken if one.kind == "preview"] == previews


def test_cancelled_tasks_are_passed_over():
    queue = _FairQueue()
    first, second = task("infer"), task("infer")
    queue.put(first)
    queue.put(second)
    assert (queue.position(second.future), queue.count("infer")) == (2, 2)
    first.future.cancel()
    assert (queue.position(second.future), queue.count("infer")) == (1, 1)
    assert queue.take() is second
    assert queue.position(second.future) == 0


def test_closing_wakes_who_waits_and_cancels_what_waits():
    queue, found = _FairQueue(), []
    waiting = threading.Thread(target=lambda: found.append(queue.take()))
    waiting.start()
    queue.close()
    waiting.join(timeout=5)
    assert found == [None]


def test_a_task_is_answered_with_its_phases(pool):
    phases = []
    future = pool.submit("infer", 0.0, seconds=5, on_phase=phases.append)
    assert future.result(timeout=10)[0] == "infer"
    assert phases == ["begun"]


def test_a_process_that_dies_or_takes_too_long_fails_its_own_task_alone(pool):
    process = pool.submit("infer", 0.0, seconds=5).result(timeout=10)[1]
    with pytest.raises(TaskError, match="broke off"):
        pool.submit("infer", "die", seconds=5).result(timeout=10)
    with pytest.raises(TaskError, match="longer than 0 s"):
        pool.submit("infer", 60.0, seconds=0.2).result(timeout=10)
    with pytest.raises(TaskError, match="correct it"):
        pool.submit("infer", "fail", seconds=5).result(timeout=10)
    assert pool.submit("infer", 0.0, seconds=5).result(timeout=10)[1] != process


@pytest.mark.parametrize("end", ["killed while idle", "dies of its task"])
def test_a_process_that_is_gone_is_replaced_before_the_next_task(pool, end):
    gone = pool.submit("infer", 0.0, seconds=5).result(timeout=10)[1]
    if end == "killed while idle":
        os.kill(gone, signal.SIGKILL)
    else:
        with pytest.raises(TaskError, match="broke off"):
            pool.submit("infer", "die", seconds=5).result(timeout=10)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if [process.pid for process in multiprocessing.active_children()] not in ([], [gone]):
            return
        time.sleep(0.1)
    pytest.fail("no process in place of the one that is gone")


def test_a_process_that_starts_too_slowly_says_so(monkeypatch):
    monkeypatch.setattr("stargas.serve.pool.START_SECONDS", 0.0)
    pool = Pool(1, echo)
    with pytest.raises(TaskError, match="fewer --workers"):
        pool.wait_until_ready()
    pool.close()


def test_closing_ends_what_runs_and_cancels_what_waits():
    pool = Pool(1, echo)
    pool.wait_until_ready()
    running, waiting = pool.submit("infer", 60.0, seconds=90), pool.submit("infer", 0.0, seconds=5)
    while pool.position(running):
        time.sleep(0.01)
    pool.close()
    with pytest.raises(TaskError, match="closing"):
        running.result(timeout=5)
    with pytest.raises(CancelledError):
        waiting.result(timeout=5)


def test_it_says_why_its_processes_cannot_start():
    pool = Pool(1, work, ServeConfig(model=Path("nowhere")))
    with pytest.raises(TaskError, match="nowhere holds no model"):
        pool.wait_until_ready()
    pool.close()
