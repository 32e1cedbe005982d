"""Overlays: curves of a study's arms over its published numbers, with bands of draws."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import RemodelWarning
from remodel.models import Model
from remodel.observations import Arm, load_trial, trial_names
from remodel.observations.schema import LONGEST_MONTHS
from remodel.predictions import SHIPPED, Evidence, drug_class
from remodel.predictions.arms import Members, members_of, patients_of
from remodel.predictions.bands import curve_sd
from remodel.predictions.predictive import BANDS, Predictive
from remodel.predictions.spreads import DEGREES, SCALE, Spreads, treatment_group
from remodel.units import DAYS_PER_MONTH, PERCENT_CHANGE, percent_change

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

_MOST_TIMES = 401
_BAND_STEP = 4  # curves have this many times more points than bands
_BAND = BANDS["90"]
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Overlays:
    """What the curves of studies are simulated with.

    Attributes
    ----------
    model : Model
    evidence : Evidence
    values : mapping of str to float
        Parameters that replace the model's.
    draws : mapping of str to ndarray, shape (n_draws,)
        From the posterior, by parameter; empty for curves without bands.
    spreads : Spreads
        Between trials.
    """

    model: Model
    evidence: Evidence
    values: Mapping[str, float]
    draws: Mapping[str, FloatArray]
    spreads: Spreads

    def draw(self, rows: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
        """Return the overlay of a study and the points in it, from its rows of predictions."""
        from remodel.plots.panels import YOURS
        from remodel.plots.study_overlay import study_overlay

        study = str(rows["study_id"].iloc[0])
        is_shipped = self.evidence.name == SHIPPED and study in trial_names()
        label = load_trial(study).label if is_shipped else f"{YOURS}: {study}"
        return study_overlay(
            self.simulated(rows),
            rows,
            title=f"{label} ({self.model.name})",
            label=label,
            split=is_shipped,
        )

    def simulated(self, rows: pd.DataFrame) -> xr.Dataset:
        """Return the curves of a study's arms, with every endpoint that was measured in it.

        With draws, ``NAME_low`` and ``NAME_high`` hold the band of 90 % of the parameters, and
        ``NAME_trial_low`` and ``NAME_trial_high`` that of the true mean of a new trial.
        """
        study = str(rows["study_id"].iloc[0])
        names = list(dict.fromkeys(name for name in (*rows["arm"], *rows["comparator"]) if name))
        pools = [members_of(self.evidence.arms[study, name], self.evidence.arms) for name in names]
        months = min(max(float(rows["time_months"].max()), 1.0) * 1.03, LONGEST_MONTHS)
        times = np.linspace(0.0, months * DAYS_PER_MONTH, _MOST_TIMES)
        pairs = zip(rows["endpoint"], rows["kind"], strict=True)
        outputs = list(
            dict.fromkeys(e if kind == "level" else e + PERCENT_CHANGE for e, kind in pairs)
        )
        members = [arm for pool in pools for arm, _ in pool]
        simulated = self._curves(members, times, outputs, self.values)
        curves = {
            name: (("simulation", "time"), values, simulated[name].attrs)
            for name, values in _pooled(simulated, pools, outputs).items()
        }
        first = np.cumsum([0, *map(len, pools)])[:-1]
        dataset = simulated.isel(simulation=first).assign(curves)
        classes = [drug_class(pool, self.model, months) for pool in pools]
        if self.draws:
            dataset = dataset.assign(self._bands(pools, times, outputs, classes))
        return dataset.assign_coords(arm=("simulation", names), drug_class=("simulation", classes))

    def _curves(
        self,
        arms: Sequence[Arm],
        times: FloatArray,
        outputs: Sequence[str],
        parameters: Mapping[str, float | FloatArray],
    ) -> xr.Dataset:
        from remodel.simulation.dataset import SimulationWarning
        from remodel.simulation.simulate import simulate

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SimulationWarning)
            warnings.simplefilter("ignore", RemodelWarning)
            return simulate(
                self.model,
                schedule=[arm.schedule for arm in arms],
                patient=patients_of(arms, self.model, scored=True),
                parameters=parameters or None,
                times=times,
                outputs=[*outputs, *{name.removesuffix(PERCENT_CHANGE) for name in outputs}],
            )

    def _bands(
        self,
        pools: Sequence[Members],
        times: FloatArray,
        outputs: Sequence[str],
        classes: Sequence[str],
    ) -> dict[str, tuple[tuple[str, str], FloatArray]]:
        """Return the ends of the bands of each output, over draws from the posterior."""
        from remodel.plots.overlay import HIGH, LOW

        members = [arm for pool in pools for arm, _ in pool]
        count = len(next(iter(self.draws.values())))
        tiled = {name: np.tile(values, len(members)) for name, values in self.draws.items()}
        repeated = [arm for arm in members for _ in range(count)]
        coarse = times[::_BAND_STEP]
        dataset = self._curves(repeated, coarse, outputs, {**self.values, **tiled})
        bands: dict[str, tuple[tuple[str, str], FloatArray]] = {}
        for name, by_arm in _pooled(dataset, pools, outputs).items():
            draws = by_arm.reshape(len(pools), count, -1)
            ends = np.empty((2, 2, *draws[:, 0].shape))
            for arm, (curves, label) in enumerate(zip(draws, classes, strict=True)):
                middle = np.median(curves, axis=0)
                months, group = coarse / DAYS_PER_MONTH, treatment_group(label)
                sd = curve_sd(self.spreads, name, group, months, middle)
                ends[0, :, arm] = Predictive(curves, np.zeros_like(sd)).quantiles(_BAND)
                ends[1, :, arm] = Predictive(curves, SCALE * sd, DEGREES).quantiles(_BAND)
            for band, by_end in zip(("", "_trial"), ends, strict=True):
                for end, edges in zip((LOW, HIGH), by_end, strict=True):
                    smooth = np.stack([np.interp(times, coarse, edge) for edge in edges])
                    bands[f"{name}{band}{end}"] = (("simulation", "time"), smooth)
        return bands


def _pooled(
    dataset: xr.Dataset, pools: Sequence[Members], outputs: Sequence[str]
) -> dict[str, FloatArray]:
    """Return outputs of arms, shape (arms * draws, n_times), from those of their members.

    The level of arms that were reported together is the mean of the levels of its members.
    """
    pooled = {}
    shares = np.array([share for pool in pools for _, share in pool])
    begins = np.cumsum([0, *map(len, pools)])[:-1]
    for name in outputs:
        levels = dataset[name.removesuffix(PERCENT_CHANGE)].to_numpy()
        by_member = levels.reshape(len(shares), -1, levels.shape[-1])
        means = np.add.reduceat(by_member * shares[:, None, None], begins, axis=0)
        values = means.reshape(-1, levels.shape[-1])
        is_change = name.endswith(PERCENT_CHANGE)
        pooled[name] = percent_change(values, values[:, :1]) if is_change else values
    return pooled


def file_name(study: str, taken: Collection[str]) -> str:
    """Return a name for the figure of a study that no other study has."""
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in study)[:_LONGEST_NAME]
    stem = f"study_{name}" if name.startswith(".") else name
    names, number = {other.casefold() for other in taken}, 2
    while name.casefold() in names or name.startswith("."):
        name, number = f"{stem}_{number}", number + 1
    return name
