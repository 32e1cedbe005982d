"""``remodel explore``: a page on this machine."""

from __future__ import annotations

import argparse
from typing import Any

_PORT = 8765


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "explore",
        help="open a page on this machine to simulate, compare and forecast",
        description="Serve a page on this machine: who she is, arms as sentences or from menus, "
        "curves over published trials, fracture, her own readings and forecast. It is seen from "
        "this machine only; Ctrl-C ends it.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("--port", type=int, default=_PORT, help=f"port ({_PORT}); 0: any free one")
    parser.add_argument("--open", action="store_true", help="open it in the browser")
    parser.add_argument(
        "--parameters",
        action="append",
        default=[],
        metavar="FILE.toml",
        help="parameter set that the page offers, such as that of a fit; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    import webbrowser

    from remodel.explorer import explore

    explore(
        args.port,
        parameters=args.parameters,
        say=lambda sentence: print(sentence, flush=True),
        opened=webbrowser.open if args.open else None,
    )
    return 0
