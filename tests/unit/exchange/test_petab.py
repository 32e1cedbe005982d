"""A calibration problem as PEtab: its linter finds nothing, and it predicts what the fit predicts."""

import csv
import math

import pytest

import remodel as rm
from remodel.calibration.objective import Objective
from remodel.calibration.problem import load_problem
from remodel.cli.main import main
from remodel.errors import ConfigError
from remodel.exchange.petab import write_petab

petab = pytest.importorskip("petab.v2")
# of the library itself, when it reads tables
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")
PROBLEM = """
title = "Small"
model = "reference"
estimate = ["denosumab_half_effect", "remodeling_rate_lumbar_spine"]
[[data]]
observations = "observations.csv"
regimens = "regimens.csv"
"""
OBSERVATIONS = """\
study_id,arm,endpoint,time_months,value,error_low,error_high,unit,error_kind,comparator,kind
one,treated,bmd_lumbar_spine,12,5.0,4.4,5.6,percent,ci95,,change
one,treated,bmd_lumbar_spine,24,7.0,6.4,7.6,percent,ci95,,change
one,treated,ctx,6,-70,-74,-66,percent,ci95,,change
one,treated,bmd_lumbar_spine,36,9.0,8.4,9.6,percent,ci95,untreated,difference
one,untreated,bmd_lumbar_spine,12,-0.5,-1.1,0.1,percent,ci95,,change
one,inhibitor,bmd_lumbar_spine,12,-2.0,-2.6,-1.4,percent,ci95,,change
one,inhibitor,estradiol,12,2.0,1.0,3.0,pmol/L,ci95,,level
"""
REGIMENS = """\
study_id,arm,drug,schedule,dose_mg,time_months,start_month,end_month,dose_mg_per_day,age_at_start,menopause_age
one,treated,denosumab,discrete,60,0,,,,70,49
one,treated,denosumab,discrete,60,6,,,,70,49
one,treated,denosumab,discrete,60,12,,,,70,49
one,treated,denosumab,discrete,60,18,,,,70,49
one,untreated,,none,,,,,,66,50
one,inhibitor,anastrozole,continuous,,,0,24,1,62,50
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("petab")
    (folder / "problem.toml").write_text(PROBLEM)
    (folder / "observations.csv").write_text(OBSERVATIONS)
    (folder / "regimens.csv").write_text(REGIMENS)
    (folder / "out").mkdir()
    fit = load_problem(folder / "problem.toml")
    return fit, write_petab(fit, folder / "out" / "small.yaml")


def read(written):
    return petab.Problem.from_yaml(written[1])


def test_the_linter_finds_nothing(written):
    assert list(read(written).validate()) == []


def test_the_linter_would_find_something(written):
    problem = read(written)
    problem.parameters[0].id = "nobody_knows_this"
    assert list(problem.validate())


def test_what_cannot_be_expressed_is_listed(written):
    path = written[1].with_name("small_left_out.csv")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [(row["endpoint"], row["time_months"], row["reason"]) for row in rows] == [
        ("bmd_lumbar_spine", "36", "it compares two arms")
    ]
    assert len(read(written).measurements) == 6
    assert "the soft loss" in written[1].read_text()


def test_doses_are_periods_after_the_history(written):
    problem = read(written)
    sizes = sorted(len(experiment.periods) for experiment in problem.experiments)
    # history and day 0; history, a rate at day 0 and its end; the same for levels; four doses
    assert sizes == [2, 3, 3, 5]
    for experiment in problem.experiments:
        times = [period.time for period in experiment.periods]
        assert times[0] < 0
        assert times[1] == 0.0
    targets = {change.target_id for c in problem.conditions for change in c.changes}
    assert {"time_at_day_0", "menopause_age", "denosumab_depot"} <= targets


def test_noise_and_priors_are_those_of_the_fit(written):
    fit, _ = written
    problem, objective = read(written), Objective.of(fit)
    kept = [n for n, t in enumerate(objective.predictor.targets) if not t.comparators]
    noise = [float(m.noise_parameters[0]) for m in problem.measurements]
    assert noise == pytest.approx(list(objective.sigma[kept]))
    for parameter in problem.parameters:
        own = fit.parameters()[parameter.id]
        assert parameter.nominal_value == pytest.approx(own.value * own.factor)
        if parameter.id == "remodeling_rate_lumbar_spine":  # its unit is 1/y
            assert own.prior.kind == "lognormal"
            center, sd = parameter.prior_parameters
            assert math.exp(float(center)) == pytest.approx(own.prior.center * own.factor)
            assert float(sd) == pytest.approx(own.prior.sd)


@pytest.mark.slow
def test_a_simulator_predicts_what_the_fit_predicts(written):
    """At the values of the model and at others, from the files alone."""
    pytest.importorskip("roadrunner")
    from .petab_roadrunner import predictions

    fit, _ = written
    problem, objective = read(written), Objective.of(fit)
    kept = [n for n, t in enumerate(objective.predictor.targets) if not t.comparators]
    own = fit.parameters()
    values = {name: 0.8 * own[name].value for name in own}
    expected = objective.predictor.predict(values)[kept]
    internal = {name: value * own[name].factor for name, value in values.items()}
    assert predictions(problem, internal) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_what_is_no_problem_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="PEtab holds a calibration problem, not model"):
        rm.export("reference", tmp_path / "m.yaml")
    with pytest.raises(ConfigError, match="say who has what"):
        rm.export("fit.toml", tmp_path / "m.yaml", schedule="none")


def test_the_command(written, tmp_path, capsys):
    fit, _ = written
    out = tmp_path / "again.yaml"
    assert main(["export", str(fit.path), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"Written: {out}\n"
    assert len(list(tmp_path.iterdir())) == 9  # with the record of the call
    words = ["export", str(fit.path), "--format", "petab", "--out", str(tmp_path / "m.txt")]
    assert main(words) == 2
    assert "a PEtab problem is a .yaml file" in capsys.readouterr().err
    assert main(["export", str(fit.path), "--age", "60", "--out", str(out)]) == 2
    assert "is the file of a fit; its trials say" in capsys.readouterr().err
