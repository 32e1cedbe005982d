"""Fracture risk of simulated women: hazards and probabilities by site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, nearest
from remodel.fracture.background import RISK_FACTORS, Background, load_background
from remodel.fracture.link import Link, load_link
from remodel.fracture.probability import (
    check_site,
    check_women,
    cumulative_probability,
    site_hazard,
    ten_year_probability,
)
from remodel.fracture.sites import FAMILIES, LONG_NAMES, SITES
from remodel.fracture.twins import untreated_twins
from remodel.simulation.inputs import check_count
from remodel.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    import xarray as xr

INPUTS = ("bmd_total_hip", "ctx", "t_score_femoral_neck")
"""Outputs of a simulation that fracture risk is computed from."""
_BAND = (5.0, 95.0)
_CELLS = 4_000_000  # numbers of one array worked on at a time
_COLUMNS = (*RISK_FACTORS, "bmi")


@dataclass(frozen=True, slots=True)
class Women:
    """Who is at risk, at the start of follow-up.

    Attributes
    ----------
    age : ndarray, shape (n,)
        [y].
    t_score : ndarray, shape (n,)
        Of the femoral neck.
    factors : mapping of str to ndarray, shape (n,)
        Risk factors from 0 (no) to 1 (yes); NaN is unknown.
    bmi : ndarray, shape (n,), optional
    country : str or sequence of str, length n
        Scales the hip.
    t_score_sd : ndarray, shape (n,), optional
        Spread of the T-score, where each of the women stands for a group.
    """

    age: FloatArray
    t_score: FloatArray
    factors: Mapping[str, FloatArray]
    bmi: FloatArray | None = None
    country: str | Sequence[str] = "UK"
    t_score_sd: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_women(self.age, self.t_score, self.factors, self.bmi)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What treatment did to bone, against the untreated twin.

    Attributes
    ----------
    years : ndarray, shape (n_times,)
        From the start of treatment.
    hip : ndarray, shape (..., n, n_times)
        Change of total hip since the start against that of the twin [%].
    turnover : ndarray, shape (..., n, n_times)
        ln(CTX / CTX of the twin).
    """

    years: FloatArray
    hip: FloatArray
    turnover: FloatArray

    @classmethod
    def of(
        cls, years: FloatArray, hip: FloatArray, ctx: FloatArray, hip_twin: FloatArray,
        ctx_twin: FloatArray,
    ) -> Exposure:
        """Return the exposure from levels of treated women and of their twins."""
        ratio = (hip / hip[..., :1]) / (hip_twin / hip_twin[..., :1])
        return cls(years, 100.0 * (ratio - 1.0), np.log(ctx / ctx_twin))


def hazards_of(
    women: Women,
    exposure: Exposure,
    *,
    background: Background | None = None,
    link: Link | None = None,
    shift: Mapping[str, float | FloatArray] | None = None,
) -> dict[str, FloatArray]:
    """Return the hazard of each component [1/y] over time.

    The background of a woman is computed once, whatever the number of plans in front of her axis.

    Parameters
    ----------
    women : Women
        n of them.
    exposure : Exposure
        Of shape (..., n, n_times).
    background, link : optional
        Instead of those of the package.
    shift : mapping of str to float or ndarray, shape (n, 1), optional
        Of ln relative risk by family, where there is any effect: how a trial differs from others.

    Returns
    -------
    dict of str to ndarray, shape (..., n, n_times)
    """
    chosen, slopes = background or load_background(), link or load_link()
    attained = women.age[:, None] + exposure.years
    z_score = chosen.z_score(women.age, women.t_score)[:, None]
    n = len(women.age)
    ratios = chosen.risk_ratios(women.factors, women.bmi)
    wide = {name: np.broadcast_to(ratio, (n,))[:, None] for name, ratio in ratios.items()}
    hip_ratio = _hip_ratio(chosen, women.country)
    z_sd = 0.0 if women.t_score_sd is None else women.t_score_sd[:, None]
    hazards = chosen.hazards(attained, z_score, z_sd=z_sd, hip_ratio=hip_ratio, ratios=wide)
    effects = slopes.ratios(exposure.hip, exposure.turnover)
    if shift:
        is_treated = np.any(np.abs(exposure.turnover) > 1e-6, axis=-1, keepdims=True)
        effects = {name: e * np.exp(shift[name] * is_treated) for name, e in effects.items()}
    return {name: hazard * effects[FAMILIES[name]] for name, hazard in hazards.items()}


def _hip_ratio(background: Background, country: str | Sequence[str]) -> float | FloatArray:
    """Return the ratio of one country, or of one a woman."""
    if isinstance(country, str):
        return background.country_ratio(country)
    return np.array([background.country_ratio(name) for name in country])[:, None]


