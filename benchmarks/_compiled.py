"""What the benchmarks of compiled functions share: cases, their check, their times, the table.

A workload is a file ``compiled_NAME.py`` with ``TITLE`` and ``cases()``. A case makes its contenders: ours;
the engines, programs that find the derivative by themselves; and derivatives written out by hand (NumPy, numba,
C). Every contender is called once and its results are compared with ours before anything is timed; a contender
that disagrees ends the run. Then they run in interleaved rounds in one process (see ``_harness.py``), which is
held to one core: several engines start threads of their own whatever they are told.

C is compiled here by gcc, where there is one, with ``-O3 -march=native -ffast-math`` and wide registers, and is
called through ctypes with pointers prepared once and results written to the same memory at every call. Ours
returns new arrays at every call.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import _harness as bench
import numpy as np

import adjoint as ad


def _idle() -> dict[int, int]:
    """How long each core has been idle, in the kernel's ticks."""
    if not os.path.exists("/proc/stat"):
        return {}
    with open("/proc/stat") as file:
        fields = [line.split() for line in file if line.startswith("cpu") and line[3].isdigit()]
    return {int(words[0][3:]): int(words[4]) for words in fields}


def _hold() -> None:
    """Holds the process to one core: the one that has been most idle just now."""
    before = _idle()
    time.sleep(0.2)
    after = _idle()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores, key=lambda core: (after.get(core, 0) - before.get(core, 0), core))})


if bench.THREADS == 1 and hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
    _hold()

Run = Callable[[], Any]
Maker = Callable[[], Run | None]

BY_HAND = ("numba", "NumPy", "C", "flat Python")
MOST = 4.0  # what a gradient may cost in its function

GCC = ["gcc", "-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-shared", "-fPIC"]


@dataclass
class Case:
    """One comparison. A maker returns the call to be timed, or None where what it needs is absent.

    ``alone`` is our compiled function without its gradient. ``targets`` bounds our time in that of a contender
    named, or of ``best`` (the fastest engine); ``most`` bounds our time itself, in seconds. ``calls`` is how often
    one run calls what is measured, and ``items`` how many pieces a call works on where the time is told for one of
    them. ``tolerance`` is relative to the largest entry of each result. ``limit`` names the contender that nobody
    can beat by much: the hand-written C, or the matrix products alone.
    """

    name: str
    ours: Maker
    alone: Maker | None = None
    engines: Mapping[str, Maker] = field(default_factory=dict)
    hand: Mapping[str, Maker] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    tolerance: float = 1e-10
    calls: int = 1
    items: int = 1
    limit: str = "C"
    unchecked: tuple[str, ...] = ()
    most: float | None = None


def options(description: str | None, **extra: Any) -> Any:
    """The command line of a workload."""
    if "--eager" in sys.argv:
        Modes.eager = True
        sys.argv.remove("--eager")
    return bench.options(description, only="", **extra)


class Modes:
    """``--eager`` times the engine without the compiler, on the same text."""

    eager = False


def compiled(function: Callable[..., Any], **how: Any) -> Callable[..., Any]:
    """``ad.compile(function)``, or the function itself under ``--eager``."""
    return function if Modes.eager else ad.compile(function, **how)


def ours(function: Callable[..., Any], *arguments: Any, argnums: int | tuple[int, ...] = 0) -> Maker:
    """Our compiled value and gradient."""

    def make() -> Run:
        return functools.partial(compiled(ad.value_and_grad(function, argnums=argnums)), *arguments)

    return make


def alone(function: Callable[..., Any], *arguments: Any) -> Maker:
    """Our compiled function without its gradient."""
    return lambda: functools.partial(compiled(function), *arguments)


