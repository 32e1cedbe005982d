"""Models: assemblies of mechanisms, by name."""

from __future__ import annotations

import importlib
from functools import cache
from importlib import resources
from pathlib import Path

from remodel.errors import ModelError, nearest
from remodel.models.model import Endpoint, Model, SiteDensity, Switch
from remodel.models.pickling import pickle_by_name
from remodel.models.sbml_files import is_sbml_file, load_sbml
from remodel.models.user_models import is_file_reference, load_user_model

__all__ = ["Endpoint", "Model", "SiteDensity", "Switch", "load_model", "model_names"]

_NOT_MODELS = frozenset(
    {
        "__init__",
        "__pycache__",
        "draws",
        "model",
        "pickling",
        "sbml_files",
        "sbml_math",
        "user_models",
    }
)


@cache
def model_names() -> tuple[str, ...]:
    """Return the names of all models: modules and packages of this folder with a ``MODEL``."""
    entries = resources.files(__name__).iterdir()
    stems = sorted(
        e.name.removesuffix(".py") for e in entries if e.is_dir() or e.name.endswith(".py")
    )
    return tuple(s for s in stems if s not in _NOT_MODELS)


def load_model(model: str | Model, relative_to: Path | None = None) -> Model:
    """Return a model by name.

    Parameters
    ----------
    model : str or Model
        Name of a model of the package, a file and the name of a ``Model`` in it, such as
        ``own.py:MODEL``, an SBML file such as ``model.xml``, or a model, which is returned.
    relative_to : Path, optional
        Folder that the path of such a file counts from; by default the working folder.

    Raises
    ------
    ModelError
        If there is none of that name, or the file cannot be imported.
    """
    if isinstance(model, Model):
        return model
    if is_file_reference(str(model)):
        return load_user_model(model, relative_to)
    if is_sbml_file(str(model)):
        return load_sbml(str(model), relative_to)
    if model not in model_names():
        raise ModelError(
            f"'{model}' is not a model.{nearest(str(model), model_names())}",
            field="model",
            value=model,
            allowed=model_names(),
        )
    loaded: Model = importlib.import_module(f"{__name__}.{model}").MODEL
    return loaded


pickle_by_name(load_model)
