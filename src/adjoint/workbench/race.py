"""Three ways to the same gradient, raced: reverse mode, forward mode, and one difference an input.

For n inputs the function runs as often side by side as it takes to have n of them, and the results are added:
that is a function of n inputs made of the very gates that the page shows. Visits of gates are counted on the
graph of that function, times are measured, and the three gradients are compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.apply import make
from adjoint.differentiate.transforms import jvp, value_and_grad
from adjoint.errors import ArgumentError
from adjoint.explain.recording import Recording, record_call
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.tensor import Tensor
from adjoint.workbench.limits import afford
from adjoint.workbench.protocol import Limits
from adjoint.workbench.subjects import Subject, differentiated

SIZES = (1, 2, 4, 8, 16, 32, 64)
LARGEST = 64
#: Seconds that all measurements together may take; what would take longer is counted and not measured.
BUDGET = 3.0
#: A measurement is repeated so often, while it is short; the best one counts.
REPEATS, SHORT = 5, 0.02


def race_answer(subject: Subject, body: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """The answer to ``/api/race``."""
    sizes = _sizes(body.get("sizes", list(SIZES)))
    afford(subject, limits)
    names = [name for name, value in subject.values.items() if differentiated(value)]
    entries = sum(int(np.size(subject.values[name])) for name in names)
    if not entries:
        raise ArgumentError(
            f"{subject.title} has no input to differentiate by.", help="use at least one name, such as 2*x."
        )
    end = time.perf_counter() + min(BUDGET, limits.seconds / 2)
    lanes = [_lane(subject, names, entries, n, end) for n in sizes]
    return {"inputs": entries, "lanes": lanes, "ways": ["reverse", "forward", "differences"]}


def _sizes(given: Any) -> list[int]:
    if not isinstance(given, list) or not 0 < len(given) <= LARGEST:
        raise ArgumentError("sizes is a list of numbers of inputs.", help='send {"sizes": [1, 2, 4]}.')
    for n in given:
        if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= LARGEST:
            raise ArgumentError(f"a race has 1 to {LARGEST} inputs.", help='send {"sizes": [1, 2, 4]}.')
    return given


class Course:
    """The function of n inputs: copies of a subject side by side, as one function of all their variables."""

    def __init__(self, subject: Subject, names: list[str], entries: int, n: int) -> None:
        self.copies = -(-n // entries)
        self.names = names
        self._subject = subject
        self.start = [np.array(subject.values[name], dtype=np.float64) for _ in range(self.copies) for name in names]
        #: The entries that take part: the first n of all variables, as (variable, place).
        self.entries = [(i, place) for i, v in enumerate(self.start) for place in np.ndindex(v.shape)][:n]

    def __call__(self, *variables: Any) -> Any:
        """The sum of the copies' results."""
        total: Any = None
        for copy in range(self.copies):
            mine = variables[copy * len(self.names) : (copy + 1) * len(self.names)]
            args, keywords = self._subject.arguments(dict(zip(self.names, mine, strict=True)))
            result = self._subject.function(*args, **keywords)
            total = result if total is None else total + result
        return total

    # The three ways; each returns the gradient by the n entries that take part.

    def reverse(self) -> np.ndarray[Any, Any]:
        """One run, and one walk back: all entries at once."""
        _, found = value_and_grad(self, argnums=tuple(range(len(self.start))))(*self.start)
        return np.array([np.asarray(found[i])[place] for i, place in self.entries])

    def forward(self) -> np.ndarray[Any, Any]:
        """One run with a slope beside every value, for each entry."""
        return np.array([self.along(i, place) for i, place in self.entries])

    def along(self, i: int, place: tuple[int, ...]) -> float:
        """The slope along one entry."""
        tangents = [np.zeros(v.shape) for v in self.start]
        tangents[i][place] = 1.0
        return float(jvp(self, tuple(self.start), tuple(tangents))[1])

    def differences(self) -> np.ndarray[Any, Any]:
        """One run, and one more for each entry, moved a little."""
        base = self.value(self.start)
        return np.array([self.moved(i, place, base) for i, place in self.entries])

    def moved(self, i: int, place: tuple[int, ...], base: float) -> float:
        """The change of the result for one entry, divided by how far it was moved."""
        there = [v.copy() for v in self.start]
        there[i][place] += 1e-7 * max(1.0, abs(float(there[i][place])))
        return (self.value(there) - base) / float(there[i][place] - self.start[i][place])

    def value(self, variables: list[Any]) -> float:
        """The result, computed by the same engine with nothing recorded."""
        found = self(*[make(v[()], None) for v in variables])
        return float(found._value if type(found) is Tensor else found)


def visits(course: Course, n: int) -> dict[str, int]:
    """Visits of gates: forward every gate that leads to the result, back every gate between it and a variable."""
    recording = record_call(course, course.start, {}, tuple(range(len(course.start))), "")
    gates = [node for node in _reached(recording) if not node.is_leaf]
    back = [node for node in gates if node not in recording.dead]
    one_way, both = len(gates), len(gates) + len(back)
    return {"gates": one_way, "reverse": both, "forward": n * both, "differences": (n + 1) * one_way}


def _reached(recording: Recording) -> list[Node]:
    return [] if recording.root is None else collect([recording.root])


def _lane(subject: Subject, names: list[str], entries: int, n: int, end: float) -> dict[str, Any]:
    """Counts, times and gradients for n inputs."""
    with np.errstate(all="ignore"):
        course = Course(subject, names, entries, n)
        counted = visits(course, n)
        found: dict[str, Any] = {"n": n, "copies": course.copies, "gates": counted.pop("gates"), "visits": counted}
        seconds: dict[str, float] = {}
        results: dict[str, np.ndarray[Any, Any]] = {}
        i, place = course.entries[0]
        base = _timed(lambda: course.value(course.start))[0]
        expected = {
            "reverse": 4 * base,
            "differences": (n + 1) * base,
            "forward": 0.0 if time.perf_counter() > end else n * _timed(lambda: course.along(i, place))[0],
        }
        for way, run in (
            ("reverse", course.reverse), ("forward", course.forward), ("differences", course.differences),
        ):  # fmt: skip
            if time.perf_counter() + expected[way] < end:
                seconds[way], results[way] = _best(run, end)
    found["seconds"] = seconds
    exact = results.get("reverse")
    if exact is not None and np.all(np.isfinite(exact)):
        scale = max(1.0, float(np.max(np.abs(exact))))
        apart = {way: float(np.max(np.abs(r - exact))) / scale for way, r in results.items() if way != "reverse"}
        found["apart"] = {way: a for way, a in apart.items() if np.isfinite(a)}
    return found


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def _best(run: Callable[[], Any], end: float) -> tuple[float, Any]:
    best, found = _timed(run)
    for _ in range(REPEATS - 1):
        if best > SHORT or time.perf_counter() + best > end:
            break
        best = min(best, _timed(run)[0])
    return best, found
