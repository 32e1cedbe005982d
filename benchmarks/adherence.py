"""Who does not take her tablets? The fit against the published rule, on women whose truth is known.

    python benchmarks/adherence.py [--women 2000] [--draws 2048] [--out DIR]

Women of 68 are prescribed alendronate. CTX and P1NP are read before and at three months. The fit
gives a probability that tablets are not taken; the rule of IOF and ECTS (Diez-Perez 2017,
Osteoporos Int 28:767) asks where neither marker fell by its least significant change. Both are
compared at the false alarms of the rule, and at fewer, for which the falls that the rule asks for
are made smaller by one factor. Who does not take her tablets takes none, or a tenth. Then women
differ 1.5 times as much, and are read with 1.5 times the errors, as the fit assumes. They are
drawn, simulated and read by `population`, `simulate` and `measure`, which the fit does not use.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import remodel as rm
from remodel._arrays import BoolArray, FloatArray
from remodel.individuals.courses import Courses, Draws, drawn, simulated
from remodel.individuals.covariance import Observed
from remodel.individuals.posterior import fitted
from remodel.individuals.prior import Prior
from remodel.individuals.readings import Reading
from remodel.individuals.response import LEAST_FALL
from remodel.measurement.instruments import Instruments, load_instruments
from remodel.models import load_model
from remodel.plots.style import look, paper
from remodel.populations.adherence import Pattern
from remodel.populations.load import load_definition
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AGE, MENOPAUSE = 68.0, 50.0
DRUG, POPULATION = "alendronate 70 mg weekly", "osteoporosis"
PRIOR = 0.15  # probability that tablets are not taken
MARKERS, VISITS = ("ctx", "p1np"), (0.0, 3.0)
WIDE = 1.5
TAKEN = {"none": 0.0, "a tenth": 0.1}  # share of tablets of those who do not take them
ALARMS = (0.01, 0.05)


@dataclass(frozen=True)
class Women:
    """Readings, shape (n, 2 visits) by marker, and who takes her tablets."""

    readings: dict[str, FloatArray]
    takes: FloatArray


def main() -> None:
    args = arguments()
    detector = Detector.of(args.draws)
    panels = {}
    print("false alarms and detections [% of those who take them, and of those who do not]")
    for factor in (1.0, WIDE):
        for words, share in TAKEN.items():
            women = read_women(args.women, factor, share)
            scores, falls = detector.scores(women), smallest_falls(women)
            wide = "as assumed" if factor == 1 else f"{factor:g} times"
            title = f"takes {words}, spread and errors {wide}"
            rule = share_of(falls[women.takes] > -1), share_of(falls[~women.takes] > -1)
            for alarms in (*ALARMS, rule[0]):
                fit, scaled = (detected(s, women.takes, alarms) for s in (scores, falls))
                print(f"{title:46s} alarms {alarms:6.1%}  rule {scaled:6.1%}  fit {fit:6.1%}")
            curves = [detection_curve(s, women.takes) for s in (scores, falls)]
            panels[title] = (*curves, rule)
    if args.out:
        figure(panels).savefig(args.out / "adherence.png")


@dataclass(frozen=True)
class Detector:
    """What the fit needs, computed once for all women of one age."""

    prior: Prior
    draws: Draws
    courses: Courses
    tools: Instruments

    @classmethod
    def of(cls, n: int) -> Detector:
        """Return a detector with n draws for each of the two explanations."""
        prior = Prior.of(
            load_definition(POPULATION), load_model("reference"), bmi=None, knows_menopause=True
        )
        draws = drawn(prior, n, [1 - PRIOR, PRIOR], 11)
        months, where = np.arange(0.0, 5.0), {"age": AGE, "menopause_age": MENOPAUSE}
        schedules = [Schedule.parse(DRUG), Schedule()]
        courses = simulated(prior, draws, schedules, months, MARKERS, **where)
        return cls(prior, draws, courses, load_instruments())

    def score(self, readings: dict[str, FloatArray], seed: int) -> float:
        """Return the probability that a woman does not take her tablets."""
        listed = [
            Reading(name, month, float(value))
            for name, values in readings.items()
            for month, value in zip(VISITS, values, strict=True)
        ]
        posterior = fitted(
            self.prior, self.draws, self.courses, Observed.of(listed, self.tools), self.tools,
            age=AGE, size=1, tails=1, seed=(3, seed),
        )  # fmt: skip
        weights = np.exp(posterior.log_weights - posterior.log_weights.max())
        return float(weights[self.draws.pattern == 1].sum() / weights.sum())

    def scores(self, women: Women) -> FloatArray:
        """Return the probability for each woman, shape (n,)."""
        people = range(len(women.takes))
        return np.array(
            [self.score({m: v[i] for m, v in women.readings.items()}, i) for i in people]
        )


def read_women(n: int, factor: float, share: float) -> Women:
    """Return women of whom half take a share of their tablets; spreads are a factor times usual."""
    women = rm.population(n, like=widened(factor), seed=5)
    times = np.array(VISITS) * DAYS_PER_MONTH
    less = Pattern("less", 1.0, taken=share).edited(Schedule.parse(DRUG))
    seen = []
    for schedule in (Schedule.parse(DRUG), less):
        course = rm.simulate(schedule=schedule, patient=women, times=times, outputs=MARKERS)
        seen.append(rm.measure(course, VISITS, seed=9, instruments=instruments(factor)))
    takes = np.arange(n) % 2 == 0
    readings = {
        m: np.where(takes[:, None], *(s[f"{m}_reading"].to_numpy() for s in seen)) for m in MARKERS
    }
    usable = np.all([np.isfinite(v).all(axis=1) for v in readings.values()], axis=0)
    return Women({m: v[usable] for m, v in readings.items()}, takes[usable])


def widened(factor: float) -> dict:
    """Return the population at one age, everything in which women differ wider by a factor."""
    fixed = {"distribution": "fixed", "source": "of this check"}
    patient = {"age": {**fixed, "center": AGE}, "menopause_age": {**fixed, "center": MENOPAUSE}}
    content = {"like": POPULATION, "patient": patient}
    if factor == 1:
        return content
    parameters = {}
    for c in load_definition(POPULATION).components:
        spread = c.distribution
        limits = {"lower": spread.lower, "upper": spread.upper}
        parameters[c.name] = {
            "distribution": spread.kind, "center": spread.center, "sd": factor * spread.sd,
            "of": list(c.parameters), "change": c.change, "source": "of this check",
            **{name: limit for name, limit in limits.items() if np.isfinite(limit)},
        }  # fmt: skip
    return {**content, "parameter": parameters}


def instruments(factor: float) -> dict:
    """Return assays whose errors are a factor times the usual."""
    samples = load_instruments().samples
    return {
        "samples": {
            m: {"within": factor * samples[m].within, "analytical": factor * samples[m].analytical}
            for m in MARKERS
        }
    }


def smallest_falls(women: Women) -> FloatArray:
    """Return the score of the rule, shape (n,): above -1 no marker fell by what it asks for."""
    falls = [
        100 * (1 - values[:, 1] / values[:, 0]) / LEAST_FALL[m]
        for m, values in women.readings.items()
    ]
    return -np.max(falls, axis=0)


def detected(scores: FloatArray, takes: FloatArray, alarms: float) -> float:
    """Return the share of those who do not take them with scores that few others reach."""
    usual = np.sort(scores[takes])[::-1]
    allowed = int(alarms * len(usual) + 1e-9)
    threshold = usual[allowed] if allowed < len(usual) else -np.inf
    return share_of(scores[~takes] > threshold)


def share_of(chosen: BoolArray) -> float:
    """Return how many are chosen, as a share."""
    return float(np.mean(chosen))


def detection_curve(scores: FloatArray, takes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return shares of false alarms and of detections, as the threshold of the fit falls."""
    order = np.argsort(-scores, kind="stable")
    alarm, hit = takes[order], ~takes[order]
    return np.cumsum(alarm) / alarm.sum(), np.cumsum(hit) / hit.sum()


