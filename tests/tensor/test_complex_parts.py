"""``t.real``, ``t.imag``, ``t.conj()``: as NumPy's arrays have them, of real numbers too, eager and compiled."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import InPlaceError

Z = np.array([1.0 + 2.0j, -3.0 - 0.5j, 0.25j])
PARTS = [lambda t: t.real, lambda t: t.imag, lambda t: t.conj(), lambda t: t.conjugate()]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "value",
    [Z, Z.astype("c8"), Z.real, Z.real.astype("f4"), np.arange(3), np.array([True, False]), Z[:0], Z[0], np.float64(2)],
)
def test_values_are_those_of_numpy(part, value):
    expected = part(value)
    eager = part(ad.tensor(value))
    assert eager.dtype == expected.dtype
    np.testing.assert_array_equal(eager.value, expected)
    compiled = ad.compile(part)(value)
    assert compiled.dtype == expected.dtype
    np.testing.assert_array_equal(compiled, expected)


@pytest.mark.parametrize("part", PARTS[:3])
@pytest.mark.parametrize("number", [2.5, 3, 1.0 + 2.0j])
def test_python_numbers(part, number):
    expected = part(number) if part is not PARTS[2] else number.conjugate()
    found = ad.compile(part)(number)
    assert type(found) is type(expected)
    assert found == expected


def energy(z):
    return (z * z.conj()).real.sum() + 3.0 * z.imag[0] + (z.real[1] ** 2)


@pytest.mark.parametrize("values", [Z, Z.real])
def test_derivatives(values):
    def same(z):
        return anp.sum(anp.real(z * anp.conj(z))) + 3.0 * anp.imag(z)[0] + anp.real(z)[1] ** 2

    expected = ad.grad(same)(values)
    assert np.abs(expected).max() > 1.0
    np.testing.assert_array_equal(ad.grad(energy)(values), expected)
    np.testing.assert_array_equal(ad.compile(ad.grad(energy))(values), expected)
    assert ad.jvp(energy, (values,), (values,)) == ad.jvp(same, (values,), (values,))


def test_real_numbers_are_their_own_real_parts():
    t = ad.tensor([1.0, 2.0])
    assert t.real is t
    assert t.conj() is t
    t.real[0] = 5.0
    assert t.tolist() == [5.0, 2.0]


@pytest.mark.parametrize("make", [lambda t: t.real, lambda t: t.imag, np.real, anp.imag])
def test_parts_are_views_and_cannot_be_written_to(make):
    with pytest.raises(InPlaceError, match="view"):
        make(ad.tensor(Z))[0] = 1.0
    with pytest.raises(InPlaceError, match="view"):
        ad.compile(lambda z: make(z).__setitem__(0, 1.0))(Z)


def test_parts_of_numbers_are_numbers():
    def penalised(z):
        loss = (z * z.conj()).real
        loss += 1.0
        return loss

    assert penalised(ad.tensor(1.0 + 2.0j)).item() == 6.0
    assert ad.grad(penalised)(1.0 + 2.0j) == ad.compile(ad.grad(penalised))(1.0 + 2.0j) == 2.0 + 4.0j
