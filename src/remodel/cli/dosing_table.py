"""A table of doses on the command line: how it is read, and the schedules in it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from remodel.errors import ConfigError, ScheduleError

if TYPE_CHECKING:
    from remodel.models import Model
    from remodel.schedules import Schedule


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a table of doses is to be read."""
    table = parser.add_argument_group("table of doses")
    table.add_argument("--time-unit", metavar="UNIT", help="of TIME, II, DUR, LAG (d)")
    table.add_argument("--dose-unit", metavar="UNIT", help="of AMT without UNIT (mg)")
    table.add_argument("--ignore-columns", metavar="NAMES", help="to ignore, separated by commas")
    table.add_argument(
        "--compartments",
        metavar="N=DRUG",
        help='what CMT stands for, such as "1=denosumab, 2=ibandronate iv"',
    )


def schedules_of_table(args: argparse.Namespace, model: Model) -> dict[str, Schedule]:
    """Return the schedules of the table in the arguments, by the ID of the patient.

    Raises
    ------
    ScheduleError, UnitError
        If the table cannot be read, or holds nothing that is given or done.
    """
    from remodel.schedules import Schedule
    from remodel.schedules.tables import load_csv

    timelines = load_csv(
        args.table,
        time_unit=args.time_unit or "d",
        dose_unit=args.dose_unit or "mg",
        compartments=_compartments(args.compartments or ""),
        drugs=model.drugs,
        ignore_columns=filter(None, (args.ignore_columns or "").split(",")),
    )
    schedules = {patient: Schedule.of(timeline) for patient, timeline in timelines.items()}
    if not any(s.doses or s.interventions for s in schedules.values()):
        raise ScheduleError(f"{args.table}: no dose and no intervention in the table.")
    return schedules


def check_no_table_options(args: argparse.Namespace) -> None:
    """Refuse options of a table where none is given.

    Raises
    ------
    ConfigError
    """
    for name in ("time_unit", "dose_unit", "ignore_columns", "compartments"):
        if getattr(args, name) is not None:
            raise ConfigError(f"--{name.replace('_', '-')} says how --table is read; give a table.")


def _compartments(text: str) -> dict[int | str, str]:
    """Return what each CMT stands for.

    Raises
    ------
    ConfigError
        If a part is not CMT=DRUG.
    """
    agreed: dict[int | str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        cmt, equals, drug = map(str.strip, part.partition("="))
        if not (cmt and equals and drug):
            raise ConfigError(f"--compartments {part}: expected CMT=DRUG, such as 1=denosumab.")
        agreed[int(cmt) if cmt.isdecimal() else cmt] = drug
    return agreed
