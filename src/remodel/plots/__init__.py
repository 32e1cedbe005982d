"""Figures of the field; each returns the figure and the numbers in it.

Matplotlib is imported when a figure is drawn. Figures are not tied to a window, so they work
without a display; save one with ``figure.savefig("name.png")``.
"""

from remodel.plots.cells import phase_plane
from remodel.plots.models import ModelScenario, models_side_by_side
from remodel.plots.points import published_points
from remodel.plots.trials import marker_panel, trial_overlay

__all__ = [
    "ModelScenario",
    "marker_panel",
    "models_side_by_side",
    "phase_plane",
    "published_points",
    "trial_overlay",
]
