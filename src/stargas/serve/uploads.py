"""Bodies of requests: settings as JSON, and files that are written to the folder of a job as they arrive."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

from fastapi import Request

from stargas.errors import InputError
from stargas.serve.jobs import FullError, Job, Jobs, NoJobError, Upload, display_name, require_suffix

if TYPE_CHECKING:
    from stargas.serve.settings import ServeConfig

MAX_SETTINGS_BYTES = 20_000
"""Bytes of settings that are read."""


class TooLargeError(InputError):
    """An upload has more bytes than it may."""


async def read_json(request: Request) -> Any:  # noqa: ANN401 (JSON)
    """Return the body of a request as JSON; numbers that are not finite are null.

    Raises
    ------
    TooLargeError
        If it is longer than settings can be.
    InputError
        If it is no JSON.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_SETTINGS_BYTES:
            raise TooLargeError("the settings are longer than any can be.")
    try:
        return json.loads(body or b"{}", parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise InputError("the settings are not JSON.") from error


async def receive_file(request: Request, job: Job, role: str, name: str) -> Upload:
    """Write the body of a request to a file of a job, and stop at the first byte too many.

    Raises
    ------
    TooLargeError, FullError
        If the file, or all files of the server, are larger than they may be.
    NoJobError
        If the job was removed meanwhile.
    InputError
        If the role or ending is none, the file is empty, or it takes too long to arrive.
    """
    config: ServeConfig = request.app.state.config
    jobs: Jobs = request.app.state.jobs
    suffix, displayed, limit = require_suffix(role, name), display_name(name), config.max_bytes(role)
    too_large = (
        f"{displayed} is larger than {limit / 1e6:.0f} MB, the most that is taken: cut the galaxy out of it first."
    )
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > limit:
        raise TooLargeError(too_large)
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
                    _check_room(n_bytes > limit, too_large, jobs)
                    file.write(chunk)
        _check_received(n_bytes, displayed, jobs, job)
    except TimeoutError as error:
        path.unlink(missing_ok=True)
        raise InputError(f"{displayed} took longer than {config.upload_seconds:.0f} s to arrive: try again.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        job.incoming -= n_bytes
    return Upload(path, displayed, n_bytes)


def _check_room(over: bool, too_large: str, jobs: Jobs) -> None:
    if over:
        raise TooLargeError(too_large)
    if jobs.n_bytes > 1e6 * jobs.config.max_total_mb:
        raise FullError("the server has no room for more files: try again in some minutes.")


def _check_received(n_bytes: int, displayed: str, jobs: Jobs, job: Job) -> None:
    if not n_bytes:
        raise InputError(f"{displayed} is empty.")
    if not jobs.holds(job):
        raise NoJobError
