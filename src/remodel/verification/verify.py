"""Run the scenarios of a folder and compare with its references."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from remodel.errors import ConfigError, nearest
from remodel.models import Model, load_model, model_names
from remodel.solvers.methods import DEFAULT, checked_rtol
from remodel.verification import right_hand_side, trajectories
from remodel.verification.folder import Folder
from remodel.verification.ported_model import PortedModel
from remodel.verification.report import Verification

TOLERANCE = 1e-6
PUBLISHED = Path(__file__).parent / "published"
"""Reference values of the published models that come with the package, a folder each."""


def verify(
    folder: str | Path,
    model: str | Model | None = None,
    *,
    method: str = DEFAULT.name,
    rtol: float = 1e-11,
    tolerance: float = TOLERANCE,
    scenarios: Sequence[str] | None = None,
) -> Verification:
    """Compare a model with published trajectories.

    Parameters
    ----------
    folder : str or Path
        Files as :mod:`remodel.verification.folder` describes them.
    model : str or Model, optional
        By default the model that is called like the folder.
    method : str
        ``rodas5p``, ``rodas4``, ``lsoda``, ``bdf`` or ``radau``.
    rtol : float
        Relative tolerance of the solver.
    tolerance : float
        Largest allowed difference of a trajectory, relative to the range of the state; the
        right-hand side must agree to 1e-10.
    scenarios : sequence of str, optional
        All by default.

    Returns
    -------
    Verification

    Raises
    ------
    ConfigError
        If the folder is malformed or names something the model does not have.
    """
    checked_rtol(rtol, method)
    files = Folder.read(folder)
    ported = PortedModel.of(_model_of(files, model), files)
    names = _checked_scenarios(files, scenarios)
    runs = trajectories.integrate(ported, files, names, method, rtol)
    comparisons = list(right_hand_side.compare(ported, files))
    for name in names:
        comparisons += trajectories.compare(ported, files, runs, name, tolerance)
    columns = {c for name in names for c in files.references[name].columns}
    ignored = sorted(c for c in columns if c not in runs.names and not c.startswith("time"))
    return Verification(ported.model.name, tuple(comparisons), tuple(ignored))


def _model_of(folder: Folder, model: str | Model | None) -> Model:
    name = folder.path.resolve().name
    if model is None and name not in model_names():
        hint = nearest(name, model_names())
        raise ConfigError(
            f"{folder.path}: '{name}' is not a model; say which model to verify.{hint}"
        )
    return load_model(name if model is None else model)


def _checked_scenarios(folder: Folder, scenarios: Sequence[str] | None) -> tuple[str, ...]:
    if scenarios is None:
        return tuple(folder.scenarios)
    for name in scenarios:
        if name not in folder.scenarios:
            hint = nearest(name, folder.scenarios)
            raise ConfigError(f"{folder.path}: has no scenario '{name}'.{hint}")
    return tuple(scenarios)
