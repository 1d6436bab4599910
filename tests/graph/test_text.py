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


def test_a_long_name_is_shortened_and_stays_apart_from_others():
    x = ad.tensor(1.0, requires_grad=True, name="x" * 200)
    y = ad.tensor(2.0, requires_grad=True, name="x" * 201)
    assert str(ad.Graph.from_outputs(x * y)).splitlines()[0].split(" ->")[0] == (
        "graph(xxxxxxxxxxxx…xxxxxxxxxxx: f64[], xxxxxxxxxxx…xxxxxxxxxx#2: f64[])"
    )


def tokens_are_whole(text):
    """Every line fits, brackets close on their line, and an ellipsis is the only thing that shortens."""
    for line in text.splitlines():
        assert len(line) <= 100, line
        if "=" in line and not line.startswith("graph("):
            assert line.count("(") == line.count(")"), line
            assert line.count("[") == line.count("]"), line
    return text


def test_many_operands_and_long_parameters_fit():
    parts = [ad.tensor(np.ones(3), requires_grad=True, name=f"a_rather_long_name_of_part_{i}") for i in range(60)]
    joined = anp.concatenate(parts)
    picked = joined[(slice(None),)] * 2.0
    graph = ad.Graph.from_outputs(anp.transpose(picked.reshape(1, 2, 3, 5, 6), (4, 3, 2, 1, 0)))
    text = tokens_are_whole(str(graph))
    assert "… 37 more) ->" in text.replace("\n      ", " ")
    [row] = [line for line in text.splitlines() if "concatenate" in line]
    assert "concatenate(… 60, axis=-1)" in row


def test_a_graph_of_many_layers_reads_from_both_ends():
    def net(x, w):
        for _ in range(500):
            x = anp.tanh(x @ w)
        return x

    w = ad.tensor(np.eye(3), requires_grad=True, name="w")
    lines = tokens_are_whole(str(ad.Graph.from_outputs(net(np.ones((2, 3)), w)))).splitlines()
    assert len(lines) == 302
    assert lines[1].startswith("  v1 = matmul(f64[2,3], w)")
    assert lines[201] == "  … 700 more: 350 matmul, 350 tanh"
    assert lines[301].startswith("  x_500 = tanh(v500)")


def test_a_long_operation_and_a_long_file_fit(tmp_path):
    file = tmp_path / ("a_module_with_a_name_that_goes_on_and_on" * 3 + ".py")
    name = "operation_" * 20
    file.write_text(
        "import adjoint as ad\n"
        f"class {name}(ad.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x, y):\n"
        "        return x * y\n"
        "    @staticmethod\n"
        "    def backward(ctx, g):\n"
        "        return g, g\n"
        f"def f(x):\n    {'result' * 30} = {name}.apply(x, x)\n    return {'result' * 30} * 2.0\n"
    )
    space = {}
    exec(compile(file.read_text(), str(file), "exec"), space)
    text = tokens_are_whole(str(ad.Graph.from_outputs(space["f"](ad.tensor(1.0, requires_grad=True, name="x")))))
    assert len(text.splitlines()) == 3


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
