"""Every kind of wrong rule is found, and the operation at fault is named with the user's line."""

import dataclasses

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.apply import apply
from adjoint.errors import CheckError
from adjoint.primitives.families import bilinear, elementwise, linear, opaque
from adjoint.primitives.record import NUMPY, REGISTRY
from adjoint.primitives.specs import elementwise_spec


@pytest.fixture
def made():
    """Builds records that leave the registry again."""
    before = dict(REGISTRY), dict(vars(NUMPY))
    yield
    for now, then in zip((REGISTRY, vars(NUMPY)), before, strict=True):
        for name in set(now) - set(then):
            del now[name]


X = np.array([0.4, -1.3, 2.2])
M = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [0.2, 0.9, 1.1]])


def found(report, name, line_of):
    assert not report
    assert [c.place.name for c in report.culprits] == [name]
    assert report.culprits[0].place.line == line_of.__code__.co_firstlineno + 1
    with pytest.raises(CheckError) as error:
        report.raise_if_failed()
    text = str(error.value)
    assert name in text
    assert "test_wrong_rules.py" in text
    assert "analytic" in text
    assert "±" in text
    return report


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("kind", "slope"),
    [
        ("sign", lambda xp, x: -xp.cos(x)),
        ("factor", lambda xp, x: 2.0 * xp.cos(x)),
        ("slightly", lambda xp, x: xp.cos(x) * (1.0 + 1e-5)),
        ("shifted", lambda xp, x: xp.cos(x) + 1e-4),
        ("other", lambda xp, x: xp.sin(x)),
        ("nan", lambda xp, x: xp.cos(x) * np.nan),
    ],
)
def test_a_wrong_local_derivative(kind, slope):
    op = elementwise(f"wrong_{kind}", np.sin, (slope,), dtypes="fc")

    def f(x):
        return anp.sum(anp.exp(anp.sin(x) * apply(op, (x * 2.0,))))

    report = found(ad.check(f)(X), f"wrong_{kind}", f)
    assert report["x"].verdict == "wrong"
    assert report["x"].entry in {"[0]", "[1]", "[2]"}


@pytest.mark.usefixtures("made")
def test_a_dropped_branch():
    op = elementwise("half_product", np.multiply, ("y", 0.0))

    def f(x, y):
        return anp.sum(apply(op, (anp.sin(x), anp.cos(y))))

    report = found(ad.check(f)(X, X + 1.0), "half_product", f)
    assert (report["x"].verdict, report["y"].verdict) == ("ok", "wrong")
    assert report.culprits[0].number == 1


@pytest.mark.usefixtures("made")
def test_a_transposed_rule():
    op = bilinear(
        "bad_matmul",
        np.matmul,
        lambda xp, g, y: xp.matmul(g, y),
        lambda xp, g, x: xp.matmul(x, g),
        spec=REGISTRY["matmul"].spec,
    )

    def f(a, b):
        return anp.sum(anp.sin(apply(op, (a, b))))

    found(ad.check(f)(M, M.T @ M), "bad_matmul", f)


@pytest.mark.usefixtures("made")
def test_a_wrong_movement():
    op = linear(
        "bad_flip",
        lambda x: x[::-1].copy(),
        lambda xp, g: g,
        spec=lambda x: x,
    )

    def f(x):
        return anp.sum(apply(op, (x * x,)) * np.arange(3.0))

    found(ad.check(f)(X), "bad_flip", f)


@pytest.mark.usefixtures("made")
def test_a_wrong_conjugate():
    op = opaque(
        "bad_exp",
        np.exp,
        lambda xp, g, out: g * out,  # the conjugate of the slope is missing
        lambda xp, t, out: t[0] * out,
        arity=1,
        spec=elementwise_spec("bad_exp", np.exp),
        dtypes="fc",
    )

    def f(z):
        return anp.real(anp.sum(apply(op, (z,)) * (1.0 + 2.0j)))

    assert ad.check(f)(X)  # real numbers do not show it
    report = found(ad.check(f)(X + 0.5j), "bad_exp", f)
    assert report["z"].mode == "reverse"
    assert "part)" in report["z"].entry


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_a_rule_that_is_wrong_in_one_mode_only(mode):
    bad, good = (lambda v, out: v * (out + 0.1)), (lambda v, out: v * out)
    op = opaque(
        "one_mode",
        np.exp,
        (lambda xp, g, out: bad(g, out)) if mode == "reverse" else (lambda xp, g, out: good(g, out)),
        (lambda xp, t, out: bad(t[0], out)) if mode == "forward" else (lambda xp, t, out: good(t[0], out)),
        arity=1,
        spec=elementwise_spec("one_mode", np.exp),
    )

    def f(x):
        return anp.sum(apply(op, (x,)) * X)

    report = found(ad.check(f)(X), "one_mode", f)
    assert report["x"].mode == report.culprits[0].mode == mode
    large = ad.check(f, entries=2)(X)
    assert not large
    assert large["x"].mode == mode


