"""From a recorded graph to the whole text: what is imported, helpers, the function, and a header that explains it."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.source.backward import write_backward
from adjoint.source.forward import Writer
from adjoint.source.identifiers import identifier, one_line
from adjoint.source.listing import Line, lines_of
from adjoint.source.naming import give_names
from adjoint.source.simplify import simplify
from adjoint.source.softness import soften
from adjoint.source.statements import Program, Slot
from adjoint.source.templates import helper_text

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """A printed computation: its lines, what stands above them, and the parameters in order."""

    title: str
    lines: list[Line]
    header: list[str]
    helpers: list[str]
    #: Names and specs of the parameters that are no captured arrays.
    parameters: list[tuple[str, Spec]]
    constants: dict[str, np.ndarray[Any, Any]]

    @property
    def text(self) -> str:
        """The whole module."""
        # Nothing of the user's stands in the first two lines, where a comment could name an encoding.
        parts = ["\n".join(["import numpy", "", *self.header])]
        parts += [*map(helper_text, self.helpers), "\n".join(map(str, self.lines))]
        return "\n\n\n".join(parts) + "\n"


def written(
    graph: Graph,
    wanted: Sequence[Node] | None,
    names: Mapping[Node, str],
    title: str,
) -> Listing:
    """The listing of a graph, with the gradients by the wanted nodes (None: the forward part alone)."""
    writer = Writer(graph.inputs, names)
    writer.forward(graph.nodes, graph.outputs)
    outputs = [writer.value(root) for root in graph.outputs]
    gradients = None
    if wanted is not None:
        gradients = write_backward(writer, graph.nodes, graph.outputs, wanted, graph.inputs)
    inputs = {n: s for n in graph.inputs if type(s := writer.became(n)) is Slot}
    program = Program(writer.parameters, writer.statements, outputs, gradients, inputs, writer.captured)
    # Captured arrays come last: the others are what a caller passes.
    program.parameters.sort(key=lambda slot: slot in program.captured)
    program.drop_unused()
    simplify(program)
    program.drop_unused()
    soften(program)
    helpers = sorted({h for s in program.statements if s.node is not None for h in s.node.op.helpers})
    give_names(program, helpers)
    title = identifier(title, "f")
    title = f"{title}_" if title in helpers else title
    own = [p for p in program.parameters if p not in program.captured]
    return Listing(
        title,
        lines_of(program, title, graph.keys),
        _header(program, title, graph, wanted),
        helpers,
        [(p.name, p.spec) for p in own],
        {p.name: array for p, array in program.captured.items()},
    )


def _header(program: Program, title: str, graph: Graph, wanted: Sequence[Node] | None) -> list[str]:
    """Comment lines: what goes in, what comes out, and which files the lines are of."""
    own = [p for p in program.parameters if p not in program.captured]
    given = ", ".join(f"{p.name}: {p.spec!r}" for p in own)
    out = ", ".join(o.name if type(o) is Slot else "a constant" for o in program.outputs)
    lines = [f"{title}({given}) returns {out}"]
    if wanted:
        by = ", ".join(program.inputs[n].name for n in wanted if n in program.inputs)
        seeds = ", ".join(p.name for p in own if p.follows is not None)
        lines[0] += f", and the pullback of {seeds} to {by}" if seeds else f", and its gradient by {by}"
    lines[0] += "."
    for slot in program.captured:
        lines.append(f"{slot.name}: {slot.spec!r} is an array that the function captured, passed like the others.")
    files = sorted({s.about.site.file for s in program.statements if s.role == "forward" and s.about and s.about.site})
    if len(files) == 1 and not files[0].startswith("<"):
        lines.append(f"Lines are those of {one_line(os.path.basename(files[0]))}.")
    return [f"# {part}" for line in lines for part in textwrap.wrap(line, _WIDTH - 2)]
