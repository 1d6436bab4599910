"""Graphs defined first and run later, and the interpreter behind them."""

import numpy as np
import pytest

from adjoint.apply import apply
from adjoint.create import tensor
from adjoint.errors import AdjointError, ArgumentError, AxisError, DtypeError, GraphError, ShapeError, UnsupportedError
from adjoint.functions.operations import OPERATIONS
from adjoint.functions.program import interpret
from adjoint.graph.graph import Graph
from adjoint.graph.spec import Spec
from adjoint.modes import no_grad
from adjoint.primitives.record import REGISTRY
from adjoint.tensor import Tensor

LINE = {"c": ("multiply", "w", "x"), "a": ("add", "c", "b"), "d": ("subtract", "a", "y"), "J": ("half_square", "d")}
AT = {"w": 2.0, "x": -2.0, "b": 8.0, "y": 2.0}


def test_the_worked_example():
    g = Graph.define(LINE, output="J")
    assert g.evaluate(**AT) == 2.0
    assert type(g.evaluate(**AT)) is float
    assert g.grad().evaluate(**AT) == {"w": -4.0, "x": 4.0, "b": 2.0, "y": -2.0}
    assert [(n.name, n.op.name, g.role(n)) for n in g.nodes] == [
        ("w", "leaf", "leaf"),
        ("x", "leaf", "leaf"),
        ("b", "leaf", "leaf"),
        ("y", "leaf", "leaf"),
        ("c", "multiply", "intermediate"),
        ("a", "add", "intermediate"),
        ("d", "subtract", "intermediate"),
        ("J", "half_square", "root"),
    ]
    g.check()


def test_the_order_of_entries_does_not_matter():
    turned = dict(reversed(LINE.items()))
    g = Graph.define(turned, output="J")
    assert g.evaluate(**AT) == 2.0
    assert [n.label for n in g.inputs] == ["y", "b", "w", "x"]


def test_whole_numbers_count_as_floats():
    found = Graph.define(LINE, output="J").evaluate(w=2, x=-2, b=8, y=True)
    assert found == 4.5
    assert type(found) is float


def test_arrays_come_back_as_arrays_that_the_caller_owns():
    g = Graph.define(LINE, output="J")
    w = np.array([2.0, 1.0])
    found = g.evaluate(**{**AT, "w": w})
    assert found.tolist() == [2.0, 8.0]
    assert found.flags.owndata
    assert found.flags.writeable
    held = Graph.define({"t": ("transpose", "x")}, output="t").evaluate(x=w)
    held[0] = 7.0
    assert w.tolist() == [2.0, 1.0]


def test_tensors_come_back_as_tensors_and_stay_in_the_graph():
    w = tensor(2.0, requires_grad=True)
    found = Graph.define(LINE, output="J").evaluate(**{**AT, "w": w})
    assert type(found) is Tensor
    found.backward()
    assert w.grad.item() == -4.0


def test_other_specs_infer_a_new_graph():
    g = Graph.define(
        {"m": ("mean", "x", {"axis": 0}), "s": ("sum", "m")}, output=["s", "m"], inputs={"x": Spec((3, 2))}
    )
    found = g.evaluate(x=np.arange(6.0).reshape(3, 2))
    assert (found["s"], found["m"].tolist()) == (5.0, [2.0, 3.0])
    found = g.evaluate(x=np.arange(4, dtype="f4").reshape(1, 4))
    assert found["m"].dtype == np.float32
    assert found["m"].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert g.evaluate(x=np.array([[1, 2], [3, 5]]))["m"].tolist() == [2.0, 3.5]


def test_parameters_are_written_as_the_user_would():
    g = Graph.define(
        {
            "t": ("transpose", "x", {"axes": (0, 2, 1)}),
            "r": ("reshape", "t", {"shape": (-1, 3)}),
            "p": ("getitem", "r", {"index": (slice(0, 2), [0, 2])}),
            "n": ("norm", "p", {"axis": 1}),
            "j": ("concatenate", "n", "n", {"axis": 0}),
        },
        output="j",
        inputs={"x": Spec((2, 3, 4))},
    )
    x = np.arange(24.0).reshape(2, 3, 4)
    r = x.transpose(0, 2, 1).reshape(-1, 3)[0:2][:, [0, 2]]
    np.testing.assert_allclose(g.evaluate(x=x), np.concatenate([np.linalg.norm(r, axis=1)] * 2))


