"""Results may hold settings as arguments may: a training step returns its parameters as it got them."""

import dataclasses
import enum
from collections import namedtuple

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import OperandError


class Mode(enum.Enum):
    TRAIN = 1
    TEST = 2


@dataclasses.dataclass(frozen=True)
class Parameters:
    w: np.ndarray
    name: str = "layer"
    mode: Mode = Mode.TRAIN
    bias: np.ndarray | None = None
    trained: bool = True
    steps: int = 3
    act: object = np.tanh


Tagged = namedtuple("Tagged", "value tag")
X = np.arange(3.0)


def loss(p, x):
    return anp.sum(p.act(p.w * x) ** 2)


def step(p, x):
    value, g = ad.value_and_grad(lambda w: loss(dataclasses.replace(p, w=w), x))(p.w)
    return value, dataclasses.replace(p, w=p.w - 0.1 * g)


@pytest.mark.parametrize("backend", ["llvm", "python"])
def test_a_training_step(backend):
    exe = ad.compile(step, backend=backend)
    p = q = Parameters(np.ones(3))
    for _ in range(3):
        (value, p), (other, q) = exe(p, X), step(q, X)
        assert value == pytest.approx(other, rel=1e-14)
        np.testing.assert_allclose(p.w, np.asarray(q.w), rtol=1e-14)
        assert dataclasses.replace(p, w=None) == dataclasses.replace(q, w=None)
        assert type(p) is Parameters
    assert len(exe.stats.specialisations) == 1


def test_another_setting_is_another_result():
    exe = ad.compile(lambda p: p)
    for name, mode in (("a", Mode.TRAIN), ("b", Mode.TRAIN), ("a", Mode.TEST)):
        out = exe(Parameters(X, name, mode))
        assert (out.name, out.mode) == (name, mode)
        assert out.w is not X


@pytest.mark.parametrize(
    "held", [{"w": X, "name": "n"}, [X, "n", None], (b"n", X), Tagged(X, "t"), {"a": {"d": np.dtype("f4"), "w": X}}]
)
def test_containers(held):
    out = ad.compile(lambda p: p)(held)
    assert type(out) is type(held)
    assert repr(out) == repr(held)


def test_settings_beside_all_else():
    def f(x, p):
        return {"loss": anp.sum(x**2), "tag": "fine", "branch": x > 1.0 if p is None else p["name"]}

    assert ad.compile(f)(2.0, {"name": "n"}) == {"loss": 4.0, "tag": "fine", "branch": "n"}
    guarded = ad.compile(lambda x: (x, "up") if x > 0.0 else (-x, "down"), guard=True)
    assert [guarded(2.0), guarded(-3.0), guarded(1.0)] == [(2.0, "up"), (3.0, "down"), (1.0, "up")]
    x = np.ones(2)
    donated = ad.compile(lambda x: ("tag", 2.0 * x), donate=0)(x)
    assert donated[0] == "tag"
    assert donated[1] is x
    value, (text, other) = ad.compile(ad.grad(lambda x: (x**2, ("aux", 3.0 * x)), has_aux=True))(2.0)
    assert (value, text, other) == (4.0, "aux", 6.0)
    w = ad.tensor(2.0, requires_grad=True)
    text, out = ad.compile(lambda x: ("tag", w * x))(3.0)
    out.backward()
    assert (text, w.grad.item()) == ("tag", 3.0)


@pytest.mark.parametrize("wrong", [lambda x: "text", lambda x: (x, object()), lambda x: (x, lambda: x)])
def test_what_a_result_cannot_hold(wrong):
    with pytest.raises(OperandError, match="which is no number") as caught:
        ad.compile(wrong)(1.0)
    assert "functions that were passed in" in caught.value.help
