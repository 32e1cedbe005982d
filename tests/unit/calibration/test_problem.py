"""Problem files: what they say, what is refused, and what never enters a fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from remodel.calibration import Objective, load_problem
from remodel.calibration.data import Source, load_sources, validation_studies
from remodel.errors import ConfigError, ObservationError
from remodel.observations import load_observations
from remodel.predictions.spreads import Spreads

GOOD = """
title = "A fit"
model = "reference"
estimate = ["denosumab_half_effect", "ctx_floor"]

[[data]]
shipped = true
held_out = ["data/denosumab", "swan"]

[objective]
loss = "soft_l1"
loss_scale = 3
spreads = "none"
rounds = 2

[starts]
count = 12
seed = 4
max_evaluations = 30

[quick]
starts = 2
estimate = ["ctx_floor"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "problem.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_problem_holds_what_the_file_says(tmp_path):
    text = GOOD.replace(', "swan"', "")
    found = load_problem(written(tmp_path, text))
    assert found.estimate == ("denosumab_half_effect", "ctx_floor")
    assert (found.loss, found.loss_scale, found.rounds) == ("soft_l1", 3.0, 2)
    assert found.spreads == Spreads.none()
    assert (found.starts, found.seed, found.max_evaluations) == (12, 4, 30)
    quick = load_problem(written(tmp_path, text), quick=True)
    assert (quick.starts, quick.estimate, quick.seed) == (2, ("ctx_floor",), 4)


def test_without_a_list_all_parameters_marked_as_estimated_are_fitted(tmp_path):
    found = load_problem(written(tmp_path, "[[data]]\nshipped = true\n"))
    statuses = {p.status for p in found.parameters().values()}
    assert statuses == {"estimated"}
    assert len(found.estimate) > 20


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('model = "reference"', 'model = "referense"', "model: .*Did you mean 'reference'"),
        ("loss_scale = 3", "loss_scale = -3", "loss_scale: expected a number above 0, got -3"),
        ('"soft_l1"', '"softl1"', "'softl1' is not a loss. Did you mean 'soft_l1'"),
        ('"ctx_floor"]\n\n[[', '"ctx_flor"]\n\n[[', "no parameter 'ctx_flor'. Did you mean 'ctx_f"),
        ('"denosumab_half_effect",', '"menopause_age",', "menopause_age is an input of a simul"),
        ("count = 12", "count = 0", "count: expected a whole number from 1, got 0"),
        ("count = 12", "counts = 12", "counts: unknown key. Did you mean 'count'"),
        ("rounds =", "round =", "round: unknown key. Did you mean 'rounds'"),
        ('spreads = "none"', 'spreads = "no.toml"', "spreads: .*no.toml cannot be read"),
        ("shipped = true\n", "", "observations: this key is missing"),
        ("[[data]]", "[[date]]", "date: unknown key. Did you mean 'data'"),
    ],
)
def test_wrong_input_is_named_with_its_line(tmp_path, old, new, sentence):
    assert old in GOOD
    with pytest.raises(ConfigError, match=rf"problem.toml(, line \d+)?, .*{sentence}"):
        load_problem(written(tmp_path, GOOD.replace(old, new, 1)))


def test_a_problem_without_data_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="name at least one table of data"):
        load_problem(written(tmp_path, 'title = "none"'))


def test_rows_for_validation_never_enter(tmp_path):
    (table,) = load_problem(written(tmp_path, GOOD.replace(', "swan"', ""))).evidence()
    assert {row.use for row in table.observations} == {"calibration"}
    assert not validation_studies() & set(table.observations.studies)
    assert {"abcsg18_gnant2015", "arbi_markopoulos2010", "decide", "arch"} <= validation_studies()


def test_what_is_held_out_is_gone(tmp_path):
    text = GOOD.replace(', "swan"', "")
    (table,) = load_problem(written(tmp_path, text)).evidence()
    left = {row.arm for row in table.observations if row.study_id == "data"}
    assert left == {"teriparatide", "combination"}
    assert not [row for row in table.observations if row.comparator == "denosumab"
                and row.study_id == "data"]  # fmt: skip


def test_a_held_out_name_must_exist(tmp_path):
    path = written(tmp_path, GOOD.replace("swan", "data/denosumap"))
    with pytest.raises(
        ConfigError, match=r"shipped has no 'data/denosumap'\. Did you mean 'data/de"
    ):
        load_problem(path).evidence()


