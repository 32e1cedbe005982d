"""The page about speed, written from measured results: ``python benchmarks/report.py``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import figures
import store
from peers import all_peers
from tables import columns, equal_error_table, error_table, number, ratio_of, table
from work_precision import FARTHEST, Entry, entries_of
from workloads import WORKLOADS

_SHORT_NAMES = {"R": "reference model", "J": "Jörg 2022", "P": "Peterson 2010",
                "Le": "Lemaire 2004", "Pi": "Pivonka 2008", "Ko": "Komarova 2003"}  # fmt: skip
_IN_DETAIL = ("R", "J", "P")
_MACHINE = (
    "processor", "cores", "simulations to a vector", "system", "python", "numpy", "scipy", "numba",
    "llvmlite", "numbalsoda", "scikit-sundae", "libroadrunner", "jax", "diffrax",
)  # fmt: skip

_INTRODUCTION = """# Speed

How fast is the engine, how does it compare with other solvers on the same problems, and what does
a large virtual trial cost? `make bench` measures all of this again (`--publish` writes this page);
nothing here is a test, and no number decides anything.
"""

_METHOD = """## How it is measured

* **The same problem for all.** Every solver integrates the same state-scaled equations, generated
  from one graph, with the absolute tolerance at 1e-3 of the relative one, and restarts at every
  dose and kink. Where a solver takes a compiled right-hand side or an exact Jacobian, it gets them;
  what depends on parameters alone is computed once for everyone. States below 1e-100 are set to
  zero at restarts for all, as this engine does at every step. Compiling is not in the times.
* **Samples.** {samples} simulations a workload: the nominal parameters and lognormal samples with a
  standard deviation of 5 %, within their bounds. Solvers that take them one by one and are slow get
  the first few only (column *simulations*), so their largest error is over fewer samples. Samples
  with no finite derivative at the start are replaced. The right-hand side of Peterson 2010 jumps
  where BCL2 passes a threshold; samples in which it does are left out, because errors there are
  those of a jump nobody stops at: this engine had up to 2e-3 at rtol 1e-6, LSODA 7e-5.
* **Error** is the largest of |y - y_ref| / (|y_ref| + 1e-3 max |y_ref|) over simulations, output
  times and states of the body (amounts of drug are left out). The reference is LSODA at rtol 1e-11;
  Radau at 1e-10 agrees with it to the difference given under each table.
* **Time** is processor time per simulation on one thread, in one process pinned to one processor.
  Solvers take turns: every one, at every tolerance, once a round; times are medians over
  {rounds} rounds, ratios medians of the ratios within a round; calls of more than 3 s are made
  once. Processor time does not count what
  other programs took, but they still disturb caches and clock rates: loads are given above.
* **Equal error** is interpolated, linear in logarithms, between measured tolerances. A star marks
  an error outside the measured range: the loosest run as it is, or extrapolated from the last two
  by at most a factor of {farthest:g} in the error.
* **remodel rodas5p** is the default engine, called with all samples at once; *1024 at once* is the
  same with a batch large enough that no lane waits; *one lane* is the same code without vectors.
