"""An expression as a function: values, derivatives, names, and the place of every operation in the text."""

import inspect
import linecache
import math

import numpy as np
import pytest

import adjoint as ad
from adjoint.expression import FUNCTIONS, parse
from adjoint.expression.callable import _FILES, _MOST_FILES, to_function


def nodes(text, **values):
    expression = parse(text, given=values)
    tensors = [ad.tensor(values[name], requires_grad=True, name=name) for name in expression.names]
    out = to_function(expression)(*tensors)
    return [node for node in ad.Graph.from_outputs(out).nodes if not node.is_leaf]


def test_the_worked_example():
    f = to_function(parse("(a*b + c)*f"))
    assert ad.value_and_grad(f, argnums=(0, 1, 2, 3))(2.0, 3.0, -10.0, 5.0) == (-20.0, (15.0, 10.0, 5.0, -4.0))


def test_the_signature_has_the_free_names_in_order():
    f = to_function(parse("c = y*x; c + pi*z"))
    assert list(inspect.signature(f).parameters) == ["y", "x", "z"]
    assert f(z=1.0, y=2.0, x=3.0).item() == 6.0 + math.pi


def test_a_word_of_python_is_a_parameter_too():
    f = to_function(parse("lambda*x + class"))
    assert list(inspect.signature(f).parameters) == ["lambda", "x", "class"]
    story = ad.explain(f)(2.0, 3.0, 4.0)
    assert story.value == 10.0
    assert story.gradients == {"lambda": 3.0, "x": 2.0, "class": 1.0}
    assert "(lambda_, x, class_, np=numpy)" in story.source()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_of_the_language_is_an_operation(name):
    count = FUNCTIONS[name].arguments
    arguments = ", ".join(["x > 0.2", "x", "2*x"][-count:] if name == "where" else ["x", "0.25", "0.75"][:count])
    arguments = "x + 1" if name == "arccosh" else arguments
    value, gradient = ad.value_and_grad(to_function(parse(f"{name}({arguments}) + x")))(0.5)
    assert math.isfinite(value)
    assert math.isfinite(gradient)


def test_every_operation_of_the_language_computes_as_numpy():
    text = "a + b - a*b/2 + a//b + a%b + a**b - (-a) + where(a < b, a, b) + max(a, b, 2.5) + min(a, b)"
    expression = parse(text)
    found = to_function(expression)(3.5, 2.0)
    assert found.item() == expression.evaluate(np, a=3.5, b=2.0)


def test_operations_are_underlined_in_the_text():
    made = nodes("(a*b + c)*f", a=2.0, b=3.0, c=-10.0, f=5.0)
    assert [node.site.expression for node in made] == ["a*b", "a*b + c", "(a*b + c)*f"]
    first, second = made[1].describe().splitlines()
    assert first.endswith(":1   (a*b + c)*f")
    assert second == " " * first.index("a*b + c") + "^^^^^^^"


def test_places_in_later_lines_and_before_wide_characters():
    made = nodes("c = a*b\nd = (c +\n     a)\nc*d", a=2.0, b=3.0)
    assert [(n.site.line, n.site.end_line) for n in made] == [(1, 1), (2, 3), (4, 4)]
    assert [n.site.expression for n in made] == ["a*b", "c +", "c*d"]


def test_places_far_to_the_right():
    text = "+".join(["a"] * 900)
    last = nodes(text, a=1.0)[-1]
    assert (last.site.column, last.site.end_column) == (0, len(text))


def test_results_have_the_names_of_the_text():
    assert [node.label for node in nodes("c = w*x; d = c + b; 0.5*d**2", w=1.0, x=2.0, b=3.0)] == ["c", "d", None, None]


def test_a_constant_in_the_middle_is_a_constant():
    assert ad.grad(to_function(parse("x*sin(2*pi*0.25)")))(3.0) == 1.0


def test_few_texts_are_kept_for_errors():
    for number in range(2 * _MOST_FILES):
        to_function(parse(f"x + {number}"))
    assert len(_FILES) <= _MOST_FILES
    assert sum(name.startswith("<expression") for name in linecache.cache) <= _MOST_FILES
    assert to_function(parse("x + 399"))(1.0).item() == 400.0
    assert len(set(_FILES.values())) == len(_FILES)
