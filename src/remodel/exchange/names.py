"""Names that another language accepts."""

from __future__ import annotations

from collections.abc import Collection, Iterable

R_WORDS = frozenset({
    "if", "else", "repeat", "while", "function", "for", "next", "break", "in", "TRUE", "FALSE",
    "NULL", "Inf", "NaN", "NA", "time", "state", "parameters",
})  # fmt: skip
_CPP = (
    "auto bool break case catch char class const continue default delete do double else enum "
    "explicit export extern false float for friend goto if inline int long mutable namespace new "
    "operator private protected public register return short signed sizeof static struct switch "
    "template this throw true try typedef typeid union unsigned using virtual void volatile while "
    "and or not xor exp log sqrt pow fmin fmax"
)
_MRGSOLVE = (
    "ID AMT CMT EVID RATE ADDL II SS TIME SOLVERTIME NEWIND DXDTZERO CFONSTOP INITSOLV ETA EPS "
    "self table simeps simeta THETA amt cmt evid rate addl ii ss time"
)
CPP_WORDS = frozenset(f"{_CPP} {_MRGSOLVE}".split())
_OF_STATE = ("{}_0", "dxdt_{}", "F_{}", "R_{}", "D_{}", "ALAG_{}")


def mrgsolve_names(names: Iterable[str], states: Collection[str]) -> dict[str, str]:
    """Return what each name is called in mrgsolve, whose macros take names such as ``R_0``."""
    macros = {form.format(state) for state in states for form in _OF_STATE}
    return _accepted(names, CPP_WORDS | macros)


def r_names(names: Iterable[str]) -> dict[str, str]:
    """Return what each name is called in R."""
    return _accepted(names, R_WORDS)


def _accepted(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    listed = list(names)
    accepted: dict[str, str] = {}
    for name in listed:
        new = name if not name.startswith("_") else f"x{name}"
        while new in taken or (new != name and new in listed):
            new = f"{new}_value"
        accepted[name] = new
    return accepted
