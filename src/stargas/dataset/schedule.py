"""The order in which workers process galaxies."""

from collections import deque
from collections.abc import Sequence
from typing import Any


class Schedule:
    """Which galaxy a worker does next.

    A worker stays with its group. When no group is left, it takes half of the longest rest of another's.
    """

    def __init__(self, groups: Sequence[Sequence[int]]) -> None:
        self._groups = deque(deque(group) for group in groups if len(group))
        self._own: dict[Any, deque[int]] = {}

    def __len__(self) -> int:
        """Return the number of galaxies that no worker has begun."""
        return sum(map(len, self._groups)) + sum(map(len, self._own.values()))

    def take(self, worker: Any) -> int | None:  # noqa: ANN401 (any name of a worker)
        """Return the next galaxy for a worker; None if there is none."""
        own = self._own.setdefault(worker, deque())
        if not own:
            if self._groups:
                own = self._own[worker] = self._groups.popleft()
            else:
                longest = max(self._own.values(), key=len)
                own.extendleft(longest.pop() for _ in range((len(longest) + 1) // 2))
        return own.popleft() if own else None

    def put_back(self, worker: Any, index: int) -> None:  # noqa: ANN401 (any name of a worker)
        """Give a galaxy back that a worker died on: the same place in the order does it next."""
        self._own.setdefault(worker, deque()).appendleft(index)

    def leave(self, worker: Any) -> None:  # noqa: ANN401 (any name of a worker)
        """Free the rest of a worker that is gone."""
        rest = self._own.pop(worker, None)
        if rest:
            self._groups.appendleft(rest)
