"""The published studies that come with the package."""

from __future__ import annotations

import functools

from remodel.errors import ObservationError, nearest
from remodel.observations.load import load_observations, load_regimens, shipped_rows
from remodel.observations.rows import Row
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
