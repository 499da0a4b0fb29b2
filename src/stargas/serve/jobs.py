"""Galaxies that visitors work on: a folder each, which nobody else can name, and its removal."""

import contextlib
import os
import re
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from stargas.errors import InputError
from stargas.serve.settings import SUFFIXES, TABLES, ServeConfig

if TYPE_CHECKING:
    from concurrent.futures import Future

State = Literal["open", "waiting", "running", "done", "failed"]

PREFIX = "stargas-serve-"
"""How the folders of servers are named, followed by the number of the process."""

_ODD = re.compile(r"[^A-Za-z0-9._+-]+")


class FullError(InputError):
    """The server holds as much as it may."""


class NoJobError(InputError):
    """The job was removed, or never was."""

    def __init__(self, sentence: str = "this galaxy was removed from the server: add the files again.") -> None:
        super().__init__(sentence)


@dataclass(frozen=True)
class Upload:
    """A file that was sent.

    Parameters
    ----------
    path
        Where it is, under a name that the server made.
    name
        Its name as the visitor knows it, with harmless characters only.
    n_bytes
        Its size.
    """

    path: Path
    name: str
    n_bytes: int


@dataclass(eq=False)
class Job:
    """One galaxy of one visitor. Only the thread of the server changes it, but for ``phase`` and ``result``.

    Parameters
    ----------
    id
        Cannot be guessed.
    folder
        Of its files.
    files
        Role → file.
    example
        Name of the example that all files are of; "" for those of a visitor.
    state, phase, message
        How far it is; the stage that runs; why it failed.
    settings
        Of the last inference, as the page sent them.
    result
        What the page shows; all but the files while the inference still runs.
    task, preview
        What the workers do for it.
    n_inferences
        That were begun.
    began, seconds
        When the inference was queued, on the clock of the process, and how long it took [s].
    incoming
        Bytes that are on their way.
    touched
        When a visitor last asked for it, on the clock of the process [s].
    """

    id: str
    folder: Path
    files: dict[str, Upload] = field(default_factory=dict)
    example: str = ""
    state: State = "open"
    phase: str = ""
    message: str = ""
    settings: Any = None
    result: dict[str, Any] = field(default_factory=dict)
    task: "Future[Any] | None" = None
    preview: "Future[Any] | None" = None
    n_inferences: int = 0
    began: float = 0.0
    seconds: float = 0.0
    incoming: int = 0
    touched: float = field(default_factory=time.monotonic)

    @property
    def n_bytes(self) -> int:
        """Size of its files, those on their way included."""
        return self.incoming + sum(upload.n_bytes for upload in self.files.values())

    @property
    def is_busy(self) -> bool:
        """Whether it waits for an inference, or has one running."""
        return self.state in ("waiting", "running")

    @property
    def results(self) -> Path:
        """Folder of what is inferred; each inference has one of its own, as one that was stopped may still write."""
        return self.folder / f"result-{self.n_inferences}"

    def add(self, role: str, upload: Upload) -> None:
        """Take a file; one of the same role that was there before is removed."""
        before = self.files.get(role)
        self.files[role] = upload
        if before is not None and before.path != upload.path:
            before.path.unlink(missing_ok=True)
        self.example = ""
        self.forget_result()

    def remove(self, role: str) -> None:
        """Remove a file, if there is one of this role."""
        upload = self.files.pop(role, None)
        if upload is not None:
            upload.path.unlink(missing_ok=True)
        self.example = ""
        self.forget_result()

    def begin(self, settings: object) -> None:
        """Take the settings of an inference that waits from now on."""
        self.forget_result()
        self.n_inferences += 1
        self.state, self.settings, self.began = "waiting", settings, time.monotonic()

    def end(self, state: Literal["done", "failed"], message: str = "") -> None:
        """Note how the inference ended."""
        self.state, self.message, self.task = state, message, None
        self.seconds = time.monotonic() - self.began

    def forget_result(self) -> None:
        """Remove what was inferred; what still waits is cancelled, and what runs is heeded no more."""
        if self.task is not None:
            self.task.cancel()
        self.state, self.phase, self.message, self.settings, self.result = "open", "", "", None, {}
        self.task = None
        shutil.rmtree(self.results, ignore_errors=True)


