"""The programs whose plans are kept in tests/golden/plans: change nothing above them, their lines are shown."""

import numpy as np

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special

RNG = np.random.default_rng(0)


def rosenbrock(x):
    return anp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rows(x):
    return special.softmax(x * 0.5, axis=1)


def loss(w, b, x, y):
    hidden = anp.maximum(x @ w[0] + b, 0.0)
    return anp.mean(anp.square(hidden @ w[1] - y))


def step(w, b, x, y):
    value, (dw, db) = ad.value_and_grad(loss, argnums=(0, 1))(w, b, x, y)
    return [p - 0.1 * g for p, g in zip(w, dw)], b - 0.1 * db, value


def mixture(a, m, q, x):
    """The log-likelihood of points under Gaussians with full precision matrices."""
    z = anp.einsum("kij,nj->nki", q, x) - m
    return anp.sum(special.logsumexp(a - 0.5 * anp.sum(z * z, axis=2), axis=1))


PLANS = {
    "rosenbrock": (ad.value_and_grad(rosenbrock), (np.zeros(100),), {}),
    "rows": (rows, (np.zeros((64, 100)),), {}),
    "step": (
        step,
        ([np.zeros((12, 20)), np.zeros((20, 3))], np.zeros(20), np.zeros((32, 12)), np.zeros((32, 3))),
        {"donate": ("w", "b")},
    ),
    "mixture": (
        ad.value_and_grad(mixture, argnums=(0, 1, 2)),
        (np.zeros(24), np.zeros((24, 16)), np.zeros((24, 16, 16)), np.zeros((2000, 16))),
        {},
    ),
}
