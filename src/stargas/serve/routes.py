"""What the page asks for: jobs, their files, previews, inferences and results.

All that a request can name is a job, a role of a file, and a result that the server has listed itself.
"""

import asyncio
import contextlib
import shutil
import time
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any, cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from stargas import __version__
from stargas.errors import InputError
from stargas.observed.local_volume import galaxy_names, is_known
from stargas.serve.examples import EXAMPLES, FOLDER, NAME
from stargas.serve.form import read_values
from stargas.serve.jobs import FullError, Job, Jobs, NoJobError, Upload, display_name
from stargas.serve.plan_form import read_plan
from stargas.serve.pool import Pool, TaskError
from stargas.serve.security import REPORT_POLICY
from stargas.serve.settings import ARCHIVE, STAGES, SUFFIXES, ServeConfig
from stargas.serve.uploads import read_json, receive_file

STATIC = Path(__file__).parent / "static"

DISCONNECT_SECONDS = 0.5
"""How often a preview looks whether its visitor is still there [s]."""

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".png": "image/png",
    ".zip": "application/zip",
    ".json": "application/json",
    ".ecsv": "text/plain; charset=utf-8",
    ".yaml": "text/plain; charset=utf-8",
    ".fits": "application/fits",
}

router = APIRouter()

_followers: set["asyncio.Task[None]"] = set()


@router.get("/")
async def page() -> FileResponse:
    """Return the page."""
    return FileResponse(STATIC / "index.html")


@router.get("/forecast")
async def forecast_page() -> FileResponse:
    """Return the page of the forecast."""
    return FileResponse(STATIC / "forecast.html")


@router.get("/api/about")
async def about(request: Request) -> dict[str, Any]:
    """Describe the server: limits, formats, its model, and the examples that the model can do."""
    config: ServeConfig = request.app.state.config
    ready = await asyncio.to_thread(_pool(request).wait_until_ready)
    return {
        "version": __version__,
        "keep_minutes": config.keep_minutes,
        "max_bytes": {role: config.max_bytes(role) for role in SUFFIXES},
        "suffixes": dict(SUFFIXES),
        "examples": {name: example.title for name, example in EXAMPLES.items() if example.suits(ready["needs"])},
        "priors": ready["priors"],
        "stages": list(STAGES),
        "n_draws": config.n_draws,
        "galaxies": galaxy_names(),
    }


@router.post("/api/jobs", status_code=201)
async def start(request: Request) -> dict[str, str]:
    """Start a job."""
    return {"id": _jobs(request).new().id}


@router.get("/api/jobs/{job_id}")
async def state(request: Request, job_id: str) -> dict[str, Any]:
    """Describe a job: how far it is, its files and its result."""
    return _state(request, _job(request, job_id))


@router.delete("/api/jobs/{job_id}", status_code=204)
async def remove(request: Request, job_id: str) -> Response:
    """Remove a job with all its files."""
    _jobs(request).drop(_job(request, job_id))
    return Response(status_code=204)


@router.put("/api/jobs/{job_id}/files/{role}")
async def upload(request: Request, job_id: str, role: str, name: str) -> dict[str, Any]:
    """Add a file to a job, in place of one of the same role."""
    job = _idle(_job(request, job_id))
    added = await receive_file(request, job, role, name)
    _idle(job).add(role, added)
    return {"files": _listed(job)}


@router.delete("/api/jobs/{job_id}/files/{role}")
async def remove_file(request: Request, job_id: str, role: str) -> dict[str, Any]:
    """Remove a file from a job."""
    job = _idle(_job(request, job_id))
    job.remove(role)
    return {"files": _listed(job)}


