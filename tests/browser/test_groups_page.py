"""Groups in the page: closed boxes that open in place, steps that count as one, and graphs of ten thousand nodes."""

import re

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from browser.expected import Walk
from browser.player import Player
from explain.networks import NETWORKS


def document_of(name):
    function, made = NETWORKS[name]
    return ad.explain(function)(*made()).to_dict()


SHOWN = """() => ({
  nodes: Array.from(document.querySelectorAll(".graph .items [data-node]"), (n) => Number(n.dataset.node)),
  closed: Array.from(document.querySelectorAll(".graph .items [data-group]"), (n) => Number(n.dataset.group)),
  frames: Array.from(document.querySelectorAll(".graph .frames [data-group]"), (n) => Number(n.dataset.group)),
  wires: document.querySelectorAll(".graph .wire[data-edge]").length,
})"""


def visible(document, opened):
    """Which nodes, closed groups and open frames must be drawn when these groups are open."""
    walk, groups = Walk(document, opened), document["groups"]
    nodes = [n["id"] for n in document["nodes"] if walk.closed_around(n["id"]) < 0]

    def free(group):
        while (group := groups[group].get("parent")) is not None:
            if group not in walk.opened:
                return False
        return True

    seen = [g["id"] for g in groups if free(g["id"])]
    closed = [g for g in seen if g not in walk.opened]
    return {"nodes": nodes, "closed": closed, "frames": [g for g in seen if g in walk.opened]}


def drawn(player):
    shown = player.page.evaluate(SHOWN)
    return {what: sorted(shown[what]) for what in ("nodes", "closed", "frames")}


def toggle(player, group, frame=False):
    place = ".frames" if frame else ".items"
    item = player.page.locator(f".graph {place} [data-group='{group}']")
    item.evaluate("(e) => e.focus()")
    player.press("Enter")


@pytest.mark.parametrize("name", NETWORKS)
def test_every_group_opens_in_its_place_and_closes_again(visit, name):
    document = document_of(name)
    groups = document["groups"]
    player = Player(visit(document).page)
    opened = {g["id"] for g in groups if g["open"]}
    assert drawn(player) == visible(document, opened)
    for group in sorted(opened, reverse=True):
        toggle(player, group, frame=True)
        opened.discard(group)
        assert drawn(player) == visible(document, opened), f"{groups[group]['name']} closed"
    for group in groups:  # parents come before what is in them
        toggle(player, group["id"])
        opened.add(group["id"])
        assert drawn(player) == visible(document, opened), f"{group['name']} open"
        operations = "operation" if group["count"] == 1 else "operations"
        label = player.page.locator(f".graph .frames [data-group='{group['id']}']").get_attribute("aria-label")
        assert label == f"Group {group['name']}, open, {group['count']} {operations}"
        said = player.read()["said"]
        assert re.fullmatch(rf"Group {re.escape(group['name'])} open, {group['count']} \w+\.", said)


@pytest.mark.parametrize("name", NETWORKS)
def test_steps_inside_of_a_closed_group_count_as_one(visit, name):
    document = document_of(name)
    player = Player(visit(document).page)
    groups = document["groups"]
    for group in sorted((g["id"] for g in groups if g["open"]), reverse=True):
        toggle(player, group, frame=True)
    player.page.evaluate("document.activeElement.blur()")
    walk = Walk(document, ())
    for at, seen in enumerate(player.read_each(range(len(walk.stops)))):
        stop = walk.stops[at]
        assert seen["heading"] == stop.heading
        if stop.group >= 0:
            assert seen["sentence"].lower().startswith(f"{groups[stop.group]['name']} is a group of ")
        values, gradients = walk.wires(at)
        assert set(seen["values"]) <= set(values)
        assert set(seen["gradients"]) <= set(gradients)
        for node, text in seen["gradients"].items():
            if at == len(walk.stops) - 1:
                assert text == gradients[node]
    # O opens the group of the step, and the player stays inside of it.
    at = next(i for i, stop in enumerate(walk.stops) if stop.group >= 0)
    group = walk.stops[at].group
    player.go(at)
    player.press("o")
    inner = Walk(document, {group})
    seen = player.read()
    assert seen["last"] == len(inner.stops) - 1
    assert set(inner.nodes_now(seen["at"])) <= set(walk.nodes_now(at))
    player.press("o")
    assert player.read()["last"] == len(walk.stops) - 1


def cell(h, x, w):
    a = w[0] * h + w[1] * x
    b = np.tanh(a + w[2])
    return b * b + h


def layer(h, xs, w):
    for x in xs:
        h = cell(h, x, w)
    return h


def network(h, w, steps=1250):
    xs = numpy.linspace(-1.0, 1.0, steps).tolist()
    for start in range(0, steps, 25):
        h = layer(h, xs[start : start + 25], w)
    return h


@pytest.fixture(scope="module")
def large():
    document = ad.explain(network)(0.1, numpy.array([0.4, -0.3, 0.2])).to_dict()
    assert sum(n["kind"] == "op" for n in document["nodes"]) >= 10_000
    return document


