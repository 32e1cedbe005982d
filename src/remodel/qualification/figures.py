"""Figures of the report, as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.plots.style import COLORS, GRAY, paper
from remodel.qualification.findings import Findings, records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_DPI = 170
_WIDTH = 6.6  # inch
_ROW = 0.19
_SHOWN = 12


def figures(findings: Findings) -> dict[str, bytes]:
    """Return the figures of a report by name."""
    with paper():
        drawn = {
            "parameters": _parameters(findings.tables["parameters"]),
            "held_out": _held_out(findings.tables["predictions"]),
            "coverage": _coverage(findings.tables["coverage"]),
            "sensitivity": _sensitivity(findings.tables["sensitivity"], findings.tables["answers"]),
        }
        return {name: _png(figure) for name, figure in drawn.items()}


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()


def _axes(height: float, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure as Blank

    figure = Blank(figsize=(_WIDTH, height), layout="constrained")
    return figure, figure.subplots(1, columns, **options)


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _parameters(table: pd.DataFrame) -> Figure:
    """Draw prior and posterior of each parameter, on the scale of the prior."""
    figure, axes = _axes(0.7 + _ROW * len(table))
    colors = {"identified": COLORS[0], "weak": COLORS[4], "prior only": COLORS[1]}
    shown: set[str] = set()
    for i, row in enumerate(records(table)):
        low, high = row["prior_low_90"], row["prior_high_90"]
        shares = [(row[key] - low) / (high - low) for key in ("low_90", "value", "high_90")]
        axes.plot([0, 1], [i, i], color="#D9D9D9", lw=6, solid_capstyle="butt", zorder=1)
        label = row["verdict"] if row["verdict"] not in shown else None
        shown.add(row["verdict"])
        color = colors[row["verdict"]]
        axes.plot(shares[::2], [i, i], color=color, lw=2, zorder=2, label=label)
        axes.plot(shares[1], i, "o", ms=3.5, color=color, zorder=3)
    axes.set_yticks(range(len(table)), [_words(name) for name in table["parameter"]])
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlabel("place in the prior's 90 % interval (gray)")
    axes.set_title("Parameters: value and 90 % interval of the posterior")
    figure.legend(loc="outside lower right", ncols=3)
    return figure


def _held_out(table: pd.DataFrame) -> Figure:
    """Draw predicted against published changes of density of trials held out."""
    figure, axes = _axes(4.6)
    rows = table[
        table["endpoint"].str.startswith("bmd_")
        & table["scored"].astype(bool)
        & (table["kind"] == "change")
        & table["probability_below"].notna()
    ]
    groups = _grouped(rows["drug_class"])
    for i, group in enumerate(dict.fromkeys(sorted(groups))):
        shown = rows[np.array(groups) == group]
        bars = [shown["predicted"] - shown["low_90"], shown["high_90"] - shown["predicted"]]
        axes.errorbar(
            shown["value"], shown["predicted"], yerr=np.abs(bars), fmt="o", ms=3.5, lw=0.7,
            alpha=0.8, color=COLORS[i % len(COLORS)], label=group,
        )  # fmt: skip
    ends = [min(rows["value"].min(), rows["predicted"].min()) - 1,
            max(rows["value"].max(), rows["predicted"].max()) + 1]  # fmt: skip
    axes.plot(ends, ends, color=GRAY, lw=0.8, zorder=0)
    axes.set_xlabel("published change of density [%]")
    axes.set_ylabel("predicted, with 90 % band [%]")
    axes.set_title("Trials held out")
    figure.legend(loc="outside right upper")
    return figure


def _grouped(classes: pd.Series[str]) -> list[str]:
    """Return classes of treatment in the few groups that a figure can tell apart."""
    groups = []
    for name in classes:
        if name.startswith("aromatase inhibitor"):
            groups.append(name.replace("aromatase inhibitor", "inhibitor"))
        elif " after " in name or name.startswith("after"):
            groups.append("sequences")
        elif name in ("bisphosphonate", "denosumab", "untreated"):
            groups.append(name)
        else:
            groups.append("other drugs")
    return groups


def _coverage(table: pd.DataFrame) -> Figure:
    """Draw the share of numbers within their bands, by class of treatment."""
    figure, axes = _axes(0.9 + 1.25 * _ROW * len(table))
    colors = {"holds": COLORS[2], "misses": COLORS[1], "too few": GRAY}
    for i, row in enumerate(records(table)):
        color = colors.get(row["verdict"], COLORS[4])
        axes.plot([row["within_90_low"], row["within_90_high"]], [i, i], color=color, lw=2)
        axes.plot(row["within_90"], i, "o", ms=4.5, color=color)
    axes.axvline(0.9, color=GRAY, lw=0.8, zorder=0)
    labels = [f"{row['drug_class']} ({row['n']}; {row['trials']})" for row in records(table)]
    axes.set_yticks(range(len(table)), labels)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("share of published numbers within the 90 % band, with its 95 % interval")
    axes.set_title("Coverage of density by class (numbers; trials)")
    return figure


def _sensitivity(table: pd.DataFrame, answers: pd.DataFrame) -> Figure:
    """Draw what the most important parameters do to each answer."""
    figure, axes = _axes(3.6, len(answers), squeeze=False)
    for ax, answer in zip(axes[0], records(answers), strict=True):
        rows = table[table["question"] == answer["question"]].head(_SHOWN)
        ax.axvspan(answer["low_90"], answer["high_90"], color="#E6EEF5", zorder=0)
        for i, row in enumerate(records(rows)):
            ax.plot([row["at_low"], row["at_high"]], [i, i], color=COLORS[0], lw=4,
                    solid_capstyle="butt")  # fmt: skip
            ax.text(max(row["at_low"], row["at_high"]), i, f"  {_words(row['parameter'])}",
                    fontsize=5.5, va="center")  # fmt: skip
        ax.axvline(answer["change"], color=GRAY, lw=0.8)
        left, right = ax.get_xlim()
        ax.set_xlim(left, right + 1.5 * (right - left))
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_yticks([])
        ax.set_title(answer["question"], fontsize=7.5)
        ax.set_xlabel("spine after 5 y [%]")
    return figure
