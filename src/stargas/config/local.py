"""The block ``local``: where and how fast something is computed, which cannot change a result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stargas.config.checked import Checked, between


@dataclass(frozen=True)
class LocalConfig(Checked):
    """Where and how fast something is computed, which cannot change a result.

    Parameters
    ----------
    workers
        Processes of a build; all cores if null.
    scheduler
        Address of a Dask scheduler to build on instead of local processes.
    devices
        Devices per node for training.
    nodes
        Nodes for training.
    accelerator
        What Lightning trains on: ``auto``, ``cpu`` or ``gpu``.
    memory_gb
        Memory [10⁹ bytes] that training may use for prepared maps; a larger training set is read as it is needed.
    progress
        Show progress bars.
    """

    workers: int | None = None
    scheduler: str | None = None
    devices: int = 1
    nodes: int = 1
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    memory_gb: float = 4.0
    progress: bool = True

    _block = "local"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "workers": (self.workers is None or 1 <= self.workers <= 4096, "null or between 1 and 4096"),
            "devices": between(self.devices, 1, 1024),
            "nodes": between(self.nodes, 1, 100_000),
            "memory_gb": between(self.memory_gb, 0, 1e6),
        }
