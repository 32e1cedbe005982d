"""A fit finds the parameters that made the data, and a killed one ends where it would have."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import toy
from conftest import TRUTH
from scipy.stats import norm

from remodel.calibration import Objective, calibrate
from remodel.calibration.search import global_search
from remodel.equations import gain
from remodel.errors import ConfigError, StoreError
from remodel.models import Model
from remodel.parameters import ParameterSet, Prior, load_parameters
from remodel.predictions.spreads import DEVIATIONS, Spreads
from remodel.progress import Silent


def test_known_parameters_are_found_within_their_stated_intervals(toy_source, tmp_path):
    fit = calibrate(toy.problem(toy_source, starts=3), out=tmp_path / "fit", workers=1)
    found = fit.estimates.set_index("parameter")
    for name, truth in TRUTH.items():
        value, error = found.loc[name, ["value", "standard_error"]]
        assert abs(value - truth) < 1.96 * error, name
        assert error < 0.5 * truth
    assert not found["at_bound"].any()
    assert fit.starts[0].start["turnover"] == pytest.approx(0.5)
    assert {round(s.cost, 3) for s in fit.starts} == {round(fit.cost, 3)}
    text = (fit.folder / "report.md").read_text()
    assert "3 of 3 starts end within 0.5 of the lowest objective" in text
    apart = float(re.search(r"no parameter differs by more than (\S+) of its standard", text)[1])
    assert 0.0 < apart < 0.1
    assert np.sqrt(np.mean(fit.predictions["standardized"] ** 2)) == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("spreads", [Spreads.none(), Spreads()])
def test_slopes_are_those_of_the_residuals(toy_source, spreads):
    built = Objective.of(toy.problem(toy_source, spreads=spreads))
    theta = np.array([0.3, -0.2, 0.1, 0.4])
    _, slopes = built.residuals_and_jacobian(theta)
    for j in range(4):
        step = np.zeros(4)
        step[j] = 1e-3
        near = (built.residuals(theta + step) - built.residuals(theta - step)) / 2e-3
        np.testing.assert_allclose(slopes[:, j], near, atol=2e-4 * np.abs(near).max())


def test_many_vectors_give_the_same_as_one_after_the_other(toy_source):
    built = Objective.of(toy.problem(toy_source, loss="soft_l1", spreads=Spreads()))
    thetas = np.random.default_rng(1).uniform(-1, 1, (5, 4))
    np.testing.assert_array_equal(built.costs(thetas), [built.cost(theta) for theta in thetas])


def test_bounds_that_are_kept_cost_nothing(tmp_path):
    rows = [
        ("high", "ctx", 3, -10.0, 1.0, "percent", "bound_upper", ""),  # it falls by more
        ("high", "ctx", 3, -99.0, 1.0, "percent", "bound_upper", ""),
        ("high", "ctx", 3, -99.0, 1.0, "percent", "bound_lower", ""),
    ]
    built = Objective.of(toy.problem(toy.tables(tmp_path, rows)))
    theta = np.zeros(4)
    residuals, slopes = built.residuals_and_jacobian(theta)
    assert residuals[0] == residuals[2] == 0.0
    assert residuals[1] > 1.0
    assert not slopes[0].any()
    assert slopes[1].any()


@pytest.mark.parametrize("limit", ["below", "above"])
def test_a_value_beyond_a_limit_of_detection_counts_by_its_probability(tmp_path, limit):
    """The cost is the logarithm of a normal probability, and its derivatives are exact."""
    rows = [("high", "ctx", 3, -60.0, 4.0, "percent", "change", "")]
    built = Objective.of(toy.problem(toy.tables(tmp_path, rows)))
    sign = {"below": 1.0, "above": -1.0}[limit]
    censored = replace(built, limit=np.array([sign]))
    for deviation in (-6.0, -1.0, -1e-3, 0.0, 0.5, 3.0, 40.0):
        predicted = built.observed + deviation * built.sigma
        residual = censored.whitened(predicted)
        assert 0.5 * residual[0] ** 2 == pytest.approx(-norm.logcdf(-sign * deviation), rel=1e-9)
        assert sign * residual[0] >= 0.0
    many = built.observed + np.array([[-2.0], [1.0]]) * built.sigma
    np.testing.assert_array_equal(censored.whitened(many), [censored.whitened(row) for row in many])
    for theta in (np.zeros(4), np.array([0.0, -2.0, 0.5, -1.0]), np.array([0.0, 3.0, 0.0, 2.0])):
        _, jacobian = censored.residuals_and_jacobian(theta)
        for j in range(4):
            step = np.zeros(4)
            step[j] = 1e-4
            ahead, behind = (censored.residuals(theta + s * step)[0] for s in (1, -1))
            assert jacobian[0, j] == pytest.approx((ahead - behind) / 2e-4, rel=1e-3, abs=1e-6)


def test_a_limit_in_a_table_is_read_as_one(tmp_path):
    rows = [
        ("high", "estradiol", 3, "<5", "", "pmol/L", "level", ""),
        ("high", "estradiol", 6, 4.0, 1.0, "pmol/L", "level", ""),
    ]
    source = toy.censored_tables(tmp_path, rows)
    built = Objective.of(toy.problem(source, toy.LINE))
    np.testing.assert_array_equal(built.limit, [1.0, 0.0])
    assert not built.is_upper.any()


def test_spread_between_trials_adds_to_the_standard_errors(toy_source):
    spreads = Spreads(size={"bmd_total_hip": 1.0}, growth=0.0,
                      share={("density", name): 0.15 for name in DEVIATIONS})  # fmt: skip
    built = Objective.of(toy.problem(toy_source, spreads=spreads))
    names = np.array([t.observation.endpoint for t in built.predictor.targets])
    np.testing.assert_allclose(built.sigma[names == "bmd_total_hip"], 0.5)  # 0.3, 0.4, 0.5


def test_outliers_weigh_less_with_the_robust_loss(toy_source):
    built = Objective.of(toy.problem(toy_source, loss="soft_l1", loss_scale=2.0))
    loss, slope, _ = built.losses(np.full(34, 1e4))
    assert loss[0] < 0.05 * 1e4
    assert slope[0] < 0.05
    assert loss[-1] == 1e4  # priors stay squares


def test_a_killed_fit_resumes_to_the_same_end(toy_source, tmp_path):
    problem = toy.problem(toy_source, starts=3)
    whole = calibrate(problem, out=tmp_path / "whole", workers=1)

    class Kill(Silent):
        def say(self, text: str) -> None:
            if "2 of 3 starts done" in text:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calibrate(problem, out=tmp_path / "killed", workers=1, progress=Kill())
    (tmp_path / "killed" / "starts" / ".remodel-1234.json").write_text("{ half a fi")
    finished: list[int] = []
    resumed = calibrate(
        problem, out=tmp_path / "killed", resume=True, workers=1, progress=finished.append
    )
    assert finished == [1]
    assert resumed.parameters.natural() == whole.parameters.natural()
    assert [s.history for s in resumed.starts] == [s.history for s in whole.starts]


def test_the_fitted_set_says_where_it_comes_from(toy_source, tmp_path):
    fit = calibrate(toy.problem(toy_source), out=tmp_path / "fit", workers=1)
    found = load_parameters(tmp_path / "fit" / "parameters.toml")
    assert found.natural() == fit.parameters.natural()
    assert found["turnover"].provenance == "estimated"
    assert "30 published numbers of 1 studies" in found["turnover"].source
    assert found["turnover"].source.endswith("prior: made up")
    assert found["made"].source == "made up"
    assert json.loads((tmp_path / "fit" / "fit.json").read_text())["problem"] in found.about


@pytest.mark.parametrize(
    ("prior", "lower"),
    [
        (Prior("normal", 0.0, 0.1), 0.0),
        (Prior("normal", 0.2, 0.1), 0.0),
        (Prior("lognormal", 0.2, 0.5), 0.0),
        (Prior("uniform"), 0.0),
        (Prior("uniform"), 1e-300),
        (Prior("uniform"), 1e-6),
        (Prior("uniform"), 1e-4),
        (Prior("lognormal", 0.2, 3.0), 0.0),
    ],
)
def test_a_fit_leaves_the_bound_it_starts_on(tmp_path, prior, lower):
    # the marker falls by less than the drug would make it: that is its floor
    falls = (("high", 0.5, -45.0), ("high", 1.0, -45.0), ("high", 3.0, -40.0),
             ("high", 5.0, -20.0), ("low", 0.5, -15.0), ("low", 1.0, -10.0))  # fmt: skip
    rows = [(arm, "ctx", m, value, 4.0, "percent", "change", "") for arm, m, value in falls]
    rows += [("high", "bmd_total_hip", m, 8.0, 0.5, "percent", "change", "") for m in (6, 12)]
    model = changed("floor", value=lower, lower=lower, prior=prior)
    source = toy.tables(tmp_path, rows)
    for estimate in (("floor",), ("turnover", "half_effect", "cleared", "floor")):
        problem = toy.problem(source, model, estimate=estimate)
        fit = calibrate(problem, out=tmp_path / f"fit{len(estimate)}", workers=1)
        assert fit.starts[0].start["floor"] < 0.004
        assert fit.parameters["floor"].value > 0.04


def changed(name: str, **fields) -> Model:
    """The toy model with another parameter."""
    parameters = [
        replace(p, **fields) if p.name == name else p for p in toy.MODEL.parameters.values()
    ]
    return replace(toy.MODEL, parameters=ParameterSet(parameters, "toy"))


def test_a_folder_holds_one_fit(toy_source, tmp_path):
    problem = toy.problem(toy_source)
    calibrate(problem, out=tmp_path / "fit", workers=1)
    with pytest.raises(StoreError, match="holds a fit; resume it, or name another folder"):
        calibrate(problem, out=tmp_path / "fit", workers=1)
    calibrate(problem, out=tmp_path / "fit", resume=True, workers=1)


@gain("bone")
def more_formation(made):
    """Bone made, three times as fast."""
    return 3.0 * made


def faster() -> Model:
    """The same model with one rate tripled: same names, same parameters."""
    parts = [p for p in toy.MODEL.parts if p.name != "formation"]
    return replace(toy.MODEL, parts=(*parts, replace(more_formation, name="formation")))


def test_a_fit_with_other_equations_parameters_or_settings_is_not_continued(toy_source, tmp_path):
    calibrate(toy.problem(toy_source), out=tmp_path / "fit", workers=1)
    files = {p: p.read_bytes() for p in (tmp_path / "fit").rglob("*") if p.is_file()}
    others = {
        "equations": toy.problem(toy_source, faster()),
        "parameters": toy.problem(toy_source, changed("cleared", upper=0.29)),
        "settings": toy.problem(toy_source, seed=2),
    }
    for what, problem in others.items():
        with pytest.raises(StoreError, match=f"holds a fit with other {what}; it cannot be cont"):
            calibrate(problem, out=tmp_path / "fit", resume=True, workers=1)
    assert files == {p: p.read_bytes() for p in (tmp_path / "fit").rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("observations.csv", "made,low", "made,high2"),
        ("regimens.csv", "60 mg", "61 mg"),
        ("regimens.csv", "made,control,none", "made,control,denosumab 1 mg once"),
    ],
)
def test_a_fit_with_other_data_is_not_continued(tmp_path, table, old, new):
    rows = [("high", "bmd_total_hip", 6, 2.0, 0.5, "percent", "difference", "control"),
            ("low", "ctx", 6, -20.0, 5.0, "percent", "change", "")]  # fmt: skip
    source = toy.tables(tmp_path, rows, regimens=[*toy.REGIMENS, ("made", "high2", "none")])
    calibrate(toy.problem(source), out=tmp_path / "fit", workers=1)
    path = tmp_path / table
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(StoreError, match="holds a fit with other data; it cannot be continued"):
        calibrate(toy.problem(source), out=tmp_path / "fit", resume=True, workers=1)


@pytest.mark.parametrize("damage", ["", "{", "[]", '"text"', '{"problem": "abc"}', '{"parts": 3}'])
def test_a_damaged_record_is_one_sentence(toy_source, tmp_path, damage):
    problem = toy.problem(toy_source)
    calibrate(problem, out=tmp_path / "fit", workers=1)
    (tmp_path / "fit" / "fit.json").write_text(damage)
    with pytest.raises(StoreError, match=r"fit.json is damaged or of an older version; its fit"):
        calibrate(problem, out=tmp_path / "fit", resume=True, workers=1)


def test_damaged_starts_are_calculated_again(toy_source, tmp_path):
    problem = toy.problem(toy_source, starts=3)
    whole = calibrate(problem, out=tmp_path / "fit", workers=1)
    starts = tmp_path / "fit" / "starts"
    texts = [(starts / f"00{i}.json").read_text() for i in range(3)]
    for damage in (texts[0][:100], "", "{}", "[]", texts[1], texts[0].replace("floor", "flor"),
                   texts[0].replace('"cost": ', '"cost": "x", "more": ')):  # fmt: skip
        (starts / "000.json").write_text(damage)
        finished: list[int] = []
        again = calibrate(
            problem, out=tmp_path / "fit", resume=True, workers=1, progress=finished.append
        )
        assert finished == [1], damage
        assert [s.history for s in again.starts] == [s.history for s in whole.starts]


def test_what_a_killed_fit_left_is_removed_and_nothing_else(toy_source, tmp_path):
    problem = toy.problem(toy_source)
    calibrate(problem, out=tmp_path / "fit", workers=1)
    litter = [tmp_path / "fit" / name for name in (".remodel-ab.csv", "starts/.remodel-cd.json")]
    mine = [tmp_path / "fit" / name for name in ("notes.txt", "starts/notes.part")]
    for path in (*litter, *mine):
        path.write_text("text")
    calibrate(problem, out=tmp_path / "fit", resume=True, workers=1)
    assert not any(path.exists() for path in litter)
    assert all(path.read_text() == "text" for path in mine)


def test_a_folder_with_files_of_somebody_else_is_left_alone(toy_source, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.md").write_text("my report")
    with pytest.raises(StoreError, match=r"mine holds report\.md, which no fit wrote; use another"):
        calibrate(toy.problem(toy_source), out=tmp_path / "mine", workers=1)
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["report.md"]


def test_a_full_disk_is_one_sentence(toy_source, tmp_path, monkeypatch):
    """Every file is written through one function, whose failure is a sentence of its own."""
    import os

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"fit.json cannot be written: No space left on device"):
        calibrate(toy.problem(toy_source), out=tmp_path / "fit", workers=1)
    assert not list((tmp_path / "fit").iterdir())


def test_a_profile_needs_an_estimated_parameter(toy_source, tmp_path):
    with pytest.raises(ConfigError, match="profile of made: it is not among the estimated"):
        calibrate(toy.problem(toy_source), out=tmp_path / "fit", profiles=["made"], workers=1)


def test_a_model_that_predicts_nothing_is_refused(toy_source):
    with pytest.raises(ConfigError, match="model 'line' predicts none of the observations"):
        Objective.of(toy.problem(toy_source, toy.LINE))


def test_the_report_names_what_the_data_do_not_tell(tmp_path):
    rows = [("high", "bmd_total_hip", m, 9.0 * m, 0.5, "percent", "change", "") for m in (3, 12)]
    fit = calibrate(toy.problem(toy.tables(tmp_path, rows)), out=tmp_path / "fit", workers=1)
    text = (fit.folder / "report.md").read_text()
    line = next(line for line in text.splitlines() if "prior only:" in line)
    assert "floor" in line.split("prior only:")[1]
    assert "turnover" not in line.split("prior only:")[1]
    assert "1 of 1 starts end within" in text
    assert repr(fit).startswith("<Fit of 4 parameters: objective ")
    assert len(repr(fit)) < 120 + len(str(fit.folder))
    assert "turnover" in fit._repr_html_()


def test_a_parameter_that_scales_the_dose_is_differenced(tmp_path):
    rows = [("high", "bmd_total_hip", m, 2.0, 0.5, "percent", "change", "") for m in (6, 12)]
    source = toy.tables(tmp_path, rows)
    problem = toy.problem(source, "jorg2022", estimate=("E_denosumab", "gamma"))
    built = Objective.of(problem)
    assert built.predictor.differenced == {"E_denosumab"}
    theta = built.coordinates.inner({p.name: p.value for p in problem.parameters().values()})
    _, slopes = built.residuals_and_jacobian(theta)
    step = np.array([0.0, 0.0])
    step[0] = (
        1e-3 / built.coordinates.derivatives(theta)[0] * problem.parameters()["E_denosumab"].value
    )
    near = (built.residuals(theta + step) - built.residuals(theta - step))[:2] / (2 * step[0])
    np.testing.assert_allclose(slopes[:2, 0], near, rtol=1e-3)


def test_a_global_search_comes_near_the_optimum(toy_source, tmp_path):
    pytest.importorskip("cma")
    problem = toy.problem(toy_source)
    best = calibrate(problem, out=tmp_path / "plain", workers=1)
    built = Objective.of(problem)
    far = np.array([2.0, -2.0, 1.0, 2.0])
    found = global_search(built, far, 400, seed=1)
    assert built.cost(far) > 10 * best.cost
    assert built.cost(found) < best.cost + 3.0
    np.testing.assert_array_equal(found, global_search(built, far, 400, seed=1))
    after = calibrate(toy.problem(toy_source, global_evaluations=100), out=tmp_path / "both",
                      workers=1)  # fmt: skip
    assert after.cost == pytest.approx(best.cost, abs=1e-3)
