"""One look for all figures: paper size, colors that most color-blind people can tell apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from remodel.errors import ConfigError

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.gridspec import GridSpec

# Okabe M, Ito K (2008) Color universal design; without yellow, which is faint on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GRAY = "#6B6B6B"
PANEL_HEIGHT = 1.75  # inch, as all lengths here
_LEFT, _LEGEND, _TOP, _BOTTOM, _LINE_GAP = 1.05, 2.45, 0.62, 0.5, 0.38
INK = "#222222"
Dashes = Literal["-"] | tuple[int, tuple[float, ...]]
# as many as there are colors, so that lines differ in print and to every eye
DASHES: tuple[Dashes, ...] = (
    "-",
    (0, (4, 1.5)),
    (0, (1, 1)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (8, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (2, 2)),
)
_LINE_HEIGHT = 0.125  # of a line of text in a legend


class Look(NamedTuple):
    """How an arm is drawn in every panel and figure: its color and its dashes."""

    color: str
    dashes: Dashes


_PAPER: Any = {
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.5,
    "figure.dpi": 150,
    "savefig.dpi": 200,
    "figure.titlesize": 10,
    "figure.titleweight": "bold",
}
_CHANGE = ", change from start"
_UNITS = {
    "percent": "%", "1": "", "d": "days", "wk": "weeks", "mo": "months", "month": "months",
    "y": "years", "g/cm2": "g/cm²", "g/cm^2": "g/cm²", "ug/L": "µg/L",
}  # fmt: skip
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
_MOST_MONTH_TICKS = 9


@contextmanager
def paper() -> Iterator[None]:
    """Draw with the package's settings, whatever the user's are."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_PAPER)
        yield


def check_text(text: str) -> None:
    """Refuse text that cannot be drawn because of a formula in it, between dollar signs.

    Raises
    ------
    ConfigError
    """
    if text.count("$") < 2:
        return
    from matplotlib.cbook import is_math_text
    from matplotlib.mathtext import MathTextParser

    if not is_math_text(text):
        return
    try:
        MathTextParser("path").parse(text)
    except ValueError as error:
        reason = " ".join(str(error).split("\n")[-1].split()) or "not understood"
        raise ConfigError(
            f"the formula in {text[:60]!r} cannot be drawn: {reason}; write a dollar sign as \\$.",
            field="title",
            value=text,
        ) from error


def color(position: int) -> str:
    """Return the color of the n-th line; they repeat after seven."""
    return COLORS[position % len(COLORS)]


def look(position: int) -> Look:
    """Return color and dashes of the n-th line; when colors repeat, the dashes differ."""
    turn = position // len(COLORS)
    return Look(color(position), DASHES[(position + turn) % len(DASHES)])


def unit_text(unit: str) -> str:
    """Return a unit as it is printed beside an axis; empty for a plain number."""
    return _UNITS.get(unit, unit).replace("_", " ")


def tick_months(axis: Axis, lowest: float, highest: float) -> None:
    """Put ticks along an axis in months where people look: at quarters, half years or years."""
    from matplotlib.ticker import MultipleLocator

    fitting = (s for s in _MONTH_STEPS if (highest - lowest) / s <= _MOST_MONTH_TICKS)
    axis.set_major_locator(MultipleLocator(next(fitting, _MONTH_STEPS[-1])))


def axis_label(variable: xr.DataArray, *, under_title: bool = False) -> str:
    """Return what an axis shows, with its unit or with what counts as 1.

    Parameters
    ----------
    variable : xarray.DataArray
    under_title : bool
        A title names the measurement, so that a long label need not.
    """
    name = str(variable.attrs.get("long_name", variable.name))
    unit = unit_text(str(variable.attrs.get("units", "")))
    shown = "change from start" if name.endswith(_CHANGE) else _short(name)
    if unit:
        return f"{shown} [{unit}]"
    relative = re.search(r"relative to (.*)", name)
    if relative is None:
        return shown
    return f"{relative[1]} = 1" if under_title else f"{shown} [{relative[1]} = 1]"


def panel_title(variable: xr.DataArray) -> str:
    """Return the measurement in words, without what is done to it."""
    name = _short(str(variable.attrs.get("long_name", variable.name)).removesuffix(_CHANGE))
    return name[:1].upper() + name[1:]


def _short(name: str) -> str:
    """Return a long name without remarks in brackets or after ``relative to``."""
    plain = re.sub(r"\s*\([^)]*\)", "", name)
    return re.sub(r",?\s+relative to .*", "", plain)


def figure_with_legend_column(
    widths: Sequence[float],
    heights: Sequence[float],
    gap: float,
    *,
    below: float = 0.0,
    legend: float = 0.0,
) -> tuple[Figure, GridSpec]:
    """Return a figure whose panels have the given sizes [inch], with room for a legend beside.

    Parameters
    ----------
    widths, heights : sequence of float
        Of columns and lines of panels.
    gap : float
        Between columns.
    below : float
        Room under the panels for more.
    legend : float
        Height of the legend, which makes the page higher where it needs to.
    """
    from matplotlib.figure import Figure

    across = sum(widths) + gap * (len(widths) - 1)
    down = sum(heights) + _LINE_GAP * (len(heights) - 1)
    width, height = (
        _LEFT + across + 0.2 + _LEGEND,
        max(_TOP + down + below + _BOTTOM, _TOP + legend),
    )
    figure = Figure(figsize=(width, height))
    top = 1 - _TOP / height
    grid = figure.add_gridspec(
        len(heights), len(widths), width_ratios=widths, height_ratios=heights,
        left=_LEFT / width, right=(_LEFT + across) / width, top=top, bottom=top - down / height,
        wspace=gap / (sum(widths) / len(widths)), hspace=_LINE_GAP / (sum(heights) / len(heights)),
    )  # fmt: skip
    return figure, grid


def legend_beside(
    figure: Figure, panels: Sequence[Axes], entries: Sequence[Artist], title: str, row: int = 0
) -> None:
    """Put the legend to the right of all panels and the title above them.

    Parameters
    ----------
    row : int
        Row of panels at whose top the legend begins; above it there is something else.
    """
    width, height = figure.get_size_inches()
    boxes = [axes.get_position() for axes in panels]
    tops = sorted({round(box.y1, 6) for box in boxes}, reverse=True)
    corner = (max(box.x1 for box in boxes) + 0.2 / width, tops[row] + 0.08 / height)
    if entries:
        figure.legend(
            handles=entries,
            loc="upper left",
            bbox_to_anchor=corner,
            borderaxespad=0,
            alignment="left",
        )
    if title:
        left = min(box.x0 for box in boxes)
        figure.suptitle(title, x=left, y=1 - 0.12 / height, ha="left", va="top")


def legend_height(entries: Sequence[Artist]) -> float:
    """Return about how high a legend will be [inch]."""
    lines = sum(str(entry.get_label()).count("\n") + 1 for entry in entries)
    return lines * _LINE_HEIGHT + len(entries) * 0.055
