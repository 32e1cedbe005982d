"""The server of the page: its files, and an answer for each question."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from remodel.errors import ConfigError, RemodelError
from remodel.explorer.bands import bands_of
from remodel.explorer.catalog import catalog
from remodel.explorer.curves import curves_of
from remodel.explorer.forecast import forecast_of
from remodel.explorer.guard import LARGEST_BODY, Guard
from remodel.explorer.question import Question, read_question
from remodel.explorer.reasons import reasons_of
from remodel.explorer.risk import risk_of
from remodel.explorer.sharing import shared
from remodel.explorer.trials import trials_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from remodel.parameters import ParameterSet

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_LONGEST = 120.0  # seconds until an answer is given up
_LONGEST_UPLOAD = 10.0
_DEEPEST = 20  # lists and tables inside each other
_MOST_AT_ONCE = 2
_LOG = logging.getLogger(__name__)

ANSWERS: Mapping[str, Callable[[Question], dict[str, Any]]] = {
    "curves": curves_of,
    "bands": bands_of,
    "trials": trials_of,
    "risk": risk_of,
    "reasons": reasons_of,
    "forecast": forecast_of,
    "share": shared,
}
"""What can be asked, by the last part of the address."""
QUICK = frozenset({"curves", "trials", "share"})


def page_files() -> dict[str, tuple[bytes, str]]:
    """Return the files of the page by address: content and type; nothing else is ever served."""
    folder = resources.files("remodel.explorer") / "page"
    files = {}
    for entry in folder.iterdir():
        kind = TYPES.get(entry.name.rpartition(".")[2])
        if kind is not None:
            files[f"/{entry.name}"] = (entry.read_bytes(), kind)
    return {"/": files["/index.html"], **files}


def application(
    ports: Iterable[int] = (), sets: Mapping[str, ParameterSet] | None = None
) -> ASGIApp:
    """Return the server as an ASGI application.

    Parameters
    ----------
    ports : iterable of int
        On which it is served.
    sets : mapping of str to ParameterSet, optional
        Parameter sets that the page offers beside those of the models.
    """
    from anyio import CapacityLimiter
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    files, offered = page_files(), sets or {}
    limiters = {True: CapacityLimiter(_MOST_AT_ONCE), False: CapacityLimiter(_MOST_AT_ONCE)}

    async def file(request: Request) -> Response:
        content, kind = files[request.url.path]
        return Response(content, media_type=kind)

    async def menus(_: Request) -> Response:
        import anyio.to_thread

        return JSONResponse(await anyio.to_thread.run_sync(catalog, tuple(offered)))

    async def answer(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ANSWERS:
            return _error(404, f"'{name}' cannot be asked.")
        try:
            content = _content(await _body(request))
        except ConfigError as error:
            return _error(400, str(error))
        except (TimeoutError, ClientDisconnect):
            return _error(408, "the page was not sent in time.")
        return await _answered(name, content, offered, limiters[name in QUICK])

    routes = [Route(path, file) for path in files]
    routes += [
        Route("/api/catalog", menus),
        Route("/api/{name:str}", answer, methods=["POST"]),
    ]

    async def missing(_: Request, __: Exception) -> Response:
        return _error(404, "there is nothing at this address.")

    async def not_allowed(_: Request, __: Exception) -> Response:
        return _error(405, "this address is asked in another way.")

    app = Starlette(routes=routes, exception_handlers={404: missing, 405: not_allowed})
    app.router.redirect_slashes = False
    return Guard(app, ports)


async def _body(request: Request) -> bytes:
    """Return the body of a request, no larger than it may be.

    Raises
    ------
    ConfigError
    TimeoutError
    """
    import anyio

    body = bytearray()
    with anyio.fail_after(_LONGEST_UPLOAD):
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST_BODY:
                raise ConfigError("the page is too large.")
    return bytes(body)


def _content(body: bytes) -> Any:
    """Return what a body says; numbers beyond all bounds and deep nesting are refused.

    Raises
    ------
    ConfigError
    """

    def not_a_number(word: str) -> None:
        raise ConfigError(f"expected JSON: {word} is not a number.")

    try:
        content = json.loads(body.decode("utf-8"), parse_constant=not_a_number)
    except (ValueError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError("expected JSON.") from error
    if _depth(content) > _DEEPEST:
        raise ConfigError("expected JSON that is not nested so deeply.")
    return content


def _depth(content: Any) -> int:
    """Return how deeply lists and tables are nested."""
    depth, level = 0, [content]
    while level and depth <= _DEEPEST:
        depth += 1
        inner = [c.values() if isinstance(c, dict) else c for c in level]
        level = [v for c in inner if not isinstance(c, str | int | float | None) for v in c]
    return depth


async def _answered(
    name: str, content: Any, sets: Mapping[str, ParameterSet], limiter: Any
) -> Response:
    """Return the answer to a question, computed beside the server."""
    import anyio
    from anyio import to_thread
    from starlette.responses import Response

    def work() -> bytes:
        answer = ANSWERS[name](read_question(content, sets))
        return json.dumps(answer, allow_nan=False, separators=(",", ":")).encode()

    try:
        with anyio.fail_after(_LONGEST):
            body = await to_thread.run_sync(work, abandon_on_cancel=True, limiter=limiter)
    except TimeoutError:
        return _error(503, "this takes too long; ask for fewer arms or years.")
    except RemodelError as error:
        return _error(422, str(error), error.field)
    except Exception:
        _LOG.exception("the explorer failed at %s", name)
        return _error(500, "the program failed here; the terminal it runs in says where.")
    return Response(body, media_type="application/json")


def _error(status: int, message: str, field: str = "") -> Response:
    from starlette.responses import JSONResponse

    content = {"error": {"message": message, "field": field}}
    return JSONResponse(content, status_code=status)
