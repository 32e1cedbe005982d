"""What each model misses: its numbers beside the published ones, in each scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel.experiments.schema import ExperimentArm, Scenario
from remodel.files import write_atomically, write_text
from remodel.models import Model
from remodel.observations import (
    Observation,
    endpoints,
    load_observations,
    predicted_value,
    residual,
    standard_error,
)
from remodel.units import PERCENT_CHANGE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

GROUP = ["scenario", "phase", "endpoint"]
PHASES = ("untreated", "during", "after")
_NOT_COMPARED = ("level", "ratio")


@dataclass(frozen=True, slots=True)
class Miss:
    """A published number beside that of one model.

    Attributes
    ----------
    scenario : str
    phase : str
        ``untreated``, ``during`` treatment or ``after`` it.
    endpoint, study, study_arm : str
    month : float
    kind, comparator : str
        What the number means; see ``remodel.observations.KINDS``.
    published, standard_error : float
        Percent; a rate is multiplied by its years.
    use : str
        Of the number in the calibration of the reference model.
    model : str
    simulated, error : float
        NaN where the model cannot give it; error is simulated minus published, 0 where a bound is
        kept.
    cannot : str
        What the model lacks, else empty.
    """

    scenario: str
    phase: str
    endpoint: str
    study: str
    study_arm: str
    month: float
    kind: str
    comparator: str
    published: float
    standard_error: float
    use: str
    model: str
    simulated: float
    error: float
    cannot: str


def compared_numbers(
    scenarios: Sequence[Scenario],
    models: Mapping[str, Model],
    arms: Sequence[ExperimentArm],
    outputs: Sequence[str],
    dataset: xr.Dataset,
) -> pd.DataFrame:
    """Return every published number of the scenarios beside that of every model.

    Parameters
    ----------
    scenarios : sequence of Scenario
    models : mapping of str to Model
        By name.
    arms : sequence of ExperimentArm
        Those that were simulated, in the order of the dataset.
    outputs : sequence of str
        Endpoints whose percent changes are compared are among them.
    dataset : xarray.Dataset
        Its percent changes are compared.

    Returns
    -------
    pandas.DataFrame
        One row a number and model, as :class:`Miss` describes. Numbers whose comparator is
        no arm of the experiment are left out.
    """
    import pandas as pd

    table = SimulatedArms(arms, dataset)
    changes = [name for name in outputs if name.endswith(PERCENT_CHANGE)]
    names = [name.removesuffix(PERCENT_CHANGE) for name in changes]
    measured = [name for name in names if name in endpoints()]
    misses = [
        _comparison(scenario, arm, row, model, table)
        for scenario in scenarios
        for arm, row in sorted(_published(scenario, table, measured), key=_in_order(measured))
        for model in models.values()
    ]
    columns = list(Miss.__dataclass_fields__)
    return pd.DataFrame([asdict(miss) for miss in misses], columns=columns)


class SimulatedArms:
    """Simulated arms by published arm and model."""

    def __init__(self, arms: Sequence[ExperimentArm], dataset: xr.Dataset) -> None:
        self.arms = {arm.name: arm for arm in arms}
        self.named = {arm.published: arm.name for arm in arms if arm.published is not None}
        self.places = {(arm.name, arm.model): i for i, arm in enumerate(arms)}
        self.months = dataset["month"].to_numpy()
        self.values: Mapping[str, np.ndarray] = {
            str(name): dataset[name].to_numpy() for name in dataset.data_vars
        }

    def level(self, name: str, model: str, endpoint: str, month: float) -> float:
        """Return a simulated endpoint relative to its start [percent]; NaN if there is none."""
        simulation = self.places.get((name, model))
        values = self.values.get(endpoint + PERCENT_CHANGE)
        if simulation is None or values is None:
            return float("nan")
        return 100.0 + float(np.interp(month, self.months, values[simulation]))

    def lacking(self, arm: ExperimentArm, endpoint: str, model: Model) -> str:
        """Return what a model lacks to give an endpoint of an arm, in words."""
        missing = [drug for drug in arm.schedule.drugs if drug not in model.drugs]
        if endpoint not in model.endpoints:
            missing.append(endpoint)
        if missing:
            return "no " + ", no ".join(name.replace("_", " ") for name in missing)
        is_simulated = (arm.name, model.name) in self.places
        return "the simulation failed" if is_simulated else "left out by the experiment"


def _published(
    scenario: Scenario, table: SimulatedArms, measured: Sequence[str]
) -> Iterator[tuple[ExperimentArm, Observation]]:
    for name in scenario.compared:
        arm = table.arms.get(name)
        if arm is None or arm.published is None:
            continue
        study, study_arm = arm.published
        for row in load_observations().where(study=study, arm=study_arm, endpoint=measured):
            source = (row.study_id, row.comparator)
            has_comparator = not row.comparator or source in table.named
            if row.use != "not_used" and row.kind not in _NOT_COMPARED and has_comparator:
                yield arm, row


def _in_order(
    measured: Sequence[str],
) -> Callable[[tuple[ExperimentArm, Observation]], tuple[int, int]]:
    """Return a key that sorts numbers by phase and endpoint."""

    def key(pair: tuple[ExperimentArm, Observation]) -> tuple[int, int]:
        arm, row = pair
        return PHASES.index(_phase(arm, row)), measured.index(row.endpoint)

    return key


def _comparison(
    scenario: Scenario,
    arm: ExperimentArm,
    row: Observation,
    model: Model,
    table: SimulatedArms,
) -> Miss:
    years = (row.time_months - row.reference_months) / 12.0
    scale = years if row.kind == "rate_per_year" else 1.0
    other = table.named.get((row.study_id, row.comparator), "")
    predicted = predicted_value(
        row,
        table.level(arm.name, model.name, row.endpoint, row.time_months),
        table.level(arm.name, model.name, row.endpoint, row.reference_months),
        table.level(other, model.name, row.endpoint, row.time_months),
        table.level(other, model.name, row.endpoint, row.reference_months),
    )
    return Miss(
        scenario=scenario.key,
        phase=_phase(arm, row),
        endpoint=row.endpoint,
        study=row.study_id,
        study_arm=row.arm,
        month=row.time_months,
        kind=row.kind,
        comparator=row.comparator,
        published=row.value * scale,
        standard_error=standard_error(row) * scale,
        use=row.use,
        model=model.name,
        simulated=predicted * scale,
        error=residual(row, predicted) * scale,
        cannot="" if np.isfinite(predicted) else table.lacking(arm, row.endpoint, model),
    )


def _phase(arm: ExperimentArm, row: Observation) -> str:
    if not arm.schedule.doses:
        return PHASES[0]
    return PHASES[1] if row.time <= arm.schedule.end else PHASES[2]


def write_misses(
    numbers: pd.DataFrame, scenarios: Sequence[Scenario], folder: Path
) -> tuple[Path, ...]:
    """Write what each model misses as Markdown and as CSV, and the numbers behind it."""
    table = summary(numbers)
    path = write_text(folder / "misses.md", markdown(table, scenarios))
    tables = {"misses.csv": table, "compared.csv": numbers}
    return (path, *(_write_csv(folder / name, frame) for name, frame in tables.items()))


def _write_csv(path: Path, frame: pd.DataFrame) -> Path:
    return write_atomically(path, lambda draft: frame.round(4).to_csv(draft, index=False))


def summary(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return mean absolute error and bias of each model, by scenario, phase and endpoint.

    Parameters
    ----------
    numbers : pandas.DataFrame
        From :func:`compared_numbers`.

    Returns
    -------
    pandas.DataFrame
        ``published`` counts the numbers there are, ``numbers`` those the model can give;
        ``standard_error`` is the mean of the published numbers', ``mean_absolute_error`` and
        ``bias`` are in percentage points; ``cannot`` says what the model lacks.
    """
    import pandas as pd

    rows: list[dict[str, object]] = []
    for key, group in numbers.groupby([*GROUP, "model"], sort=False):
        errors = group["error"].dropna()
        rows.append(
            {
                **dict(zip([*GROUP, "model"], key, strict=True)),
                "published": len(group),
                "numbers": len(errors),
                "standard_error": group["standard_error"].mean(),
                "mean_absolute_error": errors.abs().mean(),
                "bias": errors.mean(),
                "cannot": "; ".join(dict.fromkeys(c for c in group["cannot"] if c)),
            }
        )
    return pd.DataFrame(rows)


