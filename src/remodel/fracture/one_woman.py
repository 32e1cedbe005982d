"""Fracture risk of one woman, from the draws of her fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, nearest
from remodel.files import write_csv, write_text
from remodel.fracture.background import RISK_FACTORS, load_background
from remodel.fracture.hazards import Exposure, Women, hazards_of
from remodel.fracture.limits import beyond_link
from remodel.fracture.link import load_link
from remodel.fracture.probability import (
    YOUNGEST,
    check_site,
    cumulative_probability,
    ten_year_probability,
)
from remodel.fracture.sites import LONG_NAMES, SITES
from remodel.individuals.patient_fit import PatientFit
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_ENDPOINTS = ("bmd_total_hip", "bmd_femoral_neck", "ctx")
_DRAWS = 100  # of background and link
_STEP = 3.0  # months: a rebound lasts about a year
_TOLD = ("hip", "major", "any_clinical")
_BAND = (0.05, 0.5, 0.95)
_ENDS = ("low_90", "high_90")
_CHANCE = "fracture_probability_"
_YEARS_PER_MONTH = DAYS_PER_MONTH / DAYS_PER_YEAR


def patient_fracture_risk(
    fit: PatientFit,
    schedule: str | Schedule | None = None,
    years: float = 5.0,
    *,
    country: str = "UK",
    risk_factors: Mapping[str, float] | None = None,
    sites: Sequence[str] = tuple(SITES),
    seed: int = 1,
) -> xr.Dataset:
    """Return the probability of fracture of one woman from now on, under a schedule.

    A hundred draws of the background, of the link and of how a trial differs from others meet an
    equal share of the draws of her fit each. Her untreated twin is the same draw without any drug
    since month 0. What she took until now counts; she has had no fracture since month 0.

    Parameters
    ----------
    fit : PatientFit
        From ``remodel.fit_patient``.
    schedule : str or Schedule, optional
        From now on; none by default.
    years : float
        From now on.
    country : str
        Where she lives; scales the hip.
    risk_factors : mapping of str to float, optional
        ``prior_fracture``, ``prior_vertebral_fracture``, ``parental_fracture``, ``smoking``,
        ``glucocorticoids``: 1 (yes), 0 (no) or NaN (unknown, the share of women in general); by
        default those of her file. What is not there is taken as no.
    sites : sequence of str
    seed : int
        Of background and link.

    Returns
    -------
    xarray.Dataset
        Dimensions ``draw`` and ``months`` (since month 0, from now on).
        ``fracture_probability_<site>`` [percent] since now; ``ten_year_probability_<site>``
        [percent] of an untreated woman with the age and T-score she has at that time.

    Raises
    ------
    ConfigError
        If a name is unknown or a number is not allowed.
    """
    for site in sites:
        check_site(site)
    factors = dict(fit.woman.risks if risk_factors is None else risk_factors)
    _check_factors(factors)
    load_background().country_ratio(country)
    course = fit.predict(schedule, years, endpoints=_ENDPOINTS, step_months=_STEP)
    bare = replace(fit.woman, taken=Schedule((), fit.woman.taken.interventions))
    twin = replace(fit, woman=bare).predict(None, years, endpoints=_ENDPOINTS, step_months=_STEP)
    months = course["months"].to_numpy()
    now = int(np.searchsorted(months, fit.woman.now - 1e-6))
    exposure = Exposure.of(
        months * _YEARS_PER_MONTH,
        *(data[name].to_numpy() for data in (course, twin) for name in ("bmd_total_hip", "ctx")),
    )
    scores = np.clip(course["t_score_femoral_neck"].to_numpy(), -6.0, 6.0)
    woman = _Woman(fit, factors, country, exposure, scores, now)
    rng = np.random.default_rng(seed)
    values = {site: np.empty((2, len(scores), len(months) - now)) for site in sites}
    for first in range(min(_DRAWS, len(scores))):
        rows = slice(first, None, _DRAWS)
        for site, both in _risks(woman, rows, sites, rng).items():
            values[site][:, rows] = both
    return _dataset(values, months[now:], country)


@dataclass(frozen=True, slots=True)
class _Woman:
    """One woman: her fit, risk factors, exposure and T-scores by draw and month, and now."""

    fit: PatientFit
    factors: Mapping[str, float]
    country: str
    exposure: Exposure
    scores: FloatArray
    now: int


def _check_factors(values: Mapping[str, float]) -> None:
    for name in values:
        if name not in RISK_FACTORS:
            raise ConfigError(
                f"risk_factors: '{name}' is not used.{nearest(name, RISK_FACTORS)}", field=name
            )


def _risks(
    woman: _Woman, rows: slice, sites: Sequence[str], rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Return both probabilities of each site [%], from now on, for some draws of her.

    They share one draw of background and link.
    """
    background = load_background().draw(rng)
    link, shift = load_link().draw(rng)
    scores, years = woman.scores[rows], woman.exposure.years
    n = len(scores)
    exposure = Exposure(years, woman.exposure.hip[rows], woman.exposure.turnover[rows])
    factors = {name: np.full(n, float(value)) for name, value in woman.factors.items()}
    bmi = None if woman.fit.woman.bmi is None else np.full(n, woman.fit.woman.bmi)
    start = np.full(n, woman.fit.woman.age)
    women = Women(start, scores[:, 0], factors, bmi, woman.country)
    hazards = hazards_of(women, exposure, sites, background=background, link=link, shift=shift)
    age = woman.fit.woman.age + years[woman.now :]
    wide: dict[str, Any] = {name: values[:, None] for name, values in factors.items()}
    result = {}
    for site in sites:
        hazard = hazards[site][:, woman.now :]
        chance = cumulative_probability(hazard, background.death(age), years[woman.now :])
        later = ten_year_probability(
            np.minimum(age, 100.0),
            scores[:, woman.now :],
            site,
            country=woman.country,
            bmi=None if bmi is None else bmi[:, None],
            background=background,
            **wide,
        )
        result[site] = np.stack([100.0 * chance, later])
    return result


