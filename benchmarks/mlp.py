"""One eager SGD step of an MLP 784-512-256-10 on a batch of 128, float32: relu, softmax cross-entropy.

Against NumPy by hand (backpropagation written out, in place where it can be) and torch; with one
thread of linear algebra and with two.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import _harness as bench
import numpy as np

import adjoint as ad
import adjoint.numpy as anp

SIZES = (784, 512, 256, 10)
BATCH = 128
RATE = 0.01


def data():
    draw = np.random.default_rng(0)
    x = draw.standard_normal((BATCH, SIZES[0])).astype(np.float32)
    y = draw.integers(0, SIZES[-1], BATCH)
    parameters = []
    for rows, columns in pairwise(SIZES):
        parameters.append((draw.standard_normal((rows, columns)) * np.sqrt(2.0 / rows)).astype(np.float32))
        parameters.append(np.zeros(columns, np.float32))
    return x, y, parameters


def by_hand():
    """What a careful person writes in NumPy."""
    x, y, (w1, b1, w2, b2, w3, b3) = data()
    rows = np.arange(BATCH)

    def step():
        h1 = x @ w1
        h1 += b1
        np.maximum(h1, 0, out=h1)
        h2 = h1 @ w2
        h2 += b2
        np.maximum(h2, 0, out=h2)
        z = h2 @ w3
        z += b3
        z -= z.max(1, keepdims=True)
        p = np.exp(z)
        total = p.sum(1, keepdims=True)
        loss = (np.log(total[:, 0]) - z[rows, y]).mean()
        p /= total
        p[rows, y] -= 1
        p /= BATCH
        dw3, db3 = h2.T @ p, p.sum(0)
        g2 = p @ w3.T
        g2 *= h2 > 0
        dw2, db2 = h1.T @ g2, g2.sum(0)
        g1 = g2 @ w2.T
        g1 *= h1 > 0
        dw1, db1 = x.T @ g1, g1.sum(0)
        for w, d in ((w1, dw1), (b1, db1), (w2, dw2), (b2, db2), (w3, dw3), (b3, db3)):
            w -= RATE * d
        return loss

    return step


def ours(namespace):
    x, y, arrays = data()
    x, rows = ad.tensor(x), np.arange(BATCH)
    parameters = [ad.tensor(a, requires_grad=True) for a in arrays]

    def step():
        w1, b1, w2, b2, w3, b3 = parameters
        h = namespace.maximum(x @ w1 + b1, 0)
        h = namespace.maximum(h @ w2 + b2, 0)
        z = h @ w3 + b3
        z = z - namespace.max(z, axis=1, keepdims=True)
        loss = namespace.mean(namespace.log(namespace.sum(namespace.exp(z), axis=1)) - z[rows, y])
        loss.backward()
        with ad.no_grad():
            for p in parameters:
                p -= RATE * p.grad
                p.grad = None
        return loss.item()

    return step


def ours_neural():
    """The same with the library's own relu and log_softmax."""
    from adjoint.nn.functional import log_softmax, relu

    x, y, arrays = data()
    x, rows = ad.tensor(x), np.arange(BATCH)
    parameters = [ad.tensor(a, requires_grad=True) for a in arrays]

    def step():
        w1, b1, w2, b2, w3, b3 = parameters
        h = relu(x @ w1 + b1)
        h = relu(h @ w2 + b2)
        loss = -log_softmax(h @ w3 + b3, axis=1)[rows, y].mean()
        loss.backward()
        with ad.no_grad():
            for p in parameters:
                p -= RATE * p.grad
                p.grad = None
        return loss.item()

    return step


def theirs(torch):
    x, y, arrays = data()
    x, y = torch.tensor(x), torch.tensor(y)
    parameters = [torch.tensor(a, requires_grad=True) for a in arrays]
    functional = torch.nn.functional

    def step():
        w1, b1, w2, b2, w3, b3 = parameters
        h = functional.relu(x @ w1 + b1)
        h = functional.relu(h @ w2 + b2)
        loss = functional.cross_entropy(h @ w3 + b3, y)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= RATE * p.grad
                p.grad = None
        return loss.item()

    return step


def main():
    given = bench.options(__doc__)
    report = bench.Report("MLP 784-512-256-10, batch 128, float32: one SGD step", given, unit="ms")
    runs = {"adjoint": ours_neural(), "adjoint, NumPy terms": ours(anp), "NumPy by hand": by_hand()}
    if torch := bench.peer("torch", given.without):
        runs["torch"] = theirs(torch)
    losses = {name: [run() for _ in range(3)] for name, run in runs.items()}
    for found in losses.values():
        np.testing.assert_allclose(found, losses["NumPy by hand"], rtol=1e-3)
    times = bench.measure(runs, given.rounds, least=0.05)
    threads = f"{bench.THREADS} thread{'s' if bench.THREADS > 1 else ''}"
    report.compare(threads, times, targets={"NumPy by hand": 1.15, "torch": 1.0})
    report.show()
    if "--threads" not in sys.argv:
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--threads", "2"], check=True)


if __name__ == "__main__":
    main()
