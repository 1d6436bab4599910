"""Functions whose traced gradients the rewrites must make small, and how their graphs are made."""

from __future__ import annotations

import math

import numpy as np

import adjoint.numpy as anp
import adjoint.special as special
from adjoint.apply import leaf, make, record
from adjoint.differentiate.reverse import reverse, seed_of
from adjoint.functions.program import interpret
from adjoint.graph.graph import Graph
from adjoint.graph.spec import Spec
from adjoint.modes import switched
from adjoint.primitives.structure import ALIAS
from adjoint.tensor import Tensor


def traced(f, *specs):
    """The graph of a function on specs, and its inputs."""
    tensors = [make(s, leaf(s, None, f"x{i}")) for i, s in enumerate(specs)]
    with switched(recording=True):
        outs = f(*tensors)
    outs = outs if isinstance(outs, tuple | list) else (outs,)
    inputs = [t._node for t in tensors]
    return Graph.from_outputs(*[_node(o) for o in outs], inputs=inputs)


def gradient(f, *specs, wrt=None):
    """The graph of a function's value and of its gradient by each of its inputs."""
    forward = traced(f, *specs)
    return graph_of_gradient(forward, wrt)


def graph_of_gradient(forward, wrt=None):
    """The value and the gradients of a graph with one scalar output."""
    (root,) = forward.outputs
    wanted = [forward.inputs[i] for i in (range(len(forward.inputs)) if wrt is None else wrt)]
    bound = min(n.seq for n in forward.nodes)
    walk = reverse([(root, make(seed_of(root.spec), None))], wanted, bound=bound, records=True)
    grads = [walk.found.get(n) for n in wanted]
    grads = [np.zeros(n.shape, n.dtype)[()] if g is None else g for g, n in zip(grads, wanted)]
    return Graph.from_outputs(root, *[_node(g) for g in grads], inputs=forward.inputs)


def _node(value):
    if type(value) is Tensor:
        if value._node is not None:
            return value._node
        value = value._value
    value = np.asarray(value)[()]
    return record(ALIAS, (value,), None, value.shape, value.dtype, None)


def evaluated(graph, values):
    """The values of a graph's outputs.

    Every operand lies row by row: NumPy adds in the order in which memory lies, which a rewrite may change
    (``maximum(x, x)`` is an array of its own, and ``x`` may be a flipped view); so a sum here has one order.
    """
    with np.errstate(all="ignore"):
        found = interpret(
            graph,
            dict(zip(graph.inputs, values)),
            lambda op, xs, params: op.value(*map(_in_rows, xs), **(params or {})),
        )
    return [np.asarray(found[o]) for o in graph.outputs]


def _in_rows(x):
    return np.asarray(x, order="C") if type(x) is np.ndarray else x


def mlp(x, y, w1, b1, w2, b2, w3, b3):
    h = anp.maximum(x @ w1 + b1, 0.0)
    h = special.relu(h @ w2 + b2)
    z = h @ w3 + b3
    return -anp.mean(anp.sum(y * special.log_softmax(z, axis=1), axis=1))


MLP = [Spec(s, np.float32) for s in ((128, 784), (128, 10), (784, 512), (512,), (512, 256), (256,), (256, 10), (10,))]


def mlp_step(*args):
    return mlp(*args)


