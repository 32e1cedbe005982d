"""The report of fractures: what the shipped link says of published trials, with its figures."""

import warnings
from dataclasses import replace
from pathlib import Path

from remodel.errors import UnusualDoseWarning
from remodel.fracture import fit, load_link, report
from remodel.fracture.counting import estimated_ratios
from remodel.fracture.gradients import compared_table
from remodel.plots.fracture import predicted_fractures, ten_year_table


def fracture_report(folder: Path) -> str:
    """Draw both figures and return the page; chi2 is that of a fit, the link the shipped one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusualDoseWarning)  # ibandronate of BONE was given daily
        exposed = fit.expose_published()
    link = load_link()
    shipped = replace(fit.fit_link(exposed), link=link)
    contrasts = report.compared_contrasts(exposed, link)
    risks = report.compared_risks(exposed, link)
    out = folder / "fracture"
    out.mkdir(exist_ok=True)
    for name, (figure, _) in {
        "predicted_and_published": predicted_fractures(contrasts, risks),
        "ten_year_table": ten_year_table(compared_table()),
    }.items():
        figure.savefig(out / f"{name}.png")
    bars = report.bars(exposed, shipped, contrasts, risks)
    text = report.markdown(shipped, bars, contrasts, risks, estimated_ratios(exposed, link))
    pictures = [
        "```{image} _generated/fracture/ten_year_table.png\n:width: 100%\n```",
        "```{image} _generated/fracture/predicted_and_published.png\n:width: 100%\n```",
    ]
    body = text.split("\n", 1)[1].replace("\n## ", "\n### ")
    return "\n\n".join(["## Predicted and published", *pictures, body.strip()])
