"""A server that is ended leaves nothing of its visitors, and says where it serves."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from stargas.serve.jobs import PREFIX


def ask(method, address, body=None):
    request = urllib.request.Request(address, data=body, method=method)  # noqa: S310 (our own server)
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (the same)
        return json.loads(answer.read() or b"null")


@pytest.mark.slow
def test_a_server_that_is_ended_while_it_infers_leaves_nothing(tmp_path):
    server = subprocess.Popen(
        [sys.executable, "-c", "from stargas.cli import main; main()", "serve", "--port", "0", "--workers", "1"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        address = re.search(r"http://\S+/", server.stdout.readline()).group()
        job = f"{address}api/jobs/{ask('POST', f'{address}api/jobs')['id']}"
        values = ask("POST", f"{job}/example/both")["values"]
        ask("POST", f"{job}/infer", json.dumps(values).encode())
        assert list(tmp_path.glob(f"{PREFIX}*/*/*.csv"))
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(f"{PREFIX}*/*/result")) and time.monotonic() < deadline:
            time.sleep(0.05)
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)
    finally:
        server.kill()
        server.stdout.close()
    assert not list(tmp_path.glob(f"{PREFIX}*"))
