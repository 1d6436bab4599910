"""Every record of the registry in compiled code: values and cotangents are those of eager mode."""

import numpy as np
import pytest

import adjoint as ad
from adjoint.compile.llvm.host import registers
from adjoint.primitives.record import REGISTRY
from compile.differ import assert_close, compiled, eager
from laws.derivatives import function, noise, values
from laws.samples import SAMPLES

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:Casting complex"),
]

#: Errors of vector functions and of sums in another order, in units of the last place; determinants cancel.
STEPS = {"det": 200, "cofactor": 200, "slogdet": 200, "solve": 200}


def picks_by_mask(sample):
    """Whether an operand is an index by truth values: how many entries it picks, no shape can tell."""
    return "index" in sample.params and any(np.asarray(v).dtype == bool for v in sample.operands)


def joined(op, dtype=None):
    """All samples of a record as one function of their arrays, which gives results and cotangents; and the arrays."""
    parts, args = [], []
    for sample in SAMPLES[op.name]:
        if picks_by_mask(sample):
            continue
        sample = sample if dtype is None else sample.cast(dtype)
        f, xs = function(op, sample)
        seeds = [noise(40 + i, v) for i, v in enumerate(values(op, sample))] if op.differentiable else []
        if not all(s.dtype.kind in "fc" for s in seeds):
            seeds = []
        parts.append((f, len(xs), len(seeds)))
        args += [*xs, *seeds]

    def run(*given):
        rest, found = list(given), []
        for f, n, m in parts:
            xs, seeds, rest = rest[:n], rest[n : n + m], rest[n + m :]
            if not (n and m):
                found.append(f(*xs))
                continue
            out, pullback = ad.vjp(f, *xs)
            found += [out, pullback(tuple(seeds) if op.several else seeds[0])]
        return found

    return run, args


EVERY = [pytest.param(op, id=op.name) for op in REGISTRY.values()]


@pytest.mark.parametrize("op", EVERY)
def test_double(op):
    check(op)


@pytest.mark.parametrize("op", [p for p in EVERY if "f" in p.values[0].dtypes])
def test_single(op):
    check(op, np.float32)


@pytest.mark.parametrize("op", [p for p in EVERY if "c" in p.values[0].dtypes])
def test_complex(op):
    check(op, np.complex128)


@pytest.mark.parametrize("op", EVERY)
def test_narrow_registers_and_strided_arguments(op):
    with registers(16):
        check(op, layout=strided)


def strided(x):
    """The same values, each axis of them backwards in memory and with gaps."""
    x = np.asarray(x)
    back = (slice(None, None, -1),) * x.ndim
    for axis in range(x.ndim):
        x = np.repeat(x, 2, axis=axis)
    return x[back].copy()[back][(slice(None, None, 2),) * x.ndim] if x.ndim else x


def check(op, dtype=None, layout=None):
    f, args = joined(op, dtype)
    wanted = eager(f, args)
    if layout is not None:
        args = list(map(layout, args))
    bound = STEPS.get(op.name, 16) * np.finfo(np.float64 if dtype is None else dtype).eps
    assert_close(compiled(f, args, backend="python"), wanted, "flat source", 0.0)
    assert_close(compiled(f, args), wanted, "native", bound)
