"""Linear systems and determinants: values as NumPy's, errors, rules at complex and batched inputs."""

import numpy as np
import pytest

from adjoint.create import tensor
from adjoint.differentiate.eager import gradients
from adjoint.errors import ShapeError, SingularError
from adjoint.functions.elementwise import real
from adjoint.functions.linalg import inv, slogdet, solve
from adjoint.graph.spec import Spec
from adjoint.primitives import linalg

S = np.array([[2.0, 0.3, -0.4], [0.1, -1.7, 0.5], [0.6, 0.2, 1.4]])
STACK = np.stack([S, S.T + 1.0])
B = np.arange(6.0).reshape(3, 2) - 2.0

SYSTEMS = [(S, B[:, 0]), (S, B), (STACK, B[:, 0]), (STACK, B), (S, np.stack([B, -B])), (np.zeros((0, 0)), np.zeros(0))]


@pytest.mark.parametrize(("a", "b"), SYSTEMS)
@pytest.mark.parametrize("turn", [1.0, 1 + 0.5j])
def test_solve_is_numpys(a, b, turn):
    wanted = np.linalg.solve(a * turn, b)
    assert np.array_equal(solve(a * turn, b).value, wanted)
    assert linalg.solve.spec(Spec.of(a * turn), Spec.of(b)) == Spec.of(wanted)


@pytest.mark.parametrize("a", [S, STACK, S * (1 + 0.5j), np.zeros((0, 0)), S.astype("f4"), np.eye(2, dtype=int)])
def test_slogdet_is_numpys(a):
    sign, log = slogdet(a)
    wanted = np.linalg.slogdet(a)
    assert np.array_equal(sign.value, wanted.sign)
    assert np.array_equal(log.value, wanted.logabsdet)
    assert linalg.slogdet.spec(Spec.of(a)) == (Spec.of(wanted.sign), Spec.of(wanted.logabsdet))


def test_the_gradient_of_the_log_determinant_is_the_inverse_transposed():
    a = tensor(STACK, requires_grad=True)
    slogdet(a).logabsdet.sum().backward()
    np.testing.assert_allclose(a.grad.value, np.linalg.inv(STACK).transpose(0, 2, 1), rtol=1e-12)


def test_the_complex_sign_moves():
    """d sign = i sign Im tr(a^-1 da), against differences along one direction."""
    a, step = S * (1 + 0.5j), np.full((3, 3), 1e-6 * (0.4 - 1.3j))
    t = tensor(a, requires_grad=True)
    (g,) = gradients(real(slogdet(t).sign * (0.6 + 0.8j)), [t])
    up, down = np.linalg.slogdet(a + step).sign, np.linalg.slogdet(a - step).sign
    along = np.real((up - down) / 2 * (0.6 + 0.8j))
    np.testing.assert_allclose(np.real(np.vdot(g.value, step)), along, rtol=1e-6)


def test_second_derivative_through_solve():
    def curvature(scale):
        return np.linalg.solve(S + scale * np.eye(3), B).sum()

    t = tensor(0.3, requires_grad=True)
    (first,) = gradients(solve(t * np.eye(3) + S, B).sum(), [t], create_graph=True)
    (second,) = gradients(first, [t])
    h = 1e-4
    wanted = (curvature(0.3 + h) - 2 * curvature(0.3) + curvature(0.3 - h)) / h**2
    np.testing.assert_allclose(second.item(), wanted, rtol=1e-5)


ERRORS = [
    (lambda: solve(B, B[:, 0]), "solve needs square matrices, got f64[3,2]."),
    (lambda: solve(S, np.ones(2)), "solve needs as many rows on the right as the matrix has, got f64[3,3] and f64[2]."),
    (lambda: solve(STACK, np.ones((3, 3, 2))), "solve cannot broadcast the batch axes of f64[2,3,3] and f64[3,3,2]."),
    (lambda: slogdet(B), "slogdet needs square matrices, got f64[3,2]."),
    (lambda: slogdet(2.0), "slogdet needs square matrices, got f64[]."),
    (lambda: inv(B), "inv needs square matrices, got f64[3,2]."),
]


@pytest.mark.parametrize(("call", "message"), ERRORS, ids=range(len(ERRORS)))
def test_errors(call, message):
    with pytest.raises(ShapeError) as caught:
        call()
    assert caught.value.what == message


def test_a_singular_matrix_is_our_error_and_that_of_linear_algebra():
    ones = np.ones((2, 2))
    for call in (
        lambda: solve(ones, np.ones(2)),
        lambda: solve(tensor(ones, requires_grad=True), np.ones(2)),
        lambda: inv(ones),
        lambda: slogdet(tensor(ones, requires_grad=True)).logabsdet.backward(),
    ):
        with pytest.raises(SingularError, match=r"f64\[2,2\] is singular\.") as caught:
            call()
        assert isinstance(caught.value, np.linalg.LinAlgError)
        assert "test_linalg.py" in (caught.value.where or "")


def test_a_singular_matrix_in_a_stack_is_named_by_its_place():
    stack = np.stack([S, np.ones((3, 3)), S])
    with pytest.raises(SingularError, match=r"f64\[3,3,3\] is singular at \[\(1,\)\]\."):
        inv(stack)
