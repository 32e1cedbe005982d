"""The cases of ``fingerprints.py``: results of the public interface, by name.

Names begin with their group: models, drugs, methods, patients, parameters, steady (dosing at steady
state), doses, sensitivities, sweeps, study, fit, validation, explain, experiments.
"""

from .case import Case, Values
from .simulations import SIMULATIONS
from .uses import USES

CASES: dict[str, Case] = {**SIMULATIONS, **USES}

__all__ = ["CASES", "Case", "Values"]
