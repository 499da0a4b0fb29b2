"""The status line: on a terminal it is replaced, elsewhere there is none."""

import os
import pty
import subprocess
import sys

SCRIPT = (
    "from stargas.cli.status import StatusLine, print_to_stderr\n"
    "status = StatusLine()\nstatus.show('reading')\nprint_to_stderr('warning: careful')\n"
    "status.show('drawing')\nstatus.clear()\n"
)


def test_on_a_terminal_a_line_is_replaced():
    parent, child = pty.openpty()
    subprocess.run([sys.executable, "-c", SCRIPT], stderr=child, check=True)
    os.close(child)
    written = os.read(parent, 1000).decode()
    os.close(parent)
    assert written == "\r\x1b[2Kreading …\r\x1b[2Kwarning: careful\r\n\r\x1b[2Kdrawing …\r\x1b[2K"


def test_elsewhere_there_is_none():
    assert (
        subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True).stderr == b"warning: careful\n"
    )
