"""Stories of complex numbers: every equation that is printed is true."""

import re

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp

NUMBER = r"\(?[−+]?[\d.]+(?: [−+] [\d.]+i)?\)?"


def read(text):
    """The number that a story prints, as Python reads it."""
    plain = text.strip("()").replace("−", "-").replace(" ", "").replace("i", "j")
    return complex(plain)


FUNCTIONS = [
    (lambda z: anp.real(z * anp.conj(z)), (1 + 2j,)),
    (lambda z: anp.abs(anp.exp(z) * 2j) ** 2, (0.3 + 0.4j,)),
    (lambda z, w: anp.imag(z**2 / w), (1 + 2j, 2 - 1j)),
    (lambda x: anp.real(anp.exp(1j * x)), (0.7,)),
    (lambda z: abs(z), (3 + 4j,)),
    (lambda x, z: anp.real(x * z) + anp.imag(z - x), (0.5, 1 - 3j)),
]


@pytest.mark.parametrize(("f", "args"), FUNCTIONS)
def test_every_backward_equation_is_true(f, args):
    story = ad.explain(f, argnums=tuple(range(len(args))))(*args)
    told = story.text().split("Backward")[1].split("Leaves")[0]
    rows = [line.split(" = ", 1)[1] for line in told.splitlines() if re.match(r"\s+∂\w+/∂", line)]
    assert rows
    for row in rows:
        row = row.split("  ")[0]
        if " = " not in row:
            continue
        left, right = row.split(" = ")
        real = left.startswith("real(")
        left = left.removeprefix("real(").removesuffix(")") if real else left
        if left.startswith("conj("):
            found = read(left.removeprefix("conj(").removesuffix(")")).conjugate()
        else:
            up, local = left.split(" × ")
            mirrored = local.startswith("conj(")
            local = read(local.removeprefix("conj(").removesuffix(")") if mirrored else local)
            found = read(up) * (local.conjugate() if mirrored else local)
        assert abs((found.real if real else found) - read(right)) <= 2e-3 * (1 + abs(found)), row


def test_complex_numbers_are_bracketed_in_formulas():
    told = ad.explain(lambda z: anp.real(z**2 * anp.conj(z)))(1 + 2j).text()
    assert "(1 + 2i)² = −3 + 4i" in told
    assert "(−3 + 4i) × (1 − 2i) = 5 + 10i" in told
    assert "(0 + 1i) × x" in ad.explain(lambda x: anp.real(1j * x))(0.7).text()


def test_the_conjugate_is_told():
    told = ad.explain(lambda z: anp.real(z * anp.conj(z)))(1 + 2j).text()
    assert "(1 + 0i) × conj(1 − 2i) = 1 + 2i" in told
    assert "conj(1 − 2i) = 1 + 2i" in told
    assert "Complex values: a gate multiplies by the conjugate of its local derivative." in told
    assert "Complex values" not in ad.explain(lambda x: x * x)(2.0).text()


def test_values_put_at_an_index_are_not_said_to_be_kept():
    def f(w):
        u = w * 2.0
        u[np.arange(3)] = np.full(3, 3.0)
        return u.sum()

    story = ad.explain(f)(np.ones(1000))
    kept = {story.board.items[one.node].value.dtype.kind for one in story.kept if one.bytes == 24}
    assert kept == {"i"}
    assert sum(one.bytes == 24 for one in story.kept) == 1
