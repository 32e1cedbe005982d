"""Rules on readings: conditions, what they lead to, and the policies of guidelines."""

from remodel.rules.condition import Condition
from remodel.rules.files import guideline_names, load_policy
from remodel.rules.policy import Decisions, Policy, Rule

__all__ = ["Condition", "Decisions", "Policy", "Rule", "guideline_names", "load_policy"]
