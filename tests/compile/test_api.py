"""``ad.compile`` as it is written: forms, names, errors, specialisations, settings, donation, sizes."""

import dataclasses
import doctest
import functools
import gc
import threading
import typing
import warnings
import weakref
from pathlib import Path

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.compile import backend as backends
from adjoint.errors import (
    ArgumentError,
    CallError,
    DtypeError,
    GraphError,
    OperandError,
    ShapeError,
    SizeError,
    TracedError,
)
from compile.likeness import assert_alike

python = functools.partial(ad.compile, backend="python")


def square_sum(x, scale=2.0):
    """The scaled sum of squares."""
    return anp.sum(x * x) * scale


def test_a_function_and_a_decorator_with_and_without_keywords():
    @ad.compile
    def one(x):
        return x * 2.0

    @ad.compile(backend="python")
    def two(x):
        return x * 2.0

    assert one(3.0) == two(3.0) == python(lambda x: x * 2.0)(3.0) == 6.0


def test_an_executable_has_the_name_and_words_of_its_function():
    exe = python(square_sum)
    assert (exe.__name__, exe.__doc__, exe.__wrapped__) == ("square_sum", "The scaled sum of squares.", square_sum)
    assert repr(exe) == "<compiled square_sum: 0 specialisations>"
    exe(1.0)
    assert repr(exe) == "<compiled square_sum: 1 specialisation>"


def test_keywords_and_defaults():
    exe = python(square_sum)
    x = np.arange(3.0)
    assert exe(x) == exe(x, 2.0) == exe(x=x) == exe(scale=2.0, x=x) == exe(x, scale=2.0) == 10.0
    assert len(exe.stats.specialisations) == 2

    @python
    def named(x, *, y, **rest):
        return x * y + rest["z"]

    assert named(2.0, y=3.0, z=4.0) == named(2.0, z=4.0, y=3.0) == 10.0


@pytest.mark.parametrize(
    ("args", "kwargs", "told"),
    [
        ((), {}, "missing a required argument: 'x'"),
        ((1.0, 2.0, 3.0), {}, "too many positional arguments"),
        ((1.0,), {"speed": 2.0}, "unexpected keyword argument 'speed'"),
        ((1.0,), {"x": 2.0}, "multiple values for argument 'x'"),
    ],
)
def test_calls_that_do_not_fit(args, kwargs, told):
    with pytest.raises(CallError, match=told) as caught:
        python(square_sum)(*args, **kwargs)
    assert isinstance(caught.value, TypeError)
    assert caught.value.help == "it is square_sum(x, scale=2.0)."


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (np.array([object()]), OperandError),
        (np.array(["a"]), OperandError),
        (np.ma.masked_array([1.0]), OperandError),
        (np.matrix([[1.0]]), OperandError),
        (1 << 70, OperandError),
        ("text", TypeError),
    ],
)
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_values_that_are_no_numbers(value, error):
    with pytest.raises(error):
        python(lambda x: x * 1.5)(value)


@pytest.mark.parametrize("given", [3, "f", np.ones(2)])
def test_what_cannot_be_compiled(given):
    with pytest.raises(OperandError, match="compile takes a function"):
        ad.compile(given)


def test_unknown_backends():
    with pytest.raises(ArgumentError, match="there is no backend 'fortran'"):
        ad.compile(square_sum, backend="fortran")


@pytest.mark.parametrize("out", [{"text"}, object(), np.array(["a"])])
def test_results_that_are_no_numbers(out):
    with pytest.raises(OperandError, match="which is no number"):
        python(lambda x: (x, out))(1.0)


def test_results_of_every_kind():
    def f(x):
        return {"none": None, "same": (x, x), "constants": [1, 2.5, True, 1j, np.arange(3), np.float32(2)], "empty": ()}

    x = np.arange(4.0)
    found = python(f)(x)
    assert_alike(found, f(x.copy()))
    assert not np.shares_memory(*found["same"])
    assert not np.shares_memory(found["same"][0], x)
    found["constants"][4][:] = 7
    assert_alike(python(f)(x)["constants"][4], np.arange(3))
    assert python(lambda x: None)(1.0) is None


