"""Tables and the written report of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from remodel.calibration.information import Information
from remodel.calibration.multistart import StartResult
from remodel.calibration.objective import Objective
from remodel.calibration.posterior import Posterior
from remodel.calibration.profile import Profile

if TYPE_CHECKING:
    import pandas as pd

    from remodel.calibration.calibrate import Fit

SAME_OPTIMUM = 0.5  # of the objective: starts that end this close to the best agree with it
_NEAR_BOUND = 0.01  # share of the range
_NOT_INFORMED = 0.9


def residuals_table(built: Objective, table: pd.DataFrame) -> pd.DataFrame:
    """Return predictions with residuals in terms of the standard errors of the fit."""
    return table.assign(
        sigma=built.sigma, standardized=table["residual"] / built.sigma, share=built.share
    )


def residual_trends(table: pd.DataFrame) -> pd.DataFrame:
    """Return size and trend of standardized residuals by class of treatment and measurement.

    ``slope`` is the change of the standardized residual per year of the trial, with its standard
    error; a trend is there if the slope exceeds twice its error.
    """
    import pandas as pd

    rows = []
    for key, group in table.groupby(["drug_class", "group"], sort=True):
        z, years = group["standardized"].to_numpy(), group["time_months"].to_numpy() / 12.0
        slope, error = _slope(years, z)
        rows.append(
            {"drug_class": key[0], "group": key[1], "n": len(z), "mean": z.mean(),
             "rms": np.sqrt(np.mean(z**2)), "slope": slope, "slope_error": error}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the slope of a straight line and its standard error; NaN with too few points."""
    if len(x) < 4 or np.ptp(x) == 0:
        return float("nan"), float("nan")
    away = x - x.mean()
    slope = float(away @ y / (away @ away))
    left = y - y.mean() - slope * away
    return slope, float(np.sqrt(left @ left / (len(x) - 2) / (away @ away)))


def starts_table(starts: Sequence[StartResult]) -> pd.DataFrame:
    """Return one row a start, best first."""
    import pandas as pd

    rows = [
        {"start": s.index, "objective": s.cost, "converged": s.converged, "message": s.message,
         "evaluations": s.evaluations, "seconds": s.seconds, **s.end}
        for s in sorted(starts, key=lambda s: s.cost)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def estimates_table(
    built: Objective, info: Information, best: StartResult, profiles: Sequence[Profile]
) -> pd.DataFrame:
    """Return one row a parameter: value, uncertainty, prior, and the verdict of its profile."""
    import pandas as pd

    theta, shrinkage = info.theta, info.shrinkage
    by_name = {one.name: one for one in profiles}
    rows = []
    for j, (c, p) in enumerate(zip(built.coordinates.each, built.coordinates.parameters,
                                   strict=True)):  # fmt: skip
        one = by_name.get(c.name)
        width = c.upper - c.lower
        near = min(theta[j] - c.lower, c.upper - theta[j]) < _NEAR_BOUND * min(width, 1.0)
        rows.append(
            {
                "parameter": c.name,
                "value": best.end[c.name],
                "unit": c.unit,
                "standard_error": shrinkage[j] * abs(c.slope(float(theta[j]))),
                "lower_bound": p.lower,
                "upper_bound": p.upper,
                "prior": p.prior.kind,
                "prior_center": p.prior.center,
                "prior_sd": p.prior.sd,
                "sd_over_prior": shrinkage[j],
                "at_bound": bool(near),
                "verdict": "" if one is None else one.verdict,
                "profile_lower": None if one is None else one.lower,
                "profile_upper": None if one is None else one.upper,
            }
        )
    return pd.DataFrame(rows)


def convergence(starts: Sequence[StartResult]) -> str:
    """Return in a sentence how many starts found the same optimum."""
    best = min(s.cost for s in starts)
    same = [s for s in starts if s.cost - best <= SAME_OPTIMUM]
    failed = sum(not np.isfinite(s.cost) for s in starts)
    done = sum(s.converged for s in starts)
    text = (
        f"{len(same)} of {len(starts)} starts end within {SAME_OPTIMUM:g} of the lowest objective "
        f"({best:.2f}); {done} met a criterion of convergence"
    )
    return f"{text}, {failed} could not be simulated." if failed else f"{text}."


def fit_report(fit: Fit, built: Objective) -> str:
    """Return the report of a fit as Markdown."""
    table, info = fit.predictions, fit.information
    lines = [
        f"# {fit.problem.title}", "",
        f"Model {fit.problem.model_name}; {built.size} published numbers; "
        f"{len(info.names)} parameters estimated. Objective {fit.cost:.2f}.", "",
        f"Standardized residuals: RMS {np.sqrt(np.mean(table['standardized'] ** 2)):.2f}.", "",
        "## Convergence", "", convergence(fit.starts), "",
        "## Errors by treatment and measurement", "",
        markdown(fit.totals), "",
        "## Standardized residuals, and their trend over the years of a trial", "",
        markdown(fit.trends), "",
        "## Parameters", "",
        _informed(info), "",
        markdown(fit.estimates[["parameter", "value", "unit", "standard_error", "sd_over_prior",
                                "at_bound", "verdict", "profile_lower", "profile_upper"]]), "",
        "## Directions, best known first", "",
        markdown(info.spectrum()), "",
    ]  # fmt: skip
    pairs = info.correlations()
    if len(pairs):
        lines += ["## Parameters that are hard to tell apart", "", markdown(pairs), ""]
    if fit.posterior is not None:
        lines += [
            "## Posterior",
            "",
            _draws(fit.posterior),
            "",
            markdown(fit.posterior.interval().reset_index(names="parameter")),
            "",
        ]
    if built.predictor.skipped:
        lines += ["## Left out, because the model cannot predict it", ""]
        reasons = sorted(
            {f"{s.study_id}, {s.arm}, {s.endpoint}: {s.reason}" for s in built.predictor.skipped}
        )
        lines += [f"- {reason}" for reason in reasons]
    return "\n".join(lines)


def _draws(posterior: Posterior) -> str:
    return (
        f"{len(posterior.weights)} draws with weights, worth {posterior.effective_draws:.0f} equal "
        "ones (effective draws). The rows of `posterior.csv` are equally likely; they all differ "
        "unless there are more of them than effective draws."
    )


def _informed(info: Information) -> str:
    weak = [n for n, s in zip(info.names, info.shrinkage, strict=True) if s > _NOT_INFORMED]
    text = (
        f"{info.informed} of {len(info.names)} directions are known better from the data than from "
        "the priors."
    )
    return f"{text} Not informed by the data: {', '.join(weak)}." if weak else text


def markdown(table: pd.DataFrame, digits: int = 3) -> str:
    """Return a table in Markdown."""
    head = [str(name).replace("_", " ") for name in table.columns]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [
        "| " + " | ".join(_cell(value, digits) for value in row) + " |"
        for row in table.itertuples(index=False)
    ]
    return "\n".join(lines)


def _cell(value: object, digits: int) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else ""
    if isinstance(value, float | np.floating):
        return "-" if np.isnan(value) else f"{value:.{digits}g}"
    return str(value)
