"""Compiled kernels: expressions written as LLVM IR on vectors of simulations, cached on disk.

A kernel works on one workspace, an array ``[slot][lane]`` of doubles, and computes the same
straight-line statements for all lanes at once. Numba brings the LLVM compiler; nothing else is
needed at run time. Exponential and logarithm are branch-free series, so that they vectorise and
give the same bits in every lane on every machine of one kind:

* ``exp``: x = k ln 2 + r with |r| <= ln 2 / 2, the Taylor series of e**r to order 13, and 2**k by
  its exponent bits. Arguments are clamped to [-708, 709].
* ``log``: x = m 2**e with m in [sqrt(1/2), sqrt(2)), log m = 2 artanh((m - 1)/(m + 1)) as the
  Taylor series to order 21.

Both series are exact to rounding on those intervals (largest measured error below 2 units in the
last place).
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import math
import os
import struct
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from remodel.symbolic.expression import Expression, ancestors

_CHECKSUM = 32  # bytes of SHA-256 in front of the code in a cache file
FORMAT = 2  # raise when the meaning of generated code changes, so old cache files are not used
_FLAGS = "contract nsz arcp"
_LN2 = math.log(2.0)
_LN2_HIGH = struct.unpack("<d", struct.pack("<Q", 0x3FE62E42FEE00000))[0]
_LN2_LOW = 1.9082149292705877e-10  # log(2) - _LN2_HIGH, beyond the digits of _LN2
_ROUNDING_SHIFT = 1.5 * 2.0**52  # adding it leaves the nearest integer in the low bits


def hexadecimal(value: float) -> str:
    """Return a double as LLVM writes it, exactly."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


