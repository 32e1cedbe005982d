r"""Equations as LaTeX."""

from __future__ import annotations

import re

import pytest

import remodel as rm
from remodel.equations import exp, hill, log, maximum, quantity, repression, sqrt, where
from remodel.equations.latex import equation_latex, name_latex, number_latex


def latex(function, symbols=None):
    equation = quantity(function)
    return equation_latex(equation, equation.arguments, symbols)


X = {name: name for name in "abxynk"}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x, y: x + y, "x + y"),
        (lambda x: 1 - x, "1 - x"),
        (lambda x, y: -x - y, "- x - y"),
        (lambda x, y: x - (y - 1), "1 + x - y"),
        (lambda x, y: x * (1 + y), r"x \, \left(1 + y\right)"),
        (lambda x, y: x * x * y, r"x^{2} \, y"),
        (lambda x, y: x / y, r"\frac{x}{y}"),
        (lambda x: 1 / x, r"\frac{1}{x}"),
        (lambda x, y, k: x / y / k, r"\frac{x}{y \, k}"),
        (lambda x, y: (x + y) / (x - y), r"\frac{x + y}{x - y}"),
        (lambda x, n: x**n, "x^{n}"),
        (lambda x, y, n: (x / y) ** n, r"\left(\frac{x}{y}\right)^{n}"),
        (lambda x: 2.5 * x, r"2.5 \, x"),
        (lambda x: exp(-x), "e^{- x}"),
        (log, r"\ln{\left(x \right)}"),
        (lambda x, y: log(x + y), r"\ln{\left(x + y \right)}"),
        (lambda x: sqrt(x + 1), r"\sqrt{1 + x}"),
        (maximum, r"\max\left(a, b\right)"),
        (lambda x, y: where(x < y, 1, x),
         r"\begin{cases} 1 & \text{for}\: x < y \\x & \text{otherwise} \end{cases}"),
        (lambda x, k: repression(x, k, 1), r"\frac{1}{1 + \frac{x}{k}}"),
        (lambda x, k, n: hill(x=x, half=k, exponent=n),
         r"\frac{\left(\frac{x}{k}\right)^{n}}{1 + \left(\frac{x}{k}\right)^{n}}"),
        (lambda x: x, "x"),
        (lambda: 1, "1"),
    ],
)  # fmt: skip
def test_arithmetic_is_written_as_in_a_paper(function, expected):
    assert latex(function, X) == expected


def test_a_base_with_a_superscript_of_its_own_gets_brackets():
    assert latex(lambda x: x * x, {"x": "B^*"}) == r"\left(B^*\right)^{2}"


def test_parameters_come_before_words():
    assert latex(lambda cells, rate: cells * rate, {"rate": "k"}) == r"k \, \text{cells}"


def test_names_and_numbers():
    assert name_latex("rank_activation") == r"\text{rank activation}"
    assert name_latex("a", {"a": r"\alpha"}) == r"\alpha"
    assert number_latex(0.25) == "0.25"
    assert number_latex(2.5e-7) == r"2.5 \times 10^{-7}"
    assert number_latex(1e6) == "10^{6}"
    assert number_latex(0.0) == "0"


@pytest.mark.parametrize("name", rm.model_names())
def test_every_equation_of_every_model_is_written_with_balanced_braces(name):
    model = rm.load_model(name)
    assembly = model.assembly(model.drugs)
    symbols = {n: p.symbol for n, p in model.all_parameters.items() if p.symbol}
    for equation_name, equation in assembly.equations.items():
        text = equation_latex(equation, assembly.arguments_of(equation_name), symbols)
        assert text.count("{") == text.count("}")
        assert len(re.findall(r"\\left", text)) == len(re.findall(r"\\right", text))
        assert "_text" not in text
