"""The worked examples, as a learner would write them: each step with a name of its own, for the stories to tell."""

# ruff: noqa: RET504

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import adjoint as ad
import adjoint.numpy as np


def half_squared_error(w: Any, x: Any, b: Any, y: Any) -> Any:
    c = w * x
    a = c + b
    d = a - y
    J = 0.5 * d**2
    return J


def product_of_a_sum(a: Any, b: Any, c: Any, f: Any) -> Any:
    e = a * b
    d = e + c
    L = d * f
    return L


def sum_times_input(x: Any, y: Any, z: Any) -> Any:
    q = x + y
    f = q * z
    return f


def sine(x: Any, y: Any) -> Any:
    """f = sin(x y): a slope in the middle."""
    return np.sin(x * y)


def neuron(w0: Any, x0: Any, w1: Any, x1: Any, w2: Any) -> Any:
    s = w0 * x0 + w1 * x1 + w2
    f = 1 / (1 + np.exp(-s))
    return f


def used_twice(a: Any, b: Any) -> Any:
    c = a + b
    d = b + 1
    e = c * d
    return e


def at_a_tie(x: Any, y: Any) -> Any:
    m = np.maximum(x, y)
    return m * x


def bowl(x: Any, y: Any) -> Any:
    return x**2 + 3.0 * y**2


def negative_logarithm(x: Any) -> Any:
    t = x - 3.0
    return np.log(t) * 2.0


class Example(NamedTuple):
    function: Callable[..., Any]
    args: tuple[float, ...]
    value: float
    gradients: dict[str, float]


EXAMPLES = {
    "half_squared_error": Example(
        half_squared_error, (2.0, -2.0, 8.0, 2.0), 2.0, {"w": -4.0, "x": 4.0, "b": 2.0, "y": -2.0}
    ),
    "product_of_a_sum": Example(
        product_of_a_sum, (2.0, 3.0, -10.0, 5.0), -20.0, {"a": 15.0, "b": 10.0, "c": 5.0, "f": -4.0}
    ),
    "sum_times_input": Example(sum_times_input, (-2.0, 5.0, -4.0), -12.0, {"x": -4.0, "y": -4.0, "z": 3.0}),
    "sine": Example(sine, (0.5, 2.0), 0.8414709848078965, {"x": 1.0806046117362795, "y": 0.27015115293406986}),
    "used_twice": Example(used_twice, (2.0, 1.0), 6.0, {"a": 2.0, "b": 5.0}),
    "at_a_tie": Example(at_a_tie, (3.0, 3.0), 9.0, {"x": 4.5, "y": 1.5}),
    "bowl": Example(bowl, (0.0, 0.0), 0.0, {"x": 0.0, "y": 0.0}),
    "neuron": Example(
        neuron,
        (2.0, -1.0, -3.0, -2.0, -3.0),
        0.7310585786300049,
        {"w0": -0.19661193, "x0": 0.39322387, "w1": -0.39322387, "x1": -0.5898358, "w2": 0.19661193},
    ),
    "negative_logarithm": Example(negative_logarithm, (2.0,), float("nan"), {"x": -2.0}),
}


def story_of(name: str) -> Any:
    example = EXAMPLES[name]
    return ad.explain(example.function, rate=0.01)(*example.args)
