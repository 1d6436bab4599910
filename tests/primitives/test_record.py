"""The record itself: what its rules may ask for, what they keep, and that a wrong one fails when it is built."""

import pickle

import numpy as np
import pytest

import adjoint as ad
from adjoint import numpy as anp
from adjoint.errors import RecordError
from adjoint.primitives import families
from adjoint.primitives.record import NUMPY, REGISTRY, Primitive, register


@pytest.fixture(autouse=True)
def _registry_as_it_was():
    names = set(REGISTRY)
    yield
    for name in set(REGISTRY) - names:
        del REGISTRY[name]
        delattr(NUMPY, name)


def one(family, rule, **fields):
    build = getattr(families, family)
    if family in {"elementwise", "router"}:
        return build("made_up", np.sin, (rule,), **fields)
    return build("made_up", np.sin, rule, **fields)


@pytest.mark.parametrize("family", ["elementwise", "router", "reduce", "linear"])
@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda xp, w: w, "asks for 'w'"),
        (lambda xp, y: y, "asks for 'y'"),
        (lambda xp, node: node, "asks for 'node'"),
        (lambda x: x, "xp as its first parameter"),
        (lambda: 1.0, "xp as its first parameter"),
    ],
)
def test_a_rule_that_asks_for_what_there_is_not_fails_when_the_record_is_built(family, rule, words):
    with pytest.raises(RecordError, match=words):
        one(family, rule, **({"spec": None} if family == "linear" else {}))
    assert "made_up" not in REGISTRY


def test_a_value_named_in_place_of_a_rule_must_exist():
    with pytest.raises(RecordError, match="names no value"):
        families.elementwise("made_up", np.multiply, ("y", "w"))


def test_a_name_stands_for_one_record():
    with pytest.raises(RecordError, match="two records named 'sin'"):
        families.elementwise("sin", np.sin, (lambda xp, x: xp.cos(x),))
    with pytest.raises(RecordError, match="unknown family"):
        register(Primitive("made_up", "magic", "none", np.sin, None, 1))


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (lambda xp: 2.0, (False, False)),
        (lambda xp, x: x, (True, False)),
        (lambda xp, out: out, (False, True)),
        (lambda xp, x, out: x, (True, True)),
        (lambda xp, x_spec: 1.0, (False, False)),
    ],
)
def test_the_names_of_the_parameters_say_what_is_kept(rule, kept):
    assert one("elementwise", rule).flags(1) == kept


@pytest.mark.parametrize(
    ("f", "tracked", "kept"),
    [
        (anp.exp, "x", {"out"}),
        (anp.sin, "x", {"x"}),
        (anp.negative, "x", set()),
        (anp.add, "xy", set()),
        (anp.multiply, "xy", {"x", "y"}),
        (anp.multiply, "x", {"y"}),
        (anp.multiply, "y", {"x"}),
        (anp.matmul, "x", {"y"}),
        (anp.sum, "x", set()),
    ],
)
def test_only_the_rules_of_tracked_inputs_keep_anything(f, tracked, kept):
    letters = "xy" if f in (anp.add, anp.multiply, anp.matmul) else "x"
    out = f(*(ad.tensor(np.eye(2), requires_grad=letter in tracked) for letter in letters))
    saved = out.node.saved or (None,) * (len(letters) + 1)
    assert {name for name, value in zip((*letters, "out"), saved, strict=True) if value is not None} == kept


def test_a_record_is_frozen_and_pickled_by_name():
    sin = REGISTRY["sin"]
    with pytest.raises(AttributeError):
        sin.name = "cos"
    assert pickle.loads(pickle.dumps(sin)) is sin
    assert repr(sin) == "<primitive sin: elementwise, scaler>"


def test_the_record_of_the_contributors_page_works():
    families.elementwise(
        "rsqrt",
        lambda x: 1.0 / np.sqrt(x),
        (lambda xp, out: -0.5 * (out * out * out),),
        dtypes="fc",
        symbol="1/√",
        formula="1 / sqrt({x})",
        slopes=("-{out} ** 3 / 2",),
        python="1.0 / np.sqrt({x})",
        emit=lambda k, x: k.div(k.const(1.0), k.sqrt(x)),
        domain="x > 0",
    )
    from adjoint.apply import apply

    def f(x):
        return apply(REGISTRY["rsqrt"], (x,))

    assert ad.grad(f)(4.0) == -0.0625
    assert ad.grad(ad.grad(f))(4.0) == pytest.approx(0.75 * 4.0**-2.5)
    assert ad.jvp(f, (4.0,), (2.0,)) == (0.5, -0.125)
    assert "1.0 / np.sqrt(x)" in str(ad.source(f)(4.0))
    assert "rsqrt" in str(ad.explain(f)(4.0))
    assert ad.check(f)(4.0).ok
