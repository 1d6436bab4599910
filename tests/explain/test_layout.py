"""Grid cells: order, free roads, straight chains, few crossings, size."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from adjoint.errors import ArgumentError, GraphError
from adjoint.explain.crossing import count_crossings, inversions, order_layers
from adjoint.explain.layering import Adjacency, Roads, assign_layers
from adjoint.explain.layout import arrange, place

Graph = tuple[list[str], list[tuple[int, int, int]]]


def random_graph(seed: int, size: int, window: int = 12) -> Graph:
    generator = random.Random(seed)
    kinds = [generator.choice(["leaf", "leaf", "const"]) for _ in range(1 + size // 4)]
    edges = []
    for _ in range(size):
        node = len(kinds)
        kinds.append("op")
        for slot in range(generator.choice([1, 2, 2, 3])):
            first = max(0, node - window) if generator.random() < 0.8 else 0
            edges.append((generator.randrange(first, node), node, slot))
    return kinds, edges


def test_the_example_of_the_story() -> None:
    assert place(["leaf", "leaf", "op", "op"], [(0, 2, 0), (1, 2, 1), (2, 3, 0), (1, 3, 1)]) == [
        (0, 0), (0, 1), (1, 0), (2, 0)
    ]  # fmt: skip


def test_a_chain_of_operations_runs_straight_with_its_leaves_beside_it() -> None:
    kinds = ["leaf"] * 4 + ["op"] * 4
    edges = [(0, 4, 0), (1, 4, 1), (4, 5, 0), (2, 5, 1), (5, 6, 0), (3, 6, 1), (6, 7, 0)]
    assert place(kinds, edges) == [(0, 0), (0, 1), (1, 1), (2, 1), (1, 0), (2, 0), (3, 0), (4, 0)]


def test_empty_single_and_unconnected() -> None:
    assert place([], []) == []
    assert place(["leaf"], []) == [(0, 0)]
    assert len(set(place(["leaf", "const", "op"], []))) == 3


def test_an_operation_used_late_stands_late() -> None:
    # leaf 0 -> chain 1..5; op 7 = exp(leaf 6) is used by op 5 only
    kinds = ["leaf", "op", "op", "op", "op", "op", "leaf", "op"]
    edges = [(0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 4, 0), (4, 5, 0), (7, 5, 1), (6, 7, 0)]
    cells = place(kinds, edges)
    assert (cells[7][0], cells[6][0]) == (4, 3)


@pytest.mark.parametrize("seed", range(200))
def test_random_graphs(seed: int) -> None:
    kinds, edges = random_graph(seed, 1 + seed % 40)
    arrangement = arrange(kinds, edges)
    cells = arrangement.cells
    assert arrange(kinds, list(reversed(edges))) == arrangement
    assert len(set(cells)) == len(cells)
    assert min(layer for layer, _ in cells) == 0
    taken = set(cells)
    for source, tracks in arrangement.roads.items():
        for layer, track in enumerate(tracks, cells[source][0] + 1):
            assert (layer, track) not in taken
            taken.add((layer, track))
    assert {track for _, track in taken} == set(range(1 + max(track for _, track in taken)))
    for source, target, _ in edges:
        assert cells[source][0] < cells[target][0]
        if cells[target][0] - cells[source][0] > 1:
            assert source in arrangement.roads
    for node, (layer, _) in enumerate(cells):
        users = [cells[target][0] for source, target, _ in edges if source == node]
        fed = any(target == node for _, target, _ in edges)
        if users and not fed:
            assert layer == min(users) - 1


def test_inversions_against_counting_pairs() -> None:
    generator = np.random.default_rng(0)
    for size in (0, 1, 2, 7, 50):
        keys = generator.integers(0, 20, size)
        slow = sum(int(keys[i] > keys[j]) for i in range(size) for j in range(i + 1, size))
        assert inversions(keys) == slow


def test_sweeps_remove_crossings_that_need_not_be() -> None:
    # a ladder whose rungs were written in reverse: a planar graph
    kinds = ["leaf"] * 8 + ["op"] * 8
    edges = [(7 - i, 8 + i, 0) for i in range(8)]
    graph = Adjacency(kinds, edges)
    roads = Roads(graph, assign_layers(graph), 100)
    assert count_crossings(roads, order_layers(roads)) == 0


def test_a_cycle_a_stranger_and_a_wrong_kind_are_refused() -> None:
    with pytest.raises(GraphError, match="cycle"):
        place(["op", "op"], [(0, 1, 0), (1, 0, 0)])
    with pytest.raises(GraphError, match="only 1 nodes"):
        place(["op"], [(3, 0, 0)])
    with pytest.raises(ArgumentError, match="kind"):
        place(["opp"], [])


@pytest.mark.parametrize("window", [5, 50, 10_000])
def test_ten_thousand_nodes(window: int) -> None:
    kinds, edges = random_graph(1, 8_000, window)
    start = time.process_time()
    cells = place(kinds, edges)
    assert len(set(cells)) == len(kinds)
    assert time.process_time() - start < 6


def test_a_deep_chain_that_uses_one_leaf_everywhere() -> None:
    count = 20_000
    kinds = ["leaf"] + ["op"] * count
    edges = [(i, i + 1, 0) for i in range(count)] + [(0, i + 1, 1) for i in range(count)]
    assert place(kinds, edges) == [(i, 0) for i in range(count + 1)]
