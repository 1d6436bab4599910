"""Small networks as people write them, with helpers and scopes: what the groups of a story are tried on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

import adjoint as ad
import adjoint.numpy as np
from adjoint.nn.functional import softmax


def heads(x: Any, wq: Any, wk: Any, wv: Any) -> tuple[Any, Any, Any]:
    return x @ wq, x @ wk, x @ wv


def fit(queries: Any, keys: Any) -> Any:
    return queries @ keys.T / numpy.sqrt(keys.shape[1])


def attention(x: Any, wq: Any, wk: Any, wv: Any) -> Any:
    queries, keys, values = heads(x, wq, wk, wv)
    weights = softmax(fit(queries, keys), axis=1)
    return weights @ values


def squared_error(prediction: Any, target: Any) -> Any:
    return np.mean((prediction - target) ** 2)


def attention_loss(x: Any, wq: Any, wk: Any, wv: Any, target: Any) -> Any:
    heard = attention(x, wq, wk, wv)
    return squared_error(heard, target)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def gate(x: Any, h: Any, w: Any, u: Any, b: Any) -> Any:
    return sigmoid(w * x + u * h + b)


def candidate(x: Any, h: Any, w: Any, u: Any, b: Any) -> Any:
    return np.tanh(w * x + u * h + b)


def lstm_step(x: Any, h: Any, c: Any, p: dict[str, Any]) -> tuple[Any, Any]:
    i = gate(x, h, p["wi"], p["ui"], p["bi"])
    f = gate(x, h, p["wf"], p["uf"], p["bf"])
    o = gate(x, h, p["wo"], p["uo"], p["bo"])
    g = candidate(x, h, p["wg"], p["ug"], p["bg"])
    c = f * c + i * g
    return o * np.tanh(c), c


def lstm_loss(x: Any, h: Any, c: Any, p: dict[str, Any], target: Any) -> Any:
    h, c = lstm_step(x, h, c, p)
    return 0.5 * (h - target) ** 2


def lstm_unrolled(xs: Any, p: dict[str, Any], target: Any) -> Any:
    h, c = 0.0, 0.0
    for x in xs:
        h, c = lstm_step(x, h, c, p)
    return 0.5 * (h - target) ** 2


def dense(x: Any, w: Any, b: Any) -> Any:
    return np.maximum(x @ w + b, 0.0)


def mlp_loss(x: Any, layers: Any, target: Any) -> Any:
    for number, (w, b) in enumerate(layers):
        with ad.scope(f"layer{number + 1}"):
            x = dense(x, w, b)
    with ad.scope("loss"):
        shifted = x - np.max(x, axis=1, keepdims=True)
        return np.mean(np.log(np.sum(np.exp(shifted), axis=1)) - np.sum(shifted * target, axis=1))


def _lstm_weights() -> dict[str, float]:
    names = [k + g for g in "ifog" for k in "wub"]
    return {name: round(0.1 * (i % 7) - 0.25, 2) for i, name in enumerate(names)}


def _arrays(*shapes: tuple[int, ...]) -> list[Any]:
    rng = numpy.random.default_rng(0)
    return [rng.normal(size=s) for s in shapes]


#: Each network with a maker of its arguments.
NETWORKS: dict[str, tuple[Callable[..., Any], Callable[[], tuple[Any, ...]]]] = {
    "attention": (attention_loss, lambda: tuple(_arrays((4, 8), (8, 3), (8, 3), (8, 3), (4, 3)))),
    "lstm": (lstm_loss, lambda: (0.5, 0.1, -0.2, _lstm_weights(), 0.3)),
    "lstm_unrolled": (lstm_unrolled, lambda: ([0.5, -0.1, 0.8], _lstm_weights(), 0.3)),
    "mlp": (
        mlp_loss,
        lambda: (_arrays((2, 4))[0], list(zip(_arrays((4, 5), (5, 3)), _arrays((5,), (3,)))), numpy.eye(3)[:2]),
    ),
}
