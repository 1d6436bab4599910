"""What a report says of two numbers: never that they differ while it writes them alike."""

import re

import numpy as np

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import CheckError
from adjoint.numbers import apart


def nearly(factor):
    class Square(ad.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * factor * g * x

    return Square


def test_a_small_error_is_seen_in_the_numbers():
    operation = nearly(1 + 1e-6)
    report = ad.check(lambda x: anp.sum(operation.apply(x)))(np.array([1.0, 2.0]))
    assert not report.ok
    first, second = re.findall(r"gives (\S+) at x\[1\], differences (\S+) ±", report["x"].words)[0]
    assert first != second
    assert first.startswith("4.000004")
    first, second = re.findall(r"analytic (\S+), numeric (\S+) ±", str(report.culprits[0]))[0]
    assert first != second
    try:
        report.raise_if_failed()
    except CheckError as error:
        first, second = re.findall(r"analytic (\S+), numeric (\S+) ±", error.what)[0]
        assert first != second


def test_two_numbers_have_as_many_digits_as_tell_them_apart():
    assert apart(8.0, 8.000008) == ("8", "8.000008")
    assert apart(-4.0, 4.0) == ("−4", "4")
    assert apart(1.0, 1.0) == ("1", "1")
    assert apart(float("nan"), 2.0) == ("NaN", "2")
    assert apart(1.0, 1.0 + 2**-52)[0] == "1"
