"""The report: every number from a run, every test named there, both forms whole."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from remodel.errors import ConfigError
from remodel.qualification import report as report_module
from remodel.qualification import tested
from remodel.qualification.blocks import Bullets, Formula, Grid, Heading, Paragraph, Picture
from remodel.qualification.credibility import judged, load_goals, load_requirements
from remodel.qualification.figures import figures
from remodel.qualification.findings import Findings
from remodel.qualification.html import html_report
from remodel.qualification.numbers import Name, Number, Shown, filled, formatted, slug
from remodel.qualification.pdf import pdf_report
from remodel.qualification.qualify import DISCLAIMER
from remodel.qualification.report import TITLE, blocks
from remodel.qualification.swings import QUESTIONS

TESTS = Path(__file__).parents[2]
pytest.importorskip("reportlab")
pytest.importorskip("latex2mathml")


class Everything(dict):
    """Numbers of which each that is asked for is there."""

    def __missing__(self, key: str) -> Number:
        self[key] = Number(0.5 if key.endswith(("e-04", "e-06", "e-08")) else 12.0, "1", "a test")
        return self[key]

    def __contains__(self, key: object) -> bool:
        return True


def made() -> Findings:
    """Return findings with small tables, whose numbers are all there."""
    findings = Findings(numbers=Everything(), words={"numpy": "2.4.6", "hash": "0a1b2c"})
    classes = ["aromatase inhibitor", "aromatase inhibitor + bisphosphonate", "denosumab", "SERM"]
    verdicts = ["misses", "misses", "holds", "too few"]
    names = ["ctx_floor", "p1np_floor", "bone_shared"]
    findings.tables |= {
        "data": pd.DataFrame({"side": ["calibration", "validation", "not_used"]}),
        "data_by_class": pd.DataFrame({"drug_class": [*classes, "after SERM"]}),
        "parameters": pd.DataFrame(
            {
                "parameter": names, "unit": ["-", "1/d", "mg"], "value": 0.4, "low_90": 0.3,
                "high_90": 0.5, "prior_low_90": 0.1, "prior_high_90": 0.9,
                "verdict": ["identified", "weak", "prior only"],
            }
        ),
        "coverage": pd.DataFrame(
            {
                "drug_class": classes, "verdict": verdicts, "n": 4, "trials": 2, "within_90": 0.8,
                "within_90_low": 0.2, "within_90_high": 1.0,
            }
        ),
        "misses": pd.DataFrame(
            {"study_id": ["zofast"], "arm": ["zol_4"], "endpoint": ["bmd_total_hip"]}
        ),
        "published_models": pd.DataFrame({"model": ["jorg2022"]}),
        "stiff_problems": pd.DataFrame({"problem": ["hires"]}),
        "answers": pd.DataFrame(
            {"question": list(QUESTIONS), "change": 2.0, "low_90": 1.0, "high_90": 3.0}
        ),
        "sensitivity": pd.DataFrame(
            [
                {"question": q, "parameter": p, "at_low": 1.0, "at_high": 2.0, "swing": 1.0}
                for q in QUESTIONS for p in names
            ]
        ),
        "predictions": pd.DataFrame(
            {
                "endpoint": "bmd_total_hip", "scored": True, "kind": "change",
                "probability_below": 0.4, "drug_class": classes, "value": [1.0, 2.0, 3.0, 4.0],
                "predicted": 2.0, "low_90": 1.0, "high_90": 3.0,
            }
        ),
    }  # fmt: skip
    return findings


@pytest.fixture(scope="module")
def report():
    findings = made()
    goals = judged(findings)
    formulas = [Formula(r"\dfrac{\mathrm{d}}{\mathrm{d}t}\,x = a - \frac{b}{2}", "A rate")]
    return findings, blocks(findings, goals, figures(findings), formulas)


class Words(HTMLParser):
    """Text outside of links to numbers, names, equations, style and the list of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: list[str] = []
        self.text: list[str] = []
        self.shown: list[tuple[str, str, str]] = []
        self.link: tuple[str, str] | None = None

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag in ("img", "meta", "br"):
            return
        is_number = tag == "a" and known.get("class") == "n"
        if is_number:
            self.link = known["href"].removeprefix("#n-"), known["data-form"]
        hides = (
            is_number or tag in ("style", "math")
            or known.get("class") in ("name", "meaning", "numbers")
        )  # fmt: skip
        self.hidden.append(tag if hides or (self.hidden and self.hidden[-1]) else "")

    def handle_endtag(self, tag):
        self.hidden.pop()
        if tag == "a":
            self.link = None

    def handle_data(self, data):
        if self.link is not None:
            self.shown.append((*self.link, data))
        if not any(self.hidden):
            self.text.append(data)


def read(html: str) -> Words:
    words = Words()
    words.feed(html)
    return words


