"""What ``optimize`` says: tables, sentences, the plan to go on with."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.decisions.atlas import untested
from remodel.decisions.harms import Harm, events_text, exposures, harms_of
from remodel.decisions.load import Question
from remodel.decisions.misses import known_misses
from remodel.decisions.result import Result
from remodel.fracture.limits import beyond_link
from remodel.individuals.report import DISCLAIMER
from remodel.schedules import Schedule

if TYPE_CHECKING:
    import pandas as pd

_ERROR = "_standard_error"
_SIDES = 1.96  # standard errors within which two plans are as good
_LEAST = 0.5  # percent of women who are given something, from which it is said
_MOST_SENTENCES = 6
_MOST = 12  # rows of the table in the report


def table_of(best: Result, positions: Iterable[int]) -> pd.DataFrame:
    """Return one row a plan: variables, schedule, objectives and constraints with their errors.

    ``meets`` says whether all constraints are met, ``on_front`` and ``chosen`` what became of it,
    ``<objective>_against_chosen`` how it differs from the chosen plan on the same women.
    """
    import pandas as pd

    task = best.problem
    rows: list[dict[str, Any]] = []
    chosen, front = best.evaluations[best.position], set(best.on_front)
    for position in positions:
        plan, evaluation = best.plans[position], best.evaluations[position]
        settings = {v.name: plan.settings.get(v.name) for v in task.variables}
        row: dict[str, Any] = {"plan": position + 1, **settings, "schedule": plan.sentence}
        if plan.policy is not None:
            row["policy"] = plan.title
        for question, value, error in zip(
            task.questions, evaluation.answers, evaluation.errors, strict=True
        ):
            row[question.name], row[question.name + _ERROR] = float(value), float(error)
        difference, error = evaluation.less(chosen)
        for i, objective in enumerate(task.objectives):
            row[f"{objective.name}_against_chosen"] = float(difference[i])
            row[f"{objective.name}_against_chosen{_ERROR}"] = float(error[i])
        row["meets"] = best.meets(position)
        row["on_front"], row["chosen"] = position in front, position == best.position
        row["failed"] = evaluation.failed
        rows.append(row)
    return pd.DataFrame(rows)


def as_good(best: Result) -> tuple[int, ...]:
    """Return plans that the numbers cannot tell from the chosen one, in no objective worse.

    Differences are those on the same women; a plan counts if no objective is worse by more than
    1.96 standard errors of the difference.
    """
    chosen, task = best.evaluations[best.position], best.problem
    signs = np.array([objective.sign for objective in task.objectives])
    positions = []
    for position, evaluation in enumerate(best.evaluations):
        if position == best.position or not best.meets(position):
            continue
        difference, error = evaluation.less(chosen)
        loss = signs * difference[: len(signs)]
        if np.all(loss <= _SIDES * error[: len(signs)]):
            positions.append(position)
    return tuple(positions)


def answer(best: Result) -> tuple[str, ...]:
    """Return the answer in sentences, with numbers and their uncertainty."""
    task, evaluation = best.problem, best.evaluations[best.position]
    rows = zip(task.questions, evaluation.answers, evaluation.errors, best.bands, strict=True)
    numbers = [f"{row[0].words}: {_number(*row)}" for row in rows]
    is_one = len(task.objectives) == 1
    many = f"of the {len(best.on_front)} that no other beats, the nearest to the best of each"
    how = "the best" if is_one else many
    sentences = [
        f"Of {len(best.plans):,} plans, {how} is: {_title(best, best.position)}.",
        f"Under it, {'; '.join(numbers)}.",
        *_narrowly_met(best),
    ]
    sentences += _against_others(best)
    if _asks_for_fractures(best):
        sentences += beyond_link(_schedules(best))
    return tuple(sentences)


def _title(best: Result, position: int) -> str:
    """Return a plan as a sentence has it: the names of its choices, then what is given."""
    plan = best.plans[position]
    text = plan.title.replace("_", " ")
    named = [v.name for v in best.problem.variables if v.names != v.choices]
    names = [str(plan.settings[name]) for name in named if name in plan.settings]
    if plan.policy is not None or not names:
        return text  # a policy says the values of its variables itself
    return f"{', '.join(names)} ({text})"


def _narrowly_met(best: Result) -> list[str]:
    """Say which constraints the chosen plan meets within a standard error of their limit."""
    evaluation, first = best.evaluations[best.position], len(best.problem.objectives)
    sentences = []
    for i, constraint in enumerate(best.problem.constraints, first):
        value, error = float(evaluation.answers[i]), float(evaluation.errors[i])
        if min(value - constraint.at_least, constraint.at_most - value) < error:
            sentences.append(
                f"It is within one standard error ({error:.2g}) of the limit of "
                f"{constraint.words}, {constraint.limit}: whether it is met is not sure."
            )
    return sentences


def _asks_for_fractures(best: Result) -> bool:
    kinds = " ".join(question.quantity.kind for question in best.problem.questions)
    return "fracture" in kinds or "needed" in kinds


def _schedules(best: Result) -> list[Schedule]:
    """Return what any plan gives, by its schedule or by its rules."""
    rules = [rule for plan in best.plans if plan.policy for rule in plan.policy.rules]
    return [
        *(plan.schedule for plan in best.plans),
        *(Schedule.parse(rule.schedule) for rule in rules if rule.schedule),
    ]


def _against_others(best: Result) -> list[str]:
    """Say how the chosen plan compares with the next best, and how many are as good."""
    equal = as_good(best)
    if len(best.problem.objectives) > 1:
        return []
    objective = best.problem.objectives[0]
    losses = best.losses[:, 0]
    others = [
        i
        for i in range(len(best.plans))
        if i != best.position and math.isfinite(losses[i]) and best.meets(i)
    ]
    if not others:
        return []
    second = min(others, key=lambda i: losses[i])
    difference, error = best.evaluations[second].less(best.evaluations[best.position])
    sentence = (
        f"The next best is {_title(best, second)}: {_signed(float(difference[0]))} "
        f"{objective.unit} (standard error of the difference {error[0]:.2g})."
    )
    if not equal:
        return [sentence, "Every other plan is worse by more than 1.96 standard errors."]
    return [sentence, f"Other plans that these numbers cannot tell from it: {len(equal)}."]


def _number(question: Question, value: float, error: float, band: FloatArray) -> str:
    if math.isinf(value):
        return "infinite: no fracture is prevented"
    text = f"{value:.3g}{'' if question.unit == '1' else f' {question.unit}'}"
    low, high = band
    if low == high:
        return f"{text} (standard error {error:.2g})" if error else text
    return f"{text} (standard error {error:.2g}; {low:.3g} to {high:.3g} in 90 % of draws)"


def _signed(value: float) -> str:
    return f"{value:+.3g}"


def leans_on(best: Result) -> tuple[str, ...]:
    """Return what of the chosen plan no trial that comes with the package has tested."""
    years, taken = best.problem.design.horizon_years, best.taken
    if best.chosen.policy is None:
        return untested(best.chosen.schedule, years)
    shares = np.bincount(taken.way_of, weights=best.people.weights, minlength=len(taken.ways))
    women: dict[str, float] = {}
    for way, share in zip(taken.ways, shares, strict=True):
        for sentence in untested(way, years) if share else ():
            women[sentence] = women.get(sentence, 0.0) + 100.0 * share
    ordered = sorted(women, key=lambda sentence: -women[sentence])
    said = [s for s in ordered if women[s] >= _LEAST][:_MOST_SENTENCES]
    return tuple(f"{s} ({women[s]:.0f} % of women)" for s in said)


def misses(best: Result) -> tuple[str, ...]:
    """Return known misses of the model that any of the plans leans on, chosen or not."""
    schedules = [plan.schedule for plan in best.plans if plan.policy is None]
    if best.chosen.policy is not None:
        schedules += best.taken.ways
    return known_misses(schedules, best.problem.design.horizon_years)


def plan_toml(best: Result) -> str:
    """Return the chosen plan as TOML, its ``schedule`` ready for ``simulate``."""
    plan, evaluation, task = best.chosen, best.evaluations[best.position], best.problem
    lines = [
        "# The plan that optimize chose; rm.simulate(schedule=...) takes its schedule.",
        f"schedule = {json.dumps(plan.sentence)}",
        f"years = {task.design.horizon_years:g}",
    ]
    if plan.policy is not None:
        lines += _policy_lines(best)
    if plan.settings:
        lines += ["", "[variable]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in plan.settings.items()]
    lines += ["", "# what it is worth"]
    for question, value, error, band in zip(
        task.questions, evaluation.answers, evaluation.errors, best.bands, strict=True
    ):
        lines += [
            "[[value]]",
            f"name = {json.dumps(question.name)}",
            f"of = {json.dumps(question.words)}",
            f"value = {_toml(float(value))}",
            f"standard_error = {_toml(float(error))}",
            f"low_90 = {_toml(float(band[0]))}",
            f"high_90 = {_toml(float(band[1]))}",
            f"unit = {json.dumps(question.unit)}",
        ]
    return "\n".join(lines) + "\n"


def _toml(value: float) -> str:
    return repr(value) if math.isfinite(value) else str(value)


def _policy_lines(best: Result) -> list[str]:
    policy = best.chosen.policy
    assert policy is not None  # noqa: S101 # the caller has seen to it
    lines = [
        "",
        "[policy]",
        f"name = {json.dumps(policy.name)}",
        f"title = {json.dumps(policy.title)}",
        f"endpoints = {json.dumps(list(policy.endpoints))}",
        f"interval_months = {float(policy.interval_months)!r}",
        f"risk_factors = {json.dumps([factor.text for factor in policy.risk_factors])}",
    ]
    for rule in policy.rules:
        lines += [
            "[[policy.rule]]",
            f"name = {json.dumps(rule.name)}",
            f"when = {json.dumps(rule.when.text)}",
            f"action = {json.dumps(rule.action)}",
        ]
        if rule.schedule:
            lines.append(f"schedule = {json.dumps(rule.schedule)}")
        if rule.next_months is not None:
            lines.append(f"next_months = {float(rule.next_months)!r}")
    return lines


def report(best: Result) -> str:
    """Return the report, Markdown."""
    task = best.problem
    blocks = [
        f"# {task.design.title or 'Which plan'}",
        DISCLAIMER,
        "## Answer",
        "\n".join(f"- {sentence}" for sentence in answer(best)),
        "## What no trial has tested",
        "\n".join(f"- {sentence}" for sentence in leans_on(best))
        or "Every drug, dose, interval, duration and sequence of the chosen plan was tested.",
        "## Where the model is known to miss",
        "\n".join(f"- {sentence}" for sentence in misses(best))
        or "Nothing of note in the plans that were compared.",
        "## Harms",
        _harm_table(best),
        "## Front" if len(task.objectives) > 1 else "## Best plans",
        _front_table(best),
        "## How it was computed",
        "\n".join(f"- {sentence}" for sentence in _how(best)),
    ]
    return "\n\n".join(blocks) + "\n"


def harms(best: Result) -> tuple[Harm, ...]:
    """Return expected events among 1,000 women under the chosen plan, by published rates."""
    years, taken = best.problem.design.horizon_years, best.taken
    weights = best.people.weights
    shares = np.bincount(taken.way_of, weights=weights, minlength=len(taken.ways))
    each = np.array([exposures(way, years) for way in taken.ways])
    return harms_of(shares / shares.sum() @ each)


def _harm_table(best: Result) -> str:
    listed = [harm for harm in harms(best) if harm.events != 0]
    if not listed:
        return "None with a published rate."
    lines = ["| harm | events among 1,000 women | interval |", "|---|---|---|"]
    for harm in listed:
        events, low, high = (events_text(number) for number in (harm.events, harm.low, harm.high))
        lines.append(f"| {harm.name} | {events} | {low} to {high} |")
    return "\n".join(lines)


def _front_table(best: Result) -> str:
    task = best.problem
    shown = list(best.on_front)
    if len(task.objectives) == 1:
        losses = best.losses[:, 0]
        meets = [i for i in range(len(best.plans)) if best.meets(i)]
        shown = sorted(meets, key=lambda i: losses[i])
    heads = ["plan", *(f"{q.name} [{q.unit}]" for q in task.questions)]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for position in shown[:_MOST]:
        evaluation = best.evaluations[position]
        cells = [
            f"{value:.4g} ± {error:.2g}"
            for value, error in zip(evaluation.answers, evaluation.errors, strict=True)
        ]
        mark = " (chosen)" if position == best.position else ""
        lines.append(f"| {_title(best, position)}{mark} | {' | '.join(cells)} |")
    if len(shown) > _MOST:
        lines.append(f"\n{len(shown) - _MOST} more in `plans.csv`.")
    return "\n".join(lines) + "\n\n± is one standard error."


def _how(best: Result) -> list[str]:
    task, design = best.problem, best.problem.design
    draws = design.uncertainty.draws
    people = best.people
    sentences = [f"{people.words}, {design.horizon_years:g} years, fractures in {design.country}."]
    if draws and not design.woman:
        sentences.append(
            f"{draws} draws of the parameters of the bone model, of the background of fracture and "
            f"of its link; over them the {design.uncertainty.robust} counts. The 90 % are those of "
            "the chosen plan over these draws."
        )
    if people.failed:
        sentences.append(people.left_out)
    if best.failed:
        sentences.append(f"{best.failed} simulations failed, and count in no plan.")
    every = (
        "every plan" if best.method == "exhaustive" else "a search by Parzen estimators (optuna)"
    )
    sentences.append(f"Method: {every}, {len(best.plans):,} different plans.")
    sentences.append(
        "Standard errors are those of the number of women and draws. All plans have the same ones, "
        "so that differences are surer than the numbers (columns `_against_chosen`)."
    )
    if _asks_for_fractures(best):
        sentences.append(
            f"Fractures are first fractures from published gradients, death competing; prevented "
            f"ones are counted against: {task.against}."
        )
    return sentences
