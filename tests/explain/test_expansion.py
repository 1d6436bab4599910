"""Whatever groups are open, nothing stands on anything else, and every wire has a way of its own."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adjoint as ad
from adjoint.explain.expansion import expand
from explain.networks import NETWORKS
from explain.programs import TREES, program


def rows_of(way):
    """The row of a wire in every column, those of its ends included."""
    rows = {}
    for (x, y), (end, _) in pairwise(way):
        rows.update(dict.fromkeys(range(x, end), y))
    rows[way[-1][0]] = way[-1][1]
    return rows


def ancestors(document, name):
    item = document["nodes" if name[0] == "n" else "groups"][int(name[1:])]
    group = item.get("group" if name[0] == "n" else "parent")
    found = set()
    while group is not None:
        found.add(group)
        group = document["groups"][group].get("parent")
    return found


def check(document, opened):
    found = expand(document, opened)
    width, height = found.size
    cells = found.cells
    assert len(set(cells.values())) == len(cells)
    assert all(0 <= x < width and 0 <= y < height for x, y in cells.values())
    for group, (left, top, columns, rows) in found.frames.items():
        for name, (x, y) in cells.items():
            inside = left <= x < left + columns and top <= y < top + rows
            assert inside == (group in ancestors(document, name)), (group, name)
            if inside:
                assert left < x < left + columns - 1, "the columns of ports hold nothing else"
    standing = {cell: name for name, cell in cells.items()}
    passing = {}
    for wire in found.wires:
        assert wire.way[0] == cells[wire.src]
        assert wire.way[-1] == cells[wire.dst]
        assert all(left[0] < right[0] for left, right in pairwise(wire.way))
        around = ancestors(document, wire.src) | ancestors(document, wire.dst)
        # What leaves a closed group is one bundle as long as it stays on the row of its box.
        value = wire.src if wire.src[0] == "g" else document["edges"][wire.edges[0]]["src"]
        for x, y in list(rows_of(wire.way).items())[1:-1]:
            assert (x, y) not in standing
            assert passing.setdefault((x, y), value) == value
            for group, (left, top, columns, rows) in found.frames.items():
                if left <= x < left + columns and top <= y < top + rows:
                    assert group in around
    told = sorted(edge for wire in found.wires for edge in wire.edges)
    assert len(set(told)) == len(told)
    return found


def hidden_edges(document, found):
    """Edges that no wire stands for: both ends are in one closed group."""
    return {e["id"] for e in document["edges"]} - {edge for wire in found.wires for edge in wire.edges}


@settings(max_examples=120, deadline=None)
@given(TREES, st.data())
def test_any_groups_may_be_open(tree, data):
    document = ad.explain(program(tree))(0.3, -0.2, 0.7).to_dict()
    groups = [g["id"] for g in document["groups"]]
    check(document, set())
    found = check(document, set(groups))
    assert set(found.cells) == {f"n{n['id']}" for n in document["nodes"]}
    assert not hidden_edges(document, found)
    if groups:
        check(document, data.draw(st.sets(st.sampled_from(groups))))


@settings(max_examples=60, deadline=None)
@given(TREES, st.data())
def test_histories_have_groups_by_scope(tree, data):
    leaves = [ad.tensor(v, requires_grad=True, name=n) for v, n in ((0.3, "a"), (-0.2, "b"), (0.7, "c"))]
    document = program(tree)(*leaves).explain().to_dict()
    assert {g["kind"] for g in document["groups"]} <= {"module"} or all(
        g["kind"] == "function" for g in document["groups"]
    )
    groups = [g["id"] for g in document["groups"]]
    check(document, set(groups))
    if groups:
        check(document, data.draw(st.sets(st.sampled_from(groups))))


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name):
    function, arguments = NETWORKS[name]
    document = ad.explain(function)(*arguments()).to_dict()
    for group in [set(), *({g["id"]} for g in document["groups"]), {g["id"] for g in document["groups"]}]:
        check(document, group)


def test_what_is_closed_takes_one_cell_and_hides_what_it_holds():
    function, arguments = NETWORKS["attention"]
    document = ad.explain(function)(*arguments()).to_dict()
    names = [g["name"] for g in document["groups"]]
    assert names == ["attention", "heads", "fit", "softmax", "squared_error", "mean"]
    found = expand(document, {1, 2, 3})  # all inside of a group that is closed
    assert not found.frames
    assert set(found.cells) == {"n0", "n1", "n2", "n3", "n4", "g0", "g4"}
    assert [(w.src, w.dst, len(w.edges)) for w in found.wires] == [
        ("n0", "g0", 3), ("n1", "g0", 1), ("n2", "g0", 1), ("n3", "g0", 1), ("g0", "g4", 1), ("n4", "g4", 1)
    ]  # fmt: skip
