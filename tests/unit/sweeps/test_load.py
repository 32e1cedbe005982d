from __future__ import annotations

import warnings

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError, EquivalentDoseWarning
from remodel.sweeps import load_design


def test_a_factor_is_what_its_name_says(designs):
    design = load_design(designs.treatment())
    assert [f.kind for f in design.factors] == ["schedule", "schedule", "patient"]
    assert [f.unit for f in design.factors] == ["mg", "mo", "y"]
    assert design.drawn == 12
    assert load_design(designs.grid()).factors[1].kind == "parameter"


def test_values_may_be_written_in_another_unit_of_the_same_kind(designs):
    factors = {"dose": {"values": [0.03, 0.06], "unit": "g"}, "interval": {"values": [6, 12]}}
    design = load_design(designs.treatment(factors=factors))
    np.testing.assert_allclose(design.factor("dose").levels(), [30, 60])
    yearly = {"dose": {"values": [60]}, "interval": {"values": [0.5, 1.0], "unit": "y"}}
    np.testing.assert_allclose(
        load_design(designs.treatment(factors=yearly)).factor("interval").levels(), [6, 12]
    )


def test_percent_is_counted_from_the_value_of_the_parameter(designs):
    factors = {"k_form": {"percent": 20.0}, "k_res": {"percent": 25.0, "scale": "log"}}
    design = load_design(designs.sample(factors=factors))
    k_form, k_res = design.factors
    assert (k_form.lower, k_form.upper) == pytest.approx((1.571 * 0.8, 1.571 * 1.2))
    assert (k_res.lower, k_res.upper) == pytest.approx((1 / 1.25, 1.25))


def test_a_table_is_read_beside_the_design(designs, tmp_path):
    (tmp_path / "runs.csv").write_text("P_PTH, k_form\n0, 1.3\n500, 1.4\n500, 1.5\n")
    text = """
model = "pivonka2008"
kind = "table"
table = "runs.csv"
years = 1
outputs = ["osteoclasts"]
"""
    (tmp_path / "design.toml").write_text(text)
    design = load_design(tmp_path / "design.toml")
    assert design.drawn == 3
    assert design.columns["P_PTH"].tolist() == [0, 500, 500]


def test_times_are_those_stored_and_those_at_which_values_are_taken(designs):
    reductions = {"late": {"of": "bone_volume", "take": "value", "at_months": 7}}
    design = load_design(designs.grid(reductions=reductions, stored_months=[0, 12]))
    np.testing.assert_allclose(design.stored_times(), [0, 365.25])
    months = [0, 7, 12]
    np.testing.assert_allclose(design.times(), np.array(months) * 30.4375)


