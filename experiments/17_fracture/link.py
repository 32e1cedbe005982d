"""The link from density and turnover to fractures: fitted, reported, drawn, and compared."""

import argparse
import json
import warnings
from pathlib import Path

from remodel.errors import UnusualDoseWarning
from remodel.files import write_atomically, write_csv, write_text
from remodel.fracture import fit, report
from remodel.fracture.counting import estimated_ratios
from remodel.fracture.gradients import compared_table
from remodel.plots.fracture import predicted_fractures, ten_year_table

HERE = Path(__file__).parent
EXPECTED = HERE / "expected.json"
LINK = HERE.parents[1] / "src" / "remodel" / "fracture" / "tables" / "link.toml"


def fractures(out: Path, args: argparse.Namespace) -> int:
    """Fit, report, draw, and compare with expected.json."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusualDoseWarning)  # ibandronate of BONE was given daily
        exposed = fit.expose_published()
    fitted = fit.fit_link(exposed)
    if args.install:
        fit.write_link(LINK, fitted)
        print(f"Link written into {LINK}")
    draws = 50 if args.quick else 200
    contrasts = report.compared_contrasts(exposed, fitted.link, draws=draws)
    risks = report.compared_risks(exposed, fitted.link, draws=draws)
    measured = report.bars(exposed, fitted, contrasts, risks)
    write_csv(out / "contrasts.csv", contrasts)
    write_csv(out / "risks.csv", risks)
    ratios = estimated_ratios(exposed, fitted.link)
    write_text(out / "report.md", report.markdown(fitted, measured, contrasts, risks, ratios))
    draw(out / "figures", contrasts, risks)
    for bar in measured:
        print(f"{'yes' if bar.passed else 'NO ':3s}  {bar.name}: {bar.measured:.4g} ({bar.wanted})")
        if bar.note:
            print(f"       {bar.note}")
    return compare({bar.name: bar.measured for bar in measured}, accept_them=args.accept)


def draw(folder: Path, contrasts, risks) -> None:
    """Write the two figures of fractures and the tables behind them."""
    drawings = {
        "predicted_and_published": predicted_fractures(contrasts, risks),
        "ten_year_table": ten_year_table(compared_table()),
    }
    for name, (figure, table) in drawings.items():
        write_csv(folder / f"{name}.csv", table)
        print(f"Figure: {write_atomically(folder / f'{name}.png', figure.savefig)}")


def compare(measured: dict[str, float], *, accept_them: bool) -> int:
    """Return 1 if a number differs from the expected one; with ``accept_them`` expect these."""
    content = json.loads(EXPECTED.read_text())
    if accept_them:
        rows = [
            {"name": n, "value": float(f"{v:.4g}"), "tolerance": 0.05} for n, v in measured.items()
        ]
        content["fracture"] = rows
        body = ",\n".join(
            f'  "{key}": [\n    ' + ",\n    ".join(json.dumps(row) for row in value) + "\n  ]"
            for key, value in content.items()
        )
        write_text(EXPECTED, "{\n" + body + "\n}\n")
        return 0
    different = []
    for row in content.get("fracture", []):
        room = row["tolerance"] * max(abs(row["value"]), 0.1)
        if abs(measured[row["name"]] - row["value"]) > room:
            different.append(row["name"])
    for name in different:
        print(f"DIFFERENT from expected.json: {name}")
    return int(bool(different))
