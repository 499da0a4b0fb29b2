"""Settings of the server, and what it lets in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from stargas.observed.table import FORMATS
from stargas.sandbox import MEMORY_SHARE, machine_memory

FITS_SUFFIXES = (".fits", ".fit")

SUFFIXES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stars": tuple(FORMATS),
        "hi_cube": FITS_SUFFIXES,
        "moment0": FITS_SUFFIXES,
        "moment1": FITS_SUFFIXES,
        "moment2": FITS_SUFFIXES,
        "photometry": tuple(FORMATS),
    }
)
"""Role of a file → endings that it may have."""

TRACER_OF_ROLE: Mapping[str, str] = MappingProxyType(
    {"stars": "stars", "hi_cube": "gas", "moment0": "gas", "moment1": "gas", "moment2": "gas"}
)
"""Role of a file → tracer that it holds; a photometric catalog holds none."""

TABLES = ("stars", "photometry")
"""Roles of files that are tables."""

STAGES = ("reading", "drawing", "errors", "report")
"""Stages of an inference, in their order."""

ARCHIVE = "stargas.zip"
"""Name of the file that holds all results."""


@dataclass(frozen=True)
class ServeConfig:
    """Settings of the server.

    Parameters
    ----------
    model
        Folder of the model; the pretrained one if None.
    workers
        Processes that infer; each holds the model.
    names
        Host names, beside localhost and plain addresses, under which the page may be opened.
    max_table_mb, max_fits_mb
        Largest table, and largest cube or map [MB].
    max_total_mb
        Of all uploads that are held [MB].
    max_jobs
        Galaxies that are held at a time.
    max_waiting
        Inferences, and previews, that wait at a time.
    keep_minutes
        After which an untouched galaxy and all its files are removed [minutes].
    upload_seconds, preview_seconds, infer_seconds
        Longest time that one upload, one preview of the files and one inference may take [s].
    max_memory_gb
        Of all workers together [GB], each with its share; what needs more is refused. If None,
        `stargas.sandbox.MEMORY_SHARE` of the machine's.
    n_draws, n_realizations
        Of each inference.
    """

    model: Path | None = None
    workers: int = 2
    names: tuple[str, ...] = ()
    max_table_mb: float = 50.0
    max_fits_mb: float = 500.0
    max_total_mb: float = 4000.0
    max_jobs: int = 200
    max_waiting: int = 50
    keep_minutes: float = 60.0
    upload_seconds: float = 900.0
    preview_seconds: float = 120.0
    infer_seconds: float = 300.0
    max_memory_gb: float | None = None
    n_draws: int = 2000
    n_realizations: int = 16

    @property
    def worker_memory(self) -> int:
        """Memory that one worker may use [bytes]."""
        total = MEMORY_SHARE * machine_memory() if self.max_memory_gb is None else 1e9 * self.max_memory_gb
        return int(total / self.workers)

    def max_bytes(self, role: str) -> int:
        """Largest file of a role [bytes]."""
        return int(1e6 * (self.max_table_mb if role in TABLES else self.max_fits_mb))
