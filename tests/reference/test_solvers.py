"""The batch engine against independent solvers: SciPy's, and CVODE of SUNDIALS.

Errors are relative to the reference at the same time plus a thousandth of its largest value, or of
the size at which the state matters.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import remodel as rm
from remodel.models import load_model
from remodel.simulation.dataset import SimulationWarning
from remodel.simulation.packing import scales
from remodel.solvers.engine import integrate_batch
from remodel.solvers.methods import REFERENCES
from remodel.solvers.problem import ADD, SET, Event, Problem, problem
from remodel.solvers.scipy_reference import integrate_scipy
from remodel.symbolic.expression import evaluate

YEAR = 365.25
CASES = {
    "reference": ("anastrozole", "zoledronic_acid"),
    "jorg2022": ("denosumab",),
}
TIMES = np.linspace(0.0, 3 * YEAR, 19)


def _events(system: Any, start: float) -> list[Event]:
    """Return doses at irregular times, and a dosing rate that is switched on and off."""
    events = []
    for k, name in enumerate(system.state_names):
        if name in ("zoledronic_acid_plasma", "denosumab_depot", "u_den"):
            events += [Event(start + t, ADD, k, 4.0) for t in (0.0, 182.6, 400.1, 903.7)]
    for k, name in enumerate(system.parameter_names):
        if name == "anastrozole_oral_rate":
            events += [Event(start + 50.0, SET, k, 1.0), Event(start + 800.0, SET, k, 0.0)]
    return events


def _problem(name: str, n: int = 2) -> tuple[Any, Problem]:
    model = load_model(name)
    system = model.system(CASES[name])
    random = np.random.default_rng(5)
    rows = np.tile(model.all_parameters.internal(system.parameter_names), (n, 1))
    fixed = [model.all_parameters[p].status == "input" for p in system.parameter_names]
    rows[1:] *= np.where(fixed, 1.0, np.exp(random.normal(0, 0.05, rows[1:].shape)))
    start = 60.0 * YEAR + np.arange(n) * 400.0
    task = problem(
        parameters=rows,
        start=start,
        times=[t + TIMES for t in start],
        scale=scales(system, model),
        events=[_events(system, t) for t in start],
    )
    return system, task


def error(found: Any, exact: Any, scale: Any) -> float:
    """Return the largest error of states with shape (n_states, ..., n_times)."""
    largest = np.max(np.abs(exact), axis=-1, keepdims=True)
    matters = scale.reshape((-1,) + (1,) * (exact.ndim - 1))
    size = np.abs(exact) + 1e-3 * np.maximum(largest, matters)
    return float(np.max(np.abs(found - exact) / size))


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> tuple[Any, Problem, Any]:
    """Return a model, a batch of it, and its solution at a tight tolerance."""
    system, task = _problem(request.param)
    return system, task, integrate_batch(system, task, rtol=1e-11).outputs


def test_something_happens(case: Any) -> None:
    _, task, exact = case
    assert np.isfinite(exact).all()
    assert len(task.event_time) > 0
    change = np.ptp(exact, axis=-1) / (np.max(np.abs(exact), axis=-1) + 1e-300)
    assert np.count_nonzero(change > 0.1) > len(exact) / 4


@pytest.mark.parametrize("method", REFERENCES)
def test_scipy_agrees_at_tight_tolerance(case: Any, method: str) -> None:
    system, task, exact = case
    found = integrate_scipy(system, task, method=method, rtol=1e-9)
    assert found.failed.tolist() == []
    assert error(found.outputs, exact, task.scale) < 1e-6


@pytest.mark.parametrize("method", REFERENCES)
def test_scipy_at_its_default_tolerance_is_a_good_referee(case: Any, method: str) -> None:
    system, task, exact = case
    found = integrate_scipy(system, task, method=method)
    assert error(found.outputs, exact, task.scale) < 1e-5


@pytest.mark.parametrize("method", ["rodas5p", "rodas4"])
@pytest.mark.parametrize("rtol", [1e-3, 1e-4, 1e-6, 1e-8])
def test_the_engine_delivers_the_tolerance_asked_for(case: Any, method: str, rtol: float) -> None:
    system, task, exact = case
    found = integrate_batch(system, task, method=method, rtol=rtol)
    assert error(found.outputs, exact, task.scale) < 20 * rtol


def _plain_slope(system: Any, row: Any) -> Callable[[float, Any], Any]:
    """Return the right-hand side in plain Python, which no compiled kernel has touched."""
    known = dict(zip(system.parameter_names, row.tolist(), strict=True))

    def slope(t: float, y: Any) -> Any:
        values = {**known, "time": t, **dict(zip(system.state_names, y.tolist(), strict=True))}
        return np.array(evaluate(system.rates, values))

    return slope


def _in_place(slope: Callable[[float, Any], Any]) -> Callable[[float, Any, Any], None]:
    def rhs(t: float, y: Any, rate: Any) -> None:
        rate[:] = slope(t, y)

    return rhs


def _cvode(system: Any, task: Problem, i: int, rtol: float) -> Any:
    """Integrate one simulation with CVODE, restarted at every event."""
    from sksundae.cvode import CVODE

    row = task.parameters[task.parameter_row[i]].copy()
    times = task.times_of(i)
    t, end = float(task.start[i]), float(times[-1])
    y = system.baseline(row[None], np.array([t]))[0]
    out = {t: y}
    events = task.events_of(i)
    while t < end:
        while events and events[0].time <= t:
            event = events.pop(0)
            if event.kind == ADD:
                y = y.copy()
                y[event.index] += event.value
            elif event.kind == SET:
                row[event.index] = event.value
        stop = min([end, *(e.time for e in events[:1])])
        solver = CVODE(
            _in_place(_plain_slope(system, row)), method="BDF", rtol=rtol,
            atol=1e-3 * rtol * task.scale, max_num_steps=100_000,
        )  # fmt: skip
        # CVODE returns every step of its own where only two times are asked for
        inside = {t + 0.5 * (stop - t), *times[(times > t) & (times < stop)].tolist()}
        wanted = [t, *sorted(inside), stop]
        solution = solver.solve(np.array(wanted), y)
        assert solution.success
        out.update(zip(wanted[1:], solution.y[1:], strict=True))
        t, y = stop, np.array(solution.y[-1])
    return np.array([out[float(w)] for w in times]).T


def test_cvode_agrees_with_the_engine(case: Any) -> None:
    pytest.importorskip("sksundae")
    system, task, exact = case
    for i in range(task.size):
        found = _cvode(system, task, i, 1e-9)
        assert error(found, exact[:, i], task.scale) < 1e-6


@pytest.mark.parametrize("method", REFERENCES)
def test_simulate_gives_the_same_with_every_method(method: str) -> None:
    arguments = {
        "schedule": ["denosumab 60 mg every 6 mo x 3", "letrozole 2.5 mg daily for 2 y from -1 y"],
        "patient": [rm.Patient(58), rm.Patient(66, t_score_total_hip=-2.0)],
        "years": 3,
    }
    engine = rm.simulate(**arguments, rtol=1e-10)
    other = rm.simulate(**arguments, method=method, rtol=1e-9)
    assert other.status.values.tolist() == [0, 0]
    for name in rm.load_model("reference").endpoints:
        a, b = other[name].values, engine[name].values
        assert np.max(np.abs(a - b) / (np.abs(b) + 1e-3)) < 2e-6, name


# a sweep over all that is admissible

REGIMENS = (
    "none",
    "anastrozole 1 mg daily for 5 y",
    "letrozole 2.5 mg daily for 3 y from -1 y",
    "exemestane 25 mg daily for 2 y",
    "tamoxifen 20 mg daily for 2 y then letrozole 2.5 mg daily for 3 y",
    "zoledronic acid 4 mg every 6 mo for 3 y",
    "alendronate 70 mg weekly for 3 y",
    "ibandronate 150 mg every 1 mo for 2 y",
    "ibandronate 3 mg iv every 3 mo for 2 y",
    "denosumab 60 mg every 6 mo x 4 then zoledronic acid 5 mg once",
    "anastrozole 1 mg daily for 5 y; denosumab 60 mg every 6 mo for 5 y",
    "anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 5 y",
)
OUTPUTS = ("ctx", "p1np", "bmd_lumbar_spine", "bmd_total_hip", "bmd_femoral_neck", "estradiol")


def _anyone(n: int, seed: int) -> dict[str, Any]:
    """Return women, regimens and parameters drawn from everything the model admits."""
    model, random = rm.load_model("reference"), np.random.default_rng(seed)
    parameters = {}
    for name, p in model.parameters.items():
        if p.status == "input" or name.endswith(("_molar_mass", "_units_per_mg")):
            continue
        if p.lower > 0:
            drawn = np.exp(random.uniform(np.log(p.lower), np.log(p.upper), n))
            parameters[name] = np.clip(drawn, p.lower, p.upper)
        else:
            parameters[name] = random.uniform(p.lower, p.upper, n)
    ages = zip(random.uniform(40, 85, n), random.uniform(40, 58, n), strict=True)
    return {
        "schedule": [REGIMENS[i] for i in random.integers(len(REGIMENS), size=n)],
        "patient": [rm.Patient(float(a), float(m)) for a, m in ages],
        "parameters": parameters,
        "outputs": (*model.system().state_names, *OUTPUTS),
        "years": 6,
    }


def _some(arguments: dict[str, Any], rows: Sequence[int]) -> dict[str, Any]:
    return {
        **arguments,
        "schedule": [arguments["schedule"][i] for i in rows],
        "patient": [arguments["patient"][i] for i in rows],
        "parameters": {n: v[list(rows)] for n, v in arguments["parameters"].items()},
    }


def _errors(found: Any, exact: Any, names: Sequence[str]) -> Any:
    """Return the largest error of each simulation; NaN where it is flagged."""
    worst = np.zeros(found.sizes["simulation"])
    for name in names:
        a, b = found[name].values, exact[name].values
        size = np.abs(b) + 1e-3 * np.max(np.abs(b), axis=1, keepdims=True) + 1e-300
        worst = np.maximum(worst, np.max(np.abs(a - b) / size, axis=1))
    return worst


def _sweep(n: int, seed: int, referee: int) -> None:
    arguments = _anyone(n, seed)
    names = arguments["outputs"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SimulationWarning)
        found = rm.simulate(**arguments)
        exact = rm.simulate(**arguments, rtol=1e-10)
    assert np.mean(found.status.values == 0) > 0.999
    well = (found.status.values == 0) & (exact.status.values == 0)
    assert np.mean(well) > 0.999  # at 1e-10 some are flagged where rounding decides
    worst = _errors(found, exact, names)
    assert np.all(np.isnan(worst) == ~well)
    # at the ends of all ranges calcium and PTH can ring, and amplify the error of a step
    assert np.mean(worst[well] <= 20e-6) > 0.9995
    assert np.nanmax(worst) <= 5e-4
    rows = np.random.default_rng(seed).choice(np.flatnonzero(well), size=referee, replace=False)
    other = rm.simulate(**_some(arguments, rows), method="radau", rtol=1e-8)
    assert np.nanmax(_errors(other, exact.isel(simulation=rows), names)) < 2e-6


def test_random_women_and_regimens_are_within_the_tolerance() -> None:
    _sweep(150, seed=1, referee=5)


@pytest.mark.slow
def test_ten_thousand_random_women_and_regimens_are_within_the_tolerance() -> None:
    _sweep(10_000, seed=2, referee=200)