def _dataset(values: Mapping[str, FloatArray], months: FloatArray, country: str) -> xr.Dataset:
    import xarray as xr

    data: dict[str, Any] = {}
    for site, both in values.items():
        words = LONG_NAMES[site]
        titles = {
            f"fracture_probability_{site}": f"probability of a {words} from now on",
            f"ten_year_probability_{site}": f"ten-year probability of a {words} from published "
            "gradients, untreated",
        }
        for (name, title), numbers in zip(titles.items(), both, strict=True):
            data[name] = (("draw", "months"), numbers, {"units": "percent", "long_name": title})
    coords = {"months": months, "draw": np.arange(len(next(iter(values.values()))[0]))}
    return xr.Dataset(data, coords=coords, attrs={"country": country})


def write_fractures(fit: PatientFit, country: str, out: Path) -> list[str]:
    """Write her risk under each option into a folder; return it in sentences.

    Files are ``fracture.csv`` and ``fracture.md``; none for a woman too young for the background.
    """
    if fit.woman.age < YOUNGEST:
        return [f"The published background of fractures begins at {YOUNGEST:g} y."]
    options = fit.woman.options or {"none": Schedule()}
    risks = {
        name: patient_fracture_risk(fit, schedule, fit.woman.years, country=country, sites=_TOLD)
        for name, schedule in options.items()
    }
    sentences = fracture_sentences(risks, takes_drugs=bool(fit.woman.taken.drugs))
    sentences += beyond_link(options.values())
    if fit.woman.is_male:
        sentences.append("The published rates and gradients of fracture are those of women.")
    bullets = "\n".join(f"- {sentence}" for sentence in sentences)
    write_csv(out / "fracture.csv", fracture_table(risks))
    whose = "His" if fit.woman.is_male else "Her"
    write_text(out / "fracture.md", f"# {whose} risk of fracture\n\n{bullets}\n")
    return sentences


def fracture_table(risks: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Return ``option, quantity, months, median, low_90, high_90`` [%] of several options."""
    import pandas as pd

    rows = []
    for option, risk in risks.items():
        for name, values in risk.items():
            bands = np.quantile(values.to_numpy(), _BAND, axis=0)
            for months, low, median, high in zip(risk["months"].to_numpy(), *bands, strict=True):
                rows.append((option, str(name), months, median, low, high))
    return pd.DataFrame(rows, columns=["option", "quantity", "months", "median", *_ENDS])


def fracture_sentences(risks: Mapping[str, xr.Dataset], *, takes_drugs: bool = False) -> list[str]:
    """Return the ten-year probability now, and what each option makes of the risk.

    Of a woman who ``takes_drugs`` it is said that they end now unless an option names them.
    """
    first = next(iter(risks.values()))
    sites = [str(name).removeprefix(_CHANCE) for name in first if str(name).startswith(_CHANCE)]
    now = "; ".join(
        f"{LONG_NAMES[site]} {_words(first[f'ten_year_probability_{site}'].to_numpy()[:, 0])}"
        for site in sites
    )
    months = first["months"].to_numpy()
    years = (months[-1] - months[0]) / 12.0
    untreated = "untreated (what is taken now ends)" if takes_drugs else "untreated"
    ends = ["Under each option what is taken now ends, unless the option names it."]
    return [
        f"Ten-year probability from now on, {untreated}: {now}. It follows from published "
        f"gradients ({first.attrs['country']}) and is not FRAX.",
        *(ends if takes_drugs else []),
        *(
            f"{option}, in {years:g} y: "
            + "; ".join(
                f"{LONG_NAMES[site]} {_words(risk[_CHANCE + site].to_numpy()[:, -1])}"
                for site in sites
            )
            + "."
            for option, risk in risks.items()
        ),
    ]


def _words(draws: FloatArray) -> str:
    low, median, high = np.quantile(draws, _BAND)
    return f"{median:.1f} % (90 %: {low:.1f} to {high:.1f})"
