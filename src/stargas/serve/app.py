"""The web application: routes, what starts and ends with it, and how errors are answered.

It never opens what was sent: that is done in `stargas.serve.worker`, in processes of their own.
"""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from stargas.errors import InputError
from stargas.serve.jobs import FullError, Jobs, NoJobError
from stargas.serve.pool import Pool, TaskError
from stargas.serve.routes import STATIC, router
from stargas.serve.security import Application, Gate
from stargas.serve.settings import ServeConfig
from stargas.serve.uploads import TooLargeError
from stargas.serve.worker import work

SWEEP_SECONDS = 30.0

STATUS: dict[type[InputError], int] = {FullError: 503, NoJobError: 404, TooLargeError: 413, TaskError: 422}
"""Status of the answer to each kind of error; 422 for others."""


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
            await asyncio.to_thread(own.close)  # before the files: a worker may be writing some
            jobs.close()

    app = FastAPI(title="stargas", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.config = config
    for kind in (InputError, OSError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer_error)
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return cast("Application", Gate(cast("Application", app), config.names))


async def _sweep(jobs: Jobs) -> None:
    while True:
        await asyncio.sleep(min(SWEEP_SECONDS, 60 * jobs.config.keep_minutes))
        jobs.sweep()


async def _answer_error(_: Request, error: Exception) -> JSONResponse:
    """Answer with one sentence."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": "there is nothing at this address."}, error.status_code)
    if isinstance(error, OSError) and not isinstance(error, InputError):
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        what = "the server's disk is full" if full else "the server cannot keep this file"
        return JSONResponse({"error": f"{what}: try again later, or tell who runs it."}, 507, {"Connection": "close"})
    if not isinstance(error, InputError):
        return JSONResponse({"error": "the request is not understood."}, 422)
    status = STATUS.get(type(error), 422)
    # the rest of a body that is refused is not read
    headers = {"Connection": "close"} if isinstance(error, TooLargeError | FullError) else None
    return JSONResponse({"error": str(error)}, status, headers)
