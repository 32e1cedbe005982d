"""The strip under a time axis that shows what was given when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remodel.plots.style import GRAY
from remodel.schedules import Dose, Schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DENSE = 7.5  # days: doses at most this far apart are drawn as a bar


@dataclass(frozen=True, slots=True)
class Row:
    """One drug as some arms got it: bars of dense dosing and single doses [d]."""

    drug: str
    bars: tuple[tuple[float, float], ...]
    doses: tuple[float, ...]
    arms: tuple[str, ...]


def treatment_rows(schedules: Mapping[str, Schedule], until: float) -> list[Row]:
    """Return what to draw for each drug; arms that got the same share a row.

    Parameters
    ----------
    schedules : mapping of str to Schedule
        By arm.
    until : float
        End of the time axis [d].
    """
    shared: dict[tuple[str, tuple[tuple[float, float], ...], tuple[float, ...]], list[str]] = {}
    for arm, schedule in schedules.items():
        for drug in schedule.drugs:
            own = [dose for dose in schedule.doses if dose.drug == drug]
            key = (drug, _bars(own, until), _doses(own, until))
            shared.setdefault(key, []).append(arm)
    return [Row(*key, tuple(arms)) for key, arms in shared.items()]


def _bars(doses: list[Dose], until: float) -> tuple[tuple[float, float], ...]:
    return tuple(
        (max(0.0, dose.time), min(dose.end, until))
        for dose in doses
        if dose.interval is not None and dose.interval <= _DENSE and dose.end > 0
    )


def _doses(doses: list[Dose], until: float) -> tuple[float, ...]:
    sparse = [d for d in doses if d.interval is None or d.interval > _DENSE]
    singles = Schedule(tuple(sparse)).single_doses(until)
    return tuple(dose.time for dose in singles if dose.time >= 0)


def draw_treatment(axes: Axes, rows: list[Row], colors: Mapping[str, str], unit: float) -> None:
    """Draw rows of bars and ticks into axes of their own.

    Parameters
    ----------
    unit : float
        Days in one unit of the time axis.
    """
    for position, row in enumerate(rows):
        shade = colors[row.arms[0]] if len(row.arms) == 1 else GRAY
        times = [time / unit for time in row.doses]
        axes.barh(
            [position] * len(row.bars),
            [(end - start) / unit for start, end in row.bars],
            left=[start / unit for start, _ in row.bars],
            height=0.5,
            color=shade,
            alpha=0.75,
            linewidth=0,
        )
        if times:  # an empty line would still count in the size of the axes
            heights = [position] * len(times)
            axes.plot(times, heights, "v", markersize=4.5, color=shade, clip_on=False)
    axes.set_yticks(range(len(rows)), [row.drug.replace("_", " ") for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelsize=7)
    axes.spines["left"].set_visible(False)
