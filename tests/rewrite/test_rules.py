"""Every rule: it is used where its condition holds and the values stay, and it is not used elsewhere."""

import numpy as np
import pytest

from adjoint.rewrite.passes import ALL, Pass, optimise
from rewrite.cases import CASES, values
from rewrite.workloads import evaluated, traced

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
RULES = {rule.name: rule for one in ALL for rule in one.rules}


def alone(rule):
    return (Pass("one", "one rule alone", (rule,)),)


def bits_differ(a, b):
    """Whether two results differ in a bit, any two NaNs counting as equal."""
    same = np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if same and a.dtype.kind == "f":
        real = ~np.isnan(a)
        same = np.array_equal(np.signbit(a[real]), np.signbit(b[real]))
    return not same


def test_every_rule_has_a_case_and_a_name_of_its_own():
    assert set(CASES) == set(RULES)
    assert len(RULES) == len({rule for one in ALL for rule in one.rules})


@pytest.mark.parametrize("name", CASES)
def test_it_is_used_and_the_values_stay(name):
    case, rule = CASES[name], RULES[name]
    graph = traced(case.fires, *case.specs)
    made, log = optimise(graph, passes=alone(rule))
    assert name in log.counts(), f"not used in\n{graph}"
    made.check()
    assert str(made) != str(graph)
    given = values(case.specs, case.positive)
    for before, after in zip(evaluated(graph, given), evaluated(made, given)):
        assert before.shape == after.shape
        assert before.dtype == after.dtype
        if rule.strict:
            assert not bits_differ(before, after), f"{before}\n{after}"
        else:
            np.testing.assert_allclose(after, before, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_it_is_not_used_where_its_condition_does_not_hold(name):
    case = CASES[name]
    log = optimise(traced(case.rests, *case.rest_specs), passes=alone(RULES[name])).log
    assert name not in log.counts(), str(log)


@pytest.mark.parametrize("name", CASES)
def test_the_step_says_what_was_done(name):
    case, rule = CASES[name], RULES[name]
    log = optimise(traced(case.fires, *case.specs), passes=alone(rule)).log
    step = next(s for s in log if s.name == name)
    assert step.identity == rule.identity
    assert step.condition == rule.condition
    assert step.before != step.after
    assert step.site is not None
    assert step.site.file.endswith("cases.py")
    assert len(str(step)) <= 100


@pytest.mark.parametrize("name", [n for n, r in RULES.items() if not r.strict])
def test_strict_mode_leaves_it_out(name):
    case = CASES[name]
    assert name not in optimise(traced(case.fires, *case.specs), strict=True, passes=ALL).log.counts()


@pytest.mark.parametrize("name", CASES)
def test_strict_mode_keeps_every_bit(name):
    case = CASES[name]
    graph = traced(case.fires, *case.specs)
    given = values(case.specs, case.positive)
    for before, after in zip(evaluated(graph, given), evaluated(optimise(graph, strict=True).graph, given)):
        assert not bits_differ(before, after), f"{before}\n{after}"


def test_rules_that_change_bits_say_when():
    for rule in RULES.values():
        assert rule.identity
        assert rule.strict or rule.condition != "always"
        assert not (rule.strict and rule.stabilises)
