"""``remodel simulate --patients``: every woman of a table under each schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from remodel.cli.screen import print_table, print_text
from remodel.units import PERCENT_CHANGE

if TYPE_CHECKING:
    import xarray as xr

_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def print_women(dataset: xr.Dataset, outputs: Sequence[str], years: Sequence[float]) -> None:
    """Print the weighted mean, SD and percentiles of women in each arm at the last year."""
    import numpy as np

    last = years[-1]
    for arm in dict.fromkeys(dataset["arm"].to_numpy().tolist()):
        chosen = dataset.isel(simulation=np.flatnonzero(dataset["arm"].to_numpy() == arm))
        weights = chosen["weight"].to_numpy()
        print_text(f"{arm}: {len(weights):,} women at year {last:g}")
        print()
        rows = []
        for name in outputs:
            values = chosen[name].to_numpy()[:, -1]
            usable = np.isfinite(values)
            rows.append([_head(name), *_numbers(values[usable], weights[usable])])
        heads = ["", "mean", "SD", *(f"{share:.0%}" for share in _SHARES)]
        print_table(heads, rows, right=range(1, len(heads)))
        print()


def _head(name: str) -> str:
    short = name.removesuffix(PERCENT_CHANGE).replace("_", " ")
    return f"{short} Δ%" if name.endswith(PERCENT_CHANGE) else short


def _numbers(values: object, weights: object) -> list[str]:
    """Return the mean, SD and percentiles of weighted values as text."""
    import numpy as np

    from remodel.cli.screen import number

    numbers, shares = np.asarray(values), np.asarray(weights)
    if not len(numbers):
        return ["-"] * (2 + len(_SHARES))
    mean = float(np.average(numbers, weights=shares))
    sd = float(np.average((numbers - mean) ** 2, weights=shares)) ** 0.5
    order = np.argsort(numbers)
    below = (np.cumsum(shares[order]) - shares[order] / 2) / shares.sum()
    percentiles = np.interp(_SHARES, below, numbers[order])
    return [number(mean), number(sd), *(number(float(value)) for value in percentiles)]
