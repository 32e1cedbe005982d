"""Validation: what a model predicts for published trials, scored and drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, nearest
from remodel.files import results_folder, write_atomically, write_csv, write_text, writing
from remodel.models import Model, load_model
from remodel.models.draws import posterior_draws
from remodel.observations import idle_arms
from remodel.observations.load import check_drugs
from remodel.parameters import ParameterSet, load_parameters
from remodel.predictions import (
    Evidence,
    Predictor,
    Skipped,
    prediction_table,
    scorecard,
    totals,
)
from remodel.predictions.arms import known_drugs
from remodel.predictions.bands import BAND_NAMES, Band, predictive_of, with_bands
from remodel.predictions.reliability import contrasts, coverage, drift
from remodel.predictions.spreads_file import load_spreads, shipped_spreads
from remodel.progress import Progress, ProgressLike, progress_of
from remodel.provenance import fingerprint, manifest, recorded
from remodel.validation.overlays import Overlays, file_name

if TYPE_CHECKING:
    import pandas as pd

Parameters = ParameterSet | Mapping[str, float] | str | Path | None

_BANDS = f"must be {', '.join(BAND_NAMES[:-1])} or {BAND_NAMES[-1]}."
_TABLES = ("scorecard", "predictions", "totals", "coverage", "drift", "contrasts", "skipped")
_CURVES = 50  # draws that make the bands of a figure
_FILES = ("manifest.json", *(f"{name}.csv" for name in _TABLES))


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
    coverage : pandas.DataFrame
        By drug class: how often the bands hold the published numbers, log score and CRPS.
    drift : pandas.DataFrame
        By drug class and kind of measurement: how errors change with time.
    contrasts : pandas.DataFrame
        Differences between arms of one trial.
    skipped : tuple of Skipped
        What the model cannot be compared with, and why.
    failed : tuple of (str, str)
        Study and arm of simulations that failed; their predictions are NaN.
    idle : tuple of (str, str)
        Study and arm of regimens in a user's table that nothing was measured under.
    flagged : int
        Number of rows that carry a flag and were read without bounds.
    figures : tuple of Path
        One overlay a study, if ``out`` was given.
    """

    model: str
    predictions: pd.DataFrame
    scorecard: pd.DataFrame
    totals: pd.DataFrame
    coverage: pd.DataFrame
    drift: pd.DataFrame
    contrasts: pd.DataFrame
    skipped: tuple[Skipped, ...]
    failed: tuple[tuple[str, str], ...]
    idle: tuple[tuple[str, str], ...] = ()
    flagged: int = 0
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


