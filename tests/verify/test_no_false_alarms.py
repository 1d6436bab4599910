"""Right derivatives never fail a check: every record at its samples, and random programs."""

import numpy as np
import pytest

import adjoint as ad
from adjoint.apply import apply
from laws.samples import cases, differentiable
from verify.programs import program

CASES = [(op, s) for op, s in cases() if op.differentiable and any(map(differentiable, s.operands))]


def checked(op, sample):
    places = [i for i, o in enumerate(sample.operands) if differentiable(o)]

    def f(*operands):
        full = list(sample.operands)
        for place, operand in zip(places, operands, strict=True):
            full[place] = operand
        return apply(op, tuple(full), sample.params)

    return ad.check(f)(*[sample.operands[i] for i in places])


@pytest.mark.parametrize("name", sorted({op.name for op, _ in CASES}))
@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_every_record(name, dtype):
    tried = 0
    for op, sample in CASES:
        if op.name != name or (dtype.startswith("complex") and "c" not in op.dtypes):
            continue
        report = checked(op, sample.cast(dtype))
        assert report, report
        assert {i.verdict for i in report.inputs} <= {"ok", "unused"}, report
        tried += 1
    if not tried:
        assert dtype.startswith("complex")


@pytest.mark.parametrize("start", range(0, 150, 25))
def test_random_programs(start):
    for seed in range(start, start + 25):
        f, arguments = program(seed)
        report = ad.check(f)(*arguments)
        assert report, (seed, report)
        assert {i.verdict for i in report.inputs} == {"ok"}, (seed, report)


def test_random_programs_in_float32():
    for seed in range(500, 530):
        f, arguments = program(seed)
        report = ad.check(f)(*[np.asarray(a, np.float32) for a in arguments])
        assert report, (seed, report)


def test_the_reasons_for_zeros_agree_with_the_gradients():
    for seed in range(700, 760):
        f, arguments = program(seed)
        gradients = ad.grad(f, tuple(range(len(arguments))))(*arguments)
        for one, g in zip(ad.why_zero(f)(*arguments), gradients, strict=True):
            assert one.zeros == np.sum(np.asarray(g) == 0)
            assert (one.reason == "not zero") == (one.zeros == 0)
