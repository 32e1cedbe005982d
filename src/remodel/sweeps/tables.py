"""The CSV file of a table design: one column a factor, one row a simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from remodel.errors import ConfigError
from remodel.sweeps.factors import Column


def table_columns(path: Path) -> dict[str, Column]:
    """Return the columns of a CSV file by name.

    Raises
    ------
    ConfigError
        If it cannot be read, or a value is missing or not a number; it names row and column.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(path, skipinitialspace=True)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = getattr(error, "strerror", None) or str(error).strip()
        raise ConfigError(f"{path} cannot be read as a table: {reason}.") from error
    if not len(frame):
        raise ConfigError(f"{path}: the table has no rows.")
    found: dict[str, Column] = {}
    for name in frame.columns:
        column = frame[name]
        if column.isna().any():
            row = int(column.isna().to_numpy().argmax()) + 2
            raise ConfigError(f"{path}, row {row}, column {name}: a value is missing.")
        if pd.api.types.is_numeric_dtype(column):
            found[str(name)] = column.to_numpy(dtype=np.float64)
            _check_finite(path, str(name), found[str(name)])
        else:
            found[str(name)] = column.astype(str).to_numpy(dtype=object)
    return found


def _check_finite(path: Path, name: str, values: Column) -> None:
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values))) + 2
        raise ConfigError(f"{path}, row {row}, column {name}: expected a finite number.")
