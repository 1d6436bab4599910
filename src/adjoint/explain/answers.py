"""Answers to exercises: read as people write numbers, judged against the story's document.

The page judges by the same rules (``view/player/answers.js``); the tests hold the two together. Whatever
is compared comes from the document as it stands, so a story that was recomputed judges by its new numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adjoint.explain.mistakes import CLOSE, UNREAD, WHY, diagnose, told

Told = Mapping[str, Any]

#: An answer may be off by so much of the right one; up to ten times that it is called close, and no miss.
TOLERANCE = 1e-3
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,3})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an answer is right, what to say, and the name of the mistake ("" where it is right)."""

    right: bool
    says: str
    mistake: str = ""

    @property
    def counts(self) -> bool:
        """Whether a wrong answer is a miss; what cannot be read, and what is only rounded, is not."""
        return self.mistake not in ("unread", "close")


def parsed(text: str) -> float | None:
    """The number that a text says, or None: 2, −0.5, 3/4, 1e-3.

    >>> parsed("−3/4"), parsed(" +1e−3 "), parsed("two"), parsed("1/0")
    (-0.75, 0.001, None, None)
    """
    plain = re.sub(r"[\u2212\u2012-\u2014]", "-", text).replace(" ", "").replace("\u00a0", "")
    parts = plain.split("/")
    if len(parts) > 2 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    numbers = [float(part) for part in parts]
    if len(numbers) == 2 and numbers[1] == 0:
        return None
    found = numbers[0] if len(numbers) == 1 else numbers[0] / numbers[1]
    return found if math.isfinite(found) else None


def parsed_shape(text: str) -> list[int] | None:
    """The shape that a text says, or None: 8×3, 8 x 3, (8, 3), [8]; () is a single number's.

    >>> parsed_shape("8×3"), parsed_shape("(8, 3)"), parsed_shape("()"), parsed_shape("8 by 3")
    ([8, 3], [8, 3], [], None)
    """
    plain = re.sub(r"^[(\[]|[)\]]$", "", text.strip()).strip().rstrip(",")
    if not plain:
        return [] if text.strip() else None
    parts = re.split(r"\s*[×x*,]\s*|\s+", plain)
    return [int(p) for p in parts] if all(re.fullmatch(r"\d{1,15}", p) for p in parts) else None