def figure(panels: dict) -> Figure:
    """Draw detections against false alarms, of the fit and the rule."""
    from matplotlib.figure import Figure

    with paper():
        drawing = Figure(figsize=(6.8, 4.8), layout="constrained")
        axes = drawing.subplots(2, 2, sharex=True, sharey=True)
        for panel, (title, (fit, scaled, rule)) in zip(axes.flat, panels.items(), strict=True):
            for i, (label, curve) in enumerate((("fit", fit), ("rule, scaled", scaled))):
                style = look(i)
                panel.plot(
                    *(100 * share for share in curve), color=style.color, linestyle=style.dashes,
                    label=label,
                )  # fmt: skip
            panel.plot(
                100 * rule[0], 100 * rule[1], "o", color=look(1).color, label="rule, as published"
            )
            panel.set_title(title.replace(", ", ",\n"), loc="left")
            panel.set_xlim(-0.5, 30)
            panel.set_ylim(0, 103)
        for panel in axes[1]:
            panel.set_xlabel("false alarms [% of women who take them]")
        for panel in axes[:, 0]:
            panel.set_ylabel("detected [% of\nwomen who do not]")
        handles = axes[0, 0].get_legend_handles_labels()
        drawing.legend(*handles, loc="outside lower center", ncols=3)
    return drawing


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--women", type=int, default=2000)
    parser.add_argument("--draws", type=int, default=2048)
    parser.add_argument("--out", type=Path, help="folder for the figure")
    return parser.parse_args()


if __name__ == "__main__":
    main()
