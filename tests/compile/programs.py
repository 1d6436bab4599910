"""Random programs as plain data: inputs of every shape and dtype, and steps that take whichever values fit.

A program is called with arrays or tensors alike. Which steps apply depends on shapes and dtypes alone, so it takes
the same way when it is traced.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import adjoint.numpy as anp
from adjoint import special

#: Values larger than this many elements are not made.
LARGEST = 20_000

SHAPES = (
    (), (1,), (0,), (3,), (5,), (8,), (17,), (67,), (300,), (1, 1), (3, 5), (5, 3), (1, 7), (7, 1), (4, 0), (16, 16),
    (9, 40), (40, 9), (2, 1, 3), (4, 3, 5), (2, 5, 5), (1, 4, 1, 3), (2, 2, 3, 4),
)  # fmt: skip
DTYPES = ("f8", "f4", "i8", "?", "i4")


@dataclass(frozen=True)
class Step:
    """One operation: its place in OPERATIONS, which values it takes (counted from the latest), and a number to use."""

    operation: int
    first: int
    second: int
    number: int

    def __repr__(self) -> str:
        return f"Step({self.operation}, {self.first}, {self.second}, {self.number})"  # what fails can be pasted


@dataclass(frozen=True)
class RandomProgram:
    """Steps on inputs; the results are the last few values, and whatever nothing else uses up."""

    inputs: tuple[tuple[tuple[int, ...], str], ...]
    steps: tuple[Step, ...]
    results: int = 3

    def arguments(self, seed: int = 0) -> list[np.ndarray]:
        """Arrays for the inputs: a little of everything, away from what amplifies rounding."""
        rng = np.random.default_rng(seed)
        return [_values(rng, shape, np.dtype(char)) for shape, char in self.inputs]

    def __call__(self, *inputs: Any) -> list[Any]:
        """The results."""
        values = list(inputs)
        for step in self.steps:
            x, y = (values[-1 - i % len(values)] for i in (step.first, step.second))
            made = OPERATIONS[step.operation](x, y, step.number)
            if made is not None:
                values.append(made)
        made = values[len(inputs) :] or [anp.negative(values[0]) if kind(values[0]) != "b" else ~values[0]]
        return made[-self.results :]

    def loss(self, *inputs: Any) -> Any:
        """One number that depends on all results and on all inputs, for gradients."""
        total = 0.0
        for i, value in enumerate((*self(*inputs), *inputs)):
            if kind(value) == "f":
                total = total + anp.sum(value / anp.sqrt(1.0 + value * value)) * (0.5 + i)
        return total

    def precision(self) -> float:
        """The rounding of the coarsest floats that may occur."""
        single = any(c == "f4" for _, c in self.inputs) or any(OPERATIONS[s.operation] is TO_SINGLE for s in self.steps)
        return float(np.finfo(np.float32 if single else np.float64).eps)

    def moving(self) -> tuple[int, ...]:
        """The inputs that have gradients."""
        return tuple(i for i, (_, char) in enumerate(self.inputs) if char[0] == "f")


def _values(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    if dtype.kind == "f":
        return np.asarray(rng.normal(size=shape), dtype)
    if dtype.kind == "i":
        return np.asarray(rng.integers(-3, 6, size=shape), dtype)
    return np.asarray(rng.random(shape) < 0.5)


def kind(value: Any) -> str:
    """The kind of a value's dtype."""
    return str(np.dtype(value.dtype).kind)


