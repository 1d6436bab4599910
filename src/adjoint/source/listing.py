"""A program as lines of text: each statement unparsed from syntax, with its comment beside it."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.graph.node import Node
from adjoint.primitives.record import LETTERS
from adjoint.primitives.structure import ALIAS
from adjoint.primitives.words import verb
from adjoint.site import Site
from adjoint.source import literals
from adjoint.source.identifiers import one_line
from adjoint.source.softness import harmless
from adjoint.source.statements import Constant, Operand, Program, Slot, Statement
from adjoint.source.templates import expression

#: Comments start here at the latest; longer statements push theirs along.
_COLUMN = 44


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the function: its text, its comment, and the forward node (and input) that it belongs to.

    ``role`` is "def", "constant", "forward", "seed", "pull", "branch", "zero" or "return".
    """

    text: str
    comment: str
    role: str
    node: Node | None = None
    index: int = -1
    column: int = 0

    def __str__(self) -> str:
        if not self.comment:
            return self.text
        return f"{self.text:<{self.column}}  # {self.comment}"


def lines_of(program: Program, title: str, keys: Sequence[str] | None = None) -> list[Line]:
    """All lines of the function: its definition, its statements, and what it returns."""
    comments = Comments(program)
    body = [*map(_assignment, program.statements), _returned(program, keys)]
    texts = ["    " + _unparsed(tree) for tree in body]
    column = min(max(map(len, texts[:-1]), default=0), _COLUMN)
    lines = [Line(_definition(program, title), "", "def")]
    for text, statement in zip(texts, program.statements):
        lines.append(Line(text, comments.of(statement), statement.role, statement.about, statement.index, column))
    return [*lines, Line(texts[-1], "", "return")]


def _unparsed(tree: ast.stmt) -> str:
    text = ast.unparse(tree)
    if isinstance(tree, ast.Return) and isinstance(tree.value, ast.Tuple) and len(tree.value.elts) > 1:
        return f"return {text[len('return (') : -1]}"  # as people write it
    return text


def _definition(program: Program, title: str) -> str:
    names = [*(p.name for p in program.parameters), "np=numpy"]
    return f"def {title}({', '.join(names)}):"


def _assignment(statement: Statement) -> ast.stmt:
    targets: list[ast.expr] = [ast.Name(t.name, ast.Store()) for t in statement.targets]
    whole = statement.node is not None and statement.node.dtype is None
    target = ast.Tuple(targets, ast.Store()) if whole else targets[0]
    return ast.Assign([target], _computed(statement), lineno=1)


def _computed(statement: Statement) -> ast.expr:
    if statement.node is not None:
        return expression(statement.node, operand_trees(statement))
    if statement.operands:
        return operand(statement.operands[0])
    if isinstance(statement.value, np.ndarray):
        tree = literals.array(statement.value)
        assert tree is not None
        return tree
    return operand(Constant(statement.value), soft=statement.targets[0].weak)


def operand_trees(statement: Statement) -> list[ast.expr]:
    """The operands as syntax, NumPy scalars as plain numbers where that changes nothing."""
    plain = [
        type(o.value) is np.float64 if type(o) is Constant else type(o) is Slot and o.weak for o in statement.operands
    ]
    soft = any(plain) and harmless(statement, plain)
    return [operand(o, soft) for o in statement.operands]


def operand(value: Operand, soft: bool = False) -> ast.expr:
    """A value's name, or a constant as syntax."""
    if type(value) is Slot:
        return literals.name(value.name)
    given: Any = value.value
    if isinstance(given, np.generic):
        return literals.number(given.item()) if soft and type(given) is np.float64 else literals.scalar(given)
    return literals.number(given)


def _returned(program: Program, keys: Sequence[str] | None) -> ast.stmt:
    outputs = [operand(o) for o in program.outputs]
    value: ast.expr
    if keys is not None:
        value = ast.Dict([ast.Constant(k) for k in keys], outputs)
    else:
        value = outputs[0] if len(outputs) == 1 else ast.Tuple(outputs, ast.Load())
    if program.gradients is not None:
        gradients = ast.Tuple([operand(g) for g in program.gradients], ast.Load())
        value = ast.Tuple([value, gradients], ast.Load())
    return ast.Return(value)


class Comments:
    """What to say beside each statement."""

    def __init__(self, program: Program) -> None:
        sites = [s.about.site for s in program.statements if s.role == "forward" and s.about is not None]
        #: The files that the user's lines are in; one is named in the header, several in every comment.
        self.files = sorted({site.file for site in sites if site is not None})
        self._told: set[tuple[str, int]] = set()
        self._values = _forward_values(program)
        self._sites = {id(s): site for s, site in zip((s for s in program.statements if s.role == "forward"), sites)}

    def of(self, statement: Statement) -> str:
        """The comment of one statement, on one line."""
        if statement.role == "constant":
            return "constant"
        if statement.role == "seed":
            return "turn around"
        about = statement.about
        assert about is not None
        name = _word(about)
        if statement.role == "zero":
            return "no path leads here: zero"
        if statement.role == "forward":
            place = self._place(self._sites[id(statement)])
            return f"{name}: {place}" if place else name
        if statement.role == "branch" and about.op is ALIAS:
            text = "a gradient inside"
        elif statement.node is not None and statement.node.origin is not None and statement.node.origin[2] == "mask":
            text = f"{name}: zeros by structure stay zero"
        else:
            text = f"{name} {self._doing(statement)}"
        if statement.joins is not None:
            forward = self._values.get(statement.joins)
            text += f"; branches of {forward} add" if forward else "; branches add"
        return text

    def _doing(self, statement: Statement) -> str:
        about = statement.about
        assert about is not None
        text = verb(about.op)
        own = about.op.slopes[statement.index] if 0 <= statement.index < len(about.op.slopes) else ""
        if own == "-1":
            return "turns the sign"
        if own == "1" or text not in ("scales", "passes"):
            return text
        try:
            slope = own.format(**self._facts(about))
        except (KeyError, IndexError):
            slope = ""
        # A slope that is a plain number, such as 1 / 3.0, stands in the line itself.
        if any(map(str.isalpha, slope)) and len(slope) <= 40:
            return f"scales by {slope}"
        return "scales" if own else text

    def _facts(self, node: Node) -> dict[str, str]:
        shown = [
            self._values.get(i, "") if type(i) is Node else repr(i) if isinstance(i, int | float) else ""
            for i in node.inputs
        ]
        if "" in shown:
            return {}
        return {**dict(zip(LETTERS, shown)), "out": self._values.get(node, "out")}

    def _place(self, site: Site | None) -> str:
        if site is None:
            return ""
        where = f"line {site.line}"
        if len(self.files) > 1:
            where = one_line(f"{os.path.basename(site.file)}:{site.line}")
        if (site.file, site.line) in self._told:
            return where
        text = one_line(site.text)
        if not text:
            return where
        self._told.add((site.file, site.line))
        return f"{where}: {text}"


def _word(node: Node) -> str:
    if node.op.name == "cut":
        return one_line(str((node.params or {}).get("by", "cut")))
    return one_line(node.op.name)


def _forward_values(program: Program) -> Mapping[Node, str]:
    found: dict[Node, str] = {}
    for statement in program.statements:
        if statement.role == "forward" and statement.about is not None and len(statement.targets) == 1:
            found[statement.about] = statement.targets[0].name
    for node, slot in program.inputs.items():
        found[node] = slot.name
    return found
