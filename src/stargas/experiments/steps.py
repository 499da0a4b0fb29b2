"""Steps that need each other, made by one process or divided among several that share a disk."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from stargas.storage import claimed

WAIT_S = 3.0
"""Seconds between two attempts at steps that other processes make."""


@dataclass(frozen=True)
class Step:
    """One thing to make.

    Parameters
    ----------
    name
        Of the thing, for messages and its lock.
    needs
        Names of the steps that come before.
    make
        Makes it, or finds that it is there.
    """

    name: str
    needs: tuple[str, ...]
    make: Callable[[], None]


def make_steps(steps: Iterable[Step], locks: Path) -> None:
    """Make steps, each after those that it needs.

    Each step is locked while it is made. Steps that another process makes are waited for, and found made after that.

    Parameters
    ----------
    steps
        All that are needed.
    locks
        Folder of the locks.
    """
    locks.mkdir(parents=True, exist_ok=True)
    pending, made = list(steps), set[str]()
    while pending:
        for step in pending:
            if made.issuperset(step.needs) and _make(step, locks):
                made.add(step.name)
                pending.remove(step)
                break
        else:  # other processes are at work on all that could be done
            time.sleep(WAIT_S)


def _make(step: Step, locks: Path) -> bool:
    """Make a step unless another process is making it."""
    with claimed(locks / step.name.replace(" ", "-")) as mine:
        if mine:
            step.make()
        return mine