def probabilities(
    women: Women,
    exposure: Exposure,
    sites: Sequence[str] = tuple(SITES),
    *,
    background: Background | None = None,
    link: Link | None = None,
    shift: Mapping[str, float | FloatArray] | None = None,
) -> dict[str, FloatArray]:
    """Return the cumulative probability of a first fracture at each site [%].

    Arguments and shapes are those of :func:`hazards_of`; leading axes of the exposure, such as
    plans, are worked on in pieces, so that memory stays small.
    """
    chosen = background or load_background()
    options: dict[str, Any] = {"background": chosen, "link": link, "shift": shift}
    death = chosen.death(women.age[:, None] + exposure.years)
    shape = np.broadcast_shapes(exposure.hip.shape, exposure.turnover.shape)
    hip = np.broadcast_to(exposure.hip, shape).reshape(-1, *shape[-2:])
    turnover = np.broadcast_to(exposure.turnover, shape).reshape(-1, *shape[-2:])
    result = {site: np.empty(hip.shape) for site in sites}
    step = max(1, _CELLS // (shape[-1] * shape[-2]))
    for first in range(0, len(hip), step):
        rows = slice(first, first + step)
        some = hazards_of(women, Exposure(exposure.years, hip[rows], turnover[rows]), **options)
        for site in sites:
            hazard = site_hazard(some, site, chosen.clinical_share)
            result[site][rows] = 100.0 * cumulative_probability(hazard, death, exposure.years)
    return {site: values.reshape(shape) for site, values in result.items()}


def fracture_risk(
    dataset: xr.Dataset,
    *,
    country: str = "UK",
    untreated: xr.Dataset | None = None,
    women: Mapping[str, npt.ArrayLike] | None = None,
    sites: Sequence[str] = tuple(SITES),
    draws: int = 0,
    seed: int = 1,
) -> xr.Dataset:
    """Return hazards and probabilities of fracture of simulated women.

    The hazard is that of her age, density and risk factors at the start, times the effect of what
    treatment did to total hip and CTX against her untreated twin; death competes. No drug has a
    term of its own.

    Parameters
    ----------
    dataset : xarray.Dataset
        From ``remodel.simulate``, with ``bmd_total_hip``, ``ctx`` and ``t_score_femoral_neck`` and
        a time 0.
    country : str
        Where she lives; scales the hip.
    untreated : xarray.Dataset, optional
        The same women without drugs, one simulation each or one for all; simulated by default.
    women : mapping of str to array_like, optional
        ``age``, ``bmi``, ``prior_fracture``, ``prior_vertebral_fracture``, ``parental_fracture``,
        ``smoking``, ``glucocorticoids``: one value, or one a simulation, such as columns of a
        population. By default coordinates of the dataset with these names; a factor that is in
        neither is taken as no. NaN is unknown and takes the share of women in general.
    sites : sequence of str
    draws : int
        Draws of background and link that give every probability its band of 90 %.
    seed : int
        Of the draws.

    Returns
    -------
    xarray.Dataset
        ``fracture_hazard_<site>`` [1/y] and ``fracture_probability_<site>`` [percent], cumulative
        from the start; ``ten_year_probability_<site>`` [percent] of an untreated woman with the
        age and T-score she has at that time, from published gradients;
        ``multiple_vertebral_share`` of new vertebral fractures. With ``draws`` also
        ``fracture_probability_<site>_low_90`` and ``_high_90``.

    Raises
    ------
    ConfigError
        If an output is missing, a name is unknown, or a number is not allowed.
    """
    for site in sites:
        check_site(site)
    check_count("draws", draws or None)
    _check_dataset(dataset, "the dataset")
    background = load_background()
    background.country_ratio(country)
    twins = untreated_twins(dataset) if untreated is None else untreated
    _check_dataset(twins, "untreated", ("bmd_total_hip", "ctx"))
    people = _women(dataset, women or {}, country)
    exposure = _exposure(dataset, twins)
    data: dict[str, Any] = {}
    hazards = hazards_of(people, exposure)
    chances = probabilities(people, exposure, sites)
    for site in sites:
        hazard = site_hazard(hazards, site, background.clinical_share)
        words = LONG_NAMES[site]
        data[f"fracture_hazard_{site}"] = _over_time(hazard, "1/y", f"hazard of {words}")
        data[f"fracture_probability_{site}"] = _over_time(
            chances[site], "percent", f"probability of a {words} since the start"
        )
        data[f"ten_year_probability_{site}"] = _over_time(
            _ten_years(people, dataset, site, country), "percent",
            f"ten-year probability of a {words} from published gradients, untreated",
        )
    data["multiple_vertebral_share"] = _over_time(
        _multiple(people, exposure, background), "1",
        "share with several among women with new vertebral fractures",
    )
    if draws:
        data |= _bands(people, exposure, sites, draws, seed)
    coords = {n: c for n, c in dataset.coords.items() if set(c.dims) <= {"simulation", "time"}}
    import xarray as xr

    note = {"title": "Fracture risk from published gradients and fitted link", "country": country}
    attrs = {**note, "model": dataset.attrs.get("model", "")}
    return xr.Dataset(data, coords=coords, attrs=attrs)


def _over_time(values: FloatArray, units: str, long_name: str) -> tuple[Any, ...]:
    return ("simulation", "time"), values, {"units": units, "long_name": long_name}


def _check_dataset(dataset: xr.Dataset, name: str, needed: Sequence[str] = INPUTS) -> None:
    for output in needed:
        if output not in dataset:
            raise ConfigError(
                f"{name}: fracture risk needs {', '.join(needed)}; {output} is missing. Simulate "
                "with these outputs, or with all endpoints.",
                field=output,
            )
    if dataset["time"].to_numpy()[0] != 0:
        raise ConfigError(f"{name}: fracture risk is counted from time 0, which is missing.")


def _women(
    dataset: xr.Dataset, columns: Mapping[str, npt.ArrayLike], country: str
) -> Women:
    """Return the women of a dataset, from columns that were given or its coordinates."""
    n = dataset.sizes["simulation"]
    for name in columns:
        if name not in ("age", *_COLUMNS):
            raise ConfigError(
                f"women: '{name}' is not used.{nearest(name, ('age', *_COLUMNS))}", field=name
            )
    values: dict[str, FloatArray] = {}
    for name in ("age", *_COLUMNS):
        if name in columns:
            values[name] = _one_each(name, columns[name], n)
        elif name in dataset.coords:
            values[name] = np.asarray(dataset[name].to_numpy(), dtype=np.float64)
    if "age" not in values:
        values["age"] = _ages(dataset)
    factors = {name: values[name] for name in RISK_FACTORS if name in values}
    score = dataset["t_score_femoral_neck"].to_numpy()[:, 0]
    return Women(values["age"], score, factors, values.get("bmi"), country)


def _one_each(name: str, values: npt.ArrayLike, n: int) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if array.shape not in ((), (1,), (n,)):
        raise ConfigError(f"women: {name} has {array.size} entries for {n} simulations.", field=name)
    return np.broadcast_to(array, (n,)).astype(np.float64)


def _ages(dataset: xr.Dataset) -> FloatArray:
    from remodel.fracture.twins import Origin

    return Origin.of(dataset).ages


def _exposure(dataset: xr.Dataset, twins: xr.Dataset) -> Exposure:
    years = dataset["time"].to_numpy() / DAYS_PER_YEAR
    if not np.array_equal(twins["time"].to_numpy(), dataset["time"].to_numpy()):
        raise ConfigError("untreated: its times are not those of the dataset.", field="untreated")
    if twins.sizes["simulation"] not in (1, dataset.sizes["simulation"]):
        raise ConfigError(
            f"untreated: {twins.sizes['simulation']} simulations for "
            f"{dataset.sizes['simulation']} of the dataset; expected one each, or one for all.",
            field="untreated",
        )
    levels = [data[name].to_numpy() for data in (dataset, twins) for name in ("bmd_total_hip", "ctx")]
    return Exposure.of(years, *levels)


def _multiple(women: Women, exposure: Exposure, background: Background) -> FloatArray:
    """Return how many of the women with new vertebral fractures have several, by loss of a year."""
    change = 100.0 * np.log1p(exposure.hip / 100.0)
    before = np.stack(
        [np.interp(exposure.years - 1.0, exposure.years, row) for row in np.atleast_2d(change)]
    )
    prior = women.factors.get("prior_vertebral_fracture", np.zeros(len(women.age)))
    return background.multiple_share(before - change, np.nan_to_num(prior)[:, None])


def _ten_years(women: Women, dataset: xr.Dataset, site: str, country: str) -> FloatArray:
    """Return the ten-year probability at each time, for the age and T-score she has then."""
    years = dataset["time"].to_numpy() / DAYS_PER_YEAR
    age = np.minimum(women.age[:, None] + years, 100.0)
    score = np.clip(dataset["t_score_femoral_neck"].to_numpy(), -6.0, 6.0)
    missing = np.isnan(score)
    factors = {name: values[:, None] for name, values in women.factors.items()}
    bmi = None if women.bmi is None else women.bmi[:, None]
    probability = ten_year_probability(
        age, np.where(missing, 0.0, score), site, country=country, bmi=bmi, **factors
    )
    return np.where(missing, np.nan, probability)


def _bands(
    women: Women, exposure: Exposure, sites: Sequence[str], draws: int, seed: int
) -> dict[str, Any]:
    """Return the bands of 90 % of the probabilities, from draws of background and link."""
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[FloatArray]] = {site: [] for site in sites}
    for _ in range(draws):
        background = load_background().draw(rng)
        link, shift = load_link().draw(rng)
        chances = probabilities(
            women, exposure, sites, background=background, link=link, shift=shift
        )
        for site in sites:
            drawn[site].append(chances[site])
    data: dict[str, Any] = {}
    for site in sites:
        for name, percentile in zip(("low_90", "high_90"), _BAND, strict=True):
            values = np.percentile(drawn[site], percentile, axis=0)
            words = f"probability of a {LONG_NAMES[site]}, {percentile:g}th percentile of draws"
            data[f"fracture_probability_{site}_{name}"] = _over_time(values, "percent", words)
    return data
