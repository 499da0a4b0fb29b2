"""The web application: uploads, looks at them, inferences, results.

It never opens what was sent: that is done in `stargas.serve.worker`. All that a request can name is a job, a role
of a file, and a result that the server has listed itself.
"""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from stargas import __version__
from stargas.errors import InputError
from stargas.serve.form import read_values
from stargas.serve.jobs import FullError, Job, Jobs, Upload, require_suffix, shown_name
from stargas.serve.pool import FIRST, Pool, TaskError
from stargas.serve.security import REPORT_POLICY, Application, Gate
from stargas.serve.settings import SUFFIXES, ServeConfig
from stargas.serve.worker import ARCHIVE, EXAMPLES, TRACER_OF_ROLE, work

STATIC = Path(__file__).parent / "static"

SWEEP_SECONDS = 30.0

LONGEST_SETTINGS = 20_000
"""Bytes of settings that are read."""

SHIPPED: dict[str, dict[str, Any]] = {
    "both": {
        "title": "Mock dwarf: stars and HI",
        "files": {"stars": "mock_dwarf_stars.csv", "hi_cube": "mock_dwarf_hi.fits"},
        "values": {"distance_kpc": 950, "distance_error_kpc": 30, "R_hl_kpc": 1.41, "R_hl_error_kpc": 0.08},
    },
    "stars": {
        "title": "Mock dwarf: stars alone",
        "files": {"stars": "mock_dwarf_stars.csv"},
        "values": {"distance_kpc": 950, "distance_error_kpc": 30, "R_hl_kpc": 1.41, "R_hl_error_kpc": 0.08},
    },
    "hi": {
        "title": "Mock dwarf: HI alone",
        "files": {"hi_cube": "mock_dwarf_hi.fits"},
        "values": {"distance_kpc": 950, "distance_error_kpc": 30, "R_hl_kpc": 1.41, "R_hl_error_kpc": 0.08},
    },
}
"""Examples to click."""

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".png": "image/png",
    ".zip": "application/zip",
    ".json": "application/json",
    ".ecsv": "text/plain; charset=utf-8",
    ".yaml": "text/plain; charset=utf-8",
    ".fits": "application/fits",
}


class NoJobError(InputError):
    """The job was removed, or never was."""


class TooLargeError(InputError):
    """An upload has more bytes than it may."""


STATUS: dict[type[InputError], int] = {FullError: 503, NoJobError: 404, TooLargeError: 413, TaskError: 422}


def create_app(config: ServeConfig, pool: Pool | None = None) -> Application:
    """Make the application.

    Parameters
    ----------
    config
        Settings.
    pool
        Processes; one is started with the application and ended with it if None.

    Returns
    -------
    Application
        ASGI. All uploads are removed when it shuts down.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.jobs = jobs = Jobs(config)
        app.state.pool = own = pool or Pool(config.workers, work, config)
        sweeper = asyncio.create_task(_sweep(jobs))
        try:
            yield
        finally:
            sweeper.cancel()
            if pool is None:
                await asyncio.to_thread(own.close)
            jobs.close()

    app = FastAPI(title="stargas", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.config = config
    app.add_exception_handler(InputError, _say_error)
    app.add_exception_handler(HTTPException, _say_error)
    app.add_exception_handler(RequestValidationError, _say_error)
    _add_routes(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return cast("Application", Gate(cast("Application", app), config.names))


async def _sweep(jobs: Jobs) -> None:
    while True:
        await asyncio.sleep(min(SWEEP_SECONDS, 60 * jobs.config.keep_minutes))
        jobs.sweep()


async def _say_error(_: Request, error: Exception) -> JSONResponse:
    """Answer with one sentence."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": "there is nothing at this address."}, error.status_code)
    if not isinstance(error, InputError):
        return JSONResponse({"error": "the request is not understood."}, 422)
    status = STATUS.get(type(error), 422)
    # the rest of a body that is refused is not read
    headers = {"Connection": "close"} if isinstance(error, TooLargeError | FullError) else None
    return JSONResponse({"error": str(error)}, status, headers)


def _job(request: Request, job_id: str) -> Job:
    job = request.app.state.jobs.get(job_id)
    if job is None:
        raise NoJobError("this galaxy was removed from the server: add the files again.")
    return cast("Job", job)


def _idle(job: Job) -> Job:
    if job.is_busy:
        raise InputError("this galaxy is being worked on: wait for the answer, or start anew.")
    return job


def _listed(job: Job) -> dict[str, dict[str, Any]]:
    return {role: {"name": upload.shown, "bytes": upload.n_bytes} for role, upload in job.files.items()}


