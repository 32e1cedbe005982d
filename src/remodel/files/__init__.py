"""Files a user names: read with line numbers in errors, named safely, written whole or not at all.

What needs pydantic is in ``remodel.files.schema``, which is imported where files are read.
"""

from remodel.files.names import checked_file_name
from remodel.files.output import (
    results_folder,
    write_atomically,
    write_csv,
    write_netcdf,
    write_text,
    writing,
)
from remodel.files.reading import is_folder, read_text
from remodel.files.toml import Table, as_float, load_toml, parse_toml, shown

__all__ = [
    "Table",
    "as_float",
    "checked_file_name",
    "is_folder",
    "load_toml",
    "parse_toml",
    "read_text",
    "results_folder",
    "shown",
    "write_atomically",
    "write_csv",
    "write_netcdf",
    "write_text",
    "writing",
]
