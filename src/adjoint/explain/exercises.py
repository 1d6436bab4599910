"""Exercises made from a story by the engine: ``exercises`` of the document, each with all that judging it takes.

Every entry has a ``kind``: predict, order, parts, name, wrong, flip, interview. Steps are places in the
document's ``backward``, edges are ids: so the right answers stand in the story itself, and follow when it is
recomputed. What holds only at these values says so (``values``). ``answers.check`` judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from adjoint.explain.cards import flip_cards, training_step
from adjoint.explain.drills import false_ones, names, orders, predictions
from adjoint.explain.interview import GENERAL, questions

if TYPE_CHECKING:
    from adjoint.explain.story import Story

#: Above so many nodes only a handful of each kind is made.
LARGE = 500
HANDFUL = 5
#: So many of each kind at most in smaller graphs; every gate can be predicted.
MOST = 8
KINDS = ("predict", "order", "parts", "name", "wrong", "flip", "interview")


def exercises_of(story: Story, document: dict[str, Any]) -> list[dict[str, Any]]:
    """All exercises of a story; ``document`` is its document without them. A story without gradients has none."""
    if not story.backward or story.failure is not None:
        return []
    large = len(story.board.items) > LARGE
    most = HANDFUL if large else MOST
    found = list(islice(predictions(story), HANDFUL if large else LARGE))
    found += orders(story, 1 if large else 3)
    found += training_step(story)
    found += islice(names(story), most)
    found += islice(_turns(false_ones(story, document)), most)
    cards = flip_cards(story)
    if cards:
        found.append({"kind": "flip", "cards": cards})
    found += questions(story)
    found += ({"kind": "interview", **one} for one in GENERAL)
    return found


def _turns(found: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One of each mistake in turn, as far as they go."""
    waiting: dict[str, list[dict[str, Any]]] = {}
    for one in islice(found, 400):
        waiting.setdefault(one["mistake"], []).append(one)
    while waiting:
        for mistake in list(waiting):
            yield waiting[mistake].pop(0)
            if not waiting[mistake]:
                del waiting[mistake]
