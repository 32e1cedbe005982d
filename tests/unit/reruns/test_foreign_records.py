"""Records and results that others have written, or that are damaged."""

from __future__ import annotations

import json

import pytest

from remodel.errors import ConfigError, RemodelError
from remodel.provenance import RECORD
from remodel.reruns import rerun
from remodel.reruns.compare import compared


def record_of(folder, **content):
    """Write a record as another person may have sent it."""
    arguments = {"model": "pivonka2008", "years": 1}
    whole = {"function": "simulate", "arguments": arguments, "folder": str(folder), "inputs": {}}
    (folder / RECORD).write_text(json.dumps({**whole, **content}))


@pytest.mark.parametrize("way", ["{root}/..{target}", "..{target}", "{name}"])
def test_a_record_puts_no_file_elsewhere(way, tmp_path):
    target = tmp_path / "elsewhere.txt"
    name = way.format(root="/.." * 20, target=target, name=target.name)
    record_of(tmp_path, inputs={name: {"sha256": "0", "text": "from the record"}})
    with pytest.raises(ConfigError, match=r"is damaged: '.*elsewhere\.txt'.* absolute"):
        rerun(tmp_path)
    assert not target.exists()


def test_a_program_in_a_record_is_not_executed(tmp_path):
    mark, file = tmp_path / "executed", tmp_path / "sent.py"
    text = f"open({str(mark)!r}, 'w').close()\n"
    record_of(
        tmp_path,
        arguments={"model": f"{file}:MODEL", "years": 1},
        inputs={str(file): {"sha256": "0", "text": text}},
    )
    with pytest.raises(ConfigError, match=r"sent\.py.*is gone"):
        rerun(tmp_path)
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"sent\.py.*is a program that has changed"):
        rerun(tmp_path)
    assert not mark.exists()


@pytest.mark.parametrize("arguments", [{"modell": "pivonka2008"}, {"out": "other", "plan": "a"}])
def test_arguments_this_version_does_not_take_are_one_sentence(arguments, tmp_path):
    record_of(tmp_path, function="monitor", arguments=arguments)
    with pytest.raises(ConfigError, match="'monitor' of this version cannot be called with"):
        rerun(tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"inputs": {"/a": 5}}, "is damaged"),
        ({"inputs": {"/a": {"text": "a"}}}, "what it keeps of /a is neither hash nor text"),
        ({"inputs": {"/a": {"sha256": "0", "text": 5}}}, "what it keeps of /a is neither"),
        ({"inputs": {"/a\0": {"sha256": "0", "text": ""}}}, "not an absolute path"),
        (
            {"inputs": {name: {"sha256": "0", "text": ""} for name in ("/a", "/a/b")}},
            "cannot be written",
        ),
        ({"function": "run_experiment", "arguments": {}}, "cannot be called with .*'experiment'"),
        ({"arguments": {"patient": {"$Patient": []}}}, "a Patient, is damaged"),
        ({"arguments": {"model": {"$Model": {}}}}, "a Model, is damaged"),
        ({"arguments": {"plan": {"$Design": "{"}}}, "a Design, is damaged"),
    ],
)
def test_damaged_records_are_one_sentence(content, sentence, tmp_path):
    record_of(tmp_path, **content)
    with pytest.raises(RemodelError, match=sentence):
        rerun(tmp_path)


@pytest.mark.parametrize(
    ("name", "before", "after", "detail"),
    [
        ("a.csv", b"", b"a,b\n1,2\n", "0 rows of 0 columns are 2 of 2"),
        ("a.csv", b"a,b\n1,2\n", b"", "2 rows of 2 columns are 0 of 0"),
        ("a.npz", b"PK\x03\x04cut", b"PK\x03\x04", "one of the two cannot be read"),
        ("a.txt", b"one\n", b"one", "only the ends of lines differ"),
    ],
)
def test_damaged_files_are_compared(name, before, after, detail, tmp_path):
    for folder, content in (("before", before), ("after", after)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(content)
    (item,) = compared(tmp_path / "before", tmp_path / "after")
    assert item.verdict == "differs"
    assert item.detail.startswith(detail)
