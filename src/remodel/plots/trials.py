"""Simulated arms over published points."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from remodel.errors import ConfigError, RemodelWarning
from remodel.plots.overlay import draw_overlay
from remodel.plots.panels import arm_looks, arm_names, check_variables, value_at
from remodel.plots.points import Source, published_points
from remodel.plots.style import Look
from remodel.schedules import Schedule
from remodel.units import PERCENT_CHANGE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from remodel.observations import Observations

Sources = Sequence[Source | str]
_MAIN = tuple(
    f"{name}{PERCENT_CHANGE}" for name in ("bmd_lumbar_spine", "bmd_total_hip", "ctx", "p1np")
)


def trial_overlay(
    dataset: xr.Dataset,
    variables: Sequence[str] | None = None,
    *,
    observed: Mapping[str, Sources] | Sources | None = None,
    begins: Mapping[Source, float] | None = None,
    more: Observations | None = None,
    schedules: Mapping[str, str | Schedule] | None = None,
    arms: Iterable[str] | None = None,
    marks: Mapping[str, float] | None = None,
    title: str = "",
    looks: Mapping[str, Look] | None = None,
) -> tuple[Figure, pd.DataFrame]:
    """Draw simulated arms over published points, one panel a variable, one above the other.

    Parameters
    ----------
    dataset : xarray.Dataset
        From ``remodel.simulate``. Arms are named by the coordinate ``arm`` along ``simulation``;
        without it by their schedules, and a single simulation needs no name.
    variables : sequence of str, optional
        Such as ``bmd_lumbar_spine_percent_change``; by default the percent changes of spine and
        hip density, CTX and P1NP, as far as the dataset has them; else its first variables.
    observed : mapping of str to sequence, optional
        Published arms to lay over each simulated arm, as ``"study/arm"`` or ``(study, arm)``. For a
        single simulation the sequence itself will do.
    begins : mapping of (study, arm) to float, optional
        Month of the simulated arm at which a published arm starts; 0 by default.
    more : Observations, optional
        Numbers beside those of the package, from ``load_observations``. Those of a study that the
        package does not have are called yours.
    schedules : mapping of str to str or Schedule, optional
        By arm; drawn as bars and ticks under the time axis.
    arms : iterable of str, optional
        Which arms; all by default.
    marks : mapping of str to float, optional
        Vertical lines: a label and a time [d].
    title : str
    looks : mapping of str to Look, optional
        Color and dashes by arm, to draw an arm alike in several figures.

    Returns
    -------
    matplotlib.figure.Figure
    pandas.DataFrame
        The points, as ``published_points`` gives them, with the simulated value beside each
        (column ``simulated``).

    Raises
    ------
    ConfigError
        If an arm or variable is unknown, or ``observed`` does not say of which arm.
    ObservationError
        If a study or published arm is unknown.

    Warns
    -----
    RemodelWarning
        If nothing of ``observed`` can be drawn.

    Examples
    --------
    >>> import remodel as rm
    >>> ds = rm.simulate(schedule="anastrozole 1 mg daily for 5 y", years=5)
    >>> figure, points = rm.plots.trial_overlay(ds, observed=["atac_eastell2008/anastrozole"])
    """
    return _overlay(
        dataset, variables, observed, begins, more, schedules, arms, marks, title, looks, columns=1
    )


def marker_panel(
    dataset: xr.Dataset,
    variables: Sequence[str] | None = None,
    *,
    observed: Mapping[str, Sources] | Sources | None = None,
    begins: Mapping[Source, float] | None = None,
    more: Observations | None = None,
    schedules: Mapping[str, str | Schedule] | None = None,
    arms: Iterable[str] | None = None,
    marks: Mapping[str, float] | None = None,
    title: str = "",
    looks: Mapping[str, Look] | None = None,
) -> tuple[Figure, pd.DataFrame]:
    """Draw many variables side by side in two columns, as for turnover markers.

    Parameters, results and errors are those of ``trial_overlay``.
    """
    return _overlay(
        dataset, variables, observed, begins, more, schedules, arms, marks, title, looks, columns=2
    )


def _overlay(
    dataset: xr.Dataset,
    variables: Sequence[str] | None,
    observed: Mapping[str, Sources] | Sources | None,
    begins: Mapping[Source, float] | None,
    more: Observations | None,
    schedules: Mapping[str, str | Schedule] | None,
    arms: Iterable[str] | None,
    marks: Mapping[str, float] | None,
    title: str,
    looks: Mapping[str, Look] | None,
    *,
    columns: int,
) -> tuple[Figure, pd.DataFrame]:
    chosen = arm_names(dataset, arms)
    if variables is None:
        variables = _main_variables(dataset)
    if not variables:
        raise ConfigError("variables: name at least one variable of the dataset.")
    check_variables(dataset, variables)
    sources = {arm: pairs for arm, pairs in _sources(observed, chosen).items() if arm in chosen}
    points = published_points(dataset, sources, variables, begins=begins, more=more)
    if any(sources.values()) and points.empty:
        warnings.warn(_nothing_placed(sources, variables), RemodelWarning, stacklevel=3)
    simulated = [value_at(dataset, p.arm, p.variable, p.month) for p in points.itertuples()]
    figure = draw_overlay(
        dataset,
        variables,
        points,
        looks or arm_looks(chosen),
        columns=columns,
        title=title,
        schedules=_parsed(schedules or {}, chosen),
        marks=marks,
    )
    return figure, points.assign(simulated=simulated)


def _nothing_placed(sources: Mapping[str, Sequence[Source]], variables: Sequence[str]) -> str:
    names = dict.fromkeys(f"{study}/{arm}" for pairs in sources.values() for study, arm in pairs)
    return (
        f"observed: {', '.join(names)}: no number of {', '.join(variables)} that can be drawn; one "
        "that is a difference from another arm needs that arm in observed too."
    )


def _main_variables(dataset: xr.Dataset) -> list[str]:
    """Return what is drawn if nothing is said: changes that are looked at first, else what is."""
    changes = [name for name in _MAIN if name in dataset.data_vars]
    levels = [str(name) for name, v in dataset.data_vars.items() if "time" in v.dims]
    return changes or levels[: len(_MAIN)]


def _sources(
    observed: Mapping[str, Sources] | Sources | None, arms: Sequence[str]
) -> dict[str, list[Source]]:
    """Return the published arms laid over each simulated arm, as pairs of study and arm."""
    if observed is None:
        return {}
    if not isinstance(observed, Mapping):
        if len(arms) != 1:
            raise ConfigError(
                f"observed: there are {len(arms)} simulated arms ({', '.join(arms)}); say over "
                "which one published arms are laid, such as {arm: ['study/arm']}."
            )
        observed = {arms[0]: observed}
    return {arm: [_source(source) for source in sources] for arm, sources in observed.items()}


def _source(source: Source | str) -> Source:
    """Return study and arm of ``study/arm``."""
    if not isinstance(source, str):
        return source
    study, slash, arm = source.partition("/")
    if not (study and slash and arm):
        raise ConfigError(f"observed: '{source}' is not of the form 'study/arm'.")
    return study, arm


def _parsed(schedules: Mapping[str, str | Schedule], arms: Sequence[str]) -> dict[str, Schedule]:
    return {
        arm: schedule if isinstance(schedule, Schedule) else Schedule.parse(schedule)
        for arm in arms
        if (schedule := schedules.get(arm)) is not None
    }
