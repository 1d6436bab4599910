"""Every record in flat source: value and cotangents have the engine's bits, for every sample and precision."""

import numpy as np
import pytest

import adjoint as ad
from adjoint.apply import apply
from adjoint.primitives.record import REGISTRY
from adjoint.source.api import source
from laws.samples import SAMPLES, cases
from source.bits import assert_same, noise


def floating(sample):
    """The positions of the operands that a function can be differentiated by."""
    arrays = [isinstance(v, np.ndarray | np.generic) for v in sample.operands]
    return [i for i, v in enumerate(sample.operands) if arrays[i] and v.dtype.kind in "fc"]


def precisions(op, sample):
    """The sample in double and single precision, and with complex numbers where the record takes them."""
    yield "double", sample
    yield "single", sample.cast(np.float32)
    if "c" in op.dtypes:
        yield "complex", sample.cast(np.complex128)


EVERY = [
    pytest.param(op, cast, id=f"{op.name}-{kind}")
    for op, sample in cases()
    if floating(sample)  # flat source is of functions of floating numbers: logic on truth values is in the laws
    for kind, cast in precisions(op, sample)
]


def test_every_record_has_samples():
    assert sorted(set(REGISTRY) - set(SAMPLES)) == []
    shown = {param.values[0].name for param in EVERY}
    assert {name for name in REGISTRY if name not in shown and REGISTRY[name].differentiable} == set()


@pytest.mark.filterwarnings("ignore:Casting complex")
@pytest.mark.parametrize(("op", "sample"), EVERY)
def test_bits(op, sample):
    own = floating(sample)

    def f(*values):
        operands = list(sample.operands)
        for i, value in zip(own, values):
            operands[i] = value
        return apply(op, tuple(operands), sample.params)

    args = [sample.operands[i] for i in own]
    with np.errstate(all="ignore"):
        text = source(f)(*args)
        result = f(*args)
        results = result if op.several else (result,)
        if op.family == "blocked":
            cotangents = [noise(np.zeros(r.shape)) for r in results] if result.shape or result.dtype.kind != "f" else []
            assert_same(text.run(*args, *cotangents[: len(text.parameters) - len(args)])[0], result.value, text)
            return
        out, pullback = ad.vjp(f, *args)
        outs = out if op.several else (out,)
        if op.several or np.shape(out) or np.asarray(out).dtype.kind == "c":
            given = [noise(o) for o in outs]
            wanted = pullback(tuple(given) if op.several else given[0])
        else:
            given, wanted = [], pullback(np.asarray(out).dtype.type(1))
        found_out, found = text.run(*args, *given)
    for a, b in zip(found_out if op.several else (found_out,), outs, strict=True):
        assert_same(a, b, text)
    for a, b in zip(found, wanted, strict=True):
        assert_same(a, b, text)
