"""One step of an LSTM: three gates decide what a cell forgets, takes in, and says.

    python examples/lstm.py

The cell's state passes from step to step by a product and a sum, so its gradient reaches far back: it is
multiplied by the forget gate only (Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735;
the forget gate is of Gers, Schmidhuber and Cummins 2000).
"""

import numpy

import adjoint as ad
from adjoint import numpy as np
from adjoint.special import sigmoid


def gate(name, shape, x, h, wx, wh, bias):
    """One gate: a layer that looks at the input and at what was said before."""
    with ad.scope(name):
        return shape(x @ wx + h @ wh + bias)


def step(x, h, c, wx, wh, bias):
    """The next hidden state and the next cell state; weights hold the four gates side by side."""
    n = h.shape[0]
    parts = {}
    for place, (name, shape) in enumerate(
        [("forget", sigmoid), ("take in", sigmoid), ("candidate", np.tanh), ("say", sigmoid)]
    ):
        mine = slice(place * n, (place + 1) * n)
        parts[name] = gate(name, shape, x, h, wx[:, mine], wh[:, mine], bias[mine])
    with ad.scope("cell"):
        cell = parts["forget"] * c + parts["take in"] * parts["candidate"]
    with ad.scope("output"):
        hidden = parts["say"] * np.tanh(cell)
    return hidden, cell


def lstm_step(x, h, c, wx, wh, bias, target):
    """One step of an LSTM, and how far what it says is from what was wanted."""
    hidden, _ = step(x, h, c, wx, wh, bias)
    with ad.scope("loss"):
        return np.sum((hidden - target) ** 2)


def made():
    """Three inputs, two cells; few digits, so that the numbers in a picture are short."""
    rng = numpy.random.default_rng(2)
    wx, wh = (rng.normal(scale=0.6, size=(n, 8)).round(2) for n in (3, 2))
    bias = numpy.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])  # a cell remembers unless it learns to forget
    x, h, c = numpy.array([1.0, -0.5, 0.25]), numpy.array([0.2, -0.4]), numpy.array([0.5, -1.0])
    return x, h, c, wx, wh, bias, numpy.array([0.5, -0.5])


EXAMPLES = {lstm_step: made()}


def main():
    x, h, c, wx, wh, bias, target = made()
    print(f"loss after one step: {ad.value_and_grad(lstm_step, argnums=3)(x, h, c, wx, wh, bias, target)[0]:.4f}")

    def later(c0, steps):
        hidden, cell = h, c0
        for _ in range(steps):
            hidden, cell = step(x, hidden, cell, wx, wh, bias)
        return np.sum((hidden - target) ** 2)

    for steps in (1, 5, 10, 20, 40):
        reached = numpy.linalg.norm(ad.grad(later)(c, steps))
        print(f"  after {steps:>2} steps the first cell state has a gradient of {reached:.1e}")
    print(f"  checked against numeric derivatives: {'all agree' if ad.check(lstm_step)(*made()) else 'WRONG'}")


if __name__ == "__main__":
    main()
