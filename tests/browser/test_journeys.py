"""What people do on the page, from the first curve to a file that is taken away."""

from __future__ import annotations

import csv
import re
import tomllib
from xml.etree import ElementTree

import pytest

import remodel as rm
from remodel.explorer.start import FIRST_PAGE

expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=20_000)  # a new pair of drugs is compiled first
SPINE = "bmd_lumbar_spine_percent_change"


def numbers(page, row, table="#visits"):
    """Return the numbers of the first row of a table with a title, without their bands."""
    cells = page.locator(f"{table} tr", has=page.get_by_role("rowheader", name=row, exact=True))
    texts = cells.first.locator("td").all_inner_texts()
    return [float(re.match(r"[−\d.]+", text)[0].replace("−", "-")) for text in texts]


def curve(page, panel=SPINE, number=0):
    return page.locator(f'[data-panel="{panel}"] path.curve').nth(number).get_attribute("d")


def test_the_first_page_shows_curves_with_bands_over_trials(visit):
    page = visit().open()
    assert page.title() == "remodel explorer"
    assert page.locator(f'[data-panel="{SPINE}"] path.curve').count() == 3
    assert page.locator(f'[data-panel="{SPINE}"] path.band').count() == 3
    assert page.locator(f'[data-panel="{SPINE}"] .point').count() > 5
    expect(page.locator(f'[data-panel="{SPINE}"]')).to_contain_text("T-score")
    expect(page.locator('[data-panel="treatment"]')).to_contain_text("zoledronic acid")
    ds = rm.simulate(
        schedule={arm["name"]: arm["schedule"] for arm in FIRST_PAGE["arms"]},
        patient=rm.Patient(age=62, menopause_age=50),
        times=["12 mo"],
        outputs=[SPINE],
    )
    assert numbers(page, "1 y") == pytest.approx(ds[SPINE].values[:, 0], abs=0.006)


def test_a_slider_moves_the_curves_and_the_link_keeps_the_page(visit):
    first = visit()
    page = first.open()
    before = curve(page)
    page.get_by_label("T-score, lumbar spine, slider").fill("-2.5")
    first.settle()
    assert curve(page) != before
    assert page.get_by_role("spinbutton", name="T-score, lumbar spine").input_value() == "-2.5"
    link = page.evaluate("() => location.hash")
    page.reload()
    first.settle()
    after = curve(page)
    other = visit().open(link)
    assert curve(other) == after
    assert other.get_by_role("spinbutton", name="T-score, lumbar spine").input_value() == "-2.5"


def test_a_wrong_sentence_is_said_beside_it_and_curves_return(visit):
    window = visit()
    page = window.open()
    field = page.get_by_label("Schedule").nth(2)
    field.fill("denosumap 60 mg every 6 mo")
    error = page.locator(".arm2 .error")
    expect(error).to_contain_text("denosumab")
    assert field.get_attribute("aria-invalid") == "true"
    assert field.get_attribute("aria-describedby") == error.get_attribute("id")
    field.fill("denosumab 60 mg every 6 mo")
    expect(error).to_have_count(0)
    window.settle()
    page.get_by_label("Age [y]", exact=True).fill("1000000000")
    expect(page.locator("#patient .error")).to_contain_text("at most 120")
    page.get_by_label("Years [y]", exact=True).fill("1000000000")
    expect(page.locator("#extent .error")).to_contain_text("at most 40")


def test_menus_write_the_sentence_with_what_comes_then(visit):
    window = visit()
    page = window.open()
    page.get_by_role("button", name="Add an arm").click()
    page.get_by_role("button", name="Menus").nth(3).click()
    arm = page.locator(".arm3")
    arm.get_by_role("button", name="Add a drug").click()
    arm.get_by_label("Drug", exact=True).select_option("denosumab")
    arm.get_by_label("Stops after [mo]").fill("24")
    arm.get_by_role("button", name="Then …").click()
    line = arm.get_by_role("group", name="Drug 2")
    line.get_by_label("Drug", exact=True).select_option("zoledronic_acid")
    arm.get_by_role("group", name="Drug 2").get_by_label("How often").select_option("once")
    text = arm.get_by_label("Schedule").input_value()
    assert text == "denosumab 60 mg every 6 mo for 24 mo; zoledronic acid 5 mg once from 24 mo"
    window.settle()
    assert page.locator(f'[data-panel="{SPINE}"] path.curve').count() == 4
    arm.get_by_label("Schedule").fill("zoledronic acid 4 mg yearly for 2 y")
    expect(arm.get_by_label("Drug", exact=True).first).to_have_value("zoledronic_acid")
    expect(arm.get_by_label("Dose [mg]").first).to_have_value("4")


