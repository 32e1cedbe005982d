"""Many women at once: columns, every arm for each of them, and bounds of a population."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError, ParameterError, PatientError
from remodel.patients import Patients
from remodel.simulation import simulate as simulation
from remodel.simulation.dataset import SimulationWarning
from remodel.solvers.engine import integrate_batch
from remodel.solvers.status import Status

ARMS = {"none": None, "denosumab": "denosumab 60 mg every 6 mo for 2 y"}
WOMEN = [
    rm.Patient(62, 48.5, t_score_total_hip=-2, name="A"),
    rm.Patient(45, menopause=None),
    rm.Patient(58, 44, "surgical", t_score_lumbar_spine=-1.5),
    rm.Patient(70, sex="male"),
    rm.Patient(51, 53),
]
OUTPUTS = ["bmd_total_hip", "bmd_lumbar_spine", "ctx"]
PERIPHERAL = rm.load_model("reference").parameters["estradiol_peripheral"]
pytestmark = pytest.mark.filterwarnings("ignore::remodel.UnusualPatientWarning")


@dataclass
class Women:
    """A population in two arrays."""

    patients: Patients
    parameters: dict[str, np.ndarray]


def simulate(**arguments):
    return rm.simulate(**{"years": 2, "outputs": OUTPUTS, **arguments})


def equal(one, other) -> bool:
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in OUTPUTS)


def test_columns_give_the_bits_of_a_list_of_patients() -> None:
    listed = simulate(patient=WOMEN, schedule=ARMS["denosumab"])
    assert equal(simulate(patient=Patients.of(WOMEN), schedule=ARMS["denosumab"]), listed)


def test_every_woman_is_given_every_arm() -> None:
    estradiol = np.array([12.0, 14.0, 16.0, 18.0, 20.0])
    crossed = simulate(
        patient=Patients.of(WOMEN), schedule=ARMS, parameters={"estradiol_peripheral": estradiol}
    )
    assert crossed.arm.values.tolist() == ["none"] * 5 + ["denosumab"] * 5
    assert crossed.woman.values.tolist() == [0, 1, 2, 3, 4] * 2
    assert crossed.age.values.tolist() == [woman.age for woman in WOMEN] * 2
    written_out = simulate(
        patient=WOMEN * 2,
        schedule=[ARMS["none"]] * 5 + [ARMS["denosumab"]] * 5,
        parameters={"estradiol_peripheral": np.tile(estradiol, 2)},
    )
    assert equal(crossed, written_out)


def test_chunks_change_no_bit_and_keep_a_woman_together(monkeypatch) -> None:
    whole = simulate(patient=Patients.of(WOMEN), schedule=ARMS)
    histories = []

    def counted(system, problem, **arguments):
        if np.all(problem.start < 30 * 365.25):
            histories.append(problem.size)
        return integrate_batch(system, problem, **arguments)

    monkeypatch.setattr("remodel.solvers.engine.integrate_batch", counted)
    monkeypatch.setattr(simulation, "_CHUNK", 4)
    assert equal(simulate(patient=Patients.of(WOMEN), schedule=ARMS), whole)
    assert sum(histories) == len(WOMEN)


def test_a_list_of_schedules_is_one_for_each_woman() -> None:
    with pytest.raises(ParameterError, match="schedule has 2 entries and patient has 5"):
        simulate(patient=Patients.of(WOMEN), schedule=list(ARMS.values()))


def test_each_different_sentence_is_read_once(monkeypatch) -> None:
    read = []
    parse = rm.Schedule.parse
    monkeypatch.setattr(
        rm.Schedule, "parse", lambda text, **options: read.append(text) or parse(text, **options)
    )
    simulate(patient=WOMEN * 2, schedule=[ARMS["denosumab"]] * 9 + ["none"])
    assert sorted(read) == [ARMS["denosumab"], "none"]


def test_who_is_outside_the_bounds_of_a_population_is_marked_and_counted() -> None:
    values = np.array([PERIPHERAL.lower / 2, PERIPHERAL.population_upper * 2, np.nan, 20.0])
    women = Patients(age=[60, 61, 62, 63])
    parameters = {"estradiol_peripheral": values}
    with pytest.raises(ParameterError, match="simulation 0: estradiol_peripheral = "):
        simulate(patient=women, parameters=parameters)
    with pytest.warns(SimulationWarning, match=r"2 outside_bounds.*estradiol_peripheral 2"):
        marked = simulate(patient=women, parameters=parameters, bounds="population")
    outside = int(Status.OUTSIDE_BOUNDS)
    assert marked.status.values.tolist() == [0, outside, outside, 0]
    assert np.isnan(marked.ctx.values).all(axis=1).tolist() == [False, True, True, False]
    assert marked.remodel.failed.values.tolist() == [False, True, True, False]
    assert json.loads(marked.provenance)["outside_bounds"] == {"estradiol_peripheral": 2}
    alone = simulate(
        patient=women[:1],
        parameters={"estradiol_peripheral": float(values[0])},
        bounds="population",
    )
    assert np.array_equal(alone.ctx.values[0], marked.ctx.values[0])


def test_nobody_within_bounds_is_no_simulation() -> None:
    with pytest.warns(SimulationWarning, match="2 of 2 simulations failed"):
        marked = simulate(
            patient=Patients(age=[60, 61]),
            parameters={"estradiol_peripheral": [1e4, 1e4]},
            bounds="population",
        )
    assert np.isnan(marked.bmd_total_hip.values).all()


def test_a_t_score_that_leaves_no_bone_is_marked_too() -> None:
    women = Patients(age=[60, 61], t_score_femoral_neck=[-1.0, -6.0])
    parameters = {"bmd_femoral_neck_reference": 0.6, "bmd_femoral_neck_reference_sd": 0.13}
    with pytest.raises(PatientError, match="must be above 0"):
        simulate(patient=women, parameters=parameters)
    with pytest.warns(SimulationWarning, match="t_score_femoral_neck 1"):
        marked = simulate(patient=women, parameters=parameters, bounds="population")
    assert marked.status.values.tolist() == [0, int(Status.OUTSIDE_BOUNDS)]


def test_a_population_brings_her_parameters_and_its_bounds() -> None:
    low = PERIPHERAL.lower / 2
    women = Women(Patients(age=[60, 61]), {"estradiol_peripheral": np.array([low, 20.0])})
    found = simulate(patient=women, schedule=ARMS)
    assert found.status.values.tolist() == [0, 0, 0, 0]
    assert found.estradiol_peripheral.values.tolist() == [low, 20.0] * 2
    with pytest.raises(ParameterError, match="differs between the women"):
        simulate(patient=women, parameters={"estradiol_peripheral": 18.0})
    with pytest.raises(ParameterError, match="outside its bounds"):
        simulate(patient=women, bounds="typical")


def test_unknown_bounds_are_refused() -> None:
    with pytest.raises(ConfigError, match="must be 'typical' or 'population'"):
        simulate(bounds="wide")


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_no_bit(threads) -> None:
    women = Patients.of(WOMEN * 4)
    assert equal(
        simulate(patient=women, schedule=ARMS, threads=threads),
        simulate(patient=women, schedule=ARMS),
    )
