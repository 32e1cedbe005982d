"""Bands about the curves: draws from the posterior of the parameters."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.explorer.curves import RISK
from remodel.explorer.question import Case, Question
from remodel.explorer.simulations import plain, time_grid
from remodel.models import load_model
from remodel.models.draws import posterior_draws
from remodel.simulation.dataset import default_outputs
from remodel.simulation.simulate import simulate
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import xarray as xr

DRAWS = 60
_COARSER = 2.0
_BAND = (5.0, 95.0)


def bands_of(question: Question) -> dict[str, Any]:
    """Return the bands of 90 % of every panel; none for a model without draws."""
    known = default_outputs(load_model(question.case.model))
    names = tuple(
        dict.fromkeys(n for n in question.page.panels if not n.startswith(RISK) and n in known)
    )
    if not names or not posterior_draws(question.case.model):
        return {"months": [], "panels": {}, "draws": 0}
    dataset = _drawn(question.case, names)
    arms, times = len(question.case.arms), dataset.sizes["time"]
    panels = {}
    for name in names:
        values = dataset[name].values.reshape(arms, -1, times)
        low, high = np.nanpercentile(values, _BAND, axis=1)
        panels[name] = {"low": [plain(r) for r in low], "high": [plain(r) for r in high]}
    months = dataset["time"].values / DAYS_PER_MONTH
    return {"months": plain(months), "panels": panels, "draws": dataset.sizes["simulation"] // arms}


@functools.lru_cache(maxsize=8)
def _drawn(case: Case, outputs: tuple[str, ...]) -> xr.Dataset:
    """Simulate every arm with every draw, arm by arm; what was typed stays as it is."""
    fixed = dict(case.parameters)
    draws = {name: values[:DRAWS] for name, values in posterior_draws(case.model).items()}
    count = len(next(iter(draws.values())))
    varied = {n: np.tile(v, len(case.arms)) for n, v in draws.items() if n not in fixed}
    return simulate(
        case.model,
        schedule=[schedule for _, schedule in case.arms for _ in range(count)],
        patient=case.patient,
        parameters={**fixed, **varied},
        times=time_grid(case.years, _COARSER),
        outputs=outputs,
    )
