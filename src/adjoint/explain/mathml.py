"""Formulas: from a record's template to one line of text and to MathML, with names put in safely.

A template is Python-like (``"{x} * {y}"``, ``"1/2 * {x} ** 2"``). Operators wait on a stack until one
that binds less tightly comes; what they join is already rendered, so nothing recurses and a whole
computation is built up gate by gate. What the little grammar does not know stands as plain text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from adjoint.graph.text import clean

#: How tightly things bind; an operand that binds less than its place asks for gets parentheses.
COMPARE, SUM, SIGN, PRODUCT, POWER, ATOM = range(6)

_LEVELS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT, "**": POWER}
_LEVELS |= dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), COMPARE)
_SHOWN = {"-": "−", "*": "×", "/": "÷", "//": "//", "%": "mod", "==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}
_TOKEN = re.compile(
    r"\s*(?:(?P<hole>\{\w+\})|(?P<number>\d+(?:\.\d+)?)|(?P<name>[^\W\dᵀ]\w*)|(?P<sign>\*\*|//|==|!=|<=|>=|[-+*/%@<>(),ᵀ]))"
)
_SUPERSCRIPT = str.maketrans("0123456789-−.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻·")
_FRACTIONS = {("1", "2"): "½", ("1", "3"): "⅓", ("1", "4"): "¼", ("3", "4"): "¾"}
#: The first and the last sign, number or name of a piece of MathML; a longer end than this is not searched.
_FIRST = re.compile(r"(?:<m(?!i>|n>|o>)[^>]*>)*<(m[ino])>([^<]*)</\1>")
_LAST = re.compile(r"<(m[ino])>([^<]*)</\1>(?:</m\w+>)*$")
_LONGEST = 2000
_GREEK = {"pi": "π", "sum": "Σ", "prod": "Π", "sigmoid": "σ"}


class Formula(NamedTuple):
    """A piece of a formula in both forms. ``kind`` says how it may stand beside others."""

    text: str
    mathml: str
    level: int = ATOM
    kind: str = ""


class Unreadable(Exception):
    """A template outside of the little grammar."""


def escape(text: str) -> str:
    """Users' text inside MathML: no markup, no control characters."""
    return html.escape(clean(text), quote=True)


def name_formula(name: str) -> Formula:
    """A variable's name; a number behind it (w0, w[0], w_1) becomes an index.

    >>> name_formula("w0")[:2]
    ('w0', '<msub><mi>w</mi><mn>0</mn></msub>')
    >>> name_formula("<b>").mathml
    '<mi>&lt;b&gt;</mi>'
    """
    name = clean(name)
    found = re.fullmatch(r"([^\W\d_])(?:_?(\d+)|\[(\d+)\])", name)
    if found:
        index = found[2] or found[3]
        return Formula(name, f"<msub><mi>{found[1]}</mi><mn>{index}</mn></msub>", kind="name")
    return Formula(name, f"<mi>{escape(name)}</mi>", kind="name")


def number_formula(text: str) -> Formula:
    """A number in the code; a negative one binds as a sign does, a complex one as the sum that it is."""
    if text.endswith("i") and " " in text:
        return Formula(text, f"<mn>{escape(text)}</mn>", SUM, "number")
    if text.startswith(("-", "−")):
        return Formula("−" + text[1:], f"<mo>−</mo><mn>{escape(text[1:])}</mn>", SIGN, "number")
    return Formula(text, f"<mn>{escape(text)}</mn>", PRODUCT if "×" in text else ATOM, "number")


def tagged(formula: Formula, node: int) -> Formula:
    """The formula with the id of the node that computes it on its MathML."""
    return formula._replace(mathml=f'<mrow data-n="{node}">{formula.mathml}</mrow>')


def render(template: str, facts: Mapping[str, Formula]) -> Formula:
    """A template with formulas in its holes.

    >>> x, y = name_formula("x"), name_formula("y")
    >>> render("{x} * {y}", {"x": render("{x} + {y}", {"x": x, "y": y}), "y": y})[:2]
    ('(x + y) × y', '<mo>(</mo><mi>x</mi><mo>+</mo><mi>y</mi><mo>)</mo><mi>y</mi>')
    >>> render("1/2 * {x} ** 2", {"x": x}).text
    '½x²'
    """
    try:
        return _parsed(template, facts)
    except Unreadable:
        parts = re.split(r"(\{\w+\})", template)
        known = [facts.get(p[1:-1]) if p.startswith("{") else None for p in parts]
        # What ends in a bracket stands for itself, as a name does: x[0].
        level = ATOM if template.endswith("]") and " " not in template else SUM
        inner = ATOM if level == ATOM else SIGN
        text = "".join(p if k is None else _boxed(k, inner).text for p, k in zip(parts, known, strict=True))
        mathml = "".join(
            (f"<mtext>{escape(p)}</mtext>" if p else "") if k is None else _boxed(k, inner).mathml
            for p, k in zip(parts, known, strict=True)
        )
        return Formula(text, mathml, level)


