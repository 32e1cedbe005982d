"""A page to change, and requests without a network."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest

from remodel.explorer.start import FIRST_PAGE


@pytest.fixture
def page() -> dict[str, Any]:
    return copy.deepcopy(FIRST_PAGE) | {"years": 3.0, "visits": [0.0, 12.0]}


class Client:
    """Calls an ASGI application as a server would."""

    def __init__(self, app: Any, host: str = "127.0.0.1:80") -> None:
        self.app, self.host = app, host

    def __call__(
        self,
        path: str,
        body: bytes | None = None,
        *,
        method: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        sent = {"host": self.host, **(headers or {})}
        if body is not None:
            sent = {"content-type": "application/json", "content-length": str(len(body)), **sent}
        scope = {
            "type": "http",
            "method": method or ("GET" if body is None else "POST"),
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in sent.items()],
        }
        answers: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body or b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            answers.append(message)

        asyncio.run(self.app(scope, receive, send))
        start, *rest = answers
        return (
            start["status"],
            {k.decode(): v.decode() for k, v in start["headers"]},
            b"".join(m.get("body", b"") for m in rest),
        )

    def ask(self, name: str, page: object) -> tuple[int, Any]:
        status, _, body = self(f"/api/{name}", json.dumps(page).encode())
        return status, json.loads(body)


@pytest.fixture
def client() -> Client:
    pytest.importorskip("starlette")
    from remodel.explorer.application import application

    return Client(application([80]))
