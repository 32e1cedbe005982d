"""One woman fitted and forecast: what must hold whatever the numbers of the model are."""

import functools

import numpy as np
import pandas as pd
import pytest

import remodel as rm
from remodel.cli.main import main
from remodel.errors import ConfigError, SolverError
from remodel.individuals.courses import drawn
from remodel.individuals.focus import focused
from remodel.individuals.forecast import (
    courses_of,
    difference_table,
    forecast_table,
    threshold_table,
)
from remodel.individuals.prior import Prior
from remodel.individuals.report import fit_sentences
from remodel.individuals.response import response_table
from remodel.models import load_model
from remodel.plots.individuals import her_course
from remodel.populations.load import load_definition

SCANS = [
    {"endpoint": "bmd_total_hip", "months": 0.0, "value": 0.80},
    {"endpoint": "bmd_total_hip", "months": 12.0, "value": 0.79},
]


def content(**changes):
    return {
        "patient": {"age": 66.0, "menopause_age": 50.0},
        "draws": 128,
        "forecast": {"years": 2.0},
        **changes,
    }


@functools.cache
def scanned():
    options = [
        {"name": "none", "schedule": "none"},
        {"name": "denosumab", "schedule": "denosumab 60 mg every 6 mo"},
    ]
    return rm.fit_patient(content(reading=SCANS, option=options))


def markers(before: float, after: float):
    rows = [
        (name, m, v * f)
        for m, f in ((0.0, before), (3.0, after))
        for name, v in (("ctx", 0.5), ("p1np", 50.0))
    ]
    rows = [{"endpoint": e, "months": m, "value": v} for e, m, v in rows]
    return rm.fit_patient(content(taken="alendronate 70 mg weekly", reading=rows))


def test_scans_narrow_the_level_and_the_forecast():
    prior = rm.fit_patient(content())
    assert prior.traits["relative_density_total_hip"].std() > 0.1
    assert scanned().traits["relative_density_total_hip"].std() < 0.03
    wide, narrow = (
        fit.predict(None, 2.0).bmd_total_hip.isel(months=-1) for fit in (prior, scanned())
    )
    assert narrow.std() < wide.std() / 3


def test_a_reading_is_wider_than_the_truth_and_neck_follows_hip():
    course = scanned().predict(None, 2.0)
    assert np.all(course.bmd_total_hip_reading.std("draw") > course.bmd_total_hip.std("draw"))
    assert float(course.bmd_femoral_neck.std("draw")[0]) < 0.15


def test_options_share_draws():
    table = difference_table(courses_of(scanned()))
    hip = table[(table.endpoint == "bmd_total_hip") & (table.months == 36)]
    assert hip["mean"].item() > 1
    assert hip["high_90"].item() - hip["low_90"].item() < 8


def test_tables_have_their_columns_and_probabilities():
    courses = courses_of(scanned())
    table = forecast_table(courses)
    assert list(table.columns) == [
        "option", "endpoint", "months", "kind", "mean", "median", "low_50", "high_50", "low_90", "high_90",
    ]  # fmt: skip
    assert set(table["kind"]) == {"truth", "reading"}
    assert table["months"].min() == 12
    assert np.all(table["low_90"] <= table["low_50"])
    assert np.all(table["high_50"] <= table["high_90"])
    chances = threshold_table(courses, (-1.0, -2.5)).set_index(
        ["option", "endpoint", "threshold", "months"]
    )["probability"]
    assert chances.between(0, 1).all()
    assert (
        chances["none", "t_score_total_hip", "< -1", 36.0]
        > chances["none", "t_score_total_hip", "< -2.5", 36.0]
    )
    assert chances["none", "bmd_total_hip", "loss > 5 %", 12.0] == 0


def test_threads_do_not_matter():
    one, two = (rm.fit_patient(content(reading=SCANS), threads=n) for n in (1, 2))
    assert np.array_equal(one.posterior.linear, two.posterior.linear)
    assert np.array_equal(
        one.draws.scores[one.posterior.draw], two.draws.scores[two.posterior.draw]
    )


def test_markers_that_do_not_fall_say_that_it_is_not_taken():
    steady = response_table(markers(1.0, 1.0)).set_index("explanation")["probability"]
    fallen = response_table(markers(1.0, 0.35)).set_index("explanation")["probability"]
    assert steady["not_taken"] > 0.5 > fallen["not_taken"]
    assert fallen["works"] + fallen["works_less"] > 0.9
    assert steady.sum() == pytest.approx(1)


