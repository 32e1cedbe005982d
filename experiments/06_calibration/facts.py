"""Single facts that the reference model must show, and whether it does; run again after any fit.

    python experiments/06_calibration/facts.py [PARAMETERS.toml]

Each fact is a number of the model, the range it has to be in, and where that comes from. They are
not fitted as such, though some of the trials are. The exit code is the number of facts missed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import remodel as rm

MONTH = 30.4375
SPINE, HIP, CTX = "bmd_lumbar_spine", "bmd_total_hip", "ctx"
WIDE = 1e9


@dataclass(frozen=True, slots=True)
class Fact:
    """A number of the model and the range it has to be in."""

    name: str
    value: float
    low: float
    high: float
    source: str

    @property
    def met(self) -> bool:
        """Whether the value is in the range."""
        return self.low <= self.value <= self.high


@dataclass(frozen=True, slots=True)
class Model:
    """The reference model at one set of values."""

    parameters: Any

    def course(
        self,
        schedule: str | None,
        outputs: list[str],
        years: float,
        day: float = MONTH,
        **woman: Any,
    ) -> Callable[[str, float], float]:
        """Return ``change(output, month)``; times are a month apart, or ``day`` days."""
        times = np.arange(0, years * 365.25 + 1, day)
        sex_or_age = {"age": 66, **woman}
        if sex_or_age.get("sex") != "male":
            sex_or_age.setdefault("menopause_age", 50)
        ds = rm.simulate(
            "reference",
            schedule=schedule,
            patient=rm.Patient(**sex_or_age),
            parameters=self.parameters,
            times=times,
            outputs=outputs,
        )
        return lambda output, month: float(np.interp(month * MONTH, times, ds[output].values[0]))

    def changes(
        self, schedule: str | None, years: float, **woman: Any
    ) -> Callable[[str, float, float], float]:
        """Return ``change(output, month, since)`` in percent of the level at month ``since``."""
        level = self.course(schedule, [SPINE, HIP, CTX, "p1np"], years, **woman)
        return lambda output, month, since=0.0: (
            100 * (level(output, month) / level(output, since) - 1)
        )


def zoledronate_once(model: Model) -> Iterator[Fact]:
    """One dose, against none."""
    treated = model.changes("zoledronic acid 5 mg once", 10)
    none = model.changes(None, 10)
    contrast = {m: treated(SPINE, m) - none(SPINE, m) for m in (12, 24, 60, 84, 108)}
    for month, value in ((12, 3.6), (24, 5.3), (60, 5.1)):
        yield Fact(
            f"one zoledronate, spine against none, month {month}", contrast[month], value - 0.8,
            value + 0.8, "Grey 2012, 2014, 2017",
        )  # fmt: skip
    later = max(contrast[84], contrast[108]) - contrast[60]
    yield Fact("one zoledronate, spine: contrast after year 5", later, -WIDE, 0.1, "Grey 2022")


def inhibitor_stopped(model: Model) -> Iterator[Fact]:
    """Five years of anastrozole, with and without zoledronate, and what comes after."""
    alone = model.changes("anastrozole 1 mg daily for 5 y", 10, age=60)
    both = model.changes(
        "anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 5 y", 10, age=60
    )
    normal = model.changes("anastrozole 1 mg daily for 5 y", 7, age=60, t_score_lumbar_spine=0.0)
    yield Fact(
        "inhibitor stopped, spine in two years at T 0", normal(SPINE, 84, 60), 0.7, 1.8,
        "IBIS-II off",
    )  # fmt: skip
    for month in (84, 120):
        excess = both(SPINE, month, 60) - alone(SPINE, month, 60)
        yield Fact(
            f"inhibitor and zoledronate stopped, spine, month {month}, beyond recovery", excess,
            -WIDE, 0.5, "no trial: what turnover allows",
        )  # fmt: skip


def after_denosumab(model: Model) -> Iterator[Fact]:
    """Rebound, and zoledronate given for it."""
    women = {"age": 62, "t_score_lumbar_spine": -1.6}
    off = model.changes(
        "denosumab 60 mg every 6 mo x 4; calcium vitamin d 1000 mg daily for 4 y", 4, **women
    )
    for month, value in ((24, -63), (27, 27), (30, 62), (36, 36), (42, 7), (48, -12)):
        yield Fact(
            f"two years of denosumab, CTX, month {month}", off(CTX, month), value - 12, value + 12,
            "Bone 2011",
        )  # fmt: skip
    yield Fact("P1NP at one month of denosumab", off("p1np", 1), -35, -18, "Bone 2011, DECIDE")
    exit_ = model.changes(
        "denosumab 60 mg every 6 mo x 9; zoledronic acid 5 mg once from 54 mo", 7, age=66
    )
    yield Fact(
        "4.5 years of denosumab, then zoledronate: spine in a year", exit_(SPINE, 66, 54), -6.2,
        -3.0, "Soelling 2020: -4.8, -4.1, -4.7",
    )  # fmt: skip
    short = model.changes(
        "denosumab 60 mg every 6 mo x 6; zoledronic acid 5 mg once from 36 mo", 6, age=66
    )
    kept = short(SPINE, 66) / short(SPINE, 36)
    yield Fact(
        "denosumab, then zoledronate: share of spine gain kept", kept, 0.57, 0.8, "Everts 2020"
    )


def denosumab_exposure(model: Model) -> Iterator[Fact]:
    """Exposure, calcium and PTH after one dose."""
    level = model.course(
        "denosumab 60 mg once", ["denosumab_concentration", "calcium", "pth"], 0.4, 0.25, age=65
    )
    days = np.arange(0, 112.25, 0.25)
    serum = np.array([level("denosumab_concentration", d / MONTH) for d in days])
    yield Fact("denosumab, maximum [mg/L]", serum.max(), 6.08, 7.43, "Prolia label: 6.75")
    area = float(np.trapezoid(serum, days))
    yield Fact("denosumab, area over 16 weeks [mg d/L]", area, 284, 348, "Prolia label: 316")
    calcium = np.array([level("calcium", d / MONTH) for d in days])
    fall = 100 * (calcium / calcium[0] - 1)
    yield Fact("day of lowest calcium", days[fall.argmin()], 3, 21, "Prolia label")
    yield Fact("lowest calcium [%]", fall.min(), -3, -1, "Prolia label")
    pth = 100 * (level("pth", 1) / level("pth", 0) - 1)
    yield Fact("PTH at one month [%]", pth, 45, 80, "McClung 2006: 64")


def women_differ(model: Model) -> Iterator[Fact]:
    """Who gains more."""
    gains = [
        model.changes("zoledronic acid 5 mg yearly for 3 y", 3, age=72, t_score_total_hip=t)(
            HIP, 36
        )
        for t in (-2.5, -1.5)
    ]
    yield Fact(
        "zoledronate, hip at 3 years: for one SD less", gains[0] - gains[1], -0.2, 0.2, "HORIZON"
    )
    low, high = (
        Model({**dict(model.parameters or {}), "turnover": t}).changes(
            "zoledronic acid 5 mg yearly for 3 y", 3, age=72
        )(HIP, 36)
        for t in (0.8, 1.25)
    )
    yield Fact("the same: for turnover 1.25 against 0.8", high - low, 0.1, WIDE, "Eastell 2015")


def old_spine(model: Model) -> Iterator[Fact]:
    """The scan and what is behind it, from 60 to 80 years."""
    outputs = [SPINE, f"{SPINE}_artefact_free", f"{SPINE}_qct"]
    level = model.course(None, outputs, 20, age=60)
    for output, low, high in zip(outputs, (-3, -25, -40), (3, -10, -10), strict=True):
        change = 100 * (level(output, 240) / level(output, 0) - 1)
        yield Fact(f"60 to 80 years: {output}", change, low, high, "Riggs 2008; Mazess 1995")


def tissue(model: Model) -> Iterator[Fact]:
    """Mineral of tissue after three years of zoledronate, against none."""
    names = [f"tissue_mineral_density_{kind}" for kind in ("trabecular", "cortical")]
    treated = model.course("zoledronic acid 5 mg yearly for 3 y", names, 3, age=73)
    none = model.course(None, names, 3, age=73)
    for name, value in zip(names, (3.2, 2.7), strict=True):
        gain = 100 * (treated(name, 36) / none(name, 36) - 1)
        yield Fact(f"zoledronate, 3 years: {name}", gain, value - 1.2, value + 1.2, "Misof 2013")


def doses(model: Model) -> Iterator[Fact]:
    """Dose-response."""
    weekly = model.changes("alendronate 70 mg weekly for 2 y", 2, age=66)(SPINE, 24)
    daily = {
        dose: model.changes(f"alendronate {dose} mg daily for 10 y", 10, age=64) for dose in (5, 10)
    }
    for dose, value in ((5, 9.3), (10, 13.7)):
        yield Fact(
            f"alendronate {dose} mg, spine at ten years", daily[dose](SPINE, 120), value - 1.5,
            value + 1.5, "Bone 2004",
        )  # fmt: skip
    yield Fact(
        "alendronate 70 mg weekly less 10 mg daily, spine at two years",
        weekly - model.changes("alendronate 10 mg daily for 2 y", 2, age=66)(SPINE, 24),
        -0.5, 0.5, "Rizzoli 2002",
    )  # fmt: skip
    for dose, interval, value in ((6, 3, -58), (14, 3, -70), (14, 6, -40)):
        ctx = model.changes(
            f"denosumab {dose} mg every {interval} mo x {12 // interval}", 1, age=63
        )
        at = interval
        yield Fact(
            f"denosumab {dose} mg every {interval} months, CTX before the second dose",
            ctx(CTX, at), value - 18, value + 18, "McClung 2006, read off, recalled",
        )  # fmt: skip
    switch = model.changes(
        "denosumab 60 mg every 6 mo x 2 from -12 mo; romosozumab 210 mg monthly x 12", 1, age=67
    )
    yield Fact("romosozumab after denosumab, hip in a year", switch(HIP, 12), 0.0, 1.9, "0.9")


def men(model: Model) -> Iterator[Fact]:
    """Bioavailable estradiol of men from 30 to 80 years."""
    level = model.course(None, ["estradiol", "bioavailable_share"], 50, 365.25, age=30, sex="male")
    share = [level("estradiol", m) * level("bioavailable_share", m) for m in (0, 600)]
    yield Fact(
        "bioavailable estradiol of men, 30 to 80 years [%]", 100 * (share[1] / share[0] - 1), -50,
        -45, "Khosla 1998",
    )  # fmt: skip


CHECKS = (
    zoledronate_once, inhibitor_stopped, after_denosumab, denosumab_exposure, women_differ,
    old_spine, tissue, doses, men,
)  # fmt: skip


def main() -> int:
    """Print the table; return how many facts are missed."""
    model = Model(rm.load_parameters(sys.argv[1]) if len(sys.argv) > 1 else None)
    missed = 0
    for check in CHECKS:
        for fact in check(model):
            missed += not fact.met
            low = "" if fact.low == -WIDE else f"{fact.low:.4g}"
            high = "" if fact.high == WIDE else f"{fact.high:.4g}"
            print(
                f"{'met ' if fact.met else 'MISS'} {fact.name:66s} {fact.value:8.2f}"
                f"  [{low}, {high}]  {fact.source}"
            )
    print(f"{missed} missed")
    return missed


if __name__ == "__main__":
    sys.exit(main())