def mixture(n=1000, d=10, k=25):
    """ADBench's Gaussian mixture log-likelihood, by (alphas, means, icf), for data x."""
    tril = np.tril_indices(d, -1)
    place = np.zeros((d, d), int)
    place[tril] = np.arange(len(tril[0]))
    mask = np.tril(np.ones((d, d)), -1)

    def loglike(alphas, means, icf, x):
        logs = icf[:, :d]
        q = anp.exp(logs)
        lower = icf[:, d:][:, place] * mask
        centred = x[:, None, :] - means[None]
        product = anp.einsum("kij,nkj->nki", lower, centred) + q[None] * centred
        inner = alphas + anp.sum(logs, axis=1) - 0.5 * anp.sum(anp.square(product), axis=2)
        m = anp.max(inner, axis=1, keepdims=True)
        lse = anp.log(anp.sum(anp.exp(inner - m), axis=1)) + m[:, 0]
        am = anp.max(alphas)
        slse = anp.sum(lse) - n * (anp.log(anp.sum(anp.exp(alphas - am))) + am)
        wishart = 0.5 * anp.sum(anp.square(q)) + 0.5 * anp.sum(anp.square(icf[:, d:])) - anp.sum(logs)
        return -0.5 * n * d * math.log(2 * math.pi) + slse + wishart

    specs = [Spec((k,)), Spec((k, d)), Spec((k, d + d * (d - 1) // 2)), Spec((n, d))]
    return loglike, specs


def mixture_matmul(n=1000, d=10, k=25):
    """The same with the triangular factors as full matrices, and a matrix product."""

    def loglike(alphas, means, lower, x):
        logs = anp.einsum("kii->ki", lower)
        projected = anp.matmul(x, anp.reshape(anp.transpose(lower, (2, 0, 1)), (d, k * d)))
        projected = anp.reshape(projected, (n, k, d)) - anp.einsum("kij,kj->ki", lower, means)
        inner = alphas + anp.sum(logs, axis=1) - 0.5 * anp.sum(projected * projected, axis=2)
        return anp.sum(special.logsumexp(inner, axis=1)) - n * special.logsumexp(alphas)

    return loglike, [Spec((k,)), Spec((k, d)), Spec((k, d, d)), Spec((n, d))]


def attention(q, k, v):
    s = q @ anp.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    e = anp.exp(s - anp.max(s, axis=-1, keepdims=True))
    p = e / anp.sum(e, axis=-1, keepdims=True)
    return anp.sum(anp.square(p @ v))


def attention_softmax(q, k, v):
    s = anp.einsum("bid,bjd->bij", q, k) * (1.0 / math.sqrt(q.shape[-1]))
    return anp.sum(special.softmax(s, axis=-1) @ v)


ATTENTION = [Spec((4, 64, 16))] * 3


def fused(x, y):
    z = (x - 0.3) * 1.7
    softplus = anp.maximum(z, 0.0) + anp.log1p(anp.exp(-anp.abs(z)))
    return anp.sum(-(z**2) / 2 - softplus * y + 0.1 * anp.tanh(z))


def rosenbrock(x):
    return anp.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


def layernorm(x, g, b):
    m = anp.mean(x, axis=-1, keepdims=True)
    v = anp.mean((x - m) ** 2, axis=-1, keepdims=True)
    return anp.sum(anp.square((x - m) / anp.sqrt(v + 1e-5) * g + b))


def cross_entropy(x, w):
    z = x @ w
    labels = np.arange(x.shape[0]) % w.shape[1]
    return -anp.mean(special.log_softmax(z)[np.arange(x.shape[0]), labels])


def logistic(x, w, y):
    p = 1.0 / (1.0 + anp.exp(-(x @ w)))
    return -anp.mean(y * anp.log(p) + (1.0 - y) * anp.log(1.0 - p))


def scalar_loss(w, x, b, y):
    return 0.5 * (w * x + b - y) ** 2


WORKLOADS = {
    "mlp": (mlp, MLP),
    "mixture": mixture(),
    "mixture_matmul": mixture_matmul(),
    "attention": (attention, ATTENTION),
    "attention_softmax": (attention_softmax, ATTENTION),
    "fused": (fused, [Spec((1000,))] * 2),
    "rosenbrock": (rosenbrock, [Spec((100,))]),
    "layernorm": (layernorm, [Spec((8, 16)), Spec((16,)), Spec((16,))]),
    "cross_entropy": (cross_entropy, [Spec((8, 16)), Spec((16, 5))]),
    "logistic": (logistic, [Spec((8, 16)), Spec((16,)), Spec((8,))]),
    "scalar": (scalar_loss, [Spec()] * 4),
    "norm": (lambda x: anp.linalg.norm(x) + anp.sum(anp.clip(x, -1.0, 1.0)) + anp.sum(anp.abs(x)), [Spec((9,))]),
}
