"""Random programs for checks: a few statements over arrays of mixed shapes, smooth at almost every point."""

import numpy as np

import adjoint.numpy as anp

UNARY = [
    anp.sin,
    anp.tanh,
    lambda a: anp.exp(a * 0.3),
    lambda a: anp.sqrt(a * a + 0.5),
    lambda a: anp.log1p(a * a),
    abs,
    lambda a: anp.maximum(a, 0.1),
    lambda a: anp.clip(a, -0.9, 1.2),
    lambda a: -a,
    lambda a: a**2,
    lambda a: 1.0 / (2.0 + anp.cos(a)),
]
BINARY = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (1.5 + anp.sin(b)),
    lambda a, b: anp.maximum(a, b),
    lambda a, b: anp.where(a > b, a * b, b),
]
FOLD = [
    lambda a: anp.sum(a),
    lambda a: anp.mean(a, axis=-1, keepdims=True) if a.ndim else a,
    lambda a: anp.max(a, axis=0) if a.ndim else a,
    lambda a: anp.reshape(a, (-1,))[::2] if a.size > 1 else a,
    lambda a: a.T,
    lambda a: anp.concatenate([a, a * 2.0], axis=0) if a.ndim else a,
]
SHAPES = [(), (3,), (2, 3), (2, 1)]


def program(seed):
    """A function and its arguments, the same for the same seed."""
    random = np.random.default_rng(seed)
    arguments = [random.uniform(-2, 2, SHAPES[k]) for k in random.integers(0, len(SHAPES), random.integers(1, 4))]
    steps = [(random.integers(0, 4), random.integers(0, 100), random.integers(0, 100, 2)) for _ in range(8)]

    def f(*values):
        made = list(values)
        for kind, which, (i, j) in steps:
            a, b = made[i % len(made)], made[j % len(made)]
            if kind == 3:
                made.append(FOLD[which % len(FOLD)](a))
            elif kind == 2 or not _fit(a, b):
                made.append(UNARY[which % len(UNARY)](a))
            else:
                made.append(BINARY[which % len(BINARY)](a, b))
        return sum(anp.sum(anp.sin(m)) for m in made)

    return f, arguments


def _fit(a, b):
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return False
    return True
