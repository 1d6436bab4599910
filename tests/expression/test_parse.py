"""What expressions mean: values, precedence, statements, steps and places."""

import math
import pickle

import numpy as np
import pytest

from adjoint.errors import ExpressionError
from adjoint.expression import CONSTANTS, FUNCTIONS, Constant, Input, Result, Statement, Step, parse, to_text
from expression.arithmetic import numpy_and_more

VALUES = {"a": 2.0, "b": 3.0, "c": -10.0, "f": 5.0, "x": 0.5, "y": -1.5}


def value(text, **values):
    values = values or VALUES
    expression = parse(text, given=values)
    used = {name: values[name] for name in expression.names}
    with np.errstate(all="ignore"):
        return float(expression.evaluate(numpy_and_more, **used))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1.0),
        ("2.5", 2.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1E-3", 0.001),
        ("1.5e+2", 150.0),
        ("007", 7.0),
        ("0.1", 0.1),
        ("9007199254740993", 9007199254740992.0),
        ("1e999", math.inf),
        ("-1e999", -math.inf),
        ("pi", math.pi),
        ("e", math.e),
        ("a", 2.0),
        ("+a", 2.0),
        ("-a", -2.0),
        ("--a", 2.0),
        ("-+-a", 2.0),
        ("(((a)))", 2.0),
        ("(a*b + c)*f", -20.0),
        ("a\t*\r b", 6.0),
        ("a + b*c", -28.0),
        ("a - b - f", -6.0),
        ("a/b/f", 2 / 3 / 5),
        ("a - (b - f)", 4.0),
        ("a**b", 8.0),
        ("-a**2", -4.0),
        ("(-a)**2", 4.0),
        ("-2**2", -4.0),
        ("(-2)**2", 4.0),
        ("2**-1", 0.5),
        ("2**-2**2", 2 ** -(2**2)),
        ("2**3**2", 512.0),
        ("(2**3)**2", 64.0),
        ("2**-1*4", 2.0),
        ("-a*b", -6.0),
        ("a*-b", -6.0),
        ("a - -b", 5.0),
        ("a--b", 5.0),
        ("7//2", 3.0),
        ("-7//2", -4.0),
        ("7 % 3", 1.0),
        ("-7 % 3", 2.0),
        ("7//2*2 + 7%2", 7.0),
        ("2*7%4", 2.0),
        ("1/0", math.inf),
        ("-1/0", -math.inf),
        ("10.0**400", math.inf),
        ("2**2**2**2**2", math.inf),
        ("where(x > 0, a, b)", 2.0),
        ("where(x < 0, a, b)", 3.0),
        ("where(x >= 0.5, a, b)", 2.0),
        ("where(x <= 0.4, a, b)", 3.0),
        ("where(x == 0.5, a, b)", 2.0),
        ("where(x != 0.5, a, b)", 3.0),
        ("where(x + 1 > a*b - 5, 1, 0)", 1.0),
        ("where((x > y), 1, 0)", 1.0),
        ("where(x > y, where(a > b, 1, 2), 3)", 2.0),
        ("cond = x > y; where(cond, 1, 2) + where(cond, 10, 20)", 11.0),
    ],
)
def test_value(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize("text", ["(-8)**(1/3)", "0/0", "1e999 - 1e999", "log(-1)", "sqrt(-1)"])
def test_not_a_number(text):
    assert math.isnan(value(text))


FUNCTION_VALUES = {
    "sqrt(a)": math.sqrt(2),
    "exp(x)": math.exp(0.5),
    "expm1(x)": math.expm1(0.5),
    "log(a)": math.log(2),
    "log1p(x)": math.log1p(0.5),
    "sin(x)": math.sin(0.5),
    "cos(x)": math.cos(0.5),
    "tan(x)": math.tan(0.5),
    "sinh(x)": math.sinh(0.5),
    "cosh(x)": math.cosh(0.5),
    "tanh(x)": math.tanh(0.5),
    "arcsin(x)": math.asin(0.5),
    "arccos(x)": math.acos(0.5),
    "arctan(a)": math.atan(2),
    "arcsinh(a)": math.asinh(2),
    "arccosh(a)": math.acosh(2),
    "arctanh(x)": math.atanh(0.5),
    "log2(b)": math.log2(3),
    "log10(b)": math.log10(3),
    "exp2(x)": math.sqrt(2),
    "cbrt(c)": -math.cbrt(10),
    "hypot(a, b)": math.sqrt(13),
    "logaddexp(a, b)": math.log(math.exp(2) + math.exp(3)),
    "xlogy(a, b)": 2 * math.log(3),
    "sigmoid(x)": 1 / (1 + math.exp(-0.5)),
    "softplus(x)": math.log1p(math.exp(0.5)),
    "erf(x)": math.erf(0.5),
    "abs(c)": 10.0,
    "sign(c)": -1.0,
    "floor(y)": -2.0,
    "round(2.5)": 2.0,
    "relu(c)": 0.0,
    "square(b)": 9.0,
    "half_square(b)": 4.5,
    "reciprocal(a)": 0.5,
    "negative(a)": -2.0,
    "arctan2(a, b)": math.atan2(2, 3),
    "maximum(a, b)": 3.0,
    "minimum(a, b)": 2.0,
    "add(a, b)": 5.0,
    "subtract(a, b)": -1.0,
    "multiply(a, b)": 6.0,
    "divide(a, b)": 2 / 3,
    "floor_divide(f, a)": 2.0,
    "remainder(f, a)": 1.0,
    "power(a, b)": 8.0,
    "where(a < b, 1, 2)": 1.0,
    "clip(c, a, b)": 2.0,
    "max(a, b)": 3.0,
    "max(a, b, c, f)": 5.0,
    "min(a, b, c, f)": -10.0,
}


@pytest.mark.parametrize("text", FUNCTION_VALUES)
def test_function(text):
    assert value(text) == pytest.approx(FUNCTION_VALUES[text], rel=1e-15)


def test_every_function_is_tested():
    assert {text.partition("(")[0] for text in FUNCTION_VALUES} == set(FUNCTIONS)


def test_steps_are_in_order_of_evaluation_with_their_places():
    text = "c = w*x; 0.5*(c + b)**2"
    expression = parse(text)
    assert expression.steps == (
        Step("multiply", (Input("w"), Input("x")), "c"),
        Step("add", (Result(0), Input("b"))),
        Step("power", (Result(1), Constant(2.0))),
        Step("multiply", (Constant(0.5), Result(2))),
    )
    assert [text[s.start : s.end] for s in expression.steps] == ["w*x", "c + b", "(c + b)**2", "0.5*(c + b)**2"]
    assert expression.statements == (Statement("c", Result(0)), Statement(None, Result(3)))
    assert [text[s.start : s.end] for s in expression.statements] == ["c = w*x", "0.5*(c + b)**2"]
    assert expression.names == ("w", "x", "b")
    assert [text[start:end] for start, end in expression.places] == ["w", "x", "b"]
    assert expression.output == Result(3)
    assert expression.assigned == ("c",)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("-x", ["-x"]),
        ("- ( x )", ["- ( x )"]),
        ("-x**2", ["x**2", "-x**2"]),
        ("sin( x )", ["sin( x )"]),
        ("(sin(x))*+y", ["sin(x)", "(sin(x))*+y"]),
        ("max(x, y, z)", ["max(x, y, z)", "max(x, y, z)"]),
        ("where(x > 0, x, -x)", ["x > 0", "-x", "where(x > 0, x, -x)"]),
    ],
)
def test_place_of_every_step(text, places):
    assert [text[s.start : s.end] for s in parse(text).steps] == places


