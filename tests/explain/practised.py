"""Stories to practise on, and the right answers as someone finds them who cannot see how they are judged."""

from __future__ import annotations

import json

import numpy

import adjoint as ad
import adjoint.numpy as np
from adjoint.explain.answers import right_of
from explain.random_programs import random_program
from explain.worked import EXAMPLES, story_of


def document_of(story):
    return json.loads(story.to_json())


def random_story(seed):
    program = random_program(seed, (2, 12), (lambda a, b: a - b, lambda a, b: np.exp(0.1 * a) * b))

    def f(x, y):
        last = program(x, y) * x
        return np.sum(last) if np.ndim(last) else last

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
