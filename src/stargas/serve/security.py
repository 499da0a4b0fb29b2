"""Who may ask, and what a browser may do with the answers."""

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""The page loads its own files and nothing else."""

REPORT_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""A report is a document of its own that runs nothing."""

_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
    b"x-frame-options": b"DENY",
}

_SAFE = ("GET", "HEAD")


class Gate:
    """Lets requests through that name this server and come from its own page.

    A foreign page that points its own name at this machine (DNS rebinding) sends that name as ``Host``; names other
    than localhost and those given are refused, plain addresses are not names. A request that changes something and
    says that another page sent it is refused too.

    Parameters
    ----------
    app
        What is behind.
    names
        Further host names of this server.
    """

    def __init__(self, app: Application, names: tuple[str, ...] = ()) -> None:
        self._app = app
        self._names = frozenset({"localhost", *(name.lower() for name in names)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                more = {**_HEADERS, b"content-security-policy": PAGE_POLICY.encode()}
                if scope["path"].startswith("/api/"):
                    more[b"cache-control"] = b"no-store"
                else:
                    more[b"cache-control"] = b"no-cache"
                message["headers"] = [*message["headers"], *(pair for pair in more.items() if pair[0] not in there)]
            await send(message)

        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        reason = self._refusal(scope["method"], headers)
        if reason is None:
            await self._app(scope, receive, send_with_headers)
            return
        body = f'{{"error": "{reason}"}}'.encode()
        await send_with_headers(
            {"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": body})

    def _refusal(self, method: str, headers: dict[bytes, str]) -> str | None:
        host = headers.get(b"host", "")
        if not self._knows(host):
            return "this server is not known under that name: start it with --name to allow it."
        if method in _SAFE:
            return None
        if not _is_of(headers.get(b"origin"), host):
            return "only the page of this server may send data to it."
        if headers.get(b"sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "only the page of this server may send data to it."
        return None

    def _knows(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _is_of(origin: str | None, host: str) -> bool:
    """Whether a request names this server as its origin, or names none."""
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # no address at all
        return False
