"""What axe-core finds in the pages (WCAG 2.2, levels A and AA): nothing, at any step, in any theme, on any width."""

import pytest

from browser.examples import worked
from browser.player import Player
from browser.test_looks_page import story_of
from browser.test_trouble_page import explained, fails

# Nodes are labelled in mathematical notation (x², ×, ∂), which "label in name" exempts: their names say it in words.
RUN = """() => axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}).then(({ violations }) => violations
  .map(({ id, help, nodes }) => ({ id, help, nodes: nodes.filter((n) =>
    id !== "label-content-name-mismatch" || !document.querySelector(n.target[0]).closest(".graph .items")) }))
  .filter(({ nodes }) => nodes.length)
  .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`))"""
SIZES = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture
def checked(visit, axe):
    """Opens a story; what it returns runs axe-core as often as it is called."""

    def opened(story, **settings):
        page = visit(story, **settings).page
        page.evaluate(axe)
        return Player(page), lambda: page.evaluate(RUN)

    return opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_steps_and_tabs(checked, size, scheme):
    player, found = checked(worked("copy_gate"), viewport=SIZES[size], color_scheme=scheme)
    for keys in (["Home"], ["ArrowRight"], ["b"], ["ArrowRight"], ["End"]):
        player.press(*keys)
        assert found() == [], keys
    for tab in ("gradients", "chain", "memory", "cost"):
        player.page.evaluate(f"() => document.querySelector('#tab-{tab}').click()")
        assert found() == [], tab


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sheets_menus_search_and_views(checked, scheme):
    player, found = checked(worked("neuron"), color_scheme=scheme)
    page = player.page
    player.press("?")
    assert found() == [], "help"
    page.get_by_role("button", name="Text view").click()
    assert found() == [], "text view"
    player.press("Escape")
    page.get_by_role("button", name="Export").click()
    assert found() == [], "export"
    player.press("Escape")
    page.evaluate("document.activeElement.blur()")
    player.press("/")
    page.keyboard.type("mul")
    assert found() == [], "search"
    player.press("Escape")
    page.locator(".graph [data-node='0'] .shape").first.click(button="right")
    assert page.get_by_role("menu").is_visible()
    assert found() == [], "menu of a node"
    player.press("Escape", "v", "End")
    assert found() == [], "textbook view"
    player.press("s")
    assert found() == [], "slides"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["lstm", "matrices", "attention"])
def test_groups_and_tensors(checked, name, size):
    player, found = checked(story_of(name), viewport=SIZES[size])
    assert found() == []
    player.press("b", "ArrowRight", "ArrowRight")
    player.page.evaluate(
        "() => document.querySelector('.graph [data-group]')?.dispatchEvent(new KeyboardEvent('keydown', "
        "{ key: 'Enter', bubbles: true, cancelable: true }))"
    )
    assert found() == []
    player.press("End")
    player.choose(0)
    assert found() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_failed_runs_and_nan(checked, scheme):
    player, found = checked(explained(fails, 1.0), color_scheme=scheme)
    player.press("End")
    assert found() == []
    player, found = checked(story_of("nan"), color_scheme=scheme)
    player.press("End")
    assert found() == []


def test_forced_colours(checked):
    player, found = checked(worked("sine"), forced_colors="active")
    player.press("b")
    assert found() == []


def test_without_scripts(visit, axe):
    """The still page has to be read by another one: it runs no scripts itself."""
    still = visit(worked("sine"), java_script_enabled=False).page.content()
    reader = visit(worked("sine")).page
    reader.evaluate(axe)
    reader.evaluate(
        """(html) => {
          const read = new DOMParser().parseFromString(html, "text/html");
          document.querySelector("#player").replaceChildren(...read.querySelector("#player").childNodes);
          document.querySelector("#player").className = "";
        }""",
        still,
    )
    assert reader.evaluate(RUN) == []
