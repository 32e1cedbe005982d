"""The report: sentences filled from numbers, in the order of model-informed drug development.

The form is that of ASME V&V 40 (question of interest, context of use, model risk, credibility
goals, verification, validation, applicability). Templates hold no digit: each number is named, and
comes from a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from remodel.qualification.blocks import (
    Block,
    Formula,
    Grid,
    Heading,
    Picture,
)
from remodel.qualification.credibility import Judged, load_requirements
from remodel.qualification.findings import Findings, records
from remodel.qualification.numbers import Name, slug
from remodel.qualification.tested import limits, sensitivity, validation, verification
from remodel.qualification.writer import Writer, name

TITLE = "Qualification of the reference model"


def blocks(
    findings: Findings,
    goals: Sequence[Judged],
    pictures: dict[str, bytes],
    equations: Sequence[Formula],
) -> list[Block]:
    """Return the report."""
    write = Writer(findings)
    return [
        *_summary(write, goals),
        *_use(write),
        *_model(write, equations),
        *_data(write),
        *_calibration(write, pictures),
        *validation(write, pictures),
        *verification(write),
        *sensitivity(write, pictures),
        *limits(write),
        *_requirements(),
        *_versions(write),
    ]


def _summary(write: Writer, goals: Sequence[Judged]) -> Iterator[Block]:
    yield Heading("Summary")
    yield write.text(
        "{goal.met:d} of {goal.count:d} credibility goals are met. Of {validation.density.n:d} "
        "published changes of density in {validation.density.trials:d} trials that no fit saw, "
        "{validation.density.within_90:.0%} lie within bands of {validation.nominal:.0%} (interval "
        "clustered by trial {validation.density.within_90_low:.0%} to "
        "{validation.density.within_90_high:.0%}); the mean absolute error is "
        "{validation.density.mae:.2f} percentage points. {validation.misses:d} numbers lie outside "
        "and are named."
    )
    rows = [
        [
            (item.goal.factor,),
            write.cell(item.goal.number, item.goal.form),
            ("at most " if item.goal.at_most is not None else "at least ",
             *write.cell(item.limit, item.goal.form)),
            ("met" if item.met else f"NOT MET: {item.goal.gates}",),
        ]
        for item in goals
    ]  # fmt: skip
    caption = write.words(
        "Credibility goals and what was found. A coverage is not contradicted where the upper end "
        "of its interval reaches {validation.nominal:.0%}."
    )
    yield Grid(
        ("credibility factor", "found", "goal", "verdict"), rows, caption, frozenset({1}),
        (0.44, 0.1, 0.18, 0.28),
    )  # fmt: skip


def _use(write: Writer) -> Iterator[Block]:
    yield Heading("Question of interest")
    yield write.text(
        "By how much does areal bone mineral density of postmenopausal women change on an "
        "aromatase inhibitor, and by how much do antiresorptive and bone-building drugs, in what "
        "order and until when, protect it?"
    )
    yield Heading("Context of use")
    yield write.text(
        "Mean changes of areal density (spine, total hip, femoral neck) and of markers of turnover "
        "in groups of women like those of published trials, with bands for the published mean of a "
        "new trial, to compare schedules and to design trials in research. Trials behind it reach "
        "to {data.longest_years:.0f} years; most arms have a mean age between "
        "{data.youngest:.0f} and {data.oldest:.0f} years."
    )
    yield write.bullets(
        "Answered from the model: {answer.inhibitor_alone.change:+.1f} % at the spine in "
        "{answer.years:.0f} years of an inhibitor alone ({answer.inhibitor_alone.low_90:+.1f} to "
        "{answer.inhibitor_alone.high_90:+.1f} over draws of the parameters), "
        "{answer.inhibitor_with_zoledronic_acid.change:+.1f} % with zoledronic acid, "
        "{answer.inhibitor_with_denosumab.change:+.1f} % with denosumab; a woman of "
        "{answer.age:.0f}.",
        "Outside: decisions about a patient; claims on fracture; children, glucocorticoids, "
        "kidney disease, metastases; drugs and classes without trials held out, for which the "
        "verdict below reads “too few trials”.",
    )
    yield Heading("Model risk")
    yield write.text(
        "Influence: moderate. The model is weighed beside trials, and replaces none. Consequence "
        "of a wrong answer: low to moderate, a trial of a wrong size or a schedule not worth its "
        "trial; no patient is treated by it. Risk is therefore low to moderate, and the goals "
        "above are set for that: a goal on code gates everything, a goal on a class of treatment "
        "gates that class."
    )


def _model(write: Writer, equations: Sequence[Formula]) -> Iterator[Block]:
    yield Heading("Model")
    yield write.text(
        "Ordinary differential equations of bone remodeling with estrogen, osteoblasts, "
        "osteoclasts, osteocytes, RANKL and OPG, sclerostin, minerals, and density at three "
        "sites. With all {model.drugs:d} drugs it has {model.states:d} states, "
        "{model.quantities:d} quantities and {model.parameters:d} parameters, of which "
        "{model.estimated:d} are estimated; {model.parameters_read:d} others were read in the "
        "paper that is named as their source, {model.parameters_derived:d} derived from published "
        "numbers and {model.parameters_recalled:d} recalled, and marked so. Units of "
        "{model.dimensions_checked:d} quantities were checked by evaluation with units. Before "
        "menopause and without drugs the baseline is an exact equilibrium for any admissible "
        "parameters."
    )
    yield Heading("Equations", 2)
    yield write.text("As the program traces them; time in days.")
    yield from equations


def _data(write: Writer) -> Iterator[Block]:
    yield Heading("Data")
    yield write.text(
        "{data.all.numbers:d} published numbers of {data.all.studies:d} studies and "
        "{data.all.cohorts:d} cohorts, {data.all.density:d} of them of density. All reports on "
        "the same patients stand on one side; a cohort changes sides only with a new date. "
        "Numbers that are not used each have a reason in the tables."
    )
    forms = dict.fromkeys(("numbers", "studies", "cohorts", "density"), "d")
    rows = [
        [(row["side"].replace("_", " "),), *write.cells(f"data.{row['side']}", forms)]
        for row in records(write.findings.tables["data"])
    ]
    yield Grid(
        ("side", "numbers", "studies", "cohorts", "of density"), rows,
        ("Where published numbers stand.",), frozenset({1, 2, 3, 4}),
    )  # fmt: skip
    forms = dict.fromkeys(("calibration", "validation"), "d")
    rows = [
        [(row["drug_class"],), *write.cells(f"data.class.{slug(row['drug_class'])}", forms)]
        for row in records(write.findings.tables["data_by_class"])
    ]
    yield Grid(
        ("class of treatment", "calibration", "validation"), rows,
        ("Numbers of density by class of treatment.",), frozenset({1, 2}), (0.6, 0.2, 0.2),
    )  # fmt: skip


def _calibration(write: Writer, pictures: dict[str, bytes]) -> Iterator[Block]:
    yield Heading("Calibration")
    yield write.text(
        "{fit.parameters:d} parameters were estimated with priors from the literature; "
        "{fit.draws:d} draws of the posterior ship with the model. The spread of the posterior is "
        "below {fit.limit_identified:.1f} of the prior's for {fit.identified:d} parameters "
        "(identified), up to {fit.limit_prior_only:.1f} for {fit.weak:d} (weak), and above for "
        "{fit.prior_only:d} (the prior alone decides). On the data of the fit the mean absolute "
        "error of {fit.density.n:d} numbers of density is {fit.density.mae:.2f} points, the bias "
        "{fit.density.bias:+.2f}."
    )
    yield Picture(
        "parameters", pictures["parameters"], ("Posterior of each parameter in its prior.",)
    )
    forms = {"value": ".3g", "low_90": ".3g", "high_90": ".3g", "sd_over_prior": ".2f"}
    rows = [
        [
            name(row["parameter"]),
            *write.cells(f"parameter.{row['parameter']}", forms),
            name(row["unit"]),
            (row["verdict"],),
        ]
        for row in records(write.findings.tables["parameters"])
    ]
    yield Grid(
        ("parameter", "value", "low", "high", "sd/prior", "unit", "verdict"), rows,
        write.words(
            "Estimated parameters with the interval of {validation.nominal:.0%} of the posterior."
        ),
        frozenset({1, 2, 3, 4}), (0.4, 0.1, 0.1, 0.1, 0.09, 0.08, 0.13),
    )  # fmt: skip


def _requirements() -> Iterator[Block]:
    yield Heading("Requirements and tests")
    rows = [
        [name(item.id), (item.text,), (Name("; ".join(map(_test_in_words, item.tests))),)]
        for item in load_requirements()
    ]
    yield Grid(
        ("", "requirement", "tests that show it"), rows,
        ("A test of the package checks that each test named here is there.",), frozenset(),
        (0.06, 0.42, 0.52),
    )  # fmt: skip


def _test_in_words(test: str) -> str:
    """Return the name of a test as a sentence: they are written as such."""
    return test.rpartition("::")[2].removeprefix("test_").replace("_", " ")


def _versions(write: Writer) -> Iterator[Block]:
    yield Heading("Versions and hashes")
    rows: list[list[Any]] = [[(what,), name(text)] for what, text in write.findings.words.items()]
    yield Grid(
        ("what", "version or hash"), rows,
        ("The same hashes and versions give the same numbers.",), frozenset(), (0.5, 0.5),
    )  # fmt: skip
