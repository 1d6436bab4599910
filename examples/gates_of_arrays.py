"""Gates of arrays: what comes back through a sum, a mean, a broadcast, a product of matrices.

    python examples/gates_of_arrays.py            every gate with its gradients
    python examples/gates_of_arrays.py matmul     one of them explained, step by step

A gradient starts from one number, so each function ends in a weighted sum: the weights are what comes back.
"""

import inspect
import sys

import numpy

import adjoint as ad
from adjoint import numpy as np
from adjoint.special import softmax as shares


def total(x):
    """Sum spreads: every entry receives the same."""
    return 2.0 * np.sum(x)


def mean(x):
    """Mean spreads: every entry receives its part."""
    return 6.0 * np.mean(x)


def largest(x):
    """The largest of many routes: one entry receives everything."""
    return 2.0 * np.max(x)


def product(x):
    """The product of all entries: each receives the product of the others."""
    return np.prod(x)


def broadcast(x, row, weights):
    """Broadcast collects: the row was used for every row of x, so its gradients are added back."""
    return np.sum((x + row) * weights)


def reshape(x, weights):
    """Reshape moves: each gradient returns to the place of its value."""
    return np.sum(np.reshape(x, (3, 2)) * weights)


def transpose(x, weights):
    """Transpose moves: the gradient comes back transposed."""
    return np.sum(x.T * weights)


def part(x, weights):
    """A slice moves: entries that were not picked receive nothing."""
    return np.sum(x[:, 1:] * weights)


def gather(x, weights):
    """Picking by place: an entry picked twice receives both gradients."""
    return np.sum(x[[0, 2, 2, 1]] * weights)


def pad(x, weights):
    """Padding moves: the gradients of the border go nowhere."""
    return np.sum(np.pad(x, 1) * weights)


def join(x, y, weights):
    """Joining moves: each part receives its own stretch."""
    return np.sum(np.concatenate([x, y]) * weights)


def running_sum(x, weights):
    """A running sum collects from everything after it."""
    return np.sum(np.cumsum(x) * weights)


def in_order(x, weights):
    """Sorting moves: each gradient returns to where its entry stood before."""
    return np.sum(np.sort(x) * weights)


def dot(x, y):
    """A dot product swaps: each vector receives the other."""
    return np.dot(x, y)


def matmul(x, y, weights):
    """Matmul contracts: each matrix receives the gradient times the other, transposed."""
    return np.sum((x @ y) * weights)


def softmax(x, weights):
    """Softmax weighs: what one share gains, the others lose."""
    return np.sum(shares(x) * weights)


ROWS = numpy.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
UP = numpy.array([[1.0, 2.0, -1.0], [0.5, -1.0, 3.0]])
FOUR = numpy.array([2.0, -1.0, 0.5, 3.0])

EXAMPLES = {
    total: (ROWS,),
    mean: (ROWS,),
    largest: (ROWS,),
    product: (numpy.array([2.0, -3.0, 0.5]),),
    broadcast: (ROWS, numpy.array([1.0, -1.0, 2.0]), UP),
    reshape: (ROWS, UP.reshape(3, 2)),
    transpose: (ROWS, UP.T.copy()),
    part: (ROWS, UP[:, 1:].copy()),
    gather: (numpy.array([1.0, -2.0, 3.0]), FOUR),
    pad: (numpy.array([1.0, -2.0]), FOUR),
    join: (numpy.array([1.0, -2.0]), numpy.array([3.0, 0.5]), FOUR),
    running_sum: (numpy.array([1.0, -2.0, 3.0, 0.5]), FOUR),
    in_order: (numpy.array([3.0, -1.0, 2.0, 0.5]), FOUR),
    dot: (numpy.array([1.0, -2.0, 3.0]), numpy.array([0.5, 4.0, -1.0])),
    matmul: (ROWS, numpy.array([[1.0, 2.0], [-1.0, 0.5], [3.0, -2.0]]), numpy.array([[1.0, -1.0], [2.0, 0.5]])),
    softmax: (numpy.array([1.0, 2.0, 0.5]), numpy.array([1.0, -1.0, 2.0])),
}


def main():
    asked = sys.argv[1] if len(sys.argv) > 1 else None
    for function, values in EXAMPLES.items():
        if asked == function.__name__:
            print(ad.explain(function)(*values))
        elif asked is None:
            value, gradients = ad.value_and_grad(function, argnums=tuple(range(len(values))))(*values)
            print(f"{function.__name__} = {value:.4g}: {function.__doc__}")
            for name, gradient in zip(inspect.signature(function).parameters, gradients):
                print(f"  {name:<8}{numpy.array2string(gradient, precision=4, separator=', ', prefix=' ' * 10)}")


if __name__ == "__main__":
    main()
