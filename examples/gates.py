"""One gate at a time: what each operation on numbers does with the gradient that comes back to it.

    python examples/gates.py             every gate: value, gradients, and the word for what it does
    python examples/gates.py multiply    one of them explained, step by step

Each function is a single gate, or two or three where one alone would show nothing.
"""

import inspect
import sys

import adjoint as ad
from adjoint import numpy as np
from adjoint.special import relu as rectify
from adjoint.special import sigmoid as logistic


def add(x, y):
    """Add distributes: both inputs receive the same."""
    return x + y


def subtract(x, y):
    """Subtract distributes, with the second sign turned."""
    return x - y


def multiply(x, y):
    """Multiply swaps: each input receives the other."""
    return x * y


def divide(x, y):
    """Divide scales: 1/y for the top, -x/y^2 for the bottom."""
    return x / y


def power(x, y):
    """A power scales: both base and exponent have a slope."""
    return x**y


def exponential(x):
    """The exponential is its own slope."""
    return np.exp(x)


def logarithm(x):
    """The logarithm scales by 1/x."""
    return np.log(x)


def square_root(x):
    """The square root is steep near zero."""
    return np.sqrt(x)


def sine(x):
    """The sine scales by the cosine."""
    return np.sin(x)


def tanh(x):
    """The hyperbolic tangent is steep in the middle, flat outside: 1 - f^2."""
    return np.tanh(x)


def sigmoid(x):
    """The sigmoid is never steep: f (1 - f), at most a quarter."""
    return logistic(x)


def maximum(x, y):
    """Max routes: the larger input receives everything."""
    return np.maximum(x, y)


def minimum(x, y):
    """Min routes: the smaller input receives everything."""
    return np.minimum(x, y)


def relu(x):
    """Relu routes: all of it above zero, nothing below."""
    return rectify(x)


def absolute(x):
    """The absolute value turns the sign below zero."""
    return np.abs(x)


def clip(x):
    """Clip routes: nothing passes outside of its bounds."""
    return np.clip(x, -1.0, 1.0)


def where(x, y):
    """Where routes: only the branch that was taken."""
    return np.where(x > 0.0, x * y, x - y)


def floor(x):
    """Floor blocks: its slope is zero almost everywhere."""
    return np.floor(x) + 0.5 * x


def copy(x):
    """A value used twice: the branches add."""
    return x * x + 3.0 * x


EXAMPLES = {
    add: (3.0, -4.0),
    subtract: (3.0, -4.0),
    multiply: (3.0, -4.0),
    divide: (3.0, -4.0),
    power: (2.0, 3.0),
    exponential: (1.0,),
    logarithm: (2.0,),
    square_root: (4.0,),
    sine: (1.0,),
    tanh: (0.5,),
    sigmoid: (1.0,),
    maximum: (3.0, -4.0),
    minimum: (3.0, -4.0),
    relu: (2.0,),
    absolute: (-2.0,),
    clip: (0.5,),
    where: (2.0, 3.0),
    floor: (2.6,),
    copy: (2.0,),
}


def main():
    asked = sys.argv[1] if len(sys.argv) > 1 else None
    for function, values in EXAMPLES.items():
        if asked == function.__name__:
            print(ad.explain(function)(*values))
        elif asked is None:
            names = inspect.signature(function).parameters
            value, gradient = ad.value_and_grad(function, argnums=tuple(range(len(values))))(*values)
            shown = "  ".join(f"{name} {g:+.4g}" for name, g in zip(names, gradient))
            print(f"{function.__name__:<12} {value:>8.4g}   {shown:<22} {function.__doc__}")


if __name__ == "__main__":
    main()
