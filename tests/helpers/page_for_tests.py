"""A server whose workers answer at once, without a model."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi.testclient import TestClient

from stargas.serve.app import create_app
from stargas.serve.pool import Pool
from stargas.serve.settings import ServeConfig

HOST = "http://127.0.0.1"

STAR_CHART = {
    "unit": "kpc",
    "x": [0.5, -0.2, 0.1],
    "y": [0.0, 0.3, -0.4],
    "v": [5.0, -3.0, 1.0],
    "v_error": [1.0, 2.0, 1.0],
    "p": [1.0, 0.9, 0.8],
    "R_hl": 0.4,
    "sigma": 4.0,
}

HI_CHART = {
    "unit": "kpc",
    "start": -1.0,
    "step": 1.0,
    "moments": [[[None, 2.0, 0.3], [2.0, 9.0, 2.0], [0.3, 2.0, None]]] * 3,
    "R_HI": 1.2,
    "beam": {"major": 0.8, "minor": 0.5, "angle": 30.0},
}

RESULT = {
    "name": "galaxy",
    "model": "StarGas",
    "r_kpc": [0.5, 1.0, 2.0],
    "quantiles": [[7.0, 7.5, 8.0], [7.1, 7.6, 8.1], [7.2, 7.7, 8.2], [7.3, 7.8, 8.3], [7.4, 7.9, 8.4]],
    "R_hl_kpc": 1.0,
    "points": [{"name": "wolf", "label": "Wolf+10", "r_kpc": 1.33, "log10_mass": 7.9, "error": 0.1}],
    "rows": [["observed", "1.00", "1.0", "7.70 +0.10 −0.10", "7.50 – 7.90"]],
    "warnings": ["There are few stars."],
    "verdict": {"title": "Trusted", "text": "As usual.", "mood": "good"},
    "limits": ["The 68 % interval is ±0.10 dex."],
    "alternatives": [{"label": "prior bursty", "median": [7.1, 7.6, 8.1]}],
    "prior": None,
    "seed": 0,
    "n_draws": 2000,
    "n_realizations": 16,
    "observed": ["Distance 1 kpc."],
    "references": [],
    "predictive": {"alt": "Velocities as predicted.", "caption": "Bands: predicted."},
    "velocity_field": {"alt": "HI as predicted.", "caption": "Red recedes."},
    "dark": {
        "head": ["", "unit", "value"],
        "rows": [["ρ(150 pc)", "1e8 Msun/kpc³", "1.20 +0.30 −0.20"]],
        "caption": "Dark matter.",
        "warnings": ["No HI was observed."],
        "alt": "Dark matter of galaxy.",
    },
    "files": [
        "figures/dark_matter.png",
        "figures/predictive.png",
        "figures/velocity_field.png",
        "profile.ecsv",
        "report.html",
        "stargas.zip",
    ],
}


FORECAST = {
    "planned": "200 stars",
    "expectation": "Expect log10 M(<R_hl) to ± 0.15 dex.",
    "scope": "A forecast for 24 mock galaxies.",
    "tables": [{"head": ["half-width", "median"], "rows": [["1 R_hl", "0.152"]], "caption": "Half of the interval."}],
    "figure": "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
    "warnings": ["There are few galaxies."],
}


def quick_work(connection, delay=0.0, needs=()):
    """An entry of a pool that tells what it was given, and obeys words in the first file."""
    connection.send(("ready", {"needs": needs, "priors": ["bursty", "smooth"]}))
    while True:
        try:
            kind, payload = connection.recv()
        except EOFError:
            return
        text = b"".join(Path(path).read_bytes()[:40] for path, _ in payload["files"].values())
        if b"die" in text:
            raise SystemExit(3)
        if b"hang" in text:
            time.sleep(60)
        if b"wrong" in text:
            connection.send(("failed", "the file is wrong: correct it."))
            continue
        connection.send(("phase", {"stage": "reading", "answer": None}))
        time.sleep(delay)
        if kind == "preview":
            part = {"facts": [["stars", "7"]], "chart": STAR_CHART, "error": None, "warnings": []}
            stars = part | {"columns": ["ra", "dec", "HRV"], "used": {"ra": "ra", "dec": "dec"}}
            gas = (
                {"facts": [], "warnings": [], "error": None, "chart": HI_CHART}
                if "hi_cube" in payload["files"]
                else None
            )
            connection.send(("done", {"stars": stars, "hi": gas, "known": [], "given": json.dumps(payload)}))
            continue
        values = payload["values"]
        if kind == "forecast":
            connection.send(("done", FORECAST | {"planned": f"{values['n_stars']} stars", "given": json.dumps(values)}))
            continue
        result = RESULT | {name: values[name] for name in ("name", "prior", "seed", "n_draws") if name in values}
        connection.send(("phase", {"stage": "errors", "answer": result | {"files": []}}))
        time.sleep(delay)
        out = Path(payload["out"])
        (out / "figures").mkdir(parents=True)
        for name in RESULT["files"]:
            (out / name).write_bytes(text if name == "profile.ecsv" else b"<!doctype html><title>report</title>")
        connection.send(("done", result))


@contextmanager
def client(config=None, entry=quick_work, arguments=(), workers=1):
    """A client of a server of its own."""
    config = config or ServeConfig()
    pool = Pool(workers, entry, *arguments)
    try:
        with TestClient(create_app(config, pool), base_url=HOST) as made:
            yield made
    finally:
        pool.close()


def start(made):
    return f"/api/jobs/{made.post('/api/jobs').json()['id']}"


def send(made, job, content, role="stars", name="stars.csv"):
    return made.put(f"{job}/files/{role}", params={"name": name}, content=content)


def wait(made, job, seconds=60.0):
    """Wait for the answer of an inference."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = made.get(job).json()
        if state["state"] in ("done", "failed"):
            return state
        time.sleep(0.02)
    raise TimeoutError(state)


@contextmanager
def served(config=None, entry=quick_work, arguments=(), workers=1, port=0):
    """Address of a server that a browser can ask; at any free port if 0."""
    pool = Pool(workers, entry, *arguments)
    listening = socket.create_server(("127.0.0.1", port))
    server = uvicorn.Server(uvicorn.Config(create_app(config or ServeConfig(), pool), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        pool.close()
        listening.close()
