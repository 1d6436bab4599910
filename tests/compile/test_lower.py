"""Lowering: the terms of a graph mean what the graph computes, and use native forms where there are some."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from adjoint.compile.llvm.forms import knows
from adjoint.compile.lower import Lowering
from adjoint.compile.terms import Term
from adjoint.errors import GraphError
from adjoint.graph.graph import Graph
from compile.differ import assert_close, eager, value_gradient_and_results
from compile.meaning import graph_of, lowered, meaning
from compile.programs import drawn

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

RNG = np.random.default_rng(41)


@pytest.mark.parametrize("seed", range(150))
def test_random_programs_keep_their_meaning(seed):
    program = drawn(30_000 + seed)
    f = value_gradient_and_results(program)
    args = program.arguments()
    precision = program.precision()
    found = meaning(lowered(f, args, strict=seed % 2 == 0).outputs, args)
    assert_close(found, eager(f, args), repr(program), precision * (1e5 if precision < 1e-10 else 2e3))


def kinds(f, *args):
    """The kinds of the terms below the outputs, calls as the names of their records."""
    seen: dict[int, Term] = {}
    stack = list(lowered(f, args).outputs)
    while stack:
        term = stack.pop()
        if term.id not in seen:
            seen[term.id] = term
            stack.extend(term.args)
    return {t.data[0].name if t.kind == "call" else t.kind for t in seen.values()}


X = RNG.normal(size=(4, 6))
M = RNG.normal(size=(30, 40))

MOVES = {
    "slices": (lambda x: x[1:, ::-2], {"view", "input"}),
    "transposes": (lambda x: x.T[None, 2], {"view", "input"}),
    "broadcasts": (lambda x: anp.broadcast_to(x, (3, 4, 6)), {"view", "input"}),
    "flips": (lambda x: anp.flip(x), {"view", "input"}),
    "axes of one entry": (lambda x: anp.squeeze(anp.reshape(x, (4, 1, 6, 1))), {"input"}),
    "other shapes": (lambda x: anp.reshape(x, (8, 3)), {"reshape", "input"}),
    "pads": (lambda x: anp.pad(x, 1), {"pad", "const", "input"}),
    "pieces side by side": (lambda x: anp.concatenate([x, x], axis=1), {"pad", "const", "input", "view"}),
    "written boxes": (lambda x: ad.vjp(lambda t: t[1:3], x)[1](x[:2]), {"pad", "const", "input", "view"}),
    "sums": (lambda x: anp.sum(x, axis=0), {"reduce", "input"}),
    "products of matrices": (lambda x: x @ x.T, {"reduce", "map", "view", "input"}),
    "scans": (lambda x: anp.cumsum(x, axis=0), {"cumsum", "item", "input"}),
    "sorting": (lambda x: anp.sort(x, axis=0), {"sort", "item", "input"}),
    "picking": (lambda x: x[np.array([0, 2])], {"gather", "input", "array", "view", "map", "const"}),
}


@pytest.mark.parametrize("name", MOVES)
def test_forms(name):
    f, wanted = MOVES[name]
    assert kinds(f, X) <= wanted


def test_large_products_of_matrices_are_contractions():
    assert "dot" in kinds(lambda m: m @ m.T, M)
    assert "dot" in kinds(lambda m: anp.einsum("ij,kj->ki", m, m), M)
    assert "dot" not in kinds(lambda m: m @ m[0], M)
    assert "dot" not in kinds(lambda m: anp.einsum("ij,ij->i", m, m), M)


def test_what_has_no_native_dtype_is_called():
    assert "add" in kinds(lambda x: x + x, X.astype(np.float16))
    assert "multiply" in kinds(lambda x: x * x, X.astype(np.uint8))
    assert kinds(lambda x: x * x, X.astype(np.int32)) == {"map", "input"}


def test_what_occurs_twice_is_one_term():
    f = lambda x: [anp.sin(x) + anp.cos(x[::-1][::-1]), anp.sin(x)]
    assert sum(t.kind == "map" and t.data[0].name == "sin" for t in lowered(f, (X,)).terms.all) == 1
    assert kinds(f, X) == {"map", "input"}


def test_softmax_and_its_logsumexp_share_their_exponentials():
    f = ad.value_and_grad(lambda x: anp.sum(special.logsumexp(x, axis=1)))
    counts = [
        sum(t.kind == "map" and t.data[0].name == "exp" for t in lowered(f, (X,), strict=strict).terms.all)
        for strict in (True, False)
    ]
    assert counts == [2, 1]


def test_a_leaf_without_a_value_is_an_error():
    graph = graph_of(lambda x, y: x * y, (X, X))
    with pytest.raises(GraphError, match="has no value"):
        Lowering(Graph.from_outputs(*graph.outputs, inputs=graph.inputs[:1]), knows)


def test_indices_are_checked_against_their_bounds():
    k = np.array([0, 3, -4])
    low = lowered(lambda x, k: x[k], (X, k))
    assert meaning(low.checks, [X, k]) == [0.0]
    assert meaning(low.checks, [X, np.array([0, 4, 0])]) == [1.0]
    assert meaning(low.checks, [X, np.array([0, -5, 0])]) == [1.0]


REDUCTIONS = {
    "logsumexp": lambda x: special.logsumexp(x, axis=0),
    "norm": lambda x: anp.linalg.norm(x, axis=1),
    "argmax": lambda x: anp.argmax(x, axis=1),
    "argmin of all": lambda x: anp.argmin(x),
    "largest": lambda x: anp.max(x, axis=(0, 1)),
}


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("entry", [0.0, np.inf, -np.inf, np.nan, 1e308, 5e-324])
def test_reductions_of_special_values(name, entry):
    f = REDUCTIONS[name]
    for x in (np.full((3, 4), entry), np.where(np.arange(12).reshape(3, 4) == 5, entry, X[:3, :4])):
        low = lowered(f, (x,))
        assert not any(t.kind == "call" for t in low.terms.all)
        assert_close(meaning(low.outputs, [x]), eager(f, (x,)), name, 1e-14)
