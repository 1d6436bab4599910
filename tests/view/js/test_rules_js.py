"""The page's functions against the records: values as NumPy's, slopes as the records' own, at special points too."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any, NamedTuple

import numpy as np
import pytest

from adjoint.explain.rules import FUNCTIONS, LOGIC, TRUTHS, Traced, rule_for
from adjoint.primitives.record import NUMPY, REGISTRY, Primitive
from laws.samples import SAMPLES  # noqa: F401 - loads every record
from view.js.player import needs_node, run_player

pytestmark = needs_node

#: What is computed with one rounding an instruction agrees to the last bit.
EXACT = FUNCTIONS - {
    *("exp", "expm1", "exp2", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh", "fma"),
    *("asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2", "cbrt", "hypot", "erf", "pow"),
}
ULPS = 4
#: Of two equal zeros NumPy takes one or the other, as its loops happen to be compiled.
EITHER_ZERO = {"maximum", "minimum", "clip"}
TINY, HUGE = 5e-324, 1.7976931348623157e308
SPECIAL = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 0.5, -2.0, 3.0, 1e-300, -TINY, HUGE, -1e200, 2.5, 0.1]
ALONE = [*SPECIAL, TINY, -HUGE, 1e-8, -1e-8, 0.49999999999999994, 1.5, 3.5, -0.5, 4503599627370497.5, 1e16, 20.0, -40.0]
ALONE += [0.125, 709.7, 709.8, -745.0, -746.0, 6.0, 0.46875, 26.0, math.pi / 2, math.pi, 1e5, 0.9999999999999999, -0.75]
FEW = [0.0, -0.0, 1.0, -1.5, math.inf, math.nan, 2.0]


class Case(NamedTuple):
    op: Primitive
    params: tuple[tuple[str, Any], ...]
    truths: tuple[bool, ...]
    points: list[tuple[float, ...]]

    @property
    def name(self) -> str:
        return self.op.name + "".join(f" {k}={v}" for k, v in self.params)

    @property
    def rule(self) -> dict[str, Any]:
        truth = self.op.name in TRUTHS
        made: dict[str, Any] = rule_for(self.op, self.params, self.truths, truth, tuple(range(len(self.truths))))
        return made


def _points(truths: tuple[bool, ...]) -> list[tuple[float, ...]]:
    source = random.Random(4)

    def drawn(truth: bool) -> float:
        if truth:
            return float(source.random() < 0.5)
        return source.choice([source.uniform(-3, 3), source.gauss(0, 20), math.exp(source.uniform(-20, 20))])

    special = {1: ALONE, 2: SPECIAL, 3: FEW}[len(truths)]
    fixed = itertools.product(*([0.0, 1.0] if truth else special for truth in truths))
    return [*fixed, *(tuple(map(drawn, truths)) for _ in range(200))]


def _cases() -> list[Case]:
    found = []
    for op in REGISTRY.values():
        if not callable(op.emit) or op.arity is None:
            continue
        if op.name in LOGIC:
            truths = (True,) * op.arity
        else:
            truths = (op.name == "where", *(False,) * (op.arity - 1))
        each: list[tuple[tuple[str, Any], ...]] = [()]
        if op.params and op.name != "cut":
            each = [(("decimals", n),) for n in (0, 2, -1)]
        found += [Case(op, params, truths, _points(truths)) for params in each]
    return found


CASES = {case.name: case for case in _cases()}


@pytest.fixture(scope="module")
def computed() -> dict[str, dict[str, list[float]]]:
    """What the page computes for every record: values, slopes at NumPy's own value, kinks."""
    data = [[case.rule, case.points, _values(case).tolist()] for case in CASES.values()]
    body = """return data.map(([rule, points, outs]) => ({
        value: points.map((x) => evaluate(rule.value, x)),
        slopes: rule.slopes.map((code) => code && points.map((x, i) => evaluate(code, x, outs[i]))),
        kink: rule.kink ? points.map((x) => evaluate(rule.kink, x)) : [],
    }));"""
    found = run_player('import { evaluate } from "./rules.js";', body, data)
    return dict(zip(CASES, found, strict=True))


def _operands(case: Case) -> list[Any]:
    columns = zip(*case.points, strict=True)
    return [np.array(c, bool if truth else float) for c, truth in zip(columns, case.truths, strict=True)]


