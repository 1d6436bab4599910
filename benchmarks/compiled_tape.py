"""A random scalar graph, float64: value and gradient a node, and building it a node.

Every node is an add, a multiply or a tanh of two of the last 50 nodes; a fresh input joins them every 20 nodes.
What nothing uses is summed. (Where a result would pass 1 its tanh is taken, so that rounding errors stay small
enough to compare.) Times are for one node of the function, its gradient included. "first call" is everything from
the Python function to the first result; the machine code of the loop, which does not depend on the graph, is
there already.

The C tape is the plain loop over opcodes that one writes by hand; the straight line has one statement a node and
two or three a node backwards, with no loop and no memory but a local variable each, and takes gcc two
minutes at 10^4 nodes. Ours is built in microseconds a node.
"""

from __future__ import annotations

import array
import functools
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import _compiled as bench
import _peers as peers
import numpy

import adjoint as ad
import adjoint.numpy as anp

TITLE = "A random scalar graph, a node"

WINDOW, EVERY, ADD, MULTIPLY, TANH = 50, 20, 0, 1, 2

TAPE = """
#include <math.h>
double tape(const int *op, const int *a, const int *b, double *v, double *d, const double *x, double *g,
            long inputs, long nodes) {
    for (long i = 0; i < inputs; i++) v[i] = x[i];
    double *w = v + inputs, *e = d + inputs;
    for (long i = 0; i < nodes; i++)
        switch (op[i]) {
            case 0: w[i] = v[a[i]] + v[b[i]]; break;
            case 1: w[i] = v[a[i]] * v[b[i]]; break;
            case 2: w[i] = tanh(v[a[i]]); break;
        }
    for (long i = 0; i < inputs + nodes; i++) d[i] = 0;
    e[nodes - 1] = 1;
    for (long i = nodes - 1; i >= 0; i--)
        switch (op[i]) {
            case 0: d[a[i]] += e[i]; d[b[i]] += e[i]; break;
            case 1: { double p = v[a[i]], q = v[b[i]]; d[a[i]] += e[i] * q; d[b[i]] += e[i] * p; break; }
            case 2: d[a[i]] += e[i] * (1 - w[i] * w[i]); break;
        }
    for (long i = 0; i < inputs; i++) g[i] = d[i];
    return w[nodes - 1];
}
"""


