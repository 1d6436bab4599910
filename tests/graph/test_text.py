"""A graph as text: one line a node, under the user's names, with the user's lines."""

import inspect

import numpy as np
import pytest

import adjoint as ad
from adjoint import numpy as anp


def test_an_eager_history_names_variables_and_lines():
    w = ad.tensor(np.ones((3, 2)), requires_grad=True, name="w")
    line = inspect.currentframe().f_lineno + 1
    h = anp.tanh(np.ones((4, 3)) @ w)
    loss = anp.sum(h**2, axis=(0, 1))
    assert str(ad.Graph.from_outputs(loss)).splitlines() == [
        "graph(w: f64[3,2]) -> loss",
        f"  v1 = matmul(f64[4,3], w)                       f64[4,2]  test_text.py:{line}",
        f"  h = tanh(v1)                                   f64[4,2]  test_text.py:{line}",
        f"  v2 = square(h)                                 f64[4,2]  test_text.py:{line + 1}",
        f"  loss = sum(v2, axis=(-2, -1), keepdims=False)  f64[]     test_text.py:{line + 1}",
    ]


def test_a_definition_has_no_lines_and_a_gradient_names_its_outputs():
    g = ad.Graph.define({"c": ("multiply", "w", "x"), "J": ("half_square", "c")}, output="J")
    assert str(g).splitlines() == [
        "graph(w: f64[], x: f64[]) -> J",
        "  c = multiply(w, x)  f64[]",
        "  J = half_square(c)  f64[]",
    ]
    assert str(g.grad()).splitlines()[0] == "graph(w: f64[], x: f64[]) -> w: v2, x: v3"


def test_names_stay_apart():
    def f(x):
        y = anp.sin(x)
        y = anp.cos(y)
        y_2 = anp.exp(y)
        return anp.tanh(y_2) * 2.0

    text = str(ad.Graph.from_outputs(f(ad.tensor(1.0, requires_grad=True, name="v1"))))
    left = [line.split(" = ")[0].strip() for line in text.splitlines()[1:]]
    assert left == ["y", "y_3", "y_2", "v2", "v3"]


def test_lines_stay_within_100_columns():
    x = ad.tensor(1.0, requires_grad=True, name="x" * 200)
    lines = str(ad.Graph.from_outputs(x * 2.0)).splitlines()
    assert max(map(len, lines)) == 100
    assert lines[0].endswith("…")


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\nb", "a\u202eb"])
def test_a_name_cannot_steer_a_terminal(name):
    x = ad.tensor(1.0, requires_grad=True, name=name)
    text = str(ad.Graph.from_outputs(x * 2.0))
    assert all(c.isprintable() or c == "\n" for c in text)
    assert len(text.splitlines()) == 2


def test_constants_and_parameters_in_few_characters():
    x = ad.tensor(np.arange(6.0).reshape(2, 3), requires_grad=True, name="x")
    y = x[1:, ..., ::2] + np.array([0.5, 1.5])
    z = y * np.ones((7, 1, 2))
    text = str(ad.Graph.from_outputs(z))
    assert "index=(1:, ..., ::2)" in text
    assert "[0.5, 1.5]" in text
    assert "f64[7,1,2]" in text
