"""What is to be calibrated: model, parameters, data and search, read from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from remodel.calibration.data import Source, load_sources, only_studies
from remodel.errors import nearest
from remodel.files import Table, load_toml
from remodel.files.schema import Count, CountOrZero, Positive, Schema, Texts, one_of, validate
from remodel.models import Model, load_model
from remodel.parameters import ParameterSet
from remodel.predictions import Evidence
from remodel.predictions.arms import known_drugs
from remodel.predictions.spreads import Spreads
from remodel.predictions.spreads_file import load_spreads, shipped_spreads
from remodel.provenance import fingerprint

LOSSES = ("linear", "soft_l1")


@dataclass(frozen=True, slots=True)
class FitProblem:
    """Everything that decides the numbers of a fit.

    Attributes
    ----------
    title : str
    model : str or Model
    estimate : tuple of str
        Parameters to be estimated.
    sources : tuple of Source
        Where observations and regimens come from.
    loss : str
        ``linear`` (least squares) or ``soft_l1``, which lets outliers weigh less.
    loss_scale : float
        Residual, in standard errors, from which a point counts as an outlier.
    spreads : Spreads
        Between trials of one treatment, and of the model itself; those that ship with the package
        by default.
    rounds : int
        How often spreads and parameters are estimated in turn before the starts; none by default.
    center : mapping of str to float
        Values of the estimated parameters to start from, and at which the covariance of the
        numbers is taken; those of the model where it names none.
    starts : int
        Number of starting points; the first is the model's own values.
    seed : int
    max_evaluations : int
        Of the objective, for each start.
    global_evaluations : int
        Of a global search (CMA-ES) before each descent; none by default.
    studies : tuple of str
        Only these, if any are named.
    path : Path or None
        The file it was read from.
    """

    title: str
    model: str | Model
    estimate: tuple[str, ...]
    sources: tuple[Source, ...]
    loss: str = "soft_l1"
    loss_scale: float = 2.0
    spreads: Spreads = field(default_factory=shipped_spreads)
    rounds: int = 0
    center: Mapping[str, float] = field(default_factory=dict)
    starts: int = 8
    seed: int = 1
    max_evaluations: int = 60
    global_evaluations: int = 0
    studies: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return load_model(self.model).name

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the tables, without what is held out."""
        tables = load_sources(self.sources, known_drugs(load_model(self.model)))
        return only_studies(tables, self.studies) if self.studies else tables

    def parameters(self) -> ParameterSet:
        """Return the parameters to be estimated, with values to start from."""
        parameters = load_model(self.model).parameters
        return ParameterSet(parameters[name] for name in self.estimate)

    def start(self) -> dict[str, float]:
        """Return the values of the estimated parameters that the search starts from."""
        return {**self.parameters().natural(), **self.center}

    def fingerprint(self) -> str:
        """Return a hash of all that decides the numbers of a fit."""
        return fingerprint(self.fingerprints())

    def fingerprints(self) -> dict[str, str]:
        """Return hashes of settings, equations, parameters and data."""
        model = load_model(self.model)
        left_out = ("title", "model", "sources", "studies", "path")
        settings = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        data = [
            (table.name, repr(row), [repr(arm) for arm in table.arms_of(row)])
            for table in self.evidence()
            for row in table.observations
        ]
        equations = model.system(model.drugs).fingerprint, model.file_hash
        return {
            "settings": fingerprint(settings),
            "equations": fingerprint(equations),
            "parameters": fingerprint([repr(p) for p in model.parameters.values()]),
            "data": fingerprint(data),
        }


class _ObjectiveTable(Schema):
    """Table ``[objective]``; its keys are fields of a problem."""

    loss: Annotated[str, one_of(LOSSES, "a loss")] = "soft_l1"
    loss_scale: Positive = 2.0
    spreads: str = "shipped"
    rounds: CountOrZero = 0


class _StartsTable(Schema):
    count: Count = 8
    seed: CountOrZero = 1
    max_evaluations: Count = 60
    global_evaluations: CountOrZero = 0


class _DataTable(Schema):
    shipped: bool = False
    observations: str = ""
    regimens: str = ""
    held_out: Texts = ()
    optional: bool = False


class _QuickTable(Schema):
    estimate: Texts = ()
    starts: Count = 1
    max_evaluations: Count | None = None
    studies: Texts = ()


class _ProblemFile(Schema):
    title: str = ""
    model: str = "reference"
    estimate: Texts = ()
    data: list[_DataTable] = Field(default_factory=list)
    objective: _ObjectiveTable = _ObjectiveTable()
    starts: _StartsTable = _StartsTable()
    quick: _QuickTable = _QuickTable()


def load_problem(path: str | Path, *, quick: bool = False) -> FitProblem:
    """Read and check a problem.

    Parameters
    ----------
    path : path
        A TOML file; paths in it count from the folder it lies in.
    quick : bool
        Use the values of its table ``[quick]``.

    Raises
    ------
    ConfigError
        If the file cannot be read or a value is not allowed; it names file, line and key.
    ObservationError
        If a table of data is malformed.
    """
    top, folder = load_toml(path), Path(path).parent
    file = validate(top, _ProblemFile)
    model = top.checked("model", load_model, file.model, folder)
    if not file.data:
        top.fail("data", "name at least one table of data, such as [[data]] shipped = true.")
    starts = file.starts.model_dump()
    objective = file.objective.model_dump()
    name = objective.pop("spreads")
    problem = FitProblem(
        title=file.title or Path(path).stem,
        model=model.reference,
        estimate=_estimate(top, model, file.estimate),
        sources=tuple(_source(top.item("data", i), folder) for i in range(len(file.data))),
        starts=starts.pop("count"),
        **starts,
        **objective,
        spreads=top.table("objective").checked("spreads", _spreads, name, folder),
        path=Path(path),
    )
    if not quick:
        return problem
    short = file.quick
    return replace(
        problem,
        estimate=_estimate(top.table("quick"), model, short.estimate or problem.estimate),
        starts=short.starts,
        max_evaluations=short.max_evaluations or problem.max_evaluations,
        studies=short.studies,
        rounds=0,
    )


def _spreads(name: str, folder: Path) -> Spreads:
    """Return spreads by name, or from a file whose path counts from a folder."""
    if name == "none":
        return Spreads.none()
    return shipped_spreads() if name == "shipped" else load_spreads(folder / name)


def _estimate(table: Table, model: Model, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the parameters named, or all that are marked as estimated."""
    names = names or tuple(model.parameters.select(status="estimated"))
    if not names:
        table.fail("estimate", f"no parameter of model '{model.name}' is marked as estimated.")
    for name in names:
        if name not in model.parameters:
            hint = nearest(name, model.parameters)
            table.fail("estimate", f"model '{model.name}' has no parameter '{name}'.{hint}")
        parameter = model.parameters[name]
        if parameter.status == "input" or name in model.structural:
            table.fail("estimate", f"{name} is an input of a simulation; it cannot be estimated.")
        if parameter.lower == parameter.upper:
            table.fail("estimate", f"{name} has no room between its bounds.")
    return tuple(dict.fromkeys(names))


def _source(table: Table, folder: Path) -> Source:
    data = validate(table, _DataTable)
    if "" in data.held_out:
        table.fail("held_out", "expected STUDY or STUDY/ARM, got an empty text.")
    if data.shipped:
        return Source(held_out=data.held_out)
    for key in ("observations", "regimens"):
        if not getattr(data, key):
            table.fail(key, "this key is missing.")
    return Source(
        observations=folder / data.observations,
        regimens=folder / data.regimens,
        held_out=data.held_out,
        optional=data.optional,
    )