class Graph:
    """Inputs first, then one node a step: an opcode and two earlier places."""

    def __init__(self, nodes: int) -> None:
        choose = random.Random(nodes)
        x = [choose.uniform(0.2, 0.9) for _ in range(10 + nodes // EVERY)]
        self.inputs = len(x)
        values, recent = list(x), list(range(10))
        used = [True] * len(x)
        self.op, self.left, self.right = array.array("i"), array.array("i"), array.array("i")
        fresh = iter(range(10, len(x)))
        loose = 0
        while len(self.op) + loose < nodes:
            if len(self.op) % EVERY == EVERY - 1 and (place := next(fresh, None)) is not None:
                recent.append(place)
            a, b, op = choose.choice(recent[-WINDOW:]), choose.choice(recent[-WINDOW:]), choose.randrange(3)
            value = values[a] + values[b] if op == ADD else values[a] * values[b]
            if op == TANH or abs(value) > 1.0:
                op, b, value = TANH, a, math.tanh(values[a])
            loose += 1 - (not used[a]) - (not used[b] and a != b)
            used[a] = used[b] = True
            recent.append(len(values))
            self.step(op, a, b)
            values.append(value)
            used.append(False)
        total, *rest = (i for i, known in enumerate(used) if not known)
        for place in rest:
            self.step(ADD, total, place)
            total = self.inputs + len(self.op) - 1
        self.x = numpy.array(x)
        self.nodes = len(self.op)

    def step(self, op: int, a: int, b: int) -> None:
        self.op.append(op)
        self.left.append(a)
        self.right.append(b)

    def __call__(self, x: Any, tanh: Callable[[Any], Any] = anp.tanh) -> Any:
        v = [x[i] for i in range(self.inputs)]
        push = v.append
        for op, a, b in zip(self.op, self.left, self.right):
            push(v[a] + v[b] if op == ADD else v[a] * v[b] if op == MULTIPLY else tanh(v[a]))
        return v[-1]


def function(graph: Graph) -> Callable[[Any], Any]:
    """The graph as a Python function."""

    def loss(x: Any) -> Any:
        return graph(x)

    return loss


def in_c(graph: Graph) -> bench.Run | None:
    if (library := bench.c_library(TAPE)) is None:
        return None
    v, d, g = (
        numpy.empty(graph.inputs + graph.nodes),
        numpy.empty(graph.inputs + graph.nodes),
        numpy.empty_like(graph.x),
    )
    lists = [numpy.array(part, numpy.int32) for part in (graph.op, graph.left, graph.right)]
    call = bench.c_call(library.tape, *lists, v, d, graph.x, g, graph.inputs, graph.nodes)
    return lambda: (call(), g)


def straight(graph: Graph) -> bench.Run | None:
    """The graph written out in C, a statement a node."""
    steps = list(enumerate(zip(graph.op, graph.left, graph.right), graph.inputs))
    lines = [f"double v{i} = x[{i}], d{i} = 0;" for i in range(graph.inputs)]
    for i, (op, a, b) in steps:
        code = f"tanh(v{a})" if op == TANH else f"v{a} {'+*'[op]} v{b}"
        lines.append(f"double v{i} = {code}, d{i} = 0;")
    last = graph.inputs + graph.nodes - 1
    lines.append(f"d{last} = 1;")
    for i, (op, a, b) in reversed(steps):
        if op == TANH:
            lines.append(f"d{a} += d{i} * (1 - v{i} * v{i});")
        elif op == ADD:
            lines.append(f"d{a} += d{i}; d{b} += d{i};")
        else:
            lines.append(f"d{a} += d{i} * v{b}; d{b} += d{i} * v{a};")
    lines += [f"g[{i}] = d{i};" for i in range(graph.inputs)]
    body = "\n".join(lines)
    source = f"#include <math.h>\ndouble line(const double *x, double *g) {{\n{body}\nreturn v{last};\n}}"
    if (library := bench.c_library(source)) is None:
        return None
    g = numpy.empty_like(graph.x)
    call = bench.c_call(library.line, graph.x, g)
    return lambda: (call(), g)


def in_casadi(graph: Graph, build: bool = False) -> bench.Maker:
    """CasADi's virtual machine, through its buffer interface."""

    def made(casadi: Any) -> bench.Run:
        def construct() -> Any:
            x = casadi.SX.sym("x", graph.inputs)
            loss = graph([x[i] for i in range(graph.inputs)], casadi.tanh)
            return casadi.Function("graph", [x], [loss, casadi.gradient(loss, x)])

        def ready(program: Any) -> bench.Run:
            buffer, run = program.buffer()
            value, g = numpy.zeros(1), numpy.zeros(graph.inputs)
            buffer.set_arg(0, memoryview(graph.x))
            buffer.set_res(0, memoryview(value))
            buffer.set_res(1, memoryview(g))

            def call() -> Any:
                run()
                return value[0], g

            call.kept = buffer  # type: ignore[attr-defined]
            return call

        return (lambda: ready(construct())()) if build else ready(construct())

    return lambda: None if (casadi := peers.peer("casadi", [])) is None else made(casadi)


def cases() -> Iterator[bench.Case]:
    for power in (3, 4, 5, 6):
        graph = Graph(10**power)
        loss = function(graph)
        small, middle = power == 3, power <= 5
        yield bench.Case(
            f"10^{power} nodes, a call",
            ours=bench.ours(loss, graph.x),
            alone=bench.alone(loss, graph.x) if middle else None,
            engines={"casadi": in_casadi(graph)} if middle else {},
            hand={"C": functools.partial(in_c, graph)}
            | ({"C, straight line": functools.partial(straight, graph)} if small else {}),
            items=graph.nodes,
            most=10e-9,
            tolerance=1e-8,
        )
        if middle:
            yield bench.Case(
                f"10^{power} nodes, first call",
                ours=lambda loss=loss, x=graph.x: lambda: ad.compile(ad.value_and_grad(loss))(x),
                engines={"casadi": in_casadi(graph, build=True)},
                items=graph.nodes,
                most=10e-6,
                tolerance=1e-8,
            )


if __name__ == "__main__":
    bench.run(TITLE, __doc__, cases)
