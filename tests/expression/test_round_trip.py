"""Printing and parsing are inverse; values are Python's own, bit for bit."""

import gc
import re
import string
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adjoint.errors import ExpressionError
from adjoint.expression import FUNCTIONS, MAX_LENGTH, Constant, parse, to_text
from expression.arithmetic import float64_operators, numpy_and_more

NAMES = ("a", "b", "x1", "_y", "e", "v1")
numbers = st.one_of(
    st.floats(0, allow_nan=False, allow_infinity=False).map(repr),
    st.integers(0, 20).map(str),
    st.sampled_from([".5", "2.", "1e3", "1E-2", "1e999", "0", "0.0"]),
)
atoms = st.one_of(numbers, st.sampled_from(NAMES))
spaces = st.sampled_from(["", "", " ", "  "])


def arithmetic(children):
    """Operators put side by side, with parentheses only now and then: precedence does the rest."""
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
    signs = st.sampled_from(["", "", "-", "+", "--", "- "])
    binary = st.tuples(signs, children, spaces, operators, spaces, signs, children)
    return st.one_of(binary.map("".join), children.map("({})".format), st.tuples(signs, children).map("".join))


def calls(children):
    called = st.sampled_from(sorted(set(FUNCTIONS) - {"where"})).flatmap(
        lambda name: st.lists(
            children, min_size=FUNCTIONS[name].arguments, max_size=FUNCTIONS[name].arguments + FUNCTIONS[name].more
        ).map(lambda arguments: f"{name}({', '.join(arguments)})")
    )
    compared = st.tuples(children, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), children, children, children)
    chosen = compared.map(lambda parts: "where({}{}{}, {}, {})".format(*parts))
    return st.one_of(arithmetic(children), called, chosen)


plain = st.recursive(atoms, arithmetic, max_leaves=12)
rich = st.recursive(atoms, calls, max_leaves=12)


@st.composite
def programs(draw):
    """Several statements, each of which may use the names assigned before it."""
    lines, assigned = [], []
    for index in range(draw(st.integers(0, 3))):
        lines.append(f"t{index} = {_with(draw, assigned)}")
        assigned.append(f"t{index}")
    return draw(st.sampled_from(["; ", ";", "\n"])).join([*lines, _with(draw, assigned)])


def _with(draw, assigned):
    text = draw(rich)
    return draw(st.sampled_from([text, *assigned, *(f"{name}*({text}) - {name}" for name in assigned)]))


@settings(deadline=None, max_examples=400)
@given(programs(), st.booleans())
def test_parse_of_print_is_the_same_program(text, e_is_given):
    known = ["e"] if e_is_given else []
    assume(len(text) <= MAX_LENGTH)
    program = parse(text, given=known)
    printed = to_text(program)
    assume(len(printed) <= MAX_LENGTH)
    again = parse(printed, given=program.names)
    assert again == program
    assert to_text(again) == printed


@settings(deadline=None, max_examples=400)
@given(plain, st.tuples(*[st.sampled_from([0.5, 2.0, 3.0, -1.0, -2.5, 0.0, 7.0])] * len(NAMES)))
def test_values_are_those_of_python(text, values):
    inputs = dict(zip(NAMES, map(np.float64, values), strict=True))
    program = parse(text, given=NAMES)
    with np.errstate(all="ignore"):
        got = np.float64(program.evaluate(float64_operators, **{name: inputs[name] for name in program.names}))
        number = r"(?<![A-Za-z0-9_.])(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
        expected = np.float64(eval(re.sub(number, r"F('\g<0>')", text), {"F": np.float64, **inputs}))
    assert got.tobytes() == expected.tobytes() or (np.isnan(got) and np.isnan(expected))


@settings(deadline=None, max_examples=200)
@given(programs())
def test_define_is_closed_and_in_order(text):
    program = parse(text)
    labels = program.labels()
    assert len(set(labels)) == len(labels)
    assert not set(labels) & set(program.names)
    try:
        nodes, output = program.define()
    except ExpressionError:
        assert isinstance(program.output, Constant)
        return
    assert not isinstance(program.output, Constant)
    known = set(program.names)
    for name, (_, *operands) in nodes.items():
        assert all(isinstance(operand, float) or operand in known for operand in operands)
        known.add(name)
    assert output in known


