"""Graph: an eager history, a definition and a gradient are one type."""

import numpy as np
import pytest

import adjoint as ad
from adjoint import numpy as anp
from adjoint.errors import GraphError


def history():
    x = ad.tensor([1.0, 2.0], requires_grad=True, name="x")
    w = ad.tensor([3.0, 4.0], requires_grad=True, name="w")
    h = anp.tanh(w * x)
    return x, w, h, anp.sum(h * x)


def test_an_eager_history_is_a_graph_in_topological_order():
    x, w, h, out = history()
    g = ad.Graph.from_outputs(out)
    g.check()
    assert [n.op.name for n in g.nodes] == ["leaf", "leaf", "multiply", "tanh", "multiply", "sum"]
    assert (g.inputs, g.outputs, len(g)) == ((x.node, w.node), (out.node,), 6)
    assert [g.role(n) for n in (x.node, h.node, out.node)] == ["leaf", "intermediate", "root"]
    assert g.consumers()[x.node] == [g.nodes[2], g.nodes[4]]
    assert g.consumers()[out.node] == []


def test_inputs_may_be_intermediates():
    x, _, h, out = history()
    g = ad.Graph.from_outputs(out, inputs=[h, x])
    g.check()
    assert g.inputs == (h.node, x.node)
    assert [n.op.name for n in g.nodes] == ["leaf", "tanh", "multiply", "sum"]
    assert g.role(h.node) == "leaf"


def test_it_is_frozen():
    g = ad.Graph.from_outputs(history()[-1])
    with pytest.raises(AttributeError, match="frozen"):
        g.nodes = ()


def test_what_check_refuses():
    g = ad.Graph.from_outputs(history()[-1])
    with pytest.raises(GraphError, match="does not stand before it"):
        ad.Graph(g.inputs, g.outputs, reversed(g.nodes)).check()
    with pytest.raises(GraphError, match="stands twice"):
        ad.Graph(g.inputs, g.outputs, (*g.nodes, g.nodes[-1])).check()
    with pytest.raises(GraphError, match="not in the graph"):
        ad.Graph(g.inputs, g.outputs, g.nodes[:-1]).check()


def test_there_is_no_graph_behind_what_is_not_tracked():
    with pytest.raises(GraphError, match="not tracked"):
        ad.Graph.from_outputs(ad.tensor(1.0))


def fingerprint(f, *args):
    return ad.Graph.from_outputs(f(*[ad.tensor(a, requires_grad=True) for a in args])).fingerprint()


def test_names_lines_and_values_do_not_count_in_the_fingerprint():
    def other(q):
        named = anp.sin(q)
        return named * 2.0

    assert fingerprint(lambda x: anp.sin(x) * 2.0, 1.0) == fingerprint(other, 7.0)


@pytest.mark.parametrize(
    "other",
    [
        lambda x: anp.cos(x) * 2.0,
        lambda x: anp.sin(x) * 3.0,
        lambda x: anp.sin(x) * np.float64(2.0),
        lambda x: 2.0 * anp.sin(x),
        lambda x: anp.sin(x * 2.0),
        lambda x: anp.sin(x) * 2.0 * 1.0,
    ],
)
def test_operations_order_and_constants_count_in_the_fingerprint(other):
    assert fingerprint(lambda x: anp.sin(x) * 2.0, 1.0) != fingerprint(other, 1.0)


def test_specs_and_parameters_count_in_the_fingerprint():
    square = np.ones((2, 2))
    assert fingerprint(anp.sin, square) != fingerprint(anp.sin, square.astype("f4"))
    assert fingerprint(anp.sin, square) != fingerprint(anp.sin, np.ones(4))
    assert fingerprint(lambda x: anp.sum(x, axis=0), square) != fingerprint(lambda x: anp.sum(x, axis=1), square)
    assert fingerprint(lambda x: x[:1], square) != fingerprint(lambda x: x[1:], square)
    assert fingerprint(lambda x: x[[0, 1]], square) != fingerprint(lambda x: x[[1, 0]], square)


def test_a_deep_history_is_walked_without_recursion():
    t = ad.tensor(1.0, requires_grad=True)
    for _ in range(100_000):
        t = t + 1.0
    g = ad.Graph.from_outputs(t)
    g.check()
    assert len(g) == 100_001
    assert len(g.fingerprint()) == 64
    lines = str(g).splitlines()
    assert len(lines) == 302
    assert lines[201] == "  … 99,700 more: 99,700 add"
