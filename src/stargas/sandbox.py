"""Bounds around the reading of files that others wrote: time, memory, and what else may be opened.

Libraries that read FITS, VOTable or HDF5 can be made to compute without end, to ask for all memory there is, or to
crash the process, by a file that is damaged or made to do so. What of this shows in a header is refused before a
library sees the file (`stargas.observed.fits_structure`, `stargas.observed.table`). For the rest files are read in a
process of their own:

- The command line reads with `in_child`: a fork of the process, which takes 20 to 40 ms, reads and measures, sends the
  result back and ends. It is ended when it takes too much time of the processor, or waits for very long, and refused
  more memory than the machine has left.
- A worker of the page (``stargas.serve.worker``) is such a process already: it lives longer, since it holds the model,
  is killed by ``serve.pool``, and bounds its memory by `limit_memory`, so that all workers together fit into the
  machine.

Both may open no connection and start no program, and a worker opens the files of its job alone. Python asks an audit
hook before each of these; once it is there it cannot be taken away. Limits are those of Linux: elsewhere `in_child`
calls the function in the same process, without them. From Python nothing of this happens by itself.
"""

import contextlib
import ctypes
import importlib
import math
import os
import pickle
import resource
import signal
import site
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, ParamSpec, TypeVar, cast

import stargas
from stargas.errors import DamagedFileError, InputError

P = ParamSpec("P")
T = TypeVar("T")

IS_AVAILABLE = sys.platform == "linux" and hasattr(os, "memfd_create")
"""Whether processes can be forked safely and bounded here."""

READ_SECONDS, SECONDS_PER_MB = 60.0, 1.0
"""Most time of the processor that reading and measuring may take [s], and what each MB of the files adds: some ten to
a hundred times what a sound file takes, however busy the machine is."""

WAIT_FACTOR = 10.0
"""Longest time by the clock, in units of that: for a process that waits and so takes no time of the processor."""

MEMORY_SHARE = 0.8
"""Fraction of the memory that the machine has left which may be used."""

LIBRARIES = ("astropy.table", "astropy.wcs", "astropy.coordinates")
"""What the readers import, and so before the fork: not in every child anew."""

_REFUSED = ("socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen", "os.system", "os.exec")

_SYSTEM = ("/proc", "/sys", "/dev", "/usr/share/fonts", "/usr/share/zoneinfo")

_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")

_PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


class _Fence:
    """What the hook allows; one per process, as the hook is."""

    def __init__(self) -> None:
        self.installed = False
        self.closed = False
        self.program: tuple[str, ...] = ()
        self.folder: str | None = None

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.closed:
            return
        if event in _REFUSED:
            raise PermissionError(f"the file asks for {event}, which is not allowed")
        if self.folder is not None and event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not any(path == root or path.startswith(root + os.sep) for root in (self.folder, *self.program)):
                raise PermissionError("the file points to another file, which is not read")


_fence = _Fence()


def install(*more: str | os.PathLike[str]) -> None:
    """Put the hook into this process.

    Parameters
    ----------
    more
        Folders that belong to the program, such as that of the model.
    """
    import matplotlib as mpl

    paths = sysconfig.get_paths()
    roots = [sys.prefix, *(paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))]
    roots += [*site.getsitepackages(), site.getusersitepackages()]
    roots += [str(Path(module).parent) for module in (stargas.__file__, __file__)]
    roots += [mpl.get_configdir(), mpl.get_cachedir(), *_SYSTEM, *(str(folder) for folder in more)]
    _fence.program = tuple({os.path.realpath(root) for root in roots})
    _install_hook()


def _install_hook() -> None:
    if not _fence.installed:
        sys.addaudithook(_fence)
        _fence.installed = True


