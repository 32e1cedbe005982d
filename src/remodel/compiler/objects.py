"""Machine code of this processor: compiled from LLVM IR, kept on disk, loaded into memory."""

from __future__ import annotations

import ctypes
import functools
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from remodel.compiler import cache


@functools.cache
def host_lanes() -> int:
    """Return how many simulations fit this processor's vectors: 8 with AVX-512, else 4."""
    features = llvm.get_host_cpu_features()
    return 8 if features.get("avx512f") and features.get("avx512dq") else 4


@functools.cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    flags = features.flatten()
    if host_lanes() == 8:
        flags += ",-prefer-256-bit"
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=flags, opt=3, reloc="pic", codemodel="default"
    )


@functools.cache
def sources_digest(*paths: Path) -> str:
    """Return a hash of source files, and of every source file in folders."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            content = file.read_bytes()
            digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def cache_key(source: str) -> str:
    """Return the name of the compiled form of a source on this machine.

    It covers the processor, the compiler and how this file uses it.
    """
    features = llvm.get_host_cpu_features().flatten()
    machine = f"{llvm.get_host_cpu_name()} {features} {host_lanes()}"
    versions = f"{llvmlite.__version__} {llvm.llvm_version_info} {sources_digest(Path(__file__))}"
    return hashlib.sha256(f"{machine}\n{versions}\n{source}".encode()).hexdigest()[:40]


def compile_object(source: str) -> bytes:
    """Compile a module of LLVM IR to machine code of this processor."""
    machine = _target()
    module = llvm.parse_assembly(source)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.slp_vectorization = False
    options.loop_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))


class Library:
    """Machine code in memory, with the addresses of its functions."""

    def __init__(self, code: bytes, functions: Sequence[str]) -> None:
        backing = llvm.parse_assembly("")
        self._engine = llvm.create_mcjit_compiler(backing, _fresh_target())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        self.addresses = {f: int(self._engine.get_function_address(f)) for f in functions}

    def function(self, name: str) -> Any:
        """Return a kernel callable with the address of a workspace."""
        kernel = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.addresses[name])
        kernel.library = self  # type: ignore[attr-defined] # the code lives as long as what calls it
        return kernel


def _fresh_target() -> Any:
    # an engine owns its target machine, so it cannot share the cached one
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        jit=True,
    )


def load_library(
    source: str, functions: Sequence[str], write: Callable[[], str] | None = None
) -> tuple[Library, bool]:
    """Return a compiled module, from the disk cache where it is there.

    Parameters
    ----------
    source : str
        LLVM IR, or what decides the LLVM IR that ``write`` returns.
    functions : sequence of str
        Names of functions in it.
    write : callable, optional
        Writes the LLVM IR, where that takes time.

    Returns
    -------
    Library
    bool
        Whether it had to be compiled.
    """
    _target()
    key = cache_key(source)
    code = cache.read(key)
    if code is not None:
        return Library(code, functions), False
    code = compile_object(write() if write else source)
    cache.write(key, code)
    return Library(code, functions), True
