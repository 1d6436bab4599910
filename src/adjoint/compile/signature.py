"""Signature: how arguments reach a compiled program, and how its results leave it.

Plain data, so that it can stand in the disk cache as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The exact Python types that an argument leaf of a kind may have; "scalar" and "array" are NumPy's.
NUMBERS = ("float", "int", "bool", "complex")


@dataclass(frozen=True, slots=True)
class Input:
    """One leaf of the arguments, or one captured tensor or array: what it must be for this program.

    ``kind`` is the exact class: "float", "int", "bool", "complex" (Python's numbers), "scalar" (a NumPy
    scalar of ``dtype``), "array" (an ndarray of ``dtype`` and ``shape``).
    """

    kind: str
    dtype: str
    shape: tuple[int, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """One leaf of the results: the kind in which it is handed over, and which output of the program it is.

    ``donated`` is the input whose array is handed back, overwritten, as this result (None: a fresh array).
    """

    kind: str
    dtype: str
    shape: tuple[int, ...] = ()
    index: int = 0
    donated: int | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """A nested structure of leaves: ``kind`` "leaf" (``leaf`` counts into the inputs or outputs), "none",
    "tuple", "list" or "dict" (``keys`` in order, all strings), with ``children``; or, among the arguments, "static":
    it must be a recorded object (``leaf`` counts into these), or an int or str that equals it.
    """

    kind: str
    leaf: int = -1
    keys: tuple[str, ...] = ()
    children: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: its name (None where it cannot be given by name) and the structure of its leaves."""

    name: str | None
    tree: Tree
    keyword_only: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """Arguments in, results out. ``inputs`` are first the leaves of the parameters, then the captured ones.

    ``captured`` is how many of the inputs are captured tensors or arrays, read at each call.
    """

    name: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    result: Tree
    captured: int = 0
