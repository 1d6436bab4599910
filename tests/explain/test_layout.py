"""Grid cells: order, free roads, straight chains, few crossings, size."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from adjoint.errors import ArgumentError, GraphError
from adjoint.explain.crossing import count_crossings, inversions, order_layers
from adjoint.explain.layering import Adjacency, Bond, Roads, assign_layers
from adjoint.explain.layout import _settle, arrange, place

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


@pytest.mark.parametrize("bonded", [False, True])
def test_crossings_against_counting_pairs_of_wires(bonded: bool) -> None:
    for seed in range(30):
        generator = random.Random(seed)
        kinds, edges = random_graph(seed, 5 + seed)
        bonds = [Bond(0, generator.choice([8, 32, 40]), generator.choice([16, 32])) for _ in edges] if bonded else None
        graph = Adjacency(kinds, edges, bonds)
        roads = Roads(graph, assign_layers(graph), 1_000)
        layers: list[list[int]] = [[] for _ in range(1 + max(roads.layer))]
        for item in generator.sample(range(len(roads.layer)), len(roads.layer)):
            layers[roads.layer[item]].append(item)
        place = {item: index for layer in layers for index, item in enumerate(layer)}
        wires = [
            (roads.layer[item], (place[item], leaves), (place[other], enters))
            for item, after in enumerate(roads.after)
            for other, leaves, enters in zip(after, roads.own_high[item], roads.after_high[item], strict=True)
        ]
        pairs = [(a, b) for a in wires for b in wires if a[0] == b[0] and a[1] < b[1] and a[2] > b[2]]
        assert count_crossings(roads, layers) == len(pairs)


def plainly_settled(wished: list[int], ranks: list[int]) -> list[int]:
    """One item after the other, the foremost first, each as near to its wish as those already placed let it."""
    found: dict[int, int] = {}
    for index in sorted(range(len(wished)), key=lambda index: (-ranks[index], index)):
        above = [found[i] + index - i for i in found if i < index]
        below = [found[i] + index - i for i in found if i > index]
        found[index] = max([min([wished[index], *below]), *above])
    return [found[index] for index in range(len(wished))]


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_items_are_settled_as_if_one_by_one(size: int) -> None:
    generator = random.Random(size)
    for _ in range(100):
        wished = [generator.randrange(-3, size) for _ in range(size)]
        ranks = [generator.randrange(3) for _ in range(size)]
        expected = plainly_settled(wished, ranks)
        _settle(wished, ranks)
        assert wished == expected


def test_the_places_of_a_road_are_joined_one_by_one() -> None:
    """Their lists are shared where they are alike: a use of the value must not show at the other places."""
    kinds = ["leaf"] + ["op"] * 6
    edges = [(i, i + 1, 0) for i in range(6)] + [(0, 3, 1), (0, 5, 1), (0, 6, 1)]
    graph = Adjacency(kinds, edges)
    roads = Roads(graph, assign_layers(graph), 100)
    places = roads.road[0, 0]
    assert [roads.after[place] for place in places] == [
        [places[1]], [places[2], 3], [places[3]], [places[4], 5], [6]
    ]  # fmt: skip
    assert [roads.before[place] for place in places] == [[0], *([place] for place in places[:-1])]
    assert [len(roads.after_high[place]) for place in places] == [1, 2, 1, 2, 1]
    assert [len(roads.own_high[place]) for place in places] == [1, 2, 1, 2, 1]


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
