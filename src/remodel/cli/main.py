"""The command ``remodel``: arguments, exit codes, and one sentence for every error.

==========  ========================================================================
exit code   meaning
==========  ========================================================================
0           all went well
1           it ran, but numbers are not what they should be (``run``, ``verify``)
2           wrong input; one sentence on stderr says what is wrong and what is allowed
3           some simulations failed; results are written and the failures listed
130         interrupted
==========  ========================================================================
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn, TextIO

from remodel.cli import (
    calibrate,
    explain,
    explore,
    export,
    fit_patient,
    fit_patients,
    fracture,
    listing,
    monitor,
    optimize,
    population,
    qualify,
    rerun,
    run,
    sensitivity,
    simulate,
    sweep,
    trial,
    validate,
    verify,
    warmup,
)
from remodel.errors import RemodelError, RemodelWarning, nearest

OK, DIFFERENT, WRONG_INPUT, FAILED, INTERRUPTED = 0, 1, 2, 3, 130
_COMMANDS = (
    simulate,
    population,
    trial,
    monitor,
    optimize,
    run,
    sweep,
    sensitivity,
    calibrate,
    validate,
    fracture,
    fit_patient,
    fit_patients,
    listing,
    explain,
    explore,
    export,
    qualify,
    rerun,
    warmup,
    verify,
)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, and whose first word may be a command of its own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._words: dict[str, Parser] = {}

    def add_word(self, word: str, **options: Any) -> Parser:
        """Return the parser of what follows a word, such as ``status`` in ``sweep status``."""
        self._words[word] = Parser(prog=f"{self.prog} {word}", **options)
        return self._words[word]

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where help is, and leave with 2."""
        for type_, what in (("float", "a number"), ("int", "a whole number")):
            message = message.replace(f"invalid {type_} value:", f"expected {what}, not")
        end = "" if message.endswith(("?", ".")) else "."
        self.exit(WRONG_INPUT, f"remodel: {message}{end} See: {self.prog} --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse options nobody knows, by the command they were given to."""
        if args and args[0] in self._words:
            return self._words[args[0]].parse_known_args(args[1:], namespace)
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            option = next((word for word in unknown if word.startswith("-")), unknown[0])
            known = [o for action in self._actions for o in action.option_strings]
            self.error(f"{option} is not understood.{nearest(option.partition('=')[0], known)}")
        return parsed, unknown

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Say what was meant, where a choice is not one of those offered."""
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            what = action.option_strings[-1] if action.option_strings else action.metavar
            message = f"{what}: '{value}' is not allowed.{nearest(str(value), known)}"
            self.error(message)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = Parser(
        prog="remodel",
        description="Simulate bone remodeling under menopause, aromatase inhibitors and drugs. "
        "For research, not for decisions about patients.",
        epilog="Exit codes: 0 fine, 1 numbers differ from those expected, 2 wrong input, "
        "3 some simulations failed, 130 interrupted.",
    )
    top.add_argument("--version", action="store_true", help="print the version and leave")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for module in _COMMANDS:
        module.add_parser(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    top = parser()
    try:
        args = top.parse_args(arguments)
    except SystemExit as stop:  # argparse leaves after --help and after an error
        return int(stop.code or 0)
    if args.version:
        from remodel.provenance import package_version

        print(package_version())
        return OK
    if args.command is None:
        top.print_help()
        return OK
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _tell
            code: int = args.action(args)
    except RemodelError as error:
        print(f"remodel: {error}", file=sys.stderr)
        return WRONG_INPUT
    except BrokenPipeError:  # the reader of a pipe has left, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:  # a full disk, wherever it is noticed
        name = f"{error.filename}: " if error.filename else ""
        print(f"remodel: {name}{error.strerror or error}.", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("remodel: interrupted.", file=sys.stderr)
        return INTERRUPTED
    return code


def _tell(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Tell a warning of this package in one sentence, others with their place in the code."""
    text = f"remodel: {message}\n"
    if not issubclass(category, RemodelWarning):
        text = warnings.formatwarning(message, category, filename, lineno, line)
    (file or sys.stderr).write(text)


if __name__ == "__main__":
    sys.exit(main())
