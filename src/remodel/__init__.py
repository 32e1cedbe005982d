"""Mechanistic simulation of bone remodeling.

The public names, listed in ``__init__.pyi``, are loaded when they are first used, so that
``import remodel`` stays fast.
"""

import importlib as _importlib

with open(f"{__file__}i", encoding="utf-8") as _stub:  # noqa: PTH123 # pathlib takes 10 ms
    _WORDS = [line.split() for line in _stub if line.startswith("from ")]
_HOME = {name: home for _, home, _, name, *_ in _WORDS}
__all__ = sorted(name for name, home in _HOME.items() if home != "remodel")  # noqa: PLE0605


def __getattr__(name: str) -> object:
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
    return getattr(_importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(_HOME)
