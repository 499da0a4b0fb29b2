"""What a command says of itself while it works: one line on the terminal's stderr, which the next one replaces."""

from __future__ import annotations

import sys

_ERASE = "\r\x1b[2K"


def print_to_stderr(text: str) -> None:
    """Print a line, in place of a status line where there is one."""
    print(f"{_ERASE if sys.stderr.isatty() else ''}{text}", file=sys.stderr)  # noqa: T201 (where errors and warnings go)


class StatusLine:
    """One line that is replaced; nothing where stderr is no terminal, as in a log or a pipe."""

    def __init__(self) -> None:
        self.visible = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Replace the line."""
        self._write(f"{_ERASE}{text} …")

    def clear(self) -> None:
        """Remove the line, before something else is printed."""
        self._write(_ERASE)

    def _write(self, text: str) -> None:
        if self.visible:
            sys.stderr.write(text)
            sys.stderr.flush()
