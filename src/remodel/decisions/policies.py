"""``remodel.compare_policies``: what guidelines prevent, whom they treat, what harm they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.decisions.atlas import untested
from remodel.decisions.harms import exposures, harms_of
from remodel.decisions.misses import known_misses
from remodel.decisions.policy_report import Comparison, start_folder, write_comparison
from remodel.errors import ConfigError
from remodel.fracture.background import RISK_FACTORS, load_background
from remodel.fracture.hazards import Exposure, Women, probabilities
from remodel.fracture.limits import beyond_link
from remodel.fracture.link import load_link
from remodel.monitoring.cohort import Cohort, courses, simulated_cohort
from remodel.monitoring.design import MONTHS_PER_YEAR
from remodel.monitoring.follow import Follow, followed, months_of_need
from remodel.monitoring.load import Plan, Task, load_task
from remodel.monitoring.monitor import people_of
from remodel.populations.population import Population
from remodel.progress import ProgressLike, progress_of
from remodel.rules.names import PROBABILITIES
from remodel.schedules import Schedule
from remodel.simulation.inputs import check_count

if TYPE_CHECKING:
    import pandas as pd

SITES = ("any_clinical", "major", "hip", "vertebral")
_HIP, _CTX, _NECK = "bmd_total_hip", "ctx", "bmd_femoral_neck"
_STEP = 3  # months between the times at which fractures are counted
_SCORES = (-6.0, 6.0)  # that the gradients are published for
_BAND = (5.0, 95.0)
NOBODY = "no bone drug"
_LEAST = 0.5  # percent of the women from which a sentence about untested treatment is of interest


@dataclass(frozen=True, eq=False)
class _Followed:
    """A policy with what became of each woman.

    Attributes
    ----------
    name : str
    state : Follow or None
        None for the schedule of all alone.
    hip, ctx : ndarray, shape (n, n_times)
        True levels at the times of fracture.
    """

    name: str
    state: Follow | None
    hip: FloatArray
    ctx: FloatArray


def compare_policies(
    plan: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    women: Population | None = None,
    draws: int = 40,
    threads: int | None = None,
    progress: ProgressLike = None,
) -> Comparison:
    """Say what guidelines prevent, whom they treat, and what harms they do, on the same women.

    Every woman is followed by every policy with the same readings, treated from the visit at which
    a rule says so, and compared with herself under the schedule of all alone; fractures follow
    from total hip and CTX against her untreated twin.

    Parameters
    ----------
    plan : path or mapping
        ``PLAN.toml`` of ``remodel monitor``; each of its plans is a policy.
    out : path, optional
        Folder for ``policies.csv``, ``harms.csv`` and ``report.md``.
    women : Population, optional
        Instead of those the plan names.
    draws : int
        Of background and link of fracture, for bands of 90 %.
    threads : int, optional
        All processors by default. Numbers do not depend on it.
    progress : Progress or callable, optional
        Told of policies as they are finished.

    Returns
    -------
    Comparison

    Raises
    ------
    RemodelError
        One of its subclasses, before any work starts where a value is not allowed.
    """
    task = load_task(plan)
    _check_policies(task)
    check_count("draws", draws)
    check_count("threads", threads)
    people = people_of(task.design) if women is None else women
    folder = None if out is None else start_folder(out)
    if task.design.adherence == "as_prescribed":
        people = people.as_prescribed()
    read = [endpoint for policy in task.plans for endpoint in policy.endpoints]
    cohort = simulated_cohort(people, task.schedule, (_HIP, _CTX, *read), task.design, threads)
    need, every = months_of_need(cohort, task.need), _all_followed(cohort, task, progress)
    usable = np.all([np.isfinite(f.hip + f.ctx).all(axis=1) for f in every], axis=0)
    twin = courses(cohort.people, Schedule(), (_HIP, _CTX), task.design, threads)
    table = _table(cohort, every, twin, usable, np.isfinite(need), draws)
    result = Comparison(
        design=task.design,
        policies=table,
        harms=_harms(cohort, every, usable),
        notes=_notes(cohort, task, every),
        women=int(usable.sum()),
        failed=cohort.failed + int((~usable).sum()),
    )
    if folder is not None:
        write_comparison(result, folder)
    return result


def _check_policies(task: Task) -> None:
    if not task.plans:
        raise ConfigError("plan: name at least one table [[plan]]; each is a policy.", field="plan")
    for plan in task.plans:
        if plan.policy is None:
            raise ConfigError(
                f"plan '{plan.name}' decides nothing; give it a guideline, or the file a rule.",
                field="rule",
            )
        if plan.name == NOBODY:
            raise ConfigError(f"no policy may be called '{NOBODY}'.", field="name")


def _months(cohort: Cohort) -> list[int]:
    """Return the months at which fractures are counted."""
    horizon = cohort.design.horizon
    return [*range(0, horizon, _STEP), horizon]


def _all_followed(cohort: Cohort, task: Task, progress: ProgressLike) -> list[_Followed]:
    """Return the women without a policy, and under each."""
    months, steps = _months(cohort), progress_of(progress)
    every = [_Followed(NOBODY, None, *(cohort.levels[n][:, months] for n in (_HIP, _CTX)))]
    steps.start(len(task.plans))
    for plan in task.plans:
        state = followed(cohort, plan)
        levels = (state.levels[name][:, months] for name in (_HIP, _CTX))
        every.append(_Followed(plan.name, state, *levels))
        steps.advance(1)
    return every


def _table(
    cohort: Cohort,
    every: Sequence[_Followed],
    twin: Mapping[str, FloatArray],
    usable: BoolArray,
    is_needy: BoolArray,
    draws: int,
) -> pd.DataFrame:
    """Return one row a policy and quantity."""
    import pandas as pd

    rows = np.flatnonzero(usable)
    weights = cohort.weights[rows] / cohort.weights[rows].sum()
    women, exposure = _at_risk(cohort, every, twin, rows)
    best = probabilities(women, exposure, SITES)
    several = _several(women, exposure, probabilities(women, exposure, ("vertebral_morphometric",)))
    bands = _drawn(women, exposure, weights, draws)
    listed: list[dict[str, Any]] = []
    for i, each in enumerate(every):
        numbers = _visits(each.state, is_needy, rows)
        numbers["several_vertebral_fractures"] = "per 1000", 1000.0 * several[i]
        for site in SITES:
            last = 10.0 * best[site][:, :, -1]
            numbers[f"fractures_{site}"] = "per 1000", last[i]
            numbers[f"prevented_{site}"] = "per 1000", last[0] - last[i]
        for name, (unit, values) in numbers.items():
            row = _mean(values, weights) | _band(bands, name, i)
            listed.append({"policy": each.name, "quantity": name, "unit": unit} | row)
        if each.state is not None:
            treated = numbers["treated"][1]
            for site in SITES:
                row = _ratio(treated, numbers[f"prevented_{site}"][1] / 10.0, weights)
                name = f"needed_to_treat_{site}"
                band = _treated_per_prevented(bands, site, i, float(treated @ weights))
                listed.append({"policy": each.name, "quantity": name, "unit": "1"} | row | band)
    columns = ["policy", "quantity", "unit", "value", "standard_error", "low_90", "high_90"]
    return pd.DataFrame(listed, columns=columns)


def _visits(
    state: Follow | None, is_needy: BoolArray, rows: IntArray
) -> dict[str, tuple[str, FloatArray]]:
    """Return what each woman had of visits and drugs, with units."""
    n = len(is_needy)
    began = np.full(n, np.inf) if state is None else state.began
    treated = np.isfinite(began)
    percent = {
        "treated": treated,
        "treated_without_need": treated & ~is_needy,
        "missed": ~treated & is_needy,
        "in_need": is_needy,
    }
    numbers: dict[str, tuple[str, FloatArray]] = {
        name: ("percent", np.where(values[rows], 100.0, 0.0)) for name, values in percent.items()
    }
    nothing = np.zeros(n)
    numbers["scans"] = "1", (nothing if state is None else state.scans)[rows]
    numbers["samples"] = "1", (nothing if state is None else state.samples)[rows]
    return numbers


def _at_risk(
    cohort: Cohort, every: Sequence[_Followed], twin: Mapping[str, FloatArray], rows: IntArray
) -> tuple[Women, Exposure]:
    """Return the women, and what each policy does to bone against their untreated twins."""
    columns, months = cohort.people.columns, _months(cohort)
    score = cohort.t_scores(_NECK, cohort.levels[_NECK][:, 0])[rows]
    women = Women(
        columns["age"][rows],
        np.clip(score, *_SCORES),
        {name: columns[name][rows] for name in RISK_FACTORS if name in columns},
        columns["bmi"][rows] if "bmi" in columns else None,
        cohort.design.country,
    )
    hip, ctx = (np.stack([getattr(f, name)[rows] for f in every]) for name in ("hip", "ctx"))
    years = np.array(months) / MONTHS_PER_YEAR
    twins = (twin[name][rows][:, months] for name in (_HIP, _CTX))
    return women, Exposure.of(years, hip, ctx, *twins)


def _several(women: Women, exposure: Exposure, chances: Mapping[str, FloatArray]) -> FloatArray:
    """Return the probability of several vertebral fractures at once, shape (n_policies, n)."""
    background = load_background()
    change = 100.0 * np.log1p(exposure.hip / 100.0)
    before = np.searchsorted(exposure.years, exposure.years - 1.0)
    loss = change[..., before] - change
    prior = women.factors.get("prior_vertebral_fracture", np.zeros(len(women.age)))
    share = background.multiple_share(loss, np.nan_to_num(prior)[:, None])
    new = np.diff(chances["vertebral_morphometric"], axis=-1) / 100.0
    total: FloatArray = np.sum(new * 0.5 * (share[..., 1:] + share[..., :-1]), axis=-1)
    return total


def _drawn(
    women: Women, exposure: Exposure, weights: FloatArray, draws: int
) -> dict[str, FloatArray]:
    """Return fractures per 1,000 women by site, shape (draws, n_policies)."""
    rng = np.random.default_rng(1)
    drawn: dict[str, list[FloatArray]] = {site: [] for site in SITES}
    for _ in range(draws):
        background = load_background().draw(rng)
        link, shift = load_link().draw(rng)
        chances = probabilities(
            women, exposure, SITES, background=background, link=link, shift=shift
        )
        for site in SITES:
            drawn[site].append(10.0 * chances[site][:, :, -1] @ weights)
    return {site: np.array(values) for site, values in drawn.items()}


def _mean(values: FloatArray, weights: FloatArray) -> dict[str, float]:
    """Return a mean over women with its standard error."""
    mean = float(values @ weights)
    return {"value": mean, "standard_error": float(np.linalg.norm(weights * (values - mean)))}


def _ratio(treated: FloatArray, prevented: FloatArray, weights: FloatArray) -> dict[str, float]:
    """Return how many are treated for each fracture prevented; infinite where none is."""
    gain = float(prevented @ weights)
    if gain <= 0:
        return {"value": np.inf, "standard_error": np.nan}
    number = float(treated @ weights) / gain
    error = np.linalg.norm(weights * (treated - number * prevented)) / gain
    return {"value": number, "standard_error": float(error)}


def _band(bands: Mapping[str, FloatArray], name: str, policy: int) -> dict[str, float]:
    """Return the band of 90 % of a number of fractures, from draws of background and link."""
    kind, _, site = name.partition("_")
    if site not in bands or kind not in ("fractures", "prevented"):
        return {}
    drawn = bands[site][:, policy]
    low, high = np.percentile(bands[site][:, 0] - drawn if kind == "prevented" else drawn, _BAND)
    return {"low_90": float(low), "high_90": float(high)}


def _treated_per_prevented(
    bands: Mapping[str, FloatArray], site: str, policy: int, treated: float
) -> dict[str, float]:
    gain = np.maximum((bands[site][:, 0] - bands[site][:, policy]) / 10.0, 1e-9)
    low, high = np.percentile(treated / gain, _BAND)
    return {"low_90": float(low), "high_90": float(high)}


def _harms(cohort: Cohort, every: Sequence[_Followed], usable: BoolArray) -> pd.DataFrame:
    """Return expected harms of each policy among 1,000 women, by what they really take."""
    import pandas as pd

    weights = np.where(usable, cohort.weights, 0.0)
    patterns, horizon = cohort.people.definition.adherence, float(cohort.design.horizon_years)
    listed = []
    for each in every:
        if each.state is None:
            continue
        pairs = np.stack([each.state.course_of, cohort.people.pattern], axis=1)
        different, which = np.unique(pairs, axis=0, return_inverse=True)
        shares = np.bincount(which.ravel(), weights, len(different)) / weights.sum()
        taken = [patterns[p].edited(each.state.courses[c].schedule) for c, p in different]
        each_way = np.array([exposures(schedule, horizon) for schedule in taken])
        for harm in harms_of(shares @ each_way):
            row = {"harm": harm.name, "events": harm.events, "low": harm.low, "high": harm.high}
            listed.append({"policy": each.name} | row)
    return pd.DataFrame(listed, columns=["policy", "harm", "events", "low", "high"])


def _notes(cohort: Cohort, task: Task, every: Sequence[_Followed]) -> tuple[str, ...]:
    """Return what a reader must know: what stands for FRAX, and what no trial has tested."""
    notes = [
        f"{plan.name} asks for FRAX, whose algorithm is not public: the ten-year probability from "
        "published gradients is compared with the same threshold."
        for plan in task.plans
        if _asks_for_probability(plan)
    ]
    notes += [_untested_note(cohort, each.name, each.state) for each in every if each.state]
    schedules = [course.schedule for each in every if each.state for course in each.state.courses]
    notes += beyond_link([cohort.schedule, *schedules])
    notes += known_misses(schedules, float(cohort.design.horizon_years))
    return tuple(note for note in notes if note)


def _untested_note(cohort: Cohort, name: str, state: Follow) -> str:
    """Return what a policy gives that no trial has tested, and to how many women."""
    shares: dict[str, float] = {}
    for number, course in enumerate(state.courses):
        share = 100.0 * float(cohort.weights[state.course_of == number].sum())
        both = cohort.schedule & course.schedule
        for sentence in untested(both, cohort.design.horizon_years):
            shares[sentence] = shares.get(sentence, 0.0) + share
    parts = [
        f"{sentence.removesuffix('.')} ({share:.0f} % of the women)"
        for sentence, share in sorted(shares.items(), key=lambda item: -item[1])
        if share >= _LEAST
    ]
    return (
        f"{name} gives what no trial shipped here has tested. {'; '.join(parts)}." if parts else ""
    )


def _asks_for_probability(plan: Plan) -> bool:
    return plan.policy is not None and bool(plan.policy.names & set(PROBABILITIES))
