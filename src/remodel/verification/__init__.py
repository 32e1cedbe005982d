"""Check a model against published trajectories: read a folder of scenarios, run, compare."""

from remodel.verification.report import Comparison, Verification
from remodel.verification.verify import verify

__all__ = ["Comparison", "Verification", "verify"]