def test_arms_are_added_up_to_six_and_removed(visit):
    window = visit()
    page = window.open()
    for _ in range(3):
        page.get_by_role("button", name="Add an arm").click()
    expect(page.get_by_role("button", name="Add an arm")).to_be_disabled()
    for _ in range(5):
        page.get_by_role("button", name="Remove arm 1").click()
    expect(page.get_by_role("button", name="Remove arm 1")).to_be_disabled()
    window.settle()
    assert page.locator(f'[data-panel="{SPINE}"] path.curve').count() == 1
    page.get_by_role("button", name="Start over").click()
    window.settle()
    expect(page.locator(f'[data-panel="{SPINE}"] path.curve')).to_have_count(3)


def test_another_model_has_other_panels_and_no_patient(visit):
    window = visit()
    page = window.open()
    window.open_all()
    for _ in range(2):
        page.get_by_role("button", name="Remove arm 1").click()
    page.get_by_label("Schedule").fill("none")
    page.get_by_label("Model", exact=True).select_option("komarova2003")
    expect(page.locator("#patient")).to_contain_text("has no patient")
    expect(page.locator('[data-panel="osteoclasts"] path.curve')).to_have_count(1)
    page.get_by_label("Model", exact=True).select_option("reference")
    expect(page.locator(f'[data-panel="{SPINE}"] path.curve')).to_have_count(1)


def test_a_changed_parameter_moves_the_curves(visit):
    window = visit()
    page = window.open()
    window.open_all()
    before = curve(page)
    changes = page.get_by_label("Changed parameters, NAME = NUMBER, one a line")
    changes.fill("turnove = 1.3")
    expect(page.locator("#model .error")).to_contain_text("Did you mean 'turnover'?")
    changes.fill("turnover = 1.3")
    expect(page.locator("#model .error")).to_have_count(0)
    window.settle()
    assert curve(page) != before


def test_a_trial_can_be_left_out(visit):
    window = visit()
    page = window.open()
    window.open_all()
    box = page.get_by_label(re.compile("^ATAC, 5 years")).first
    points = page.locator(f'[data-panel="{SPINE}"] .point')
    before = points.count()
    box.uncheck()
    expect(points).to_have_count(before - 1)
    page.reload()
    expect(points).to_have_count(before - 1)


def test_risk_factors_raise_the_probability_of_a_fracture(visit):
    window = visit()
    page = window.open()
    window.open_all()
    before = numbers(page, "Hip fracture", "#fracture")
    page.get_by_label("Fracture before").check()
    page.get_by_label("BMI [kg/m²]", exact=True).fill("19")
    window.settle()
    after = numbers(page, "Hip fracture", "#fracture")
    assert all(b > a for a, b in zip(before, after, strict=True))
    assert before[0] > before[1], "an inhibitor alone is worse"


def test_what_moved_it_is_explained(visit):
    window = visit()
    page = window.open()
    page.get_by_role("heading", name="What moved it").click()
    page.get_by_label("What", exact=True).first.select_option("ctx")
    page.get_by_label("In arm").select_option("2")
    page.get_by_label("Against").select_option("0")
    expect(page.locator("#reasons")).to_contain_text("ctx after 2 y")
    expect(page.locator("#reasons")).to_contain_text("with denosumab")
    expect(page.locator("#reasons tbody tr").first).to_contain_text("osteoclasts")
    page.get_by_label("In arm").select_option("0")
    expect(page.locator("#reason .error")).to_contain_text("does not differ from itself")


