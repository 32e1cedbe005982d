"""Files a user names: read with line numbers in errors, named safely, written whole or not at all.

What needs pydantic is in ``remodel.files.schema``, which is imported where files are read.
"""

from remodel.files.names import checked_file_name
from remodel.files.output import write_atomically, write_csv, write_netcdf, write_text, writing
from remodel.files.reading import read_text
from remodel.files.toml import Table, load_toml

__all__ = [
    "Table",
    "checked_file_name",
    "load_toml",
    "read_text",
    "write_atomically",
    "write_csv",
    "write_netcdf",
    "write_text",
    "writing",
]
