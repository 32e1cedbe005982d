"""Fracture risk of simulated women: hazards and probabilities by site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, nearest
from remodel.fracture.background import RISK_FACTORS, Background, load_background
from remodel.fracture.hazards import Exposure, Women, hazards_of, probabilities
from remodel.fracture.limits import beyond_link
from remodel.fracture.link import load_link
from remodel.fracture.probability import check_site, ten_year_probability
from remodel.fracture.sites import LONG_NAMES, SITES
from remodel.fracture.twins import INPUTS, TWIN_OUTPUTS, Origin, untreated_twins
from remodel.simulation.inputs import check_count
from remodel.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    import xarray as xr

_BAND = (5.0, 95.0)
_COLUMNS = (*RISK_FACTORS, "bmi")


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
        ``smoking``, ``glucocorticoids``: one value, or one a simulation. By default coordinates of
        the dataset with these names, which women of a population have; a factor that is in neither
        is taken as no. NaN is unknown and takes the share of women in general.
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
        ``fracture_probability_<site>_low_90`` and ``_high_90``. The attribute ``beyond_link`` names
        drugs whose fractures the link predicts too high, where some are given.

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
    _check_dataset(twins, "untreated", TWIN_OUTPUTS)
    people = _women(dataset, women or {}, country)
    exposure = _exposure(dataset, twins)
    data: dict[str, Any] = {}
    hazards = hazards_of(people, exposure, sites)
    chances = probabilities(people, exposure, sites)
    for site in sites:
        words = LONG_NAMES[site]
        data[f"fracture_hazard_{site}"] = _over_time(hazards[site], "1/y", f"hazard of {words}")
        data[f"fracture_probability_{site}"] = _over_time(
            chances[site], "percent", f"probability of a {words} since the start"
        )
        data[f"ten_year_probability_{site}"] = _over_time(
            _ten_years(people, dataset, site, country),
            "percent",
            f"ten-year probability of a {words} from published gradients, untreated",
        )
    data["multiple_vertebral_share"] = _over_time(
        _multiple(people, exposure, background),
        "1",
        "share with several among women with new vertebral fractures",
    )
    if draws:
        data |= _bands(people, exposure, sites, draws, seed)
    coords = {n: c for n, c in dataset.coords.items() if set(c.dims) <= {"simulation", "time"}}
    import xarray as xr

    note = {"title": "Fracture risk from published gradients and fitted link", "country": country}
    attrs = {**note, "model": dataset.attrs.get("model", ""), **_beyond_link(dataset)}
    return xr.Dataset(data, coords=coords, attrs=attrs)


def _beyond_link(dataset: xr.Dataset) -> dict[str, str]:
    """Return, as an attribute, which drugs have fractures that are predicted too high."""
    try:
        schedules = Origin.of(dataset).schedules
    except ConfigError:  # its women were given; what they take is not known
        return {}
    sentences = " ".join(beyond_link(schedules))
    return {"beyond_link": sentences} if sentences else {}


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


def _women(dataset: xr.Dataset, columns: Mapping[str, npt.ArrayLike], country: str) -> Women:
    """Return the women of a dataset, from columns that were given or its coordinates."""
    for name in columns:
        if name not in ("age", *_COLUMNS):
            raise ConfigError(
                f"women: '{name}' is not used.{nearest(name, ('age', *_COLUMNS))}", field=name
            )
    values: dict[str, FloatArray] = {}
    for name in ("age", *_COLUMNS):
        if name in columns:
            values[name] = _one_each(name, columns[name], dataset)
        elif name in dataset.coords:
            values[name] = np.asarray(dataset[name].to_numpy(), dtype=np.float64)
    if "age" not in values:
        values["age"] = Origin.of(dataset).patients.age
    factors = {name: values[name] for name in RISK_FACTORS if name in values}
    score = dataset["t_score_femoral_neck"].to_numpy()[:, 0]
    return Women(values["age"], score, factors, values.get("bmi"), country)


def _one_each(name: str, values: npt.ArrayLike, dataset: xr.Dataset) -> FloatArray:
    """Return one value a simulation, from one or from one each."""
    n = dataset.sizes["simulation"]
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ConfigError(f"women: {name} is {values!r}; expected numbers.", field=name) from None
    if array.shape not in ((), (1,), (n,)):
        raise ConfigError(
            f"women: {name} has {array.size} entries for {n} simulations.", field=name
        )
    return np.broadcast_to(array, (n,)).astype(np.float64)


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
    hip, ctx, *others = (
        data[name].to_numpy() for data in (dataset, twins) for name in TWIN_OUTPUTS
    )
    if "wander_total_hip" in dataset.coords:  # her twin has it too
        hip = hip / (1.0 + dataset["wander_total_hip"].to_numpy())
    return Exposure.of(years, hip, ctx, *others)


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
    factors: dict[str, Any] = {name: values[:, None] for name, values in women.factors.items()}
    bmi = None if women.bmi is None else women.bmi[:, None]
    return ten_year_probability(age, score, site, country=country, bmi=bmi, **factors)


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
