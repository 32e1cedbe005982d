"""``remodel.measure``: readings of scanners and assays at visits, beside the truth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.errors import ConfigError
from remodel.measurement.instruments import Instruments, Sample, load_instruments
from remodel.parameters import load_parameters
from remodel.patient import SITES
from remodel.populations.sample import check_whole
from remodel.populations.streams import normals, tail_scales, uniforms
from remodel.units import DAYS_PER_MONTH, PERCENT_CHANGE

if TYPE_CHECKING:
    import xarray as xr

READING = "_reading"
"""What the name of a reading ends with; the name without it is the truth."""
Precision = Literal["long_term", "same_day"]
_PARTS_OF_A_MONTH = 1000  # visits closer than this are one
_SCORES = ("t_score_", "z_score_")


@dataclass(frozen=True, slots=True)
class Conditions:
    """How readings are taken.

    Attributes
    ----------
    seed : int
    precision : {"long_term", "same_day"}
    scanners : tuple of int
        Which scanner is used at each visit; empty for one scanner.
    fasting : bool
    hour : float
        Of the day [h].
    samples : int
        Whose mean is a reading.
    """

    seed: int
    precision: Precision
    scanners: tuple[int, ...]
    fasting: bool
    hour: float
    samples: int


def measure(
    dataset: xr.Dataset,
    visits: Sequence[float],
    *,
    seed: int = 0,
    instruments: str | Path | Mapping[str, Any] | Instruments | None = None,
    precision: Precision = "long_term",
    window_months: float = 0.0,
    missed: float = 0.0,
    scanners: Sequence[int] = (),
    fasting: bool = True,
    hour: float = 8.0,
    samples: int = 1,
) -> xr.Dataset:
    """Read densities and markers of simulated women at visits.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of ``simulate``. A woman has the same errors in every arm.
    visits : sequence of float
        Months from the start of treatment, rising.
    seed : int
        Of the errors. A reading of one woman at one visit is the same whatever else is read.
    instruments : path, mapping or Instruments, optional
        Changes of the shipped instruments.
    precision : {"long_term", "same_day"}
        Of scans: as over months and years, or as of scans of one day with the drift of a scanner.
    window_months : float
        Visits other than the first lie evenly within this time before and after their month.
    missed : float
        Share of visits, other than the first at day 0, without readings.
    scanners : sequence of int, optional
        Number of the scanner at each visit; one scanner by default.
    fasting : bool
        Whether blood is taken before breakfast.
    hour : float
        At which blood is taken [h].
    samples : int
        Number of scans and samples whose mean is one reading.

    Returns
    -------
    xarray.Dataset
        Dimensions ``simulation`` and ``visit`` [months]. The truth has the name it had, a reading
        that name with ``_reading`` behind it: ``ctx_reading``,
        ``bmd_total_hip_percent_change_reading`` (from the reading at day 0),
        ``t_score_total_hip_reading``. ``month`` is when a visit was.

    Raises
    ------
    ConfigError
        If a visit is outside the simulated time, or an option is not allowed.
    """
    tools = instruments if isinstance(instruments, Instruments) else load_instruments(instruments)
    months = _checked_visits(dataset, visits)
    check_whole("seed", seed, 0, 2**64 - 1)
    check_whole("samples", samples, 1, 1000)
    _check_share("missed", missed)
    if not 0 <= window_months < np.inf:
        raise ConfigError(f"window_months = {window_months:g}: must be 0 or more.")
    if not 0 <= hour <= 24:
        raise ConfigError(f"hour = {hour:g}: must be from 0 to 24.", field="hour")
    if precision not in ("long_term", "same_day"):
        raise ConfigError(f"precision = {precision!r}: must be 'long_term' or 'same_day'.")
    if scanners and len(scanners) != len(months):
        raise ConfigError(
            f"scanners: {len(scanners)} numbers for {len(months)} visits; name one a visit."
        )
    conditions = Conditions(seed, precision, tuple(scanners), fasting, float(hour), int(samples))
    return _read(dataset, months, tools, conditions, window_months, missed)


def _checked_visits(dataset: xr.Dataset, visits: Sequence[float]) -> FloatArray:
    """Return visits as an array of months.

    Raises
    ------
    ConfigError
    """
    try:
        months = np.asarray(visits, dtype=np.float64)
    except (TypeError, ValueError):
        months = np.full(1, np.nan)
    if months.ndim != 1 or not len(months) or not np.all(np.isfinite(months)):
        raise ConfigError("visits: must be a list of finite numbers [months].", field="visits")
    if np.any(np.diff(months) <= 0) or months[0] < 0:
        raise ConfigError("visits: must rise from month 0 or later.", field="visits")
    last = float(dataset["time"].to_numpy()[-1]) / DAYS_PER_MONTH
    if months[-1] > last + 1e-6:
        raise ConfigError(
            f"visits: month {months[-1]:g} is outside the simulated {last:g} months.",
            field="visits",
        )
    return months


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ConfigError(f"{name} = {value:g}: must be from 0 to 1.", field=name)


def _read(
    dataset: xr.Dataset,
    months: FloatArray,
    tools: Instruments,
    conditions: Conditions,
    window: float,
    missed: float,
) -> xr.Dataset:
    import xarray as xr

    woman = _numbers(dataset)
    steps = np.rint(months * _PARTS_OF_A_MONTH).astype(np.int64)
    actual = _months(dataset, conditions.seed, woman, steps, months, window)
    present = _present(conditions.seed, woman, steps, missed)
    endpoints = _endpoints(dataset, tools)
    scores = [n for n in map(str, dataset.data_vars) if n.startswith(_SCORES)]
    # errors at day 0, from which changes are counted, come first
    with_start = np.concatenate(([0], steps))
    begin = np.concatenate((np.zeros((len(woman), 1)), actual), axis=1)
    variables: dict[str, Any] = {}
    for name, error in reading_errors(endpoints, tools, conditions, woman, with_start, begin):
        for variable in (name, name + PERCENT_CHANGE):
            if variable in dataset:
                truth = _at(dataset, variable, actual)
                read = (
                    _level(truth, error[:, 1:], tools.samples.get(name))
                    if variable == name
                    else _change(dataset, name, truth, error, tools)
                )
                _put(variables, dataset, variable, truth, np.where(present, read, np.nan))
    for score in scores:
        density = f"bmd_{score[len(_SCORES[0]) :]}"
        if density in variables:
            truth = _at(dataset, score, actual)
            off = variables[density + READING][1] - variables[density][1]
            _put(variables, dataset, score, truth, truth + off / _reference_sd(density))
    coords = {
        str(name): coordinate
        for name, coordinate in dataset.coords.items()
        if coordinate.dims == ("simulation",)
    }
    visit = ("visit", months, {"units": "month", "long_name": "visit, months from start"})
    result = xr.Dataset(variables, coords={**coords, "visit": visit}, attrs=dataset.attrs)
    note = {"units": "month", "long_name": "when the visit was"}
    return result.assign_coords(month=(("simulation", "visit"), actual, note))


def _numbers(dataset: xr.Dataset) -> IntArray:
    """Return the number of each woman, by which her errors are found."""
    name = "woman" if "woman" in dataset.coords else "simulation"
    numbers: IntArray = dataset[name].to_numpy().astype(np.int64)
    return numbers


def _months(
    dataset: xr.Dataset,
    seed: int,
    woman: IntArray,
    steps: IntArray,
    months: FloatArray,
    window: float,
) -> FloatArray:
    """Return when each visit was, shape (n, n_visits) [months]."""
    actual = np.broadcast_to(months, (len(woman), len(months))).copy()
    if window:
        share = uniforms(seed, "window", woman[:, None], steps)[0]
        actual += np.where(months > 0, window * (2 * share - 1), 0.0)
    end = float(dataset["time"].to_numpy()[-1]) / DAYS_PER_MONTH
    return np.clip(actual, 0.0, end)


def _present(seed: int, woman: IntArray, steps: IntArray, missed: float) -> Any:
    """Return which visits were kept, shape (n, n_visits)."""
    if not missed:
        return np.ones((len(woman), len(steps)), dtype=bool)
    return (uniforms(seed, "missed", woman[:, None], steps)[0] >= missed) | (steps == 0)


def _endpoints(dataset: xr.Dataset, tools: Instruments) -> list[str]:
    """Return what is read: endpoints of the dataset, or of changes in it, with an instrument."""
    known = (*tools.scans, *tools.samples)
    names = [n for n in known if n in dataset or n + PERCENT_CHANGE in dataset]
    if not names:
        raise ConfigError(
            "the dataset has nothing that is measured: simulate one of "
            f"{', '.join(known)}, or its percent change.",
            field="dataset",
        )
    return names


def reading_errors(
    names: Iterable[str],
    tools: Instruments,
    conditions: Conditions,
    woman: IntArray,
    steps: IntArray,
    months: FloatArray,
) -> Iterable[tuple[str, FloatArray]]:
    """Yield the logarithm of reading over truth, shape (n, n_steps), by endpoint.

    Parameters
    ----------
    names : iterable of str
        Endpoints that are scanned or sampled.
    tools : Instruments
    conditions : Conditions
    woman : ndarray of int, shape (n,)
        Number of each, by which her errors are found.
    steps : ndarray of int, shape (n_steps,)
        Number of each reading, the first that at day 0.
    months : ndarray, shape (n, n_steps)
        When each is taken.
    """
    scans = {
        site: _scan_scores(site, conditions, woman, steps, tools)
        for site in SITES
        if f"bmd_{site}" in names
    }
    for name in names:
        if name in tools.scans:
            error = scans[name.removeprefix("bmd_")]
            yield name, _scan_error(name, error, tools, conditions, woman, months)
        else:
            yield name, _sample_error(name, tools.samples[name], conditions, woman, steps)


def _scan_scores(
    site: str, conditions: Conditions, woman: IntArray, steps: IntArray, tools: Instruments
) -> FloatArray:
    """Return errors of unit variance of a site, shape (n, n_steps), the mean of all samples."""
    total = np.zeros((len(woman), len(steps)))
    r = tools.scan.correlation
    for number in range(conditions.samples):
        key = woman[:, None], steps, number
        score = normals(conditions.seed, f"scan {site}", *key)
        if site == "femoral_neck" and r:
            hip = normals(conditions.seed, "scan total_hip", *key)
            score = r * hip + math.sqrt(1 - r**2) * score
        total += score * tail_scales(tools.scan.freedom, conditions.seed, "scan tails", *key)
    return total / conditions.samples


def _scan_error(
    name: str,
    scores: FloatArray,
    tools: Instruments,
    conditions: Conditions,
    woman: IntArray,
    months: FloatArray,
) -> FloatArray:
    scan = tools.scans[name]
    error: FloatArray = scores * getattr(scan, conditions.precision)
    if conditions.precision == "same_day" and scan.drift:
        slope = scan.drift * normals(conditions.seed, f"drift {name}", woman)
        error = error + slope[:, None] * months / 12
    if scan.scanner:
        used = np.array([0, *(conditions.scanners or (0,) * (months.shape[1] - 1))])
        if conditions.scanners:
            used[0] = conditions.scanners[0]
        offset = normals(conditions.seed, f"scanner {name}", woman[:, None], used)
        error = error + scan.scanner * offset
    return error


def _sample_error(
    name: str, sample: Sample, conditions: Conditions, woman: IntArray, steps: IntArray
) -> FloatArray:
    """Return errors of an assay; food and the hour are the same at every visit."""
    spread, mean = sample.spread, np.zeros((len(woman), len(steps)))
    for number in range(conditions.samples):
        score = normals(conditions.seed, f"sample {name}", woman[:, None], steps, number)
        mean += np.exp(spread * score - spread**2 / 2)
    shift = math.log(sample.rhythm(conditions.hour))
    shift += 0.0 if conditions.fasting else math.log1p(sample.food)
    error: FloatArray = np.log(mean / conditions.samples) + shift
    return error


def _at(dataset: xr.Dataset, name: str, months: FloatArray) -> FloatArray:
    """Return an output at the months of each woman, straight between output times."""
    values = dataset[name].to_numpy()
    grid = dataset["time"].to_numpy() / DAYS_PER_MONTH
    if len(grid) == 1:
        return np.broadcast_to(values, months.shape).copy()
    right = np.clip(np.searchsorted(grid, months - 1e-9), 1, len(grid) - 1)
    share = np.clip((months - grid[right - 1]) / (grid[right] - grid[right - 1]), 0.0, 1.0)
    rows = np.arange(len(values))[:, None]
    low, high = values[rows, right - 1], values[rows, right]
    between: FloatArray = np.where(share == 1, high, low + share * (high - low))
    return between


def _level(truth: FloatArray, error: FloatArray, sample: Sample | None) -> FloatArray:
    read: FloatArray = truth * np.exp(error)
    return np.maximum(read, sample.limit) if sample is not None and sample.limit else read


def _change(
    dataset: xr.Dataset, name: str, truth: FloatArray, error: FloatArray, tools: Instruments
) -> FloatArray:
    """Return the change of readings from that at day 0, in percent."""
    relative = 1 + truth / 100
    if name in dataset and name in tools.samples:  # a limit of detection needs the level
        start = dataset[name].to_numpy()[:, :1]
        first = _level(start, error[:, :1], tools.samples[name])
        change: FloatArray = _level(start * relative, error[:, 1:], tools.samples[name]) / first
        return 100 * (change - 1)
    read: FloatArray = 100 * (relative * np.exp(error[:, 1:] - error[:, :1]) - 1)
    return read


def _put(
    variables: dict[str, Any], dataset: xr.Dataset, name: str, truth: FloatArray, read: FloatArray
) -> None:
    attrs = dict(dataset[name].attrs)
    dims = ("simulation", "visit")
    variables[name] = (dims, truth, attrs)
    long_name = f"{attrs.get('long_name', name)}, as read"
    variables[name + READING] = (dims, read, {**attrs, "long_name": long_name})


def _reference_sd(density: str) -> float:
    """Return the standard deviation that scores are counted in [g/cm2]."""
    return load_parameters("reference")[f"{density}_reference_sd"].value
