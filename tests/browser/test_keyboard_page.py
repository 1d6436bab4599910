"""The player by keyboard alone, and what those hear who do not see it: nothing here touches a pointer."""

import re

import pytest

from browser.examples import worked
from browser.expected import Walk, value_text
from browser.player import Player

FOCUS = """() => {
  const at = document.activeElement;
  const region = at.closest("section, header, [role=toolbar], dialog, .graph");
  const box = at.getBoundingClientRect();
  const style = getComputedStyle(at);
  const ring = at.querySelector(":scope > .focus");
  return {
    name: at.getAttribute("aria-label") || at.textContent.trim(), tag: at.localName, id: at.id,
    region: region ? region.getAttribute("aria-label") || region.className || region.localName : "",
    outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
      || !!ring && parseFloat(getComputedStyle(ring).strokeWidth) >= 2 && getComputedStyle(ring).stroke !== "none",
    inside: box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
    named: !!(at.getAttribute("aria-label") || at.getAttribute("aria-labelledby") || at.textContent.trim()
      || (at.labels && at.labels.length)),
  };
}"""


def focus(player):
    return player.page.evaluate(FOCUS)


def tabbed(player, wanted, most=60):
    """Presses Tab until the keyboard is on something with this name."""
    for _ in range(most):
        player.press("Tab")
        at = focus(player)
        if wanted in at["name"]:
            return at
    raise AssertionError(f"Tab does not come to {wanted}")


def test_tab_goes_through_everything_in_order_and_is_always_seen(visit):
    player = Player(visit(worked("sine")).page)
    player.press("b")
    seen = []
    for _ in range(60):
        player.press("Tab")
        at = focus(player)
        if at["tag"] == "body" or (seen and at == seen[0]):
            break
        seen.append(at)
    assert all(at["outline"] for at in seen), [at["name"] for at in seen if not at["outline"]]
    assert all(at["inside"] for at in seen), [at["name"] for at in seen if not at["inside"]]
    assert all(at["named"] for at in seen)
    regions = [at["region"] for at in seen]
    order = list(dict.fromkeys(regions))
    for one, other in [("bar", "Graph"), ("Graph", "Player"), ("Player", "Inspector"), ("Inspector", "Flat source")]:
        assert order.index(one) < order.index(other), order
    assert regions.count("Graph") == 1, "the graph is one stop"
    assert regions.count("Flat source") <= 2
    # And back with Shift.
    player.press("Shift+Tab")
    back = focus(player)
    assert back["name"] in [at["name"] for at in seen]


def test_from_loading_to_a_chosen_node_every_tab_and_back(visit):
    document = worked("product_of_a_sum").to_dict()
    walk = Walk(document)
    player = Player(visit(document).page)
    for _ in range(walk.place("Backward 2 of 3")):
        player.press("ArrowRight")
    at = tabbed(player, "current step")
    assert at["name"].startswith("add gate, e")
    player.press("ArrowUp")
    assert focus(player)["name"].startswith("multiply gate, d")
    player.press("ArrowUp")
    assert focus(player)["name"].startswith("a, parameter")
    player.press("Alt+ArrowDown")
    assert focus(player)["name"].startswith("b, parameter")
    player.press("ArrowDown", "ArrowDown")
    assert focus(player)["name"].startswith("add gate, e")
    player.press("ArrowUp", "Enter")
    seen = player.read()
    assert seen["facts"]["value"].startswith(value_text(6.0))
    assert seen["heading"] == "Backward 2 of 3", "choosing a node is no step"
    assert focus(player)["outline"]
    player.press("i")
    assert focus(player)["id"] == "tab-node"
    for name in ("gradients", "chain", "memory", "cost", "node"):
        player.press("ArrowRight")
        at = focus(player)
        assert at["id"] == f"tab-{name}"
        assert player.page.locator(f"#panel-{name}").is_visible()
        assert player.page.locator("[role=tabpanel]:visible").count() == 1
        assert at["outline"]
    assert player.read()["heading"] == "Backward 2 of 3", "arrows in the tabs are no steps"
    player.press("Escape")
    assert player.page.locator(".follow").count() == 0, "the inspector follows the steps again"


def test_an_input_is_edited_and_code_lines_are_chosen(visit):
    player = Player(visit(worked("sine")).page)
    player.press("Home")
    tabbed(player, "x, parameter")
    player.press("Enter")
    tabbed(player, "Value of x")
    player.press("ArrowUp")
    assert player.read()["values"][0] == "3"
    player.press("Shift+ArrowDown")
    assert player.read()["values"][0] == "2.9"
    player.press("Control+a")
    player.page.keyboard.type("1.25")
    player.press("Enter")
    assert player.read()["values"][0] == "1.25"
    player.press("Tab")
    assert focus(player)["name"] == "Slider of x"
    player.press("PageUp")
    assert float(player.read()["values"][0]) > 1.25
    at = player.read()["at"]
    player.press("ArrowRight")
    assert player.read()["at"] == at, "a slider keeps its arrows"
    player.page.evaluate("document.activeElement.blur()")
    player.press("c")
    assert "def sine" in focus(player)["name"]
    player.press("ArrowDown", "ArrowDown", "Enter")
    assert player.read()["heading"] == "Forward 2 of 2"


