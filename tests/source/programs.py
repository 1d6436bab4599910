"""Random programs: scalars and arrays, fan-out, broadcasting, routers, reductions, indexing, joints, linear algebra."""

import numpy as np

import adjoint.numpy as anp
import adjoint.special as special

UNARY = (
    anp.sin, anp.cos, anp.tanh, anp.exp, anp.square, anp.abs, anp.negative, special.sigmoid, special.softplus,
    special.erf, special.relu, lambda x: anp.sqrt(anp.abs(x)), lambda x: anp.log(anp.square(x) + 0.5),
    lambda x: anp.clip(x, -0.5, 0.7), lambda x: x**3, lambda x: 1.0 * x, lambda x: x / 2,
    anp.floor, lambda x: anp.log1p(anp.square(x)),
)  # fmt: skip
BINARY = (
    anp.add, anp.subtract, anp.multiply, anp.maximum, anp.minimum, anp.arctan2,
    lambda x, y: x / (1.5 + anp.square(y)), lambda x, y: anp.where(x > y, x, anp.sin(y)),
)  # fmt: skip
ARRAY = (
    lambda x: anp.sum(x, axis=0), lambda x: anp.mean(x, axis=-1, keepdims=True), lambda x: anp.max(x, axis=-1),
    lambda x: anp.prod(x), lambda x: special.logsumexp(x, axis=-1), lambda x: x[0], lambda x: x[..., ::-1],
    lambda x: x[-1:], lambda x: x[np.array([0, 0, 0])], lambda x: x[..., None] * np.array([1.0, -2.0]),
    lambda x: anp.reshape(x, -1),    lambda x: x.T, lambda x: anp.sort(x, axis=-1),
    lambda x: anp.concatenate([x, x]), lambda x: anp.flip(x),
    lambda x: anp.split(x, 1)[0], lambda x: anp.pad(x, 1), lambda x: anp.linalg.norm(x), lambda x: x[x > 0.1],
    lambda x: special.softmax(x, axis=-1), lambda x: anp.var(x), lambda x: x.astype(x.dtype), lambda x: anp.outer(x, x),
)  # fmt: skip
MATRIX = (
    lambda x: x @ x.T, lambda x: anp.linalg.solve(x @ x.T + 3.0 * np.eye(x.shape[0], dtype=x.dtype), x),
    lambda x: anp.linalg.slogdet(x @ x.T + 2.0 * np.eye(x.shape[0], dtype=x.dtype))[1],
)  # fmt: skip
SHAPES = ((), (), (3,), (2, 3), (1, 3), (2, 1))


def arguments(seed):
    """Arguments of several shapes; every fifth program computes in single precision."""
    draw = np.random.default_rng(seed)
    kind = np.float32 if seed % 5 == 4 else np.float64
    return [kind(draw.normal(size=SHAPES[draw.integers(len(SHAPES))]))[()] for _ in range(draw.integers(1, 4))]


def program(seed):
    """A function that makes the same random choices at every call."""

    def random_program(*args):
        draw = np.random.default_rng(10_000 + seed)
        values = list(args)
        for _ in range(draw.integers(3, 14)):
            x = values[draw.integers(len(values))]
            kind = draw.random()
            if kind < 0.35:
                made = UNARY[draw.integers(len(UNARY))](x)
            elif kind < 0.65:
                made = _joined(BINARY[draw.integers(len(BINARY))], x, values, draw)
            elif kind < 0.7 and x.ndim == 2 and 0 < x.size < 30:
                made = MATRIX[draw.integers(len(MATRIX))](x)
            elif x.ndim and 0 < x.size < 200:
                made = ARRAY[draw.integers(len(ARRAY))](x)
            else:
                made = 0.5 * x + draw.normal()
            values.append(made)
        total = anp.sum(values[-1])
        for value in values[len(args) : -1]:
            if draw.random() < 0.5:
                total = total + anp.sum(value) * 0.25
        return total

    return random_program


def _joined(op, x, values, draw):
    fitting = [y for y in values if _broadcasts(x.shape, y.shape)]
    return op(x, fitting[draw.integers(len(fitting))])


def _broadcasts(one, other):
    try:
        np.broadcast_shapes(one, other)
    except ValueError:
        return False
    return True
