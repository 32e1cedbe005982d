"""Write a model, or a simulation of it, for another program or for a paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from remodel.calibration.problem import load_problem
from remodel.errors import ConfigError, nearest
from remodel.exchange.case import Case
from remodel.exchange.desolve import write_desolve
from remodel.exchange.latex import write_latex
from remodel.exchange.mrgsolve import write_mrgsolve
from remodel.exchange.nonmem import write_nonmem
from remodel.exchange.petab import write_petab
from remodel.exchange.sbml import write_sbml
from remodel.exchange.tables import write_parameter_table
from remodel.models import Model, load_model
from remodel.patient import Patient
from remodel.provenance import recorded
from remodel.simulation.arguments import Parameters, ScheduleLike
from remodel.simulation.inputs import Inputs

_OF_SIMULATIONS: Mapping[str, Callable[[Case, Path], object]] = {
    "sbml": write_sbml,
    "mrgsolve": write_mrgsolve,
    "desolve": write_desolve,
    "nonmem": write_nonmem,
}
FORMATS = (*_OF_SIMULATIONS, "petab", "latex", "parameters")
_ENDINGS = {
    ".xml": "sbml", ".sbml": "sbml", ".cpp": "mrgsolve", ".mod": "mrgsolve", ".r": "desolve",
    ".tex": "latex", ".md": "parameters", ".yaml": "petab", ".yml": "petab",
}  # fmt: skip


@recorded
def export(
    model: str | Model,
    path: str | Path,
    *,
    schedule: ScheduleLike = None,
    patient: Patient | None = None,
    parameters: Parameters = None,
    years: float | str | None = None,
    format: str | None = None,  # noqa: A002 # the public name
    exact_doses: bool | None = None,
) -> Path:
    """Write a model with a schedule and a patient for another program.

    Parameters
    ----------
    model : str or Model
        As in ``simulate``; for PEtab the TOML file of a calibration problem.
    path : str or Path
        Its ending says the format where ``format`` does not: .xml, .cpp, .R, .tex, .md or
        .yaml.
    schedule : str or Schedule, optional
        No treatment by default.
    patient : Patient, optional
        By default a woman of 62 with menopause at 50.
    parameters : ParameterSet, mapping of str to float, str or Path, optional
        Values that replace the model's, as in ``simulate``.
    years : float or str, optional
        Length [y], as in ``simulate``; later doses are left out.
    format : str, optional
        ``sbml``, ``petab``, ``mrgsolve``, ``desolve``, ``nonmem``, ``latex`` or ``parameters``.
    exact_doses : bool, optional
        Each dose of a daily or weekly regimen by itself, as in ``simulate``.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    RemodelError
        One of its subclasses, with a sentence that says what cannot be exported.
    MissingDependencyError
        Without the library that a format needs.
    """
    target, kind = Path(path), format_of(path, format)
    if kind == "petab":
        if not str(model).endswith(".toml"):
            raise ConfigError(
                f"PEtab holds a calibration problem, not model '{model}'; give its TOML file.",
                field="model",
            )
        if any(each is not None for each in (schedule, patient, parameters, years)):
            raise ConfigError(f"{model}: the trials of a calibration problem say who has what.")
        return write_petab(load_problem(str(model)), target)
    loaded = load_model(model)
    if kind in _OF_SIMULATIONS:
        case = Case.of(loaded, schedule, patient, parameters, years, exact_doses=exact_doses)
        _OF_SIMULATIONS[kind](case, target)
        return target
    inputs = Inputs.read(loaded, schedule, patient, parameters)
    if inputs.varied:
        raise ConfigError(f"{next(iter(inputs.varied))}: an export holds one value of a parameter.")
    if kind == "parameters":
        return write_parameter_table(inputs.parameters, target)
    drugs = inputs.schedules[0].drugs or tuple(loaded.drugs)
    return write_latex(loaded, inputs.parameters, drugs, target)


def format_of(path: str | Path, name: str | None) -> str:
    """Return the format that is named, or that the ending of a file says.

    Raises
    ------
    ConfigError
        If there is no such format, or the ending says none.
    """
    if name is None:
        name = _ENDINGS.get(Path(path).suffix.lower())
        if name is None:
            raise ConfigError(
                f"{path}: its ending does not say the format; give format, one of "
                f"{', '.join(FORMATS)}.",
                field="format",
                allowed=FORMATS,
            )
    if name not in FORMATS:
        raise ConfigError(
            f"format = '{name}' is not a format.{nearest(name, FORMATS)}",
            field="format",
            value=name,
            allowed=FORMATS,
        )
    return name
