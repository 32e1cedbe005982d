"""The published studies that come with the package."""

from __future__ import annotations

import functools
import re

from remodel.errors import ObservationError, nearest
from remodel.observations.load import load_observations, load_regimens
from remodel.observations.rows import Row, shipped_rows
from remodel.observations.schema import Study

STUDY_COLUMNS = (
    "study_id",
    "label",
    "citation",
    "doi",
    "pmid",
    "identifier_note",
    "population",
    "family",
    "cohort",
)
# first author and year of every report in a citation
_REPORT = re.compile(r"(?:^|; )((?:[Vv]an |[Vv]on |[Dd]e )*[\w-]+)[^;]*?\b((?:19|20)\d\d)\b")


def load_trial(study_id: str) -> Study:
    """Return a shipped study with its arms and observations.

    Parameters
    ----------
    study_id : str
        Such as ``atac_eastell2008``; see ``trial_names()``.

    Raises
    ------
    ObservationError
        If no study is called so.
    """
    rows = _study_rows()
    if study_id not in rows:
        raise ObservationError(
            f"'{study_id}' is not a study of the package.{nearest(study_id, rows)}"
        )
    return _study(rows[study_id])


def trial_names() -> tuple[str, ...]:
    """Return the names of all shipped studies, by family."""
    return tuple(_study_rows())


@functools.cache
def _study_rows() -> dict[str, Row]:
    return {row.required("study_id"): row for row in shipped_rows("studies.csv", STUDY_COLUMNS)}


def _study(row: Row) -> Study:
    name = row.required("study_id")
    return Study(
        study_id=name,
        label=row.required("label"),
        citation=row.required("citation"),
        doi=tuple(row.text("doi").split()),
        pmid=tuple(row.text("pmid").split()),
        identifier_note=row.text("identifier_note"),
        population=row.required("population"),
        age=row.optional_number("age", "years"),
        years_since_menopause=row.optional_number("years_since_menopause", "years"),
        t_score_lumbar_spine=row.optional_number("t_score_lumbar_spine"),
        t_score_total_hip=row.optional_number("t_score_total_hip"),
        t_score_femoral_neck=row.optional_number("t_score_femoral_neck"),
        n=row.optional_number("n", "patients"),
        family=row.required("family"),
        cohort=row.required("cohort"),
        arms=tuple(arm for (study, _), arm in load_regimens().items() if study == name),
        observations=load_observations().where(study=name),
    )


def cohort_of(study_id: str) -> str:
    """Return the cohort of a study: reports on the same patients share one.

    Parameters
    ----------
    study_id : str
        A study of the package, or a name of one: its label, its cohort, or the first author and
        the year of one of its reports (``black2006``). Any other study is a cohort of its own.
    """
    return _cohorts().get(_plain(study_id), study_id)


@functools.cache
def _cohorts() -> dict[str, str]:
    """Return cohorts by every name of a study, capitals and marks left out."""
    cohorts: dict[str, str] = {}
    for row in _study_rows().values():
        reports = _REPORT.findall(row.required("citation"))
        names = ["".join(report) for report in reports]
        names += [row.required(column) for column in ("study_id", "label", "cohort")]
        for name in names:
            cohorts.setdefault(_plain(name), row.required("cohort"))
    for row in _study_rows().values():  # a study's own name before those of its reports
        cohorts[_plain(row.required("study_id"))] = row.required("cohort")
    return cohorts


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
