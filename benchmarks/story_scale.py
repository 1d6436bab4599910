"""What the story of a large computation costs: processor time from the call to its JSON, and the size of that.

The computations are a chain of four operations a turn, which has no groups but blocks, and a cell of three
operations that is a function, so that each of its calls is a group. Nothing here is compared with a peer:
none tells a story.
"""

from __future__ import annotations

import json

import _harness as bench

import adjoint as ad
import adjoint.numpy as np


def chain(count):
    def f(x, w, b):
        for _ in range(count // 4):
            x = x * w
            x = x + b
            x = np.tanh(x)
            x = x * 0.9
        return x

    return f


def cell(x, w, b):
    return np.tanh(x * w + b)


def cells(count):
    def f(x, w, b):
        for _ in range(count // 3):
            x = cell(x, w, b)
        return x

    return f


CASES = {
    "chain, 10,000": (chain, 10_000, 2.0, 3.0),
    "calls, 10,000": (cells, 10_000, 2.0, 3.0),
    "chain, 100,000": (chain, 100_000, 12.0, 30.0),
    "calls, 100,000": (cells, 100_000, 12.0, 30.0),
}


def main():
    given = bench.options(__doc__)
    times = bench.Report("From the call to the JSON, processor time", given, unit="s")
    sizes = bench.Report("Size of the JSON", given, unit="MB")
    for case, (make, count, seconds, megabytes) in CASES.items():
        parts = []
        for _ in range(min(given.rounds, 3)):
            start = bench.clock()
            story = ad.explain(make(count))(0.5, 0.9, 0.1)
            told = bench.clock()
            text = story.to_json()
            parts.append((bench.clock() - start, told - start))
        document = json.loads(text)
        assert len(document["nodes"]) >= count
        seen = sum("group" not in n for n in document["nodes"]) + sum("parent" not in g for g in document["groups"])
        assert seen <= 300, "nothing shows more than some 300 items at once"
        whole, explained = min(parts)
        times.row(case, "explained", explained)
        times.row(case, "as JSON", whole, target=seconds)
        sizes.row(case, "JSON", len(text.encode()) / 1e6, target=megabytes)
    times.absent = sizes.absent = []
    times.show()
    sizes.show()


if __name__ == "__main__":
    main()
