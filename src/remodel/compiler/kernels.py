"""Compiled kernels of a system: for the batch stepper, and for its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from remodel._arrays import FloatArray
from remodel.compiler import stepper, tangents
from remodel.compiler.objects import Library, host_lanes, load_library
from remodel.compiler.tableaus import TABLEAUS, Tableau
from remodel.compiler.tangents import TangentLayout
from remodel.compiler.workspace import Layout, lay_out
from remodel.equations.system import System

_CACHE_LINE = 64


@dataclass(frozen=True, slots=True)
class Stepper:
    """Machine code that advances one system by one method."""

    layout: Layout
    tableau: Tableau
    lanes: int
    library: Library
    compiled: bool


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Machine code for a choice of outputs; output k is at slot ``layout.size + k``."""

    outputs: int
    library: Library


@dataclass(frozen=True, slots=True)
class Tangents:
    """Machine code for forward sensitivities."""

    layout: TangentLayout
    library: Library


@lru_cache(maxsize=128)
def stepper_of(system: System, method: str, lanes: int = 0) -> Stepper:
    """Return the compiled stepper of a system; from the disk cache where it is there."""
    width = lanes or host_lanes()
    layout = lay_out(system, TABLEAUS[method])
    source = stepper.write_stepper(system, layout, TABLEAUS[method], width)
    library, compiled = load_library(source, stepper.STEPPER)
    return Stepper(layout, TABLEAUS[method], width, library, compiled)


@lru_cache(maxsize=256)
def evaluator_of(
    system: System,
    method: str,
    outputs: tuple[str, ...],
    lanes: int = 0,
    *,
    every_state: bool = False,
) -> Evaluator:
    """Return compiled outputs of a system, for the workspace of its stepper."""
    step = stepper_of(system, method, lanes) if lanes else stepper_of(system, method)
    source = stepper.write_evaluator(
        system, step.layout, step.tableau, outputs, step.lanes, every_state=every_state
    )
    library, _ = load_library(source, stepper.EVALUATOR)
    return Evaluator(len(outputs), library)


@lru_cache(maxsize=64)
def tangents_of(
    system: System, method: str, outputs: tuple[str, ...], parameters: tuple[str, ...]
) -> Tangents:
    """Return compiled sensitivities of outputs to parameters."""
    step = stepper_of(system, method)
    equations = tangents.differentiate(system, parameters, outputs)
    layout = tangents.lay_out_tangents(
        step.layout, step.tableau, equations, len(outputs), len(parameters)
    )
    source = tangents.write_tangents(
        system, step.layout, step.tableau, equations, layout, step.lanes
    )
    library, _ = load_library(source, tangents.FUNCTIONS)
    return Tangents(layout, library)


def workspace(size: int, lanes: int) -> FloatArray:
    """Return an array of slots by lanes that starts at a cache line."""
    raw = np.zeros(size * lanes + _CACHE_LINE // 8)
    offset = (-raw.ctypes.data % _CACHE_LINE) // 8
    return raw[offset : offset + size * lanes].reshape(size, lanes)


def outputs_of(system: System, names: Sequence[str]) -> tuple[str, ...]:
    """Return names of outputs; all states by default."""
    return tuple(names) or system.state_names
