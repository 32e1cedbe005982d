"""Methods of global sensitivity analysis: which numbers each gives, and from which designs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, nearest, require
from remodel.sweeps.design import LISTED, SAMPLED, Design

Indices = dict[str, FloatArray]
_SAMPLED = (*SAMPLED, *LISTED)
_INSTEAD_OF_0 = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Sampled:
    """Simulations a method looks at.

    Attributes
    ----------
    points : ndarray, shape (n, n_factors)
        On the unit cube for a Morris or Saltelli design, values of the factors otherwise.
    bounds : ndarray, shape (n_factors, 2)
        Ends of each factor, in the same way.
    names : tuple of str
    """

    points: FloatArray
    bounds: FloatArray
    names: tuple[str, ...]

    @property
    def problem(self) -> dict[str, object]:
        """The factors as SALib wants them."""
        return {
            "num_vars": len(self.names),
            "names": list(self.names),
            "bounds": self.bounds.tolist(),
        }


@dataclass(frozen=True, slots=True)
class Method:
    """A method of sensitivity analysis.

    Attributes
    ----------
    name, title : str
    kinds : tuple of str
        Designs it works on.
    main : str
        The index by which factors are ranked.
    indices : mapping of str to str
        Long name of each index; ``<index>_interval`` is half the width of its confidence interval.
    has_unit : bool
        Whether indices are in the unit of the output.
    analyze : callable
        From simulations and one output, shape (n,), to each index, shape (n_factors,).
    reference : str
    resamples : int
        Bootstrap samples behind each interval, unless the design says how many.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    main: str
    indices: Mapping[str, str]
    has_unit: bool
    analyze: Callable[[Sampled, FloatArray, Options], Indices]
    reference: str
    resamples: int = 100


@dataclass(frozen=True, slots=True)
class Options:
    """How intervals are found.

    Parameters
    ----------
    resamples : int
        Bootstrap samples behind each interval.
    confidence : float
        Share of the intervals, between 0 and 1.
    seed : int
    """

    resamples: int = 100
    confidence: float = 0.95
    seed: int = 0

    @property
    def seed_of_salib(self) -> int:
        """The seed, and another one instead of 0, which SALib takes for none."""
        return self.seed or _INSTEAD_OF_0


def block_length(design: Design) -> int:
    """Return how many consecutive simulations of a design belong together."""
    if design.kind == "morris":
        return len(design.factors) + 1
    if design.kind == "saltelli":
        return len(design.factors) + 2
    return 1


def methods_for(kind: str) -> list[Method]:
    """Return the methods that work on a kind of design.

    Raises
    ------
    ConfigError
        If there are none.
    """
    fitting = [method for method in METHODS.values() if kind in method.kinds]
    if not fitting:
        raise ConfigError(
            f"a {kind} gives no sensitivities; use kind = 'morris', 'saltelli' or "
            "'latin_hypercube'."
        )
    return fitting


def method_of(design: Design, name: str | None = None) -> Method:
    """Return the method for a design, by name where it allows several.

    Raises
    ------
    ConfigError
        If the method is unknown or does not work on the design.
    """
    fitting = methods_for(design.kind)
    if name is None:
        return fitting[0]
    if name not in METHODS:
        raise ConfigError(
            f"'{name}' is not a method of sensitivity analysis.{nearest(name, METHODS)}"
        )
    if METHODS[name] not in fitting:
        kinds = " or ".join(f"'{kind}'" for kind in METHODS[name].kinds)
        raise ConfigError(
            f"method '{name}' does not work on a {design.kind} design; it needs kind = {kinds}."
        )
    return METHODS[name]


def _morris(sampled: Sampled, values: FloatArray, options: Options) -> Indices:
    indices = require("SALib.analyze.morris", "sensitivity").analyze(
        sampled.problem, sampled.points, values, num_resamples=options.resamples,
        conf_level=options.confidence, num_levels=4, seed=options.seed_of_salib,
    )  # fmt: skip
    names = {"mu_star": "mu_star", "mu_star_interval": "mu_star_conf", "mu": "mu", "sigma": "sigma"}
    return _renamed(indices, names)


