"""Reading ``TRIAL.toml``; everything is checked before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from remodel.errors import nearest
from remodel.files import Table, load_toml
from remodel.files.schema import validate
from remodel.measurement.instruments import load_instruments
from remodel.models import load_model
from remodel.observations import load_trial
from remodel.virtual_trials.design import ANALYSES, QUICK, Design, Endpoint, source_of


def load_design(source: str | Path | Mapping[str, Any] | Design) -> Design:
    """Read and check the design of a trial.

    Parameters
    ----------
    source : path, mapping or Design
        ``TRIAL.toml`` or its content.

    Raises
    ------
    ConfigError
        Naming file, line and key.
    """
    if isinstance(source, Design):
        return source
    top = Table(None, "", source) if isinstance(source, Mapping) else load_toml(source)
    design = validate(top, Design)
    _check_arms(top, design)
    _check_visits(top, design)
    for i, endpoint in enumerate(design.endpoint):
        _check_endpoint(top.item("endpoint", i), design, endpoint)
    if not design.endpoint:
        top.fail("endpoint", "a trial needs at least one table [[endpoint]].")
    _check_cuts(top, design)
    _check_repeated(top, design)
    return _absolute(top, design)


def _check_cuts(top: Table, design: Design) -> None:
    for i, stratum in enumerate(design.stratum):
        if not stratum.cuts or any(b <= a for a, b in pairwise(stratum.cuts)):
            top.item("stratum", i).fail("cuts", "expected rising numbers, at least one.")
    for name, limits in design.entry.items():
        low, high = limits.lower, limits.upper
        if low is not None and high is not None and low >= high:
            top.table("entry").fail(name, f"no reading is from {low:g} to {high:g}.")


def _check_repeated(top: Table, design: Design) -> None:
    """Refuse a power of no size, and an assurance of analyses too slow for it."""
    if not design.power.sizes:
        top.table("power").fail("sizes", "expected at least one number of women.")
    analyses = {name for endpoint in design.endpoint for name in endpoint.analysis}
    if design.assurance is not None and not analyses & set(QUICK):
        top.fail("assurance", f"needs an endpoint with one of the analyses {', '.join(QUICK)}.")


def _absolute(top: Table, design: Design) -> Design:
    """Return a design whose files are found from anywhere."""
    if top.path is None:
        return design
    folder = top.path.resolve().parent
    changes: dict[str, Any] = {}
    if isinstance(design.population, str) and design.population.endswith(
        (".toml", ".csv", ".zarr")
    ):
        changes["population"] = str(folder / design.population)
    tools = design.measurement
    if tools.instruments:
        file = str(folder / tools.instruments)
        changes["measurement"] = tools.model_copy(update={"instruments": file})
    if design.assurance is not None and design.assurance.file:
        file = str(folder / design.assurance.file)
        changes["assurance"] = design.assurance.model_copy(update={"file": file})
    return design.model_copy(update=changes)


def _check_arms(top: Table, design: Design) -> None:
    if len(design.arm) < 2:
        top.fail("arm", "a trial compares at least two tables [[arm]].")
    if len(set(design.names)) < len(design.names):
        top.fail("arm", "two arms have the same name.")
    assumed = [arm.assumed_mean is not None for arm in design.arm]
    model = top.checked("model", load_model, design.model)
    for i, arm in enumerate(design.arm):
        table = top.item("arm", i)
        for text in arm.published:
            study, name = table.checked("published", source_of, text)
            table.checked("published", table.checked("published", load_trial, study).arm, name)
        schedule = table.checked("schedule", design.schedule, arm)
        table.checked("schedule", model.with_drugs, schedule.drugs)
        if (arm.assumed_mean is None) != (arm.assumed_sd is None):
            table.fail("assumed_mean", "give assumed_mean and assumed_sd together.")
    if any(assumed) and not all(assumed):
        top.fail("arm", "give every arm its assumed_mean and assumed_sd, or none.")
    if any(assumed) and (design.entry or design.stratum or design.run_in or design.assurance):
        top.fail(
            "arm", "assumed changes have no women: leave out entry, stratum, run_in, assurance."
        )


def _check_visits(top: Table, design: Design) -> None:
    months = design.visits.months
    table = top.table("visits")
    if not months or months[0] < 0 or any(b <= a for a, b in pairwise(months)):
        table.fail("months", "expected rising months from 0.")
    if not design.later:
        table.fail("months", "a trial needs a visit after month 0.")
    if design.visits.window_months >= design.later[0]:
        table.fail("window_months", "the first visit may not fall before day 0.")


def _check_endpoint(table: Table, design: Design, endpoint: Endpoint) -> None:
    for month in endpoint.months:
        if month not in design.later:
            table.fail(
                "months",
                f"month {month:g} is outside the trial, whose visits are at months "
                f"{_series(design.visits.months)}.",
            )
    if not endpoint.months:
        table.fail("months", "expected at least one visit.")
    _check_measured(table, design, endpoint)
    for word in endpoint.analysis:
        if word not in ANALYSES:
            table.fail("analysis", f"'{word}' is not an analysis.{nearest(word, ANALYSES)}")
    for pair in table.checked("comparison", design.comparisons, endpoint):
        for name in pair:
            if name not in design.names:
                table.fail("comparison", f"no arm is called '{name}'.{nearest(name, design.names)}")
        if pair[0] == pair[1]:
            table.fail("comparison", f"'{pair[0]}' is compared with itself.")


def _check_measured(table: Table, design: Design, endpoint: Endpoint) -> None:
    tools = load_instruments()
    known = (*tools.scans, *tools.samples)
    if endpoint.measurement not in known:
        table.fail(
            "name", f"'{endpoint.name}' is not measured.{nearest(endpoint.measurement, known)}"
        )
    if not design.is_assumed and endpoint.measurement not in load_model(design.model).endpoints:
        table.fail("name", f"the model '{design.model}' has no '{endpoint.measurement}'.")


def _series(months: Iterable[float]) -> str:
    return ", ".join(f"{month:g}" for month in months)
