"""Start the page: a port on this machine, a warm-up beside it, and an end with Ctrl-C."""

from __future__ import annotations

import socket
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.errors import ConfigError, RemodelError, RemodelWarning, require

if TYPE_CHECKING:
    from remodel.parameters import ParameterSet

HOST = "127.0.0.1"
DEFAULT_PORT = 8765
_MOST_CONNECTIONS = 200
_LONGEST_HEAD = 32 * 1024  # bytes of a request before its body


def explore(
    port: int = DEFAULT_PORT,
    *,
    parameters: Sequence[str | Path] = (),
    say: Callable[[str], None] = print,
    opened: Callable[[str], object] | None = None,
) -> None:
    """Serve the page on this machine until it is interrupted.

    Parameters
    ----------
    port : int
        0 takes any that is free.
    parameters : sequence of path
        TOML files of parameter sets that the page offers.
    say : callable
        Told the address, and when the first simulations are compiled.
    opened : callable, optional
        Called with the address once it is served.

    Raises
    ------
    ConfigError
        If the port is taken or is no port.
    MissingDependencyError
        If the extra ``explore`` is not installed.
    """
    for module in ("starlette", "uvicorn"):
        require(module, "explore")
    sets = _sets(parameters)
    listener = _listener(port)
    bound = int(listener.getsockname()[1])
    address = f"http://{HOST}:{bound}/"
    say(f"The explorer is at {address} (Ctrl-C ends it).")
    say("For research, not for decisions about patients.")
    warnings.simplefilter("ignore", RemodelWarning)
    threading.Thread(target=_warm_up, args=(say,), daemon=True).start()
    if opened is not None:
        opened(address)
    _serve(listener, bound, sets)


def _sets(paths: Sequence[str | Path]) -> dict[str, ParameterSet]:
    from remodel.parameters import load_parameters

    return {Path(path).name: load_parameters(path) for path in paths}


def _listener(port: int) -> socket.socket:
    """Return a socket that listens on this machine only.

    Raises
    ------
    ConfigError
    """
    if not 0 <= port <= 65535:
        raise ConfigError(f"port = {port}: must be from 0 to 65535.", field="port")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"port {port} cannot be used: {error.strerror}; choose another with --port, or 0 for "
            "any that is free.",
            field="port",
        ) from error
    return listener


def _serve(listener: socket.socket, port: int, sets: dict[str, ParameterSet]) -> None:
    import uvicorn

    from remodel.explorer.application import application
    from remodel.simulation.dataset import SimulationWarning

    warnings.simplefilter("ignore", SimulationWarning)
    config = uvicorn.Config(
        application([port], sets),
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        ws="none",
        lifespan="off",
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
    )
    with listener:
        uvicorn.Server(config).run(sockets=[listener])


def _warm_up(say: Callable[[str], None]) -> None:
    """Compile what the page shows first."""
    from remodel.explorer.application import ANSWERS
    from remodel.explorer.question import read_question
    from remodel.explorer.start import FIRST_PAGE

    begun = time.perf_counter()
    try:
        question = read_question(FIRST_PAGE)
        for name in ("curves", "trials", "bands", "risk", "share", "reasons"):
            ANSWERS[name](question)
    except RemodelError as error:  # pragma: no cover - the first page is tested to be right
        say(f"The first simulations failed: {error}")
        return
    say(f"Ready; the first simulations took {time.perf_counter() - begun:.1f} s.")
