"""What the benchmarks share: one thread, interleaved rounds, medians, tables, the machine in words.

Import it before NumPy: it pins the threads of the linear algebra (``--threads N``, 1 if not given).

How a comparison is made. All contenders of a case run in one process. A round runs each of them
once, in an order that turns from round to round, each for at least 20 ms; the garbage collector is on,
as in users' programs, and collects once before every sample. With one thread the clock is the
processor time of the process, which a busy neighbour hardly lengthens; with more it is the wall's.
A time is the median over the rounds, a ratio is the median of the rounds' own ratios, so that a slow
moment of the machine hits both sides.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable
from importlib.metadata import version
from time import perf_counter, process_time
from typing import Any


def _threads() -> int:
    given = [sys.argv[i + 1] for i, word in enumerate(sys.argv[:-1]) if word == "--threads"]
    return int(given[-1]) if given else 1


THREADS = _threads()
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = str(THREADS)

# Which kernels OpenBLAS takes is left to OpenBLAS, for whoever uses it: a variable that names an older core would
# halve the speed of every product of matrices but those of engines with kernels of their own.
for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_name, None)

clock = process_time if THREADS == 1 else perf_counter

PEERS = ("torch", "jax", "autograd")
Times = dict[str, list[float]]


def options(description: str | None, **extra: Any) -> argparse.Namespace:
    """The command line of a benchmark; ``extra`` gives further options by name and default."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="rounds a case (15)")
    parser.add_argument("--threads", type=int, default=1, help="threads of linear algebra (1)")
    parser.add_argument("--without", action="append", default=[], metavar="PEER", help="leave a peer out")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    parser.add_argument("--json", action="store_true", help="print JSON")
    for name, default in extra.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return parser.parse_args()


def peer(name: str, without: list[str]) -> Any:
    """A peer's module, set to the same precision and threads, or None when it is not installed."""
    if name in without or importlib.util.find_spec(name) is None:
        return None
    module = importlib.import_module(name)
    if name == "torch":
        module.set_num_threads(THREADS)
    elif name == "jax":
        module.config.update("jax_enable_x64", True)
    return module


def measure(contenders: dict[str, Callable[[], object]], rounds: int = 15, least: float = 0.02) -> Times:
    """Seconds a call of each contender, one entry a round."""
    counts = {}
    for name, run in contenders.items():
        run()
        start = clock()
        run()
        counts[name] = max(1, round(least / (clock() - start)))
    times: Times = {name: [] for name in contenders}
    order = list(contenders)
    for _ in range(rounds):
        for name in order:
            run, count = contenders[name], range(counts[name])
            gc.collect()
            start = clock()
            for _ in count:
                run()
            times[name].append((clock() - start) / len(count))
        order.append(order.pop(0))
    return times


def ratio(times: Times, ours: str, other: str) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(times[ours], times[other]))


class Report:
    """A table of cases: who, how long, our share of their time, the target and whether it is met."""

    def __init__(self, title: str, given: argparse.Namespace, *, unit: str = "us") -> None:
        self.title, self.unit = title, unit
        self.form = "json" if given.json else "markdown" if given.markdown else "text"
        self.absent = [p for p in PEERS if importlib.util.find_spec(p) is None] + given.without
        self.rows: list[dict[str, Any]] = []
        self.notes: list[str] = []

    def compare(self, case: str, times: Times, *, per: int = 1, targets: dict[str, float] | None = None) -> None:
        """One row a contender; the first is ours. ``targets`` bound our time in theirs."""
        ours = next(iter(times))
        scale = {"s": 1.0, "ms": 1e3, "us": 1e6}[self.unit] / per
        for name, samples in times.items():
            share = None if name == ours else ratio(times, ours, name)
            self.row(case, name, statistics.median(samples) * scale, share, (targets or {}).get(name))

    def row(
        self, case: str, who: str, value: float, share: float | None = None, target: float | None = None, unit: str = ""
    ) -> None:
        """One line of the table; without a ``share`` the target bounds the value itself."""
        reached = value if share is None else share
        met = None if target is None else reached <= target
        self.rows.append(
            {"case": case, "who": who, "value": value, "unit": unit or self.unit}
            | {"ratio": share, "target": target, "met": met}
        )

    def note(self, text: str) -> None:
        self.notes.append(text)

    def show(self) -> None:
        """Prints the table."""
        if self.form == "json":
            found = {"title": self.title, "machine": machine(), "rows": self.rows, "notes": self.notes}
            print(json.dumps(found, indent=1))
            return
        head = ("case", "engine", "time or size", "adjoint / engine", "target", "")
        cells = [_cells(row) for row in self.rows]
        markdown = self.form == "markdown"
        print(f"### {self.title}\n" if markdown else f"{self.title}\n{machine()}\n")
        print(_table(head, cells, markdown))
        for note in self.notes:
            print(f"\n{note}")
        if self.absent:
            print(f"\nnot compared with (absent here): {', '.join(self.absent)}")
        print()


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    share = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
    target = "" if row["target"] is None else f"≤ {row['target']:g}"
    verdict = {None: "", True: "met", False: "MISSED"}[row["met"]]
    return row["case"], row["who"], f"{_digits(row['value'])} {row['unit']}", share, target, verdict


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _table(head: tuple[str, ...], cells: list[tuple[str, ...]], markdown: bool) -> str:
    rows = [head, *cells]
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(head))]
    lines, before = [], ""
    for row in rows:
        shown = ("" if row[0] == before else row[0], *row[1:])
        before = row[0]
        line = [c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(shown, widths))]
        lines.append("| " + " | ".join(line) + " |" if markdown else "  ".join(line).rstrip())
    rule = ["-" * w if i < 2 else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    lines.insert(1, "| " + " | ".join(rule) + " |" if markdown else "  ".join("-" * w for w in widths))
    return "\n".join(lines)


def machine() -> str:
    """Processor, cores, threads used, and the versions of what is compared."""
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), model)
    packages = ["numpy", *(p for p in PEERS if importlib.util.find_spec(p))]
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    cores = f"{os.cpu_count()} cores, {THREADS} thread{'s' if THREADS > 1 else ''} used"
    return f"{model}, {cores}; Python {platform.python_version()}, {versions}"
