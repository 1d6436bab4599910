"""Strict code: eager mode's bits where no sum is reordered and no vector function used, else the stated bound."""

import random

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from compile.differ import assert_close, compiled, eager, same_bits
from compile.programs import drawn

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_to_the_last_bit(seed):
    program = drawn(9_000 + seed, exact=True)
    args = program.arguments()
    same_bits(compiled(program, args, strict=True), eager(program, args), repr(program))


def polynomial(x, y):
    return x * y + y * y * x - x * 3.0 + y / x


def rational(x, y):
    return (x * x - y) / (1.0 + x * x + y * y) * x + anp.sqrt(anp.abs(x * y + 1.0))


def routed(x, y):
    return anp.where(x * y > 0.1, x * y + 0.5, anp.maximum(x - y * y, 0.25)) + anp.clip(x * 3.0, -1.0, y)


def shifted(x, y):
    return x[1:] * y[:-1] - x[:-1] * y[1:] + (x * y + 1.0)[::-1][1:]


def largest(x, y):
    return anp.max(x * y + x, axis=0) + anp.min(x - y * y, axis=0)


def rounded(x, y):
    return anp.floor(x * 4.0) / 3.0 + anp.round(y) - x % 0.75 + anp.trunc(y * x)


@pytest.mark.parametrize("f", [polynomial, rational, routed, shifted, largest, rounded])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_values_and_gradients_to_the_last_bit(f, dtype):
    x, y = (RNG.normal(size=(37, 9)).astype(dtype) for _ in range(2))
    seed = RNG.normal(size=f(x, y).shape).astype(dtype)

    def g(x, y, seed):
        out, pullback = ad.vjp(f, x, y)
        return out, pullback(seed), ad.jvp(f, (x, y), (y, x))[1]

    same_bits(compiled(g, (x, y, seed), strict=True), eager(g, (x, y, seed)))


def test_a_product_that_is_added_is_rounded_twice():
    x = np.float64(1.0 + 2.0**-30)
    args = [np.array([a, a]) for a in (x, x, -x * x)]
    f = lambda a, b, c: a * b + c
    assert eager(f, args)[0].tolist() == [0.0, 0.0]
    assert compiled(f, args, strict=True)[0].tolist() == [0.0, 0.0]


def test_rewrites_that_change_last_bits_are_left_out():
    f = lambda x: [x / 3.0, anp.log(1.0 + anp.exp(x)), (x + 0.1) + 0.2, x / 7.0 / 9.0, x * 0.1 * 0.3, anp.power(x, 3)]
    exe = ad.compile(f, strict=True, cache=False)
    x = RNG.normal(size=64)
    exact = [0, 2, 3, 4]
    found, wanted = eager(lambda: exe(x), ()), eager(f, (x,))
    same_bits([found[i] for i in exact], [wanted[i] for i in exact])
    assert not any(step.name in {"softplus", "log-of-exp"} for step in exe.rewrites)


ZEROS = np.array([0.0, -0.0, 1.0, -1.0, np.inf, 2.5])


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x, y: x @ y, (ZEROS[:, None], ZEROS[None])),
        (lambda x, y: x @ y, (ZEROS[:2, None, None], ZEROS[None, None])),
        (lambda x, y: x @ y, (ZEROS[:, None], ZEROS[1:2])),
        (anp.outer, (ZEROS, ZEROS)),
        (lambda x, y: anp.dot(x, y), (ZEROS[1:2], ZEROS[2:3])),
        (lambda x, y: anp.sum(x, axis=0) + y, (ZEROS[None], ZEROS[1])),
        (lambda x, y: anp.sum(x) + y, (ZEROS[1:2, None], ZEROS[1])),
        (lambda x, y: anp.sum(x) + y, (ZEROS[:0], ZEROS[1])),
        (lambda x, y: anp.maximum(x, y) + anp.minimum(x, y), (ZEROS[:, None], ZEROS)),
    ],
)
@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("backend", ["llvm", "python"])
def test_signs_of_zeros(f, args, dtype, backend):
    """NumPy adds even one product or one entry to 0, which makes 0 of -0."""
    args = [a.astype(dtype) for a in args]
    same_bits(compiled(f, args, strict=True, backend=backend), eager(f, args))