def test_names_come_in_order_of_first_appearance():
    assert parse("z*a + sin(m) - z + pi").names == ("z", "a", "m")


def test_a_sign_before_a_number_is_part_of_it():
    assert parse("-2").output == Constant(-2.0)
    assert parse("-(2)").output == Constant(-2.0)
    assert parse("x**-2").steps == (Step("power", (Input("x"), Constant(-2.0))),)
    assert [s.operation for s in parse("-2**x").steps] == ["power", "negative"]
    assert parse("negative(2)").steps == (Step("negative", (Constant(2.0),)),)


def test_constants_unless_given_or_assigned():
    assert set(CONSTANTS) == {"pi", "e"}
    assert parse("a*e").names == ("a",)
    assert parse("a*e", given=["e"]).names == ("a", "e")
    assert parse("a*e", given={"e": 1.0}).names == ("a", "e")
    assert value("e = a*b; d = e + c; d*f") == -20.0
    assert parse("e = a*b; e").steps[0].name == "e"


def test_the_same_function_is_called_by_operator_and_by_name():
    assert parse("add(a, b)") == parse("a + b")
    assert parse("max(a, b, c)") == parse("maximum(maximum(a, b), c)")
    assert hash(parse("add(a, b)")) == hash(parse("a + b"))
    assert parse("a + b") != parse("b + a")