@router.post("/api/jobs/{job_id}/example/{name}")
async def use_example(request: Request, job_id: str, name: str) -> dict[str, Any]:
    """Replace the files of a job by those of an example."""
    job = _idle(_job(request, job_id))
    if name not in EXAMPLES:
        raise InputError(f"there is no such example: expected one of {', '.join(EXAMPLES)}.")
    example = EXAMPLES[name]
    for role in list(job.files):
        job.remove(role)
    for role, file in example.files.items():
        path = job.folder / f"{role}-1{Path(file).suffix}"
        shutil.copyfile(FOLDER / file, path)
        job.add(role, Upload(path, file, path.stat().st_size))
    job.example = name
    return {"files": _listed(job), "values": {"name": NAME, **example.values}}


@router.post("/api/jobs/{job_id}/preview")
async def preview(request: Request, job_id: str) -> dict[str, Any]:
    """Read the files of a job and describe what is in them; a preview that still waits is replaced."""
    job = _job(request, job_id)
    values = read_values(await read_json(request))
    return await _answered(request, job, "preview", _payload(job, values))


@router.post("/api/jobs/{job_id}/forecast")
async def forecast(request: Request, job_id: str) -> dict[str, Any]:
    """Forecast how sharp the masses of a galaxy will be; a forecast of this job that still waits is replaced."""
    job, plan = _job(request, job_id), read_plan(await read_json(request))
    return await _answered(request, job, "forecast", {"folder": str(job.folder), "files": {}, "values": plan})


@router.post("/api/jobs/{job_id}/infer", status_code=202)
async def infer(request: Request, job_id: str) -> dict[str, Any]:
    """Queue the inference of a job."""
    job = _idle(_job(request, job_id))
    settings = await read_json(request)
    values = read_values(settings)
    jobs, config = _jobs(request), request.app.state.config
    payload = _payload(_idle(job), values)
    _check_for_inference(job, values)
    if jobs.n_busy >= config.max_waiting:
        raise FullError(f"{jobs.n_busy} galaxies are waiting already: try again in a minute.")
    job.begin(settings)
    number = job.n_inferences

    def note(phase: dict[str, Any]) -> None:
        if job.n_inferences == number and job.is_busy:
            job.phase, job.result = phase["stage"], phase["answer"] or job.result

    payload |= {"out": str(job.results)}
    job.task = _pool(request).submit("infer", payload, seconds=config.infer_seconds, on_phase=note)
    follower = asyncio.create_task(_follow(jobs, job, job.task, job.results))
    _followers.add(follower)
    follower.add_done_callback(_followers.discard)
    return _state(request, job)


@router.delete("/api/jobs/{job_id}/infer")
async def stop(request: Request, job_id: str) -> dict[str, Any]:
    """Stop an inference: the files stay. A worker that is at it already ends it, and what it finds is removed."""
    job = _job(request, job_id)
    if job.is_busy:
        job.forget_result()
    return _state(request, job)


@router.get("/api/jobs/{job_id}/results/{name:path}")
async def result(request: Request, job_id: str, name: str) -> FileResponse:
    """Return one of the files that an inference wrote."""
    job = _job(request, job_id)
    # only what the worker has listed; nothing of the request becomes part of a path
    listed = next((one for one in job.result.get("files", []) if one == name), None)
    if job.state != "done" or listed is None:
        raise NoJobError("there is no such result.")
    path = job.results / listed
    filename = display_name(f"{job.result['name']}.zip") if listed == ARCHIVE else path.name
    inline = path.suffix in (".html", ".png")
    return FileResponse(
        path,
        media_type=MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
        headers={"Content-Security-Policy": REPORT_POLICY},
        filename=filename,
        content_disposition_type="inline" if inline else "attachment",
    )


def _jobs(request: Request) -> Jobs:
    return cast("Jobs", request.app.state.jobs)


def _pool(request: Request) -> Pool:
    return cast("Pool", request.app.state.pool)


def _job(request: Request, job_id: str) -> Job:
    job = _jobs(request).get(job_id)
    if job is None:
        raise NoJobError
    return job


def _idle(job: Job) -> Job:
    if job.is_busy:
        raise InputError("this galaxy is being worked on: wait for the answer, or start anew.")
    return job


