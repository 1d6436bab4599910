"""The text of a record as syntax, with operands in its places, and the text of the helpers that it calls."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from adjoint.errors import UnsupportedError
from adjoint.graph.node import Node
from adjoint.primitives import helpers
from adjoint.primitives.record import LETTERS, REGISTRY, Primitive

_PLACE = "operand_"


def expression(node: Node, operands: Sequence[ast.expr]) -> ast.expr:
    """The expression that computes a node from its operands; raises UnsupportedError for a user's own operation."""
    op: Primitive = node.op
    if op.name not in REGISTRY or REGISTRY[op.name] is not op:
        raise UnsupportedError(
            f"flat source cannot print {op.name}: its code is a Python function of yours, not a formula.",
            where=node.describe(),
            help="write its value with adjoint's own operations, or leave it out of the function.",
        )
    places = [f"{_PLACE}{i}" for i in range(len(operands))]
    if callable(op.python):
        text = op.python(places, node)
    elif op.python:
        text = op.python.format(**dict(zip(LETTERS, places, strict=False)))
    else:
        text = f"np.{op.name}({', '.join(places)})"
    return _filled(_parsed(text, op.helpers), operands)


@lru_cache(maxsize=4096)
def _parsed(text: str, called: tuple[str, ...]) -> ast.expr:
    """Our own text as syntax; every helper takes the namespace as its last argument."""
    tree = ast.parse(text, mode="eval").body
    for part in ast.walk(tree):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in called:
            part.args.append(ast.Name("np", ast.Load()))
    return tree


def _filled(tree: Any, operands: Sequence[ast.expr]) -> Any:
    """A copy of the syntax with operands in the places of their marks."""
    if isinstance(tree, ast.Name) and tree.id.startswith(_PLACE):
        return operands[int(tree.id[len(_PLACE) :])]
    if isinstance(tree, list):
        return [_filled(part, operands) for part in tree]
    if not isinstance(tree, ast.AST):
        return tree
    return type(tree)(**{field: _filled(part, operands) for field, part in ast.iter_fields(tree)})


@lru_cache(maxsize=64)
def helper_text(name: str) -> str:
    """The text of a helper function as it is printed: the same as eager mode runs, with ``np`` as last parameter.

    >>> helper_text("softplus").splitlines()[0]
    'def softplus(x, np):'
    """
    function: Callable[..., Any] = getattr(helpers, name)
    lines = inspect.getsource(function).rstrip().splitlines()
    definition = ast.parse("\n".join(lines)).body[0]
    assert isinstance(definition, ast.FunctionDef)
    last = definition.args.args[-1]
    assert last.end_lineno is not None
    line = lines[last.end_lineno - 1].encode()
    lines[last.end_lineno - 1] = (line[: last.end_col_offset] + b", np" + line[last.end_col_offset :]).decode()
    return "\n".join(lines)
