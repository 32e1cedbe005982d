"""A finished fit: parameters, what the data say of them, and how well they predict."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.calibration.posterior import Posterior
from remodel.calibration.problem import FitProblem
from remodel.calibration.profile import Profile
from remodel.calibration.search import StartResult
from remodel.calibration.uncertainty import Information
from remodel.parameters import ParameterSet

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Fit:
    """A finished calibration.

    Attributes
    ----------
    problem : FitProblem
    parameters : ParameterSet
        All parameters of the model, the estimated ones at their fitted values.
    cost : float
        Half the sum of losses and priors.
    starts : tuple of StartResult
    estimates, predictions, scorecard, totals, trends : pandas.DataFrame
    information : Information
    profiles : tuple of Profile
    posterior : Posterior or None
    folder : Path
    """

    problem: FitProblem
    parameters: ParameterSet
    cost: float
    starts: tuple[StartResult, ...]
    estimates: pd.DataFrame
    predictions: pd.DataFrame
    scorecard: pd.DataFrame
    totals: pd.DataFrame
    trends: pd.DataFrame
    information: Information
    profiles: tuple[Profile, ...]
    posterior: Posterior | None
    folder: Path

    def __repr__(self) -> str:
        """Return how many parameters were fitted, and how well the starts converged."""
        converged = sum(start.converged for start in self.starts)
        return (
            f"<Fit of {len(self.problem.estimate)} parameters: objective {self.cost:.5g}, "
            f"{converged} of {len(self.starts)} starts converged, in {str(self.folder)!r}>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the estimates."""
        table = self.estimates.to_html(index=False, float_format="%.4g", na_rep="")
        return f"<p>{escape(repr(self))}</p>{table}"
