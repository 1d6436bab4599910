"""Formulas from templates: right parentheses, safe names, every record's own words."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adjoint.functions.elementwise  # noqa: F401  registers every record
from adjoint.explain.mathml import Formula, name_formula, number_formula, render, tagged
from adjoint.primitives.record import REGISTRY

X, Y, Z = (name_formula(n) for n in "xyz")


def text(template, **facts):
    return render(template, {"x": X, "y": Y, "z": Z, **facts}).text


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{x} + {y} * {z}", "x + y × z"),
        ("({x} + {y}) * {z}", "(x + y) × z"),
        ("{x} - ({y} - {z})", "x − (y − z)"),
        ("{x} - {y} - {z}", "x − y − z"),
        ("{x} / ({y} * {z})", "x ÷ (y × z)"),
        ("{x} / {y} / {z}", "x ÷ y ÷ z"),
        ("-{x} ** 2", "−x²"),
        ("(-{x}) ** 2", "(−x)²"),
        ("{x} ** {y} ** 2", "x^(y²)"),
        ("{x} ** -1", "x⁻¹"),
        ("1/2 * {x} ** 2", "½x²"),
        ("2 * {x}", "2x"),
        ("sqrt({x} + 1)", "√(x + 1)"),
        ("abs({x}) * exp(-{y})", "|x| × exp(−y)"),
        ("maximum({x}, {y} + 1)", "max(x, y + 1)"),
        ("{x}ᵀ @ {y}", "xᵀ @ y"),
        ("{y} <= {x}", "y ≤ x"),
        ("{x}[{y}]", "x[y]"),
        ("{x} with [{y}] = {z}", "x with [y] = z"),
        ("f()", "f()"),
    ],
)
def test_text(template, shown):
    assert text(template) == shown


def test_operands_get_the_parentheses_they_need():
    total = render("{x} + {y}", {"x": X, "y": Y})
    product = render("{x} * {y}", {"x": X, "y": Y})
    assert text("{x} * {y}", x=total) == "(x + y) × y"
    assert text("{x} - {y}", y=total) == "x − (x + y)"
    assert text("{x} + {y}", y=total) == "x + x + y"
    assert text("{x} / {y}", y=product) == "x ÷ (x × y)"
    assert text("{x} ** 2", x=total) == "(x + y)²"
    assert text("{x} * {y}", x=number_formula("2"), y=number_formula("−3")) == "2 × (−3)"
    assert text("{x} ** 2", x=number_formula("-2")) == "(−2)²"
    assert text("1/2 * {x} ** 2", x=number_formula("2")) == "½ × 2²"


def seen(template, **facts):
    """What stands on the screen, superscripts and fractions on one line."""
    return "".join(ET.fromstring(f"<m>{render(template, {'x': X, 'y': Y, **facts}).mathml}</m>").itertext())


def test_factors_side_by_side_read_as_what_they_are():
    rate, loss, two = name_formula("rate"), name_formula("loss"), number_formula("2")
    three, over = render("{z} * {x}", {"x": X, "z": number_formula("3")}), render("1 / {y}", {"y": Y})
    assert seen("{two} * {three}", two=two, three=three) == "2×3x"
    assert seen("{x} * 2") == "x×2"
    assert seen("{x} * {two} * {y}", two=two) == "x×2y"
    assert seen("{x} * {over}", over=over) == "x×1y"
    assert seen("{x} * {y} * {rate}", rate=rate) == "xy·rate"
    assert seen("{rate} * {x} * {loss}", rate=rate, loss=loss) == "rate·x·loss"
    assert seen("{loss} * ({x} + {y})", loss=loss) == "loss·(x+y)"
    assert seen("{loss} * sin({x})", loss=loss) == "loss·sin\u2061(x)"
    assert seen("{x} * sin({y})") == "xsin\u2061(y)"
    assert seen("2 * {x} * ({x} + {y})") == "2x(x+y)"


def test_a_power_of_ten_is_a_product_itself():
    big = number_formula("1×10¹⁰")
    assert text("{x} ** {y}", y=big) == "x^(1×10¹⁰)"
    assert text("{x} ** {y}", x=big, y=number_formula("2")) == "(1×10¹⁰)²"
    assert text("{x} / {y}", y=big) == "x ÷ (1×10¹⁰)"
    assert text("{x} * {y} + {z}", x=big) == "1×10¹⁰ × y + z"


#: A tree of sums, differences, products, quotients and powers as a template, computed by Python and by what is shown.
trees = st.recursive(
    st.integers(1, 9).map(str),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "neg"]), inner).map(
        lambda t: f"(-{t[0]})" if t[1] == "neg" else f"({t[0]} {t[1]} {t[2]})"
    ),
    max_leaves=12,
)


@given(trees)
def test_what_is_shown_means_what_was_written(template):
    shown = render(template, {}).text
    for sign, code in (
        ("−", "-"),
        ("×", "*"),
        ("÷", "/"),
        ("½", "(1/2)"),
        ("⅓", "(1/3)"),
        ("¼", "(1/4)"),
        ("¾", "(3/4)"),
    ):
        shown = shown.replace(sign, code)
    shown = shown.replace(")(", ")*(")
    for digit in "123456789":
        shown = shown.replace(f"{digit}(", f"{digit}*(")
    with numpy.errstate(all="ignore"):
        want, got = (eval(t, {}, {}) if _finite(t) else None for t in (template, shown))  # our own arithmetic only
    assert (want is None) == (got is None)
    if want is not None:
        assert got == pytest.approx(want)


def _finite(expression):
    try:
        eval(expression, {}, {})
    except ZeroDivisionError:
        return False
    return True


@pytest.mark.parametrize("op", REGISTRY.values(), ids=lambda op: op.name)
def test_every_record_has_formulas_that_are_well_formed(op):
    facts = {name: name_formula(name) for name in ("x", "y", "z", "out", "xs", *op.params)}
    for template in (op.formula, *op.slopes):
        if template:
            found = render(template, facts)
            ET.fromstring("<math>" + found.mathml.replace("&#x2061;", "") + "</math>")
            assert "{" not in found.text


@pytest.mark.parametrize("name", ["<b>", "a&b", '"', "\x1b[31m", "x</mi><script>"])
def test_names_are_escaped(name):
    found = tagged(render("{x} * {y}", {"x": name_formula(name), "y": Y}), 3)
    (row,) = ET.fromstring(f"<math>{found.mathml}</math>")
    assert row.get("data-n") == "3"
    assert {e.tag for e in row.iter()} <= {"mrow", "mi", "mo"}
    assert "\x1b" not in found.text + found.mathml


def test_indices():
    assert name_formula("w12").mathml == "<msub><mi>w</mi><mn>12</mn></msub>"
    assert name_formula("w[0]").mathml == "<msub><mi>w</mi><mn>0</mn></msub>"
    assert name_formula("weight2").mathml == "<mi>weight2</mi>"


def test_a_formula_of_a_million_signs_does_not_recurse():
    deep = Formula("x", "<mi>x</mi>")
    for _ in range(2_000):
        deep = render("{x} + 1", {"x": deep})
    assert deep.text.count("+") == 2_000
    assert text("(" * 5_000 + "{x}" + ")" * 5_000).strip("()") == "x"
