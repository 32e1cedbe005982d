"""Models in SBML files: what is read runs like in libRoadRunner, the rest is refused by name."""

import pickle
from pathlib import Path

import numpy as np
import pytest

import remodel as rm
from remodel.cli.main import main
from remodel.errors import ModelError
from remodel.models import load_model

pytest.importorskip("libsbml")
FOLDER = Path(__file__).parent / "sbml"
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'
REACTIONS = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">
<model id="reactions" timeUnits="hour">
<listOfFunctionDefinitions><functionDefinition id="saturating">{function}</functionDefinition>
</listOfFunctionDefinitions>
<listOfUnitDefinitions><unitDefinition id="hour"><listOfUnits>
<unit kind="second" exponent="1" scale="0" multiplier="3600"/></listOfUnits></unitDefinition>
</listOfUnitDefinitions>
<listOfCompartments><compartment id="blood" size="3" constant="true"/>
<compartment id="bone" size="0.5" constant="true"/></listOfCompartments>
<listOfSpecies>
<species id="A" compartment="blood" initialConcentration="2" hasOnlySubstanceUnits="false"
 boundaryCondition="false" constant="false"/>
<species id="B" compartment="bone" initialAmount="0.1" hasOnlySubstanceUnits="true"
 boundaryCondition="false" constant="false"/>
<species id="E" compartment="blood" initialConcentration="0.7" hasOnlySubstanceUnits="false"
 boundaryCondition="true" constant="false"/>
