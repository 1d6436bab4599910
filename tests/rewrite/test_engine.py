"""The machinery: sharing, order, cost, replay, what new nodes remember, and what is never touched."""

import gc

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import GraphError
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives.record import REGISTRY
from adjoint.primitives.structure import LEAF
from adjoint.rewrite import engine
from adjoint.rewrite.passes import ALL, MANY, PASSES, Pass, cse, dce, fold, optimise, replay
from adjoint.rewrite.rule import rule, token
from rewrite.workloads import WORKLOADS, evaluated, gradient, traced

V = Spec((4,))


def names(graph):
    return [n.op.name for n in graph.nodes if not n.is_leaf]


def test_equal_values_are_computed_once():
    made = optimise(traced(lambda x, y: anp.exp(x * y) + anp.exp(y * x), V, V), passes=(cse,)).graph
    assert names(made) == ["multiply", "exp", "add"]


@pytest.mark.parametrize(
    "pair", [(0.0, -0.0), (1.0, 1), (1.0, np.float32(1.0)), (True, 1), (np.zeros(3), np.zeros((3, 1)))]
)
def test_constants_that_only_look_equal_are_told_apart(pair):
    assert token(pair[0]) != token(pair[1])


def test_equal_constants_are_found_equal():
    assert token(np.arange(3.0)) == token(np.arange(3.0))
    assert token(float("nan")) == token(float("nan"))
    assert token((slice(0, 2), None, ...)) == token((slice(0, 2), None, ...))


def test_a_sum_with_zero_and_one_with_minus_zero_stay_two():
    made = optimise(traced(lambda x: anp.exp(x + 0.0) * anp.exp(x + -0.0), V), strict=True, passes=(cse,)).graph
    assert names(made).count("exp") == 2


def test_operands_that_do_not_commute_stay_in_their_places():
    made = optimise(traced(lambda x, y: (x - y) * (y - x), V, V), passes=(cse,)).graph
    assert names(made).count("subtract") == 2


def test_what_no_output_needs_goes_and_inputs_stay():
    graph = traced(lambda x, y: x * 2.0, V, V)
    extra = Graph(graph.inputs, graph.outputs, (*graph.nodes, *traced(lambda x: anp.exp(x), V).nodes))
    made = optimise(extra, passes=(dce,)).graph
    assert made.inputs == graph.inputs
    assert names(made) == ["multiply"]


def test_outputs_have_nodes_of_their_own():
    made = optimise(traced(lambda x: (x * 1.0, 2.0 * x * 1.0, anp.zeros_like(x) * 0.0 + 3.0), V)).graph
    given = np.arange(4.0)
    assert all(not o.is_leaf for o in made.outputs)
    one, two, three = evaluated(made, [given])
    assert one.tolist() == given.tolist()
    assert two.tolist() == (2 * given).tolist()
    assert three.tolist() == [3.0] * 4
    assert len(optimise(made).log) == 0


def test_keys_stay():
    graph = Graph.define({"a": ("multiply", "x", 1.0), "b": ("add", "a", "a")}, output=("a", "b"))
    assert optimise(graph).graph.evaluate(x=3.0) == {"a": 3.0, "b": 6.0}


def test_new_nodes_stand_at_the_line_of_those_they_replace():
    def f(x):
        total = anp.log(1.0 + anp.exp(x))
        return anp.sum(total)

    made, log = optimise(traced(f, V))
    (node,) = [n for n in made.nodes if n.op.name == "softplus"]
    assert "anp.log(1.0" in node.site.text
    assert log[0].site == node.site
    assert node.label == "total"


def test_gradient_nodes_keep_their_origin():
    made = optimise(gradient(*[WORKLOADS["fused"][0]], *WORKLOADS["fused"][1])).graph
    assert sum(n.origin is not None for n in made.nodes) > 5
    assert all(n.origin is None or type(n.origin[0]) is Node for n in made.nodes)


def test_creation_numbers_are_an_order_too():
    for f, specs in (WORKLOADS["fused"], WORKLOADS["attention"], WORKLOADS["norm"]):
        made = optimise(gradient(f, *specs)).graph
        made.check()
        assert all(p.seq < n.seq for n in made.nodes for p in n.parents)


@pytest.mark.parametrize("name", ["fused", "norm", "logistic", "rosenbrock"])
def test_every_prefix_of_the_log_is_a_graph_that_computes_the_same(name):
    f, specs = WORKLOADS[name]
    graph = gradient(f, *specs)
    made, log = optimise(graph)
    draw = np.random.default_rng(3)
    given = [draw.normal(size=s.shape) for s in specs]
    before = evaluated(graph, given)
    for count in range(len(log) + 1):
        step = replay(graph, count)
        for a, b in zip(before, evaluated(step, given)):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert replay(graph, len(log)).fingerprint() == made.fingerprint()
    assert log.graph(0).fingerprint() == graph.fingerprint()
    assert [s.name for s in optimise(graph).log] == [s.name for s in log]


