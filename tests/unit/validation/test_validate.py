"""Validation of any model on any tables: files of the contract, reasons, wrong input."""

from __future__ import annotations

import csv
import json
import os

import numpy as np
import pandas as pd
import pytest

import remodel as rm
from remodel.errors import ConfigError, ObservationError, ParameterError, StoreError
from remodel.predictions import Evidence
from remodel.predictions.spreads import Spreads
from remodel.validation.overlays import Overlays
from remodel.validation.validate import validate

OBSERVATIONS = """study_id,arm,endpoint,time_months,value,error_low,error_high,unit,error_kind,flag
den,treated,bmd_total_hip,0,0,0,0,percent change from treatment baseline,95% CI (inferred),baseline
den,treated,bmd_total_hip,12,3.2,2.8,3.6,percent change from treatment baseline,95% CI (inferred),
den,treated,ctx,6,-80,-85,-70,percent change from treatment baseline,IQR (inferred),
den,treated,bmd_lumbar_spine,12,5.3,4.8,5.8,percent change from treatment baseline,SE (inferred),
den,control,bmd_total_hip,12,-0.5,-1,0,percent change from treatment baseline,95% CI (inferred),
ral,treated,ctx,6,-30,-35,-25,percent change from treatment baseline,SE (inferred),
"""
REGIMENS = """study_id,arm,drug,schedule,dose_mg,time_months,start_month,end_month,dose_mg_per_day,\
age_at_start,menopause_age
den,treated,denosumab,discrete,60,0,,,,65,50
den,treated,denosumab,discrete,60,6,,,,65,50
den,control,none,none,,,,,,65,50
ral,treated,raloxifene,continuous,,,0,12,60,65,50
"""


@pytest.fixture
def tables(tmp_path):
    observations, regimens = tmp_path / "obs.csv", tmp_path / "reg.csv"
    observations.write_text(OBSERVATIONS)
    regimens.write_text(REGIMENS)
    return {"observations": observations, "regimens": regimens}


@pytest.fixture
def jorg(tables, tmp_path):
    return validate("jorg2022", **tables, out=tmp_path / "out"), tmp_path / "out"


def test_the_files_of_the_contract(jorg):
    found, out = jorg
    with (out / "scorecard.csv").open() as file:
        header = next(csv.reader(file))
    assert header == ["study_id", "arm", "endpoint", "n", "mae", "rmse", "bias", "mape",
                      "within_error"]  # fmt: skip
    predictions = pd.read_csv(out / "predictions.csv")
    assert len(predictions) == 4  # one row an observation that can be predicted
    assert predictions["flag"].iloc[0] == "baseline"
    assert [path.name for path in found.figures] == ["den.png"]
    assert (out / "figures" / "den.png").stat().st_size > 5000
    assert json.loads((out / "manifest.json").read_text())["model"] == "jorg2022"
    assert len(pd.read_csv(out / "totals.csv")) == len(found.totals)


# half of a band of 90 % in standard deviations: Student's t with six degrees of freedom
HALF_90 = 1.9431802805 * (4.0 / 6.0) ** 0.5


@pytest.mark.parametrize("band", ["parameters", "trial", "published"])
def test_bands_hold_what_their_name_says(tables, band):
    rows = validate("jorg2022", **tables, band=band).predictions
    assert set(rows["band"]) == {band}
    width = (rows["high_90"] - rows["low_90"])[rows["scored"]]
    assert (width >= (rows["high_50"] - rows["low_50"])[rows["scored"]]).all()
    if band == "parameters":  # jorg2022 ships without draws
        assert width.to_numpy() == pytest.approx(0.0)
        return
    variance = (width / (2 * HALF_90)) ** 2
    error = rows["standard_error"][rows["scored"]] ** 2
    assert (variance > (error if band == "published" else 0.0)).all()
    is_middle = rows["probability_below"].between(0.05, 0.95)
    inside = rows["value"].between(rows["low_90"], rows["high_90"])
    assert (is_middle == inside).all()


def test_bands_of_a_trial_and_its_standard_error_add_up(tables):
    variances = {}
    for band in ("trial", "published"):
        rows = validate("jorg2022", **tables, band=band).predictions
        rows = rows[rows["scored"]]
        variances[band] = ((rows["high_90"] - rows["low_90"]) / (2 * HALF_90)) ** 2
    error = rows["standard_error"] ** 2
    assert variances["published"].to_numpy() == pytest.approx(
        (variances["trial"] + error).to_numpy()
    )


