"""The strip under a time axis that shows what was given when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remodel.schedules import Dose, Schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DENSE = 7.5  # days: doses at most this far apart are drawn as a bar, ...
_APART = 1 / 55  # ... as are doses that would touch on the time axis
_LANE = 0.085  # inch, as all lengths here
_NAME = 0.15  # a line of text
_GAP = 0.1
_BAR = 0.75  # of a lane


@dataclass(frozen=True, slots=True)
class Lane:
    """One drug as one arm got it: bars of dense dosing and single doses [d]."""

    arm: str
    bars: tuple[tuple[float, float], ...]
    doses: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One drug, with a lane for each arm that got it."""

    drug: str
    lanes: tuple[Lane, ...]

    @property
    def height(self) -> float:
        """Room on paper [inch]."""
        return max(_NAME, len(self.lanes) * _LANE)


def treatment_rows(schedules: Mapping[str, Schedule], until: float) -> list[Row]:
    """Return what to draw for each drug, with a lane for each arm that gets it before ``until``.

    Parameters
    ----------
    schedules : mapping of str to Schedule
        By arm.
    until : float
        End of the time axis [d].
    """
    lanes: dict[str, list[Lane]] = {}
    for arm, schedule in schedules.items():
        for drug in schedule.drugs:
            doses = [dose for dose in schedule.doses if dose.drug == drug]
            dense = [dose for dose in doses if _is_dense(dose, until)]
            sparse = [dose for dose in doses if not _is_dense(dose, until)]
            lane = Lane(arm, _bars(dense, until), _times(sparse, until))
            if lane.bars or lane.doses:
                lanes.setdefault(drug, []).append(lane)
    return [Row(drug, tuple(arms)) for drug, arms in lanes.items()]


def _is_dense(dose: Dose, until: float) -> bool:
    return dose.interval is not None and dose.interval <= max(_DENSE, _APART * until)


def _bars(doses: list[Dose], until: float) -> tuple[tuple[float, float], ...]:
    return tuple(
        (max(0.0, dose.time), min(dose.end, until))
        for dose in doses
        if dose.end > 0 and dose.time < until
    )


def _times(doses: list[Dose], until: float) -> tuple[float, ...]:
    singles = Schedule(tuple(doses)).single_doses(until)
    return tuple(dose.time for dose in singles if dose.time >= 0)


def strip_height(rows: Sequence[Row]) -> float:
    """Return the height of the strip on paper [inch]; 0 without rows."""
    return sum(row.height + _GAP for row in rows) + _GAP if rows else 0.0


def draw_treatment(axes: Axes, rows: list[Row], colors: Mapping[str, str], unit: float) -> None:
    """Draw rows of bars and ticks into axes of their own, each lane in the color of its arm.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        As high as ``strip_height`` says.
    rows : list of Row
    colors : mapping of str to str
        By arm.
    unit : float
        Days in one unit of the time axis.
    """
    top = _GAP
    middles: list[float] = []
    for row in rows:
        if middles:
            axes.axhline(top - 0.5 * _GAP, color="#DDDDDD", linewidth=0.6, zorder=0)
        middles.append(top + 0.5 * row.height)
        first = middles[-1] - 0.5 * _LANE * (len(row.lanes) - 1)
        for i, lane in enumerate(row.lanes):
            _draw_lane(axes, lane, first + i * _LANE, colors[lane.arm], unit)
        top += row.height + _GAP
    axes.set_yticks(middles, [row.drug.replace("_", " ") for row in rows])
    axes.set_ylim(top, 0.0)
    axes.tick_params(axis="y", length=0, labelsize=7)
    axes.spines["left"].set_visible(False)


def _draw_lane(axes: Axes, lane: Lane, height: float, shade: str, unit: float) -> None:
    axes.barh(
        [height] * len(lane.bars),
        [(end - start) / unit for start, end in lane.bars],
        left=[start / unit for start, _ in lane.bars],
        height=_BAR * _LANE,
        color=shade,
        linewidth=0,
    )
    if lane.doses:  # an empty line would still count in the size of the axes
        times = [time / unit for time in lane.doses]
        axes.plot(
            times, [height] * len(times), "v", markersize=5, markeredgewidth=0, color=shade,
            clip_on=False,
        )  # fmt: skip
