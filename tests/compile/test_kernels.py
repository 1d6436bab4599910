"""Native kernels in eager mode: what goes through them, that it is right, and that nothing else changes."""

import threading

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from adjoint.compile import eager
from adjoint.compile.llvm import kernels
from adjoint.compile.llvm.host import host, registers
from adjoint.primitives.record import NUMPY, REGISTRY

N = eager.LEAST + 3


@pytest.fixture(autouse=True)
def _back_to_numpy():
    yield
    eager.set_kernels("numpy")
    assert REGISTRY["sin"].value is np.sin
    assert NUMPY.sin is np.sin


@pytest.fixture
def calls(monkeypatch):
    """The names of the records whose kernels ran."""
    seen = []
    known = kernels.kernel

    def spy(op, dtype, spread):
        seen.append(op.name)
        return known(op, dtype, spread)

    monkeypatch.setattr(kernels, "kernel", spy)
    return seen


def test_large_arrays_go_through_kernels_and_small_ones_do_not(calls):
    x = np.linspace(-3.0, 3.0, N)
    with ad.set_kernels("native"):
        large = anp.sin(x).value
        anp.sin(x[: eager.LEAST - 1])
        anp.sin(x[::2])
        anp.sin(0.5)
        anp.sin(x.astype(np.int64))
    assert calls == ["sin"]
    np.testing.assert_allclose(large, np.sin(x), rtol=4e-16)


def test_numpy_has_its_bits_back_afterwards(calls):
    x = np.linspace(0.1, 9.0, N)
    with ad.set_kernels("native"), ad.set_kernels("numpy"):
        assert np.array_equal(anp.sin(x).value, np.sin(x))
        assert np.array_equal(anp.sin(ad.tensor(x)).value, np.sin(x))
    assert np.array_equal(anp.sin(ad.tensor(x, requires_grad=True)).value, np.sin(x))
    assert calls == []


def test_a_call_holds_until_the_next_one(calls):
    x = np.linspace(0.1, 9.0, N)
    ad.set_kernels("native")
    anp.sin(x)
    ad.set_kernels("native")
    anp.sin(x)
    ad.set_kernels("numpy")
    anp.sin(x)
    assert calls == ["sin", "sin"]


def test_backward_goes_through_them_too(calls):
    x = np.linspace(-3.0, 3.0, N)
    with ad.set_kernels("native"):
        g = ad.grad(lambda x: anp.sum(anp.sin(x)))(x)
    assert calls == ["sin", "cos"]
    np.testing.assert_allclose(g, np.cos(x), rtol=1e-15)


def test_numbers_beside_arrays_and_other_dtypes(calls):
    x = np.linspace(0.5, 3.0, N).astype(np.float32)
    with ad.set_kernels("native"):
        pairs = [
            (anp.remainder(x, 0.75).value, np.remainder(x, 0.75)),
            (anp.remainder(7, x).value, np.remainder(np.float32(7), x)),
            (anp.hypot(x, x[::-1].copy()).value, np.hypot(x, x[::-1])),
        ]
        assert calls == ["remainder", "remainder", "hypot"]
        mixed = [
            (anp.hypot(x, x.astype(np.float64)).value, np.hypot(x, x.astype(np.float64))),
            (anp.hypot(x, np.float64(2.0)).value, np.hypot(x, np.float64(2.0))),
            (anp.hypot(x[:, None], x[:2]).value, np.hypot(x[:, None], x[:2])),
        ]
        assert calls == ["remainder", "remainder", "hypot"]
    for found, wanted in pairs + mixed:
        assert found.dtype == wanted.dtype
        np.testing.assert_allclose(found, wanted, rtol=2e-7)


@pytest.mark.parametrize("name", [*eager._ALWAYS, *eager._WITHOUT_AVX512])
def test_every_kernel_says_what_numpy_says(name):
    op = REGISTRY[name]
    with np.errstate(all="ignore"):
        for char in {**eager._ALWAYS, **eager._WITHOUT_AVX512}[name]:
            special_values = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.5, -7.25, np.inf, -np.inf, np.nan, 1e-30, 1e30]
            one = np.array(special_values, char)
            operands = [one] if op.arity == 1 else [a.ravel() for a in np.meshgrid(one, one)]
            operands = [np.concatenate([o, np.linspace(-4, 4, 101).astype(char)]) for o in operands]
            found = kernels.kernel(op, np.dtype(char), (True,) * op.arity)(operands[0], *operands)
            wanted = op.value(*operands)
            np.testing.assert_allclose(found, wanted, rtol=2e-15 if char == "d" else 1e-6)
            zero = wanted == 0
            np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(wanted[zero]))


def test_kernels_read_memory_that_is_not_aligned():
    raw = np.zeros(8 * N + 1, np.uint8)
    x = raw[1:].view(np.float64)
    x[:] = np.linspace(0.0, 2.0, N)
    found = kernels.kernel(REGISTRY["sin"], x.dtype, (True,))(x, x)
    np.testing.assert_allclose(found, np.sin(x), rtol=4e-16)


def test_results_do_not_depend_on_the_registers(monkeypatch):
    x = np.linspace(-30.0, 30.0, 999)
    bits = []
    for width in (16, 32, 64):
        if width > host().vector_bytes:
            continue
        with registers(width):
            monkeypatch.setattr(kernels, "_kernels", {})
            bits.append(kernels.kernel(REGISTRY["sin"], x.dtype, (True,))(x, x).tobytes())
    assert len(set(bits)) == 1


def test_several_threads_share_a_kernel():
    x = np.linspace(-3.0, 3.0, N)
    wrong = []

    def work():
        for _ in range(20):
            if not np.allclose(special.erf(ad.tensor(x)).value, wanted, rtol=1e-14):
                wrong.append(1)

    wanted = special.erf(x).value
    with ad.set_kernels("native"):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert not wrong


def test_numpy_without_avx512_leaves_more_to_us(monkeypatch):
    monkeypatch.setattr(eager, "_numpy_has_avx512", lambda: True)
    few = eager.chosen(host())
    monkeypatch.setattr(eager, "_numpy_has_avx512", lambda: False)
    many = eager.chosen(host())
    if host().vector_bytes >= 32 and few:
        assert set(few) < set(many)


def test_wrong_names_and_a_missing_llvmlite_are_told(monkeypatch):
    with pytest.raises(ad.errors.ArgumentError, match="no kernels named 'fast'"):
        ad.set_kernels("fast")

    def missing(name):
        raise ImportError("No module named 'llvmlite'")

    monkeypatch.setattr(eager.importlib, "import_module", missing)
    with pytest.raises(ad.errors.ArgumentError, match="llvmlite"):
        ad.set_kernels("native")
    assert repr(ad.set_kernels("numpy")) == "<kernels: numpy>"