def test_her_readings_become_her_forecast(visit):
    window = visit()
    page = window.open()
    page.get_by_role("heading", name="Her readings").click()
    page.get_by_role("button", name="Forecast").click()
    expect(page.locator("#readings .error")).to_contain_text("needs a reading")
    page.get_by_role("button", name="Add a reading").click()
    page.get_by_label("Value", exact=True).fill("-19")
    page.get_by_role("button", name="Forecast").click()
    expect(page.locator("#readings .error")).to_contain_text("impossible")
    page.get_by_label("Value", exact=True).fill("-1.9")
    page.get_by_role("button", name="Add a reading").click()
    second = page.get_by_role("group", name="Reading 2")
    second.get_by_label("What").select_option("ctx")
    second.get_by_label("Month").fill("6")
    second.get_by_label("Value").fill("0.7")
    page.get_by_label("Taken so far").fill("anastrozole 1 mg daily")
    page.get_by_role("button", name="Forecast").click()
    expect(page.locator("#forecast-figure path.band").first).to_be_attached()
    assert page.locator('#forecast-figure [data-panel="ctx"] .point').count() == 1
    expect(page.locator("#forecast")).to_contain_text("T-score lumbar spine below -2.5")
    expect(page.locator("#forecast")).to_contain_text("works")
    page.get_by_label("Taken so far").fill("letrozole 2.5 mg daily")
    expect(page.locator("#forecast-figure path")).to_have_count(0)
    expect(page.locator("#forecast-status")).to_contain_text("ask again")


def test_the_page_is_taken_away_as_text(visit):
    window = visit(permissions=["clipboard-read", "clipboard-write"])
    page = window.open()
    window.open_all()
    script = page.locator('[data-share="python"]').inner_text()
    compile(script, "script", "exec")
    assert "anastrozole 1 mg daily for 5 y; denosumab 60 mg every 6 mo" in script
    toml = tomllib.loads(page.locator('[data-share="experiment"]').inner_text())
    assert toml["arms"]["arm_3"]["label"] == "with denosumab"
    page.get_by_role("button", name="Copy as command").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()").startswith("remodel simulate")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == page.url


def saved(page, button, folder):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_figure_and_data_are_saved(visit, tmp_path):
    page = visit(accept_downloads=True).open()
    svg = saved(page, "Save figure (SVG)", tmp_path)
    root = ElementTree.parse(svg).getroot()
    texts = "".join(root.itertext())
    assert "with denosumab" in texts
    assert "not for decisions about patients" in texts
    png = saved(page, "Save figure (PNG)", tmp_path).read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 2 * 1100
    with saved(page, "Save data (CSV)", tmp_path).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    year = {
        row["arm"]: float(row["value"])
        for row in rows
        if row["variable"] == SPINE and row["month"] == "12" and row["kind"] == "simulated"
    }
    assert list(year.values()) == pytest.approx(numbers(page, "1 y"), abs=0.006)
    published = [row for row in rows if row["source"] == "atac_eastell2008/anastrozole"]
    assert published
    bands = [row for row in rows if row["kind"] == "simulated" and row["low"]]
    assert all(float(r["low"]) <= float(r["value"]) + 0.3 for r in bands if r["variable"] == SPINE)


def test_the_page_works_from_the_keyboard(visit):
    window = visit()
    page = window.open()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the curves")).to_be_focused()
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("() => document.activeElement.id || document.activeElement.tagName")
        )
    assert seen[:2] == ["copy-link", "start-over"]
    assert len(set(seen)) >= 10, "every stop is another"
    slider = page.get_by_label("Age, slider")
    slider.focus()
    before = curve(page)
    page.keyboard.press("ArrowRight")
    window.settle()
    assert page.get_by_label("Age [y]", exact=True).input_value() == "63"
    assert curve(page) != before
    page.get_by_label("Read off at").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#cursor-text")).to_have_text("3 y")
    expect(page.locator("#readout")).to_contain_text("at 3 y")
    page.get_by_role("heading", name="Take it away").focus()
    assert page.locator("#cursor").get_attribute("aria-valuetext") == "3 y"


def test_the_figure_is_read_off_with_the_pointer(visit):
    page = visit().open()
    box = page.locator(f'[data-panel="{SPINE}"] path.curve').first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#cursor-text")).to_have_text("5 y")


def test_a_broken_link_is_said_and_the_first_page_shown(visit):
    page = visit().open("#s=bm90IGpzb24")
    expect(page.get_by_role("alert")).to_contain_text("holds no page")
    assert page.get_by_label("Name").first.input_value() == FIRST_PAGE["arms"][0]["name"]
