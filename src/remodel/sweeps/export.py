"""The results of a sweep as one NetCDF file."""

from __future__ import annotations

from pathlib import Path

from remodel.errors import StoreError
from remodel.sweeps.api import open_dataset
from remodel.sweeps.store import Store


def write_netcdf(store: Store, path: str | Path) -> None:
    """Write a store as a NetCDF file; it is there as a whole or not at all.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    file = Path(path)
    dataset = open_dataset(store)
    for name in dataset.variables:
        dataset[name].encoding.clear()
        if dataset[name].dtype.kind == "T":  # text that only newer libraries know
            dataset[name] = dataset[name].astype(object)
    dataset.encoding.clear()
    unfinished = file.with_name(f"{file.name}.new")
    try:
        dataset.to_netcdf(unfinished, engine="h5netcdf")
        unfinished.replace(file)
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
