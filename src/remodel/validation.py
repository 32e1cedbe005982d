"""Validation: what a model predicts for published trials, scored and drawn."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel.errors import ConfigError, ObservationError, StoreError
from remodel.models import Model, load_model
from remodel.observations import Arm, load_observations, load_regimens, trial_names, trials
from remodel.parameters import ParameterSet, load_parameters
from remodel.predictions import (
    Evidence,
    Skipped,
    drug_class,
    patient_of,
    prediction_table,
    predictor,
    scorecard,
    totals,
)
from remodel.provenance import fingerprint, manifest
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

SHIPPED = "shipped"
_CHANGE = "_percent_change"
_MOST_TIMES = 400
Parameters = ParameterSet | Mapping[str, float] | str | Path | None


@dataclass(frozen=True, slots=True)
class Validation:
    """Predictions of published numbers and their errors.

    Attributes
    ----------
    model : str
    predictions : pandas.DataFrame
        One row an observation, beside its prediction.
    scorecard : pandas.DataFrame
        One row an endpoint of an arm.
    totals : pandas.DataFrame
        By drug class and kind of measurement.
    skipped : tuple of Skipped
        What the model cannot be compared with, and why.
    failed : tuple of (str, str)
        Study and arm of simulations that failed; their predictions are NaN.
    figures : tuple of Path
        One overlay a study, if ``out`` was given.
    """

    model: str
    predictions: pd.DataFrame
    scorecard: pd.DataFrame
    totals: pd.DataFrame
    skipped: tuple[Skipped, ...]
    failed: tuple[tuple[str, str], ...]
    figures: tuple[Path, ...] = ()


def validate(
    model: str | Model = "reference",
    *,
    observations: str | Path | None = None,
    regimens: str | Path | None = None,
    out: str | Path | None = None,
    parameters: Parameters = None,
    use: str = "validation",
    progress: Callable[[int], None] | None = None,
) -> Validation:
    """Compare a model with published trials.

    Parameters
    ----------
    model : str or Model
    observations, regimens : path, optional
        Tables of one's own; both or none. By default the trials that come with the package.
    out : path, optional
        Folder for ``scorecard.csv``, ``predictions.csv``, ``totals.csv``, ``skipped.csv`` and
        one overlay figure a study.
    parameters : ParameterSet, mapping, or path of a parameter file, optional
        Values that replace the model's.
    use : str
        Of the shipped trials: ``validation``, ``calibration`` or ``all``. Tables of one's own
        are always used whole.
    progress : callable, optional
        Called with the number of studies drawn since the last call.

    Raises
    ------
    RemodelError
        One of its children, before any work starts, if a table or an argument is not allowed.
    """
    chosen = load_model(model)
    evidence = load_evidence(observations, regimens, use)
    values = _values(chosen, parameters)
    folder = _folder(out)
    one = predictor(chosen, [evidence])
    table = prediction_table(one.targets, one.predict(values))
    gone = table[table["predicted"].isna()] if len(table) else table
    found = Validation(
        model=chosen.name,
        predictions=table,
        scorecard=scorecard(table),
        totals=totals(table),
        skipped=one.skipped,
        failed=tuple(dict.fromkeys((str(r.study_id), str(r.arm)) for r in gone.itertuples())),
    )
    if folder is None:
        return found
    _write(found, folder, chosen, values, evidence)
    figures = _draw_all(found, chosen, values, evidence, folder, progress)
    return Validation(
        **{name: getattr(found, name) for name in Validation.__slots__ if name != "figures"},
        figures=figures,
    )


def load_evidence(
    observations: str | Path | None, regimens: str | Path | None, use: str
) -> Evidence:
    """Return a user's tables, or those of the package.

    Raises
    ------
    ConfigError
        If one of two files is missing, or ``use`` is not known.
    ObservationError
        If a table is malformed.
    """
    if (observations is None) != (regimens is None):
        message = "give both tables, observations and regimens, or neither for the shipped trials."
        raise ConfigError(message)
    if observations is None:
        if use not in ("validation", "calibration", "all"):
            message = f"use = '{use}': must be validation, calibration or all."
            raise ConfigError(message)
        uses = ("validation", "calibration") if use == "all" else use
        return Evidence(SHIPPED, load_observations().where(use=uses), load_regimens())
    rows = load_observations(observations)
    if not len(rows):
        message = f"{Path(observations).name} has no observations."
        raise ObservationError(message)
    return Evidence(Path(observations).name, rows, load_regimens(regimens))


def _values(model: Model, parameters: Parameters) -> dict[str, float]:
    if parameters is None:
        return {}
    found = load_parameters(parameters) if isinstance(parameters, str | Path) else parameters
    values = found.natural() if isinstance(found, ParameterSet) else dict(found)
    model.all_parameters.replace(values)  # raises for an unknown name or a value out of bounds
    return values


def _folder(out: str | Path | None) -> Path | None:
    if out is None:
        return None
    folder = Path(out)
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror or error}."
        raise StoreError(message) from error
    return folder


def _write(
    found: Validation,
    folder: Path,
    model: Model,
    values: Mapping[str, float],
    evidence: Evidence,
) -> None:
    import pandas as pd

    found.scorecard.to_csv(folder / "scorecard.csv", index=False)
    found.predictions.to_csv(folder / "predictions.csv", index=False)
    found.totals.to_csv(folder / "totals.csv", index=False)
    names = list(Skipped.__dataclass_fields__)
    skipped = pd.DataFrame([asdict(s) for s in found.skipped], columns=names)
    skipped.to_csv(folder / "skipped.csv", index=False)
    record = manifest(
        model=model.name,
        parameters=model.all_parameters.replace(values).fingerprint(),
        table=evidence.name,
        observations=fingerprint([repr(row) for row in evidence.observations]),
    )
    text = json.dumps(record, indent=2, sort_keys=True, default=str)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _draw_all(
    found: Validation,
    model: Model,
    values: Mapping[str, float],
    evidence: Evidence,
    folder: Path,
    progress: Callable[[int], None] | None,
) -> tuple[Path, ...]:
    paths = []
    for study in dict.fromkeys(found.predictions.get("study_id", ())):
        path = folder / "figures" / f"{_file_name(study)}.png"
        figure, _ = draw_study(found.predictions, study, model, values, evidence)
        figure.savefig(path)
        paths.append(path)
        if progress:
            progress(1)
    return tuple(paths)


def draw_study(
    predictions: pd.DataFrame,
    study: str,
    model: Model,
    values: Mapping[str, float],
    evidence: Evidence,
) -> tuple[object, pd.DataFrame]:
    """Return the overlay of a study and the points in it."""
    from remodel.plots.study_overlay import study_overlay

    rows = predictions[predictions["study_id"] == study]
    dataset = simulate_study(rows, model, values, evidence)
    label = trials(study).label if evidence.name == SHIPPED and study in trial_names() else study
    return study_overlay(dataset, rows, title=f"{label}: {model.name}", label=label)


def simulate_study(
    rows: pd.DataFrame, model: Model, values: Mapping[str, float], evidence: Evidence
) -> xr.Dataset:
    """Return the curves of a study's arms, with every endpoint that was measured in it."""
    from remodel.results import SimulationWarning
    from remodel.simulation import simulate

    study = str(rows["study_id"].iloc[0])
    names = list(dict.fromkeys(name for name in (*rows["arm"], *rows["comparator"]) if name))
    arms = [evidence.arms[study, name] for name in names]
    end = max(float(rows["time_months"].max()), 1.0) * 1.03 * DAYS_PER_MONTH
    patients = [patient_of(arm, model) for arm in arms] if model.follows_age else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SimulationWarning)
        dataset = simulate(
            model,
            schedule=[arm.schedule for arm in arms],
            patient=patients,
            parameters=values or None,
            times=np.linspace(0.0, end, _MOST_TIMES),
            outputs=_variables(rows),
        )
    return dataset.assign_coords(
        arm=("simulation", names), drug_class=("simulation", [_class(arm) for arm in arms])
    )


def _class(arm: Arm) -> str:
    return drug_class(arm)


def _variables(rows: pd.DataFrame) -> tuple[str, ...]:
    pairs = zip(rows["endpoint"], rows["kind"], strict=True)
    return tuple(dict.fromkeys(e if k == "level" else e + _CHANGE for e, k in pairs))


def _file_name(study: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in study)
