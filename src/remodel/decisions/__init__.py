"""Which plan: schedules and rules compared, and searched, by what they do to many women or one."""

from remodel.decisions.best import Best, optimize

__all__ = ["Best", "optimize"]