@pytest.mark.parametrize(
    "text",
    ["c = a*b; c + 1", "c = a*b\nc + 1", "c=a*b;;\n\n;c+1;\n", "\r\nc = a*b\r\nc + 1\r\n", "c = (a\n*\nb); (c\n+ 1)"],
)
def test_statements(text):
    expression = parse(text)
    assert to_text(expression) == "c = a*b; c + 1"
    assert expression.evaluate(np, a=2.0, b=3.0) == 7.0


def test_the_output_may_be_named():
    nodes, output = parse("L = (a*b + c)*f").define()
    assert output == "L"
    assert list(nodes) == ["v1", "v2", "L"]


def test_second_names():
    expression = parse("k = 2; u = x; c = k*u; d = c; d**2")
    assert expression.names == ("x",)
    assert expression.define() == ({"c": ("multiply", 2.0, "x"), "v1": ("power", "c", 2.0)}, "v1")
    assert parse("c = a*b; d = c*2; c").define()[1] == "c"
    assert parse("c = a*b; d = c").define()[1] == "c"


def test_define():
    assert parse("(a*b + c)*f").define() == (
        {"v1": ("multiply", "a", "b"), "v2": ("add", "v1", "c"), "v3": ("multiply", "v2", "f")},
        "v3",
    )
    assert parse("x").define() == ({}, "x")
    assert parse("where(x > 0, x, 0.1*x)").define() == (
        {
            "v1": ("greater", "x", 0.0),
            "v2": ("multiply", 0.1, "x"),
            "v3": ("where", "v1", "x", "v2"),
        },
        "v3",
    )


def test_made_up_names_never_meet_the_users():
    nodes, output = parse("v3 = v1*v4; -v3*2 + v5").define()
    assert nodes == {
        "v3": ("multiply", "v1", "v4"),
        "v2": ("negative", "v3"),
        "v6": ("multiply", "v2", 2.0),
        "v7": ("add", "v6", "v5"),
    }
    assert output == "v7"


def test_define_refuses_a_bare_number():
    with pytest.raises(ExpressionError) as caught:
        parse("c = 3; 2").define()
    assert str(caught.value) == (
        "the expression is a number on its own, which makes no graph.\n"
        "  c = 3; 2\n"
        "         ^\n"
        "  help: use at least one name, such as 2*x."
    )


def test_evaluate_checks_names_and_functions():
    expression = parse("relu(x)*self*functions")
    assert expression.evaluate(numpy_and_more, x=2.0, self=3.0, functions=4.0) == 24.0
    with pytest.raises(ExpressionError, match="x has no value"):
        expression.evaluate(np, self=3.0, functions=4.0)
    with pytest.raises(ExpressionError) as caught:
        expression.evaluate(np, x=2.0, self=3.0, functions=4.0)
    assert str(caught.value).splitlines()[:3] == [
        "numpy has no function relu.",
        "  relu(x)*self*functions",
        "  ^^^^^^^",
    ]


def test_python_keywords_may_be_names():
    assert parse("lambda*x").evaluate(np, **{"lambda": 2.0, "x": 3.0}) == 6.0
    assert parse("None_*_ + __class__").names == ("None_", "_", "__class__")


def test_frozen_and_picklable():
    expression = parse("c = a*b; sin(c)")
    with pytest.raises(AttributeError):
        expression.text = "x"
    assert pickle.loads(pickle.dumps(expression)) == expression
