"""``remodel.fit_patients``: forecasts of the readings of many women."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError, RemodelError, require
from remodel.files import results_folder, write_csv, write_text, writing
from remodel.individuals.clinic import (
    Asked,
    Case,
    History,
    by_history,
    load_clinic,
    output_months,
)
from remodel.individuals.courses import drawn, no_draw_text, simulated
from remodel.individuals.covariance import Observed, Points
from remodel.individuals.predictions import predictions, rows_of
from remodel.individuals.prior import Prior
from remodel.individuals.readings import Reference
from remodel.individuals.stored import Later, Sought, Stored, focused_readings, later_of_many
from remodel.measurement.instruments import Instruments, load_instruments
from remodel.models import Model, load_model
from remodel.populations.definition import Definition
from remodel.populations.load import load_definition
from remodel.progress import ProgressLike, progress_of
from remodel.provenance import fingerprint, manifest, recorded
from remodel.schedules import Schedule
from remodel.simulation.inputs import check_count
from remodel.solvers.engine import available_threads

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 1024
_RECORD = "manifest.json"
_NAME = "predictions.csv"
_PARTS = "parts"
_FEW = 32  # women that one thread fits in turn
_ENOUGH = 50.0  # effective draws; below, more are made, and a row says so if they do not help


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """Forecasts of the readings of a table.

    Attributes
    ----------
    table : pandas.DataFrame
        The rows to predict, with ``mean, sd, low_50, high_50, low_90, high_90`` of the reading in
        the unit of the row, ``effective_size`` and ``problem``, which is blank where all went well.
    failed : mapping of str to str
        What was wrong, by woman.
    women : int
        How many were fitted.
    """

    table: pd.DataFrame
    failed: Mapping[str, str]
    women: int


@dataclass(frozen=True, slots=True, eq=False)
class _Setting:
    """What all women of a table share."""

    definition: Definition
    model: Model
    tools: Instruments
    reference: Reference
    draws: int
    seed: int
    threads: int | None


@recorded
def fit_patients(
    readings: str | Path,
    out: str | Path | None = None,
    *,
    population: str | Path = "postmenopausal",
    draws: int = DRAWS,
    seed: int = 1,
    threads: int | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    instruments: Instruments | None = None,
    progress: ProgressLike = None,
) -> Forecasts:
    """Forecast readings of many women from their own earlier ones.

    Women of equal history share a stored population, which is weighted for each of them. A woman
    whose rows are wrong, or who cannot be simulated, is marked; the others do not notice.

    Parameters
    ----------
    readings : path
        ``READINGS.csv``: ``woman, age, sex, menopause_age, bmi, schedule, endpoint, months, value,
        unit, use`` and optional ``date, scanner, fasting, hour``. Rows with ``use = fit`` inform;
        those with ``use = predict`` are forecast, and their value is never read.
    out : path, optional
        Folder for ``predictions.csv``. A run that was stopped continues there, and ends with the
        same numbers.
    population : str or path
        The prior.
    draws : int
        Of each stored population; half as many where the women are treated.
    seed : int
    threads : int, optional
        Processors; all by default. Results do not depend on it.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers fit women of equal history, or ``local`` for
        processes of this machine. Results do not depend on it.
    workers : int, optional
        Processes of scheduler ``local``.
    instruments : Instruments, optional
        Other errors of readings than those of the package.
    progress : Progress or callable, optional
        Notified as women are fitted.

    Raises
    ------
    RemodelError
        One of its subclasses, if the table is none, or the folder holds another one.
    """
    check_count("threads", threads)
    check_count("draws", draws)
    check_count("seed", seed)
    model = load_model("reference")
    setting = _Setting(
        load_definition(population),
        model,
        instruments or load_instruments(),
        Reference.of(model),
        draws,
        seed,
        threads,
    )
    clinic = load_clinic(readings, setting.reference)
    groups, notice = list(by_history(clinic.cases).items()), progress_of(progress)
    with _connected(scheduler, workers, threads) as client:
        folder = None if out is None else _folder(Path(out), Path(readings), setting)
        results = [_stored(folder, number) for number in range(len(groups))]
        missing = [number for number, rows in enumerate(results) if rows is None]
        notice.start(len(clinic.cases))
        notice.advance(len(clinic.cases) - sum(len(groups[i][1]) for i in missing))
        for number, rows in _computed(groups, missing, setting, client):
            results[number] = rows
            if folder is not None:
                write_text(folder / _PARTS / f"{number:05d}.json", json.dumps(rows))
            notice.advance(len(groups[number][1]))
    rows = [row for group in results for row in group or ()]
    failed = dict(clinic.problems)
    failed |= {row["woman"]: row["problem"] for row in rows if row["severe"]}
    table = predictions(clinic, rows)
    if folder is not None:
        write_csv(folder / _NAME, table)
    return Forecasts(table, failed, len(clinic.cases) - len(failed) + len(clinic.problems))


def _connected(scheduler: str | None, workers: int | None, threads: int | None) -> Any:
    """Return the client of a cluster, or nothing for this process.

    Raises
    ------
    ConfigError
        If the scheduler does not answer, or an option is for the other way.
    """
    if scheduler is None:
        if workers is not None:
            raise ConfigError("workers belong to a cluster; use scheduler 'local', or threads.")
        return nullcontext()
    if threads is not None:
        raise ConfigError("threads are of this process; a cluster has workers.", field="threads")
    from remodel.sweeps.cluster import connected

    return connected(scheduler, workers)


def _computed(
    groups: Sequence[tuple[History, list[Case]]],
    numbers: Sequence[int],
    setting: _Setting,
    client: Any,
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield groups of women as they are finished, each with its number."""
    if client is None:
        yield from _in_threads(groups, numbers, setting)
        return
    shared = client.scatter(replace(setting, threads=1), broadcast=True)
    futures = {client.submit(_group, *groups[i], shared, pure=False): i for i in numbers}
    for future in require("distributed", "cluster").as_completed(list(futures)):
        yield futures[future], future.result()


