"""Reading an experiment from its TOML file; everything is checked before anything is simulated."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from remodel.errors import RemodelError, nearest
from remodel.experiments.places import Table, load_toml
from remodel.experiments.schema import PICTURES, Experiment, ExperimentArm, Picture
from remodel.models import Model, load_model
from remodel.observations import Arm, trials
from remodel.patient import Patient
from remodel.plots.points import study_label
from remodel.results import checked_outputs
from remodel.schedules import Schedule
from remodel.simulation import check_method, checked_rtol

_TOP = (
    "title", "question", "model", "years", "step_months", "outputs",
    "patient", "solver", "quick", "arms", "figures",
)  # fmt: skip
_PATIENT = tuple(f.name for f in dataclasses.fields(Patient))


def load_experiment(path: str | Path) -> Experiment:
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
    file = Path(path)
    top = load_toml(file / "experiment.toml" if file.is_dir() else file)
    top.check_keys(_TOP)
    model = _checked(top, "model", load_model, top.text("model", "reference"))
    arms = _arms(top, model)
    solver, quick = top.table("solver"), top.table("quick")
    solver.check_keys(("method", "rtol"))
    quick.check_keys(("arms", "step_months"))
    method = solver.text("method", "batch")
    _checked(solver, "method", check_method, method)
    rtol = solver.number("rtol") if "rtol" in solver.content else None
    if rtol is not None:
        _checked(solver, "rtol", lambda value: checked_rtol(value, method), rtol)
    keys = tuple(arm.key for arm in arms)
    step = top.number("step_months", 1.0)
    experiment = Experiment(
        name=top.path.resolve().parent.name,
        title=top.text("title"),
        question=top.text("question", ""),
        model=model.name,
        years=top.number("years"),
        step_months=step,
        quick_step_months=quick.number("step_months", step),
        arms=arms,
        pictures=tuple(_picture(table, arms) for table in top.tables("figures")),
        outputs=top.texts("outputs", ()),
        quick_arms=_known(quick, "arms", quick.texts("arms", keys), keys),
        method=method,
        rtol=rtol,
        path=top.path,
    )
    if experiment.pictures and not set(experiment.pictures[0].arms) & set(experiment.quick_arms):
        quick.fail("arms", "the first figure shows none of these arms.")
    _check_outputs(top, experiment, model)
    return experiment


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


def _arms(top: Table, model: Model) -> tuple[ExperimentArm, ...]:
    listed = top.table("arms")
    if not listed.content:
        top.fail("arms", "an experiment needs at least one table [arms.NAME].")
    shared = _patient_values(top.table("patient"))
    return tuple(_arm(listed.table(key), key, shared, model) for key in listed.content)


def _arm(table: Table, key: str, shared: Mapping[str, Any], model: Model) -> ExperimentArm:
    table.check_keys(("label", "schedule", "patient", "published", "observed"))
    published = _published(table) if "published" in table.content else None
    own = _patient_values(table.table("patient"))
    values = {**(shared if published is None else _patient_of(published)), **own}
    patient = _checked(table, "patient", lambda: Patient(**values))
    schedule = _schedule(table, published)
    _checked(table, "schedule", model.with_drugs, schedule.drugs)
    observed = [_source(table, "observed", text) for text in table.texts("observed", ())]
    if published is not None:
        observed.insert(0, (published.study_id, published.name))
    return ExperimentArm(
        key=key,
        label=table.text("label", key.replace("_", " ")),
        schedule=schedule,
        patient=patient,
        observed=tuple(dict.fromkeys(observed)),
    )


def _schedule(table: Table, published: Arm | None) -> Schedule:
    if published is not None and "schedule" not in table.content:
        return published.schedule
    sentence = table.text("schedule", "none")
    found: Schedule = _checked(table, "schedule", Schedule.parse, sentence)
    return found


def _published(table: Table) -> Arm:
    study, arm = _source(table, "published", table.text("published"))
    return trials(study).arm(arm)


def _source(table: Table, key: str, text: str) -> tuple[str, str]:
    """Return study and arm of a text like ``zofast/zol_delayed``."""
    study, _, arm = text.partition("/")
    if not arm:
        table.fail(key, f"expected STUDY/ARM such as 'zofast/zol_delayed', got '{text}'.")
    _checked(table, key, study_label, study, arm)
    return study, arm


def _patient_values(table: Table) -> dict[str, Any]:
    table.check_keys(_PATIENT)
    values = dict(table.content)
    if values.get("menopause") == "none":
        values["menopause"] = None
    return values


def _patient_of(arm: Arm) -> dict[str, Any]:
    """Return what a published arm says of its women; what it does not say is left to Patient."""
    values: dict[str, Any] = {
        name: getattr(arm, name)
        for name in _PATIENT
        if name.startswith("t_score") or name in ("age", "menopause_age")
    }
    given = {name: value for name, value in values.items() if value is not None}
    return {**given, "menopause": None if arm.menopause == "none" else arm.menopause}


def _picture(table: Table, arms: tuple[ExperimentArm, ...]) -> Picture:
    labels = {arm.key: arm.label for arm in arms}
    keys = tuple(labels)
    table.check_keys(("name", "kind", "arms", "variables", "title", "years"))
    kind = table.text("kind", PICTURES[0])
    if kind not in PICTURES:
        table.fail("kind", f"'{kind}' is not a kind of figure.{nearest(kind, PICTURES)}")
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


def _check_outputs(top: Table, experiment: Experiment, model: Model) -> None:
    drugs = {drug for arm in experiment.arms for drug in arm.schedule.drugs}
    available = tuple(model.system(drugs).outputs)
    for table, picture in zip(top.tables("figures"), experiment.pictures, strict=True):
        _checked(table, "variables", checked_outputs, model, available, picture.variables)
    _checked(top, "outputs", checked_outputs, model, available, experiment.outputs)
