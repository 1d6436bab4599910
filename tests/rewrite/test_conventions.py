"""What is rewritten before a derivative is taken keeps the conventions at kinks, ties and structural zeros."""

import numpy as np
import pytest

import adjoint.numpy as anp
import adjoint.special as special
from adjoint.graph.spec import Spec
from adjoint.rewrite.passes import BEFORE_DERIVATIVE, optimise
from rewrite.workloads import evaluated, gradient, graph_of_gradient, traced

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
X = np.array([0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -2.0, 3.0])

FUNCTIONS = {
    "maximum": lambda x: anp.maximum(x, 0.0),
    "maximum of two": lambda x: anp.maximum(x, -x),
    "maximum of same": lambda x: anp.maximum(x, x),
    "relu": special.relu,
    "relu of relu": lambda x: special.relu(special.relu(x)),
    "abs": lambda x: abs(-x) * 2.0,
    "clip": lambda x: anp.clip(x, -1.0, 2.0),
    "sign": lambda x: anp.sign(x) * x,
    "softplus in parts": lambda x: anp.maximum(x, 0.0) + anp.log1p(anp.exp(-abs(x))),
    "softplus": lambda x: anp.log(1.0 + anp.exp(x)),
    "one branch": lambda x: anp.where(x > 0, anp.sqrt(x), x),
    "safe branch": lambda x: anp.where(x > 0, 1.0 / anp.where(x > 0, x, 1.0), 0.0),
    "choice of same": lambda x: anp.where(x > 0, x * 1.0, x),
    "norm": lambda x: anp.linalg.norm(x - x) + 0.0 * x,
    "largest": lambda x: anp.max(x * 0.0 + 1.0) + x,
    "powers": lambda x: x**1 + x**0 + x**2 + x**3,
    "root": lambda x: anp.abs(x) ** 0.5,
    "softmax": lambda x: anp.exp(x) / anp.sum(anp.exp(x)) * np.arange(8.0),
    "shifted softmax": lambda x: (lambda e: e / anp.sum(e) * np.arange(8.0))(anp.exp(x - anp.max(x))),
    "log of shifted sum": lambda x: anp.log(anp.sum(anp.exp(x - anp.max(x)))) + anp.max(x) + 0.0 * x,
    "sigmoid": lambda x: 1.0 / (1.0 + anp.exp(-x)),
    "placed": lambda x: anp.pad(x, 1)[1:-1] + anp.concatenate([x, x])[3:11],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_at_special_points(name):
    f = FUNCTIONS[name]
    specs = [Spec(X.shape)]
    before = evaluated(gradient(lambda x: anp.sum(f(x)), *specs), [X])
    forward = optimise(traced(lambda x: anp.sum(f(x)), *specs), passes=BEFORE_DERIVATIVE).graph
    graph = graph_of_gradient(forward)
    for made in (graph, optimise(graph).graph, optimise(gradient(lambda x: anp.sum(f(x)), *specs)).graph):
        for a, b in zip(before, evaluated(made, [X])):
            np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-15)


OVERFLOWING = {
    "softplus": (lambda x: anp.log(1.0 + anp.exp(x)), [1000.0, -1000.0], [1000.0, 0.0]),
    "sigmoid": (lambda x: anp.exp(x) / (1.0 + anp.exp(x)), [1000.0, -1000.0], [1.0, 0.0]),
    "log sigmoid": (lambda x: anp.log(1.0 / (1.0 + anp.exp(-x))), [1000.0, -1000.0], [0.0, -1000.0]),
    "log of one minus sigmoid": (
        lambda x: anp.log(1.0 - 1.0 / (1.0 + anp.exp(-x))), [1000.0, -1000.0], [-1000.0, 0.0],
    ),
    "tanh": (
        lambda x: (anp.exp(x) - anp.exp(-x)) / (anp.exp(x) + anp.exp(-x)), [1000.0, -1000.0], [1.0, -1.0],
    ),
    "softmax": (lambda x: anp.exp(x) / anp.sum(anp.exp(x)), [1000.0, 1000.0], [0.5, 0.5]),
    "log softmax": (lambda x: anp.log(anp.exp(x) / anp.sum(anp.exp(x))), [1000.0, -1000.0], [0.0, -2000.0]),
    "logsumexp": (lambda x: anp.log(anp.sum(anp.exp(x))) + 0.0 * x, [1000.0, 0.0], [1000.0, 1000.0]),
    "expm1": (lambda x: anp.exp(x) - 1.0, [1e-20, 0.0], [1e-20, 0.0]),
    "log1p": (lambda x: anp.log(1.0 + x), [1e-20, 0.0], [1e-20, 0.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", OVERFLOWING)
def test_what_overflows_or_loses_digits_no_longer_does(name):
    f, x, wanted = OVERFLOWING[name]
    graph = traced(f, Spec((2,)))
    made, log = optimise(graph)
    assert evaluated(graph, [np.array(x)])[0].tolist() != wanted
    np.testing.assert_allclose(evaluated(made, [np.array(x)])[0], wanted, rtol=1e-14)
    assert log.stabilised()
    slope = evaluated(gradient(lambda x: anp.sum(anp.square(f(x))), Spec((2,))), [np.array(x)])[1]
    forward = optimise(traced(lambda x: anp.sum(anp.square(f(x))), Spec((2,))), passes=BEFORE_DERIVATIVE).graph
    better = evaluated(optimise(graph_of_gradient(forward)).graph, [np.array(x)])[1]
    assert np.isfinite(better).all()
    assert better.shape == slope.shape
