"""Random programs and the workloads: optimised graphs compute the same, strict ones to the last bit."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adjoint.errors import AdjointError
from adjoint.graph.spec import Spec
from adjoint.rewrite.passes import BEFORE_DERIVATIVE, optimise
from rewrite.test_rules import bits_differ
from rewrite.workloads import WORKLOADS, evaluated, gradient, graph_of_gradient, traced
from source.programs import arguments, program

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
SMALL = {name: w for name, w in WORKLOADS.items() if name not in {"mlp", "mixture", "mixture_matmul"}}


def close(before, after, single):
    for a, b in zip(before, after):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        scale = max(1.0, float(np.max(np.abs(a), initial=0.0)))
        np.testing.assert_allclose(b, a, rtol=5e-4 if single else 1e-9, atol=scale * (1e-4 if single else 1e-10))


def check(f, args):
    """A function's value and gradient: optimised, optimised before and after, and strict."""
    specs = [Spec.of(np.asarray(a)) for a in args]
    try:
        graph = gradient(f, *specs)
    except AdjointError:
        return None  # an index by a mask, of which no shape is known
    single = any(a.dtype == np.float32 for a in map(np.asarray, args))
    before = evaluated(graph, args)
    made, log = optimise(graph)
    made.check()
    if all(np.isfinite(v).all() for v in before):
        close(before, evaluated(made, args), single)
        forward = optimise(traced(f, *specs), passes=BEFORE_DERIVATIVE).graph
        close(before, evaluated(optimise(graph_of_gradient(forward)).graph, args), single)
    for a, b in zip(before, evaluated(optimise(graph, strict=True).graph, args)):
        assert not bits_differ(a, b), f"{a}\n{b}\n{graph}"
    again = optimise(made).log
    assert not len(again), f"{made}\n{again}"
    return log


@pytest.mark.parametrize("seed", range(200))
def test_random_programs(seed):
    check(program(seed), arguments(seed))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(1000, 10**6), kinds=st.lists(st.sampled_from([0.0, -0.0, 1.0, np.inf, np.nan, 1e300]), max_size=3)
)
@example(seed=1358, kinds=[-0.0])  # a sum of what a rewrite turns from an array of its own into a flipped view
def test_strict_mode_at_special_values(seed, kinds):
    args = arguments(seed)
    for i, one in enumerate(kinds[: len(args)]):
        args[i] = np.array(args[i])
        args[i].reshape(-1)[:1] = one
        args[i] = args[i][()]
    specs = [Spec.of(np.asarray(a)) for a in args]
    try:
        graph = gradient(program(seed), *specs)
    except AdjointError:
        return
    try:
        before = evaluated(graph, args)
    except np.linalg.LinAlgError:
        return
    for a, b in zip(before, evaluated(optimise(graph, strict=True).graph, args)):
        assert not bits_differ(a, b), f"{a}\n{b}\n{graph}"


@pytest.mark.parametrize("name", SMALL)
def test_workloads(name):
    f, specs = WORKLOADS[name]
    draw = np.random.default_rng(5)
    log = check(f, [(0.7 * draw.normal(size=s.shape)).astype(s.dtype)[()] for s in specs])
    assert len(log)


@pytest.mark.parametrize(
    ("name", "bound"),
    [("mlp", 56), ("mixture", 78), ("attention", 38), ("fused", 23), ("rosenbrock", 20), ("scalar", 13), ("norm", 21)],
)
def test_gradients_become_small(name, bound):
    f, specs = WORKLOADS[name]
    forward = optimise(traced(f, *specs), passes=BEFORE_DERIVATIVE).graph
    assert len(optimise(graph_of_gradient(forward)).graph) <= bound


def test_softplus_in_parts_and_its_slope_are_put_together_also_in_a_whole_gradient():
    f, specs = WORKLOADS["fused"]
    made = optimise(gradient(f, *specs)).graph
    names = [n.op.name for n in made.nodes]
    assert names.count("softplus") == names.count("sigmoid") == names.count("tanh") == 1
    assert not {"where", "exp", "log1p", "divide"} & set(names)


def test_the_mixture_has_three_large_products_and_no_fourth():
    f, specs = WORKLOADS["mixture"]
    forward = optimise(traced(f, *specs), passes=BEFORE_DERIVATIVE).graph
    gradient_graph = graph_of_gradient(forward, wrt=(0, 1, 2))
    assert sum(n.op.name == "einsum" for n in gradient_graph.nodes) == 3
    large = [n for n in optimise(gradient_graph).graph.nodes if n.op.name == "einsum" and 1000 in n.input_spec(1).shape]
    assert len(large) == 2


def test_a_relu_network_pays_for_one_question():
    f, specs = WORKLOADS["mlp"]
    made = optimise(gradient(f, *specs)).graph
    names = [n.op.name for n in made.nodes]
    assert names.count("where") <= 4
    assert "logical_or" not in names


def test_one_exponential_serves_softmax_and_its_derivative():
    f, specs = WORKLOADS["attention_softmax"]
    made = optimise(gradient(f, *specs)).graph
    assert [n.op.name for n in made.nodes].count("exp") == 1
