"""Two models small enough to check a fit by hand, and tables made with them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from remodel.calibration import FitProblem
from remodel.calibration.data import Source
from remodel.drugs import Drug
from remodel.equations import endpoint, gain, loss, quantity, starts_at, state
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet, Prior
from remodel.predictions.spreads import Spreads

bone = state("bone", "-", "Bone")
amount = state("amount", "mg", "Drug in the body")


@gain("bone")
def formation(made):
    """Bone made."""
    return made


@loss("bone")
def resorption(turnover, bone, amount, half_effect):
    """Bone lost, less of it with drug."""
    return turnover * bone / (1 + amount / half_effect)


@loss("amount")
def clearance(cleared, amount):
    """Drug lost."""
    return cleared * amount


@quantity
def bone_0(made, turnover):
    """Bone without drug."""
    return made / turnover


@endpoint(unit="g/cm^2", meaning="Areal bone mineral density, total hip")
def bmd_total_hip(bone):
    """Density."""
    return bone


@endpoint(unit="ng/mL", meaning="Serum CTX")
def ctx(floor, amount, half_effect):
    """Marker with a floor."""
    return floor + (1 - floor) / (1 + amount / half_effect)


def parameter(name: str, value: float, unit: str, prior: Prior, **more) -> Parameter:
    more = {"lower": 1e-4, "upper": 1000.0, "status": "estimated", **more}
    factor = 1 / 365.25 if unit == "1/y" else 1.0
    return Parameter(
        name, value, unit, meaning=name, source="made up", prior=prior, factor=factor, **more
    )


MODEL = Model(
    name="toy",
    title="Bone under a drug.",
    citation="made up",
    parts=(
        bone, amount, formation, resorption, clearance, bone_0, bmd_total_hip, ctx,
        starts_at("bone", "bone_0"),
    ),
    parameters=ParameterSet(
        [
            parameter("turnover", 0.5, "1/y", Prior("lognormal", 0.5, 0.5)),
            parameter("half_effect", 10.0, "mg", Prior("lognormal", 10.0, 1.0)),
            parameter("cleared", 0.03, "1/d", Prior("uniform"), lower=0.003, upper=0.3),
            parameter("floor", 0.2, "-", Prior("normal", 0.2, 0.1), lower=0.0, upper=0.9),
            parameter("made", 0.5, "1/y", Prior("uniform"), status="fixed"),
        ],
        "toy",
    ),
    drugs={"denosumab": Drug("denosumab", (), {"sc": "amount"}, "RANKL antibody")},
)  # fmt: skip

rising = state("rising", "pmol/L", "Something that rises", signed=True)


@gain("rising")
def rise(slope):
    """Constant rise."""
    return slope


@quantity
def rising_0(intercept, unused):
    """Start; the second parameter has no effect."""
    return intercept + 0 * unused


@endpoint(unit="pmol/L", meaning="Serum estradiol")
def estradiol(rising):
    """What rises."""
    return rising


LINE = Model(
    name="line",
    title="A straight line: linear in its parameters.",
    citation="made up",
    parts=(rising, rise, rising_0, estradiol, starts_at("rising", "rising_0")),
    parameters=ParameterSet(
        [
            parameter("intercept", 90.0, "pmol/L", Prior("uniform"), lower=-500.0, upper=500.0),
            parameter("slope", 0.5, "pmol/L/d", Prior("uniform"), lower=-5.0, upper=5.0),
            parameter("unused", 1.0, "-", Prior("normal", 1.0, 0.5), lower=-50.0, upper=50.0),
        ],
        "line",
    ),
)

REGIMENS = [
    ("made", "low", "denosumab 10 mg every 3 mo x 4"),
    ("made", "high", "denosumab 60 mg every 6 mo x 2"),
    ("made", "control", "none"),
]


def write_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


OBSERVATION_HEADER = (
    "study_id", "arm", "endpoint", "time_months", "value", "error_low", "error_high", "unit",
    "error_kind", "kind", "comparator",
)  # fmt: skip


def tables(folder: Path, rows: Sequence[Sequence[object]], regimens=REGIMENS) -> Source:
    """Write tables; a row is (arm, endpoint, month, value, standard error, unit, kind, other)."""
    full = [
        ("made", arm, name, month, value, value - se, value + se, unit, "se", kind, other)
        for arm, name, month, value, se, unit, kind, other in rows
    ]
    return Source(
        write_table(folder / "observations.csv", OBSERVATION_HEADER, full),
        write_table(folder / "regimens.csv", ("study_id", "arm", "schedule"), regimens),
    )


def censored_tables(folder: Path, rows: Sequence[Sequence[object]]) -> Source:
    """Write tables whose values may be limits of detection, with errors in one column."""
    header = ("study_id", "arm", "endpoint", "time_months", "value", "error", "unit", "error_kind",
              "kind", "comparator")  # fmt: skip
    full = [
        ("made", arm, name, month, value, se, unit, "se" if se else "", kind, other)
        for arm, name, month, value, se, unit, kind, other in rows
    ]
    regimens = [("made", "high", "none")]
    return Source(
        write_table(folder / "observations.csv", header, full),
        write_table(folder / "regimens.csv", ("study_id", "arm", "schedule"), regimens),
    )


def problem(source: Source, model: Model = MODEL, **more) -> FitProblem:
    settings = {"loss": "linear", "spreads": Spreads.none(), "starts": 1, **more}
    if "estimate" not in settings:
        settings["estimate"] = tuple(model.parameters.select(status="estimated"))
    return FitProblem("a made-up fit", model, settings.pop("estimate"), (source,),
                      **settings)  # fmt: skip
