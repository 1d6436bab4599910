"""Values given as text, and fitting them to the names of an expression."""

import math

import pytest

from adjoint.errors import ExpressionError
from adjoint.expression import bind, parse, parse_values


def test_parse_values():
    values = parse_values(["a=2", "b=-1e3", " c = .5 ", "_d1=+7.", "e=1E-3\n"])
    assert values == {"a": 2.0, "b": -1000.0, "c": 0.5, "_d1": 7.0, "e": 0.001}
    assert list(values) == ["a", "b", "c", "_d1", "e"]
    assert all(type(value) is float for value in values.values())
    assert parse_values([]) == {}


def test_words_for_what_is_no_finite_number():
    values = parse_values(["a=nan", "b=inf", "c=-inf", "d=NaN", "f=+Inf", "g=1e999"])
    assert math.isnan(values["a"])
    assert math.isnan(values["d"])
    assert (values["b"], values["c"], values["f"], values["g"]) == (math.inf, -math.inf, math.inf, math.inf)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("a", "a value has no =.\n  a\n  ^\n  help: write a=NUMBER, such as a=2."),
        ("", "a value has no =.\n  \n  ^\n  help: give a value as NAME=NUMBER, such as a=2."),
        ("12", "a value has no =.\n  12\n  ^^\n  help: give a value as NAME=NUMBER, such as a=2."),
        ("=2", "a value has no name.\n  =2\n  ^\n  help: write NAME=NUMBER, such as a=2."),
        ("a=", "a has no value.\n  a=\n   ^\n  help: write a=2."),
        ("a==2", "the value of a is not a number.\n  a==2\n    ^^\n  help: write one = between name and number."),
        (
            "a=1/2",
            "the value of a is not a number.\n  a=1/2\n    ^^^\n"
            "  help: write a number such as 2, -0.5, 1e-3, nan or inf.",
        ),
        (
            "2a=3",
            "2a is not a name.\n  2a=3\n  ^^\n"
            "  help: a name is made of the letters a to z and A to Z, digits and _, and begins with no digit.",
        ),
    ],
)
def test_malformed(item, message):
    with pytest.raises(ExpressionError) as caught:
        parse_values([item])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "item",
    [
        *("a=1_000", "a=0x10", "a=infinity", "a=--1", "a=1 2", "a=1e", "a=1j", "a=True", "a=pi", "a=1,5", "a=\u0661"),
        *("a=__import__('os')", "a.b=1", "a[0]=1", "a b=1", "\u03b1=1", "a\x00=1", "a=\x1b[31m", "\udc80=1", "a=1\n2"),
    ],
)
def test_refused(item):
    with pytest.raises(ExpressionError) as caught:
        parse_values([item])
    assert all(" " <= character <= "~" for character in str(caught.value).replace("\n", ""))


def test_duplicates():
    with pytest.raises(ExpressionError) as caught:
        parse_values(["a=1", "b=2", "a=1"])
    assert str(caught.value) == "a is given a value twice.\n  a=1\n  ^\n  help: give a one value."


def test_length():
    assert parse_values(["a=" + "1" * 1998]) == {"a": math.inf}
    with pytest.raises(ExpressionError, match="too long: 2001 characters, where 2000 are allowed"):
        parse_values(["a=" + "1" * 1999])
    with pytest.raises(ExpressionError, match="too long"):
        parse_values(["a" * 10**6])


def test_bind_orders_by_the_expression():
    bound = bind(parse("y - x"), {"x": 1.0, "y": 2.0})
    assert list(bound.items()) == [("y", 2.0), ("x", 1.0)]
    assert bind(parse("2*pi"), {}) == {}


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("a*b", {"a": 1}, "b has no value.\n  a*b\n    ^\n  help: give b=NUMBER."),
        ("a*b", {}, "a and b have no value.\n  a*b\n  ^\n  help: give a=NUMBER b=NUMBER."),
        ("a*b", {"a": 1, "b": 2, "c": 3}, "c is not in the expression.\n  a*b\n  help: remove the value of c."),
        (
            "alpha*x",
            {"alhpa": 1},
            "alpha and x have no value; alhpa is not in the expression.\n  alpha*x\n  ^^^^^\n"
            "  help: did you mean alpha instead of alhpa? give x=NUMBER.",
        ),
        (
            "W*x",
            {"w": 1, "x": 2},
            "W has no value; w is not in the expression.\n  W*x\n  ^\n  help: did you mean W instead of w?",
        ),
        (
            "c = w*x; c**2",
            {"w": 1, "x": 2, "c": 3},
            "c is computed by the expression.\n  c = w*x; c**2\n  ^\n  help: remove the value of c.",
        ),
        (
            "a+b+c+d+f+g+h",
            {},
            "a, b, c, d, f and 2 more have no value.\n  a+b+c+d+f+g+h\n  ^\n"
            "  help: give a=NUMBER b=NUMBER c=NUMBER d=NUMBER f=NUMBER.",
        ),
        (
            "a*2\n",
            {"x": 1, "y": 1},
            "a has no value; x and y are not in the expression.\n  a*2\n  ^\n"
            "  help: give a=NUMBER. remove the value of x and y.",
        ),
    ],
)
def test_missing_and_extra_in_one_error(text, values, message):
    with pytest.raises(ExpressionError) as caught:
        bind(parse(text), values)
    assert str(caught.value) == message


def test_a_constant_that_is_given_a_value():
    values = parse_values(["a=2", "e=3"])
    assert bind(parse("a*e", given=values), values) == {"a": 2.0, "e": 3.0}
    with pytest.raises(ExpressionError, match="e is not in the expression"):
        bind(parse("a*2", given=values), values)


def test_many_wrong_names_are_quick():
    names = [f"name_{index}_with_a_long_tail" for index in range(5000)]
    with pytest.raises(ExpressionError) as caught:
        bind(parse("+".join(f"nome_{i}" for i in range(150))), dict.fromkeys(names, 1.0))
    assert len(str(caught.value)) < 2000
