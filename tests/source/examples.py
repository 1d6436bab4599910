"""The programs whose printed text is kept in tests/golden/source, character by character."""

# ruff: noqa: RET504
import numpy as np

import adjoint.numpy as anp
from adjoint import special

X = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]])
LABELS = np.array([0, 1, 1])


def loss(w, x, b, y):
    c = w * x
    J = 0.5 * (c + b - y) ** 2
    return J


def sum_times_input(a, b):
    c = a + b
    e = c * b
    return e


def layer(W, b):
    h = X @ W + b
    p = special.softmax(h, axis=1)
    picked = p[np.arange(3), LABELS]
    J = -anp.mean(anp.log(picked))
    return J


def neuron(w0, x0, w1, x1, w2):
    s = w0 * x0 + w1 * x1 + w2
    out = special.sigmoid(s)
    return out


def recurrence(x, w):
    for _ in range(3):
        x = np.sin(x) * w
    return x


EXAMPLES = {
    "loss": (loss, (2.0, -2.0, 8.0, 2.0)),
    "sum_times_input": (sum_times_input, (2.0, 1.0)),
    "layer": (layer, (np.array([[0.1, -0.2], [0.3, 0.4]]), np.array([0.0, 0.5]))),
    "neuron": (neuron, (2.0, -1.0, -3.0, -2.0, -3.0)),
    "recurrence": (recurrence, (0.5, 2.0)),
}
