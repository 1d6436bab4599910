"""Calls: the operations of a program that NumPy computes, as the steps that native code calls back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.compile.statements import Program, Statement
from adjoint.compile.terms import Term


def call_results(program: Program, term: Term) -> list[Term]:
    """The results of a call that are used, in order."""
    return sorted((t for t in program.terms if t.kind == "item" and t.args[0] is term), key=lambda t: t.data)


def call_operands(term: Term) -> list[Term]:
    """The operands of a call that lie in memory: all but known scalars."""
    return [a for a in term.args if a.kind != "const"]


def steps_in_python(program: Program) -> list[Any]:
    """What native code calls back, in the order of the program's calls."""
    return [_step(program, s) for s in program.statements if s.kind == "call"]


def _step(program: Program, s: Statement) -> Any:
    from adjoint.compile.llvm.callback import Step

    op = s.term.data[0]
    results = call_results(program, s.term)
    return Step(
        _function(s.term, [t.data for t in results]),
        tuple((a.dtype, a.shape) for a in call_operands(s.term)),
        tuple((t.dtype, t.shape) for t in results),
        op.name,
        copies=op.name not in _OURS,
    )


def _function(term: Term, wanted: list[int]) -> Callable[..., tuple[Any, ...]]:
    """The record's value with known scalars put in their places, as the results that are used."""
    op, params, weak, _ = term.data
    fixed = [(a.data.item() if kind else a.data) if a.kind == "const" else None for a, kind in zip(term.args, weak)]
    known = [a.kind == "const" for a in term.args]

    def compute(*arrays: Any) -> tuple[Any, ...]:
        given = iter(arrays)
        operands = [f if k else _scalar(next(given)) for f, k in zip(fixed, known, strict=True)]
        with np.errstate(all="ignore"):
            made = op.value(*operands, **params)
        return tuple(made[i] for i in wanted) if op.several else (made,)

    return compute


def _scalar(array: np.ndarray) -> Any:
    return array if array.shape else array[()]


def _registered() -> frozenset[str]:
    from adjoint.primitives.record import REGISTRY

    return frozenset(REGISTRY)


#: Records of the registry keep nothing of their operands; users' own operations get copies.
_OURS = _registered()