def test_the_log_can_be_read():
    log = optimise(traced(lambda x: anp.log(1.0 + anp.exp(x)) * 1.0, V)).log
    text = str(log)
    assert "softplus: log(1.0 + exp(x0)) -> softplus(x0)" in text
    assert "test_engine.py:" in text
    assert log.counts()["softplus"] == 1
    assert [s.name for s in log.stabilised()] == ["softplus"]
    assert str(optimise(traced(lambda x: anp.exp(x), V)).log) == "no rewrites"
    for f, specs in WORKLOADS.values():
        assert max(map(len, str(optimise(gradient(f, *specs)).log).splitlines())) <= 100


def test_a_log_with_hostile_names_is_one_line_a_step():
    graph = Graph.define({"a\x1b[31m\n": ("multiply", "x\n", 1.0), "y": ("exp", "a\x1b[31m\n")}, output="y")
    assert "\x1b" not in str(optimise(graph).log)
    assert len(str(optimise(graph).log).splitlines()) == len(optimise(graph).log)


def test_users_own_operations_are_never_shared():
    @ad.custom_vjp
    def noise(x):
        return anp.exp(x)

    noise.defvjp(lambda x: (noise(x), x), lambda x, g: (g,))
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    made = optimise(Graph.from_outputs(noise(x) + noise(x))).graph
    assert sum(n.op.name == "noise" for n in made.nodes) == 2


def test_an_eager_history_is_a_graph_like_any_other():
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    loss = anp.sum(anp.log(1.0 + anp.exp(x * 1.0)) * np.linspace(0.0, 1.0, 100)[:, None])
    made, log = optimise(Graph.from_outputs(loss))
    assert {"times-one", "softplus"} <= set(log.counts())
    assert made.inputs == (x.node,)


def test_a_rule_that_changes_the_shape_is_refused():
    @rule("wrong", "exp(x) = 0", "exp")
    def wrong(b, n):
        return np.float64(0.0)

    with pytest.raises(GraphError, match="'wrong' turned"):
        optimise(traced(lambda x: anp.exp(x), V), passes=(Pass("bad", "", (wrong,)),))


def test_rules_that_undo_each_other_come_to_an_end():
    @rule("there", "add = subtract", "add")
    def there(b, n):
        return b.make("subtract", n.inputs[0], b.make("negative", n.inputs[1]))

    @rule("back", "subtract = add", "subtract")
    def back(b, n):
        return b.make("add", n.inputs[0], b.make("negative", n.inputs[1]))

    graph = traced(lambda x, y: x + y, V, V)
    made = optimise(graph, passes=(Pass("circle", "", (there, back)),)).graph
    given = [np.arange(4.0), np.ones(4)]
    assert evaluated(made, given)[0].tolist() == evaluated(graph, given)[0].tolist()


def chain(length):
    """A chain of additions and products, made without a tracer."""
    made = []
    for i in range(length + 1):
        node = Node()
        node.op = REGISTRY["add" if i % 2 else "multiply"] if i else LEAF
        node.inputs = (made[-1], 1.5 if i % 3 else made[max(0, i - 7)]) if i else ()
        node.params = node.code = node.lasti = node.name = node.scope = node.origin = None
        node.shape, node.dtype, node.seq = (), np.dtype(float), engine.next_seq()
        node.saved = (Spec(()),) if not i else None
        made.append(node)
    return Graph(made[:1], made[-1:], made)


@pytest.mark.parametrize("passes", [PASSES, (cse,), (fold,)], ids=["all", "cse", "fold"])
def test_cost_grows_with_the_nodes(passes):
    counts = []
    for length in (500, 1000, 2000):
        start = engine.visited.total
        optimise(chain(length), passes=passes)
        counts.append(engine.visited.total - start)
    assert counts[2] - counts[1] <= 2.2 * (counts[1] - counts[0])
    assert counts[2] <= 40 * 2000


def test_a_very_large_graph_is_swept_once():
    graph = chain(MANY + 10)
    start = engine.visited.total
    made = optimise(graph)
    assert engine.visited.total - start == len(graph)
    assert gc.isenabled()
    made.graph.check()


def test_a_deep_graph_does_not_recurse():
    optimise(chain(19_000), passes=(fold,))


def test_optimising_again_changes_nothing():
    for f, specs in WORKLOADS.values():
        made = optimise(gradient(f, *specs)).graph
        again, log = optimise(made)
        assert again is made
        assert len(log) == 0


def test_the_passes_are_a_readable_tuple():
    assert [p.name for p in PASSES] == ["cse", "fold", "algebra", "stabilise", "cuts", "strength", "motion", "dce"]
    assert set(PASSES) <= set(ALL)
    assert all(p.purpose for p in ALL)
