"""What ``import adjoint`` costs beyond NumPy's own import, in processor time, each in a fresh interpreter."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

import _harness as bench

PROGRAMS = {
    "python": "pass",
    "numpy": "import numpy",
    "adjoint": "import adjoint",
    "adjoint.numpy": "import adjoint.numpy",
}


def seconds(program):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    given = bench.options(__doc__)
    programs = dict(PROGRAMS)
    for name in bench.PEERS:
        if bench.importlib.util.find_spec(name) and name not in given.without:
            programs[name] = f"import {name}"
    for program in programs.values():
        seconds(program)  # bytecode is on disk from now on
    times = {name: [] for name in programs}
    for _ in range(max(given.rounds, 20)):
        for name, program in programs.items():
            times[name].append(seconds(program))
    report = bench.Report("Import, processor time", given, unit="ms")
    for name, samples in times.items():
        report.row("import", name, statistics.median(samples) * 1e3)
    beyond = statistics.median(a - n for a, n in zip(times["adjoint"], times["numpy"]))
    report.row("beyond NumPy's own", "adjoint", beyond * 1e3, target=40)
    report.show()


if __name__ == "__main__":
    main()
