"""Models of a user's own: a ``Model`` in a Python file, named like ``folder/own.py:MODEL``."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from remodel.errors import ModelError, nearest
from remodel.files import read_text
from remodel.models.model import Model

_SUFFIX = ".py"


def is_file_reference(name: str) -> bool:
    """Return whether a name means a model in a file rather than one of the package."""
    path, _, attribute = str(name).rpartition(":")
    return path.endswith(_SUFFIX) or attribute.endswith(_SUFFIX)


def load_user_model(name: str, relative_to: Path | None = None) -> Model:
    """Return the model in a Python file, which is executed once.

    Parameters
    ----------
    name : str
        Path and name of the ``Model`` in it, such as ``own.py:MODEL``.
    relative_to : Path, optional
        Folder that a relative path counts from; by default the working folder.

    Returns
    -------
    Model
        With ``file``, an absolute name that loads it again, and ``file_hash``, of its text. The
        same text gives the same object.

    Raises
    ------
    ModelError
        If the file is missing, fails when it is executed, or has no model of that name.
    """
    path, colon, attribute = name.rpartition(":")
    if "\0" in name:
        raise ModelError(f"{name!r} is not the name of a file.", field="model", value=name)
    if not colon or not path.endswith(_SUFFIX):
        raise ModelError(
            f"'{name}' names a file and no model in it; write it like {Path(name).name}:MODEL.",
            field="model",
            value=name,
        )
    file = (Path(relative_to or ".") / path).resolve()
    text = read_text(file, ModelError)
    return _loaded(file, attribute, hashlib.sha256(text.encode()).hexdigest())


@lru_cache(maxsize=64)
def _loaded(file: Path, attribute: str, digest: str) -> Model:
    module = _executed(file, digest)
    model = getattr(module, attribute, None)
    if isinstance(model, Model):
        return replace(model, file=f"{file}:{attribute}", file_hash=digest)
    names = [name for name, value in vars(module).items() if isinstance(value, Model)]
    if hasattr(module, attribute):
        kind = type(model).__name__
        raise ModelError(
            f"{file}: '{attribute}' is not a Model but of type {kind}.{nearest(attribute, names)}",
            field="model",
            value=attribute,
            allowed=names,
        )
    hint = nearest(attribute, names) or " It has no model."
    raise ModelError(
        f"{file} has no model '{attribute}'.{hint}", field="model", value=attribute, allowed=names
    )


def _executed(file: Path, digest: str) -> ModuleType:
    """Return the module of a file; it is registered, so that what it defines can be pickled."""
    key = hashlib.sha256(f"{file}\n{digest}".encode()).hexdigest()[:16]
    name = f"remodel_user_model_{key}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ModelError(f"{file} cannot be imported as Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        # not through the loader, whose bytecode of a file is good for a second after a change
        exec(compile(file.read_bytes(), str(file), "exec"), vars(module))  # noqa: S102
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == str(file)
        ]
        line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
        at = f", line {line}" if line else ""
        raise ModelError(
            f"{file}{at} cannot be imported: {type(error).__name__}: {str(error).rstrip('.')}.",
            field="model",
        ) from error
    return module
