"""Mechanistic simulation of bone remodeling.

The public names, listed in ``__init__.pyi``, are loaded when they are first used, so that
``import remodel`` stays fast.
"""

import importlib as _importlib
import os as _os
import sys as _sys


def _refuse_another_distribution() -> None:
    """Raise where the distribution ``remodel``, which overwrites these files, is installed too.

    The package index has a distribution of that name; this one is called ``bone-remodel``. Only
    folders of installed packages are listed, which takes a tenth of a millisecond.
    """
    ours = _os.path.dirname(_os.path.dirname(_os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    for folder in {ours, *(f for f in _sys.path if f.endswith(("site-packages", "dist-packages")))}:
        try:
            names = _os.listdir(folder)  # noqa: PTH208
        except OSError:
            continue
        for name in names:
            if name.lower().startswith("remodel-") and name.endswith((".dist-info", ".egg-info")):
                raise ImportError(
                    "two distributions bring a package 'remodel': bone-remodel, which this is, and "
                    f"{name.rpartition('.')[0]!r} in {folder!r}; their files overwrite each other, "
                    "so remove both with 'pip uninstall remodel bone-remodel' and install "
                    "bone-remodel again."
                )


_refuse_another_distribution()
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