def _parsed(template: str, facts: Mapping[str, Formula]) -> Formula:
    values: list[Formula] = []
    waiting: list[tuple[str, int]] = []  # operators and open brackets, each with the depth of values below it
    place, awaits_operand = 0, True
    template = template.rstrip()
    while place < len(template):
        token = _TOKEN.match(template, place)
        if token is None:
            raise Unreadable(template)
        place = token.end()
        sign = token["sign"]
        if sign == "ᵀ":
            if awaits_operand:
                raise Unreadable(template)
            values[-1] = _transposed(values[-1])
        elif sign is None:
            if not awaits_operand:
                raise Unreadable(template)
            if token["name"] and template[place : place + 1] == "(":
                waiting.append((token["name"] + "(", len(values)))
                place += 1
                continue
            values.append(_operand(token, facts))
            awaits_operand = False
        elif sign == "(":
            if not awaits_operand:
                raise Unreadable(template)
            waiting.append(("(", len(values)))
        elif sign in "),":
            if awaits_operand and not (sign == ")" and waiting and waiting[-1] == (waiting[-1][0], len(values))):
                raise Unreadable(template)
            while waiting and not waiting[-1][0].endswith("("):
                _reduce(values, waiting.pop()[0])
            if not waiting:
                raise Unreadable(template)
            awaits_operand = sign == ","
            if sign == ")":
                head, depth = waiting.pop()
                arguments = values[depth:]
                del values[depth:]
                values.append(_call(head[:-1], arguments))
        elif awaits_operand:
            if sign != "-":
                raise Unreadable(template)
            waiting.append(("negative", len(values)))
        else:
            level = _LEVELS[sign]
            while waiting and not waiting[-1][0].endswith("(") and _level(waiting[-1][0]) >= level + (sign == "**"):
                _reduce(values, waiting.pop()[0])
            waiting.append((sign, len(values)))
            awaits_operand = True
    while waiting:
        _reduce(values, waiting.pop()[0])
    if len(values) != 1:
        raise Unreadable(template)
    return values[0]


def _level(operator: str) -> int:
    return SIGN if operator == "negative" else _LEVELS[operator]


def _operand(token: re.Match[str], facts: Mapping[str, Formula]) -> Formula:
    if token["hole"]:
        found = facts.get(token["hole"][1:-1])
        if found is None:
            raise Unreadable(token["hole"])
        return found
    if token["number"]:
        return number_formula(token["number"])._replace(kind="literal")
    word = token["name"]
    if word in ("not", "as", "with", "zeros"):
        raise Unreadable(word)
    return Formula(_GREEK.get(word, word), f"<mi>{_GREEK.get(word, word)}</mi>", kind="name")


def _boxed(formula: Formula, level: int) -> Formula:
    """The formula, in parentheses where it binds less tightly than its place."""
    if formula.level >= level:
        return formula
    return Formula(f"({formula.text})", f"<mo>(</mo>{formula.mathml}<mo>)</mo>", kind="group")


def _reduce(values: list[Formula], operator: str) -> None:
    """Joins the topmost rendered operands by an operator."""
    if not values or (operator != "negative" and len(values) < 2) or operator.endswith("("):
        raise Unreadable(operator)
    right = values.pop()
    if operator == "negative":
        right = _boxed(right, PRODUCT)
        values.append(Formula("−" + right.text, "<mo>−</mo>" + right.mathml, SIGN))
        return
    left = values.pop()
    values.append(_JOINTS.get(operator, _joined)(operator, left, right))


def _joined(operator: str, left: Formula, right: Formula) -> Formula:
    level = _LEVELS[operator]
    left = _boxed(left, level)
    # What stands to the right must bind more tightly (only a sum in a sum may stay bare), and show no second sign.
    right = _boxed(right, level if operator == "+" and right.level == SUM else PRODUCT if level == SUM else level + 1)
    shown = _SHOWN.get(operator, operator)
    return Formula(f"{left.text} {shown} {right.text}", f"{left.mathml}<mo>{escape(shown)}</mo>{right.mathml}", level)


