"""Validation: what a model predicts for published trials, scored and drawn."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, ObservationError, ParameterError, StoreError
from remodel.models import Model, load_model, model_names
from remodel.observations import (
    Arm,
    check_pairs,
    load_observations,
    load_regimens,
    trial_names,
    trials,
)
from remodel.observations.load import check_drugs
from remodel.observations.rows import Row, load_rows
from remodel.observations.schema import LONGEST_MONTHS
from remodel.parameters import Parameter, ParameterSet, load_parameters
from remodel.predictions import (
    Evidence,
    Skipped,
    drug_class,
    prediction_table,
    predictor,
    scorecard,
    totals,
)
from remodel.predictions.evidence import patients_of
from remodel.provenance import fingerprint, manifest
from remodel.units import DAYS_PER_MONTH, PERCENT_CHANGE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

SHIPPED = "shipped"
_MOST_TIMES = 401
_BAND_STEP = 4  # curves have this many times more points than bands
Draws = Mapping[str, FloatArray] | None
Parameters = ParameterSet | Mapping[str, float] | str | Path | None


@dataclass(frozen=True, slots=True, repr=False)
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

    def __repr__(self) -> str:
        """Return how much was compared."""
        studies = self.predictions["study_id"].nunique() if len(self.predictions) else 0
        return (
            f"<Validation of {self.model!r}: {len(self.predictions)} numbers of {studies} studies, "
            f"{sum(item.n for item in self.skipped)} skipped, {len(self.failed)} arms failed>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the errors by drug class and measurement."""
        table = self.totals.to_html(index=False, float_format="%.3g", na_rep="")
        return f"<p>{escape(repr(self))}</p>{table}"


