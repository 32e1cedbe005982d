"""A model of a user's own in a design, and other options that a design may have."""

from __future__ import annotations

import pytest

import remodel as rm
from remodel.errors import ConfigError, StoreError
from remodel.models import load_model
from remodel.sweeps import load_design
from remodel.sweeps.cluster import SentDesign, _received

pytest.importorskip("zarr")

OWN = """\
from remodel.equations import endpoint, loss, quantity, starts_at, state
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet

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


OWN = Model(
    name="own",
    title="a model of my own",
    citation="none",
    parts=(bone, resorption, bone_0, starts_at("bone", "bone_0"), density),
    parameters=ParameterSet([Parameter("lost", 0.001, "1/d", 0.0, 1.0, "loss", "made up")]),
)
"""
DESIGN = """
model = "models/own.py:OWN"
kind = "grid"
years = 2
outputs = ["density"]
factors.lost.values = [0.0005, 0.001]
"""


@pytest.fixture
def design(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "own.py").write_text(OWN)
    (tmp_path / "design.toml").write_text(DESIGN)
    return tmp_path / "design.toml"


def test_a_model_in_a_file_beside_the_design_is_swept(design, tmp_path, monkeypatch):
    monkeypatch.chdir("/")  # relative to the design, not to where one is
    ds = rm.sweep(design, tmp_path / "s.zarr")
    assert ds["density"].sel(lost=0.001)[-1].item() == pytest.approx(0.4817, abs=1e-4)
    assert ds.attrs["model"] == "own"


def test_a_changed_file_does_not_continue_a_store(design, tmp_path):
    rm.sweep(design, tmp_path / "s.zarr")
    (tmp_path / "models" / "own.py").write_text(OWN + "# a remark\n")
    with pytest.raises(StoreError, match="the design has changed, model_source was"):
        rm.sweep(design, tmp_path / "s.zarr", resume=True)


def test_a_model_object_takes_the_place_of_the_one_in_the_design(design, tmp_path):
    from_file = load_model("models/own.py:OWN", tmp_path)
    content = {k: v for k, v in DESIGNED.items() if k != "model"}
    ds = rm.sweep(content, model=from_file)
    assert ds.identical(rm.sweep(design))
    named = rm.sweep(content, model=f"{tmp_path}/models/own.py:OWN")
    assert named.identical(ds)


DESIGNED = {
    "kind": "grid",
    "years": 2,
    "outputs": ["density"],
    "factors": {"lost": {"values": [0.0005, 0.001]}},
}


def test_a_model_that_is_not_there_is_named_with_its_line(design):
    design.write_text(DESIGN.replace("OWN", "ONW"))
    with pytest.raises(ConfigError, match=r"design.toml, line 2, model: .*no model 'ONW'. Did you"):
        load_design(design)


def test_a_worker_that_does_not_see_the_file_has_its_text(design, tmp_path):
    loaded = load_design(design)
    sent = SentDesign.of(loaded)
    assert sent.design().model is loaded.model  # the file is there
    (tmp_path / "models" / "own.py").unlink()
    _received.cache_clear()
    model = sent.design().model
    assert model.file_hash == loaded.model.file_hash
    assert model.file != loaded.model.file
    assert sent.design() is sent.design()  # is compiled once


def test_a_model_of_the_package_is_sent_by_its_name(designs):
    sent = SentDesign.of(load_design(designs.grid()))
    assert len(sent.content) < 5000
    assert sent.design().model is load_model("pivonka2008")


def test_doses_may_be_given_exactly(designs):
    design = designs.treatment(
        model="reference",
        schedule="teriparatide {dose} ug daily for 1 y",
        years=1,
        outputs=["ctx"],
        factors={"dose": {"values": [20.0]}},
        precision="float64",
    )
    exact = rm.sweep({**design, "solver": {"exact_doses": True}})["ctx"].to_numpy()[0]
    mean = rm.sweep(design)["ctx"].to_numpy()[0]
    assert not (exact == mean).all()
    alone = rm.simulate(
        schedule="teriparatide 20 ug daily for 1 y", exact_doses=True, outputs=["ctx"],
        times=rm.sweep(design)["time"].to_numpy(),
    )  # fmt: skip
    assert exact.tolist() == alone["ctx"].to_numpy()[0].tolist()


def test_the_method_of_a_design_is_that_of_simulate(designs):
    solver = {"method": "radau", "rtol": 1e-8}
    found = rm.sweep(designs.grid(precision="float64", solver=solver))
    cell = {"P_PTH": 500.0, "k_form": float(found["k_form"][2])}
    alone = rm.simulate(
        "pivonka2008", parameters=cell, times=found["time"].to_numpy(), outputs=["osteoclasts"],
        **solver,
    )  # fmt: skip
    assert found["osteoclasts"].sel(cell).to_numpy().tolist() == (
        alone["osteoclasts"].to_numpy()[0].tolist()
    )
