"""The laws on derivatives. Each is a function of a record and a sample, and asserts.

They take the record itself and not its name, so that a mutation test can hand them a broken one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

import adjoint as ad
from adjoint.apply import apply
from adjoint.graph.spec import Spec
from adjoint.primitives.record import Primitive
from laws.samples import Sample, differentiable


def function(op: Primitive, sample: Sample) -> tuple[Callable[..., Any], list[Any]]:
    """The record as a function of its differentiable operands, and their values."""
    places = [i for i, v in enumerate(sample.operands) if differentiable(v)]

    def f(*given: Any) -> Any:
        operands = list(sample.operands)
        for i, v in zip(places, given, strict=True):
            operands[i] = v
        return apply(op, tuple(operands), dict(sample.params))

    return f, [sample.operands[i] for i in places]


def values(op: Primitive, sample: Sample, *given: Any) -> tuple[Any, ...]:
    """The record's outputs as arrays, computed without recording."""
    places = [i for i, v in enumerate(sample.operands) if differentiable(v)]
    operands = list(sample.operands)
    for i, v in zip(places, given, strict=False):
        operands[i] = v
    with np.errstate(all="ignore"):
        out = op.value(*operands, **sample.params)
    return tuple(map(np.asarray, out)) if op.several else (np.asarray(out),)


def noise(seed: int, like: Any) -> Any:
    """Reproducible random numbers of a value's shape and dtype."""
    like = np.asarray(like)
    rng = np.random.default_rng(seed)
    drawn = rng.uniform(-1.0, 1.0, like.shape)
    if like.dtype.kind == "c":
        drawn = drawn + 1j * rng.uniform(-1.0, 1.0, like.shape)
    return np.asarray(drawn, like.dtype)[()]


def inner(a: Any, b: Any) -> float:
    """The real inner product of two lists of arrays."""
    return float(sum(np.sum(np.real(np.conj(x) * y)) for x, y in zip(a, b, strict=True)))


def close(a: float, b: float, tolerance: float, scale: float = 0.0) -> bool:
    """Whether two numbers agree, relative to their size."""
    return bool(abs(a - b) <= tolerance * max(1.0, abs(a), abs(b), scale))


def outputs(out: Any) -> tuple[Any, ...]:
    """One or several outputs as a tuple of arrays."""
    return tuple(out) if isinstance(out, tuple) else (out,)


def law_adjoint(op: Primitive, sample: Sample, tolerance: float = 1e-10) -> None:
    """Reverse is the adjoint of forward: Re<w, J t> = Re<J^H w, t>, with the shapes and dtypes of the inputs."""
    f, xs = function(op, sample)
    ts = [noise(1 + i, x) for i, x in enumerate(xs)]
    out, pull = ad.vjp(f, *xs)
    ws = [noise(20 + i, o) for i, o in enumerate(outputs(out))]
    gs = pull(tuple(ws) if op.several else ws[0])
    _, ds = ad.jvp(f, tuple(xs), tuple(ts))
    ds = outputs(ds)
    for g, x in zip(gs, xs, strict=True):
        assert Spec.of(g) == Spec.of(x), f"gradient {Spec.of(g)!r} of {Spec.of(x)!r}"
    a, b = inner(ws, ds), inner(gs, ts)
    size = sum(float(np.sum(np.abs(w * d))) for w, d in zip(ws, ds, strict=True))
    assert close(a, b, tolerance, size), f"forward {a}, reverse {b}"


def slope(f: Callable[[float], float], step: float = 2e-3) -> float:
    """The derivative of a function of one number at 0: central differences, extrapolated twice."""
    rows = [(f(h) - f(-h)) / (2.0 * h) for h in (step, step / 2, step / 4)]
    once = [(4.0 * fine - coarse) / 3.0 for coarse, fine in itertools.pairwise(rows)]
    return (16.0 * once[1] - once[0]) / 15.0


