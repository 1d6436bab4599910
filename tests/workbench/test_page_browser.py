"""The workbench in a browser: a server in a process of its own, and a page that asks nothing else."""

import json
import re
import statistics

import pytest

from workbench.pages import Bench, started

MOVE = """async (slider, values) => {
  const times = [];
  for (const value of values) {
    const start = performance.now();
    slider.value = value;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    times.push(performance.now() - start);
    await new Promise((done) => requestAnimationFrame(done));
  }
  return times;
}"""


def test_it_opens_with_the_first_worked_example_at_its_end(bench):
    page = bench()
    assert page.typed() == "c = w*x; a = c + b; d = a - y; J = half_square(d)"
    assert page.gradients() == {"w": -4, "x": 4, "b": 2, "y": -2}
    assert page.numbers() == {"w": 2, "x": -2, "b": 8, "y": 2}
    assert "token" not in page.page.url
    assert page.selected() == "Step"


def test_an_example_is_found_by_a_word_and_opened_by_key(bench):
    page = bench()
    page.page.keyboard.press("x")
    page.page.keyboard.type("two inputs")
    page.page.keyboard.press("Enter")
    page.until(lambda: page.numbers().get("w0") == 2)
    assert page.typed() == "s = w0*x0 + w1*x1 + w2; f = sigmoid(s)"
    assert page.gradients()["w2"] == pytest.approx(0.1966, abs=1e-4)
    assert page.page.evaluate("() => document.activeElement.textContent") == "Examples"


def test_every_group_of_examples_is_in_the_menu(bench):
    page = bench()
    page.page.get_by_role("button", name="Examples").click()
    names = page.page.locator(".w-group h2").all_inner_texts()
    assert names == ["Worked", "Gates", "Losses", "Networks", "Memory"]
    page.page.keyboard.press("Escape")
    assert page.page.locator(".w-examples").is_hidden()


def test_an_expression_is_computed_while_it_is_typed(bench):
    page = bench()
    page.type("(a*b + c)*f")
    page.until(lambda: set(page.numbers()) == {"a", "b", "c", "f"})
    page.set("a", "2"), page.set("b", "3"), page.set("c", "-10"), page.set("f", "5")
    page.until(lambda: page.gradients() == {"a": 15, "b": 10, "c": 5, "f": -4})


def test_a_mistake_is_underlined_where_it_stands_and_the_picture_stays(bench):
    page = bench()
    page.type("2*w + foo(x)")
    page.until(lambda: "Did you mean floor?" in page.line())
    assert page.page.locator(".w-wrong").inner_text() == "foo"
    assert page.line() == "There is no function foo. Did you mean floor?"
    assert page.page.locator("input.w-typed").get_attribute("aria-invalid") == "true"
    assert page.gradients()["w"] == -4
    page.page.keyboard.press("Escape")
    assert page.typed().startswith("c = w*x")
    assert page.page.locator(".w-wrong").count() == 0


def test_names_that_stay_keep_their_numbers_when_the_expression_changes(bench):
    page = bench()
    page.set("w", "7")
    page.type("w*x + new")
    page.until(lambda: set(page.numbers()) == {"w", "x", "new"})
    assert page.numbers()["w"] == 7
    assert page.numbers()["x"] == -2


def test_a_slider_moves_both_passes_at_once(bench):
    page = bench()
    times = page.page.get_by_label("w, slider").first.evaluate(MOVE, [n / 10 for n in range(-30, 31)])
    assert page.numbers()["w"] == 3
    # c = -6, a = 2, d = 0: the point is met, and no gradient is left
    assert page.gradients() == {"w": 0, "x": 0, "b": 0, "y": 0}
    page.page.wait_for_timeout(700)  # the server has confirmed it by now
    assert page.gradients() == {"w": 0, "x": 0, "b": 0, "y": 0}
    # The machine may be busy: the quickest quarter says what the page itself takes.
    assert statistics.quantiles(times, n=4)[0] < 50, times


def test_an_arrow_shows_which_way_lowers_the_result(bench):
    page = bench()
    words = page.page.locator(".w-arrow svg").evaluate_all("all => all.map((e) => e.getAttribute('aria-label'))")
    assert words == ["raise w to lower J", "lower x to lower J", "lower b to lower J", "raise y to lower J"]
    page.page.get_by_role("button", name="Step downhill").click()
    assert page.numbers() == {"w": 2.04, "x": -2.04, "b": 7.98, "y": 2.02}


