"""Arguments as they come: strided, reversed, broadcast, Fortran order, byte-swapped, read-only, misaligned, 0-d."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from compile.differ import assert_close, compiled, eager, same_bits
from compile.likeness import assert_owned

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

RNG = np.random.default_rng(3)


def misaligned(values):
    """The same values one byte past where their dtype would have them."""
    raw = np.zeros(values.nbytes + 1, np.uint8)
    found = raw[1:].view(values.dtype).reshape(values.shape)
    found[...] = values
    return found


def read_only(values):
    found = values.copy()
    found.flags.writeable = False
    return found


LAYOUTS = {
    "plain": lambda v: v.copy(),
    "strided": lambda v: np.repeat(v, 2, axis=-1)[..., ::2],
    "reversed": lambda v: v[::-1, ::-1].copy()[::-1, ::-1],
    "fortran": np.asfortranarray,
    "window": lambda v: np.pad(v, 3)[3:-3, 3:-3],
    "swapped": lambda v: v.astype(v.dtype.newbyteorder()),
    "misaligned": misaligned,
    "read-only": read_only,
    "of a subclass": lambda v: np.array(v, copy=True).view(Subclass),
}


class Subclass(np.ndarray):
    """An ndarray by another name."""


def work(x, y):
    return {
        "sum": anp.sum(anp.tanh(x) * y),
        "rows": special.softmax(x, axis=1) + y,
        "product": x @ anp.swapaxes(y, 0, 1),
        "turned": (x * 2)[::-1],
        "sorted": anp.sort(x, axis=0),
    }


@pytest.fixture(scope="module")
def exe():
    return ad.compile(ad.value_and_grad(lambda x, y: (work(x, y)["sum"], work(x, y)), argnums=(0, 1), has_aux=True))


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "of a subclass"])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_layouts(exe, layout, dtype):
    x, y = (RNG.normal(size=(6, 11)).astype(dtype) for _ in range(2))
    wanted = eager(exe.__wrapped__, (x, y))
    for a, b in ((LAYOUTS[layout](x), y), (x, LAYOUTS[layout](y)), (LAYOUTS[layout](x), LAYOUTS[layout](y))):
        before = a.copy(), b.copy()
        found = exe(a, b)
        assert_owned(found, (a, b))
        assert_close(eager(lambda: found, ()), wanted, layout, 64 * np.finfo(dtype).eps)
        same_bits((a, b), before)


def test_broadcast_arguments(exe):
    x = np.broadcast_to(RNG.normal(size=(1, 11)), (6, 11))
    y = np.broadcast_to(np.float64(0.3), (6, 11))
    assert_close(eager(lambda: exe(x, y), ()), eager(exe.__wrapped__, (x, y)), "broadcast", 1e-14)
    assert_close(eager(lambda: exe(y, y), ()), eager(exe.__wrapped__, (y, y)), "the same twice", 1e-14)


def test_one_array_for_two_arguments(exe):
    x = RNG.normal(size=(6, 11))
    assert_close(eager(lambda: exe(x, x), ()), eager(exe.__wrapped__, (x, x)), "aliased", 1e-14)
    assert_close(eager(lambda: exe(x, x[::-1]), ()), eager(exe.__wrapped__, (x, x[::-1])), "overlapping", 1e-14)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0), (0, 4), (1, 1), (2, 0, 3)])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_arrays_of_few_elements(shape, dtype):
    def f(x):
        out = [
            anp.sum(x),
            anp.tanh(x) * 2,
            anp.sum(x, axis=-1) if x.ndim else x,
            anp.concatenate([x, x]) if x.ndim else x,
        ]
        out += [anp.prod(x), anp.reshape(x, (-1,)), x[..., None] * anp.ones((3,), x.dtype), x == x]
        if x.ndim == 2:
            out += [x @ x.T, x.T @ x, anp.einsum("ij,ij->j", x, x), special.logsumexp(anp.pad(x, 1), axis=0)]
        return out

    x = RNG.normal(size=shape).astype(dtype)
    assert_close(compiled(f, (x,)), eager(f, (x,)), "results", 0.0)
    g = ad.value_and_grad(lambda x: anp.sum(anp.stack([anp.sum(v) for v in f(x)[:-1] if v.dtype == x.dtype])))
    assert_close(compiled(g, (x,)), eager(g, (x,)), "gradient", 0.0)


SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 2.2e-308, 1.7e308, 0.5, -2.5, 1.5, 3.0]
)

AT_SPECIAL_VALUES = {
    "extremes": lambda x: [anp.max(x), anp.min(x), anp.argmax(x), anp.argmin(x), anp.max(x[1:]), anp.min(x[1:])],
    "comparisons": lambda x: [x > 0, x >= 0, x == x, x != x, x < 1, x <= -1],
    "choices": lambda x: [anp.maximum(x, 1.0), anp.minimum(x, 0.0), anp.clip(x, -1, 1), anp.sign(x), anp.abs(x)],
    "signed zeros": lambda x: [x + 0.0, x - 0.0, x * 0.0, -x, 0.0 - x, anp.where(x > 0, x, -0.0), x * -1.0],
    "rounding": lambda x: [anp.round(x), anp.floor(x), anp.ceil(x), anp.trunc(x)],
    "remainders": lambda x: [anp.remainder(x, 2.0), anp.remainder(2.0, x), anp.floor_divide(x, 2.0), 2.0 // x],
    "logsumexp": lambda x: [special.logsumexp(v) for v in (x, x[1:], x[1:3], x[2:3], x[3:9])],
    "softmax": lambda x: [special.softmax(v) for v in (x, x[1:], x[2:], x[3:9])],
    "norm": lambda x: [anp.linalg.norm(v) for v in (x, x[1:], x[3:5], x[7:9], x[9:11], x[11:])],
    "sums": lambda x: [anp.sum(x), anp.sum(x[1:]), anp.sum(x[3:5]), anp.prod(x[3:8]), anp.sum(x[7:10])],
    "logic": lambda x: [anp.logical_and(x, 1.0), anp.logical_not(x), anp.isnan(x), anp.isfinite(x), x.astype("?")],
    "quotients": lambda x: [1 / x, x / 0.0, x / 3.0],
    "powers": lambda x: [x**2, x**0.5, x**-1, x**0.0, 2.0**x, x**x, anp.power(x, 3.0)],
    "functions": lambda x: [anp.exp(x), anp.log(x), anp.sqrt(x), anp.sin(x), anp.tanh(x), anp.arctan2(x, x[::-1])],
}


@pytest.mark.parametrize("name", AT_SPECIAL_VALUES)
def test_special_values(name):
    f = AT_SPECIAL_VALUES[name]
    for x in (np.tile(SPECIAL, 3), np.tile(SPECIAL, 3).astype(np.float32)):
        close(compiled(f, (x,)), eager(f, (x,)), name)
        if x.dtype == np.float64:
            close(compiled(f, (x,), strict=True), eager(f, (x,)), f"strict {name}", signs=True)


def close(found, wanted, what, signs=False):
    """Equal to a few last bits, NaN and infinities where they were, and zeros of the same sign."""
    for a, b in zip(found, wanted, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), what
        bound = 8 * np.finfo(a.dtype).eps if a.dtype.kind == "f" else 0
        np.testing.assert_allclose(a, b, rtol=bound, atol=0, err_msg=what)
        if signs and a.dtype.kind == "f":
            number = ~np.isnan(a)
            np.testing.assert_array_equal(np.signbit(a[number]), np.signbit(b[number]), err_msg=f"{what}: signs")


@pytest.mark.parametrize("name", ["extremes", "choices", "logsumexp", "softmax", "norm", "powers", "functions"])
def test_gradients_at_special_values(name):
    f = AT_SPECIAL_VALUES[name]

    def g(x):
        outs = [o for o in f(x) if o.dtype.kind == "f"]
        return [ad.vjp(lambda t, i=i: f(t)[i], x)[1](anp.ones(outs[i].shape)) for i in range(len(outs))]

    x = SPECIAL[3:].copy() if name in {"norm", "softmax", "logsumexp"} else SPECIAL.copy()
    for a, b in zip(compiled(g, (x,)), eager(g, (x,)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-15, err_msg=name)


INTEGERS = np.array([0, 1, -1, 2, -2, 7, 2**31 - 1, -(2**31)])


@pytest.mark.parametrize("dtype", ["i8", "i4"])
def test_integers_wrap_and_divide_as_in_numpy(dtype):
    def f(i, j):
        found = [i + j, i - j, i * j, -i, anp.abs(i), i // 3, i % 3, i // -2, i % -2, 7 // j, 7 % j, i // j, i % j]
        found += [i / 2, anp.sum(i), anp.prod(j), anp.maximum(i, j), i > j, i & j, i | j, i ^ j, ~i, anp.sign(i)]
        return [*found, i.astype("?"), i.astype("f4"), i.astype("f8"), anp.max(i), anp.argmax(i), anp.cumsum(i)]

    i, j = (a.ravel().astype(dtype) for a in np.meshgrid(INTEGERS, INTEGERS))
    same_bits(compiled(f, (i, j)), eager(f, (i, j)))


def test_truth_values_compute_as_in_numpy():
    def f(a, b, i):
        found = [
            a + b,
            a * b,
            a & b,
            a | b,
            a ^ b,
            ~a,
            a == b,
            a != b,
            a < b,
            a >= b,
            anp.maximum(a, b),
            anp.minimum(a, b),
        ]
        found += [anp.isnan(a), anp.isfinite(a), a + i, a * 2.5, anp.sum(a), anp.sum(a, axis=0), anp.where(a, b, True)]
        return [*found, anp.where(a, i, 0), a.astype("f4"), anp.logical_and(a, i), anp.abs(a), a[::-1], anp.mean(a)]

    a, b = np.tile([True, False, True, False], 9), np.tile([True, True, False, False], 9)
    i = np.arange(36)
    same_bits(compiled(f, (a, b, i)), eager(f, (a, b, i)))
