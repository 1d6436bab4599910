"""The native functions against mpmath: the bounds of their docstrings, special values, and one result in any lanes."""

import math
import re
import zlib
from functools import cache

import mpmath
import numpy as np
import pytest

import adjoint.primitives.smooth  # noqa: F401
from adjoint.compile.llvm.host import host
from adjoint.compile.llvm.math import FUNCTIONS
from adjoint.primitives.record import REGISTRY
from compile.native_loops import DTYPES, native, same

#: Bits that any result is computed with here: sine and cosine of the largest numbers need them.
PRECISION = {"sin": 1250, "cos": 1250, "tan": 1250}
KINDS = ("f64", "f32")
SAMPLES = 220


def _power(x, y):
    if x <= 0:
        return None
    grows = y * mpmath.log(x)
    return mpmath.inf if grows > 1000 else mpmath.mpf(0) if grows < -1000 else mpmath.exp(grows)


def _exp2(x):
    return mpmath.power(2, x) if abs(x) < 3000 else mpmath.inf if x > 0 else mpmath.mpf(0)


def _inside(function, low, high=math.inf):
    return lambda x: function(x) if low <= x <= high else mpmath.nan


EXACT = {
    "exp": mpmath.exp,
    "exp2": _exp2,
    "expm1": mpmath.expm1,
    "tanh": mpmath.tanh,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "log": _inside(mpmath.log, 0),
    "log1p": _inside(mpmath.log1p, -1),
    "log2": _inside(lambda x: mpmath.log(x) / mpmath.log(2), 0),
    "log10": _inside(mpmath.log10, 0),
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "asin": _inside(mpmath.asin, -1, 1),
    "acos": _inside(mpmath.acos, -1, 1),
    "atan": mpmath.atan,
    "atan2": mpmath.atan2,
    "asinh": mpmath.asinh,
    "acosh": _inside(mpmath.acosh, 1),
    "atanh": _inside(mpmath.atanh, -1, 1),
    "erf": mpmath.erf,
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "hypot": lambda x, y: mpmath.sqrt(x * x + y * y),
    "pow": _power,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
}
#: The two that are written with the others, in their records.
WRITTEN = {"sigmoid": (1.6, 1.6), "softplus": (1.7, 1.7)}
BINARY = {"atan2", "hypot", "pow"}
#: Where something changes: polynomials begin and end, results overflow or become subnormal.
EDGES = {
    "exp": [(-746, -744), (-709, -707), (709, 710), (-104.5, -103), (-88, -86), (88, 89)],
    "exp2": [(-1076, -1073), (-1023, -1021), (1023, 1024.5), (-151, -148), (-127, -125), (127, 128.5)],
    "expm1": [(-38, -37), (-18, -17), (709, 710), (88, 89), (0.3, 0.4)],
    "tanh": [(-0.8, 0.8), (17, 23), (8, 10)],
    "sinh": [(0.9, 1.1), (709, 711), (88, 90)],
    "cosh": [(-0.1, 0.1), (709, 711), (88, 90)],
    "log": [(0.69, 0.72), (1.4, 1.43), (0.99, 1.01)],
    "log1p": [(-1, -0.99), (-0.31, -0.28), (0.4, 0.45)],
    "log2": [(0.69, 0.72), (1.4, 1.43), (0.99, 1.01)],
    "log10": [(0.69, 0.72), (1.4, 1.43), (0.99, 1.01)],
    "sin": [(-7, 7), (60_000, 70_000), (2**30 - 9, 2**30 + 9)],
    "cos": [(-7, 7), (60_000, 70_000), (2**30 - 9, 2**30 + 9)],
    "tan": [(-7, 7), (60_000, 70_000), (2**30 - 9, 2**30 + 9)],
    "asin": [(0.49, 0.51), (0.99, 1.0), (-1, 1)],
    "acos": [(0.49, 0.51), (0.99, 1.0), (-1, 1)],
    "atan": [(0.4, 0.43), (2.4, 2.43)],
    "asinh": [(0.49, 0.51), (1e9, 1.2e9), (16_000, 17_000)],
    "acosh": [(1, 1.001), (1, 2), (1e9, 1.2e9), (16_000, 17_000)],
    "atanh": [(0.49, 0.51), (0.99, 1.0), (-1, 1)],
    "erf": [(0.9, 1.1), (3.9, 4.1), (5.8, 6.1)],
    "cbrt": [(0.3, 3.0)],
    "sigmoid": [(-746, -700), (-105, -85), (-40, 40)],
    "softplus": [(-746, -700), (-105, -85), (-40, 40)],
}


