"""The law that a batch is its entries, one after the other: values, and derivatives in both modes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import adjoint as ad
import adjoint.numpy as anp
from adjoint.apply import apply
from adjoint.primitives.record import Primitive
from laws.derivatives import noise, outputs
from laws.samples import Sample, differentiable


def entries(value: Any, size: int, seed: int = 0) -> Any:
    """Values like the given one, along a new first axis: floats a little moved, others in another order."""
    value = np.asarray(value)
    if value.dtype.kind in "fc":
        return np.stack([value * (1.0 + 0.01 * (k + seed)) for k in range(size)])
    return np.stack([np.roll(value, k + seed) for k in range(size)])


def subsets(op: Primitive, sample: Sample) -> Iterator[tuple[bool, ...]]:
    """Which operands have a batch: every choice but none. An index that is a mask never has."""
    index = "index" in op.params
    free = [(False,) if index and np.asarray(v).dtype.kind == "b" else (True, False) for v in sample.operands]
    return (flags for flags in itertools.product(*free) if any(flags))


def looped(f: Callable[..., Any], flags: Sequence[bool], size: int) -> Callable[..., Any]:
    """The function entry by entry, its results stacked."""

    def loop(*xs: Any) -> Any:
        rows = [outputs(f(*[x[i] if b else x for x, b in zip(xs, flags, strict=True)])) for i in range(size)]
        stacked = tuple(anp.stack(column) for column in zip(*rows, strict=True))
        return stacked if len(stacked) > 1 else stacked[0]

    return loop


def agree(found: Any, wanted: Any, what: str) -> None:
    """Equal shapes and dtypes, and values to the last few bits."""
    for a, b in zip(found, wanted, strict=True):
        a, b = (np.asarray(v.value if type(v) is ad.Tensor else v) for v in (a, b))
        assert (a.shape, a.dtype) == (b.shape, b.dtype), f"{what}: {a.dtype}{a.shape}, one by one {b.dtype}{b.shape}"
        bound = np.finfo(a.dtype).eps ** 0.7 if a.dtype.kind in "fc" else 0
        np.testing.assert_allclose(a, b, rtol=bound, atol=bound, err_msg=what)


def same_function(f: Callable[..., Any], g: Callable[..., Any], xs: Sequence[Any]) -> None:
    """Two functions have the same values and, by their differentiable arguments, the same derivatives."""
    moving = [i for i, x in enumerate(xs) if differentiable(x)]

    def of(h: Callable[..., Any]) -> Callable[..., Any]:
        def chosen(*given: Any) -> Any:
            full = list(xs)
            for i, v in zip(moving, given, strict=True):
                full[i] = v
            return h(*full)

        return chosen

    given = tuple(xs[i] for i in moving)
    if not moving:
        agree(outputs(f(*xs)), outputs(g(*xs)), "value")
        return
    (a, pull), (b, wanted) = ad.vjp(of(f), *given), ad.vjp(of(g), *given)
    agree(outputs(a), outputs(b), "value")
    weights = tuple(noise(7 + i, o) for i, o in enumerate(outputs(b)))
    if any(w.dtype.kind not in "fc" for w in weights):
        return
    weight = weights if len(weights) > 1 else weights[0]
    agree(pull(weight), wanted(weight), "reverse")
    along = tuple(noise(70 + i, x) for i, x in enumerate(given))
    agree(outputs(ad.jvp(of(f), given, along)[1]), outputs(ad.jvp(of(g), given, along)[1]), "forward")


def law_batch(op: Primitive, sample: Sample) -> None:
    """The record on a batch of any of its operands is the record on each entry."""
    f = lambda *xs: apply(op, xs, dict(sample.params))
    for flags in subsets(op, sample):
        xs = [entries(v, 3) if b else v for v, b in zip(sample.operands, flags, strict=True)]
        axes = tuple(0 if b else None for b in flags)
        same_function(ad.vmap(f, in_axes=axes), looped(f, flags, 3), xs)


def law_nested(op: Primitive, sample: Sample) -> None:
    """A batch of batches: the first operand in both, the others in one of them."""
    f = lambda *xs: apply(op, xs, dict(sample.params))
    if "index" in op.params and any(np.asarray(v).dtype.kind == "b" for v in sample.operands):
        return
    n = len(sample.operands)
    inner = tuple(i % 2 == 0 for i in range(n))
    outer = tuple(i == 0 or i % 2 == 1 for i in range(n))
    xs = []
    for v, a, b in zip(sample.operands, inner, outer, strict=True):
        x = entries(v, 2) if a else v
        xs.append(np.stack([entries(v, 2, seed=k) if a else entries(v, 1, seed=k)[0] for k in range(3)]) if b else x)
    axes = [tuple(0 if b else None for b in flags) for flags in (inner, outer)]
    mapped = ad.vmap(ad.vmap(f, in_axes=axes[0]), in_axes=axes[1])
    same_function(mapped, looped(looped(f, inner, 2), outer, 3), xs)