@settings(deadline=None, max_examples=200)
@given(rich)
def test_places_hold_the_text_of_their_step(text):
    program = parse(text, given=NAMES)
    for step in program.steps:
        part = text[step.start : step.end]
        if any(sign in step.operation for sign in ("less", "greater", "equal")):
            part = f"where({part}, 1, 0)"
        assert step.operation in [again.operation for again in parse(part, given=NAMES).steps[-2:]]
    with np.errstate(all="ignore"):
        program.evaluate(numpy_and_more, **dict.fromkeys(program.names, 0.75))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("((a*b)+c)*f", "(a*b + c)*f"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("a/(b*c)", "a/(b*c)"),
        ("(a**b)**c", "(a**b)**c"),
        ("a**(b**c)", "a**b**c"),
        ("(-a)**2", "(-a)**2"),
        ("-(a**2)", "-a**2"),
        ("a**(-b)", "a**-b"),
        ("a**(-b**c)", "a**-b**c"),
        ("(-2)**x", "(-2)**x"),
        ("-(2**x)", "-2**x"),
        ("-(a+b)", "-(a + b)"),
        ("(-a)*b", "-a*b"),
        ("-(a*b)", "-(a*b)"),
        ("+a", "a"),
        ("- - a", "--a"),
        ("where((a<b),(a),(b))", "where(a < b, a, b)"),
        ("where(a+1<b*2,a,b)", "where(a + 1 < b*2, a, b)"),
        ("max(a,b,c)", "maximum(maximum(a, b), c)"),
        ("max(a,b,c*d)", "maximum(maximum(a, b), c*d)"),
        ("power(a+b,add(c,1))", "(a + b)**(c + 1)"),
        ("negative(2)", "negative(2)"),
        ("negative(x)", "-x"),
        ("1e22+1e-7+.5+5.", "1e+22 + 1e-07 + 0.5 + 5"),
        ("1e999*-1e999", "1e999*-1e999"),
        ("k=2;c=x;d=c*k;f=d;f+1", "k = 2; c = x; d = x*2; f = d; d + 1"),
        ("L=(a*b+c)*f", "L = (a*b + c)*f"),
        ("c=a*b;d=c*2;c", "c = a*b; d = c*2; c"),
    ],
)
def test_print(text, printed):
    assert to_text(parse(text)) == printed
    assert parse(printed) == parse(text)


CHARACTERS = string.printable + "()()()++--**,,;;==<>ab12.eE_^\x00\x1b\u03b1\u2212\u202e\udc80\xa0"
WORDS = "** // == <= != 2 .5 1e9 x e pi sin( max( where( c= and lambda __import__ sin None \u0430 \x00"
PIECES = [*"()()(),,;;+-*/%=<>^.!&|[]{}'\"\\@#$?:~ \n\t\r", *WORDS.split(" ")]
nasty = st.one_of(st.text(CHARACTERS, max_size=300), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


@settings(deadline=None, max_examples=1000)
@given(nasty)
def test_any_text_parses_or_raises_our_error(text):
    error = program = None
    collecting = gc.isenabled()
    gc.disable()  # a collection takes as long as all that other tests have left there
    try:
        start = time.thread_time()
        try:
            program = parse(text)
        except ExpressionError as raised:
            error = raised
        assert time.thread_time() - start < 0.5
    finally:
        if collecting:
            gc.enable()
    if error is None:
        assert parse(to_text(program), given=program.names) == program
        return
    message = str(error)
    assert all(" " <= character <= "~" for character in message.replace("\n", ""))
    assert all(len(line) <= 200 for line in message.splitlines())
    assert error.help
    if error.where:
        line, carets = error.where.split("\n")
        assert len(line) <= 80
        assert re.fullmatch(r" *\^+", carets)
        assert len(carets) <= max(len(line) + 1, 80)
