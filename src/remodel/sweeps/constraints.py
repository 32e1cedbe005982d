"""Constraints on factors: comparisons such as ``start + duration <= 60``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from remodel.errors import ConfigError, nearest
from remodel.sweeps.factors import Rows

_LONGEST = 500  # characters, so that nothing is nested too deep to be read
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Mod: operator.mod,
}
_COMPARISONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


@dataclass(frozen=True, slots=True)
class Constraint:
    """A condition that the simulations of a sweep meet.

    Parameters
    ----------
    text : str
        Names of factors, numbers, words in quotes, ``+ - * / % **``, comparisons, ``and``, ``or``,
        ``not``.

    Raises
    ------
    ConfigError
        If it is not such a condition.
    """

    text: str
    _tree: ast.expr = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the text."""
        if len(self.text) > _LONGEST:
            raise ConfigError(
                f"a condition has at most {_LONGEST} characters; one of these has "
                f"{len(self.text):,}."
            )
        try:
            tree = ast.parse(self.text.strip(), mode="eval").body
        except SyntaxError as error:
            raise ConfigError(
                f"'{self.text}' is not a condition; write it like 'start + duration <= 60'."
            ) from error
        object.__setattr__(self, "_tree", tree)
        if not isinstance(tree, ast.Compare | ast.BoolOp | ast.UnaryOp):
            raise ConfigError(
                f"'{self.text}' compares nothing; write it like 'start + duration <= 60'."
            )

    def check(self, factors: Iterable[str]) -> None:
        """Raise if it names something that is not a factor, or uses more than is allowed.

        Raises
        ------
        ConfigError
        """
        known = set(factors)
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Name) and node.id not in known:
                raise ConfigError(
                    f"'{self.text}': no factor is called '{node.id}'.{nearest(node.id, known)}"
                )
        self.met({name: np.ones(1) for name in known}, probing=True)

    def met(self, rows: Rows, *, probing: bool = False) -> npt.NDArray[np.bool_]:
        """Return which simulations meet it.

        Parameters
        ----------
        rows : mapping of str to ndarray, shape (n,)

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        n = len(next(iter(rows.values())))
        with np.errstate(all="ignore"):
            try:
                is_met = self._value(self._tree, rows)
            except TypeError as error:
                if probing:  # a probe knows no words
                    return np.ones(n, dtype=bool)
                raise ConfigError(
                    f"'{self.text}': words and numbers cannot be mixed ({error})."
                ) from error
        return np.broadcast_to(np.asarray(is_met, dtype=bool), (n,))

    def _value(self, node: ast.expr, rows: Rows) -> Any:
        match node:
            case ast.Constant(value=str() as value):
                return value
            case ast.Constant(value=int() | float() as value):
                return np.float64(value)  # powers of Python's whole numbers may never end
            case ast.Name(id=name):
                return rows[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _ARITHMETIC[type(op)](self._value(left, rows), self._value(right, rows))
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -self._value(inner, rows)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return ~np.asarray(self._value(inner, rows), dtype=bool)
            case ast.BoolOp(op=op, values=operands):
                join = np.logical_and if isinstance(op, ast.And) else np.logical_or
                return join.reduce([np.asarray(self._value(p, rows), dtype=bool) for p in operands])
            case ast.Compare():
                return self._compared(node, rows)
        raise ConfigError(
            f"'{self.text}': '{ast.unparse(node)}' is not allowed in a condition; only factors, "
            "numbers, + - * / % **, comparisons, and, or, not."
        )

    def _compared(self, node: ast.Compare, rows: Rows) -> Any:
        values = [self._value(side, rows) for side in (node.left, *node.comparators)]
        holds: Any = True
        for op, left, right in zip(node.ops, values[:-1], values[1:], strict=True):
            if type(op) not in _COMPARISONS:
                raise ConfigError(f"'{self.text}': only <, <=, >, >=, == and != compare.")
            holds = np.logical_and(holds, _COMPARISONS[type(op)](left, right))
        return holds