def test_results_may_change_their_structure_with_the_arguments():
    exe = python(lambda x: (x, x) if np.ndim(x) else {"x": x})
    assert list(exe(1.0)) == ["x"]
    assert len(exe(np.ones(2))) == 2


@dataclasses.dataclass
class Layer:
    w: typing.Any
    b: typing.Any


class Pair(typing.NamedTuple):
    a: typing.Any
    b: typing.Any


CONTAINERS = [
    {"b": np.ones(2), "a": (1.0, [2.0, None])},
    [np.ones(2), {"x": 2.0}],
    (3.0, (np.ones(2),)),
    Layer(np.ones(2), 0.5),
    {"layers": [Layer(np.ones(2), 0.5), Layer(np.ones(2), 1.5)]},
    Pair(np.ones(2), 2.0),
    {},
]


@pytest.mark.parametrize("tree", CONTAINERS, ids=lambda t: type(t).__name__)
def test_containers_go_in_and_come_out(tree):
    from adjoint.differentiate.containers import flatten

    def total(tree):
        return sum((anp.sum(leaf * leaf) for leaf in flatten(tree)[0]), 0.0)

    def doubled(tree):
        leaves, build = flatten(tree)
        return build([leaf * 2.0 for leaf in leaves])

    exe = python(doubled)
    for _ in range(2):
        assert_alike(exe(tree), doubled(tree))
    if tree:
        both = ad.value_and_grad(total)
        assert_alike(python(both)(tree), both(tree))


def test_another_structure_is_another_program():
    exe = python(lambda t: t["a"] * 2.0 if isinstance(t, dict) else t[0] * 3.0)
    assert (exe({"a": 1.0}), exe([1.0]), exe((1.0,)), exe({"a": 1.0, "b": 2.0})) == (2.0, 3.0, 3.0, 2.0)
    assert len(exe.stats.specialisations) == 4


def test_methods_are_bound():
    class Model:
        def __init__(self, w):
            self.w = w

        @ad.compile(backend="python")
        def loss(self, x):
            return anp.sum(x * self.w)

        @ad.compile(backend="python", static_argnums=2)
        def power(self, x, n):
            return x**n

    one, two = Model(np.ones(3)), Model(np.full(3, 2.0))
    x = np.arange(3.0)
    assert (one.loss(x), two.loss(x), one.loss(x), Model.loss(one, x)) == (3.0, 6.0, 3.0, 3.0)
    assert one.power(2.0, 3) == 8.0
    assert one.loss is one.loss
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None or two.loss(x) == 6.0


def test_settings_are_told_apart_by_value():
    traced = []

    @python
    def f(x, mode="double", flag=True, key=None, pick=slice(0, 2), act=np.sin):
        traced.append(mode)
        y = act(x[pick])
        return (y * 2.0 if mode == "double" else y) if flag else -y

    x = np.arange(3.0)
    for _ in range(2):
        assert_alike(f(x), np.sin(x[:2]) * 2.0)
        assert_alike(f(x, "single"), np.sin(x[:2]))
        assert_alike(f(x, flag=False), -np.sin(x[:2]))
        assert_alike(f(x, pick=slice(1, 3)), np.sin(x[1:]) * 2.0)
        assert_alike(f(x, act=np.cos), np.cos(x[:2]) * 2.0)
    assert len(traced) == 5


def test_static_arguments():
    traced = []

    @ad.compile(static_argnums=(1,), backend="python")
    def power(x, n):
        traced.append(n)
        for _ in range(n - 1):
            x = x * x
        return x

    assert (power(2.0, 2), power(2.0, 3), power(3.0, 2), power(2.0, n=2)) == (4.0, 16.0, 9.0, 4.0)
    assert traced == [2, 3]
    by_name = ad.compile(lambda x, n: x * n, static_argnums="n", backend="python")
    assert (by_name(2.0, 3), by_name(2.0, 3.0)) == (6.0, 6.0)
    assert len(by_name.stats.specialisations) == 2
    with pytest.raises(OperandError, match="the static argument n is a list, which is not hashable"):
        power(2.0, [1])
    with pytest.raises(OperandError, match="static_argnums names arguments by position"):
        ad.compile(power, static_argnums=(1.5,))