def test_ten_thousand_nodes_open_collapsed(visit, large):
    player = Player(visit(large).page)
    assert not any(g["open"] for g in large["groups"])
    wanted = visible(large, set())
    assert drawn(player) == wanted
    assert len(wanted["nodes"]) + len(wanted["closed"]) < 200
    assert player.page.locator(".graph canvas.big").is_hidden()
    walk = Walk(large)
    player.press("End")
    seen = player.read()
    assert (seen["at"], seen["heading"]) == (len(walk.stops) - 1, "Done")
    top = [n["id"] for n in large["nodes"] if n["id"] in wanted["nodes"] and n["kind"] != "op"]
    assert all(seen["gradients"][i] == walk.wires(seen["at"])[1][i] for i in top if i in seen["gradients"])
    # The code is as long as the graph, and only what is in view of it is in the page.
    assert player.page.locator(".code .line-button").count() < 200
    first = wanted["closed"][0]
    toggle(player, first)
    assert drawn(player) == visible(large, {first})


def test_all_open_it_is_a_canvas_that_keys_still_reach(visit, large):
    for group in large["groups"]:
        group["open"] = True
    try:
        player = Player(visit(large).page)
    finally:
        for group in large["groups"]:
            group["open"] = False
    page = player.page
    canvas = page.locator(".graph canvas.big")
    assert canvas.is_visible()
    assert page.locator(".graph .items [data-node]").count() == 0
    page.wait_for_function("() => Number(document.querySelector('canvas.big').dataset.drawn) > 0")
    near = int(canvas.get_attribute("data-drawn"))
    player.press("f")  # all of it in view
    page.wait_for_function("(n) => Number(document.querySelector('canvas.big').dataset.drawn) > n", arg=near)
    assert int(canvas.get_attribute("data-drawn")) >= len(large["nodes"])
    # Something of every tone is painted, and the step is yellow there too.
    player.press("End")
    walk = Walk(large, {g["id"] for g in large["groups"]})
    assert player.read()["at"] == len(walk.stops) - 1
    buttons = page.locator(".graph .near button")
    assert 0 < buttons.count() < 100
    buttons.first.focus()
    first = player.focused
    assert re.match(r"\w+ gate|\w+, (parameter|data)|constant", first)
    player.press("ArrowUp")
    second = player.focused
    assert second != first
    player.press("ArrowDown")
    assert player.focused == first
    player.press("Enter")
    assert player.facts()["value"]


def test_a_graph_too_large_for_a_page_stays_collapsed_and_says_so(visit, large):
    # The same graph with so many constants in one of its closed groups that no page could draw them.
    inside = next(n["group"] for n in large["nodes"] if "group" in n)
    first = len(large["nodes"])
    more = [
        {"id": i, "kind": "const", "spec": "f64[]", "value": 0.0, "at": [0, 0], "group": inside}
        for i in range(first, 100_001)
    ]
    player = Player(visit({**large, "nodes": large["nodes"] + more}).page)
    assert player.page.locator(".banner").inner_text() == (
        "100,001 nodes are too many to open: the groups stay closed."
    )
    wanted = visible(large, set())
    assert drawn(player) == wanted
    toggle(player, wanted["closed"][0])
    assert drawn(player) == wanted
    player.press("End")
    assert player.read()["heading"] == "Done"


def test_at_the_end_the_inputs_and_their_gradients_are_in_view(visit):
    def chain(x):
        for _ in range(60):
            x = np.sin(x) + 0.1
        return x

    player = Player(visit(ad.explain(chain)(0.5).to_dict()).page)
    inside = """() => {
      const places = [".graph [data-node='0'] .shape", ".graph"].map((q) => document.querySelector(q));
      const [leaf, stage] = places.map((place) => place.getBoundingClientRect());
      return leaf.left >= stage.left && leaf.right <= stage.right;
    }"""
    for _ in range(30):
        player.press("ArrowRight")
    assert not player.page.evaluate(inside)
    player.press("End")
    assert player.page.evaluate(inside)
    player.press("b")
    assert not player.page.evaluate(inside)
    player.press("Home")
    assert player.page.evaluate(inside)


def test_search_opens_what_is_around_the_match(visit, large):
    player = Player(visit(large).page)
    player.press("/")
    player.page.keyboard.type("tanh")
    assert player.text(".found") == "1 of 1250"
    first = next(n for n in large["nodes"] if n.get("op") == "tanh")
    around, opened = first["group"], set()
    while around is not None:
        opened.add(around)
        around = large["groups"][around].get("parent")
    assert drawn(player) == visible(large, opened)
    item = player.page.locator(f".graph [data-node='{first['id']}'] .shape").bounding_box()
    stage = player.page.locator(".graph").bounding_box()
    assert stage["x"] <= item["x"] <= stage["x"] + stage["width"]
    assert stage["y"] <= item["y"] <= stage["y"] + stage["height"]
