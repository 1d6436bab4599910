"""Stories to practise on, and the right answers as someone finds them who cannot see how they are judged."""

from __future__ import annotations

import json
import random

import numpy

import adjoint as ad
import adjoint.numpy as np
from adjoint.explain.answers import right_of
from explain.worked import EXAMPLES, story_of


def document_of(story):
    return json.loads(story.to_json())


def random_story(seed):
    choose = random.Random(seed)
    plan = [(choose.randrange(7), choose.random()) for _ in range(choose.randint(2, 12))]

    def f(x, y):
        values = [x, y]
        for kind, where in plan:
            a, b = values[int(where * len(values))], values[-1]
            made = [
                lambda: a + b, lambda: a * b, lambda: np.sin(a), lambda: np.maximum(a, b),
                lambda: a / (1.0 + b * b), lambda: a - b, lambda: np.exp(0.1 * a) * b,
            ]  # fmt: skip
            values.append(made[kind]())
        return np.sum(values[-1] * x) if np.ndim(values[-1]) else values[-1] * x

    args = (numpy.array([0.5, -1.25]), numpy.array([[1.5], [0.75]])) if seed % 5 == 0 else (0.7, -1.3)
    return document_of(ad.explain(f)(*args))


STORIES = {name: lambda name=name: document_of(story_of(name)) for name in EXAMPLES} | {
    f"random {seed}": lambda seed=seed: random_story(seed) for seed in range(30)
}


def kinds(document, kind):
    return [e for e in document["exercises"] if e["kind"] == kind]


def right_answer(exercise, document):
    """The right answer, found in the story by someone who cannot see how it is judged."""
    kind = exercise["kind"]
    if kind == "predict":
        return [text_of(right_of(a, exercise["step"], document)) for a in exercise["asks"]]
    if kind == "order":
        return sorted(exercise["steps"])
    if kind == "parts":
        return ["fetch", "zero", "forward", "loss", "backward", "update"]
    if kind == "name":
        return document["nodes"][document["backward"][exercise["step"]]["node"]]["op"]
    if kind == "wrong":
        part = row(document, exercise)
        right = part[{"slope": "local", "share": "down", "sum": "sum"}[exercise["place"]]]
        return {"edge": exercise["edge"], "what": exercise["place"], "value": repr(right)}
    return None


def row(document, exercise):
    return next(p for p in document["backward"][exercise["step"]]["parts"] if p["edge"] == exercise["edge"])


def text_of(value):
    return "×".join(map(str, value)) or "()" if isinstance(value, list) else repr(value)


def ask_of(document, name, gate, what="share"):
    """The question about one input of one gate, by their names."""
    names = [n.get("name") for n in document["nodes"]]
    for exercise in kinds(document, "predict"):
        for ask in exercise["asks"]:
            edge = document["edges"][ask["edge"]]
            if (names[edge["src"]], names[edge["dst"]], ask["what"]) == (name, gate, what):
                return ask, exercise["step"]
    raise AssertionError(f"nobody asks about {name} at {gate}")