def test_a_loop_over_a_traced_count_names_the_way_out():
    with pytest.raises(TracedError, match="an index needs a value"):
        python(lambda x, n: [x for _ in range(n)][-1])(1.0, 3)


def test_specialisations_are_bounded():
    exe = python(lambda x: x * 2.0)
    for n in range(1, 70):
        exe(np.ones(n))
    assert len(exe.stats.specialisations) == exe.stats.limit == 64
    assert "64 of at most 64" in str(exe.stats)
    exe.cache_clear()
    assert len(exe.stats.specialisations) == 0
    assert exe(2.0) == 4.0


def test_lower_compiles_and_runs_nothing():
    exe = python(lambda x: np.sin(x) * 2.0).lower(np.ones(3))
    (entry,) = exe.stats.specialisations
    assert (entry.calls, entry.results) == (0, ("array",))
    assert "np.sin(x)" in exe.source
    assert exe.lower(np.zeros(3)) is exe
    assert len(exe.stats.specialisations) == 1


def test_what_an_executable_tells():
    exe = python(square_sum)
    with pytest.raises(ArgumentError, match="was not called yet"):
        _ = exe.source
    exe(np.ones(3))
    assert exe.graph.nodes[0].op.name == "leaf"
    (out,) = exe.run([np.ones(3)])
    assert float(out) == 6.0
    assert callable(exe.raw)
    assert exe.stats.measure(np.ones(3), repeat=3) > 0.0
    assert exe.source == str(exe.plan)


def test_the_source_stands_alone():
    exe = python(ad.value_and_grad(lambda w, x: anp.sum(np.tanh(x @ w))))
    w, x = np.ones(3), np.ones((2, 3))
    wanted = exe(w, x)
    assert "adjoint" not in exe.source
    space = {}
    exec(exe.source, space)
    assert_alike(list(space["lambda_"](w, x)), list(wanted))


def test_donated_buffers_take_results():
    step = ad.compile(lambda w, g: (w - 0.1 * g, anp.sum(g)), donate=0, backend="python")
    w, g = np.ones(3), np.arange(3.0)
    new, total = step(w, g)
    assert new is w
    np.testing.assert_allclose(w, [1.0, 0.9, 0.8])
    assert total == 3.0
    again, _ = step(new, g)
    assert again is w


def test_donation_by_name_and_in_containers():
    step = ad.compile(lambda params, g: {k: p - g for k, p in params.items()}, donate="params", backend="python")
    params = {"a": np.ones(2), "b": np.ones(3)}
    out = step(params, 1.0)
    assert out["a"] is params["a"]
    assert out["b"] is params["b"]


def test_donations_that_cannot_be():
    step = ad.compile(lambda w, g: w - g, donate=0, backend="python")
    fixed = np.ones(3)
    fixed.flags.writeable = False
    with pytest.raises(OperandError, match="the donated argument w is read-only"):
        step(fixed, np.ones(3))
    w = np.ones(3)
    with pytest.raises(OperandError, match="shares memory with another argument"):
        step(w, w)
    with pytest.raises(OperandError, match="is not a contiguous array"):
        step(np.ones(6)[::2], np.ones(3))
    captured = np.ones(3)
    with pytest.raises(OperandError, match="is also captured"):
        ad.compile(lambda w: w * captured, donate=0, backend="python")(captured)
    with pytest.raises(OperandError, match="is no array"):
        step(1.0, 2.0)


def test_sizes_are_checked_before_anything_is_made():
    exe = python(lambda x: anp.broadcast_to(x, (1 << 30, 1 << 20)) * 2.0)
    with pytest.raises(SizeError, match="and this machine has") as caught:
        exe(1.0)
    assert isinstance(caught.value, MemoryError)


