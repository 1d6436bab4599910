"""The law that a traced gradient is the eager one: rules run on shapes alone, and their graph, replayed, computes."""

from __future__ import annotations

from typing import Any

import numpy as np

import adjoint as ad
from adjoint.apply import leaf, make
from adjoint.differentiate.reverse import reverse
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives.record import Primitive
from laws.derivatives import function, noise, outputs, values
from laws.samples import Sample


def replay(roots: list[Node], given: dict[Node, Any]) -> list[Any]:
    """The values of some nodes, from those of the leaves."""
    known = dict(given)
    with np.errstate(all="ignore"):
        for node in collect(roots, frozenset(given)):
            if node not in known:
                operands = [known[i] if type(i) is Node else i for i in node.inputs]
                known[node] = node.op.value(*operands, **(node.params or {}))
    return [known[r] for r in roots]


def law_traced(op: Primitive, sample: Sample) -> None:
    """Traced with shapes alone, the gradient's graph has the inputs' specs and gives the eager numbers."""
    f, xs = function(op, sample)
    tensors = [make(Spec.of(x), leaf(Spec.of(x))) for x in xs]
    outs = outputs(f(*tensors))
    ws = [noise(200 + i, v) for i, v in enumerate(values(op, sample))]
    for out, w in zip(outs, ws, strict=True):
        assert Spec.of(out._value) == Spec.of(w), f"traced {out._value!r}, computed {Spec.of(w)!r}"
    seeds = [make(Spec.of(w), leaf(Spec.of(w))) for w in ws]
    walk = reverse([(o._node, s) for o, s in zip(outs, seeds, strict=True)], [t._node for t in tensors], records=True)
    found = [walk.found[t._node] for t in tensors]
    for g, x in zip(found, xs, strict=True):
        assert Spec.of(g._value) == Spec.of(x), f"gradient {g._value!r} of {Spec.of(x)!r}"
    given = {t._node: v for t, v in zip((*tensors, *seeds), (*xs, *ws), strict=True)}
    replayed = replay([g._node for g in found], given)
    eager = ad.vjp(f, *xs)[1](tuple(ws) if op.several else ws[0])
    for a, b in zip(replayed, eager, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