def _sobol(sampled: Sampled, values: FloatArray, options: Options) -> Indices:
    indices = require("SALib.analyze.sobol", "sensitivity").analyze(
        sampled.problem,
        values,
        calc_second_order=False,
        num_resamples=options.resamples,
        conf_level=options.confidence,
        seed=options.seed_of_salib,
    )
    names = {
        "total_order": "ST",
        "total_order_interval": "ST_conf",
        "first_order": "S1",
        "first_order_interval": "S1_conf",
    }
    return _renamed(indices, names)


@contextmanager
def _own_random_numbers() -> Iterator[None]:
    """Give the caller back the random numbers that SALib seeds for everybody."""
    state = np.random.get_state()  # noqa: NPY002 (SALib uses it)
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _pawn(sampled: Sampled, values: FloatArray, options: Options) -> Indices:
    with _own_random_numbers():
        indices = require("SALib.analyze.pawn", "sensitivity").analyze(
            sampled.problem, sampled.points, values, S=10, seed=options.seed_of_salib
        )
    names = {"pawn_median": "median", "pawn_maximum": "maximum", "pawn_minimum": "minimum"}
    return _renamed(indices, names)


def _delta(sampled: Sampled, values: FloatArray, options: Options) -> Indices:
    with _own_random_numbers():
        indices = require("SALib.analyze.delta", "sensitivity").analyze(
            sampled.problem,
            sampled.points,
            values,
            num_resamples=options.resamples,
            conf_level=options.confidence,
            seed=options.seed_of_salib,
        )
    names = {
        "delta": "delta_balanced",
        "delta_interval": "delta_balanced_conf",
        "first_order": "S1",
        "first_order_interval": "S1_conf",
    }
    return _renamed(indices, names)


def _renamed(indices: Mapping[str, object], names: Mapping[str, str]) -> Indices:
    return {ours: np.asarray(indices[theirs], dtype=np.float64) for ours, theirs in names.items()}


METHODS = {
    method.name: method
    for method in (
        Method(
            "morris", "Morris elementary effects", ("morris",), "mu_star",
            {
                "mu_star": "mean size of the elementary effects over the range",
                "mu": "mean elementary effect over the range",
                "sigma": "spread of the elementary effects: interactions and curvature",
            },
            True, _morris,
            "Morris MD (1991) Technometrics 33:161-174; Campolongo F et al. (2007) Environ Model "
            "Softw 22:1509-1518",
        ),
        Method(
            "sobol", "Sobol indices", ("saltelli",), "total_order",
            {
                "total_order": "share of variance with all interactions",
                "first_order": "share of variance alone",
            },
            False, _sobol,
            "Sobol IM (2001) Math Comput Simul 55:271-280; Saltelli A et al. (2010) Comput Phys "
            "Commun 181:259-270",
        ),
        Method(
            "pawn", "PAWN indices", _SAMPLED, "pawn_median",
            {
                "pawn_median": "median distance of the conditional distributions",
                "pawn_maximum": "largest distance of a conditional distribution",
                "pawn_minimum": "smallest distance of a conditional distribution",
            },
            False, _pawn,
            "Pianosi F, Wagener T (2018) Environ Model Softw 108:197-207",
        ),
        Method(
            "delta", "moment-independent delta", _SAMPLED, "delta",
            {
                "delta": "mean shift of the whole distribution",
                "first_order": "share of variance alone",
            },
            False, _delta,
            "Borgonovo E (2007) Reliab Eng Syst Saf 92:771-784; Plischke E et al. (2013) Eur J "
            "Oper Res 226:536-550",
            resamples=20,  # each takes as long as the index itself, which is long
        ),
    )
}  # fmt: skip
