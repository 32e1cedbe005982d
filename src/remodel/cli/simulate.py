"""``remodel simulate``: one patient, one schedule or several, tables, and files if asked for."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from remodel.cli.dosing_table import (
    add_table_options,
    check_no_table_options,
    schedules_of_table,
)
from remodel.cli.fracture import (
    FRACTURE_INPUTS,
    fracture_outputs,
    print_beyond_link,
    with_fractures,
)
from remodel.cli.progress import progress
from remodel.cli.screen import checked_file, count, number, print_table, print_text
from remodel.cli.women import print_women
from remodel.errors import ConfigError, ParameterError

if TYPE_CHECKING:
    import xarray as xr

    from remodel.models import Model
    from remodel.patient import Patient
    from remodel.populations.population import Population
    from remodel.schedules import Schedule

_SITES = ("lumbar_spine", "total_hip", "femoral_neck")
_MAIN = (
    "bmd_lumbar_spine_percent_change",
    "bmd_total_hip_percent_change",
    "bmd_femoral_neck_percent_change",
    "ctx_percent_change",
    "p1np_percent_change",
    "t_score_lumbar_spine",
    "t_score_total_hip",
    "estradiol",
)
_MOST_ROWS = 14


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "simulate",
        help="simulate one patient under one schedule or several",
        description="Simulate one patient under one schedule, or under several as arms; prints a "
        "table over the years for each.",
        epilog='Examples: remodel simulate --schedule "anastrozole 1 mg daily for 5 y; '
        'zoledronic acid 4 mg every 6 mo for 5 y" --age 62 --menopause-age 50 --years 7; '
        'remodel simulate --arm "alone=letrozole 2.5 mg daily for 5 y" --arm "untreated=none" '
        "--plot arms.png",
    )
    parser.set_defaults(action=run)
    what = parser.add_argument_group("treatment").add_mutually_exclusive_group()
    what.add_argument("--schedule", metavar="SENTENCE", help='such as "denosumab 60 mg every 6 mo"')
    what.add_argument(
        "--arm",
        action="append",
        metavar="ARM",
        help="NAME=SENTENCE, a schedule with a name; may be repeated",
    )
    what.add_argument("--table", metavar="FILE.csv", help="NONMEM-style table of doses")
    add_table_options(parser)
    add_patient_options(parser)
    parser.add_argument(
        "--patients",
        metavar="FILE",
        help="women of remodel population, FILE.csv or FILE.zarr, instead of one patient",
    )
    how = parser.add_argument_group("simulation")
    how.add_argument("--years", type=float, help="length; by default two years after the last dose")
    how.add_argument("--model", default="reference", help="see: remodel list models")
    add_parameter_options(how)
    how.add_argument("--method", default="rodas5p", help="rodas5p, rodas4, lsoda, bdf or radau")
    how.add_argument("--rtol", type=float, help="relative tolerance")
    how.add_argument(
        "--exact-doses",
        action=argparse.BooleanOptionalAction,
        help="give daily and weekly doses one by one, or at their mean rate; by default as the "
        "model needs it",
    )
    how.add_argument("--threads", type=int, help="processors; all by default")
    result = parser.add_argument_group("results")
    result.add_argument(
        "--outputs", metavar="NAMES", help="separated by commas; see: remodel list endpoints"
    )
    result.add_argument(
        "--fracture",
        nargs="?",
        const="UK",
        metavar="COUNTRY",
        help="add risks of fracture, with the background of a country (UK)",
    )
    result.add_argument("--out", metavar="FILE", help="write every month to FILE.nc or FILE.csv")
    result.add_argument("--plot", metavar="FILE", help="draw FILE.png, .svg or .pdf")


def add_parameter_options(parser: argparse._ActionsContainer) -> None:
    """Add the options that change parameters: single ones, or the set of a fit."""
    parameters = parser.add_mutually_exclusive_group()
    parameters.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="in the unit of remodel list parameters; may be repeated",
    )
    parameters.add_argument(
        "--parameters", metavar="FILE.toml", help="parameter set, such as that of a fit"
    )


def add_patient_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that describe a patient."""
    who = parser.add_argument_group("patient")
    who.add_argument("--age", type=float, help="years at the start of treatment (62)")
    who.add_argument(
        "--sex", choices=("female", "male"), metavar="SEX", help="female or male (female)"
    )
    who.add_argument("--menopause-age", type=float, metavar="AGE", help="years (50)")
    who.add_argument(
        "--menopause",
        choices=("natural", "surgical", "none"),
        metavar="KIND",
        help="natural, surgical or none (natural)",
    )
    for site in _SITES:
        option = f"--t-score-{site.replace('_', '-')}"
        who.add_argument(option, type=float, metavar="T", help="at the start of treatment")


