"""Long histories: a million scalar operations recorded, differentiated and freed.

Also one value used 100,000 times ("fan"), and a loop over the entries of an array.

Each engine runs in a process of its own, which reports the processor time of the three stages and by
how much its resident memory grew at the peak. "leaves" is x = sin(x) * w + b; "constants" is the same
with Python floats for w and b, new ones at every step; w near 1 and b near 0 keep the gradients away
from underflow over the whole length. The loop is s = s + x[i] ** 2 for n entries.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from itertools import pairwise

import _harness as bench
import numpy as np

MILLION = 1_000_000
KINDS = ("leaves", "constants", "fan")


def engine(name):
    """The functions that differ between engines: a leaf of a value, sin, the gradient of a leaf."""
    if name == "torch":
        import torch

        torch.set_num_threads(1)
        return (lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True)), torch.sin
    import adjoint as ad
    import adjoint.numpy as anp

    return (lambda v: ad.tensor(v, requires_grad=True)), anp.sin


def recorded(kind, size, sin, x, w, b):
    if kind == "leaves":
        for _ in range(size // 3):
            x = sin(x) * w + b
        return x
    if kind == "constants":
        for i in range(size // 3):
            x = sin(x) * (1.0 + i * 1e-15) + i * 1e-18
        return x
    if kind == "fan":
        total = x
        for _ in range(size):
            total = total + x
        return total
    total = b
    for i in range(size):
        total = total + x[i] ** 2
    return total


def resident(field):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))


def child(name, kind, size):
    """One engine, once, in this process."""
    from time import process_time

    leaf, sin = engine(name)
    values = np.linspace(0.1, 1.0, size) if kind == "loop" else 0.7
    x, w, b = leaf(values), leaf(1.0), leaf(0.0)
    recorded(kind, 30, sin, x, w, b).backward()  # loads what is loaded on first use
    x.grad = w.grad = b.grad = None
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak starts anew
    before = resident("VmRSS")
    times = [process_time()]
    loss = recorded(kind, size, sin, x, w, b)
    times.append(process_time())
    loss.backward()
    times.append(process_time())
    del loss
    times.append(process_time())
    stages = [b - a for a, b in pairwise(times)]
    print(json.dumps({"stages": stages, "peak": resident("VmHWM") - before, "sum": float(np.sum(x.grad.tolist()))}))


def run(name, kind, size):
    command = [sys.executable, __file__, "--child", name, "--kind", kind, "--size", str(size)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return None
    return json.loads(done.stdout)


def compare(report, kind, size, names, rounds):
    """One kind at one size, engines in turn."""
    found = {name: [run(name, kind, size) for _ in range(1)] for name in names}
    for _ in range(rounds - 1):
        for name in names:
            found[name].append(run(name, kind, size))
    alive = {name: runs for name, runs in found.items() if None not in runs}
    for name in set(found) - set(alive):
        report.note(f"{name} did not survive {kind} at {size:,}.")
    sums = [runs[0]["sum"] for runs in alive.values()]
    np.testing.assert_allclose(sums, sums[0], rtol=1e-9)
    times = {name: [sum(r["stages"]) for r in runs] for name, runs in alive.items()}
    case = f"{kind}, {size:,}"
    report.compare(case, times, per=size, targets={"torch": 0.5} if size >= 100_000 and kind != "loop" else None)
    for name, runs in alive.items():
        stages = [statistics.median(r["stages"][i] for r in runs) for i in range(3)]
        each = ", ".join(f"{word} {s / size * 1e6:.2f}" for word, s in zip(("record", "differentiate", "free"), stages))
        report.note(f"{case}: {name}, us an operation: {each}; {sum(stages):.2f} s together.")
        if kind != "loop":
            peak = statistics.median(r["peak"] for r in runs) / size
            report.row(case + ", memory", name, peak, target=650 if name == "adjoint" else None, unit="B/op")


def main():
    given = bench.options(__doc__, child="", kind="", size=0)
    if given.child:
        child(given.child, given.kind, given.size)
        return
    given.rounds = min(given.rounds, 3)
    report = bench.Report("Long histories: record, differentiate, free, per operation", given)
    names = ["adjoint"] + ["torch"] * (bench.peer("torch", given.without) is not None)
    for kind in KINDS:
        if given.kind in ("", kind):
            compare(report, kind, 100_000 if kind == "fan" else MILLION, names, given.rounds)
    for size in (1_000, 10_000, 100_000):
        if given.kind in ("", "loop"):
            # torch allocates the whole gradient at every step, which is quadratic: not waited for at 100,000.
            compare(report, "loop", size, names if size < 100_000 else names[:1], given.rounds)
    report.show()


if __name__ == "__main__":
    main()
