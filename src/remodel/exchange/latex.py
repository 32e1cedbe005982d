"""A whole model as a LaTeX document: states, equations and parameters, written by SymPy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from remodel.equations.latex import expression_latex, name_latex, number_latex
from remodel.errors import require
from remodel.exchange.statements import Statement, Statements
from remodel.files import write_text
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet
from remodel.provenance import package_version

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "%": r"\%", "&": r"\&",
    "#": r"\#", "$": r"\$", "^": r"\^{}", "~": r"\~{}", "µ": r"$\mu$", "μ": r"$\mu$",
    "−": "--", "≤": r"$\le$", "≥": r"$\ge$", "≈": r"$\approx$", "×": r"$\times$", "→": r"$\to$",
}  # fmt: skip
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "η": "eta",
    "θ": "theta", "κ": "kappa", "λ": "lambda", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho",
    "σ": "sigma", "τ": "tau", "φ": "varphi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma",
    "Δ": "Delta", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
_HEAD = r"""\documentclass[a4paper,10pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage[margin=2.2cm]{geometry}
\usepackage{amsmath,longtable,breqn,booktabs}
\setlength{\parindent}{0pt}
"""


def write_latex(
    model: Model, parameters: ParameterSet, drugs: Iterable[str], path: str | Path
) -> Path:
    """Write a model with some drugs as a document.

    Raises
    ------
    MissingDependencyError
        Without SymPy.
    """
    return write_text(path, latex_text(model, parameters, drugs))


def latex_text(model: Model, parameters: ParameterSet, drugs: Iterable[str]) -> str:
    """Return a model with some drugs as a document."""
    require("sympy", "latex")
    names = model.with_drugs(drugs)
    assembly = model.assembly(names)
    statements = Statements.of(assembly)
    used = [parameters[n] for n in parameters if n in statements.parameters]
    symbols = {p.name: p.symbol for p in used if p.symbol}
    baseline = [s for s in statements.baseline if s.name in assembly.states]
    with_drugs = f"With {', '.join(names).replace('_', ' ')}. " if names else ""
    parts = [
        _HEAD,
        rf"\title{{{escaped(model.title)}}}",
        rf"\author{{{escaped(model.citation)}}}",
        rf"\date{{Written by remodel {package_version()}}}",
        r"\begin{document}",
        r"\maketitle",
        rf"{escaped(with_drugs)}Time $t$ is in days.",
        r"\section{Rates}",
        *(_equation(s, symbols, derivative=True) for s in statements.rates),
        r"\section{Quantities}",
        *(_equation(s, symbols) for s in statements.quantities),
        r"\section{Baseline}",
        *(_equation(s, symbols, at_baseline=True) for s in baseline),
        r"\section{States}",
        _states(assembly.states.values()),
        r"\section{Parameters}",
        parameter_table(used),
        r"\end{document}",
    ]
    return "\n".join(parts) + "\n"


def _equation(
    statement: Statement,
    symbols: Mapping[str, str],
    *,
    derivative: bool = False,
    at_baseline: bool = False,
) -> str:
    left = name_latex(statement.name, symbols)
    if derivative:
        left = rf"\frac{{d}}{{dt}}\,{left}"
    if at_baseline:
        left = rf"{left}\,(0)"
    right = expression_latex(statement.expression, {**symbols, "time": "t"})
    sentence = f"{escaped(statement.meaning)}\n" if statement.meaning else ""
    return rf"{sentence}\begin{{dmath*}} {left} = {right} \end{{dmath*}}"


def _states(states: Iterable[object]) -> str:
    rows = [
        " & ".join(escaped(str(getattr(s, key))) for key in ("name", "unit", "meaning"))
        for s in states
    ]
    return _table("lll", ("state", "unit", "meaning"), rows)


def parameter_table(parameters: Iterable[Parameter]) -> str:
    """Return parameters as a LaTeX table, with value, unit, bounds, meaning and source."""
    rows = []
    for p in parameters:
        symbol = f"${p.symbol}$" if p.symbol else ""
        bounds = rf"${number_latex(p.lower)}$ to ${_bound(p.upper)}$"
        cells = [
            symbol, escaped(p.name), f"${number_latex(p.value)}$", escaped(p.unit), bounds,
            escaped(f"{p.meaning}. {p.source} ({p.provenance})."),
        ]  # fmt: skip
        rows.append(" & ".join(cells))
    heads = ("symbol", "name", "value", "unit", "bounds", "meaning and source")
    columns = r"lp{3.2cm}llp{2.2cm}p{5.4cm}"
    return _table(columns, heads, rows)


def _bound(value: float) -> str:
    return r"\infty" if value == float("inf") else number_latex(value)


def _table(columns: str, heads: Iterable[str], rows: Iterable[str]) -> str:
    lines = [
        r"{\footnotesize",
        rf"\begin{{longtable}}{{{columns}}}",
        rf"\toprule {' & '.join(heads)} \\ \midrule \endhead",
        *(rf"{row} \\" for row in rows),
        r"\bottomrule",
        r"\end{longtable}}",
    ]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Return text that LaTeX prints as it stands; names may break after an underscore."""
    characters = {**_SPECIAL, **{letter: rf"$\{word}$" for letter, word in _GREEK.items()}}
    written = "".join(characters.get(c, c) for c in text)
    return written.replace(r"\_", r"\_\allowbreak{}")
