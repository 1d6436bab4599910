"""The examples that the workbench offers: the functions of ``examples/``, with inputs to begin with.

They are ordinary programs that anybody can read and run. An installed package carries them along (see
docs/decisions); in a clone they are where they are. Nothing but the files listed here is ever loaded.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from adjoint.errors import ArgumentError, InputFileError
from adjoint.expression.classics import CLASSICS
from adjoint.expression.place import nearest, shown
from adjoint.site import EXAMPLES, PACKAGE

#: The files, and the group of the menu in which their functions stand.
FILES = {
    "worked_examples": "worked",
    "gates": "gates",
    "gates_of_arrays": "gates",
    "losses": "losses",
    "networks": "networks",
    "attention": "networks",
    "lstm": "memory",
    "neural_turing_machine": "memory",
}

#: Functions whose computation is written as an expression too, by the values that both start from.
_TEXTS = {
    "squared_error": "squared-error",
    "product_of_a_sum": "product-of-a-sum",
    "sum_times": "sum-times",
    "sine": "sine",
    "neuron": "neuron",
    "max_gate": "maximum",
    "copy_gate": "copy",
}


@dataclass(frozen=True, eq=False)
class Example:
    """One function of the gallery: its identity, what a menu says of it, and where it starts."""

    id: str
    name: str
    title: str
    group: str
    function: Callable[..., Any]
    values: dict[str, Any]
    #: The same computation in the little language, or "".
    expression: str
    #: The text of its file.
    source: str


def folder() -> Path:
    """Where the examples are: beside the package in a clone, inside it where it is installed."""
    for place in (Path(PACKAGE) / "examples", Path(PACKAGE).parents[1] / "examples"):
        if (place / "worked_examples.py").is_file():
            return place
    raise InputFileError(
        "the examples are missing from this installation.",
        where=PACKAGE.rstrip("/\\"),
        help="install adjoint again, or run it from a clone.",
    )


@cache
def gallery() -> dict[str, Example]:
    """All examples by their identity, such as ``losses.hinge``, in the order of the menu.

    >>> sorted({example.group for example in gallery().values()})
    ['gates', 'losses', 'memory', 'networks', 'worked']
    """
    texts = {classic.name: classic.text for classic in CLASSICS}
    found: dict[str, Example] = {}
    for stem, group in FILES.items():
        path = folder() / f"{stem}.py"
        source = path.read_text(encoding="utf-8")
        for function, values in _loaded(path).EXAMPLES.items():
            name = function.__name__
            key = f"{stem}.{name}"
            text = texts[_TEXTS[name]] if group == "worked" else ""
            given = dict(zip(inspect.signature(function).parameters, values, strict=True))
            title = (function.__doc__ or name).strip().rstrip(".")
            found[key] = Example(key, name.replace("_", " "), title, group, function, given, text, source)
    return found


def example(name: object) -> Example:
    """One example; raises ArgumentError with the nearest names for one that there is not."""
    known = gallery()
    if isinstance(name, str) and name in known:
        return known[name]
    near = nearest(name, known) if isinstance(name, str) else None
    raise ArgumentError(
        f"there is no example {shown(str(name))}.",
        help=f"did you mean {near}?" if near else f"there are {len(known)}, such as {next(iter(known))}.",
    )


def _loaded(path: Path) -> Any:
    """A file of ours as a module under a name of its own; its lines are shown as a user's are."""
    name = f"adjoint_example_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    EXAMPLES.add(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
