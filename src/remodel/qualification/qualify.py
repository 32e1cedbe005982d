"""``remodel.qualify``: one report on what the model is for, what was tested, and how well."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.errors import require
from remodel.files import results_folder, write_atomically, write_csv, write_text, writing
from remodel.models import load_model
from remodel.progress import ProgressLike, progress_of
from remodel.provenance import recorded
from remodel.qualification import code, fit, held_out, model, swings, trials
from remodel.qualification.credibility import Judged, judged
from remodel.qualification.figures import figures
from remodel.qualification.findings import Findings
from remodel.qualification.html import html_report
from remodel.qualification.numbers import Number
from remodel.qualification.pdf import pdf_report
from remodel.qualification.report import TITLE, blocks

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = "numbers.json"
_FILES = (_NUMBERS, "report.html", "report.pdf", "tables", "figures")
DISCLAIMER = (
    "Research. Not a medical device, and no basis for decisions about patients. Form: "
    "model-informed drug development and ASME V&V 40."
)


@dataclass(frozen=True, slots=True)
class Qualification:
    """A report and what it is made of.

    Attributes
    ----------
    numbers : dict of str to Number
        Everything the report says, by name, with unit and source.
    tables : dict of str to DataFrame
    goals : tuple of Judged
        Credibility goals with their verdicts.
    html, pdf : Path
    """

    numbers: dict[str, Number]
    tables: dict[str, pd.DataFrame]
    goals: tuple[Judged, ...]
    html: Path
    pdf: Path

    def __repr__(self) -> str:
        """Return one line."""
        met = sum(item.met for item in self.goals)
        return f"<Qualification: {met} of {len(self.goals)} goals met, {self.html}>"


@recorded
def qualify(
    out: str | Path, *, quick: bool = False, progress: ProgressLike = None
) -> Qualification:
    """Test the reference model, and write one report: HTML, PDF and the numbers in them.

    Parameters
    ----------
    out : path
        Folder for ``report.html``, ``report.pdf``, ``numbers.json``, ``tables/`` and ``figures/``.
    quick : bool
        Fewer stiff problems, and the rates of the states instead of all equations.
    progress : Progress or callable, optional
        Told of the parts as they are finished.

    Returns
    -------
    Qualification

    Raises
    ------
    MissingDependencyError
        Without the extra ``qualify``.
    StoreError
        If the folder holds files of something else, or cannot be written.
    """
    for library in ("reportlab", "latex2mathml", "sympy"):
        require(library, "qualify")
    folder = results_folder(out, _FILES, mark=_NUMBERS, key="goal.count", what="qualification")
    chosen, findings, steps = load_model("reference"), Findings(), progress_of(progress)
    steps.start(7)
    model.describe(findings, chosen)
    trials.count_trials(findings)
    steps.advance(1)
    fitted = fit.assess_fit(findings, chosen)
    steps.advance(1)
    unseen = held_out.validate_held_out(findings, chosen)
    trials.count_classes(findings, fitted, unseen)
    steps.advance(1)
    code.verify_code(findings, chosen, quick=quick)
    steps.advance(1)
    swings.swing(findings, chosen)
    goals = judged(findings)
    steps.advance(1)
    drawn = figures(findings)
    steps.advance(1)
    equations = list(model.equations(chosen, quick=quick))
    report = blocks(findings, goals, drawn, equations)
    html = html_report(TITLE, report, findings.numbers, DISCLAIMER)
    pdf = pdf_report(TITLE, report, DISCLAIMER)
    _write(folder, findings, drawn, html, pdf)
    steps.advance(1)
    return Qualification(
        findings.numbers,
        findings.tables,
        tuple(goals),
        folder / "report.html",
        folder / "report.pdf",
    )


def _write(
    folder: Path, findings: Findings, drawn: dict[str, bytes], html: str, pdf: bytes
) -> None:
    numbers = {name: asdict(number) for name, number in findings.numbers.items()}
    write_text(folder / _NUMBERS, json.dumps(numbers, indent=1) + "\n")
    with writing(folder):
        for name in ("tables", "figures"):
            (folder / name).mkdir(exist_ok=True)
    for name, table in findings.tables.items():
        write_csv(folder / "tables" / f"{name}.csv", table)
    for name, png in drawn.items():
        _write_bytes(folder / "figures" / f"{name}.png", png)
    write_text(folder / "report.html", html)
    _write_bytes(folder / "report.pdf", pdf)


def _write_bytes(path: Path, content: bytes) -> None:
    write_atomically(path, lambda draft: draft.write_bytes(content))