def markdown(table: pd.DataFrame, scenarios: Sequence[Scenario]) -> str:
    """Return a summary as Markdown: a table of the models that can, and what the others lack."""
    labels = {scenario.key: scenario.label for scenario in scenarios}
    totals = table.groupby("model", sort=False)["numbers"].sum()
    able = [str(model) for model in totals.index[totals > 0]]
    head = ["scenario", "", "endpoint", "numbers", "their standard error", *able]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for (key, phase, endpoint), group in table.groupby(GROUP, sort=False):
        first = group.iloc[0]
        cells = [_cell(group[group["model"] == model].iloc[0]) for model in able]
        start = [labels[key], phase, endpoint.replace("_", " "), str(first["published"])]
        row = [*start, f"{first['standard_error']:.1f}", *cells]
        lines.append("| " + " | ".join(row) + " |")
    every = int(table.drop_duplicates(GROUP)["published"].sum())
    counts = [f"{totals[model]} of {every}" for model in able]
    lines += [
        "| " + " | ".join(["numbers it can give", "", "", str(every), "", *counts]) + " |",
        "",
        "Mean absolute error and, in brackets, bias (simulated less published), both in percentage "
        "points, over the numbers that a model can give, each with the schedule and the women of "
        "its trial.",
    ]
    unable: dict[str, list[str]] = {}
    for model in totals.index[totals == 0]:
        reasons = ", ".join(table.loc[table["model"] == model, "cannot"]).split(", ")
        unable.setdefault(", ".join(dict.fromkeys(reasons)), []).append(f"`{model}`")
    lines += [f"\n{', '.join(who)} cannot give any: {why}." for why, who in unable.items()]
    return "\n".join(lines) + "\n"


def _cell(row: pd.Series) -> str:
    if not row["numbers"]:
        return f"cannot: {row['cannot']}"
    count = "" if row["numbers"] == row["published"] else f", {row['numbers']} numbers"
    return f"{row['mean_absolute_error']:.1f} ({row['bias']:+.1f}{count})"
