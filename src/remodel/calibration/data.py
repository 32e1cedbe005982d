"""Data of a fit; what is held out for validation never enters."""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from remodel.errors import ConfigError, ObservationError, nearest
from remodel.files import read_text
from remodel.observations import (
    Observation,
    Observations,
    Study,
    load_observations,
    load_regimens,
    load_trial,
)
from remodel.observations.load import check_drugs
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


def load_sources(sources: Iterable[Source], drugs: Collection[str]) -> tuple[Evidence, ...]:
    """Return the tables of a fit; an optional one that is absent is left out.

    Parameters
    ----------
    sources : iterable of Source
    drugs : collection of str
        Names that regimens may use.

    Raises
    ------
    ObservationError
        If a table is malformed or absent, or names a drug that is not known.
    ConfigError
        If a source would use a trial that is kept for validation, or holds out one it lacks.
    """
    return tuple(
        _load(source, drugs) for source in sources if source.is_there or not source.optional
    )


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


def _load(source: Source, drugs: Collection[str]) -> Evidence:
    every_row = load_observations(source.observations)
    # in a table that has no such column every row is there to be fitted
    has_uses = source.observations is None or "use" in _columns(source.observations)
    rows = every_row.where(use="calibration") if has_uses else every_row
    _check_held_out(source, every_row)
    kept = Observations(tuple(row for row in rows if not _is_held_out(row, source.held_out)))
    if source.observations is not None:
        for study in kept.studies:
            _check_not_for_validation(source, study)
    if source.regimens is not None:
        check_drugs(source.regimens, drugs)
    return Evidence(source.name, kept, load_regimens(source.regimens))


def _check_not_for_validation(source: Source, study: str) -> None:
    """Raise if a study in a table of one's own is kept for validation, by any of its names."""
    if study in validation_studies():
        raise ConfigError(
            f"{source.name}: study {study} is kept for validation and must never be fitted; "
            "name it under held_out."
        )
    if shipped := _names_of_validation_studies().get(_plain(study)):
        raise ConfigError(
            f"{source.name}: study {study} is named like {shipped.label} ({shipped.citation}), "
            "which is kept for validation and must never be fitted; name it under held_out, or "
            "give it another name if it is another study."
        )


@functools.cache
def _names_of_validation_studies() -> dict[str, Study]:
    """Return studies kept for validation by acronym, by cohort, and by first author and year."""
    names: dict[str, Study] = {}
    for study in map(load_trial, sorted(validation_studies())):
        author = re.match(r"((?:van |von |de )?[\w-]+)", study.citation, re.IGNORECASE)
        year = re.search(r"\b(?:19|20)\d\d\b", study.citation)
        words = [study.study_id, study.label, study.cohort]
        words += [author[1] + year[0]] if author and year else []
        names.update({_plain(word): study for word in words})
    return names


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _columns(path: str | Path) -> list[str]:
    return next(csv.reader(io.StringIO(read_text(path, ObservationError))), [])


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
