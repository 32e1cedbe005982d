"""Pages with what their snippets print and draw, and a picture for every figure function."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from remodel import plots

FIGURES = (Path(__file__).parents[2] / "docs" / "figures.md").read_text(encoding="utf-8")
RETURNED = r"tuple\[(Figure|list\[Figure\]), pd\.DataFrame\]"
PAGE = """# Page

```python
number = 20
print("printed")
number + 1
```

In between.

<!-- empty -->
```python
from matplotlib.figure import Figure

figure = Figure()
```

<!-- not run -->
```python
raise SystemExit
```

```bash
remodel list models
```
"""


@pytest.fixture
def page(snippets, tmp_path, monkeypatch):
    """Return a function that adds outcomes to a page, in a folder of its own."""
    monkeypatch.setattr(snippets, "KEPT", tmp_path)
    return lambda text: snippets.with_outcomes("page", text)


def figure_functions() -> list[str]:
    names = set()
    for module in pkgutil.iter_modules(plots.__path__, "remodel.plots."):
        for name, function in inspect.getmembers(importlib.import_module(module.name)):
            returns = str(getattr(function, "__annotations__", {}).get("return", ""))
            if inspect.isfunction(function) and re.match(RETURNED, returns):
                names.add((function.__module__.rpartition(".")[2], name))
    return sorted(f"{module}.{name}" for module, name in names if not name.startswith("_"))


def test_what_a_snippet_prints_and_its_last_value_stand_below_it(page):
    text = page(PAGE)
    assert text.index("number + 1") < text.index("printed\n21\n") < text.index("In between.")


def test_a_figure_with_a_name_is_kept_and_shown(page, tmp_path):
    text = page(PAGE)
    assert (tmp_path / "page" / "empty.png").read_bytes().startswith(b"\x89PNG")
    assert text.index("Figure()") < text.index("page/empty.png") < text.index("not run")
    assert text.count("{image}") == 1


def test_a_command_shows_what_it_prints(page):
    assert "lemaire2004" in page(PAGE).rpartition("remodel list models")[2]


def test_a_block_with_the_name_of_a_file_is_written_and_a_command_can_be_asked_for(page):
    text = page(
        '<!-- two.toml -->\n```toml\nkind = "grid"\nmodel = "lemaire2004"\nyears = 1\n'
        'outputs = ["osteoclasts"]\n[factors.k_B]\nvalues = [0.1, 0.2]\n```\n\n'
        "<!-- run -->\n```bash\nremodel sweep two.toml --dry-run\n```\n"
    )
    assert re.search(r"failures +0 of 2 tried", text)


def test_a_snippet_that_fails_names_its_page(page):
    with pytest.raises(ZeroDivisionError) as raised:
        page("```python\n1 / 0\n```\n")
    assert "snippet 1 of page" in raised.value.__notes__[0]


def test_a_warning_ends_the_build(page):
    with pytest.raises(DeprecationWarning):
        page("```python\nimport remodel\n\nremodel.trials('decide')\n```\n")


def test_a_page_runs_again_only_when_its_code_has_changed(page, tmp_path):
    log = tmp_path / "log"
    code = f"```python\nwith open({str(log)!r}, 'a') as file:\n    file.write('run ')\n```\n"
    for text in (code, f"More words.\n\n{code}", code.replace("run ", "again ")):
        page(text)
    assert log.read_text() == "run again "


def test_every_figure_function_is_known():
    assert {"trials.trial_overlay", "calibration.waterfall", "waterfall.waterfall"} <= set(
        figure_functions()
    )


@pytest.mark.parametrize("function", figure_functions())
def test_every_figure_function_has_a_picture(function, snippets):
    module, name = function.split(".")
    qualifier = r"fits\." if module == "calibration" else r"(?:plots\.|)"
    call = re.compile(rf"(?<![\w.]){qualifier}{name}\(")
    made = snippets.outcomes("figures", FIGURES)
    blocks = snippets.snippets(FIGURES)
    drawn = [o.figures for block, o in zip(blocks, made, strict=True) if call.search(block.code)]
    assert any(drawn), f"docs/figures.md has no picture of {function}"