def _in_threads(
    groups: Sequence[tuple[History, list[Case]]], numbers: Sequence[int], setting: _Setting
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield groups of women as they are finished: large ones in turn, then small ones abreast."""
    workers = setting.threads or available_threads()
    compiled, small = set(), []
    for number in numbers:
        history, cases = groups[number]
        drugs = Schedule.parse(history.schedule).drugs if history.schedule else ()
        code = frozenset(drugs), tuple(_endpoints(cases))
        if code in compiled and len(cases) <= workers * _FEW:
            small.append(number)
            continue
        compiled.add(code)  # by the first, so that two threads need not do it twice
        yield number, _group(history, cases, setting)
    alone = replace(setting, threads=1)
    pool = ThreadPoolExecutor(workers)
    try:
        futures = {pool.submit(_group, *groups[number], alone): number for number in small}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _folder(out: Path, readings: Path, setting: _Setting) -> Path:
    """Return the folder of results, free of those of another table."""
    identity = fingerprint(
        [
            hashlib.sha256(readings.read_bytes()).hexdigest(),
            setting.definition.text,
            setting.model.parameters.fingerprint(),
            setting.tools.model_dump_json(),
            setting.draws,
            setting.seed,
        ]
    )
    folder = results_folder(
        out, (_RECORD, _NAME, _PARTS), mark=_RECORD, key="fit_patients", what="fit of patients"
    )
    record = folder / _RECORD
    if record.exists():
        before = json.loads(record.read_text(encoding="utf-8")).get("identity")
        if before != identity:
            raise ConfigError(
                f"{folder} holds forecasts of another table, population or seed; use another "
                "folder.",
                field="out",
            )
    with writing(folder):
        (folder / _PARTS).mkdir(exist_ok=True)
    content = manifest(
        model=setting.model.name,
        population=setting.definition.name,
        draws=setting.draws,
        seed=setting.seed,
        fit_patients=readings.name,
        identity=identity,
    )
    write_text(record, json.dumps(dict(content), indent=2, default=str))
    return folder


def _stored(folder: Path | None, number: int) -> list[dict[str, Any]] | None:
    """Return what an earlier run left of a group of women."""
    if folder is None:
        return None
    path = folder / _PARTS / f"{number:05d}.json"
    if not path.is_file():
        return None
    results: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return results


def _group(history: History, cases: Sequence[Case], setting: _Setting) -> list[dict[str, Any]]:
    """Return forecasts of women of one history."""
    try:
        stored = _population(history, cases, setting)
    except RemodelError as error:
        return [_failure(case, asked, error) for case in cases for asked in case.asked]
    blocks = [cases[i : i + _FEW] for i in range(0, len(cases), _FEW)]
    workers = min(len(blocks), setting.threads or available_threads())
    if workers == 1:
        return [row for block in blocks for row in _block(block, stored, setting)]
    with ThreadPoolExecutor(workers) as pool:
        done = pool.map(lambda block: _block(block, stored, setting), blocks)
        return [row for rows in done for row in rows]


def _block(cases: Sequence[Case], stored: Stored, setting: _Setting) -> list[dict[str, Any]]:
    """Return forecasts of some women, or why there are none."""
    patterns: dict[Hashable, list[tuple[Case, Sought]]] = {}
    for case in cases:
        if not case.asked:
            continue
        her = _sought(case, setting)
        patterns.setdefault(her.pattern, []).append((case, her))
    rows: list[dict[str, Any]] = []
    for women in patterns.values():
        rows += _side_by_side(women, stored, setting)
    return sorted(rows, key=itemgetter("row"))


def _side_by_side(
    women: Sequence[tuple[Case, Sought]], stored: Stored, setting: _Setting
) -> list[dict[str, Any]]:
    """Return forecasts of women of one pattern; one by one where they fail together."""
    try:
        readings = [
            _enough(stored, later, her)
            for (_, her), later in zip(
                women, later_of_many(stored, [her for _, her in women]), strict=True
            )
        ]
    except (RemodelError, np.linalg.LinAlgError) as error:
        if len(women) > 1:
            return [row for her in women for row in _side_by_side([her], stored, setting)]
        return [_failure(women[0][0], asked, error) for asked in women[0][0].asked]
    return rows_of([case for case, _ in women], readings, setting.reference, _ENOUGH)


def _enough(stored: Stored, later: Later, her: Sought) -> Later:
    """Return later readings of a woman; where few draws suit her, from more of her own."""
    if later.effective_size >= _ENOUGH:
        return later
    return focused_readings(stored, later, her, enough=_ENOUGH)


def _sought(case: Case, setting: _Setting) -> Sought:
    """Return what was read of a woman, and what is asked, as numbers."""
    months = np.array([asked.months for asked in case.asked])
    points = Points(tuple(asked.endpoint for asked in case.asked), months)
    return Sought(Observed.of(case.readings, setting.tools), points, case.age, case.bmi)


def _population(history: History, cases: Sequence[Case], setting: _Setting) -> Stored:
    """Return a stored population for women of one history."""
    knows = history.menopause_age is not None or history.sex == "male"
    prior = Prior.of(setting.definition, setting.model, bmi=None, knows_menopause=knows)
    # the treated rarely share a history, and each costs a simulation
    number = math.ceil(setting.draws / 2) if history.schedule else setting.draws
    draws = drawn(prior, number, [1.0], setting.seed)
    start, months = output_months(cases, treated=bool(history.schedule))
    schedule = Schedule.parse(history.schedule) if history.schedule else Schedule()
    courses = simulated(
        prior,
        draws,
        [schedule],
        months,
        _endpoints(cases),
        age=start,
        menopause_age=history.menopause_age,
        sex=history.sex,
        threads=setting.threads,
    )
    if not courses.possible.any():
        raise ConfigError(no_draw_text(start, knows))
    return Stored(
        prior,
        draws,
        courses,
        start,
        history.sex == "male",
        schedule,
        history.menopause_age,
        setting.tools,
        setting.seed,
        setting.threads,
    )


def _endpoints(cases: Sequence[Case]) -> list[str]:
    """Return what women were read of, or are asked for, sorted."""
    names = {reading.endpoint for case in cases for reading in case.readings}
    return sorted(names | {asked.endpoint for case in cases for asked in case.asked})


def _failure(case: Case, asked: Asked, error: Exception) -> dict[str, Any]:
    return {"row": asked.row, "woman": case.name, "problem": str(error), "severe": True}
