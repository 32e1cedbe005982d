"""What is to be calibrated: model, parameters, data and search, read from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from remodel.calibration.data import Source, load_sources, only_studies
from remodel.errors import RemodelError, nearest
from remodel.files import Table, load_toml
from remodel.models import Model, load_model
from remodel.observations import endpoints
from remodel.parameters import ParameterSet
from remodel.predictions import Evidence
from remodel.provenance import fingerprint

LOSSES = ("linear", "soft_l1")
_TOP = ("title", "model", "estimate", "data", "objective", "starts", "quick")


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
    discrepancy : mapping of str to float
        Standard deviation between trials and of the model itself, by endpoint; percentage points
        for BMD, a fraction of the level for the others. It is added to the standard errors.
    independent_points : float
        Number of points of one curve that count in full; more of them, measured in the same
        women, share that weight.
    weights : mapping of str to float
        How often a number counts, by class of treatment or by study; 1 by default.
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
    discrepancy: Mapping[str, float] = field(default_factory=dict)
    independent_points: float = 4.0
    weights: Mapping[str, float] = field(default_factory=dict)
    starts: int = 8
    seed: int = 1
    max_evaluations: int = 60
    global_evaluations: int = 0
    studies: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return self.model if isinstance(self.model, str) else self.model.name

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the tables, without what is held out."""
        tables = load_sources(self.sources)
        return only_studies(tables, self.studies) if self.studies else tables

    def parameters(self) -> ParameterSet:
        """Return the parameters to be estimated, with values to start from."""
        model = load_model(self.model)
        return ParameterSet(model.parameters[name] for name in self.estimate)

    def fingerprint(self) -> str:
        """Return a hash of all that decides the numbers, data and parameter tables included."""
        observations = [
            repr((table.name, row, table.arms[row.study_id, row.arm]))
            for table in self.evidence()
            for row in table.observations
        ]
        settings = (
            self.model_name, self.estimate, self.loss, self.loss_scale,
            sorted(self.discrepancy.items()),
            self.independent_points, sorted(self.weights.items()),
            self.starts, self.seed, self.max_evaluations,
            self.global_evaluations,
        )  # fmt: skip
        parameters = [repr(p) for p in load_model(self.model).parameters.values()]
        return fingerprint([settings, parameters, observations])


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
    top = load_toml(path)
    top.check_keys(_TOP)
    name = top.text("model", "reference")
    model = _model(top, name)
    settings, starts, few = top.table("objective"), top.table("starts"), top.table("quick")
    settings.check_keys(("loss", "loss_scale", "independent_points", "discrepancy", "weights"))
    starts.check_keys(("count", "seed", "max_evaluations", "global_evaluations"))
    few.check_keys(("estimate", "starts", "max_evaluations", "studies"))
    problem = FitProblem(
        title=top.text("title", Path(path).stem),
        model=name,
        estimate=_estimate(top, model),
        sources=tuple(_source(table, Path(path).parent) for table in top.tables("data")),
        loss=_loss(settings),
        loss_scale=settings.number("loss_scale", 2.0),
        discrepancy=_discrepancy(settings.table("discrepancy")),
        independent_points=settings.number("independent_points", 4.0),
        weights=_weights(settings.table("weights")),
        starts=starts.whole_number("count", 8),
        seed=starts.whole_number("seed", 1, least=0),
        max_evaluations=starts.whole_number("max_evaluations", 60),
        global_evaluations=starts.whole_number("global_evaluations", 0, least=0),
        path=Path(path),
    )
    if not problem.sources:
        top.fail("data", "name at least one table of data, such as [[data]] shipped = true.")
    if not quick:
        return problem
    return replace(
        problem,
        estimate=_estimate(few, model) if "estimate" in few.content else problem.estimate,
        starts=few.whole_number("starts", 1),
        max_evaluations=few.whole_number("max_evaluations", problem.max_evaluations),
        studies=few.texts("studies", ()),
    )


def _estimate(table: Table, model: Model) -> tuple[str, ...]:
    """Return the parameters named, or all that are marked as estimated."""
    names = table.texts("estimate", tuple(model.parameters.select(status="estimated")))
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
    table.check_keys(("shipped", "observations", "regimens", "held_out", "optional"))
    held_out = table.texts("held_out", ())
    for name in held_out:
        if not name:
            table.fail("held_out", "expected STUDY or STUDY/ARM, got an empty text.")
    if table.value("shipped", bool, False):
        return Source(held_out=held_out)
    return Source(
        observations=folder / table.text("observations"),
        regimens=folder / table.text("regimens"),
        held_out=held_out,
        optional=table.value("optional", bool, False),
    )


def _loss(table: Table) -> str:
    loss = table.text("loss", "soft_l1")
    if loss not in LOSSES:
        table.fail("loss", f"'{loss}' is not a loss.{nearest(loss, LOSSES)}")
    return loss


def _discrepancy(table: Table) -> Mapping[str, float]:
    table.check_keys(endpoints())
    return {name: table.number(name) for name in table.content}


def _weights(table: Table) -> Mapping[str, float]:
    return {name: table.number(name) for name in table.content}


def _model(table: Table, name: str) -> Model:
    try:
        return load_model(name)
    except RemodelError as error:
        table.fail("model", str(error), error)