def _listed(job: Job) -> dict[str, dict[str, Any]]:
    return {role: {"name": upload.name, "bytes": upload.n_bytes} for role, upload in job.files.items()}


def _payload(job: Job, values: dict[str, Any]) -> dict[str, Any]:
    if not job.files:
        raise InputError("there are no files yet: add a table of stars or HI data.")
    order = [role for role in SUFFIXES if role in job.files]
    name = values.get("name") or Path(job.files[order[0]].name).name
    files = {role: (str(job.files[role].path), job.files[role].name) for role in order}
    return {"folder": str(job.folder), "files": files, "values": values, "name": name}


def _check_for_inference(job: Job, values: dict[str, Any]) -> None:
    """Name what is missing before anything is computed."""
    if is_known(values.get("name", "")):
        return
    if "hi_cube" in job.files or "moment0" in job.files:
        if "distance_kpc" not in values:
            raise InputError("the distance is missing: HI needs it for lengths and masses.")
        if not {"stars", "photometry"} & job.files.keys() and "R_hl_kpc" not in values:
            raise InputError("the half-light radius is missing: HI alone does not show it, take it from photometry.")


def _state(request: Request, job: Job) -> dict[str, Any]:
    place = _pool(request).position(job.task) if job.task is not None else 0
    if job.state == "waiting" and place == 0:
        job.state = "running"
    return {
        "state": job.state,
        "phase": _queue_words(place) if job.state == "waiting" else job.phase,
        "message": job.message,
        "seconds": time.monotonic() - job.began if job.is_busy else job.seconds,
        "settings": job.settings,
        "example": job.example,
        "result": job.result or None,
        "files": _listed(job),
    }


async def _answered(request: Request, job: Job, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Run a task that is over in seconds and return its answer, in place of one of the job that still waits."""
    config: ServeConfig = request.app.state.config
    pool = _pool(request)
    if job.preview is not None:
        job.preview.cancel()
    if pool.n_waiting(kind) >= config.max_waiting:
        raise FullError("many visitors are asking the same of this server: try again in a minute.")
    task = pool.submit(kind, payload, seconds=config.preview_seconds)
    job.preview = task
    try:
        return cast("dict[str, Any]", await _while_connected(request, task))
    finally:
        if job.preview is task:
            job.preview = None


def _queue_words(place: int) -> str:
    return f"waiting, {place - 1} before it" if place > 1 else "waiting for a worker"


async def _while_connected(request: Request, task: "Future[Any]") -> Any:  # noqa: ANN401 (what the task returns)
    """Wait for a task, and cancel it if it still waits when the visitor leaves."""
    waiting = asyncio.wrap_future(task)
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=DISCONNECT_SECONDS)
            if done:
                return waiting.result()
            if await request.is_disconnected():
                task.cancel()
                raise InputError("the request was given up.")
    except (CancelledError, asyncio.CancelledError) as error:
        if task.cancelled():
            raise InputError("a later request for this galaxy took the place of this one.") from error
        raise


async def _follow(jobs: Jobs, job: Job, task: "Future[Any]", out: Path) -> None:
    """Wait for an inference and note how it ended, unless it was stopped meanwhile."""
    result, message = dict[str, Any](), ""
    try:
        result = await asyncio.wrap_future(task)
    except TaskError as error:
        message = str(error)
    except (CancelledError, asyncio.CancelledError):
        message = "the inference was stopped."
    except Exception:  # noqa: BLE001 (a job must not stay busy for ever)
        message = "the server failed on these data: please report it."
    if job.task is task:
        job.result = result
        job.end("failed" if message else "done", message)
    else:
        await asyncio.to_thread(shutil.rmtree, out, ignore_errors=True)
    if not jobs.holds(job):
        with contextlib.suppress(OSError):
            await asyncio.to_thread(shutil.rmtree, job.folder, ignore_errors=True)
