"""Stories for the page: one run of the function, told whole, and what can be edited in it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from adjoint.errors import ArgumentError, ShapeError
from adjoint.explain.document import document
from adjoint.explain.story import Story, explain
from adjoint.site import here
from adjoint.workbench.limits import afford
from adjoint.workbench.protocol import Limits
from adjoint.workbench.subjects import Subject


def told(subject: Subject, rate: float | None = None) -> Story:
    """The story of a subject, errors of the function and all; raises ShapeError for a result of many numbers."""
    outside = here()
    with np.errstate(all="ignore"):
        story = explain(subject.function, rate=rate, title=subject.title)(*subject.args, **subject.keywords)
    failure = story.failure
    if failure is not None and failure.where is not None and outside is not None:
        failure.where = failure.where.replace(outside, "").strip("\n") or None  # a line of ours helps nobody
    root = story.board.root
    shape = () if root is None or root.value is None else np.shape(root.value)
    if failure is None and shape != ():
        raise ShapeError(
            f"a story starts from one number, but {subject.title} returned an array of shape {shape}.",
            where=None if root is None or root.node is None else root.node.describe(),
            help="reduce it (sum, mean) before you return it.",
        )
    return story


def story_answer(subject: Subject, body: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """The answer to ``/api/story``."""
    start = time.perf_counter()
    price = afford(subject, limits)
    story = told(subject, rate_of(body))
    found: dict[str, Any] = {"story": document(story, exercises=_exercises(body))}
    inputs = subject.described()
    places = {item.name: item.id for item in story.board.items if item.kind == "leaf"}
    for one in inputs:
        if one["name"] in places:
            one["node"] = places[one["name"]]
    found["inputs"] = inputs
    if price is not None:
        found["price"] = price.written()
    found["ms"] = round(1e3 * (time.perf_counter() - start), 2)
    return found


def _exercises(body: dict[str, Any]) -> bool:
    """Whether the story comes with exercises: not while a slider moves."""
    wanted = body.get("exercises", True)
    if not isinstance(wanted, bool):
        raise ArgumentError("exercises are wanted or not.", help='send {"exercises": false}.')
    return wanted


def rate_of(body: dict[str, Any]) -> float | None:
    """The step size that a page asks for, or None."""
    rate = body.get("rate")
    if rate is None:
        return None
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not abs(rate) <= 1e6:
        raise ArgumentError("a step size is a number up to a million.", help='send {"rate": 0.01}.')
    return float(rate)
