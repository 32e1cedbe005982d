"""Tables and the written report of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.calibration.coordinates import Coordinates
from remodel.calibration.objective import Objective
from remodel.calibration.posterior import LARGEST_R_HAT, Posterior
from remodel.calibration.profile import AT_BOUND, FLAT, IDENTIFIED, ONE_SIDED, Profile
from remodel.calibration.search import StartResult
from remodel.calibration.uncertainty import Information

if TYPE_CHECKING:
    import pandas as pd

    from remodel.calibration.fit import Fit

SAME_OPTIMUM = 0.5  # of the objective: starts that end this close to the best agree with it
_NEAR_BOUND = 0.01  # share of the range
IDENTIFIED_BELOW, PRIOR_ONLY_ABOVE = 0.5, 0.9
"""Posterior over prior standard deviation, below and above which the verdicts are these."""
_VERDICTS = {IDENTIFIED: "identified", ONE_SIDED: "weak", AT_BOUND: "weak", FLAT: "prior only"}
_SHOWN_ESTIMATES = [
    "parameter",
    "value",
    "unit",
    "standard_error",
    "sd_over_prior",
    "at_bound",
    "verdict",
    "profile",
    "profile_lower",
    "profile_upper",
]


def residuals_table(objective: Objective, table: pd.DataFrame) -> pd.DataFrame:
    """Return predictions with residuals in terms of the standard errors of the fit."""
    return table.assign(
        sigma=objective.sigma,
        standardized=table["residual"] / objective.sigma,
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
    objective: Objective,
    information: Information,
    best: StartResult,
    profiles: Sequence[Profile],
    posterior: Posterior | None = None,
) -> pd.DataFrame:
    """Return one row per parameter: value, uncertainty, prior, and whether the data identify it.

    ``sd_over_prior`` is that of the posterior where draws were made, else of Laplace's
    approximation. ``verdict`` is identified, weak or prior only: by the profile where there is one
    (weak if one end is open), else by ``sd_over_prior`` (below 0.5, to 0.9, above).
    """
    import pandas as pd

    by_name = {profile.name: profile for profile in profiles}
    rows = []
    shrinkages = information.shrinkage
    if posterior is not None:
        shrinkages = posterior.inner(objective.coordinates).std(axis=0)
    widths = information.shrinkage
    columns = zip(objective.coordinates.each, information.theta, widths, shrinkages, strict=True)
    for c, theta, width, shrinkage in columns:
        profile, prior = by_name.get(c.name), c.parameter.prior
        near = _NEAR_BOUND * min(c.upper - c.lower, 1.0)
        rows.append(
            {
                "parameter": c.name,
                "value": best.end[c.name],
                "unit": c.unit,
                "standard_error": width * abs(c.derivative(float(theta))),
                "lower_bound": c.parameter.lower,
                "upper_bound": c.parameter.upper,
                "prior": prior.kind,
                "prior_center": prior.center,
                "prior_sd": prior.sd,
                "sd_over_prior": shrinkage,
                "at_bound": bool(min(theta - c.lower, c.upper - theta) < near),
                "verdict": _verdict(float(shrinkage), profile),
                "profile": profile.verdict if profile else "",
                "profile_lower": profile.lower if profile else None,
                "profile_upper": profile.upper if profile else None,
            }
        )
    return pd.DataFrame(rows)


def _verdict(shrinkage: float, profile: Profile | None) -> str:
    if profile:
        return _VERDICTS[profile.verdict]
    return verdict_of(shrinkage)


def verdict_of(shrinkage: float) -> str:
    """Return the verdict on a parameter by posterior over prior standard deviation."""
    if shrinkage < IDENTIFIED_BELOW:
        return "identified"
    return "weak" if shrinkage <= PRIOR_ONLY_ABOVE else "prior only"


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


def agreement(
    starts: Sequence[StartResult], coordinates: Coordinates, information: Information
) -> str:
    """Return in a sentence how far apart the starts end that found the same optimum.

    The distance is in standard errors of the parameter; empty with one such start.
    """
    best = min(s.cost for s in starts)
    ends = [coordinates.inner(s.end) for s in starts if s.cost - best <= SAME_OPTIMUM]
    if len(ends) < 2:
        return ""
    apart = np.ptp(np.array(ends), axis=0) / information.shrinkage
    farthest = int(np.argmax(apart))
    return (
        f"In these starts no parameter differs by more than {apart[farthest]:.2g} of its standard "
        f"error ({information.names[farthest]})."
    )


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
        "## Convergence": (
            f"{convergence(fit.starts)} {agreement(fit.starts, objective.coordinates, information)}"
        ),
        "## Errors by treatment and measurement": markdown(fit.totals),
        "## Standardized residuals, and their trend over the years of a trial": markdown(
            fit.trends
        ),
        "## Parameters": (
            f"{_informed(information)} {identified(fit.estimates)}\n\n"
            f"{markdown(fit.estimates[_SHOWN_ESTIMATES])}"
        ),
        "## Directions, best known first": markdown(information.spectrum()),
    }
    if len(correlations):
        sections["## Parameters that are hard to tell apart"] = markdown(correlations)
    if fit.posterior is not None:
        summary = markdown(fit.posterior.summary())
        sections["## Posterior"] = f"{_draws(fit.posterior)}\n\n{summary}"
    if objective.predictor.skipped:
        reasons = {
            f"- {s.study_id}, {s.arm}, {s.endpoint}: {s.reason}"
            for s in objective.predictor.skipped
        }
        sections["## Left out, because the model cannot predict it"] = "\n".join(sorted(reasons))
    return "\n\n".join(f"{heading}\n\n{text}" for heading, text in sections.items()) + "\n"


def _draws(posterior: Posterior) -> str:
    chains, length = posterior.costs.shape
    verdict = "agree" if posterior.converged else "do NOT agree: go on with --resume"
    return (
        f"{posterior.size} draws of {chains} chains, {length} each, of every parameter worth "
        f"{posterior.effective:.0f} independent ones or more, in the bulk and in the tails; "
        f"R-hat {posterior.r_hat:.3f} or less, where {LARGEST_R_HAT:g} is wanted: the chains "
        f"{verdict}. "
        f"{posterior.accepted.mean():.0%} of the transitions were accepted."
    )


def _informed(information: Information) -> str:
    return (
        f"{information.informed} of {len(information.names)} directions are known better from the "
        "data than from the priors."
    )


def identified(estimates: pd.DataFrame) -> str:
    """Return in a sentence which parameters the data identify, and which not."""
    names = {v: list(rows["parameter"]) for v, rows in estimates.groupby("verdict")}
    text = f"{len(names.get('identified', ()))} of {len(estimates)} parameters are identified"
    others = [f"{v}: {', '.join(names[v])}" for v in ("weak", "prior only") if v in names]
    return "; ".join((text, *others)) + "."


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
