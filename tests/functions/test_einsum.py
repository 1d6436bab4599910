"""einsum: every form of subscripts that NumPy takes, its gradients, and what is refused."""

import numpy as np
import pytest

import adjoint as ad
from adjoint import numpy as anp
from adjoint.create import tensor
from adjoint.errors import ArgumentError, ShapeError, UnsupportedError
from functions.likeness import agrees, same

FORMS = [
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("iii->i", (2, 2, 2)),
    ("ij->ji", (2, 3)),
    ("ba", (2, 3)),
    ("i->", (3,)),
    ("...ij->...ji", (4, 2, 3)),
    ("ij , jk -> ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ij,k->i", (2, 3), (4,)),
    ("iij,jk->ik", (2, 2, 3), (3, 4)),
    ("i...,i...->...", (2, 3, 4), (2, 1, 4)),
    ("...,...", (2, 3), (3,)),
    ("ij,ij->ij", (1, 3), (2, 3)),
    ("ij,ij->", (1, 3), (2, 1)),
    (",", (), ()),
    ("ij,i->", (0, 3), (0,)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("i,j,k->kij", (2,), (3,), (4,)),
    ("ij,ij,ij", (2, 3), (2, 3), (2, 3)),
    ("...a,...b,c...->...", (5, 2, 3), (2, 4), (6, 2)),
    ("ab,bc,cd,de,ef->fa", (2, 3), (3, 4), (4, 2), (2, 5), (5, 3)),
    ("i,ii,ij,j->", (3,), (3, 3), (3, 2), (2,)),
]


def arrays(shapes):
    rng = np.random.default_rng(7)
    return [rng.uniform(-1.0, 1.0, s) for s in shapes]


@pytest.mark.parametrize(("text", "shapes"), [(t, s) for t, *s in FORMS], ids=[t for t, *_ in FORMS])
def test_value_and_gradient_are_numpys(text, shapes):
    given = arrays(shapes)
    wanted = np.einsum(text, *given)
    same(anp.einsum(text, *given), wanted)
    same(np.einsum(text, *map(tensor, given)), wanted)
    same(anp.einsum(text, *given, optimize=False), wanted)
    agrees(lambda *x: anp.einsum(text, *x), lambda *x: np.einsum(text, *x), *given)


def test_complex_gradients_and_second_order():
    x, y = arrays([(2, 3), (3, 2)])
    z = x + 1j * y.T

    def f(z):
        return anp.sum(anp.abs(anp.einsum("ij,kj,ik->i", z, anp.conj(z), x @ y)) ** 2)

    assert ad.check(f)(z)
    assert ad.check(ad.grad(lambda x: anp.sum(anp.einsum("ij,jk,kl->il", x, y, x) ** 2)))(x)


def test_the_gradient_of_a_product_is_a_product_of_the_same_size():
    # Three matrices in a chain: the long side is met in pairs, never as an array of all axes at once.
    n = 400
    a, b, c = arrays([(n, 2), (2, n), (n, 2)])
    found = ad.grad(lambda b: anp.sum(anp.einsum("ij,jk,kl->il", a, b, c)))(b)
    np.testing.assert_allclose(found, a.T @ np.ones((n, 2)) @ c.T, rtol=1e-10, atol=1e-12)


REFUSED = [
    (("ij,jk", (2, 3)), ArgumentError, "names 2 operands, and 1 are given"),
    (("ij->i", (2,)), ArgumentError, r"gives 'ij' to an operand of the shape \[2\]"),
    (("i...j", (2,)), ArgumentError, r"gives 'i\.\.\.j' to an operand of the shape \[2\]"),
    (("i1", (2, 2)), ArgumentError, "may hold letters"),
    (("é", (2,)), ArgumentError, "may hold letters"),
    (("i.", (2, 2)), ArgumentError, "may hold letters"),
    (("ij->ik", (2, 2)), ArgumentError, "may name in the result axes of the operands only"),
    (("ij->ii", (2, 2)), ArgumentError, "may name in the result axes of the operands only"),
    (("...i->i", (2, 2)), ArgumentError, r"has \.\.\. in an operand, and none in the result"),
    (("ij,jk", (2, 3), (4, 5)), ShapeError, "'j' of 'ij,jk' is an axis of size 3 and one of size 4"),
    (("ii", (2, 3)), ShapeError, "'i' of 'ii' is an axis of size 2 and one of size 3"),
    (("jj", (1, 3)), ShapeError, "'j' of 'jj' stands for axes of sizes 1 and 3 of one operand"),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[c[0] for c, *_ in REFUSED])
def test_errors(call, kind, message):
    text, *shapes = call
    with pytest.raises(kind, match=message) as caught:
        anp.einsum(text, *map(np.zeros, shapes))
    assert "test_einsum.py" in caught.value.where


def test_lists_of_axes_and_out_are_refused():
    with pytest.raises(UnsupportedError, match="einsum with lists of axes has no rule"):
        anp.einsum(tensor(np.eye(2)), [0, 0])
    with pytest.raises(UnsupportedError, match="einsum does not take out="):
        anp.einsum("ii", np.eye(2), out=np.zeros(()))
