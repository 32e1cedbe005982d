"""SBML: libSBML finds nothing, units included, and libRoadRunner simulates the same."""

import numpy as np
import pytest

from remodel.exchange.case import Case
from remodel.exchange.sbml import sbml_text
from remodel.models import load_model, model_names

from .cases import away_from_events, case_of, outputs_of, simulated, worst

libsbml = pytest.importorskip("libsbml")


def problems(text):
    document = libsbml.readSBMLFromString(text)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, True)
    document.checkConsistency()
    document.checkInternalConsistency()
    return [document.getError(i).getMessage() for i in range(document.getNumErrors())]


@pytest.mark.parametrize("name", model_names())
def test_libsbml_has_neither_errors_nor_warnings(name):
    assert problems(sbml_text(case_of(name))) == []


@pytest.mark.parametrize("name", ["reference", "jorg2022", "peterson2010"])
def test_nor_with_every_drug_of_the_model(name):
    model = load_model(name)
    drugs = "; ".join(f"{drug} 1 mg once" for drug in model.drugs)
    assert problems(sbml_text(Case.of(model, drugs))) == []


def test_units_are_really_checked():
    text = sbml_text(case_of("lemaire2004"))
    wrong = text.replace('<parameter id="k_B" name="Elimination rate of active osteoblasts" value="0.189" units="per_day"', '<parameter id="k_B" name="x" value="0.189" units="per_day2"')  # fmt: skip
    assert wrong != text
    wrong = wrong.replace("</listOfUnitDefinitions>", '<unitDefinition id="per_day2"><listOfUnits><unit kind="second" exponent="-2" scale="0" multiplier="86400"/></listOfUnits></unitDefinition></listOfUnitDefinitions>')  # fmt: skip
    assert problems(wrong)


@pytest.mark.parametrize("name", model_names())
def test_roadrunner_agrees_over_ten_years_with_doses(name):
    roadrunner = pytest.importorskip("roadrunner")
    case = case_of(name)
    runner = roadrunner.RoadRunner(sbml_text(case))
    outputs = [*case.states, *outputs_of(case)]
    sizes = {n: max(abs(case.states[n]), case.system.state(n).typical) for n in case.states}
    runner.integrator.relative_tolerance = 1e-9
    order = [runner.model.getStateVectorId(i) for i in range(len(case.states))]
    runner.integrator.absolute_tolerance = [1e-11 * sizes[n] for n in order]
    runner.integrator.maximum_num_steps = 1_000_000
    runner.timeCourseSelections = ["time", *outputs]
    times = away_from_events(case)
    values = np.array(runner.simulate(times=[0.0, *times]))[1:, 1:].T
    assert worst(case, values, simulated(case, times, outputs), outputs) < 1e-6


def test_changed_parameters_change_the_baseline():
    """A baseline that follows from the parameters is written as such, not as numbers."""
    text = sbml_text(case_of("lemaire2004"))
    assert '<initialAssignment symbol="R">' in text
    assert case_of("lemaire2004").at_baseline
    assert not case_of("reference").at_baseline
    assert "initialAssignment" not in sbml_text(case_of("reference"))


def test_doses_at_one_time_are_one_event():
    case = case_of("reference")
    document = libsbml.readSBMLFromString(sbml_text(case))
    assert document.getModel().getNumEvents() == len(case.changes)
    first = document.getModel().getEvent(0)
    assert {a.getVariable() for a in first.getListOfEventAssignments()} == {
        "zoledronic_acid_plasma", "anastrozole_oral_rate",
    }  # fmt: skip
