"""Work-precision and scaling figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from remodel.plots.style import COLORS, GRAY, paper
from work_precision import Entry

_SHOWN = (
    "remodel rodas5p", "remodel rodas4", "numbalsoda LSODA",
    "SciPy odeint, compiled rhs and Jacobian",
    "CVODE (scikit-sundae), compiled rhs and Jacobian", "CVODE (libRoadRunner)",
    "SciPy LSODA, compiled rhs", "SciPy LSODA, Python rhs",
    "SciPy Radau, compiled rhs and Jacobian", "diffrax Kvaerno5, vmap",
)  # fmt: skip
_MARKERS = "osD^vP*X<>"


def work_precision_figure(entries: Sequence[Entry], title: str, path: Path) -> None:
    """Draw time per simulation against error."""
    import matplotlib.pyplot as plt

    with paper():
        figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
        for k, peer in enumerate(_SHOWN):
            mine = sorted((e for e in entries if e.peer == peer), key=lambda e: e.error)
            if not mine:
                continue
            axes.plot(
                [e.error for e in mine],
                [median(e.seconds) * 1e3 for e in mine],
                marker=_MARKERS[k % len(_MARKERS)],
                markersize=4,
                color=COLORS[k % len(COLORS)] if k else COLORS[0],
                linestyle="-" if k < len(COLORS) else "--",
                linewidth=2.2 if k == 0 else 1.1,
                label=peer,
            )
        axes.set(xscale="log", yscale="log", title=title)
        axes.invert_xaxis()
        axes.set_xlabel("largest relative error")
        axes.set_ylabel("processor time per simulation [ms]")
        axes.grid(which="major", color=GRAY, alpha=0.2)
        figure.legend(loc="outside right upper")
        figure.savefig(path)
        plt.close(figure)


def scaling_figure(
    batch: Sequence[dict[str, Any]], doses: Sequence[dict[str, Any]],
    models: Sequence[dict[str, Any]], path: Path,
) -> None:  # fmt: skip
    """Draw cost per simulation against batch size, events and states."""
    import matplotlib.pyplot as plt

    panels = (
        (batch, "simulations", "simulations in the batch", "log"),
        (doses, "events", "doses and kinks in ten years", "linear"),
    )
    with paper():
        figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.3), layout="constrained")
        for ax, (table, name, label, scale) in zip(axes, panels, strict=False):
            found = sorted((row[name], row["ms_per_simulation"]) for row in table)
            ax.plot(*zip(*found, strict=True), marker="o", markersize=4, color=COLORS[0])
            ax.set(xlabel=label, ylabel="ms per simulation", xscale=scale, ylim=(0, None))
        shown = [row for row in models if row["states"]]
        axes[2].scatter(
            [row["states"] for row in shown], [row["us_per_step"] for row in shown], 14,
            color=COLORS[0],
        )  # fmt: skip
        axes[2].set(xlabel="states", ylabel="µs per step", ylim=(0, None), xlim=(0, None))
        figure.savefig(path)
        plt.close(figure)
