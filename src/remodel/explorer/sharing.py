"""The simulation of the page as Python, as a command, and as an experiment."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from remodel.explorer.curves import RISK
from remodel.explorer.question import Case, Question
from remodel.models import load_model
from remodel.patient import SITES, Patient
from remodel.simulation.dataset import default_outputs

_FACTORS = ("prior_fracture", "parental_fracture", "smoking", "glucocorticoids")


def shared(question: Question) -> dict[str, str]:
    """Return the texts that make the same simulation outside the page."""
    panels = _panels(question)
    return {
        "python": as_python(question, panels),
        "command": as_command(question.case, panels),
        "experiment": as_experiment(question.case, panels),
    }


def _panels(question: Question) -> list[str]:
    known = default_outputs(load_model(question.case.model))
    names = [name for name in question.page.panels if name in known]
    return names or [known[0]]


def _said(patient: Patient | None) -> dict[str, Any]:
    """Return what differs from the patient of default, by argument."""
    if patient is None:
        return {}
    usual = Patient()
    names = ("age", "menopause_age", "menopause", *(f"t_score_{s}" for s in SITES), "sex")
    values = {name: getattr(patient, name) for name in names}
    return {n: v for n, v in values.items() if n == "age" or v != getattr(usual, n)}


def as_python(question: Question, panels: list[str]) -> str:
    """Return a script that simulates and draws."""
    case = question.case
    arms = "".join(f"    {name!r}: {str(schedule)!r},\n" for name, schedule in case.arms)
    said = ", ".join(f"{name}={value!r}" for name, value in _said(case.patient).items())
    lines = ["import remodel as rm", "", f"schedules = {{\n{arms}}}"]
    arguments = [f"{case.model!r}", "schedule=schedules"]
    if case.patient is not None:
        lines.append(f"patient = rm.Patient({said})")
        arguments.append("patient=patient")
    if case.parameters:
        lines.append(f"parameters = {dict(case.parameters)!r}")
        arguments.append("parameters=parameters")
    arguments.append(f"years={case.years!r}")
    lines.append(f"ds = rm.simulate({', '.join(arguments)})")
    lines.append(f"figure = ds.remodel.plot({panels!r})")
    lines.append('figure.savefig("arms.png")')
    if any(name.startswith(RISK) for name in question.page.panels) and case.patient is not None:
        who = question.page.patient
        women: dict[str, Any] = {n: True for n in _FACTORS if getattr(who, n)}
        if who.bmi is not None:
            women["bmi"] = who.bmi
        lines.append(f"risk = rm.fracture_risk(ds, country={who.country!r}, women={women!r})")
    return "\n".join(lines) + "\n"


def as_command(case: Case, panels: list[str]) -> str:
    """Return a command of the shell."""
    words = ["remodel", "simulate"]
    for name, schedule in case.arms:
        words += ["--arm", f"{name.replace('=', '-')}={schedule}"]
    for name, value in _said(case.patient).items():
        words += [f"--{name.replace('_', '-')}={_word(value)}"]
    for name, value in case.parameters:
        words += ["--parameter", f"{name}={value!r}"]
    words += [
        f"--model={case.model}",
        f"--years={_word(case.years)}",
        f"--outputs={','.join(panels)}",
    ]
    return " ".join(shlex.quote(word) for word in words) + "\n"


def _word(value: str | float | None) -> str:
    """Return a value as a word of the shell, a number with all its digits."""
    if value is None or isinstance(value, str):
        return value or "none"
    return repr(value).removesuffix(".0")


def as_experiment(case: Case, panels: list[str]) -> str:
    """Return an ``experiment.toml``."""
    lines = [
        'title = "From the explorer"',
        f"model = {_text(case.model)}",
        f"years = {case.years!r}",
        f"outputs = {json.dumps(panels)}",
        "",
    ]
    if case.patient is not None:
        lines += ["[patient]", *_assignments(_said(case.patient)), ""]
    keys = [f"arm_{number}" for number in range(1, len(case.arms) + 1)]
    for key, (name, schedule) in zip(keys, case.arms, strict=True):
        lines += [f"[arms.{key}]", f"label = {_text(name)}", f"schedule = {_text(str(schedule))}"]
        if case.parameters:
            values = ", ".join(f"{n} = {v!r}" for n, v in case.parameters)
            lines.append(f"parameters = {{ {case.model} = {{ {values} }} }}")
        lines.append("")
    lines += [
        "[[figures]]",
        'name = "arms"',
        'kind = "trial_overlay"',
        f"arms = {json.dumps(keys)}",
        f"variables = {json.dumps(panels)}",
        "",
    ]
    return "\n".join(lines)


def _assignments(values: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} = {_text('none' if value is None else value)}"
        if value is None or isinstance(value, str)
        else f"{name} = {value!r}"
        for name, value in values.items()
    ]


def _text(value: str) -> str:
    """Return a basic string of TOML; characters that are not allowed in one are escaped."""
    quoted = json.dumps(value, ensure_ascii=False)
    return re.sub(r"[\x7f]", lambda match: f"\\u{ord(match[0]):04x}", quoted)
