"""For every rule a function in which it is used, and one in which its condition does not hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

import adjoint.numpy as anp
import adjoint.special as special
from adjoint.apply import make, record
from adjoint.graph.spec import Spec
from adjoint.primitives.places import HOLE
from adjoint.primitives.record import REGISTRY
from adjoint.primitives.structure import ITEM
from adjoint.rewrite.values import spec_of
from adjoint.tensor import Tensor

SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -1.5, 2.5, 7.0, 0.1, 3e-310, 1e300, -1e300])


@dataclass(frozen=True)
class Case:
    """``fires`` and ``rests`` take tensors of the specs; a spec of 15 or 225 entries stands for special values."""

    fires: Any
    rests: Any
    specs: tuple[Spec, ...]
    rest_specs: tuple[Spec, ...]
    positive: bool = False


def op(name: str, *operands: Any, **params: Any) -> Any:
    """An operation as it stands in a graph, also on constants alone."""
    inputs = tuple(o._node if type(o) is Tensor else o for o in operands)
    made = ITEM if name == "item" else REGISTRY[name]
    if made is ITEM:
        spec = inputs[0].specs[params["index"]]
        return make(spec, record(made, inputs, params, spec.shape, spec.dtype, None))
    spec = spec_of(made, inputs, params)
    if made.several:
        return make(spec[0], record(made, inputs, params, tuple(spec), None, None))
    return make(spec, record(made, inputs, params, spec.shape, spec.dtype, None))


E = Spec((15,))
P = Spec((225,))
M = Spec((3, 4))
Q = Spec((4, 5))
C = Spec((2, 3, 4))
S = Spec(())
I = Spec((5,), np.int64)
B = Spec((6,), bool)
EYE = np.eye(4)
ROWS = np.array([1, 0])


def case(fires, rests, *specs, rest_specs=None, positive=False):
    return Case(fires, rests, specs, specs if rest_specs is None else rest_specs, positive)


def ones(value, *shape):
    return np.full(shape, value)


def best(x):
    return anp.logical_or(anp.equal(x, op("max", x, axis=(-1,), keepdims=True)), anp.not_equal(x, x))


def share(x, g):
    w = op("where", best(x), 1.0, 0.0)
    return w / op("sum", w, axis=(-1,), keepdims=True)


def half(c, d):
    return op("add", op("multiply", 0.5, c), op("multiply", 0.5, op("logical_or", c, d)))


def routed(x, g):
    w = op("where", x > 0.5, 1.0, op("where", x > 0.0, -0.5, 0.0))
    return op("where", op("not_equal", w, 0), op("multiply", g, w), 0.0)


def unrouted(x, g):
    w = op("where", x > 0.5, x, 0.0)
    return op("where", op("not_equal", w, 0), op("multiply", g, w), 0.0)


def softmaxes(x):
    s = op("logsumexp", x, axis=(-1,), keepdims=True)
    t = op("where", op("equal", s, -math.inf), 0.0, s)
    return anp.exp(x - s) * anp.exp(x - t)


def slopes(z, g, factor):
    e = anp.exp(-abs(z))
    below = op("where", op("not_equal", z, 0), g * factor * (special.sigmoid(abs(z)) * e) * anp.sign(z), 0.0)
    above = op("where", z <= 0.0, op("where", op("equal", z, 0.0), 0.5 * g, 0.0), g)
    return anp.tanh(z) - below + above


def shares(x, shift):
    e = anp.exp(x - shift if shift is not None else x)
    return e / anp.sum(e, axis=-1, keepdims=True)


def shifted(x):
    m = anp.max(x, axis=-1, keepdims=True)
    return anp.log(anp.sum(anp.exp(x - m), axis=-1)) + anp.reshape(m, (3,))


def merged(x, g):
    flat = anp.reshape(x, (6, 4))
    return op("matmul", op("transpose", flat, axes=(-1, -2)), anp.reshape(g, (6, 5)))


CASES: dict[str, Case] = {
    # fold
    "constant": case(lambda x: x * op("exp", 0.5), lambda x: x * op("broadcast_to", 2.0, shape=(900, 15)), E),
    "alias": case(lambda x: op("alias", x) + 1.0, lambda x: x + 1.0, E),
    "cut": case(lambda x: op("cut", x, by="detach") + 1.0, lambda x: x + 1.0, E),
    "same-dtype": case(
        lambda x: op("astype", x, dtype=np.dtype("f8")), lambda x: op("astype", x, dtype=np.dtype("f4")), E
    ),
    "real-already": case(lambda x: op("conj", x), lambda x: op("conj", x), E, rest_specs=(Spec((3,), complex),)),
    "uniform": case(lambda x: x * ones(0.1, 15), lambda x: x * np.linspace(0.0, 1.0, 15), E),
    "chosen-already": case(lambda x: op("where", True, x, 0.0), lambda x: op("where", x > 0, x, 0.0), E),
    "choice-of-same": case(lambda x: op("where", x > 0, x, x), lambda x: op("where", x > 0, x, 0.0), E),
    "no-exponent": case(lambda x: op("power", x, 1.0), lambda x: op("power", x, 1.5), E),
    "zeroth-power": case(lambda x: op("power", x, 0), lambda x: op("power", x, 1.5), E),
    "times-one": case(lambda x: x * 1.0, lambda x: x * ones(1.0, 2, 15), E),
    "over-one": case(lambda x: x / 1, lambda x: 1 / x, E),
    "minus-nothing": case(lambda x: (x - 0.0) + -0.0, lambda x: (x - -0.0) + 0.0, E),
    "plus-zero": case(lambda x: x + 0.0, lambda x: 0.0 - x, E, rest_specs=(E,)),
    "whole-nothing": case(lambda i: i * 0, lambda x: x * 0.0 + (x - x), I, rest_specs=(E,)),
    "larger-of-same": case(lambda x: anp.maximum(x, x), lambda x: anp.maximum(x, 0.0), E),
    "twice-is-once": case(lambda x: special.relu(special.relu(x)), lambda x: anp.abs(special.relu(x)), E),
    # shapes
    "one-reshape": case(lambda x: op("expand_dims", x, axis=(-1,)), lambda x: anp.flip(x), E),
    "reshape-chain": case(lambda x: anp.reshape(anp.reshape(x, (4, 3)), (12,)), lambda x: anp.reshape(x, (4, 3)), M),
    "transpose-chain": case(lambda x: x.T.T, lambda x: x.T, M),
    "broadcast-chain": case(
        lambda x: op("broadcast_to", op("broadcast_to", x, shape=(3, 4)), shape=(2, 3, 4)),
        lambda x: op("broadcast_to", x, shape=(2, 4)),
        Spec((4,)),
    ),
    "moved-constant": case(
        lambda x: x + op("reshape", op("broadcast_to", 0.5, shape=(12,)), shape=(3, 4)),
        lambda x: op("reshape", op("broadcast_to", x, shape=(2, 3, 4)), shape=(6, 4)),
        M,
    ),
    "broadcast-operand": case(
        lambda x, y: op("broadcast_to", x, shape=(225,)) * y, lambda x, y: x * y, S, P
    ),
    "flip-twice": case(lambda x: anp.flip(anp.flip(x)), lambda x: anp.flip(anp.flip(x, 0), 1), M),
    "pad-nothing": case(lambda x: op("pad", x, widths=((0, 0),), constant=1.0), lambda x: anp.pad(x, 1), E),
    "join-one": case(lambda x: anp.concatenate([x]), lambda x: anp.concatenate([x, x]), E),
    "fold-of-one": case(
        lambda x: op("sum", x, axis=(-2,), keepdims=False), lambda x: op("sum", x, axis=(-1,), keepdims=False),
        Spec((1, 15)),
    ),
    "sum-of-ones-axes": case(
        lambda x: op("sum", x, axis=(-2, -1), keepdims=False), lambda x: op("sum", x, axis=(-1,), keepdims=False),
        Spec((1, 4)),
    ),
    "item-of-split": case(
        lambda x: op("item", op("split", x, axis=-1, sections=(2,)), index=1), lambda x: x[2:], Spec((5,))
    ),
    # indices
    "index-nothing": case(lambda x: x[:, None], lambda x: x[1:], M),
    "slice-of-slice": case(lambda x: x[1:, ::2][-1, 1:], lambda x: x[::-1][1:], M),
    "placed-and-read": case(
        lambda x: op("scatter", x, index=(slice(0, 3),), shape=(9, 4))[0:3],
        lambda x: op("scatter", x, index=(slice(0, 3),), shape=(9, 4))[1:4], M,
    ),
    "read-from-pad": case(lambda x: anp.pad(x, 2)[3:5, 2:4], lambda x: anp.pad(x, 2)[1:4], M),
    "read-from-joint": case(
        lambda x: anp.concatenate([x, 2.0 * x])[4:6], lambda x: anp.concatenate([x, 2.0 * x])[2:6], M
    ),
    "scatter-everywhere": case(
        lambda x: op("scatter", x, index=(None,), shape=(4,)), lambda x: op("scatter", x, index=(1,), shape=(2, 4)),
        Spec((1, 4)), rest_specs=(Spec((4,)),),
    ),
    "add-everywhere": case(
        lambda x, v: op("index_add", x, v, index=(...,)), lambda x, v: op("index_add", x, v[0], index=(0,)), M, M
    ),
    "scatter-as-pad": case(
        lambda x: op("scatter", x, index=(slice(1, 4),), shape=(5, 4)),
        lambda x: op("scatter", x, index=(slice(0, 5, 2),), shape=(5, 4)), M,
    ),
    "index-add-as-pad": case(
        lambda x, v: op("index_add", x, v, index=(slice(1, 3),)),
        lambda x, v: op("index_add", x, v, ROWS, index=(HOLE,)), M, Spec((2, 4)),
    ),
    "add-to-places": case(
        lambda x, v: x - 0.5 * op("scatter", v, ROWS, index=(HOLE,), shape=(3, 4)),
        lambda x, v: op("scatter", v, ROWS, index=(HOLE,), shape=(3, 4)) - x, M, Spec((2, 4)),
    ),
    # algebra
    "minus-minus": case(lambda x: op("negative", op("negative", x)), lambda x: -abs(-x), E),
    "plus-minus": case(lambda x, y: x + (-y), lambda x, y: x + y, P, P),
    "minus-of-minus": case(lambda x, y: x - (-y), lambda x, y: (-x) - y, P, P),
    "minus-x-minus-y": case(lambda x, y: (-x) - y, lambda x, y: x - y, M, M),
    "minus-times-minus": case(lambda x, y: (-x) * (-y), lambda x, y: (-x) * y, P, P),
    "minus-times": case(lambda x, y: (-x) * y + (-x) / 3.0, lambda x, y: x * (-y[:1]), P, P),
    "minus-of-factor": case(lambda x: -(3.0 * x), lambda x: -(x * x), E),
    "times-minus-one": case(lambda x: x * -1.0, lambda x: x * 1.0, E),
    "zero-minus": case(lambda x: 0.0 - x, lambda x: x - 0.0, M),
    "minus-of-difference": case(lambda x, y: -(x - y), lambda x, y: -(x + y), M, M),
    "twice": case(lambda x: x + x, lambda i: i + i, E, rest_specs=(I,)),
    "constants-meet": case(lambda x: 3.0 * (0.25 * x), lambda x: 1e200 * (1e200 * x), M),
    "terms-meet": case(lambda x: 3.0 * x + x, lambda x: 3.0 * x - 3.0 * x, M),
    "constants-add": case(lambda x: 1.5 + (x + 2.0), lambda x: 1.5 + (x - 2.0), M),
    "circle": case(lambda x: anp.sin(x) ** 2 + anp.cos(x) ** 2, lambda x: anp.sin(x) ** 2 - anp.cos(x) ** 2, M),
    "one-square": case(lambda x: x * x, lambda x, y: x * y, E, rest_specs=(E, E)),
    "square-of-minus": case(lambda x: anp.square(-x), lambda x: anp.square(1.0 - x), E),
    "abs-of-minus": case(lambda x: abs(-x), lambda x: abs(1.0 - x), E),
    # choices
    "not-not": case(lambda c: op("logical_not", op("logical_not", c)), lambda x: ~(x > 0), B, rest_specs=(E,)),
    "and-or-same": case(lambda c: op("logical_and", c, True), lambda x: op("logical_and", x, True), B, rest_specs=(E,)),
    "or-again": case(
        lambda c, d: op("logical_or", op("logical_or", c, d), d),
        lambda c, d: op("logical_and", op("logical_or", c, d), d), B, B,
    ),
    "not-less-or-nan": case(
        lambda x: op("logical_or", x > 0.5, x != x), lambda x, y: op("logical_or", x > y, x != x), E, rest_specs=(P, P)
    ),
    "choice-by-not": case(
        lambda x: op("where", op("logical_not", x > 0), x, 1.0), lambda x: op("where", x > 0, x, 1.0), E
    ),
    "choice-in-choice": case(
        lambda x, y: (lambda c: op("where", c, op("where", c, x, 1.0), y))(x > 0),
        lambda x, y: op("where", x > 0, op("where", y > 0, x, 1.0), y), P, P,
    ),
    "product-in-choice": case(
        lambda x, y: (lambda c: op("where", c, op("where", c, x, 1.0) * y, 0.0))(x > 0),
        lambda x, y: (lambda c: op("where", c, anp.exp(op("where", c, x, 1.0)), y))(x > 0), P, P,
    ),
    "half-and-half": case(lambda c, d: half(c, d), lambda c, d: op("add", op("multiply", 0.5, c), 0.5 * d), B, B),
    "routed": case(routed, unrouted, P, P),
    "weight-asked": case(
        lambda x: op("equal", op("where", x > 0, 1.0, 0.0), 0), lambda x: op("equal", op("where", x > 0, x, 0.0), 0), E
    ),
    "sign-asked": case(lambda x: anp.sign(x) != 0, lambda x: anp.sign(x) != 1, E),
    "choice-of-sign": case(
        lambda x: op("where", x != 0, anp.sign(x), 0.0), lambda x: op("where", x != 0, anp.sign(x), 1.0), M
    ),
    "share-of-best": case(
        lambda x: share(x, x) != 0, lambda x: (lambda w: w / anp.sum(w))(op("where", x > 0, 1.0, 0.0)) != 0, M
    ),
    "share-in-choice": case(
        lambda x, g: op("where", best(x), g * share(x, g), 0.0), lambda x, g: op("where", x > 0, g * share(x, g), 0.0),
        M, Spec((3, 1)),
    ),
    # stabilising
    "softplus": case(lambda x: anp.log(1.0 + anp.exp(x)), lambda x: anp.log(2.0 + anp.exp(x)), M),
    "softplus-in-parts": case(
        lambda x: anp.maximum(x, 0.0) + anp.log1p(anp.exp(-abs(x))),
        lambda x, y: anp.maximum(y, 0.0) + anp.log1p(anp.exp(-abs(x))), M, rest_specs=(M, M),
    ),
    "softplus-of-two": case(lambda x: anp.logaddexp(x, 0.0), lambda x: anp.logaddexp(x, 1.0), M),
    "sigmoid": case(lambda x: 1.0 / (1.0 + anp.exp(-x)), lambda x: 2.0 / (1.0 + anp.exp(-x)), M),
    "one-minus-sigmoid": case(lambda x: 1.0 - special.sigmoid(x), lambda x: 2.0 - special.sigmoid(x), M),
    "log-sigmoid": case(lambda x: anp.log(special.sigmoid(x)), lambda x: anp.log2(special.sigmoid(x)), M),
    "slope-of-softplus": case(
        lambda x: anp.expm1(-special.softplus(x)) + anp.exp(-special.softplus(x)),
        lambda x: anp.expm1(special.softplus(x)), M,
    ),
    "expm1": case(lambda x: anp.exp(x) - 1.0, lambda x: anp.exp(x) - 2.0, M),
    "log1p": case(lambda x: anp.log(1.0 + x * x), lambda x: anp.log(2.0 + x * x), M),
    "tanh-of-exp": case(
        lambda x: (anp.exp(x) - anp.exp(-x)) / (anp.exp(x) + anp.exp(-x)),
        lambda x: (anp.exp(x) + anp.exp(-x)) / (anp.exp(x) - anp.exp(-x)), M,
    ),
    "tanh-of-sigmoid": case(lambda x: 2.0 * special.sigmoid(x) - 1.0, lambda x: 3.0 * special.sigmoid(x) - 1.0, M),
    "sigmoid-of-tanh": case(
        lambda x: 0.5 * (1.0 + anp.tanh(0.5 * x)), lambda x: 0.5 * (1.0 + anp.tanh(0.25 * x)), M
    ),
    "log-softmax": case(lambda x: anp.log(shares(x, None)), lambda x: anp.log2(shares(x, None)), M),
    "log-of-product": case(
        lambda x: anp.log(anp.exp(x) * anp.sum(anp.exp(x))), lambda x, y: anp.log(anp.exp(x) * y), M, rest_specs=(M, M)
    ),
    "logsumexp": case(
        lambda x: anp.log(anp.sum(anp.exp(x), axis=1)),
        lambda x: anp.log(anp.sum(anp.exp(x - anp.max(x, axis=1, keepdims=True)), axis=1)), M,
    ),
    "logsumexp-shifted": case(
        shifted, lambda x: anp.log(anp.sum(anp.exp(x - x[:, :1]), axis=1)) + x[:, 1], M
    ),
    "log-softmax-shifted": case(
        lambda x: (lambda s: s - anp.log(anp.sum(anp.exp(s), axis=1, keepdims=True)))(x - x[:, :1]),
        lambda x: (lambda s: s - anp.log(anp.sum(anp.exp(s), axis=1, keepdims=True)))(x - 2.0 * x), M,
    ),
    "softmax": case(lambda x: shares(x, None), lambda x: shares(x, x[:, :1]), M),
    "fixed-shift": case(lambda x: shares(x, x[:, :1]), lambda x: shares(x, 2.0 * x), M),
    "one-softmax": case(
        softmaxes, lambda x: anp.exp(x - op("logsumexp", x, axis=(-1,), keepdims=True)), M
    ),
    "nothing-but-zeros": case(
        lambda x: op("where", op("not_equal", x, 0), x, 0.0), lambda x: op("where", op("not_equal", x, 0), x, 1.0), M
    ),
    "slope-of-softplus-in-parts": case(
        lambda z, g: slopes(z, g, 1.0), lambda z, g: slopes(z, g, 2.0), Spec((8,)), Spec((8,))
    ),
    # strength
    "second-power": case(lambda x: op("power", x, 2.0), lambda x: op("power", x, 2.25), M),
    "root-power": case(lambda x: op("power", x, -0.5), lambda x: op("power", x, 0.25), M, positive=True),
    "whole-power": case(
        lambda x: op("power", x, 7.0) + op("power", x, -3), lambda x: op("power", x, 17.0), M, positive=True
    ),
    "power-with-half": case(lambda x: op("power", x, 2.5), lambda x: op("power", x, 2.25), M, positive=True),
    "power-of-constant": case(lambda x: op("power", 2.0, x), lambda x: op("power", 3.0, x), M),
    "exact-divisor": case(lambda x: x / 8, lambda x: x / 7, E),
    "constant-divisor": case(lambda x: x / 7.0, lambda x: x / 0.0, M),
    "one-reciprocal": case(lambda x: op("reciprocal", x), lambda i: op("reciprocal", i + 1), E, rest_specs=(I,)),
    "quotient-of-reciprocal": case(lambda x, y: x / (1.0 / y), lambda x, y: x / (2.0 / y), M, M),
    "shared-divisor": case(lambda x, y: x / y[:, :1], lambda x, y: x / y, M, M),
    "constant-over": case(lambda x, y: 3.0 / y + x / y, lambda x, y: 3.0 / y + x, M, M),
    "log-of-power": case(lambda x: anp.log(anp.exp(x)), lambda x: anp.log(anp.exp2(x)), M),
    "square-of-root": case(
        lambda x: anp.square(anp.sqrt(anp.sum(anp.square(x), axis=0))), lambda x: anp.square(anp.sqrt(x)), M,
        positive=True,
    ),
    # motion
    "factor-of-broadcast": case(
        lambda x: 2.5 * op("broadcast_to", x, shape=(3, 4)), lambda x: 2.5 * anp.exp(x), Spec((4,))
    ),
    "factor-of-product": case(lambda x, y: x * (2.5 * y), lambda x, y: x * (2.5 * y[0]), M, M),
    "factor-of-quotient": case(lambda x, y: (2.5 * x) / y, lambda x, y: x / (2.5 * y), M, M),
    "factor-of-movement": case(lambda x: (2.5 * x).T, lambda x: (2.5 + x).T, M),
    "factor-of-sum": case(lambda x: anp.sum(2.5 * x), lambda x: anp.sum(2.5 + x), M),
    "sum-of-fixed-factor": case(
        lambda x, y: anp.sum(x[:, :1] * y, axis=1), lambda x, y: anp.sum(x[:, :1] * y, axis=0), M, M
    ),
    "sum-of-sum": case(
        lambda x: anp.sum(anp.sum(x, axis=1)), lambda x: anp.sum(anp.exp(anp.sum(x, axis=1))), M
    ),
    "sum-of-moved": case(lambda x: anp.sum(x.T), lambda x: anp.sum(x.T, axis=0), M),
    "sum-of-broadcast": case(
        lambda x: op("sum", op("broadcast_to", x, shape=(3, 4)), axis=(-2,), keepdims=False),
        lambda x: op("sum", op("broadcast_to", x, shape=(3, 4)), axis=(-1,), keepdims=False), Spec((4,)),
    ),
    "common-factor": case(lambda x, y: 2.5 * x + 2.5 * y, lambda x, y: 2.5 * x + 3.5 * y, M, M),
    "one-keepdims": case(
        lambda x: anp.max(x, axis=1, keepdims=True), lambda x: anp.max(x, axis=1), M
    ),
    # contractions
    "einsum-without-sum": case(
        lambda x, y: op("einsum", x, y, subscripts="ij,kj->kij"),
        lambda x, y: op("einsum", x, y, subscripts="ij,kj->ki"),
        M, Spec((2, 4)),
    ),
    "einsum-of-transpose": case(
        lambda x, y: op("einsum", x.T, y, subscripts="ij,jk->ik"),
        lambda x, y: op("einsum", x, y, subscripts="ij,ik->jk"), M, Spec((3, 5)),
    ),
    "transpose-of-einsum": case(
        lambda x, y: op("einsum", x, y, subscripts="ij,jk->ik").T,
        lambda x, y: op("einsum", x, y, subscripts="ij,jk->ik"), M, Q,
    ),
    "transpose-of-matmul": case(
        lambda x, y: (x.T @ y).T, lambda x, y: (x @ y).T, M, Spec((3, 5)), rest_specs=(M, Q)
    ),
    "column-times-row": case(lambda x, y: x[:, :1] @ y[:1], lambda x, y: x @ y, M, Q),
    "product-with-vector": case(
        lambda x, y: op("reshape", op("matmul", x, op("reshape", y, shape=(4, 1))), shape=(3,)),
        lambda x, y: op("reshape", op("matmul", x, op("reshape", y, shape=(4, 1))), shape=(1, 3)), M, Spec((4,)),
    ),
    "merged-batches": case(merged, lambda x, g: anp.reshape(x, (6, 4)).T @ g, C, Spec((2, 3, 5)),
                           rest_specs=(C, Spec((6, 5)))),
    "times-identity": case(lambda x: x @ EYE, lambda x: x @ (2.0 * EYE), M),
    "factor-of-contraction": case(lambda x, y: (2.5 * x) @ y, lambda x, y: (2.5 + x) @ y, M, Q),
    "sum-of-matmul": case(
        lambda x, y: anp.sum(x @ y, axis=0), lambda x, y: anp.sum(x @ y + x @ y @ y.T @ y), M, Q
    ),
    "sum-of-einsum": case(
        lambda x, y: anp.sum(op("einsum", x, y, subscripts="bij,bjk->bik"), axis=(0, 1)),
        lambda x, y: anp.max(op("einsum", x, y, subscripts="bij,bjk->bik"), axis=(0, 1)), C, Spec((2, 4, 5)),
    ),
    "sum-of-terms": case(
        lambda x, y, z: anp.sum(x @ y + z, axis=0), lambda x, y, z: anp.sum(anp.exp(x @ y) + z, axis=0), M, Q,
        Spec((3, 5)),
    ),
}  # fmt: skip


def values(specs, positive=False, seed=0):
    """Special values where a spec asks for them by its size, random ones elsewhere."""
    draw = np.random.default_rng(seed)
    grid = [g.reshape(-1) for g in np.meshgrid(SPECIAL, SPECIAL, indexing="ij")]
    made = []
    for i, spec in enumerate(specs):
        if spec == E or (spec.size == 15 and spec.dtype == np.float64):
            made.append(SPECIAL.reshape(spec.shape))
        elif spec == P:
            made.append(grid[i % 2])
        elif spec.dtype.kind in "ib":
            made.append(draw.integers(0, 2 if spec.dtype.kind == "b" else 9, spec.shape).astype(spec.dtype))
        else:
            one = draw.normal(size=spec.shape)
            made.append((np.abs(one) + 0.1 if positive else one).astype(spec.dtype)[()])
    return made
