"""Starting the server."""

import contextlib
import socket

import uvicorn

from stargas.errors import InputError
from stargas.serve.app import create_app
from stargas.serve.pool import Pool
from stargas.serve.settings import ServeConfig
from stargas.serve.worker import work


def serve(config: ServeConfig, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until interrupted, and say where once the model is loaded.

    Parameters
    ----------
    config
        Settings.
    host, port
        Where to listen; a free port if 0.

    Raises
    ------
    InputError
        If the address is taken or not of this machine, or the model cannot be loaded.
    """
    listening = _listen(host, port)
    pool = Pool(config.workers, work, config)
    try:
        pool.wait_until_ready()
        address = f"[{host}]" if ":" in host else host
        print(f"stargas serves at http://{address}:{listening.getsockname()[1]}/ (Ctrl-C ends it)", flush=True)  # noqa: T201 (where to look)
        server = uvicorn.Server(
            uvicorn.Config(create_app(config, pool), log_level="warning", server_header=False, lifespan="on")
        )
        with contextlib.suppress(KeyboardInterrupt):  # how uvicorn passes Ctrl-C on once it has shut down
            server.run(sockets=[listening])
    finally:
        pool.close()
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    made = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(128)
    except OSError as error:
        if made is not None:
            made.close()
        raise InputError(f"cannot listen at {host}, port {port} ({error.strerror}): choose another --port.") from error
    return made
