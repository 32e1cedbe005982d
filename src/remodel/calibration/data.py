"""Data of a fit; what is held out for validation never enters."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from remodel.errors import ConfigError, nearest
from remodel.observations import Observation, Observations, load_observations, load_regimens
from remodel.predictions import SHIPPED, Evidence


@dataclass(frozen=True, slots=True)
class Source:
    """Where observations come from.

    Attributes
    ----------
    observations, regimens : Path or None
        Files; None means the tables of the package, of which the rows marked for calibration
        are used.
    held_out : tuple of str
        ``STUDY`` or ``STUDY/ARM`` that must not be used.
    optional : bool
        Whether the source is left out where its files are absent.
    """

    observations: Path | None = None
    regimens: Path | None = None
    held_out: tuple[str, ...] = ()
    optional: bool = False

    @property
    def name(self) -> str:
        """Name of the table."""
        return SHIPPED if self.observations is None else self.observations.name

    @property
    def is_there(self) -> bool:
        """Whether its files exist."""
        files = (self.observations, self.regimens)
        return all(file is None or file.exists() for file in files)


def load_sources(sources: Iterable[Source]) -> tuple[Evidence, ...]:
    """Return the tables of a fit; an optional one that is absent is left out.

    Raises
    ------
    ObservationError
        If a table is malformed or absent.
    ConfigError
        If a source would use a trial that is kept for validation, or holds out one it lacks.
    """
    return tuple(_load(source) for source in sources if source.is_there or not source.optional)


def only_studies(tables: Iterable[Evidence], studies: Iterable[str]) -> tuple[Evidence, ...]:
    """Return tables with the rows of some studies.

    Raises
    ------
    ConfigError
        If none of the tables has one of them.
    """
    tables = tuple(tables)
    known = {study for table in tables for study in table.observations.studies}
    for study in studies:
        if study not in known:
            raise ConfigError(f"studies: the data have no '{study}'.{nearest(study, known)}")
    return tuple(
        replace(table, observations=table.observations.where(study=studies)) for table in tables
    )


def _load(source: Source) -> Evidence:
    every_row = load_observations(source.observations)
    # in a table that has no such column every row is there to be fitted
    has_uses = source.observations is None or "use" in _columns(source.observations)
    rows = every_row.where(use="calibration") if has_uses else every_row
    _check_held_out(source, every_row)
    kept = Observations(tuple(row for row in rows if not _is_held_out(row, source.held_out)))
    for study in kept.studies:
        if source.observations is not None and study in validation_studies():
            raise ConfigError(
                f"{source.name}: study {study} is kept for validation and must never be fitted; "
                "name it under held_out."
            )
    return Evidence(source.name, kept, load_regimens(source.regimens))


def _columns(path: str | Path) -> list[str]:
    with Path(path).open(newline="", encoding="utf-8-sig") as file:
        return next(csv.reader(file), [])


@functools.cache
def validation_studies() -> frozenset[str]:
    """Return the shipped studies that are kept for validation, whole."""
    rows = load_observations()
    calibrated = rows.where(use="calibration").studies
    return frozenset(rows.where(use="validation").studies).difference(calibrated)


def _is_held_out(row: Observation, held_out: Iterable[str]) -> bool:
    names = {row.study_id, f"{row.study_id}/{row.arm}", f"{row.study_id}/{row.comparator}"}
    return not names.isdisjoint(held_out)


def _check_held_out(source: Source, rows: Observations) -> None:
    known = {*rows.studies, *(f"{study}/{arm}" for study, arm in rows.arms)}
    known |= {f"{row.study_id}/{row.comparator}" for row in rows if row.comparator}
    for name in source.held_out:
        if name not in known:
            raise ConfigError(f"held_out: {source.name} has no '{name}'.{nearest(name, known)}")