OWN = """
[[data]]
observations = "observations.csv"
regimens = "regimens.csv"
"""


def own_tables(folder: Path, study: str) -> None:
    (folder / "observations.csv").write_text(
        f"study_id,arm,endpoint,time_months,value,unit\n{study},a,ctx,6,-50,percent\n"
    )
    (folder / "regimens.csv").write_text(f"study_id,arm,schedule\n{study},a,denosumab 60 mg once\n")


def test_a_validation_trial_in_a_table_of_ones_own_is_refused(tmp_path):
    own_tables(tmp_path, "decide")
    problem = load_problem(written(tmp_path, OWN))
    with pytest.raises(ConfigError, match="study decide is kept for validation and must never be"):
        problem.evidence()
    held_out = load_problem(written(tmp_path, OWN + 'held_out = ["decide"]\n'))
    assert not len(held_out.evidence()[0].observations)


@pytest.mark.parametrize("study", ["ARCH", "saag2017", "Saag 2017", "van_poznak_2010", "DECIDE"])
def test_a_validation_trial_under_another_of_its_names_is_refused(tmp_path, study):
    own_tables(tmp_path, study)
    problem = load_problem(written(tmp_path, OWN))
    with pytest.raises(ConfigError, match=r"is named like .*, which is kept for validation"):
        problem.evidence()
    held_out = f'held_out = ["{study}"]\n'
    assert load_problem(written(tmp_path, OWN + held_out)).evidence()


@pytest.mark.parametrize("study", ["saag2018", "saag", "mine2017", "brown", "freedom"])
def test_a_trial_with_a_name_of_its_own_is_fitted(tmp_path, study):
    own_tables(tmp_path, study)
    assert len(load_problem(written(tmp_path, OWN)).evidence()[0].observations) == 1


def test_a_drug_that_no_model_has_is_named_with_its_row(tmp_path):
    own_tables(tmp_path, "mine")
    table = tmp_path / "regimens.csv"
    table.write_text(table.read_text().replace("denosumab", "denosumb"))
    problem = load_problem(written(tmp_path, OWN))
    sentence = (
        r"regimens.csv, row 2, column schedule: no model has a drug 'denosumb'\. Did you mean"
    )
    with pytest.raises(ObservationError, match=sentence):
        problem.evidence()


def test_a_missing_table_is_an_error_unless_it_is_optional(tmp_path):
    with pytest.raises(ObservationError, match=r"observations.csv cannot be read"):
        load_problem(written(tmp_path, OWN)).evidence()
    assert load_problem(written(tmp_path, OWN + "optional = true\n")).evidence() == ()


def test_other_data_make_another_fingerprint(tmp_path):
    own_tables(tmp_path, "mine")
    problem = load_problem(written(tmp_path, OWN))
    first = problem.fingerprint()
    assert load_problem(written(tmp_path, OWN)).fingerprint() == first
    table = tmp_path / "observations.csv"
    table.write_text(table.read_text().replace("-50", "-51"))
    assert load_problem(written(tmp_path, OWN)).fingerprint() != first


def test_every_shipped_arm_is_for_one_use_only():
    by_use = {use: set(load_observations().where(use=use).arms)
              for use in ("calibration", "validation")}  # fmt: skip
    assert not by_use["calibration"] & by_use["validation"]


def test_a_table_with_a_column_of_uses_gives_its_calibration_rows_only(tmp_path):
    header = "study_id,arm,endpoint,time_months,value,unit,use"
    rows = "mine,a,bmd_total_hip,12,2.0,percent,calibration\nmine,a,bmd_total_hip,24,3.0,percent,validation"
    (tmp_path / "mine.csv").write_text(f"{header}\n{rows}\n")
    (tmp_path / "arms.csv").write_text("study_id,arm,schedule\nmine,a,none\n")
    source = Source(tmp_path / "mine.csv", tmp_path / "arms.csv")
    (table,) = load_sources([source], ["denosumab"])
    assert [row.time_months for row in table.observations] == [12.0]


def test_the_full_problem_can_be_fitted_without_the_curves(tmp_path):
    folder = Path(__file__).parents[3] / "experiments" / "06_calibration"
    text = (folder / "problem.toml").read_text()
    (tmp_path / "problem.toml").write_text(text)
    built = Objective.of(load_problem(tmp_path / "problem.toml"))
    assert built.size > 300
    assert "bone2011" not in {t.observation.study_id for t in built.predictor.targets}