def test_several_outputs_are_picked_by_item():
    g = Graph.define({"s": ("slogdet", "a"), "l": ("item", "s", {"index": 1})}, output="l", inputs={"a": Spec((2, 2))})
    a = np.array([[2.0, 1.0], [0.0, 4.0]])
    np.testing.assert_allclose(g.evaluate(a=a), np.log(8.0))
    np.testing.assert_allclose(g.grad().evaluate(a=a)["a"], np.linalg.inv(a).T)


def test_an_output_may_be_an_input_or_a_constant():
    found = Graph.define({"two": ("add", 1.0, 1.0), "x2": ("positive", "x")}, output=["x", "two", "x2"]).evaluate(x=3.0)
    assert found == {"x": 3.0, "two": 2.0, "x2": 3.0}


def test_a_definition_does_not_depend_on_the_mode():
    with no_grad():
        g = Graph.define(LINE, output="J")
    assert g.grad().evaluate(**AT)["w"] == -4.0


def test_a_long_chain_in_reverse_order():
    n = 5_000
    chain = {f"v{i}": ("sin", f"v{i - 1}" if i else "x") for i in reversed(range(n))}
    g = Graph.define(chain, output=f"v{n - 1}")
    x = 1.0
    for _ in range(n):
        x = np.sin(x)
    assert g.evaluate(x=1.0) == x


def test_fingerprints_forget_names():
    renamed = {
        "p": ("multiply", "u", "v"),
        "q": ("add", "p", "z"),
        "r": ("subtract", "q", "t"),
        "s": ("half_square", "r"),
    }
    assert Graph.define(LINE, output="J").fingerprint() == Graph.define(renamed, output="s").fingerprint()
    other = {**LINE, "J": ("square", "d")}
    assert Graph.define(LINE, output="J").fingerprint() != Graph.define(other, output="J").fingerprint()


def test_every_name_is_an_operation_that_exists():
    assert all(map(callable, OPERATIONS.values()))
    internal = {"alias", "cut", "index_add", "scatter", "direction", "cofactor"}
    assert set(REGISTRY) - set(OPERATIONS) == internal


WRONG = [
    ({"a": ("sin", "a")}, "a", GraphError, "the definition runs in a circle: a -> a."),
    ({"a": ("sin", "b"), "b": ("sin", "a")}, "a", GraphError, "the definition runs in a circle: a -> b -> a."),
    (
        {"s": ("sin", "b"), "b": ("add", "x", "c"), "c": ("sin", "d"), "d": ("sin", "b")},
        "s",
        GraphError,
        "the definition runs in a circle: b -> c -> d -> b.",
    ),
    ({"a": ("mutliply", "x", "y")}, "a", GraphError, "a: there is no operation 'mutliply'."),
    ({"a": ("sin", "x", "y")}, "a", GraphError, "a: sin does not take 2 operands"),
    ({"a": ("sum", "x", {"axes": 0})}, "a", UnsupportedError, "sum does not take axes= on tensors."),
    ({"a": ("tile", "x", {"times": 2})}, "a", GraphError, "a: tile does not take 1 operand and times"),
    ({"a": ("sum", "x", {"axis": 3})}, "a", AxisError, "sum: axis 3 does not exist in an array of 0 dimensions."),
    ({"a": ("sin", "x")}, "b", GraphError, "the output 'b' is not defined."),
    ({"a": ("sin", None)}, "a", GraphError, "a: None is no operand."),
    ({"a": "sin"}, "a", GraphError, "'a' is defined as 'sin'."),
    ({"a": ()}, "a", GraphError, "'a' is defined as ()."),
    ({"s": ("slogdet", "x")}, "s", ShapeError, "slogdet needs square matrices, got f64[]."),
    ({"s": ("split", "x", 1), "t": ("sin", "s")}, "t", AxisError, "split: axis 0 does not exist"),
]


@pytest.mark.parametrize(("nodes", "output", "kind", "message"), WRONG, ids=range(len(WRONG)))
def test_errors_of_definitions(nodes, output, kind, message):
    with pytest.raises(kind) as caught:
        Graph.define(nodes, output=output)
    assert caught.value.what.startswith(message)


