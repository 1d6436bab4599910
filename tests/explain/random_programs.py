"""Small random programs of two inputs, the same for the same seed."""

from __future__ import annotations

import random

import adjoint.numpy as np

#: What every program may do with an earlier value and the latest one.
KINDS = (
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: np.sin(a),
    lambda a, b: np.maximum(a, b),
    lambda a, b: a / (1.0 + b * b),
)


def random_program(seed, lengths, more):
    """A function of two values that returns the last of so many operations; ``more`` joins the kinds."""
    choose = random.Random(seed)
    kinds = (*KINDS, *more)
    plan = [(choose.randrange(len(kinds)), choose.random()) for _ in range(choose.randint(*lengths))]

    def f(x, y):
        values = [x, y]
        for kind, where in plan:
            values.append(kinds[kind](values[int(where * len(values))], values[-1]))
        return values[-1]

    return f