@recorded
def validate(
    model: str | Model = "reference",
    *,
    observations: str | Path | None = None,
    regimens: str | Path | None = None,
    out: str | Path | None = None,
    parameters: Parameters = None,
    posterior: str | Path | None = None,
    spreads: str | Path | None = None,
    band: Band = "published",
    use: str = "validation",
    figures: bool = True,
    progress: ProgressLike = None,
) -> Validation:
    """Compare a model with published trials.

    Parameters
    ----------
    model : str or Model
    observations, regimens : path, optional
        Tables of one's own; both or none. By default the trials that come with the package.
    out : path, optional
        Folder for ``scorecard.csv``, ``predictions.csv``, ``totals.csv``, ``coverage.csv``,
        ``drift.csv``, ``contrasts.csv``, ``skipped.csv`` and one overlay figure a study.
    parameters : ParameterSet, mapping, or path of a parameter file, optional
        Values that replace the model's.
    posterior : path, optional
        CSV file of draws from the posterior, one column a parameter, such as that of a fit. By
        default the draws that ship with the model, unless ``parameters`` replaces its values;
        without any, bands hold no uncertainty of parameters.
    spreads : path, optional
        TOML file of the spreads between trials of a fit; by default those that ship.
    band : {"parameters", "trial", "published"}
        What the bands of ``predictions`` hold: the uncertainty of the parameters; the true mean of
        a new trial, with the spread between trials; or its published number, with its standard
        error as well.
    use : str
        Of the shipped trials: ``validation``, ``calibration`` or ``all``. Tables of one's own
        are always used whole.
    figures : bool
        Whether to draw overlays into ``out``.
    progress : Progress or callable, optional
        Is told how many studies are drawn.

    Raises
    ------
    RemodelError
        One of its subclasses, before any work starts, if a table or an argument is not allowed.
    """
    model = load_model(model)
    evidence = Evidence.read(observations, regimens, use)
    if regimens is not None:
        check_drugs(regimens, known_drugs(model))
    values = _values(model, parameters)
    if band not in BAND_NAMES:
        raise ConfigError(f"band = '{band}': {nearest(band, BAND_NAMES).strip() or _BANDS}")
    is_shipped = posterior is None and not values
    draws = posterior_draws(model, posterior) if is_shipped or posterior is not None else {}
    between = shipped_spreads() if spreads is None else load_spreads(spreads)
    predictor = Predictor.of(model, [evidence])
    predicted = predictor.predict(values)
    table = prediction_table(predictor.targets, predicted)
    centers = _centers(predictor, values, draws, predicted)
    predictive = predictive_of(model, predictor.targets, centers, between, band)
    table = with_bands(table, predictor.targets, predictive, band)
    gone = table[table["predicted"].isna()]
    validation = Validation(
        model=model.name,
        predictions=table,
        scorecard=scorecard(table),
        totals=totals(table),
        coverage=coverage(table),
        drift=drift(table, ("drug_class", "group")),
        contrasts=contrasts(table),
        skipped=predictor.skipped,
        failed=tuple(dict.fromkeys((str(r.study_id), str(r.arm)) for r in gone.itertuples())),
        idle=idle_arms(evidence.observations, evidence.arms) if regimens is not None else (),
        flagged=evidence.observations.without_bounds,
    )
    if out is None:
        return validation
    folder = results_folder(out, _FILES, mark=_FILES[0], key="observations", what="validation")
    with writing(folder):
        _write(validation, folder, model, values, evidence)
        if not figures:
            return validation
        curves = {name: array[:: -(-len(array) // _CURVES)] for name, array in draws.items()}
        overlays = Overlays(model, evidence, values, curves, between)
        (folder / "figures").mkdir(exist_ok=True)
        paths = _draw(table, overlays, folder / "figures", progress_of(progress))
    return replace(validation, figures=paths)


def _values(model: Model, parameters: Parameters) -> dict[str, float]:
    """Return the values that replace those of a model, checked."""
    if isinstance(parameters, str | Path):
        parameters = load_parameters(parameters)
    if isinstance(parameters, ParameterSet):
        parameters = parameters.natural()
    values = dict(parameters or {})
    model.all_parameters.replace(values)  # raises for an unknown name or a value out of bounds
    return values


def _centers(
    predictor: Predictor,
    values: Mapping[str, float],
    draws: Mapping[str, FloatArray],
    predicted: FloatArray,
) -> FloatArray:
    """Return predictions by draws, shape (draws, n); the one there is without any."""
    if not draws:
        return predicted[None, :]
    count = len(next(iter(draws.values())))
    fixed = {name: np.full(count, value) for name, value in values.items()}
    return predictor.predict_many({**fixed, **draws}, count)


def _write(
    validation: Validation,
    folder: Path,
    model: Model,
    values: Mapping[str, float],
    evidence: Evidence,
) -> None:
    import pandas as pd

    record = manifest(
        model=model.name,
        model_file_hash=model.file_hash,
        parameters=model.all_parameters.replace(values).fingerprint(),
        table=evidence.name,
        observations=fingerprint([repr(row) for row in evidence.observations]),
    )
    text = json.dumps(record, indent=2, sort_keys=True, default=str)
    write_text(folder / "manifest.json", text + "\n")  # first: it marks the folder
    skipped = [asdict(item) for item in validation.skipped]
    names = list(Skipped.__dataclass_fields__)
    tables = {name: getattr(validation, name) for name in _TABLES}
    tables["skipped"] = pd.DataFrame(skipped, columns=names)
    for name, table in tables.items():
        write_csv(folder / f"{name}.csv", table)


def _draw(
    predictions: pd.DataFrame, overlays: Overlays, folder: Path, progress: Progress
) -> tuple[Path, ...]:
    """Write the overlay of each study."""
    names: dict[str, str] = {}
    studies = predictions.groupby("study_id", sort=False)
    progress.start(len(studies))
    for study, rows in studies:
        names[study] = file_name(study, names.values())
        figure, _ = overlays.draw(rows)
        write_atomically(folder / f"{names[study]}.png", figure.savefig)
        progress.advance(1)
    return tuple(folder / f"{name}.png" for name in names.values())
