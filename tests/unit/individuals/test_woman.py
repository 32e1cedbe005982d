"""What a file of a woman may say, and the sentence for what it may not."""

import pytest

from remodel.errors import ConfigError
from remodel.individuals.readings import Reference
from remodel.individuals.response import marker_rule
from remodel.individuals.woman import load_woman
from remodel.models import load_model


def woman(**changes):
    return {"patient": {"age": 62.0, "menopause_age": 50.0}, **changes}


def reading(endpoint="ctx", months=0.0, value=0.45, **more):
    return {"endpoint": endpoint, "months": months, "value": value, **more}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (woman(reading=[reading(unit="stones")]), "unit 'stones' is unknown for ctx; give it in ng/mL"),
        (woman(reading=[reading(value=40.0, unit="ng/mL")]), "ctx = 40 ng/mL at month 0 is impossible"),
        (woman(reading=[reading(months=12.0), reading(months=3.0)]), "list readings in the order of time"),
        (woman(reading=[reading("cxt")]), "Did you mean 'ctx'"),
        (
            {"patient": {"age": 62.0, "t_score_total_hip": -1.8, "bmd_total_hip": 0.95}},
            "contradict each other",
        ),
        (
            woman(taken="anastrozole 1 mg daily", reading=[reading(months=12.0)],
                  option=[{"name": "early", "schedule": "denosumab 60 mg every 6 mo from -3 mo"}]),
            "starts 3 months before now",
        ),
        (woman(now=3.0, reading=[reading(months=12.0)]), "lies before the last reading"),
        (woman(doubt=[{"name": "x", "probability": 0.2}]), "say what, in taken"),
        (
            woman(taken="anastrozole 1 mg daily", doubt=[{"name": "x", "probability": 0.2}]),
            "needs stop, gap or taken",
        ),
        (woman(option=[{"name": "a", "schedule": "none"}] * 2), "names two options"),
        ({"patient": {"age": 62.0, "menopause_age": 70.0}}, "a menopause ahead is one at 60 y or before"),
        (woman(readngs="x.csv"), "Did you mean"),
        (woman(option=[{"name": "a", "schedule": "denusomab 60 mg every 6 mo"}]), "has no drug 'denusomab'"),
        (
            woman(taken="anastrozole 1 mg daily",
                  doubt=[{"name": "x", "probability": 0.2, "drugs": ["letrozole"], "taken": 0.0}]),
            "she does not take 'letrozole'",
        ),
    ],
)  # fmt: skip
def test_wrong_files_get_one_sentence(content, words):
    with pytest.raises(ConfigError) as caught:
        load_woman(content)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_contradiction_names_file_and_line(tmp_path):
    path = tmp_path / "woman.toml"
    path.write_text("[patient]\nage = 62\nt_score_total_hip = -1.8\nbmd_total_hip = 0.95\n")
    with pytest.raises(ConfigError, match=r"woman.toml, line 3.*contradict each other"):
        load_woman(path)


def test_t_score_and_density_of_one_scan_count_once():
    reference = Reference.of(load_model("reference"))
    density = round(reference.density("total_hip", -1.8), 3)
    fit = load_woman(
        {"patient": {"age": 62.0, "t_score_total_hip": -1.8, "bmd_total_hip": density}}
    )
    assert [r.value for r in fit.readings] == [density]


def test_dates_are_months_since_the_start(tmp_path):
    path = tmp_path / "woman.toml"
    path.write_text(
        "[patient]\nage = 62\nstart = 2024-01-01\n[[reading]]\nendpoint = 'ctx'\ndate = 2025-01-01\n"
        "value = 450\nunit = 'ng/L'\n"
    )
    (only,) = load_woman(path).readings
    assert only.months == pytest.approx(12.0, abs=0.1)
    assert only.value == pytest.approx(0.45)
    path.write_text(path.read_text().replace("2025-01-01", "2023-06-01"))
    with pytest.raises(ConfigError, match=r"line 6.*lies before the start"):
        load_woman(path)
    path.write_text(path.read_text().replace("2023-06-01", "'June'"))
    with pytest.raises(
        ConfigError, match=r"line 6.*expected a date such as 2024-06-01, got 'June'"
    ):
        load_woman(path)
    path.write_text(path.read_text().replace("'June'", "'2024-06-01'"))
    assert load_woman(path).readings[0].months == pytest.approx(5.0, abs=0.1)
    path.write_text(
        path.read_text() + "[[reading]]\nendpoint = 'ctx'\ndate = 2024-03-01\nvalue = 0.5\n"
    )
    with pytest.raises(ConfigError, match="2024-03-01, stands after one of 2024-06-01"):
        load_woman(path)


def test_tablets_may_not_be_taken_and_injections_are():
    tablets = load_woman(woman(taken="alendronate 70 mg weekly")).patterns
    injections = load_woman(woman(taken="denosumab 60 mg every 6 mo")).patterns
    assert [p.name for p in tablets] == ["as prescribed", "not taken"]
    assert sum(p.share for p in tablets) == pytest.approx(1)
    assert [p.name for p in injections] == ["as prescribed"]


def test_readings_beside_the_file(tmp_path):
    (tmp_path / "hers.csv").write_text("endpoint,months,value,unit,fasting\nctx,3,0.7,ng/mL,no\n")
    (tmp_path / "woman.toml").write_text("readings = 'hers.csv'\n[patient]\nage = 62\n")
    (only,) = load_woman(tmp_path / "woman.toml").readings
    assert (only.months, only.value, only.fasting) == (3.0, 0.7, False)


@pytest.mark.parametrize(("after", "flags"), [(0.44, True), (0.15, False)])
def test_published_rule_asks_when_no_marker_fell_enough(after, flags):
    rule = marker_rule(
        load_woman(
            woman(
                taken="alendronate 70 mg weekly",
                reading=[reading(value=0.5), reading(months=3.0, value=after)],
            )
        )
    )
    assert rule.flags is flags


def test_published_rule_is_for_oral_bisphosphonates():
    assert marker_rule(load_woman(woman(taken="anastrozole 1 mg daily"))).flags is None
