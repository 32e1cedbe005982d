"""From the simulations of a sweep to sensitivities of every output, over time and endpoint."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, SolverError
from remodel.progress import Progress, Silent
from remodel.sensitivity.methods import Indices, Method, Options, Sampled, block_length
from remodel.simulation.dataset import SimulationWarning
from remodel.solvers.status import Status
from remodel.sweeps.design import STRUCTURED, Design
from remodel.sweeps.run import labelled
from remodel.sweeps.samples import points
from remodel.sweeps.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Rule = Literal["refuse", "drop"]
RULES: tuple[Rule, ...] = ("refuse", "drop")
_CONSTANT = 1e-12  # an output that varies less than this, relative to its size, does not vary
_FEW_LEFT = 0.5  # share of simulations below which those left are another sample than was asked for
FEWEST_BLOCKS = 10  # paths, blocks or simulations below which indices mean nothing


@dataclass(frozen=True, slots=True)
class Study:
    """How a sweep is analyzed.

    Attributes
    ----------
    design : Design
    method : Method
    failed : {"refuse", "drop"}
        What happens if simulations failed: no result, or a result without them and without
        everything that is only of use together with them.
    options : Options
    """

    design: Design
    method: Method
    failed: Rule = "refuse"
    options: Options = field(default_factory=Options)


def analyze(study: Study, store: Store, progress: Progress | None = None) -> xr.Dataset:
    """Return the sensitivities of every output and reduction of a complete sweep.

    Parameters
    ----------
    study : Study
    store : Store
    progress : Progress, optional
        Is told how many outputs and times are analyzed.

    Returns
    -------
    xarray.Dataset
        Dimensions ``factor`` and, for outputs over time, ``time``; variables
        ``<output>_<index>``. An output that does not vary has no sensitivities: NaN.

    Raises
    ------
    ConfigError
        If the sweep is not complete.
    SolverError
        If simulations failed and the rule is to refuse, or too few are left.
    """
    if store.missing():
        raise ConfigError(f"{store.path} is not complete; continue it with --resume first.")
    design, progress = study.design, progress or Silent()
    dataset = labelled(store)
    kept, dropped = _kept(study, dataset["status"].to_numpy())
    sampled = _sampled(design, dataset, kept)
    indices = _empty(study, dataset, dropped, len(kept))
    names = (*design.outputs, *(r.name for r in design.reductions))
    progress.start(sum(dataset[name].sizes.get("time", 1) for name in names))
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        for name in names:
            _add(indices, study, sampled, dataset[name], kept, progress)
    notes = (str(w.message).strip() for w in remarks if "SALib" in w.filename)
    indices.attrs["notes"] = "\n".join(dict.fromkeys(notes))
    return indices


def _kept(study: Study, status: npt.NDArray[Any]) -> tuple[npt.NDArray[np.bool_], int]:
    """Return which simulations count, and how many do not; whole blocks count or not."""
    length = block_length(study.design)
    failed = (status != Status.OK).reshape(-1, length)
    bad = failed.any(axis=1)
    number = int(failed.sum())
    dropped = int(bad.sum()) * length
    if number and study.failed == "refuse":
        raise SolverError(
            f"{number} of {status.size} simulations failed, and sensitivities need all of them. "
            "Narrow the ranges, retry them (remodel sweep --retry-failed), or say failed = 'drop' "
            f"to leave out {dropped} simulations."
        )
    kept = np.repeat(~bad, length)
    if kept.sum() < FEWEST_BLOCKS * length:
        raise SolverError(
            f"only {int(kept.sum())} simulations are left; too few for sensitivities."
        )
    if kept.sum() < _FEW_LEFT * kept.size:
        warnings.warn(_few_left(int(kept.sum()), kept.size), SimulationWarning, stacklevel=3)
    return kept, dropped


def _few_left(left: int, drawn: int) -> str:
    return (
        f"only {left} of {drawn} simulations are left; the indices are those of the part of the "
        "ranges where none failed"
    )


def _sampled(design: Design, dataset: xr.Dataset, kept: npt.NDArray[np.bool_]) -> Sampled:
    for factor in design.factors:
        if dataset[factor.name].dtype.kind not in "fiu":
            raise ConfigError(f"{factor.name} has words for values; sensitivities need numbers.")
    if design.kind in STRUCTURED:
        cube = np.tile([0.0, 1.0], (len(design.factors), 1))
        return Sampled(points(design)[kept], cube, design.names)
    values = np.stack([dataset[name].to_numpy() for name in design.names], axis=1)[kept]
    bounds = np.stack([values.min(axis=0), values.max(axis=0)], axis=1)
    return Sampled(values, bounds, design.names)


def _empty(study: Study, dataset: xr.Dataset, dropped: int, drawn: int) -> xr.Dataset:
    import xarray as xr

    coords: dict[str, Any] = {"factor": list(study.design.names)}
    for name in ("time", "month"):
        if name in dataset.coords:
            coords[name] = dataset[name].variable
    rule = f"{dropped} of {drawn} simulations left out because some of them failed"
    if drawn - dropped < _FEW_LEFT * drawn:
        rule = f"{rule}; {_few_left(drawn - dropped, drawn)}"
    attrs = {
        "title": study.design.title or study.method.title,
        "method": study.method.name,
        "method_title": study.method.title,
        "reference": study.method.reference,
        "model": dataset.attrs["model"],
        "simulations": drawn - dropped,
        "failed": rule if dropped else "no simulation failed",
        "left_out": dropped,
        "confidence": study.options.confidence,
        "provenance": dataset.attrs["provenance"],
        "design": json.dumps(study.design.content()),
    }
    return xr.Dataset(coords=coords, attrs=attrs)


def _add(
    indices: xr.Dataset,
    study: Study,
    sampled: Sampled,
    output: xr.DataArray,
    kept: npt.NDArray[np.bool_],
    progress: Progress,
) -> None:
    """Add the sensitivities of one output."""
    name, values = str(output.name), output.to_numpy().astype(np.float64)[kept]
    if not np.isfinite(values).all():
        raise SolverError(f"{name} has values that are not numbers; it has no sensitivities.")
    progress.say(f"Analyzing {name} ...")
    columns = []
    for column in np.atleast_2d(values.T):
        columns.append(_indices(study, sampled, column))
        progress.advance(1)
    for index in columns[0]:
        stacked = np.stack([column[index] for column in columns], axis=-1)
        note = {
            "units": output.attrs["units"] if study.method.has_unit else "1",
            "long_name": f"{output.attrs['long_name']}: {_long_name(study.method, index)}",
            "index": index,
            "output": name,
            "output_long_name": output.attrs["long_name"],
        }
        dims = ("factor", "time")[: values.ndim]
        indices[f"{name}_{index}"] = (dims, stacked[:, 0] if values.ndim == 1 else stacked, note)


def _long_name(method: Method, index: str) -> str:
    if index.endswith("_interval"):
        return f"half confidence interval of {index.removesuffix('_interval').replace('_', ' ')}"
    return method.indices[index]


def _indices(study: Study, sampled: Sampled, values: FloatArray) -> Indices:
    constant = np.ptp(values) <= _CONSTANT * max(1e-300, np.abs(values).max())
    if not constant:
        with np.errstate(all="ignore"):
            return study.method.analyze(sampled, values, study.options)
    # SALib would call a division of zero by zero no influence
    unknown = np.full(len(sampled.names), np.nan)
    example = study.method.analyze(sampled, sampled.points[:, 0], Options(2, 0.95, 0))
    return dict.fromkeys(example, unknown)


def to_frame(indices: xr.Dataset) -> pd.DataFrame:
    """Return sensitivities as a table: one row an output, time, factor and index."""
    import pandas as pd

    return pd.DataFrame(list(_rows(indices)))


def _rows(indices: xr.Dataset) -> Iterator[dict[str, Any]]:
    for name, variable in indices.data_vars.items():
        index = str(variable.attrs["index"])
        if index.endswith("_interval"):
            continue
        interval = indices.get(f"{name}_interval")
        months = indices["month"].to_numpy() if "time" in variable.dims else [np.nan]
        for i, factor in enumerate(indices["factor"].to_numpy()):
            for k, month in enumerate(months):
                cell = (i, k) if "time" in variable.dims else (i,)
                yield {
                    "output": variable.attrs["output"],
                    "month": float(month),
                    "factor": str(factor),
                    "index": index,
                    "value": float(variable.to_numpy()[cell]),
                    "interval": np.nan if interval is None else float(interval.to_numpy()[cell]),
                    "unit": variable.attrs["units"],
                }
