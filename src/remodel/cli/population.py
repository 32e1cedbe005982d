"""``remodel population``: women who differ, drawn into a table."""

from __future__ import annotations

import argparse
from typing import Any

from remodel.cli.screen import number, print_table, print_text
from remodel.errors import ConfigError

_SHOWN = (
    "age", "years_since_menopause", "bmi", "t_score_lumbar_spine", "t_score_total_hip",
    "t_score_femoral_neck",
)  # fmt: skip


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "population",
        help="draw women who differ",
        description="Draw women who differ in age, history, bone, parameters and how they take "
        "their drugs, and print who they are.",
        epilog="Examples: remodel population --n 5000 --like aromatase_inhibitor --seed 1 --out "
        "women.csv; remodel population own.toml --n 200 --out women.zarr; then remodel simulate "
        '--patients women.csv --schedule "anastrozole 1 mg daily for 5 y".',
    )
    parser.set_defaults(action=run)
    parser.add_argument("file", nargs="?", metavar="POPULATION.toml", help="a definition")
    parser.add_argument(
        "--like",
        metavar="NAME",
        help="a preset (postmenopausal, aromatase_inhibitor, osteoporosis) or a trial of remodel "
        "list trials",
    )
    parser.add_argument("--n", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--seed", type=int, default=0, help="of everything random (0)")
    parser.add_argument("--out", metavar="FILE", help="write FILE.csv or FILE.zarr")


def run(args: argparse.Namespace) -> int:
    """Draw, print, write."""
    from remodel.populations.files import checked_path
    from remodel.populations.sample import population
    from remodel.provenance import recording

    if args.file is not None and args.like is not None:
        raise ConfigError("give either POPULATION.toml or --like, not both.", field="like")
    if args.out:
        checked_path(args.out)
    like = args.file or args.like or "postmenopausal"
    call = {"n": args.n, "like": like, "seed": args.seed}
    with recording("population", call, args.out):
        women = population(args.n, like, seed=args.seed)
        if args.out:
            women.save(args.out)
    print_text(f"{women.definition.name}: {women.definition.about}")
    print()
    rows = []
    for name in _SHOWN:
        if name in women.columns:
            values = women[name]
            mean = float((women.weights * values).mean())
            sd = float((women.weights * (values - mean) ** 2).mean() ** 0.5)
            extremes = number(float(values.min())), number(float(values.max()))
            rows.append([name.replace("_", " "), number(mean), number(sd), *extremes])
    print_table(["women", "mean", "SD", "least", "most"], rows, right=range(1, 5))
    rejected = sum(women.rejections.values())
    print(
        f"\n{len(women):,} women, {rejected:,} impossible left out, effective number "
        f"{women.effective_size:,.0f}."
    )
    if args.out:
        print(f"Written: {args.out}")
    return 0
