"""What ``fit-patient`` writes: tables, sentences and figures."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.files import results_folder, write_csv, write_text
from remodel.individuals.forecast import (
    courses_of,
    difference_table,
    forecast_table,
    posterior_table,
    threshold_table,
)
from remodel.individuals.patient_fit import PatientFit
from remodel.individuals.response import (
    LEAST_FALL,
    NOT_TAKEN,
    WORKS,
    WORKS_LESS,
    ended_drugs,
    marker_rule,
    response_table,
    steady_drugs,
)
from remodel.individuals.weights import ENOUGH
from remodel.individuals.woman import Woman, years_text
from remodel.observations.endpoints import endpoints
from remodel.provenance import manifest

if TYPE_CHECKING:
    import xarray as xr

_RECORD = "manifest.json"
FILES = (
    _RECORD,
    "forecast.csv",
    "thresholds.csv",
    "differences.csv",
    "response.csv",
    "posterior.csv",
    "report.md",
    "fracture.csv",
    "fracture.md",
)
DISCLAIMER = (
    "Research, not a decision about a patient: this is what a model and a population say of "
    "numbers, and neither has seen her."
)
TRAITS = {
    "estrogen": "estradiol made outside the ovaries",
    "turnover": "turnover",
    "response": "amount of a bone drug for half its effect",
    "menopause_age": "age at menopause",
    "relative_density_lumbar_spine": "spine density",
    "relative_density_total_hip": "hip density",
    "relative_density_femoral_neck": "femoral neck density",
    "ctx_scale": "CTX for its turnover",
    "p1np_scale": "P1NP for its turnover",
    "ntx_scale": "NTX for its turnover",
    "bsap_scale": "BSAP for its turnover",
}
_TOLD, _SHIFTED = 0.85, 0.1  # of a prior: less narrowed, and less shifted, is not told
_WORST_K = 0.7
_PAST = {WORKS: "worked", NOT_TAKEN: "not taken", WORKS_LESS: "worked less"}
_OF_MEN = {"woman": "man", "women": "men", "she": "he", "her": "his", "seen her": "seen him"}
_OF_WOMEN = rf"\b(?:{'|'.join(sorted(_OF_MEN, key=len, reverse=True))})\b"
_OSTEOPOROSIS = -2.5  # T-score


def write(fit: PatientFit, out: Path) -> dict[str, xr.Dataset]:
    """Write everything but figures; return the courses under the options.

    Raises
    ------
    StoreError
        If files cannot be written.
    """
    folder = results_folder(out, FILES, mark=_RECORD, key="fit_patient", what="fit of a patient")
    courses = courses_of(fit)
    content = manifest(
        model=fit.woman.model.name,
        fit_patient=len(fit.woman.readings),
        population=fit.woman.population.name,
        draws=fit.woman.draws,
        seed=fit.woman.seed,
        effective_size=fit.effective_size,
        pareto_k=fit.pareto_k,
        rounds=fit.rounds,
    )
    write_text(folder / _RECORD, json.dumps(dict(content), indent=2, default=str))
    write_csv(folder / "forecast.csv", forecast_table(courses))
    write_csv(folder / "thresholds.csv", threshold_table(courses, fit.woman.thresholds))
    write_csv(folder / "differences.csv", difference_table(courses))
    write_csv(folder / "response.csv", response_table(fit))
    write_csv(folder / "posterior.csv", posterior_table(fit))
    write_text(folder / "report.md", report(fit, courses))
    return courses


def report(fit: PatientFit, courses: Mapping[str, xr.Dataset]) -> str:
    """Return the report, Markdown."""
    chapters = {
        "Readings and fit": fit_sentences(fit),
        "Why": trait_sentences(fit),
        "Is she taking it, does it work": response_sentences(fit),
        "From now on": option_sentences(fit, courses),
    }
    blocks = ["# One woman", DISCLAIMER]
    for title, sentences in chapters.items():
        if sentences:
            blocks += [f"## {title}", _bullets(sentences)]
    return spoken_of(fit.woman, "\n\n".join(blocks) + "\n")


def spoken_of(woman: Woman, text: str) -> str:
    """Return a text about a woman as it is said of this person; names of options stay."""
    if not woman.is_male:
        return text
    names = [re.escape(name) for name in sorted(woman.options, key=len, reverse=True)]
    return re.sub(
        "|".join([*names, f"(?P<word>(?i:{_OF_WOMEN}))"]),
        lambda match: _of_man(match["word"]) if match["word"] else match[0],
        text,
    )


def _of_man(word: str) -> str:
    text = _OF_MEN[word.lower()]
    return text.capitalize() if word[0].isupper() else text


def _bullets(sentences: list[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def fit_sentences(fit: PatientFit) -> list[str]:
    """Return how many readings there are, which contradict the others, and how good the draws."""
    n = len(fit.woman.readings)
    if not n:
        return [
            "No readings: this is the forecast of women of her age and history.",
            *prior_sentences(fit),
        ]
    rounds = "1 round" if fit.rounds == 1 else f"{fit.rounds} rounds"
    added = f", after {rounds} of draws added where she is" if fit.rounds else ""
    readings = "1 reading" if n == 1 else f"{n} readings"
    sentences = [
        f"{readings} to month {fit.woman.now:.3g}; {fit.effective_size:.0f} effective draws of "
        f"{len(fit.draws)}{added}; Pareto k {fit.pareto_k:.2f}."
    ]
    if fit.effective_size < ENOUGH or fit.pareto_k > _WORST_K:
        sentences.append(
            "These draws are few: her readings are far from what women of this population have; "
            "take all bands as too narrow."
        )
    sentences += prior_sentences(fit)
    for outlier in fit.outliers:
        side = "above" if outlier.size > 0 else "below"
        sentences.append(
            f"The {endpoints()[outlier.endpoint].long_name} at month {outlier.months:.3g} lies "
            f"{abs(outlier.size):.1f} usual errors {side} what the other readings say, and counts "
            "for little."
        )
        if outlier.scanner:
            sentences.append(
                f"Its scanner, {outlier.scanner}, is not that of every scan of the site: a "
                "difference of scanners, not of bone, may be what is seen."
            )
    return sentences


def prior_sentences(fit: PatientFit) -> list[str]:
    """Return which population is the prior, and what it says of a menopause that is not known."""
    name = fit.woman.population.name.replace("_", " ")
    return [f"Prior: the population '{name}'.", *menopause_sentences(fit)]


def menopause_sentences(fit: PatientFit) -> list[str]:
    """Return what was assumed of a menopause that is not known."""
    if "menopause_age" not in fit.prior.nonlinear:
        return []
    low, _ = fit.prior.definition.limits.get("years_since_menopause", (-np.inf, np.inf))
    where = f", at least {low:g} y before month 0" if low >= 0 else ""
    return [
        f"Her age at menopause is not known: it was drawn from the population{where}. If it lies "
        "ahead, give menopause_age."
    ]


def trait_sentences(fit: PatientFit) -> list[str]:
    """Return each trait of which her readings tell something, against the average woman."""
    if not fit.woman.readings:
        return []
    sentences, silent = [], []
    spreads = fit.prior.definition.distributions
    for name, values in fit.traits.items():
        if name not in TRAITS:
            continue
        spread = spreads[name]
        center = spread.center
        low, high = np.quantile(values, (0.05, 0.95))
        is_log = spread.kind == "lognormal"
        narrowed = np.std(np.log(values) if is_log else values) / (spread.sd or np.inf)
        shifted = abs(np.mean(np.log(values / center) if is_log else values - center)) / spread.sd
        if narrowed > _TOLD and shifted < _SHIFTED:
            silent.append(TRAITS[name])
        elif is_log:
            sentences.append(
                f"Her {TRAITS[name]} is {np.median(values) / center:.2f} times the average "
                f"(90 %: {low / center:.2f} to {high / center:.2f})."
            )
        else:
            sentences.append(
                f"Her {TRAITS[name]} is {np.median(values):.3g} (90 %: {low:.3g} to {high:.3g})."
            )
    if silent:
        sentences.append(f"Her readings say nothing of: {', '.join(silent)}.")
    return sentences


def response_sentences(fit: PatientFit) -> list[str]:
    """Return the explanations, and what the published rule says."""
    if not fit.woman.taken.drugs:
        return ["She takes no drug."]
    table = response_table(fit)
    shares = dict(zip(table["explanation"], table["probability"], strict=True))
    sentences = _explanation_sentences(fit.woman, shares)
    steady = [name.replace("_", " ") for name in steady_drugs(fit)]
    if steady:
        sentences.append(
            f"In this population {' and '.join(steady)} {'acts' if len(steady) == 1 else 'act'} "
            "alike in all: what works less is taken in part."
        )
    prior = {p.name: p.share for p in fit.woman.patterns}
    for name, p in fit.adherence.items():
        if name in prior and len(prior) > 1:
            sentences.append(f"'{name}': {100 * prior[name]:.0f} % before, {100 * p:.0f} % after.")
    rule = marker_rule(fit.woman)
    if rule.flags is None:
        sentences.append(f"The rule of IOF and ECTS does not apply: {rule.why_not}.")
    else:
        falls = ", ".join(
            f"{name.upper()} fell by {fall:.0f} % (needed: {LEAST_FALL[name]:g})"
            for name, fall in rule.falls
        )
        verdict = "asks whether she takes it" if rule.flags else "sees a response"
        sentences.append(f"The rule of IOF and ECTS {verdict}: {falls}.")
    if shares[NOT_TAKEN] > 0.5:
        sentences.append("Options are forecast as taken from now on.")
    return sentences


def _explanation_sentences(woman: Woman, shares: Mapping[str, float]) -> list[str]:
    """Return the explanations, of what is due now or, where nothing is, of what was."""
    ended = ended_drugs(woman)
    listed = " and ".join(
        f"{drug.replace('_', ' ')} (last due at month {month:.3g})" for drug, month in ended.items()
    )
    words = ", ".join(f"{name.replace('_', ' ')} {100 * p:.0f} %" for name, p in shares.items())
    if not ended:
        return [f"Explanations of her readings: {words}."]
    due = [drug.replace("_", " ") for drug in woman.taken.drugs if drug not in ended]
    if due:
        return [
            f"No longer due: {listed}.",
            f"Explanations of her readings, of {' and '.join(due)}: {words}.",
        ]
    past = ", ".join(f"{_PAST[name]} {100 * p:.0f} %" for name, p in shares.items())
    return [
        f"Nothing is due at month {woman.now:.3g}: it was {listed}.",
        f"Explanations of her readings, of the time when it was due: {past}.",
    ]


def option_sentences(fit: PatientFit, courses: Mapping[str, xr.Dataset]) -> list[str]:
    """Return what each option does to spine and hip by its end, and against the first."""
    period = years_text(12 * fit.woman.years)
    sentences = [
        f"{row.option}, {row.site}: {row.change.words(' %')} in {period}; T-score then "
        f"{row.score.words()}, below {row.threshold:g} with a "
        f"probability of {100 * row.below:.0f} %."
        for row in option_rows(fit, courses)
    ]
    return sentences + difference_sentences(courses)


@dataclass(frozen=True, slots=True)
class Band:
    """Median of draws, and the ends of the interval that holds 90 % of them."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, draws: FloatArray) -> Band:
        """Return the band of some draws."""
        return cls(*np.quantile(draws, (0.05, 0.5, 0.95)).tolist())

    def __str__(self) -> str:
        return f"{self.median:+.1f} ({self.low:+.1f} to {self.high:+.1f})"

    def words(self, unit: str = "") -> str:
        """Return the band as it stands in a sentence."""
        return f"{self.median:+.1f}{unit} (90 %: {self.low:+.1f} to {self.high:+.1f})"


