"""The page judges answers as the library does: the same verdicts and the same words on the same stories."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from adjoint.explain import answers
from adjoint.explain.mistakes import doctored, false_value
from explain.practised import STORIES, right_answer
from view.js.player import needs_node, run_player

pytestmark = needs_node
IMPORT = """
import { checkAsk, checkFalse, checkGate, checkNumber, checkOrder, orderRules } from "./answers.js";
import { parsedNumber, parsedShape } from "./answers.js";
import { doctoredStory, falseNumber } from "./mistakes.js";
import { hiddenKeys } from "./predict.js";
import { falseRows } from "./drills.js";
import { queueOf, requeued } from "./progress.js";
"""
TEXTS = [
    "2",
    " −3/4",
    "1e−3",
    "+.5",
    "5.",
    "1/0",
    "1/2/3",
    "1,5",
    "two",
    "",
    "-",
    "1e400",
    "– 4",
    "8×3",
    "(8, 3)",
    "()",
    "8 x",
    "2 3",
    "(2,)",
]
CHOSEN = [
    "half_squared_error",
    "used_twice",
    "neuron",
    "at_a_tie",
    *(f"random {seed}" for seed in (0, 1, 2, 3, 4, 5, 7, 11)),
]
Document = dict[str, Any]


def test_texts_are_read_alike() -> None:
    numbers = run_player(IMPORT, "return data.map((t) => parsedNumber(t));", TEXTS)
    assert numbers == [answers.parsed(t) for t in TEXTS]
    shapes = run_player(IMPORT, "return data.map((t) => parsedShape(t));", TEXTS)
    assert shapes == [answers.parsed_shape(t) for t in TEXTS]


def _attempts(ask: Document, step: int, document: Document) -> list[str]:
    """Answers that are right, nearly right, or the right answers to other questions."""
    right = answers.right_of(ask, step, document)
    if isinstance(right, list):
        return ["×".join(map(str, right)) or "()", "3×7", "what", ""]
    entry, edge = document["backward"][step], document["edges"][ask["edge"]]
    part = next(p for p in entry["parts"] if p["edge"] == ask["edge"])
    source, gate = document["nodes"][edge["src"]], document["nodes"][edge["dst"]]
    known = [
        entry.get("up"),
        part.get("local"),
        part["down"],
        part["sum"],
        source["value"],
        gate["value"],
        source["grad"],
    ]
    numbers = [float(n) for n in known if isinstance(n, int | float) and math.isfinite(n)]
    up, local = (numbers[0], numbers[1]) if len(numbers) == 7 else (1.0, 2.0)
    numbers += [right * 1.0009, right * 1.005, right * 10, right / 1000, up + local, up * numbers[-3], 17.25, 0.0]
    numbers += [up / local] if local else []
    found = [repr(sign * n) for n in numbers for sign in (1, -1)]
    return [*found, "nothing", ""]


@pytest.mark.parametrize("name", CHOSEN)
def test_predictions_are_judged_alike(name: str) -> None:
    document = STORIES[name]()
    cases = [
        (e["step"], ask, text)
        for e in document["exercises"]
        if e["kind"] == "predict"
        for ask in e["asks"]
        for text in _attempts(ask, e["step"], document)
    ]
    body = "return data.cases.map(([step, ask, text]) => checkAsk(data.story, Number(step), ask, text));"
    told = run_player(IMPORT, body, {"story": document, "cases": cases})
    mistakes = set()
    for (step, ask, text), seen in zip(cases, told, strict=True):
        verdict = answers.check_ask(ask, step, text, document)
        assert (verdict.right, verdict.mistake, verdict.says) == (seen["right"], seen["mistake"], seen["says"]), (
            ask,
            text,
        )
        mistakes.add(verdict.mistake)
    assert len(mistakes) >= 3


@pytest.mark.parametrize("name", CHOSEN)
def test_orders_are_judged_alike(name: str) -> None:
    document = STORIES[name]()
    exercises = [e for e in document["exercises"] if e["kind"] in ("order", "parts")]
    cases = []
    for at, exercise in enumerate(exercises):
        for seed in range(10):
            order = list(right_answer(exercise, document))
            if seed:
                random.Random(seed).shuffle(order)
            cases.append((at, order))
    body = """return data.cases.map(([at, order]) => {
        const e = data.exercises[at];
        if (e.kind === "parts") return checkOrder(order, e.before, e.apart);
        return checkOrder(order.map(String), orderRules(e, data.story));
    });"""
    told = run_player(IMPORT, body, {"story": document, "exercises": exercises, "cases": cases})
    for (at, order), seen in zip(cases, told, strict=True):
        verdict = answers.check(exercises[at], order, document)
        assert verdict.right == seen["right"]
        assert verdict.right or verdict.says == seen["says"]
        assert ("at" in seen) == (not verdict.right)


@pytest.mark.parametrize("name", CHOSEN)
def test_false_numbers_are_made_and_judged_alike(name: str) -> None:
    document = STORIES[name]()
    exercises = [e for e in document["exercises"] if e["kind"] == "wrong"]
    body = """return data.exercises.map((e) => ({
        made: falseNumber(e, data.story), shown: doctoredStory(e, data.story),
        rows: falseRows(data.story, e),
        verdicts: [[e.edge, e.place === "sum"], [e.edge, e.place !== "sum"], [e.edge + 1, false]]
            .map(([edge, sum]) => checkFalse(e, data.story, {edge, sum})),
        repaired: data.texts.map((t) => checkFalse(e, data.story, {edge: e.edge, sum: e.place === "sum"}, t)),
    }));"""
    texts = ["1", "-2.5", "x", "0"]
    told = run_player(IMPORT, body, {"story": document, "exercises": exercises, "texts": texts})
    for exercise, seen in zip(exercises, told, strict=True):
        assert seen["made"] == false_value(exercise, document) == exercise["value"]
        shown = doctored(exercise, document)
        assert shown is not None
        for key in ("nodes", "edges", "backward"):
            assert seen["shown"][key] == shown[key]
        place = "sum" if exercise["place"] == "sum" else "row"
        assert {"step": exercise["step"], "edge": exercise["edge"], "sum": place == "sum"} in seen["rows"]
        assert len(seen["rows"]) <= 12
        chosen = [
            (exercise["edge"], place),
            (exercise["edge"], "row" if place == "sum" else "sum"),
            (exercise["edge"] + 1, "row"),
        ]
        for (edge, what), verdict in zip(chosen, seen["verdicts"], strict=True):
            mine = answers.check_wrong(exercise, {"edge": edge, "what": what}, document)
            assert (mine.right, mine.says) == (verdict["right"], verdict["says"])
        for text, verdict in zip(texts, seen["repaired"], strict=True):
            mine = answers.check_wrong(exercise, {"edge": exercise["edge"], "what": place, "value": text}, document)
            assert (mine.right, mine.says, mine.mistake) == (verdict["right"], verdict["says"], verdict["mistake"])


def test_gates_and_numbers_are_judged_alike() -> None:
    document = STORIES["neuron"]()
    gates = [(e, o["op"]) for e in document["exercises"] if e["kind"] == "name" for o in e["options"]]
    numbers = [(e, t) for e in document["exercises"] if "number" in e for t in (repr(e["number"]), "1e9", "many")]
    body = """return [data.gates.map(([e, op]) => checkGate(e, data.story, op)),
        data.numbers.map(([e, t]) => checkNumber(e, t))];"""
    seen_gates, seen_numbers = run_player(IMPORT, body, {"story": document, "gates": gates, "numbers": numbers})
    for (exercise, op), seen in zip(gates, seen_gates, strict=True):
        verdict = answers.check_name(exercise, op, document)
        assert (verdict.right, verdict.says) == (seen["right"], seen["says"])
    for (exercise, text), seen in zip(numbers, seen_numbers, strict=True):
        verdict = answers.check_number(exercise, text)
        assert (verdict.right, verdict.says) == (seen["right"], seen["says"])


def test_a_story_recomputed_is_judged_by_its_new_numbers() -> None:
    document = STORIES["half_squared_error"]()
    body = """
        const live = createLive(data.story);
        const story = live.applyTo(data.story, live.recompute(new Map([[0, 5]])));
        const asked = data.story.exercises.filter((e) => e.kind === "predict" && e.gate === "multiply");
        const e = asked.find((e) => e.asks.length === 2);
        return e.asks.map((ask) => ["8", "-20"].map((t) => checkAsk(story, e.step, ask, t).right));
    """
    # w = 5: d = -10 + 8 - 2 = -4, so w receives -4 * -2 = 8 and x receives -4 * 5 = -20.
    found = run_player(IMPORT + 'import { createLive } from "./live.js";', body, {"story": document})
    assert found == [[True, False], [False, True]]


def test_what_is_hidden() -> None:
    document = STORIES["used_twice"]()
    exercise = next(e for e in document["exercises"] if e["kind"] == "predict" and e["step"] == 3)
    body = """const known = new Set(data.known);
        return [1, 2, 3].map((level) => [...hiddenKeys(data.story, data.exercise, level, known)].sort());"""
    first, second, third = run_player(IMPORT, body, {"story": document, "exercise": exercise, "known": []})
    # Step 3 is the gate c = a + b: edge 0 from a (node 0), edge 1 from b (node 1), whose branches come together here.
    assert first == sorted(["share:0", "share:1", "grad:0", "grad:1", "up:0", "up:1"])
    assert second == sorted([*first, "local:0", "local:1"])
    assert third == sorted([*second, "up:2", "grad:2", "share:4"])
    assert run_player(IMPORT, body, {"story": document, "exercise": exercise, "known": [0, 1, 2]}) == [[], [], []]
    part, *_ = run_player(IMPORT, body, {"story": document, "exercise": exercise, "known": [0, 1]})
    assert part == ["grad:1", "up:1"]


def test_cards_that_were_not_known_return_sooner() -> None:
    body = "return [1, 2, 3].map((well) => requeued([0, 1, 2, 3, 4, 5, 6, 7], well).indexOf(0));"
    assert run_player(IMPORT, body, None) == [2, 5, 7]
    body = (
        "return [queueOf(undefined, [0, 1]), queueOf([1, 0], [0, 1]), queueOf([1, 1], [0, 1]), queueOf([2], [0, 1])];"
    )
    assert run_player(IMPORT, body, None) == [[0, 1], [1, 0], [0, 1], [0, 1]]