def test_a_limit_is_no_number_that_a_band_could_hold(tables):
    observed = tables["observations"]
    observed.write_text(OBSERVATIONS.replace(",-80,-85,-70,", ",<-10,,,"))
    found = validate("jorg2022", **tables)
    is_limit = found.predictions["endpoint"] == "ctx"
    scores = found.predictions[["probability_below", "log_score", "crps"]]
    assert scores[is_limit].isna().all(axis=None)
    assert scores[~is_limit].notna().all(axis=None)
    assert found.predictions["low_90"].notna().all()
    assert found.coverage["n"].sum() == found.predictions["scored"].sum() - 1


def test_an_unknown_band_is_named(tables):
    with pytest.raises(ConfigError, match="band = 'trials': Did you mean 'trial'"):
        validate("jorg2022", **tables, band="trials")


def test_predictions_are_what_simulate_gives(jorg):
    found, _ = jorg
    row = found.predictions.query("endpoint == 'bmd_total_hip' and arm == 'treated'").iloc[1]
    dataset = rm.simulate(
        "jorg2022",
        schedule="denosumab 60 mg every 6 mo x 2",
        patient=rm.Patient(age=65, menopause_age=50),
        times=[0.0, 12 * 30.4375],
        outputs=["bmd_total_hip_percent_change"],
    )
    expected = float(dataset["bmd_total_hip_percent_change"][0, 1])
    assert row["predicted"] == pytest.approx(expected, abs=1e-4)
    assert row["residual"] == pytest.approx(expected - 3.2, abs=1e-4)


def test_curves_of_arms_reported_together_pass_through_their_predictions(tables, tmp_path):
    tables["regimens"].write_text(
        "study_id,arm,schedule,age,pool\n"
        "den,low,denosumab 60 mg every 6 mo,60,\n"
        "den,high,none,75,\n"
        "den,treated,,,low 30; high 10\n"
        "den,control,none,65,\n"
        "ral,treated,raloxifene 60 mg daily,65,\n"
    )
    found = validate("reference", **tables, out=tmp_path / "out")
    assert [path.name for path in found.figures] == ["den.png", "ral.png"]
    assert not found.idle
    rows = found.predictions.query("study_id == 'den'")
    evidence = Evidence.read(tables["observations"], tables["regimens"])
    model = rm.load_model("reference")
    draws = {"ctx_floor": np.full(5, model.parameters["ctx_floor"].value)}
    curves = Overlays(model, evidence, {}, draws, Spreads()).simulated(rows)
    for row in rows[rows["arm"] == "treated"].itertuples():
        curve = curves[f"{row.endpoint}_percent_change"].sel(simulation=0)
        at = float(np.interp(row.time_months * 30.4375, curves["time"], curve))
        assert at == pytest.approx(row.predicted, abs=0.02 + 0.03 * abs(row.predicted))
    low, high = (curves[f"bmd_total_hip_percent_change_{end}"][0] for end in ("low", "high"))
    np.testing.assert_allclose(low, high, atol=1e-9)  # five equal draws have a band of no width
    np.testing.assert_allclose(low[-1], curves["bmd_total_hip_percent_change"][0, -1], atol=0.01)


def test_a_folder_with_files_of_somebody_else_is_left_alone(tables, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "totals.csv").write_text("mine")
    with pytest.raises(StoreError, match=r"out holds totals\.csv, which no validation wrote"):
        validate("jorg2022", **tables, out=out)
    assert [path.name for path in out.iterdir()] == ["totals.csv"]
    (out / "totals.csv").unlink()
    (out / "notes.txt").write_text("mine")
    validate("jorg2022", **tables, out=out)
    validate("jorg2022", **tables, out=out)  # its own files are replaced
    assert (out / "notes.txt").read_text() == "mine"


