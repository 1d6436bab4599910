"""A page recomputes a live story as the library explains it afresh: worked examples, and programs made at random."""

from __future__ import annotations

import json
import math
import operator
import time
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from hypothesis import example as tried
from hypothesis import given
from hypothesis import strategies as st

import adjoint as ad
import adjoint.numpy as np
from adjoint import special
from adjoint.nn.functional import relu
from explain.worked import EXAMPLES
from view.js.player import needs_node, run_player

pytestmark = [needs_node, pytest.mark.filterwarnings("ignore::RuntimeWarning")]
IMPORT = 'import { createLive, recomputed } from "./live.js";'
#: What a page's version of a story and a fresh one must both have, and alike.
NODE = ("value", "grad", "kinks", "note", "zero", "step", "share", "nudge")
EDGE = ("local", "contrib", "mathml")
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def document(f: Callable[..., Any], args: tuple[float, ...]) -> Any:
    return json.loads(ad.explain(f, rate=0.01)(*args).to_json())


def recomputed_at(story: Any, edits: list[tuple[float, ...]]) -> list[Any]:
    """The page's versions of a story at other values of its leaves, each made from the one before."""
    assert story["live"]
    leaves = [n["id"] for n in story["nodes"] if n["kind"] == "leaf"]
    body = """const engine = createLive(data.story);
    let shown = data.story;
    return data.edits.map((values) => {
        shown = engine.applyTo(shown, engine.recompute(new Map(values)));
        return shown;
    });"""
    rows = [[[leaf, float(v)] for leaf, v in zip(leaves, edit, strict=True)] for edit in edits]
    found: list[Any] = run_player(IMPORT, body, {"story": story, "edits": rows})
    return found


def differences(got: Any, fresh: Any, near: float = 0.0) -> list[str]:
    found: list[str] = []
    for a, b in zip(got["nodes"], fresh["nodes"], strict=True):
        found += _compared(f"node {b.get('name')}", a, b, NODE, near)
    for a, b in zip(got["edges"], fresh["edges"], strict=True):
        found += _compared(f"edge {b['id']}", a, b, EDGE, near)
    for a, b in zip(got["backward"], fresh["backward"], strict=True):
        found += _compared(f"step of {b['node']}", a, b, ("seed", "up", "parts"), near)
    for a, b in zip(got["leaves"], fresh["leaves"], strict=True):
        found += _compared(f"leaf {b['node']}", a, b, ("nudge", "step", "share"), near)
    return found


def _compared(where: str, got: Any, fresh: Any, keys: tuple[str, ...], near: float) -> list[str]:
    return [
        f"{where}: {key} is {got.get(key)!r}, afresh {fresh.get(key)!r}"
        for key in keys
        if not _alike(got.get(key), fresh.get(key), near)
    ]


def _alike(a: Any, b: Any, near: float) -> bool:
    a, b = WORDS.get(a, a) if isinstance(a, str) else a, WORDS.get(b, b) if isinstance(b, str) else b
    if isinstance(a, dict) and isinstance(b, dict):
        keys = (a.keys() | b.keys()) - ({"text", "slope"} if near else set())  # rounding speaks in a difference
        return all(_alike(a.get(k), b.get(k), near) for k in keys)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_alike(x, y, near) for x, y in zip(a, b, strict=True))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a == b or (a != a and b != b) or abs(a - b) <= near * max(abs(a), abs(b), 1e-3)
    return bool(a == b) or (near > 0 and isinstance(a, str) and isinstance(b, str) and a.startswith("<mn>"))


SPECIAL = [0.0, -0.0, 1.0, -1.0, 3.0, math.inf, -math.inf, math.nan, 1e300, 1e-200]


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_examples(name: str) -> None:
    example = EXAMPLES[name]
    source = numpy.random.default_rng(1)
    count = len(example.args)
    edits = [tuple(source.normal(0, 2, count).round(3).tolist()) for _ in range(4)]
    edits += [(v,) * count for v in SPECIAL] + [example.args]
    story = document(example.function, example.args)
    for edit, got in zip(edits, recomputed_at(story, edits), strict=True):
        wrong = differences(
            got, document(example.function, edit), 1e-12 if name in ("neuron", "negative_logarithm") else 0
        )
        assert not wrong, (edit, wrong)
    assert "stationary" not in got or name == "bowl"


UNARY: dict[str, Callable[..., Any]] = {
    "negative": operator.neg,
    "abs": abs,
    "square": np.square,
    "sqrt": np.sqrt,
    "reciprocal": np.reciprocal,
    "relu": relu,
    "floor": np.floor,
    "sign": np.sign,
    "round": lambda x: np.round(x, 1),
    "clip": lambda x: np.clip(x, -1.0, 2.0),
    "stopped": ad.stop_gradient,
    "positive": lambda x: x * (x > 0),
}
BINARY: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "where": lambda x, y: np.where((x > y) & (y != 0), x, y),
    "remainder": lambda x, y: x % y,
    "scaled": lambda x, y: 0.5 * x - 3 * y,
}
SMOOTH: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "log": np.log, "sin": np.sin, "tanh": np.tanh, "arctan": np.arctan, "log1p": np.log1p,
    "sigmoid": special.expit, "erf": special.erf, "cbrt": np.cbrt, "cosh": np.cosh, "power": lambda x: x**3,
    "arcsinh": np.arcsinh, "root": lambda x: np.sqrt(1 + x * x),
}  # fmt: skip
Step = tuple[str, int, int]


