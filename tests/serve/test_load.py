"""The page with two hundred visitors at a time, eight of whom infer, while workers die; then it is ended."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stargas.serve.jobs import PREFIX
from stargas.serve.pool import START_SECONDS

N_CONNECTIONS, N_JOBS, N_WORKERS, N_KILLS = 200, 8, 2, 2

N_ALONE = 4
"""Inferences without previews beside them, and of those through which workers are killed."""

MAX_SLOWDOWN = 2.0
PATIENCE = 1200.0
"""Seconds until the test is given up."""


class Visitor:
    """One connection that stays open, as that of a browser."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=PATIENCE)

    def ask(self, method, path, body=None):
        """Return the status and the answer, JSON or bytes."""
        self.connection.request(method, path, body)
        answer = self.connection.getresponse()
        content = answer.read()
        is_json = answer.getheader("content-type", "").startswith("application/json")
        if answer.getheader("connection") == "close":
            self.connection.close()
        return answer.status, json.loads(content) if is_json else content

    def __enter__(self):
        """Return the visitor."""
        return self

    def __exit__(self, *_):
        """Close the connection."""
        self.connection.close()

    def start(self, example="both"):
        """Start a job with the files of an example; return its path and values."""
        status, answer = self.ask("POST", "/api/jobs")
        assert status == 201, answer
        job = f"/api/jobs/{answer['id']}"
        status, answer = self.ask("POST", f"{job}/example/{example}")
        assert status == 200, answer
        return job, json.dumps(answer["values"])


class Inferring(Visitor):
    """A visitor who infers and waits for the answer."""

    def run(self):
        """Return the job's path, its last state and the seconds that it took."""
        before = time.monotonic()
        job, values = self.start()
        status, answer = self.ask("POST", f"{job}/infer", values)
        assert status == 202, answer
        while time.monotonic() - before < PATIENCE:
            _, state = self.ask("GET", job)
            if state["state"] in ("done", "failed"):
                return job, state, time.monotonic() - before
            time.sleep(1.0)
        raise TimeoutError(job)


class Looking(Visitor):
    """A visitor who looks at files again and again."""

    def run(self, ended):
        """Return the number of looks, and of those that were refused; each answer is a figure or a sentence."""
        seen = refused = 0
        job, values = self.start("stars")
        while not ended.is_set():
            status, answer = self.ask("POST", f"{job}/preview", values)
            if status == 200:
                seen += 1
                assert answer["stars"]["chart"] or answer["stars"]["error"]
            else:
                refused += 1
                assert status in (422, 503), (status, answer)
                assert answer["error"].endswith(".")
                ended.wait(1.0)
        return seen, refused


@contextlib.contextmanager
def server(folder):
    """Start a server; yield its process and address."""
    command = "from stargas.cli import main; main()"
    words = ("serve", "--port", "0", "--workers", str(N_WORKERS))
    process = subprocess.Popen(
        [sys.executable, "-c", command, *words],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    try:
        yield process, re.search(r"http://\S+/", process.stdout.readline()).group()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def workers_of(server_id):
    """Return the ids of the processes of a server that hold the model."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == server_id and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def all_workers_of(server_id):
    """Wait until each process that was killed has a successor; return the ids of all."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if len(found := workers_of(server_id)) == N_WORKERS:
            return found
        time.sleep(0.5)
    pytest.fail(f"{len(found)} of {N_WORKERS} processes after {START_SECONDS:g} s")


def visit(visitor, *arguments):
    """Let a visitor do what it came for, and leave."""
    with visitor:
        return visitor.run(*arguments)


def infer_all(address, n_jobs):
    """Let visitors infer at a time; return what becomes of each, and the seconds of all together over their number."""
    before = time.monotonic()
    with ThreadPoolExecutor(n_jobs) as pool:
        ended = list(pool.map(lambda _: visit(Inferring(address)), range(n_jobs)))
    return ended, (time.monotonic() - before) / n_jobs


def check_results(address, ended):
    """Check that everything that was finished is still there."""
    with Visitor(address) as visitor:
        for job, state, _ in ended:
            if state["state"] == "done":
                for name in ("report.html", "stargas.zip"):
                    status, content = visitor.ask("GET", f"{job}/results/{name}")
                    assert status == 200
                    assert len(content) > 10_000


def remove(address, ended):
    """Remove galaxies, of which the server holds as many as there are connections."""
    with Visitor(address) as visitor:
        for job, _, _ in ended:
            assert visitor.ask("DELETE", job)[0] == 204


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_the_page_holds_under_load(tmp_path):
    with server(tmp_path) as (process, address):
        alone, seconds_alone = infer_all(address, N_ALONE)
        assert {state["state"] for _, state, _ in alone} == {"done"}
        check_results(address, alone)
        remove(address, alone)

        ended = threading.Event()
        with ThreadPoolExecutor(N_CONNECTIONS) as pool:
            looks = [pool.submit(visit, Looking(address), ended) for _ in range(N_CONNECTIONS - N_JOBS)]
            try:
                together, seconds_together = infer_all(address, N_JOBS)
            finally:
                ended.set()
        seen, refused = (sum(counts) for counts in zip(*(look.result() for look in looks), strict=True))
        assert {state["state"] for _, state, _ in together} == {"done"}
        check_results(address, together)
        remove(address, together[N_ALONE:])

        def kill():
            for _ in range(N_KILLS):
                time.sleep(max(3.0, 2 * seconds_alone))
                os.kill(all_workers_of(process.pid)[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        through_kills, _ = infer_all(address, N_ALONE)
        killer.join()
        failed = [state for _, state, _ in through_kills if state["state"] != "done"]
        assert len(failed) <= N_KILLS
        assert all("broke off" in state["message"] for state in failed)
        check_results(address, [*together[:N_ALONE], *through_kills])
        remove(address, together[:N_ALONE])

        workers = all_workers_of(process.pid)
        with Inferring(address) as last:
            job, values = last.start("stars")
            last.ask("POST", f"{job}/infer", values)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]
    assert not list(tmp_path.glob(f"{PREFIX}*"))
    slowdown = seconds_together / seconds_alone
    print(  # noqa: T201 (what was measured)
        f"{N_JOBS} inferences take {seconds_together:.1f} s each beside {seen} previews ({refused} refused), alone "
        f"{seconds_alone:.1f} s: {slowdown:.2f} times as long; {len(failed)} of {N_ALONE} fail in {N_KILLS} kills"
    )
    assert seen > 0
    assert slowdown < MAX_SLOWDOWN
