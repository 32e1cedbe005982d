"""Reading an experiment from its TOML file; everything is checked before anything is simulated."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from remodel.errors import PatientError, nearest
from remodel.experiments.arms import Experiment
from remodel.experiments.schema import PICTURES, ExperimentArm, Picture, Scenario, Source
from remodel.experiments.sweeps import SweepExperiment, is_sweep, sweep_experiment
from remodel.files import Table, checked_file_name, is_folder, load_toml
from remodel.files.schema import FileName, Positive, Schema, Texts, one_of, validate
from remodel.models import Model, load_model
from remodel.observations import Arm, load_trial
from remodel.patient import Patient
from remodel.plots.points import study_label
from remodel.plots.style import check_text
from remodel.schedules import Schedule
from remodel.simulation.dataset import checked_outputs, known_outputs
from remodel.solvers.methods import DEFAULT, checked_rtol, method_of

_PATIENT = tuple(f.name for f in dataclasses.fields(Patient))
_LONGEST_YEARS = 120.0
_MOST_TIMES = 100_000


class _Arm(Schema):
    label: str | None = None
    schedule: str | None = None
    patient: dict[str, Any] = Field(default_factory=dict)
    published: str | None = None
    observed: Texts = ()
    observed_from: dict[str, Positive] = Field(default_factory=dict)
    models: Texts | None = None
    parameters: dict[str, dict[str, float]] = Field(default_factory=dict)
    exact_doses: Texts = ()


class _Scenario(Schema):
    label: str | None = None
    shown: Texts
    compared: Texts = ()
    years: Positive | None = None


class _Figure(Schema):
    name: FileName
    kind: Annotated[str, one_of(PICTURES, "a kind of figure")] = PICTURES[0]
    arms: Texts | None = None
    variables: Texts | None = None
    title: str = ""
    years: Positive | None = None


class _Solver(Schema):
    method: str = DEFAULT.name
    rtol: Positive | None = None


class _Quick(Schema):
    arms: Texts | None = None
    step_months: Positive | None = None


class _File(Schema):
    title: str
    question: str = ""
    answer: str = ""
    model: str | None = None
    models: Texts | None = None
    years: Annotated[Positive, Field(le=_LONGEST_YEARS)]
    step_months: Positive = 1.0
    outputs: Texts = ()
    observations: str = ""
    patient: dict[str, Any] = Field(default_factory=dict)
    solver: _Solver = _Solver()
    quick: _Quick = _Quick()
    arms: dict[str, _Arm] = Field(default_factory=dict)
    scenarios: dict[str, _Scenario] = Field(default_factory=dict)
    figures: list[_Figure] = Field(default_factory=list)


def load_experiment(path: str | Path) -> Experiment | SweepExperiment:
    """Read and check an experiment.

    Parameters
    ----------
    path : path
        An ``experiment.toml``, or the folder it lies in.

    Raises
    ------
    ConfigError
        If the file cannot be read or a value is not allowed; it names file, line and key.
    """
    file = Path(path) / "experiment.toml" if is_folder(path) else Path(path)
    top = load_toml(file)
    if is_sweep(top):
        return sweep_experiment(top)
    content = validate(top, _File)
    models = _models(top, content, file.parent)
    arms = _arms(top, content, models)
    _check_solver(top.table("solver"), content.solver)
    names = tuple(dict.fromkeys(arm.name for arm in arms))
    scenarios = _scenarios(top, content, arms)
    quick_step = content.quick.step_months or content.step_months
    _check_times(top, "step_months", content.years, content.step_months)
    _check_times(top.table("quick"), "step_months", content.years, quick_step)
    experiment = Experiment(
        name=file.resolve().parent.name,
        title=content.title,
        question=content.question,
        answer=content.answer,
        models=models,
        years=content.years,
        step_months=content.step_months,
        quick_step_months=quick_step,
        arms=arms,
        pictures=_pictures(top, content, arms),
        outputs=content.outputs,
        quick_arms=_known(top.table("quick"), "arms", content.quick.arms, names),
        scenarios=scenarios,
        method=content.solver.method,
        rtol=content.solver.rtol,
        path=file,
        observations=file.parent / content.observations if content.observations else None,
    )
    if experiment.pictures and not experiment.chosen_pictures(quick=True)[0].arms:
        top.table("quick").fail("arms", "the first figure shows none of these arms.")
    _check_outputs(top, experiment)
    return experiment


def _models(top: Table, content: _File, folder: Path) -> Mapping[str, Model]:
    """Return the models of an experiment by name, of which the key ``model`` names one."""
    key, names = "models", content.models
    if names is None:
        key, names = "model", ("reference" if content.model is None else content.model,)
    elif content.model is not None:
        top.fail("models", "give either model or models, not both.")
    loaded = [top.checked(key, load_model, name, folder) for name in names]
    models = {model.name: model for model in loaded}
    if not names or len(models) < len(names):
        top.fail(key, f"expected different models, at least one, got {list(names)}.")
    return models


def _check_solver(table: Table, solver: _Solver) -> None:
    table.checked("method", method_of, solver.method)
    if solver.rtol is not None:
        table.checked("rtol", checked_rtol, solver.rtol, solver.method)


def _check_times(table: Table, key: str, years: float, step: float) -> None:
    """Refuse a grid of times that would fill the memory."""
    times = years * 12.0 / step
    if times > _MOST_TIMES:
        table.fail(
            key,
            f"a step of {step:g} months makes {times:.3g} times; at most {_MOST_TIMES:,} are "
            "allowed.",
        )


def _known(
    table: Table, key: str, names: tuple[str, ...] | None, known: tuple[str, ...]
) -> tuple[str, ...]:
    """Return names of arms, by default all."""
    if names is None:
        return known
    for name in names:
        if name not in known:
            table.fail(key, f"no arm is called '{name}'.{nearest(name, known)}")
    return names


def _arms(top: Table, content: _File, models: Mapping[str, Model]) -> tuple[ExperimentArm, ...]:
    listed = top.table("arms")
    if not content.arms:
        top.fail("arms", "an experiment needs at least one table [arms.NAME].")
    top.table("patient").check_keys(_PATIENT)
    _patient(top.table("patient"), "age", content.patient)
    return tuple(
        in_model
        for name, arm in content.arms.items()
        for in_model in _in_each_model(
            listed.table(name), arm, _arm(listed.table(name), name, arm, content.patient), models
        )
    )


def _patient(table: Table, key: str, values: Mapping[str, Any]) -> Patient:
    try:
        return Patient(**values)
    except PatientError as error:
        table.fail(error.field if error.field in table.content else key, str(error), error)


def _arm(table: Table, name: str, arm: _Arm, shared: Mapping[str, Any]) -> ExperimentArm:
    """Return an arm whose model is left open."""
    published = None
    sources = [_source(table, "observed", text) for text in arm.observed]
    if arm.published is not None:
        source = _source(table, "published", arm.published)
        published = load_trial(source[0]).arm(source[1])
        if published.pool:
            names = ", ".join(f"{source[0]}/{name}" for name, _ in published.pool)
            table.fail("published", f"its women took several schedules; name one of {names}.")
        sources.insert(0, source)
    table.table("patient").check_keys(_PATIENT)
    values = {**(shared if published is None else _patient_of(published)), **arm.patient}
    later = table.table("observed_from")
    label = name.replace("_", " ") if arm.label is None else arm.label
    table.checked("label", check_text, label)
    return ExperimentArm(
        key=name,
        label=label,
        schedule=_schedule(table, arm, published),
        patient=_patient(table, "patient", values),
        observed=tuple(dict.fromkeys(sources)),
        observed_from={_source(later, s, s): month for s, month in arm.observed_from.items()},
        published=None if published is None else sources[0],
        name=name,
    )


def _in_each_model(
    table: Table, content: _Arm, arm: ExperimentArm, models: Mapping[str, Model]
) -> list[ExperimentArm]:
    """Return an arm once for each model that it names and that has its drugs."""
    chosen = tuple(models) if content.models is None else content.models
    for key, names in (("models", chosen), ("exact_doses", content.exact_doses)):
        for name in names:
            if name not in models:
                table.fail(key, f"'{name}' is not a model here.{nearest(name, models)}")
    table.table("parameters").check_keys(models)
    drugs = set(arm.schedule.drugs)
    able = [m for name, m in models.items() if name in chosen and drugs <= set(m.drugs)]
    if not able:
        first = next(iter(models.values()))
        table.checked("schedule", first.with_drugs, arm.schedule.drugs)
        table.fail("models", "none of these models has the drugs of this arm.")
    in_models = []
    for model in able:
        values = content.parameters.get(model.name, {})
        at = table.table("parameters").table(model.name)
        for name, value in values.items():
            at.checked(name, model.all_parameters.replace, {name: value})
        is_exact = True if model.name in content.exact_doses else None
        in_models.append(
            dataclasses.replace(arm, model=model.name, parameters=values, exact_doses=is_exact)
        )
    if len(models) == 1:
        return in_models
    return [
        dataclasses.replace(a, key=f"{a.name}@{a.model}", label=f"{a.label}, {a.model}")
        for a in in_models
    ]


def _schedule(table: Table, arm: _Arm, published: Arm | None) -> Schedule:
    if published is not None and arm.schedule is None:
        return published.schedule
    sentence = "none" if arm.schedule is None else arm.schedule
    return table.checked("schedule", Schedule.parse, sentence)


def _source(table: Table, key: str, text: str) -> Source:
    """Return study and arm of a text like ``zofast/zol_delayed``."""
    study, _, arm = text.partition("/")
    if not arm:
        table.fail(key, f"expected STUDY/ARM such as 'zofast/zol_delayed', got '{text}'.")
    table.checked(key, study_label, study, arm)
    return study, arm


def _patient_of(arm: Arm) -> dict[str, Any]:
    """Return what a published arm says of its women; what it does not say is left to Patient."""
    values: dict[str, Any] = {
        name: getattr(arm, name)
        for name in _PATIENT
        if name.startswith("t_score") or name in ("age", "menopause_age")
    }
    known = {name: value for name, value in values.items() if value is not None}
    return {**known, "menopause": arm.menopause}


def _scenarios(top: Table, content: _File, arms: Sequence[ExperimentArm]) -> tuple[Scenario, ...]:
    names = tuple(dict.fromkeys(arm.name for arm in arms))
    published = {arm.name for arm in arms if arm.published is not None}
    scenarios = []
    for key, scenario in content.scenarios.items():
        table = top.table("scenarios").table(key)
        top.table("scenarios").checked(key, checked_file_name, key)
        for name in scenario.compared:
            if name in names and name not in published:
                table.fail("compared", f"the arm '{name}' is not a published one.")
        scenarios.append(
            Scenario(
                key=key,
                label=key.replace("_", " ") if scenario.label is None else scenario.label,
                shown=_known(table, "shown", scenario.shown, names),
                compared=_known(table, "compared", scenario.compared, names),
                years=scenario.years or content.years,
            )
        )
    return tuple(scenarios)


def _pictures(top: Table, content: _File, arms: Sequence[ExperimentArm]) -> tuple[Picture, ...]:
    labels = {arm.key: arm.label for arm in arms}
    pictures: list[Picture] = []
    for place, figure in enumerate(content.figures):
        table = top.item("figures", place)
        table.checked("name", checked_file_name, figure.name, [p.name for p in pictures])
        table.checked("title", check_text, figure.title)
        if figure.kind == "models" and not content.scenarios:
            problem = "this kind of figure draws scenarios, and there is no [scenarios.NAME]."
            table.fail("kind", problem)
        shown = _known(table, "arms", figure.arms, tuple(labels))
        if len({labels[key] for key in shown}) < len(shown):
            table.fail("arms", "two of these arms have the same label.")
        variables = _variables(table, figure)
        pictures.append(
            Picture(figure.name, figure.kind, shown, variables, figure.title, figure.years)
        )
    return tuple(pictures)


def _variables(table: Table, figure: _Figure) -> tuple[str, ...]:
    if figure.kind != "phase_plane":
        if figure.variables is None:
            table.fail("variables", "this key is missing.")
        return figure.variables
    variables = ("osteoclasts", "osteoblasts") if figure.variables is None else figure.variables
    if len(variables) != 2:
        table.fail("variables", f"a phase plane has two variables, got {len(variables)}.")
    return variables


def _check_outputs(top: Table, experiment: Experiment) -> None:
    """Refuse an output that none of the models has, and an arm that has none of the outputs."""
    models = experiment.models
    drugs = {drug for arm in experiment.arms for drug in arm.schedule.drugs}
    available = {
        name: tuple(model.system(drugs & set(model.drugs)).outputs)
        for name, model in models.items()
    }
    outputs = {name: known_outputs(names) for name, names in available.items()}
    first, *others = models
    elsewhere = set().union(*(outputs[name] for name in others))
    wanted = [
        (top.item("figures", place), "variables", picture.variables)
        for place, picture in enumerate(experiment.pictures)
    ]
    if experiment.outputs:
        wanted.append((top, "outputs", experiment.outputs))
    for table, key, names in wanted:
        left = tuple(name for name in names if name not in elsewhere)
        if left or not names:
            table.checked(key, checked_outputs, models[first], available[first], left)
    asked = set(experiment.variables())
    for arm in experiment.arms:
        if asked and not asked & outputs[arm.model]:
            problem = f"'{arm.model}' has none of the outputs asked for; name the models that do."
            top.table("arms").table(arm.name).fail("models", problem)
