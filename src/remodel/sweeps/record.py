"""The record of a store: what made it, and whether something else would continue it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from remodel.errors import StoreError
from remodel.provenance import fingerprint, manifest, versions
from remodel.sweeps.batches import COUNTERS
from remodel.sweeps.chunks import Layout
from remodel.sweeps.design import Design

FORMAT = 2


def record_of(design: Design, layout: Layout, simulations: int) -> dict[str, Any]:
    """Return what a store says of itself, ready for JSON."""
    content, parameters = design.content(), design.all_parameters
    return {
        "format": FORMAT,
        "design": content,
        "design_fingerprint": fingerprint(content),
        "equations": design.model.system(design.model.drugs).fingerprint[:16],
        "parameters": parameters.natural(),
        "layout": {"dims": layout.dims, "shape": layout.shape, "block": layout.block},
        "simulations": simulations,
        "variables": [
            *design.outputs,
            *(r.name for r in design.reductions),
            "stopped_at",
            *COUNTERS,
            "attempt",
            "status",
        ],
        "provenance": manifest(
            model=design.model.name,
            parameter_set=design.model.parameters.name,
            parameters=parameters.fingerprint(),
            seed=design.seed,
        ),
    }


def check_same(path: object, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise if a store was made from something else than what would continue it.

    Raises
    ------
    StoreError
        Saying what differs.
    """
    for reason in (*_design_differences(old, new), *_model_differences(old, new)):
        raise StoreError(
            f"{path} cannot be continued: {reason}. Use another --out for a new sweep."
        )


def check_model(path: object, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise if a worker has another model or other parameters than a store was made with.

    Raises
    ------
    StoreError
        Saying what differs.
    """
    for reason in _model_differences(old, new):
        raise StoreError(f"{path}: a worker has another version of this package: {reason}.")


def _design_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old["design_fingerprint"] != new["design_fingerprint"]:
        before, now = _flat(old["design"]), _flat(new["design"])
        for key in (*before, *now):
            if before.get(key) != now.get(key):
                yield (
                    f"the design has changed, {key} was {_shown(before.get(key))} and is "
                    f"{_shown(now.get(key))}"
                )


def _model_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old["equations"] != new["equations"]:
        yield f"the equations of model '{new['design']['model']}' have changed"
    for name in (*old["parameters"], *new["parameters"]):
        before, now = old["parameters"].get(name), new["parameters"].get(name)
        if before != now:
            yield f"the parameter {name} was {_shown(before)} and is {_shown(now)}"


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _shown(value: Any) -> str:
    text = "not there" if value is None else repr(value).removesuffix(".0")
    return text if len(text) <= 60 else f"{text[:57]}..."


def other_versions(record: Mapping[str, Any]) -> str:
    """Return a sentence on libraries that have changed since a store was begun, or nothing."""
    before, now = record["provenance"]["versions"], versions()
    changed = [
        f"{name} {before.get(name)} -> {now.get(name)}"
        for name in now
        if before.get(name) != now.get(name)
    ]
    if not changed:
        return ""
    return (
        f"The store was begun with other versions ({', '.join(changed)}): "
        "simulations from now on may differ in the last digits."
    )
