"""Plans valued on the same women: fronts, errors, constraints, resuming, threads."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import remodel as rm
from remodel.decisions.evaluate import Evaluator
from remodel.decisions.load import load_problem
from remodel.decisions.people import RTOL, population_people
from remodel.decisions.plans import schedule_of
from remodel.decisions.report import plan_toml
from remodel.errors import ConfigError, StoreError

OF_TWO = "anastrozole 1 mg daily for 3 y; zoledronic acid 4 mg every 6 mo x 2"


def with_changes(content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**content, **changes}


def test_every_plan_is_valued_once_and_the_front_is_that_of_the_grid(best: rm.Best) -> None:
    assert best.method == "exhaustive"
    assert len(best.plans) == 10  # one without infusions, nine with
    losses = best.losses
    for position in range(len(losses)):
        beaten = np.all(losses <= losses[position], axis=1) & np.any(
            losses < losses[position], axis=1
        )
        assert (position in best.on_front) == (not beaten.any())
    assert [best.plans[i].settings["number"] for i in best.on_front] == [3.0, 2.0, 1.0, 0.0]
    assert all(best.plans[i].settings["start"] == 0.0 for i in best.on_front[:3])


def test_numbers_are_those_of_simulate_and_fracture_risk(women: rm.Population) -> None:
    """Without draws a plan is worth what the public functions give."""
    problem = load_problem(
        {
            "population": "aromatase_inhibitor",
            "horizon_years": 3,
            "schedule": OF_TWO,
            "objective": [
                {"quantity": "fracture_probability_major", "direction": "minimize"},
                {"quantity": "bmd_total_hip_percent_change", "of": "median", "at": "2 y",
                 "direction": "maximize"},
                {"quantity": "t_score_lumbar_spine", "of": "probability below -1",
                 "direction": "minimize"},
            ],
        }
    )  # fmt: skip
    people = population_people(women, draws=0, every_draw=False, seed=0, country="UK", threads=None)
    evaluator = Evaluator(problem, people)
    (evaluation,) = next(evaluator.evaluate([problem.template.plan({})]))[1]
    dataset = rm.simulate(
        schedule=OF_TWO, patient=women, times=evaluator.times, rtol=RTOL,
        outputs=["bmd_total_hip", "ctx", "t_score_femoral_neck", "t_score_lumbar_spine"],
    )  # fmt: skip
    risk = rm.fracture_risk(dataset, sites=["major"])
    weights = dataset.weight.to_numpy()
    major = np.average(risk.fracture_probability_major[:, -1], weights=weights)
    below = np.average(dataset.t_score_lumbar_spine[:, -1] < -1, weights=weights)
    assert evaluation.answers[0] == pytest.approx(major, rel=1e-4)
    assert evaluation.answers[2] == pytest.approx(100 * below, rel=1e-6)
    hip = dataset.bmd_total_hip.to_numpy()
    change = 100 * (hip[:, np.searchsorted(evaluator.times, 730.4)] / hip[:, 0] - 1)
    assert change.min() < evaluation.answers[1] < change.max()
    assert abs(np.mean(change < evaluation.answers[1]) - 0.5) < 0.15


def test_differences_are_surer_than_numbers(best: rm.Best) -> None:
    table = best.table.set_index("plan")
    others = table[~table["chosen"] & (table["number"] > 0)]
    error = others["fracture_probability_major_against_chosen_standard_error"]
    assert (error < 0.5 * others["fracture_probability_major_standard_error"]).all()
    chosen = table[table["chosen"]].iloc[0]
    assert chosen["fracture_probability_major_against_chosen"] == 0.0
    assert chosen["fracture_probability_major_against_chosen_standard_error"] == 0.0


def test_files_and_a_plan_that_simulate_takes(content: dict[str, Any], tmp_path: Path) -> None:
    best = rm.optimize(content, tmp_path)
    front = pd.read_csv(tmp_path / "front.csv")
    assert list(front.columns[:4]) == ["plan", "number", "start", "schedule"]
    assert front["chosen"].sum() == 1
    plan = tomllib.loads((tmp_path / "plan.toml").read_text())
    assert schedule_of(plan["schedule"]) == best.chosen.schedule
    dataset = rm.simulate(schedule=plan["schedule"], years=plan["years"], outputs=["ctx"])
    assert np.isfinite(dataset.ctx.to_numpy()).all()
    low, high = best.bands[0]
    assert f"{low:.3g} to {high:.3g} in 90 % of draws" in " ".join(best.sentences)
    for value in plan["value"]:
        assert value["low_90"] <= value["value"] * 1.5 + 1e-9
        assert value["high_90"] >= value["value"] / 1.5 - 1e-9
    report = (tmp_path / "report.md").read_text()
    assert best.chosen.title.replace("_", " ") in report
    assert "no trial shipped here" in report  # a single infusion, or two, on an inhibitor
    assert "acute-phase reaction" in report


def test_a_run_that_was_stopped_goes_on_bit_for_bit(
    content: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = {"method": "tpe", "evaluations": 10, "seed": 3}
    task = with_changes(content, search=search)
    whole = rm.optimize(task, tmp_path / "whole")
    valued = Evaluator.evaluate
    calls: list[int] = []

    def stopped(self: Evaluator, plans: Any) -> Any:
        if len(calls) == 1:
            raise KeyboardInterrupt
        calls.append(len(plans))
        return valued(self, plans)

    monkeypatch.setattr(Evaluator, "evaluate", stopped)
    with pytest.raises(KeyboardInterrupt):
        rm.optimize(task, tmp_path / "half")
    calls.clear()
    monkeypatch.setattr(
        Evaluator, "evaluate", lambda self, plans: calls.append(len(plans)) or valued(self, plans)
    )
    again = rm.optimize(task, tmp_path / "half")
    assert sum(calls) < len(whole.plans)
    for name in ("front.csv", "plans.csv", "plan.toml", "report.md"):
        assert (tmp_path / "half" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert again.chosen == whole.chosen


def test_another_problem_does_not_take_the_plans_of_this_one(
    content: dict[str, Any], tmp_path: Path
) -> None:
    rm.optimize(content, tmp_path)
    with pytest.raises(StoreError, match="the plans of another problem"):
        rm.optimize(with_changes(content, country="US"), tmp_path)
    (tmp_path / "evaluations" / "plans-00000.npz").write_bytes(b"PK")
    with pytest.raises(StoreError, match="is damaged"):
        rm.optimize(content, tmp_path)


def test_threads_do_not_matter(best: rm.Best, content: dict[str, Any]) -> None:
    other = rm.optimize(content, threads=1)
    pd.testing.assert_frame_equal(best.table, other.table, check_exact=True)
    assert best.sentences == other.sentences


def test_a_constraint_nothing_meets_names_the_nearest(content: dict[str, Any]) -> None:
    limit = {"quantity": "fractures_prevented_major", "at_least": 500.0}
    with pytest.raises(ConfigError) as caught:
        rm.optimize(with_changes(content, constraint=[limit]))
    message = str(caught.value)
    assert "none of the 10 plans" in message
    assert "zoledronic_acid 4 mg every 6 mo x 3'" in message
    assert "from at least 500" in message


def test_constraints_decide(content: dict[str, Any]) -> None:
    limit = {"quantity": "infusions", "at_most": 1.0, "name": "few"}
    one = [{"quantity": "fracture_probability_major", "direction": "minimize"}]
    best = rm.optimize(with_changes(content, objective=one, constraint=[limit]))
    assert best.chosen.settings == {"number": 1.0, "start": 0.0}
    assert best.on_front == (best.position,)
    assert any("next best" in sentence for sentence in best.sentences)


def test_the_largest_is_the_best_where_it_is_asked_for(content: dict[str, Any]) -> None:
    spared = [{"quantity": "fractures_prevented_major", "direction": "maximize"}]
    best = rm.optimize(with_changes(content, objective=spared))
    assert best.chosen.settings == {"number": 3.0, "start": 0.0}
    assert best.table["fractures_prevented_major"].max() == best.evaluations[best.position].answers


def test_fractures_prevented_needed_to_treat_and_need(content: dict[str, Any]) -> None:
    names = ("fractures_prevented_major", "needed_to_treat_major", "treated",
             "treated_without_need", "missed", "fractures_major", "harm_acute_phase_reaction")  # fmt: skip
    task = with_changes(
        content,
        need="t_score <= -1.5",
        objective=[{"quantity": name, "direction": "minimize"} for name in names],
    )
    table = rm.optimize(task).table.set_index(["number", "start"])
    none, three = table.loc[(0.0, 0.0), :], table.loc[(3.0, 0.0), :]
    assert none["fractures_prevented_major"] == 0.0
    assert math.isinf(none["needed_to_treat_major"])
    assert three["treated"] == 100.0
    spared = three["fractures_prevented_major"]
    assert spared == pytest.approx(none["fractures_major"] - three["fractures_major"])
    assert three["needed_to_treat_major"] == pytest.approx(1000.0 / spared)
    assert none["missed"] + three["treated_without_need"] == pytest.approx(100.0)
    assert 0.0 < none["missed"] < 100.0
    assert three["harm_acute_phase_reaction"] > 100.0


def test_robust_quantiles_lie_beyond_the_mean_of_draws(
    content: dict[str, Any], women: rm.Population
) -> None:
    one = [{"quantity": "fracture_probability_major", "direction": "minimize"}]
    few = with_changes(content, objective=one, schedule=OF_TWO, variable={})
    answers = {}
    for robust in ("quantile 0.5", "quantile 0.95"):
        task = with_changes(few, uncertainty={"draws": 6, "robust": robust})
        best = rm.optimize(task, women=women)
        answers[robust] = best.evaluations[0].answers[0]
        low, high = best.bands[0]
        assert low < answers[robust] <= high + 1e-9
    assert answers["quantile 0.95"] > answers["quantile 0.5"]


def test_robust_is_the_unfavourable_side(content: dict[str, Any], women: rm.Population) -> None:
    """What is large where it is good takes the low quantile, and few spared make many treated."""
    spared = {"quantity": "fractures_prevented_major", "direction": "maximize"}
    treated = {"quantity": "needed_to_treat_major", "direction": "minimize"}
    least = {"quantity": "fractures_prevented_major", "at_least": 0.0, "name": "least"}
    few = with_changes(content, schedule=OF_TWO, variable={}, objective=[spared, treated],
                       constraint=[least])  # fmt: skip
    answers = {}
    for level in (0.1, 0.5, 0.9):
        robust = {"draws": 5, "robust": f"quantile {level}"}
        best = rm.optimize(with_changes(few, uncertainty=robust), women=women)
        answers[level] = best.evaluations[0].answers
        assert np.all(best.evaluations[0].errors > 0)
    assert answers[0.9][0] < answers[0.5][0] < answers[0.1][0]
    assert answers[0.9][1] > answers[0.5][1] > answers[0.1][1]
    assert answers[0.9][2] == answers[0.9][0]
    assert answers[0.5][1] == pytest.approx(1000.0 / answers[0.5][0])  # all of them are treated


def test_a_number_without_a_unit_is_said_without_one(content: dict[str, Any]) -> None:
    limit = {"quantity": "infusions", "at_least": 50.0, "name": "many"}
    with pytest.raises(ConfigError, match=r"infusions in 3 y is 3 \(standard error 0\), 47 from"):
        rm.optimize(with_changes(content, constraint=[limit]))


def test_drugs_the_link_of_fracture_is_not_for_are_named(content: dict[str, Any]) -> None:
    one = [{"quantity": "fracture_probability_major", "direction": "minimize"}]
    drug = {"choices": ["none", "teriparatide 20 ug daily for 18 mo"]}
    task = with_changes(content, women=4, schedule="{drug}", variable={"drug": drug},
                        objective=one)  # fmt: skip
    assert any(
        "under teriparatide are predicted too high" in s for s in rm.optimize(task).sentences
    )
    doses = [{"quantity": "doses", "direction": "minimize"}]
    sentences = rm.optimize(with_changes(task, objective=doses)).sentences
    assert not any("teriparatide are predicted" in s for s in sentences)


def test_rules_are_plans(content: dict[str, Any]) -> None:
    rule = {"name": "low", "when": "t_score < {limit}", "action": "treat",
            "schedule": "zoledronic acid 4 mg every 6 mo x 2"}  # fmt: skip
    task = with_changes(
        content,
        schedule="anastrozole 1 mg daily for 3 y",
        variable={"limit": {"lower": -9.0, "upper": 9.0, "step": 9.0}},
        endpoints=["bmd_total_hip"],
        rule=[rule],
        objective=[
            {"quantity": "fracture_probability_major", "direction": "minimize"},
            {"quantity": "treated", "direction": "minimize"},
            {"quantity": "scans", "direction": "minimize"},
        ],
    )
    best = rm.optimize(task)
    table = best.table.set_index("limit")
    assert table["treated"].loc[-9.0] == 0.0
    assert table["treated"].loc[9.0] == 100.0
    assert 0.0 < table["treated"].loc[0.0] < 100.0
    assert (table["scans"] == 4.0).all()  # a woman, at 0, 12, 24 and 36 months
    nobody = rm.optimize(with_changes(content, variable={}, schedule=content["against"]))
    assert table["fracture_probability_major"].loc[-9.0] == pytest.approx(
        nobody.evaluations[0].answers[0], rel=2e-3
    )
    # whoever is still below the limit when a course ends is given the next
    always = OF_TWO.replace("x 2", "x 6")
    everybody = rm.optimize(with_changes(content, variable={}, schedule=always))
    assert table["fracture_probability_major"].loc[9.0] == pytest.approx(
        everybody.evaluations[0].answers[0], rel=2e-3
    )


def test_unused_variables_are_blank_and_choices_have_their_names(tmp_path: Path) -> None:
    """A choice that is not taken has no number of doses."""
    best = rm.optimize(
        {
            "population": "aromatase_inhibitor",
            "women": 12,
            "horizon_years": 2,
            "schedule": "anastrozole 1 mg daily for 2 y; {drug}",
            "variable": {
                "drug": {"choices": ["zoledronic acid 4 mg every 6 mo x {number}", "none"],
                         "names": ["zoledronate", "nothing else"]},
                "number": {"lower": 1.0, "upper": 2.0, "step": 1.0},
            },
            "objective": [{"quantity": "fracture_probability_major", "direction": "minimize"},
                          {"quantity": "infusions", "direction": "minimize"}],
        },
        tmp_path,
    )  # fmt: skip
    table = pd.read_csv(tmp_path / "plans.csv").set_index("drug")
    assert np.isnan(table.loc["nothing else", "number"])
    assert sorted(table.loc["zoledronate", "number"]) == [1.0, 2.0]
    report = (tmp_path / "report.md").read_text()
    assert "zoledronate (anastrozole 1 mg daily for 2 y" in report
    assert "nothing else (anastrozole" in report
    assert "zoledronic_acid" not in report
    variables = tomllib.loads((tmp_path / "plan.toml").read_text())["variable"]
    assert ("number" in variables) == (variables["drug"] == "zoledronate")
    position = next(i for i, plan in enumerate(best.plans) if "number" not in plan.settings)
    plan = tomllib.loads(plan_toml(replace(best, position=position)))
    assert plan["variable"] == {"drug": "nothing else"}


def test_a_constraint_that_is_met_within_its_error_is_said(content: dict[str, Any]) -> None:
    limit = {"quantity": "fracture_probability_major", "at_most": 100.0}
    one = {"quantity": "infusions", "direction": "minimize"}
    easy = rm.optimize(with_changes(content, objective=[one], constraint=[limit]))
    assert not any("within one standard error" in sentence for sentence in easy.sentences)
    value, error = (float(a[1]) for a in (easy.evaluations[easy.position].answers,
                                          easy.evaluations[easy.position].errors))  # fmt: skip
    narrow = rm.optimize(
        with_changes(
            content, objective=[one], constraint=[{**limit, "at_most": value + 0.5 * error}]
        )
    )
    (said,) = (s for s in narrow.sentences if "within one standard error" in s)
    assert f"at most {value + 0.5 * error:g}: whether it is met is not sure" in said
