"""The server answers this page on this machine, and nothing else."""

from __future__ import annotations

import json
import re
import socket
import sys
import warnings
from pathlib import Path

import pytest

import remodel as rm
import remodel.explorer.application as server
from remodel.errors import ConfigError, MissingDependencyError, ParameterError
from remodel.explorer import explore, serve
from remodel.explorer.guard import LARGEST_BODY

PAGE = Path(server.__file__).parent / "page"


def test_the_files_of_the_page_are_served(client):
    status, headers, body = client("/")
    assert (status, body) == (200, (PAGE / "index.html").read_bytes())
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert client("/main.js")[1]["content-type"].startswith("text/javascript")


def test_the_page_names_no_address_elsewhere_and_writes_no_markup():
    for file in PAGE.iterdir():
        text = file.read_text(encoding="utf-8")
        addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\"' )%]*", text))
        assert addresses <= {"http://www.w3.org/2000/svg"}, file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)


@pytest.mark.parametrize(
    "path",
    [
        "/../serve.py", "/..%2fserve.py", "/%2e%2e/serve.py", "//etc/passwd", "/page/main.js",
        "/main.js/", "/main.js%00", "/.", "/index.html/../../serve.py", "/etc/passwd", "/api/",
        "/api/curves/../../x", "/\\..\\serve.py",
    ],
)  # fmt: skip
def test_no_other_file_can_be_reached(client, path):
    assert client(path)[0] in (404, 405)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:81", "127.0.0.1.evil.example:80", "", "127.0.0.1:80@x"]
)
def test_another_name_of_this_machine_is_refused(client, host):
    client.host = host
    assert client("/")[0] == 403
    assert client("/api/catalog")[0] == 403


def test_requests_of_other_pages_are_refused(client, page):
    body = json.dumps(page).encode()
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ):
        assert client("/api/curves", body, headers=headers)[0] == 403
    assert client("/api/share", body, headers={"origin": "http://localhost:80"})[0] == 200
    assert client("/api/share", body, headers={"content-type": "text/plain"})[0] == 415


def test_the_size_of_a_page_has_an_end(client, page):
    assert client("/api/curves", b" " * (LARGEST_BODY + 1))[0] == 413
    lies = {"content-length": "10"}
    assert (
        client("/api/share", b" " * LARGEST_BODY + json.dumps(page).encode(), headers=lies)[0]
        == 400
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"NaN", b'{"years": Infinity}', b"[" * 30000, b"[" * 30 + b"]" * 30],
)
def test_what_is_no_json_is_refused(client, body):
    status, _, answer = client("/api/curves", body)
    assert status == 400
    assert "expected JSON" in json.loads(answer)["error"]["message"]


def test_questions_are_answered_and_errors_have_their_field(client, page):
    status, answer = client.ask("curves", page)
    assert status == 200
    assert len(answer["arms"]) == 3
    page["years"] = 1e9
    status, answer = client.ask("curves", page)
    assert (status, answer["error"]["field"]) == (422, "years")
    assert client.ask("secrets", page)[0] == 404
    assert client("/api/curves")[0] == 405
    assert json.loads(client("/api/catalog")[2])["limits"] == {"arms": 6, "years": 40.0}


def test_a_failure_of_the_program_does_not_show_its_inside(client, page, monkeypatch, caplog):
    def broken(_):
        raise RuntimeError("/home/secret")

    monkeypatch.setattr(server, "ANSWERS", {"curves": broken})
    status, answer = client.ask("curves", page)
    assert status == 500
    assert "secret" not in str(answer)
    assert "secret" in caplog.text


def test_what_takes_too_long_is_given_up(client, page, monkeypatch):
    import time

    monkeypatch.setattr(server, "_LONGEST", 0.05)
    monkeypatch.setattr(server, "ANSWERS", {"curves": lambda _: time.sleep(0.3) or {}})
    status, answer = client.ask("curves", page)
    assert status == 503
    assert "too long" in answer["error"]["message"]


def test_a_port_that_is_taken_is_said(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigError, match="cannot be used"):
            explore(other.getsockname()[1])
    with pytest.raises(ConfigError, match="from 0 to 65535"):
        explore(70000)
    assert not capsys.readouterr().out


def test_parameter_sets_are_offered_by_the_name_of_their_file(tmp_path):
    from remodel.explorer.serve import _sets

    file = tmp_path / "fit.toml"
    rm.write_parameters(rm.load_parameters("reference").replace({"turnover": 1.2}), file)
    offered = _sets([file])
    assert offered["fit.toml"]["turnover"].value == 1.2
    with pytest.raises(ParameterError, match=r"missing\.toml"):
        _sets([tmp_path / "missing.toml"])


def test_without_its_libraries_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingDependencyError, match=r"bone-remodel\[explore\]"):
        explore(0)


def test_the_page_is_served_on_this_machine_only(monkeypatch):
    import uvicorn

    asked, said = [], []
    monkeypatch.setattr(
        uvicorn.Server, "run", lambda self, sockets: asked.append(sockets[0].getsockname())
    )
    monkeypatch.setattr(serve, "_warm_up", lambda say: None)
    with warnings.catch_warnings():
        explore(0, say=said.append, opened=asked.append)
    address, (host, port) = asked
    assert host == "127.0.0.1"
    assert address == f"http://127.0.0.1:{port}/"
    assert address in said[0]


def test_the_first_simulations_are_compiled_beforehand():
    said = []
    serve._warm_up(said.append)
    assert len(said) == 1
    assert said[0].startswith("Ready")
