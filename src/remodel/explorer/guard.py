"""What reaches the page: requests to this machine by its own name, of a size that can be meant."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 64 * 1024  # bytes; a full page has about 10,000
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}


class Guard:
    """Refuses requests under a foreign name, from other pages, and bodies that are too large.

    Another site whose name was made to point here (DNS rebinding) has its own name as Host, and a
    page of another site has its own address as Origin; JSON is asked for, which no form sends.

    Parameters
    ----------
    app : ASGI application
    ports : iterable of int
        On which the page is served; none allows any.
    """

    def __init__(self, app: ASGIApp, ports: Iterable[int] = ()) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in _NAMES for port in ports} | {
            name for name in _NAMES for port in ports if port == 80
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS.items()]
            await send(message)

        status, sentence = self._refusal(scope)
        if status:
            await _refuse(send_guarded, status, sentence)
            return
        await self._app(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str]:
        """Return a status and the reason why a request is refused, or 0."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        hosts = headers.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return 403, "this page answers to 127.0.0.1 and localhost only."
        for origin in headers.get("origin", []):
            if origin.lower() not in {f"http://{host}" for host in self._hosts}:
                return 403, "requests of other pages are not answered."
        if headers.get("sec-fetch-site", ["none"])[0] == "cross-site":
            return 403, "requests of other pages are not answered."
        if scope["method"] == "POST":
            kind = headers.get("content-type", [""])[0].partition(";")[0].strip().lower()
            if kind != "application/json":
                return 415, "expected JSON."
            length = headers.get("content-length", ["0"])[0]
            if not length.isdigit() or int(length) > LARGEST_BODY:
                return 413, f"the page is too large; at most {LARGEST_BODY:,} bytes are read."
        return 0, ""


async def _refuse(send: Any, status: int, sentence: str) -> None:
    body = json.dumps({"error": {"message": sentence, "field": ""}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