@pytest.mark.parametrize(("called", "ours"), [("mul", "multiply"), ("neg", "negative"), ("mm", "matmul")])
def test_names_of_other_libraries_are_known(called, ours):
    with pytest.raises(GraphError) as caught:
        Graph.define({"a": (called, "x", "y")}, output="a")
    assert caught.value.help == f"did you mean {ours}?"


def test_errors_name_the_entry():
    with pytest.raises(ShapeError) as caught:
        Graph.define({"p": ("matmul", "x", "y")}, output="p", inputs={"x": Spec((2, 3)), "y": Spec((2, 3))})
    assert caught.value.where.startswith("in p = matmul")


def test_errors_of_inputs_and_outputs():
    with pytest.raises(GraphError, match="'a' is both an input and defined"):
        Graph.define({"a": ("sin", "x")}, output="a", inputs={"a": Spec()})
    with pytest.raises(GraphError, match="the input 'x' needs a Spec, got 3"):
        Graph.define({"a": ("sin", "x")}, output="a", inputs={"x": 3})
    with pytest.raises(GraphError, match="the output 's' has several values"):
        Graph.define({"s": ("split", "x", 2)}, output="s", inputs={"x": Spec((2,))})
    with pytest.raises(GraphError, match="an operand of sin has several outputs"):
        Graph.define({"s": ("split", "x", 2), "t": ("sin", "s")}, output="t", inputs={"x": Spec((2,))})


def test_the_nearest_name_is_suggested():
    with pytest.raises(GraphError) as caught:
        Graph.define({"a": ("mutliply", "x", "y")}, output="a")
    assert "multiply" in caught.value.help


def test_errors_of_values():
    g = Graph.define(LINE, output="J")
    with pytest.raises(ArgumentError) as caught:
        g.evaluate(w=1.0, z=2.0, q=3.0)
    assert caught.value.what == "the graph does not have these inputs (missing: x, b, y; unknown: z, q)."
    assert caught.value.help == "its inputs are w, x, b, y."
    with pytest.raises(AdjointError, match="w cannot use str 'two' as a number"):
        g.evaluate(**{**AT, "w": "two"})
    with pytest.raises(ShapeError, match=r"add cannot broadcast f64\[2\], f64\[3\] together"):
        g.evaluate(**{**AT, "w": np.ones(2), "b": np.ones(3)})


def test_a_history_is_fixed_to_its_specs():
    x = tensor([1.0, 2.0], requires_grad=True, name="x")
    g = Graph.from_outputs((x * x).sum())
    assert g.evaluate(x=np.array([3.0, 4.0])) == 25.0
    with pytest.raises(ShapeError, match=r"the graph takes x as f64\[2\], got f64\[3\]"):
        g.evaluate(x=np.ones(3))


def test_gradients_of_whole_numbers_raise():
    g = Graph.define(LINE, output="J")
    with pytest.raises(DtypeError):
        g.grad(["w"]).evaluate(w=np.array(2), x=np.array(-2), b=np.array(8), y=np.array(2))


def test_the_interpreter_takes_any_meaning():
    """Costs instead of values: the same walk with another call."""
    g = Graph.define(LINE, output="J")
    cost = interpret(g, dict.fromkeys(g.inputs, 0), lambda op, operands, params: 1 + sum(operands))
    assert cost[g.outputs[0]] == 4


def test_the_interpreter_takes_leaves_and_replaced_nodes():
    x = tensor(3.0, requires_grad=True)
    y = x * x
    z = y + 1.0
    g = Graph.from_outputs(z)
    assert interpret(g, {}, apply)[z.node].item() == 10.0
    assert interpret(g, {y.node: tensor(5.0)}, apply)[z.node].item() == 6.0


def test_a_constant_that_was_not_kept_is_named():
    x = tensor(np.ones(50), requires_grad=True)
    y = (x + np.ones(50)).sum()
    with pytest.raises(GraphError, match=r"a constant operand of <add .* was not kept"):
        interpret(Graph.from_outputs(y), {}, apply)


def test_an_input_without_value_is_named():
    g = Graph.define(LINE, output="J")
    with pytest.raises(GraphError, match="the leaf <leaf w f64"):
        interpret(g, {}, apply)
