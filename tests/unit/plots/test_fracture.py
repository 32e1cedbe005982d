"""Figures of fractures."""

import pandas as pd

from remodel.fracture.gradients import compared_table
from remodel.plots.fracture import predicted_fractures, ten_year_table


def rows(kind, values):
    return pd.DataFrame(
        {
            kind: values, "outcome": ["hip", "any_clinical"], "published": [0.6, 1.2],
            "low_95": [0.4, 1.0], "high_95": [0.9, 1.4], "predicted": [0.7, 1.3],
            "predicted_low": [0.5, 1.1], "predicted_high": [0.8, 1.5],
        }
    )  # fmt: skip


def test_every_contrast_and_risk_is_drawn():
    contrasts, risks = (
        rows("side", ["calibration", "validation"]),
        rows("role", ["placebo", "inhibitor"]),
    )
    figure, table = predicted_fractures(contrasts, risks)
    assert [len(axes.containers) for axes in figure.axes] == [2, 2]
    assert len(table) == 4
    words = [text.get_text() for axes in figure.axes for text in axes.get_legend().get_texts()]
    assert words == ["in the fit", "kept for the check", "placebo", "on an inhibitor"]


def test_the_uk_table_is_drawn_as_dots_over_lines():
    figure, table = ten_year_table(compared_table())
    assert [len(axes.lines) for axes in figure.axes] == [10, 10]
    assert len(table) == 30
