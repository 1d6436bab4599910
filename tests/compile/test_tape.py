"""The tape machine: same values and gradients as eager mode, on every scalar record and on random programs."""

import itertools
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adjoint as ad
import adjoint.numpy as anp
from adjoint.apply import apply, leaf, make
from adjoint.compile.tape import flatten
from adjoint.compile.tape.gradient import deferred, expanded
from adjoint.compile.tape.opcode import scalar_record
from adjoint.compile.tape.program import build, plan_for, suits
from adjoint.errors import ArgumentError, ShapeError, UnsupportedError
from adjoint.functions.program import interpret
from adjoint.graph.graph import Graph
from adjoint.graph.spec import Spec
from adjoint.modes import switched
from adjoint.primitives.record import REGISTRY
from laws import samples  # noqa: F401 - imports every record

SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.5, np.inf, -np.inf, np.nan, 1e-30, 1e30, -3.7, 0.3)
TRUTHS = (
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "invert",
)
NAMES = sorted(
    n for n, op in REGISTRY.items() if scalar_record(op) and n not in {"cut", "alias", "astype", "direction"}
)


def traced(f, *specs):
    """The graph of a function, traced on specs."""
    with switched(recording=True):
        xs = [make(s, leaf(s)) for s in specs]
        out = f(*xs)
    outs = out if isinstance(out, tuple) else (out,)
    return Graph.from_outputs(*outs, inputs=xs)