def law_differences(op: Primitive, sample: Sample, tolerance: float = 1e-7) -> None:
    """Forward mode agrees with differences of the value, along random directions of each input alone and of all."""
    f, xs = function(op, sample)
    weights = [noise(40 + i, o) for i, o in enumerate(values(op, sample))]
    for active in [*({i} for i in range(len(xs))), set(range(len(xs)))]:
        ts = [noise(60 + i, x) if i in active else np.zeros_like(x)[()] for i, x in enumerate(xs)]

        def along(h: float, ts: Any = ts) -> float:
            moved = [x + h * t for x, t in zip(xs, ts, strict=True)]
            return inner(weights, values(op, sample, *moved))

        _, ds = ad.jvp(f, tuple(xs), tuple(ts))
        a, b = inner(weights, outputs(ds)), slope(along)
        assert close(a, b, tolerance), f"inputs {sorted(active)}: derivative {a}, differences {b}"


def gradient(op: Primitive, sample: Sample) -> tuple[Callable[..., Any], list[Any]]:
    """The gradient of a fixed random projection of the output, as a function of the inputs."""
    f, xs = function(op, sample)
    ws = [noise(80 + i, o) for i, o in enumerate(values(op, sample))]

    def g(*given: Any) -> Any:
        return ad.vjp(f, *given)[1](tuple(ws) if op.several else ws[0])

    return g, xs


def law_second_order(op: Primitive, sample: Sample, tolerance: float = 1e-6) -> None:
    """Differences of the gradient agree with forward over reverse, and that with reverse over reverse."""
    g, xs = gradient(op, sample)
    ts = [noise(100 + i, x) for i, x in enumerate(xs)]
    out, moved = ad.jvp(g, tuple(xs), tuple(ts))
    vs = [noise(120 + i, o) for i, o in enumerate(out)]

    def along(h: float) -> float:
        return inner(vs, g(*[x + h * t for x, t in zip(xs, ts, strict=True)]))

    a, b = inner(vs, moved), slope(along)
    assert close(a, b, tolerance), f"forward over reverse {a}, differences {b}"
    back = ad.vjp(g, *xs)[1](tuple(vs))
    c = inner(back, ts)
    assert close(a, c, 1e-9), f"forward over reverse {a}, reverse over reverse {c}"


def law_precision(op: Primitive, sample: Sample) -> None:
    """In single precision everything stays single, and agrees with double to single precision."""
    f, xs = function(op, sample)
    g, ys = function(op, sample.cast(np.float32))
    ws = [noise(180 + i, o) for i, o in enumerate(values(op, sample))]
    wide = ad.vjp(f, *xs)[1](tuple(ws) if op.several else ws[0])
    out, pull = ad.vjp(g, *ys)
    ws = [w.astype(o.dtype) for w, o in zip(ws, outputs(out), strict=True)]
    for a, b in zip(wide, pull(tuple(ws) if op.several else ws[0]), strict=True):
        assert b.dtype == np.float32
        scale = max(1.0, float(np.max(np.abs(a), initial=0.0)))
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * scale)


def law_owned(op: Primitive, sample: Sample) -> None:
    """What a caller gets is the caller's own, and what a caller gave is as it was."""
    f, xs = function(op, sample)
    kept = [np.array(x) for x in xs]
    out, pull = ad.vjp(f, *xs)
    ws = [noise(140 + i, o) for i, o in enumerate(outputs(out))]
    before = [np.array(w) for w in ws]
    gs = pull(tuple(ws) if op.several else ws[0])
    _, ds = ad.jvp(f, tuple(xs), tuple(noise(160 + i, x) for i, x in enumerate(xs)))
    handed = [a for a in (*outputs(out), *gs, *outputs(ds)) if isinstance(a, np.ndarray)]
    given = [a for a in (*sample.operands, *ws) if isinstance(a, np.ndarray)]
    for a in handed:
        assert a.flags.writeable, "a result that cannot be written to"
        assert a.flags.c_contiguous, "a result with gaps"
        for other in (*given, *(h for h in handed if h is not a)):
            assert not np.shares_memory(a, other), "a result that shares memory"
    for now, then in zip((*xs, *ws), (*kept, *before), strict=True):
        np.testing.assert_array_equal(now, then, "an input was written to")
