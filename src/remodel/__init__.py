"""Mechanistic simulation of bone remodeling.

The public names, listed in ``__init__.pyi``, are loaded when they are first used, so that
``import remodel`` stays fast.
"""

import ast as _ast
import importlib as _importlib
from pathlib import Path as _Path
from typing import Any as _Any

_HOME = {
    name.name: statement.module
    for statement in _ast.parse(_Path(__file__).with_suffix(".pyi").read_text("utf-8")).body
    if isinstance(statement, _ast.ImportFrom)
    for name in statement.names
}
__all__ = sorted(name for name, home in _HOME.items() if home != "remodel")  # noqa: PLE0605


def __getattr__(name: str) -> _Any:
    """Load a public name from the module that defines it."""
    if name == "__version__":
        from remodel.provenance import package_version

        return package_version()
    if name == "trials":
        import warnings

        message = "remodel.trials is now remodel.load_trial, and will be gone in 0.3."
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        name = "load_trial"
    if name not in _HOME:
        raise AttributeError(f"module 'remodel' has no attribute '{name}'")
    if _HOME[name] == "remodel":
        return _importlib.import_module(f"remodel.{name}")
    return getattr(_importlib.import_module(str(_HOME[name])), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(_HOME)
