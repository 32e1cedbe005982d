"""``remodel export``: a model or a simulation for another program."""

from __future__ import annotations

import argparse
from typing import Any

from remodel.cli.simulate import (
    add_parameter_options,
    add_patient_options,
    parameters_of,
    patient_of,
    schedule_of,
)
from remodel.errors import ConfigError, nearest

_FORMATS = "sbml, petab, mrgsolve, desolve, nonmem, latex or parameters"


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "export",
        help="write a model or a simulation for another program",
        description="Write a model with a schedule and a patient as SBML, mrgsolve or deSolve "
        "code, a NONMEM data set, a LaTeX document or a table of parameters; or a calibration "
        "problem as PEtab.",
        epilog='Examples: remodel export reference --schedule "denosumab 60 mg every 6 mo" '
        "--age 65 --out model.xml; remodel export experiment.toml --arm anastrozole "
        "--format desolve --out arm.R; remodel export peterson2010 --format parameters "
        "--out parameters.csv",
    )
    parser.set_defaults(action=run)
    parser.add_argument(
        "model", metavar="MODEL", help="a model, or the TOML file of an experiment or a fit"
    )
    parser.add_argument("--out", metavar="PATH", required=True, help="file to be written")
    parser.add_argument(
        "--format", metavar="FORMAT", help=f"{_FORMATS}; by default what the ending of PATH says"
    )
    parser.add_argument("--schedule", metavar="SENTENCE", help="no treatment by default")
    parser.add_argument("--arm", metavar="NAME", help="of an experiment")
    parser.add_argument(
        "--years", type=float, help="length; by default two years after the last dose"
    )
    add_parameter_options(parser)
    add_patient_options(parser)


def run(args: argparse.Namespace) -> int:
    """Export."""
    from remodel.exchange.export import export, format_of

    of_file = args.model.endswith(".toml")
    is_problem = format_of(args.out, args.format) == "petab" and of_file
    said = _problem(args) if is_problem else _arm(args) if of_file else _simulation(args)
    path = export(path=args.out, format=args.format, **said)
    print(f"Written: {path}")
    return 0


def _problem(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the arguments say of a calibration problem: its file, and nothing else."""
    _check_alone(args, "a fit; its trials")
    return {"model": args.model}


def _check_alone(args: argparse.Namespace, what: str) -> None:
    """Refuse a schedule, a patient or parameters beside a file that says them."""
    if args.schedule is not None or patient_of(args) is not None or parameters_of(args) is not None:
        raise ConfigError(f"{args.model} is the file of {what} say schedule and patient.")


def _simulation(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the arguments say of a simulation."""
    from remodel.models import load_model

    if args.arm is not None:
        raise ConfigError(f"--arm {args.arm}: only an experiment has arms.", field="arm")
    model = load_model(args.model)
    return {
        "model": model,
        "schedule": schedule_of(args, model),
        "patient": patient_of(args),
        "parameters": parameters_of(args),
        "years": args.years,
    }


def _arm(args: argparse.Namespace) -> dict[str, Any]:
    """Return what an arm of an experiment says of a simulation."""
    from remodel.experiments.arms import Experiment
    from remodel.experiments.load import load_experiment

    _check_alone(args, "an experiment; its arms")
    experiment = load_experiment(args.model)
    if not isinstance(experiment, Experiment):
        raise ConfigError(f"{args.model}: a sweep is many simulations; an export holds one.")
    arms = {arm.key: arm for arm in experiment.arms}
    name = next(iter(arms)) if args.arm is None and len(arms) == 1 else args.arm
    if name is None:
        raise ConfigError(f"{args.model} has several arms; name one with --arm: {', '.join(arms)}.")
    if name not in arms:
        raise ConfigError(f"{args.model} has no arm '{name}'.{nearest(name, arms)}", field="arm")
    arm, model = arms[name], experiment.models[arms[name].model]
    return {
        "model": model,
        "schedule": arm.schedule,
        "patient": arm.patient if model.follows_age else None,
        "parameters": arm.parameters,
        "years": args.years or experiment.years,
        "exact_doses": arm.exact_doses,
    }
