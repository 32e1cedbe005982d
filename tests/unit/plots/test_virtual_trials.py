"""Figures of trials and of early markers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import remodel as rm
from remodel.errors import ConfigError

POWER = pd.DataFrame(
    {
        "endpoint": "bmd_total_hip",
        "months": 24.0,
        "comparison": "a vs b",
        "analysis": ["t_test", "t_test", "ancova", "ancova"],
        "n_per_arm": [10, 40, 10, 40],
        "effect": 2.0,
        "sd": 4.0,
        "power": [0.2, 0.6, 0.25, np.nan],
        "standard_error": [0.02, 0.02, 0.02, np.nan],
    }
)


def _predictions():
    rows = [
        {"arm": arm, "endpoint": "bmd_total_hip", "months": month, "quantity": quantity,
         "low_90": -1.0, "median": 0.0, "high_90": 1.0}
        for arm in ("a", "b")
        for month in (12.0, 24.0)
        for quantity in ("women", "mean", "sd")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_power_curve_has_a_line_for_each_analysis():
    expected = pd.DataFrame({"n_per_arm": [10, 40], "power": [0.2, 0.6]})
    figure, table = rm.plots.power_curve(POWER, expected=expected)
    labels = [line.get_label() for line in figure.axes[0].get_lines()]
    assert sum("t test" in label for label in labels) == 1
    assert "closed form" in labels
    assert len(table) == 3
    with pytest.raises(ConfigError, match="no comparison has a power"):
        rm.plots.power_curve(POWER.assign(power=np.nan))


def test_the_predictive_check_shows_published_values_beside_predictions():
    published = pd.DataFrame(
        {"arm": ["a", "a vs b"], "endpoint": "bmd_total_hip", "months": [12.0, 12.0],
         "quantity": ["mean", "sd"], "value": [0.3, 3.0], "low_95": [0.1, np.nan],
         "high_95": [0.5, np.nan]}
    )  # fmt: skip
    figure, table = rm.plots.predictive_check(_predictions(), published)
    assert len(figure.axes) == 2
    assert table["median"].tolist()[0] == 0.0
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "black: of the difference of arms" in legend
    figure, table = rm.plots.predictive_check(_predictions(), published.iloc[:0])
    assert len(table) == len(_predictions())


def test_a_marker_against_change_has_the_line_of_no_information():
    rng = np.random.default_rng(1)
    early = rng.normal(size=500)
    late = -0.6 * early + rng.normal(size=500)
    figure, table = rm.plots.marker_against_change(
        [("true", early, late, np.ones(500)), ("nothing", rng.normal(size=500), late, np.ones(500))],
        x_label="CTX", y_label="spine",
    )  # fmt: skip
    labels = [line.get_label() for line in figure.axes[0].get_lines()]
    assert "no information" in labels
    assert table["r"].iloc[0] == pytest.approx(np.corrcoef(early, late)[0, 1])
    assert table["slope"].iloc[0] == pytest.approx(np.polyfit(early, late, 1)[0])
    assert table["auc"].iloc[0] > 0.65
    assert table["auc"].iloc[1] == pytest.approx(0.5, abs=0.08)
