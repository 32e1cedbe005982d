"""Hazard of fracture of an untreated woman: age, density, risk factors and country."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, nearest
from remodel.fracture.sites import FAMILIES, SITES

RISK_FACTORS = (
    "prior_fracture",
    "prior_vertebral_fracture",
    "parental_fracture",
    "smoking",
    "glucocorticoids",
)
_LEAST_SHARE_OF_ARM = 0.1  # of the major fractures other than hip, where the spine takes nearly all
_NAMES = {"united kingdom": "UK", "great britain": "UK", "usa": "US", "united states": "US"}


@dataclass(frozen=True, slots=True)
class Gradient:
    """A hazard by age and density.

    Attributes
    ----------
    ages : ndarray
        [y], rising.
    log_rates : ndarray
        Natural logarithm of the hazard [1/y] at a Z-score of 0.
    log_gradients : ndarray
        Rise of it with each standard deviation of lower density.
    level_sd, gradient_sd : float
        Uncertainty of the logarithm of the rate, and of the mean gradient.
    """

    ages: FloatArray
    log_rates: FloatArray
    log_gradients: FloatArray
    level_sd: float
    gradient_sd: float

    def hazard(
        self, age: FloatArray, z_score: FloatArray, z_sd: float | FloatArray = 0.0
    ) -> FloatArray:
        """Return the hazard [1/y] at attained ages, for Z-scores at the start of follow-up.

        With ``z_sd`` it is the mean of a group whose Z-scores are normal with that spread.
        """
        rate = line(age, self.ages, self.log_rates)
        slope = line(age, self.ages, self.log_gradients)
        hazard: FloatArray = np.exp(rate - slope * z_score + 0.5 * (slope * z_sd) ** 2)
        return hazard


@dataclass(frozen=True, slots=True)
class Background:
    """Everything that decides the hazard of an untreated woman; see ``tables/background.toml``.

    Attributes
    ----------
    hip, other_major, morphometric : Gradient
        Hip; other major osteoporotic fractures; new morphometric vertebral fractures.
    content : mapping
        The other tables of the file.
    clinical_share : float
        Of morphometric vertebral fractures.
    levels : mapping of str to float
        Factors of the hazard by component, 1 unless drawn.
    """

    hip: Gradient
    other_major: Gradient
    morphometric: Gradient
    content: Mapping[str, Any]
    clinical_share: float
    levels: Mapping[str, float]

    def t_score_of_women(self, age: FloatArray) -> FloatArray:
        """Return the mean T-score of the femoral neck of women of an age."""
        table = self.content["t_score_of_women"]
        return np.asarray(np.interp(age, table["ages"], table["values"]))

    def z_score(self, age: FloatArray, t_score: FloatArray) -> FloatArray:
        """Return standard deviations of young women from the mean of women of the same age."""
        return np.asarray(t_score - self.t_score_of_women(age), dtype=np.float64)

    def death(self, age: FloatArray) -> FloatArray:
        """Return the hazard of death [1/y]."""
        table = self.content["death"]
        return np.exp(line(age, np.array(table["ages"]), np.log(table["values"])))

    def hazards(
        self,
        age: FloatArray,
        z_score: FloatArray,
        *,
        z_sd: float | FloatArray = 0.0,
        hip_ratio: float | FloatArray = 1.0,
        ratios: Mapping[str, FloatArray] | None = None,
    ) -> dict[str, FloatArray]:
        """Return the hazard of each component [1/y].

        Parameters
        ----------
        age : ndarray
            Attained age [y], of any shape.
        z_score : ndarray
            At the start of follow-up; broadcast with ``age``.
        z_sd : float or ndarray
            Spread of it, where the women are groups.
        hip_ratio : float or ndarray
            Hip fracture in her country against the UK, from :meth:`country_ratio`.
        ratios : mapping of str to ndarray, optional
            Of risk factors, from :meth:`risk_ratios`.
        """
        major = self.other_major.hazard(age, z_score, z_sd)
        spine = self.clinical_share * self.morphometric.hazard(age, z_score, z_sd)
        arm = np.maximum(major - spine, _LEAST_SHARE_OF_ARM * major)
        other = self.content["other"]
        ratio = other["ratio"] * np.exp(other["log_ratio_per_year"] * (age - other["age"]))
        hazards = {
            "hip": hip_ratio * self.hip.hazard(age, z_score, z_sd),
            "vertebral": spine,
            "arm": arm,
            "other": ratio * major,
        }
        factors: dict[str, Any] = {name: self.levels.get(name, 1.0) for name in hazards}
        if ratios is not None:
            factors = {name: f * ratios[FAMILIES[name]] for name, f in factors.items()}
        return {name: hazard * factors[name] for name, hazard in hazards.items()}

    def country_ratio(self, country: str) -> float:
        """Return the incidence of hip fracture against that of the UK.

        Raises
        ------
        ConfigError
            If the country is not in the table.
        """
        table = self.content["countries"]
        known: dict[str, float] = {**table["values"], "international": table["international"]}
        name = _NAMES.get(country.lower(), country)
        spelled = {n.lower(): n for n in known}
        if name.lower() not in spelled:
            raise ConfigError(
                f"country = '{country}' has no published incidence here."
                f"{nearest(name, known, cutoff=0.75)}",
                field="country",
                value=country,
                allowed=sorted(known),
            )
        return known[spelled[name.lower()]]

    def risk_ratios(
        self, factors: Mapping[str, FloatArray], bmi: FloatArray | None = None
    ) -> dict[str, FloatArray]:
        """Return the hazard ratio of risk factors by family of components.

        Parameters
        ----------
        factors : mapping of str to ndarray
            From 0 (no) over shares of a group to 1 (yes); NaN is unknown and takes the share of
            women in general. Factors that are not there are taken as no. ``prior_fracture``
            includes the vertebral ones.
        bmi : ndarray, optional
            [kg/m2]; NaN and None count as 25.
        """
        table = self.content["risk"]
        known = {
            name: np.where(np.isnan(values), table[name]["share"], values)
            for name, values in factors.items()
        }
        spine = known.pop("prior_vertebral_fracture", np.zeros(()))
        if "prior_fracture" in known:
            known["prior_fracture"] = np.maximum(known["prior_fracture"] - spine, 0.0)
        ratios = {}
        for family in ("hip", "vertebral", "other"):
            prior = known.get("prior_fracture", np.zeros(()))
            ratio = 1.0 + spine * (table["prior_vertebral_fracture"][family] - 1.0)
            ratio = ratio + prior * (table["prior_fracture"][family] - 1.0)
            for name in known.keys() - {"prior_fracture"}:
                ratio = ratio * (1.0 + known[name] * (table[name][family] - 1.0))
            ratios[family] = ratio if bmi is None else ratio * self.bmi_ratio(family, bmi)
        return ratios

    def bmi_ratio(self, family: str, bmi: FloatArray) -> FloatArray:
        """Return the hazard ratio of a body mass index, beyond density."""
        table = self.content["bmi"]
        index = np.where(np.isnan(bmi), table["reference"], bmi)
        index = np.clip(index, table["values"][0], table["values"][-1])
        if family == "hip":
            return np.asarray(np.exp(np.interp(index, table["values"], np.log(table["hip"]))))
        slope = table["other_per_unit"] if family == "other" else 0.0
        return np.asarray(np.exp(slope * (index - table["reference"])))

    def families(self, site: str) -> dict[str, float]:
        """Return the share of each family of components in the fractures of a site.

        Shares are those of women of the age in the table, of mean density and without risk
        factors, so that the ratio of a site is the same for every woman.
        """
        age = np.array(float(self.content["mix"]["age"]))
        hazards = self.hazards(age, np.zeros(()))
        total = sum(float(hazards[name]) for name in SITES[site])
        shares: dict[str, float] = {}
        for name in SITES[site]:
            share = float(hazards[name]) / total
            shares[FAMILIES[name]] = shares.get(FAMILIES[name], 0.0) + share
        return shares

    def multiple_share(self, loss: FloatArray, prior: FloatArray) -> FloatArray:
        """Return the share of women with new vertebral fractures who have several.

        Parameters
        ----------
        loss : ndarray
            Of total hip [%/y]; a gain counts as none.
        prior : ndarray
            Share with a prior vertebral fracture.
        """
        table = self.content["multiple"]
        base = math.log(table["share"] / (1.0 - table["share"]))
        odds = base + table["log_odds_per_percent"] * np.maximum(loss, 0.0)
        odds = odds + table["log_odds_of_prior"] * prior
        share: FloatArray = 1.0 / (1.0 + np.exp(-odds))
        return share

    def draw(self, rng: np.random.Generator) -> Background:
        """Return a background whose levels and gradients are drawn within their uncertainty."""
        hip, major, spine = (
            replace(g, log_gradients=g.log_gradients + g.gradient_sd * rng.standard_normal())
            for g in (self.hip, self.other_major, self.morphometric)
        )
        country = self.content["countries"]["sd"] * rng.standard_normal()
        levels = {
            "hip": math.exp(hip.level_sd * rng.standard_normal() + country),
            "vertebral": math.exp(spine.level_sd * rng.standard_normal()),
            "arm": math.exp(major.level_sd * rng.standard_normal()),
            "other": math.exp(self.content["other"]["level_sd"] * rng.standard_normal()),
        }
        share = math.exp(self.content["clinical_share"]["sd"] * rng.standard_normal())
        return replace(
            self,
            hip=hip,
            other_major=major,
            morphometric=spine,
            levels=levels,
            clinical_share=min(1.0, self.clinical_share * share),
        )


def line(age: FloatArray, ages: FloatArray, values: FloatArray) -> FloatArray:
    """Return values by straight lines between ages, the outer ones continued beyond them."""
    middle = np.interp(age, ages, values)
    first = (values[1] - values[0]) / (ages[1] - ages[0])
    last = (values[-1] - values[-2]) / (ages[-1] - ages[-2])
    before, after = np.minimum(age - ages[0], 0.0), np.maximum(age - ages[-1], 0.0)
    return np.asarray(middle + first * before + last * after)


def read_toml(name: str) -> dict[str, Any]:
    """Return a TOML file of this room."""
    text = files("remodel.fracture").joinpath("tables", name).read_text(encoding="utf-8")
    return tomllib.loads(text)


@functools.cache
def load_background() -> Background:
    """Return the background that comes with the package."""
    content = read_toml("background.toml")
    return Background(
        hip=_gradient(content["hip"]),
        other_major=_gradient(content["other_major"]),
        morphometric=_morphometric(content),
        content=content,
        clinical_share=content["clinical_share"]["value"],
        levels={},
    )


def _gradient(table: Mapping[str, Any]) -> Gradient:
    names = ("ages", "log_rates", "log_gradients")
    ages, rates, slopes = (np.array(table[name], dtype=np.float64) for name in names)
    return Gradient(ages, rates, slopes, table["level_sd"], table["gradient_sd"])


def _morphometric(content: Mapping[str, Any]) -> Gradient:
    """Return the hazard of a woman without vertebral fracture at the mean density of her age.

    The published rate is that of all women; prevalent fractures, and the spread of density by one
    standard deviation, raise it.
    """
    table = content["vertebral_morphometric"]
    ratio = content["risk"]["prior_vertebral_fracture"]["vertebral"]
    slope = math.log(table["gradient"])
    prior = 1.0 + np.array(table["prevalence"]) * (ratio - 1.0)
    rates = np.log(table["level"] * np.array(table["values"])) - np.log(prior) - slope**2 / 2.0
    ages = np.array(table["ages"], dtype=np.float64)
    slopes = np.full(len(ages), slope)
    return Gradient(ages, rates, slopes, table["level_sd"], table["gradient_sd"])
