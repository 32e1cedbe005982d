"""Tables and the written report of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.calibration.objective import Objective
from remodel.calibration.profile import Profile
from remodel.calibration.search import StartResult
from remodel.calibration.uncertainty import Information, Posterior

if TYPE_CHECKING:
    import pandas as pd

    from remodel.calibration.fit import Fit

SAME_OPTIMUM = 0.5  # of the objective: starts that end this close to the best agree with it
_NEAR_BOUND = 0.01  # share of the range
_NOT_INFORMED = 0.9
_SHOWN_ESTIMATES = [
    "parameter",
    "value",
    "unit",
    "standard_error",
    "sd_over_prior",
    "at_bound",
    "verdict",
    "profile_lower",
    "profile_upper",
]


def residuals_table(objective: Objective, table: pd.DataFrame) -> pd.DataFrame:
    """Return predictions with residuals in terms of the standard errors of the fit."""
    return table.assign(
        sigma=objective.sigma,
        standardized=table["residual"] / objective.sigma,
        share=objective.share,
    )


def residual_trends(table: pd.DataFrame) -> pd.DataFrame:
    """Return size and trend of standardized residuals by class of treatment and measurement.

    ``slope`` is the change of the standardized residual per year of the trial, with its standard
    error; a trend is there if the slope exceeds twice its error.
    """
    import pandas as pd

    rows = []
    for (drug_class, group), residuals in table.groupby(["drug_class", "group"], sort=True):
        z, years = residuals["standardized"].to_numpy(), residuals["time_months"].to_numpy() / 12.0
        slope, error = _slope(years, z)
        rows.append(
            {
                "drug_class": drug_class,
                "group": group,
                "n": len(z),
                "mean": z.mean(),
                "rms": np.sqrt(np.mean(z**2)),
                "slope": slope,
                "slope_error": error,
            }
        )
    return pd.DataFrame(rows)


def _slope(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return the slope of a straight line and its standard error; NaN with too few points."""
    if len(x) < 4 or np.ptp(x) == 0:
        return float("nan"), float("nan")
    away = x - x.mean()
    slope = float(away @ y / (away @ away))
    rest = y - y.mean() - slope * away
    return slope, float(np.sqrt(rest @ rest / (len(x) - 2) / (away @ away)))


def starts_table(starts: Sequence[StartResult]) -> pd.DataFrame:
    """Return one row per start, best first."""
    import pandas as pd

    outcome = ("converged", "message", "evaluations", "seconds")
    rows = [
        {"start": s.index, "objective": s.cost, **{n: getattr(s, n) for n in outcome}, **s.end}
        for s in sorted(starts, key=lambda start: start.cost)
    ]
    return pd.DataFrame(rows)


def estimates_table(
    objective: Objective, information: Information, best: StartResult, profiles: Sequence[Profile]
) -> pd.DataFrame:
    """Return one row per parameter: value, uncertainty, prior, and the verdict of its profile."""
    import pandas as pd

    by_name = {profile.name: profile for profile in profiles}
    rows = []
    columns = zip(objective.coordinates.each, information.theta, information.shrinkage, strict=True)
    for c, theta, shrinkage in columns:
        profile, prior = by_name.get(c.name), c.parameter.prior
        near = _NEAR_BOUND * min(c.upper - c.lower, 1.0)
        rows.append(
            {
                "parameter": c.name,
                "value": best.end[c.name],
                "unit": c.unit,
                "standard_error": shrinkage * abs(c.derivative(float(theta))),
                "lower_bound": c.parameter.lower,
                "upper_bound": c.parameter.upper,
                "prior": prior.kind,
                "prior_center": prior.center,
                "prior_sd": prior.sd,
                "sd_over_prior": shrinkage,
                "at_bound": bool(min(theta - c.lower, c.upper - theta) < near),
                "verdict": profile.verdict if profile else "",
                "profile_lower": profile.lower if profile else None,
                "profile_upper": profile.upper if profile else None,
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


def fit_report(fit: Fit, objective: Objective) -> str:
    """Return the report of a fit as Markdown."""
    information = fit.information
    rms = np.sqrt(np.mean(fit.predictions["standardized"] ** 2))
    correlations = information.correlations()
    sections = {
        f"# {fit.problem.title}": (
            f"Model {fit.problem.model_name}; {objective.size} published numbers; "
            f"{len(information.names)} parameters estimated. Objective {fit.cost:.2f}.\n\n"
            f"Standardized residuals: RMS {rms:.2f}."
        ),
        "## Convergence": convergence(fit.starts),
        "## Errors by treatment and measurement": markdown(fit.totals),
        "## Standardized residuals, and their trend over the years of a trial": markdown(
            fit.trends
        ),
        "## Parameters": (
            f"{_informed(information)}\n\n{markdown(fit.estimates[_SHOWN_ESTIMATES])}"
        ),
        "## Directions, best known first": markdown(information.spectrum()),
    }
    if len(correlations):
        sections["## Parameters that are hard to tell apart"] = markdown(correlations)
    if fit.posterior is not None:
        interval = fit.posterior.interval().reset_index(names="parameter")
        sections["## Posterior"] = f"{_draws(fit.posterior)}\n\n{markdown(interval)}"
    if objective.predictor.skipped:
        reasons = {
            f"- {s.study_id}, {s.arm}, {s.endpoint}: {s.reason}"
            for s in objective.predictor.skipped
        }
        sections["## Left out, because the model cannot predict it"] = "\n".join(sorted(reasons))
    return "\n\n".join(f"{heading}\n\n{text}" for heading, text in sections.items()) + "\n"


def _draws(posterior: Posterior) -> str:
    return (
        f"{len(posterior.weights)} draws with weights, worth {posterior.effective_draws:.0f} equal "
        "ones (effective draws). The rows of `posterior.csv` are equally likely; they all differ "
        "unless there are more of them than effective draws."
    )


def _informed(information: Information) -> str:
    shrinkage = dict(zip(information.names, information.shrinkage, strict=True))
    weak = [name for name, value in shrinkage.items() if value > _NOT_INFORMED]
    text = (
        f"{information.informed} of {len(shrinkage)} directions are known better from the data "
        "than from the priors."
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
