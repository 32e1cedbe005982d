"""A mixed model for repeated measures, fitted by statsmodels.

Change at all visits on visit, arm within visit and baseline reading within visit, by restricted
maximum likelihood. Changes of one woman are correlated by a random intercept (compound symmetry:
one variance and one correlation for all visits), or by a random intercept and slope over time.
Missing visits are allowed to depend on what was read before. Tests are by the normal distribution.
"""

from __future__ import annotations

import warnings

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.errors import require


def mixed_model(
    change: FloatArray,
    is_first: BoolArray,
    baseline: FloatArray,
    months: FloatArray,
    covariance: str,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return effect, residual standard deviation and p at every visit, shape (n_visits,).

    Parameters
    ----------
    change : ndarray, shape (n, n_visits)
        Of two arms [%]; NaN where there is none.
    is_first : ndarray of bool, shape (n,)
    baseline : ndarray, shape (n,)
    months : ndarray, shape (n_visits,)
    covariance : {"compound_symmetry", "random_slope"}

    Raises
    ------
    MissingDependencyError
        Without statsmodels.
    """
    library = require("statsmodels.regression.mixed_linear_model", "trials")
    woman, visit = np.nonzero(np.isfinite(change))
    n_visits, at = len(months), np.eye(len(months))[visit]
    standard = (baseline - baseline.mean()) / (baseline.std() or 1.0)
    x = np.concatenate([at, at * is_first[woman][:, None], at * standard[woman][:, None]], axis=1)
    random = np.ones((len(woman), 1))
    if covariance == "random_slope":
        time = months[visit] / months[-1]
        random = np.column_stack([random, time])
    nothing = np.full(n_visits, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a variance at its bound, which is an estimate too
        try:
            fit = library.MixedLM(change[woman, visit], x, groups=woman, exog_re=random).fit(
                reml=True
            )
        except (ValueError, np.linalg.LinAlgError):
            return nothing, nothing, nothing
    effect = slice(n_visits, 2 * n_visits)
    total = fit.scale + np.einsum("ij,jk,ik->i", random, fit.cov_re, random)
    sd = np.sqrt(np.array([total[visit == i].mean() for i in range(n_visits)]))
    return np.asarray(fit.params)[effect], sd, np.asarray(fit.pvalues)[effect]