def program(steps: list[Step]) -> Callable[[Any, Any, Any], Any]:
    """A function of three numbers that runs these steps, each on values made before it."""

    def run(a: Any, b: Any, c: Any) -> Any:
        values = [a, b, c]
        for name, i, j in steps:
            x, y = values[i % len(values)], values[j % len(values)]
            function = BINARY.get(name)
            values.append(function(x, y) if function is not None else {**UNARY, **SMOOTH}[name](x))
        return values[-1] * a

    return run


numbers = st.one_of(st.sampled_from(SPECIAL), st.integers(-3, 3).map(float), st.floats(-4, 4))
triples = st.tuples(numbers, numbers, numbers)
places = st.integers(0, 20)
exact_steps = st.lists(st.tuples(st.sampled_from([*UNARY, *BINARY]), places, places), min_size=1, max_size=12)
near_steps = st.lists(
    st.tuples(st.sampled_from([*SMOOTH, "add", "multiply", "subtract", "divide"]), places, places),
    min_size=1,
    max_size=5,
)


# Why a gradient is 0 changes; a floor stands on a step of nobody; a value is just below a power of ten; a zero by
# structure meets an infinite slope.
@tried([("where", 0, 1), ("maximum", 0, 3)], (0.0, 0.0, 0.0), [(1.0, 0.0, 0.0)])
@tried([("floor", 0, 0), ("floor", 3, 0)], (0.5, 0.0, 0.0), [(2.0, 0.0, 0.0)])
@tried([("divide", 1, 0)], (0.0, 0.0, 0.0), [(1e-05, 1e-200, 0.0)])
@tried([("relu", 0, 0), ("sqrt", 3, 0)], (1.0, 2.0, 3.0), [(-1.0, 2.0, 3.0)])
@given(exact_steps, triples, st.lists(triples, min_size=1, max_size=3))
def test_random_programs_agree_to_the_last_bit(steps: list[Step], start: Any, edits: list[Any]) -> None:
    f = program(steps)
    for edit, got in zip(edits, recomputed_at(document(f, start), edits), strict=True):
        wrong = differences(got, document(f, edit))
        assert not wrong, (edit, wrong)


@given(near_steps, triples, st.lists(st.tuples(*[st.floats(0.1, 1.5)] * 3), min_size=1, max_size=3))
def test_random_smooth_programs_agree_nearly(steps: list[Step], start: Any, edits: list[Any]) -> None:
    f = program(steps)
    for edit, got in zip(edits, recomputed_at(document(f, start), edits), strict=True):
        wrong = differences(got, document(f, edit), 1e-9)
        assert not wrong, (edit, wrong)


def test_an_edit_of_one_leaf_and_of_what_is_none() -> None:
    example = EXAMPLES["half_squared_error"]
    story = document(example.function, example.args)
    body = """const one = recomputed(data, 0, 3);
    const two = recomputed(one, 3, 1);
    return [two, recomputed(data, 4, 1), recomputed({...data, live: false, rules: undefined}, 0, 1), data];"""
    two, inner, dead, before = run_player(IMPORT, body, story)
    assert not differences(two, document(example.function, (3.0, *example.args[1:3], 1.0)))
    assert inner is None
    assert dead is None
    assert before == story  # nothing of the story itself has changed


def test_every_node_is_nudged_by_any_step() -> None:
    story = document(EXAMPLES["neuron"].function, EXAMPLES["neuron"].args)
    body = """const engine = createLive(data);
    return data.nodes.map((n) => n.kind === "const" ? null : engine.nudge(n.id, 1e-5));"""
    for node, one in zip(story["nodes"], run_player(IMPORT, body, story), strict=True):
        if node["kind"] != "const":
            assert one["slope"] == pytest.approx(node["grad"], abs=1e-5)
            assert one["text"].startswith(f"{node['name']} ")


def test_single_precision_and_arrays_are_not_live() -> None:
    assert not document(lambda x: x * x, (numpy.float32(2.0),))["live"]  # type: ignore[arg-type]
    assert not document(lambda x: np.sum(x * x), (numpy.ones(2),))["live"]  # type: ignore[arg-type]
    assert not document(lambda x: np.real(x * 1j), (2.0,))["live"]
    twice = ad.custom_jvp(lambda x: 2.0 * x)
    twice.defjvp(lambda primals, tangents: (twice(primals[0]), 2.0 * tangents[0]))
    assert not document(twice, (2.0,))["live"]


def test_a_long_chain_is_quick() -> None:
    def long(x: Any, y: Any) -> Any:
        for _ in range(250):
            x = np.tanh(x * y)
        return x

    story = document(long, (0.5, 1.1))
    body = """const engine = createLive(data);
    const run = () => engine.applyTo(data, engine.recompute(new Map([[0, 0.7]])));
    for (let i = 0; i < 5; i++) run();
    const from = performance.now();
    for (let i = 0; i < 10; i++) run();
    return (performance.now() - from) / 10;"""
    started = time.perf_counter()
    milliseconds = run_player(IMPORT, body, story)
    assert milliseconds < 50, f"{milliseconds} ms for 500 operations, {time.perf_counter() - started} s in all"
