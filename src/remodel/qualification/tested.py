"""Sections of the report on what was tested: validation, verification, sensitivity, limits."""

from __future__ import annotations

from collections.abc import Iterator

from remodel.qualification import held_out
from remodel.qualification.blocks import Block, Grid, Heading, Picture
from remodel.qualification.findings import records
from remodel.qualification.numbers import slug
from remodel.qualification.swings import QUESTIONS
from remodel.qualification.writer import Writer, name

_SHOWN_SWINGS = 6
_SHOWN_MISSES = 30
_VERDICTS = {
    held_out.HOLDS: "bands hold",
    held_out.UNSURE: "not shown",
    held_out.MISSES: "bands too narrow",
    held_out.FEW: "too few trials",
}


def validation(write: Writer, pictures: dict[str, bytes]) -> Iterator[Block]:
    """Yield how well trials that no fit saw are predicted."""
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
            name(f"{row['study_id']}, {row['arm']}"),
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


def verification(write: Writer) -> Iterator[Block]:
    """Yield the code against reference values."""
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
        [name(row["model"]), *write.cells(f"code.published.{row['model']}", forms)]
        for row in records(write.findings.tables["published_models"])
    ]
    yield Grid(
        ("model", "scenarios", "comparisons", "largest", "failed"), rows,
        ("Published models against reference values.",), frozenset({1, 2, 3, 4}),
    )  # fmt: skip
    rows = [
        [name(row["problem"]), *(
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


def sensitivity(write: Writer, pictures: dict[str, bytes]) -> Iterator[Block]:
    """Yield what each parameter does to the answers."""
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
            rows.append([(question,), name(row["parameter"]), *write.cells(prefix, forms)])
    yield Grid(
        ("question", "parameter", "at low", "at high", "swing"), rows,
        ("Change at the spine [%] at the ends of each parameter; the largest swings.",),
        frozenset({2, 3, 4}), (0.28, 0.42, 0.1, 0.1, 0.1),
    )  # fmt: skip


def limits(write: Writer) -> Iterator[Block]:
    """Yield what the model is not good for."""
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
