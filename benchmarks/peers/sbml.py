"""A traced system as an SBML model (level 3), continuous part only; doses are left to the caller.

Every state is a parameter with a rate rule, everything computed from parameters alone is a
constant parameter, and shared expressions are assignment rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from xml.sax.saxutils import escape

from peers.generated import Equations
from remodel.symbolic.expression import Expression, ancestors

_APPLIED = {
    "add": "plus", "subtract": "minus", "multiply": "times", "divide": "divide",
    "negate": "minus", "exp": "exp", "log": "ln", "sqrt": "root", "less": "lt",
}  # fmt: skip
_SYMBOLS = "http://www.sbml.org/sbml/symbols"
_TIME = f'<csymbol encoding="text" definitionURL="{_SYMBOLS}/time"> t </csymbol>'
_MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'


def constant_name(j: int) -> str:
    """Return the name of entry j of the vector ``c``."""
    return f"c{j}"


def state_name(i: int) -> str:
    """Return the name of the scaled state i."""
    return f"z{i}"


def write_sbml(equations: Equations) -> str:
    """Return the model as text."""
    system = equations.system
    known = _leaves(equations)
    order = [
        node
        for node in ancestors(system.rates)
        if node.index not in known and (node.is_constant or not node.is_static)
    ]
    uses = Counter(a.index for node in order for a in node.arguments)
    named, math = [], dict(known)
    for node in order:
        written = _math(node, math)
        if node.arguments and node.operation != "less" and uses[node.index] > 1:
            named.append((f"v{node.index}", written))
            written = f"<ci> v{node.index} </ci>"
        math[node.index] = written
    rates = []
    for i, rate in enumerate(system.rates):
        text = math.get(rate.index) or _math(rate, math)
        rates.append(_scaled(text, 1.0 / float(equations.scale[i])))
    return _document(equations, named, rates)


def _leaves(equations: Equations) -> dict[int, str]:
    m = len(equations.system.parameters)
    known = {p.index: _name(constant_name(j)) for j, p in enumerate(equations.system.parameters)}
    known.update(
        {node.index: _name(constant_name(m + j)) for j, node in enumerate(equations.hoisted)}
    )
    known[equations.system.time.index] = _TIME
    for i, state in enumerate(equations.system.states):
        known[state.index] = _scaled(_name(state_name(i)), float(equations.scale[i]))
    return known


def _name(name: str) -> str:
    return f"<ci> {escape(name)} </ci>"


def _number(value: float) -> str:
    return f"<cn> {value!r} </cn>" if "e" not in repr(value) else _scientific(value)


def _scientific(value: float) -> str:
    mantissa, exponent = repr(value).split("e")
    return f'<cn type="e-notation"> {mantissa} <sep/> {int(exponent)} </cn>'


def _scaled(text: str, by: float) -> str:
    return text if by == 1.0 else f"<apply><times/>{text}{_number(by)}</apply>"


def _math(node: Expression, math: Mapping[int, str]) -> str:
    if node.is_constant:
        return _number(node.value)
    arguments = [math[a.index] for a in node.arguments]
    if node.operation == "where":
        condition, a, b = arguments
        return f"<piecewise><piece>{a}{condition}</piece><otherwise>{b}</otherwise></piecewise>"
    return f"<apply><{_APPLIED[node.operation]}/>{''.join(arguments)}</apply>"


def _document(equations: Equations, named: list[tuple[str, str]], rates: list[str]) -> str:
    parameters = [
        *(f'<parameter id="{constant_name(j)}" value="1" constant="true"/>'
          for j in range(equations.constants)),
        *(f'<parameter id="{state_name(i)}" value="1" constant="false"/>'
          for i in range(equations.states)),
        *(f'<parameter id="{name}" constant="false"/>' for name, _ in named),
    ]  # fmt: skip
    rules = [
        *(f'<assignmentRule variable="{name}">{_MATH.format(text)}</assignmentRule>'
          for name, text in named),
        *(f'<rateRule variable="{state_name(i)}">{_MATH.format(text)}</rateRule>'
          for i, text in enumerate(rates)),
    ]  # fmt: skip
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">'
        '<model id="exported">'
        f"<listOfParameters>{''.join(parameters)}</listOfParameters>"
        f"<listOfRules>{''.join(rules)}</listOfRules></model></sbml>"
    )
