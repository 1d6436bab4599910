"""What ``import adjoint`` costs beyond NumPy's own import, in processor time, each in a fresh interpreter.

Bytecode is on disk, as it is from the second import of any installed package on.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile

import _harness as bench

PROGRAMS = {
    "python": "pass",
    "numpy": "import numpy",
    "adjoint": "import adjoint",
    "adjoint.numpy": "import adjoint.numpy",
}


def seconds(program, folder):
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    given = bench.options(__doc__)
    programs = dict(PROGRAMS)
    for name in bench.PEERS:
        if bench.importlib.util.find_spec(name) and name not in given.without:
            programs[name] = f"import {name}"
    times = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as folder:
        for program in programs.values():
            seconds(program, folder)  # writes the bytecode
        for _ in range(max(given.rounds, 20)):
            for name, program in programs.items():
                times[name].append(seconds(program, folder))
    report = bench.Report("Import, processor time", given, unit="ms")
    for name, samples in times.items():
        report.row("import", name, statistics.median(samples) * 1e3)
    beyond = statistics.median(a - n for a, n in zip(times["adjoint"], times["numpy"]))
    report.row("beyond NumPy's own", "adjoint", beyond * 1e3, target=40)
    report.show()


if __name__ == "__main__":
    main()
