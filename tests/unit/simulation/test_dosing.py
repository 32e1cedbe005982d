"""From schedules to events of a model: doses, dosing rates and interventions."""

from __future__ import annotations

import pytest

from remodel.errors import ModelError, ScheduleError, UnitError
from remodel.models import load_model
from remodel.schedules import Schedule
from remodel.simulation.dosing import Action, Dosing, menopause_of
from remodel.solvers.problem import ADD, SET
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

MODEL = load_model("reference")


def translated(sentence: str, *, until: float = 1000.0, exact_doses: bool = False) -> Dosing:
    return Dosing.of(
        MODEL,
        Schedule.parse(sentence),
        MODEL.all_parameters,
        until=until,
        exact_doses=exact_doses,
    )


def test_doses_far_apart_are_jumps() -> None:
    found = translated("denosumab 60 mg every 6 mo x 3")
    half_year = 6 * DAYS_PER_MONTH
    assert found.drugs == ("denosumab",)
    assert found.first == 0.0
    assert found.actions == tuple(
        Action(k * half_year, ADD, "denosumab_depot", 60.0) for k in range(3)
    )


def test_daily_doses_are_a_rate() -> None:
    found = translated("anastrozole 1 mg daily for 100 d")
    assert found.actions == (
        Action(0.0, SET, "anastrozole_oral_rate", 1.0),
        Action(100.0, SET, "anastrozole_oral_rate", 0.0),
    )


def test_exact_doses_are_jumps() -> None:
    found = translated("anastrozole 1 mg daily for 3 d", exact_doses=True)
    assert found.actions == tuple(Action(float(k), ADD, "anastrozole_gut", 1.0) for k in range(3))


def test_rates_that_overlap_add_up_and_end_at_zero() -> None:
    found = translated("letrozole 0.1 mg daily for 30 d; letrozole 0.2 mg daily for 30 d from 10 d")
    levels = [(a.time, a.value) for a in found.actions]
    assert [time for time, _ in levels] == [0.0, 10.0, 30.0, 40.0]
    assert [value for _, value in levels] == pytest.approx([0.1, 0.3, 0.2, 0.0])
    assert levels[-1][1] == 0.0


def test_an_infusion_is_a_rate_for_its_length() -> None:
    found = translated("zoledronic acid 4 mg once over 12 h")
    assert found.actions == (
        Action(0.0, SET, "zoledronic_acid_iv_rate", 8.0),
        Action(0.5, SET, "zoledronic_acid_iv_rate", 0.0),
    )


@pytest.mark.parametrize("dose", ["1 mg", "1000 ug", "0.001 g", "1e6 ng"])
def test_doses_are_in_mg_inside(dose: str) -> None:
    (action,) = translated(f"zoledronic acid {dose} once").actions
    assert action.value == pytest.approx(1.0, rel=1e-14)


def test_a_dose_in_moles_uses_the_molar_mass() -> None:
    (action,) = translated("zoledronic acid 10 umol once").actions
    mass = MODEL.all_parameters["zoledronic_acid_molar_mass"].value
    assert action.value == pytest.approx(1e-2 * mass, rel=1e-14)


def test_a_route_chooses_the_compartment() -> None:
    (oral,) = translated("ibandronate 150 mg once").actions
    (iv,) = translated("ibandronate 3 mg iv once").actions
    assert (oral.target, iv.target) == ("ibandronate_gut", "ibandronate_plasma")


def test_drugs_are_in_the_order_of_the_model_and_doses_of_nothing_left_out() -> None:
    found = translated(
        "denosumab 0 mg every 6 mo x 3; zoledronic acid 4 mg once; anastrozole 1 mg daily x 9"
    )
    assert found.drugs == ("anastrozole", "zoledronic_acid")


def test_a_dose_before_day_0_makes_the_simulation_begin_there() -> None:
    assert translated("anastrozole 1 mg daily for 1 y from -90 d").first == -90.0
    assert translated("anastrozole 1 mg daily for 1 y from 90 d").first == 0.0


def test_an_intervention_before_day_0_does_too() -> None:
    found = translated("oophorectomy from -30 d")
    assert found.first == -30.0
    assert found.actions == (Action(-30.0, SET, "ovarian_function", 0.0),)


def test_an_intervention_at_an_age_is_kept_apart() -> None:
    found = translated("oophorectomy at 65 y")
    assert found.actions == ()
    assert found.at_age == ((65 * DAYS_PER_YEAR, Action(0.0, SET, "ovarian_function", 0.0)),)


@pytest.mark.parametrize(
    ("sentence", "age"),
    [
        ("denosumab 60 mg once", None),
        ("menopause at 52 y", 52 * DAYS_PER_YEAR),
        ("menopause from 2 y", 63 * DAYS_PER_YEAR),
        ("menopause from -2 y", 59 * DAYS_PER_YEAR),
    ],
)
def test_menopause_belongs_to_the_patient(sentence: str, age: float | None) -> None:
    schedule = Schedule.parse(sentence)
    assert menopause_of(schedule, 61 * DAYS_PER_YEAR) == age
    assert translated(sentence).at_age == ()


@pytest.mark.parametrize(
    ("sentence", "kind", "message"),
    [
        ("teriparatid 20 ug daily x 9", ModelError, "model 'reference' has no drug 'teriparatid'."),
        ("denosumab 60 mg iv once", ScheduleError,
         "denosumab cannot be given by 'iv'; allowed: sc."),
        ("denosumab 60 IU once", UnitError, "denosumab: a dose in IU cannot be converted to mass "
         "for this drug; give it in mg, µg or mol."),
        ("denosumab 60 mg every 6 mo at steady state from 6 mo", ScheduleError,
         "denosumab: steady state at 182.625 d; the steady state of a patient takes years, so it "
         "must be there at day 0."),
    ],
)  # fmt: skip
def test_what_a_model_cannot_do_is_told(sentence: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        translated(sentence)
    assert str(caught.value).startswith(message)


def test_an_intervention_the_model_lacks_is_told() -> None:
    other = load_model("komarova2003")
    with pytest.raises(ScheduleError) as caught:
        Dosing.of(other, Schedule.parse("oophorectomy from 1 y"), other.all_parameters, until=10.0)
    assert str(caught.value) == "model 'komarova2003' has no intervention 'oophorectomy'."


def test_a_value_of_an_intervention_out_of_bounds_is_told() -> None:
    loosened = MODEL.all_parameters
    assert loosened["ovarian_function"].lower == 0.0
    assert translated("oophorectomy from 1 y").actions[0].value == 0.0