def c_library(source: str) -> ctypes.CDLL | None:
    """The library that gcc makes of C source, or None where there is no gcc."""
    if shutil.which("gcc") is None:
        return None
    folder = Path(tempfile.gettempdir()) / f"adjoint-bench-{os.getuid() if hasattr(os, 'getuid') else 0}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        return None
    key = hashlib.sha256("\0".join([*GCC, source, bench.machine()]).encode()).hexdigest()[:20]
    library = folder / f"{key}.so"
    if not library.exists():
        text = folder / f"{key}.c"
        text.write_text(source)
        fresh = folder / f"{key}.{os.getpid()}"
        subprocess.run([*GCC, "-o", str(fresh), str(text), "-lmvec", "-lm"], check=True)
        fresh.replace(library)
    return ctypes.CDLL(str(library))


def c_call(function: Any, *arguments: Any, returns: Any = ctypes.c_double) -> Callable[[], Any]:
    """A call of C whose arguments are prepared: arrays as their address, integers as long."""
    function.restype = returns
    ready = [ctypes.c_void_p(a.ctypes.data) if isinstance(a, np.ndarray) else ctypes.c_long(a) for a in arguments]
    call = functools.partial(function, *ready)
    call.kept = arguments  # type: ignore[attr-defined]
    return call


def flat(result: Any) -> list[np.ndarray]:
    """The arrays of a nested result, in order."""
    if isinstance(result, tuple | list):
        return [array for part in result for array in flat(part)]
    if isinstance(result, Mapping):
        return [array for part in result.values() for array in flat(part)]
    if hasattr(result, "detach"):
        result = result.detach().numpy()
    return [np.asarray(result.value if isinstance(result, ad.Tensor) else result)]


def agree(case: Case, found: Mapping[str, list[np.ndarray]]) -> dict[str, float]:
    """How far each contender is from ours, in the largest entry of each array; raises beyond the tolerance."""
    names = iter(found)
    first = found[next(names)]
    apart = {}
    for name in names:
        if name in case.unchecked:
            continue
        if len(found[name]) != len(first):
            raise AssertionError(f"{case.name}: {name} returns {len(found[name])} arrays, adjoint {len(first)}")
        worst = 0.0
        for mine, theirs in zip(first, found[name]):
            if mine.shape != theirs.shape:
                raise AssertionError(f"{case.name}: {name} has shape {theirs.shape}, adjoint {mine.shape}")
            scale = np.max(np.abs(theirs), initial=0.0) or 1.0
            worst = max(worst, float(np.max(np.abs(mine.astype(np.float64) - theirs), initial=0.0) / scale))
        apart[name] = worst
        if not worst <= case.tolerance:
            raise AssertionError(f"{case.name}: {name} and adjoint differ by {worst:.2g} of the largest entry")
    return apart


def timed(case: Case, given: Any) -> dict[str, Any]:
    """One row: our time, everyone else's, the ratios and whether the targets are met."""
    makers: dict[str, Maker] = {"adjoint": case.ours}
    makers |= {name: make for name, make in case.engines.items() if name.split(" ")[0] not in given.without}
    makers |= {name: make for name, make in case.hand.items() if name.split(" ")[0] not in given.without}
    runs: dict[str, Run] = {}
    found = {}
    for name, make in makers.items():
        if run := make():
            found[name] = flat(run())
            runs[name] = run
    apart = agree(case, found)
    if case.alone and (run := case.alone()):
        run()
        runs["function"] = run
    times = bench.measure(runs, given.rounds)
    return row(case, times, apart)


def row(case: Case, times: bench.Times, apart: Mapping[str, float] | None = None) -> dict[str, Any]:
    """What one case has found, in seconds a call (or an item)."""
    parts = case.calls * case.items
    seconds = {name: statistics.median(samples) / parts for name, samples in times.items()}
    engines = [name for name in case.engines if name in times]
    hand = [name for name in case.hand if name in times]
    best = min(engines, key=seconds.__getitem__) if engines else None
    others = {name: {"seconds": seconds[name], "ratio": bench.ratio(times, "adjoint", name)} for name in engines + hand}
    cost = bench.ratio(times, "adjoint", "function") if "function" in times else None
    return {
        "case": case.name,
        "seconds": seconds["adjoint"],
        "function": seconds.get("function"),
        "cost": cost,
        "others": others,
        "engines": engines,
        "hand": hand,
        "best": best,
        "limit": case.limit if case.limit in others else None,
        "most": case.most,
        "targets": dict(case.targets),
        "verdicts": verdicts(case.targets, others, best, cost)
        | ({} if case.most is None else {"most": seconds["adjoint"] <= case.most}),
        "apart": dict(apart or {}),
    }