def _only(kinds: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An operation for values of these kinds that leaves others alone, and results that are too large."""

    def around(f: Callable[..., Any]) -> Callable[..., Any]:
        def chosen(x: Any, y: Any, n: int) -> Any:
            if kind(x) not in kinds:
                return None
            return f(x, y, n)

        return chosen

    return around


def _unary(f: Callable[..., Any], kinds: str = "f") -> Callable[..., Any]:
    return _only(kinds)(lambda x, y, n: f(x))


def _binary(f: Callable[..., Any], kinds: str = "f") -> Callable[..., Any]:
    @_only(kinds)
    def joined(x: Any, y: Any, n: int) -> Any:
        if kind(y) not in kinds or not broadcasts(x.shape, y.shape):
            return None
        return f(x, y)

    return joined


def broadcasts(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes broadcast to one that is not too large."""
    try:
        return int(np.prod(np.broadcast_shapes(one, other))) <= LARGEST
    except ValueError:
        return False


def _axis(x: Any, n: int) -> int:
    return n % x.ndim


def _axes(x: Any, n: int) -> tuple[int, ...]:
    return tuple(i for i in range(x.ndim) if n >> i & 1)


def _fold(f: Callable[..., Any], kinds: str = "f", empty: bool = True) -> Callable[..., Any]:
    @_only(kinds)
    def folded(x: Any, y: Any, n: int) -> Any:
        axes = _axes(x, n)
        if not x.ndim or (not empty and 0 in x.shape):
            return None
        return f(x, axis=axes or None, keepdims=bool(n & 16))

    return folded


def _along(f: Callable[..., Any], kinds: str = "fi") -> Callable[..., Any]:
    @_only(kinds)
    def one(x: Any, y: Any, n: int) -> Any:
        return f(x, axis=_axis(x, n)) if x.ndim and 0 not in x.shape else None

    return one


@_only("f")
def _norm(x: Any, y: Any, n: int) -> Any:
    return anp.linalg.norm(x, axis=_axis(x, n), keepdims=bool(n & 8)) if x.ndim and 0 not in x.shape else None


@_only("fib")
def _slice(x: Any, y: Any, n: int) -> Any:
    """One axis cut with a start, a stop and a step of either sign."""
    if not x.ndim:
        return None
    axis = _axis(x, n)
    step = (1, -1, 2, -2, 3, 1)[n % 6]
    start = (None, 1, 0, 2, -1)[n % 5]
    stop = (None, -1, None, 5)[n % 4]
    if step < 0:
        start, stop = None, (None, 0)[n % 2]
    return x[(slice(None),) * axis + (slice(start, stop, step),)]


@_only("fib")
def _pick(x: Any, y: Any, n: int) -> Any:
    if not x.ndim or 0 in x.shape:
        return None
    at = (0, -1, x.shape[0] // 2)[n % 3]
    return (x[at], x[..., at % x.shape[-1]], x[None, at], x[..., np.array([0, -1, 0])])[n % 4]


@_only("fib")
def _gather(x: Any, y: Any, n: int) -> Any:
    """Entries where whole numbers point, counted from either end, along one axis or two."""
    if kind(y) != "i" or not x.ndim or 0 in x.shape or x.size * max(y.size, 1) > LARGEST:
        return None
    axis = _axis(x, n)
    places = y % x.shape[axis] - (x.shape[axis] if n % 2 else 0)
    if axis == 0 and x.ndim > 1 and n % 3 == 0:
        return x[places, anp.abs(y) % x.shape[1]]
    return x[(slice(None),) * axis + (places,)]


@_only("f")
def _scatter(x: Any, y: Any, n: int) -> Any:
    """Entries written or added where whole numbers point; more than once where they are equal."""
    if kind(y) != "i" or x.ndim < 1 or 0 in x.shape or y.ndim != 1:
        return None
    z = x * 1
    places = y % x.shape[0]
    if n % 2:
        z[places] = z[places] * 0.5  # equal places get equal values
    else:
        z[places] += 0.25
    return z


@_only("fi")
def _write(x: Any, y: Any, n: int) -> Any:
    """Part of a copy is written anew."""
    if not x.ndim or 0 in x.shape or kind(x) != kind(y):
        return None
    z = x * 1
    axis = _axis(x, n)
    low = n % x.shape[axis]
    box = (slice(None),) * axis + (slice(low, low + 1 + n % 3),)
    if n % 5 == 0:
        box = (slice(None),) * axis + (slice(None, None, -1),)
    if broadcasts(y.shape, z[box].shape) and np.broadcast_shapes(y.shape, z[box].shape) == z[box].shape:
        z[box] = y
    else:
        z[box] = z[box] * 2 + 1
    return z


@_only("fi")
def _pad(x: Any, y: Any, n: int) -> Any:
    if not x.ndim:
        return None
    return anp.pad(x, [(n >> i & 1, n >> (i + 1) & 3) for i in range(x.ndim)], constant_values=n % 3)


@_only("fib")
def _join(x: Any, y: Any, n: int) -> Any:
    if not x.ndim:
        return None
    axis = _axis(x, n)
    fits = y.ndim == x.ndim and all(a == b for i, (a, b) in enumerate(zip(x.shape, y.shape)) if i != axis)
    parts = [x, y] if fits and kind(x) == kind(y) else [x, x]
    return anp.concatenate([*parts, x][: 2 + n % 2], axis=axis)


@_only("fib")
def _reshape(x: Any, y: Any, n: int) -> Any:
    if x.ndim < 2:
        return anp.reshape(x, (-1, 1) if n % 2 else (1, -1))
    return anp.reshape(x, (-1,) if n % 2 or 0 in x.shape else (x.shape[-1], -1))


@_only("fib")
def _spread(x: Any, y: Any, n: int) -> Any:
    if x.ndim > 3 or x.size * (n % 4 + 1) > LARGEST:
        return None
    return anp.broadcast_to(x, (n % 4 + 1, *x.shape)) if n % 2 else anp.expand_dims(x, _axis(x, n) if x.ndim else 0)


@_only("f")
def _matmul(x: Any, y: Any, n: int) -> Any:
    """The product with the first of y, its transpose, x and its transpose that fits, scaled to keep its size."""
    if not x.ndim:
        return None
    choices = [
        w for z in (y, x) if z.ndim and kind(z) == "f" for w in (z, anp.swapaxes(z, -1, -2 if z.ndim > 1 else -1))
    ]
    for w in choices:
        fits = x.shape[-1] == w.shape[-2 if w.ndim > 1 else 0] and broadcasts(x.shape[:-2], w.shape[:-2])
        if fits and x.size * w.size <= 40 * LARGEST:
            return (x @ w) * (1.0 / max(x.shape[-1], 1))
    return None


@_only("f")
def _einsum(x: Any, y: Any, n: int) -> Any:
    """Contractions that are no matmul: shared batch axes, outer products, traces of products."""
    if kind(y) != "f" or not x.ndim or not y.ndim:
        return None
    if x.ndim == 3 and y.ndim == 3 and x.shape[0] == y.shape[0] and x.shape[2] == y.shape[2]:
        return anp.einsum("bij,bkj->kbi", x, y) * 0.2
    if x.ndim == 3 and y.ndim == 2 and x.shape[1:] == y.shape:
        return anp.einsum("bij,ij->b", x, y) if n % 2 else anp.einsum("bij,ij->ib", x, y)
    if x.ndim == 2 and y.ndim == 2 and x.shape[0] == y.shape[0]:
        return (
            anp.einsum("ki,kj->ji" if n % 2 else "ki,kj->ij", x, y) * 0.1 if x.size * y.size <= 40 * LARGEST else None
        )
    if x.ndim == 1 and y.ndim == 1 and x.size * y.size <= LARGEST:
        return anp.einsum("i,j->ji", x, y)
    return None


@_only("f")
def _columns(x: Any, y: Any, n: int) -> Any:
    """A row of statistics subtracted from what it was made of: two passes over one array."""
    if x.ndim < 2 or 0 in x.shape:
        return None
    axis = _axis(x, n)
    return (x - anp.mean(x, axis=axis, keepdims=True)) / (1.5 + anp.max(x * x, axis=axis, keepdims=True))


TO_SINGLE = _unary(lambda x: x.astype("f4"), "fib")

#: What strict code does to the last bit: no sum is reordered, and no vector function takes part.
EXACT: tuple[Callable[..., Any], ...] = (
    _unary(lambda x: anp.sqrt(anp.abs(x) + 0.1)),
    _unary(lambda x: anp.clip(x, -0.7, 0.9)),
    _unary(lambda x: x * 0.5 - 1.0, "fi"),
    _unary(lambda x: -x, "fi"),
    _unary(lambda x: anp.abs(x) // 2 + x % 3, "i"),
    _unary(lambda x: anp.logical_not(x), "fib"),
    _unary(lambda x: x.astype("f8"), "ib"),
    TO_SINGLE,
    _unary(lambda x: x.astype("i8"), "ib"),
    _binary(lambda x, y: x + y, "fi"),
    _binary(lambda x, y: x * y * 0.5),
    _binary(lambda x, y: x - y * 2, "fi"),
    _binary(lambda x, y: x * y, "ib"),
    _binary(lambda x, y: x / (1.5 + y * y)),
    _binary(lambda x, y: anp.maximum(x, y) - anp.minimum(x, 0.5 * y), "fi"),
    _binary(lambda x, y: anp.where(x > y, x, y * 0.5), "fi"),
    _binary(lambda x, y: (x > y) & (y < 3), "fi"),
    _binary(lambda x, y: x ^ y, "b"),
    _binary(lambda x, y: anp.where(x, y, 1), "bi"),
    _only("b")(lambda x, y, n: anp.where(x, y, 0.25) if kind(y) == "f" and broadcasts(x.shape, y.shape) else None),
    _fold(anp.sum, "ib"),
    _fold(anp.max, empty=False),
    _fold(lambda x, **k: anp.min(x, **k) * 2.0, empty=False),
    _along(anp.argmax),
    _along(anp.argmin),
    _along(lambda x, axis: anp.cumsum(x, axis=axis)),
    _along(lambda x, axis: anp.sort(x, axis=axis)),
    _along(lambda x, axis: anp.diff(x, axis=axis)),
    _slice,
    _slice,
    _pick,
    _gather,
    _gather,
    _scatter,
    _write,
    _pad,
    _join,
    _reshape,
    _spread,
    _unary(lambda x: x.T, "fib"),
    _unary(lambda x: anp.flip(x), "fib"),
    _unary(lambda x: anp.swapaxes(x, 0, -1) if x.ndim else None, "fib"),
)

OPERATIONS: tuple[Callable[..., Any], ...] = (
    *EXACT,
    _unary(anp.sin),
    _unary(lambda x: anp.exp(-anp.abs(x))),
    _unary(anp.tanh),
    _unary(lambda x: anp.log(x * x + 0.5)),
    _unary(lambda x: special.softplus(x) - special.sigmoid(x)),
    _unary(lambda x: special.erf(x) + anp.cos(x) * 0.5),
    _binary(lambda x, y: anp.arctan2(x, 2.0 + y * y)),
    _binary(lambda x, y: anp.hypot(x, y + 3.0)),
    _fold(anp.sum),
    _fold(anp.sum),
    _fold(anp.mean, empty=False),
    _fold(lambda x, **k: anp.prod(1.0 + 0.1 * anp.tanh(x), **k)),
    _fold(lambda x, **k: anp.sum(x * x, **k)),
    _fold(special.logsumexp, empty=False),
    _fold(lambda x, **k: anp.sqrt(anp.sum(x * x, **k) + 0.1)),
    _norm,
    _along(special.softmax, "f"),
    _along(special.log_softmax, "f"),
    _matmul,
    _matmul,
    _einsum,
    _columns,
)


CHARS = DTYPES[:1] * 5 + DTYPES[1:2] * 2 + DTYPES[2:]
NUMBERS = range(32)


def programs(*, most: int = 12) -> st.SearchStrategy[RandomProgram]:
    """Programs of up to so many steps, which hypothesis makes small where they fail."""
    inputs = st.lists(st.tuples(st.sampled_from(SHAPES), st.sampled_from(CHARS)), min_size=1, max_size=4)
    step = st.builds(
        Step, st.integers(0, len(OPERATIONS) - 1), st.integers(0, 4), st.integers(0, 6), st.sampled_from(NUMBERS)
    )
    return st.builds(
        RandomProgram,
        inputs.map(tuple),
        st.lists(step, min_size=2, max_size=most).map(tuple),
        st.integers(1, 4),
    )


def drawn(seed: int, *, most: int = 15, exact: bool = False) -> RandomProgram:
    """One program by its number: chains of operations on recent values, often of inputs of one shape.

    ``exact`` takes operations of EXACT alone.
    """
    rng = random.Random(seed)
    same = rng.choice(SHAPES)
    alike = rng.random() < 0.5
    inputs = tuple(
        (same if alike and rng.random() < 0.7 else rng.choice(SHAPES), rng.choice(CHARS))
        for _ in range(rng.randint(1, 4))
    )
    steps = tuple(
        Step(
            rng.randrange(len(EXACT if exact else OPERATIONS)),
            min(4, int(rng.expovariate(0.7))),
            rng.randint(0, 6),
            rng.choice(NUMBERS),
        )
        for _ in range(rng.randint(2, most))
    )
    return RandomProgram(inputs, steps, rng.randint(1, 4))
