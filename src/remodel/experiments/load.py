"""Reading an experiment from its TOML file; everything is checked before anything is simulated."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from remodel.errors import RemodelError, nearest
from remodel.experiments.schema import (
    PICTURES,
    Experiment,
    ExperimentArm,
    Picture,
    Scenario,
    Source,
)
from remodel.experiments.sweeps import SweepExperiment, is_sweep, sweep_experiment
from remodel.files import Table, load_toml
from remodel.models import Model, load_model
from remodel.observations import Arm, trials
from remodel.patient import Patient
from remodel.plots.points import study_label
from remodel.schedules import Schedule
from remodel.simulation.dataset import checked_outputs, known_outputs
from remodel.solvers.methods import DEFAULT, checked_rtol, method_of

_TOP = (
    "title", "question", "answer", "model", "models", "years", "step_months", "outputs",
    "observations", "patient", "solver", "quick", "arms", "scenarios", "figures",
)  # fmt: skip
_ARM = (
    "label", "schedule", "patient", "published", "observed", "observed_from",
    "models", "parameters", "exact_doses",
)  # fmt: skip
_PATIENT = tuple(f.name for f in dataclasses.fields(Patient))


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
    given = Path(path)
    file = given / "experiment.toml" if given.is_dir() else given
    top = load_toml(file)
    if is_sweep(top):
        return sweep_experiment(top)
    top.check_keys(_TOP)
    models = _models(top)
    arms = _arms(top, models)
    solver, quick = top.table("solver"), top.table("quick")
    solver.check_keys(("method", "rtol"))
    quick.check_keys(("arms", "step_months"))
    method = solver.text("method", DEFAULT.name)
    _checked(solver, "method", method_of, method)
    rtol = solver.number("rtol") if "rtol" in solver.content else None
    if rtol is not None:
        _checked(solver, "rtol", lambda value: checked_rtol(value, method), rtol)
    names = tuple(dict.fromkeys(arm.name for arm in arms))
    scenarios = _scenarios(top, arms)
    step = top.number("step_months", 1.0)
    experiment = Experiment(
        name=file.resolve().parent.name,
        title=top.text("title"),
        question=top.text("question", ""),
        answer=top.text("answer", ""),
        models=tuple(model.name for model in models),
        years=top.number("years"),
        step_months=step,
        quick_step_months=quick.number("step_months", step),
        arms=arms,
        pictures=tuple(
            _picture(table, arms, has_scenarios=bool(scenarios)) for table in top.tables("figures")
        ),
        outputs=top.texts("outputs", ()),
        quick_arms=_known(quick, "arms", quick.texts("arms", names), names),
        scenarios=scenarios,
        method=method,
        rtol=rtol,
        path=file,
        observations=file.parent / named if (named := top.text("observations", "")) else None,
    )
    if experiment.pictures and not experiment.chosen_pictures(quick=True)[0].arms:
        quick.fail("arms", "the first figure shows none of these arms.")
    _check_outputs(top, experiment, models)
    return experiment


def _models(top: Table) -> tuple[Model, ...]:
    """Return the models of an experiment, of which the key ``model`` names one."""
    if "models" not in top.content:
        return (_checked(top, "model", load_model, top.text("model", "reference")),)
    if "model" in top.content:
        top.fail("models", "give either model or models, not both.")
    names = top.texts("models")
    if not names or len(set(names)) < len(names):
        top.fail("models", f"expected different models, at least one, got {list(names)}.")
    return tuple(_checked(top, "models", load_model, name) for name in names)


def _checked(table: Table, key: str, check: Any, *values: Any) -> Any:
    """Call a check and say where in the file a value that it refuses stands."""
    try:
        return check(*values)
    except RemodelError as error:
        table.fail(key, str(error), error)


def _known(
    table: Table, key: str, found: tuple[str, ...], known: tuple[str, ...]
) -> tuple[str, ...]:
    for name in found:
        if name not in known:
            table.fail(key, f"no arm is called '{name}'.{nearest(name, known)}")
    return found


def _arms(top: Table, models: Sequence[Model]) -> tuple[ExperimentArm, ...]:
    listed = top.table("arms")
    if not listed.content:
        top.fail("arms", "an experiment needs at least one table [arms.NAME].")
    shared = _patient_values(top.table("patient"))
    _checked(top.table("patient"), next(iter(shared), "age"), lambda: Patient(**shared))
    named = [_arm(listed.table(name), name, shared) for name in listed.content]
    return tuple(
        one for arm in named for one in _in_each_model(listed.table(arm.name), arm, models)
    )


def _arm(table: Table, name: str, shared: Mapping[str, Any]) -> ExperimentArm:
    """Return an arm whose model is left open."""
    table.check_keys(_ARM)
    published = _published(table) if "published" in table.content else None
    own = _patient_values(table.table("patient"))
    values = {**(shared if published is None else _patient_of(published)), **own}
    patient = _checked(table, "patient", lambda: Patient(**values))
    observed = [_source(table, "observed", text) for text in table.texts("observed", ())]
    if published is not None:
        observed.insert(0, (published.study_id, published.name))
    later = table.table("observed_from")
    return ExperimentArm(
        key=name,
        label=table.text("label", name.replace("_", " ")),
        schedule=_schedule(table, published),
        patient=patient,
        observed=tuple(dict.fromkeys(observed)),
        observed_from={_source(later, text, text): later.number(text) for text in later.content},
        published=None if published is None else observed[0],
        name=name,
    )


def _in_each_model(
    table: Table, arm: ExperimentArm, models: Sequence[Model]
) -> list[ExperimentArm]:
    """Return an arm once for each model that it names and that has its drugs."""
    names = tuple(model.name for model in models)
    chosen, exact = table.texts("models", names), table.texts("exact_doses", ())
    for key, name in (*(("models", n) for n in chosen), *(("exact_doses", n) for n in exact)):
        if name not in names:
            table.fail(key, f"'{name}' is not a model here.{nearest(name, names)}")
    given = table.table("parameters")
    given.check_keys(names)
    able = [m for m in models if m.name in chosen and set(arm.schedule.drugs) <= set(m.drugs)]
    if not able:
        _checked(table, "schedule", models[0].with_drugs, arm.schedule.drugs)
        table.fail("models", "none of these models has the drugs of this arm.")
    made = [
        dataclasses.replace(
            arm,
            model=model.name,
            parameters=_parameters(given.table(model.name), model),
            exact_doses=model.name in exact,
        )
        for model in able
    ]
    if len(models) == 1:
        return made
    return [
        dataclasses.replace(one, key=f"{one.name}@{one.model}", label=f"{one.label}, {one.model}")
        for one in made
    ]


def _parameters(table: Table, model: Model) -> dict[str, float]:
    values = {name: table.any_number(name) for name in table.content}
    for name, value in values.items():
        _checked(table, name, model.all_parameters.replace, {name: value})
    return values


def _schedule(table: Table, published: Arm | None) -> Schedule:
    if published is not None and "schedule" not in table.content:
        return published.schedule
    sentence = table.text("schedule", "none")
    found: Schedule = _checked(table, "schedule", Schedule.parse, sentence)
    return found


def _published(table: Table) -> Arm:
    study, arm = _source(table, "published", table.text("published"))
    return trials(study).arm(arm)


def _source(table: Table, key: str, text: str) -> Source:
    """Return study and arm of a text like ``zofast/zol_delayed``."""
    study, _, arm = text.partition("/")
    if not arm:
        table.fail(key, f"expected STUDY/ARM such as 'zofast/zol_delayed', got '{text}'.")
    _checked(table, key, study_label, study, arm)
    return study, arm


def _patient_values(table: Table) -> dict[str, Any]:
    table.check_keys(_PATIENT)
    return dict(table.content)


def _patient_of(arm: Arm) -> dict[str, Any]:
    """Return what a published arm says of its women; what it does not say is left to Patient."""
    values: dict[str, Any] = {
        name: getattr(arm, name)
        for name in _PATIENT
        if name.startswith("t_score") or name in ("age", "menopause_age")
    }
    given = {name: value for name, value in values.items() if value is not None}
    return {**given, "menopause": arm.menopause}


def _scenarios(top: Table, arms: Sequence[ExperimentArm]) -> tuple[Scenario, ...]:
    names = tuple(dict.fromkeys(arm.name for arm in arms))
    published = tuple(dict.fromkeys(arm.name for arm in arms if arm.published is not None))
    found = []
    for key in top.table("scenarios").content:
        table = top.table("scenarios").table(key)
        table.check_keys(("label", "shown", "compared", "years"))
        for name in (compared := table.texts("compared", ())):
            if name in names and name not in published:
                table.fail("compared", f"the arm '{name}' is not a published one.")
        found.append(
            Scenario(
                key=key,
                label=table.text("label", key.replace("_", " ")),
                shown=_known(table, "shown", table.texts("shown"), names),
                compared=_known(table, "compared", compared, names),
                years=table.number("years", top.number("years")),
            )
        )
    return tuple(found)


def _picture(table: Table, arms: tuple[ExperimentArm, ...], *, has_scenarios: bool) -> Picture:
    labels = {arm.key: arm.label for arm in arms}
    keys = tuple(labels)
    table.check_keys(("name", "kind", "arms", "variables", "title", "years"))
    kind = table.text("kind", PICTURES[0])
    if kind not in PICTURES:
        table.fail("kind", f"'{kind}' is not a kind of figure.{nearest(kind, PICTURES)}")
    if kind == "models" and not has_scenarios:
        table.fail("kind", "this kind of figure draws scenarios, and there is no [scenarios.NAME].")
    is_plane = kind == "phase_plane"
    variables = table.texts("variables", ("osteoclasts", "osteoblasts") if is_plane else None)
    if is_plane and len(variables) != 2:
        table.fail("variables", f"a phase plane has two variables, got {len(variables)}.")
    shown = _known(table, "arms", table.texts("arms", keys), keys)
    if len({labels[key] for key in shown}) < len(shown):
        table.fail("arms", "two of these arms have the same label.")
    return Picture(
        name=table.text("name"),
        kind=kind,
        arms=shown,
        variables=variables,
        title=table.text("title", ""),
        years=table.number("years") if "years" in table.content else None,
    )


def _check_outputs(top: Table, experiment: Experiment, models: Sequence[Model]) -> None:
    """Refuse an output that none of the models has, and an arm that has none of the outputs."""
    drugs = {drug for arm in experiment.arms for drug in arm.schedule.drugs}
    first, *others = (tuple(m.system(drugs & set(m.drugs)).outputs) for m in models)
    elsewhere = set().union(*map(known_outputs, others))
    wanted = [
        (table, "variables", picture.variables)
        for table, picture in zip(top.tables("figures"), experiment.pictures, strict=True)
    ]
    if experiment.outputs:
        wanted.append((top, "outputs", experiment.outputs))
    for table, key, names in wanted:
        left = tuple(name for name in names if name not in elsewhere)
        if left or not names:
            _checked(table, key, checked_outputs, models[0], first, left)
    asked = set(experiment.variables())
    outputs = dict(zip((m.name for m in models), map(known_outputs, (first, *others)), strict=True))
    for arm in experiment.arms:
        if asked and not asked & outputs[arm.model]:
            problem = f"'{arm.model}' has none of the outputs asked for; name the models that do."
            top.table("arms").table(arm.name).fail("models", problem)