"""


def write(folder: Path, page: Path, pictures: Path) -> None:
    """Write the page and its figures from the results in a folder."""
    pictures.mkdir(parents=True, exist_ok=True)
    shown = os.path.relpath(pictures, page.parent)
    precision = {key: store.read(folder, f"work_precision_{key}") for key in WORKLOADS}
    parts = [
        _INTRODUCTION,
        _targets(folder, precision["R"]),
        _conditions(folder),
        _workloads(precision, pictures, shown),
        _scaling(folder, pictures, shown),
        _threads(folder),
        _patients(folder),
        _sweeps(folder),
        _start(folder),
        _steps(folder),
        _how(precision["R"] or precision["Le"]),
    ]
    page.write_text("\n".join(part for part in parts if part))


def _targets(folder: Path, precision: list[dict[str, Any]]) -> str:
    rows = [*_peer_targets(entries_of(precision)), *_other_targets(folder)]
    if not rows:
        return ""
    text = (
        "## In short\n\nWhat was aimed for, and what was measured; *On what* says when, and on how "
        "busy a machine.\n\n"
    )
    return text + table(["", "aim", "measured"], rows)


def _peer_targets(entries: list[Entry]) -> list[list[str]]:
    if not entries:
        return []
    aims = (
        ("numbalsoda LSODA", 1e-4, 12), ("numbalsoda LSODA", 1e-6, 8),
        ("CVODE (scikit-sundae), compiled rhs and Jacobian", 1e-6, 20),
        ("SciPy LSODA, compiled rhs", 1e-6, 60), ("diffrax Kvaerno5, vmap", 1e-6, 100),
    )  # fmt: skip
    rows = []
    for peer, error, aim in aims:
        ratio = ratio_of(entries, error, peer)
        measured = "not installed" if ratio is None else f"{number(ratio)} x"
        rows.append([f"reference model, faster than {peer} at error {error:.0e}", f"{aim} x",
                     measured])  # fmt: skip
    return rows


def _other_targets(folder: Path) -> list[list[str]]:
    threads = [
        [
            f"two threads over one, {_SHORT_NAMES[r['workload']]}",
            "1.7 x",
            number(r["speedup"]) + " x",
        ]
        for r in store.read(folder, "threads")
    ]
    rows = []
    for r in store.read(folder, "patients"):
        many = f"{r['patients']:,.0f} patients, ten treated years, ten endpoints a month"
        rows.append([many, "about 60 s", f"{number(r['s'])} s"])
        rows.append(["their memory beyond the output", "2 GiB",
                     f"{number(r['beyond_output_GiB'])} GiB"])  # fmt: skip
    return threads + rows


def _conditions(folder: Path) -> str:
    conditions = store.conditions_of(folder)
    if not conditions:
        return ""
    first = next(iter(conditions.values()))
    machine = table(["", ""], [[name, f"{first[name]}"] for name in _MACHINE if name in first])
    busy = table(
        ["section", "date", "commit", "load at start", "load at end"],
        [
            [s, c["date"], c.get("commit", "not recorded"), c["load at start"], c["load at end"]]
            for s, c in conditions.items()
        ],
    )
    missing = [f"* {p.name}: `{p.install}`" for p in all_peers() if not p.available()]
    absent = "\nNot installed, so not measured:\n\n" + "\n".join(missing) + "\n" if missing else ""
    return (
        f"## On what\n\n{machine}\nLoad of the machine (programs that wanted a processor, this one "
        f"included) around each section, and the commit measured (plus: with uncommitted changes). "
        f"Sections of different commits or loads were measured in different runs.\n\n{busy}{absent}"
    )


def _workloads(precision: dict[str, list[dict[str, Any]]], pictures: Path, shown: str) -> str:
    parts = []
    for key in WORKLOADS:
        if not precision[key]:
            continue
        entries = entries_of(precision[key])
        title = _SHORT_NAMES[key]
        workload = WORKLOADS[key](1)
        name = f"work_precision_{key}.png"
        figures.work_precision_figure(entries, title, pictures / name)
        difference = precision[key][0]["reference_difference"]
        parts.append(
            f"### {title}\n\n{workload.title}; {len(workload.system.states)} states. Reference "
            f"solutions differ by {difference:.0e}.\n\n![{title}]({shown}/{name})\n\n"
            f"Time per simulation at equal error, and how many times that of the engine:\n\n"
            f"{equal_error_table(entries)}"
        )
        if key in _IN_DETAIL:
            parts.append(f"As measured:\n\n{error_table(entries)}")
    return "## Against other solvers\n\n" + "\n".join(parts) if parts else ""


def _scaling(folder: Path, pictures: Path, shown: str) -> str:
    batch, doses, models = (store.read(folder, s) for s in ("batch", "doses", "models"))
    if not (batch and doses and models):
        return ""
    figures.scaling_figure(batch, doses, models, pictures / "scaling.png")
    common = {"ms": "ms_per_simulation", "steps": "steps", "µs a step": "us_per_step",
              "error": "error"}  # fmt: skip
    return (
        "## How the cost grows\n\nOne thread, rtol 1e-6; the error is that of the same batch "
        f"against rtol 1e-10.\n\n![Cost of a simulation]({shown}/scaling.png)\n\n"
        "With the batch (reference model, three endpoints):\n\n"
        + columns(batch, {"simulations": "simulations", **common})
        + "\nWith the doses (denosumab 60 mg, ten years, three endpoints):\n\n"
        + columns(doses, {"doses": "doses", "events": "events", **common})
        + "\nWith the model (all states as output):\n\n"
        + columns(models, {"model": "model", "states": "states", "events": "events", **common})
    )


def _threads(folder: Path) -> str:
    rows = store.read(folder, "threads")
    if not rows:
        return ""
    chosen = {
        "workload": "workload", "simulations": "simulations", "s, 1 thread": "s_one_thread",
        "s, 2 threads": "s_two_threads", "ratio": "speedup", "best round": "best_speedup",
        "error": "error", "load": "load",
    }  # fmt: skip
    return (
        "## Threads\n\nWall time of one and two threads in turn, rtol 1e-6. It needs two idle "
        "processors: the load says whether there were.\n\n" + columns(rows, chosen)
    )


def _patients(folder: Path) -> str:
    rows = store.read(folder, "patients")
    if not rows:
        return ""
    row = rows[0]
    return (
        "## A large virtual trial\n\n"
        f"`remodel.simulate` for {row['patients']:,.0f} women of 55 to 75 who differ in age and in "
        f"every estimated parameter: their history up to the trial, then ten years of anastrozole "
        f"(5 y) and denosumab (10 y), {number(row['endpoints'])} endpoints at "
        f"{number(row['months'])} months, {number(row['threads'])} threads, rtol 1e-6 "
        f"({number(row['failed'])} failed; load {number(row['load'])}).\n\n"
        + table(
            ["part", "s"],
            [
                ["history before treatment", row["s_history"]],
                ["ten treated years", row["s_treatment"]],
                ["translation of schedules and patients, dataset", row["s_other"]],
                ["all", row["s"]],
            ],
        )
        + "\n"
        + table(
            ["memory", "GiB"],
            [
                ["before", row["start_GiB"]],
                ["output", row["output_GiB"]],
                ["peak", row["peak_GiB"]],
                ["peak beyond start and output", row["beyond_output_GiB"]],
            ],
        )
    )


def _sweeps(folder: Path) -> str:
    rows = store.read(folder, "sweeps")
    if not rows:
        return ""
    best: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["way"] not in best or float(row["s"]) < float(best[row["way"]]["s"]):
            best[row["way"]] = row
    engine, first = best["engine alone"], rows[0]
    return (
        "## Sweeps\n\n"
        f"{first['simulations']:,.0f} simulations of five years of denosumab, six endpoints at 21 "
        f"times, on {number(first['processors'])} processors: the engine alone, a sweep from the "
        "call to the open store, and the same on local Dask workers, start and end included. "
        "The better of two rounds. The clock needs idle processors; the load says whether there "
        "were, and processor time needs none.\n\n"
        + table(
            ["", "s", "processor s", "speed by clock", "by processor time", "peak GiB", "load"],
            [
                [
                    way, row["s"], row["cpu_s"], engine["s"] / row["s"],
                    engine["cpu_s"] / row["cpu_s"], row["peak_GiB"], row["load"],
                ]
                for way, row in best.items()
            ],
        )
    )  # fmt: skip


def _start(folder: Path) -> str:
    rows = store.read(folder, "start")
    if not rows:
        return ""
    chosen = {"process": "what", "s, empty cache": "s_first", "s, again": "s_again"}
    return (
        "## Start\n\nWall time of whole processes. The first simulation of all compiles the loop, "
        "which every model shares; later ones of other models compile that model only.\n\n"
        + columns(rows, chosen)
    )


def _steps(folder: Path) -> str:
    kernels, operations = store.read(folder, "kernels"), store.read(folder, "operations")
    if not (kernels and operations):
        return ""
    chosen = {
        "workload": "workload", "lanes": "lanes", "workspace kB": "workspace_kB",
        "rhs": "slope", "rhs and Jacobian": "linearize", "whole step": "advance",
        "interpolate": "interpolate", "outputs, once": "observe", "step in a batch":
        "step_in_batch",
    }  # fmt: skip
    counts = {"workload": "workload", "function": "function", "add, multiply": "cheap",
              "divide": "divide", "exp": "exp", "log": "log", "where": "where"}  # fmt: skip
    return (
        "## Where the time of a step goes\n\nNanoseconds of the compiled kernels for all lanes at "
        "once (Rodas5P; a whole step is one linearization, one factorization, seven more "
        "right-hand sides and eight solves). *Step in a batch* is everything: the step, the loop "
        "around it and all states as output.\n\n"
        + columns(kernels, chosen)
        + "\nOperations of one evaluation, those that depend on parameters alone left out:\n\n"
        + columns(operations, counts)
    )


def _how(precision: list[dict[str, Any]]) -> str:
    if not precision:
        return ""
    rounds = len(str(precision[0]["seconds_per_simulation"]).split())
    most = max(r["simulations"] for r in precision if r["peer"] == "remodel rodas5p")
    return _METHOD.format(samples=int(most), rounds=rounds, farthest=FARTHEST)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    docs = here.parent / "docs"
    write(here / "results", docs / "benchmarks.md", docs / "_static" / "benchmarks")
