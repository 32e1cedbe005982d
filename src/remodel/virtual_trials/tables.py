"""Tables of a virtual trial: power, arms, truth, sample size and assurance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.virtual_trials.design import Design
from remodel.virtual_trials.run import Estimates

if TYPE_CHECKING:
    import pandas as pd

READING, TRUTH = 0, 1


def power_table(estimates: Estimates, alpha: float) -> pd.DataFrame:
    """Return ``power.csv``: effect, spread and power of each comparison.

    ``effect`` and ``sd`` are means over replicates, ``standard_error`` is that of the power, from
    the number of replicates.
    """
    import pandas as pd

    rows = []
    for i, one in enumerate(estimates.comparisons):
        p = estimates.p[:, i]
        usable = np.isfinite(p)
        n = int(usable.sum())
        power = float((p[usable] < alpha).mean()) if n else math.nan
        sd = float(np.sqrt(np.mean(estimates.sd[usable, i] ** 2))) if n else math.nan
        rows.append(
            {
                "endpoint": one.endpoint,
                "months": one.month,
                "comparison": one.words,
                "analysis": one.analysis,
                "n_per_arm": one.size,
                "effect": float(estimates.effect[usable, i].mean()) if n else math.nan,
                "sd": sd,
                "power": power,
                "standard_error": math.sqrt(power * (1 - power) / n) if n else math.nan,
            }
        )
    return pd.DataFrame(rows)


def difference_table(estimates: Estimates, alpha: float = 0.05) -> pd.DataFrame:
    """Return what one trial would find: the mean difference and how it varies between replicates.

    ``standard_error`` is the standard deviation of the difference over replicates, ``low`` and
    ``high`` the limits of its middle 95 % (1 - alpha).
    """
    import pandas as pd

    rows = []
    for i, one in enumerate(estimates.comparisons):
        effects = estimates.effect[:, i][np.isfinite(estimates.effect[:, i])]
        if len(effects) < 2:
            continue
        low, high = np.quantile(effects, [alpha / 2, 1 - alpha / 2])
        rows.append(
            {
                "endpoint": one.endpoint,
                "months": one.month,
                "comparison": one.words,
                "analysis": one.analysis,
                "n_per_arm": one.size,
                "difference": float(effects.mean()),
                "standard_error": float(effects.std(ddof=1)),
                "low": float(low),
                "high": float(high),
            }
        )
    return pd.DataFrame(rows)


def arm_table(design: Design, estimates: Estimates, kind: int = READING) -> pd.DataFrame:
    """Return ``arms.csv``: change of each arm at each visit, at the largest size.

    Parameters
    ----------
    design : Design
    estimates : Estimates
    kind : int
        ``READING`` or ``TRUTH``.
    """
    import pandas as pd

    rows = []
    for i, arm in enumerate(design.names):
        for j, name in enumerate(design.measurements):
            for k, month in enumerate(design.later):
                n = float(estimates.counts[:, kind, i, j, k].mean())
                sd = math.sqrt(_mean(estimates.variances[:, kind, i, j, k]))
                rows.append(
                    {
                        "arm": arm,
                        "endpoint": name,
                        "months": month,
                        "n": n,
                        "mean": _mean(estimates.means[:, kind, i, j, k]),
                        "sd": sd,
                        "standard_error": sd / math.sqrt(n) if n else math.nan,
                    }
                )
    return pd.DataFrame(rows)


def _mean(values: FloatArray) -> float:
    usable = values[np.isfinite(values)]
    return float(usable.mean()) if len(usable) else math.nan


def prediction_table(
    design: Design, estimates: Estimates, changes: Mapping[str, Mapping[str, FloatArray]]
) -> pd.DataFrame:
    """Return what copies of a trial read, as ``predictive_check`` draws it.

    Parameters
    ----------
    design : Design
    estimates : Estimates
    changes : mapping of str to mapping of str to ndarray, shape (n, n_visits)
        Changes of single women as read, by arm and measurement.

    Returns
    -------
    pandas.DataFrame
        ``arm, endpoint, months, quantity (women|mean|sd), low_90, median, high_90``.
    """
    import pandas as pd

    rows = []
    for i, arm in enumerate(design.names):
        for j, name in enumerate(design.measurements):
            for k, month in enumerate(design.later):
                head = {"arm": arm, "endpoint": name, "months": month}
                for quantity, values in (
                    ("women", changes[arm][name][:, k]),
                    ("mean", estimates.means[:, READING, i, j, k]),
                    ("sd", np.sqrt(estimates.variances[:, READING, i, j, k])),
                ):
                    band = np.nanquantile(values, [0.05, 0.5, 0.95])
                    ends = dict(zip(("low_90", "median", "high_90"), band.tolist(), strict=True))
                    rows.append({**head, "quantity": quantity, **ends})
    return pd.DataFrame(rows)


def assurance_table(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return power averaged over draws of the parameters, with its middle 90 %.

    Parameters
    ----------
    tables : sequence of DataFrame
        Power of each draw.
    """
    import pandas as pd

    keys = ["endpoint", "months", "comparison", "analysis", "n_per_arm"]
    groups = pd.concat(tables).groupby(keys, sort=False)
    effect = groups["effect"]
    power = groups["power"]
    return pd.DataFrame(
        {
            "assurance": power.mean(),
            "standard_error": power.std() / np.sqrt(power.count()),
            "low_90": power.quantile(0.05),
            "high_90": power.quantile(0.95),
            "effect_low_90": effect.quantile(0.05),
            "effect_high_90": effect.quantile(0.95),
        }
    ).reset_index()