def close(found, wanted, ulps, what):
    """Equal, both NaN, or some units in the last place of the wanted value (or of 1, if that is larger) apart."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype), what
    with np.errstate(all="ignore"):
        unit = np.spacing(np.maximum(np.abs(np.where(np.isfinite(wanted), wanted, 1)), 1).astype(wanted.dtype))
        same = (found == wanted) | (np.isnan(found) & np.isnan(wanted)) | (np.abs(found - wanted) <= ulps * unit)
    assert same.all(), f"{what}: tape {found}, eager {wanted}"


def compare(f, points, ulps=16, dtype=np.float64, **options):
    """The tape of f against eager mode: values and gradients at every point."""
    points = [tuple(dtype(x) for x in p) for p in points]
    graph = traced(f, *(Spec((), dtype) for _ in points[0]))
    made = build(graph, wrt=graph.inputs, **options)
    eager = ad.value_and_grad(f, argnums=tuple(range(len(points[0]))))
    for point in points:
        with np.errstate(all="ignore"):
            value, gradient = eager(*point)
        for found, wanted in zip(made.run(point), (value, *gradient), strict=True):
            close(found, wanted, ulps, f"at {point}")
    return made


def single(name):
    """A function of numbers that applies one record, whatever it takes and gives, and is differentiable."""
    op = REGISTRY[name]

    def f(*xs):
        given = [x > 0.4 for x in xs] if name in TRUTHS else [xs[0] > 0.4, *xs[1:]] if name == "where" else xs
        out = apply(op, tuple(given))
        return anp.where(out, 2.0 * xs[0], -xs[0]) if out.dtype == bool else out * 1.0

    return f


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", NAMES)
def test_every_record_at_special_points(name, dtype):
    arity = REGISTRY[name].arity
    some = SPECIAL if arity < 3 else (0.0, 1.0, -2.5, np.nan, np.inf)
    points = list(itertools.product(some, repeat=arity))
    if name == "power":
        points.remove((-np.inf, 0.5))  # inf to IEEE and to NumPy's arrays; NumPy's scalars take the square root: NaN
    compare(single(name), points, dtype=dtype)


def test_structural_zeros_stop_infinite_slopes():
    f = lambda x, y: (
        anp.where(x > 0, anp.sqrt(x), x) * anp.maximum(anp.log(abs(y)), y) + anp.sqrt(anp.clip(x, -1.0, 0.0))
    )
    made = compare(f, list(itertools.product((-1.0, 0.0, 2.0), (0.0, 1.0, -3.0, 0.5))))
    assert "structural zeros" in made.plan


def test_values_that_only_decide_pass_nothing_back():
    # sqrt has an infinite slope at 0, but nothing flows into it.
    compare(lambda x, y: anp.where(anp.sqrt(x) > 0.5, x, y) * anp.floor(anp.sqrt(x) + 1.5), [(0.0, 2.0), (4.0, 2.0)])


UNARY = (anp.tanh, anp.sin, anp.exp, abs, lambda x: -x, lambda x: x * 0.5, lambda x: anp.log1p(x * x), anp.floor)
BINARY = (
    lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / (1.5 + y * y), anp.maximum,
    anp.minimum, lambda x, y: anp.where(x > y, x, 0.5 * y), lambda x, y: anp.clip(x, -0.5, abs(y)),
)  # fmt: skip
STEP = st.tuples(st.integers(0, 15), st.integers(0, 40), st.integers(0, 40))


def run_program(steps, *xs):
    values = list(xs)
    for which, a, b in steps:
        x, y = values[-1 - a % len(values)], values[-1 - b % len(values)]
        made = UNARY[which](x) if which < 8 else BINARY[which - 8](x, y)
        values.append(anp.tanh(made))  # so that no rounding error grows
    return values[-1] + 0.25 * values[len(values) // 2]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(STEP, min_size=1, max_size=60),
    st.lists(st.sampled_from((0.0, 0.5, -0.7, 1.3, 2.0)), min_size=3, max_size=3),
)
def test_random_programs(steps, point):
    compare(lambda *xs: run_program(steps, *xs), [tuple(point)], ulps=400)


def mixed(x, y):
    v = x
    for i in range(120):
        v = anp.tanh(v * y + 0.01 * i) if i % 3 else anp.maximum(v, x) + y
    return v


def test_places_of_64_bits_and_narrow_windows_give_the_same(monkeypatch):
    graph = traced(mixed, Spec(()), Spec(()))
    wanted = build(graph, wrt=graph.inputs).run([0.3, -0.2])
    assert build(graph, wrt=graph.inputs, index=np.int64).run([0.3, -0.2]) == wanted
    monkeypatch.setattr(flatten, "WINDOW", 7)
    for found, value in zip(build(graph, wrt=graph.inputs).run([0.3, -0.2]), wanted, strict=True):
        close(found, value, 100, "windows")


def test_registers_of_every_width_give_the_same_bits():
    from adjoint.compile.llvm.host import host, registers

    graph = traced(lambda *xs: run_program([(i % 16, 3 * i, 7 * i) for i in range(300)], *xs), Spec(()), Spec(()))
    wanted = build(graph, wrt=graph.inputs).run([0.3, -0.2])
    for width in (16, 32, 64):
        if width <= host().vector_bytes:
            with registers(width):
                assert build(graph, wrt=graph.inputs).run([0.3, -0.2]) == wanted


def test_vectors_are_read_joined_and_summed():
    def f(x, y):
        entries = [anp.tanh(x[i] * x[i - 1]) for i in range(5)] + [x[::2][1]]
        joined = anp.stack(entries)
        return anp.sum(joined * y) + anp.sum(anp.reshape(joined, (2, 3)).T[1]), joined

    x, y = np.linspace(-1, 1, 5), np.float64(0.7)
    graph = traced(f, Spec((5,)), Spec(()))
    value, joined, gx, gy = build(graph, wrt=graph.inputs).run([x, y])
    (wanted, aux), gradient = ad.value_and_grad(f, (0, 1), has_aux=True)(x, y)
    for found, one in zip((value, joined, gx, gy), (wanted, aux, *gradient), strict=True):
        close(found, one, 8, "vectors")


def test_numbers_that_are_written_into_a_vector():
    def f(x):
        y = x.copy()
        y[1] = x[0] * x[2]
        return anp.sum(y * y) + anp.sum(anp.pad(x[:2], 1, constant_values=3.0)) + anp.sum(anp.concatenate([x, y])[::3])

    x = np.array([0.5, 7.0, -2.0])
    graph = traced(f, Spec((3,)))
    value, gradient = build(graph, wrt=graph.inputs).run([x])
    wanted = ad.value_and_grad(f)(x)
    close(value, wanted[0], 4, "value")
    close(gradient, wanted[1], 4, "gradient")


def test_a_recorded_history():
    x, w = ad.tensor(0.5, requires_grad=True), ad.tensor(np.array([1.0, 2.0]), requires_grad=True)
    v = x
    for i in range(50):
        v = anp.sin(v * w[i % 2]) + 0.1
    graph = Graph.from_outputs(v)
    made = build(graph, wrt=graph.inputs)
    v.backward()
    found = made.run([n.saved[0] for n in graph.inputs])
    for one, tensor in zip(found, (v, x.grad, w.grad), strict=True):
        close(one, tensor.item() if one.shape == () else tensor.numpy(), 40, "history")


def test_values_without_a_gradient():
    graph = traced(mixed, Spec(()), Spec(()))
    with np.errstate(all="ignore"):
        close(build(graph).run([0.3, -0.2])[0], mixed(0.3, -0.2).item(), 100, "value")


def test_an_output_may_be_an_input_and_what_is_not_needed_is_left_out():
    def f(x, y):
        dead = x
        for _ in range(40):
            dead = dead * y
        return x * y, x

    graph = traced(f, Spec(()), Spec(()))
    whole = Graph(graph.inputs, graph.outputs, graph.nodes)
    made = build(whole, wrt=whole.inputs)
    assert made.nodes == 1
    assert made.run([2.0, 3.0]) == [6.0, 2.0, 3.0, 2.0]


def test_unused_inputs_have_a_gradient_of_zero():
    graph = traced(lambda x, y: x * x, Spec(()), Spec((3,)))
    value, first, second = build(graph, wrt=graph.inputs).run([3.0, np.ones(3)])
    assert (value, first) == (9.0, 6.0)
    np.testing.assert_array_equal(second, np.zeros(3))


def chain(n):
    def f(x):
        for _ in range(n // 2):
            x = anp.tanh(x) * 1.5
        return x

    return traced(f, Spec(()))


def test_what_suits():
    assert suits(chain(2000))
    assert not suits(chain(100))
    assert suits(chain(100), threshold=50)
    assert plan_for(chain(100)) is None
    wide = traced(lambda x: sum((anp.sum(x * float(i)) for i in range(1000)), anp.sum(x)), Spec((100,)))
    assert not suits(wide), "arithmetic on arrays is not for the tape"
    whole = deferred(wide.outputs[0], wide.inputs)
    assert whole is not None
    assert not suits(Graph.from_outputs(*whole, inputs=wide.inputs)), "nor is it with its gradient left unwritten"
    linear = traced(lambda x: anp.sum(anp.linalg.solve(x, x)) * 2.0, Spec((3, 3)))
    assert not suits(linear, threshold=1)
    with pytest.raises(UnsupportedError, match="solve is no operation on single numbers"):
        build(linear)
    with pytest.raises(UnsupportedError, match="one precision"):
        build(traced(lambda x: anp.astype(x, np.float32) * 2, Spec(())))
    made = plan_for(chain(2000), wrt=())
    assert made is not None
    assert made.nodes == 2000


def long(x, y):
    for _ in range(400):
        x = anp.sin(x * y) + 0.1 * x
    return x * y


@pytest.mark.parametrize("make", [ad.value_and_grad, ad.grad])
@pytest.mark.parametrize("point", [(0.3, 0.9), (np.float64(0.3), np.float64(0.9)), (ad.tensor(0.3), ad.tensor(0.9))])
def test_compiled_gradients_run_on_the_tape(make, point):
    f = make(long, argnums=(1, 0))
    compiled = ad.compile(f)
    for _ in range(2):
        found, wanted = compiled(*point), f(*point)
        leaves = lambda out: [np.asarray(getattr(v, "value", v)) for v in flat(out)]
        assert [type(v) for v in flat(found)] == [type(v) for v in flat(wanted)]
        for one, other in zip(leaves(found), leaves(wanted), strict=True):
            close(one, other, 400, "compiled")
    assert "tape of" in str(compiled.plan)


def flat(out):
    return [v for one in out for v in (flat(one) if isinstance(one, tuple) else (one,))]


def test_a_compiled_gradient_is_differentiable_again():
    x, y = ad.tensor(0.3, requires_grad=True), 0.9
    compiled = ad.compile(ad.grad(long))
    compiled(x, y).backward()
    wanted = ad.grad(ad.grad(long))(0.3, 0.9)
    np.testing.assert_allclose(x.grad.item(), wanted, rtol=1e-9)
    outer = ad.compile(ad.grad(ad.grad(long)))  # its inner gradient cannot be left to the tape
    np.testing.assert_allclose(outer(0.3, 0.9), wanted, rtol=1e-9)


def test_a_gradient_left_unwritten_can_be_written_out():
    graph = traced(lambda x, y: (long(x, y) * y, y), Spec(()), Spec(()))
    with switched(recording=True):
        items = deferred(graph.outputs[0], graph.inputs)
    assert items is not None
    whole = Graph.from_outputs(*graph.outputs, *items, inputs=graph.inputs)
    written = expanded(whole)
    assert "gradient" not in {n.op.name for n in written.nodes}
    assert expanded(written) is written
    point = [np.float64(0.3), np.float64(0.9)]
    with np.errstate(all="ignore"):
        found = interpret(
            written, dict(zip(written.inputs, point)), lambda op, xs, params: op.value(*xs, **params or {})
        )
    on_tape = build(whole).run(point)
    for one, node in zip(on_tape, written.outputs, strict=True):
        close(one, found[node], 100, "written out")
    with pytest.raises(UnsupportedError, match="computed from a gradient"):
        build(Graph.from_outputs(items[0] * 2.0, inputs=graph.inputs))


def test_building_is_linear_and_nothing_recurses():
    def calls(graph):
        count = 0

        def heard(frame, event, argument):
            nonlocal count
            count += event in {"call", "c_call"}

        sys.setprofile(heard)
        try:
            made = build(graph, wrt=graph.inputs)
        finally:
            sys.setprofile(None)
        return count, made

    build(chain(10))  # compiles the machine, traces the rules
    small, large = calls(chain(10_000)), calls(chain(100_000))
    assert large[0] < 10.5 * small[0]
    assert large[1].bytes < 10.5 * small[1].bytes
    assert large[1].bytes < 40 * 100_000
    assert np.isfinite(large[1].run([0.3])).all()


def test_threads_at_once():
    graph = traced(mixed, Spec(()), Spec(()))
    made = build(graph, wrt=graph.inputs)
    points = [(0.01 * i, 1.0 - 0.02 * i) for i in range(40)]
    wanted = [made.run(p) for p in points]
    found = {}

    def work(start):
        for i in range(start, 40, 4):
            found[i] = [made.run(points[i]) for _ in range(20)]

    threads = [threading.Thread(target=work, args=(s,)) for s in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(one == wanted[i] for i, many in found.items() for one in many)


def test_mistakes_are_told():
    graph = traced(lambda x, y: x * y + anp.sum(y), Spec(()), Spec((2,)))
    with pytest.raises(ShapeError, match=r"a gradient needs a scalar output, this one is f64\[2\]"):
        build(graph, wrt=graph.inputs)
    made = build(graph)
    with pytest.raises(ArgumentError, match="the tape has 2 inputs, got 1"):
        made.run([1.0])
    with pytest.raises(ShapeError, match=r"an input of shape \(2,\) got a value of shape \(3,\)"):
        made.run([1.0, np.ones(3)])
    with pytest.raises(ArgumentError, match="is no input of the graph"):
        build(chain(10), wrt=[graph.inputs[0]])


def test_the_plan_can_be_read():
    graph = traced(lambda x, y: anp.tanh(x * y) + anp.tanh(x + y) * 2.0, Spec(()), Spec(()))
    made = build(graph, wrt=graph.inputs)
    assert made.plan.splitlines()[:2] == [
        "tape of 6 nodes in 5 runs (1.2 nodes a run), float64",
        "  2 entries of inputs, 1 constants, 1 outputs, gradients by 2 inputs",
    ]
    assert "  tanh              2 nodes         1 runs" in made.plan.splitlines()