def test_an_einsum_without_a_sum_multiplies():
    exe = ad.compile(lambda x, y: anp.einsum("i,j->ij", x, y), strict=True, cache=False)
    x = ZEROS[:4]
    np.testing.assert_array_equal(np.signbit(exe(x, x)), np.signbit(x[:, None] * x))


def long(seed):
    """800 operations that round once, some of their results used often."""

    def f(x, y, z):
        draw, values = random.Random(seed), [x, y, z]
        for _ in range(800):
            a, b, kind = draw.choice(values[-30:]), draw.choice(values[-30:]), draw.randrange(6)
            values.append(
                [
                    lambda: a * b * 0.5,
                    lambda: a - b,
                    lambda: (a + b) * 0.5,
                    lambda: anp.maximum(a, b),
                    lambda: a / (1.5 + b * b),
                    lambda: anp.sqrt(anp.abs(a) + 0.1),
                ][kind]()
            )
        return sum(values[-5:])

    return f


@pytest.mark.parametrize("seed", range(6))
def test_gradients_on_the_tape_to_the_last_bit(seed):
    f, point = ad.value_and_grad(long(seed), argnums=(0, 1, 2)), (0.3, -0.7, 1.1)
    exe = ad.compile(f, strict=True, cache=False)
    same_bits(eager(lambda: exe(*point), ()), eager(lambda: f(*point), ()))
    assert "tape of" in str(exe.plan)


FUNCTIONS = [
    anp.exp, anp.expm1, lambda x: anp.log1p(anp.abs(x)), anp.sin, anp.cos, anp.tanh, anp.sinh, anp.arctan, anp.cbrt,
    special.sigmoid, special.softplus, special.erf,
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_vector_functions_within_the_stated_bound(dtype):
    x = RNG.normal(size=501).astype(dtype)
    f = lambda x: [g(x) for g in FUNCTIONS]
    for a, b in zip(compiled(f, (x,), strict=True), eager(f, (x,)), strict=True):
        assert np.max(np.abs(a - b) / np.spacing(np.abs(b))) <= 4  # two of ours, and those of NumPy's own error


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("n", [7, 64, 1000, 2047, 2048, 20_000])
def test_sums_within_the_stated_bound(n, dtype, strict):
    x = (RNG.normal(size=n) * np.exp(RNG.normal(size=n) * 3)).astype(dtype)
    (found,) = compiled(anp.sum, (x,), strict=strict)
    exact = np.sum(x.astype(np.longdouble))
    half = np.finfo(dtype).eps / 2
    chains = 4
    bound = (n / chains + 2) * half * np.sum(np.abs(x.astype(np.longdouble)))
    if dtype == "f4" and n >= 2048:
        bound = half * abs(exact) + 1e-12 * np.sum(np.abs(x.astype(np.longdouble)))
    assert abs(found - exact) <= bound


@pytest.mark.parametrize("strict", [True, False])
def test_contractions_within_the_bound_of_a_sum(strict):
    a, b = RNG.normal(size=(33, 70)), RNG.normal(size=(70, 21))
    (found,) = compiled(lambda a, b: a @ b, (a, b), strict=strict)
    exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
    assert np.all(np.abs(found - exact) <= 70 * 1.2e-16 * (np.abs(a) @ np.abs(b)))


@pytest.mark.parametrize("seed", range(10))
def test_strict_and_fused_code_are_near_each_other(seed):
    program = drawn(9_500 + seed, exact=True)
    args = program.arguments()
    bound = 2e3 * program.precision()
    assert_close(compiled(program, args), compiled(program, args, strict=True), repr(program), bound)