def test_a_function_that_calls_itself():
    @ad.compile(backend="python")
    def forever(x):
        return forever(x * 2.0)

    with pytest.raises(GraphError, match="calls itself with arguments of the same kinds"):
        forever(1.0)

    @ad.compile(backend="python", static_argnums=1)
    def factorial(x, n):
        return x if n == 0 else factorial(x * n, n - 1)

    assert factorial(1.0, 5) == 120.0


def test_a_tensor_that_leaks_from_its_trace():
    kept = []

    @ad.compile(backend="python")
    def leaking(x):
        kept.append(x * 2.0)
        return x

    leaking(1.0)
    with pytest.raises(TracedError, match="was traced while another function was compiled"):
        python(lambda y: y * kept[0])(2.0)
    with pytest.raises(TracedError):
        python(lambda y, z: y * z)(2.0, kept[0])
    with pytest.raises(TracedError):
        float(kept[0] + 1.0)


def test_errors_of_the_function_come_from_its_own_line():
    @ad.compile(backend="python")
    def wrong(x):
        return x @ np.ones((4, 2))

    with pytest.raises(ShapeError) as caught:
        wrong(np.ones((2, 3)))
    assert "x @ np.ones((4, 2))" in str(caught.value)
    assert wrong(np.ones((2, 4))).shape == (2, 2)


def test_a_branch_on_a_traced_value_names_the_remedies():
    with pytest.raises(TracedError) as caught:
        python(lambda x: x if x > 0.0 else -x)(1.0)
    assert all(word in str(caught.value) for word in ("where", "guard=True", "eager"))
    assert "x > 0.0" in str(caught.value)


def test_integer_arrays_are_not_differentiated():
    with pytest.raises(DtypeError):
        python(ad.grad(lambda x: anp.sum(x)))(np.arange(3))


def test_a_recorded_graph_is_a_function_of_its_leaves():
    a = ad.tensor(2.0, requires_grad=True, name="a")
    b = ad.tensor(3.0, requires_grad=True, name="b")
    loss = (a * b + a) * 2.0
    exe = ad.compile(loss, backend="python")
    assert exe().item() == 16.0
    assert (exe(1.0, 1.0), exe(b=1.0, a=2.0)) == (4.0, 8.0)
    assert exe(b=0.0).item() == 4.0
    exe().backward()
    assert (a.grad.item(), b.grad.item()) == (8.0, 4.0)
    with ad.no_grad():
        a += 1.0
    assert exe().item() == 24.0
    with pytest.raises(CallError, match="has no input c"):
        exe(c=1.0)
    with pytest.raises(CallError, match="has 2 inputs, got 3 values"):
        exe(1.0, 2.0, 3.0)
    with pytest.raises(ShapeError, match="the graph takes a as"):
        exe(np.ones(2), 1.0)
    with pytest.raises(GraphError, match="no graph behind"):
        ad.compile(ad.tensor(1.0))


def test_a_defined_graph_is_compiled():
    graph = ad.Graph.define({"c": ("multiply", "w", "x"), "J": ("square", "c")}, output=["J", "c"])
    exe = ad.compile(graph, backend="python")
    assert exe(2.0, 3.0) == {"J": 36.0, "c": 6.0}
    found = exe(w=np.ones(2), x=np.full(2, 3.0))
    assert_alike(found, {"J": np.full(2, 9.0), "c": np.full(2, 3.0)})
    with pytest.raises(GraphError, match="has no value"):
        exe(2.0)


def test_compiled_functions_inside_compiled_functions():
    inner = python(lambda x: np.sin(x) * 2.0)
    outer = python(ad.value_and_grad(lambda x: anp.sum(inner(x) ** 2)))
    x = np.arange(3.0)
    assert_alike(outer(x), ad.value_and_grad(lambda x: anp.sum((np.sin(x) * 2.0) ** 2))(x))