def _values(case: Case) -> Any:
    with np.errstate(all="ignore"):
        found = [
            case.op.value(
                *(bool(x) if t else np.float64(x) for x, t in zip(point, case.truths, strict=True)), **dict(case.params)
            )
            for point in case.points
        ]
    return np.array([float(v) for v in found])


def _slopes(case: Case, slot: int) -> Any:
    """The record's own local derivative, computed by NumPy."""
    rule = case.op.locals[slot] if case.op.locals else None
    if rule is None:
        return np.ones(len(case.points))
    node = Traced(case.op, dict(case.params), case.truths).node
    with np.errstate(all="ignore"):
        found = rule(NUMPY, (*_operands(case), _values(case)), node)
    return np.broadcast_to(np.asarray(found, float), len(case.points))


def _differ(case: Case, code: Any, got: list[float], wanted: Any) -> list[str]:
    ulps = 0 if EXACT.issuperset(line[0] for line in code) else ULPS
    bad = []
    if case.op.name == "power":  # NumPy's versions differ: some take the root, which keeps -0.0 and refuses -inf
        got = [
            b if p in ((-0.0, 0.5), (-math.inf, 0.5)) else a for p, a, b in zip(case.points, got, wanted, strict=True)
        ]
    for point, a, b in zip(case.points, got, wanted.tolist(), strict=True):
        if a == b:
            same = a != 0 or math.copysign(1, a) == math.copysign(1, b) or case.op.name in EITHER_ZERO
        else:
            near = math.isfinite(a) and math.isfinite(b) and abs(a - b) <= ulps * math.ulp(b)
            same = near or (math.isnan(a) and math.isnan(b))
        if not same:
            bad.append(f"{case.name}{point}: the page has {a!r}, NumPy {b!r}")
    return bad


@pytest.mark.parametrize("name", CASES)
def test_value(name: str, computed: Any) -> None:
    case = CASES[name]
    assert not _differ(case, case.rule["value"], computed[name]["value"], _values(case))


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if any(c.rule["slopes"])])
def test_slopes(name: str, computed: Any) -> None:
    case = CASES[name]
    for slot, code in enumerate(case.rule["slopes"]):
        if code is not None:
            assert not _differ(case, code, computed[name]["slopes"][slot], _slopes(case, slot))
        else:
            assert case.truths[slot], f"{name} has no slope by input {slot}"


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.op.at_kink is not None])
def test_kinks(name: str, computed: Any) -> None:
    case = CASES[name]
    with np.errstate(all="ignore"):
        wanted = np.asarray(case.op.at_kink(*_operands(case), **dict(case.params)))  # type: ignore[misc]
    assert wanted.any()
    assert computed[name]["kink"] == wanted.astype(float).tolist()


def test_the_page_has_every_function_of_the_kit() -> None:
    names = run_player('import { kitNames } from "./rules.js";', "return kitNames();", None)
    assert sorted(names) == sorted(FUNCTIONS)


def test_erf_to_the_last_places() -> None:
    points = [(i - 4000) / 600 for i in range(8001)]
    body = "return data.map((x) => evaluate(code, [x]));"
    code = 'import { evaluate } from "./rules.js"; const code = [["erf", "x0"]];'
    for x, y in zip(points, run_player(code, body, points), strict=True):
        assert abs(y - math.erf(x)) <= 3 * math.ulp(math.erf(x)), x


def test_fma_rounds_once() -> None:
    from fractions import Fraction

    source = random.Random(1)
    points = [(source.uniform(-2, 2), source.uniform(-2, 2)) for _ in range(2000)]
    triples = [(x, y, -x * y * (1 + source.choice([0, 2.0**-52, 1e-3, 1.0]))) for x, y in points]
    code = 'import { evaluate } from "./rules.js"; const code = [["fma", "x0", "x1", "x2"]];'
    for (x, y, z), got in zip(
        triples, run_player(code, "return data.map((x) => evaluate(code, x));", triples), strict=True
    ):
        exact = Fraction(x) * Fraction(y) + Fraction(z)
        assert got == float(exact) or abs(Fraction(got) - exact) <= Fraction(math.ulp(got)) * Fraction(51, 100)