class Jobs:
    """All jobs of a server, under one folder that is removed with it."""

    def __init__(self, config: ServeConfig) -> None:
        self.config = config
        remove_leftovers()
        self.root = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")).resolve()
        self._jobs: dict[str, Job] = {}

    def __len__(self) -> int:
        """Return the number of jobs."""
        return len(self._jobs)

    @property
    def n_bytes(self) -> int:
        """Size of all uploads."""
        return sum(job.n_bytes for job in self._jobs.values())

    @property
    def n_busy(self) -> int:
        """Jobs that wait or run."""
        return sum(job.is_busy for job in self._jobs.values())

    def new(self) -> Job:
        """Start a job with an id that cannot be guessed.

        Raises
        ------
        FullError
            If there are as many as the settings allow.
        """
        self.sweep()
        if len(self._jobs) >= self.config.max_jobs:
            raise FullError(
                f"the server holds {len(self._jobs)} galaxies, as many as it may: try again in some minutes."
            )
        job_id = secrets.token_urlsafe(24)
        folder = self.root / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        self._jobs[job_id] = job = Job(job_id, folder)
        return job

    def get(self, job_id: str) -> Job | None:
        """Find a job and keep it for another while; None if there is none."""
        job = self._jobs.get(job_id)
        if job is not None:
            job.touched = time.monotonic()
        return job

    def drop(self, job: Job) -> None:
        """Remove a job with all its files."""
        self._jobs.pop(job.id, None)
        for task in (job.task, job.preview):
            if task is not None:
                task.cancel()
        shutil.rmtree(job.folder, ignore_errors=True)

    def holds(self, job: Job) -> bool:
        """Whether a job has not been removed."""
        return job.id in self._jobs

    def sweep(self) -> int:
        """Remove jobs that nobody touched for as long as the settings say, but for busy ones; how many."""
        oldest = time.monotonic() - 60 * self.config.keep_minutes
        gone = [job for job in self._jobs.values() if job.touched < oldest and not job.is_busy]
        for job in gone:
            self.drop(job)
        return len(gone)

    def close(self) -> None:
        """Remove everything."""
        for job in list(self._jobs.values()):
            self.drop(job)
        shutil.rmtree(self.root, ignore_errors=True)


def remove_leftovers() -> None:
    """Remove folders of servers of this user that ended without removing them, as by a kill."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        process = folder.name.removeprefix(PREFIX).split("-")[0]
        with contextlib.suppress(OSError, ValueError):
            if folder.stat().st_uid == os.getuid() and not _is_alive(int(process)):
                shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def display_name(name: str) -> str:
    """Return a file's name for display and for files: its last part, of harmless characters.

    It is never used as a path.
    """
    plain = _ODD.sub("_", re.split(r"[/\\]", name)[-1])[-200:]
    stem, dot, ending = plain.rpartition(".") if "." in plain else (plain, "", "")
    return f"{stem.strip('._+-')[:60] or 'file'}{dot}{ending[:10]}"


def require_suffix(role: str, name: str) -> str:
    """Return the ending that a file of a role is stored under.

    Raises
    ------
    InputError
        If the role is none, or the ending not one of it.
    """
    if role not in SUFFIXES:
        raise InputError(f"there is no kind of file {display_name(role)!r}: expected one of {', '.join(SUFFIXES)}.")
    suffix = Path(display_name(name)).suffix.lower()
    if suffix not in SUFFIXES[role]:
        kind = "a table of stars" if role in TABLES else "HI data"
        hint = " (unpack it first)" if suffix in (".gz", ".bz2", ".zip", ".xz") else ""
        raise InputError(
            f"{display_name(name)} ends with {suffix or 'nothing'!r}, {kind} with one of {', '.join(SUFFIXES[role])}"
            f"{hint}: save it in one of these formats."
        )
    return suffix
