"""What ``simulate`` returns, and one sentence for everything it refuses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import remodel as rm
from remodel.errors import (
    ConfigError,
    ModelError,
    ParameterError,
    PatientError,
    ScheduleError,
    SolverError,
    UnitError,
)
from remodel.simulation import simulate as simulation
from remodel.simulation.dataset import SimulationWarning
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

AI = "anastrozole 1 mg daily for 5 y"
REFERENCE = rm.load_model("reference")
DRUGS = ", ".join(sorted(REFERENCE.drugs))
FLOOR, TURNOVER = (REFERENCE.parameters[n] for n in ("ctx_floor", "osteoclast_turnover_rate"))
FLOOR_BOUNDS = f"{FLOOR.lower:g} to {FLOOR.upper:g}"
TURNOVER_BOUNDS = f"{TURNOVER.lower:g} to {TURNOVER.upper:g} 1/d"

WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    # model
    ({"model": "refrence"}, ModelError, "'refrence' is not a model. Did you mean 'reference'?"),
    ({"model": 3}, ModelError, "'3' is not a model. Known: jorg2022, komarova2003, "
     "lemaire2004, peterson2010, pivonka2008, reference."),
    ({"model": "xyz"}, ModelError, "'xyz' is not a model. Known: jorg2022, komarova2003, "
     "lemaire2004, peterson2010, pivonka2008, reference."),
    # schedule
    ({"schedule": "anastrozol 1 mg daily"}, ScheduleError,
     "'anastrozol' is not a known drug. Did you mean 'anastrozole'?"),
    ({"schedule": "oxytocin 1 mg daily"}, ScheduleError,
     f"'oxytocin' is not a known drug. Known: {DRUGS}."),
    ({"schedule": "anastrozole 1 daily"}, UnitError,
     "anastrozole: dose without a unit; write for example '1 mg'."),
    ({"schedule": "anastrozole -1 mg daily"}, ScheduleError,
     "anastrozole: dose -1 mg is negative; allowed: 0 or more."),
    ({"schedule": "denosumab 60 mg iv once"}, ScheduleError,
     "denosumab cannot be given by 'iv'; allowed: sc."),
    ({"schedule": "denosumab 60 IU once"}, UnitError, "denosumab: a dose in IU cannot be "
     "converted to mass for this drug; give it in mg, µg or mol."),
    ({"schedule": 5}, ScheduleError,
     "schedule: expected a sentence, a Schedule, or a list or mapping of these, got 5."),
    ({"schedule": [AI, 5]}, ScheduleError, "schedule: expected a sentence, a Schedule, or a "
     f"list or mapping of these, got ['{AI}', 5]."),
    ({"schedule": []}, ScheduleError,
     "schedule: expected a sentence, a Schedule, or a list or mapping of these, got []."),
    ({"schedule": "anastrozole 1 mg daily from -70 y"}, ScheduleError, "the schedule begins 70 y "
     "before the start of treatment, and the patient is 62 y old then."),
    ({"schedule": "oophorectomy at 45 y"}, ScheduleError, "the schedule changes ovarian_function "
     "at 45 y, before the start at 62 y; describe the past in Patient, e.g. menopause='surgical' "
     "with menopause_age."),
    ({"model": "komarova2003", "schedule": "oophorectomy from 1 y"}, ScheduleError,
     "model 'komarova2003' has no intervention 'oophorectomy'."),
    ({"model": "komarova2003", "schedule": "denosumab 60 mg once"}, ModelError,
     "model 'komarova2003' has no drug 'denosumab'. It has no drugs."),
    ({"model": "jorg2022", "schedule": AI}, ModelError, "model 'jorg2022' has no drug "
     "'anastrozole'. Known: alendronate, blosozumab, denosumab, romosozumab, teriparatide."),
    ({"model": "peterson2010", "schedule": "romosozumab 210 mg once"}, ModelError,
     "model 'peterson2010' has no drug 'romosozumab'. Known: denosumab, teriparatide."),
    # patient
    ({"patient": 62}, PatientError, "patient: expected a Patient or a list of them, got 62."),
    ({"patient": []}, PatientError, "patient: expected a Patient or a list of them, got []."),
    ({"model": "komarova2003", "patient": rm.Patient()}, PatientError,
     "model 'komarova2003' has no patient: it knows neither age nor menopause."),
    ({"schedule": "menopause at 55 y", "patient": rm.Patient(menopause_age=52)}, PatientError,
     "menopause is given by the schedule and by Patient(menopause='natural', menopause_age=52.0); "
     "say it once."),
    ({"schedule": "menopause at 55 y", "patient": rm.Patient(menopause=None)}, PatientError,
     "menopause is given by the schedule and by Patient(menopause=None, menopause_age=None); "
     "say it once."),
    ({"parameters": {"menopause_age": 48}, "patient": rm.Patient(menopause_age=52)}, PatientError,
     "menopause is given by Patient(menopause='natural', menopause_age=52.0) and by "
     "parameters['menopause_age']; say it once."),
    ({"model": "jorg2022", "patient": rm.Patient(menopause="surgical", menopause_age=45)},
     PatientError, "model 'jorg2022' has no removal of the ovaries; use menopause='natural' or "
     "None."),
    ({"patient": rm.Patient(t_score_total_hip=-6),
      "parameters": {"bmd_total_hip_reference_sd": 0.25}}, PatientError,
     "t_score_total_hip = -6 is a density of -0.558 g/cm^2 with these bmd_total_hip_reference and "
     "bmd_total_hip_reference_sd; it must be above 0."),
    ({"patient": [rm.Patient(), rm.Patient(t_score_total_hip=-6)],
      "parameters": {"bmd_total_hip_reference_sd": [0.25, 0.2]}}, PatientError,
     "simulation 1: t_score_total_hip = -6 is a density of -0.258 g/cm^2 with these "
     "bmd_total_hip_reference and bmd_total_hip_reference_sd; it must be above 0."),
    # parameters
    ({"parameters": {"ctx_flor": 0.1}}, ParameterError,
     "'ctx_flor' is not a parameter of 'reference'. Did you mean 'ctx_floor'?"),
    ({"parameters": {"ctx_floor": 5}}, ParameterError,
     f"ctx_floor = 5 is outside its bounds {FLOOR_BOUNDS}."),
    ({"parameters": {"osteoclast_turnover_rate": 7}}, ParameterError,
     f"osteoclast_turnover_rate = 7 1/d is outside its bounds {TURNOVER_BOUNDS}."),
    ({"parameters": {"ctx_floor": math.nan}}, ParameterError,
     "ctx_floor = nan: must be a finite number."),
    ({"parameters": {"ctx_floor": math.inf}}, ParameterError,
     "ctx_floor = inf: must be a finite number."),
    ({"parameters": {"ctx_floor": "low"}}, ParameterError,
     "ctx_floor: expected a number or an array of numbers, got 'low'."),
    ({"parameters": {"ctx_floor": [0.1, 9.0]}}, ParameterError,
     f"simulation 1: ctx_floor = 9 is outside its bounds {FLOOR_BOUNDS}."),
    ({"parameters": {"ctx_floor": [0.1, math.nan]}}, ParameterError,
     "simulation 1: ctx_floor = nan: must be a finite number."),
    ({"parameters": {"ctx_floor": np.zeros((2, 2))}}, ParameterError,
     "ctx_floor: expected a number or a one-dimensional array, got 2-d."),
    ({"parameters": {"ctx_floor": [0.1, 0.2], "ntx_floor": [0.1, 0.2, 0.3]}}, ParameterError,
     "ctx_floor has 2 entries and ntx_floor has 3; lists and arrays of a batch must have one "
     "length."),
    ({"parameters": {"ctx_floor": [0.1, 0.2]}, "patient": [rm.Patient()] * 3}, ParameterError,
     "ctx_floor has 2 entries and patient has 3; lists and arrays of a batch must have one "
     "length."),
    ({"parameters": {"ctx_floor": []}}, ParameterError,
     "ctx_floor has 0 entries and patient has 1; lists and arrays of a batch must have one "
     "length."),
    ({"parameters": 5}, ParameterError,
     "parameters: expected a mapping from names to values, got 5."),
    ({"parameters": rm.load_parameters("komarova2003")}, ParameterError,
     "'alpha1' is not a parameter of 'reference'."),
    # times
    ({"years": 0}, ConfigError, "years = 0: must be above 0 and at most 120 y."),
    ({"years": -1.5}, ConfigError, "years = -1.5: must be above 0 and at most 120 y."),
    ({"years": math.nan}, ConfigError,
     "years = nan: expected a number [y] or a time, such as '12 mo', '2.5 y' or "
     "'90 d'."),
    ({"years": 1000}, ConfigError, "years = 1000: must be above 0 and at most 120 y."),
    ({"years": "5"}, ConfigError,
     "years = '5': expected a time with its unit, such as '12 mo', '2.5 y' or "
     "'90 d'."),
    ({"years": True}, ConfigError,
     "years = True: expected a number [y] or a time, such as '12 mo', '2.5 y' or "
     "'90 d'."),
    ({"years": 1, "times": [1.0]}, ConfigError, "give either years or times, not both."),
    ({"times": []}, ConfigError, "times: must be a list of finite numbers [d]."),
    ({"times": 5}, ConfigError, "times: must be a list of finite numbers [d]."),
    ({"times": ["a"]}, ConfigError, "times = 'a': expected a time with its unit, such as '12 mo', '2.5 y' or "
     "'90 d'."),
    ({"years": "200 y"}, ConfigError, "years = '200 y': must be above 0 and at most 120 y."),
    ({"schedule": {"": None}}, ScheduleError, "schedule: the name of each arm is text, got ('',)."),
    ({"schedule": {}}, ScheduleError, "schedule: expected a sentence, a Schedule, or a list or mapping of these, got {}."),
    ({"parameters": "komarova"}, ParameterError,
     "'komarova' is not a parameter set. Did you mean 'komarova2003'?"),
    ({"times": [0.0, math.nan]}, ConfigError, "times: must be a list of finite numbers [d]."),
    ({"times": [[1.0, 2.0]]}, ConfigError, "times: must be a list of finite numbers [d]."),
    ({"times": [3.0, 2.0]}, ConfigError,
     "times: must rise from 0 or later to at most 120 y, without repeats [d]."),
    ({"times": [1.0, 1.0]}, ConfigError,
     "times: must rise from 0 or later to at most 120 y, without repeats [d]."),
    ({"times": [-1.0, 2.0]}, ConfigError,
     "times: must rise from 0 or later to at most 120 y, without repeats [d]."),
    ({"times": [1e6]}, ConfigError,
     "times: must rise from 0 or later to at most 120 y, without repeats [d]."),
    ({"times": np.linspace(0.0, 3650.0, 2_000_001), "outputs": ["ctx"]}, ConfigError,
     "times: 1 x 2,000,001 times of 1 outputs take 0.0447 GiB; at most 2,000,000 times are "
     "allowed."),
    # outputs
    ({"outputs": ["bmd_lumbar"]}, ModelError,
     "model 'reference' has no output 'bmd_lumbar'. Did you mean 'bmd_lumbar_spine'?"),
    ({"model": "lemaire2004", "outputs": ["bmd_lumbar_spine_percent_change"]}, ModelError,
     "model 'lemaire2004' has no output 'bmd_lumbar_spine_percent_change'. "
     "Known: B, C, OPG, R, active_osteoblasts_added, active_osteoclasts_added, "
     "osteoblast_commitment, osteoblast_differentiation, osteoblast_elimination, osteoblasts, "
     "osteoclast_apoptosis, osteoclast_differentiation, osteoclasts, pi_C, pi_L, pi_P, "
     "responding_osteoblasts_added."),
    ({"outputs": []}, ModelError,
     "outputs: name at least one, or leave it out for all endpoints."),
    # solver
    ({"method": "rodas5"}, ConfigError, "'rodas5' is not a method. Did you mean 'rodas5p'?"),
    ({"method": "euler"}, ConfigError,
     "'euler' is not a method. Known: bdf, lsoda, radau, rodas4, rodas5p."),
    ({"rtol": 0}, ConfigError, "rtol = 0: must be between 1e-12 and 0.1."),
    ({"rtol": 1.0}, ConfigError, "rtol = 1.0: must be between 1e-12 and 0.1."),
    ({"rtol": math.nan}, ConfigError, "rtol = nan: must be between 1e-12 and 0.1."),
    ({"rtol": "1e-6"}, ConfigError, "rtol = '1e-6': must be between 1e-12 and 0.1."),
    ({"threads": 0}, ConfigError, "threads = 0: must be a whole number from 1."),
    ({"threads": 1.5}, ConfigError, "threads = 1.5: must be a whole number from 1."),
    ({"max_steps": -3}, ConfigError, "max_steps = -3: must be a whole number from 1."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "kind", "sentence"), WRONG, ids=[f"{k}" for k in range(len(WRONG))]
)
def test_wrong_input_is_told_in_one_sentence(
    arguments: dict[str, Any], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind) as caught:
        rm.simulate(**arguments)
    assert type(caught.value) is kind
    first_line = str(caught.value).splitlines()[0]
    assert first_line.startswith(sentence)
    assert first_line == sentence or sentence.endswith("'reference'.")


def test_results_that_memory_cannot_hold_are_refused_with_their_size(monkeypatch) -> None:
    many = {"times": np.arange(1000.0), "parameters": {"ctx_floor": np.full(500, 0.2)}}
    monkeypatch.setattr(simulation, "_memory", lambda: 2.0**23)
    with pytest.raises(ConfigError) as caught:
        rm.simulate(outputs=["ctx", "ctx_percent_change"], **many)
    assert str(caught.value) == (
        "500 x 1,000 times of 2 outputs take 0.0149 GiB, and this machine has 0.00781 GiB; ask for "
        "fewer outputs or times, or make it a sweep, which stores results as it goes."
    )
    assert rm.simulate(outputs=["ctx"], times=many["times"]).status.sum() == 0


def test_a_score_beyond_what_sets_turnover_is_told() -> None:
    frail = rm.Patient(t_score_total_hip=-6)
    with pytest.warns(rm.UnusualPatientWarning) as told:
        rm.simulate(patient=frail, years=1, outputs=["ctx"])
    assert str(told[0].message) == (
        "t_score_total_hip = -6 is 0.25 times the density of people of that age and sex; turnover "
        "there is that of 0.3 times."
    )
    rm.simulate(
        patient=frail, years=1, outputs=["ctx"], parameters={"relative_density_total_hip": 0.3}
    )


def test_a_model_without_t_scores_says_that_it_does_not_use_them() -> None:
    with pytest.warns(rm.UnusualPatientWarning, match="'jorg2022' has no T-scores; t_score_total"):
        rm.simulate("jorg2022", patient=rm.Patient(t_score_total_hip=-2), years=1)


def test_a_mapping_of_schedules_is_named_arms() -> None:
    arms = {"placebo": None, "inhibitor": AI}
    both = rm.simulate(schedule=arms, years=1, outputs=["ctx"])
    listed = rm.simulate(schedule=[None, AI], years=1, outputs=["ctx"])
    assert both.arm.dims == ("simulation",)
    assert both.arm.values.tolist() == ["placebo", "inhibitor"]
    assert both.schedule.values.tolist() == ["none", AI]
    np.testing.assert_array_equal(both.ctx.values, listed.ctx.values)
    assert "arm" not in listed.coords
    one = rm.simulate(
        schedule={"inhibitor": AI}, parameters={"ctx_floor": [0.1, 0.2]}, years=1, outputs=["ctx"]
    )
    assert one.arm.values.tolist() == ["inhibitor", "inhibitor"]


def test_times_are_numbers_or_texts() -> None:
    numbers = rm.simulate(times=[0.0, 365.25, 1000.0], outputs=["ctx"])
    texts = rm.simulate(times=[0.0, "12 mo", "1000 d"], outputs=["ctx"])
    assert texts.time.values.tolist() == numbers.time.values.tolist()
    np.testing.assert_array_equal(texts.ctx.values, numbers.ctx.values)
    half = rm.simulate(years="18 mo", outputs=["ctx"])
    assert half.time.values.tolist() == rm.simulate(years=1.5, outputs=["ctx"]).time.values.tolist()
    assert rm.simulate(times="2 wk", outputs=["ctx"]).time.values.tolist() == [14.0]


def test_parameters_are_a_set_a_mapping_or_a_file(tmp_path) -> None:
    changed = rm.load_parameters("reference").replace({"ctx_floor": 0.2})
    rm.write_parameters(changed, tmp_path / "own.toml")
    ways = [changed, {"ctx_floor": 0.2}, tmp_path / "own.toml", str(tmp_path / "own.toml")]
    found = [rm.simulate(parameters=way, years=1, outputs=["ctx"]).ctx.values for way in ways]
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])
    assert not np.array_equal(rm.simulate(years=1, outputs=["ctx"]).ctx.values, found[0])


def test_an_unknown_keyword_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        rm.simulate(colour="red")


def test_a_score_has_no_percent_change() -> None:
    with pytest.raises(ModelError, match="has no output 't_score_total_hip_percent_change'"):
        rm.simulate(outputs=["t_score_total_hip_percent_change"])


def test_a_parameter_set_in_another_unit_is_refused() -> None:
    model = rm.load_model("reference")
    rate = model.parameters["osteoclast_turnover_rate"]
    other = rm.Parameter(rate.name, 10.0, "1/y", 0.0, 100.0, rate.meaning, rate.source)
    with pytest.raises(ParameterError) as caught:
        rm.simulate(parameters=rm.ParameterSet([other], "mine"))
    assert str(caught.value) == "osteoclast_turnover_rate: expected in 1/d, got it in 1/y."


# what comes back


@pytest.fixture(scope="module")
def result():
    return rm.simulate(schedule=[AI, None], years=2)


def test_dimensions_are_simulation_and_time(result) -> None:
    assert dict(result.sizes) == {"simulation": 2, "time": 25}
    assert result.ctx.dims == ("simulation", "time")
    assert result.time.values == pytest.approx(np.arange(25) * DAYS_PER_MONTH)
    assert result.month.values == pytest.approx(np.arange(25))
    assert result.schedule.values.tolist() == [AI, "none"]


def test_every_variable_says_what_it_is(result) -> None:
    for name in result.data_vars:
        assert result[name].attrs["long_name"], name
        if name != "status":
            assert result[name].attrs["units"], name
    assert result.time.attrs["units"] == "d"
    assert result.ctx.attrs["units"] == "ng/mL"
    assert result.ctx_percent_change.attrs["units"] == "percent"
    assert result.status.attrs["flag_values"] == [int(status) for status in Status]
    assert result.status.attrs["flag_meanings"].split()[0] == "ok"
    assert result.attrs["model"] == "reference"


def test_all_endpoints_and_their_changes_are_there(result) -> None:
    model = rm.load_model("reference")
    for name in model.endpoints:
        assert name in result
        assert (f"{name}_percent_change" in result) == (not name.startswith(("t_score", "z_score")))


def test_percent_change_is_from_day_0(result) -> None:
    change = 100 * (result.ctx / result.ctx.isel(time=0) - 1)
    assert result.ctx_percent_change.values == pytest.approx(change.values, abs=1e-10)
    assert np.all(result.ctx_percent_change.isel(time=0) == 0.0)


def test_percent_change_is_from_day_0_even_if_it_is_not_asked_for() -> None:
    late = rm.simulate(schedule=AI, times=[100.0, 200.0], outputs=["ctx_percent_change"])
    whole = rm.simulate(schedule=AI, times=[0.0, 100.0, 200.0], outputs=["ctx_percent_change"])
    assert (
        late.ctx_percent_change.values.tolist() == whole.ctx_percent_change.values[:, 1:].tolist()
    )


def test_counters_are_bounded(result) -> None:
    assert result.status.values.tolist() == [0, 0]
    assert np.all(result.steps >= 1)
    assert np.all(result.steps + result.rejected_steps == result.factorizations)
    assert np.all(result.steps < 150), "two years of a smooth model take few steps"
    assert np.all(result.stopped_at == 24 * DAYS_PER_MONTH)


def test_length_and_times() -> None:
    assert rm.simulate(years=np.int64(2), outputs="ctx").time.values[-1] == 2 * DAYS_PER_YEAR
    odd = rm.simulate(years=0.3, outputs="ctx").time.values
    assert odd[-1] == pytest.approx(0.3 * DAYS_PER_YEAR)
    assert odd[:-1] == pytest.approx(np.arange(4) * DAYS_PER_MONTH)
    at = [0.0, 0.5, 17.0, 400.0]
    assert rm.simulate(times=at, outputs="ctx").time.values.tolist() == at


@pytest.mark.parametrize(
    ("schedule", "years"),
    [
        (None, 5.0),
        ("anastrozole 1 mg daily for 1 y", 5.0),
        ("anastrozole 1 mg daily for 5 y", 7.0),
        ("anastrozole 1 mg daily", 5.0),
        (["denosumab 60 mg every 6 mo x 20", None], 12.0),
    ],
)
def test_default_length_is_two_years_after_the_last_dose(schedule: Any, years: float) -> None:
    times = rm.simulate(schedule=schedule, outputs="ctx").time.values
    assert times[-1] == pytest.approx(years * DAYS_PER_YEAR, rel=1e-9)


def test_outputs_can_be_states_quantities_and_their_changes() -> None:
    names = ["osteoclasts", "estrogen_signal_percent_change", "denosumab_central"]
    found = rm.simulate(schedule="denosumab 60 mg once", years=1, outputs=names)
    assert [name for name in found.data_vars if name in names] == names
    assert "estrogen_signal" not in found
    assert found.denosumab_central.attrs["units"] == "mg"
    assert found.osteoclasts.attrs["long_name"]


@pytest.mark.parametrize("other", [None, "alendronate 70 mg weekly"])
def test_an_output_of_a_drug_is_zero_in_the_simulation_without_it(other: str | None) -> None:
    names = ["denosumab_central", "denosumab_concentration", "ctx"]
    schedule = "denosumab 60 mg once"
    both = rm.simulate(schedule=[schedule, other], times=[0.0, 30.0], outputs=names)
    alone = rm.simulate(schedule=schedule, times=[0.0, 30.0], outputs=names)
    without = rm.simulate(schedule=other, times=[0.0, 30.0], outputs=["ctx"])
    assert both.status.values.tolist() == [0, 0]
    assert both.denosumab_central.values[0] == pytest.approx(alone.denosumab_central.values[0])
    assert both.denosumab_central.values[0, 1] > 10
    assert both.denosumab_central.values[1].tolist() == [0.0, 0.0]
    assert both.denosumab_concentration.values[1].tolist() == [0.0, 0.0]
    assert both.ctx.values[1] == pytest.approx(without.ctx.values[0], rel=1e-6)


@pytest.mark.parametrize(
    "schedule",
    ["denosumab 0 mg once", "denosumab 0 mg every 6 mo", "denosumab 60 mg once from 10 y"],
)
def test_an_output_of_a_drug_that_never_arrives_is_zero(schedule: str) -> None:
    found = rm.simulate(
        schedule=schedule, times=[0.0, 30.0], outputs=["denosumab_central", "ctx"], strict=True
    )
    nothing = rm.simulate(times=[0.0, 30.0], outputs=["ctx"])
    assert found.denosumab_central.values.tolist() == [[0.0, 0.0]]
    assert found.ctx.values == pytest.approx(nothing.ctx.values, rel=1e-6)


def test_a_percent_change_from_zero_is_no_number() -> None:
    found = rm.simulate(
        schedule="denosumab 60 mg once", years=1, outputs=["denosumab_central_percent_change"]
    )
    assert np.isnan(found.denosumab_central_percent_change).all()


def test_labels_say_which_simulation_is_which() -> None:
    found = rm.simulate(
        patient=[rm.Patient(60, name="A"), rm.Patient(70, name="B")],
        parameters={"ctx_floor": [0.1, 0.2]},
        years=1,
        outputs="ctx",
    )
    assert found.age.values.tolist() == [60.0, 70.0]
    assert found.patient.values.tolist() == ["A", "B"]
    assert found.ctx_floor.values.tolist() == [0.1, 0.2]
    assert "schedule" not in found.coords


def test_progress_counts_every_simulation() -> None:
    seen: list[int] = []
    rm.simulate(schedule=[None, AI] * 5, years=1, outputs="ctx", progress=seen.append)
    assert sum(seen) == 10


def test_failures_are_warned_of_counted_and_never_zero() -> None:
    with pytest.warns(SimulationWarning) as caught:
        found = rm.simulate(schedule=AI, years=5, outputs="ctx", rtol=1e-10, max_steps=20)
    assert str(caught[0].message) == (
        "1 of 1 simulations failed (1 too_many_steps); the first is number 0. The step limit was "
        "reached; loosen rtol or raise max_steps, and check for parameters that make the system "
        "very fast."
    )
    assert caught[0].filename == __file__
    assert found.status.values.tolist() == [1]
    stopped = float(found.stopped_at[0])
    assert stopped < 5 * DAYS_PER_YEAR
    assert np.isnan(found.ctx.values[0, found.time.values > stopped]).all()


def test_strict_raises_instead() -> None:
    with pytest.raises(SolverError, match=r"^1 of 1 simulations failed"):
        rm.simulate(schedule=AI, years=5, outputs="ctx", rtol=1e-10, max_steps=20, strict=True)


def test_a_progress_hears_the_size_of_the_batch_first(heard) -> None:
    rm.simulate(schedule=[None, AI], years=1, outputs="ctx", progress=heard)
    assert heard.calls[0] == ("start", 2)
    assert sum(n for what, n, *_ in heard.calls if what == "advance") == 2