def test_help_holds_the_keyboard_and_gives_it_back(visit):
    player = Player(visit(worked("sine")).page)
    tabbed(player, "Help")
    player.press("Enter")
    dialog = player.page.locator("dialog[open]")
    assert dialog.is_visible()
    for _ in range(12):
        player.press("Tab")
        where = player.page.evaluate(
            "() => document.activeElement === document.body || !!document.activeElement.closest('dialog[open]')"
        )
        assert where
    told = dialog.inner_text()
    for key in ("Shift", "Space", "Home", "Esc", "textbook"):
        assert key in told
    player.press("ArrowRight")
    assert player.read()["at"] == 0, "the page below stands still"
    player.press("Escape")
    assert dialog.count() == 0
    assert focus(player)["name"] == "Help"
    # Single letters can be switched off there.
    player.press("?")
    player.page.locator("dialog[open] .switch input").focus()
    player.press(" ", "Escape")
    player.page.evaluate("document.activeElement.blur()")
    player.press("t", "b", "v", "s")
    assert player.read()["at"] == 0
    assert "dark" not in (player.page.locator("html").get_attribute("class") or "")
    player.press("ArrowRight", "?")
    assert player.read()["at"] == 1
    assert dialog.is_visible()


def test_the_menu_of_exports_by_keyboard(visit):
    player = Player(visit(worked("sine")).page)
    tabbed(player, "Export")
    player.press("Enter")
    first = focus(player)["name"]
    assert first == "Page (HTML)"
    player.press("ArrowUp")
    assert focus(player)["name"] == "Print"
    player.press("ArrowDown", "ArrowDown")
    with player.page.expect_download() as got:
        player.press("Enter")
    assert got.value.suggested_filename == "sine.svg"
    assert focus(player)["name"] == "Export"
    player.page.wait_for_function("() => document.querySelector('[role=status].for-readers').textContent")
    assert player.read()["said"] == "Saved as sine.svg."
    player.press("Enter", "Escape")
    assert focus(player)["name"] == "Export"
    assert player.page.locator(".menu-list").is_hidden()


def test_practice_from_the_first_key_to_the_last(visit):
    player = Player(visit(worked("product_of_a_sum")).page)
    player.press("p")
    assert re.match(r"What passes back to \w", focus(player)["name"])
    assert focus(player)["outline"]
    player.page.keyboard.type("1")
    player.press("Enter")
    assert player.page.locator(".verdict").inner_text()
    player.press("Escape")
    assert player.page.locator(".practice").count() == 0


def test_what_is_heard_of_each_step(visit):
    document = worked("squared_error").to_dict()
    walk = Walk(document)
    player = Player(visit(document).page)
    heard = []
    for _ in range(len(walk.stops) - 1):
        player.press("ArrowRight")
        heard.append(player.read()["said"])
    assert heard[0].startswith("Forward 1 of 5. Multiply")
    assert heard[0].endswith("c is minus 4.")
    assert heard[walk.place("Turn around") - 1].startswith("Turn around. The backward pass starts at the end: ")
    square = heard[walk.place("Backward 2 of 5") - 1]
    assert square.startswith("Backward 2 of 5. Square scales")
    assert square.endswith("Gradient of d: 0.5 times 4 is 2.")
    last = heard[walk.place("Backward 5 of 5") - 1]
    assert "Gradient of w: 2 times minus 2 is minus 4." in last
    assert "Gradient of x: 2 times 2 is 4." in last
    assert heard[-1].startswith("Done. One backward pass gave all 4 gradients")
    assert all("−" not in said and "+" not in said.replace("v1", "") for said in heard)
    # Nothing is said while it plays, until it is stopped.
    player.press("Home", " ")
    assert player.page.locator("[role=status].for-readers").get_attribute("aria-live") == "polite"
    before = player.read()["said"]
    player.page.wait_for_function("() => Number(document.querySelector('.transport input').value) >= 1")
    assert player.read()["said"] in (before, "")
    player.press(" ")
    assert player.read()["said"].startswith("Forward")
    assert player.page.locator(".transport input").get_attribute("aria-valuetext").startswith("forward")


@pytest.mark.parametrize("name", ["sine", "copy_gate"])
def test_roles_and_names(visit, name):
    document = worked(name).to_dict()
    player = Player(visit(document).page)
    page = player.page
    assert page.locator("h1").count() == 1
    for region in ("Computation graph", "This step", "Inspector", "Flat source"):
        assert page.get_by_role("region", name=region, exact=True).count() == 1
    assert page.get_by_role("toolbar", name="Player").count() == 1
    player.press("End")
    nodes = page.locator(".graph .items [data-node]").all()
    assert len(nodes) == len(document["nodes"])
    assert sum(node.get_attribute("tabindex") == "0" for node in nodes) == 1
    for node in nodes:
        told = document["nodes"][int(node.get_attribute("data-node"))]
        label = node.get_attribute("aria-label")
        assert node.get_attribute("role") == "button"
        assert node.get_attribute("aria-hidden") is None
        assert value_text(told["value"], 4, 7) in label
        assert told.get("name", "constant") in label
    assert page.locator(".graph .wire:not([aria-hidden=true])").count() == 0
    steps = page.locator(".code [aria-current=step]").all_inner_texts()
    assert len(steps) == 1
    assert "return" in steps[0]
    assert page.locator(".formula math").count() == 1
