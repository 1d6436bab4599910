"""How fast the workbench follows a slider: from the request of a page to its answer, through server and worker.

    python benchmarks/workbench.py [--rounds N] [--json]

A real server on this machine is asked over HTTP for the story of each example, every time with another value of
its first input, as a slider asks (exercises are left out while it moves). Times are the wall's: they include
JSON, the pipe to the worker process, and the way back. The worked examples must stay below 50 ms.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import time

import _harness as bench

from adjoint.workbench.gallery import gallery

LIMIT = 50.0


class Server:
    """A workbench in a process of its own, and one connection to it."""

    def __init__(self):
        command = [sys.executable, "-m", "adjoint", "workbench", "--no-browser"]
        settings = os.environ | {"PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings)
        address = re.search(r"http://(\S+?):(\d+)/\?token=(\S+)", self.process.stdout.readline())
        self.token = address[3]
        self.connection = http.client.HTTPConnection(address[1], int(address[2]), timeout=60)
        self.seq = 0

    def ask(self, name, **body):
        """The milliseconds of one request, and its answer."""
        self.seq += 1
        text = json.dumps({"version": 1, "tab": "benchmark", "seq": self.seq, **body})
        headers = {"X-Adjoint-Token": self.token, "Content-Type": "application/json"}
        start = time.perf_counter()
        self.connection.request("POST", f"/api/{name}", text, headers)
        raw = self.connection.getresponse().read()
        taken = 1e3 * (time.perf_counter() - start)
        answer = json.loads(raw)
        assert answer["status"] == "ok", answer
        return taken, len(raw), answer


def moved(example, i):
    """The first input of an example at another value."""
    name, value = next(iter(example.values.items()))
    step = 1e-3 * (i + 1)
    return {name: (value + step).tolist() if hasattr(value, "tolist") else value + step}


def main():
    given = bench.options(__doc__)
    server = Server()
    try:
        rows = [measured(server, example, given.rounds) for example in gallery().values()]
    finally:
        server.process.terminate()
        server.process.wait()
    if given.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'example':<42}{'operations':>10}{'median':>10}{'slowest':>10}{'answer':>10}   {bench.machine()}")
    for row in rows:
        times = f"{row['median']:>7.1f} ms{row['slowest']:>7.1f} ms"
        print(f"{row['id']:<42}{row['operations']:>10}{times}{row['bytes']:>10,}")
    worst = max(row["median"] for row in rows if row["group"] == "worked")
    print(f"\nthe slowest of the worked examples takes {worst:.1f} ms; {LIMIT:.0f} are allowed")


def measured(server, example, rounds):
    times, size, answer = [], 0, {}
    for i in range(rounds + 2):
        taken, size, answer = server.ask(
            "story", source={"example": example.id}, inputs=moved(example, i), exercises=False
        )
        times.append(taken)
    times = times[2:]  # the first traces the function, and fills caches
    return {
        "id": example.id,
        "group": example.group,
        "operations": answer["story"]["cost"]["gates"],
        "median": statistics.median(times),
        "slowest": max(times),
        "bytes": size,
    }


if __name__ == "__main__":
    main()