def run(args: argparse.Namespace) -> int:
    """Simulate, print, write."""
    checked_file(args.out, (".nc", ".csv"), "--out")
    checked_file(args.plot, (".png", ".svg", ".pdf"), "--plot")
    from remodel.models import load_model

    model = load_model(args.model)
    arms, patient = _arms(args, model), _who(args)
    outputs = _outputs(args, model, arms)
    fractures = fracture_outputs(args.fracture)
    begun = time.perf_counter()
    dataset = _simulate(args, model, arms, patient, outputs)
    if fractures:
        dataset = with_fractures(dataset, args.fracture)
        outputs = (*(outputs if args.outputs else FRACTURE_INPUTS), *fractures)
    has_arms = args.arm is not None or len(arms) > 1 or args.patients is not None
    if args.patients is None:
        _print_arms(dataset, model, arms, outputs)
    else:
        print_women(dataset, outputs, _rows(float(_values(dataset, "time")[-1])))
    if fractures:
        print_beyond_link(arms.values())
    print(f"Simulated in {time.perf_counter() - begun:.2f} s. Δ%: percent change from the start.")
    if args.out:
        _write(dataset, args.out, has_arms=has_arms)
    if args.plot:
        _plot(dataset, args.plot, arms, outputs)
    return _status(dataset, has_arms=has_arms)


def _arms(args: argparse.Namespace, model: Model) -> dict[str, Schedule]:
    """Return the schedules by the name of their arm; a single one is named by itself.

    The patients of a table of doses are arms, too.

    Raises
    ------
    ConfigError
        If an arm is not NAME=SENTENCE, or two have the same name.
    """
    from remodel.schedules import Schedule

    if args.table is not None:
        patients = schedules_of_table(args, model)
        if len(patients) > 1:
            return {f"ID {patient}": schedule for patient, schedule in patients.items()}
        return {_words(schedule): schedule for schedule in patients.values()}
    check_no_table_options(args)
    if args.arm is None:
        schedule = schedule_of(args, model)
        return {_words(schedule): schedule}
    arms: dict[str, Schedule] = {}
    for text in args.arm:
        name, equals, sentence = (part.strip() for part in text.partition("="))
        if not (name and equals and sentence):
            raise ConfigError(
                f"--arm '{text}': expected NAME=SENTENCE, such as "
                "'treated=denosumab 60 mg every 6 mo' or 'untreated=none'."
            )
        if name in arms:
            raise ConfigError(f"--arm '{name}' is given twice; every arm needs a name of its own.")
        arms[name] = Schedule.parse(sentence, drugs=model.drugs)
    return arms


def _simulate(
    args: argparse.Namespace,
    model: Model,
    arms: Mapping[str, Schedule],
    patient: Patient | Population | None,
    outputs: tuple[str, ...],
) -> xr.Dataset:
    import warnings

    from remodel.simulation.dataset import SimulationWarning, default_outputs
    from remodel.simulation.simulate import simulate

    needed = default_outputs(model) if args.outputs is None else ()
    needed += FRACTURE_INPUTS if args.fracture else ()
    with warnings.catch_warnings(), progress("Compiling and simulating") as shown:
        warnings.simplefilter("ignore", SimulationWarning)
        return simulate(
            model,
            schedule=arms,
            patient=patient,
            parameters=parameters_of(args),
            years=args.years,
            outputs=tuple(dict.fromkeys((*outputs, *needed))),
            method=args.method,
            rtol=args.rtol,
            exact_doses=args.exact_doses,
            threads=args.threads,
            progress=shown,
        )