@dataclass(frozen=True, slots=True)
class OptionRow:
    """What an option does to a site by its end.

    Attributes
    ----------
    option, site : str
    change : Band
        From now on [%].
    score : Band
        T-score then.
    threshold : float
        The lowest she asked for.
    below : float
        Probability of a T-score below it.
    """

    option: str
    site: str
    change: Band
    score: Band
    threshold: float
    below: float


def option_rows(fit: PatientFit, courses: Mapping[str, xr.Dataset]) -> list[OptionRow]:
    """Return what each option does to spine and hip by its end."""
    rows, threshold = [], min(fit.woman.thresholds, default=_OSTEOPOROSIS)
    for name, course in courses.items():
        now = int(np.argmin(np.abs(course["months"].to_numpy() - fit.woman.now)))
        for site, label in (("lumbar_spine", "spine"), ("total_hip", "hip")):
            density = course[f"bmd_{site}"].to_numpy()
            score = course[f"t_score_{site}"].to_numpy()[:, -1]
            change = Band.of(100 * (density[:, -1] / density[:, now] - 1))
            below = float(np.mean(score < threshold))
            rows.append(OptionRow(name, label, change, Band.of(score), threshold, below))
    return rows


def difference_sentences(courses: Mapping[str, xr.Dataset]) -> list[str]:
    """Return how the spine differs at the end from that under the first option."""
    sentences, names = [], list(courses)
    for name in names[1:]:
        ratio = courses[name]["bmd_lumbar_spine"] / courses[names[0]]["bmd_lumbar_spine"]
        change = 100 * (ratio.to_numpy()[:, -1] - 1)
        words = Band.of(change).words(" %")
        sentences.append(
            f"{name} against {names[0]}, spine at the end: {words}, higher with a "
            f"probability of {100 * np.mean(change > 0):.0f} %."
        )
    return sentences
