"""Rules of live stories, run in plain Python: the records' values and slopes, small tables, and who has none."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from adjoint.explain.rules import LOGIC, TRUTHS, Notes, rule_for, rules_of
from adjoint.primitives.record import NUMPY, REGISTRY
from explain.worked import EXAMPLES, story_of
from laws.kit import PlainKit
from laws.samples import SAMPLES

#: Records whose rule is asked for with numbers as operands, each at two points inside of its domain.
POINTS = {1: [(0.3,), (0.9,)], 2: [(0.8, -1.1), (1.9, 0.6)], 3: [(0.8, -1.1, 0.3), (0.2, 0.5, 1.5)]}
PLAIN = {
    name: op
    for name, op in REGISTRY.items()
    if callable(op.emit) and op.arity and name not in LOGIC and name not in ("where", "cut")
}


def run(code: list[list[Any]], xs: tuple[float, ...], out: float = math.nan) -> float:
    """A second reader of the instructions, apart from the page's."""
    found: list[float] = []
    for name, *operands in code:
        given = [_operand(o, xs, out, found) for o in operands]
        if name == "same":
            found.append(given[0])
        elif name in ("and_", "or_", "not_"):
            found.append(float(getattr(PlainKit, name)(*(g != 0 for g in given))))
        elif name == "select":
            found.append(PlainKit.select(given[0] != 0, given[1], given[2]))
        else:
            found.append(float(getattr(PlainKit, name)(*given)))
    return found[-1]


def _operand(one: Any, xs: tuple[float, ...], out: float, found: list[float]) -> float:
    if isinstance(one, int | float):
        return float(one)
    if one[0] in "xt" and one[1:].isdigit():
        return xs[int(one[1:])] if one[0] == "x" else found[int(one[1:])]
    return out if one == "out" else float(one.replace("Infinity", "inf"))


@pytest.mark.parametrize("name", PLAIN)
def test_value_and_slopes_are_the_records(name: str) -> None:
    op = PLAIN[name]
    assert op.arity is not None
    points = POINTS[op.arity] if name != "arccosh" else [(1.3,), (2.0,)]
    params = (("decimals", 1),) if name == "round" else ()
    rule = rule_for(op, params, (False,) * op.arity, name in TRUTHS, tuple(range(op.arity)))
    for xs in points:
        with numpy.errstate(all="ignore"):
            value = op.value(*map(numpy.float64, xs), **dict(params))
        assert run(rule["value"], xs) == pytest.approx(float(value), rel=1e-14, nan_ok=True)
        for slot, code in enumerate(rule["slopes"]):
            assert (code is None) == (not op.differentiable)
            if code is None or not op.locals:
                continue
            local = op.locals[slot]
            assert local is not None
            node = ad.explain(lambda *a: op_applied(op, a))(*xs).board.items[-1].node
            with numpy.errstate(all="ignore"):
                wanted = float(local(NUMPY, (*map(numpy.float64, xs), value), node))
            assert run(code, xs, float(value)) == pytest.approx(wanted, rel=1e-13, nan_ok=True)


def op_applied(op: Any, operands: tuple[Any, ...]) -> Any:
    from adjoint.apply import apply

    return apply(op, operands)


def test_every_record_with_scalar_code_is_tried() -> None:
    assert len(PLAIN) > 50
    assert set(PLAIN) <= set(SAMPLES)


def test_equal_operations_share_one_rule_and_constants_need_no_slope() -> None:
    def f(x: Any, y: Any) -> Any:
        return x * y + x * 2.0 + y**3

    found = rules_of(ad.explain(f)(1.0, 2.0).board)
    assert found is not None
    rules, places = found
    assert sorted(r["op"] for r in rules) == ["add", "multiply", "power"]
    assert len(places) == 5
    by_name = {r["op"]: r for r in rules}
    assert by_name["multiply"]["slopes"] == [[["same", "x1"]], [["same", "x0"]]]
    assert by_name["power"]["slopes"][1] is None
    only = rules_of(ad.explain(lambda x: 2.0 * x)(1.0).board)
    assert only is not None
    assert only[0][0]["slopes"] == [None, [["same", "x0"]]]


def test_tables_are_small() -> None:
    for name in EXAMPLES:
        found = rules_of(story_of(name).board)
        assert found is not None
        assert len(json.dumps(found[0])) < 1000, name


def test_what_is_known_is_not_computed_twice() -> None:
    k = Notes()
    x = k.neg(k.neg("x0"))
    both = k.add(k.mul(x, "x0"), k.mul("x0", x))
    assert k.code(k.add(both, k.mul(k.const(2), k.const(3)))) == [
        ["mul", "x0", "x0"],
        ["add", "t0", "t0"],
        ["add", "t1", 6],
    ]
    assert k.code("x1") == [["same", "x1"]]
    assert k.code(k.const(-0.0)) == [["same", -0.0]]
    assert k.code(k.const(math.inf)) == [["same", "Infinity"]]
    with pytest.raises(AttributeError, match="no function 'solve'"):
        k.solve("x0")


def test_stories_of_arrays_of_complex_numbers_and_of_single_precision_have_no_rules() -> None:
    stories = [
        ad.explain(lambda x: np.sum(x * x))(numpy.ones(3)),
        ad.explain(lambda x: np.real(x * 1j))(2.0),
        ad.explain(lambda x: x * x)(numpy.float32(2.0)),
    ]
    assert [rules_of(s.board) for s in stories] == [None, None, None]
    assert not any(s.to_dict()["live"] for s in stories)


def test_why_nothing_flows_stands_on_the_edge() -> None:
    story = ad.explain(lambda x: x * np.floor(x))(2.5).to_dict()
    stops = [e.get("stops", "") for e in story["edges"]]
    assert [s.split(" (")[0] for s in stops] == ["floor blocks it", "", "multiply has no derivative by this input"]
