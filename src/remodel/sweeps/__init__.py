"""Sweeps: designs of many simulations, run in chunks and stored as labelled arrays."""

from remodel.sweeps.design import Design
from remodel.sweeps.estimate import Estimate, estimate
from remodel.sweeps.load import load_design
from remodel.sweeps.run import open_sweep, retry_failed, sweep, write_netcdf
from remodel.sweeps.store import Store, open_store
from remodel.sweeps.summary import Summary, failures, summary_of

__all__ = [
    "Design",
    "Estimate",
    "Store",
    "Summary",
    "estimate",
    "failures",
    "load_design",
    "open_store",
    "open_sweep",
    "retry_failed",
    "summary_of",
    "sweep",
    "write_netcdf",
]
