"""Shapes to try a record on: every way to broadcast, every choice of axes, also with no elements."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from adjoint.primitives.record import Primitive
from laws.samples import Sample

PATTERNS = {
    1: [((),), ((1,),), ((0,),), ((2, 0, 3),), ((2, 3),)],
    2: [
        ((), ()), ((), (3,)), ((3,), ()), ((1,), (3,)), ((2, 1), (1, 3)), ((3,), (2, 3)), ((2, 3), (2, 1)),
        ((2, 1, 3), (4, 1)), ((0,), ()), ((1,), (0,)), ((2, 0), (1, 1)), ((), (1, 1)), ((1, 1), (3,)),
    ],
    3: [
        ((), (3,), ()), ((2, 1), (3,), ()), ((3,), (2, 1), (1,)), ((1,), (), (2, 3)), ((), (), ()), ((0,), (1,), ()),
        ((2, 3), (2, 3), (2, 3)),
    ],
}  # fmt: skip


def broadcast_samples(op: Primitive, sample: Sample) -> list[Sample]:
    """The sample's values in every pattern of shapes that broadcast."""
    flat = [np.ravel(v) for v in sample.operands]
    made = []
    for shapes in PATTERNS[op.arity or 1]:
        operands = tuple(np.resize(v, shape)[()] for v, shape in zip(flat, shapes, strict=True))
        made.append(Sample(operands, sample.params))
    return made


#: Reductions that have no value over no elements, in NumPy and here.
NEEDS_ELEMENTS = {"max", "min", "argmax", "argmin"}


def reduction_samples(op: Primitive) -> Iterator[Sample]:
    """Every choice of axes, with and without keepdims, also over no elements."""
    for shape in [(2, 3, 2), (3,), (), (0,), (2, 0, 3), (2, 1)]:
        x = np.resize(np.linspace(0.3, 1.7, 12) ** 2, shape)[()]
        for size in range(len(shape) + 1):
            for axis in itertools.combinations(range(-len(shape), 0), size):
                if op.name in NEEDS_ELEMENTS and any(shape[a] == 0 for a in axis):
                    continue
                for keepdims in (False, True):
                    yield Sample((x,), {"axis": axis, "keepdims": keepdims})
