"""Source: the printed text, and the one place where adjoint runs text that it has written itself."""

from __future__ import annotations

import ast
import hashlib
import linecache
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.errors import ArgumentError, GraphError
from adjoint.graph.spec import Spec
from adjoint.source.assembly import Listing
from adjoint.source.templates import helper_text


class Source(str):
    """Readable, standalone Python for a computation and its gradient: a text, with what it needs to run.

    Save it, print it, change it: it imports nothing but NumPy. ``run`` calls it here.

    >>> from adjoint import front  # ad.source is front.source
    >>> text = front.source(lambda w, x: w * x)(2.0, 3.0)
    >>> print(text.splitlines()[-1])
        return out, (g_w, g_x)
    >>> out, gradients = text.run(2.0, 3.0)
    >>> float(out), [float(g) for g in gradients]
    (6.0, [3.0, 2.0])
    """

    #: The name of the function.
    name: str
    #: The parameters that a caller passes, with the specs that the text was written for.
    parameters: dict[str, Spec]
    #: Captured arrays, which are parameters too: pass them by name.
    constants: dict[str, np.ndarray[Any, Any]]
    _pick: Callable[..., list[Any]] | None

    def __new__(cls, listing: Listing, pick: Callable[..., list[Any]] | None = None) -> Source:
        """The text of a listing; ``pick`` finds the parameters' values in a call's arguments."""
        made = super().__new__(cls, listing.text)
        made.name = listing.title
        made.parameters = dict(listing.parameters)
        made.constants = dict(listing.constants)
        made._pick = pick
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return (str, (str(self),))  # what a source was recorded from does not travel

    @property
    def function(self) -> Callable[..., Any]:
        """The function of this text, compiled from it alone."""
        return _compiled(str(self), self.name)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the text on arguments like those that it was recorded with, and on the captured arrays.

        Raises ArgumentError for missing arguments and for other shapes: the text is written for one.
        """
        given = list(args) if self._pick is None else self._pick(*args, **kwargs)
        if len(given) != len(self.parameters):
            raise ArgumentError(
                f"{self.name} needs {len(self.parameters)} values ({', '.join(self.parameters)}), got {len(given)}."
            )
        values = [_fitted(name, spec, value) for (name, spec), value in zip(self.parameters.items(), given)]
        return self.function(*values, **self.constants)


def _fitted(name: str, spec: Spec, value: Any) -> Any:
    array = np.asarray(getattr(value, "_value", value))
    if array.shape != spec.shape or not np.can_cast(array.dtype, spec.dtype, "same_kind"):
        raise ArgumentError(
            f"{name} is {Spec.of(array)!r}, but the source was written for {spec!r}.",
            help="print the source again for these arguments.",
        )
    return array.astype(spec.dtype, copy=False)[()]


def function_of(text: str, name: str, helper: Callable[[str], str]) -> Callable[..., Any]:
    """The function of a flat source whose helpers have other texts: those that ``helper`` gives by name."""
    return _compiled(text, name, helper)


@lru_cache(maxsize=256)
def _compiled(text: str, name: str, helper: Callable[[str], str] = helper_text) -> Callable[..., Any]:
    """The function of a text that has passed the check; tracebacks show its lines."""
    tree = _checked(text, name, helper)
    file = f"<adjoint source {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:12]}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"__name__": "adjoint_source"}
    # The one exec of the engine: its text is unparsed from syntax that we assembled, and checked to be nothing else.
    exec(compile(tree, file, "exec", dont_inherit=True), space)
    return space[name]


_STATEMENTS = (ast.Assign, ast.Return)
_EXPRESSIONS = (
    ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.keyword, ast.Tuple, ast.List, ast.Dict,
    ast.Subscript, ast.Slice, ast.Attribute, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip


def _checked(text: str, name: str, text_of: Callable[[str], str] = helper_text) -> ast.Module:
    """The text as syntax; raises GraphError unless it is an import, our helpers, and one function of formulas."""
    tree = ast.parse(text)
    first, *functions = tree.body
    if ast.unparse(first) != "import numpy" or not functions:
        raise GraphError("this text is no flat source: it does not begin with `import numpy` and a function.")
    *helpers, main = functions
    for helper in helpers:
        known = isinstance(helper, ast.FunctionDef) and ast.dump(helper) == _helper_dump(helper.name, text_of)
        if not known:
            raise GraphError(f"this text is no flat source: line {helper.lineno} is none of its helpers.")
    if not isinstance(main, ast.FunctionDef) or main.name != name or main.decorator_list:
        raise GraphError(f"this text is no flat source: it does not end with the function {name}.")
    called = {h.name for h in helpers if isinstance(h, ast.FunctionDef)} | {"complex"}
    for statement in main.body:
        plain = isinstance(statement, _STATEMENTS)
        for part in [p for child in ast.iter_child_nodes(statement) for p in ast.walk(child)] if plain else ():
            plain = plain and isinstance(part, _EXPRESSIONS)
            if isinstance(part, ast.Attribute):
                plain = plain and not part.attr.startswith("_")
            if isinstance(part, ast.Call):
                plain = plain and (isinstance(part.func, ast.Attribute) or getattr(part.func, "id", None) in called)
        if not plain:
            raise GraphError(f"this text is no flat source: line {statement.lineno} is no formula.")
    return tree


@lru_cache(maxsize=64)
def _helper_dump(name: str, text_of: Callable[[str], str]) -> str:
    try:
        return ast.dump(ast.parse(text_of(name)).body[0])
    except (AttributeError, TypeError, AssertionError):
        return ""
