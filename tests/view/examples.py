"""The worked examples as stories."""

from __future__ import annotations

from typing import Any

import numpy as np

from view.builder import Builder


def half_square_loss() -> dict[str, Any]:
    """J = ½(w·x + b − y)² at 2, −2, 8, 2."""
    build = Builder("Half squared error", "J = ½(w·x + b − y)²")
    w, x, b, y = (build.leaf(name, value) for name, value in zip("wxby", (2, -2, 8, 2), strict=True))
    c = build.op("multiply", w, x, name="c")
    a = build.op("add", c, b, name="a")
    d = build.op("subtract", a, y, name="d")
    return build.story(build.op("half_square", d, name="J"))


def product_of_sum() -> dict[str, Any]:
    """L = (a·b + c)·f at 2, 3, −10, 5."""
    build = Builder("Product of a sum", "L = (a·b + c)·f")
    a, b, c = build.leaf("a", 2), build.leaf("b", 3), build.leaf("c", -10)
    e = build.op("multiply", a, b, name="e")
    d = build.op("add", e, c, name="d")
    f = build.leaf("f", 5)
    return build.story(build.op("multiply", d, f, name="L"))


def used_twice() -> dict[str, Any]:
    """e = (a + b)·(b + 1)."""
    build = Builder("A value used twice", "e = (a + b)·(b + 1)")
    a, b, one = build.leaf("a", 2), build.leaf("b", 1), build.const(1)
    c = build.op("add", a, b, name="c")
    d = build.op("add", b, one, name="d")
    return build.story(build.op("multiply", c, d, name="e"))


def routed() -> dict[str, Any]:
    """max(x, y)·z − sin x."""
    build = Builder("The max gate routes", "L = max(x, y)·z − y²")
    x, y, z = build.leaf("x", 3), build.leaf("y", -1.5), build.leaf("z", 2)
    m = build.op("maximum", x, y, name="m")
    p = build.op("multiply", m, z)
    s = build.op("square", y)
    return build.story(build.op("subtract", p, s, name="L"))


def dense_layer() -> dict[str, Any]:
    """A layer of tensors with relu and a squared loss."""
    random = np.random.default_rng(1)
    build = Builder("A dense layer", "loss = sum(½(relu(X @ W + b) − T)²)")
    x = build.leaf("X", random.normal(size=(8, 3)), "data")
    w = build.leaf("W", random.normal(size=(3, 4)))
    b = build.leaf("b", random.normal(size=4))
    h = build.op("add", build.op("matmul", x, w), b, name="h")
    r = build.op("relu", h, name="a")
    t = build.leaf("T", random.normal(size=(8, 4)), "data")
    d = build.op("subtract", r, t, name="d")
    return build.story(build.op("sum", build.op("half_square", d), name="loss"))


def broken() -> dict[str, Any]:
    """log of a negative number."""
    build = Builder("A NaN is born", "L = log(x − 3)·w")
    x, w = build.leaf("x", 2), build.leaf("w", 3)
    shifted = build.op("subtract", x, build.const(3), name="t")
    return build.story(build.op("multiply", build.op("log", shifted, name="u"), w, name="L"))


EXAMPLES = {
    "half_square_loss": half_square_loss,
    "product_of_sum": product_of_sum,
    "used_twice": used_twice,
    "routed": routed,
    "dense_layer": dense_layer,
    "broken": broken,
}
