"""What an executable has done so far, as plain data that prints as a table."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from adjoint.numbers import format_bytes, format_time

if TYPE_CHECKING:
    from adjoint.compile.profile import Profile


@dataclass(frozen=True, slots=True)
class Entry:
    """One specialisation: its inputs and results, how often it was called, sizes, and seconds by stage."""

    inputs: tuple[str, ...]
    results: tuple[str, ...]
    calls: int
    nodes: int
    arena_bytes: int
    seconds: dict[str, float]

    def __str__(self) -> str:
        stages = ", ".join(f"{name} {format_time(s)}" for name, s in self.seconds.items())
        return (
            f"({', '.join(self.inputs)}) -> ({', '.join(self.results)}): {self.nodes} nodes, "
            f"{format_bytes(self.arena_bytes)} of scratch; {stages}"
        )


@dataclass(frozen=True, slots=True)
class Stats:
    """All specialisations of an executable, oldest first, and how many it keeps at most."""

    specialisations: tuple[Entry, ...]
    limit: int
    _run: Callable[..., Any] | None = None

    def __str__(self) -> str:
        head = f"{len(self.specialisations)} of at most {self.limit} specialisations"
        return "\n".join([head, *(f"  {e}" for e in self.specialisations)])

    def time(self, *args: Any, **kwargs: Any) -> Profile:
        """Where the time of a call with these arguments goes: seconds, bandwidth and speed of each step of the plan.

        A copy of the program with clocks between its steps runs for about 50 ms; what the call itself costs
        (reading arguments, making results) is not in it, see ``measure``. Raises ArgumentError inside a trace.

        >>> import adjoint as ad
        >>> exe = ad.compile(lambda x: x * x + 1.0)
        >>> profile = exe.stats.time(np.ones(1000))
        >>> len(profile.steps), profile.seconds > 0.0
        (1, True)
        """
        from adjoint.compile.profile import profile

        return profile(self._run, args, kwargs)

    def measure(self, *args: Any, repeat: int = 21, **kwargs: Any) -> float:
        """The median seconds of one call with these arguments, each round long enough to be timed."""
        run = self._run
        assert run is not None
        run(*args, **kwargs)
        count = 1
        while True:
            start = time.perf_counter()
            for _ in range(count):
                run(*args, **kwargs)
            spent = time.perf_counter() - start
            if spent > 2e-4 or count >= 1 << 16:
                break
            count *= 4
        rounds = []
        for _ in range(repeat):
            start = time.perf_counter()
            for _ in range(count):
                run(*args, **kwargs)
            rounds.append((time.perf_counter() - start) / count)
        return float(np.median(rounds))
