"""The worked examples of backpropagation as expressions: small ones, whose derivatives can be done by hand."""

from __future__ import annotations

from typing import NamedTuple


class Classic(NamedTuple):
    """One worked example: its file name, title, text, inputs, and what to see in it."""

    name: str
    title: str
    text: str
    values: dict[str, float]
    see: str


CLASSICS = (
    Classic(
        "squared-error",
        "The error of a line through a point",
        "c = w*x; a = c + b; d = a - y; J = half_square(d)",
        {"w": 2.0, "x": -2.0, "b": 8.0, "y": 2.0},
        "The line misses y by d, and that is the gradient of J by d. Adding and subtracting pass it on as it is "
        "(y with the sign turned); multiplying swaps: w receives it times x, and x receives it times w.",
    ),
    Classic(
        "product-of-a-sum",
        "A product, a sum, a product",
        "d = a*b; e = d + c; L = e*f",
        {"a": 2.0, "b": 3.0, "c": -10.0, "f": 5.0},
        "The last gate swaps its inputs: e receives f, and f receives e. The sum hands the same number to d and c; "
        "at d it is multiplied by b for a, and by a for b. That is the chain rule, one gate at a time.",
    ),
    Classic(
        "sum-times",
        "A sum, multiplied",
        "q = x + y; f = q*z",
        {"x": -2.0, "y": 5.0, "z": -4.0},
        "x and y reach f only through q, with slope 1 each: so both receive the gradient of q, which is z.",
    ),
    Classic(
        "sine",
        "A slope in the middle",
        "p = x*y; f = sin(p)",
        {"x": 2.0, "y": 0.5},
        "The sine scales what comes back by its own slope, cos(p); then the product swaps. Forward, the numbers "
        "flow from left to right; backward, from right to left through the same gates.",
    ),
    Classic(
        "neuron",
        "A neuron",
        "s = w0*x0 + w1*x1 + w2; f = sigmoid(s)",
        {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0},
        "The slope of the sigmoid is f*(1 - f), largest in its middle. Every weight receives it times its input; "
        "w2 stands alone and receives it as it is.",
    ),
    Classic(
        "maximum",
        "The max gate",
        "p = x*y; m = max(z, w); f = 2*(p + m)",
        {"x": 3.0, "y": -4.0, "z": 2.0, "w": -1.0},
        "The max gate routes: the larger input receives everything, the other exactly 0, because a small change "
        "of it changes nothing.",
    ),
    Classic(
        "copy",
        "The copy gate",
        "c = a + b; e = c*b",
        {"a": 2.0, "b": 1.0},
        "b is used twice, and the two branches add: one comes through the sum, one straight from the product.",
    ),
)
