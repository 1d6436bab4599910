"""ad.source: arguments, outputs, captured arrays, nesting, graphs; and what it refuses."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import ArgumentError, GraphError, UnsupportedError
from adjoint.source.api import backward_listing, source, source_of
from adjoint.source.running import _checked
from source.bits import assert_same, check, noise


def body(text):
    """The statements of the printed function without comments."""
    lines = str(text).split("np=numpy):\n")[1].splitlines()
    return [line.partition("  # ")[0].strip() for line in lines]


# Arguments


def test_all_floats_are_differentiated_and_integers_are_written_in():
    text = source(lambda x, n, flag: x**n if flag else x)(2.0, 3, True)
    assert list(text.parameters) == ["x"]
    value, (gradient,) = text.run(2.0, 3, True)
    assert (float(value), float(gradient)) == (8.0, 12.0)


def test_argnums_chooses_and_the_rest_are_data():
    def f(x, y):
        return x * y * y

    text = source(f, argnums=1)(2.0, 3.0)
    assert list(text.parameters) == ["x", "y"]
    assert [float(g) for g in text.run(2.0, 3.0)[1]] == [12.0]
    assert source(f, argnums=(1, 0))(2.0, 3.0).splitlines()[-1] == "    return out, (g_y, g_x)"


def test_whole_numbers_count_as_floats_where_there_is_nothing_else():
    assert [float(g) for g in source(lambda x, y: x * y)(2, 3).run(2, 3)[1]] == [3.0, 2.0]


def test_containers_and_keywords():
    def f(params, scale, *, shift):
        return anp.sum(params["w"] * scale + params["b"][0]) * shift

    params = {"w": np.array([1.0, 2.0]), "b": [np.float64(0.5)]}
    text = source(f)(params, scale=2.0, shift=3.0)
    assert list(text.parameters) == ["params_b_0", "params_w", "scale", "shift"]
    value, gradients = text.run(params, scale=2.0, shift=3.0)
    wanted, (by_params, by_scale) = ad.value_and_grad(lambda p, s: f(p, s, shift=3.0), (0, 1))(params, 2.0)
    assert_same(value, wanted)
    for found, one in zip(gradients, (by_params["b"][0], by_params["w"], by_scale), strict=True):
        assert_same(found, one)


def test_data_of_any_dtype():
    x, k, mask = np.array([1.0, 2.0, 3.0]), np.array([2, 0, 1]), np.array([True, False, True])
    text = source(lambda x, k, mask: anp.sum(anp.where(mask, x[k], x) * k))(x, k, mask)
    other = (x + 1.0, np.array([0, 0, 2]), ~mask)
    value, (gradient,) = text.run(*other)
    wanted = ad.value_and_grad(lambda x: anp.sum(anp.where(other[2], x[other[1]], x) * other[1]))(other[0])
    assert_same(value, wanted[0])
    assert_same(gradient, wanted[1])


def test_nothing_to_differentiate_is_refused():
    with pytest.raises(ArgumentError, match="no number to differentiate by"):
        source(lambda s: 1.0)("text")
    with pytest.raises(ArgumentError, match="argnums asks for argument 3"):
        source(lambda x: x, argnums=3)(1.0)


def test_other_shapes_and_numbers_of_arguments_are_refused():
    text = source(lambda x: anp.sum(x))(np.ones(3))
    with pytest.raises(ArgumentError, match=r"written for f64\[3\]"):
        text.run(np.ones(4))
    with pytest.raises(ArgumentError, match=r"written for f64\[3\]"):
        text.run(np.ones(3) * 1j)
    graph = ad.Graph.define({"c": ("multiply", "w", "x")}, output="c")
    with pytest.raises(ArgumentError, match="needs 2 values"):
        source_of(graph).run(1.0)


# Outputs


def test_an_output_that_is_no_scalar_gets_its_cotangent_as_a_parameter():
    x = np.array([[0.1, 0.2], [0.3, 0.4]])
    text = source(lambda x: np.sin(x) * x)(x)
    out, pullback = ad.vjp(lambda x: np.sin(x) * x, x)
    value, (gradient,) = text.run(x, noise(out))
    assert list(text.parameters) == ["x", "g_out"]
    assert_same(value, out)
    assert_same(gradient, pullback(noise(out))[0])


def test_several_outputs():
    def f(x, y):
        return x * y, np.sin(x)

    text = source(f)(2.0, 3.0)
    values, gradients = text.run(2.0, 3.0, 1.0, 0.5)
    _, pullback = ad.vjp(f, 2.0, 3.0)
    assert [float(v) for v in values] == [6.0, np.sin(2.0)]
    assert [float(g) for g in gradients] == list(pullback((1.0, 0.5)))


def test_no_path_is_a_printed_zero():
    text = source(lambda x, y, z: ad.stop_gradient(x) * y)(2.0, np.float32(3.0), np.ones(2))
    _, gradients = text.run(2.0, np.float32(3.0), np.ones(2))
    assert [(np.asarray(g).dtype, np.shape(g)) for g in gradients] == [(float, ()), (np.float32, ()), (float, (2,))]
    assert "stop_gradient" in text
    assert text.count("no path leads here: zero") == 2


def test_a_constant_function():
    text = source(lambda x: 3.0)(2.0)
    assert body(text) == ["g_x = 0.0", "return np.float64(3.0), (g_x,)"]


def test_the_identity():
    assert body(source(lambda x: x)(2.0)) == ["g_x = 1.0", "return x, (g_x,)"]


# The same bits


def test_branches_add_in_the_order_of_the_engine():
    def f(x):
        return anp.sum(x * np.float32(1e8) + x * np.float32(3.3) - x * np.float32(1e8) + x / np.float32(7.0) + x)

    check(f, np.array([1.1, -2.3], np.float32))


def test_repeated_indices_and_written_places():
    def f(x, v):
        y = x[np.array([0, 2, 0, 0])] * x[1] + x[2]
        z = anp.concatenate([y, x[::-1]])
        z[np.array([1, 1, 3])] = v
        z[..., :2] = z[2:4] * v[0]
        return anp.sum(z * z) + anp.sum(x[x > 0.0])

    check(f, np.array([0.3, -1.7, 2.9]), np.array([0.7, 0.9, -1.1]))


def test_zeros_by_structure():
    with np.errstate(invalid="ignore"):
        check(lambda x: anp.sum(anp.where(x > 0, anp.sqrt(x), x)), np.array([-1.0, 0.0, 4.0]))
    check(lambda x: anp.sqrt(x)[1] + 2.0 * anp.sqrt(x)[2], np.array([0.0, 1.0, 4.0]))


def test_weak_numbers_keep_single_precision():
    text = check(lambda x: anp.sum((2.0 * x + 1) ** 2 / 3.0) * 0.1, np.array([0.1, 0.7], np.float32))
    assert "= np.float32(1.0)" in text


def test_mixed_precision_and_complex_numbers():
    check(lambda x, y: anp.sum(x * y) / y, np.array([0.1, 0.7], np.float32), 3.3)
    check(lambda z: anp.sum(anp.abs(z * z + 1j)), np.array([0.1 + 2j, 0.7 - 0.3j]))


def test_memory_order_counts():
    draw = np.random.default_rng(0)
    data = np.asfortranarray(draw.normal(size=(30, 40)))[::2]
    check(lambda x: anp.sum(anp.sum(x * data, axis=0) ** 2), np.asfortranarray(draw.normal(size=(15, 40))))
    check(lambda x: anp.sum(x @ data.T), draw.normal(size=(40, 15)).T)


def test_dead_code_is_not_printed():
    def f(x):
        np.cos(x) * 5.0
        return np.sin(x)

    assert body(source(f)(1.0))[0] == "out = np.sin(x)"


# Captured arrays


def test_large_arrays_become_parameters_under_their_names():
    weights = np.linspace(0.0, 1.0, 100)
    text = source(lambda x: anp.sum(x * weights))(2.0)
    assert list(text.constants) == ["weights"]
    assert "def f(x, weights, np=numpy):" in text
    assert_same(text.constants["weights"], weights)
    assert_same(text.run(2.0)[1][0], np.sum(weights))


def test_small_arrays_are_written_out():
    small = np.array([1.0, -np.inf, np.nan, -0.0])
    text = source(lambda x: anp.sum(anp.where(np.isnan(small), x, 2.0 * x)))(1.0)
    assert not text.constants
    assert "small = np.array([1.0, -np.inf, np.nan, -0.0])" in body(source(lambda x: x * small)(1.0))


def test_a_nan_with_a_payload_is_not_written_out():
    odd = np.array([0x7FF8000000000123], np.uint64).view(np.float64)
    text = source(lambda x: x * odd)(1.0)
    assert_same(text.constants["odd"], odd)


def test_an_array_that_changes_during_the_call():
    def f(x):
        buffer = np.zeros(3)
        total = 0.0
        for i in range(3):
            buffer[i] = i + 1.0
            total = total + anp.sum(x * buffer)
        return total

    check(f, np.array([0.5, 0.25, 2.0]))


def test_a_tensor_of_an_enclosing_computation_is_a_constant():
    w = ad.tensor([1.0, 2.0], requires_grad=True, name="w")
    text = source(lambda x: anp.sum(x * w))(3.0)
    assert "w = np.array([1.0, 2.0])" in body(text)
    v = w * np.array([2.0, 3.0])
    text = source(lambda x: anp.sum(x * v))(3.0)
    assert "v = np.array([2.0, 6.0])" in body(text)
    assert [float(g) for g in text.run(3.0)[1]] == [8.0]


# Nesting and graphs


def test_gradients_of_gradients():
    def cube(x):
        return x**3

    check(ad.grad(cube), 1.7)
    check(lambda x: x * ad.grad(lambda y: np.sin(x * y) * y)(x) + ad.grad(ad.grad(cube))(x), 0.9)


def test_a_defined_graph_and_its_gradient():
    nodes = {
        "c": ("multiply", "w", "x"),
        "a": ("add", "c", "b"),
        "d": ("subtract", "a", "y"),
        "J": ("half_square", "d"),
    }
    graph = ad.Graph.define(nodes, output="J")
    values = {"w": 2.0, "x": -2.0, "b": 8.0, "y": 2.0}
    given = [values[n.label] for n in graph.inputs]
    assert float(source_of(graph).run(*given)) == graph.evaluate(**values) == 2.0
    gradient = source_of(graph.grad())
    assert gradient.run(*[values[n.label] for n in graph.grad().inputs]) == graph.grad().evaluate(**values)
    assert body(source_of(graph, graph.inputs))[4:] == [
        "g_J = 1.0", "g_d = g_J * d", "g_a = g_d", "g_y = -g_d", "g_c = g_a", "g_b = g_a",
        "g_w = g_c * x", "g_x = g_c * w", "return J, (g_w, g_x, g_b, g_y)",
    ]  # fmt: skip


def test_an_eager_history():
    w, x = ad.tensor([1.0, 2.0], requires_grad=True, name="w"), ad.tensor(3.0, requires_grad=True, name="x")
    data = np.arange(40.0).reshape(20, 2)
    J = anp.sum(np.sin(w * data) * x)
    graph = ad.Graph.from_outputs(J)
    text = source_of(graph, graph.inputs)
    value, gradients = text.run(*[t.value for t in (w, x)])
    J.backward()
    assert_same(value, J.value)
    assert_same(gradients[0], w.grad.value)
    assert_same(gradients[1], x.grad.value)
    lost = ad.Graph.from_outputs(anp.sum(w + data))
    with pytest.raises(ArgumentError, match="whose values the history did not keep"):
        source_of(lost)


def test_lines_know_their_nodes():
    graph = ad.Graph.define({"c": ("add", "a", "b"), "e": ("multiply", "c", "b")}, output="e")
    lines = backward_listing(graph)
    c, e = (n for n in graph.nodes if not n.is_leaf)
    assert [(line.role, line.node, line.index) for line in lines[1:-1]] == [
        ("forward", c, -1),
        ("forward", e, -1),
        ("seed", e, -1),
        ("pull", e, 0),
        ("pull", e, 1),
        ("pull", c, 0),
        ("branch", c, 1),
    ]
    assert (lines[0].role, lines[-1].role) == ("def", "return")
    assert str(lines[-2]).strip() == "g_b = g_b + g_c  # add distributes; branches of b add"


def test_names_may_be_chosen():
    graph = ad.Graph.define({"c": ("add", "a", "b")}, output="c")
    names = dict(zip(graph.nodes, ("left", "right", "both")))
    assert body(source_of(graph, names=names)) == ["both = left + right", "return both"]


# What it refuses


def test_a_users_operation_has_no_text():
    class Twice(ad.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2.0

        @staticmethod
        def backward(ctx, g):
            return g * 2.0

    with pytest.raises(UnsupportedError, match="flat source cannot print"):
        source(lambda x: Twice.apply(x) * x)(1.0)


GOOD = str(source(lambda x: anp.sum(np.sin(x) * x[0]))(np.ones(2)))


def test_only_flat_source_is_run():
    assert _checked(GOOD, "f")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import numpy\n", "import os\n"),
        ("import numpy\n", "import numpy, os\n"),
        ("np.sin(x)", "__import__('os')"),
        ("np.sin(x)", "open('x')"),
        ("np.sin(x)", "np.sin(x).__class__"),
        ("np.sin(x)", "(lambda: x)()"),
        ("np.sin(x)", "[y for y in x]"),
        ("np.sin(x)", "(y := x)"),
        ("    t1 = np.sin(x)", "    import os\n    t1 = np.sin(x)"),
        ("    t1 = np.sin(x)", "    np.sin(x)\n    t1 = np.sin(x)"),
        ("r = np.zeros(shape, g.dtype)", "r = open(shape)"),
        ("def scatter", "def scatter_"),
        ("def f(", "def g("),
        ("\n\ndef f(", "\n\n@print\ndef f("),
        ("\n\n\ndef f(", "\n\nprint(1)\n\ndef f("),
    ],
)
def test_a_changed_text_is_refused(old, new):
    assert old in GOOD
    with pytest.raises(GraphError, match="no flat source"):
        _checked(GOOD.replace(old, new, 1), "f")
