"""Inputs that nobody should send leave the explorer up, and its numbers right."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from remodel.explorer.start import FIRST_PAGE

expect = pytest.importorskip("playwright.sync_api").expect
SCRIPT = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
SPINE = "bmd_lumbar_spine_percent_change"
JSON = {"Content-Type": "application/json"}


def ask(
    address: str, path: str, body: Any = None, method: str | None = None, **headers: str
) -> int:
    """Send a request and return its status; the answer must come."""
    where = urlsplit(address)
    link = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    try:
        sent = {**(JSON if data is not None else {}), **headers}
        link.request(method or ("GET" if data is None else "POST"), path, data, sent)
        answer = link.getresponse()
        answer.read()
    except (ConnectionError, http.client.HTTPException):
        return 0  # the server hung up, which it may
    finally:
        link.close()
    return answer.status


def raw(address: str, data: bytes, *, wait: bool = True) -> bytes:
    """Send bytes and return what comes back, or close at once."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=10) as link:
        link.sendall(data)
        if not wait:
            return b""
        try:
            return link.recv(200)
        except (TimeoutError, ConnectionError):
            return b""


def page_with(**changes: Any) -> dict[str, Any]:
    return {**FIRST_PAGE, "years": 2.0, **changes}


def arm(schedule: Any, name: Any = "a") -> dict[str, Any]:
    return page_with(arms=[{"name": name, "schedule": schedule}])


REFUSED = {  # name -> what is asked of /api/curves with a status in 400..499
    "a billion years": page_with(years=1e9),
    "a negative length": page_with(years=-1.0),
    "an age of minus one": page_with(patient={"age": -1}),
    "an age as text": page_with(patient={"age": "62"}),
    "an age of 400 digits": page_with(patient={"age": 10**400}),
    "a T-score of a million": page_with(patient={"t_score_total_hip": 1e6}),
    "a list as a page": [1, 2, 3],
    "nothing as a page": None,
    "a prototype": page_with(__proto__={"admin": True}),
    "no arm": page_with(arms=[]),
    "a thousand arms": page_with(arms=[{"name": str(i)} for i in range(1000)]),
    "an arm that is a number": page_with(arms=[7]),
    "a sentence of 50,000 letters": arm("a" * 50_000),
    "a million doses a day": arm("denosumab 60 mg every 1e-9 d"),
    "a dose beyond all": arm("denosumab 1e300 mg once"),
    "a negative dose": arm("denosumab -60 mg once"),
    "a sentence of brackets": arm("(" * 900),
    "a sentence of semicolons": arm(";" * 900),
    "zeros and controls": arm("\x00\x01\x02"),
    "a drug of another alphabet": arm("деносумаб 60 mg once"),
    "a model that is a file": page_with(model="/etc/passwd"),
    "a model that is code": page_with(model="evil.py:MODEL"),
    "a model above": page_with(model="../../models/reference"),
    "a parameter set that is a file": page_with(parameters="/etc/passwd"),
    "a parameter that is code": page_with(changes="__import__('os').system('id') = 1"),
    "a parameter that is infinite": page_with(changes="turnover = inf"),
    "a parameter that is nan": page_with(changes="turnover = nan"),
    "a panel that is a path": page_with(panels=["../x"]),
    "visits before the start": page_with(visits=[-1e9]),
    "a thousand visits": page_with(visits=[1.0] * 1000),
}
BODIES = {  # name -> bytes sent as a page
    "ten megabytes": b"[" + b"1," * 5_000_000 + b"1]",
    "a broken page": b'{"arms": [',
    "no text at all": b"\xff\xfe\x00\x80" * 50,
    "a hundred thousand brackets": b"[" * 60_000,
    "not a number": b'{"years": NaN}',
    "nothing": b"",
}
ADDRESSES = {
    "a file above": "/../../../../etc/passwd",
    "a file above, hidden": "/%2e%2e/%2e%2e/etc/passwd",
    "a file of the server": "/application.py",
    "an address with a zero": "/index.html%00.js",
    "an address of 20,000 letters": "/" + "a" * 20_000,
    "a question that is none": "/api/../api/curves",
}


def curves(address: str) -> bytes:
    where = urlsplit(address)
    link = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    link.request("POST", "/api/curves", json.dumps(FIRST_PAGE), JSON)
    answer = link.getresponse().read()
    link.close()
    return answer


@pytest.fixture(scope="module")
def right(address):
    return curves(address)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_allowed_is_refused(address, right, name):
    assert 400 <= ask(address, "/api/curves", REFUSED[name]) < 500
    assert curves(address) == right


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_page_is_refused(address, right, name):
    assert ask(address, "/api/curves", BODIES[name]) in (0, 400, 413)
    assert curves(address) == right


@pytest.mark.parametrize("name", ADDRESSES)
def test_other_addresses_hold_nothing(address, name):
    assert ask(address, ADDRESSES[name]) in (0, 400, 404, 405, 414)