def validate(
    model: str | Model = "reference",
    *,
    observations: str | Path | None = None,
    regimens: str | Path | None = None,
    out: str | Path | None = None,
    parameters: Parameters = None,
    posterior: str | Path | None = None,
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
    posterior : path, optional
        CSV file of draws from the posterior, one column a parameter, such as that of a fit; gives
        every curve its band of 90 %.
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
    draws = _draws(chosen, posterior)
    if regimens is not None:
        check_drugs(regimens, _known_drugs(chosen))
    one = predictor(chosen, [evidence])
    folder = _folder(out)
    table = prediction_table(one.targets, one.predict(values))
    gone = table[table["predicted"].isna()]
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
    figures = _draw_all(found, chosen, values, evidence, folder, progress, draws)
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
        If a table is malformed, or an arm has no regimen.
    """
    if (observations is None) != (regimens is None):
        raise ConfigError(
            "give both tables, observations and regimens, or neither for the shipped trials."
        )
    if observations is None:
        if use not in ("validation", "calibration", "all"):
            raise ConfigError(f"use = '{use}': must be validation, calibration or all.")
        uses = ("validation", "calibration") if use == "all" else use
        return Evidence(SHIPPED, load_observations().where(use=uses), load_regimens())
    rows = load_observations(observations)
    if not len(rows):
        raise ObservationError(f"{Path(observations).name} has no observations.")
    arms = load_regimens(regimens)
    check_pairs(rows, arms)
    return Evidence(Path(observations).name, rows, arms)


def _known_drugs(model: Model) -> tuple[str, ...]:
    """Return the drugs of a model, and of all models of the package."""
    every = (model, *map(load_model, model_names()))
    return tuple(dict.fromkeys(drug for one in every for drug in one.drugs))


def _values(model: Model, parameters: Parameters) -> dict[str, float]:
    if parameters is None:
        return {}
    found = load_parameters(parameters) if isinstance(parameters, str | Path) else parameters
    values = found.natural() if isinstance(found, ParameterSet) else dict(found)
    model.all_parameters.replace(values)  # raises for an unknown name or a value out of bounds
    return values


def _draws(model: Model, posterior: str | Path | None) -> Draws:
    """Return draws by parameter, checked to be within the bounds of the model.

    Raises
    ------
    ObservationError
        If the file cannot be read or has no draws, a column is not a parameter, or a cell is not
        a number within the bounds of its parameter; it names file, row and column.
    """
    if posterior is None:
        return None
    rows = load_rows(posterior, ())
    if not rows:
        raise ObservationError(f"{Path(posterior).name} has no draws.")
    found: dict[str, FloatArray] = {}
    for name in filter(None, rows[0].cells):
        try:
            parameter = model.parameters[name]
        except ParameterError as error:
            Row(rows[0].file, 1, {}).fail(name, str(error), error)
        found[name] = np.array([_drawn(row, name, parameter) for row in rows])
    return found


def _drawn(row: Row, name: str, parameter: Parameter) -> float:
    """Return a cell of a table of draws, checked."""
    value = row.number(name, parameter.unit)
    try:
        parameter.check(value)
    except ParameterError as error:
        row.fail(name, str(error), error)
    return value


def _folder(out: str | Path | None) -> Path | None:
    if out is None:
        return None
    folder = Path(out)
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.") from error
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
    draws: Draws,
) -> tuple[Path, ...]:
    paths = []
    for study in dict.fromkeys(found.predictions["study_id"]):
        path = folder / "figures" / f"{_file_name(study)}.png"
        figure, _ = draw_study(found.predictions, study, model, values, evidence, draws)
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
    draws: Draws = None,
) -> tuple[Figure, pd.DataFrame]:
    """Return the overlay of a study and the points in it."""
    from remodel.plots.panels import YOURS
    from remodel.plots.study_overlay import study_overlay

    rows = predictions[predictions["study_id"] == study]
    dataset = simulate_study(rows, model, values, evidence, draws)
    shipped = evidence.name == SHIPPED and study in trial_names()
    label = trials(study).label if shipped else f"{YOURS}: {study}"
    title = f"{label}: {model.name}"
    return study_overlay(dataset, rows, title=title, label=label, split=shipped)


def simulate_study(
    rows: pd.DataFrame,
    model: Model,
    values: Mapping[str, float],
    evidence: Evidence,
    draws: Draws = None,
) -> xr.Dataset:
    """Return the curves of a study's arms, with every endpoint that was measured in it.

    With draws, ``NAME_low`` and ``NAME_high`` hold the band of 90 % of each.
    """
    study = str(rows["study_id"].iloc[0])
    names = list(dict.fromkeys(name for name in (*rows["arm"], *rows["comparator"]) if name))
    arms = [evidence.arms[study, name] for name in names]
    end = min(max(float(rows["time_months"].max()), 1.0) * 1.03, LONGEST_MONTHS) * DAYS_PER_MONTH
    variables = _variables(rows)
    dataset = _curves(model, arms, np.linspace(0.0, end, _MOST_TIMES), variables, values)
    if draws is not None:
        dataset = dataset.assign(_bands(model, arms, dataset, variables, values, draws))
    return dataset.assign_coords(
        arm=("simulation", names), drug_class=("simulation", [drug_class(arm) for arm in arms])
    )


def _curves(
    model: Model,
    arms: Sequence[Arm],
    times: FloatArray,
    outputs: tuple[str, ...],
    parameters: Mapping[str, float | FloatArray],
) -> xr.Dataset:
    from remodel.simulation.dataset import SimulationWarning
    from remodel.simulation.simulate import simulate

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SimulationWarning)
        return simulate(
            model,
            schedule=[arm.schedule for arm in arms],
            patient=patients_of(arms, model, scored=True),
            parameters=parameters or None,
            times=times,
            outputs=outputs,
        )


def _bands(
    model: Model,
    arms: Sequence[Arm],
    dataset: xr.Dataset,
    variables: tuple[str, ...],
    values: Mapping[str, float],
    draws: Mapping[str, FloatArray],
) -> dict[str, tuple[tuple[str, str], FloatArray]]:
    """Return the ends of the band of each variable, over draws from the posterior."""
    from remodel.plots.overlay import HIGH, LOW

    count = len(next(iter(draws.values())))
    tiled = {name: np.tile(given, len(arms)) for name, given in draws.items()}
    repeated = [arm for arm in arms for _ in range(count)]
    times = dataset["time"].to_numpy()
    some = _curves(model, repeated, times[::_BAND_STEP], variables, {**values, **tiled})
    found: dict[str, tuple[tuple[str, str], FloatArray]] = {}
    for name in variables:
        shaped = some[name].to_numpy().reshape(len(arms), count, -1)
        for end, share in ((LOW, 0.05), (HIGH, 0.95)):
            edge = np.nanquantile(shaped, share, axis=1)
            smooth = np.stack([np.interp(times, times[::_BAND_STEP], row) for row in edge])
            found[name + end] = (("simulation", "time"), smooth)
    return found


def _variables(rows: pd.DataFrame) -> tuple[str, ...]:
    pairs = zip(rows["endpoint"], rows["kind"], strict=True)
    return tuple(dict.fromkeys(e if k == "level" else e + PERCENT_CHANGE for e, k in pairs))


def _file_name(study: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in study)