RANGE = {"lower": 1.2, "upper": 2.0, "count": 3}
WRONG = {
    "a kind": ({"kind": "gird"}, "kind: 'gird' is not a kind of design. Did you mean 'grid'?"),
    "a model": ({"model": "pivonca2008"}, "Did you mean 'pivonka2008'?"),
    "no factor": ({"factors": {}}, "a design needs at least one factor"),
    "a factor that does not exist": (
        {"factors": {"k_from": RANGE}},
        "[factors] k_from: 'k_from' is no parameter of 'pivonka2008', no attribute of a patient "
        "and no field of the schedule. Did you mean 'k_form'?",
    ),
    "one output twice": (
        {"outputs": ["osteoclasts", "osteoclasts"]},
        "outputs: 'osteoclasts' is the name of two things.",
    ),
    "longer than a life": ({"years": 1e9}, "years: expected at most 120 years, got 1e+09."),
    "too many times": (
        {"step_months": 1e-6},
        "step_months: a step of 1e-06 months makes 1.2e+07 times; at most 100,000 are allowed.",
    ),
    "an empty range": ({"factors": {"k_form": {**RANGE, "lower": 2.5}}}, "the range from 2.5 to 2"),
    "log through zero": (
        {"factors": {"P_PTH": {"lower": 0.0, "upper": 9.0, "count": 3, "scale": "log"}}},
        "[factors.P_PTH] lower: a log scale cannot reach from 0 to 9",
    ),
    "outside the bounds": (
        {"factors": {"k_form": {**RANGE, "upper": 200.0}}},
        "[factors.k_form] upper: k_form = 200 %/(pM*d) is outside its bounds 0.524 to 4.71",
    ),
    "a range without count": (
        {"factors": {"k_form": {"lower": 1.2, "upper": 2.0}}},
        "[factors.k_form] count: this key is missing",
    ),
    "a wrong unit": (
        {"factors": {"P_PTH": {"values": [1.0], "unit": "mg"}}},
        "P_PTH is in pM/d; a value in mg cannot be converted",
    ),
    "an unknown key": ({"factors": {"k_form": {**RANGE, "scal": "log"}}}, "Did you mean 'scale'?"),
    "an output": ({"outputs": ["osteoclast"]}, "outputs: model 'pivonka2008' has no output"),
    "a reduction of nothing": (
        {"reductions": {"x": {"of": "bone", "take": "mean"}}},
        "[reductions.x] of: model",
    ),
    "nothing kept": ({"outputs": [], "reductions": {}}, "keeps at least one output or one reduct"),
    "a reserved name": (
        {"reductions": {"status": {"of": "bone_volume", "take": "mean"}}},
        "'status' is a name of the results",
    ),
    "a reduction in another folder": (
        {"reductions": {"../../x": {"of": "bone_volume", "take": "mean"}}},
        "[reductions] ../../x: the name '../../x' contains '/'",
    ),
    "a reduction in a folder": (
        {"reductions": {"a/b": {"of": "bone_volume", "take": "mean"}}},
        "the name 'a/b' contains '/'; it becomes the name of a file",
    ),
    "a reduction without a name": (
        {"reductions": {"": {"of": "bone_volume", "take": "mean"}}},
        "the name is empty",
    ),
    "a reduction with NUL": (
        {"reductions": {"a\0b": {"of": "bone_volume", "take": "mean"}}},
        r"the name 'a\x00b' contains '\x00'",
    ),
    "two reductions that are one file": (
        {"reductions": {name: {"of": "bone_volume", "take": "mean"} for name in ("bone", "Bone")}},
        "the name 'Bone' is given twice",
    ),
    "years without end": ({"years": 1e308}, "years: expected at most 120 years, got 1e+308."),
    "a step of nothing": (
        {"step_months": 1e-9},
        "step_months: a step of 1e-09 months makes 1.2e+10 times; at most 100,000 are allowed.",
    ),
    "a whole number of 400 digits": ({"years": 10**400}, "years: expected a number, got 10000"),
    "values of 400 digits": (
        {"factors": {"P_PTH": {"values": [10**400]}}},
        "[factors.P_PTH] values: expected a list of finite numbers",
    ),
    "a count that is no whole number": (
        {"factors": {"k_form": {**RANGE, "count": 1e12}}},
        "[factors.k_form] count: expected a whole number, got 1000000000000.0.",
    ),
    "one name for two things": (
        {"reductions": {"k_form": {"of": "bone_volume", "take": "mean"}}},
        "'k_form' is the name of two things",
    ),
    "a constraint": ({"constraints": ["k_forn < 2"]}, "no factor is called 'k_forn'"),
    "samples of a grid": ({"samples": 5}, "a grid has no samples"),
    "no samples": ({"kind": "random"}, "samples: this key is missing"),
    "a precision": ({"precision": "float16"}, "expected float32 or float64, got 'float16'"),
    "stored months": (
        {"stored_months": [0, 24]},
        "month 24 is after the end, at 12 months (years = 1).",
    ),
    "a time outside the simulation": (
        {"reductions": {"x": {"of": "bone_volume", "take": "mean", "to_months": 24}}},
        "[reductions.x] to_months: month 24 is outside the simulation, which goes from 0 to 12 "
        "months (years = 1).",
    ),
    "months that fall": ({"stored_months": [6, 3]}, "the months must rise"),
    "a parameter twice": ({"parameters": {"k_form": 1.5}}, "it is a factor too"),
    "a patient of a model without": ({"patient": {"age": 60}}, "knows neither age nor menopause"),
    "a method": ({"solver": {"method": "lsode"}}, "Did you mean 'lsoda'?"),
    "a top key": ({"output": ["x"]}, "output: unknown key. Did you mean 'outputs'?"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_refused_in_one_sentence(case, designs):
    change, says = WRONG[case]
    with pytest.raises(ConfigError) as error:
        load_design(designs.grid(**change))
    text = str(error.value)
    assert says in text
    assert "\n" not in text


TREATMENT = {
    "a field without a factor": (
        {"schedule": "denosumab {doze} mg every {interval} mo for 2 y"},
        "{doze} is not a factor. Did you mean 'dose'?",
    ),
    "a brace alone": ({"schedule": "denosumab {dose mg once"}, "a field is a name in braces"),
    "a drug": (
        {"schedule": "denosumap {dose} mg every {interval} mo for 2 y"},
        "'denosumap' is not a known drug",
    ),
    "an interval of nothing": (
        {"factors": {"dose": {"values": [60]}, "interval": {"values": [0.0, 6.0]}}}, "schedule:",
    ),
    "a patient who is not born": (
        {"factors": {"dose": {"values": [60]}, "interval": {"values": [6.0]},
                     "age": {"values": [-5.0]}}},
        "age = -5 y: must be above 0",
    ),
    "a unit that is not that of the schedule": (
        {"factors": {"dose": {"values": [60], "unit": "mo"}, "interval": {"values": [6.0]}}},
        "dose is in mg; a value in mo cannot be converted",
    ),
    "a factor that is also fixed": ({"patient": {"age": 65}}, "it is a factor too"),
}  # fmt: skip


@pytest.mark.parametrize("case", TREATMENT)
def test_a_schedule_or_patient_that_cannot_be_is_refused(case, designs):
    change, says = TREATMENT[case]
    with pytest.raises(ConfigError) as error:
        load_design(designs.treatment(**change))
    assert says in str(error.value)


def test_the_line_of_the_file_is_named(tmp_path):
    file = tmp_path / "design.toml"
    file.write_text(
        'model = "pivonka2008"\nkind = "grid"\nyears = 1\noutputs = ["osteoclasts"]\n\n'
        "[factors.k_form]\nlower = 3\nupper = 2\ncount = 4\n"
    )
    with pytest.raises(ConfigError, match=r"design.toml, line 7, \[factors.k_form\] lower: the"):
        load_design(file)


def test_the_line_of_a_time_outside_the_simulation_is_named(tmp_path):
    file = tmp_path / "design.toml"
    file.write_text(
        'model = "pivonka2008"\nkind = "grid"\nyears = 1\n\n'
        "[factors.k_form]\nvalues = [1.5, 1.6]\n\n"
        '[reductions.late]\nof = "bone_volume"\ntake = "value"\nat_months = 60\n'
    )
    says = r"design.toml, line 11, \[reductions.late\] at_months: month 60 is outside"
    with pytest.raises(ConfigError, match=says):
        load_design(file)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("P_PTH,k_form\n1,\n", "row 2, column k_form: a value is missing"),
        ("P_PTH,k_form\n1,inf\n", "row 2, column k_form: expected a finite number"),
        ("P_PTH\n", "the table has no rows"),
        ("P_PTG\n1\n", "'P_PTG' is no parameter of 'pivonka2008'"),
    ],
)
def test_a_table_that_is_wrong_says_where(content, says, designs, tmp_path):
    (tmp_path / "runs.csv").write_text(content)
    with pytest.raises(ConfigError) as error:
        load_design(designs.grid(kind="table", factors={}, table=str(tmp_path / "runs.csv")))
    assert says in str(error.value)


