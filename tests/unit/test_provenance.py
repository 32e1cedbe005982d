"""Where a result comes from."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

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


def test_fingerprint_of_an_array_follows_type_shape_and_bytes() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    # written out, so that another process or machine must find the same
    assert fingerprint(values) == "b499b9f173e82ba2"
    assert fingerprint({"a": values}) == fingerprint({"a": values.astype(">f8")})
    assert fingerprint(values) == fingerprint(np.repeat(values, 2)[::2])
    others = [
        values[::-1], values.reshape(2, 2), values.astype(np.float32), values[:0], values[:3],
        np.nextafter(values, 9.0),
    ]  # fmt: skip
    assert len({fingerprint(other) for other in (values, *others)}) == 7
    words = np.array(["a", "b"], dtype=object)
    assert fingerprint(words) == fingerprint(["a", "b"])


def test_fingerprint_of_numbers_and_words_stays_what_it_was() -> None:
    assert fingerprint({"a": 1, "b": [1.0, 2.0]}) == "14d5f8dc257e65bf"


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
    assert (record["method"], record["rtol"]) == ("rodas5p", 1e-6)
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


def test_a_package_that_is_not_installed_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("remodel.provenance.origin.version", missing)
    package_version.cache_clear()
    versions.cache_clear()
    try:
        assert package_version() == "not installed"
        assert versions()["numba"] == "not installed"
    finally:
        package_version.cache_clear()
        versions.cache_clear()
