"""The passes of the optimiser by name, in their order, and the function that runs them until nothing changes."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from adjoint.graph.graph import Graph
from adjoint.rewrite.engine import Rewriter
from adjoint.rewrite.log import Log
from adjoint.rewrite.rule import Rule, table
from adjoint.rewrite.rules_algebra import ALGEBRA
from adjoint.rewrite.rules_contract import CONTRACT
from adjoint.rewrite.rules_fold import CUTS, FOLD
from adjoint.rewrite.rules_index import INDEX
from adjoint.rewrite.rules_logsum import LOGSUM, SHARES, SHIFTS
from adjoint.rewrite.rules_motion import MOTION, one_keepdims
from adjoint.rewrite.rules_select import SELECT
from adjoint.rewrite.rules_shape import SHAPE
from adjoint.rewrite.rules_slopes import SLOPES
from adjoint.rewrite.rules_stable import STABLE
from adjoint.rewrite.rules_strength import STRENGTH


class Pass(NamedTuple):
    """One sweep over the graph: its name, what it is for, and its rules in the order in which they are tried.

    Every sweep shares equal values and leaves out what no output needs; a pass without rules does
    that alone.
    """

    name: str
    purpose: str
    rules: tuple[Rule, ...] = ()


cse = Pass("cse", "equal values are computed once")
fold = Pass("fold", "constants, and operations that change nothing", FOLD + SHAPE)
algebra = Pass("algebra", "signs, terms, factors, indices and choices", FOLD + SHAPE + ALGEBRA + INDEX + SELECT)
stabilise = Pass("stabilise", "softplus, logsumexp and others in the place of what overflows", LOGSUM + STABLE + SLOPES)
shifts = Pass("shifts", "shifts by which no derivative goes, before one is taken", SHIFTS)
cuts = Pass("cuts", "stopped gradients, once no derivative is taken any more", CUTS)
strength = Pass("strength", "products in the place of powers, divisions and exponentials", STRENGTH + SHARES)
motion = Pass("motion", "factors and sums to where they cost least", (one_keepdims, *MOTION, *CONTRACT))
dce = Pass("dce", "what no output needs is left out")

#: All of them, for a graph of which no derivative is taken any more.
PASSES: tuple[Pass, ...] = (cse, fold, algebra, stabilise, cuts, strength, motion, dce)

#: For a graph that is differentiated afterwards: what changes neither a derivative nor a convention at a kink.
BEFORE_DERIVATIVE: tuple[Pass, ...] = (cse, fold, algebra, stabilise, shifts, dce)

#: Every pass that there is.
ALL: tuple[Pass, ...] = (cse, fold, algebra, stabilise, shifts, cuts, strength, motion, dce)

#: For very large graphs: once (and every sweep shares equal values, and leaves out what is not needed).
LARGE: tuple[Pass, ...] = (fold,)

#: From this number of nodes on a graph is very large.
MANY = 20_000

_ROUNDS = 8


class Rewritten(NamedTuple):
    """A graph that computes the same, and the log of the rewrites that led to it."""

    graph: Graph
    log: Log


def optimise(graph: Graph, *, strict: bool = False, passes: Iterable[Pass] = PASSES) -> Rewritten:
    """The graph after all passes, repeated until nothing changes, with the log of every step.

    ``strict`` keeps every bit of every output (NaNs count as equal): only exact rules run. Inputs stay,
    in their order, also those that nothing needs any more; outputs stay in their order, with their
    keys. Graphs of more than 20,000 nodes go through the cheap passes once.

    >>> g = Graph.define({"e": ("exp", "x"), "s": ("add", 1.0, "e"), "y": ("log", "s")}, output="y")
    >>> print(optimise(g).log)
       1 softplus: log(s) -> softplus(x)
    >>> optimise(g).graph.evaluate(x=1000.0)
    1000.0
    """
    chosen = tuple(passes)
    made, log = _run(graph, strict, chosen, None)
    return Rewritten(made, Log(graph, log.log, lambda start, count: _run(start, strict, chosen, count)[0]))


def replay(graph: Graph, count: int, *, strict: bool = False, passes: Iterable[Pass] = PASSES) -> Graph:
    """The graph after the first ``count`` steps that ``optimise`` takes of it."""
    return _run(graph, strict, tuple(passes), count)[0]


def _run(graph: Graph, strict: bool, passes: tuple[Pass, ...], limit: int | None) -> tuple[Graph, Rewriter]:
    state = Rewriter(graph, strict, limit)
    tables = [table(p.rules, strict) for p in passes]
    if len(graph.nodes) > MANY:
        with _uncollected():
            for one in [t for p, t in zip(passes, tables, strict=True) if p in LARGE]:
                state.sweep(one)
        return state.graph, state
    # A pass is left out while nothing has changed since it last found nothing to do.
    clean = 0
    for turn in range(_ROUNDS * len(passes)):
        at = turn % len(passes)
        # A sweep without rules changes nothing behind another sweep: each of them shares, and drops.
        changed = bool(passes[at].rules or not turn) and state.sweep(tables[at])
        clean = 0 if changed else clean + 1
        if clean >= len(passes):
            break
    return state.graph, state


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles, which would look through millions of new nodes again and again."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
