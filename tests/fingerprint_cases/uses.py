"""What simulations are used for: sweeps, studies, a fit, validation, explanations, experiments."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import remodel as rm

from .case import Values, case, of_dataset
from .simulations import DENOSUMAB, LETROZOLE, TERIPARATIDE, ZOLEDRONATE

EXPERIMENTS = Path(__file__).parents[2] / "experiments"

# ---------------------------------------------------------------- sweeps and studies

CELLS = {
    "model": "pivonka2008",
    "years": 1,
    "step_months": 3,
    "outputs": ["osteoclasts", "bone_volume_percent_change"],
    "precision": "float64",
    "reductions": {
        "least_bone": {"of": "bone_volume", "take": "minimum"},
        "last_bone": {"of": "bone_volume", "take": "value", "at_months": 12},
    },
}
LEVELS = {
    "P_PTH": {"values": [0.0, 100.0, 2000.0]},
    "k_form": {"lower": 1.2, "upper": 2.0, "count": 4},
}
RANGES = {
    "P_PTH": {"lower": 1.0, "upper": 2000.0, "scale": "log"},
    "k_form": {"lower": 1.2, "upper": 2.0},
}
DOSES = {
    "kind": "grid",
    "schedule": "denosumab {dose} mg every {interval} mo for 2 y",
    "years": 3,
    "outputs": ["ctx_percent_change"],
    "stored_months": [6, 12, 24, 36],
    "precision": "float64",
    "reductions": {
        "spine": {"of": "bmd_lumbar_spine_percent_change", "take": "value", "at_months": 24},
        "peak": {"of": "ctx_percent_change", "take": "maximum", "from_months": 24, "to_months": 36},
    },
    "factors": {
        "dose": {"values": [0.0, 30.0, 60.0]},
        "interval": {"values": [3.0, 6.0]},
        "age": {"values": [60.0, 70.0]},
    },
}
STUDY = """
model = "pivonka2008"
kind = "{kind}"
samples = {samples}
seed = 5
years = 1
step_months = 6
outputs = ["bone_volume"]

[factors]
P_PTH = {{ lower = 10.0, upper = 1000.0, scale = "log" }}
k_form = {{ percent = 10.0 }}
k_res = {{ percent = 10.0 }}
"""


def swept(**changes: Any) -> Values:
    """Return a sweep of a small model, in memory."""
    return of_dataset(rm.sweep({**CELLS, **changes}))


def swept_store() -> Values:
    """Return a sweep over doses and ages, read from its store."""
    with tempfile.TemporaryDirectory() as folder:
        return of_dataset(rm.sweep(DOSES, out=Path(folder) / "doses.zarr", chunk=5))


def command(*arguments: str) -> None:
    """Run a command that must end well; what it prints is not kept."""
    from remodel.cli.main import main

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = main(list(arguments))
    if code:
        raise RuntimeError(f"remodel {' '.join(arguments)}: exit code {code}")


def study(kind: str, samples: int) -> Values:
    """Return the indices of a sensitivity study."""
    import xarray as xr

    with tempfile.TemporaryDirectory() as folder:
        design = Path(folder) / "design.toml"
        design.write_text(STUDY.format(kind=kind, samples=samples))
        command("sensitivity", str(design), "--out", f"{folder}/study")
        (path,) = Path(folder).glob("study/*.nc")
        with xr.open_dataset(path, engine="h5netcdf") as ds:
            return of_dataset(ds.load())


# ---------------------------------------------------------------- fit, validation, explanations

PROBLEM = """
estimate = ["denosumab_clearance", "ctx_floor"]

[[data]]
shipped = true

[starts]
max_evaluations = 8