def test_a_full_disk_is_one_sentence(tables, tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"manifest.json cannot be written: No space left on"):
        validate("jorg2022", **tables, out=tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.*"))


def test_two_studies_whose_names_become_one_file_have_two_figures(tables, tmp_path):
    for path in tables.values():
        path.write_text(path.read_text().replace("ral,", "d/n,").replace("den,", "d_n,"))
    found = validate("reference", **tables, out=tmp_path / "out")
    assert [path.name for path in found.figures] == ["d_n.png", "d_n_2.png"]
    assert sorted((tmp_path / "out" / "figures").iterdir()) == sorted(found.figures)


def test_what_the_model_lacks_is_listed_and_does_not_stop_the_rest(jorg):
    found, out = jorg
    skipped = pd.read_csv(out / "skipped.csv")
    reasons = dict(zip(skipped["study_id"] + "/" + skipped["endpoint"], skipped["reason"],
                       strict=True))  # fmt: skip
    assert reasons == {
        "den/bmd_lumbar_spine": "model 'jorg2022' has no endpoint 'bmd_lumbar_spine'.",
        "ral/ctx": "model 'jorg2022' has no drug 'raloxifene'.",
    }
    assert not found.failed


def test_a_validation_is_short_to_read(tables):
    found = validate("jorg2022", **tables)
    assert repr(found).startswith("<Validation of 'jorg2022': ")
    assert len(repr(found)) < 120
    assert "<table" in found._repr_html_()


def test_other_parameters_give_other_predictions(tables):
    name, model = "E_denosumab", rm.load_model("jorg2022")
    value = model.parameters[name].value
    plain = validate(model, **tables).predictions["predicted"]
    changed = validate(model, **tables, parameters={name: value * 1.2}).predictions["predicted"]
    assert not np.allclose(plain, changed)


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        (("den,treated,ctx", "den,treatment,ctx"), ObservationError,
         "Study den: the arm 'treatment' has no regimen. Did you mean 'treated'"),
        (("-80,-85,-70", "-80,-70,-85"), ObservationError,
         "obs.csv, row 4, column error_high: -85 is below error_low -70: a spread cannot be neg"),
        (("ctx,6,-80,-85,-70,percent change from treatment baseline", "ctx,6,-80,-85,-70,mg"),
         ObservationError, "obs.csv, row 4, column unit: 'mg' is not a unit of ctx"),
        (("den,treated,ctx,6", "den,treated,bmd_total_hip,12"), ObservationError,
         "obs.csv, row 4, column value: row 3 already has a change of bmd_total_hip at 12 months"),
        (("treated,ctx", "treated,ctxx"), ObservationError,
         "column endpoint: 'ctxx' is not known here. Did you mean 'ctx'"),
        ((OBSERVATIONS.split("\n", 1)[1], ""), ObservationError, "obs.csv has no observations"),
    ],
)  # fmt: skip
def test_wrong_tables_are_named_before_any_work(tables, change, error, sentence):
    text = tables["observations"].read_text()
    assert change[0] in text
    tables["observations"].write_text(text.replace(*change, 1))
    out = tables["observations"].parent / "out"
    with pytest.raises(error, match=sentence):
        validate("jorg2022", **tables, out=out)
    assert not out.exists()


def test_a_drug_that_no_model_has_is_refused_before_a_folder_is_made(tables):
    text = tables["regimens"].read_text()
    tables["regimens"].write_text(text.replace("treated,denosumab", "treated,denosumb", 1))
    out = tables["regimens"].parent / "out"
    sentence = "reg.csv, row 2, column drug: no model has a drug 'denosumb'. Did you mean 'denosu"
    with pytest.raises(ObservationError, match=sentence):
        validate("jorg2022", **tables, out=out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("E_denosumab\n0.5\nhigh\n", "post.csv, row 3, column E_denosumab: 'high' is not a number"),
        ("E_denosumab,k\n0.5,\n", "post.csv, row 1, column k: 'k' is not a parameter"),
        ("E_denosumab,E_alendronate\n0.5,\n", "row 2, column E_alendronate: the cell is empty"),
        ("E_denosumab\n-1e9\n", "row 2, column E_denosumab: .* is outside its bounds"),
        ("E_denosumab\n", "post.csv has no draws"),
        ("", "post.csv has no draws"),
    ],
)  # fmt: skip
def test_a_table_of_draws_is_checked_cell_by_cell(tables, tmp_path, text, sentence):
    draws = tmp_path / "post.csv"
    draws.write_text(text)
    with pytest.raises(ObservationError, match=sentence):
        validate("jorg2022", **tables, posterior=draws, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_table_is_not_enough(tables):
    with pytest.raises(ConfigError, match="give both tables, observations and regimens, or nei"):
        validate("jorg2022", observations=tables["observations"])


def test_an_unknown_use_and_an_unknown_parameter(tables):
    with pytest.raises(ConfigError, match="use = 'training': must be validation, calibration or"):
        validate("jorg2022", use="training")
    with pytest.raises(ParameterError, match="'denosumab_x' is not a parameter"):
        validate("jorg2022", **tables, parameters={"denosumab_x": 1.0})


@pytest.mark.slow
def test_the_default_run_covers_the_shipped_validation_trials(tmp_path):
    from remodel.observations import load_observations

    found = validate(out=tmp_path / "v")
    seen = set(found.predictions["study_id"]) | {s.study_id for s in found.skipped}
    assert seen == set(load_observations().where(use="validation").studies)
    assert len(found.figures) == found.predictions["study_id"].nunique()
    assert not found.failed
