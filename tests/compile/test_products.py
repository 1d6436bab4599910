"""Products of matrices: written out, by BLAS and as plain loops, in every layout, at sizes around the blocks."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.compile.llvm.host import host, registers
from compile.differ import compiled, pressure

WIDTHS = [n for n in (16, 32, 64) if n <= host().vector_bytes]
SIZES = [(1, 1, 1), (2, 3, 4), (3, 5, 7), (4, 4, 4), (5, 16, 5), (6, 33, 8), (7, 8, 17), (13, 2, 31), (12, 65, 3)]

LAYOUTS = {
    "rows": lambda a, b: a @ b,
    "pairs": lambda a, b: a @ anp.swapaxes(b, 0, 1) if a.shape[1] == b.shape[1] else a @ b,
    "left transposed": lambda a, b: anp.swapaxes(a, 0, 1).T @ b,
    "result transposed": lambda a, b: (a @ b).T,
    "both transposed": lambda a, b: anp.einsum("ij,jk->ki", a, b),
    "scaled after": lambda a, b: anp.exp(-(a @ b)) + 1.0,
    "of what is computed": lambda a, b: anp.sin(a) @ anp.cos(b),
    "reversed": lambda a, b: a[::-1] @ b[:, ::-1],
    "stepped": lambda a, b: a[:, ::2] @ b[::2],
}


def matrices(dtype):
    rng = np.random.default_rng(1)
    return [rng.normal(size=s).astype(dtype) for m, k, n in SIZES for s in ((m, k), (k, n))]


def every(layout):
    """One function of all pairs of matrices, so that they are compiled together."""
    f = LAYOUTS[layout]
    return lambda *args: [f(a, b) for a, b in zip(args[::2], args[1::2])]


def check(layout, dtype):
    args = matrices(dtype)
    wanted = [np.asarray(v) for v in every(layout)(*[ad.tensor(a.astype("f8")) for a in args])]
    for found, exact, a in zip(compiled(every(layout), args), wanted, args[::2], strict=True):
        bound = (a.shape[1] + 8) * np.finfo(dtype).eps
        np.testing.assert_allclose(found, exact, rtol=0, atol=bound * max(1.0, np.abs(exact).max()) * 4, err_msg=layout)


@pytest.mark.parametrize("limits", ["plain", "blas"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout, limits):
    with pressure(limits):
        check(layout, "f8")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("layout", ["rows", "pairs", "result transposed"])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_registers_and_precisions(layout, width, dtype):
    with registers(width), pressure("products"):
        check(layout, dtype)


BATCHES = {
    "batch": lambda a, b: a @ b,
    "one matrix for all": lambda a, b: a @ b[0],
    "one for all on the left": lambda a, b: a[0] @ b,
    "broadcast batch": lambda a, b: a[:, None] @ b[None],
    "heads inside": lambda a, b: anp.einsum("nij,njk->ink", a, b),
    "summed over the batch": lambda a, b: anp.einsum("nij,njk->ik", a, b),
    "weights of the batch": lambda a, b: anp.einsum("nij,njk->n", a, b),
    "vectors": lambda a, b: a @ b[:, :, 0][..., None],
    "outer": lambda a, b: anp.einsum("nij,nkl->nikjl", a[:, :2], b[:, :2]),
}


@pytest.mark.parametrize("limits", ["plain", "products", "blas"])
def test_batches(limits):
    rng = np.random.default_rng(2)
    args = rng.normal(size=(3, 9, 20)), rng.normal(size=(3, 20, 11))

    def f(a, b):
        return [g(a, b) for g in BATCHES.values()]

    def g(a, b):
        return ad.value_and_grad(lambda a, b: sum(anp.sum(anp.sin(v)) for v in f(a, b)), argnums=(0, 1))(a, b)

    with pressure(limits):
        for h in (f, g):
            found = compiled(h, args)
            wanted = [np.asarray(v) for v in ad_leaves(h(*map(ad.tensor, args)))]
            for one, exact in zip(found, wanted, strict=True):
                np.testing.assert_allclose(one, exact, rtol=1e-11, atol=1e-11)


def ad_leaves(tree):
    """The leaves of nested tuples and lists, in order."""
    if isinstance(tree, tuple | list):
        return [leaf for one in tree for leaf in ad_leaves(one)]
    return [tree]


@pytest.mark.parametrize("n", [257, 300, 512, 777])
def test_tiles_of_every_remainder(n, monkeypatch):
    """Two contractions with work between them, cut into pieces, the last one shorter."""
    from adjoint.compile import tiles

    monkeypatch.setattr(tiles, "LARGE", 1 << 12)
    monkeypatch.setattr(tiles, "PIECES", 1 << 14)
    monkeypatch.setattr(tiles, "FEWEST", 32)
    rng = np.random.default_rng(3)
    x, w, v = rng.normal(size=(n, 12)), rng.normal(size=(12, 40)), rng.normal(size=(40, 9))

    def f(x, w, v):
        h = anp.tanh(x @ w)
        return anp.sum(
            anp.exp(-anp.sum(anp.square(h - anp.mean(h, axis=1, keepdims=True)), axis=1)) + anp.sum(h @ v, 1)
        )

    g = ad.value_and_grad(f, argnums=(0, 1, 2))
    exe = ad.compile(g, cache=False)
    found = exe(x, w, v)
    assert "for each" in str(exe.plan)
    wanted = g(x, w, v)
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-12)
    for one, exact in zip(found[1], wanted[1], strict=True):
        np.testing.assert_allclose(one, exact, rtol=1e-10, atol=1e-11)
