"""Traces: what becomes a node, what is lifted, what is cut, and what a graph looks like before it is compiled."""

import functools

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.compile.strip import stripped
from adjoint.errors import InPlaceError, TracedError
from adjoint.modes import MODE
from compile.likeness import assert_alike

python = functools.partial(ad.compile, backend="python")


def ops(exe):
    return [n.op.name for n in stripped(exe.graph).nodes if not n.is_leaf]


def test_the_function_runs_once_and_sees_tensors_without_values():
    seen = []

    @python
    def f(x):
        seen.append((type(x), x.shape, x.dtype, x.requires_grad, repr(x)))
        return x * 2.0

    for _ in range(3):
        f(np.arange(3.0))
    assert seen == [(ad.Tensor, (3,), np.dtype(float), False, "tensor(f64[3], name='x', requires_grad=True)")]


def test_side_effects_happen_at_the_trace_only():
    noise = iter(range(100))
    exe = python(lambda x: x + next(noise))
    assert [exe(1.0), exe(1.0)] == [1.0, 1.0]


def test_inputs_have_the_names_of_arguments():
    exe = python(lambda a, b: a["w"] * b[0] + b[1])
    exe({"w": 2.0}, [1.0, 2.0])
    assert [n.name for n in exe.graph.inputs] == ["a['w']", "b[0]", "b[1]"]


def test_nodes_keep_the_users_lines_and_scopes():
    def f(x):
        with ad.scope("inner"):
            y = np.sin(x)
        return y * 2.0

    exe = python(f).lower(1.0)
    sine, product = (n for n in exe.graph.nodes if not n.is_leaf)
    assert (sine.scope, product.scope) == ("inner", None)
    assert (sine.label, sine.site.expression, product.site.expression) == ("y", "np.sin(x)", "y * 2.0")


def test_numpy_functions_methods_and_operators_are_traced():
    exe = python(lambda x: np.concatenate([np.sin(x), abs(x).sum(axis=0)[None]]).reshape(-1, 2).T @ np.ones(2))
    x = np.arange(3.0)
    wanted = np.concatenate([np.sin(x), abs(x).sum(axis=0)[None]]).reshape(-1, 2).T @ np.ones(2)
    assert_alike(exe(x), wanted)
    assert "matmul" in ops(exe)


def test_gradients_do_not_pass_where_recording_is_off():
    def f(x):
        with ad.no_grad():
            scale = x * x
            parts = np.split(x, 2)
        return anp.sum(x * scale * parts[0].sum())

    x = np.array([1.0, 2.0, 3.0, 4.0])
    assert_alike(python(ad.grad(f))(x), ad.grad(f)(x))


def test_a_gradient_without_recording_is_data():
    def f(x):
        with ad.no_grad():
            g = ad.grad(lambda t: anp.sum(t**3))(x)
        return anp.sum(g * x)

    x = np.array([1.0, 2.0])
    assert_alike(python(ad.grad(f))(x), ad.grad(f)(x))
    assert_alike(python(ad.grad(f))(x), 3.0 * x**2)


@pytest.mark.parametrize(
    "form",
    [lambda x: float(x), lambda x: int(x), lambda x: x.item(), lambda x: x.tolist(), lambda x: f"{x:.2f}", max],
    ids=["float", "int", "item", "tolist", "format", "max"],
)
def test_values_are_not_there_yet(form):
    with pytest.raises((TracedError, TypeError)):
        python(lambda x: form(x) if form is not max else max(x, x * 2.0))(1.0)


def test_modes_are_as_before_when_a_trace_fails():
    with pytest.raises(ZeroDivisionError):
        python(lambda x: x * (1 // 0))(1.0)
    assert MODE.get() is None
    exe = python(lambda x: x if x > 0 else -x)
    for _ in range(2):
        with pytest.raises(TracedError):
            exe(1.0)
    assert repr(exe) == "<compiled <lambda>: 0 specialisations>"


def test_writes_to_views_are_refused_as_in_eager_mode():
    def f(x):
        row = (x * 1.0)[0]
        row[0] = 1.0
        return row

    with pytest.raises(InPlaceError):
        python(f)(np.ones((2, 2)))


def test_constants_of_equal_numbers_stay_operations():
    exe = python(ad.grad(lambda x: anp.sum(x * 2.0)))
    exe(np.ones(10_000))
    assert all(getattr(i, "nbytes", 0) < 100 for n in exe.graph.nodes for i in n.inputs if isinstance(i, np.ndarray))


def test_hand_over_nodes_are_stripped():
    exe = python(ad.value_and_grad(lambda x: ad.stop_gradient(x) * x)).lower(2.0)
    assert {"alias", "cut"} <= {n.op.name for n in exe.graph.nodes}
    assert not {"alias", "cut"} & set(ops(exe))


def test_the_gradient_of_a_graph_with_constants_only():
    exe = python(lambda: ad.grad(lambda x: x * x)(3.0))
    assert exe() == 6.0


def test_inner_transforms_of_python_numbers():
    f = lambda x: ad.grad(lambda t: t**3)(2.0) * x + ad.jvp(np.sin, (0.0,), (1.0,))[1]
    assert_alike(python(f)(1.0), f(1.0))
