"""Every law fails on a record that breaks it: a law that cannot fail proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adjoint.graph.spec import Spec
from adjoint.primitives.record import REGISTRY
from laws import agreement, derivatives
from laws.samples import SAMPLES, Sample
from laws.shapes import broadcast_samples, reduction_samples
from laws.tracing import law_traced

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def broken(name: str, **changes: Any) -> Any:
    """A record with some fields changed; it is not registered."""
    return replace(REGISTRY[name], _flags={}, **changes)


def refuses(law: Callable[..., None], op: Any, *sample: Sample) -> None:
    """The law holds of the record and fails of the broken one."""
    law(REGISTRY[op.name], *sample)
    with pytest.raises(AssertionError):
        law(op, *sample)


def refuses_somewhere(law: Callable[..., None], op: Any, samples: list[Sample]) -> None:
    """The law holds of the record at all samples and fails of the broken one at some."""
    failures = 0
    for sample in samples:
        law(REGISTRY[op.name], sample)
        try:
            law(op, sample)
        except AssertionError:
            failures += 1
    assert failures > 0


def first(name: str) -> Sample:
    return SAMPLES[name][0]


def test_spec_with_a_wrong_shape_or_dtype():
    spec = REGISTRY["matmul"].spec
    refuses(agreement.law_spec, broken("matmul", spec=lambda x, y: spec(y, x)), first("matmul"))
    exp = REGISTRY["exp"].spec
    doubled = broken("exp", spec=lambda x: replace_dtype(exp(x)))
    refuses(agreement.law_spec, doubled, first("exp").cast(np.float32))


def replace_dtype(spec: Any) -> Any:
    return type(spec)(spec.shape, np.float64)


def test_a_value_that_leaves_arrays_without_axes():
    broken_where = broken("where", value=np.where)
    refuses(agreement.law_spec, broken_where, SAMPLES["where"][1])


@pytest.mark.parametrize("name", ["exp", "multiply", "maximum", "sum", "reshape", "matmul", "solve"])
def test_a_reverse_rule_that_is_off_by_a_factor(name):
    op = REGISTRY[name]

    def off(rule: Any) -> Any:
        return None if rule is None else lambda *a: rule(*a) * 1.0001

    changed = {"pulls": tuple(map(off, op.pulls))}
    if op.pull_all is not None:
        changed = {"pull_all": lambda *a: tuple(None if d is None else d * 1.0001 for d in op.pull_all(*a))}
    refuses(derivatives.law_adjoint, broken(name, **changed), first(name))


@pytest.mark.parametrize("name", ["exp", "multiply", "maximum", "sum", "reshape", "matmul", "solve"])
def test_a_forward_rule_that_is_off_by_a_factor(name):
    op = REGISTRY[name]
    off = broken(name, push=lambda *a: op.push(*a) * 1.0001)
    refuses(derivatives.law_adjoint, off, first(name))
    refuses(derivatives.law_differences, off, first(name))


def test_rules_that_agree_with_each_other_and_are_both_wrong():
    wrong = broken("sin", pulls=(lambda xp, g, s, n: g * s[0],), push=lambda xp, ts, s, n: ts[0] * s[0])
    derivatives.law_adjoint(wrong, first("sin"))
    refuses(derivatives.law_differences, wrong, first("sin"))


def test_a_rule_without_its_conjugate():
    op = REGISTRY["exp"]
    refuses(derivatives.law_adjoint, broken("exp", pulls_conj=op.pulls), first("exp").cast(np.complex128))


def test_a_complex_length_with_a_real_rule():
    wrong = broken("abs", pulls=(lambda xp, g, s, n: g + 0j,), push=lambda xp, ts, s, n: xp.real(ts[0]))
    sample = first("abs").cast(np.complex128)
    derivatives.law_adjoint(wrong, sample)
    refuses(derivatives.law_differences, wrong, sample)


def test_a_rule_that_is_right_once_and_constant_when_differentiated():
    # As a rule that leaves the namespace would be: its value is right, its own derivative is lost.
    def frozen(xp: Any, g: Any, s: Any, n: Any) -> Any:
        return g * np.cos(getattr(s[0], "_value", s[0]))

    wrong = broken("sin", pulls=(frozen,))
    derivatives.law_adjoint(wrong, first("sin"))
    refuses(derivatives.law_second_order, wrong, first("sin"))


def test_a_product_by_division_at_zeros():
    def by_division(xp: Any, g: Any, s: Any, n: Any) -> Any:
        out = np.prod(s[0], axis=-1, keepdims=True)
        return xp.reshape(g, shape=(*g.shape, 1)) * out / s[0]

    zeros = Sample((np.array([[2.0, 0.0, 3.0], [1.0, 2.0, 3.0]]),), {"axis": (-1,), "keepdims": False})
    refuses(derivatives.law_adjoint, broken("prod", pulls=(by_division,)), zeros)


def test_a_broadcast_rule_that_works_for_equal_shapes_only():
    def narrow(xp: Any, ts: Any, s: Any, n: Any) -> Any:
        total = None
        for t in ts:
            total = t if total is None else total + t if np.shape(t) == n.shape else total
        return total

    op = broken("add", push=narrow)
    derivatives.law_adjoint(op, first("add"))
    wide = [s for s in broadcast_samples(op, first("add")) if s.operands[0].size and s.operands[1].size]
    refuses_somewhere(derivatives.law_adjoint, op, wide)


def test_a_reduction_that_forgets_an_axis():
    op = REGISTRY["sum"]

    def forgets(xp: Any, ts: Any, s: Any, n: Any) -> Any:
        return xp.sum(ts[0][..., :1], axis=n.params["axis"], keepdims=n.params["keepdims"])

    whole = [s for s in reduction_samples(op) if np.ndim(s.operands[0]) > 1]
    refuses_somewhere(derivatives.law_adjoint, broken("sum", push=forgets), whole)


def test_a_rule_that_widens_single_precision_or_loses_digits():
    rough = broken("exp", pulls=(lambda xp, g, s, n: g * s[1] * (1.001 if g.dtype == np.float32 else 1.0),))
    refuses(derivatives.law_precision, rough, first("exp"))


def test_a_value_that_writes_into_its_operand():
    scribbles = broken("exp", value=lambda x: np.exp(x, out=x))
    refuses(derivatives.law_owned, scribbles, Sample((np.array([0.1, 0.2]),)))


def test_a_rule_that_leaves_the_namespace():
    sample = first("sin")
    refuses(agreement.law_strict, broken("sin", pulls=(lambda xp, g, s, n: g * np.cos(s[0]),)), sample)
    refuses(agreement.law_strict, broken("exp", pulls=(lambda xp, g, s, n: np.multiply(g, s[1], out=g),)), sample)
    refuses(agreement.law_strict, broken("sin", pulls=(lambda xp, g, s, n: g * xp.cosine(s[0]),)), sample)
    refuses(agreement.law_strict, broken("sin", pulls=(lambda xp, g, s, n: g if g > 0 else -g,)), sample)
    refuses(agreement.law_strict, broken("sin", push=lambda xp, ts, s, n: np.asarray(ts[0])), sample)
    misspelt = broken("sum", pulls=(lambda xp, g, s, n: xp.sum(g, axes=(-1,)),))
    refuses(agreement.law_strict, misspelt, first("sum"))


def test_scalar_code_that_says_something_else():
    refuses(agreement.law_kit, broken("sin", emit=lambda k, x: k.cos(x)), first("sin"))
    refuses(agreement.law_kit, broken("relu", emit=lambda k, x: k.select(x, x, k.const(0.0))), first("relu"))
    refuses(agreement.law_kit, broken("sum", emit=(1.0, REGISTRY["sum"].emit[1])), first("sum"))
    refuses(agreement.law_code, broken("sin", emit=None))
    refuses(agreement.law_code, broken("sum", emit=None))
    refuses(agreement.law_code, broken("maximum", emit=None))


def test_flat_source_that_says_something_else():
    refuses(agreement.law_source, broken("subtract", python="{y} - {x}"), first("subtract"))
    refuses(agreement.law_source, broken("norm", python="np.linalg.norm({x})"), first("norm"))
    widened = broken("exp", python="np.exp({x}).astype(float)")
    refuses(agreement.law_source, widened, first("exp").cast(np.float32))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("sin", {"symbol": ""}),
        ("sin", {"formula": "sin({w})"}),
        ("sin", {"formula": "sine"}),
        ("sin", {"slopes": ()}),
        ("where", {"slopes": ("1", "{x}", "not {x}")}),
        ("floor", {"reason": ""}),
        ("sin", {"reason": "it has one"}),
        ("sin", {"domain": ""}),
        ("negative", {"words": "Negative turns {everything}."}),
        ("negative", {"words": "Negative turns"}),
        ("negative", {"words": "\x1b[31mNegative."}),
    ],
)
def test_words_that_are_missing_or_wrong(name, changes):
    op = broken(name, **changes)
    agreement.law_words(REGISTRY[name])
    with pytest.raises((AssertionError, KeyError)):
        agreement.law_words(op)


def test_a_gradient_that_is_another_when_traced():
    def looks(xp: Any, g: Any, s: Any, n: Any) -> Any:
        return g * (2.0 if type(getattr(s[1], "_value", None)) is Spec else s[1])

    refuses(law_traced, broken("exp", pulls=(looks,)), first("exp"))
    widened = broken("exp", spec=lambda x: replace_dtype(REGISTRY["exp"].spec(x)))
    refuses(law_traced, widened, first("exp").cast(np.float32))