def test_an_array_is_edited_by_entry_and_as_a_whole(bench):
    page = bench("#example=losses.cross_entropy")
    before = page.page.locator(".w-tensor .tile").first.inner_text()
    page.set("scores[0]", "9", exact=True)
    page.until(lambda: page.page.locator(".w-tensor .tile").first.inner_text() != before)
    page.page.get_by_label("scale of scores").evaluate(MOVE, [0])
    page.until(lambda: page.page.get_by_label("scores[1]", exact=True).first.input_value() == "0")
    # At equal scores every share is a third: two thirds off at the right one
    page.until(lambda: page.page.locator(".w-grid input").first.get_attribute("title") == "gradient −0.6667")


def test_undo_and_redo_go_through_values_and_expressions(bench):
    page = bench()
    undo, redo = (page.page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo"))
    assert undo.is_disabled()
    page.set("w", "5")
    page.type("a*b")
    page.until(lambda: set(page.numbers()) == {"a", "b"})
    undo.click()
    page.until(lambda: page.numbers().get("w") == 5)
    assert page.typed().startswith("c = w*x")
    page.page.locator("body").press("Control+z")
    page.until(lambda: page.numbers()["w"] == 2)
    assert page.gradients()["w"] == -4
    redo.click(), page.until(lambda: page.numbers()["w"] == 5)
    redo.click(), page.until(lambda: page.typed() == "a*b")
    assert redo.is_disabled()


def test_a_link_restores_source_inputs_tab_and_view(bench):
    page = bench()
    page.type("p*q + r"), page.until(lambda: "r" in page.numbers())
    page.set("q", "-7")
    page.tab("Race")
    page.page.get_by_role("button", name="Copy a link to this state").click()
    address = page.page.url
    assert "token" not in address
    other = bench("#" + address.partition("#")[2])
    assert other.selected() == "Race"
    assert other.typed() == "p*q + r"
    other.tab("Step")
    assert other.numbers()["q"] == -7
    assert other.gradients()["p"] == -7
    other.page.reload()
    other.ready()
    assert other.numbers()["q"] == -7
    # A tab that comes back has no token in its address: it is asked for the one that it keeps.
    assert all("401" in said for said in other.complaints)
    other.complaints.clear()


def test_a_link_passes_the_parser_of_the_server(bench):
    page = bench("#expression=__import__('os')&inputs=%7B%22x%22%3A1%7D")
    page.until(lambda: page.line() != "")
    assert "There are no strings" in page.line()
    assert page.typed() == "__import__('os')"  # what is complained of
    assert page.gradients() == {"w": -4, "x": 4, "b": 2, "y": -2}  # the first example instead


@pytest.mark.parametrize(
    "fragment", ["#nothing", "#expression=x&inputs=%7B", "#inputs=%5B1%5D&example=a", "#expression=" + "x" * 200_001]
)
def test_a_broken_link_is_told(bench, fragment):
    page = bench(fragment)
    assert "The link in the address is broken" in page.page.locator(".w-remark").inner_text()
    assert page.gradients() == {"w": -4, "x": 4, "b": 2, "y": -2}


def test_exports_are_files(bench, tmp_path):
    page = bench()
    wanted = {"Page (HTML)": "html", "Picture (SVG)": "svg", "Picture (PNG)": "png", "Story (JSON)": "json",
              "Graph (DOT)": "dot", "Flat source": "py", "All steps (SVG)": "zip"}  # fmt: skip
    for label, suffix in wanted.items():
        page.page.get_by_role("button", name="Export").click()
        with page.page.expect_download() as download:
            page.page.locator(".w-exports").get_by_role("button", name=label, exact=True).click()
        assert download.value.suggested_filename.endswith(f".{suffix}")
        path = tmp_path / f"file.{suffix}"
        download.value.save_as(path)
        assert path.stat().st_size > 100
    assert "half_square" in (tmp_path / "file.dot").read_text() or "half" in (tmp_path / "file.dot").read_text()
    assert json.loads((tmp_path / "file.json").read_text())["adjoint_story"] == 1
    assert (tmp_path / "file.png").read_bytes()[:4] == b"\x89PNG"
    assert "Content-Security-Policy" in (tmp_path / "file.html").read_text()


def test_views_stand_side_by_side_and_rewrites_are_stepped(bench):
    page = bench()
    page.tab("Views")
    heads = page.page.locator(".w-pane h2")
    page.until(lambda: heads.all_inner_texts() == ["Eager", "Traced", "Optimised"])
    assert "Every result stays the same." in page.page.locator(".w-count").inner_text()
    drawn = [pane.locator("[data-node]").count() for pane in page.page.locator(".w-pane").all()]
    assert drawn[1] > drawn[0]
    page.page.get_by_role("button", name="On one rewrite").click()
    assert page.page.locator(".w-count").inner_text().startswith("Rewrite 1 of ")
    assert "x * 1 = x" in page.page.locator(".w-rewrite").inner_text()
    assert page.page.locator(".w-pane .w-changed.gone").count() == 1
    stroke = page.page.locator(".w-changed > .focus").first.evaluate("e => getComputedStyle(e).stroke")
    assert stroke != "none"
    page.page.get_by_label("Graph of").select_option("value")
    page.until(lambda: "No rewrite applies" in page.page.locator(".w-count").inner_text())


def test_two_losses_are_compared_on_the_same_inputs(bench):
    page = bench("#example=losses.cross_entropy")
    page.tab("Compare")
    page.until(lambda: page.page.locator(".w-pairs tbody tr").count() == 4)
    cells = [row.locator("td, th").all_inner_texts() for row in page.page.locator(".w-pairs tbody tr").all()]
    assert [cells[0][0], cells[0][1], cells[0][2], cells[0][4]] == ["value", "2.04", "2.9", "−0.8596"]
    assert [row[2] for row in cells[1:]] == ["−1", "+1", "0"]
    assert page.page.locator(".w-bar").count() == 6
    page.until(lambda: page.page.locator(".w-charts svg").count() == 2)
    assert page.page.locator(".w-charts .w-curve").first.get_attribute("d").startswith("M")
    page.page.get_by_label("Curves over").select_option(label="scores[2]")
    page.until(lambda: "scores[2]" in page.page.locator(".w-charts").inner_text())
    page.page.get_by_label("First loss").select_option("text")
    page.page.get_by_label("First expression").fill("(u - 1)**2")
    page.page.get_by_label("Second loss").select_option("text")
    page.page.get_by_label("Second expression").fill("abs(u - 1)")
    page.until(lambda: page.page.locator(".w-pairs tbody tr").count() == 2)
    page.set("u", "4")
    page.until(lambda: "+6" in page.page.locator(".w-pairs").inner_text())


def test_the_race_counts_visits_and_measures_times(bench):
    page = bench()
    page.tab("Race")
    lanes = page.page.locator(".w-lane")
    page.until(lambda: "of 8 gate visits" in lanes.nth(0).inner_text())
    assert "of 32 gate visits" in lanes.nth(1).inner_text()
    assert "of 20 gate visits" in lanes.nth(2).inner_text()
    assert re.search(r"took [\d.]+ (µs|ms)", lanes.nth(0).inner_text())
    page.until(lambda: page.page.locator(".w-race tbody tr").count() == 7)
    page.page.locator(".w-setting input").evaluate(MOVE, [64])
    page.until(lambda: "64 inputs" in page.page.locator(".w-lead").inner_text())
    widths = page.page.locator(".w-lane .bar-fill").evaluate_all("all => all.map((e) => e.offsetWidth)")
    assert widths[1] > widths[2] > widths[0] > 0
    page.page.get_by_role("button", name="Race", exact=True).click()
    assert "times the visits of reverse" in page.page.locator(".w-result").inner_text()


def test_practice_is_a_tab_and_hides_gradients(bench):
    page = bench()
    page.tab("Practice")
    bar = page.page.get_by_role("region", name="Practice")
    assert bar.is_visible()
    assert page.page.locator(".w-inputs").is_hidden()
    page.page.keyboard.type("3")
    page.page.keyboard.press("Enter")
    assert bar.locator(".verdict").inner_text() != ""
    bar.get_by_role("button", name="Leave").click()
    page.until(lambda: page.selected() == "Step")
    assert page.page.locator(".w-inputs").is_visible()
    page.page.locator("body").press("p")
    page.until(lambda: page.selected() == "Practice")


def test_a_lost_server_is_told_and_the_last_state_stays(browser, tmp_path):
    with started(tmp_path) as running:
        page = Bench(browser, running)
        running.end()
        page.set("w", "3")
        page.until(lambda: "does not answer" in page.page.locator(".w-lost").inner_text())
        assert "last state" in page.page.locator(".w-lost").inner_text()
        assert page.gradients() == {"w": 0, "x": 0, "b": 0, "y": 0}  # the page's own numbers go on
        page.type("w*x")
        page.page.wait_for_timeout(500)
        assert page.gradients() == {"w": 0, "x": 0, "b": 0, "y": 0}
        page.complaints.clear()  # the browser itself writes down that nobody answered
        page.close()


def test_old_numbers_are_marked_while_the_server_is_slow(bench):
    page = bench("#example=networks.mlp")
    page.page.evaluate(
        "() => { const ask = window.fetch; window.fetch = (...given) =>"
        " new Promise((done) => setTimeout(done, 600)).then(() => ask(...given)); }"
    )
    page.page.locator(".w-tensor summary").nth(1).click()
    page.set("w1[0, 0]", "3", exact=True)
    page.until(lambda: page.page.locator(".w-dots").inner_text() == "…")
    assert page.page.locator(".w-tensor summary .tile").count() == 6
    page.until(lambda: page.page.locator(".w-dots").inner_text() == "")


def test_two_tabs_do_not_disturb_each_other(bench):
    one, two = bench(), bench()
    one.set("w", "9")
    two.type("a + b")
    two.until(lambda: set(two.numbers()) == {"a", "b"})
    one.page.wait_for_timeout(500)
    assert one.numbers()["w"] == 9
    assert one.gradients()["w"] == pytest.approx(24)


def test_hostile_names_and_texts_stay_text(browser, tmp_path):
    file = tmp_path / "hostile.py"
    file.write_text(
        "def loss(x, __lt__=2.0):\n    '''<img src=x onerror=window.ran=1>'''\n    return x * __lt__\n"
        "loss.__name__ = '<script>window.ran=2</script>'\n"
    )
    with started(tmp_path, f"{file}:loss", "x=3") as running:
        page = Bench(browser, running)
        for name in ("Views", "Compare", "Race", "Step"):
            page.tab(name)
            page.page.wait_for_timeout(300)
        page.type("<img src=x onerror=window.ran=3>")
        page.until(lambda: "w-line bad" in page.page.locator(".w-line").get_attribute("class"))
        assert page.page.evaluate("() => window.ran") is None
        assert page.page.locator(".wb img, .wb script").count() == 0
        page.close()


# The picture itself is the player's, whose tests look at it.
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tab", ["Step", "Views", "Compare", "Race", "Practice"])
def test_accessible(bench, axe, tab, scheme):
    page = bench(color_scheme=scheme)
    page.tab(tab)
    page.page.wait_for_timeout(600)
    assert page.violations(axe) == []


@pytest.mark.parametrize("tab", ["Step", "Views", "Compare", "Race", "Practice"])
def test_a_phone_scrolls_down_and_never_sideways(bench, axe, tab):
    page = bench(viewport={"width": 390, "height": 844}, has_touch=True)
    page.tab(tab)
    page.page.wait_for_timeout(500)
    assert page.page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert page.violations(axe) == []


def test_the_inputs_are_a_sheet_on_a_phone(bench):
    page = bench(viewport={"width": 390, "height": 844})
    assert page.page.locator(".w-inputs").is_hidden()
    page.page.get_by_role("button", name="Inputs").click()
    page.set("w", "3")
    assert page.gradients()["w"] == 0
    page.page.keyboard.press("Escape")
    assert page.page.locator(".w-inputs").is_hidden()


def test_tabs_follow_the_arrow_keys_and_letters_rest_while_the_player_is_away(bench):
    page = bench()
    page.page.get_by_role("tab", name="Step").focus()
    page.page.keyboard.press("ArrowRight")
    assert page.selected() == "Views"
    before = page.page.url
    page.page.locator("body").press("b")
    page.page.keyboard.press("End")
    assert page.selected() == "Practice"
    assert before
