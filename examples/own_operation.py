"""An operation of one's own: its value, its derivative in both modes, and the proof that they fit.

    python examples/own_operation.py

Softsign, x / (1 + |x|), squashes like tanh. Written from existing operations it would be three nodes
of the graph; as a Function it is one, with a derivative written by hand: 1 / (1 + |x|)^2.
"""

import numpy as np

import adjoint as ad


class Softsign(ad.Function):
    """The function x / (1 + abs(x)) as one operation."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x / (1.0 + abs(x))

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g / (1.0 + abs(x)) ** 2

    @staticmethod
    def jvp(ctx, t):
        (x,) = ctx.saved_tensors
        return t / (1.0 + abs(x)) ** 2


def loss(x, y):
    return ((Softsign.apply(x) - y) ** 2).sum()


def main():
    x, y = np.array([-2.0, 0.5, 3.0]), np.array([-1.0, 0.0, 1.0])
    print("gradient         ", ad.grad(loss)(x, y))
    value, along = ad.jvp(lambda x: loss(x, y), (x,), (np.array([1.0, 0.0, 0.0]),))
    print(f"along the first x {along:.6f} at {value:.6f}")
    print(ad.check(loss)(x, y))


if __name__ == "__main__":
    main()