def _who(args: argparse.Namespace) -> Patient | Population | None:
    """Return the patient, or the women of a file."""
    patient = patient_of(args)
    if args.patients is None:
        return patient
    if patient is not None:
        raise ConfigError("--patients: who they are stands in the file; leave --age and such out.")
    if args.plot:
        raise ConfigError("--plot draws one patient; leave it or --patients out.", field="plot")
    from remodel.populations.population import Population

    return Population.load(args.patients)


def schedule_of(args: argparse.Namespace, model: Model) -> Schedule:
    """Return the schedule of the arguments."""
    from remodel.schedules import Schedule

    sentence = "none" if args.schedule is None else args.schedule
    return Schedule.parse(sentence, drugs=model.drugs)


def patient_of(args: argparse.Namespace) -> Patient | None:
    """Return the patient of the arguments; None if nothing is said of her."""
    from remodel.patient import Patient

    names = ("age", "sex", "menopause_age", "menopause", *(f"t_score_{site}" for site in _SITES))
    said = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if said.get("menopause") == "none":
        said["menopause"] = None
    return Patient(**said) if said else None


def parameters_of(args: argparse.Namespace) -> str | dict[str, float] | None:
    """Return the parameters of the arguments: the file of a set, or values by name.

    Raises
    ------
    ParameterError
        If one is not NAME=VALUE.
    """
    values: dict[str, float] = {}
    for text in args.parameter:
        name, equals, value = text.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise ParameterError(f"--parameter {text}: expected NAME=VALUE, such as NAME=0.5.")
    return args.parameters or values or None


def _outputs(
    args: argparse.Namespace, model: Model, arms: Mapping[str, Schedule]
) -> tuple[str, ...]:
    """Return what the table shows."""
    from remodel.simulation.dataset import default_outputs

    if args.outputs is None:
        known = default_outputs(model)
        main = tuple(name for name in _MAIN if name in known)
        return main or known[:6] or tuple(model.system().state_names[:6])
    names = tuple(name.strip() for name in args.outputs.split(",") if name.strip())
    if not names:
        raise ConfigError("--outputs: expected names separated by commas.")
    drugs = {drug for schedule in arms.values() for drug in schedule.drugs}
    for name in names:
        _check_part(name, model, drugs)
    return names


def _check_part(name: str, model: Model, drugs: Iterable[str]) -> None:
    """Refuse a part of the name of an endpoint, such as ``hip``, and say which endpoints have it.

    Raises
    ------
    ConfigError
    """
    from remodel.simulation.dataset import known_outputs
    from remodel.units import PERCENT_CHANGE

    alike = [endpoint for endpoint in model.endpoints if name.lower() in endpoint.lower()]
    if alike and name not in known_outputs(tuple(model.system(drugs).outputs)):
        raise ConfigError(
            f"--outputs {name}: model '{model.name}' has no such output. Those with '{name}' in "
            f"their name: {', '.join(sorted(alike))}; each also with {PERCENT_CHANGE} behind it "
            "where it is no score."
        )


def _values(dataset: xr.Dataset, name: str) -> Any:
    """Return the numbers of a variable; ``to_numpy`` would import Pint where it is installed."""
    return dataset[name].values


def _print_arms(
    dataset: xr.Dataset, model: Model, arms: Mapping[str, Schedule], outputs: tuple[str, ...]
) -> None:
    """Print a table for each arm."""
    from remodel.solvers.status import Status

    heads = [_head(dataset, name) for name in outputs]
    years = _rows(float(_values(dataset, "time")[-1]))
    for i, (name, schedule) in enumerate(arms.items()):
        words = _words(schedule)
        print_text(f"{model.name}: {words}" if name == words else f"{name}: {words}")
        print()
        rows = [[f"{year:g}", *(_at(dataset, i, n, year) for n in outputs)] for year in years]
        print_table(["year", *heads], rows, right=range(len(heads) + 1))
        steps = count(int(_values(dataset, "steps")[i]), "step")
        status = Status(int(_values(dataset, "status")[i])).name.lower().replace("_", " ")
        print(f"\nStatus {status}, {steps}.", end="\n\n" if i + 1 < len(arms) else " ")


