"""Sweeps: designs of many simulations, run in chunks and stored as labelled arrays."""

from remodel.sweeps.api import open_dataset, sweep
from remodel.sweeps.design import Design
from remodel.sweeps.load import load_design
from remodel.sweeps.store import Store, open_store
from remodel.sweeps.summary import Summary, failures, summary_of

__all__ = [
    "Design",
    "Store",
    "Summary",
    "failures",
    "load_design",
    "open_dataset",
    "open_store",
    "summary_of",
    "sweep",
]
