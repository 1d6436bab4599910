"""The log of an optimisation: each step says which identity was used, under which condition, where, and on what."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, overload

from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.text import clean, constant_text
from adjoint.rewrite.rule import Rule
from adjoint.site import Site

_WIDTH = 100
_DEEP = 4

#: Operations that are written as a call, because their formula reads like other operations.
_NAMED = frozenset({"softplus", "expm1", "log1p", "relu", "half_square", "reciprocal", "alias", "cut"})

#: A formula in which all operands stand between the brackets of a function.
_CALL = re.compile(r"\w+\([^()]*\)")

#: Shared nodes are a step of the log like any other.
CSE = Rule(
    "same-value", "the same operation on the same operands is one value", "always", lambda b, n: None, (), strict=True
)


class Step(NamedTuple):
    """One rewrite: the rule, the node that it was used on, and what stands there since."""

    rule: Rule
    node: Node
    result: Any

    @property
    def name(self) -> str:
        """The name of the rule."""
        return self.rule.name

    @property
    def identity(self) -> str:
        """The identity that was used."""
        return self.rule.identity

    @property
    def condition(self) -> str:
        """What is taken for granted where it was used."""
        return self.rule.condition

    @property
    def before(self) -> str:
        """The expression that was replaced."""
        return expression(self.node)

    @property
    def after(self) -> str:
        """The expression that stands in its place."""
        return expression(self.result)

    @property
    def site(self) -> Site | None:
        """The user's line on which the replaced value was computed, or from which its derivative comes."""
        return self.node.site

    def text(self, width: int = _WIDTH) -> str:
        """The step in one line."""
        site = self.site
        where = "" if site is None else f"{clean(os.path.basename(site.file))}:{site.line}"
        room = width - len(self.name) - len(where) - 8
        left = expression(self.node)
        right = expression(self.result)
        half = max(room // 2, 12)
        if len(left) + len(right) > room:
            spare = max(half - min(len(left), len(right)), 0)
            left, right = _cut(left, half + spare), _cut(right, half + spare)
        return _cut(f"{self.name}: {left} -> {right}  {where}".rstrip(), width)

    def __str__(self) -> str:
        return self.text()


class Log(Sequence[Step]):
    """The steps of an optimisation in the order in which they were taken, and the graph that it started from.

    ``print(log)`` shows one line a step; ``log[i]`` is a step, ``log.graph(i)`` the graph after the first i.
    """

    def __init__(self, start: Graph, steps: Sequence[Step], again: Any) -> None:
        self.start = start
        self._steps = tuple(steps)
        self._again = again

    def graph(self, count: int) -> Graph:
        """The graph after the first ``count`` steps; all of them give the result, none the graph as it was."""
        made: Graph = self._again(self.start, count)
        return made

    def counts(self) -> dict[str, int]:
        """How often each rule was used, the most used first."""
        found: dict[str, int] = {}
        for step in self._steps:
            found[step.name] = found.get(step.name, 0) + 1
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def stabilised(self) -> tuple[Step, ...]:
        """The steps that made a value more accurate, or kept it from overflowing."""
        return tuple(s for s in self._steps if s.rule.stabilises)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, index: Any) -> Any:
        return self._steps[index]

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps)

    def __str__(self) -> str:
        rows = [f"{i + 1:>4} {step.text(_WIDTH - 5)}" for i, step in enumerate(self._steps)]
        return "\n".join(rows) or "no rewrites"

    def __repr__(self) -> str:
        return f"<Log of {len(self)} rewrites>"


def expression(value: Any, depth: int = _DEEP) -> str:
    """A value as text: names of the user's variables, operations written out a few levels deep.

    >>> from adjoint.graph.graph import Graph
    >>> g = Graph.define({"y": ("add", "x", 1.0), "z": ("log", "y")}, output="z")
    >>> expression(g.outputs[0])
    'log(y)'
    """
    if type(value) is not Node:
        return constant_text(value)
    if value.is_leaf:
        return clean(value.label or "input")
    return _written(value, depth)


def _written(node: Node, depth: int) -> str:
    # At most a few levels: this may recurse.
    operands = [_operand(i, depth - 1) for i in node.inputs]
    form = node.op.formula
    params = {k: constant_text(v) for k, v in (node.params or {}).items()}
    if form and node.op.name not in _NAMED and len(operands) <= 3 and "{xs}" not in form:
        if _CALL.fullmatch(form):
            operands = [_bare(o) for o in operands]
        try:
            return form.format(**dict(zip("xyz", operands)), **params)
        except (KeyError, IndexError, ValueError):
            pass  # a formula in words that are not operands: it is written as a call
    said = [_bare(o) for o in operands] + [f"{k}={v}" for k, v in params.items()]
    return f"{node.op.name}({', '.join(said)})"


def _operand(value: Any, depth: int) -> str:
    if type(value) is not Node:
        return constant_text(value)
    label = value.name or (value.label if value.origin is None else None)
    if value.is_leaf or label:
        return clean(label or "input")
    if depth <= 0:
        return "…"
    text = _written(value, depth)
    return f"({text})" if _open(text) else text


def _open(text: str) -> bool:
    """Whether a text needs brackets around it as an operand: an operator stands outside of brackets."""
    level = 0
    for i, c in enumerate(text):
        level += (c in "([") - (c in ")]")
        if level == 0 and (c == " " or (c == "-" and not i)):
            return True
    return False


def _bare(text: str) -> str:
    """A text without brackets around all of it."""
    if not text.startswith("(") or not text.endswith(")"):
        return text
    level = 0
    for i, c in enumerate(text):
        level += (c == "(") - (c == ")")
        if level <= 0 and i < len(text) - 1:
            return text
    return text[1:-1]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