def test_focused_draws_have_the_moments_of_the_target():
    prior = Prior.of(
        load_definition("postmenopausal"), load_model("reference"), bmi=None, knows_menopause=True
    )
    draws = drawn(prior, 1024, [0.7, 0.3], 1)

    def log_likelihood(scores):  # a known pull of the first score to 3, far out
        return -0.5 * (scores[:, 0] - 3.0) ** 2 / 0.1**2

    weights = draws.log_weights + log_likelihood(draws.scores)
    for number in range(3):
        draws = focused(prior, draws, weights, np.array([0.7, 0.3]), 2048, number + 1)
        weights = draws.log_weights + log_likelihood(draws.scores)
    share = np.exp(weights - weights.max())
    share /= share.sum()
    exact = 3.0 / (1 + 0.1**2)
    assert 1 / np.sum(share**2) > 300
    assert share @ draws.scores[:, 0] == pytest.approx(exact, abs=0.02)
    assert share @ (draws.pattern == 1) == pytest.approx(0.3, abs=0.04)


def test_predict_refuses_what_is_not_from_now_on():
    with pytest.raises(ConfigError, match="before now"):
        scanned().predict("denosumab 60 mg every 6 mo from -3 mo")
    with pytest.raises(ConfigError, match="not read of a woman"):
        scanned().predict(None, endpoints=["cxt"])


def test_command_writes_everything(tmp_path, capsys):
    (tmp_path / "woman.toml").write_text(
        "taken = 'anastrozole 1 mg daily'\ndraws = 64\n[patient]\nage = 62\nmenopause_age = 50\n"
        "t_score_lumbar_spine = -1.8\n[forecast]\nyears = 1\n"
    )
    out = tmp_path / "her"
    assert main(["fit-patient", str(tmp_path / "woman.toml"), "--out", str(out)]) == 0
    for name in (
        "forecast.csv",
        "thresholds.csv",
        "response.csv",
        "posterior.csv",
        "report.md",
        "figures/course.png",
        "figures/traits.png",
    ):
        assert (out / name).stat().st_size > 0
    assert len(pd.read_csv(out / "posterior.csv")) == len(scanned().posterior)
    assert "not a decision" in capsys.readouterr().out


def test_report_says_what_was_assumed_of_an_unknown_menopause():
    fit = rm.fit_patient(content(patient={"age": 44.0}, reading=SCANS))
    assert any("menopause is not known" in sentence for sentence in fit_sentences(fit))
    assert not any("menopause" in sentence for sentence in fit_sentences(scanned()))
    with pytest.raises(SolverError, match="30 y with menopause behind her"):
        rm.fit_patient(content(patient={"age": 30.0}))


def test_a_scan_of_another_scanner_that_contradicts_is_named_with_it():
    scans = [
        {"endpoint": "bmd_total_hip", "months": m, "value": v, "scanner": s}
        for m, v, s in (
            (0.0, 0.80, "old"),
            (12.0, 0.80, "new"),
            (18.0, 0.79, "new"),
            (24.0, 0.6, "new"),
        )
    ]
    fit = rm.fit_patient(content(reading=scans))
    assert [(o.months, o.scanner) for o in fit.outliers] == [(24.0, "new")]
    assert any("Its scanner, new," in sentence for sentence in fit_sentences(fit))
    same = rm.fit_patient(content(reading=[scan | {"scanner": "x"} for scan in scans]))
    assert [o.scanner for o in same.outliers] == [""]


def test_markers_read_late_are_drawn_as_in_the_morning():
    at = {"endpoint": "ctx", "value": 0.4}
    fit = rm.fit_patient(
        content(
            reading=[at | {"months": 0.0}, at | {"months": 6.0, "hour": 14.0, "fasting": False}]
        )
    )
    figure, _ = her_course(fit, courses_of(fit), ["ctx"])
    drawn_at = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    assert drawn_at["readings"] == pytest.approx([0.4])
    assert drawn_at["readings, as fasting at 8 h"][0] > 0.5


def test_without_readings_the_forecast_is_that_of_the_population():
    her = rm.fit_patient(content(patient={"age": 60.0, "menopause_age": 50.0}, draws=512))
    women = rm.population(8000, like="postmenopausal", seed=3)
    alike = (abs(women["age"] - 60) < 1.5) & (abs(women["menopause_age"] - 50) < 1.5)
    courses = rm.simulate(
        "reference",
        patient=women.where(alike),
        times=[0, 5 * 365.25],
        outputs=["bmd_lumbar_spine", "bmd_total_hip"],
    )
    for name in ("bmd_lumbar_spine", "bmd_total_hip"):
        changes = [
            100 * (levels[:, -1] / levels[:, 0] - 1)
            for levels in (her.predict(None, 5)[name].to_numpy(), courses[name].to_numpy())
        ]
        error = changes[1].std() / np.sqrt(len(changes[1]))
        assert changes[0].mean() == pytest.approx(changes[1].mean(), abs=4 * error)
        assert changes[0].std() == pytest.approx(changes[1].std(), rel=0.15)
