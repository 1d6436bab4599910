"""Eager chains: x = sin(x) * w + b of 1,000 operations, and a random one of 40 with broadcasting.

Forward and backward, gradients of x, w and b, in float64; the last of the 1,000 operations is the sum.
Size 1 is timed as a scalar (0-d) and as an array of one element.
"""

from __future__ import annotations

import random

import _harness as bench
import numpy as np

import adjoint as ad
import adjoint.numpy as anp

OPERATIONS = 1000
STEPS = (OPERATIONS - 1) // 3


def chain(np, x, w, b):
    for _ in range(STEPS):
        x = np.sin(x) * w + b
    return np.sum(x)


def by_hand(x, w, b):
    """What a careful person writes in NumPy: nothing computed twice, in place where nothing is lost."""
    kept = []
    for _ in range(STEPS):
        s = np.sin(x)
        kept.append((x, s))
        x = s * w
        x += b
    loss = x.sum()
    g = np.ones_like(x)
    dw, db = np.zeros_like(x), np.zeros_like(x)
    for x, s in reversed(kept):
        db += g
        dw += g * s
        g = g * w
        g *= np.cos(x)
    return loss, (g, dw, db)


def ours(namespace, function, arrays):
    leaves = [ad.tensor(a, requires_grad=True) for a in arrays]

    def run():
        for leaf in leaves:
            leaf.grad = None
        function(namespace, *leaves).backward()
        return [leaf.grad.value for leaf in leaves]

    return run


def theirs_torch(torch, function, arrays):
    leaves = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in arrays]

    def run():
        for leaf in leaves:
            leaf.grad = None
        function(torch, *leaves).backward()
        return [leaf.grad.numpy() for leaf in leaves]

    return run


def theirs_autograd(autograd, function, arrays):
    import autograd.numpy as namespace
    from autograd.differential_operators import make_vjp

    def run():
        pull, _ = make_vjp(lambda leaves: function(namespace, *leaves))(tuple(arrays))
        return pull(1.0)

    return run


def contenders(function, arrays, given):
    runs = {
        "adjoint": ours(anp, function, arrays),
        "adjoint through np.": ours(np, function, arrays),
    }
    if torch := bench.peer("torch", given.without):
        runs["torch"] = theirs_torch(torch, function, arrays)
    if autograd := bench.peer("autograd", given.without):
        runs["autograd"] = theirs_autograd(autograd, function, arrays)
    return runs


def agree(runs):
    """All contenders return the same gradients."""
    first, *others = (run() for run in runs.values())
    for other in others:
        for one, two in zip(first, other):
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


def random_chain(seed=0, length=40):
    """A program of 40 operations over a 16 x 8 array and smaller leaves; an earlier value returns now and then."""
    draw = random.Random(seed)
    shapes = [(16, 8), (8,), (16, 1), (), (1, 8)]
    steps = [
        (draw.choice(["sin", "cos", "tanh", "add", "multiply", "subtract", "again"]), draw.randrange(1, len(shapes)))
        for _ in range(length - 1)
    ]

    def program(np, *leaves):
        x, before = leaves[0], []
        for name, which in steps:
            before.append(x)
            if name in ("sin", "cos", "tanh"):
                x = getattr(np, name)(x)
            elif name == "add":
                x = x + leaves[which]
            elif name == "multiply":
                x = x * leaves[which]
            elif name == "subtract":
                x = x - leaves[which]
            else:
                x = x + before[len(before) // 2]
        return np.sum(x)

    values = np.random.default_rng(seed)
    return program, [values.uniform(0.5, 1.0, shape) for shape in shapes]


def main():
    given = bench.options(__doc__)
    report = bench.Report("Eager chain, forward and backward, per operation", given)
    values = np.random.default_rng(0)
    for case, shape in (("0-d", ()), ("1", (1,)), ("100", (100,)), ("10,000", (10_000,))):
        arrays = [values.uniform(low, high, shape) for low, high in ((0.5, 1.0), (0.9, 1.1), (0.01, 0.1))]
        runs = contenders(chain, arrays, given)
        agree(runs)
        if shape:
            runs["NumPy by hand"] = lambda arrays=arrays: by_hand(*arrays)
            for one, two in zip(runs["adjoint"](), by_hand(*arrays)[1]):
                np.testing.assert_allclose(one, two, rtol=1e-9)
        targets = {"NumPy by hand": 1.15} if case == "10,000" else {"torch": 0.6}
        report.compare(f"size {case}", bench.measure(runs, given.rounds), per=OPERATIONS, targets=targets)
    function, arrays = random_chain()
    runs = contenders(function, arrays, given)
    agree(runs)
    report.compare("random 40, broadcasting", bench.measure(runs, given.rounds), per=40)
    report.show()


if __name__ == "__main__":
    main()
