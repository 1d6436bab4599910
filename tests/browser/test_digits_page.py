"""A real network in the page: closed by layer, each layer opens, the digit and its gradient over the pixels."""

import pytest

import adjoint as ad
from browser.examples import example_file
from browser.player import Player
from browser.test_groups_page import drawn, toggle, visible
from browser.test_tensors_page import PANELS, compared

pytest.importorskip("sklearn", reason="the digits come with scikit-learn")


@pytest.fixture(scope="module")
def network():
    module = example_file("digits_mlp")
    given = list(module.inputs().values())
    return ad.explain(module.loss)(*given).to_dict(), module.loss, given


def test_it_opens_by_layer_and_each_layer_opens(visit, network):
    document = network[0]
    player = Player(visit(document).page)
    names = {g["name"]: g["id"] for g in document["groups"] if "parent" not in g}
    assert list(names) == ["hidden layer", "output layer", "cross-entropy"]
    assert drawn(player) == visible(document, set())
    for name, group in names.items():
        toggle(player, group)
        assert drawn(player) == visible(document, {group}), name
        inside = {n["op"] for n in document["nodes"] if n.get("group") == group and n["kind"] == "op"}
        assert ("matmul" in inside) == name.endswith("layer")
        toggle(player, group, frame=True)
    assert drawn(player) == visible(document, set())


def test_the_digit_and_its_gradient_are_shown(visit, network):
    document, loss, given = network
    player = Player(visit(document).page)
    player.press("End")
    images = next(n["id"] for n in document["nodes"] if n.get("name") == "images")
    labels = next(n["id"] for n in document["nodes"] if n.get("name") == "labels")
    player.choose(images)
    value, gradient = player.page.evaluate(PANELS)
    compared(value, given[4], "Value")
    compared(gradient, ad.grad(loss, argnums=4)(*given), "Gradient")
    assert len(value["heat"]) == len(gradient["heat"]) == 64
    player.choose(labels)
    assert player.facts()["value"].split()[0] == f"[{given[5][0]}]"  # the digit itself, and not how many there are
    told = player.page.locator("section.told").inner_text()
    assert "∂loss/∂images" in told
    assert "labels" not in told
