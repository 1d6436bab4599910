"""``ad.source``: what a function computes at some arguments, and its gradient, as flat readable Python."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adjoint.differentiate.variables import Argnums, function_name
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.source.assembly import written
from adjoint.source.listing import Line
from adjoint.source.recording import Call
from adjoint.source.running import Source


def source(f: Callable[..., Any], argnums: Argnums | None = None) -> Callable[..., Source]:
    """A function that runs ``f`` on its arguments and returns the flat source of what happened, gradient included.

    Differentiates by all floating arguments, or by those of ``argnums``. An output that is no real
    scalar gets its cotangent as a further parameter. The text is written for the shapes, the integers
    and the branches of this call.

    >>> def f(a, b):
    ...     c = a + b
    ...     return c * b
    >>> print(source(f)(2.0, 1.0))
    import numpy
    <BLANKLINE>
    # f(a: f64[], b: f64[]) returns out, and its gradient by a, b.
    <BLANKLINE>
    <BLANKLINE>
    def f(a, b, np=numpy):
        c = a + b        # add: line 2: c = a + b
        out = c * b      # multiply: line 3: return c * b
        g_out = 1.0      # turn around
        g_c = g_out * b  # multiply swaps
        g_b = g_out * c  # multiply swaps
        g_a = g_c        # add distributes
        g_b = g_b + g_c  # add distributes; branches of b add
        return out, (g_a, g_b)
    <BLANKLINE>
    """

    def printed(*args: Any, **kwargs: Any) -> Source:
        """The flat source of this call."""
        call = Call(f, args, kwargs, argnums)
        listing = written(call.graph, call.wanted, call.names, _title(f))
        extra = len(listing.parameters) - len(call.graph.inputs)
        return Source(listing, functools.partial(call.pick, extra))

    return printed


def _title(f: Any) -> str:
    name = function_name(f)
    return "f" if name == "<lambda>" else name


def source_of(
    graph: Graph, wrt: Sequence[Node] | None = None, *, names: Mapping[Node, str] | None = None, title: str = "f"
) -> Source:
    """The flat source of a graph as it is; with ``wrt`` the gradients by these of its nodes follow.

    >>> import adjoint as ad
    >>> g = ad.Graph.define({"c": ("multiply", "w", "x"), "J": ("square", "c")}, output="J")
    >>> print(source_of(g).split("np=numpy):")[1].rstrip())
    <BLANKLINE>
        c = w * x         # multiply
        J = np.square(c)  # square
        return J
    """
    return Source(written(graph, wrt, names or {}, title))


def backward_listing(
    graph: Graph, wrt: Sequence[Node] | None = None, *, names: Mapping[Node, str] | None = None, title: str = "f"
) -> list[Line]:
    """The lines of the function that computes a graph's outputs and their gradients, each with its forward node.

    Line 0 is the definition, the last one what is returned; without ``wrt`` all floating inputs count.

    >>> import adjoint as ad
    >>> g = ad.Graph.define({"c": ("multiply", "w", "x")}, output="c")
    >>> [(line.role, line.text.strip()) for line in backward_listing(g)][2:]
    [('seed', 'g_c = 1.0'), ('pull', 'g_w = g_c * x'), ('pull', 'g_x = g_c * w'), ('return', 'return c, (g_w, g_x)')]
    """
    wanted = [n for n in graph.inputs if n.dtype.kind in "fc"] if wrt is None else wrt
    return written(graph, wanted, names or {}, title).lines
