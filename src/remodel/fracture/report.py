"""What the link and the background say of published trials, and whether that is good enough."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.fracture.arms import Exposed
from remodel.fracture.background import load_background
from remodel.fracture.counting import Ratio, counted_risks, shipped_ratio
from remodel.fracture.fit import Fit, log_ratio
from remodel.fracture.gradients import compared_table
from remodel.fracture.hazards import hazards_of
from remodel.fracture.link import Link
from remodel.fracture.published import (
    COUNTINGS,
    Contrast,
    published_contrasts,
    published_risks,
)

if TYPE_CHECKING:
    import pandas as pd

INSIDE, FACTOR, ABSOLUTE = 0.8, 1.5, 1.4
"""Share of kept contrasts inside their intervals; largest factor off; of absolute risks."""
_PLACEBO = ("freedom", "horizon", "fit1", "fit2", "whi_ep")
_AGAINST_NONE, _AGAINST_TAMOXIFEN = ("ibis2", "ma17"), ("atac", "big198", "abcsg8", "ies")
_BAND = (2.5, 97.5)
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing that has to be so: what it is, what was measured, and what is wanted."""

    name: str
    measured: float
    wanted: str
    passed: bool
    note: str = ""


def compared_contrasts(
    exposed: Exposed, link: Link, *, draws: int = 200, seed: int = 1
) -> pd.DataFrame:
    """Return every published contrast with its prediction.

    ``within`` is true where the prediction lies inside the published interval of 95 %; ``factor``
    is how far it is off the published value. The interval of the prediction has the uncertainty
    of the slopes and the spread between trials.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    contrasts = published_contrasts()
    hazards = hazards_of(exposed.women, exposed.exposure, link=link)
    mean = np.array([log_ratio(c, exposed, hazards) for c in contrasts])
    drawn = np.empty((draws, len(contrasts)))
    for k in range(draws):
        links = [link.draw(rng) for _ in exposed.keys]
        shift = {f: np.array([[s[f]] for _, s in links]) for f in ("hip", "other", "vertebral")}
        drawn_hazards = hazards_of(exposed.women, exposed.exposure, link=links[0][0], shift=shift)
        drawn[k] = [log_ratio(c, exposed, drawn_hazards) for c in contrasts]
    low, high = np.exp(np.percentile(drawn, _BAND, axis=0))
    predicted = np.exp(mean)
    table = pd.DataFrame([_row(c) for c in contrasts])
    table["predicted"], table["predicted_low"], table["predicted_high"] = predicted, low, high
    table["within"] = (predicted >= table["low_95"]) & (predicted <= table["high_95"])
    table["factor"] = _factor(predicted, table["published"].to_numpy())
    return table


def _row(contrast: Contrast) -> dict[str, object]:
    return {
        "study_id": contrast.study,
        "side": contrast.side,
        "arm": contrast.arm,
        "comparator": contrast.comparator,
        "outcome": contrast.outcome,
        "start_months": contrast.start,
        "months": contrast.months,
        "published": contrast.value,
        "low_95": contrast.low,
        "high_95": contrast.high,
        "provenance": contrast.provenance,
        "note": contrast.note,
    }


def compared_risks(
    exposed: Exposed, link: Link, *, draws: int = 200, seed: int = 1
) -> pd.DataFrame:
    """Return every published share of women with a fracture with its prediction [%]."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    ratios = {name: shipped_ratio(name) for name in COUNTINGS}
    hazards = hazards_of(exposed.women, exposed.exposure, link=link)
    mean = counted_risks(exposed, hazards, {name: r.value for name, r in ratios.items()})
    drawn = np.empty((draws, len(mean)))
    for k in range(draws):
        background = load_background().draw(rng)
        hazards = hazards_of(
            exposed.women, exposed.exposure, background=background, link=link.draw(rng)[0]
        )
        counted = {n: r.value * math.exp(r.sd * rng.standard_normal()) for n, r in ratios.items()}
        drawn[k] = counted_risks(exposed, hazards, counted)
    low, high = np.percentile(drawn, _BAND, axis=0)
    rows = [
        {
            "study_id": r.study,
            "arm": r.arm,
            "side": r.side,
            "role": r.role,
            "counting": r.counting,
            "outcome": r.outcome,
            "months": r.months,
            "published": r.percent,
            "low_95": r.interval[0],
            "high_95": r.interval[1],
            "provenance": r.provenance,
        }
        for r in published_risks()
    ]
    table = pd.DataFrame(rows).assign(predicted=mean, predicted_low=low, predicted_high=high)
    table["factor"] = _factor(mean, table["published"].to_numpy())
    return table


