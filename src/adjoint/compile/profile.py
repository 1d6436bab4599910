"""Profile: where the time of a compiled program goes, step by step.

A variant of the program that reads the processor's clock after each step runs many times; a step's time is the
median of its rounds. The clock's rate is found by the system's own clock around all of them.
"""

from __future__ import annotations

import copy
import ctypes
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.compile.plan_parts import PlanStep, counted
from adjoint.errors import ArgumentError
from adjoint.numbers import format_time
from adjoint.site import here

#: The program runs at least so often, and at least for so many seconds.
_ROUNDS, _SECONDS = 21, 0.05
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class StepTime:
    """The time of one step: seconds, its part of all steps, and what it moved and computed in a second.

    ``bandwidth`` is in GB/s and counts the arrays that the step reads and writes, each once; ``speed`` is in
    thousands of millions of operations a second, as the plan counts them (an exponential is worth 20).
    """

    step: PlanStep | None
    seconds: float
    share: float
    bandwidth: float
    speed: float

    @property
    def what(self) -> str:
        """The user's line of the step's largest part, and what is computed there."""
        if self.step is None:
            return "the whole program"
        largest = max(self.step.values, key=lambda v: v.operations)
        return f"{largest.line}  {largest.expression}" if largest.line else largest.expression

    def __str__(self) -> str:
        number = "all" if self.step is None else self.step.number
        rates = f"{self.bandwidth:>8.3g} {self.speed:>8.3g}" if self.step is not None else " " * 17
        text = f"{number:>4} {format_time(self.seconds):>9} {self.share:>6.1%} {rates}  {self.what}"
        return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


@dataclass(frozen=True, slots=True)
class Profile:
    """The times of a program's steps; ``print`` shows them as a table, ``steps`` holds them in their order.

    ``seconds`` is the time of all steps together, ``rounds`` how often the program ran.
    """

    name: str
    steps: tuple[StepTime, ...]
    rounds: int

    @property
    def seconds(self) -> float:
        """The time of all steps."""
        return sum(s.seconds for s in self.steps)

    def __str__(self) -> str:
        head = f"{self.name}: {format_time(self.seconds)} in {counted(len(self.steps), 'step')}"
        rows = [f"{head} (medians of {counted(self.rounds, 'run')})"]
        rows.append(f"{'step':>4} {'time':>9} {'share':>6} {'GB/s':>8} {'Gop/s':>8}  what")
        return "\n".join([*rows, *map(str, self.steps)])

    def __repr__(self) -> str:
        return f"<Profile of {self.name}: {counted(len(self.steps), 'step')}, {format_time(self.seconds)}>"


def profile(exe: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Profile:
    """The times of the steps of a call with these arguments; see ``exe.stats.time``."""
    way, values = specialised(exe, args, kwargs)
    program = way.program
    steps = getattr(program.plan, "steps", ())
    name = way.traced.signature.name
    if not steps or not hasattr(program, "module"):
        return _whole(name, program, values)
    rounds = _rounds(program, values)
    apart = np.diff(rounds, axis=1)
    found = np.maximum(np.median(apart[:, 1:], axis=0) - np.median(apart[:, 0]), 0.0)
    total = float(found.sum()) or 1.0
    times = []
    for step, seconds in zip(steps, found.tolist(), strict=True):
        moved, done = step.bytes_read + step.bytes_written, step.operations
        per = 1e-9 / seconds if seconds else 0.0
        times.append(StepTime(step, seconds, seconds / total, moved * per, done * per))
    return Profile(name, tuple(times), len(rounds))


def specialised(exe: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, list[np.ndarray]]:
    """The specialisation that a call with these arguments uses, and the arrays that its program receives."""
    from adjoint.compile.specialise import _array

    exe(*args, **kwargs)
    args, kwargs = exe._parameters.bind(args, kwargs)
    leaves: list[Any] = []
    mode = exe._parameters.key(args, kwargs, leaves)
    ways = exe._known.get((mode, True)) or exe._known.get((mode, False))
    if ways is None:
        raise ArgumentError(
            f"{exe.__name__} has no program of its own here: it is being traced.",
            where=here(),
            help="time it outside of other functions.",
        )
    way = ways[-1]
    return way, [_array(v) for v in (*leaves, *way.traced.captured)]


def _rounds(program: Any, values: Sequence[np.ndarray]) -> np.ndarray:
    """The marks of many runs in seconds, a row a run."""
    from adjoint.compile.llvm.callback import caller
    from adjoint.compile.llvm.entry_layout import symbols as entry_symbols
    from adjoint.compile.llvm.jit import build
    from adjoint.compile.llvm.timing import MARKS, timed

    module = program.module()
    count = timed(module)
    clocked = copy.copy(program)
    clocked.library = build(module, symbols=entry_symbols(), name=program.signature.name)
    clocked._run = caller(clocked.library.address("run"))
    marks = np.ctypeslib.as_array((ctypes.c_uint64 * count).from_address(clocked.library.address(MARKS)))
    clocked.run(values)
    found: list[np.ndarray] = []
    marks[:] = 0
    start = time.perf_counter()
    while (spent := time.perf_counter() - start) < _SECONDS or len(found) < _ROUNDS:
        clocked.run(values)
        found.append(marks.copy())
    if not marks.all():
        raise ArgumentError(
            "the program stops before its last step, so its steps cannot be timed.",
            where=here(),
            help="an index may be out of range: run the function in eager mode, which says so.",
        )
    table = np.array(found)
    table -= table[0, 0]
    return table / (table[-1, -1] / spent)


def _whole(name: str, program: Any, values: Sequence[np.ndarray]) -> Profile:
    """The time of a program that has no steps: flat Python, or the tape."""
    rounds: list[float] = []
    program.run(values)
    start = time.perf_counter()
    while time.perf_counter() - start < _SECONDS or len(rounds) < _ROUNDS:
        begin = time.perf_counter()
        program.run(values)
        rounds.append(time.perf_counter() - begin)
    return Profile(name, (StepTime(None, float(np.median(rounds)), 1.0, 0.0, 0.0),), len(rounds))
