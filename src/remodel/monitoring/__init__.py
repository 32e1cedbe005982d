"""When to scan: what each visit can show, and what a guideline makes of many women."""

from remodel.monitoring.monitor import MonitoringPlan, monitor

__all__ = ["MonitoringPlan", "monitor"]
