"""Tables of arms, and what is predicted of them."""

import numpy as np
import pandas as pd
import pytest

import remodel as rm
from remodel.cli.main import main
from remodel.fracture import INPUTS, load_background
from remodel.fracture.predict import predict_arms

HEAD = (
    "study_id,arm,comparator,schedule,age,sex,menopause_age,bmi,t_score_femoral_neck,"
    "t_score_femoral_neck_sd,prior_fracture,parental_fracture,smoking,glucocorticoids,outcome,months"
)
DRUG = "t,drug,none,denosumab 60 mg every 6 mo x 4,70,female,50,25,-2.0,0,0,0,0,0,{},24"
NONE = "t,none,,none,70,female,50,25,-2.0,0,0,0,0,0,{},24"


def table(tmp_path, *rows):
    path = tmp_path / "arms.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    return path


def test_an_arm_of_one_woman_is_that_woman(tmp_path):
    path = table(tmp_path, DRUG.format("hip"), NONE.format("hip"), DRUG.format("vertebral"))
    found = predict_arms(path, draws=30)
    patient = rm.Patient(age=70, menopause_age=50, t_score_femoral_neck=-2.0)
    ds = rm.simulate(
        schedule=["denosumab 60 mg every 6 mo x 4", None], patient=patient, years="24 mo",
        outputs=INPUTS,
    )  # fmt: skip
    risk = rm.fracture_risk(ds)["fracture_probability_hip"].to_numpy()[:, -1]
    assert list(found.risks["probability"][:2]) == pytest.approx(list(risk), rel=1e-3)
    assert list(found.risks["outcome"]) == ["hip", "hip", "vertebral"]
    assert list(found.contrasts["outcome"]) == ["hip", "vertebral"]
    ratio = found.contrasts["relative_risk"]
    assert ratio[0] == pytest.approx(risk[0] / risk[1], rel=1e-3)
    assert ratio[1] < ratio[0] < 1
    for rows in (found.risks, found.contrasts):
        assert (rows["low_90"] < rows["high_90"]).all()
    assert (found.contrasts["low_90"] < ratio).all()
    assert (found.contrasts["high_90"] > ratio).all()


def test_only_eight_columns_are_needed(tmp_path):
    path = tmp_path / "arms.csv"
    path.write_text(
        "study_id,arm,comparator,schedule,age,sex,menopause_age,bmi,outcome,months\n"
        "t,a,b,denosumab 60 mg every 6 mo x 4,70,,,,any_clinical,24\nt,b,,,70,,,,any_clinical,24.5\n"
    )
    found = predict_arms(path, draws=5)
    assert (found.risks["probability"] > 1).all()
    assert found.contrasts["relative_risk"][0] < 1


def test_an_arm_without_a_t_score_is_of_women_of_its_age(tmp_path):
    mean = float(load_background().t_score_of_women(np.array(70.0)))
    blank = NONE.format("hip").replace("-2.0,0,", ",,")
    said = NONE.format("hip").replace("-2.0,0,", f"{mean},1,").replace("t,none", "u,none")
    risks = predict_arms(table(tmp_path, blank, said), draws=1).risks["probability"]
    assert risks[0] == pytest.approx(risks[1], rel=1e-6)


def test_the_command_writes_both_tables_and_repeats_itself(tmp_path, capsys):
    path = table(tmp_path, DRUG.format("hip"), NONE.format("hip"))
    for out in ("a", "b"):
        assert main(["fracture", str(path), "--out", str(tmp_path / out), "--draws", "20"]) == 0
    text = capsys.readouterr().out
    assert "90 %" in text
    assert max(map(len, text.splitlines())) <= 80 + len(str(tmp_path))
    for name in ("fracture.csv", "contrasts.csv"):
        one, two = (pd.read_csv(tmp_path / out / name) for out in ("a", "b"))
        pd.testing.assert_frame_equal(one, two)
    contrasts = pd.read_csv(tmp_path / "a" / "contrasts.csv")
    assert list(contrasts) == [
        "study_id", "arm", "comparator", "outcome", "months", "relative_risk", "low_90", "high_90",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            DRUG.format("hipp"),
            "row 2, column outcome: 'hipp' is not known here. Did you mean 'hip'",
        ),
        (DRUG.format("hip").replace("denosumab", "denosumb"), "column schedule: .*denosumab"),
        (DRUG.format("hip").replace(",none,", ",nobody,"), "column comparator: 'nobody' is no arm"),
        (
            DRUG.format("hip").replace(",none,", ",drug,"),
            "comparator: 'drug' is compared with itself",
        ),
        (DRUG.format("hip").replace(",70,", ",20,"), "column age: 20 y: must be from 30"),
        (DRUG.format("hip").replace(",25,", ",250,"), "column bmi: 250"),
        (DRUG.format("hip").replace(",0,hip", ",4,hip"), "column glucocorticoids: 4"),
        (DRUG.format("hip").replace("female", "woman"), "column sex: 'woman'"),
        (DRUG.format("hip").replace(",24", ",0"), "column months: 0 months"),
        (NONE.format("hip").replace("-2.0", "-2.2"), "column arm: 'none' is described differently"),
    ],
)
def test_wrong_tables_are_one_sentence(tmp_path, capsys, row, words):
    path = table(tmp_path, row, NONE.format("hip"))
    assert main(["fracture", str(path), "--out", str(tmp_path / "out")]) == 2
    import re

    assert re.search(words, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_drugs_the_link_is_not_for_are_named(tmp_path, capsys):
    forming = DRUG.format("vertebral").replace("denosumab 60 mg every 6 mo x 4",
                                               "teriparatide 20 ug daily for 18 mo")  # fmt: skip
    for row, is_named in ((forming, True), (DRUG.format("vertebral"), False)):
        path = table(tmp_path, row, NONE.format("vertebral"))
        assert main(["fracture", str(path), "--out", str(tmp_path / "out"), "--draws", "2"]) == 0
        text = " ".join(capsys.readouterr().out.split())
        assert ("Fractures under teriparatide are predicted too high" in text) == is_named
