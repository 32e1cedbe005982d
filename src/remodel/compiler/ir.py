"""LLVM IR on vectors of simulations, written line by line.

A kernel works on one workspace, an array ``[slot][lane]`` of doubles, and computes the same
straight-line statements for all lanes at once.
"""

from __future__ import annotations

import struct

_FLAGS = "contract nsz arcp"


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

    def constant(self, value: float) -> str:
        """Return a vector with the same number in every lane."""
        return f"splat (double {hexadecimal(value)})"

    def statement(self, text: str) -> str:
        """Append ``name = text`` and return the name."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def _binary(self, operation: str, a: str, b: str) -> str:
        return self.statement(f"{operation} {_FLAGS} {self.vector} {a}, {b}")

    def add(self, a: str, b: str) -> str:
        """Append a + b."""
        return self._binary("fadd", a, b)

    def subtract(self, a: str, b: str) -> str:
        """Append a - b."""
        return self._binary("fsub", a, b)

    def strict_subtract(self, a: str, b: str) -> str:
        """Append a - b that no optimization may rearrange."""
        return self.statement(f"fsub {self.vector} {a}, {b}")

    def multiply(self, a: str, b: str) -> str:
        """Append a * b."""
        return self._binary("fmul", a, b)

    def divide(self, a: str, b: str) -> str:
        """Append a / b."""
        return self._binary("fdiv", a, b)

    def negate(self, a: str) -> str:
        """Append -a."""
        return self.statement(f"fneg {_FLAGS} {self.vector} {a}")

    def multiply_add(self, a: str, b: str, c: str) -> str:
        """Append a * b + c, rounded once."""
        return self._intrinsic("fma", a, b, c)

    def sqrt(self, a: str) -> str:
        """Append the square root."""
        return self._intrinsic("sqrt", a)

    def absolute(self, a: str) -> str:
        """Append the absolute value."""
        return self._intrinsic("fabs", a)

    def _intrinsic(self, name: str, *arguments: str) -> str:
        listed = ", ".join(f"{self.vector} {a}" for a in arguments)
        suffix = f"v{self.lanes}f64"
        return self.statement(f"call {self.vector} @llvm.{name}.{suffix}({listed})")

    def compare(self, condition: str, a: str, b: str) -> str:
        """Append a comparison by its name in LLVM, such as ``oeq``."""
        return self.statement(f"fcmp {condition} {self.vector} {a}, {b}")

    def less(self, a: str, b: str) -> str:
        """Append the condition a < b (false where either is not a number)."""
        return self.compare("olt", a, b)

    def where(self, condition: str, a: str, b: str) -> str:
        """Append a choice by lane."""
        bits = f"<{self.lanes} x i1>"
        return self.statement(f"select {bits} {condition}, {self.vector} {a}, {self.vector} {b}")

    def maximum(self, a: str, b: str) -> str:
        """Append the larger of two; not-a-number in ``a`` is kept."""
        return self.where(self.less(a, b), b, a)

    def clamp(self, a: str, low: float, high: float) -> str:
        """Append a number held between two bounds; not-a-number is kept."""
        top, bottom = self.constant(high), self.constant(low)
        a = self.where(self.less(top, a), top, a)
        return self.where(self.less(a, bottom), bottom, a)

    def bits(self, a: str) -> str:
        """Append the bits of doubles as integers."""
        return self.statement(f"bitcast {self.vector} {a} to {self.integers}")

    def doubles(self, a: str) -> str:
        """Append the doubles that have the bits of integers."""
        return self.statement(f"bitcast {self.integers} {a} to {self.vector}")

    def integer(self, operation: str, a: str, b: str | int) -> str:
        """Append an operation on integers, by its name in LLVM; b may be a number."""
        other = b if isinstance(b, str) else f"splat (i64 {b})"
        return self.statement(f"{operation} {self.integers} {a}, {other}")

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
