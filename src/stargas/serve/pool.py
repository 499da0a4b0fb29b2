"""Worker processes with a queue, phases and time limits.

Each process is served by a thread. One that dies or takes too long is replaced, and only its own task fails.
"""

import contextlib
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stargas.errors import InputError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

START_SECONDS = 180.0
"""Longest time that a process may take to load the model [s]."""

IDLE_SECONDS = 1.0
"""How often a process without a task is looked after [s]."""

Entry = Callable[..., None]


class TaskError(InputError):
    """A task failed, in one sentence."""


@dataclass(eq=False)
class _Task:
    kind: str
    payload: Any
    seconds: float
    on_phase: Callable[[Any], None]
    future: "Future[Any]" = field(default_factory=Future)


class _FairQueue:
    """Tasks of several kinds, first come, first served within a kind; kinds take turns.

    So short tasks do not wait for all long ones, and many short ones delay a long one by no more than one of them each
    time.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[_Task]] = {}
        self._changed = threading.Condition()
        self._closed = False

    def put(self, task: _Task) -> None:
        with self._changed:
            self._waiting.setdefault(task.kind, deque()).append(task)
            self._changed.notify()

    def take(self, on_idle: Callable[[], None] = lambda: None) -> _Task | None:
        """Wait for the next task that is not cancelled; None once the queue is closed.

        ``on_idle`` is called again and again while there is none.
        """
        while not self._closed:
            task = self._next()
            if task is not None:
                return task
            on_idle()
        return None

    def _next(self) -> _Task | None:
        """Wait for a task, for so long as one that waits may go without being looked after."""
        with self._changed:
            if not any(self._waiting.values()) and not self._closed:
                self._changed.wait(IDLE_SECONDS)
            for kind, tasks in list(self._waiting.items()):
                while tasks:
                    task = tasks.popleft()
                    if task.future.set_running_or_notify_cancel():
                        self._waiting[kind] = self._waiting.pop(kind)  # to the end of the turns
                        return task
        return None

    def position(self, future: "Future[Any]") -> int:
        """Place of a task among those of its kind, from 1; 0 where it waits no longer."""
        with self._changed:
            for tasks in self._waiting.values():
                waiting = [task.future for task in tasks if not task.future.cancelled()]
                if future in waiting:
                    return waiting.index(future) + 1
        return 0

    def count(self, kind: str) -> int:
        with self._changed:
            return sum(not task.future.cancelled() for task in self._waiting.get(kind, ()))

    def close(self) -> None:
        """Cancel what waits and wake all that wait for tasks."""
        with self._changed:
            self._closed = True
            for tasks in self._waiting.values():
                for task in tasks:
                    task.future.cancel()
            self._changed.notify_all()


class Pool:
    """Processes that run ``entry(connection, *arguments)``.

    An entry sends ``("ready", about)``, which `wait_until_ready` returns, or ``("failed", sentence)``; then for each
    ``(kind, payload)`` that it receives any number of ``("phase", value)`` and one of ``("done", value)`` or
    ``("failed", sentence)``.

    Parameters
    ----------
    n_workers
        Processes.
    entry
        A function of a module, as the processes are spawned.
    arguments
        Of it.
    """

    def __init__(self, n_workers: int, entry: Entry, *arguments: object) -> None:
        self._entry, self._arguments = entry, arguments
        self._context = multiprocessing.get_context("spawn")
        self._queue = _FairQueue()
        self._closing = threading.Event()
        self._started: list[Future[Any]] = [Future() for _ in range(n_workers)]
        self._threads = [
            threading.Thread(target=self._serve, args=(started,), name=f"stargas worker {number}", daemon=True)
            for number, started in enumerate(self._started)
        ]
        for thread in self._threads:
            thread.start()

    def wait_until_ready(self) -> Any:  # noqa: ANN401 (of the entry)
        """Wait for all processes; return what the first of them reports.

        Raises
        ------
        TaskError
            If one cannot start.
        """
        reports = [started.result() for started in self._started]
        return reports[0]

    def submit(
        self,
        kind: str,
        payload: object,
        *,
        seconds: float,
        on_phase: Callable[[Any], None] = lambda _: None,
    ) -> "Future[Any]":
        """Queue a task; kinds of tasks take turns.

        Parameters
        ----------
        kind, payload
            What the process receives.
        seconds
            Longest time it may run.
        on_phase
            Called with the value of each phase, in a thread of the pool.

        Returns
        -------
        Future
            Of the value; it raises `TaskError` where the task failed.
        """
        task = _Task(kind, payload, seconds, on_phase)
        self._queue.put(task)
        return task.future

    def position(self, future: "Future[Any]") -> int:
        """Place of a task in the queue of its kind, from 1; 0 where it has left it."""
        return self._queue.position(future)

    def n_waiting(self, kind: str) -> int:
        """Count the tasks of a kind that wait."""
        return self._queue.count(kind)

    def close(self) -> None:
        """End all processes; what waits is cancelled."""
        self._closing.set()
        self._queue.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _serve(self, started: "Future[Any]") -> None:
        worker = _Worker(self._context, self._entry, self._arguments, self._closing)
        try:
            started.set_result(worker.start())
        except TaskError as error:
            started.set_exception(error)
        while (task := self._queue.take(on_idle=worker.revive)) is not None:
            try:
                value = worker.run(task)
            except Exception as error:  # noqa: BLE001 (the thread must go on, the future tells)
                task.future.set_exception(error)
            else:
                task.future.set_result(value)
        worker.stop()


class _Worker:
    """One process and its pipe."""

    def __init__(self, context: Any, entry: Entry, arguments: tuple[object, ...], closing: threading.Event) -> None:  # noqa: ANN401 (of multiprocessing)
        self._context, self._entry, self._arguments, self._closing = context, entry, arguments, closing
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._starts = False

    def start(self) -> Any:  # noqa: ANN401 (of the entry)
        """Start the process and wait until it is ready; what it reports."""
        self.stop()
        self._starts = False
        self._connection, theirs = self._context.Pipe()
        self._process = self._context.Process(target=self._entry, args=(theirs, *self._arguments), daemon=True)
        self._process.start()
        theirs.close()
        report = self._answer(
            START_SECONDS, lambda _: None, "ready", hint="the machine is busy, try again or with fewer --workers"
        )
        self._starts = True
        return report

    def revive(self) -> None:
        """Start a process in place of one that is gone, so that the next task does not wait for it.

        One that could not start is left to the next task, which is told why.
        """
        if self._starts and not self._is_alive():
            with contextlib.suppress(TaskError):
                self.start()

    def run(self, task: _Task) -> Any:  # noqa: ANN401 (of the entry)
        """Run a task, in a new process if the last one is gone."""
        if not self._is_alive():
            self.start()
        if self._connection is None:
            raise TaskError("the server has no process for this: start it again.")
        with contextlib.suppress(OSError):  # a process that dies just now is found below
            self._connection.send((task.kind, task.payload))
        return self._answer(task.seconds, task.on_phase, "done")

    def _answer(
        self,
        seconds: float,
        on_phase: Callable[[Any], None],
        wanted: str,
        hint: str = "try a smaller cube or table",
    ) -> Any:  # noqa: ANN401 (the same)
        deadline = time.monotonic() + seconds
        while self._connection is not None:
            try:
                if self._connection.poll(0.1):
                    what, value = self._connection.recv()
                    if what == wanted:
                        return value
                    if what == "failed":
                        raise TaskError(value)
                    on_phase(value)
            except (EOFError, OSError) as error:
                self.stop()
                raise TaskError(
                    "the computation broke off, perhaps for want of memory: try a smaller cube or table."
                ) from error
            if time.monotonic() > deadline:
                self.stop()
                raise TaskError(f"this took longer than {seconds:.0f} s: {hint}.")
            if self._closing.is_set():
                self.stop()
        raise TaskError("the server is closing.")

    def _is_alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def stop(self) -> None:
        """End the process at once."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None
