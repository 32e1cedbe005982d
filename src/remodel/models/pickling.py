"""Pickled models: by what loads them again, or part by part."""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from remodel.errors import ModelError
from remodel.models.model import Model

Loader = Callable[[str], Model]


def pickle_by_name(load: Loader) -> None:
    """Let models be pickled by name where ``load`` gives the same one again.

    A model put together in a session, or changed since it was loaded, is pickled part by part; its
    equations then have to be declared in a module that can be imported where it is read.
    """

    def reduced(model: Model) -> tuple[Any, ...]:
        if _is_loaded(model, load):
            return _named, (load, model.reference, model.file_hash)
        return _assembled, ({each.name: getattr(model, each.name) for each in fields(model)},)

    copyreg.pickle(Model, reduced)


def _is_loaded(model: Model, load: Loader) -> bool:
    try:
        return load(model.reference) is model
    except ModelError:
        return False


def _named(load: Loader, reference: str, file_hash: str) -> Model:
    model = load(reference)
    if model.file_hash != file_hash:
        raise ModelError(f"{reference} has changed since this was pickled.", field="model")
    return model


def _assembled(values: Mapping[str, Any]) -> Model:
    return Model(**values)
