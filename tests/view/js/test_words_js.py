"""The page's sentences and formulas against the library's, on worked examples, all gates, arrays and edited inputs."""

from __future__ import annotations

import json
import operator
import random
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from adjoint.explain import words
from adjoint.explain.mathml import Formula, name_formula, number_formula, render
from adjoint.explain.story import Story
from explain.worked import EXAMPLES, story_of
from view.js.player import needs_node, run_player
from view.js.test_live_js import BINARY, SMOOTH, UNARY, program

pytestmark = [needs_node, pytest.mark.filterwarnings("ignore::RuntimeWarning")]
TOLD = """const told = (story) => ({
    forward: story.forward.map((f) => numberFormulaOf(story, f.node)),
    backward: story.backward.slice(1).map((step, i) => [backwardSentence(story, i + 1),
        (step.parts || []).map((part) => rowText(story, i + 1, part))]),
    branches: Object.fromEntries(story.backward.flatMap((s) => s.parts || []).map((p) => story.edges[p.edge].src)
        .map((src) => [src, branchesSumText(story, src)])),
});"""
NAMES = "backwardSentence, branchesSumText, numberFormulaOf, renderFormula, rowText"
IMPORT = f'import {{ {NAMES} }} from "./words.js"; import {{ createLive }} from "./live.js"; {TOLD}'


def told(story: Story) -> Any:
    """What the library says, in the form in which the scripts return it."""
    board = story.board
    sources = {board.edges[p.edge].src for s in story.backward for p in s.parts}
    return {
        "forward": [words.number_formula_of(board, i) for i in board.operations],
        "backward": [
            [words.backward_sentence(board, s), [list(words.row_text(board, s, p)) for p in s.parts]]
            for s in story.backward
        ],
        "branches": {str(source): words.branches_text(story.backward, board, source) for source in sources},
    }


def spoken_by_the_page(stories: list[Story]) -> list[Any]:
    found: list[Any] = run_player(IMPORT, "return data.map(told);", [json.loads(s.to_json()) for s in stories])
    return found


def test_worked_examples() -> None:
    stories = [story_of(name) for name in EXAMPLES]
    for name, story, said in zip(EXAMPLES, stories, spoken_by_the_page(stories), strict=True):
        assert said == told(story), name


def test_every_gate_at_many_points() -> None:
    source = random.Random(11)
    points = [0.0, 1.0, -1.0, 0.5, 2.0, -3.0, float("nan"), 12345.678, -1e-7]
    stories = []
    functions = {**UNARY, **BINARY, **SMOOTH, "power": operator.pow, "arctan2": np.arctan2, "hypot": np.hypot}
    for name, function in functions.items():
        for _ in range(6):
            pair = source.choice(points), source.choice(points)
            one = name in UNARY or (name in SMOOTH and name != "power")
            stories.append(ad.explain(function)(*pair[:1] if one else pair))
    for story, said in zip(stories, spoken_by_the_page(stories), strict=True):
        assert said == told(story), story.text()


def test_random_programs_at_edited_inputs() -> None:
    source = random.Random(2)
    functions, stories, edits = [], [], []
    for _ in range(40):
        names = [source.choice([*UNARY, *BINARY]) for _ in range(source.randint(1, 9))]
        functions.append(program([(n, source.randint(0, 20), source.randint(0, 20)) for n in names]))
        stories.append(ad.explain(functions[-1])(*[float(source.randint(-3, 3)) for _ in range(3)]))
        edits.append([float(source.randint(-3, 3)) for _ in range(3)])
    body = """return data.map(([story, values]) => {
        const engine = createLive(story);
        const leaves = story.nodes.filter((n) => n.kind === "leaf").map((n) => n.id);
        return told(engine.applyTo(story, engine.recompute(new Map(leaves.map((leaf, i) => [leaf, values[i]])))));
    });"""
    data = [[json.loads(s.to_json()), e] for s, e in zip(stories, edits, strict=True)]
    for function, edit, said in zip(functions, edits, run_player(IMPORT, body, data), strict=True):
        fresh = ad.explain(function)(*edit)
        assert said == told(fresh), fresh.text()


def layer(x: Any, W: Any, b: Any) -> Any:
    h = np.maximum(x @ W + b, 0)
    p = np.exp(h - np.max(h, axis=1, keepdims=True))
    q = p / np.sum(p, axis=1, keepdims=True)
    return -np.mean(np.log(q[:, 0]))


def test_arrays_and_complex_numbers() -> None:
    source = numpy.random.default_rng(0)
    arrays = source.normal(size=(3, 2)), source.normal(size=(2, 4)), source.normal(size=4)
    calls: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
        (layer, arrays),
        (lambda x: np.sum(np.where(x > 0, x, 2 * x)), (arrays[0],)),
        (lambda x: np.sum(np.maximum(x, 0.3) * np.abs(x)), (arrays[1],)),
        (lambda z: np.real(z * z + np.conj(z)), (1 + 2j,)),
        (lambda x: np.round(x, 1) * x + np.sum(x), (1.25,)),
    ]
    stories = [ad.explain(f)(*args) for f, args in calls]
    for story, said in zip(stories, spoken_by_the_page(stories), strict=True):
        assert said == told(story), story.text()


def _templates() -> list[str]:
    source = random.Random(9)

    def drawn(depth: int) -> str:
        if depth == 0 or source.random() < 0.2:
            return source.choice(["{x}", "{y}", "{z}", "{long}", "2", "0.5", "1", "pi"])
        a, b = drawn(depth - 1), drawn(depth - 1)
        kind = source.randrange(7)
        if kind < 3:
            return f"{a} {source.choice(['+', '-', '*', '/', '**', '@', '//', '%', '==', '<='])} {b}"
        name = source.choice(["", "sqrt", "abs", "exp", "log", "maximum", "f"])
        return [f"({a})", f"-{a}", f"{name}({a})", f"{name or 'g'}({a}, {b})"][kind - 3]

    odd = ["{x}ᵀ @ {y}", "({x} + {y})ᵀ", "f(,)", "* 2", "{x} +", "-{x}ᵀ ** 2", "{x}[0]", "not {x}", "{x} as {y}", "3/4"]
    odd += ["1/2 * {x} ** 2", "({x}", "{x})", "f()", "()", "{x} {y}", "{w} + 1", ""]
    return [drawn(source.randint(1, 4)) for _ in range(1500)] + odd


def test_formulas_are_written_alike() -> None:
    numbers = {"x": number_formula("−3"), "y": number_formula("2.5"), "z": number_formula("12")}
    names = {"x": name_formula("w"), "y": name_formula("<b>"), "z": name_formula("x1")}
    templates = _templates()
    for facts in ({**names, "long": name_formula("weight")}, {**numbers, "long": name_formula("rate")}):
        given = {k: {"text": f.text, "level": f.level, "kind": f.kind} for k, f in facts.items()}
        body = "return data[0].map((t) => renderFormula(t, data[1]));"
        for template, got in zip(templates, run_player(IMPORT, body, [templates, given]), strict=True):
            wanted: Formula = render(template, facts)
            assert (got["text"], got["level"], got["kind"]) == (wanted.text, wanted.level, wanted.kind), template
