"""Node: what a recorded operation knows of itself."""

import inspect

import numpy as np
import pytest

import adjoint as ad
from adjoint import numpy as anp
from adjoint.graph.node import FREED, Node, held_bytes

FIELDS = {"op", "inputs", "params", "shape", "dtype", "saved", "code", "lasti", "seq", "name", "scope", "origin"}


def test_it_has_exactly_the_fields_of_the_design_and_no_dict():
    assert set(Node.__slots__) == FIELDS
    assert not hasattr(ad.tensor(1.0, requires_grad=True).node, "__dict__")


def test_an_operation():
    x = ad.tensor([1.0, 2.0], requires_grad=True, name="x")
    line = inspect.currentframe().f_lineno + 1
    total = anp.sum(x, axis=0)
    node = total.node
    assert (node.op.name, node.inputs, node.shape, node.dtype) == ("sum", (x.node,), (), np.float64)
    assert node.params == {"axis": (-1,), "keepdims": False}
    assert (node.spec, node.specs, node.parents) == (ad.Spec(), (ad.Spec(),), [x.node])
    assert (node.is_leaf, x.node.is_leaf) == (False, True)
    assert (node.label, x.node.label) == ("total", "x")
    assert (node.site.line, node.site.file) == (line, __file__)
    assert node.code.co_name == "test_an_operation"
    assert node.seq > x.node.seq
    assert repr(node) == f"<sum total f64[] #{node.seq}>"
    assert (node.origin, node.scope) == (None, None)


def test_several_outputs_have_specs_and_users_hold_items():
    x = ad.tensor(np.arange(5.0), requires_grad=True)
    a, b = anp.split(x, [2])
    whole = a.node.inputs[0]
    assert whole is b.node.inputs[0]
    assert (whole.op.name, whole.dtype) == ("split", None)
    assert whole.specs == (ad.Spec((2,)), ad.Spec((3,)))
    assert [t.node.op.name for t in (a, b)] == ["item", "item"]
    assert [t.node.params for t in (a, b)] == [{"index": 0}, {"index": 1}]


@pytest.mark.parametrize(("size", "kept"), [(8, True), (9, False)])
def test_an_untracked_operand_stands_in_inputs_itself_up_to_64_bytes(size, kept):
    x = ad.tensor(np.ones(size), requires_grad=True)
    data = np.arange(float(size))
    held = (x + data).node.inputs[1]
    assert isinstance(held, np.ndarray) is kept
    assert ad.Spec.of(held) == ad.Spec((size,))
    if kept:
        data[:] = 7.0
        assert held.tolist() == list(range(size))
    product = (x * data).node  # here the rule for x needs it
    assert product.saved[1].tolist() == data.tolist()
    assert product.saved[1] is not data


def test_only_saved_changes_and_to_freed():
    x = ad.tensor(2.0, requires_grad=True)
    y = x * x
    node = y.node
    before = {field: getattr(node, field) for field in FIELDS}
    y.backward()
    assert node.saved is FREED
    assert repr(FREED) == "FREED"
    assert {field: getattr(node, field) for field in FIELDS - {"saved"}} == {
        field: value for field, value in before.items() if field != "saved"
    }


def test_a_node_of_a_gradient_names_its_forward_node_input_and_role():
    x = ad.tensor(2.0, requires_grad=True, name="x")
    y = anp.sin(x) * x
    (g,) = ad.gradients(y, [x], create_graph=True)
    made = [n for n in ad.Graph.from_outputs(g).nodes if n.origin is not None]
    assert {(n.op.name, n.origin[0].op.name, *n.origin[1:]) for n in made} >= {
        ("multiply", "multiply", 0, "pull"),
        ("multiply", "multiply", 1, "pull"),
        ("cos", "sin", 0, "pull"),
        ("multiply", "sin", 0, "pull"),
    }
    assert all(n.site == n.origin[0].site for n in made)


def test_a_tangent_names_its_forward_node():
    x = ad.tensor(2.0, requires_grad=True)
    _, t = ad.jvp(anp.sin, (x,), (ad.tensor(1.0, requires_grad=True),))
    roles = {(n.origin[0].op.name, n.origin[2]) for n in ad.Graph.from_outputs(t).nodes if n.origin}
    assert ("sin", "push") in roles


@pytest.mark.parametrize(
    ("value", "size"),
    [(np.ones((2, 3)), 48), (np.float32(1), 4), (2.0, 8), (1j, 16), (None, 0), ((np.ones(2), 1.0), 24), (FREED, 0)],
)
def test_what_a_saved_value_holds(value, size):
    assert held_bytes(value) == size
