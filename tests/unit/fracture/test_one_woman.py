"""Fracture risk of one woman, from the draws of her fit."""

import functools

import numpy as np
import pandas as pd
import pytest

import remodel as rm
from remodel.cli.main import main
from remodel.errors import ConfigError
from remodel.fracture import ten_year_probability
from remodel.fracture.one_woman import fracture_sentences, fracture_table

WOMAN = """
draws = 64
taken = "anastrozole 1 mg daily for 12 mo"
now = 12

[patient]
age = 66.0
menopause_age = 50.0
bmi = 22.0
prior_fracture = true
t_score_femoral_neck = -2.1

[[option]]
name = "alone"
schedule = "anastrozole 1 mg daily for 24 mo"

[[option]]
name = "protected"
schedule = "anastrozole 1 mg daily for 24 mo; denosumab 60 mg every 6 mo x 4"

[forecast]
years = 2.0
"""
SITES = ("hip", "any_clinical")


@functools.cache
def fitted(**changes):
    patient = {"age": 66.0, "menopause_age": 50.0, "t_score_femoral_neck": -2.1}
    return rm.fit_patient({"patient": patient, "draws": 64, **changes})


def risk(schedule=None, years=3.0, fit=None, **options):
    return rm.patient_fracture_risk(fit or fitted(), schedule, years, sites=SITES, **options)


def median(dataset, name, i=-1):
    return float(np.median(dataset[name].to_numpy()[:, i]))


def test_untreated_she_has_the_ten_year_probability_of_her_age_and_density():
    ds = risk(years=10.0)
    for site in SITES:
        expected = float(ten_year_probability(66, -2.1, site))
        assert median(ds, f"ten_year_probability_{site}", 0) == pytest.approx(expected, rel=0.15)
        # untreated, so that ten years from now are what was said now
        said = ds[f"ten_year_probability_{site}"].to_numpy()[:, 0]
        came = ds[f"fracture_probability_{site}"].to_numpy()[:, -1]
        assert came == pytest.approx(said, rel=0.01)
        assert np.all(ds[f"fracture_probability_{site}"].to_numpy()[:, 0] == 0)
        assert said.std() > 0.05 * said.mean()  # background and density are unsure
        assert ds[f"fracture_probability_{site}"].attrs["units"] == "percent"


def test_denosumab_lowers_the_risk_of_nearly_every_draw():
    alone, protected = risk(), risk("denosumab 60 mg every 6 mo x 6")
    ratio = (protected.fracture_probability_hip / alone.fracture_probability_hip).to_numpy()[:, -1]
    assert np.mean(ratio < 1) > 0.95
    assert 0.4 < np.median(ratio) < 0.8


def test_what_she_took_counts_and_her_twin_never_took_it():
    taken = fitted(taken="anastrozole 1 mg daily for 36 mo", now=36.0)
    untaken = fitted(now=36.0)
    names = [f"ten_year_probability_{site}" for site in SITES]
    after, never = risk(fit=taken), risk(fit=untaken)
    assert all(median(after, n, 0) > 1.03 * median(never, n, 0) for n in names)
    assert median(after, "fracture_probability_hip") > 1.1 * median(
        never, "fracture_probability_hip"
    )
    assert after["months"].to_numpy()[0] == 36


def test_risk_factors_country_and_weight_act():
    base = median(risk(), "fracture_probability_hip")
    assert median(risk(risk_factors={"prior_fracture": 1}), "fracture_probability_hip") > base
    unknown = risk(risk_factors={"prior_fracture": np.nan})
    assert base < median(unknown, "fracture_probability_hip") < 1.3 * base
    assert median(risk(country="Sweden"), "fracture_probability_hip") > 1.3 * base


def test_wrong_names_are_named():
    with pytest.raises(ConfigError, match=r"'smokin' is not used.*smoking"):
        risk(risk_factors={"smokin": 1})
    with pytest.raises(ConfigError, match="smoking = 2"):
        risk(risk_factors={"smoking": 2})
    with pytest.raises(ConfigError, match="country = 'Atlantis'"):
        risk(country="Atlantis")
    with pytest.raises(ConfigError, match=r"'hips' is not a site.*hip"):
        rm.patient_fracture_risk(fitted(), sites=("hips",))


def test_table_and_sentences_say_the_same():
    options = {"none": risk(), "denosumab": risk("denosumab 60 mg every 6 mo x 6")}
    table = fracture_table(options)
    assert len(table) == 2 * 2 * len(SITES) * options["none"].sizes["months"]
    last = table[(table.option == "denosumab") & (table.quantity == "fracture_probability_hip")]
    row = last.iloc[-1]
    assert row.low_90 < row["median"] < row.high_90
    first, *rest = fracture_sentences(options)
    assert "from now on, untreated: hip" in first
    assert "not FRAX" in first
    assert f"hip fracture {row['median']:.1f} %" in rest[1]


def test_fit_patient_says_her_fracture_risk(tmp_path, capsys):
    path = tmp_path / "woman.toml"
    path.write_text(WOMAN)
    assert main(["fit-patient", str(path), "--out", str(tmp_path / "her")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    report = (tmp_path / "her" / "fracture.md").read_text()
    for text in (printed, report):
        assert "from now on, untreated (what is taken now ends): hip fracture" in text
        assert "Under each option what is taken now ends, unless the option names it." in text
        assert "protected, in 2 y: hip fracture" in text
    table = pd.read_csv(tmp_path / "her" / "fracture.csv")
    # a prior fracture and 22 kg/m2 of her file count
    now = table[table.months == 12].set_index(["option", "quantity"])["median"]
    plain = float(ten_year_probability(67, -2.15, "hip"))
    assert now["alone", "ten_year_probability_hip"] > 1.5 * plain
    assert rm.rerun(tmp_path / "her").identical
    assert main(["fit-patient", str(path), "--out", str(tmp_path), "--country", "Utopia"]) == 2


def test_a_woman_too_young_for_the_background_is_told_so(tmp_path, capsys):
    path = tmp_path / "woman.toml"
    path.write_text('draws = 64\n[patient]\nage = 28.0\nsex = "male"\n[forecast]\nyears = 1.0\n')
    assert main(["fit-patient", str(path), "--out", str(tmp_path / "her")]) == 0
    assert "begins at 30 y" in capsys.readouterr().out
    assert not (tmp_path / "her" / "fracture.csv").exists()
