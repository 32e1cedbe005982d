"""A model of one's own: a file and the name of the model in it."""

import math

import pytest

import remodel as rm
from remodel.errors import ModelError
from remodel.models import load_model

OWN = """\
from remodel.equations import endpoint, loss, quantity, starts_at, state
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet

LENGTH = 3
bone = state("bone", "-", "Bone")


@loss("bone")
def resorption(lost, bone):
    return lost * bone


@quantity
def bone_0():
    return 1.0


@endpoint(unit="-", meaning="Bone that is left")
def density(bone):
    return 1.0 * bone


MODEL = Model(
    name="own",
    title="a model of my own",
    citation="none",
    parts=(bone, resorption, bone_0, starts_at("bone", "bone_0"), density),
    parameters=ParameterSet([Parameter("lost", 0.1, "1/d", 0.0, 1.0, "loss", "made up")]),
)
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path


def test_a_model_in_a_file_is_loaded_relative_to_a_folder(own):
    model = load_model("own.py:MODEL", relative_to=own)
    assert model.name == "own"
    assert model.file == f"{own / 'own.py'}:MODEL"
    assert load_model(model.reference) is model


def test_a_changed_file_is_another_model(own):
    before = load_model("own.py:MODEL", own)
    (own / "own.py").write_text(OWN.replace("0.1", "0.2"))
    after = load_model("own.py:MODEL", own)
    assert after is not before
    assert after.file_hash != before.file_hash
    assert after.parameters["lost"].value == 0.2


def test_models_of_the_package_have_no_file():
    assert load_model("reference").reference == "reference"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.py:MODEL", OWN, r"none\.py cannot be read: No such file"),
        ("own.py:MODLE", OWN, r"has no model 'MODLE'\. Did you mean 'MODEL'\?"),
        ("own.py:LENGTH", OWN, r"'LENGTH' is not a Model but of type int\. Known: MODEL\."),
        ("own.py:MODEL", "x = 1\n", r"has no model 'MODEL'\. It has no model\."),
        (
            "own.py:MODEL",
            "x = 1\n1 / 0\n",
            r"own\.py, line 2 cannot be imported: ZeroDivisionError",
        ),
        ("own.py:MODEL", "x = (\n", r"own\.py, line 1 cannot be imported: SyntaxError"),
        (
            "own.py:MODEL",
            "import sys\nsys.exit(3)\n",
            r"own\.py, line 2 cannot be imported: SystemExit",
        ),
        ("own.py", OWN, r"names a file and no model in it; write it like own\.py:MODEL"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path, name, text, message):
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(ModelError, match=message):
        load_model(name, relative_to=tmp_path)


def test_it_simulates(own):
    dataset = rm.simulate(load_model("own.py:MODEL", own), years=0.1)
    assert float(dataset["density"][0, -1]) == pytest.approx(math.exp(-3.6525), rel=1e-3)
