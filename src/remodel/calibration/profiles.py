"""Profiles of many parameters: in parallel, resumable, and their table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.calibration.information import Information
from remodel.calibration.objective import objective
from remodel.calibration.problem import FitProblem
from remodel.calibration.profile import Profile, profile

if TYPE_CHECKING:
    import pandas as pd

Report = Callable[[str], None]


def run_profiles(
    problem: FitProblem,
    info: Information,
    names: Sequence[str],
    folder: Path,
    *,
    workers: int = 1,
    report: Report = lambda _: None,
) -> tuple[Profile, ...]:
    """Return the profiles of some parameters; finished points are read from the folder."""
    if not names:
        return ()
    place = folder / "profiles"
    place.mkdir(parents=True, exist_ok=True)
    found: dict[str, Profile] = {}
    for one in _run(problem, info, names, place, workers):
        found[one.name] = one
        report(f"profile of {one.name}: {one.verdict} ({len(found)} of {len(names)} done)")
    return tuple(found[name] for name in names)


def _run(
    problem: FitProblem, info: Information, names: Sequence[str], place: Path, workers: int
) -> Iterator[Profile]:
    if workers <= 1 or len(names) <= 1:
        built = objective(problem)
        for name in names:
            yield profile(built, info, name, store=place / f"{name}.jsonl")
        return
    with ProcessPoolExecutor(min(workers, len(names)), mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_one, problem, info, name, place) for name in names]
        for future in as_completed(waiting):
            yield future.result()


def _one(problem: FitProblem, info: Information, name: str, place: Path) -> Profile:
    return profile(objective(problem), info, name, store=place / f"{name}.jsonl")


def profiles_table(profiles: Sequence[Profile]) -> pd.DataFrame:
    """Return one row a point of every profile."""
    import pandas as pd

    return pd.DataFrame(
        {
            "parameter": one.name,
            "unit": one.unit,
            "value": value,
            "rise": rise,
            "verdict": one.verdict,
            "lower": one.lower,
            "upper": one.upper,
        }
        for one in profiles
        for value, rise in zip(one.values, one.rises, strict=True)
    )


def write_profiles(profiles: Sequence[Profile], path: Path) -> None:
    """Write every point of every profile."""
    profiles_table(profiles).to_csv(path, index=False)
