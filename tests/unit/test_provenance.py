"""Where a result comes from."""

from __future__ import annotations

import json

import remodel as rm
from remodel.provenance import fingerprint, manifest, package_version, versions


def test_versions_are_those_installed() -> None:
    found = versions()
    assert found["bone-remodel"] == package_version() == rm.__version__
    assert found["numpy"][0].isdigit()
    assert {"python", "numba", "scipy", "llvmlite"} <= set(found)


def test_fingerprint_follows_the_content() -> None:
    assert fingerprint({"a": 1, "b": [1.0, 2.0]}) == fingerprint({"b": [1.0, 2.0], "a": 1})
    assert fingerprint([1.0]) != fingerprint([1.0000001])
    assert len(fingerprint("x")) == 16


def test_a_manifest_can_be_written_as_json() -> None:
    found = json.loads(json.dumps(manifest(model="reference", seed=3)))
    assert found["model"] == "reference"
    assert found["seed"] == 3
    assert found["platform"]
    assert found["versions"] == versions()


def test_a_result_says_how_it_was_made() -> None:
    sentence = "denosumab 60 mg every 6 mo x 2"
    one = rm.simulate(schedule=sentence, years=1, outputs=["ctx"])
    record = json.loads(one.attrs["provenance"])
    assert record["model"] == "reference"
    assert record["schedule"] == sentence
    assert (record["method"], record["rtol"]) == ("batch", 1e-6)
    assert record["parameters"] == rm.load_model("reference").all_parameters.fingerprint()
    changed = rm.simulate(
        schedule=sentence, years=1, outputs=["ctx"], parameters={"ctx_floor": 0.2}
    )
    other = json.loads(changed.attrs["provenance"])
    assert other["parameters"] != record["parameters"]
    assert (record["changed"], other["changed"]) == ({}, {"ctx_floor": 0.2})
    assert record["exact_doses"] is False
    varied = rm.simulate(years=1, outputs=["ctx"], parameters={"ctx_floor": [0.1, 0.2]})
    assert set(json.loads(varied.attrs["provenance"])["varied"]) == {"ctx_floor"}
