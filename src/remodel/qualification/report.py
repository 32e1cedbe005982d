"""The report: sentences filled from numbers, in the order of model-informed drug development.

The form is that of ASME V&V 40 (question of interest, context of use, model risk, credibility
goals, verification, validation, applicability). Templates hold no digit: each number is named, and
comes from a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from remodel.qualification import held_out
from remodel.qualification.blocks import (
    Block,
    Bullets,
    Formula,
    Grid,
    Heading,
    Paragraph,
    Picture,
)
from remodel.qualification.credibility import Judged, load_requirements
from remodel.qualification.findings import Findings, records
from remodel.qualification.numbers import Name, Words, filled, shown, slug
from remodel.qualification.swings import QUESTIONS

TITLE = "Qualification of the reference model"
_SHOWN_SWINGS = 6
_SHOWN_MISSES = 30
_VERDICTS = {
    held_out.HOLDS: "bands hold",
    held_out.UNSURE: "not shown",
    held_out.MISSES: "bands too narrow",
    held_out.FEW: "too few trials",
}


class Writer:
    """Blocks of a report, made from findings."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def words(self, template: str) -> Words:
        """Return a text filled with numbers."""
        return filled(template, self.findings.numbers)

    def text(self, template: str) -> Paragraph:
        """Return a paragraph."""
        return Paragraph(self.words(template))

    def bullets(self, *templates: str) -> Bullets:
        """Return a list."""
        return Bullets([self.words(template) for template in templates])

    def cell(self, key: str, form: str) -> Words:
        """Return a number as a cell."""
        return (shown(key, self.findings.numbers, form),)

    def cells(self, prefix: str, forms: dict[str, str]) -> list[Words]:
        """Return numbers of one row of a table, by column and format."""
        return [self.cell(f"{prefix}.{column}", form) for column, form in forms.items()]


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
        *_validation(write, pictures),
        *_verification(write),
        *_sensitivity(write, pictures),
        *_limits(write),
        *_requirements(),
        *_versions(write),
    ]


def _name(text: object) -> Words:
    return (Name(str(text)),)


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
            _name(row["parameter"]),
            *write.cells(f"parameter.{row['parameter']}", forms),
            _name(row["unit"]),
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


def _validation(write: Writer, pictures: dict[str, bytes]) -> Iterator[Block]:
    yield Heading("Validation")
    yield write.text(
        "Each trial held out is simulated as published: its women, its schedule, its visits. "
        "Bands hold the uncertainty of parameters, the spread between trials and the standard "
        "error of the published number. A class misses where even the upper end of the interval "
        "of its coverage, clustered by trial, is below {validation.nominal:.0%}; below "
        "{validation.enough_trials:.0f} trials nothing is said. Differences between arms of one "
        "trial ({validation.contrasts.n:d}, mean size {validation.contrasts.size:.1f} points) "
        "have a mean absolute error of {validation.contrasts.mae:.2f} and a bias of "
        "{validation.contrasts.bias:+.2f} points. {validation.failed:d} simulations failed."
    )
    yield Picture("coverage", pictures["coverage"], ("Coverage of density by class of treatment.",))
    forms = {
        "n": "d", "trials": "d", "mae": ".2f", "bias": "+.2f", "within_50": ".0%",
        "within_90": ".0%", "within_90_low": ".0%", "within_90_high": ".0%",
    }  # fmt: skip
    rows = [
        [
            (row["drug_class"],),
            *write.cells(f"validation.class.{slug(row['drug_class'])}", forms),
            (_VERDICTS[row["verdict"]],),
        ]
        for row in records(write.findings.tables["coverage"])
    ]
    heads = ("class", "n", "trials", "MAE", "bias", "in half", "in band", "low", "high", "verdict")
    yield Grid(
        heads, rows,
        write.words(
            "Density by class: errors in points; shares within the inner band of half and the band "
            "of {validation.nominal:.0%}, with the interval of the latter."
        ),
        frozenset(range(1, 9)), (0.27, 0.05, 0.07, 0.07, 0.08, 0.08, 0.08, 0.07, 0.07, 0.16),
    )  # fmt: skip
    yield Picture("held_out", pictures["held_out"], ("Predicted beside published density.",))
    yield Heading("Misses", 2)
    misses = write.findings.tables["misses"]
    forms = {
        "time_months": ".0f", "value": "+.1f", "predicted": "+.1f", "low_90": "+.1f",
        "high_90": "+.1f",
    }  # fmt: skip
    rows = [
        [
            _name(f"{row['study_id']}, {row['arm']}"),
            (str(row["endpoint"]).removeprefix("bmd_").replace("_", " "),),
            *write.cells(f"validation.miss.{i}", forms),
        ]
        for i, row in enumerate(records(misses.head(_SHOWN_MISSES)))
    ]
    yield Grid(
        ("trial and arm", "site", "month", "published", "predicted", "low", "high"), rows,
        ("Held-out numbers of density outside their band, the largest error first.",),
        frozenset({2, 3, 4, 5, 6}), (0.38, 0.17, 0.08, 0.1, 0.1, 0.085, 0.085),
    )  # fmt: skip


