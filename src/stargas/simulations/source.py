"""Where galaxies come from: mock suites, particle tables, simulation snapshots."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from stargas.galaxy import Galaxy


class Source(Protocol):
    """A list of galaxies that can be made or read one by one, in any process.

    A source is picklable and holds no open file when it is pickled.
    """

    @property
    def name(self) -> str:
        """Name of the suite, for the catalogue."""
        ...

    def __len__(self) -> int:
        """Return the number of galaxies."""
        ...

    def __getitem__(self, index: int) -> Galaxy:
        """Return one galaxy in its own frame."""
        ...

    def galaxy_id(self, index: int) -> str:
        """Return the id of a galaxy without making or reading it."""
        ...

    def groups(self) -> Sequence[Sequence[int]]:
        """Return indices in groups that are best made together, for instance by opening one file once."""
        ...

    def provenance(self) -> Mapping[str, Any]:
        """Return what determines the galaxies (suite, seed, version, files), ready for JSON."""
        ...
