"""Random computations with calls in calls: what the groups and grids of stories are tried on."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import adjoint as ad
import adjoint.numpy as np

#: Operations are numbers, which choose their operands; a list is a call, a pair of a name and a list a scope.
TREES = st.recursive(
    st.integers(0, 10_000),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=7) | st.tuples(st.sampled_from("abc"), st.lists(inner, max_size=7))
    ),
    max_leaves=40,
).map(lambda tree: tree if isinstance(tree, list) else [tree])


def run(tree: list[Any], values: list[Any]) -> None:
    """Does the operations of a tree, each on values that any call before it may have made."""
    for entry in tree:
        if isinstance(entry, list):
            run(entry, values)
        elif isinstance(entry, tuple):
            with ad.scope(entry[0]):
                run(entry[1], values)
        else:
            first, second = values[entry % 13 % len(values) - 1], values[entry // 13 % len(values)]
            values.append(np.tanh(first) if entry % 7 == 0 else first * 0.5 if entry % 7 == 1 else first - second)


def program(tree: list[Any]) -> Any:
    """The tree as a function of three numbers; its result adds up all that was computed."""

    def computed(a: Any, b: Any, c: Any) -> Any:
        values = [a, b, c]
        run(tree, values)
        total = values[-1]
        for value in values[3:-1:3]:
            total = total + value
        return total * 1.0

    return computed
