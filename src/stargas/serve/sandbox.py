"""A worker reads the files of its job, its own program, and nothing else.

Formats can name other files: a VOTable may point to a stream at any address. Inside `only` every opening of a file
outside the job's folder and the program is refused, and so is every connection and every new process. Python asks
an audit hook before each of them; once it is there it cannot be taken away.
"""

import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import stargas

_REFUSED = ("socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen", "os.system", "os.exec")

_SYSTEM = ("/proc", "/sys", "/dev", "/usr/share/fonts", "/usr/share/zoneinfo")


class _Fence:
    """What the hook allows; one per process, as the hook is."""

    def __init__(self) -> None:
        self.installed = False
        self.program: tuple[str, ...] = ()
        self.folder: str | None = None

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.folder is None:
            return
        if event in _REFUSED:
            raise PermissionError(f"the file asks for {event}, which is not allowed")
        if event == "open" and isinstance(arguments[0], str | bytes):
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
    if not _fence.installed:
        sys.addaudithook(_fence)
        _fence.installed = True


@contextmanager
def only(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Let this process open files of one folder and of the program alone.

    Raises
    ------
    RuntimeError
        If there is no hook yet.
    """
    if not _fence.installed:
        raise RuntimeError("install() comes before only(): without the hook nothing is refused.")
    _fence.folder = os.path.realpath(folder)
    try:
        yield
    finally:
        _fence.folder = None
