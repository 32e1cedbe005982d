"""Figures of the field; each returns the figure and the numbers in it.

Matplotlib is imported when a figure is drawn. Figures are not tied to a window, so they work
without a display; save one with ``figure.savefig("name.png")``.
"""

from remodel.plots.cells import phase_plane
from remodel.plots.early_markers import marker_against_change
from remodel.plots.individuals import her_course, her_thresholds, her_traits
from remodel.plots.models import ModelScenario, models_side_by_side
from remodel.plots.monitoring import information_by_visit, loss_as_read, plans_compared
from remodel.plots.points import published_points
from remodel.plots.trials import marker_panel, trial_overlay
from remodel.plots.virtual_trials import power_curve, predictive_check
from remodel.plots.waterfall import waterfall
from remodel.plots.women import spaghetti, women_fan

__all__ = [
    "ModelScenario",
    "her_course",
    "her_thresholds",
    "her_traits",
    "information_by_visit",
    "loss_as_read",
    "marker_against_change",
    "marker_panel",
    "models_side_by_side",
    "phase_plane",
    "plans_compared",
    "power_curve",
    "predictive_check",
    "published_points",
    "spaghetti",
    "trial_overlay",
    "waterfall",
    "women_fan",
]