def _words(schedule: Schedule) -> str:
    return str(schedule) if schedule.doses or schedule.interventions else "no treatment"


def _head(dataset: xr.Dataset, name: str) -> str:
    from remodel.units import PERCENT_CHANGE

    short = name.removesuffix(PERCENT_CHANGE).replace("_", " ")
    for long, brief in (("lumbar spine", "spine"), ("total hip", "hip"), ("femoral neck", "neck")):
        short = short.replace(long, brief)
    if name.endswith(PERCENT_CHANGE):
        return f"{short} Δ%"
    unit = str(dataset[name].attrs["units"])
    return short if unit == "1" else f"{short} [{unit}]"


def _rows(days: float) -> list[float]:
    """Return the years to print: the first half year, then whole years, not too many."""
    from remodel.units import DAYS_PER_YEAR

    length = days / DAYS_PER_YEAR
    step = next(s for s in (1, 2, 5, 10, 20) if length / s <= _MOST_ROWS)
    years = [0.0, *([0.5] if length >= 0.5 else [])]
    years += [float(y) for y in range(step, int(length + 1e-6) + 1, step)]
    return years if abs(years[-1] - length) < 1e-3 else [*years, round(length, 3)]


def _at(dataset: xr.Dataset, simulation: int, name: str, year: float) -> str:
    import numpy as np

    from remodel.units import DAYS_PER_YEAR, PERCENT_CHANGE

    values = _values(dataset, name)[simulation]
    value = float(np.interp(year * DAYS_PER_YEAR, _values(dataset, "time"), values))
    if name.endswith(PERCENT_CHANGE):
        return "-" if np.isnan(value) else f"{value + 0.0:+.2f}" if abs(value) >= 0.005 else "0.00"
    if name.startswith(("t_score", "z_score")):
        return f"{value:.2f}"
    return number(value)


def _write(dataset: xr.Dataset, path: str, *, has_arms: bool) -> None:
    from remodel.files import write_atomically, write_netcdf

    if path.endswith(".nc"):
        write_netcdf(dataset, path)
    else:
        values = [name for name, v in dataset.data_vars.items() if "time" in v.dims]
        table = dataset[values].to_dataframe().reset_index().rename(columns={"time": "day"})
        women = ["woman", "weight"] if "woman" in dataset.coords else []
        labels = [*(["arm"] if has_arms else []), *women, "day", "month"]
        table = table[[*labels, *values]]
        write_atomically(path, lambda draft: table.to_csv(draft, index=False))
    print(f"Written: {path}")


def _plot(
    dataset: xr.Dataset, path: str, arms: Mapping[str, Schedule], outputs: tuple[str, ...]
) -> None:
    from remodel.files import write_atomically
    from remodel.plots import marker_panel, trial_overlay

    drawing = trial_overlay if len(outputs) <= 3 else marker_panel
    figure, _ = drawing(dataset, outputs, schedules=arms)
    write_atomically(path, figure.savefig)
    print(f"Drawn: {path}")


def _status(dataset: xr.Dataset, *, has_arms: bool) -> int:
    from remodel.solvers.status import Status
    from remodel.units import DAYS_PER_YEAR

    codes = [Status(int(code)) for code in _values(dataset, "status")]
    years = _values(dataset, "stopped_at") / DAYS_PER_YEAR
    for arm, status, year in zip(_values(dataset, "arm"), codes, years, strict=True):
        if status != Status.OK:
            what = f"the simulation of arm {arm}" if has_arms else "the simulation"
            sentence = f"remodel: {what} failed at year {year:.3g}. {status.sentence}"
            print(sentence, file=sys.stderr)
    return 0 if all(code == Status.OK for code in codes) else 3
