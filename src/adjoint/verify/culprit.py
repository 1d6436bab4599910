"""The search for the operation whose rule is wrong: every gate alone, at its recorded inputs, against differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.apply import leaf, next_seq, record
from adjoint.graph.node import Node
from adjoint.numbers import apart, format_number
from adjoint.primitives.structure import ALIAS, ITEM
from adjoint.verify.compare import Cell, compare
from adjoint.verify.structure import Place, Structure, copied, passes, place_of, value_of
from adjoint.verify.subject import Subject, real

#: The most gates that one search visits; every operation and line gets its turn before any comes twice.
GATES = 400


@dataclass(frozen=True)
class Culprit:
    """An operation whose own derivative rule differs from differences of its own value."""

    node: Node
    place: Place
    mode: str
    #: Which of its inputs the rule is wrong for, counted from 0.
    number: int
    analytic: float
    numeric: float
    bound: float

    def __str__(self) -> str:
        analytic, numeric = apart(self.analytic, self.numeric)
        return (
            f"the {self.mode}-mode rule of {self.place.short} is wrong by its input {self.number}: "
            f"analytic {analytic}, numeric {numeric} ± {format_number(self.bound)}"
        )


def culprits(structure: Structure, random: np.random.Generator) -> list[Culprit]:
    """The operations between the inputs and the outputs whose rules are wrong, in the order of the computation."""
    found: list[Culprit] = []
    inner = structure.inner
    turns: dict[tuple[Any, ...], int] = {}
    ranked = []
    for node in structure.nodes:
        if node not in structure.live or node not in inner or node.op in (ALIAS, ITEM) or not node.op.differentiable:
            continue
        key = (node.op.name, node.code, node.lasti)
        turns[key] = turn = turns.get(key, -1) + 1
        ranked.append((turn, node.seq, node))
    for _, _, node in sorted(ranked, key=lambda r: r[:2])[:GATES]:
        chosen = [i for i, p in enumerate(node.inputs) if type(p) is Node and p in inner and passes(node, i)]
        cell = _worst(node, chosen, structure, random)
        if cell is not None:
            number = chosen[cell.number]
            found.append(Culprit(node, place_of(node), cell.mode, number, cell.analytic, cell.numeric, cell.bound))
    found.sort(key=lambda c: c.node.seq)
    return found


def _worst(node: Node, chosen: list[int], structure: Structure, random: np.random.Generator) -> Cell | None:
    values = [structure.values[i] if type(i) is Node else i for i in node.inputs]
    result = compare(alone(node, chosen, values), 24, random)
    wrong = [c for c in result.cells if c.verdict == "wrong"]
    return max(wrong, key=lambda c: np.inf if np.isnan(c.error) else c.error, default=None)


def alone(node: Node, chosen: Sequence[int], values: Sequence[Any]) -> Subject:
    """One gate as a function of its own: the same record, parameters and saved values on fresh leaves.

    ``chosen`` are the inputs to vary: those for whose gradients the gate has saved what it needs.
    """
    leaves = {i: leaf(np.asarray(values[i])[()]) for i in chosen}
    copy = copied(node)
    copy.inputs = tuple(leaves.get(i, given) for i, given in enumerate(values))
    copy.seq = next_seq()
    out = value_of(copy, {leaves[i]: values[i] for i in chosen})
    several = node.op.several
    outs = [np.asarray(o) for o in (out if several else (out,))]
    roots: list[Node | None] = [copy]
    if several:
        roots = [record(ITEM, (copy,), {"index": i}, o.shape, o.dtype, None) for i, o in enumerate(outs)]
    kept = [i for i, o in enumerate(outs) if o.dtype.kind in "fc"]

    def evaluate(moved: Sequence[Any], wide: bool) -> list[Any]:
        full = list(values)
        for i, value in zip(chosen, moved, strict=True):
            full[i] = value
        if wide:
            full = [v.astype(np.result_type(v, np.float64)) if _float_array(v) else v for v in full]
        with np.errstate(all="ignore"):
            found = node.op.value(*full, **(node.params or {}))
        found = found if several else (found,)
        return [np.asarray(found[i]) for i in kept]

    return Subject(
        [f"input {i}" for i in chosen],
        [np.asarray(values[i])[()] for i in chosen],
        [leaves[i] for i in chosen],
        [roots[i] for i in kept],
        [outs[i] for i in kept],
        evaluate,
    )


def _float_array(value: Any) -> bool:
    dtype = getattr(value, "dtype", None)
    return isinstance(dtype, np.dtype) and dtype.kind in "fc"


def entry_name(value: Any, coordinate: int) -> str:
    """The index of a real coordinate of an array, as one writes it (with the part of a complex number).

    >>> entry_name(np.zeros((2, 3)), 4), entry_name(np.complex128(1), 1)
    ('[1, 1]', ' (imaginary part)')
    """
    array = np.asarray(value)
    part = ""
    if array.dtype.kind == "c":
        part = " (imaginary part)" if coordinate % 2 else " (real part)"
        coordinate //= 2
    if not array.shape or real(array).size == 0:
        return part
    index = np.unravel_index(coordinate, array.shape)
    return f"[{', '.join(map(str, map(int, index)))}]{part}"