def _product(_: str, left: Formula, right: Formula) -> Formula:
    left, right = _boxed(left, PRODUCT), _boxed(right, PRODUCT if right.level != SIGN else ATOM)
    short = right.kind == "name" and len(right.text) < 3
    close = left.kind == "literal" and (short or right.kind in ("group", "power")) and not right.text[0].isdigit()
    numbers = left.kind in ("number", "literal") and right.kind in ("number", "literal")
    long = left.kind == right.kind == "name" and len(left.text) + len(right.text) > 2
    between = "<mo>×</mo>" if numbers else "<mo>·</mo>" if long else _between(left.mathml, right.mathml)
    text = f"{left.text}{right.text}" if close else f"{left.text} × {right.text}"
    return Formula(text, f"{left.mathml}{between}{right.mathml}", PRODUCT)


def _between(left: str, right: str) -> str:
    """The sign without which a product's factors, side by side, would read as another number, name or call."""
    first, last = _FIRST.match(right), _LAST.search(left[-_LONGEST:])
    if first is not None and first[1] == "mn":
        return "<mo>×</mo>"
    if first is None or last is None or last[1] != "mi":
        return ""
    called = right.startswith("<mo>&#x2061;", first.end())
    if len(last[2]) > 1 and (first[1] == "mi" or first[2] == "("):
        return "<mo>·</mo>"
    return "<mo>·</mo>" if first[1] == "mi" and len(first[2]) > 1 and not called else ""


def _quotient(_: str, left: Formula, right: Formula) -> Formula:
    mathml = f"<mfrac><mrow>{left.mathml}</mrow><mrow>{right.mathml}</mrow></mfrac>"
    if (left.text, right.text) in _FRACTIONS and left.kind == right.kind == "literal":
        return Formula(_FRACTIONS[left.text, right.text], mathml, ATOM, "literal")
    return Formula(f"{_boxed(left, PRODUCT).text} ÷ {_boxed(right, POWER).text}", mathml, PRODUCT)


def _power(_: str, base: Formula, exponent: Formula) -> Formula:
    base = _boxed(base, ATOM)
    mathml = f"<msup><mrow>{base.mathml}</mrow><mrow>{exponent.mathml}</mrow></msup>"
    if re.fullmatch(r"[-−]?\d{1,3}(\.\d)?", exponent.text):
        return Formula(base.text + exponent.text.translate(_SUPERSCRIPT), mathml, POWER, "power")
    return Formula(f"{base.text}^{_boxed(exponent, ATOM).text}", mathml, POWER, "power")


def _transposed(matrix: Formula) -> Formula:
    matrix = _boxed(matrix, ATOM)
    return Formula(matrix.text + "ᵀ", f"<msup><mrow>{matrix.mathml}</mrow><mi>T</mi></msup>", POWER, "power")


_JOINTS: dict[str, Callable[[str, Formula, Formula], Formula]] = {"*": _product, "/": _quotient, "**": _power}


def _call(name: str, arguments: Sequence[Formula]) -> Formula:
    if not name:
        if len(arguments) != 1:
            raise Unreadable("()")
        inner = arguments[0]
        return inner if inner.level == ATOM else _boxed(inner, ATOM + 1)
    text = ", ".join(a.text for a in arguments)
    mathml = "<mo>,</mo>".join(a.mathml for a in arguments)
    if len(arguments) == 1:
        (inner,) = arguments
        if name == "sqrt":
            return Formula(f"√{_boxed(inner, ATOM).text}", f"<msqrt>{inner.mathml}</msqrt>", POWER, "power")
        if name == "abs":
            return Formula(f"|{text}|", f"<mo>|</mo>{mathml}<mo>|</mo>", kind="group")
        if name == "exp":
            return Formula(f"exp({text})", f"<msup><mi>e</mi><mrow>{mathml}</mrow></msup>", kind="group")
    shown = {"sigmoid": "σ", "maximum": "max", "minimum": "min", "log": "ln"}.get(name, name)
    head = f"<mi>{escape(shown)}</mi><mo>&#x2061;</mo>"
    return Formula(f"{shown}({text})", f"{head}<mo>(</mo>{mathml}<mo>)</mo>", kind="group")