def verdicts(
    targets: Mapping[str, float], others: Mapping[str, Any], best: str | None, cost: float | None
) -> dict[str, bool]:
    """Which targets are met, of those whose contender is here."""
    met = {}
    for name, most in targets.items():
        who = best if name == "best" else name
        if who in others:
            met[name] = others[who]["ratio"] <= most
    if cost is not None:
        met["cost"] = cost <= MOST
    return met


def run(title: str, description: str | None, cases: Callable[[], Iterator[Case]]) -> None:
    """The program of a workload: checks, times and prints its cases."""
    given = options(description)
    show(title, [timed(case, given) for case in cases() if given.only in case.name], given)


def show(title: str, rows: list[dict[str, Any]], given: Any) -> None:
    """Prints a workload's rows as the command line asks."""
    Table(title, rows).show("json" if given.json else "markdown" if given.markdown else "text")


@dataclass
class Table:
    """A workload's rows, printed: every contender of every case."""

    title: str
    rows: list[dict[str, Any]]

    def show(self, form: str) -> None:
        if form == "json":
            print(bench.json.dumps({"title": self.title, "machine": machine(), "rows": self.rows}, indent=1))
            return
        print(f"### {self.title}\n" if form == "markdown" else f"{self.title}\n{machine()}\n")
        print(bench._table(HEAD, [line for found in self.rows for line in lines(found)], form == "markdown"))
        absent = [name for name in (*bench.PEERS, "casadi", "numba") if bench.importlib.util.find_spec(name) is None]
        print(f"\nabsent here: {', '.join(absent)}\n" if absent else "")


HEAD = ("case", "who", "time", "adjoint / who", "target", "")


def lines(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Every contender of a case."""
    limit, verdict = "", ""
    if found["most"] is not None:
        limit, verdict = f"≤ {duration(found['most'])}", "met" if found["verdicts"]["most"] else "MISSED"
    yield found["case"], "adjoint", duration(found["seconds"]), "", limit, verdict
    for name, other in found["others"].items():
        key = "best" if name == found["best"] and "best" in found["targets"] else name
        target = found["targets"].get(key)
        verdict = {None: "", True: "met", False: "MISSED"}[found["verdicts"].get(key)]
        shown = "" if target is None else f"≤ {target:g}"
        yield found["case"], name, duration(other["seconds"]), f"{other['ratio']:.2f}", shown, verdict
    if found["cost"] is not None:
        verdict = "met" if found["verdicts"]["cost"] else "MISSED"
        shown = f"{found['cost']:.2f}"
        yield found["case"], "function alone", duration(found["function"]), shown, f"≤ {MOST:g}", verdict


def duration(seconds: float) -> str:
    """Seconds in the unit that fits, with three digits."""
    for unit, scale in (("ns", 1e9), ("us", 1e6), ("ms", 1e3)):
        if seconds * scale < 999.5:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds:,.2f} s" if seconds < 99.5 else f"{seconds:,.0f} s"


def machine() -> str:
    """The machine in words, with everything that is compared."""
    packages = [name for name in ("scipy", "llvmlite", "numba", "casadi") if bench.importlib.util.find_spec(name)]
    compiler = "no gcc"
    if shutil.which("gcc"):
        told = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True)
        compiler = f"gcc {told.stdout.strip()}"
    if bench.importlib.util.find_spec("threadpoolctl"):
        from threadpoolctl import threadpool_info

        kernels = {one["architecture"] for one in threadpool_info() if one.get("internal_api") == "openblas"}
        compiler += f", OpenBLAS with its kernels for {' and '.join(sorted(kernels))}" if kernels else ""
    return ", ".join([bench.machine(), *(f"{name} {bench.version(name)}" for name in packages), compiler])
