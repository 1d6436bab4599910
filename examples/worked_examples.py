"""The classic worked examples of backpropagation as short functions: values, gradients, explanations.

python examples/worked_examples.py            gradients of all of them
python examples/worked_examples.py neuron     one of them explained, step by step
adjoint explain examples/worked_examples.py:neuron w0=2 x0=-1 w1=-3 x1=-2 w2=-3

All of them can be done by hand; ad.explain shows how.
"""

import inspect
import sys

import adjoint as ad
from adjoint import numpy as np


def squared_error(w, x, b, y):
    """The error of a line through a point: J = (w x + b - y)^2 / 2."""
    c = w * x
    a = c + b
    d = a - y
    return 0.5 * d**2


def product_of_a_sum(a, b, c, f):
    """A product, a sum, a product: L = (a b + c) f."""
    d = a * b
    e = d + c
    return e * f


def sum_times(x, y, z):
    """A sum, multiplied: f = (x + y) z."""
    q = x + y
    return q * z


def sine(x, y):
    """A slope in the middle: f = sin(x y)."""
    return np.sin(x * y)


def neuron(w0, x0, w1, x1, w2):
    """A neuron of two inputs: f = sigmoid(w0 x0 + w1 x1 + w2)."""
    s = w0 * x0 + w1 * x1 + w2
    return 1.0 / (1.0 + np.exp(-s))


def max_gate(x, y, z, w):
    """The max gate routes: f = 2 (x y + max(z, w))."""
    return 2.0 * (x * y + np.maximum(z, w))


def copy_gate(a, b):
    """The copy gate adds: e = (a + b) b."""
    c = a + b
    return c * b


EXAMPLES = {
    squared_error: (2.0, -2.0, 8.0, 2.0),
    product_of_a_sum: (2.0, 3.0, -10.0, 5.0),
    sum_times: (-2.0, 5.0, -4.0),
    sine: (2.0, 0.5),
    neuron: (2.0, -1.0, -3.0, -2.0, -3.0),
    max_gate: (3.0, -4.0, 2.0, -1.0),
    copy_gate: (2.0, 1.0),
}


def main():
    asked = sys.argv[1] if len(sys.argv) > 1 else None
    for function, values in EXAMPLES.items():
        if asked == function.__name__:
            print(ad.explain(function)(*values))
        elif asked is None:
            names = list(inspect.signature(function).parameters)
            value, gradient = ad.value_and_grad(function, argnums=tuple(range(len(values))))(*values)
            shown = "  ".join(f"{name} {g:+.4g}" for name, g in zip(names, gradient))
            print(f"{function.__name__:<17} {value:>8.4g}   gradient: {shown}")


if __name__ == "__main__":
    main()