def test_explanations_look_inside():
    exe = python(lambda a, b: a * b + a)
    assert ad.explain(exe)(2.0, 3.0).gradients == {"a": 4.0, "b": 2.0}


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_compiled_functions(order):
    def f(x):
        return anp.sum(np.sin(x) * x**3)

    plain, compiled = f, python(f)
    for _ in range(order - 1):
        plain = (lambda g: lambda x: anp.sum(ad.grad(g)(x)))(plain)
        compiled = (lambda g: lambda x: anp.sum(ad.grad(g)(x)))(compiled)
    x = np.array([0.3, 0.9])
    assert_alike(ad.value_and_grad(compiled)(x), ad.value_and_grad(plain)(x))
    assert_alike(ad.jvp(compiled, (x,), (x,)), ad.jvp(plain, (x,), (x,)))
    assert_alike(ad.jacobian(compiled)(x), ad.jacobian(plain)(x))


def test_several_outputs_are_differentiated_together():
    def f(x, y):
        return x * y, anp.sum(x), [y, x.astype(int) if np.ndim(x) else x]

    exe = python(f)
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    loss = lambda g: lambda x, y: (lambda o: anp.sum(o[0]) * o[1] + anp.sum(o[2][0]))(g(x, y))
    for argnums in (0, 1, (0, 1)):
        assert_alike(ad.value_and_grad(loss(exe), argnums)(x, y), ad.value_and_grad(loss(f), argnums)(x, y))


def test_nothing_is_recorded_for_untracked_tensors():
    exe = python(lambda x: x * 2.0)
    assert exe(ad.tensor(1.0)).node is None
    w = ad.tensor(1.0, requires_grad=True)
    with ad.no_grad():
        assert exe(w).node is None
    assert exe(w).requires_grad


def test_threads_share_an_executable():
    exe = python(ad.value_and_grad(lambda x: anp.sum(x * x)))
    wrong = []

    def work(n):
        for _ in range(20):
            value, gradient = exe(np.full(n, 2.0))
            if value != 4.0 * n or gradient.shape != (n,):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(1 + i % 3,)) for i in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert wrong == []


def test_without_native_code_there_is_one_warning(monkeypatch):
    monkeypatch.setattr(backends, "_NATIVE", [])

    def missing(name):
        raise ImportError("No module named 'llvmlite'", name="llvmlite")

    monkeypatch.setattr(backends.importlib, "import_module", missing)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert ad.compile(lambda x: x * 2.0)(2.0) == 4.0
        assert ad.compile(lambda x: x * 3.0)(2.0) == 6.0
    assert [w.category for w in seen] == [backends.CompileWarning]


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64, np.longdouble, np.float16])
def test_numbers_that_machine_code_does_not_have(dtype):
    x = np.arange(3).astype(dtype)
    assert_alike(ad.compile(lambda x: x * 2)(x), x * 2)


def test_batches_of_compiled_functions_and_compiled_batches():
    f = lambda x: anp.sum(anp.tanh(x) * x)
    x = np.arange(6.0).reshape(2, 3)
    wanted = ad.vmap(ad.grad(f))(x)
    assert_alike(ad.vmap(ad.grad(python(f)))(x), wanted)
    assert_alike(python(ad.vmap(ad.grad(f)))(x), wanted)


def test_indices_outside_are_told_in_the_users_terms():
    for exe in (python(lambda x, i: x[i]), ad.compile(lambda x, i: x[i])):
        assert exe(np.arange(3.0), 2) == 2.0
        for i in (3, -4):
            with pytest.raises(IndexError, match=r"index -?[34] is out of bounds") as caught:
                exe(np.arange(3.0), i)
            assert isinstance(caught.value, ad.errors.AxisError)


def test_matrices_without_inverse_are_told_in_the_users_terms():
    with pytest.raises(ad.errors.SingularError):
        python(lambda a: np.linalg.solve(a, np.ones(2)))(np.zeros((2, 2)))


def test_the_page_on_compiling_is_true():
    page = Path(__file__).resolve().parents[2] / "docs" / "compile.md"
    failures, tried = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried > 20
    assert failures == 0