def test_the_lists_of_a_list_have_one_length(designs):
    factors = {"k_form": {"values": [1.3, 1.4]}, "P_PTH": {"values": [1.0]}}
    with pytest.raises(ConfigError, match="have one length; here k_form 2 and P_PTH 1"):
        load_design(designs.grid(kind="list", factors=factors))


@pytest.mark.parametrize("source", [None, 5, ["kind"]])
def test_a_design_is_a_file_or_a_mapping(source):
    with pytest.raises(ConfigError, match="a design is a file or a mapping, not"):
        load_design(source)


def test_a_warning_is_given_once_for_a_design(designs):
    """Estrogens that no model has are read as estradiol, in each of these sentences."""
    design = designs.treatment(
        schedule="conjugated estrogens {dose} mg daily for 2 y",
        factors={"dose": {"values": [0.3, 0.45, 0.625]}},
    )
    with pytest.warns(EquivalentDoseWarning, match="And 2 more like it") as warned:
        ds = rm.sweep(design)
    assert len(warned) == 1
    assert (ds["status"] == 0).all()


def test_doses_far_from_the_usual_are_what_sweeps_are_for(designs):
    factors = {"dose": {"values": [2.0, 2000.0]}, "interval": {"values": [6.0]}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rm.sweep(designs.treatment(factors=factors))


def test_how_a_design_is_analyzed_does_not_keep_a_sweep_from_running(designs):
    assert load_design(designs.sample(sensitivity={"method": "delta"})).drawn == 40


def test_a_schedule_without_fields_is_blamed_itself(designs):
    with pytest.raises(ConfigError, match=r"^schedule: denosumab: say how often"):
        load_design(designs.grid(schedule="denosumab 60 mg for 1 y"))