</listOfSpecies>
<listOfParameters><parameter id="k" value="0.3" constant="true"/>
<parameter id="stimulus" value="1" constant="false"/>
<parameter id="half" constant="true"/>
<parameter id="W" value="5" constant="false"/></listOfParameters>
<listOfInitialAssignments><initialAssignment symbol="half">{half}</initialAssignment>
</listOfInitialAssignments>
<listOfRules><rateRule variable="W">{growth}</rateRule></listOfRules>
<listOfReactions>
<reaction id="uptake" reversible="false" fast="false">
<listOfReactants><speciesReference species="A" stoichiometry="2" constant="true"/>
<speciesReference species="E" stoichiometry="1" constant="true"/></listOfReactants>
<listOfProducts><speciesReference species="B" stoichiometry="3" constant="true"/></listOfProducts>
<kineticLaw>{uptake}<listOfLocalParameters><localParameter id="k" value="0.05"/>
</listOfLocalParameters></kineticLaw></reaction>
<reaction id="loss" reversible="false" fast="false">
<listOfReactants><speciesReference species="B" stoichiometry="1" constant="true"/></listOfReactants>
<kineticLaw>{loss}</kineticLaw></reaction>
</listOfReactions>
{event}
</model></sbml>"""
TIME = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'
EVENT = (
    '<listOfEvents><event id="stimulated" useValuesFromTriggerTime="true">'
    '<trigger initialValue="false" persistent="true">{trigger}</trigger><listOfEventAssignments>'
    '<eventAssignment variable="{variable}">{value}</eventAssignment></listOfEventAssignments></event>'
    "</listOfEvents>"
)


def apply(operator, *arguments):
    return f"<apply><{operator}/>{''.join(arguments)}</apply>"


def ci(name):
    return f"<ci>{name}</ci>"


def cn(value):
    return f"<cn>{value}</cn>"


def call(name, *arguments):
    return f"<apply><ci>{name}</ci>{''.join(arguments)}</apply>"


def event(trigger=None, variable="stimulus", value="4"):
    trigger = trigger or apply("geq", TIME, cn(30))
    return EVENT.format(
        trigger=MATH.format(trigger), variable=variable, value=MATH.format(cn(value))
    )


def reactions(**changes):
    fields = {
        "function": "<lambda><bvar><ci>x</ci></bvar><bvar><ci>y</ci></bvar>"
        + apply("divide", ci("x"), apply("plus", ci("x"), ci("y")))
        + "</lambda>",
        "half": apply("times", cn(2), ci("k")),
        "growth": "<piecewise><piece>"
        + apply("times", cn(-0.01), ci("W"))
        + apply("leq", TIME, cn(50))
        + "</piece><otherwise>"
        + apply("minus", apply("times", cn(0.002), apply("abs", ci("W"))))
        + "</otherwise></piecewise>",
        "uptake": apply("times", ci("k"), ci("stimulus"), ci("blood"), call("saturating", ci("A"), ci("half"))),
        "loss": apply("times", ci("k"), ci("B"), apply("power", ci("E"), cn(1.5))),
        "event": event(),
    }  # fmt: skip
    raw = changes.pop("raw", None)
    made = {key: MATH.format(text) if key != "event" else text for key, text in fields.items()}
    made.update({k: text if k == "event" else MATH.format(text) for k, text in changes.items()})
    text = REACTIONS.format(**made)
    return text.replace(*raw) if raw else text


def compared(path, times, per_day):
    """Return the largest relative difference between both programs."""
    roadrunner = pytest.importorskip("roadrunner")
    model = load_model(str(path))
    names = list(model.system().state_names)
    dataset = rm.simulate(model, times=times, outputs=names, rtol=1e-10)
    runner = roadrunner.RoadRunner(str(path))
    runner.timeCourseSelections = ["time", *names]
    runner.integrator.relative_tolerance = 1e-10
    runner.integrator.absolute_tolerance = 1e-16
    values = np.array(runner.simulate(times=list(times * per_day)))[:, 1:].T
    concentrations = runner.model.getFloatingSpeciesIds()
    differences = []
    for name, column in zip(names, values, strict=True):
        is_level = name in concentrations and not _is_amount(path, name)
        expected = column / _size(path, name) if is_level else column
        simulated = dataset[name].to_numpy()[0]
        differences.append(np.max(np.abs(simulated - expected)) / np.max(np.abs(expected)))
    return max(differences)


def _species(path, name):
    import libsbml

    document = libsbml.readSBMLFromFile(str(path))
    model = document.getModel()
    return document, model, model.getSpecies(name)


def _is_amount(path, name):
    _document, _, species = _species(path, name)
    return species.getHasOnlySubstanceUnits()


def _size(path, name):
    _document, model, species = _species(path, name)
    return model.getCompartment(species.getCompartment()).getSize()


@pytest.mark.parametrize(
    ("name", "days", "per_day"),
    [("BIOMD0000000278_addOPG", 140.0, 1), ("BIOMD0000000274", 2.0, 1440), ("BIOMD0000000401", 1000.0, 1)],
)  # fmt: skip
def test_bone_models_of_biomodels_agree_with_roadrunner(name, days, per_day):
    assert compared(FOLDER / f"{name}.xml", np.linspace(0, days, 101), per_day) < 1e-6


def test_reactions_volumes_functions_and_events_agree_with_roadrunner(tmp_path):
    path = tmp_path / "reactions.xml"
    path.write_text(reactions())
    # at the times of the event and of the corner both programs show the value before or after
    assert compared(path, np.append(0.0, np.linspace(0, 5, 51) + 0.01), 24) < 1e-6


def test_an_event_changes_something(tmp_path):
    """The test above would pass without events if the stimulus did nothing."""
    (tmp_path / "with.xml").write_text(reactions())
    (tmp_path / "without.xml").write_text(reactions(event=""))
    one, other = (
        rm.simulate(str(tmp_path / f"{name}.xml"), times=[5.0], outputs=["A"])
        for name in ("with", "without")
    )
    assert float(one["A"].to_numpy()[0, 0]) < 0.9 * float(other["A"].to_numpy()[0, 0])
    both = rm.simulate(str(tmp_path / "with.xml"), times=[1.0, 2.0], outputs=["stimulus"])
    assert list(both["stimulus"].to_numpy()[0]) == [1.0, 4.0]  # it comes after 30 h


def test_time_without_a_unit_counts_as_days():
    model = load_model(str(FOLDER / "BIOMD0000000278_addOPG.xml"))
    assert sorted(model.constants(model.kinks, {}).values()) == [20.0, 80.0]


@pytest.mark.parametrize("name", ["komarova2003", "lemaire2004", "pivonka2008", "jorg2022"])
def test_an_exported_model_reads_back(tmp_path, name):
    path = rm.export(name, tmp_path / "model.xml")
    model = load_model(str(path))
    states = list(load_model(name).system().state_names)
    first, second = (rm.simulate(m, years=3, outputs=states, rtol=1e-10) for m in (name, model))
    for state in states:
        expected = first[state].to_numpy()
        assert second[state].to_numpy() == pytest.approx(expected, rel=1e-7, abs=1e-12)


REFUSED = {
    "an algebraic rule": {"raw": ("<listOfRules>", f"<listOfRules><algebraicRule>{MATH.format(ci('W'))}</algebraicRule>")},
    "event stimulated is not one at a given time": {"event": event(apply("gt", ci("A"), cn(1)))},
    "event stimulated changes 'A', which has a rate": {"event": event(variable="A")},
    "event stimulated changes 'W', which has a rate": {"event": event(variable="W")},
    "'sin' is nothing that equations here can have": {"loss": apply("sin", ci("B"))},
    "reaction 'loss' is fast": {"raw": ('id="loss" reversible="false" fast="false"', 'id="loss" reversible="false" fast="true"')},
    "'k' has no value": {"raw": ('<parameter id="k" value="0.3"', '<parameter id="k"')},
    "a piecewise formula without 'otherwise'": {"loss": "<piecewise><piece>" + ci("B") + apply("gt", ci("B"), cn(1)) + "</piece></piecewise>"},
    "conversion factor": {"raw": ('<model id="reactions"', '<model conversionFactor="k" id="reactions"')},
}  # fmt: skip


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_read_is_named(tmp_path, sentence):
    path = tmp_path / "model.xml"
    path.write_text(reactions(**REFUSED[sentence]))
    with pytest.raises(ModelError) as caught:
        load_model(str(path))
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<sbml", "line"),
        ("<html></html>", "line"),
        ('<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"/>', "must contain a <model>"),
    ],
)  # fmt: skip
def test_files_that_are_no_sbml(tmp_path, text, sentence):
    path = tmp_path / "model.xml"
    path.write_text(text)
    with pytest.raises(ModelError, match=sentence):
        load_model(str(path))


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(ModelError, match=r"none\.xml"):
        load_model(str(tmp_path / "none.xml"))


def test_a_model_is_loaded_once_and_again_when_it_changes(tmp_path):
    path = tmp_path / "model.xml"
    path.write_text(reactions())
    model = load_model(str(path))
    assert load_model(str(path)) is model
    assert pickle.loads(pickle.dumps(model)) is model
    path.write_text(reactions(event=""))
    changed = load_model(str(path))
    assert changed is not model
    assert changed.file_hash != model.file_hash


def test_the_command_simulates_a_file(capsys):
    path = FOLDER / "BIOMD0000000401.xml"
    assert main(["simulate", "--model", str(path), "--years", "1"]) == 0
    assert (
        "Ayati2010_BoneRemodelingDynamics_NormalCondition: no treatment" in capsys.readouterr().out
    )


def test_parameters_of_a_file_can_be_changed():
    path = str(FOLDER / "BIOMD0000000401.xml")
    usual = rm.simulate(path, years=1, outputs=["z"])
    faster = rm.simulate(path, years=1, outputs=["z"], parameters={"k1": 0.5})
    assert float(faster.z.to_numpy()[0, -1]) < float(usual.z.to_numpy()[0, -1])