def _factor(predicted: FloatArray, published: FloatArray) -> FloatArray:
    return np.exp(np.abs(np.log(predicted / published)))


def bars(exposed: Exposed, fit: Fit, contrasts: pd.DataFrame, risks: pd.DataFrame) -> list[Bar]:
    """Return what is wanted of fracture risk, and what was measured."""
    kept = contrasts[contrasts["side"] == "validation"]
    ratio = fit.chi2["any_clinical"] / fit.df["any_clinical"]
    after = contrasts[(contrasts["study_id"] == "atac") & (contrasts["start_months"] > 0)]
    off = contrasts[contrasts["study_id"] == "freedom_off"].iloc[0]
    placebo = risks[risks["study_id"].isin(_PLACEBO) & (risks["role"] == "placebo")]
    inhibitor = risks[risks["role"] == "inhibitor"]
    return [
        Bar("chi2 a degree of freedom, any clinical, in sample", ratio, "at most 2", ratio <= 2),
        _share("kept contrasts inside the published 95 %", kept["within"], kept, INSIDE),
        _contrasts(kept),
        _between("inhibitor against none", _mean(contrasts, _AGAINST_NONE), 1.07, 1.28),
        _between("inhibitor against tamoxifen", _mean(contrasts, _AGAINST_TAMOXIFEN), 1.21, 1.47),
        _between("the same after stopping", float(after["predicted"].iloc[0]), 0.72, 1.37),
        _between(
            "denosumab stopped, spine", float(off["predicted"]), off["low_95"], off["high_95"]
        ),
        _by_t_score(exposed, fit.link),
        _table(),
        _worst("placebo arms of FREEDOM, HORIZON, FIT, WHI", placebo, ABSOLUTE),
        _worst("arms on an inhibitor", inhibitor, ABSOLUTE),
    ]


def _share(name: str, is_within: pd.Series, rows: pd.DataFrame, least: float) -> Bar:
    missed = rows[~is_within]
    note = "outside: " + "; ".join(_names(missed)) if len(missed) else ""
    share = float(is_within.mean())
    return Bar(name, share, f"at least {least:g}", share >= least, note)


def _contrasts(kept: pd.DataFrame) -> Bar:
    """Return the largest factor off, with what published errors alone would make of it."""
    bar = _worst("kept contrasts, largest factor off", kept, FACTOR)
    error = np.log(kept["high_95"] / kept["low_95"]) / (2.0 * _NORMAL.inv_cdf(0.975))
    by_chance = np.array([2.0 * _NORMAL.cdf(-math.log(FACTOR) / e) for e in error])
    words = (
        f"; by published errors alone {by_chance.sum():.1f} of {len(kept)} would be beyond, and "
        f"none with a chance of {np.prod(1.0 - by_chance):.0%}"
    )
    return replace(bar, note=bar.note + words)


def _worst(name: str, rows: pd.DataFrame, most: float) -> Bar:
    beyond = rows[rows["factor"] > most].sort_values("factor", ascending=False)
    words = [f"{n} ({f:.2f})" for n, f in zip(_names(beyond), beyond["factor"], strict=True)]
    note = f"{len(rows) - len(beyond)} of {len(rows)} within"
    note += f"; beyond: {'; '.join(words)}" if words else ""
    worst = float(rows["factor"].max())
    return Bar(name, worst, f"at most {most:g}", worst <= most, note)


def _names(rows: pd.DataFrame) -> list[str]:
    return [f"{r.study_id} {r.arm} {r.outcome}" for r in rows.itertuples()]


def _between(name: str, value: float, low: float, high: float) -> Bar:
    return Bar(name, value, f"{low:g}-{high:g}", low <= value <= high)


