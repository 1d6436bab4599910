"""The backend without native code: flat text, and the interpreter for what has none."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.apply import apply, leaf, make
from adjoint.compile.backend import memory
from adjoint.compile.python_backend import Interpreted, PythonProgram, build, owned, peak
from adjoint.compile.signature import Input, Output, Signature, Tree
from adjoint.errors import UnsupportedError
from adjoint.graph.graph import Graph
from adjoint.graph.spec import Spec
from adjoint.primitives.record import Primitive


def graph_of(f, *specs):
    tensors = [make(s, leaf(s, None, f"x{i}")) for i, s in enumerate(specs)]
    found = f(*tensors)
    outs = found if isinstance(found, tuple) else (found,)
    graph = Graph.from_outputs(*outs, inputs=tensors)
    inputs = tuple(Input("array", s.dtype.name, s.shape, f"x{i}") for i, s in enumerate(specs))
    outputs = tuple(Output("array", o.dtype.name, tuple(o.shape), i) for i, o in enumerate(outs))
    return graph, Signature("f", (), inputs, outputs, Tree("none"))


@pytest.mark.parametrize("kind", [PythonProgram, Interpreted])
def test_outputs_are_fresh(kind):
    graph, signature = graph_of(lambda x: (x, x.reshape(2, 2), x.T, np.split(x, 2)[1], x * 1.0), Spec((4,)))
    program = kind(graph, signature)
    x = np.arange(4.0)
    outs = program.run([x])
    for i, out in enumerate(outs):
        assert out.flags.owndata
        assert not any(np.shares_memory(out, other) for other in (x, *outs[i + 1 :]))
    assert outs[1].tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert program.make_call(print, ()) is None


def test_owned_copies_no_more_than_it_must():
    fresh = np.ones(3)
    (out,) = owned([fresh], [])
    assert out is fresh
    assert owned([np.float64(2.0)], [])[0].shape == ()
    assert owned([fresh], [fresh])[0] is not fresh


OWN = Primitive(
    name="own",
    family="blocked",
    gate="blocks",
    value=lambda x: x + 1.0,
    spec=lambda x: Spec.of(x),
    arity=1,
)


def test_what_cannot_be_printed_is_interpreted():
    graph, signature = graph_of(lambda x: apply(OWN, (x,)) * 2.0, Spec((2,)))
    program = build(graph, signature)
    assert isinstance(program, Interpreted)
    assert program.run([np.zeros(2)])[0].tolist() == [2.0, 2.0]
    with pytest.raises(UnsupportedError, match="flat source cannot print own"):
        build(graph, signature, text=True)


def test_the_peak_counts_what_lives_at_one_time():
    graph, _ = graph_of(lambda x: np.sin(np.cos(np.tanh(x))), Spec((1000,)))
    assert peak(graph) == 2 * 8000
    graph, _ = graph_of(lambda x: (np.sin(x), np.cos(x), np.tanh(x)), Spec((1000,)))
    assert peak(graph) == 3 * 8000
    assert memory() > 1 << 28


def test_the_text_is_that_of_the_optimised_gradient():
    exe = ad.compile(ad.value_and_grad(lambda w, x: anp.sum((w * x) ** 2)), backend="python")
    exe(np.ones(2), np.ones(2))
    body = exe.source.partition("np=numpy):")[2]
    assert body.count("w * x") == 1
    assert str(exe.plan) == exe.source
    assert len(exe.rewrites) > 0