def check(html: str, numbers) -> Words:
    """Check that each number of a page is one of the numbers, as it is formatted."""
    words = read(html)
    left = " ".join(words.text).replace("ASME V&V 40", "")
    assert re.findall(r"\S*\d\S*", left) == []
    assert len(words.shown) > 100
    for key, form, text in words.shown:
        assert formatted(numbers[key].value, form) == text, key
        assert f'id="n-{key}"' in html
    return words


def test_every_number_of_the_report_is_one_that_a_run_made(report):
    findings, made_of = report
    html = html_report(TITLE, made_of, findings.numbers, DISCLAIMER)
    check(html, findings.numbers)
    with pytest.raises(AssertionError):
        check(html.replace("percentage points", "7 percentage points"), findings.numbers)
    with pytest.raises(AssertionError):
        check(html.replace(">12<", ">13<", 1), findings.numbers)


def test_templates_hold_no_digit():
    sources = [Path(module.__file__) for module in (report_module, tested)]
    trees = [ast.parse(source.read_text(encoding="utf-8")) for source in sources]
    calls = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call)]
    templates = [
        argument.value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("text", "bullets", "words")
        for argument in call.args
        if isinstance(argument, ast.Constant)
    ]
    assert len(templates) > 15
    for template in templates:
        assert not re.search(r"\d", re.sub(r"\{[^}]*\}", "", template)), template


def test_the_html_is_one_file_without_scripts_or_a_network(report):
    findings, made_of = report
    html = html_report(TITLE, made_of, findings.numbers, DISCLAIMER)
    assert "<script" not in html
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)
    assert html.count("<figure>") == html.count("data:image/png;base64,") == 4
    assert html.count("<math") == 1
    targets = set(re.findall(r'href="#([^"]+)"', html))
    assert targets <= set(re.findall(r'id="([^"]+)"', html))


def test_the_pdf_holds_every_block_and_the_same_bytes_each_time(report):
    _, made_of = report
    pdf = pdf_report(TITLE, made_of, DISCLAIMER)
    assert pdf.startswith(b"%PDF-")
    assert pdf == pdf_report(TITLE, made_of, DISCLAIMER)
    assert pdf.count(b"/Subtype /Image") >= 5
    assert b"DejaVuSans" in pdf


def test_sections_are_those_of_the_form(report):
    _, made_of = report
    heads = [b.text for b in made_of if isinstance(b, Heading) and b.level == 1]
    assert heads == [
        "Summary", "Question of interest", "Context of use", "Model risk", "Model", "Data",
        "Calibration", "Validation", "Verification of the code", "Sensitivity", "Limits",
        "Requirements and tests", "Versions and hashes",
    ]  # fmt: skip
    kinds = {type(block) for block in made_of}
    assert kinds == {Heading, Paragraph, Bullets, Grid, Picture, Formula}
    limits = next(b for b in made_of if isinstance(b, Bullets) and "too narrow" in str(b))
    assert "denosumab: bands" not in str(limits)


def test_text_is_filled_from_numbers():
    numbers = {"a.b": Number(0.256, "1", "x"), "n": Number(3.0, "1", "x")}
    assert filled("{n:d} of `p1np` at {a.b:.0%}.", numbers) == (
        Shown("n", "3", "d"), " of ", Name("p1np"), " at ", Shown("a.b", "26%", ".0%"), ".",
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"the number 'a\.c'.*Did you mean 'a\.b'"):
        filled("{a.c:d}", numbers)


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1e-8, ".1e", "1.0e-8"), (float("nan"), ".2f", "–"), (-0.001, "+.1f", "0.0"),
        (-0.2, "+.1f", "-0.2"), (0.0, "d", "0"), (1234.0, ",d", "1,234"), (0.0, ".0%", "0%"),
    ],
)  # fmt: skip
def test_numbers_are_formatted(value, form, text):
    assert formatted(value, form) == text


def test_names_become_keys():
    assert slug("aromatase inhibitor + denosumab") == "aromatase_inhibitor_and_denosumab"


def test_goals_are_judged_by_their_limits():
    findings = Findings(numbers={g.number: Number(0.0, "1", "x") for g in load_goals()})
    for item in judged(findings):
        least, most = item.goal.at_least, item.goal.at_most
        assert (least is None) != (most is None)
        assert item.met == (least is None)  # 0 is below each limit
        assert findings.value(item.limit) == (most if least is None else least)
    count = findings.value("goal.count")
    assert 0 < findings.value("goal.met") < count == len(load_goals())
    worst = {g.number: Number(1.0 if g.at_least is None else 0.95, "1", "x") for g in load_goals()}
    many = {n: Number(9.0 if v.value == 1.0 else v.value, "1", "x") for n, v in worst.items()}
    assert all(item.met == (item.goal.at_most is None) for item in judged(Findings(numbers=many)))


def test_every_test_of_a_requirement_is_there():
    known = {
        f"{path.relative_to(TESTS.parent).as_posix()}::{node.name}"
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    requirements = load_requirements()
    assert len({item.id for item in requirements}) == len(requirements) > 15
    for item in requirements:
        assert item.tests, item.id
        for test in item.tests:
            assert test in known, f"{item.id}: {test}"
