"""``remodel fracture``: risks of fracture of the arms of a table, and their ratios."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from remodel.cli.screen import count, number, print_table, print_text

if TYPE_CHECKING:
    import xarray as xr

    from remodel.schedules import Schedule

FRACTURE_INPUTS = ("bmd_total_hip", "ctx", "t_score_femoral_neck")
"""What ``remodel simulate --fracture`` simulates, and shows beside the risks."""
_SHOWN = ("hip", "major", "any_clinical")


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "fracture",
        help="predict fractures of the arms of a table, and their ratios",
        description="Predict the probability of a first fracture of each arm of a table, with "
        "death competing, and the ratio to its comparator; writes fracture.csv and contrasts.csv. "
        "Columns: study_id, arm, comparator, schedule, age, outcome (hip, vertebral, "
        "vertebral_morphometric, major, any_clinical, nonvertebral), months; where known also sex, "
        "menopause_age, bmi, t_score_femoral_neck, risk factors and country.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("arms", metavar="ARMS.csv", help="table of arms, one row an outcome")
    parser.add_argument("--out", metavar="DIR", default="fracture", help="folder (fracture)")
    parser.add_argument("--model", default="reference", help="see: remodel list models")
    parser.add_argument("--draws", type=int, default=400, help="behind the intervals (400)")
    parser.add_argument("--seed", type=int, default=1, help="of the draws (1)")


def run(args: argparse.Namespace) -> int:
    """Predict, print, write."""
    from remodel.fracture.predict import predict_arms

    prediction = predict_arms(
        args.arms, out=args.out, model=args.model, draws=args.draws, seed=args.seed
    )
    rows = [
        [
            f"{r.study_id} {r.arm}",
            str(r.outcome),
            f"{float(r.months):g}",
            number(r.probability, 3),
            f"{number(r.low_90, 3)}-{number(r.high_90, 3)}",
        ]
        for r in prediction.risks.itertuples()
    ]
    print_table(["arm", "outcome", "months", "risk %", "90 %"], rows, right=(2, 3, 4))
    if len(prediction.contrasts):
        print()
        rows = [
            [
                f"{r.study_id} {r.arm}",
                str(r.comparator),
                str(r.outcome),
                f"{r.months:g}",
                number(r.relative_risk, 3),
                f"{number(r.low_90, 3)}-{number(r.high_90, 3)}",
            ]
            for r in prediction.contrasts.itertuples()
        ]
        columns = ["arm", "against", "outcome", "months", "ratio", "90 %"]
        print_table(columns, rows, right=(3, 4, 5))
    print()
    print_text(
        "Probabilities from published gradients; unknown risk factors count as in women in general."
    )
    for sentence in prediction.warnings:
        print_text(sentence)
    for study, arm in prediction.failed:
        print(f"remodel: {study}, arm {arm}: the simulation failed.", file=sys.stderr)
    print(f"\nResults: {args.out} ({count(len(prediction.risks), 'risk')})")
    return 3 if prediction.failed else 0


def fracture_outputs(country: str | None) -> tuple[str, ...]:
    """Return the risks that ``remodel simulate`` shows; none without a country.

    Raises
    ------
    ConfigError
        If the country is unknown.
    """
    if country is None:
        return ()
    from remodel.fracture import load_background

    load_background().country_ratio(country)
    return tuple(f"fracture_probability_{site}" for site in _SHOWN)


def with_fractures(dataset: xr.Dataset, country: str) -> xr.Dataset:
    """Return a dataset with its risks of fracture beside."""
    from remodel.fracture import fracture_risk

    return dataset.assign(dict(fracture_risk(dataset, country=country).data_vars))


def print_beyond_link(schedules: Iterable[Schedule]) -> None:
    """Say which drugs have fractures that are predicted too high."""
    from remodel.fracture.limits import beyond_link

    for sentence in beyond_link(schedules):
        print_text(sentence)