class Writer:
    """Writes one LLVM function body on vectors of ``lanes`` doubles.

    Values are names of LLVM registers. Loads and stores address slots of the workspace.
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.vector = f"<{lanes} x double>"
        self.integers = f"<{lanes} x i64>"
        self.lines: list[str] = []
        self._count = 0

    def _name(self) -> str:
        self._count += 1
        return f"%v{self._count}"

    def constant(self, value: float) -> str:
        """Return a vector with the same number in every lane."""
        return f"splat (double {hexadecimal(value)})"

    def statement(self, text: str) -> str:
        """Append ``name = text`` and return the name."""
        name = self._name()
        self.lines.append(f"  {name} = {text}")
        return name

    def binary(self, operation: str, a: str, b: str) -> str:
        """Append a floating-point operation of two vectors."""
        return self.statement(f"{operation} {_FLAGS} {self.vector} {a}, {b}")

    def add(self, a: str, b: str) -> str:
        """Append a + b."""
        return self.binary("fadd", a, b)

    def subtract(self, a: str, b: str) -> str:
        """Append a - b."""
        return self.binary("fsub", a, b)

    def multiply(self, a: str, b: str) -> str:
        """Append a * b."""
        return self.binary("fmul", a, b)

    def divide(self, a: str, b: str) -> str:
        """Append a / b."""
        return self.binary("fdiv", a, b)

    def negate(self, a: str) -> str:
        """Append -a."""
        return self.statement(f"fneg {_FLAGS} {self.vector} {a}")

    def multiply_add(self, a: str, b: str, c: str) -> str:
        """Append a * b + c, rounded once."""
        return self._call("fma", a, b, c)

    def _call(self, name: str, *arguments: str) -> str:
        listed = ", ".join(f"{self.vector} {a}" for a in arguments)
        suffix = f"v{self.lanes}f64"
        return self.statement(f"call {self.vector} @llvm.{name}.{suffix}({listed})")

    def sqrt(self, a: str) -> str:
        """Append the square root."""
        return self._call("sqrt", a)

    def absolute(self, a: str) -> str:
        """Append the absolute value."""
        return self._call("fabs", a)

    def less(self, a: str, b: str) -> str:
        """Append the condition a < b (false where either is not a number)."""
        return self.statement(f"fcmp olt {self.vector} {a}, {b}")

    def where(self, condition: str, a: str, b: str) -> str:
        """Append a choice by lane."""
        bits = f"<{self.lanes} x i1>"
        return self.statement(f"select {bits} {condition}, {self.vector} {a}, {self.vector} {b}")

    def maximum(self, a: str, b: str) -> str:
        """Append the larger of two; not-a-number in ``a`` is kept."""
        return self.where(self.less(a, b), b, a)

    def _clamp(self, a: str, low: float, high: float) -> str:
        top, bottom = self.constant(high), self.constant(low)
        a = self.where(self.less(top, a), top, a)
        return self.where(self.less(a, bottom), bottom, a)

    def _bits(self, a: str) -> str:
        return self.statement(f"bitcast {self.vector} {a} to {self.integers}")

    def _doubles(self, a: str) -> str:
        return self.statement(f"bitcast {self.integers} {a} to {self.vector}")

    def _integer(self, operation: str, a: str, b: int) -> str:
        return self.statement(f"{operation} {self.integers} {a}, splat (i64 {b})")

    def exp(self, x: str) -> str:
        """Append e ** x."""
        x = self._clamp(x, -708.0, 709.0)
        shift = self.constant(_ROUNDING_SHIFT)
        shifted = self.multiply_add(x, self.constant(1.0 / _LN2), shift)
        # strict (flag-free) so that the shift is not simplified away
        k = self.statement(f"fsub {self.vector} {shifted}, {shift}")
        r = self.multiply_add(k, self.constant(-_LN2_HIGH), x)
        r = self.multiply_add(k, self.constant(-_LN2_LOW), r)
        p = self.constant(1.0 / math.factorial(13))
        for order in range(12, -1, -1):
            p = self.multiply_add(p, r, self.constant(1.0 / math.factorial(order)))
        exponent = self._integer("shl", self._bits(shifted), 52)
        scaled = self.statement(f"add {self.integers} {self._bits(p)}, {exponent}")
        result = self._doubles(scaled)
        unordered = self.statement(f"fcmp uno {self.vector} {x}, {x}")
        return self.where(unordered, x, result)

    def log(self, x: str) -> str:
        """Append the natural logarithm; -inf at 0, not-a-number below."""
        offset = self._integer("sub", self._bits(x), 0x3FE6A09E667F3BCD)
        e_bits = self._integer("and", offset, -(1 << 52))
        m = self._doubles(self.statement(f"sub {self.integers} {self._bits(x)}, {e_bits}"))
        biased = self._integer("add", e_bits, 1024 << 52)
        e_integer = self._integer("lshr", biased, 52)
        magic = struct.unpack("<q", struct.pack("<d", _ROUNDING_SHIFT))[0]
        e_shifted = self._doubles(self._integer("add", e_integer, magic))
        e = self.statement(
            f"fsub {self.vector} {e_shifted}, {self.constant(_ROUNDING_SHIFT + 1024.0)}"
        )
        s = self.divide(
            self.statement(f"fsub {self.vector} {m}, {self.constant(1.0)}"),
            self.add(m, self.constant(1.0)),
        )
        z = self.multiply(s, s)
        p = self.constant(2.0 / 21.0)
        for order in range(19, 1, -2):
            p = self.multiply_add(p, z, self.constant(2.0 / order))
        tail = self.multiply(self.multiply(s, z), p)
        low = self.multiply_add(e, self.constant(_LN2_LOW), tail)
        main = self.multiply_add(e, self.constant(_LN2_HIGH), self.multiply(s, self.constant(2.0)))
        result = self.add(main, low)
        positive = self.less(self.constant(0.0), x)
        zero = self.statement(f"fcmp oeq {self.vector} {x}, {self.constant(0.0)}")
        otherwise = self.where(zero, self.constant(-math.inf), self.constant(math.nan))
        result = self.where(positive, result, otherwise)
        infinite = self.statement(f"fcmp oeq {self.vector} {x}, {self.constant(math.inf)}")
        return self.where(infinite, x, result)

    def address(self, slot: int, base: str = "%ws") -> str:
        """Append the address of a slot, counted from a pointer."""
        return self.statement(f"getelementptr inbounds i8, ptr {base}, i64 {slot * self.lanes * 8}")

    def load(self, slot: int, base: str = "%ws") -> str:
        """Append a load of one slot."""
        address = self.address(slot, base)
        return self.statement(f"load {self.vector}, ptr {address}, align {8 * self.lanes}")

    def store(self, value: str, slot: int, base: str = "%ws") -> None:
        """Append a store to one slot."""
        address = self.address(slot, base)
        self.lines.append(f"  store {self.vector} {value}, ptr {address}, align {8 * self.lanes}")

    def call(self, function: str, block: str = "") -> None:
        """Append a call of another kernel, on the workspace or on the workspace and one block."""
        arguments = f"ptr %ws, ptr {block}" if block else "ptr %ws"
        self.lines.append(f"  call void @{function}({arguments})")

    def expressions(
        self,
        roots: Sequence[Expression],
        slots: Mapping[int, int],
        known: Mapping[int, str] | None = None,
    ) -> list[str]:
        """Append the computation of expressions.

        Parameters
        ----------
        roots : sequence of Expression
        slots : mapping of int to int
            From the index of a node whose value is in the workspace (a symbol, or something
            computed before) to its slot.
        known : mapping of int to str, optional
            Registers that already hold the value of a node.

        Returns
        -------
        list of str
            One register or constant a root.
        """
        done: dict[int, str] = dict(known or {})
        for root in roots:
            self._expression(root, slots, done)
        return [done[root.index] for root in roots]

    def _expression(self, root: Expression, slots: Mapping[int, int], done: dict[int, str]) -> None:
        stack = [root]
        while stack:
            node = stack[-1]
            if node.index in done:
                stack.pop()
                continue
            if node.index in slots:
                done[node.index] = self.load(slots[node.index])
            elif node.is_constant:
                done[node.index] = self.constant(node.value)
            else:
                waiting = [a for a in node.arguments if a.index not in done]
                if waiting:
                    stack.extend(reversed(waiting))
                    continue
                operation = getattr(self, node.operation)
                done[node.index] = operation(*(done[a.index] for a in node.arguments))
            stack.pop()

    def function(self, name: str, *blocks: str) -> str:
        """Return the finished function of the workspace and, where named, pointers into it."""
        body = "\n".join(self.lines)
        # blocks lie inside the workspace, so only a function of the workspace alone may assume
        # that nothing else points there
        alone = "" if blocks else "noalias "
        pointers = ", ".join([f"ptr {alone}align 64 %ws", *(f"ptr %{b}" for b in blocks)])
        return f"define void @{name}({pointers}) noinline nounwind {{\n{body}\n  ret void\n}}\n"


def declarations(lanes: int) -> str:
    """Return the LLVM intrinsics that kernels use."""
    vector = f"<{lanes} x double>"
    one = "".join(
        f"declare {vector} @llvm.{name}.v{lanes}f64({vector})\n" for name in ("sqrt", "fabs")
    )
    return f"{one}declare {vector} @llvm.fma.v{lanes}f64({vector}, {vector}, {vector})\n"


def hoistable(roots: Sequence[Expression]) -> list[Expression]:
    """Return static nodes, other than symbols and constants, that the rest of the roots use."""
    found = {node.index: node for node in roots if node.is_static and node.arguments}
    for node in ancestors(roots):
        if not node.is_static:
            found.update({a.index: a for a in node.arguments if a.is_static and a.arguments})
    return list(found.values())


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


def cache_directory() -> Path:
    """Return where compiled kernels are kept: ``REMODEL_CACHE_DIR`` or the user's cache folder."""
    chosen = os.environ.get("REMODEL_CACHE_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "remodel"


def cache_key(source: str) -> str:
    """Return the name of the compiled form of a module on this machine."""
    machine = f"{llvmlite.__version__} {llvm.llvm_version_info} {llvm.get_host_cpu_name()}"
    features = llvm.get_host_cpu_features().flatten()
    return hashlib.sha256(f"{FORMAT} {machine} {features}\n{source}".encode()).hexdigest()[:40]


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
        found = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.addresses[name])
        found.library = self  # type: ignore[attr-defined] # the code lives as long as what calls it
        return found


def _fresh_target() -> Any:
    # an engine owns its target machine, so it cannot share the cached one
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        jit=True,
    )


def load_library(source: str, functions: Sequence[str]) -> tuple[Library, bool]:
    """Return a compiled module, from the disk cache where it is there.

    Returns
    -------
    Library
    bool
        Whether it had to be compiled.
    """
    _target()
    path = cache_directory() / f"{cache_key(source)}.o"
    code = _read_checked(path)
    if code is not None:
        return Library(code, functions), False
    code = compile_object(source)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(code).digest() + code)
        Path(file.name).replace(path)
    except OSError:
        pass  # a cache that cannot be written costs time, not the result
    return Library(code, functions), True


def _read_checked(path: Path) -> bytes | None:
    """Return machine code from the cache, or None; damaged code must never be loaded."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum, code = content[:_CHECKSUM], content[_CHECKSUM:]
    return code if hashlib.sha256(code).digest() == checksum else None


def is_cached(source: str) -> bool:
    """Whether the compiled form of a module is on disk."""
    return (cache_directory() / f"{cache_key(source)}.o").exists()