def _seed(*names):
    return np.random.default_rng(zlib.crc32("/".join(names).encode()))


def _any(kind, rng, count):
    """Numbers of any exponent, subnormal ones too."""
    low, high = (-1074, 1023.9) if kind == "f64" else (-149, 127.9)
    return np.exp2(rng.uniform(low, high, count)) * rng.choice([-1.0, 1.0], count)


def samples(name, kind):
    """The operands that a function is tried with."""
    rng = _seed(name, kind)
    with np.errstate(all="ignore"):
        if name == "pow":
            pairs = [
                (rng.uniform(0, 10, SAMPLES), rng.uniform(-20, 20, SAMPLES)),
                (rng.uniform(0.99, 1.01, SAMPLES), rng.uniform(-60_000, 60_000, SAMPLES)),
                (np.abs(_any(kind, rng, SAMPLES)), rng.uniform(-3, 3, SAMPLES)),
            ]
            return [np.concatenate(side).astype(DTYPES[kind]) for side in zip(*pairs, strict=True)]
        if name in BINARY:
            sides = [np.concatenate([rng.uniform(-5, 5, SAMPLES), _any(kind, rng, SAMPLES)]) for _ in range(2)]
            return [side.astype(DTYPES[kind]) for side in sides]
        parts = [_any(kind, rng, SAMPLES // 2), rng.uniform(-3, 3, SAMPLES), np.exp2(rng.uniform(-40, 2, 60))]
        parts += [rng.uniform(low, high, 100) for low, high in EDGES[name]]
        if name in PRECISION:
            # Next to whole quarter turns, and the worst double: nearer to one than any other.
            turns = rng.integers(1, 2**40, 60).astype(float) * (np.pi / 2)
            parts += [turns, [6381956970095103.0 * 2.0**797]]
        return [np.concatenate(parts).astype(DTYPES[kind])]


def errors(kind, found, exact):
    """The distance of each result from its exact value, in ulp of that."""
    mantissa, least, large = (53, -1074, 1024) if kind == "f64" else (24, -149, 128)
    result = []
    for value, wanted in zip(found.tolist(), exact, strict=True):
        if wanted is None:
            continue
        if mpmath.isnan(wanted) or math.isnan(value):
            result.append(0.0 if mpmath.isnan(wanted) and math.isnan(value) else math.inf)
            continue
        limit = mpmath.ldexp(1, large) - mpmath.ldexp(1, large - mantissa - 1)
        if math.isinf(value) or abs(wanted) >= limit:
            overflows = abs(wanted) >= limit * (1 - mpmath.ldexp(1, 1 - mantissa))
            result.append(0.0 if overflows and math.copysign(1, value) == mpmath.sign(wanted) else math.inf)
            continue
        exponent = mpmath.frexp(wanted)[1] if wanted else least
        result.append(float(abs(value - wanted) / mpmath.ldexp(1, max(exponent - mantissa, least))))
    return np.array(result)


@cache
def loop(name, kind, lanes=None):
    emit = REGISTRY[name].emit if name in WRITTEN else lambda k, *x: getattr(k, name)(*x)
    return native(emit, kind, lanes or host().lanes(DTYPES[kind]), 2 if name in BINARY else 1)


def bounds(name):
    """The bounds that a function's docstring states, for f64 and f32."""
    if name in WRITTEN:
        return dict(zip(KINDS, WRITTEN[name], strict=True))
    found = re.search(r"At most ([\d.]+) ulp \(f64\) and ([\d.]+) \(f32\)", " ".join(FUNCTIONS[name].__doc__.split()))
    assert found, f"{name} states no bound"
    return dict(zip(KINDS, map(float, found.groups()), strict=True))


def test_every_function_is_tried():
    assert {*FUNCTIONS} == {*EXACT, "fmod"} - {*WRITTEN}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EXACT)
def test_within_the_stated_bound(name, kind):
    operands = samples(name, kind)
    found = loop(name, kind)(*operands)
    with mpmath.workprec(PRECISION.get(name, 130)):
        exact = []
        for at in zip(*(o.tolist() for o in operands), strict=True):
            try:
                wanted = EXACT[name](*map(mpmath.mpf, at))
            except (ValueError, ZeroDivisionError):
                wanted = None
            exact.append(wanted)
        distance = errors(kind, found, exact)
    assert len(distance) > 0.4 * len(found)
    assert distance.max() <= bounds(name)[kind]


SPECIAL = [0.0, 1.0, 0.5, 2.0, 3.0, 1e-40, 5e-324, 1e-310, 2.0**-24, 2.0**-53, 2.0**-60, 1e30, 1e300, math.inf]
NUMPY = {
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2, "asinh": np.arcsinh,
    "acosh": np.arccosh, "atanh": np.arctanh, "pow": np.power,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*EXACT, "fmod"])