def test_foreign_names_and_pages_are_refused(address, right):
    assert ask(address, "/", Host="evil.example") == 403
    assert ask(address, "/api/catalog", Host="localhost.evil.example") == 403
    assert ask(address, "/api/curves", FIRST_PAGE, Origin="https://evil.example") == 403
    assert ask(address, "/api/curves", FIRST_PAGE, **{"Content-Type": "text/plain"}) == 415
    assert ask(address, "/api/curves", method="DELETE") == 405
    assert curves(address) == right


def test_broken_requests_and_closed_sockets_are_survived(address, right):
    body = json.dumps(FIRST_PAGE).encode()
    host = urlsplit(address).netloc.encode()
    head = b"POST /api/curves HTTP/1.1\r\nHost: " + host + b"\r\nContent-Type: application/json\r\n"
    whole = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    raw(address, whole, wait=False)  # asks and leaves
    raw(address, whole[:-100], wait=False)  # leaves in the middle
    raw(address, b"\x16\x03\x01\x02\x00\x01\x00\x01", wait=True)  # speaks TLS
    raw(address, b"GET / HTTP/9.9\r\n\r\n")
    raw(address, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n")
    raw(address, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    assert curves(address) == right


def test_many_at_once_get_the_same_numbers(address, right):
    with ThreadPoolExecutor(12) as many:
        assert all(answer == right for answer in many.map(curves, [address] * 24))


def test_a_script_in_a_name_stays_text(visit, address):
    state = json.loads(json.dumps(FIRST_PAGE))
    state["arms"][0]["name"] = SCRIPT[:60]
    state["arms"][1]["schedule"] = f"none; {SCRIPT}"
    state |= {"changes": SCRIPT, "taken": SCRIPT, "hidden": [SCRIPT[:50]], "panels": [SPINE]}
    fragment = base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")
    window = visit()
    page = window.page
    page.goto(f"{address}#s={fragment}")
    page.locator("p.error").first.wait_for()
    assert page.get_by_label("Name").first.input_value() == SCRIPT[:60]
    page.get_by_label("Schedule").nth(1).fill("none")
    window.open_all()
    page.get_by_label("Changed parameters, NAME = NUMBER, one a line").fill("")
    window.settle()
    expect(page.locator("#figure svg")).to_contain_text("<script>window.hacked")
    expect(page.locator("#visits thead")).to_contain_text("<script>")
    assert page.evaluate("() => window.hacked") is None
    assert page.locator("#results script, #results img").count() == 0


def test_ten_megabytes_of_paste_are_cut(visit):
    window = visit()
    page = window.open()
    field = page.get_by_label("Schedule").first
    field.focus()
    page.evaluate("() => document.execCommand('insertText', false, 'x'.repeat(1e7))")
    assert len(field.input_value()) <= 1000
    page.locator(".arm0 .error").wait_for()
    field.fill("anastrozole 1 mg daily for 5 y")
    window.settle()


@pytest.mark.parametrize(
    "state",
    [
        {"arms": "x", "patient": [], "years": "long", "panels": 7, "readings": {"a": 1}},
        {"arms": [None, 3, {"name": {}, "schedule": []}], "visits": ["a", None, 1e308]},
        {"patient": {"age": {}, "sex": "robot", "country": "Mars"}, "model": "none"},
    ],
)
def test_a_hostile_link_shows_a_page_that_works(visit, address, state):
    fragment = base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")
    window = visit()
    page = window.page
    page.goto(f"{address}#s={fragment}")
    page.locator("#status", has_text=re.compile("after|simulated|Not")).wait_for()
    page.get_by_role("button", name="Start over").click()
    window.settle()
    expect(page.locator(f'[data-panel="{SPINE}"] path.curve')).to_have_count(3)


def test_two_windows_do_not_mix(visit):
    one, two = visit(), visit()
    first, second = one.open(), two.open()
    for age in ("70", "71", "72"):
        first.get_by_role("spinbutton", name="Age [y]").fill(age)
        second.get_by_role("spinbutton", name="Age [y]").fill(str(int(age) - 20))
    second.get_by_role("spinbutton", name="Age at menopause [y]").fill("48")
    one.settle()
    two.settle()
    paths = [
        page.locator(f'[data-panel="{SPINE}"] path.curve').first.get_attribute("d")
        for page in (first, second)
    ]
    assert paths[0] != paths[1]
    first.get_by_role("spinbutton", name="Age [y]").fill("52")
    first.get_by_role("spinbutton", name="Age at menopause [y]").fill("48")
    one.settle()
    assert first.locator(f'[data-panel="{SPINE}"] path.curve').first.get_attribute("d") == paths[1]


def test_a_server_that_is_gone_is_said(visit):
    window = visit()
    page = window.open()
    page.route("**/api/*", lambda route: route.abort())
    page.get_by_role("spinbutton", name="Age [y]").fill("64")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    page.unroute("**/api/*")
    page.get_by_role("spinbutton", name="Age [y]").fill("65")
    window.settle()
    expect(page.get_by_role("alert")).to_have_count(0)
    window.failures.clear()  # the browser tells of the requests that failed
