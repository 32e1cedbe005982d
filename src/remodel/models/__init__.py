"""Models: assemblies of mechanisms, by name."""

from __future__ import annotations

import importlib
from functools import cache
from importlib import resources

from remodel.errors import ModelError, nearest
from remodel.models.model import Endpoint, Model, SiteDensity, Switch

__all__ = ["Endpoint", "Model", "SiteDensity", "Switch", "load_model", "model_names"]

_NOT_MODELS = frozenset({"__init__", "__pycache__", "model"})


@cache
def model_names() -> tuple[str, ...]:
    """Return the names of all models: modules and packages of this folder with a ``MODEL``."""
    entries = resources.files(__name__).iterdir()
    stems = sorted(
        e.name.removesuffix(".py") for e in entries if e.is_dir() or e.name.endswith(".py")
    )
    return tuple(s for s in stems if s not in _NOT_MODELS)


def load_model(model: str | Model) -> Model:
    """Return a model by name.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    if isinstance(model, Model):
        return model
    if model not in model_names():
        raise ModelError(f"'{model}' is not a model.{nearest(str(model), model_names())}")
    found: Model = importlib.import_module(f"{__name__}.{model}").MODEL
    return found
