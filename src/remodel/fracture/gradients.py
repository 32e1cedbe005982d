"""Hazards and gradients of hip and other major fractures from the published UK table.

``python -m remodel.fracture.gradients`` prints the lines of ``tables/background.toml``.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.fracture.background import Background, Gradient, load_background
from remodel.fracture.probability import cumulative_probability, ten_year_probability

if TYPE_CHECKING:
    import pandas as pd

_ROUNDING = 0.05  # half of the last digit of the table [percent]
_RELATIVE = 0.03
_SMOOTHNESS = 3.0  # of the second differences over age, against residuals of ``_RELATIVE``
_YEARS = np.linspace(0.0, 10.0, 21)


def uk_table() -> pd.DataFrame:
    """Return the published ten-year probabilities [%] by age and T-score of the femoral neck.

    Kanis 2008, doi:10.1007/s00198-007-0543-5, table 3: women of the UK with a body mass index of
    25 kg/m2 and no clinical risk factors. ``hip_is_below`` marks "<0.1", which is read as 0.1.
    """
    import pandas as pd

    with files("remodel.fracture").joinpath("tables", "uk_table.csv").open(encoding="utf-8") as f:
        table = pd.read_csv(f, dtype={"hip": str})
    table["hip_is_below"] = table["hip"].str.startswith("<")
    table["hip"] = table["hip"].str.removeprefix("<").astype(float)
    return table


def compared_table() -> pd.DataFrame:
    """Return the UK table with this package's probabilities beside it.

    ``within`` is true where the difference is at most 25 % of the published value and half of its
    last digit.
    """
    table = uk_table()
    for site in ("hip", "major"):
        predicted = ten_year_probability(table["age"], table["t_score"], site)
        published = table[site].to_numpy()
        table[f"{site}_predicted"] = predicted
        room = 0.25 * published + _ROUNDING
        table[f"{site}_within"] = np.abs(predicted - published) <= room
    table["hip_within"] |= table["hip_is_below"] & (table["hip_predicted"] < table["hip"])
    return table


def fitted(background: Background) -> tuple[Gradient, Gradient]:
    """Return the gradients of hip and other major fractures that meet the UK table."""
    from scipy.optimize import least_squares

    table = uk_table()
    start = table["age"].to_numpy(dtype=np.float64)
    z_score = background.z_score(start, table["t_score"].to_numpy(dtype=np.float64))[:, None]
    attained = start[:, None] + _YEARS
    death = background.death(attained)
    published = np.concatenate([table["hip"], table["major"]])
    is_below = np.concatenate([table["hip_is_below"], np.zeros(len(table), dtype=bool)])
    error = np.hypot(_RELATIVE, _ROUNDING / published)

    def gradients(values: FloatArray) -> tuple[Gradient, Gradient]:
        hip, major = values.reshape(2, 2, -1)
        return (
            replace(background.hip, log_rates=hip[0], log_gradients=hip[1]),
            replace(background.other_major, log_rates=major[0], log_gradients=major[1]),
        )

    def residuals(values: FloatArray) -> FloatArray:
        hip, other = (g.hazard(attained, z_score) for g in gradients(values))
        predicted = [
            100.0 * cumulative_probability(h, death, _YEARS)[:, -1] for h in (hip, hip + other)
        ]
        excess = np.log(np.concatenate(predicted) / published) / error
        excess[is_below] = np.maximum(excess[is_below], 0.0)
        rough = np.diff(values.reshape(4, -1), n=2, axis=1).ravel()
        return np.concatenate([excess, _SMOOTHNESS * rough])

    starts = [
        g
        for gradient in (background.hip, background.other_major)
        for g in (gradient.log_rates, gradient.log_gradients)
    ]
    return gradients(least_squares(residuals, np.concatenate(starts)).x)


def main() -> None:
    """Print the fitted lines, rounded as they are shipped."""
    for name, gradient in zip(("hip", "other_major"), fitted(load_background()), strict=True):
        for key in ("log_rates", "log_gradients"):
            values = ", ".join(f"{value:.3f}" for value in getattr(gradient, key))
            print(f"[{name}] {key} = [{values}]")  # noqa: T201


if __name__ == "__main__":
    main()