[quick]
starts = 1
studies = ["freedom", "phase2_223"]
"""
ARM = ["study_id", "arm", "endpoint"]
NUMBERED = ("01_anastrozole", "02_menopause", "05_models_side_by_side", "07_dose_interval")


def of_table(table: Any, keys: Iterable[str], columns: Iterable[str]) -> Values:
    """Return columns of a table in an order that depends on its keys only."""
    ordered = table.sort_values(list(keys), kind="stable")
    return {name: ordered[name].to_numpy(dtype=np.float64) for name in columns}


def fit() -> Values:
    """Return a quick fit of two parameters to two trials."""
    with tempfile.TemporaryDirectory() as folder:
        problem = Path(folder) / "problem.toml"
        problem.write_text(PROBLEM)
        result = rm.calibrate(problem, out=Path(folder) / "fit", quick=True, workers=1)
    return {
        "cost": np.array([result.cost]),
        **of_table(result.estimates, ["parameter"], ["value", "standard_error"]),
        **of_table(result.predictions, [*ARM, "time_months"], ["predicted"]),
    }


def validated(model: str, use: str = "validation") -> Values:
    """Return the predictions and errors of shipped trials."""
    score = rm.validate(model, use=use)
    return {
        **of_table(score.predictions, [*ARM, "time_months", "value"], ["predicted"]),
        **of_table(score.scorecard, ARM, ["n", "mae", "rmse", "bias"]),
    }


def explained(name: str, **arguments: Any) -> Values:
    """Return the numbers of an explanation."""
    answer = rm.explain(name, **arguments)
    terms = {f"term {term.name}": np.array([term.value]) for term in answer.terms}
    return {"value": np.array([answer.value]), "rate": np.array([answer.rate]), **terms}


def difference(name: str, **arguments: Any) -> Values:
    """Return the numbers of an explained difference."""
    if hasattr(rm, "explain_difference"):
        explain_difference = rm.explain_difference
    else:
        from remodel.explanation.differences import explain_difference
    answer = explain_difference(name, **arguments)

    def of_causes(causes: Any, above: str) -> Values:
        values: Values = {}
        for cause in causes:
            label = f"{above}/{cause.name}"
            values |= {label: np.array([cause.value, cause.share])}
            values |= of_causes(cause.causes, label)
        return values

    return {"values": np.array([answer.value, answer.versus]), **of_causes(answer.causes, "")}


def experiment(name: str) -> Values:
    """Return the numbers of an experiment in quick mode."""
    with tempfile.TemporaryDirectory() as folder:
        command("run", str(EXPERIMENTS / name / "experiment.toml"), "--quick", "--out", folder)
        rows = json.loads((Path(folder) / "numbers.json").read_text())
    return {"numbers": np.array([row["found"] for row in rows], dtype=np.float64)}


USES = {
    "sweeps.grid": case(swept, kind="grid", factors=LEVELS, fast=True),
    "sweeps.latin_hypercube": case(
        swept, kind="latin_hypercube", samples=20, seed=7, factors=RANGES, fast=True
    ),
    "sweeps.sobol": case(swept, kind="sobol", samples=16, seed=7, factors=RANGES),
    "sweeps.random": case(swept, kind="random", samples=12, seed=3, factors=RANGES),
    "sweeps.reductions_only": case(
        swept, kind="random", samples=12, seed=3, factors=RANGES, outputs=[]
    ),
    "sweeps.doses_in_a_store": case(swept_store),
    "study.morris": case(study, "morris", 10),
    "study.saltelli": case(study, "saltelli", 32),
    "fit.two_parameters": case(fit, tolerance=1e-4),
    "validation.reference": case(validated, "reference", use="all"),
    "validation.jorg2022": case(validated, "jorg2022"),
    "validation.peterson2010": case(validated, "peterson2010"),
    "explain.state": case(explained, "osteoclasts", schedule=DENOSUMAB, at=400.0, fast=True),
    "explain.product": case(explained, "rankl_production", at=100.0),
    "explain.sum": case(explained, "bisphosphonate_on_surface", schedule=ZOLEDRONATE, at=100.0),
    "explain.quantity": case(explained, "ctx", schedule=TERIPARATIDE, at=200.0, fast=True),
    "explain.man": case(
        explained, "estradiol", patient=rm.Patient(age=60, sex="male"), at=30.0, fast=True
    ),
    "explain.t_score": case(
        explained,
        "bmd_lumbar_spine",
        patient=rm.Patient(age=65, t_score_lumbar_spine=-2.0),
        at=365.25,
        fast=True,
    ),
    "explain.jorg2022": case(explained, "ctx", model="jorg2022", schedule=DENOSUMAB, at=90.0),
    "explain.difference": case(
        difference, "bmd_total_hip", schedule=LETROZOLE, versus="none", at=730.5, depth=2, fast=True
    ),
    "explain.difference_t_score": case(
        difference,
        "bmd_lumbar_spine",
        patient=rm.Patient(age=65, t_score_lumbar_spine=-2.0),
        versus_patient=rm.Patient(age=58),
        at=365.25,
    ),
    "explain.difference_parameters": case(
        difference,
        "ctx",
        schedule=DENOSUMAB,
        versus=ZOLEDRONATE,
        versus_parameters={"ctx_floor": 0.1},
        at=200.0,
    ),
    **{f"experiments.{name}": case(experiment, name) for name in NUMBERED},
}
