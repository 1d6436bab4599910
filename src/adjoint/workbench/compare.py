"""Two losses on the same inputs: their values, their gradients, and their curves over one input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from adjoint.differentiate.transforms import value_and_grad
from adjoint.differentiate.vmap import vmap
from adjoint.errors import AdjointError, ArgumentError, SizeError
from adjoint.explain.statistics import nested, written
from adjoint.expression.place import shown
from adjoint.workbench.limits import afford
from adjoint.workbench.protocol import Limits
from adjoint.workbench.subjects import REACH, Subject, differentiated, subject_of

#: Points of a curve.
POINTS, MOST_POINTS = 101, 401
#: No curve goes farther: the length of its range is a number too.
FARTHEST = 1e300
#: Gradients of so many entries are sent whole, larger ones as a summary.
WHOLE = 256


def compare_answer(body: dict[str, Any], file: Subject | None, limits: Limits) -> dict[str, Any]:
    """The answer to ``/api/compare``."""
    pair = both(body, file)
    prices = [afford(one, limits) for one in pair]
    inputs = {one["name"]: one for subject in reversed(pair) for one in subject.described()}
    found: dict[str, Any] = {"inputs": list(inputs.values())}
    for side, subject in zip(("left", "right"), pair, strict=True):
        found[side] = _told(subject)
    over = body.get("over")
    if over is not None:
        place, low, high, count = _path(body, pair)
        for subject, price in zip(pair, prices, strict=True):
            if price is not None and 3 * price.bytes * count > limits.bytes:
                raise SizeError(
                    f"a curve of {count} points of {subject.title} would take more than the workbench has.",
                    help="ask for fewer points.",
                )
        points = np.linspace(low, high, count)
        found["over"] = {"name": over, "entry": list(place), "range": [low, high]}
        found["curve"] = {"x": points.tolist()}
        for side, subject in zip(("left", "right"), pair, strict=True):
            found["curve"][side] = _curve(subject, str(over), place, points)
    return found


def both(body: dict[str, Any], file: Subject | None) -> tuple[Subject, Subject]:
    """The two subjects, the second with the first one's values wherever it has an input of that name and kind."""
    given = body.get("inputs") or {}
    if not isinstance(given, dict):
        raise ArgumentError("inputs must be an object.", help='send {"inputs": {"x": 2}}.')
    begun = [subject_of(body.get(side), {}, file) for side in ("left", "right")]
    unknown = [name for name in given if all(name not in one.values for one in begun)]
    expressions = all(one.key[0] == "expression" for one in begun)  # type: ignore[index]
    if unknown and not expressions:
        raise ArgumentError(f"neither loss has an input {shown(unknown[0])}.", help="send the inputs that they have.")
    left, right = (
        subject_of(body.get(side), {k: v for k, v in given.items() if k in one.values}, file)
        for side, one in zip(("left", "right"), begun, strict=True)
    )
    shared = {
        name: left.values[name]
        for name, value in right.values.items()
        if name in left.values and type(value) is type(left.values[name])
    }
    return left, replace(right, values=right.values | shared)


def _variables(subject: Subject) -> list[str]:
    return [name for name, value in subject.values.items() if differentiated(value)]


def _of(subject: Subject, names: list[str]) -> Callable[..., Any]:
    """The subject as a function of some of its inputs."""

    def function(*values: Any) -> Any:
        args, keywords = subject.arguments(dict(zip(names, values, strict=True)))
        return subject.function(*args, **keywords)

    function.__name__ = function.__qualname__ = "loss"
    return function


def _told(subject: Subject) -> dict[str, Any]:
    names = _variables(subject)
    start = [subject.values[name] for name in names]
    with np.errstate(all="ignore"):
        value, slopes = value_and_grad(_of(subject, names), argnums=tuple(range(len(names))))(*start)
    gradients = {}
    for name, slope in zip(names, slopes, strict=True):
        array = np.asarray(slope)
        gradients[name] = nested(array) if array.ndim and array.size <= WHOLE else written(slope)
    return {"title": subject.title, "value": written(value), "gradients": gradients}


def _path(body: dict[str, Any], pair: tuple[Subject, Subject]) -> tuple[tuple[int, ...], float, float, int]:
    """Along which entry of an input a curve goes, from where to where, in how many points."""
    name = body.get("over")
    owners = [one for one in pair if isinstance(name, str) and name in _variables(one)]
    if not owners:
        known = list(dict.fromkeys(n for one in pair for n in _variables(one)))
        raise ArgumentError(
            f"a curve goes over an input, and {shown(str(name))} is none.", help=f"choose one of {', '.join(known)}."
        )
    value = np.asarray(owners[0].values[str(name)])
    entry = body.get("entry", [0] * value.ndim)
    if (
        not isinstance(entry, list)
        or len(entry) != value.ndim
        or not all(type(i) is int and 0 <= i < n for i, n in zip(entry, value.shape))
    ):
        raise ArgumentError(
            f"{shown(str(name))} has the shape {value.shape}, and an entry of it has a place on every axis.",
            help=f'send {{"entry": {[0] * value.ndim}}}.',
        )
    here = float(value[tuple(entry)])
    reach = min(10.0 * abs(here), FARTHEST) if abs(here) > REACH else REACH
    ends = body.get("range", [-reach, reach])
    if not isinstance(ends, list) or len(ends) != 2 or not all(_finite(x) for x in ends) or ends[0] >= ends[1]:
        raise ArgumentError("a range has two numbers, the smaller one first.", help='send {"range": [-5, 5]}.')
    count = body.get("points", POINTS)
    if type(count) is not int or not 2 <= count <= MOST_POINTS:
        raise ArgumentError(f"a curve has 2 to {MOST_POINTS} points.", help=f'send {{"points": {POINTS}}}.')
    return tuple(entry), float(ends[0]), float(ends[1]), count


def _finite(number: Any) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= FARTHEST


def _curve(subject: Subject, name: str, place: tuple[int, ...], points: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Values and slopes at all points, in one call for all of them where the function has no branches."""
    if name not in _variables(subject):
        value = _of(subject, [])()
        flat = float(getattr(value, "_value", value))
        return {"value": [written(flat)] * len(points), "slope": [0.0] * len(points), "at_once": True}
    value = np.asarray(subject.values[name], dtype=np.float64)
    unit = np.zeros(value.shape)
    unit[place] = 1.0
    rest = np.where(unit == 1.0, 0.0, value)
    function = _of(subject, [name])
    along = value_and_grad(lambda t: function(rest + t * unit if unit.ndim else t))
    with np.errstate(all="ignore"):
        try:
            values, slopes = vmap(along)(points)
            at_once = True
        except AdjointError:  # a branch on a value: every point goes its own way
            pairs = [along(float(t)) for t in points]
            values, slopes = (np.array(side) for side in zip(*pairs, strict=True))
            at_once = False
    return {"value": nested(values), "slope": nested(slopes), "at_once": at_once}