def _verification(write: Writer) -> Iterator[Block]:
    yield Heading("Verification of the code")
    yield write.text(
        "{code.published.models:d} published models, run by the same compiler and solver, are "
        "compared with reference values made by programs of their own, checked against those of "
        "the authors: {code.published.comparisons:d} comparisons, {code.published.failed:d} "
        "beyond tolerance, the largest difference {code.published.largest:.1e} of the range of a "
        "state."
    )
    forms = {"scenarios": "d", "comparisons": "d", "largest": ".1e", "failed": "d"}
    rows = [
        [_name(row["model"]), *write.cells(f"code.published.{row['model']}", forms)]
        for row in records(write.findings.tables["published_models"])
    ]
    yield Grid(
        ("model", "scenarios", "comparisons", "largest", "failed"), rows,
        ("Published models against reference values.",), frozenset({1, 2, 3, 4}),
    )  # fmt: skip
    rows = [
        [_name(row["problem"]), *(
            write.cell(f"code.stiff.{row['problem']}.at_{key}", ".1e") for key in ("1e-06", "1e-08")
        )]
        for row in records(write.findings.tables["stiff_problems"])
    ]  # fmt: skip
    yield Grid(
        ("problem", "usual tolerance", "tight tolerance"), rows,
        write.words(
            "{code.stiff.problems:d} stiff problems of the literature: largest relative error at "
            "the published end, at relative tolerances of {code.rtol.1e-06:.0e} and "
            "{code.rtol.1e-08:.0e}."
        ),
        frozenset({1, 2}), (0.4, 0.3, 0.3),
    )  # fmt: skip
    yield write.text(
        "The reference model under a sequence of drugs against a tighter tolerance: largest "
        "relative difference {code.solver.rodas5p.1e-04:.1e}, {code.solver.rodas5p.1e-06:.1e} and "
        "{code.solver.rodas5p.1e-08:.1e} at tolerances of {code.rtol.1e-04:.0e}, "
        "{code.rtol.1e-06:.0e} and {code.rtol.1e-08:.0e}; {code.solver.rodas4.default:.1e} by "
        "another method of the engine and {code.solver.lsoda.default:.1e} by a solver of SciPy. "
        "{code.threads_bits:d} numbers differ between one processor and two. An untreated woman "
        "before menopause drifts by {code.drift:.1e} in {code.drift_years:.0f} years, over "
        "{code.drift_endpoints:d} endpoints."
    )


def _sensitivity(write: Writer, pictures: dict[str, bytes]) -> Iterator[Block]:
    yield Heading("Sensitivity")
    yield write.text(
        "Each estimated parameter is moved by itself from the lower to the upper end of its "
        "interval of {validation.nominal:.0%}, and the change at the spine in {answer.years:.0f} "
        "years is read. The band of all draws together is behind it in the figure."
    )
    yield Picture(
        "sensitivity", pictures["sensitivity"],
        ("What the most important parameters do to the answers; shaded: all draws together.",),
    )  # fmt: skip
    rows = []
    table = write.findings.tables["sensitivity"]
    forms = {"at_low": "+.1f", "at_high": "+.1f", "swing": ".1f"}
    for question in QUESTIONS:
        for row in records(table[table["question"] == question].head(_SHOWN_SWINGS)):
            prefix = f"sensitivity.{slug(question)}.{row['parameter']}"
            rows.append([(question,), _name(row["parameter"]), *write.cells(prefix, forms)])
    yield Grid(
        ("question", "parameter", "at low", "at high", "swing"), rows,
        ("Change at the spine [%] at the ends of each parameter; the largest swings.",),
        frozenset({2, 3, 4}), (0.28, 0.42, 0.1, 0.1, 0.1),
    )  # fmt: skip


def _limits(write: Writer) -> Iterator[Block]:
    yield Heading("Limits")
    table = records(write.findings.tables["coverage"])
    items = []
    for row in table:
        prefix = f"validation.class.{slug(row['drug_class'])}"
        if row["verdict"] == held_out.MISSES:
            items.append(
                f"{row['drug_class']}: bands are too narrow, {{{prefix}.within_90:.0%}} of "
                f"{{{prefix}.n:d}} numbers lie within (at most {{{prefix}.within_90_high:.0%}}); "
                f"bias {{{prefix}.bias:+.2f}} points."
            )
    few = [row["drug_class"] for row in table if row["verdict"] == held_out.FEW]
    seen = {row["drug_class"] for row in table}
    by_class = records(write.findings.tables["data_by_class"])
    never = [row["drug_class"] for row in by_class if row["drug_class"] not in seen]
    items += [
        f"Held out in fewer than {{validation.enough_trials:.0f}} trials, of which nothing is "
        f"said: {'; '.join(few)}.",
        f"Fitted, and never held out: {'; '.join(never)}.",
        "{fit.weak:d} parameters are weakly identified and {fit.prior_only:d} not at all; bands of "
        "what depends on them are as good as their priors.",
        "Means of groups. Women of one age and T-score differ more than most treatments do; "
        "forecasts for one woman, fracture and decisions are other functions of the package, and "
        "outside this context of use.",
        "{model.parameters_recalled:d} parameters that are not estimated were recalled, not read, "
        "and wait for their source to be checked.",
        "Doses, sequences and durations that no trial has tested can be simulated; the answer is "
        "as good as the mechanism behind it.",
    ]
    yield write.bullets(*items)


def _requirements() -> Iterator[Block]:
    yield Heading("Requirements and tests")
    rows = [
        [_name(item.id), (item.text,), (Name("; ".join(map(_test_in_words, item.tests))),)]
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
    rows: list[list[Any]] = [[(name,), _name(text)] for name, text in write.findings.words.items()]
    yield Grid(
        ("what", "version or hash"), rows,
        ("The same hashes and versions give the same numbers.",), frozenset(), (0.5, 0.5),
    )  # fmt: skip
