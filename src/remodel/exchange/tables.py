"""Tables of parameters: CSV, Markdown or LaTeX, by the ending of the file."""

from __future__ import annotations

from pathlib import Path

from remodel.errors import ConfigError
from remodel.exchange.latex import parameter_table
from remodel.files import write_text
from remodel.parameters import ParameterSet

_COLUMNS = (
    "name", "symbol", "value", "unit", "lower", "upper", "status", "provenance", "meaning",
    "source",
)  # fmt: skip
SUFFIXES = (".csv", ".md", ".tex")


def write_parameter_table(parameters: ParameterSet, path: str | Path) -> Path:
    """Write parameters as a table.

    Raises
    ------
    ConfigError
        If the file does not end with .csv, .md or .tex.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        columns = list(_COLUMNS)
        return write_text(path, parameters.to_frame().reset_index()[columns].to_csv(index=False))
    if suffix == ".md":
        return write_text(path, _markdown(parameters))
    if suffix == ".tex":
        return write_text(path, parameter_table(parameters.values()) + "\n")
    raise ConfigError(
        f"{path}: a table of parameters ends with {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.",
        field="path",
        value=str(path),
        allowed=SUFFIXES,
    )


def _markdown(parameters: ParameterSet) -> str:
    lines = [f"| {' | '.join(_COLUMNS)} |", "|" + " --- |" * len(_COLUMNS)]
    for p in parameters.values():
        values = [getattr(p, name) for name in _COLUMNS]
        cells = [f"{v:.7g}" if isinstance(v, float) else str(v).replace("|", r"\|") for v in values]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
