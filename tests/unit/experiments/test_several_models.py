"""Experiments in several models: who is simulated where, and what each model misses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import remodel as rm
from remodel.errors import ConfigError
from remodel.experiments import load_experiment, run_experiment
from remodel.experiments.misses import SimulatedArms

GOOD = """
title = "Two models, and one that cannot"
models = ["jorg2022", "peterson2010", "lemaire2004"]
years = 3
[quick]
arms = ["denosumab"]
[arms.untreated]
schedule = "none"
models = ["peterson2010"]
parameters.peterson2010 = { ESTON = 1 }
[arms.denosumab]
published = "bone2011/denosumab"
[arms.continued]
published = "freedom/denosumab"
[arms.placebo]
published = "freedom/placebo"
models = ["jorg2022", "peterson2010"]
[arms.alendronate]
published = "flex/alendronate_stopped"
observed_from = { "flex/alendronate_continued" = 12 }
[arms.teriparatide]
published = "data/teriparatide"
exact_doses = ["peterson2010"]
[scenarios.denosumab]
label = "Denosumab"
shown = ["denosumab"]
compared = ["denosumab", "continued"]
[scenarios.alendronate]
shown = ["alendronate"]
compared = ["alendronate"]
years = 2
[[figures]]
name = "both"
kind = "models"
variables = ["bmd_total_hip_percent_change", "ctx_percent_change"]
"""


def written(folder, text):
    path = folder / "experiment.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    return load_experiment(written(tmp_path_factory.mktemp("several"), GOOD))


@pytest.fixture(scope="module")
def outcome(experiment):
    return run_experiment(experiment)


@pytest.fixture(scope="module")
def compared(outcome):
    return pd.read_csv(outcome.folder / "compared.csv", keep_default_na=False).replace("", np.nan)


def test_an_arm_is_simulated_in_the_models_that_have_its_drugs(experiment):
    assert [arm.key for arm in experiment.arms] == [
        "untreated@peterson2010", "denosumab@jorg2022", "denosumab@peterson2010",
        "continued@jorg2022", "continued@peterson2010", "placebo@jorg2022", "placebo@peterson2010",
        "alendronate@jorg2022", "teriparatide@jorg2022", "teriparatide@peterson2010",
    ]  # fmt: skip
    exact = {arm.key for arm in experiment.arms if arm.exact_doses}
    assert exact == {"teriparatide@peterson2010"}
    assert [a.key for a in experiment.chosen_arms(quick=True)] == [
        "denosumab@jorg2022", "denosumab@peterson2010",
    ]  # fmt: skip


def test_each_arm_is_what_its_own_model_gives(outcome, experiment):
    values = outcome.dataset["ctx_percent_change"]
    for arm in experiment.arms:
        alone = rm.simulate(
            arm.model,
            schedule=arm.schedule,
            patient=arm.patient if arm.model == "jorg2022" else None,
            parameters=arm.parameters,
            exact_doses=arm.exact_doses,
            years=3,
            outputs=["ctx_percent_change"],
        )
        own = values[list(outcome.dataset["arm"].to_numpy()).index(arm.key)]
        np.testing.assert_allclose(own, alone["ctx_percent_change"][0], atol=1e-3)


def test_what_a_model_does_not_have_is_not_a_number(outcome):
    ds = outcome.dataset
    hip = ds["bmd_total_hip_percent_change"]
    assert np.isnan(hip[ds["model"].to_numpy() == "peterson2010"]).all()
    assert not np.isnan(hip[ds["model"].to_numpy() == "jorg2022"]).any()


def test_a_number_stands_beside_what_it_is_in_the_model(compared, outcome):
    ds = outcome.dataset
    arms = list(ds["arm"].to_numpy())

    def ctx(arm, month):
        return 1 + float(ds["ctx_percent_change"][arms.index(arm), month]) / 100

    row = compared[
        (compared.study == "freedom") & (compared.endpoint == "ctx")
        & (compared.month == 6) & (compared.model == "peterson2010")
    ].iloc[0]  # fmt: skip
    found = 100 * (ctx("continued@peterson2010", 6) / ctx("placebo@peterson2010", 6) - 1)
    assert float(row.simulated) == pytest.approx(found, abs=1e-3)
    assert float(row.error) == pytest.approx(found - -72.0, abs=1e-3)


def test_the_phase_is_that_of_the_treatment(compared):
    bone = compared[(compared.study == "bone2011") & (compared.model == "jorg2022")]
    phases = dict(zip(bone.month, bone.phase, strict=True))
    assert phases[24] == "during"
    assert phases[30] == "after"


def test_what_a_model_lacks_is_named(compared):
    def lacks(study, endpoint, model):
        rows = compared[(compared.study == study) & (compared.endpoint == endpoint)]
        return set(rows[rows.model == model].cannot)

    assert lacks("bone2011", "bmd_total_hip", "peterson2010") == {"no bmd total hip"}
    assert lacks("flex", "ctx", "peterson2010") == set()  # its comparator is not in the experiment
    assert lacks("flex", "bmd_total_hip", "peterson2010") == {"no alendronate, no bmd total hip"}
    assert lacks("bone2011", "ctx", "lemaire2004") == {"no denosumab, no ctx"}


def test_a_number_that_is_missing_for_no_lack_of_the_model_says_why(experiment, outcome):
    arms = {arm.name: arm for arm in experiment.arms}
    table = SimulatedArms(experiment.arms, outcome.dataset)
    peterson, jorg = (experiment.models[name] for name in ("peterson2010", "jorg2022"))
    assert table.lacking(arms["continued"], "ctx", peterson) == "the simulation failed"
    assert table.lacking(arms["untreated"], "ctx", jorg) == "left out by the experiment"


def test_the_summary_has_error_and_bias_of_the_numbers_behind_it(compared, outcome):
    table = pd.read_csv(outcome.folder / "misses.csv")
    row = table[
        (table.scenario == "denosumab") & (table.phase == "during")
        & (table.endpoint == "bmd_total_hip") & (table.model == "jorg2022")
    ].iloc[0]  # fmt: skip
    errors = compared[
        (compared.scenario == "denosumab") & (compared.phase == "during")
        & (compared.endpoint == "bmd_total_hip") & (compared.model == "jorg2022")
    ].error.astype(float)  # fmt: skip
    assert row.numbers == row.published == len(errors) > 1
    assert row.mean_absolute_error == pytest.approx(errors.abs().mean(), abs=1e-4)
    assert row.bias == pytest.approx(errors.mean(), abs=1e-4)


def test_the_markdown_names_the_models_that_cannot(outcome):
    text = (outcome.folder / "misses.md").read_text()
    assert text.startswith("| scenario |")
    assert "| jorg2022 | peterson2010 |" in text
    assert "`lemaire2004` cannot give any" in text
    assert outcome.tables[0].name == "misses.md"


WRONG = [
    ('models = ["jorg2022"', 'model = "jorg2022"\nmodels = ["jorg2022"', "either model or models"),
    ('"jorg2022", "peterson2010", "lemaire2004"', '"jorg2022", "jorg2022"', "different models"),
    ('"lemaire2004"]', '"lemaire"]', "Did you mean 'lemaire2004'?"),
    ('["peterson2010"]\nparam', '["peterson"]\nparam', "'peterson' is not a model here. Did you"),
    ("ESTON", "ESTONE", "'ESTONE' is not a parameter of 'peterson2010'"),
    ("ESTON = 1", "ESTON = 7", "ESTON"),
    ("peterson2010 = {", "peterson = {", "Did you mean 'peterson2010'?"),
    ('"data/teriparatide"', '"atac_eastell2008/anastrozole"', "no drug 'anastrozole'"),
    ('"flex/alendronate_continued" =', '"flex/alendronate_continues" =', "alendronate_continued"),
    ('shown = ["denosumab"]', 'shown = ["denosumap"]', "Did you mean 'denosumab'?"),
    ('compared = ["alendronate"]', 'compared = ["untreated"]', "is not a published one"),
    ('["jorg2022", "peterson2010"]\n[arms.al', '["lemaire2004"]\n[arms.al', "none of the outputs"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), WRONG, ids=[w[2][:30] for w in WRONG])
def test_mistakes_are_named(old, new, sentence, tmp_path):
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load_experiment(written(tmp_path, GOOD.replace(old, new, 1)))
    assert sentence in str(caught.value)


def test_a_figure_of_models_needs_scenarios(tmp_path):
    text = GOOD[: GOOD.index("[scenarios")] + GOOD[GOOD.index("[[figures") :]
    with pytest.raises(ConfigError, match="there is no"):
        load_experiment(written(tmp_path, text))
