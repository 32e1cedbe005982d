"""``remodel list``: what there is."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from remodel.cli.screen import number, print_table

_WHAT = ("models", "drugs", "trials", "parameters", "endpoints")


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "list",
        help="list models, drugs, trials, parameters or endpoints",
        description="List what there is. In a pipe every row is one line, so grep works.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("what", choices=_WHAT, metavar="WHAT", help=", ".join(_WHAT))
    parser.add_argument("--model", default="reference", help="whose drugs, parameters, endpoints")


def run(args: argparse.Namespace) -> int:
    """Print one list."""
    printer: dict[str, Callable[[str], None]] = {
        "models": _models,
        "drugs": _drugs,
        "trials": _trials,
        "parameters": _parameters,
        "endpoints": _endpoints,
    }
    printer[args.what](args.model)
    return 0


def _models(_: str) -> None:
    from remodel.models import load_model, model_names

    models = [load_model(name) for name in model_names()]
    rows = [
        [m.name, str(len(m.system().states)), str(len(m.drugs)), m.title, m.citation]
        for m in models
    ]
    heads = ["model", "states", "drugs", "what it is", "source"]
    print_table(heads, rows, right=(1, 2), is_list=True, cut=True)


def _drugs(model: str) -> None:
    from remodel.models import load_model
    from remodel.schedules.medicines import medicines

    usual = medicines().usual
    rows = [
        [
            drug.name,
            ", ".join(drug.routes),
            drug.drug_class,
            next((dose.words for dose in usual.get(drug.name, ())), ""),
        ]
        for drug in load_model(model).drugs.values()
    ]
    print_table(["drug", "routes", "class", "usual dose"], rows, is_list=True)


def _trials(_: str) -> None:
    from remodel.observations import load_trial, trial_names

    studies = [load_trial(name) for name in trial_names()]
    rows = [
        [
            s.study_id,
            s.family.replace("_", " "),
            str(len(s.arms)),
            str(len(s.observations)),
            s.label,
            s.population,
        ]
        for s in studies
    ]
    heads = ["study", "family", "arms", "numbers", "name", "women"]
    print_table(heads, rows, right=(2, 3), is_list=True, cut=True)


def _parameters(model: str) -> None:
    from remodel.models import load_model

    rows = [
        [p.name, number(p.value), p.unit, f"{number(p.lower)} to {number(p.upper)}", p.status,
         p.meaning]
        for p in load_model(model).parameters.values()
    ]  # fmt: skip
    print_table(
        ["parameter", "value", "unit", "bounds", "status", "meaning"],
        rows,
        right=(1,),
        is_list=True,
    )


def _endpoints(model: str) -> None:
    from remodel.models import load_model
    from remodel.units import PERCENT_CHANGE, has_percent_change

    rows = [
        [
            e.name,
            e.unit,
            f"{e.name}{PERCENT_CHANGE}" if has_percent_change(e.name) else "-",
            e.long_name,
        ]
        for e in load_model(model).endpoints.values()
    ]
    print_table(["endpoint", "unit", "change from start [%]", "meaning"], rows, is_list=True)