def real(value: Any) -> float | None:
    """A finite real number of the document, or None for what is none: an array, a complex number, NaN, ∞."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def agrees(given: float, right: float, tolerance: float = TOLERANCE) -> bool:
    """Whether two numbers agree within one part in a thousand; only 0 agrees with 0."""
    return abs(given - right) <= tolerance * abs(right) * (1 + 1e-9)


def right_of(ask: Told, step: int, document: Told) -> Any:
    """The right answer to one question of a backward step: a number, or a shape."""
    part = next(p for p in document["backward"][step]["parts"] if p["edge"] == ask["edge"])
    if ask["what"] == "shape":
        return part["down"]["shape"] if isinstance(part["down"], Mapping) and "shape" in part["down"] else []
    if ask["what"] == "slope":
        return part["local"]
    return part["sum" if ask["what"] == "sum" else "down"]


def check_ask(ask: Told, step: int, answer: str, document: Told) -> Verdict:
    """Judges the answer to one question of a backward step, and says what went wrong if it can be told."""
    right = right_of(ask, step, document)
    if ask["what"] == "shape":
        given = parsed_shape(answer)
        if given is None:
            return Verdict(False, told("unread shape"), "unread")
        return Verdict(True, "Right.") if given == list(right) else Verdict(False, told("shape"), "shape")
    number = parsed(answer)
    if number is None:
        return Verdict(False, UNREAD, "unread")
    if agrees(number, right):
        return Verdict(True, "Right.")
    mistake, says = diagnose(ask, step, number, document)
    if not mistake and agrees(number, right, 10 * TOLERANCE):
        return Verdict(False, CLOSE, "close")
    return Verdict(False, says, mistake or "other")


def check_order(exercise: Told, answer: Sequence[int], document: Told) -> Verdict:
    """Any order counts in which nothing comes before what it needs; the first card out of order is named."""
    if sorted(answer) != sorted(exercise["steps"]):
        return Verdict(False, told("cards"), "unread")
    place = {step: i for i, step in enumerate(answer)}
    for step in answer:
        for late, early in exercise["needs"]:
            if late == step and place[early] > place[late]:
                return Verdict(False, needs_text(document, late, early), "order")
    return Verdict(True, "Right: every gate comes after all that it needs.")


def needs_text(document: Told, late: int, early: int) -> str:
    """Why one backward step must come after another, such as: v needs the gradient of d first."""
    names, steps = document["nodes"], document["backward"]
    if "seed" in steps[early]:
        return told("seed", root=names[steps[early]["node"]].get("name", "the result"))
    return told(
        "needs", x=names[steps[late]["node"]].get("name", "it"), other=names[steps[early]["node"]].get("name", "it")
    )


def check_parts(exercise: Told, answer: Sequence[str]) -> Verdict:
    """Judges the parts of a training step; of the rules that are broken, that of the first misplaced part is told."""
    if sorted(answer) != sorted(part["id"] for part in exercise["parts"]):
        return Verdict(False, told("cards"), "unread")
    place = {part: i for i, part in enumerate(answer)}
    for first, second, why in sorted(exercise["before"], key=lambda rule: place[rule[1]]):
        if place[first] > place[second]:
            return Verdict(False, why, f"{first} before {second}")
    for between, first, second, why in exercise["apart"]:
        if place[first] < place[between] < place[second]:
            return Verdict(False, why, f"{between} between {first} and {second}")
    return Verdict(True, "Right.")


def check_name(exercise: Told, answer: str, document: Told) -> Verdict:
    """Judges the name of a gate; of a wrong one it says what that gate would pass back."""
    node = document["nodes"][document["backward"][exercise["step"]]["node"]]
    if answer == node["op"]:
        return Verdict(True, "Right.")
    for option in exercise["options"]:
        if option["op"] == answer:
            return Verdict(False, told("gate", gate=answer), "gate")
    return Verdict(False, told("option"), "unread")


def check_wrong(exercise: Told, answer: Told, document: Told) -> Verdict:
    """Judges first which row was chosen (``edge`` and ``what``), then, where there is one, the repaired ``value``."""
    row = (answer.get("edge"), "sum" if answer.get("what") == "sum" else "row")
    if row != (exercise["edge"], "sum" if exercise["place"] == "sum" else "row"):
        return Verdict(False, told("row"), "row")
    if "value" not in answer:
        return Verdict(True, f"Found. {WHY[exercise['mistake']]}")
    ask = {"edge": exercise["edge"], "what": exercise["place"]}
    return check_ask(ask, exercise["step"], str(answer["value"]), document)


def check_number(exercise: Told, answer: str) -> Verdict:
    """Judges the number that answers a question."""
    number = parsed(answer)
    if number is None:
        return Verdict(False, UNREAD, "unread")
    return Verdict(True, "Right.") if agrees(number, exercise["number"]) else Verdict(False, told("number"), "other")


def check(exercise: Told, answer: Any, document: Told) -> Verdict:
    """Judges an answer to any exercise; the first wrong part of it decides.

    What an answer is: predict, one text for each of ``asks``; order, the steps; parts, the ids; name, the
    operation; wrong, ``{edge, what, value}``; interview, a number where the question has one.
    """
    kind = exercise["kind"]
    if kind == "predict":
        if len(answer) != len(exercise["asks"]):
            raise ValueError(f"{len(exercise['asks'])} answers are asked for, and {len(answer)} came.")
        found = [
            check_ask(a, exercise["step"], given, document) for a, given in zip(exercise["asks"], answer, strict=True)
        ]
        return next((v for v in found if not v.right), Verdict(True, "Right."))
    if kind == "order":
        return check_order(exercise, answer, document)
    if kind == "parts":
        return check_parts(exercise, answer)
    if kind == "name":
        return check_name(exercise, answer, document)
    if kind == "wrong":
        return check_wrong(exercise, answer, document)
    if kind == "interview" and "number" in exercise:
        return check_number(exercise, answer)
    raise ValueError(f"an exercise of the kind {kind!r} has no answer that is right or wrong.")
