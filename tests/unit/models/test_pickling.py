"""Models and equations in a pickle: by name where they can be loaded again, else part by part."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import pytest

import remodel as rm
from remodel.errors import ModelError
from remodel.physiology import osteoclasts

OWN = """
from remodel.equations import state, loss, endpoint
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet

amount = state("amount", "-", "what there is")

@loss("amount")
def decay(amount, k):
    \"\"\"It decays.\"\"\"
    return k * amount

MODEL = Model(
    name="own", title="Decay.", citation="none", parts=(amount, decay),
    parameters=ParameterSet([Parameter("k", 1.0, "1/d", 0.1, 10.0, "rate", "none", "input",
                                       "definition")], "own"),
)
"""


@pytest.mark.parametrize("name", rm.model_names())
def test_a_model_of_the_package_is_pickled_by_its_name(name):
    model = rm.load_model(name)
    text = pickle.dumps(model)
    assert len(text) < 200
    assert pickle.loads(text) is model
    assert copy.deepcopy(model) is model


@pytest.mark.parametrize("name", rm.model_names())
def test_a_changed_model_is_pickled_part_by_part(name):
    changed = replace(rm.load_model(name), title="changed")
    again = pickle.loads(pickle.dumps(changed))
    assert again.title == "changed"
    assert again.parts == changed.parts
    assert dict(again.drugs) == dict(changed.drugs)
    assert again.parameters.fingerprint() == changed.parameters.fingerprint()


def test_a_pickled_model_gives_the_same_numbers():
    changed = replace(rm.load_model("reference"), title="changed")
    again = pickle.loads(pickle.dumps(changed))
    schedule = "denosumab 60 mg once"
    one, other = (rm.simulate(m, schedule=schedule, years=1) for m in (changed, again))
    assert one.ctx.equals(other.ctx)


def test_a_model_of_ones_own_is_loaded_from_its_file_again(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(OWN)
    text = pickle.dumps(rm.load_model(f"{file}:MODEL"))
    assert pickle.loads(text) is rm.load_model(f"{file}:MODEL")
    file.write_text(OWN.replace("k * amount", "2 * k * amount"))
    with pytest.raises(ModelError, match="has changed since this was pickled"):
        pickle.loads(text)


def test_an_equation_comes_back_as_what_its_module_declares():
    declared = osteoclasts.osteoclast_precursor_supply
    assert pickle.loads(pickle.dumps(declared)) is declared
    renamed = replace(declared, name="another")
    again = pickle.loads(pickle.dumps(renamed))
    assert again == renamed
    assert again.function is declared.function


def test_a_result_can_be_pickled():
    ds = rm.simulate(years=1, outputs=["ctx"])
    assert pickle.loads(pickle.dumps(ds)).identical(ds)


def test_a_model_is_short_to_read():
    model = rm.load_model("reference")
    assert len(repr(model)) < 100
    assert repr(model).startswith("<Model 'reference': ")
    assert "denosumab" in model._repr_html_()