@contextmanager
def only(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Let this process open files of one folder and of the program alone, and no connection.

    Raises
    ------
    RuntimeError
        If there is no hook yet.
    """
    if not _fence.installed:
        raise RuntimeError("install() comes before only(): without the hook nothing is refused.")
    _fence.folder, _fence.closed = os.path.realpath(folder), True
    try:
        yield
    finally:
        _fence.folder, _fence.closed = None, False


def machine_memory() -> int:
    """Memory of this machine, or of the control group that this process is in [bytes]."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _CGROUPS:
        with contextlib.suppress(OSError, ValueError):  # "max", or there is none
            limits.append(int(Path(path).read_text()))
    return min(limits)


def available_memory() -> int:
    """Memory that new processes can use without swapping [bytes]; that of the machine where it does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        available = next(line for line in lines if line.startswith("MemAvailable:"))
        return min(machine_memory(), 1024 * int(available.split()[1]))
    return machine_memory()


def resident_memory() -> int:
    """Memory that this process uses now [bytes]; zero where the system does not say."""
    return _statm(1)


def _statm(field: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return os.sysconf("SC_PAGE_SIZE") * int(Path("/proc/self/statm").read_text().split()[field])
    return 0


def limit_memory(n_bytes: int) -> None:
    """Refuse this process more than some memory beside what it uses now; no limit is raised by it.

    Parameters
    ----------
    n_bytes
        It may still take [bytes]. The address space is what is bounded, of which the libraries map much more than
        they use: what is mapped already does not count.
    """
    mapped = _statm(0)
    if not mapped:
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = mapped + n_bytes
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _limit_processor(seconds: float) -> None:
    """End this process by SIGXCPU once it has taken some time of the processor; no limit is raised by it."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    most = math.ceil(seconds)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


class _Answer(NamedTuple):
    """What a child sends: a value, or what was raised, and the warnings on the way."""

    value: Any
    error: Exception | None
    warnings: list[tuple[Warning | str, type[Warning], str, int]]


def in_child(
    files: Sequence[str | os.PathLike[str] | None],
    function: Callable[P, T],
    *arguments: P.args,
    **keywords: P.kwargs,
) -> T:
    """Call a function that reads files in a process of its own, with limits of time and memory.

    Parameters
    ----------
    files
        What it reads, folders with all that is in them, for the limits of time and for messages; None is left out.
    function, arguments, keywords
        What is called. Its value, or what it raises, and its warnings come back.

    Returns
    -------
    object
        The value of the function.

    Raises
    ------
    InputError
        If it takes longer, or needs more memory, than reading these files can.
    DamagedFileError
        If the process crashes.
    """
    with started_in_child(files, function, *arguments, **keywords) as result:
        return result()


@contextmanager
def started_in_child(
    files: Sequence[str | os.PathLike[str] | None],
    function: Callable[P, T],
    *arguments: P.args,
    **keywords: P.kwargs,
) -> Iterator[Callable[[], T]]:
    """Begin what `in_child` does, so that this process can do something else meanwhile.

    Parameters
    ----------
    files, function, arguments, keywords
        As of `in_child`.

    Yields
    ------
    callable
        Waits for the child; returns and raises what `in_child` does. The child is killed where the block ends before.
    """
    if not IS_AVAILABLE:
        yield lambda: function(*arguments, **keywords)
        return
    for library in LIBRARIES:
        importlib.import_module(library)
    paths = [Path(path) for path in files if path is not None]
    names = ", ".join(map(str, paths)) or "the files"
    seconds = READ_SECONDS + SECONDS_PER_MB * sum(map(_size, paths)) / 1e6
    memory = int(MEMORY_SHARE * available_memory())
    with os.fdopen(os.memfd_create("stargas"), "w+b") as pipe:
        call: Callable[[], T] = lambda: function(*arguments, **keywords)  # noqa: E731 (it is handed on)
        with _forked(_answer_into, pipe, memory, seconds, call) as wait:

            def result() -> T:
                _require_sound(wait(WAIT_FACTOR * seconds), names, seconds, memory)
                pipe.seek(0)
                answer: _Answer = pickle.load(pipe)  # noqa: S301 (from our own process)
                for message, category, filename, line in answer.warnings:
                    warnings.warn_explicit(message, category, filename, line)
                if answer.error is not None:
                    raise answer.error
                return cast("T", answer.value)

            yield result


def _require_sound(status: int | None, names: str, seconds: float, memory: int) -> None:
    """Turn the exit status of a child into a sentence; None if it took too long by the clock."""
    if status is None:
        raise InputError(
            f"reading {names} did not end within {WAIT_FACTOR * seconds:.0f} s, most of which it waited: copy it "
            "to a disk of this machine."
        )
    if status == -signal.SIGXCPU:
        raise InputError(
            f"reading {names} took more than {seconds:.0f} s of the processor: cut the galaxy out, or write it again."
        )
    if status in (_OUT_OF_MEMORY, -signal.SIGKILL):
        raise InputError(
            f"reading {names} needs more than the {memory / 1e9:.1f} GB that this machine has left: cut the galaxy "
            "out of it first."
        )
    if status:
        raise DamagedFileError(
            f"{names} made the library that reads it crash ({_name_of(status)}): write or copy it again."
        )


def _size(path: Path) -> int:
    parts = path.rglob("*") if path.is_dir() else [path]
    return sum(part.stat().st_size for part in parts if part.is_file())


_OUT_OF_MEMORY = 77
"""Exit status of a child that lacks memory."""


@contextmanager
def _forked(work: Callable[..., None], *arguments: Any) -> Iterator[Callable[[float], int | None]]:  # noqa: ANN401 (of the work)
    """Run a function in a fork of this process, which ends with the block.

    Yields
    ------
    callable
        Waits for some seconds and returns the exit status, negative for a signal, or None if it took longer.
    """
    import multiprocessing

    process = multiprocessing.get_context("fork").Process(target=work, args=arguments, daemon=True)

    def wait(seconds: float) -> int | None:
        process.join(seconds)
        return process.exitcode

    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # of threads: those of numpy are idle, and it knows forks
            process.start()
        yield wait
    finally:
        process.kill()
        process.join()
        process.close()


def _answer_into(pipe: BinaryIO, memory: int, seconds: float, call: Callable[[], Any]) -> None:
    """Call a function within limits and write what comes of it; the whole life of a child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # so does its death
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory(memory)
    _limit_processor(seconds)
    _install_hook()
    _fence.closed = True
    try:
        with warnings.catch_warnings(record=True) as caught:
            value, error = _called(call)
        warned = [(one.message, one.category, one.filename, one.lineno) for one in caught]
        pickle.dump(_Answer(value, error, warned), pipe, protocol=5)
        pipe.flush()
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)


def _called(call: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return call(), None
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 (it is raised again in the parent)
        error.add_note(traceback.format_exc())
        return None, error


def _name_of(status: int) -> str:
    return f"exit status {status}" if status > 0 else signal.Signals(-status).name
