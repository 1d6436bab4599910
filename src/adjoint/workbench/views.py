"""The same function three times: as it ran, as it was traced, and as it was optimised, rewrite by rewrite."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.compile.strip import stripped
from adjoint.differentiate.containers import flatten
from adjoint.errors import ArgumentError, TracedError
from adjoint.explain.statistics import written
from adjoint.graph.graph import Graph, collect
from adjoint.graph.node import Node
from adjoint.graph.text import clean
from adjoint.rewrite.log import Log, Step
from adjoint.rewrite.passes import optimise
from adjoint.workbench.changes import changes, structures
from adjoint.workbench.limits import afford, traced
from adjoint.workbench.pictures import picture, values_of
from adjoint.workbench.protocol import Limits
from adjoint.workbench.stories import told
from adjoint.workbench.subjects import Subject

#: Rewrites come with a picture of the graph after them until so many nodes are drawn; further ones are asked for.
DRAWN = 800
#: So many rewrites are listed.
LISTED = 500

FORMS = ("gradient", "value")


def views_answer(subject: Subject, body: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """The answer to ``/api/views``; with ``step`` only the picture of the graph after so many rewrites."""
    form = body.get("of", "gradient")
    if form not in FORMS:
        raise ArgumentError(f"a view is of one of: {', '.join(FORMS)}.", help='send {"of": "gradient"}.')
    step = body.get("step")
    if step is not None and (isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= 100_000):
        raise ArgumentError("a step is the number of rewrites taken.", help='send {"step": 3}.')
    afford(subject, limits)
    graph, given = static(subject, form)
    made = optimise(graph)
    if step is not None:
        return _alone(subject, made.log, step, given)
    draw = _drawing(given, subject.title)
    documents = [draw(g) for g in (graph, made.graph)]
    rewrites, left_out = _rewrites(made.log, graph, draw)
    before, after = _results(graph, given), _results(made.graph, given)
    return {
        "of": form,
        "eager": told(subject).to_dict(),
        "traced": documents[0],
        "optimised": documents[1],
        "rewrites": rewrites,
        "count": len(made.log),
        "pictures_left_out": left_out,
        "used": made.log.counts(),
        "results": {"traced": before, "optimised": after},
    }


def static(subject: Subject, form: str) -> tuple[Graph, dict[Node, Any]]:
    """The traced graph of a function, or of its value with its gradient, and the values of its inputs."""
    known = traced(subject)
    if known is None:
        raise TracedError(
            f"{subject.title} branches on values, so it has no static graph.",
            help="choose with where instead of if: then one graph holds both branches.",
        )
    graph = stripped(known.graph, differentiated=False)
    root = graph.outputs[0]
    if form == "gradient" and len(graph.outputs) == 1 and root.dtype.kind == "f" and root.shape == ():
        slopes = graph.grad()
        outputs = [root, *slopes.outputs]
        nodes = sorted({*collect(outputs, frozenset(graph.inputs)), *graph.inputs}, key=lambda n: n.seq)
        graph = Graph(graph.inputs, outputs, nodes, ["value", *(f"d_{key}" for key in slopes.keys or ())])
    graph = stripped(graph)
    values = [v for v in flatten((subject.args, subject.keywords))[0] if _enters(v)]
    values += [getattr(c, "_value", c) for c in known.captured]
    given = {n: np.asarray(v, dtype=n.dtype)[()] for n, v in zip(graph.inputs, values, strict=True)}
    return graph, given


def _enters(value: Any) -> bool:
    """Whether an argument is an input of the trace (whole numbers stay what they are)."""
    return isinstance(value, float | complex | np.ndarray | np.floating | np.complexfloating)


def _drawing(given: dict[Node, Any], title: str) -> Callable[[Graph], dict[str, Any]]:
    """What draws the graphs of one answer, those of the same form in the same cells (the last is often the first)."""
    known: dict[Any, list[tuple[int, int]]] = {}
    return lambda graph: picture(graph, values_of(graph, given), title, known)


def _results(graph: Graph, given: dict[Node, Any]) -> list[Any]:
    """The outputs in numbers, so that everybody can see that a rewrite changed none of them."""
    values = values_of(graph, given)
    return [written(values[o]) if o in values else "NaN" for o in graph.outputs]


def _rewrites(log: Log, start: Graph, draw: Callable[[Graph], dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Every rewrite in words and, for the first of them, the graph after it with what is new in it."""
    found: list[dict[str, Any]] = []
    known: dict[Any, int] = {}
    room = DRAWN
    before, old = start, structures(start, known) if len(start) <= DRAWN else {}
    for i, step in enumerate(log[:LISTED]):
        told_step = _step(step)
        if len(before) <= room:
            after = log.graph(i + 1)
            new = structures(after, known)
            told_step |= {"nodes_before": len(before), "nodes_after": len(after)}
            told_step |= changes(before, old, after, new)
            told_step["graph"] = draw(after)
            before, old = after, new
            room -= len(after)
        else:
            room = 0
        found.append(told_step)
    return found, len(log) - sum("graph" in one for one in found)


def _step(step: Step) -> dict[str, Any]:
    site = step.site
    found = {
        "name": step.name,
        "identity": step.identity,
        "condition": step.condition,
        "before": clean(step.before),
        "after": clean(step.after),
        "stabilises": bool(step.rule.stabilises),
    }
    if site is not None:
        found["site"] = clean(f"{os.path.basename(site.file)}:{site.line}")
        found["line"] = site.line
    return found


def _alone(subject: Subject, log: Log, count: int, given: dict[Node, Any]) -> dict[str, Any]:
    if count > len(log):
        raise ArgumentError(f"there are {len(log)} rewrites, not {count}.", help="ask for one of them.")
    return {"step": count, "graph": _drawing(given, subject.title)(log.graph(count))}