@pytest.mark.usefixtures("made")
def test_one_wrong_entry_in_a_large_input_is_found_by_index():
    def slope(xp, x):
        spike = np.zeros(x.shape)
        spike[17, 3] = 0.5
        return xp.cos(x) + spike

    op = elementwise("spike", np.sin, (slope,))
    w = np.random.default_rng(1).standard_normal((60, 40))

    def f(w):
        return anp.mean(apply(op, (w,)))

    report = found(ad.check(f)(w), "spike", f)
    assert report["w"].checked == "8 directions"
    assert report["w"].entry == "[17, 3]"
    # The mean has 2400 entries: the entry's own derivative is off by 0.5 / 2400.
    assert abs(report["w"].analytic - report["w"].numeric) == pytest.approx(0.5 / 2400, rel=1e-4)


@pytest.mark.usefixtures("made")
def test_a_wrong_rule_beside_a_kink_is_still_the_rule():
    op = elementwise("bad_square", np.square, (lambda xp, x: 3.0 * x,))

    def f(x):
        return anp.sum(apply(op, (x + 1.0,))) + anp.sum(abs(x))

    found(ad.check(f)(np.array([0.0, 1.0])), "bad_square", f)


@pytest.mark.usefixtures("made")
def test_two_wrong_rules_come_in_the_order_of_the_computation():
    one = elementwise("first_bad", np.sin, (lambda xp, x: -xp.cos(x),))
    two = elementwise("second_bad", np.exp, (lambda xp, out: 2.0 * out,))
    report = ad.check(lambda x: anp.sum(apply(two, (apply(one, (x,)),))))(X)
    assert [c.place.name for c in report.culprits] == ["first_bad", "second_bad"]


def test_a_broken_record_of_the_engine(monkeypatch):
    op = REGISTRY["tanh"]
    wrong = dataclasses.replace(op, name="tanh2", push=lambda xp, ts, s, n: ts[0])

    def f(x):
        return anp.sum(apply(wrong, (x,)))

    report = found(ad.check(f)(X), "tanh2", f)
    assert report["x"].mode == "forward"


# Users' own operations.


class Multiply(ad.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * y, -g * x


class Halves(ad.Function):
    """Two outputs, of which backward forgets one."""

    @staticmethod
    def forward(ctx, x):
        return x * 2.0, x * 3.0

    @staticmethod
    def backward(ctx, g, h):
        return g * 2.0


class Right(Multiply):
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * y, g * x


class WrongForward(Right):
    @staticmethod
    def jvp(ctx, t, u):
        x, y = ctx.saved_tensors
        return t * y - u * x


def test_a_wrong_backward_names_the_function_and_the_line():
    def f(x, y):
        return anp.sum(anp.sin(Multiply.apply(x, y)))

    report = found(ad.check(f)(X, X + 2.0), "Multiply", f)
    assert (report["x"].verdict, report["y"].verdict) == ("ok", "wrong")
    assert report.culprits[0].number == 1
    assert any("forward mode was not checked" in n for n in report.notes)


def test_a_right_function_passes_without_forward_rule():
    report = ad.check(lambda x, y: Right.apply(x, y))(2.0, 3.0)
    assert report
    assert report.modes == ["reverse"]
    assert "Right has no forward-mode rule" in str(report)


def test_a_wrong_jvp_is_a_forward_fault():
    def f(x, y):
        return anp.sum(WrongForward.apply(x, y))

    report = found(ad.check(f)(X, X + 2.0), "WrongForward", f)
    assert report["y"].mode == "forward"


def test_an_output_that_backward_forgets():
    def f(x):
        a, b = Halves.apply(x)
        return anp.sum(a * b)

    found(ad.check(f)(X), "Halves", f)


def test_a_wrong_custom_vjp():
    @ad.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (cube(x), x), lambda x, g: (2.0 * g * x,))

    def f(x):
        return anp.sum(cube(x))

    found(ad.check(f)(X), "cube", f)


def test_hostile_names_are_cleaned():
    kind = type("Bad\x1b[31m", (Multiply,), {})
    report = ad.check(lambda x: kind.apply(x, x))(2.0)
    assert not report
    assert "\x1b" not in str(report)