def test_special_values_are_numpys(name, kind):
    dtype = DTYPES[kind]
    with np.errstate(all="ignore"):
        one = np.array([*SPECIAL, *[-s for s in SPECIAL], math.nan, -math.nan], dtype)
        largest = np.finfo(dtype).max
        one = np.concatenate([one, np.array([largest, -largest, np.finfo(dtype).tiny, -4.5, 7.0], dtype)])
        operands = [one]
        if name in BINARY or name == "fmod":
            operands = [a.ravel() for a in np.meshgrid(one, one)]
        value = REGISTRY[name].value if name in REGISTRY else NUMPY.get(name) or getattr(np, name)
        wanted = value(*operands).astype(dtype)
    if name == "fmod":
        found = native(lambda k, x, y: k.fmod(x, y), kind, host().lanes(dtype), 2)(*operands)
        assert same(found, wanted)
        return
    found = loop(name, kind)(*operands)
    exact = np.isnan(wanted) | np.isinf(wanted) | (wanted == 0) | np.isnan(found) | np.isinf(found) | (found == 0)
    exact &= ~((np.abs(wanted) == largest) | (np.abs(found) == largest))
    assert same(found[exact], wanted[exact])
    np.testing.assert_allclose(found[~exact], wanted[~exact], rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny)


@pytest.mark.parametrize("kind", KINDS)
def test_small_operands_come_back_as_they_are(kind):
    tiny = np.finfo(DTYPES[kind]).smallest_subnormal
    x = np.array([tiny, -tiny, 3 * tiny, -0.0, 0.0], DTYPES[kind])
    for name in ("expm1", "log1p", "sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh"):
        assert same(loop(name, kind)(x), x), name


@pytest.mark.parametrize("name", [n for n in EXACT if n not in {"atan2", "hypot"}])
def test_all_lanes_give_the_same_bits(name):
    for kind in KINDS:
        operands = [np.concatenate([o[:150], o[-40:]]) for o in samples(name, kind)]
        usual = loop(name, kind)(*operands)
        for lanes in (1, 4) if kind == "f64" else (2, 8):
            assert same(loop(name, kind, lanes)(*operands), usual)


def test_powers_of_ten_and_two_have_whole_logarithms():
    whole = np.arange(1, 38)
    for kind in KINDS:
        count = 11 if kind == "f32" else 23
        tens = np.array([10.0**i for i in range(count)], DTYPES[kind])
        assert np.array_equal(loop("log10", kind)(tens), np.arange(count))
        assert np.array_equal(loop("log2", kind)(np.exp2(whole)), whole)
        assert np.array_equal(loop("exp2", kind)(whole), np.exp2(whole))
        assert np.array_equal(loop("cbrt", kind)(whole.astype(float) ** 3), whole)


def test_fmod_of_numbers_far_apart_is_exact():
    rng = _seed("fmod")
    for kind in KINDS:
        x, y = (_any(kind, rng, 3000).astype(DTYPES[kind]) for _ in range(2))
        found = native(lambda k, x, y: k.fmod(x, y), kind, host().lanes(DTYPES[kind]), 2)(x, y)
        with np.errstate(all="ignore"):
            assert same(found, np.fmod(x, y))


def test_a_lane_on_the_slow_way_leaves_the_others_alone():
    x = np.linspace(-3.0, 3.0, 16)
    usual = loop("sin", "f64")(x)
    for i in range(16):
        mixed = x.copy()
        mixed[i] = 1e300
        found = loop("sin", "f64")(mixed)
        assert same(np.delete(found, i), np.delete(usual, i))
        assert abs(found[i] - -0.8178819121159085) < 1e-15