async def _read_json(request: Request) -> Any:  # noqa: ANN401 (JSON)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_SETTINGS:
            raise TooLargeError("the settings are longer than any can be.")
    try:
        return json.loads(body or b"{}", parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise InputError("the settings are not JSON.") from error


async def _receive(request: Request, job: Job, role: str, name: str) -> Upload:
    """Write the body of a request to a file of a job, and stop at the first byte too many."""
    config: ServeConfig = request.app.state.config
    suffix, shown, most = require_suffix(role, name), shown_name(name), config.max_bytes(role)
    too_large = f"{shown} is larger than {most / 1e6:.0f} MB, the most that is taken: cut the galaxy out of it first."
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > most:
        raise TooLargeError(too_large)
    jobs: Jobs = request.app.state.jobs
    # a name of its own, so that two uploads of one role at a time do not mix
    number = 1 + max((int(path.stem.rsplit("-", 1)[-1]) for path in job.folder.glob(f"{role}-*")), default=0)
    path = job.folder / f"{role}-{number}{suffix}"
    n_bytes = 0
    try:
        with path.open("xb") as file:
            async with asyncio.timeout(config.upload_seconds):
                async for chunk in request.stream():
                    n_bytes += len(chunk)
                    job.incoming += len(chunk)
                    _check_room(n_bytes > most, too_large, jobs)
                    file.write(chunk)
        _check_received(n_bytes, shown, jobs, job)
    except TimeoutError as error:
        path.unlink(missing_ok=True)
        raise InputError(f"{shown} took longer than {config.upload_seconds:.0f} s to arrive: try again.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        job.incoming -= n_bytes
    return Upload(path, shown, n_bytes)


def _check_room(over: bool, too_large: str, jobs: Jobs) -> None:
    if over:
        raise TooLargeError(too_large)
    if jobs.n_bytes > 1e6 * jobs.config.max_total_mb:
        raise FullError("the server has no room for more files: try again in some minutes.")


def _check_received(n_bytes: int, shown: str, jobs: Jobs, job: Job) -> None:
    if not n_bytes:
        raise InputError(f"{shown} is empty.")
    if not jobs.holds(job):
        raise NoJobError("this galaxy was removed from the server: add the files again.")


def _payload(job: Job, values: dict[str, Any]) -> dict[str, Any]:
    if not job.files:
        raise InputError("there are no files yet: add a table of stars or HI data.")
    order = [role for role in SUFFIXES if role in job.files]
    name = Path(job.files[order[0]].shown).stem
    files = {role: (str(job.files[role].path), job.files[role].shown) for role in order}
    return {"folder": str(job.folder), "files": files, "values": values, "name": name}


def _check_for_inference(job: Job, values: dict[str, Any]) -> None:
    """Say what is missing before anything is computed."""
    if "hi_cube" in job.files or "moment0" in job.files:
        if "distance_kpc" not in values:
            raise InputError("the distance is missing: HI needs it for lengths and masses.")
        if "stars" not in job.files and "R_hl_kpc" not in values:
            raise InputError("the half-light radius is missing: HI alone does not show it, take it from photometry.")


def _state(request: Request, job: Job) -> dict[str, Any]:
    place = request.app.state.pool.position(job.task) if job.task is not None else 0
    if job.state == "waiting" and place == 0:
        job.state = "running"
    return {
        "state": job.state,
        "phase": f"waiting, {place - 1} before it" if job.state == "waiting" else job.phase,
        "message": job.message,
        "result": job.result or None,
        "files": _listed(job),
    }


async def _follow(jobs: Jobs, job: Job) -> None:
    """Wait for an inference and note how it ended."""
    task = job.task
    if task is None:
        return
    try:
        result = await asyncio.wrap_future(task)
        job.state, job.result = "done", result
    except TaskError as error:
        job.state, job.message = "failed", str(error)
    except (CancelledError, asyncio.CancelledError):
        job.state, job.message = "failed", "the inference was stopped."
    except Exception:  # noqa: BLE001 (a job must not stay busy for ever)
        job.state, job.message = "failed", "the server failed on these data: please report it."
    job.task = None
    if not jobs.holds(job):
        await asyncio.to_thread(shutil.rmtree, job.folder, ignore_errors=True)


def _fits(shipped: dict[str, Any], needs: list[str]) -> bool:
    """Whether an example has what the model cannot do without."""
    return set(needs) <= {TRACER_OF_ROLE[role] for role in shipped["files"]}


def _add_routes(app: FastAPI) -> None:
    followers: set[asyncio.Task[None]] = set()

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @app.get("/api/about")
    async def about(request: Request) -> dict[str, Any]:
        config: ServeConfig = request.app.state.config
        needs = (await asyncio.to_thread(request.app.state.pool.wait_until_ready))["needs"]
        return {
            "version": __version__,
            "keep_minutes": config.keep_minutes,
            "max_bytes": {role: config.max_bytes(role) for role in SUFFIXES},
            "suffixes": dict(SUFFIXES),
            "examples": {name: shipped["title"] for name, shipped in SHIPPED.items() if _fits(shipped, needs)},
        }

    @app.post("/api/jobs", status_code=201)
    async def start(request: Request) -> dict[str, str]:
        return {"id": request.app.state.jobs.new().id}

    @app.get("/api/jobs/{job_id}")
    async def state(request: Request, job_id: str) -> dict[str, Any]:
        return _state(request, _job(request, job_id))

    @app.delete("/api/jobs/{job_id}", status_code=204)
    async def remove(request: Request, job_id: str) -> Response:
        request.app.state.jobs.drop(_job(request, job_id))
        return Response(status_code=204)

    @app.put("/api/jobs/{job_id}/files/{role}")
    async def upload(request: Request, job_id: str, role: str, name: str) -> dict[str, Any]:
        job = _idle(_job(request, job_id))
        added = await _receive(request, job, role, name)
        _idle(job).add(role, added)
        return {"files": _listed(job)}

    @app.delete("/api/jobs/{job_id}/files/{role}")
    async def take_out(request: Request, job_id: str, role: str) -> dict[str, Any]:
        job = _idle(_job(request, job_id))
        job.remove(role)
        return {"files": _listed(job)}

    @app.post("/api/jobs/{job_id}/example/{name}")
    async def example(request: Request, job_id: str, name: str) -> dict[str, Any]:
        job = _idle(_job(request, job_id))
        if name not in SHIPPED:
            raise InputError(f"there is no such example: expected one of {', '.join(SHIPPED)}.")
        for role in list(job.files):
            job.remove(role)
        for role, file in SHIPPED[name]["files"].items():
            path = job.folder / f"{role}-1{Path(file).suffix}"
            shutil.copyfile(EXAMPLES / file, path)
            job.add(role, Upload(path, file, path.stat().st_size))
        return {"files": _listed(job), "values": SHIPPED[name]["values"]}

    @app.post("/api/jobs/{job_id}/preview")
    async def preview(request: Request, job_id: str) -> dict[str, Any]:
        job = _idle(_job(request, job_id))
        values = read_values(await _read_json(request))
        seconds = request.app.state.config.preview_seconds
        task = request.app.state.pool.submit("preview", _payload(job, values), seconds=seconds, priority=FIRST)
        return cast("dict[str, Any]", await asyncio.wrap_future(task))

    @app.post("/api/jobs/{job_id}/infer", status_code=202)
    async def infer(request: Request, job_id: str) -> dict[str, Any]:
        job = _idle(_job(request, job_id))
        values = read_values(await _read_json(request))
        jobs, config = request.app.state.jobs, request.app.state.config
        payload = _payload(_idle(job), values)
        _check_for_inference(job, values)
        if jobs.n_busy >= config.max_waiting:
            raise FullError(f"{jobs.n_busy} galaxies are waiting already: try again in a minute.")
        job.forget_result()
        job.state = "waiting"

        def note(phase: str) -> None:
            job.phase = phase

        job.task = request.app.state.pool.submit("infer", payload, seconds=config.infer_seconds, on_phase=note)
        follower = asyncio.create_task(_follow(jobs, job))
        followers.add(follower)
        follower.add_done_callback(followers.discard)
        return _state(request, job)

    @app.get("/api/jobs/{job_id}/results/{name:path}")
    async def result(request: Request, job_id: str, name: str) -> FileResponse:
        job = _job(request, job_id)
        # only what the worker has listed; nothing of the request becomes part of a path
        listed = next((one for one in job.result.get("files", []) if one == name), None)
        if job.state != "done" or listed is None:
            raise NoJobError("there is no such result.")
        path = job.results / listed
        headers = {"Content-Security-Policy": REPORT_POLICY}
        shown = f"{job.result['name']}.zip" if listed == ARCHIVE else path.name
        inline = path.suffix in (".html", ".png")
        return FileResponse(
            path,
            media_type=KINDS.get(path.suffix, "application/octet-stream"),
            headers=headers,
            filename=shown,
            content_disposition_type="inline" if inline else "attachment",
        )
