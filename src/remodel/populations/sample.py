"""Drawing women: ``remodel.population``."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.equations import TIME
from remodel.errors import ConfigError
from remodel.models import Model, load_model
from remodel.patient import SITES
from remodel.populations.correlation import correlated, factor
from remodel.populations.definition import DENSITIES, T_SCORES, Definition
from remodel.populations.load import load_definition, preset_names
from remodel.populations.matching import matched
from remodel.populations.population import Population, parameter_values
from remodel.populations.streams import normals, uniforms
from remodel.populations.trials import definition_like, is_trial

_MOST_WOMEN = 2**32 - 1
_MOST_ATTEMPTS = 1000
_ENOUGH = 20_000  # women drawn in vain before none is thought possible
_EXTREME_T_SCORE = 6.0  # as in Patient


def population(
    n: int,
    like: str | Path | Mapping[str, Any] | Definition = "postmenopausal",
    *,
    seed: int = 0,
) -> Population:
    """Draw women who differ, in age, history, bone, parameters and how they take their drugs.

    Parameters
    ----------
    n : int
        How many.
    like : str, Path, mapping or Definition
        A preset (``postmenopausal``, ``aromatase_inhibitor``, ``osteoporosis``), a TOML file or
        its content, or a shipped trial (``remodel.trial_names()``), whose baseline table the
        weights of the women meet.
    seed : int
        Woman i of a seed is the same for every ``n``.

    Returns
    -------
    Population
        Immutable; ``simulate``, ``sweep`` and ``measure`` take it.

    Raises
    ------
    ConfigError
        If ``like`` is unknown or malformed, or hardly any woman meets its limits.
    """
    check_whole("n", n, 1, _MOST_WOMEN)
    check_whole("seed", seed, 0, 2**64 - 1)
    definition = _definition(like)
    women = _draw(definition, int(n), int(seed))
    return matched(women, definition.match) if definition.match else women


def check_whole(name: str, value: object, least: int, most: int) -> None:
    """Raise unless a number is whole and within its limits.

    Raises
    ------
    ConfigError
    """
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_whole or not least <= int(value) <= most:  # type: ignore[call-overload]
        raise ConfigError(
            f"{name} = {value!r}: must be a whole number from {least} to {most}.", field=name
        )


def _definition(like: str | Path | Mapping[str, Any] | Definition) -> Definition:
    if isinstance(like, Definition):
        return like
    if isinstance(like, str) and like not in preset_names() and is_trial(like):
        return definition_like(like)
    return load_definition(like)


def _draw(definition: Definition, n: int, seed: int) -> Population:
    model = load_model("reference")
    lower = factor(definition.names, definition.correlations)
    women = np.arange(n)
    columns = {name: np.full(n, np.nan) for name in _column_names(definition)}
    rejections: dict[str, int] = {}
    remaining = women
    for attempt in range(_MOST_ATTEMPTS):
        drawn = _attempt(definition, model, lower, seed, remaining, attempt)
        possible = _possible(definition, model, drawn, rejections)
        for name, values in drawn.items():
            columns[name][remaining[possible]] = values[possible]
        remaining = remaining[~possible]
        if not len(remaining):
            break
        if sum(rejections.values()) >= _ENOUGH:
            _check_share(definition, n - len(remaining), rejections)
    else:
        _check_share(definition, n - len(remaining), rejections)
    return Population(
        definition, seed, women, np.ones(n), columns, _patterns(definition, seed, women), rejections
    )


def _check_share(definition: Definition, accepted: int, rejections: Mapping[str, int]) -> None:
    """Raise where fewer than one woman in a thousand is possible."""
    vain = sum(rejections.values())
    if accepted * _MOST_ATTEMPTS >= vain:
        return
    worst = max(rejections, key=lambda name: rejections[name])
    raise ConfigError(
        f"population '{definition.name}': {100 * accepted / (accepted + vain):.2g} % of "
        f"{accepted + vain:,} women drawn meet its limits; most fail that of {worst}.",
        field=worst,
    )


def _column_names(definition: Definition) -> list[str]:
    scores = [
        f"t_score_{s}"
        for s, name in zip(SITES, DENSITIES, strict=True)
        if name in definition.patient
    ]
    since = ["years_since_menopause"] if "menopause_age" in definition.patient else []
    return [*definition.names, *scores, *since]


def _attempt(
    definition: Definition,
    model: Model,
    lower: FloatArray,
    seed: int,
    women: IntArray,
    attempt: int,
) -> dict[str, FloatArray]:
    """Return one draw of everything for some women."""
    scores = [normals(seed, name, women, 0, attempt) for name in definition.names]
    mixed = correlated(lower, scores)
    spreads = definition.distributions
    drawn = {name: spreads[name].values(z) for name, z in zip(spreads, mixed, strict=True)}
    drawn.update(derived(model, drawn))
    return drawn


def derived(model: Model, drawn: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return T-scores of densities relative to peers, and years since menopause.

    Parameters
    ----------
    model : Model
    drawn : mapping of str to ndarray, shape (n,)
    """
    known: dict[str, Any] = {n: p.value * p.factor for n, p in model.all_parameters.items()}
    known[TIME] = drawn["age"] * model.days_per_year
    known[model.male] = drawn.get("male", np.zeros(len(drawn["age"])))
    columns = {}
    for site, density, score in zip(SITES, DENSITIES, T_SCORES, strict=True):
        if density in drawn:
            names = model.density[site]
            wanted = (names.peers, names.reference, names.reference_sd)
            young = model.constants(wanted, known)
            absolute = drawn[density] * young[names.peers]
            columns[score] = (absolute - young[names.reference]) / young[names.reference_sd]
    if "menopause_age" in drawn:
        columns["years_since_menopause"] = drawn["age"] - drawn["menopause_age"]
    return columns


def _possible(
    definition: Definition,
    model: Model,
    drawn: Mapping[str, FloatArray],
    rejections: dict[str, int],
) -> BoolArray:
    """Return which women are possible; count the others by what is not."""
    possible = np.ones(len(drawn["age"]), dtype=bool)
    checks = {
        name: spread.possible(drawn[name]) for name, spread in definition.distributions.items()
    }
    for score in T_SCORES:
        if score in drawn:
            checks[score] = np.abs(drawn[score]) <= _EXTREME_T_SCORE
    for name, (low, high) in definition.limits.items():
        if name in drawn:
            within = (drawn[name] >= low) & (drawn[name] <= high)
            checks[name] = checks.get(name, np.ones_like(within)) & within
    for name, values in parameter_values(definition, model, drawn).items():
        bounds = model.all_parameters[name].widened()
        within = (values >= bounds.lower) & (values <= bounds.upper)
        checks[name] = checks.get(name, np.ones_like(within)) & within
    for name, inside in checks.items():
        failed = int(np.count_nonzero(possible & ~inside))
        if failed:
            rejections[name] = rejections.get(name, 0) + failed
        possible &= inside
    return possible


def _patterns(definition: Definition, seed: int, women: IntArray) -> IntArray:
    """Return the number of the pattern of adherence of each woman."""
    share, _ = uniforms(seed, "adherence", women)
    ends = np.cumsum([pattern.share for pattern in definition.adherence])
    return np.minimum(np.searchsorted(ends, share, side="right"), len(ends) - 1)