def _mean(contrasts: pd.DataFrame, studies: tuple[str, ...]) -> float:
    """Return the mean ratio of any clinical fracture on treatment, over trials."""
    rows = contrasts[contrasts["study_id"].isin(studies) & (contrasts["start_months"] == 0)]
    return float(np.exp(np.log(rows["predicted"]).mean()))


def _by_t_score(exposed: Exposed, link: Link) -> Bar:
    """Return how far the ratio of any clinical fracture in ABCSG-18 differs between T-scores."""
    ratios = []
    for score in (0.0, -2.5):
        women = replace(exposed.women, t_score=np.full(len(exposed.keys), score))
        hazards = hazards_of(women, exposed.exposure, link=link)
        contrast = next(c for c in published_contrasts() if c.study == "abcsg18")
        ratios.append(math.exp(log_ratio(contrast, replace(exposed, women=women), hazards)))
    difference = abs(ratios[0] / ratios[1] - 1.0)
    note = f"{ratios[0]:.2f} at a T-score of 0 and {ratios[1]:.2f} at -2.5"
    return Bar(
        "ratio on denosumab by T-score, difference",
        difference,
        "at most 0.02",
        difference <= 0.02,
        note,
    )


def _table() -> Bar:
    table = compared_table()
    within = np.concatenate([table["hip_within"], table["major_within"]])
    share = float(within.mean())
    return Bar("UK table within 25 % and half a digit", share, "1", share == 1.0)


def markdown(
    fit: Fit,
    measured: list[Bar],
    contrasts: pd.DataFrame,
    risks: pd.DataFrame,
    ratios: Mapping[str, Ratio],
) -> str:
    """Return the report; ``ratios`` of ways of counting are those estimated from control arms."""
    link = fit.link
    errors = np.sqrt(np.diag(link.covariance))
    lines = [
        "# Fracture: predicted and published",
        "",
        "| what | measured | wanted | |",
        "|---|---|---|---|",
    ]
    for bar in measured:
        verdict = "yes" if bar.passed else "NO"
        note = f" ({bar.note})" if bar.note else ""
        lines.append(f"| {bar.name}{note} | {bar.measured:.4g} | {bar.wanted} | {verdict} |")
    lines += ["", "## Link", "", "| slope of ln hazard | value | standard error |", "|---|---|---|"]
    for (name, value), error in zip(link.slopes.items(), errors, strict=True):
        lines.append(f"| {name} | {value:.4f} | {error:.4f} |")
    spreads = ", ".join(
        f"{name.removeprefix('spread_')} {v:.2f}" for name, v in link.spreads.items()
    )
    lines += ["", f"Spread between trials of ln relative risk: {spreads}.", ""]
    lines += ["| outcome | chi2 | degrees of freedom |", "|---|---|---|"]
    lines += [f"| {g} | {fit.chi2[g]:.1f} | {fit.df[g]:.1f} |" for g in fit.chi2]
    lines += ["", "## Ways of counting", ""]
    lines += ["| counted | ratio used | estimated | spread of ln | control arms |"]
    lines += ["|---|---|---|---|---|"]
    lines += [
        f"| {n} | {shipped_ratio(n).value:.2f} | {r.value:.2f} | {r.sd:.2f} | {r.n} |"
        for n, r in ratios.items()
    ]
    for title, table in (("Contrasts", contrasts), ("Risks [%]", risks)):
        lines += ["", f"## {title}", "", *_markdown_rows(table)]
    return "\n".join(lines) + "\n"


def _markdown_rows(table: pd.DataFrame) -> list[str]:
    names = ["side", "outcome", *(["counting"] if "counting" in table else []), "months"]
    lines = [
        f"| trial | {' | '.join(names)} | published | predicted | factor |",
        "|---" * (len(names) + 4) + "|",
    ]
    for r in table.itertuples():
        against = f" against {r.comparator}" if hasattr(r, "comparator") else ""
        cells = [f"{r.study_id} {r.arm}{against}", *(_cell(getattr(r, name)) for name in names)]
        lines.append(
            f"| {' | '.join(cells)} "
            f"| {r.published:.3g} ({r.low_95:.3g}-{r.high_95:.3g}) "
            f"| {r.predicted:.3g} ({r.predicted_low:.3g}-{r.predicted_high:.3g}) | {r.factor:.2f} |"
        )
    return lines


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
