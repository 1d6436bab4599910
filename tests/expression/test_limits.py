"""Limits: 2,000 characters, 200 deep; whatever fits is parsed quickly and without recursion."""

import sys
import threading
import time

import numpy as np
import pytest

from adjoint.errors import ExpressionError
from adjoint.expression import MAX_DEPTH, MAX_LENGTH, parse, to_text


def test_the_limits():
    assert (MAX_LENGTH, MAX_DEPTH) == (2000, 200)


def test_length():
    assert parse("x" * 2000).names == ("x" * 2000,)
    assert parse(" " * 1999 + "x").names == ("x",)
    with pytest.raises(ExpressionError) as caught:
        parse("x" * 2001)
    error = caught.value
    assert error.what == "the expression is too long: 2001 characters, where 2000 are allowed."
    assert error.help == "write it as a Python function instead."
    line, carets = error.where.split("\n")
    assert line == "..." + "x" * 77
    assert carets == " " * 79 + "^"


def test_a_huge_text_is_refused_at_once():
    start = time.process_time()
    with pytest.raises(ExpressionError, match="too long: 5000000"):
        parse("(" * 5_000_000)
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("sin(", ")"), ("-(", ")"), ("2*(", ")")])
def test_depth(opening, closing):
    text = opening * 200 + "x" + closing * 200
    program = parse(text)
    assert program.names == ("x",)
    assert parse(to_text(program)) == program
    with pytest.raises(ExpressionError) as caught:
        parse(opening * 201 + "x" + closing * 201)
    assert caught.value.what == "the expression is nested more than 200 deep."
    assert caught.value.help == "give inner parts names of their own, such as c = a*b; c + 1."
    line, carets = caught.value.where.split("\n")
    assert carets.count("^") == 1
    assert line[len(carets) - 1] == "("


def test_depth_counts_what_is_open_not_what_was():
    assert len(parse("+".join(["(a)"] * 400)).steps) == 399
    assert len(parse("a" + "+(a)" * 450).steps) == 450
    assert len(parse(";".join(f"t{i} = ((x))" for i in range(120)) + "; t1*t2").steps) == 1


@pytest.mark.parametrize("count", [1, 200, 201, 2000])
def test_open_parentheses(count):
    with pytest.raises(ExpressionError, match="never closed" if count <= 200 else "nested more than 200 deep"):
        parse("(" * count)


def test_signs():
    program = parse("-" * 1999 + "x")
    assert len(program.steps) == 1999
    assert to_text(program) == "-" * 1999 + "x"
    assert program.evaluate(np, x=2.0) == -2.0
    assert parse("-" * 1999 + "2").evaluate(np) == -2.0
    assert parse("+" * 1999 + "x").steps == ()


def test_powers_group_from_the_right():
    text = "**".join(["x"] * 667)
    program = parse(text)
    assert len(program.steps) == 666
    assert program.steps[0].start == len(text) - 4
    assert to_text(program) == text
    assert program.evaluate(np, x=1.0) == 1.0
    with np.errstate(over="ignore"):
        assert parse("**".join(["2"] * 667)).evaluate(np) == np.inf


def test_sums_group_from_the_left():
    program = parse("+".join(["1"] * 1000))
    assert len(program.steps) == 999
    assert program.evaluate(np) == 1000.0
    assert to_text(program) == " + ".join(["1"] * 1000)
    nodes, output = program.define()
    assert output == "v999"
    assert nodes["v999"] == ("add", "v998", 1.0)


def test_many_arguments():
    program = parse("max(" + ",".join("abcdfghij"[i % 9] for i in range(990)) + ")")
    assert len(program.steps) == 989


def test_many_statements():
    text = "a0=x;" + ";".join(f"a{i}=a{i - 1}+1" for i in range(1, 150)) + ";a149"
    assert len(text) <= 2000
    assert parse(text).evaluate(np, x=1.0) == 150.0


HARD = [
    "(" * 200 + "x" + ")" * 200,
    "-" * 1999 + "x",
    "**-".join(["x"] * 500),
    "+".join(["1"] * 1000),
    "sin(" * 200 + "x" + ")" * 200,
    "where(x>0," * 150 + "x" + ",1)" * 150,
    "max(x," * 150 + "x" + ")" * 150,
    "(" * 2000,
    "-" * 2000,
    "x " * 1000,
    "1" * 2000,
    "1." * 1000,
    "1e" * 1000,
    ".1" * 1000,
    "\n" * 2000,
    ";" * 2000,
    "=" * 2000,
    "<" * 2000,
    "," * 2000,
    "sin" * 600 + "(x)",
]


@pytest.mark.parametrize("text", HARD, ids=[text[:12] for text in HARD])
def test_quick_and_without_recursion(text):
    """Every text runs in a thread whose stack would not bear one frame a level."""
    outcome, seconds = [], []

    def work():
        start = time.thread_time()
        limit = sys.getrecursionlimit()
        frame, depth = sys._getframe(), 0
        while frame is not None:
            frame, depth = frame.f_back, depth + 1
        sys.setrecursionlimit(depth + 60)
        try:
            program = parse(text)
            to_text(program)
            program.define()
            with np.errstate(all="ignore"):
                program.evaluate(np, **dict.fromkeys(program.names, 0.5))
            outcome.append("parsed")
        except ExpressionError:
            outcome.append("refused")
        except RecursionError:
            outcome.append("recursed")
        finally:
            sys.setrecursionlimit(limit)
            seconds.append(time.thread_time() - start)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert outcome in (["parsed"], ["refused"])
    assert seconds[0] < 1.0
