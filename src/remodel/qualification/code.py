"""Verification of the code: published models, stiff problems, other solvers, no drift."""

from __future__ import annotations

from typing import Any

import numpy as np

from remodel.models import Model
from remodel.patient import Patient
from remodel.qualification.findings import Findings
from remodel.simulation.simulate import simulate
from remodel.units import DAYS_PER_YEAR
from remodel.verification import verify
from remodel.verification.stiff import PROBLEMS, largest_error
from remodel.verification.verify import PUBLISHED

SCHEDULE = (
    "anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 3 y; "
    "denosumab 60 mg every 6 mo for 2 y from 3 y"
)
_OUTPUTS = ("bmd_lumbar_spine", "bmd_total_hip", "ctx", "p1np")
_TOLERANCES = (1e-4, 1e-6, 1e-8)
_QUICK = ("robertson", "hires", "pollu")


def verify_code(findings: Findings, model: Model, *, quick: bool) -> None:
    """Add the largest differences from reference values, and from other solvers and settings."""
    _published(findings)
    _stiff(findings, quick=quick)
    _solvers(findings, model)
    _laws(findings, model)


def _published(findings: Findings) -> None:
    import pandas as pd

    rows = []
    for folder in sorted(path for path in PUBLISHED.iterdir() if path.is_dir()):
        result = verify(folder)
        worst = max(result.comparisons, key=lambda c: c.difference)
        rows.append(
            {
                "model": result.model,
                "comparisons": len(result.comparisons),
                "scenarios": len(result.worst()),
                "largest": worst.difference,
                "quantity": worst.quantity,
                "failed": len(result.failures),
            }
        )
    table = pd.DataFrame(rows)
    findings.tables["published_models"] = table
    units = {"comparisons": "1", "scenarios": "1", "largest": "1", "failed": "1"}
    for row in rows:
        prefix = f"code.published.{row['model']}"
        findings.add_row(prefix, row, units, "tables/published_models.csv")
    total = {
        "models": len(rows),
        "comparisons": int(table["comparisons"].sum()),
        "largest": float(table["largest"].max()),
        "failed": int(table["failed"].sum()),
    }
    units = dict.fromkeys(total, "1")
    findings.add_row("code.published", total, units, "tables/published_models.csv")


def _stiff(findings: Findings, *, quick: bool) -> None:
    import pandas as pd

    names = _QUICK if quick else tuple(PROBLEMS)
    rows = [
        {
            "problem": name,
            **{f"at_{rtol:.0e}": largest_error(name, rtol) for rtol in _TOLERANCES[1:]},
        }
        for name in names
    ]
    findings.tables["stiff_problems"] = pd.DataFrame(rows)
    for row in rows:
        for rtol in _TOLERANCES[1:]:
            key = f"at_{rtol:.0e}"
            source = "tables/stiff_problems.csv"
            findings.add(f"code.stiff.{row['problem']}.{key}", row[key], "1", source)
    worst = max(float(str(row["at_1e-08"])) for row in rows)
    findings.add("code.stiff.problems", len(rows), "1", "tables/stiff_problems.csv")
    findings.add("code.stiff.largest", worst, "1", "tables/stiff_problems.csv")
    for rtol in _TOLERANCES:
        findings.add(f"code.rtol.{rtol:.0e}", rtol, "1", "setting of the solver")


def _solvers(findings: Findings, model: Model) -> None:
    """Add the distance of the default from a tight tolerance, other methods and one thread."""
    import pandas as pd

    exact = _course(model, rtol=1e-10)
    runs = {
        **{f"rodas5p, {rtol:.0e}": _course(model, rtol=rtol) for rtol in _TOLERANCES},
        "rodas4, default": _course(model, method="rodas4"),
        "lsoda, default": _course(model, method="lsoda"),
    }
    rows: list[dict[str, Any]] = [
        {"method": name, "largest": float(np.max(np.abs(values / exact - 1.0)))}
        for name, values in runs.items()
    ]
    findings.tables["solvers"] = pd.DataFrame(rows)
    for row in rows:
        key = row["method"].replace(", ", ".")
        findings.add(f"code.solver.{key}", row["largest"], "1", "tables/solvers.csv")
    one, two = (_course(model, threads=n) for n in (1, 2))
    findings.add("code.threads_bits", int((one != two).sum()), "1", "numbers that differ")


def _course(model: Model, **options: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the outputs of two women over six years of several drugs, one after the other."""
    ds = simulate(
        model,
        schedule=SCHEDULE,
        patient=[Patient(age=58, menopause_age=51), Patient(age=70, menopause_age=49)],
        times=np.linspace(0.0, 6 * DAYS_PER_YEAR, 25),
        outputs=_OUTPUTS,
        **options,  # type: ignore[arg-type]
    )
    return np.stack([ds[name].to_numpy() for name in _OUTPUTS])


def _laws(findings: Findings, model: Model) -> None:
    """Add how far an untreated woman before menopause drifts in fifty years."""
    outputs = [name for name in model.endpoints if "score" not in name]
    years = 50
    ds = simulate(
        model,
        patient=Patient(age=25, menopause=None),
        times=np.linspace(0.0, years * DAYS_PER_YEAR, 11),
        outputs=outputs,
    )
    changes = [np.max(np.abs(ds[n].to_numpy() / ds[n].to_numpy()[:, :1] - 1.0)) for n in outputs]
    findings.add("code.drift", float(np.nanmax(changes)), "1", "untreated, before menopause")
    findings.add("code.drift_years", years, "y", "setting")
    findings.add("code.drift_endpoints", len(outputs), "1", "setting")
